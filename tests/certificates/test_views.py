"""Pages of certificates: issuing by hand, the file, what is refused, the public check."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from certificates import services
from certificates.document import render_pdf
from certificates.models import Certificate, Download
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.jobs.models import JobItem
from lims.people import queries as people
from lims.people.models import Site
from tests.certificates.offices import ISSUE_AT, Office, Place, issue, make_office
from tests.certificates.papers import text_of
from tests.lims.web_client import make_app, make_client, post, sign_in

LANGUAGES = ("vi", "en")


@pytest.fixture
def office(database: Database) -> Office:
    with database.transaction() as session:
        return make_office(session)


@pytest.fixture
def app(database: Database, clock: FixedClock, office: Office) -> Flask:
    clock.at = ISSUE_AT
    return make_app(database, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    browser = make_client(app)
    sign_in(browser, "signatory")
    return browser


def _issue_page(office: Office) -> str:
    return f"/jobs/{office.bench.item.job_id}/certificates/new"


def test_a_signatory_issues_and_downloads(
    database: Database, office: Office, app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    """From the job's page to the paper: issuing, refreshing, issued, the stored bytes."""
    page = client.get(_issue_page(office))
    assert page.status_code == 200
    assert "notice-good" in page.text
    answer = post(client, _issue_page(office), {"run": office.run_id}, page=_issue_page(office))
    assert answer.status_code == 303
    address = answer.headers["Location"]
    waiting = client.get(address).text
    assert "data-poll=" in waiting
    assert "/pdf" not in re.sub(r"data-poll=\S+", "", waiting)
    certificate_id = int(address.rsplit("/", 1)[1])
    assert client.get(f"{address}/pdf").status_code == 404
    services.render_and_finish(database, certificate_id, settings=Place(), clock=clock, render=render_pdf)
    assert "data-poll-reload" in client.get(f"{address}/progress").text
    shown = client.get(address).text
    assert "data-poll=" not in shown
    file = client.get(f"{address}/pdf")
    assert file.status_code == 200
    assert file.mimetype == "application/pdf"
    assert "attachment" in file.headers["Content-Disposition"]
    assert "10 kg + 25 mg" in text_of(file.data)
    assert hashlib.sha256(file.data).hexdigest() in shown
    with database.reading() as session:
        fetched = session.execute(select(Download.person_name, Download.certificate_id)).all()
    assert fetched == [(office.bench.signatory.name, certificate_id)]


def test_what_is_missing_stands_on_the_page_by_clause(database: Database, office: Office, client: FlaskClient) -> None:
    with database.transaction() as session:
        session.get_one(JobItem, office.bench.item.id).received_on = None
    page = client.get(_issue_page(office)).text
    assert "7.8.2.1 h" in page
    assert 'method="post"' not in page.split("<main", 1)[1]
    refused = post(client, _issue_page(office), {"run": office.run_id}, page="/certificates")
    assert refused.status_code == 409
    assert "7.8.2.1 h" in refused.text
    with database.reading() as session:
        assert session.execute(select(Certificate.id)).first() is None


def test_a_draft_has_a_watermark_and_stores_nothing(database: Database, office: Office, client: FlaskClient) -> None:
    answer = client.get(f"/jobs/{office.bench.item.job_id}/certificates/draft.pdf?run={office.run_id}")
    assert answer.status_code == 200
    words = text_of(answer.data)
    assert "BẢN NHÁP" in words
    assert "10 kg + 25 mg" in words
    with database.reading() as session:
        assert session.execute(select(Certificate.id)).first() is None


def test_a_run_of_another_job_cannot_be_slipped_in(office: Office, client: FlaskClient) -> None:
    assert client.get(f"/jobs/{office.bench.item.job_id}/certificates/draft.pdf?run=424242").status_code == 404
    answer = post(client, _issue_page(office), {"run": 424242}, page=_issue_page(office))
    assert answer.status_code == 404
    assert client.get("/jobs/424242/certificates/new").status_code == 404


def test_nothing_chosen_is_refused(office: Office, client: FlaskClient) -> None:
    assert post(client, _issue_page(office), {}, page=_issue_page(office)).status_code == 409


def test_only_signatories_issue(office: Office, app: Flask) -> None:
    browser = make_client(app)
    sign_in(browser, "technician")
    assert browser.get(_issue_page(office)).status_code == 403
    assert post(browser, _issue_page(office), {"run": office.run_id}, page="/certificates").status_code == 403
    assert browser.get("/certificates").status_code == 200


def test_lists_find_and_filter(database: Database, office: Office, client: FlaskClient, clock: FixedClock) -> None:
    view = issue(database, office, clock)
    assert view.printed in client.get("/certificates").text
    assert view.printed in client.get(f"/certificates?q={view.number}").text
    assert view.printed not in client.get("/certificates?q=nowhere").text
    assert view.printed not in client.get("/certificates?state=revoked").text
    assert view.printed in client.get(f"/runs/{office.run_id}/certificates").text
    assert client.get("/runs/424242/certificates").status_code == 404
    assert view.printed in client.get(f"/search?q={view.number}", follow_redirects=True).text


