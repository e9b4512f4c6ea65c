"""The pages of runs: the whole way by three people, and what each page shows when something is wrong."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lims.calibrations import queries
from lims.calibrations.evaluations import last_evaluation
from lims.calibrations.facts import CONDITIONS, Address, RunState
from lims.core.actor import Actor
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.facts import Role
from lims.people.models import Membership
from lims.procedures.facts import Activity
from tests.factories import standards
from tests.factories.calibrations import (
    CONDITION_READINGS,
    NOW,
    READINGS,
    Bench,
    authorise,
    cell,
    make_actor,
    make_bench,
    make_run,
    measured_run,
    reviewed_run,
    sign_in_name,
    submitted_run,
)
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in


@dataclass
class Site:
    """An application with a laboratory ready to weigh."""

    app: Flask
    database: Database
    bench: Bench

    def client(self, actor: Actor) -> FlaskClient:
        """A browser in which a person is signed in, reading English."""
        with self.database.reading() as session:
            name = sign_in_name(session, actor)
        client = make_client(self.app)
        assert sign_in(client, name).status_code == 303
        set_language(client, "en")
        return client


@pytest.fixture
def site(sqlite_database: Database) -> Site:
    """A fresh laboratory behind the web application."""
    with sqlite_database.transaction() as session:
        bench = make_bench(session)
    app = make_app(sqlite_database, FixedClock(NOW), language="en")
    return Site(app, sqlite_database, bench)


def fields_of(text: str) -> dict[str, str]:
    """Return the cells and hidden fields of a page as a browser would send them."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None and name[1] not in {"csrf_token", "q", "reason", "comment"}:
            found[html.unescape(name[1])] = html.unescape(value[1]) if value is not None else ""
    return found


def type_cells(client: FlaskClient, run_id: int, typed: dict[str, str], **more: str) -> TestResponse:
    """Load the page of a run, type into cells and send the sheet."""
    page = f"/runs/{run_id}"
    data = {k: v for k, v in fields_of(client.get(page).text).items() if "|" in k or k.startswith("unit:")}
    return post(client, f"{page}/readings", {**data, **typed, **more}, page=page)


ALL_CELLS = {cell(cycle, place, role).key: typed for cycle, place, role, typed in READINGS} | {
    Address(CONDITIONS, quantity, 1, "", place, "influence").key: typed
    for quantity, place, typed, _unit in CONDITION_READINGS
}


def test_three_people_take_the_weight_through_the_pages(site: Site) -> None:
    bench = site.bench
    technician = site.client(bench.technician)
    opened = post(technician, f"/jobs/items/{bench.item.id}/runs", {"purpose": "customer", "room": "P.101"})
    assert opened.status_code == 303
    page = opened.headers["Location"]
    offered = technician.get(page).text
    for slot, standard in (("reference", bench.standard), ("thermo_hygrometer", bench.hygrometer)):
        select = re.search(rf'name="choice-{slot}".*?</select>', offered, re.DOTALL)
        assert select is not None
        (choice,) = re.findall(rf'<option value="({standard.id}:[^"]*)"', select[0])
        chosen = post(technician, f"{page}/equipment", {"slot": slot, f"choice-{slot}": choice}, page=page)
        assert chosen.status_code == 303
    run_id = int(page.rsplit("/", 1)[1])
    assert type_cells(technician, run_id, ALL_CELLS).status_code == 303
    shown = technician.get(page).text
    assert "10 kg + 25 mg" in shown
    assert "U = 59 mg" in shown
    assert post(technician, f"{page}/submit", page=page).status_code == 303
    reviewer = site.client(bench.reviewer)
    review = reviewer.get(f"{page}/review").text
    digest = re.search(r'name="evaluation_digest" value="([0-9a-f]{64})"', review)
    assert digest is not None
    named = {"evaluation_digest": digest[1]}
    assert post(reviewer, f"{page}/review", named, page=f"{page}/review").status_code == 303
    signatory = site.client(bench.signatory)
    assert "10 kg + 25 mg" in signatory.get(f"{page}/release").text
    assert post(signatory, f"{page}/release", named, page=f"{page}/release").status_code == 303
    assert state_of(site, run_id) is RunState.RELEASED
    with site.database.reading() as session:
        evaluation = last_evaluation(session, run_id)
    assert evaluation is not None
    assert evaluation.digest is not None
    assert evaluation.digest in signatory.get(f"{page}/evaluations/{evaluation.id}").text


