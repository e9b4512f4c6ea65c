"""Reads of batches: the batch with its runs, what stands over its columns, lists, the items that may be put in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.batch_facts import BatchCandidate, BatchFacts, BatchItem, BatchLine
from lims.calibrations.facts import CONDITIONS, Address, ExclusionKind, ReadingRole, RunState
from lims.calibrations.models import Adjustment, Batch, CalibrationRun, EquipmentUse, Reading, ReadingExclusion
from lims.calibrations.room_queries import english_room
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.jobs.facts import ItemState
from lims.jobs.models import Job, JobItem
from lims.people import access
from lims.people.access import Permission
from lims.people.models import Person, Site
from lims.procedures.facts import VersionState
from lims.procedures.models import Procedure, ProcedureVersion
from standards.models import Instrument, InstrumentFunction, InstrumentPart, InstrumentRange

_OPEN_STATES: Final = (ItemState.RECEIVED, ItemState.ATTENDED, ItemState.IN_WORK)


def batch_row(session: Session, batch_id: int, *, lock: str = "") -> Batch:
    """Return the row of a batch, fresh; `lock` "share" or "update" as for a run. Raises NotFound."""
    query = select(Batch).where(Batch.id == batch_id)
    if lock:
        query = query.with_for_update(read=lock == "share").execution_options(populate_existing=True)
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFound("batch.not_found")
    return row


def batch_facts(session: Session, actor: Actor, batch_id: int, *, lock: str = "") -> BatchFacts:
    """Return a batch for a person of its laboratory; with `lock` its runs' rows are held too. Raises NotFound."""
    row = batch_row(session, batch_id, lock=lock)
    try:
        queries.check_laboratory(session, actor, row.site_id)
    except NotFound:
        raise NotFound("batch.not_found") from None
    return facts_of(session, row, lock=lock)


def facts_of(session: Session, row: Batch, *, lock: str = "") -> BatchFacts:
    """Return the facts of a batch whose row was read: a number of statements that its items do not change."""
    session.flush()
    query = select(CalibrationRun).where(CalibrationRun.batch_id == row.id).order_by(CalibrationRun.id)
    if lock:
        query = query.with_for_update(read=lock == "share").execution_options(populate_existing=True)
    rows = list(session.execute(query).scalars())
    people = queries.people_of(session, [run.id for run in rows])
    timezone, name = session.execute(
        select(Site.timezone, Person.full_name)
        .outerjoin(Person, Person.id == row.opened_by_id)
        .where(Site.id == row.site_id)
    ).one()
    return BatchFacts(
        id=row.id,
        number=row.number,
        site_id=row.site_id,
        timezone=timezone,
        procedure_version_id=row.procedure_version_id,
        room=row.room or "",
        room_en=english_room(session, row.room_id, row.opened_at, timezone),
        opened_at=row.opened_at,
        opened_by_id=row.opened_by_id,
        opened_by_name=name or "",
        row_version=row.row_version,
        runs=tuple(queries.run_facts_of(run, timezone, people[run.id]) for run in rows),
    )


def batch_number(session: Session, batch_id: int | None) -> str | None:
    """Return the number of a run's batch, None where it is in none."""
    if batch_id is None:
        return None
    return session.execute(select(Batch.number).where(Batch.id == batch_id)).scalar_one()


def items_of(session: Session, batch_id: int) -> dict[int, BatchItem]:
    """Return what stands over each run's column."""
    query = (
        select(
            CalibrationRun.id,
            CalibrationRun.job_item_id,
            Job.number,
            JobItem.position,
            *_instrument_columns(),
        )
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .outerjoin(JobItem, JobItem.id == CalibrationRun.job_item_id)
        .outerjoin(Job, Job.id == JobItem.job_id)
        .where(CalibrationRun.batch_id == batch_id)
    )
    return {
        run_id: BatchItem(
            run_id, item_id, number or "", position or 0, name_vi, name_en or name_vi, serial or "", tag or ""
        )
        for run_id, item_id, number, position, name_vi, name_en, serial, tag in session.execute(query)
    }


def _instrument_columns() -> tuple[Any, ...]:
    return Instrument.name_vi, Instrument.name_en, Instrument.serial_number, Instrument.asset_tag


def standard_read(session: Session, batch_id: int) -> bool:
    """Return whether a shared indication of the standard stands in the batch."""
    withdrawn = exists().where(
        ReadingExclusion.reading_id == Reading.id, ReadingExclusion.kind == str(ExclusionKind.WITHDRAWN)
    )
    query = select(Reading.id).where(
        Reading.batch_id == batch_id,
        Reading.section != CONDITIONS,
        Reading.role == str(ReadingRole.STANDARD),
        ~withdrawn,
    )
    return session.execute(query.limit(1)).first() is not None


