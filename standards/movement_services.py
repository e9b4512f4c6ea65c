"""What people do when a standard leaves, comes back or changes its place, and who keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import StaleRecord
from lims.core.text import normalise
from lims.people.access import Permission, require
from lims.people.models import Membership, Organisation
from standards import queries
from standards.beside_queries import movements_of, open_movements
from standards.calibration_models import Standard
from standards.entries import Checker
from standards.facts import StandardFacts
from standards.models import Instrument
from standards.movement_rules import check_movement, state_after
from standards.register_facts import LEAVING, MovementFacts, MovementKind, RecordMovement, UpdateStandard
from standards.register_models import StandardMovement
from standards.standard_services import add_state, own_standard, touch

_TEXTS = ("holder", "place", "reason", "condition")


def record_movement(session: Session, actor: Actor, command: RecordMovement, *, now: datetime) -> MovementFacts:
    """Record that a standard was lent, sent away, received again or moved. For those who manage standards (6.4.3).

    Lending and sending put it out of use, reception makes it wait for acceptance (6.4.4); being moved changes where
    it stands. Refuses what cannot follow, days to come, and an act on a state that somebody else has changed.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id, lock=True)
    if command.row_version is not None and command.row_version != row.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=row.row_version)
    past = movements_of(session, row.id)
    open_one = open_movements(session, [row.id]).get(row.id)
    check_movement(command, past[0] if past else None, open_one, local_date(now, standard.timezone))
    if command.organisation_id is not None and session.get(Organisation, command.organisation_id) is None:
        check = Checker()
        check.refuse("organisation_id", "entry.organisation_unknown")
        check.finish()
    change = standard.state_at(now)
    state = state_after(command, standard, None if change is None else change.state, open_one)
    movement = _write(session, actor, command, open_one, now)
    if state is not None:
        add_state(session, actor, row.id, state, now=now, reason=movement.reason or movement.condition)
    if movement.place and command.kind not in LEAVING:
        instrument = session.get_one(Instrument, row.instrument_id)
        instrument.location = movement.place
    touch(row)
    session.flush()
    audit.record(
        session,
        actor,
        "standard.moved",
        ("standard", row.id),
        now=now,
        site_id=row.site_id,
        before={"state": None if change is None else change.state},
        after={**asdict(command), "movement": movement.id, "state": state},
    )
    return movements_of(session, row.id)[0]


def _write(
    session: Session, actor: Actor, command: RecordMovement, open_one: MovementFacts | None, now: datetime
) -> StandardMovement:
    values = asdict(command)
    del values["row_version"]
    for name in _TEXTS:
        values[name] = normalise(values[name] or "") or None
    if command.kind not in LEAVING:
        values["expected_on"] = None
    movement = StandardMovement(
        **values,
        ends_id=open_one.id if open_one is not None and command.kind is MovementKind.RECEIVED else None,
        recorded_at=now,
        recorded_by_id=actor.person_id,
        recorded_by_name=actor.name,
    )
    session.add(movement)
    session.flush()
    return movement


def update_standard(session: Session, actor: Actor, command: UpdateStandard, *, now: datetime) -> StandardFacts:
    """Change who keeps a standard and its level. For those who manage standards (6.4.13).

    Refuses a custodian who is not of the laboratory, and a change on top of one that was not seen.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id, lock=True)
    check = Checker()
    if command.custodian_id is not None and not is_of(session, command.custodian_id, standard.laboratory_id):
        check.refuse("custodian_id", "standard.custodian_unknown")
    check.finish()
    if command.row_version != row.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=row.row_version)
    before = {"custodian_id": row.custodian_id, "level": row.level}
    after = {"custodian_id": command.custodian_id, "level": normalise(command.level or "") or None}
    if before != after:
        _set(row, after)
        session.flush()
        audit.record(
            session,
            actor,
            "standard.updated",
            ("standard", row.id),
            now=now,
            site_id=row.site_id,
            before=before,
            after=after,
        )
    return queries.standard_facts(session, row.id)


def is_of(session: Session, person_id: int, laboratory_id: int) -> bool:
    """Return whether a person belongs or belonged to a laboratory."""
    query = select(Membership.id).where(Membership.person_id == person_id, Membership.organisation_id == laboratory_id)
    return session.execute(query.limit(1)).first() is not None


def _set(row: Standard, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