def state_of(site: Site, run_id: int) -> RunState:
    """Return where a run stands."""
    with site.database.reading() as session:
        return queries.run_facts(session, site.bench.technician, run_id).state


def test_wrong_cells_keep_their_text_and_right_ones_are_stored(site: Site) -> None:
    with site.database.transaction() as session:
        run = make_run(session, site.bench)
    client = site.client(site.bench.technician)
    typed = {cell(1, 1).key: "0,010", cell(1, 2, "item").key: "hai mươi", cell(1, 3, "item").key: "12 degC"}
    answer = type_cells(client, run.id, typed)
    assert answer.status_code == 422
    assert 'value="hai mươi"' in answer.text
    assert 'value="12 degC"' in answer.text
    assert "“hai mươi” is not a number" in answer.text
    assert "does not fit here" in answer.text
    with site.database.reading() as session:
        assert [reading.text for reading in queries.readings(session, run.id)] == ["0,010"]


def test_a_changed_value_asks_for_a_reason(site: Site) -> None:
    with site.database.transaction() as session:
        run = measured_run(session, site.bench)
    client = site.client(site.bench.technician)
    answer = type_cells(client, run.id, {cell(1, 1).key: "0,011"})
    assert answer.status_code == 422
    assert "give the reason for the change" in answer.text
    assert 'value="0,011"' in answer.text
    answer = type_cells(client, run.id, {cell(1, 1).key: "0,011"}, correction_reason="Đọc nhầm")
    assert answer.status_code == 303
    assert "Đọc nhầm" in client.get(f"/runs/{run.id}").text


def test_two_people_type_into_one_run(site: Site) -> None:
    with site.database.transaction() as session:
        run = make_run(session, site.bench)
    page = f"/runs/{run.id}"
    one, other = site.client(site.bench.technician), site.client(site.bench.colleague)
    seen = {k: v for k, v in fields_of(other.get(page).text).items() if "|" in k}
    assert type_cells(one, run.id, {cell(1, 1).key: "0.010"}).status_code == 303
    typed = {cell(1, 1).key: "0.012", cell(1, 2, "item").key: "0.020"}
    answer = post(other, f"{page}/readings", {**seen, **typed}, page=page)
    assert answer.status_code == 422
    assert "it says “0.010” (Kỹ Thuật Viên); you typed “0.012”" in answer.text
    with site.database.reading() as session:
        assert [reading.text for reading in queries.readings(session, run.id)] == ["0.010", "0.020"]
    stale = post(other, f"{page}/header", {"row_version": "0", "room": "P.9"}, page=page)
    assert stale.status_code == 409
    assert "You typed “P.9”, now it says “P.101”" in stale.text


def test_a_preview_that_changed_meanwhile_is_not_submitted(site: Site) -> None:
    with site.database.transaction() as session:
        run = measured_run(session, site.bench)
    page = f"/runs/{run.id}"
    one, other = site.client(site.bench.technician), site.client(site.bench.colleague)
    seen = {k: v for k, v in fields_of(one.get(page).text).items() if k in ("row_version", "evaluation_digest")}
    assert seen["evaluation_digest"]
    changed = {cell(1, 1).key: "0.011", "correction_reason": "misread"}
    shown = {k: v for k, v in fields_of(other.get(page).text).items() if "|" in k and k.startswith(("seen:", "uuid:"))}
    assert post(other, f"{page}/readings", {**shown, **changed}, page=page).status_code == 303
    late = post(one, f"{page}/submit", seen, page=page)
    assert late.status_code == 409
    assert "Look at the result as it is now" in late.text
    now_seen = {k: v for k, v in fields_of(one.get(page).text).items() if k in ("row_version", "evaluation_digest")}
    assert post(one, f"{page}/submit", now_seen, page=page).status_code == 303