def candidates(
    session: Session, actor: Actor, *, like: int | None = None, on: date, most: int = 500
) -> list[BatchCandidate]:
    """Return the items that may be measured together, those of one procedure version beside each other.

    Only items of the actor's sites that are received or in work, whose procedure version is in force, and that have
    no run yet (a void one does not count). `like`: only those of a procedure version.
    """
    access.require(actor, Permission.VIEW_LABORATORY)
    has_run = exists().where(CalibrationRun.job_item_id == JobItem.id, CalibrationRun.state != str(RunState.VOIDED))
    query = (
        select(
            JobItem.id,
            Job.number,
            JobItem.position,
            *_instrument_columns(),
            ProcedureVersion.id,
            Procedure.code,
            Procedure.title_vi,
            Procedure.title_en,
            Job.site_id,
            JobItem.received_on,
        )
        .join(Job, Job.id == JobItem.job_id)
        .join(Instrument, Instrument.id == JobItem.instrument_id)
        .join(ProcedureVersion, ProcedureVersion.id == JobItem.procedure_version_id)
        .join(Procedure, Procedure.id == ProcedureVersion.procedure_id)
        .where(
            Job.site_id.in_(actor.site_ids),
            JobItem.state.in_([str(state) for state in _OPEN_STATES]),
            ProcedureVersion.state == str(VersionState.APPROVED),
            or_(ProcedureVersion.valid_from.is_(None), ProcedureVersion.valid_from <= on),
            or_(ProcedureVersion.valid_to.is_(None), ProcedureVersion.valid_to >= on),
            ~has_run,
        )
        .order_by(Procedure.code, ProcedureVersion.id, Job.id, JobItem.position)
        .limit(most)
    )
    if like is not None:
        query = query.where(ProcedureVersion.id == like)
    return [_candidate(row) for row in session.execute(query)]


def _candidate(row: Any) -> BatchCandidate:
    item_id, number, position, name_vi, name_en, serial, tag, version_id, code, title_vi, title_en, site_id, on = row
    return BatchCandidate(
        job_item_id=item_id,
        job_number=number,
        position=position,
        name_vi=name_vi,
        name_en=name_en or name_vi,
        serial_number=serial or "",
        identification=tag or "",
        procedure_version_id=version_id,
        procedure=code,
        title_vi=title_vi,
        title_en=title_en or title_vi,
        site_id=site_id,
        received_on=on,
    )


def batches(session: Session, actor: Actor, request: ListRequest = EVERYTHING) -> Listed[BatchLine]:
    """Return a page of the laboratory's batches, newest first; words are sought in number, procedure and room.

    Filters: state (with drafts, waiting for a decision, all released); mine (the actor opened them).
    """
    access.require(actor, Permission.VIEW_LABORATORY)
    tally = _tally()
    query = (
        select(Batch, Procedure, Person.full_name, tally)
        .join(Site, Site.id == Batch.site_id)
        .join(ProcedureVersion, ProcedureVersion.id == Batch.procedure_version_id)
        .join(Procedure, Procedure.id == ProcedureVersion.procedure_id)
        .join(tally, tally.c.batch_id == Batch.id)
        .outerjoin(Person, Person.id == Batch.opened_by_id)
        .where(Site.organisation_id == actor.laboratory_id)
    )
    states: dict[str, ColumnElement[bool]] = {
        "draft": tally.c.drafts > 0,
        "submitted": and_(tally.c.drafts == 0, tally.c.waiting > 0),
        "released": and_(tally.c.drafts == 0, tally.c.waiting == 0),
    }
    return (
        SqlList(
            query=query,
            key=Batch.id,
            sorts={"number": (Batch.id,), "procedure": (Procedure.code,), "opened": (Batch.opened_at,)},
            sort="-opened",
            searched=_mentions,
            filters={"state": states, "mine": {"1": Batch.opened_by_id == actor.person_id}},
        )
        .answer(session, request)
        .mapped(_line)
    )


