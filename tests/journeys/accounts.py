"""An account for a customer that was entered through the pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM
from lims.core.clock import local_date
from lims.core.lists import ListRequest
from lims.demo.laboratory import Laboratory
from lims.people import person_services, queries
from lims.people.facts import AddMembership, CreatePerson, Role


def customer_account(session: Session, laboratory: Laboratory, name: str, organisation: str, *, now: datetime) -> None:
    """Give a customer's organisation (found by a part of its name) an account with the journeys' password."""
    from tests.journeys.laboratory import PASSWORD

    today = local_date(now, laboratory.timezone)
    found = queries.organisations(session, ListRequest(organisation, {"show": ("customers",)}), on=today)
    person = person_services.create_person(
        session, SYSTEM, CreatePerson("Khách Mẫu", sign_in_name=name, password=PASSWORD), now=now
    )
    membership = AddMembership(person.id, found.items[0].id, Role.CUSTOMER, valid_from=today)
    person_services.add_membership(session, SYSTEM, membership, now=now)
