"""What is asked of notices to customers and of items on hold; everything returned is plain facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.jobs.facts import HoldReason, ItemState
from lims.jobs.models import Job, JobItem, JobItemStateChange
from lims.jobs.notice_facts import (
    Act,
    AnswerChoice,
    AnswerFacts,
    ConsentWay,
    Finding,
    HoldLine,
    Letter,
    NoticeFacts,
    NoticeKind,
    NoticeLine,
    NoticeState,
)
from lims.jobs.notice_models import CustomerAnswer, CustomerNotice
from lims.people import queries as people
from standards.models import Instrument

UNSENT = (NoticeState.DRAFT, NoticeState.APPROVED)
_LONGEST = 200


def notice_facts(session: Session, notice_id: int) -> NoticeFacts:
    """Return a notice. Raises NotFound."""
    found = _notices(session, CustomerNotice.id == notice_id)
    if not found:
        raise NotFound
    return found[0]


def notices_of_item(session: Session, item_id: int) -> list[NoticeFacts]:
    """Return the notices on an item, the newest first."""
    return _notices(session, CustomerNotice.job_item_id == item_id)


def notices_of_run(session: Session, run_id: int) -> list[NoticeFacts]:
    """Return the notices that a run gave rise to, the newest first."""
    return _notices(session, CustomerNotice.run_id == run_id)


def open_notice(session: Session, item_id: int) -> NoticeFacts | None:
    """Return the notice on an item that still waits for its answer, if one does."""
    return next((entry for entry in notices_of_item(session, item_id) if waits(entry)), None)


def asked_of_customer(session: Session, item_id: int) -> tuple[bool, AnswerChoice | None]:
    """Return whether a notice on an item still waits for its answer, and what was answered last."""
    query = (
        select(CustomerAnswer.choice)
        .select_from(CustomerNotice)
        .outerjoin(CustomerAnswer, CustomerAnswer.notice_id == CustomerNotice.id)
        .where(CustomerNotice.job_item_id == item_id, CustomerNotice.state != NoticeState.WITHDRAWN)
        .order_by(CustomerNotice.id, CustomerAnswer.id)
    )
    choices = list(session.execute(query).scalars())
    answered = [AnswerChoice(choice) for choice in choices if choice is not None]
    return None in choices, answered[-1] if answered else None


def waits(notice: NoticeFacts) -> bool:
    """Return whether a notice still waits for the customer's answer."""
    return notice.state is not NoticeState.WITHDRAWN and notice.answer is None


def last_answer(session: Session, item_id: int) -> AnswerFacts | None:
    """Return what the customer of an item answered last."""
    query = (
        select(CustomerAnswer)
        .join(CustomerNotice, CustomerNotice.id == CustomerAnswer.notice_id)
        .where(CustomerNotice.job_item_id == item_id)
        .order_by(CustomerAnswer.id.desc())
        .limit(1)
    )
    row = session.execute(query).scalar_one_or_none()
    return None if row is None else _answer(row)


def notices(session: Session, actor: Actor, request: ListRequest = EVERYTHING, *, on: date) -> Listed[NoticeLine]:
    """Return the notices of the actor's sites, the newest first. Filters: state; answer."""
    answered = select(CustomerAnswer.id).where(CustomerAnswer.notice_id == CustomerNotice.id).exists()
    found = SqlList(
        query=(
            select(CustomerNotice, JobItem, Job, Instrument)
            .select_from(CustomerNotice)
            .join(JobItem, JobItem.id == CustomerNotice.job_item_id)
            .join(Job, Job.id == JobItem.job_id)
            .join(Instrument, Instrument.id == JobItem.instrument_id)
            .where(Job.site_id.in_(actor.site_ids))
        ),
        key=CustomerNotice.id,
        sorts={
            "number": (CustomerNotice.id,),
            "instrument": (Instrument.sort_key,),
            "drafted": (CustomerNotice.drafted_at,),
            "sent": (CustomerNotice.sent_on,),
        },
        sort="-number",
        searched=_mentions,
        filters={
            "state": {state.value: CustomerNotice.state == state for state in NoticeState},
            "answer": {"none": (CustomerNotice.state == NoticeState.SENT) & ~answered, "given": answered},
        },
    ).answer(session, request)
    names = _customers(session, {job.customer_id for _notice, _item, job, _instrument in found.items}, on)
    answers = _answers(session, [row[0].id for row in found.items])
    return found.mapped(lambda row: _line(row, names, answers))


def _mentions(word: str) -> ColumnElement[bool]:
    columns = (func.lower(CustomerNotice.number), Job.search_text, Instrument.search_text)
    return or_(*(column.contains(word, autoescape=True) for column in columns))


def unsent_notices(session: Session, actor: Actor, *, on: date) -> list[NoticeLine]:
    """Return the notices of the actor's sites that did not go out yet."""
    return list(notices(session, actor, ListRequest(chosen={"state": UNSENT}), on=on).items)


