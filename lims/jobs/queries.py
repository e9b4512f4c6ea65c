"""What is asked of orders; everything returned is plain facts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.jobs.facts import (
    AgreedSpecification,
    DecisionRule,
    HoldReason,
    ItemState,
    JobFacts,
    JobItemFacts,
    LegalRegime,
    LocationKind,
    PurposeOfUse,
    StateChange,
    points_from_json,
)
from lims.jobs.models import Job, JobItem, JobItemStateChange
from lims.jobs.workflow import job_state


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


def item_state(session: Session, item_id: int) -> ItemState:
    """Return where an item stands. Raises NotFound."""
    state = session.execute(select(JobItem.state).where(JobItem.id == item_id)).scalar_one_or_none()
    if state is None:
        raise NotFound
    return ItemState(state)


def items_of(session: Session, job_id: int) -> list[JobItemFacts]:
    """Return the items of a job by position."""
    return _items(session, JobItem.job_id == job_id)


def item_by_token(session: Session, token: str) -> JobItemFacts | None:
    """Return the item whose label says a token, if there is one; small letters may come in as capitals.

    The caller checks who asks.
    """
    found = _items(session, JobItem.token.in_({token, token.lower()}))
    return found[0] if found else None


def item_by_number(session: Session, job_number: str, position: int, site_ids: Collection[int]) -> JobItemFacts | None:
    """Return an item of some sites by its job's number (in whatever case it was typed) and its position."""
    condition = and_(
        func.lower(Job.number) == job_number.lower(), JobItem.position == position, Job.site_id.in_(site_ids)
    )
    found = _items(session, condition)
    return found[0] if len(found) == 1 else None


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
        due_on=row.promised_on or job.promised_on,
    )
