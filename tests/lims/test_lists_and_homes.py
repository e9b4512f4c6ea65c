"""First pages and registers: everybody sees what is theirs to do, and no list reads more often because it is longer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from certificates.facts import CertificateView
from lims.calibrations import home_queries, run_lists
from lims.calibrations.commands import Decide
from lims.calibrations.decision_services import return_run
from lims.calibrations.home_facts import BenchWork
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.lists import ListRequest
from lims.core.runtime import MOST_FOUND
from lims.jobs import list_queries as jobs
from lims.jobs.facts import ItemState
from lims.people import queries as people
from lims.people.attention_queries import accounts_to_look_at
from lims.people.facts import AccountConcern, Role
from lims.portal import queries as portal
from lims.portal.facts import DueStanding
from lims.procedures.facts import Activity
from standards.commands import AgreeInterval
from standards.services import agree_interval
from tests.certificates.offices import ISSUE_AT, Office, issue, make_office
from tests.factories import calibrations as bench_factory
from tests.factories.calibrations import NOW, Bench, make_bench
from tests.factories.jobs import make_job, make_job_item
from tests.factories.people import make_membership, make_organisation, make_person
from tests.factories.procedures import make_authorisation, make_procedure_version, weighing_file
from tests.factories.standards import make_instrument, recorder
from tests.lims.web_client import make_app, make_client, set_language, sign_in

TODAY = date(2026, 3, 2)
ZONE = "Asia/Ho_Chi_Minh"


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Collect the statements that are sent while the block runs."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)


def more_items(session: Session, bench: Bench, number: int, state: ItemState = ItemState.RECEIVED) -> None:
    """Put further items of other customers into the laboratory."""
    for _ in range(number):
        customer = make_organisation(session)
        make_job_item(
            session,
            job=make_job(session, site_id=bench.site.id, customer_id=customer.id),
            instrument_id=make_instrument(session, customer.id).id,
            procedure_version_id=bench.version.id,
            state=state,
        )


def test_lists_read_as_often_for_many_rows_as_for_few(session: Session) -> None:
    bench = make_bench(session)
    bench_factory.submitted_run(session, bench)
    actor, receiver = bench.reviewer, bench.reviewer

    def reads() -> dict[str, int]:
        numbers = {}
        for name, ask in (
            ("jobs", lambda: jobs.jobs(session, receiver, on=TODAY)),
            ("items", lambda: jobs.items(session, receiver, on=TODAY)),
            ("runs", lambda: run_lists.runs(session, actor)),
            ("bench", lambda: home_queries.bench_of(session, bench.technician, on=TODAY)),
            ("reviews", lambda: home_queries.to_review(session, actor, on=TODAY, timezone=ZONE)),
            ("persons", lambda: people.persons(session, on=TODAY)),
            ("accounts", lambda: accounts_to_look_at(session, on=TODAY, now=NOW)),
        ):
            session.expire_all()
            with counted(session) as statements:
                ask()
            numbers[name] = len(statements)
        return numbers

    more_items(session, bench, 1)
    few = reads()
    more_items(session, bench, 12)
    for _ in range(5):
        make_membership(session, make_person(session), make_organisation(session), Role.CUSTOMER)
    assert reads() == few
    assert max(few.values()) <= 12, few


def test_a_technician_sees_items_of_their_own_procedures(session: Session) -> None:
    """What came in for another procedure is somebody else's work."""
    bench = make_bench(session)
    other = make_procedure_version(
        session, organisation_id=bench.site.organisation_id, file=weighing_file(code="HC-XX-09")
    )
    customer = make_organisation(session)
    foreign = make_job_item(
        session,
        job=make_job(session, site_id=bench.site.id, customer_id=customer.id),
        instrument_id=make_instrument(session, customer.id).id,
        procedure_version_id=other.id,
        state=ItemState.RECEIVED,
    )
    (group,) = home_queries.bench_of(session, bench.technician, on=TODAY)
    assert (group.work, [line.item.id for line in group.lines]) == (BenchWork.TO_MEASURE, [bench.item.id])
    make_authorisation(
        session, person_id=bench.technician.person_id, activity=Activity.PERFORM, procedure_id=other.procedure_id
    )
    (group,) = home_queries.bench_of(session, bench.technician, on=TODAY)
    assert {line.item.id for line in group.lines} == {bench.item.id, foreign.id}
    later = home_queries.bench_of(session, bench.reviewer, on=TODAY)
    assert later == []


