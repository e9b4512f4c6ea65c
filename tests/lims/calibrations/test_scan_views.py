"""Labels of items and what a scan of one opens, for whom."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lims.calibrations.commands import Decide, OpenRun
from lims.calibrations.decision_services import void_run
from lims.calibrations.facts import RunPurpose
from lims.calibrations.services import open_run
from lims.core.actor import Actor
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.facts import Role
from lims.people.models import Organisation
from tests.factories import people
from tests.factories.calibrations import NOW, Bench, make_bench, make_run, sign_in_name
from tests.lims.web_client import make_app, make_client, set_language, sign_in


@dataclass
class Labelled:
    """An application with an item whose label may be scanned."""

    app: Flask
    database: Database
    bench: Bench

    def client(self, who: Actor | str) -> FlaskClient:
        """A browser in which a person is signed in."""
        name = who
        if isinstance(who, Actor):
            with self.database.reading() as session:
                name = sign_in_name(session, who)
        client = make_client(self.app)
        assert sign_in(client, str(name)).status_code == 303
        set_language(client, "en")
        return client

    def scan(self, client: FlaskClient, code: str) -> str:
        """Return where a scan leads."""
        answer = client.get("/scan", query_string={"code": code})
        assert answer.status_code == 303
        return answer.headers["Location"]

    @property
    def address(self) -> str:
        """Return what the item's code says."""
        return f"http://localhost/i/{self.bench.item.token}"


@pytest.fixture
def labelled(sqlite_database: Database) -> Labelled:
    """A fresh laboratory with an item, its customer and somebody else's customer, who can sign in."""
    with sqlite_database.transaction() as session:
        bench = make_bench(session)
        customer = session.get_one(Organisation, bench.item.customer_id)
        other = people.make_organisation(session, name_vi="Công ty Khác")
        for organisation, name in ((customer, "customer"), (other, "stranger")):
            person = people.make_person(session, sign_in_name=name)
            people.make_membership(session, person, organisation, Role.CUSTOMER)
    return Labelled(make_app(sqlite_database, FixedClock(NOW), language="en"), sqlite_database, bench)


def test_a_scan_opens_the_work(labelled: Labelled) -> None:
    bench, client = labelled.bench, labelled.client(labelled.bench.technician)
    path = f"/i/{bench.item.token}"
    assert client.get(path).headers["Location"] == f"/jobs/items/{bench.item.id}"  # none is open: the item, to open one
    assert "Open a calibration run" in client.get(f"/jobs/items/{bench.item.id}").text
    with labelled.database.transaction() as session:
        first = make_run(session, bench)
    assert client.get(path).headers["Location"] == f"/runs/{first.id}"
    assert labelled.scan(client, labelled.address) == f"/runs/{first.id}"
    number = f"{bench.item.job_number}/{bench.item.position}"
    assert labelled.scan(client, number.lower()) == f"/runs/{first.id}"
    with labelled.database.transaction() as session:
        command = OpenRun(RunPurpose.REPLICATE, job_item_id=bench.item.id)
        second = open_run(session, bench.technician, command, now=NOW)
    assert client.get(path).headers["Location"] == f"/jobs/items/{bench.item.id}/runs"  # several: the list
    with labelled.database.transaction() as session:
        void_run(session, bench.technician, Decide(first.id, comment="nhầm"), now=NOW)
    assert client.get(path).headers["Location"] == f"/runs/{second.id}"


def test_a_typed_number_opens_it_from_the_search_field(labelled: Labelled) -> None:
    client = labelled.client(labelled.bench.technician)
    number = f"{labelled.bench.item.job_number}/{labelled.bench.item.position}"
    for typed in (number, labelled.address):
        found = client.get("/search", query_string={"q": typed})
        assert found.headers["Location"] == f"/i/{labelled.bench.item.token}"


def test_what_is_no_item_is_searched_for(labelled: Labelled) -> None:
    client = labelled.client(labelled.bench.technician)
    assert labelled.scan(client, "8934567890123") == "/search?q=8934567890123"
    nothing = f"http://localhost/i/{'x' * 32}"
    assert labelled.scan(client, nothing).startswith("/search?q=")
    assert client.get(f"/i/{'x' * 32}").status_code == 404


def test_a_customer_sees_their_order_and_a_stranger_nothing(labelled: Labelled) -> None:
    path = f"/i/{labelled.bench.item.token}"
    own = labelled.client("customer").get(path)
    assert own.headers["Location"] == f"/portal/orders?q={labelled.bench.item.job_number}"
    stranger = labelled.client("stranger")
    there, nowhere = stranger.get(path), stranger.get(f"/i/{'x' * 32}")
    assert there.status_code == nowhere.status_code == 404
    assert there.text.replace(labelled.bench.item.token, "x" * 32) == nowhere.text
    assert labelled.scan(stranger, labelled.address) == labelled.scan(stranger, labelled.address)
    assert labelled.scan(stranger, labelled.address).startswith("/search?q=")
    with labelled.database.transaction() as session:
        elsewhere = make_bench(session)
    colleague = labelled.client(elsewhere.technician)
    assert colleague.get(path).status_code == 404
    number = f"{labelled.bench.item.job_number}/{labelled.bench.item.position}"
    assert labelled.scan(colleague, number).startswith("/search?q=")
    assert make_client(labelled.app).get(path).headers["Location"].startswith("/sign-in")


def test_labels_say_what_a_person_needs_and_no_name(labelled: Labelled) -> None:
    bench, client = labelled.bench, labelled.client(labelled.bench.technician)
    for path in (f"/jobs/items/{bench.item.id}/label", f"/jobs/{bench.item.job_id}/labels"):
        text = client.get(path).text
        assert f"{bench.item.job_number}/{bench.item.position}" in text
        assert f"KH-{bench.item.customer_id:04d}" in text
        label = text[text.index('<div class="label ') :]
        assert "Khách hàng Mẫu" not in label
        assert "<svg" in label
    assert "css/labels/62x29.css" in client.get(f"/jobs/items/{bench.item.id}/label?size=62x29").text
    assert "css/labels/50x30.css" in client.get(f"/jobs/items/{bench.item.id}/label?size=../../x").text
    skipped = client.get(f"/jobs/{bench.item.job_id}/labels?skip=5").text
    assert skipped.count("label-sheet-place") == 6
    with labelled.database.transaction() as session:
        elsewhere = make_bench(session)
    stranger = labelled.client(elsewhere.technician)
    assert stranger.get(f"/jobs/items/{bench.item.id}/label").status_code == 404
    assert stranger.get(f"/jobs/{bench.item.job_id}/labels").status_code == 404
