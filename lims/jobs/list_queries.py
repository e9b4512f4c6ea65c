"""Lists of orders: jobs, and the items of all jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.jobs.facts import HoldReason, ItemLine, ItemState, JobLine, JobState, LegalRegime
from lims.jobs.models import Job, JobItem
from lims.jobs.workflow import OPEN, job_state
from lims.people.models import Organisation
from lims.procedures.models import Procedure, ProcedureVersion
from standards import queries as standards
from standards.models import Instrument

_S = ItemState
_OVER: Final = (JobState.CLOSED, JobState.CANCELLED, JobState.READY)


def jobs(session: Session, actor: Actor, request: ListRequest = EVERYTHING, *, on: date) -> Listed[JobLine]:
    """Return the jobs of the actor's sites; words are sought in number, customer, reference and instruments.

    Filters: state; late (promised for a day that has passed, and still open); customer, by key.
    """
    tally = _tally()
    promised = func.coalesce(tally.c.promised_open, tally.c.promised_last, Job.promised_on)
    query = (
        select(Job, promised.label("promised"), tally)
        .select_from(Job)
        .join(Organisation, Organisation.id == Job.customer_id)
        .outerjoin(tally, tally.c.job_id == Job.id)
        .where(Job.site_id.in_(actor.site_ids))
    )
    customer = request.key("customer")
    if customer is not None:
        query = query.where(Job.customer_id == customer)
    found = SqlList(
        query=query,
        key=Job.id,
        sorts={
            "number": (Job.id,),
            "customer": (Organisation.sort_key,),
            "requested": (Job.requested_on,),
            "promised": (promised,),
            "items": (func.coalesce(tally.c.item_count, 0),),
        },
        sort="-number",
        searched=_mentions,
        filters={
            "state": {state.value: _in_state(tally.c, state) for state in JobState},
            "late": {"1": (promised < on) & ~or_(*(_in_state(tally.c, state) for state in _OVER))},
        },
        totals={"items": func.sum(tally.c.item_count)},
    ).answer(session, request)
    names = standards.names_of(session, {row[0].customer_id for row in found.items}, on)
    return found.mapped(lambda row: _job_line(row, names))


def items(session: Session, actor: Actor, request: ListRequest = EVERYTHING, *, on: date) -> Listed[ItemLine]:
    """Return the items of the actor's sites, what is promised soonest first; what has left only where it is asked for.

    Words are sought in the job's number and customer and in the instrument. Filters: state; late; hold (what an item on
    hold waits for); regime; procedure, by key.
    """
    promised = promised_for()
    query = item_rows().where(Job.site_id.in_(actor.site_ids))
    procedure = request.key("procedure")
    if procedure is not None:
        query = query.where(Procedure.id == procedure)
    found = SqlList(
        query=query,
        key=JobItem.id,
        sorts={
            "job": (Job.id, JobItem.position),
            "instrument": (Instrument.sort_key,),
            "customer": (Organisation.sort_key,),
            "procedure": (Procedure.code,),
            "received": (JobItem.received_on,),
            "promised": (promised,),
        },
        sort="promised",
        searched=_item_mentions,
        filters={
            "state": {state.value: JobItem.state == state for state in ItemState},
            "late": {"1": late_on(on)},
            "hold": {reason.value: JobItem.hold_reason == reason for reason in HoldReason},
            "regime": {regime.value: JobItem.legal_regime == regime for regime in LegalRegime},
        },
        unless={} if request.words else {"state": JobItem.state.not_in([_S.HANDED_BACK, _S.CANCELLED])},
        totals={"late": func.count(case((late_on(on), 1)))},
    ).answer(session, request)
    return found.mapped(line_maker(session, found.items, on))


def promised_for() -> ColumnElement[Any]:
    """Return the day an item is promised for: its own, or its job's."""
    return func.coalesce(JobItem.promised_on, Job.promised_on)


def late_on(on: date) -> ColumnElement[bool]:
    """Return the condition that an item's promised day has passed while something is still to be done."""
    return (promised_for() < on) & JobItem.state.in_(sorted(OPEN))


def item_rows() -> Select[*tuple[Any, ...]]:
    """Return the statement of every item with its job, instrument and procedure; callers narrow it."""
    return (
        select(JobItem, Job, Instrument, Procedure.code)
        .select_from(JobItem)
        .join(Job, Job.id == JobItem.job_id)
        .join(Instrument, Instrument.id == JobItem.instrument_id)
        .join(Organisation, Organisation.id == Job.customer_id)
        .outerjoin(ProcedureVersion, ProcedureVersion.id == JobItem.procedure_version_id)
        .outerjoin(Procedure, Procedure.id == ProcedureVersion.procedure_id)
    )