def test_only_valid_standards_are_offered(site: Site) -> None:
    with site.database.transaction() as session:
        run = make_run(session, site.bench)
        old = standards.make_standard(session, site.bench.site)
        expired = standards.make_calibration(session, old, valid_until=date(2026, 2, 28))
    client = site.client(site.bench.technician)
    assert f'<option value="{old.id}:' not in client.get(f"/runs/{run.id}").text
    forced = {"slot": "reference", "choice-reference": f"{old.id}:{expired.id}:"}
    answer = post(client, f"/runs/{run.id}/equipment", forced, page=f"/runs/{run.id}")
    assert answer.status_code == 409
    assert "expired on 28 Feb 2026" in answer.text


def test_a_technician_without_authorisation_is_told(site: Site) -> None:
    with site.database.transaction() as session:
        stranger = make_actor(session, site.bench.site, Role.TECHNICIAN, "Người Mới")
    client = site.client(stranger)
    page = f"/jobs/items/{site.bench.item.id}/runs"
    answer = post(client, page, {"purpose": "customer", "room": "P.7"}, page=page)
    assert answer.status_code == 403
    assert "Người Mới is not authorised to perform this procedure on 2 Mar 2026" in answer.text
    assert 'value="P.7"' in answer.text


def test_nobody_reviews_their_own_run(site: Site) -> None:
    with site.database.transaction() as session:
        run = submitted_run(session, site.bench)
        bench = site.bench
        session.add(
            Membership(
                person_id=bench.technician.person_id,
                organisation_id=bench.site.organisation_id,
                role=Role.TECHNICAL_MANAGER,
                valid_from=date(2020, 1, 1),
            )
        )
        authorise(session, bench.technician, bench.version, Activity.REVIEW)
    client = site.client(site.bench.technician)
    answer = post(client, f"/runs/{run.id}/review", named(client, f"/runs/{run.id}/review"), page=f"/runs/{run.id}")
    assert answer.status_code == 409
    assert "You had a hand in this run" in answer.text
    assert "ISO/IEC 17025:2017, 6.2.6" in answer.text
    assert state_of(site, run.id) is RunState.SUBMITTED


def test_the_first_page_shows_what_waits_for_whom(site: Site) -> None:
    """A submitted run waits for the reviewer, not for who measured it."""
    with site.database.transaction() as session:
        run = submitted_run(session, site.bench)
        number = run.number
    waits = f'href="/runs/{run.id}/review">{number}<'
    assert waits in site.client(site.bench.reviewer).get("/").text
    assert number not in site.client(site.bench.technician).get("/").text


def test_a_release_without_a_terminal_is_refused(site: Site) -> None:
    with site.database.transaction() as session:
        run = reviewed_run(session, site.bench)
        drop_terminals(session)
    client = site.client(site.bench.signatory)
    answer = post(client, f"/runs/{run.id}/release", named(client, f"/runs/{run.id}/release"), page=f"/runs/{run.id}")
    assert answer.status_code == 409
    assert "the path upward does not hold" in answer.text
    assert state_of(site, run.id) is RunState.REVIEWED
    assert "no terminal" in client.get(f"/runs/{run.id}").text


def named(client: FlaskClient, page: str) -> dict[str, str]:
    """Return the field of a decision page that names the evaluation shown there."""
    return {"evaluation_digest": fields_of(client.get(page).text)["evaluation_digest"]}


@pytest.mark.parametrize("step", ["review", "return"])
def test_a_decision_that_names_no_evaluation_is_refused(site: Site, step: str) -> None:
    with site.database.transaction() as session:
        run = submitted_run(session, site.bench)
    reviewer = site.client(site.bench.reviewer)
    answer = post(reviewer, f"/runs/{run.id}/{step}", {"comment": "?"}, page=f"/runs/{run.id}/review")
    assert answer.status_code == 422
    assert "The page was not complete; load it again." in answer.text
    assert state_of(site, run.id) is RunState.SUBMITTED


