"""Opening a batch, putting items in and taking them out, its equipment, submitting it. Readings: see their own file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.calibrations import batch_queries, queries
from lims.calibrations.batch_commands import (
    AddToBatch,
    ChangeBatchRoom,
    ChooseBatchEquipment,
    DecideBatch,
    OpenBatch,
    RemoveFromBatch,
    WithdrawBatchEquipment,
)
from lims.calibrations.batch_facts import BatchFacts, HeldRun, SubmittedBatch
from lims.calibrations.batch_workflow import check_fit, check_items, check_joinable, check_writable
from lims.calibrations.commands import ChooseEquipment, Decide, OpenRun
from lims.calibrations.decision_services import submit_run
from lims.calibrations.facts import EquipmentUseFacts, RunFacts
from lims.calibrations.models import Batch, CalibrationRun, EquipmentUse
from lims.calibrations.room_queries import chosen_room
from lims.calibrations.services import add_use, check_performer, open_run, take_out
from lims.calibrations.workflow import check_editable
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import FieldError, InvalidInput, LimsError, NotFound, RuleViolation, StaleRecord
from lims.core.numbering import NumberKind, take_number
from lims.core.text import normalise
from lims.jobs import queries as jobs
from lims.jobs.facts import JobItemFacts
from lims.people import access
from lims.people import queries as people
from lims.people.access import Permission
from lims.procedures import queries as procedures
from lims.procedures.definition_facts import Definition

BATCH_NUMBER: Final = NumberKind("batch", "B{yy}-{site}-{number:04d}")


def open_batch(session: Session, actor: Actor, command: OpenBatch, *, now: datetime) -> BatchFacts:
    """Open a batch with a run for each item; they share the equipment, the room and the standard's readings.

    Who: as for a run. Refuses items that cannot be measured together: another procedure version, site, place, legal
    regime or other points (ISO/IEC 17025:2017, 7.2.1, 7.5.1).
    """
    access.require(actor, Permission.RECORD_READINGS)
    check_items(command.job_item_ids)
    items = [jobs.job_item_facts(session, item_id) for item_id in command.job_item_ids]
    queries.check_laboratory(session, actor, items[0].site_id)
    definition = _definition(session, items[0].procedure_version_id)
    check_fit(items, items[0], definition)
    site = people.site_facts(session, items[0].site_id)
    today = local_date(now, site.timezone)
    kind = str(items[0].location_kind)
    room = chosen_room(session, command.room_id, command.room, site_id=site.id, location_kind=kind, on=today)
    row = Batch(
        number=take_number(session, BATCH_NUMBER, site_id=site.id, site_code=site.code, on=today),
        site_id=site.id,
        procedure_version_id=items[0].procedure_version_id,
        room=room.words,
        room_id=room.room_id,
        opened_at=now,
        opened_by_id=actor.person_id,
    )
    session.add(row)
    session.flush()
    _open_runs(session, actor, row, items, command.supervisor_id, now=now)
    batch = batch_queries.facts_of(session, row)
    _note(session, actor, "batch.opened", batch, now, after={"number": batch.number, "runs": _numbers(batch.runs)})
    return batch


def _definition(session: Session, version_id: int | None) -> Definition:
    if version_id is None:
        raise RuleViolation("run.no_procedure", clause="ISO/IEC 17025:2017, 7.2.1")
    return procedures.procedure_version_facts(session, version_id).definition


def _open_runs(
    session: Session, actor: Actor, batch: Batch, items: list[JobItemFacts], supervisor_id: int | None, *, now: datetime
) -> list[str]:
    """Open a run for each item, in the batch and in its room; return their numbers."""
    words = "" if batch.room_id is not None else batch.room or ""
    numbers = []
    for item in items:
        wanted = OpenRun(job_item_id=item.id, room=words, room_id=batch.room_id, supervisor_id=supervisor_id)
        run = open_run(session, actor, wanted, now=now)
        session.get_one(CalibrationRun, run.id).batch_id = batch.id
        numbers.append(run.number)
    session.flush()
    return numbers


def change_batch_room(session: Session, actor: Actor, command: ChangeBatchRoom, *, now: datetime) -> BatchFacts:
    """Change the room of a batch of drafts and of all its runs, and with it the limits of their conditions."""
    batch, run = _writable(session, actor, command.batch_id, now)
    on, kind = local_date(now, batch.timezone), run.location_kind
    room = chosen_room(session, command.room_id, command.room, site_id=batch.site_id, location_kind=kind, on=on)
    row = batch_queries.batch_row(session, batch.id)
    row.room, row.room_id = room.words, room.room_id
    for member in batch.living:
        of_run = session.get_one(CalibrationRun, member.id)
        of_run.room, of_run.room_id, of_run.room_limits = room.words, room.room_id, room.limits
    session.flush()
    before, after = {"room": batch.room}, {"room": room.words}
    audit.record(
        session,
        actor,
        "run.changed",
        ("batch", batch.id),
        now=now,
        site_id=batch.site_id,
        before=before,
        after=after,
    )
    return batch_queries.facts_of(session, row)


def add_to_batch(session: Session, actor: Actor, command: AddToBatch, *, now: datetime) -> BatchFacts:
    """Put further items into a batch of drafts, each with a run of its own.

    Refused once the standard was read: what joins later was not measured with it (ISO/IEC 17025:2017, 7.5.1).
    """
    access.require(actor, Permission.RECORD_READINGS)
    batch = batch_queries.batch_facts(session, actor, command.batch_id, lock="update")
    check_joinable(batch, standard_read=batch_queries.standard_read(session, batch.id))
    check_items(command.job_item_ids, [run.job_item_id for run in batch.living])
    items = [jobs.job_item_facts(session, item_id) for item_id in command.job_item_ids]
    check_fit(items, batch.living[0], _definition(session, batch.procedure_version_id))
    row = batch_queries.batch_row(session, batch.id)
    numbers = _open_runs(session, actor, row, items, command.supervisor_id, now=now)
    _note(session, actor, "batch.items_added", batch, now, after={"runs": ", ".join(numbers)})
    return batch_queries.facts_of(session, row)


def remove_from_batch(session: Session, actor: Actor, command: RemoveFromBatch, *, now: datetime) -> BatchFacts:
    """Take a draft out of its batch, with the reason: it keeps its own readings, and nothing of what the batch shares.

    Who: a person authorised to perform the procedure today (ISO/IEC 17025:2017, 7.5.2).
    """
    batch, run = _member(session, actor, command.batch_id, command.run_id)
    check_editable(run)
    check_performer(session, run, actor, on=local_date(now, batch.timezone))
    reason = normalise(command.reason)
    if not reason:
        raise InvalidInput([FieldError("reason", "run.reason_needed")])
    session.get_one(CalibrationRun, run.id).batch_id = None
    session.flush()
    after = {"run": run.number, "batch": batch.number, "reason": reason}
    _note(session, actor, "batch.item_removed", batch, now, after=after)
    audit.record(session, actor, "run.left_batch", ("run", run.id), now=now, site_id=run.site_id, after=after)
    return batch_queries.facts_of(session, batch_queries.batch_row(session, batch.id))


def _member(session: Session, actor: Actor, batch_id: int, run_id: int) -> tuple[BatchFacts, RunFacts]:
    """Return a batch, its rows held, and one of its runs. Raises NotFound."""
    access.require(actor, Permission.RECORD_READINGS)
    batch = batch_queries.batch_facts(session, actor, batch_id, lock="update")
    run = next((entry for entry in batch.runs if entry.id == run_id), None)
    if run is None:
        raise NotFound("run.not_found")
    return batch, run


def choose_batch_equipment(
    session: Session, actor: Actor, command: ChooseBatchEquipment, *, now: datetime
) -> EquipmentUseFacts:
    """Take a calibration of a standard into a slot for every item; the checks are those of a run, at this instant.

    Refused once a result of the batch was handed in (ISO/IEC 17025:2017, 6.4.4 and 6.5).
    """
    batch, run = _writable(session, actor, command.batch_id, now)
    wanted = ChooseEquipment(
        run.id,
        command.slot,
        command.standard_id,
        command.calibration_id,
        command.content_id,
        command.section,
        command.point,
    )
    facts, after = add_use(session, actor, run, wanted, now=now, batch_id=batch.id)
    _note(session, actor, "run.equipment_chosen", batch, now, after=after)
    return facts


def withdraw_batch_equipment(
    session: Session, actor: Actor, command: WithdrawBatchEquipment, *, now: datetime
) -> BatchFacts:
    """Take a standard out of a batch of drafts again, with the reason; the row stays (ISO/IEC 17025:2017, 7.5.2)."""
    batch, _run = _writable(session, actor, command.batch_id, now)
    use = session.get(EquipmentUse, command.use_id)
    if use is None or use.batch_id != batch.id:
        raise NotFound("batch.not_found")
    after = take_out(session, actor, use, command.reason, now=now)
    _note(session, actor, "run.equipment_withdrawn", batch, now, after=after)
    return batch


def _writable(session: Session, actor: Actor, batch_id: int, now: datetime) -> tuple[BatchFacts, RunFacts]:
    """Return a batch whose shared records may be written, and the first run for all that its runs have in common."""
    access.require(actor, Permission.RECORD_READINGS)
    batch = batch_queries.batch_facts(session, actor, batch_id, lock="update")
    check_writable(batch)
    check_performer(session, batch.living[0], actor, on=local_date(now, batch.timezone))
    return batch, batch.living[0]


def submit_batch(session: Session, actor: Actor, command: DecideBatch, *, now: datetime) -> SubmittedBatch:
    """Submit the drafts of a batch, each as a run is submitted; what keeps one back keeps no other back.

    Returns which were handed in, and which were not and why (ISO/IEC 17025:2017, 7.5.1, 7.11.3).
    """
    access.require(actor, Permission.RECORD_READINGS)
    batch = batch_queries.batch_facts(session, actor, command.batch_id, lock="update")
    if command.seen_marker and command.seen_marker != batch_queries.marker_of(session, batch):
        raise StaleRecord("batch.stale", number=batch.number)
    wanted = [run for run in batch.drafts if command.run_ids is None or run.id in command.run_ids]
    if not wanted:
        raise RuleViolation("batch.nothing_to_submit", clause="ISO/IEC 17025:2017, 7.5.1", number=batch.number)
    submitted, held = [], []
    for run in wanted:
        try:
            with session.begin_nested():
                submit_run(session, actor, Decide(run.id, comment=command.comment), now=now)
        except LimsError as error:
            held.append(HeldRun(run.id, run.number, error))
        else:
            submitted.append(run)
    if submitted:
        _note(session, actor, "batch.submitted", batch, now, after={"runs": _numbers(submitted)})
    return SubmittedBatch(tuple(run.id for run in submitted), tuple(held))


def _numbers(runs: list[RunFacts] | tuple[RunFacts, ...]) -> str:
    return ", ".join(run.number for run in runs)


def _note(
    session: Session, actor: Actor, action: str, batch: BatchFacts, now: datetime, *, after: Mapping[str, Any]
) -> None:
    audit.record(session, actor, action, ("batch", batch.id), now=now, site_id=batch.site_id, after=after)