def _tally() -> Any:
    def count(*states: RunState) -> Any:
        wanted = CalibrationRun.state.in_([str(state) for state in states])
        return func.sum(case((wanted, 1), else_=0))

    return (
        select(
            CalibrationRun.batch_id,
            count(RunState.DRAFT, RunState.SUBMITTED, RunState.REVIEWED, RunState.RELEASED).label("items"),
            count(RunState.DRAFT).label("drafts"),
            count(RunState.SUBMITTED, RunState.REVIEWED).label("waiting"),
            count(RunState.RELEASED).label("released"),
        )
        .where(CalibrationRun.batch_id.is_not(None))
        .group_by(CalibrationRun.batch_id)
        .subquery()
    )


def _mentions(word: str) -> ColumnElement[bool]:
    columns = (Batch.number, Batch.room, Procedure.code)
    found = [func.lower(func.coalesce(column, "")).contains(word, autoescape=True) for column in columns]
    of_items = (
        select(CalibrationRun.batch_id)
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .where(CalibrationRun.batch_id.is_not(None), Instrument.search_text.contains(word, autoescape=True))
    )
    return or_(*found, Batch.id.in_(of_items))


def _line(row: Any) -> BatchLine:
    batch, procedure, name, _batch_id, items, drafts, waiting, released = row
    return BatchLine(
        id=batch.id,
        number=batch.number,
        procedure_code=procedure.code,
        title_vi=procedure.title_vi,
        title_en=procedure.title_en or procedure.title_vi,
        room=batch.room or "",
        opened_at=batch.opened_at,
        opened_by_name=name or "",
        items=int(items),
        drafts=int(drafts),
        waiting=int(waiting),
        released=int(released),
    )


def open_batches(session: Session, actor: Actor, *, most: int = 5) -> Sequence[BatchLine]:
    """Return the newest of the actor's batches in which a draft is left."""
    request = ListRequest(chosen={"state": ("draft",), "mine": ("1",)})
    return batches(session, actor, request).items[:most]


def marker_of(session: Session, batch: BatchFacts) -> str:
    """Return a text that changes whenever something under a batch does: readings, exclusions, uses, runs, states."""
    of_batch = select(CalibrationRun.id).where(CalibrationRun.batch_id == batch.id)

    def held(table: type[Reading | EquipmentUse | ReadingExclusion]) -> ColumnElement[bool]:
        return or_(table.run_id.in_(of_batch), table.batch_id == batch.id)

    newest = [select(func.max(table.id)).where(held(table)) for table in (Reading, ReadingExclusion, EquipmentUse)]
    newest.append(select(func.max(Adjustment.id)).where(Adjustment.run_id.in_(of_batch)))
    last = [session.execute(query).scalar() or 0 for query in newest]
    taken_out = select(func.count()).where(held(EquipmentUse), EquipmentUse.withdrawn_at.is_not(None))
    withdrawn = session.execute(taken_out).scalar_one()
    versions = sum(run.row_version for run in batch.runs)
    states = Counter(str(run.state) for run in batch.runs)
    counted = ".".join(f"{state}{count}" for state, count in sorted(states.items()))
    return "-".join(str(part) for part in (*last, withdrawn, batch.row_version, versions, counted))


def range_ends_of(session: Session, batch_id: int, quantity: str) -> list[tuple[Decimal, Decimal, str]]:
    """Return the ends and the unit of each range of a quantity that the batch's instruments have."""
    query = (
        select(InstrumentRange.lower, InstrumentRange.upper, InstrumentRange.unit)
        .join(InstrumentFunction, InstrumentFunction.id == InstrumentRange.function_id)
        .join(InstrumentPart, InstrumentPart.id == InstrumentFunction.part_id)
        .join(CalibrationRun, CalibrationRun.instrument_id == InstrumentPart.instrument_id)
        .where(CalibrationRun.batch_id == batch_id, InstrumentFunction.quantity == quantity)
        .distinct()
    )
    return [
        (lower, upper, unit) for lower, upper, unit in session.execute(query) if lower is not None and upper is not None
    ]


def cell_chain(session: Session, batch_id: int, address: Address) -> tuple[Any, ...]:
    """Return every reading of a shared cell, oldest first."""
    place = {name: getattr(address, name) for name in ("section", "point", "cycle", "direction", "sequence")}
    query = (
        select(Reading)
        .filter_by(batch_id=batch_id, role=str(address.role), phase=str(address.phase), **place)
        .order_by(Reading.id)
    )
    said = select(ReadingExclusion).where(ReadingExclusion.batch_id == batch_id).order_by(ReadingExclusion.id)
    exclusions = [queries.exclusion_facts(row) for row in session.execute(said).scalars()]
    return queries.readings_of(list(session.execute(query).scalars()), exclusions)
