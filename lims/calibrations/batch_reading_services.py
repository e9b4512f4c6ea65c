"""What all items of a batch share is written once: the standard's indications, the room's; corrected, left out, undone.

A shared reading belongs to the batch and enters every run of it. Once one of them was handed in nothing shared can be
written: a correction must not make results differ silently from what they rest on.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.calibrations import batch_queries, queries
from lims.calibrations.batch_commands import CommentShared, ExcludeShared, RecordBatchReading, TakeBackShared
from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.batch_workflow import check_writable, is_shared
from lims.calibrations.facts import CONDITIONS, Activity, ExclusionFacts, ExclusionKind, ReadingFacts, RunFacts
from lims.calibrations.models import Reading, ReadingExclusion
from lims.calibrations.reading_queries import PLACE, cell_units
from lims.calibrations.record_services import approver_of
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
from lims.calibrations.workflow import CLAUSE_AMENDMENTS, CLAUSE_RECORDS
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.db import is_duplicate
from lims.core.errors import FieldError, InvalidInput, NotFound, RuleViolation
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
    check_uuid(command.client_uuid)
    batch, run = _writable(session, actor, command.batch_id)
    present = _present(session, batch.id, command)
    repeated = _repeated(session, command)
    if repeated is not None:
        return repeated
    check_performer(session, run, actor, on=local_date(now, batch.timezone))
    if command.observed_at is not None and command.observed_at > now:
        raise InvalidInput([FieldError("observed_at", "reading.in_future")])
    read = _read(session, batch, run, command)
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


def _writable(session: Session, actor: Actor, batch_id: int) -> tuple[BatchFacts, RunFacts]:
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


def _read(session: Session, batch: BatchFacts, run: RunFacts, command: RecordBatchReading) -> tuple[Decimal, str]:
    """Return number and unit of what was typed into a cell that is shared. Raises InvalidInput."""
    definition = queries.version_of(session, run).definition
    unit = cell_units(definition, run.points).get(command.address)
    value = read_indication(command, unit if is_shared(definition, command.address) else None)
    if asks_for_range(command):
        quantity = definition.section(command.address.section).quantity
        check_range(command, *value, batch_queries.range_ends_of(session, batch.id, quantity))
    return value


def _row(
    session: Session,
    actor: Actor,
    command: RecordBatchReading,
    read: tuple[Decimal, str],
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
        value_float=float(value),
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


def take_back_shared(session: Session, actor: Actor, command: TakeBackShared, *, now: datetime) -> ReadingFacts | None:
    """Undo one's own entry in a shared cell: what stood there before is written again; a first one is withdrawn.

    Who: its writer (ISO/IEC 17025:2017, 7.5.2).
    """
    batch, _run = _writable(session, actor, command.batch_id)
    present = _shared(session, batch, command.reading_id)
    if present.writer_id != actor.person_id:
        raise RuleViolation("reading.not_own", clause=CLAUSE_AMENDMENTS)
    if command.to_reading_id is None:
        if present.excluded != ExclusionKind.WITHDRAWN:
            withdrawal = ExcludeShared(batch.id, ExclusionKind.WITHDRAWN, command.reason, present.id)
            exclude_shared(session, actor, withdrawal, now=now)
        return None
    before = _shared(session, batch, command.to_reading_id)
    if before.address != present.address:
        raise NotFound("run.not_found")
    return record_batch_reading(session, actor, _again(before, present, command), now=now)


def comment_shared(session: Session, actor: Actor, command: CommentShared, *, now: datetime) -> ReadingFacts:
    """Write a comment on a shared reading: a new row with the same number, time and observer, that carries it."""
    if not command.comment.strip():
        raise InvalidInput([FieldError("comment", "field.missing")])
    batch, _run = _writable(session, actor, command.batch_id)
    present = _shared(session, batch, command.reading_id)
    if present.excluded is not None:
        raise RuleViolation("reading.left_out", clause=CLAUSE_AMENDMENTS)
    plain = TakeBackShared(batch.id, present.id, present.id, command.reason, command.client_uuid)
    return record_batch_reading(session, actor, _again(present, present, plain, command.comment), now=now)


def _again(
    reading: ReadingFacts, present: ReadingFacts, command: TakeBackShared, comment: str = ""
) -> RecordBatchReading:
    """Return the command that writes a former reading into its cell once more, over what stands there now."""
    return RecordBatchReading(
        batch_id=command.batch_id,
        address=reading.address,
        text=reading.text,
        unit=reading.unit,
        client_uuid=command.client_uuid,
        seen_reading_id=present.id,
        reason=command.reason,
        observed_at=reading.observed_at,
        observer_id=reading.observer_id,
        comment=comment or reading.comment,
    )


def exclude_shared(session: Session, actor: Actor, command: ExcludeShared, *, now: datetime) -> ExclusionFacts:
    """Leave a shared reading out for every item (or take it back in), with the reason and its approver.

    Who: as for a run's own reading; a run may still leave it out for itself alone (ISO/IEC 17025:2017, 7.5.1, 7.8.1.2).
    """
    batch, run = _writable(session, actor, command.batch_id)
    today = local_date(now, batch.timezone)
    check_performer(session, run, actor, on=today)
    if not command.reason.strip():
        raise InvalidInput([FieldError("reason", "run.reason_needed")])
    reading = _shared(session, batch, command.reading_id)
    if command.kind is ExclusionKind.WITHDRAWN and reading.writer_id != actor.person_id:
        raise RuleViolation("reading.not_own", clause=CLAUSE_AMENDMENTS)
    approver = approver_of(session, actor, run, command.kind, command.approver_id, today)
    entry = ReadingExclusion(
        batch_id=batch.id,
        reading_id=reading.id,
        section=reading.address.section,
        point=reading.address.point,
        phase=str(reading.address.phase),
        kind=command.kind,
        reason=normalise(command.reason),
        actor_id=actor.person_id,
        actor_name=actor.name,
        approver_id=None if approver is None else approver.id,
        approver_name=None if approver is None else approver.full_name,
        at=now,
    )
    session.add(entry)
    session.flush()
    after = {
        "kind": command.kind,
        "reading": reading.id,
        "point": entry.point if entry.section != CONDITIONS else CONDITIONS,
        "reason": entry.reason,
    }
    audit.record(session, actor, "reading.excluded", ("batch", batch.id), now=now, site_id=batch.site_id, after=after)
    return queries.exclusion_facts(entry)


def _shared(session: Session, batch: BatchFacts, reading_id: int) -> ReadingFacts:
    """Return a shared reading that still stands or stood in the batch. Raises NotFound."""
    row = session.get(Reading, reading_id)
    if row is None or row.batch_id != batch.id:
        raise NotFound("run.not_found")
    address = queries.reading_facts(row).address
    chain = batch_queries.cell_chain(session, batch.id, address)
    return next(entry for entry in chain if entry.id == reading_id)