def test_an_amendment_is_made_and_named(
    database: Database, office: Office, client: FlaskClient, clock: FixedClock
) -> None:
    view = issue(database, office, clock)
    clock.at = ISSUE_AT + timedelta(days=1)
    page = f"/certificates/{view.id}/amend"
    sign_in(client, "signatory")
    refused = post(client, page, {"kind": "amends", "run": office.run_id, "reason_vi": ""}, page=page)
    assert refused.status_code == 422
    answer = post(client, page, {"kind": "amends", "run": office.run_id, "reason_vi": "Sai số chế tạo"}, page=page)
    assert answer.status_code == 303
    new_id = int(answer.headers["Location"].rsplit("/", 1)[1])
    services.render_and_finish(database, new_id, settings=Place(), clock=clock, render=render_pdf)
    assert f"{view.printed}.R1" in client.get(f"/certificates/{view.id}").text
    check = client.get(f"/verify/{view.printed}/{view.token}").text
    assert f"{view.printed}.R1" in check
    assert "state-doubt" in check


def test_a_revocation_shows_to_whoever_checks(
    database: Database, office: Office, client: FlaskClient, clock: FixedClock
) -> None:
    view = issue(database, office, clock)
    page = f"/certificates/{view.id}"
    assert post(client, f"{page}/revoke", {"reason_vi": " "}, page=page).status_code == 422
    stale = post(client, f"{page}/revoke", {"reason_vi": "x", "row_version": "99"}, page=page)
    assert stale.status_code == 409
    done = post(client, f"{page}/revoke", {"reason_vi": "Chuẩn hỏng", "row_version": view.row_version}, page=page)
    assert done.status_code == 303
    assert "Chuẩn hỏng" in client.get(page).text
    check = client.get(f"/verify/{view.printed}/{view.token}").text
    assert "state-bad" in check
    assert "Chuẩn hỏng" not in check


def test_an_investigation_is_said_and_cleared(
    database: Database, office: Office, client: FlaskClient, clock: FixedClock
) -> None:
    view = issue(database, office, clock)
    page = f"/certificates/{view.id}"
    said = post(client, f"{page}/notices", {"notice": "under_investigation", "text_vi": "Chuẩn trôi"}, page=page)
    assert said.status_code == 303
    assert "state-doubt" in client.get(f"/verify/{view.printed}/{view.token}").text
    again = post(client, f"{page}/notices", {"notice": "under_investigation", "text_vi": "Lại"}, page=page)
    assert again.status_code == 409
    cleared = post(client, f"{page}/notices", {"notice": "cleared", "text_vi": "Ổn"}, page=page)
    assert cleared.status_code == 303
    assert "state-good" in client.get(f"/verify/{view.printed}/{view.token}").text


def test_anybody_with_number_and_token_may_check(
    database: Database, office: Office, app: Flask, clock: FixedClock
) -> None:
    view = issue(database, office, clock)
    page = make_client(app).get(f"/verify/{quote(view.printed, safe='')}/{view.token}")
    assert page.status_code == 200
    assert "state-good" in page.text
    assert view.pdf_sha256 is not None
    assert view.pdf_sha256 in page.text
    with database.reading() as session:
        site = session.get_one(Site, view.site_id)
        assert people.organisation_facts(session, site.organisation_id, view.issued_on).name_vi in page.text
    for secret in ("Khách hàng Mẫu", "25 mg", view.job_number, "Giám Đốc"):
        assert secret not in page.text


def test_a_wrong_number_and_a_wrong_token_read_the_same(
    database: Database, office: Office, app: Flask, clock: FixedClock
) -> None:
    view = issue(database, office, clock)
    stranger = make_client(app)
    addresses = [
        f"/verify/{view.printed}/{'x' * len(view.token)}",
        f"/verify/HC-XX-2026-99999/{view.token}",
        f"/verify/{view.printed}.R1/{view.token}",
        "/verify/nothing/nothing",
        "/verify/a/b/c/d",
    ]
    answers = [stranger.get(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {404}
    bodies = {re.sub(r'(value|nonce|content|href)="[^"]*"', "", answer.text) for answer in answers}
    assert len(bodies) == 1


def test_the_check_page_cannot_be_asked_often(app: Flask, clock: FixedClock) -> None:
    stranger = make_client(app)
    codes = [stranger.get("/verify/a/b").status_code for _ in range(31)]
    assert codes == [404] * 30 + [429]
    clock.at += timedelta(minutes=1, seconds=1)
    assert stranger.get("/verify/a/b").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_reads_in_both_languages(
    database: Database, office: Office, client: FlaskClient, clock: FixedClock, language: str
) -> None:
    view = issue(database, office, clock)
    post(client, "/language", {"language": language, "next": "/certificates"}, page="/certificates")
    for address in (
        "/certificates",
        f"/certificates/{view.id}",
        f"/certificates/{view.id}/amend",
        _issue_page(office),
        f"/runs/{office.run_id}/certificates",
        f"/verify/{view.printed}/{view.token}",
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert f'lang="{language}"' in answer.text
        assert "style=" not in answer.text.split("<main", 1)[-1]
