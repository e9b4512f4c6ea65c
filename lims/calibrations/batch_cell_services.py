"""What a person does to a shared cell of a batch beside writing it: undone, commented on, left out, not measurable."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lims.calibrations import batch_queries, queries
from lims.calibrations.batch_commands import (
    CommentShared,
    ExcludeShared,
    RecordBatchReading,
    SharedNotMeasurable,
    TakeBackShared,
)
from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.batch_reading_services import (
    record_batch_reading,
    record_batch_without_number,
    writable_batch,
)
from lims.calibrations.cell_services import settle_not_measurable
from lims.calibrations.facts import CONDITIONS, ExclusionFacts, ExclusionKind, ReadingFacts
from lims.calibrations.models import Reading, ReadingExclusion
from lims.calibrations.record_services import approver_of
from lims.calibrations.services import check_performer
from lims.calibrations.workflow import CLAUSE_AMENDMENTS
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import FieldError, InvalidInput, NotFound, RuleViolation
from lims.core.text import normalise


def take_back_shared(session: Session, actor: Actor, command: TakeBackShared, *, now: datetime) -> ReadingFacts | None:
    """Undo one's own entry in a shared cell: what stood there before is written again; a first one is withdrawn.

    Who: its writer (ISO/IEC 17025:2017, 7.5.2).
    """
    batch, run = writable_batch(session, actor, command.batch_id)
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
    if before.value is None:
        said = [entry.reason for entry in queries.exclusions(session, run.id) if entry.reading_id == before.id]
        again = SharedNotMeasurable(batch.id, before.address, said[0], command.client_uuid, present.id)
        return shared_not_measurable(session, actor, again, now=now)
    return record_batch_reading(session, actor, _again(before, present, command), now=now)


def shared_not_measurable(
    session: Session, actor: Actor, command: SharedNotMeasurable, *, now: datetime
) -> ReadingFacts:
    """Say that a cell that all items share cannot be read, and why; what it enters lacks it for every item.

    An empty cell gets a reading without a number; a number that stands there stays and is left out. Who: a person
    authorised to perform the procedure. A repeat changes nothing (ISO/IEC 17025:2017, 7.5.1, 7.8.1.2).
    """
    if not command.reason.strip():
        raise InvalidInput([FieldError("reason", "run.reason_needed")])
    batch, _run = writable_batch(session, actor, command.batch_id)
    chain = batch_queries.cell_chain(session, batch.id, command.address)
    present = next((entry for entry in chain if entry.superseded_by_id is None), None)
    write = RecordBatchReading(
        batch_id=batch.id,
        address=command.address,
        text="",
        unit="",
        client_uuid=command.client_uuid,
        seen_reading_id=command.seen_reading_id,
        reason=command.reason,
    )
    return settle_not_measurable(
        present,
        write,
        store=lambda: record_batch_without_number(session, actor, write, now=now),
        leave_out=lambda key: exclude_shared(
            session, actor, ExcludeShared(batch.id, ExclusionKind.NOT_MEASURABLE, command.reason, key), now=now
        ),
    )


def comment_shared(session: Session, actor: Actor, command: CommentShared, *, now: datetime) -> ReadingFacts:
    """Write a comment on a shared reading: a new row with the same number, time and observer, that carries it."""
    if not command.comment.strip():
        raise InvalidInput([FieldError("comment", "field.missing")])
    batch, _run = writable_batch(session, actor, command.batch_id)
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
    batch, run = writable_batch(session, actor, command.batch_id)
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
