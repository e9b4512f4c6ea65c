"""Pages of an item that fails as found: the banner, the adjustment, the notice with its steps, the letter."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lims.calibrations.facts import RunFacts
from lims.core.actor import Actor
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.jobs import notice_queries
from lims.jobs import queries as jobs
from lims.jobs.facts import ItemState
from lims.jobs.notice_facts import NoticeState
from lims.people.facts import Role
from tests.factories.adjustments import LATER, correct, failing_bench
from tests.factories.calibrations import Bench, make_actor, make_run, measured_run, sign_in_name
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in

ADJUSTMENT = {"kind": "adjustment", "description_vi": "Thêm chì", "description_en": "Lead added", "seals_applied": "77"}
CONSENT = {
    "consent_by": "Phòng kỹ thuật của khách hàng",
    "consent_at": "02/03/2026 15:05",
    "consent_way": "email",
    "consent_evidence": "Thư ngày 02/03/2026",
}
ANSWER = {
    "choice": "certificate_as_found",
    "answered_by": "Phòng kỹ thuật",
    "answered_at": "02/03/2026 15:09",
    "way": "phone",
    "evidence": "Gọi lúc 15:09",
}


@dataclass
class Failing:
    """An application with a weight on the bench that is out of its limits, read completely."""

    app: Flask
    database: Database
    bench: Bench
    run: RunFacts
    receiver: Actor

    def client(self, actor: Actor, language: str = "en") -> FlaskClient:
        """A browser in which a person is signed in."""
        with self.database.reading() as session:
            name = sign_in_name(session, actor)
        client = make_client(self.app)
        assert sign_in(client, name).status_code == 303
        set_language(client, language)
        return client

    def item_state(self) -> ItemState:
        """Return where the item stands."""
        with self.database.reading() as session:
            return jobs.item_state(session, self.bench.item.id)


@pytest.fixture
def failing(sqlite_database: Database) -> Failing:
    """A fresh laboratory with a failing weight."""
    with sqlite_database.transaction() as session:
        bench = failing_bench(session)
        run = measured_run(session, bench)
        receiver = make_actor(session, bench.site, Role.RECEIVER, "Tiếp Nhận")
    app = make_app(sqlite_database, FixedClock(LATER), language="en")
    return Failing(app, sqlite_database, bench, run, receiver)


def test_the_technician_is_told_and_one_button_does_it(failing: Failing) -> None:
    client, page = failing.client(failing.bench.technician), f"/runs/{failing.run.id}"
    shown = client.get(page).text
    assert "1 point does not conform as found" in shown
    assert "Put on hold and draft the notice" in shown
    live = client.get(f"{page}/live?seen=").json
    assert live is not None
    assert "Put on hold and draft the notice" in live["standing"]  # told while typing, without loading the page
    assert post(client, f"{page}/hold", {}, page=page).status_code == 303
    assert failing.item_state() is ItemState.ON_HOLD
    again = client.get(page).text
    assert "Put on hold and draft" not in again
    assert f"TB-{failing.run.number}" in again
    refused = post(client, f"{page}/hold", {}, page=page)
    assert refused.status_code == 409
    item = client.get(f"/jobs/items/{failing.bench.item.id}").text
    assert f"TB-{failing.run.number}" in item
    assert "To the notice and its answer" in item


def test_the_way_of_a_notice_through_its_pages(failing: Failing) -> None:
    technician, page = failing.client(failing.bench.technician), f"/runs/{failing.run.id}"
    post(technician, f"{page}/hold", {}, page=page)
    manager, receiver = failing.client(failing.bench.reviewer), failing.client(failing.receiver)
    notice = "/notices/1"
    for wanted in ("+25", "59", "±20", "does not conform", failing.bench.standard.code):
        assert wanted in manager.get(notice).text
    assert technician.get(f"{notice}/edit").status_code == 403
    words = {
        "row_version": "1",
        "recipient_email": "kythuat@example.com",
        "opening_vi": "Kính gửi phòng kỹ thuật,",
        "closing_vi": "Trân trọng.",
        "opening_en": "Dear colleagues,",
        "closing_en": "Yours sincerely",
    }
    unnamed = post(manager, f"{notice}/edit", {**words, "opening_vi": ""}, page=f"{notice}/edit")
    assert unnamed.status_code == 422
    assert "Trân trọng." in unnamed.text
    assert post(manager, f"{notice}/edit", words, page=f"{notice}/edit").status_code == 303
    stale = post(manager, f"{notice}/edit", words, page=f"{notice}/edit")
    assert stale.status_code == 409
    sending = {
        "row_version": "2",
        "sent_on": "02/03/2026",
        "sent_way": "email",
        "sent_reference": "kythuat@example.com",
    }
    assert post(receiver, f"{notice}/send", sending, page=notice).status_code == 409
    assert post(manager, f"{notice}/approve", {"row_version": "2"}, page=notice).status_code == 303
    tomorrow = post(receiver, f"{notice}/send", {**sending, "row_version": "3", "sent_on": "03/03/2026"}, page=notice)
    assert tomorrow.status_code == 422
    assert post(receiver, f"{notice}/send", {**sending, "row_version": "3"}, page=notice).status_code == 303
    unproven = post(receiver, f"{notice}/answer", {**ANSWER, "evidence": ""}, page=notice)
    assert unproven.status_code == 422
    assert post(receiver, f"{notice}/answer", ANSWER, page=notice).status_code == 303
    assert failing.item_state() is ItemState.IN_WORK
    with failing.database.reading() as session:
        stored = notice_queries.notice_facts(session, 1)
    assert (stored.state, stored.letter.opening_vi) == (NoticeState.SENT, "Kính gửi phòng kỹ thuật,")
    shown = manager.get(notice).text
    assert "certificate with the results as found" in shown
    assert "Gọi lúc 15:09" in shown
    assert "2 Mar 2026" in manager.get("/notices").text


def test_the_letter_is_written_in_the_languages_of_the_certificate(failing: Failing) -> None:
    technician, page = failing.client(failing.bench.technician), f"/runs/{failing.run.id}"
    post(technician, f"{page}/hold", {}, page=page)
    manager = failing.client(failing.bench.reviewer, "en")
    text = manager.get("/notices/1/print").text
    vietnamese, english = re.findall(r'<article class="letter" lang="(?:vi|en)">.*?</article>', text, re.DOTALL)
    assert "Bản thảo, chưa duyệt" in vietnamese
    assert "Kính gửi Quý khách hàng," in vietnamese
    assert "Draft, not approved" in english
    assert "Dear customer," in english
    for letter in (vietnamese, english):
        assert "+25 mg" in letter
        assert failing.bench.standard.code in letter
    post(manager, "/notices/1/approve", {"row_version": "1"}, page="/notices/1")
    approved = manager.get("/notices/1/print").text
    assert "Draft, not approved" not in approved
    assert approved.count("Phụ Trách Kỹ Thuật") >= 2


def test_an_adjustment_has_its_page_between_found_and_left(failing: Failing) -> None:
    client, page = failing.client(failing.bench.technician), f"/runs/{failing.run.id}"
    form = f"{page}/adjustment"
    assert "Without a consent it is not." in client.get(form).text
    refused = post(client, form, ADJUSTMENT, page=form)
    assert refused.status_code == 409
    assert "The order does not allow an adjustment" in refused.text
    assert "Thêm chì" in refused.text
    assert 'id="field-consent_by"' in refused.text
    half = post(client, form, {**ADJUSTMENT, **CONSENT, "consent_evidence": ""}, page=form)
    assert half.status_code == 422
    assert post(client, form, {**ADJUSTMENT, **CONSENT}, page=form).status_code == 303
    shown = client.get(page).text
    assert (
        shown.index("From as found to as left")
        < shown.index("Lead added")
        < shown.index('data-sheet="weighing|as_left"')
    )
    assert "Seals applied: 77" in shown
    assert "by e-mail" in shown
    assert failing.item_state() is ItemState.IN_WORK


def test_an_unread_item_is_not_adjusted(failing: Failing) -> None:
    with failing.database.transaction() as session:
        bench = failing_bench(session)
        run = make_run(session, bench)
    client, form = failing.client(bench.technician), f"/runs/{run.id}/adjustment"
    assert "12 cells are empty" in client.get(form).text
    assert post(client, form, {**ADJUSTMENT, **CONSENT}, page=form).status_code == 409


def test_strangers_and_roles(failing: Failing) -> None:
    technician, page = failing.client(failing.bench.technician), f"/runs/{failing.run.id}"
    post(technician, f"{page}/hold", {}, page=page)
    with failing.database.transaction() as session:
        other = failing_bench(session)
    stranger = failing.client(other.reviewer)
    for path in ("/notices/1", "/notices/1/edit", "/notices/1/print", f"{page}/adjustment"):
        assert stranger.get(path).status_code == 404
    assert post(stranger, "/notices/1/approve", {"row_version": "1"}, page="/").status_code == 404
    assert post(stranger, "/notices/1/answer", ANSWER, page="/").status_code == 404
    assert "TB-" not in stranger.get("/notices").text
    for step in ("approve", "withdraw", "answer", "send"):
        assert post(technician, f"/notices/1/{step}", {"row_version": "1"}, page=page).status_code == 403


def test_a_corrected_reading_makes_the_draft_stale(failing: Failing) -> None:
    technician, page = failing.client(failing.bench.technician), f"/runs/{failing.run.id}"
    post(technician, f"{page}/hold", {}, page=page)
    with failing.database.transaction() as session:
        correct(session, failing.bench, failing.run, "0.005")
    manager = failing.client(failing.bench.reviewer)
    assert "the notice states other figures" in manager.get("/notices/1").text
    assert "the notice states other figures" in technician.get(page).text
    refused = post(manager, "/notices/1/approve", {"row_version": "1"}, page="/notices/1")
    assert refused.status_code == 409
    again = post(manager, "/notices/1/redraft", {}, page="/notices/1")
    assert again.headers["Location"] == "/notices/2"
    assert "+30" in manager.get("/notices/2").text
