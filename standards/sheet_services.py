"""Taking in a table of the register: kept as received, looked at, then carried out whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.blobs import put_blob
from lims.core.errors import Forbidden, RuleViolation, StaleRecord
from lims.people.access import Permission, require
from standards.file_contents import plain_name
from standards.instrument_services import change_instrument, enter_instrument, extend_instrument
from standards.movement_services import update_standard
from standards.register_models import RegisterSheet
from standards.sheet_queries import plan_of, sheet
from standards.sheet_scheme import Action, PlannedStandard, ReceiveSheet, SheetPlan, TakeSheet
from standards.standard_services import register_standard

_CLAUSE: Final = "ISO/IEC 17025:2017, 6.4.13"
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def receive_sheet(session: Session, actor: Actor, command: ReceiveSheet, *, now: datetime) -> int:
    """Keep a table as it was handed in; nothing of it is taken over yet. For those who manage standards."""
    require(actor, Permission.MANAGE_STANDARDS)
    laboratory_id = _laboratory(actor)
    media_type = _WORKBOOK if command.data.startswith(b"PK") else "text/csv"
    row = RegisterSheet(
        laboratory_id=laboratory_id,
        sha256=put_blob(session, command.data, media_type, now=now),
        file_name=plain_name(command.file_name, "register"),
        size=len(command.data),
        received_at=now,
        received_by_id=actor.person_id,
        received_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        "register.sheet_received",
        ("register_sheet", row.id),
        now=now,
        after={"sha256": row.sha256, "size": row.size, "file_name": row.file_name},
    )
    return row.id


def take_sheet(session: Session, actor: Actor, command: TakeSheet, *, now: datetime) -> SheetPlan:
    """Carry out a received table as it was shown, all of it or nothing. For those who manage standards (6.4.13).

    The plan is made anew in the same transaction: where the register has changed since it was shown, the person is
    told (StaleRecord) and nothing is written. Refuses a table with problems.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    laboratory_id = _laboratory(actor)
    row = sheet(session, command.sheet_id, laboratory_id)
    plan = plan_of(session, command.table, command.vocabulary, row.sha256, laboratory_id, now)
    if plan.digest != command.digest:
        raise StaleRecord("sheet.register_changed")
    if plan.problems:
        raise RuleViolation("sheet.has_problems", clause=_CLAUSE, count=len(plan.problems))
    for planned in plan.standards:
        _carry_out(session, actor, planned, now)
    audit.record(
        session,
        actor,
        "register.sheet_taken",
        ("register_sheet", row.id),
        now=now,
        after={
            "sha256": row.sha256,
            "plan": plan.digest,
            "new": plan.count(Action.NEW),
            "changed": plan.count(Action.CHANGED),
        },
    )
    return plan


def _carry_out(session: Session, actor: Actor, planned: PlannedStandard, now: datetime) -> None:
    if planned.register is not None and planned.standard is not None:
        instrument = enter_instrument(session, actor, planned.register, now=now)
        register_standard(session, actor, replace(planned.standard, instrument_id=instrument.id), now=now)
    if planned.update is not None:
        change_instrument(session, actor, planned.update, now=now)
    if planned.keeping is not None:
        update_standard(session, actor, planned.keeping, now=now)
    for command in planned.ranges:
        extend_instrument(session, actor, command, now=now)


def _laboratory(actor: Actor) -> int:
    if actor.laboratory_id is None:
        raise Forbidden
    return actor.laboratory_id