def item_lines(session: Session, query: Select[*tuple[Any, ...]], on: date) -> list[ItemLine]:
    """Return the lines of a narrowed `item_rows`: two statements."""
    rows = list(session.execute(query))
    return [*map(line_maker(session, rows, on), rows)]


def line_maker(session: Session, rows: Any, on: date) -> Any:
    """Return the function from a row of `item_rows` to its line; the customers' names are read once for all rows."""
    names = standards.names_of(session, {row[1].customer_id for row in rows}, on)
    return lambda row: _item_line(row, names, on)


def _job_line(row: Any, names: Mapping[int, tuple[str, str | None]]) -> JobLine:
    job: Job = row[0]
    counts = {state: row._mapping[state.value] or 0 for state in ItemState}
    name_vi, name_en = names.get(job.customer_id, ("", None))
    return JobLine(
        id=job.id,
        number=job.number,
        customer_name_vi=name_vi,
        customer_name_en=name_en or "",
        requested_on=job.requested_on,
        promised_on=row.promised,
        item_count=sum(counts.values()),
        state=job_state([state for state, count in counts.items() if count]),
    )


def _item_line(row: Any, names: Mapping[int, tuple[str, str | None]], on: date) -> ItemLine:
    item, job, instrument, code = row
    name_vi, name_en = names.get(job.customer_id, ("", None))
    promised = item.promised_on or job.promised_on
    state = ItemState(item.state)
    return ItemLine(
        id=item.id,
        job_id=job.id,
        job_number=job.number,
        position=item.position,
        instrument_id=instrument.id,
        instrument_vi=instrument.name_vi,
        instrument_en=instrument.name_en or "",
        serial_number=instrument.serial_number or "",
        customer_name_vi=name_vi,
        customer_name_en=name_en or "",
        procedure_code=code or "",
        location_kind=item.location_kind,
        state=state,
        hold_reason=HoldReason(item.hold_reason) if item.hold_reason else None,
        received_on=item.received_on,
        promised_on=promised,
        days_left=(promised - on).days if promised is not None and state in OPEN else None,
    )


def _tally() -> Any:
    """Return a subquery: per job, how many items are in each state, and in all, and the days promised for them."""
    columns = [func.sum(case((JobItem.state == state, 1), else_=0)).label(state.value) for state in ItemState]
    promised = [
        func.min(case((JobItem.state.in_(sorted(OPEN)), promised_for()))).label("promised_open"),
        func.max(case((JobItem.state != _S.CANCELLED, promised_for()))).label("promised_last"),
    ]
    query = select(JobItem.job_id, func.count().label("item_count"), *columns, *promised)
    return query.join(Job, Job.id == JobItem.job_id).group_by(JobItem.job_id).subquery()


def _in_state(counts: Any, state: JobState) -> ColumnElement[bool]:
    """Return the condition that a tally means a state: `workflow.job_state` in SQL (a test holds them together)."""

    def number(*states: ItemState) -> ColumnElement[int]:
        found = [func.coalesce(counts[one.value], 0) for one in states]
        return sum(found[1:], found[0])

    waiting = number(_S.RECEIVED, _S.ATTENDED)
    working = number(_S.IN_WORK, _S.DONE, _S.SUBCONTRACTED)
    over = number(_S.RELEASED, _S.NOT_CALIBRATABLE)
    expected, held = number(_S.EXPECTED), number(_S.ON_HOLD)
    none_open = (expected + waiting + working + held) == 0
    returned, cancelled = number(_S.HANDED_BACK), number(_S.CANCELLED)
    conditions: dict[JobState, ColumnElement[bool]] = {
        JobState.EMPTY: counts.job_id.is_(None),
        JobState.CANCELLED: none_open & (over + returned == 0) & (cancelled > 0),
        JobState.READY: none_open & (over > 0),
        JobState.CLOSED: none_open & (over == 0) & (returned > 0),
        JobState.EXPECTED: (expected > 0) & (waiting + working + held == 0),
        JobState.RECEIVED: (waiting > 0) & (working + held == 0),
        JobState.ON_HOLD: (held > 0) & (expected + waiting + working == 0),
        JobState.IN_WORK: (working > 0) | ((held > 0) & (expected + waiting > 0)),
    }
    return conditions[state]


def _mentions(word: str) -> ColumnElement[bool]:
    instruments = (
        select(JobItem.id)
        .join(Instrument, Instrument.id == JobItem.instrument_id)
        .where(JobItem.job_id == Job.id, Instrument.search_text.contains(word, autoescape=True))
    )
    return Job.search_text.contains(word, autoescape=True) | instruments.exists()


def _item_mentions(word: str) -> ColumnElement[bool]:
    columns = (Job.search_text, Instrument.search_text, func.lower(func.coalesce(Procedure.code, "")))
    return or_(*(column.contains(word, autoescape=True) for column in columns))
