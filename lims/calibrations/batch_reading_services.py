"""What all items of a batch share is written once: the standard's indications, the room's; corrected.

A shared reading belongs to the batch and enters every run of it. Once one of them was handed in nothing shared can be
written: a correction must not make results differ silently from what they rest on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calc.units import canonical_unit
from lims.calibrations import batch_queries, queries
from lims.calibrations.batch_commands import RecordBatchReading
from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.batch_workflow import check_writable, is_shared
from lims.calibrations.facts import Activity, ReadingFacts, RunFacts
from lims.calibrations.models import Reading
from lims.calibrations.reading_queries import PLACE, cell_units
from lims.calibrations.services import add_person, check_performer
from lims.calibrations.typed import (
    PresentReading,
    asks_for_range,
    check_range,
    check_seen,
    check_uuid,
    conflict,
    read_indication,
)
from lims.calibrations.workflow import CLAUSE_RECORDS
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.db import is_duplicate
from lims.core.errors import FieldError, InvalidInput, RuleViolation
from lims.core.text import normalise
from lims.people import access
from lims.people import queries as people
from lims.people.access import Permission


def record_batch_reading(session: Session, actor: Actor, command: RecordBatchReading, *, now: datetime) -> ReadingFacts:
    """Store an indication that all items share, as typed; with a seen reading it supersedes that one, with a reason.

    Who: a person authorised to perform the procedure on that day, who then takes part in every run. Refuses what
    `record_reading` refuses, a cell that is the item's own, and any writing once a run was handed in
    (ISO/IEC 17025:2017, 7.5).
    """
    opened = _opened(session, actor, command, now)
    if opened.repeated is not None:
        return opened.repeated
    if command.observed_at is not None and command.observed_at > now:
        raise InvalidInput([FieldError("observed_at", "reading.in_future")])
    return _store(session, actor, opened, command, _read(session, opened, command), now)


def record_batch_without_number(
    session: Session, actor: Actor, command: RecordBatchReading, *, now: datetime
) -> ReadingFacts:
    """Store that a shared cell was looked at and could not be read: a row without a number, in the cell's unit.

    The same guards as for an indication; whoever calls this says why it is not measurable.
    """
    opened = _opened(session, actor, command, now)
    if opened.repeated is not None:
        return opened.repeated
    unit = _cell_unit(session, opened.run, command)
    if unit is None:
        raise InvalidInput([FieldError(command.address.key, "reading.no_such_cell")])
    return _store(session, actor, opened, command, (None, canonical_unit(unit)), now)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A batch whose shared cells may be written, with one of its runs, what stands in the cell, a repeat's first."""

    batch: BatchFacts
    run: RunFacts
    present: PresentReading | None
    repeated: ReadingFacts | None


def _opened(session: Session, actor: Actor, command: RecordBatchReading, now: datetime) -> _Opened:
    check_uuid(command.client_uuid)
    batch, run = writable_batch(session, actor, command.batch_id)
    present = _present(session, batch.id, command)
    repeated = _repeated(session, command)
    if repeated is None:
        check_performer(session, run, actor, on=local_date(now, batch.timezone))
    return _Opened(batch, run, present, repeated)


def _store(
    session: Session,
    actor: Actor,
    opened: _Opened,
    command: RecordBatchReading,
    read: tuple[Decimal | None, str],
    now: datetime,
) -> ReadingFacts:
    """Insert what was read over what stood in the cell, and write the audit entry."""
    batch, present = opened.batch, opened.present
    check_seen(command, present)
    reading = _row(session, actor, command, read, present, now)
    try:
        with session.begin_nested():
            session.add(reading)
            session.flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise conflict(command, _present(session, batch.id, command)) from error
    _take_part(session, batch, actor, now)
    _note_reading(session, actor, batch, reading, present, now)
    return queries.reading_facts(reading)


def writable_batch(session: Session, actor: Actor, batch_id: int) -> tuple[BatchFacts, RunFacts]:
    """Return a batch whose shared cells may be written; its runs cannot be handed in until this transaction ends."""
    access.require(actor, Permission.RECORD_READINGS)
    batch = batch_queries.batch_facts(session, actor, batch_id, lock="share")
    check_writable(batch)
    return batch, batch.living[0]