@pytest.mark.parametrize("key", ["9" * 30, "9" * 5000, "1e3", "-1"])
def test_keys_that_are_none_are_refused_at_their_field(site: Site, key: str) -> None:
    with site.database.transaction() as session:
        run = measured_run(session, site.bench)
    client, page = site.client(site.bench.technician), f"/runs/{run.id}"
    chosen = {"slot": "reference", "choice-reference": f"{key}:1:1"}
    assert post(client, f"{page}/equipment", chosen, page=page).status_code == 422
    left_out = {"what": key, "kind": "excluded", "exclusion_reason": "?", "approver_id": "1"}
    assert post(client, f"{page}/exclusions", left_out, page=page).status_code == 422
    nowhere = {**left_out, "what": "weighing|10kg|nowhere"}
    assert post(client, f"{page}/exclusions", nowhere, page=page).status_code == 422
    assert type_cells(client, run.id, {f"seen:{cell().key}": key, cell().key: "1"}).status_code == 422


def drop_terminals(session: Session) -> None:
    """Take the evidence away below the application: a permanent record, so its trigger goes first."""
    for trigger in ("no_delete", "no_update"):
        session.execute(text(f"DROP TRIGGER trg_calibration_terminal_{trigger}"))
    session.execute(text("DELETE FROM calibration_terminal"))


def test_a_returned_run_shows_why(site: Site) -> None:
    with site.database.transaction() as session:
        run = submitted_run(session, site.bench)
    reviewer = site.client(site.bench.reviewer)
    page = f"/runs/{run.id}/review"
    assert post(reviewer, f"/runs/{run.id}/return", named(reviewer, page), page=page).status_code == 422
    told = {"comment": "Cân lại chu trình 2"}
    sent = post(reviewer, f"/runs/{run.id}/return", {**named(reviewer, page), **told}, page=page)
    assert sent.status_code == 303
    assert "Cân lại chu trình 2" in site.client(site.bench.technician).get(f"/runs/{run.id}").text
    assert state_of(site, run.id) is RunState.DRAFT


def test_the_list_filters_by_state_and_person(site: Site) -> None:
    with site.database.transaction() as session:
        run = make_run(session, site.bench)
    client = site.client(site.bench.colleague)
    assert run.number in client.get("/runs").text
    assert run.number in client.get("/runs?state=draft&q=10+kg").text
    assert run.number not in client.get("/runs?state=released").text
    assert run.number not in client.get("/runs?mine=1").text


def test_a_stranger_gets_the_answer_of_a_run_that_does_not_exist(site: Site) -> None:
    with site.database.transaction() as session:
        run = make_run(session, site.bench)
        other = make_bench(session)
    client = site.client(other.technician)
    there, nowhere = client.get(f"/runs/{run.id}"), client.get("/runs/999999")
    assert there.status_code == nowhere.status_code == 404
    assert re.sub(r"\d", "", there.text) == re.sub(r"\d", "", nowhere.text)


def test_what_is_recorded_beside_the_readings(site: Site) -> None:
    with site.database.transaction() as session:
        run = measured_run(session, site.bench)
    client, page = site.client(site.bench.technician), f"/runs/{run.id}"
    wanted = {"subject": "", "text_vi": "Dùng hai quả cân phụ", "on_certificate": "on"}
    assert post(client, f"{page}/justifications", wanted, page=page).status_code == 303
    answer = post(client, f"{page}/exclusions", {"what": "1", "kind": "excluded", "exclusion_reason": ""}, page=page)
    assert answer.status_code == 422
    adjusted = {
        "kind": "adjustment",
        "description_vi": "Thêm chì",
        "consent_by": "Khách",
        "consent_at": "2026-03-02T14:00",
        "consent_way": "phone",
        "consent_evidence": "Gọi lại số của khách",
    }
    assert post(client, f"{page}/adjustment", adjusted, page=page).status_code == 303
    shown = client.get(page).text
    assert "Dùng hai quả cân phụ" in shown
    assert "Thêm chì" in shown
    assert "as left" in shown