def test_work_moves_from_the_bench_to_review_and_back(session: Session) -> None:
    bench = make_bench(session)
    run = bench_factory.submitted_run(session, bench)
    assert home_queries.bench_of(session, bench.technician, on=TODAY) == []
    (waiting,) = home_queries.to_review(session, bench.reviewer, on=TODAY + timedelta(days=3), timezone=ZONE)
    assert (waiting.run.id, waiting.by, waiting.days, waiting.authorised) == (run.id, bench.technician.name, 3, True)
    (seen,) = home_queries.to_review(session, bench.signatory, on=TODAY, timezone=ZONE)
    assert not seen.authorised  # a signatory without an authorisation for the procedure is told so
    assert home_queries.to_review(session, bench.technician, on=TODAY, timezone=ZONE) == []
    assert home_queries.to_release(session, bench.signatory, on=TODAY, timezone=ZONE) == []
    return_run(session, bench.reviewer, Decide(run.id, comment="Ghi lại nhiệt độ"), now=NOW + timedelta(hours=1))
    (group,) = home_queries.bench_of(session, bench.technician, on=TODAY)
    assert group.work is BenchWork.RETURNED
    assert (group.lines[0].comment, group.lines[0].by) == ("Ghi lại nhiệt độ", bench.reviewer.name)
    assert group.lines[0].readings == 16


def test_accounts_are_named_by_their_concern(session: Session) -> None:
    body = make_organisation(session)
    without = make_person(session, sign_in_name="without")
    ending = make_person(session, sign_in_name="ending", last_signed_in_at=NOW)
    make_membership(session, ending, body, Role.CUSTOMER, valid_to=TODAY + timedelta(days=5))
    fine = make_person(session, sign_in_name="fine", last_signed_in_at=NOW)
    make_membership(session, fine, body, Role.CUSTOMER)
    unused = make_person(session, sign_in_name="unused", last_signed_in_at=None)
    make_membership(session, unused, body, Role.CUSTOMER)
    found = {line.person_id: line.concern for line in accounts_to_look_at(session, on=TODAY, now=NOW)}
    assert found[without.id] is AccountConcern.WITHOUT_ROLE
    assert found[ending.id] is AccountConcern.ENDS_SOON
    assert found[unused.id] is AccountConcern.NEVER_USED
    assert fine.id not in found


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    with sqlite_database.transaction() as session:
        return make_office(session)


@pytest.fixture
def view(sqlite_database: Database, office: Office, clock: FixedClock) -> CertificateView:
    return issue(sqlite_database, office, clock)


def browser(sqlite_database: Database, clock: FixedClock, name: str) -> FlaskClient:
    clock.at = ISSUE_AT
    client = make_client(make_app(sqlite_database, clock, language="en"))
    assert sign_in(client, name).status_code == 303
    set_language(client, "en")
    return client


def test_a_customer_sees_what_falls_due(sqlite_database: Database, office: Office, view: CertificateView) -> None:
    """The owner's interval after the last calibration on a certificate in force; without one nothing falls due."""
    with sqlite_database.transaction() as session:
        ids = people.persons(session, ListRequest(text="customer"), on=TODAY).items
        customer = people.actor_of(session, ids[0].id, TODAY)
        (row,) = portal.my_instruments(session, customer, on=TODAY).items
        assert (row.standing, row.certificate_printed) == (DueStanding.NO_INTERVAL, view.printed)
        noted = AgreeInterval(row.instrument_id, 12, TODAY, "Quy chế đo lường")
        agree_interval(session, recorder(0), noted, now=ISSUE_AT)
        for day, standing, left in (
            (TODAY, DueStanding.LATER, 365),
            (date(2027, 1, 1), DueStanding.SOON, 60),
            (date(2027, 3, 2), DueStanding.SOON, 0),
            (date(2027, 3, 3), DueStanding.OVERDUE, -1),
        ):
            (row,) = portal.my_instruments(session, customer, on=day).items
            assert (row.standing, row.days_left, row.due_on) == (standing, left, date(2027, 3, 2)), day


def test_a_stranger_sees_nothing_of_it(
    sqlite_database: Database, office: Office, view: CertificateView, clock: FixedClock
) -> None:
    """Not in lists, not by a filter on somebody's instrument, not in the search, not on the first page."""
    stranger, customer = browser(sqlite_database, clock, "stranger"), browser(sqlite_database, clock, "customer")
    instrument = office.bench.item.instrument_id
    for address in (
        "/",
        "/portal/instruments",
        f"/portal/certificates?instrument={instrument}",
        f"/portal/certificates?q={view.number}",
        f"/portal/orders?q={view.job_number}",
        f"/search?q={view.number}",
        f"/search?q={view.job_number}",
    ):
        page = stranger.get(address, follow_redirects=True).text
        shown = page.replace(f'value="{view.number}"', "").replace(f"“{view.number}”", "")
        assert view.token not in page, address
        assert view.number not in shown.replace(f"q={view.number}", ""), address
        assert "10 kg weight" not in page, address
        assert view.token in customer.get(address, follow_redirects=True).text or address == "/portal/instruments"
    unknown = stranger.get("/portal/certificates?instrument=999999").text
    theirs = stranger.get(f"/portal/certificates?instrument={instrument}").text
    assert unknown.replace("999999", str(instrument)).count("<tr") == theirs.count("<tr") == 0


