"""Pages of orders: the way through them, and what each form shows after a mistake."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.jobs import queries
from lims.jobs.facts import ItemState
from lims.people.facts import Role
from tests.factories.jobs import make_job, make_job_item
from tests.factories.people import make_site
from tests.lims.jobs.conftest import House, make_house
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in

_AGREED = {
    "legal_regime": "calibration",
    "specification_kind": "none",
    "rule_kind": "none",
    "location_kind": "laboratory",
    "purpose_of_use": "group_1",
    "certificate_language": "vi-en",
}


class Desk:
    """The receiver's browser on a laboratory with a customer's weight."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        with database.transaction() as session:
            self.house: House = make_house(session)
        self.app = make_app(database, clock)
        self.client = self.browser(Role.RECEIVER)

    def browser(self, role: Role) -> FlaskClient:
        """Return the signed-in browser of a person in a role, in English."""
        client = make_client(self.app)
        assert sign_in(client, role.value).status_code == 303
        set_language(client, "en")
        return client

    def job(self) -> int:
        """Return a job without items."""
        with self.database.transaction() as session:
            laboratory = self.house.laboratory
            return make_job(session, site_id=laboratory.site_id, customer_id=laboratory.customer_id, reviewed=False).id

    def item(self, state: ItemState = ItemState.EXPECTED) -> int:
        """Return an item of a job."""
        with self.database.transaction() as session:
            laboratory = self.house.laboratory
            job = make_job(session, site_id=laboratory.site_id, customer_id=laboratory.customer_id)
            return make_job_item(
                session,
                job=job,
                instrument_id=self.house.weight.id,
                procedure_version_id=self.house.version.id,
                state=state,
            ).id

    def state(self, item_id: int) -> ItemState:
        """Return where an item stands."""
        with self.database.reading() as session:
            return queries.job_item_facts(session, item_id).state


@pytest.fixture
def desk(sqlite_database: Database, clock: FixedClock) -> Desk:
    """The receiver's desk."""
    return Desk(sqlite_database, clock)


def test_a_job_is_opened_filled_received_and_reviewed(desk: Desk) -> None:
    customer, site = str(desk.house.laboratory.customer_id), str(desk.house.laboratory.site_id)
    opened = post(desk.client, "/jobs/new", {"customer_id": customer, "site_id": site, "requested_on": "2026-03-02"})
    assert opened.status_code == 303
    page = desk.client.get(opened.location).text
    assert "PYC26-TM-00001" in page
    assert "Add an item" in page
    chosen = desk.client.get(f"{opened.location}/items/new").text
    assert f"instrument_id={desk.house.weight.id}" in chosen
    address = f"{opened.location}/items/new?instrument_id={desk.house.weight.id}"
    agreed = {
        **_AGREED,
        "procedure_version_id": str(desk.house.version.id),
        "specification_kind": "class",
        "accuracy_class": "F2",
        "lower": "−160",
        "upper": "160",
        "specification_unit": "mg",
        "rule_kind": "simple_acceptance",
        "agreed_on": "02/03/2026",
    }
    assert post(desk.client, address, agreed).status_code == 303
    page = desk.client.get(opened.location).text
    assert "Class F2" in page
    assert "±160 mg" in page
    with desk.database.reading() as session:
        item = queries.items_of(session, int(opened.location.rsplit("/", 1)[1]))[0]
    received = {"received_on": "2026-03-02", "condition_on_receipt": "Bình thường", "row_version": item.row_version}
    assert post(desk.client, f"/jobs/items/{item.id}/receive", received).status_code == 303
    with desk.database.reading() as session:
        row_version = queries.job_facts(session, item.job_id).row_version
    assert post(desk.client, f"{opened.location}/review", {"row_version": row_version}).status_code == 303
    assert "The contract is reviewed." in desk.client.get(opened.location).text


def test_job_form_names_each_mistake_and_keeps_what_was_typed(desk: Desk) -> None:
    answer = post(desk.client, "/jobs/new", {"requested_on": "32/13/2026", "note": "Gấp <b>lắm</b>"})
    assert answer.status_code == 422
    assert "“32/13/2026” is not a date" in answer.text
    assert "Please fill in this field." in answer.text
    assert "Gấp &lt;b&gt;lắm&lt;/b&gt;" in answer.text
    assert 'href="#field-requested_on"' in answer.text


def test_agreement_form_shows_number_unit_and_missing_rule(desk: Desk) -> None:
    address = f"/jobs/{desk.job()}/items/new?instrument_id={desk.house.weight.id}"
    wrong = {**_AGREED, "specification_kind": "limits", "upper": "một", "specification_unit": "stone?"}
    answer = post(desk.client, address, wrong)
    assert answer.status_code == 422
    assert "“một” is not a number" in answer.text
    assert "“stone?” is not a unit" in answer.text
    assert 'value="stone?"' in answer.text
    unruled = {**_AGREED, "specification_kind": "limits", "upper": "0,5", "specification_unit": "g"}
    answer = post(desk.client, address, unruled)
    assert answer.status_code == 409
    assert "A statement of conformity needs a decision rule" in answer.text
    assert 'value="0,5"' in answer.text
    unfit = {
        **unruled,
        "specification_unit": "kPa",
        "rule_kind": "simple_acceptance",
        "agreed_on": "2026-03-02",
        "procedure_version_id": str(desk.house.version.id),
    }
    answer = post(desk.client, address, unfit)
    assert answer.status_code == 422
    assert "The unit “kPa” does not fit here" in answer.text


