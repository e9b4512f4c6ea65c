"""Orders for tests: a job of a customer with one received item, ready for work unless told otherwise."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.text import search_text
from lims.jobs import queries
from lims.jobs.facts import (
    AgreedPoints,
    AgreedSpecification,
    DecisionRule,
    ItemState,
    JobFacts,
    JobItemFacts,
    LegalRegime,
    LocationKind,
    PurposeOfUse,
    points_to_json,
)
from lims.jobs.models import Job, JobItem

AT = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
ON = date(2026, 3, 1)


def make_job(
    session: Session,
    *,
    site_id: int,
    customer_id: int,
    number: str | None = None,
    reviewed: bool = True,
    promised_on: date | None = None,
    customer_reference: str = "",
) -> JobFacts:
    """Put a job without items into the database."""
    taken = number or f"PYC26-{secrets.token_hex(4)}"
    row = Job(
        token=secrets.token_urlsafe(24),
        number=taken,
        customer_reference=customer_reference or None,
        site_id=site_id,
        customer_id=customer_id,
        requested_on=ON,
        promised_on=promised_on,
        contract_reviewed_at=AT if reviewed else None,
        contract_reviewed_by="Lê Thị Mẫu" if reviewed else None,
        search_text=search_text(taken, customer_reference),
        created_at=AT,
        created_by_id=0,
    )
    session.add(row)
    session.flush()
    return queries.job_facts(session, row.id)


def make_job_item(
    session: Session,
    *,
    job: JobFacts,
    instrument_id: int,
    procedure_version_id: int | None,
    state: ItemState = ItemState.RECEIVED,
    agreed_specification: AgreedSpecification | None = None,
    decision_rule: DecisionRule | None = None,
    points: tuple[AgreedPoints, ...] = (),
    promised_on: date | None = None,
) -> JobItemFacts:
    """Put an item into a job."""
    position = session.execute(
        select(func.coalesce(func.max(JobItem.position), 0) + 1).where(JobItem.job_id == job.id)
    ).scalar_one()
    came_in = state is not ItemState.EXPECTED
    row = JobItem(
        token=secrets.token_urlsafe(24),
        job_id=job.id,
        position=position,
        instrument_id=instrument_id,
        procedure_version_id=procedure_version_id,
        ordering_party_id=job.customer_id,
        addressee_id=job.customer_id,
        agreed_specification=(agreed_specification or AgreedSpecification()).to_json(),
        decision_rule=(decision_rule or DecisionRule()).to_json(),
        points=points_to_json(points),
        location_kind=LocationKind.LABORATORY,
        purpose_of_use=PurposeOfUse.GROUP_1,
        legal_regime=LegalRegime.CALIBRATION,
        condition_on_receipt="Bình thường, không hư hỏng" if came_in else None,
        condition_on_receipt_en="Good, no damage" if came_in else None,
        received_on=ON if came_in else None,
        promised_on=promised_on,
        state=state,
        created_at=AT,
    )
    session.add(row)
    session.flush()
    return queries.job_item_facts(session, row.id)
