"""What a person does to one cell of a sheet beside writing it: undoing their own entry, commenting on a reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.commands import CommentReading, Exclude, NotMeasurable, RecordReading, TakeBack
from lims.calibrations.facts import ExclusionKind, ReadingFacts
from lims.calibrations.reading_services import record_reading, record_without_number
from lims.calibrations.record_services import exclude
from lims.calibrations.typed import PresentReading, TypedCell, check_seen
from lims.calibrations.workflow import CLAUSE_AMENDMENTS
from lims.core.actor import Actor
from lims.core.errors import FieldError, InvalidInput, NotFound, RuleViolation


def take_back(session: Session, actor: Actor, command: TakeBack, *, now: datetime) -> ReadingFacts | None:
    """Undo one's own entry: what stood there before is written again, with the time and observer it had.

    A first entry is withdrawn (None is returned); nothing is deleted, the cell waits for a reading that supersedes it.
    Who: its writer. A reading that somebody replaced meanwhile is a conflict (ISO/IEC 17025:2017, 7.5.2).
    """
    present, before = _chain(session, actor, command)
    if present.writer_id != actor.person_id:
        raise RuleViolation("reading.not_own", clause=CLAUSE_AMENDMENTS)
    if before is None:
        if present.excluded != ExclusionKind.WITHDRAWN:
            withdrawal = Exclude(command.run_id, ExclusionKind.WITHDRAWN, command.reason, reading_id=present.id)
            exclude(session, actor, withdrawal, now=now)
        return None
    if before.value is None:
        return _not_measurable_again(session, actor, before, command, now)
    return record_reading(session, actor, _again(before, present, command), now=now)


def _not_measurable_again(
    session: Session, actor: Actor, before: ReadingFacts, command: TakeBack, now: datetime
) -> ReadingFacts:
    """Say once more that a cell cannot be read, for the reason that was given."""
    said = [entry.reason for entry in queries.exclusions(session, command.run_id) if entry.reading_id == before.id]
    again = NotMeasurable(command.run_id, before.address, said[0], command.client_uuid, command.reading_id)
    return record_not_measurable(session, actor, again, now=now)


def record_not_measurable(session: Session, actor: Actor, command: NotMeasurable, *, now: datetime) -> ReadingFacts:
    """Say that a cell cannot be read, and why; n and the degrees of freedom follow, the certificate says so.

    An empty cell gets a reading without a number; a number that stands there stays and is left out. Who: a person
    authorised to perform the procedure. A repeat changes nothing (ISO/IEC 17025:2017, 7.5.1, 7.8.1.2).
    """
    if not command.reason.strip():
        raise InvalidInput([FieldError("reason", "run.reason_needed")])
    present = _standing(session, actor, command)
    write = RecordReading(
        run_id=command.run_id,
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
        store=lambda: record_without_number(session, actor, write, now=now),
        leave_out=lambda key: exclude(
            session,
            actor,
            Exclude(command.run_id, ExclusionKind.NOT_MEASURABLE, command.reason, reading_id=key),
            now=now,
        ),
    )


def settle_not_measurable(
    present: ReadingFacts | None,
    write: TypedCell,
    *,
    store: Callable[[], ReadingFacts],
    leave_out: Callable[[int], object],
) -> ReadingFacts:
    """Leave out what stands in a cell, a run's or a batch's; an empty one gets a reading without a number first."""
    if present is not None and present.excluded == ExclusionKind.NOT_MEASURABLE:
        return present
    if present is None or present.excluded == ExclusionKind.WITHDRAWN:
        stored = store()
    else:
        check_seen(write, PresentReading(present.id, present.text, present.unit, present.writer_name))
        stored = present
    leave_out(stored.id)
    return replace(stored, excluded=str(ExclusionKind.NOT_MEASURABLE))


def _standing(session: Session, actor: Actor, command: NotMeasurable) -> ReadingFacts | None:
    """Return the reading that stands in a cell, None where it is empty."""
    run = queries.run_facts(session, actor, command.run_id)
    address = command.address
    found = queries.current(queries.readings(session, run.id, {(address.section, address.point)}))
    return next((reading for reading in found if reading.address == address), None)


def comment_reading(session: Session, actor: Actor, command: CommentReading, *, now: datetime) -> ReadingFacts:
    """Write a comment on a reading: a new row with the same number, time and observer, that carries the comment.

    Who: a person authorised to perform the procedure. Refuses a reading that is left out: it has its reason.
    """
    if not command.comment.strip():
        raise InvalidInput([FieldError("comment", "field.missing")])
    plain = TakeBack(command.run_id, command.reading_id, command.reading_id, command.reason, command.client_uuid)
    present, _same = _chain(session, actor, plain)
    if present.excluded is not None:
        raise RuleViolation("reading.left_out", clause=CLAUSE_AMENDMENTS)
    return record_reading(session, actor, _again(present, present, plain, command.comment), now=now)


def _again(reading: ReadingFacts, present: ReadingFacts, command: TakeBack, comment: str = "") -> RecordReading:
    """Return the command that writes a former reading into its cell once more, over what stands there now."""
    return RecordReading(
        run_id=command.run_id,
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


def _chain(session: Session, actor: Actor, command: TakeBack) -> tuple[ReadingFacts, ReadingFacts | None]:
    """Return the reading that is to be undone and the one to go back to, both of one cell of a run."""
    run = queries.run_facts(session, actor, command.run_id)
    readings = {entry.id: entry for entry in queries.readings(session, run.id)}
    present = readings.get(command.reading_id)
    before = None if command.to_reading_id is None else readings.get(command.to_reading_id)
    if present is None or (command.to_reading_id is not None and before is None):
        raise NotFound("run.not_found")
    if before is not None and before.address != present.address:
        raise NotFound("run.not_found")
    return present, before