def open_holds(session: Session, actor: Actor, *, on: date) -> list[HoldLine]:
    """Return the items on hold at the actor's sites, those that wait longest first."""
    step = aliased(JobItemStateChange)
    since = (
        select(func.max(step.id))
        .where(step.job_item_id == JobItem.id, step.to_state == ItemState.ON_HOLD)
        .correlate(JobItem)
        .scalar_subquery()
    )
    query = (
        select(JobItem, Job, Instrument, JobItemStateChange)
        .join(Job, Job.id == JobItem.job_id)
        .join(Instrument, Instrument.id == JobItem.instrument_id)
        .join(JobItemStateChange, JobItemStateChange.id == since)
        .where(JobItem.state == ItemState.ON_HOLD, Job.site_id.in_(actor.site_ids))
        .order_by(JobItemStateChange.at, JobItem.id)
        .limit(_LONGEST)
    )
    rows = session.execute(query).all()
    names = _customers(session, {job.customer_id for _item, job, _instrument, _change in rows}, on)
    notices_open = asking(session, [row[0].id for row in rows])
    return [
        HoldLine(
            item_id=item.id,
            job_number=job.number,
            position=item.position,
            instrument_vi=instrument.name_vi,
            instrument_en=instrument.name_en or "",
            serial_number=instrument.serial_number or "",
            customer_vi=names[job.customer_id][0],
            customer_en=names[job.customer_id][1],
            state=ItemState(item.state),
            hold_reason=HoldReason(item.hold_reason or HoldReason.CUSTOMER),
            since=change.at,
            reason=change.reason or "",
            notice_id=notices_open.get(item.id, (None, None))[0],
            notice_state=notices_open.get(item.id, (None, None))[1],
        )
        for item, job, instrument, change in rows
    ]


def asking(session: Session, item_ids: Sequence[int]) -> dict[int, tuple[int | None, NoticeState | None]]:
    """Return the newest notice of each item that waits for an answer."""
    answered = select(CustomerAnswer.id).where(CustomerAnswer.notice_id == CustomerNotice.id)
    query = (
        select(CustomerNotice.job_item_id, CustomerNotice.id, CustomerNotice.state)
        .where(
            CustomerNotice.job_item_id.in_(item_ids),
            CustomerNotice.state != NoticeState.WITHDRAWN,
            ~answered.exists(),
        )
        .order_by(CustomerNotice.id)
    )
    return {item: (notice, NoticeState(state)) for item, notice, state in session.execute(query)}


def _customers(session: Session, wanted: set[int], on: date) -> dict[int, tuple[str, str]]:
    found = {key: people.organisation_facts(session, key, on) for key in wanted}
    return {key: (facts.name_vi, facts.name_en or "") for key, facts in found.items()}


def _answers(session: Session, notice_ids: Sequence[int]) -> dict[int, AnswerFacts]:
    query = select(CustomerAnswer).where(CustomerAnswer.notice_id.in_(notice_ids)).order_by(CustomerAnswer.id)
    return {row.notice_id: _answer(row) for row in session.execute(query).scalars()}


def _answer(row: CustomerAnswer) -> AnswerFacts:
    return AnswerFacts(
        id=row.id,
        notice_id=row.notice_id,
        choice=AnswerChoice(row.choice),
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        way=ConsentWay(row.way),
        evidence=row.evidence,
        note=row.note or "",
        recorded=Act(row.at, row.actor_name),
    )


def _line(row: Any, names: Mapping[int, tuple[str, str]], answers: Mapping[int, AnswerFacts]) -> NoticeLine:
    notice, item, job, instrument = row
    answer = answers.get(notice.id)
    return NoticeLine(
        id=notice.id,
        number=notice.number,
        state=NoticeState(notice.state),
        item_id=item.id,
        job_number=job.number,
        position=item.position,
        instrument_vi=instrument.name_vi,
        instrument_en=instrument.name_en or "",
        serial_number=instrument.serial_number or "",
        customer_vi=names[job.customer_id][0],
        customer_en=names[job.customer_id][1],
        drafted_at=notice.drafted_at,
        sent_on=notice.sent_on,
        answer=None if answer is None else answer.choice,
    )


def _notices(session: Session, condition: ColumnElement[bool]) -> list[NoticeFacts]:
    query = (
        select(CustomerNotice, JobItem, Job)
        .join(JobItem, JobItem.id == CustomerNotice.job_item_id)
        .join(Job, Job.id == JobItem.job_id)
        .where(condition)
        .order_by(CustomerNotice.id.desc())
    )
    rows = session.execute(query).all()
    answers = _answers(session, [notice.id for notice, _item, _job in rows])
    return [_facts(notice, item, job, answers.get(notice.id)) for notice, item, job in rows]


def _facts(row: CustomerNotice, item: JobItem, job: Job, answer: AnswerFacts | None) -> NoticeFacts:
    return NoticeFacts(
        id=row.id,
        number=row.number,
        kind=NoticeKind(row.kind),
        state=NoticeState(row.state),
        item_id=item.id,
        job_id=job.id,
        job_number=job.number,
        position=item.position,
        site_id=job.site_id,
        customer_id=job.customer_id,
        instrument_id=item.instrument_id,
        finding=Finding.from_json(row.finding),
        letter=_letter(row),
        drafted=Act(row.drafted_at, row.drafted_by_name),
        approved=None if row.approved_at is None else Act(row.approved_at, row.approved_by_name or ""),
        approved_title_vi=row.approved_title_vi or "",
        approved_title_en=row.approved_title_en or "",
        sent=None if row.sent_recorded_at is None else Act(row.sent_recorded_at, row.sent_by_name or ""),
        sent_on=row.sent_on,
        sent_way=None if row.sent_way is None else ConsentWay(row.sent_way),
        sent_reference=row.sent_reference or "",
        withdrawn=None if row.withdrawn_at is None else Act(row.withdrawn_at, row.withdrawn_by_name or ""),
        withdrawn_reason=row.withdrawn_reason or "",
        answer=answer,
        row_version=row.row_version,
    )


def _letter(row: CustomerNotice) -> Letter:
    return Letter(
        recipient_name=row.recipient_name or "",
        recipient_email=row.recipient_email or "",
        recipient_phone=row.recipient_phone or "",
        opening_vi=row.opening_vi,
        opening_en=row.opening_en,
        closing_vi=row.closing_vi,
        closing_en=row.closing_en,
    )
