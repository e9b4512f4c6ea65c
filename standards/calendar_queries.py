"""Reads of calendar addresses and reminders, and of who is to be reminded."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.people.access import Permission, permissions_of
from lims.people.models import Person, Site
from lims.people.queries import members_of
from standards.calendar_facts import SENT_WITHIN, SETTLED, AddressFacts, Recipient, ReminderFacts
from standards.calendar_models import CalendarAddress, DueReminder
from standards.calibration_models import Standard


def digest_of(token: str) -> str:
    """Return what is kept of a calendar's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def addresses_of(session: Session, person_id: int) -> list[AddressFacts]:
    """Return the calendar addresses of a person, newest first, revoked ones included."""
    query = select(CalendarAddress).where(CalendarAddress.person_id == person_id).order_by(CalendarAddress.id.desc())
    return [_address(row) for row in session.execute(query).scalars()]


def address_by_token(session: Session, token: str) -> AddressFacts | None:
    """Return the address that a secret opens, None for an unknown or a revoked one."""
    query = select(CalendarAddress).where(
        CalendarAddress.token_sha256 == digest_of(token), CalendarAddress.revoked_at.is_(None)
    )
    row = session.execute(query).scalar_one_or_none()
    return None if row is None else _address(row)


def _address(row: CalendarAddress) -> AddressFacts:
    return AddressFacts(row.id, row.person_id, row.laboratory_id, row.name, row.created_at, row.revoked_at)


def laboratories(session: Session) -> list[int]:
    """Return the laboratories that have standards."""
    query = select(Site.organisation_id).join(Standard, Standard.site_id == Site.id).distinct()
    return sorted(session.execute(query).scalars())


def recipients(session: Session, laboratory_id: int, on: date) -> tuple[dict[int, Recipient], frozenset[int]]:
    """Return who works in a laboratory on a day, and which of them manage its standards."""
    found: dict[int, Recipient] = {}
    managers = set()
    for person, held in members_of(session, laboratory_id, on):
        if not person.active:
            continue
        found[person.id] = Recipient(person.id, person.full_name, person.email, person.language)
        if Permission.MANAGE_STANDARDS in permissions_of([held.role]):
            managers.add(person.id)
    return found, frozenset(managers)


def unsent(session: Session, person_id: int, laboratory_id: int, now: datetime) -> list[ReminderFacts]:
    """Return the reminders of a person that still wait to be sent."""
    return _reminders(
        session,
        DueReminder.person_id == person_id,
        DueReminder.laboratory_id == laboratory_id,
        *_waiting(now),
    )


def waiting_persons(session: Session, laboratory_id: int, now: datetime) -> list[int]:
    """Return who still waits for reminders."""
    query = select(DueReminder.person_id).where(DueReminder.laboratory_id == laboratory_id, *_waiting(now)).distinct()
    return sorted(session.execute(query).scalars())


def _waiting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        DueReminder.sent_at.is_(None),
        DueReminder.created_at >= now - SENT_WITHIN,
        DueReminder.problem.is_distinct_from(SETTLED),
    )


def _reminders(session: Session, *conditions: ColumnElement[bool]) -> list[ReminderFacts]:
    query = _reminder_rows().where(*conditions).order_by(DueReminder.due_on, DueReminder.id)
    return [_reminder(*row) for row in session.execute(query)]


def _reminder_rows() -> Select[DueReminder, str]:
    return select(DueReminder, Person.full_name).join(Person, Person.id == DueReminder.person_id)


def _reminder(row: DueReminder, name: str) -> ReminderFacts:
    return ReminderFacts(
        id=row.id,
        person_id=row.person_id,
        person_name=name,
        kind=row.kind,
        subject_id=row.subject_id,
        title=row.title,
        due_on=row.due_on,
        threshold=row.threshold,
        created_at=row.created_at,
        sent_at=row.sent_at,
        sent_to=row.sent_to,
        problem=row.problem,
    )


def reminder_list(session: Session, laboratory_id: int, request: ListRequest = EVERYTHING) -> Listed[ReminderFacts]:
    """Return the reminders of a laboratory, newest first. Filter: state (sent, waiting)."""
    return (
        SqlList(
            query=_reminder_rows().where(DueReminder.laboratory_id == laboratory_id),
            key=DueReminder.id,
            sorts={"noted": (DueReminder.created_at,), "due": (DueReminder.due_on,), "person": (Person.sort_key,)},
            sort="-noted",
            searched=lambda word: Person.search_text.contains(word, autoescape=True),
            filters={"state": {"sent": DueReminder.sent_at.is_not(None), "waiting": DueReminder.sent_at.is_(None)}},
        )
        .answer(session, request)
        .mapped(lambda row: _reminder(*row))
    )
