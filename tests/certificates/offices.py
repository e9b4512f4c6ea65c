"""A laboratory with a released weighing and people who can sign in: signatory, technician, customer, stranger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from certificates import queries, services
from certificates.document import render_pdf
from certificates.facts import CertificateView
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people.facts import Role
from lims.people.models import Organisation, Person
from tests.factories import calibrations, people
from tests.factories.calibrations import NOW, Bench

ISSUE_AT = NOW + timedelta(hours=3)


@dataclass(frozen=True)
class Place:
    """Settings with the address of the check page."""

    base_url: str = "http://localhost:8080"


@dataclass(frozen=True)
class Office:
    """The bench, the released run on it, and the organisation that ordered it."""

    bench: Bench
    run_id: int
    customer_id: int
    stranger_id: int


def make_office(session: Session) -> Office:
    """Put the laboratory with its people into the database; sign-in names are those of the docstring above."""
    bench = calibrations.make_bench(session)
    run = calibrations.released_run(session, bench)
    named = people.make_person(session, sign_in_name="no-one")
    for actor, name in ((bench.signatory, "signatory"), (bench.technician, "technician")):
        person = session.get_one(Person, actor.person_id)
        person.sign_in_name, person.password_hash = name, named.password_hash
    customer = session.get_one(Organisation, bench.item.customer_id)
    stranger = people.make_organisation(session, name_vi="Công ty Khác")
    for organisation, name in ((customer, "customer"), (stranger, "stranger")):
        person = people.make_person(session, sign_in_name=name)
        people.make_membership(session, person, organisation, Role.CUSTOMER)
    session.flush()
    return Office(bench, run.id, customer.id, stranger.id)


def issue(database: Database, office: Office, clock: FixedClock) -> CertificateView:
    """Issue the certificate of the office's run, its file rendered in this process."""
    with database.transaction() as session:
        begun = services.begin_issue(session, office.bench.signatory, [office.run_id], now=ISSUE_AT)
    services.render_and_finish(database, begun.id, settings=Place(), clock=clock, render=render_pdf)
    with database.reading() as session:
        return queries.certificate_view(session, office.bench.signatory, begun.id)
