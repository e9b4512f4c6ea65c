"""The first account of a new installation, with the laboratory it belongs to; further ones from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from lims.core.actor import SYSTEM
from lims.core.clock import Clock, SystemClock, local_date
from lims.core.db import Database
from lims.core.errors import ConfigurationError, InvalidInput
from lims.people import person_services, queries, services
from lims.people.facts import AddMembership, CreateOrganisation, CreatePerson, CreateSite, PersonFacts, Role


@dataclass(frozen=True, slots=True)
class AddAccount:
    """Somebody who may sign in, in a role; `laboratory` is the name of a laboratory that does not exist yet."""

    sign_in: str
    full_name: str
    password: str
    role: str = Role.ADMINISTRATOR.value
    laboratory: str | None = None
    site_code: str = "01"


def add_account(database: Database, command: AddAccount, *, timezone: str, clock: Clock | None = None) -> PersonFacts:
    """Add an account, founding the laboratory with its first site where there is none.

    Raises ConfigurationError if a laboratory is missing or named twice, InvalidInput for what cannot be taken.
    """
    if command.role not in set(Role):
        raise InvalidInput.of("role", "field.not_a_choice", text=command.role)
    now = (clock or SystemClock()).now()
    today = local_date(now, timezone)
    with database.transaction() as session:
        laboratory_id = _laboratory(session, command, timezone, today, now=now)
        person = person_services.create_person(
            session,
            SYSTEM,
            CreatePerson(full_name=command.full_name, sign_in_name=command.sign_in, password=command.password),
            now=now,
        )
        membership = AddMembership(person.id, laboratory_id, Role(command.role), valid_from=today)
        person_services.add_membership(session, SYSTEM, membership, now=now)
        return person


def laboratory_id(session: Session) -> int:
    """Return the installation's laboratory. Raises ConfigurationError while there is none."""
    sites = queries.laboratory_sites(session)
    if not sites:
        raise ConfigurationError("accounts.no_laboratory")
    return sites[0].organisation_id


def _laboratory(session: Session, command: AddAccount, timezone: str, today: date, *, now: datetime) -> int:
    existing = queries.laboratory_sites(session)
    if existing:
        if command.laboratory is not None:
            raise ConfigurationError("accounts.laboratory_exists")
        return existing[0].organisation_id
    if command.laboratory is None:
        raise ConfigurationError("accounts.laboratory_needed")
    name = command.laboratory
    found = CreateOrganisation(name_vi=name, address_vi="–", valid_from=today, is_laboratory=True)
    laboratory_id = services.create_organisation(session, SYSTEM, found, now=now).id
    site = CreateSite(laboratory_id, command.site_code, name, "–", valid_from=today, timezone=timezone)
    services.create_site(session, SYSTEM, site, now=now)
    return laboratory_id