def test_agreed_limits_come_back_as_a_person_types_them(desk: Desk) -> None:
    item_id = desk.item()
    limits = {
        **_AGREED,
        "row_version": "1",
        "specification_kind": "limits",
        "lower": "−0,5",
        "upper": "0,5",
        "specification_unit": "°C",
        "rule_kind": "simple_acceptance",
        "agreed_on": "2026-03-02",
    }
    assert post(desk.client, f"/jobs/items/{item_id}/agreement", limits).status_code == 303
    assert "±0.5 °C" in desk.client.get(f"/jobs/items/{item_id}").text
    page = desk.client.get(f"/jobs/items/{item_id}/agreement").text
    assert 'value="°C"' in page
    assert 'value="-0.5"' in page


def test_two_people_on_one_agreement_see_both_versions(desk: Desk) -> None:
    item_id = desk.item()
    first = {**_AGREED, "row_version": "1", "place_of_use": "Kho của người thứ nhất"}
    assert post(desk.client, f"/jobs/items/{item_id}/agreement", first).status_code == 303
    second = {**_AGREED, "row_version": "1", "place_of_use": "Kho của người thứ hai"}
    answer = post(desk.browser(Role.TECHNICAL_MANAGER), f"/jobs/items/{item_id}/agreement", second)
    assert answer.status_code == 409
    assert "you saw version 1, the present version is 2" in answer.text
    assert "<td>Kho của người thứ nhất</td><td>Kho của người thứ hai</td>" in answer.text
    assert 'name="row_version" value="2"' in answer.text


def test_reception_form_keeps_what_was_typed(desk: Desk) -> None:
    item_id = desk.item()
    typed = {"received_on": "2026-03-02", "condition_on_receipt": " ", "accessories": "Hộp gỗ", "row_version": "1"}
    answer = post(desk.client, f"/jobs/items/{item_id}/receive", typed)
    assert answer.status_code == 422
    assert 'value="Hộp gỗ"' in answer.text
    assert desk.state(item_id) is ItemState.EXPECTED


def test_steps_that_do_not_follow_are_refused_by_the_domain(desk: Desk) -> None:
    item_id = desk.item()
    answer = post(desk.client, f"/jobs/items/{item_id}/hand-back", {"row_version": "1"})
    assert answer.status_code == 409
    assert "Item 1 is “expected”; it cannot become “handed back” from there." in answer.text
    stale = post(desk.client, f"/jobs/items/{item_id}/cancel", {"row_version": "7", "reason": "Khách rút"})
    assert stale.status_code == 409
    assert "Khách rút" in stale.text
    assert desk.client.get(f"/jobs/items/{item_id}/explode").status_code == 404
    assert desk.state(item_id) is ItemState.EXPECTED


def test_a_hold_needs_what_it_waits_for_and_why(desk: Desk) -> None:
    item_id = desk.item(ItemState.IN_WORK)
    bench = desk.browser(Role.TECHNICIAN)
    assert "Put on hold" in bench.get(f"/jobs/items/{item_id}").text
    answer = post(bench, f"/jobs/items/{item_id}/hold", {"row_version": "1"})
    assert answer.status_code == 422
    assert answer.text.count("field-error") >= 2
    done = post(bench, f"/jobs/items/{item_id}/hold", {"row_version": "1", "hold_reason": "part", "reason": "Tay cầm"})
    assert done.status_code == 303
    assert "waits for: a part" in bench.get(f"/jobs/items/{item_id}").text


def test_jobs_of_another_site_answer_like_jobs_that_do_not_exist(desk: Desk) -> None:
    with desk.database.transaction() as session:
        customer = desk.house.laboratory.customer_id
        job = make_job(session, site_id=make_site(session).id, customer_id=customer)
        item = make_job_item(
            session, job=job, instrument_id=desk.house.weight.id, procedure_version_id=None, state=ItemState.RECEIVED
        )
    missing = desk.client.get("/jobs/999999")
    for address in (f"/jobs/{job.id}", f"/jobs/items/{item.id}", f"/jobs/items/{item.id}/agreement"):
        answer = desk.client.get(address)
        assert answer.status_code == 404
        assert "There is no such page or record." in answer.text
        assert (answer.status_code, job.number in answer.text) == (missing.status_code, False)
    assert job.number not in desk.client.get("/jobs").text


def test_list_keeps_its_filters_in_the_address(desk: Desk) -> None:
    desk.item(ItemState.ON_HOLD)
    assert "1–1 of 1" in desk.client.get(f"/jobs?state=on_hold&q={desk.house.weight.serial_number}").text
    assert "Nothing fits this search." in desk.client.get("/jobs?state=closed&sort=nonsense&page=x").text