def test_each_role_has_its_own_first_page(
    sqlite_database: Database, office: Office, view: CertificateView, clock: FixedClock
) -> None:
    technician, signatory = browser(sqlite_database, clock, "technician"), browser(sqlite_database, clock, "signatory")
    assert "My items today" in technician.get("/").text
    assert "Waiting for release" not in technician.get("/").text
    page = signatory.get("/").text
    assert "Waiting for release" in page
    assert "Every released run stands on a certificate." in page
    assert "My items today" not in page


def test_the_lists_answer_whatever_their_address_says(
    sqlite_database: Database, office: Office, view: CertificateView, clock: FixedClock
) -> None:
    client = browser(sqlite_database, clock, "signatory")
    for path in ("jobs", "items", "runs", "certificates", "instruments", "standards", "organisations", "procedures"):
        plain = client.get(f"/{path}")
        assert plain.status_code == 200, path
        for query in ("q=%25&state=x&state=&sort=-&page=0", "sort=number&sort=-name&customer=1e9&owner=-1", "page=9"):
            assert client.get(f"/{path}?{query}").status_code == 200, (path, query)
        nothing = client.get(f"/{path}?q=nothing+fits+this").text
        assert "Show everything" in nothing, path
    assert view.printed in client.get("/certificates?state=issued&year=2026&sort=number").text
    assert view.printed not in client.get("/certificates?state=revoked").text


def test_the_search_at_the_top_finds_across_the_packages(
    sqlite_database: Database, office: Office, view: CertificateView, clock: FixedClock
) -> None:
    """Words find records of several kinds; a number typed whole opens its record at once."""
    client = browser(sqlite_database, clock, "signatory")
    page = client.get("/search?q=10 kg").text
    assert view.printed in page
    assert f"/instruments/{office.bench.item.instrument_id}" in page
    answer = client.get(f"/search?q={view.printed}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/certificates/{view.id}")
    standard = office.bench.standard
    answer = client.get(f"/search?q={standard.code.lower()}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/standards/{standard.id}")


def test_the_search_shows_the_first_of_each_kind_and_the_way_to_all(
    sqlite_database: Database, office: Office, view: CertificateView, clock: FixedClock
) -> None:
    """Ten of a dozen bodies, how many there are in all, and a link to the list with the same words."""
    with sqlite_database.transaction() as session:
        for number in range(MOST_FOUND + 2):
            make_organisation(session, name_vi=f"Xưởng Mười Hai {number}")
    client = browser(sqlite_database, clock, "signatory")
    page = client.get("/search?q=muoi hai").text
    assert page.count('<tr data-href="/organisations/') == MOST_FOUND
    assert "12 found" in page
    assert re.search(r'href="/organisations\?q=muoi[+]hai">All 12</a>', page)
    assert client.get("/organisations?q=muoi+hai").text.count('<tr data-href="/organisations/') == MOST_FOUND + 2
    assert "All " not in client.get("/search?q=muoi hai 7").text


def test_a_customer_finds_an_order_by_its_number_and_by_their_own(
    sqlite_database: Database, office: Office, view: CertificateView, clock: FixedClock
) -> None:
    """The order's page says how far each item is and leads to its certificate; another's order is nowhere."""
    item = office.bench.item
    with sqlite_database.transaction() as session:
        job = make_job(
            session, site_id=item.site_id, customer_id=item.customer_id, customer_reference="ĐH-88", promised_on=TODAY
        )
        make_job_item(session, job=job, instrument_id=item.instrument_id, procedure_version_id=None)
    client, stranger = browser(sqlite_database, clock, "customer"), browser(sqlite_database, clock, "stranger")
    for typed, number in ((view.job_number, view.job_number), (job.number, job.number), ("đh-88", job.number)):
        answer = client.get("/search", query_string={"q": typed})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/portal/orders?q={number}")
        assert stranger.get("/search", query_string={"q": typed}).status_code == 200
    page = client.get(f"/portal/orders?q={job.number}").text
    assert "at the laboratory" in page
    assert "ĐH-88" in page
    assert view.token in client.get(f"/portal/orders?q={view.job_number}").text
    assert "<tbody" not in stranger.get("/portal/orders").text