def _present(session: Session, batch_id: int, command: RecordBatchReading) -> PresentReading | None:
    """Return what stands in a shared cell now."""
    chain = batch_queries.cell_chain(session, batch_id, command.address)
    last = next((entry for entry in chain if entry.superseded_by_id is None), None)
    return None if last is None else PresentReading(last.id, last.text, last.unit, last.writer_name)


def _repeated(session: Session, command: RecordBatchReading) -> ReadingFacts | None:
    """Return the reading that carries the same client UUID already; another content under it is refused."""
    row = session.execute(select(Reading).where(Reading.client_uuid == command.client_uuid)).scalar_one_or_none()
    if row is None:
        return None
    found = queries.reading_facts(row)
    if (row.batch_id, found.address, found.text) != (command.batch_id, command.address, normalise(command.text)):
        raise RuleViolation("reading.uuid_reused", clause=CLAUSE_RECORDS)
    return found


def _cell_unit(session: Session, run: RunFacts, command: RecordBatchReading) -> str | None:
    """Return the entry unit of a cell, None where it is not one that all items share."""
    definition = queries.version_of(session, run).definition
    shared = is_shared(definition, command.address)
    return cell_units(definition, run.points).get(command.address) if shared else None


def _read(session: Session, opened: _Opened, command: RecordBatchReading) -> tuple[Decimal, str]:
    """Return number and unit of what was typed into a cell that is shared. Raises InvalidInput."""
    value = read_indication(command, _cell_unit(session, opened.run, command))
    if asks_for_range(command):
        definition = queries.version_of(session, opened.run).definition
        quantity = definition.section(command.address.section).quantity
        check_range(command, *value, batch_queries.range_ends_of(session, opened.batch.id, quantity))
    return value


def _row(
    session: Session,
    actor: Actor,
    command: RecordBatchReading,
    read: tuple[Decimal | None, str],
    present: PresentReading | None,
    now: datetime,
) -> Reading:
    observer_id, observer_name = actor.person_id, actor.name
    if command.observer_id is not None and command.observer_id != actor.person_id:
        observer_id, observer_name = command.observer_id, people.person_facts(session, command.observer_id).full_name
    value, unit = read
    return Reading(
        batch_id=command.batch_id,
        **{name: str(getattr(command.address, name)) for name in PLACE if name not in {"cycle", "sequence"}},
        cycle=command.address.cycle,
        sequence=command.address.sequence,
        text=normalise(command.text),
        unit=unit,
        value=value,
        value_float=None if value is None else float(value),
        observer_id=observer_id,
        observer_name=observer_name,
        observed_at=command.observed_at or now,
        writer_id=actor.person_id,
        writer_name=actor.name,
        entered_at=now,
        source=command.source,
        client_uuid=command.client_uuid,
        supersedes_id=None if present is None else present.id,
        supersede_reason=None if present is None else normalise(command.reason),
        comment=normalise(command.comment) or None,
    )


def _take_part(session: Session, batch: BatchFacts, actor: Actor, now: datetime) -> None:
    """Note the writer in every run that does not name them yet: nobody reviews what rests on their own reading."""
    for run in batch.living:
        if all(person.person_id != actor.person_id for person in run.people):
            add_person(session, run.id, actor.person_id, Activity.PERFORM, now)


def _note_reading(
    session: Session, actor: Actor, batch: BatchFacts, reading: Reading, present: PresentReading | None, now: datetime
) -> None:
    action = "reading.recorded" if present is None else "reading.corrected"
    before = None if present is None else {"id": present.id, "text": present.text, "unit": present.unit}
    cell = queries.reading_facts(reading).address.key
    after = {"id": reading.id, "cell": cell, "text": reading.text, "unit": reading.unit}
    if present is not None:
        after["reason"] = reading.supersede_reason or ""
    audit.record(
        session, actor, action, ("batch", batch.id), now=now, site_id=batch.site_id, before=before, after=after
    )
