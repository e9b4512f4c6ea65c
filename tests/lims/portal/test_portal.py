"""Customers see their own certificates; another's reads like one that does not exist."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from certificates.facts import CertificateView
from certificates.models import Certificate, Download
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import Forbidden, NotFound
from lims.core.models import AuditEntry, Blob
from lims.people import queries as people
from lims.people.models import Person
from lims.portal import queries, services
from tests.certificates.offices import ISSUE_AT, Office, issue, make_office
from tests.lims.web_client import make_app, make_client, sign_in


@pytest.fixture
def office(database: Database) -> Office:
    with database.transaction() as session:
        return make_office(session)


@pytest.fixture
def view(database: Database, office: Office, clock: FixedClock) -> CertificateView:
    return issue(database, office, clock)


@pytest.fixture
def app(database: Database, clock: FixedClock, view: CertificateView) -> Flask:
    clock.at = ISSUE_AT
    return make_app(database, clock)


def test_the_customer_finds_and_downloads_the_stored_bytes(
    database: Database, app: Flask, view: CertificateView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_arguments: object) -> bytes:
        raise AssertionError("a download renders nothing")

    monkeypatch.setattr("certificates.document.render_pdf", never)
    monkeypatch.setattr("certificates.rendering.render_apart", never)
    browser = make_client(app)
    sign_in(browser, "customer")
    assert view.printed in browser.get("/portal/certificates").text
    assert view.printed in browser.get("/portal/certificates?q=qua can").text
    assert view.printed not in browser.get("/portal/certificates?q=nowhere").text
    assert view.printed in browser.get(f"/portal/certificates/{view.token}").text
    file = browser.get(f"/portal/certificates/{view.token}/pdf")
    assert file.status_code == 200
    with database.reading() as session:
        assert view.pdf_sha256 is not None
        assert file.data == session.get_one(Blob, view.pdf_sha256).data
        person = session.execute(select(Person).where(Person.sign_in_name == "customer")).scalar_one()
        rows = session.execute(select(Download.person_id, Download.certificate_id, Download.file)).all()
        assert rows == [(person.id, view.id, "pdf")]
        noted = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "certificate.downloaded")
        assert session.execute(noted).scalar_one() == 1


@pytest.mark.parametrize("ending", ["", "/pdf", "/chain"])
def test_a_stranger_gets_the_answer_of_what_does_not_exist(app: Flask, view: CertificateView, ending: str) -> None:
    browser = make_client(app)
    sign_in(browser, "stranger")
    browser.get("/portal/certificates")  # the first page after signing in renews the cookie
    theirs = browser.get(f"/portal/certificates/{view.token}{ending}")
    nobodys = browser.get(f"/portal/certificates/{'x' * len(view.token)}{ending}")
    assert theirs.status_code == nobodys.status_code == 404
    plain = re.compile(r'(value|nonce|content|href)="[^"]*"')
    assert plain.sub("", theirs.text) == plain.sub("", nobodys.text)
    assert set(theirs.headers.keys()) == set(nobodys.headers.keys())
    assert view.printed not in browser.get("/portal/certificates").text
    assert view.printed not in browser.get("/portal/certificates?q=khach+hang").text


def test_a_refused_download_leaves_no_row(database: Database, app: Flask, view: CertificateView) -> None:
    browser = make_client(app)
    sign_in(browser, "stranger")
    browser.get(f"/portal/certificates/{view.token}/pdf")
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Download)).scalar_one() == 0


def test_customers_do_not_enter_the_laboratory(app: Flask, view: CertificateView) -> None:
    browser = make_client(app)
    sign_in(browser, "customer")
    for address in ("/certificates", f"/certificates/{view.id}", f"/certificates/{view.id}/pdf"):
        assert browser.get(address).status_code == 404


def test_whoever_is_not_signed_in_is_sent_to_sign_in(app: Flask, view: CertificateView) -> None:
    answer = make_client(app).get(f"/portal/certificates/{view.token}")
    assert answer.status_code in {302, 303}
    assert "/sign-in" in answer.headers["Location"]


def test_the_laboratory_has_no_customers_door(app: Flask, view: CertificateView) -> None:
    browser = make_client(app)
    sign_in(browser, "technician")
    assert browser.get("/portal/certificates").status_code == 403
    assert browser.get(f"/portal/certificates/{view.token}").status_code == 403


def test_rules_hold_below_the_pages(database: Database, view: CertificateView) -> None:
    with database.transaction() as session:
        ids = dict(
            session.execute(select(Person.sign_in_name, Person.id).where(Person.sign_in_name.is_not(None))).all()
        )
        customer, stranger = (people.actor_of(session, ids[name], ISSUE_AT.date()) for name in ("customer", "stranger"))
        technician = people.actor_of(session, ids["technician"], ISSUE_AT.date())
        assert queries.my_certificate(session, customer, view.token).id == view.id
        for actor in (stranger,):
            with pytest.raises(NotFound):
                queries.my_certificate(session, actor, view.token)
            with pytest.raises(NotFound):
                services.download_certificate(session, actor, view.token, now=ISSUE_AT)
        with pytest.raises(Forbidden):
            services.download_certificate(session, technician, view.token, now=ISSUE_AT)


def test_what_is_being_issued_is_not_there_yet(database: Database, office: Office) -> None:
    from certificates import services as certificates

    with database.transaction() as session:
        begun = certificates.begin_issue(session, office.bench.signatory, [office.run_id], now=ISSUE_AT)
        person = session.execute(select(Person).where(Person.sign_in_name == "customer")).scalar_one()
        customer = people.actor_of(session, person.id, ISSUE_AT.date())
        assert queries.my_certificates(session, customer).items == []
        with pytest.raises(NotFound):
            queries.my_certificate(session, customer, begun.token)
        assert session.execute(select(func.count()).select_from(Certificate)).scalar_one() == 1


def test_one_click_from_the_certificate_shows_its_way_to_the_si(app: Flask, view: CertificateView) -> None:
    browser = make_client(app)
    sign_in(browser, "customer")
    assert f"/portal/certificates/{view.token}/chain" in browser.get(f"/portal/certificates/{view.token}").text
    page = browser.get(f"/portal/certificates/{view.token}/chain")
    assert page.status_code == 200
    assert "SI" in page.text
    targets = set(re.findall(r'<a href="([^"]*)" class="chain-node', page.text))
    assert targets
    assert all(target.startswith("#row-") for target in targets), "nothing here leads into the laboratory"
    assert all(f'id="{target[1:]}"' in page.text for target in targets if target != "#row-si")
