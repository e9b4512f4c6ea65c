"""Reminders by e-mail: noted once per thing, person and threshold by a daily task, sent by another, one mail a person.

A mail goes out between two transactions. After a kill just then it may go out twice, under one name (Message-ID), which
mail programs show once; it is never lost.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core import audit, mail, tasks
from lims.core.actor import SYSTEM, Actor
from lims.core.clock import Clock
from lims.core.db import Database
from lims.core.models import Task
from standards import calendar_queries
from standards.calendar_facts import NO_ADDRESS, SETTLED, Letter, Recipient, ReminderFacts, threshold_of
from standards.calendar_models import DueReminder
from standards.due_facts import DueItem, DueKind
from standards.due_queries import due_items
from standards.reminder_mail import as_mail

NOTING: Final = "note_reminders"
SENDING: Final = "send_reminders"
FROM_HOUR: Final = 6
"""No reminder before this hour of the laboratory's day."""
Compose = Callable[[Recipient, Sequence[DueItem]], Letter]


def plan_today(session: Session, *, now: datetime, timezone: str) -> date | None:
    """Write today's task of noting reminders, once, and return the day; None before the hour at which it begins."""
    local = now.astimezone(ZoneInfo(timezone))
    if local.hour < FROM_HOUR:
        return None
    day = local.date()
    written = select(Task.id).where(Task.name == NOTING, Task.arguments == f'{{"day": "{day.isoformat()}"}}')
    if session.execute(written.limit(1)).first() is None:
        tasks.enqueue(session, NOTING, {"day": day.isoformat()}, now=now)
    return day


def note_reminders(session: Session, actor: Actor, *, now: datetime, sends: bool) -> int:
    """Note whom to remind of what, each person once per thing and threshold, and have it sent; returns how many.

    Reminded are the custodian and those who manage the standards; a verifier of their own card besides. For the
    program itself. Without a mail server (`sends` false) reminders are only shown.
    """
    noted = 0
    for laboratory_id in calendar_queries.laboratories(session):
        noted += _note_for(session, laboratory_id, now)
        session.flush()
        if sends:
            for person_id in calendar_queries.waiting_persons(session, laboratory_id, now):
                arguments = {"person_id": person_id, "laboratory_id": laboratory_id}
                tasks.enqueue(session, SENDING, arguments, now=now)
    if noted:
        audit.record(session, actor, "reminders.noted", ("due_reminder", 0), now=now, after={"count": noted})
    return noted


def _note_for(session: Session, laboratory_id: int, now: datetime) -> int:
    items = due_items(session, laboratory_id, now)
    persons, managers = calendar_queries.recipients(session, laboratory_id, now.date())
    wanted = {
        (person_id, item.kind.value, item.subject_id, item.due_on, threshold): item
        for item in items
        if item.due_on is not None and (threshold := threshold_of(item)) is not None
        for person_id in _whom(item, managers) & persons.keys()
    }
    query = select(
        DueReminder.person_id, DueReminder.kind, DueReminder.subject_id, DueReminder.due_on, DueReminder.threshold
    ).where(DueReminder.laboratory_id == laboratory_id)
    known = {tuple(row) for row in session.execute(query)}
    new = [key for key in wanted if key not in known]
    for person_id, kind, subject_id, due_on, threshold in new:
        session.add(
            DueReminder(
                person_id=person_id,
                laboratory_id=laboratory_id,
                kind=kind,
                subject_id=subject_id,
                title=_title(wanted[person_id, kind, subject_id, due_on, threshold]),
                due_on=due_on,
                threshold=threshold,
                created_at=now,
            )
        )
    return len(new)


def _whom(item: DueItem, managers: frozenset[int]) -> set[int]:
    found = set(managers)
    if item.kind is DueKind.CARD:
        found.add(item.subject_id)
    if item.custodian_id is not None:
        found.add(item.custodian_id)
    return found


def _title(item: DueItem) -> str:
    return " ".join(part for part in (item.code, item.name_vi) if part)[:300]


def send_reminders(
    database: Database,
    arguments: Mapping[str, Any],
    *,
    server: mail.MailServer | None,
    compose: Compose,
    clock: Clock,
) -> int:
    """Send a person the reminders that wait for them, in one mail; returns how many it held.

    `compose` writes the letter in the person's language. What is settled meanwhile is left out. Raises what the mail
    server says, after noting it; the task tries again.
    """
    person_id, laboratory_id = int(arguments["person_id"]), int(arguments["laboratory_id"])
    if server is None:
        return 0
    now = clock.now()
    with database.reading() as session:
        persons, _ = calendar_queries.recipients(session, laboratory_id, now.date())
        waiting = calendar_queries.unsent(session, person_id, laboratory_id, now)
        items = due_items(session, laboratory_id, now)
    found = {(item.kind.value, item.subject_id, item.due_on): item for item in items}
    matched = [(one, found.get((one.kind, one.subject_id, one.due_on))) for one in waiting]
    held = [(one, item) for one, item in matched if item is not None]
    recipient = persons.get(person_id)
    settled = [one for one, item in matched if item is None or recipient is None]
    if recipient is None or recipient.email is None or not held:
        _note_outcome(database, settled, SETTLED)
        if recipient is not None:
            _note_outcome(database, [one for one, _ in held], NO_ADDRESS)
        return 0
    _send(database, server, compose, recipient, held, now)
    _note_outcome(database, settled, SETTLED)
    return len(held)


def _send(
    database: Database,
    server: mail.MailServer,
    compose: Compose,
    recipient: Recipient,
    held: list[tuple[ReminderFacts, DueItem]],
    now: datetime,
) -> None:
    reminders = [one for one, _ in held]
    things = {(item.kind, item.subject_id): item for _, item in held}
    words = compose(recipient, list(things.values()))
    message = as_mail(words, recipient, server.sender, [one.id for one in reminders], now)
    try:
        mail.send(server, message)
    except (OSError, smtplib.SMTPException) as error:
        _note_outcome(database, reminders, f"{type(error).__name__}: {error}"[:500])
        raise
    with database.transaction() as session:
        for one in reminders:
            row = session.get_one(DueReminder, one.id, with_for_update=True)
            row.sent_at, row.sent_to, row.problem = now, recipient.email, None
        after = {"person": recipient.person_id, "count": len(reminders)}
        audit.record(session, SYSTEM, "reminders.sent", ("due_reminder", reminders[0].id), now=now, after=after)


def _note_outcome(database: Database, reminders: list[ReminderFacts], problem: str) -> None:
    if not reminders:
        return
    with database.transaction() as session:
        for one in reminders:
            session.get_one(DueReminder, one.id, with_for_update=True).problem = problem
