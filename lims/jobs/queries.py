"""What is asked of orders; everything returned is plain facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.paging import Page, paginate
from lims.core.text import fold
from lims.jobs.facts import (
    AgreedSpecification,
    DecisionRule,
    HoldReason,
    ItemState,
    JobFacts,
    JobItemFacts,
    JobLine,
    JobState,
    LegalRegime,
    LocationKind,
    PurposeOfUse,
    StateChange,
    points_from_json,
)
from lims.jobs.models import Job, JobItem, JobItemStateChange
from lims.jobs.workflow import job_state
from lims.people import queries as people
from standards.models import Instrument

_S = ItemState
SORTS: Final[Mapping[str, ColumnElement[Any]]] = {
    "number": Job.id.asc(),
    "-number": Job.id.desc(),
    "requested": Job.requested_on.asc(),
    "-requested": Job.requested_on.desc(),
    "promised": func.coalesce(Job.promised_on, date(9999, 12, 31)).asc(),
    "-promised": func.coalesce(Job.promised_on, date(1, 1, 1)).desc(),
}


def job_facts(session: Session, job_id: int) -> JobFacts:
    """Return a job. Raises NotFound."""
    job = session.get(Job, job_id)
    if job is None:
        raise NotFound
    states = session.execute(select(JobItem.state).where(JobItem.job_id == job_id)).scalars()
    return JobFacts(
        id=job.id,
        token=job.token,
        number=job.number,
        site_id=job.site_id,
        customer_id=job.customer_id,
        contact_id=job.contact_id,
        customer_reference=job.customer_reference or "",
        requested_on=job.requested_on,
        promised_on=job.promised_on,
        note=job.note or "",
        contract_reviewed_at=job.contract_reviewed_at,
        contract_reviewed_by=job.contract_reviewed_by or "",
        state=job_state([ItemState(state) for state in states]),
        created_at=job.created_at,
        row_version=job.row_version,
    )


def job_item_facts(session: Session, item_id: int) -> JobItemFacts:
    """Return an item with what was agreed for it. Raises NotFound."""
    found = _items(session, JobItem.id == item_id)
    if not found:
        raise NotFound
    return found[0]


def items_of(session: Session, job_id: int) -> list[JobItemFacts]:
    """Return the items of a job by position."""
    return _items(session, JobItem.job_id == job_id)


def items_of_instrument(session: Session, instrument_id: int) -> list[JobItemFacts]:
    """Return every item by which an instrument came in, the newest first."""
    return list(reversed(_items(session, JobItem.instrument_id == instrument_id)))


def history_of(session: Session, item_id: int) -> list[StateChange]:
    """Return the steps of an item, the first one first."""
    query = select(JobItemStateChange).filter_by(job_item_id=item_id).order_by(JobItemStateChange.id)
    return [
        StateChange(
            from_state=ItemState(row.from_state) if row.from_state else None,
            to_state=ItemState(row.to_state),
            reason=row.reason or "",
            at=row.at,
            actor_name=row.actor_name,
        )
        for row in session.execute(query).scalars()
    ]


def jobs(
    session: Session,
    actor: Actor,
    *,
    on: date,
    text: str = "",
    state: JobState | None = None,
    late: bool = False,
    customer_id: int | None = None,
    sort: str = "-number",
    page: int = 1,
) -> Page[JobLine]:
    """Return the jobs of the actor's sites; `text` is sought in number, customer, reference and instruments.

    `late`: promised for a day that has passed, and still open.
    """
    tally = _tally()
    query = select(Job, tally).outerjoin(tally, tally.c.job_id == Job.id).where(Job.site_id.in_(actor.site_ids))
    for word in fold(text).split():
        query = query.where(_mentions(word))
    if state is not None:
        query = query.where(_in_state(tally.c, state))
    if late:
        closed = (JobState.CLOSED, JobState.CANCELLED, JobState.READY)
        query = query.where(Job.promised_on < on, ~or_(*(_in_state(tally.c, one) for one in closed)))
    if customer_id is not None:
        query = query.where(Job.customer_id == customer_id)
    found: Page[Any] = paginate(session, query.order_by(SORTS.get(sort, SORTS["-number"]), Job.id.desc()), page)
    names = {row[0].customer_id: ("", "") for row in found.items}
    for customer in names:
        facts = people.organisation_facts(session, customer, on)
        names[customer] = (facts.name_vi, facts.name_en or "")
    return found.mapped(lambda row: _line(row, names))


def _line(row: Any, names: Mapping[int, tuple[str, str]]) -> JobLine:
    job: Job = row[0]
    counts = {state: row._mapping[state.value] or 0 for state in ItemState}
    name_vi, name_en = names[job.customer_id]
    return JobLine(
        id=job.id,
        number=job.number,
        customer_name_vi=name_vi,
        customer_name_en=name_en,
        requested_on=job.requested_on,
        promised_on=job.promised_on,
        item_count=sum(counts.values()),
        state=job_state([state for state, count in counts.items() if count]),
    )


def _tally() -> Any:
    """Return a subquery: per job, how many items are in each state."""
    columns = [func.sum(case((JobItem.state == state, 1), else_=0)).label(state.value) for state in ItemState]
    return select(JobItem.job_id, *columns).group_by(JobItem.job_id).subquery()


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
    wanted = "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
    instruments = (
        select(JobItem.id)
        .join(Instrument, Instrument.id == JobItem.instrument_id)
        .where(JobItem.job_id == Job.id, Instrument.search_text.like(wanted, escape="\\"))
    )
    return Job.search_text.like(wanted, escape="\\") | instruments.exists()


def _items(session: Session, condition: ColumnElement[bool]) -> list[JobItemFacts]:
    query = select(JobItem, Job).join(Job, Job.id == JobItem.job_id).where(condition)
    return [_item(item, job) for item, job in session.execute(query.order_by(JobItem.job_id, JobItem.position))]


def _item(row: JobItem, job: Job) -> JobItemFacts:
    return JobItemFacts(
        id=row.id,
        token=row.token,
        job_id=job.id,
        job_number=job.number,
        site_id=job.site_id,
        customer_id=job.customer_id,
        position=row.position,
        instrument_id=row.instrument_id,
        procedure_version_id=row.procedure_version_id,
        ordering_party_id=row.ordering_party_id,
        addressee_id=row.addressee_id,
        parties_reason=row.parties_reason or "",
        place_of_use=row.place_of_use or "",
        location_kind=LocationKind(row.location_kind),
        location_address=row.location_address or "",
        agreed_specification=AgreedSpecification.from_json(row.agreed_specification),
        decision_rule=DecisionRule.from_json(row.decision_rule),
        points=points_from_json(row.points),
        adjust=row.adjust,
        recommend_next_date=row.recommend_next_date,
        certificate_language=row.certificate_language,
        purpose_of_use=PurposeOfUse(row.purpose_of_use),
        legal_regime=LegalRegime(row.legal_regime),
        condition_on_receipt=row.condition_on_receipt or "",
        condition_on_receipt_en=row.condition_on_receipt_en or "",
        accessories=row.accessories or "",
        received_on=row.received_on,
        promised_on=row.promised_on,
        state=ItemState(row.state),
        hold_reason=HoldReason(row.hold_reason) if row.hold_reason else None,
        subcontractor_id=row.subcontractor_id,
        contract_reviewed=job.contract_reviewed_at is not None,
        row_version=row.row_version,
    )
