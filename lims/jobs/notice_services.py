"""What people do with a notice to a customer: drafted by the program, revised, approved, sent, answered, taken back.

Drafting and answering need what is known of runs: people reach them through `lims.calibrations.notice_services`.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.text import normalise
from lims.jobs import notice_queries, queries
from lims.jobs.facts import HoldItem, HoldReason, ItemState, JobItemFacts
from lims.jobs.item_services import hold_item, move_item, own_job
from lims.jobs.models import JobItem
from lims.jobs.notice_facts import (
    AnswerChoice,
    DraftNotice,
    Letter,
    NoticeFacts,
    NoticeKind,
    NoticeState,
    NoticeStep,
    RecordAnswer,
    ReviseNotice,
    SendNotice,
    WithdrawNotice,
)
from lims.jobs.notice_models import CustomerAnswer, CustomerNotice
from lims.jobs.notice_text import Subject, first_letter
from lims.jobs.notice_workflow import (
    AFTER_ANSWER,
    CLAUSE_CUSTOMER,
    check_answer,
    check_notice_step,
    check_words,
)
from lims.jobs.workflow import check_step
from lims.people import queries as people
from lims.people.access import Permission, require
from standards import queries as standards

_WRITE = (Permission.MANAGE_NOTICES,)
_OFFICE = (Permission.MANAGE_NOTICES, Permission.MANAGE_JOBS)


def draft_notice(session: Session, actor: Actor, command: DraftNotice, *, now: datetime) -> NoticeFacts:
    """Draft a notice of what was found, in both languages, and (with `hold`) let the item wait for the answer.

    Who: people who record readings or manage jobs at the job's site. Refuses an item for which a notice waits already.
    A notice of the same run that was never answered is not drafted twice (ISO/IEC 17025:2017, 7.1.5, 7.1.8).
    """
    require(actor, Permission.RECORD_READINGS, Permission.MANAGE_JOBS)
    item = queries.job_item_facts(session, command.item_id)
    own_job(session, actor, item.job_id)
    if notice_queries.open_notice(session, item.id) is not None:
        raise RuleViolation("notice.waits_already", clause=CLAUSE_CUSTOMER, position=item.position)
    if command.hold and item.state is not ItemState.ON_HOLD:
        hold_item(session, actor, HoldItem(item.id, HoldReason.CUSTOMER, command.reason), now=now)
    subject = _subject(session, item, local_date(now, people.site_facts(session, item.site_id).timezone))
    letter = first_letter(subject, command.finding, asks=command.hold)
    row = CustomerNotice(
        token=secrets.token_urlsafe(24),
        number=_number(session, command),
        job_item_id=item.id,
        kind=NoticeKind.AS_FOUND_FAILURE,
        run_id=command.finding.run_id,
        finding=command.finding.to_json(),
        state=NoticeState.DRAFT,
        drafted_at=now,
        drafted_by_id=actor.person_id,
        drafted_by_name=actor.name,
        **_columns(letter),
    )
    session.add(row)
    session.flush()
    _note(session, actor, row, "drafted", item.site_id, now, {"run": command.finding.run_number, "hold": command.hold})
    return notice_queries.notice_facts(session, row.id)


def _subject(session: Session, item: JobItemFacts, today: date) -> Subject:
    instrument = standards.instrument_facts(session, item.instrument_id)
    customer = people.organisation_facts(session, item.customer_id, today)
    return Subject(
        instrument_vi=instrument.name_vi,
        instrument_en=instrument.name_en or instrument.name_vi,
        serial_number=instrument.serial_number or "",
        job_number=item.job_number,
        position=item.position,
        recipient_name=customer.contact_name or "",
        recipient_email=customer.email or "",
        recipient_phone=customer.phone or "",
    )


def _number(session: Session, command: DraftNotice) -> str:
    """Return the number of a run's next notice: the run's own, and from the second on which one it is."""
    query = select(func.count()).where(CustomerNotice.run_id == command.finding.run_id)
    count = session.execute(query).scalar_one()
    return f"TB-{command.finding.run_number}" + (f"/{count + 1}" if count else "")


def _columns(letter: Letter) -> dict[str, str]:
    return {
        name: normalise(getattr(letter, name))
        for name in (
            "recipient_name",
            "recipient_email",
            "recipient_phone",
            "opening_vi",
            "opening_en",
            "closing_vi",
            "closing_en",
        )
    }


def revise_notice(session: Session, actor: Actor, command: ReviseNotice, *, now: datetime) -> NoticeFacts:
    """Change the words of a draft or to whom it goes; what was found stays as it was measured.

    Who: technical and quality managers. Refuses an approved notice and one without its Vietnamese words.
    """
    row, facts = _own_notice(session, actor, command.notice_id, command.row_version, _WRITE)
    if facts.state is not NoticeState.DRAFT:
        raise RuleViolation("notice.step_refused", clause=CLAUSE_CUSTOMER, number=facts.number, state=facts.state)
    check_words(command.letter)
    before, after = _columns(facts.letter), _columns(command.letter)
    for name, text in after.items():
        setattr(row, name, text)
    session.flush()
    changed = sorted(name for name, text in after.items() if text != before[name])
    _note(session, actor, row, "revised", facts.site_id, now, {"changed": changed})
    return notice_queries.notice_facts(session, row.id)


def approve_notice(session: Session, actor: Actor, command: NoticeStep, *, now: datetime) -> NoticeFacts:
    """Approve a draft: its words are fixed from now on. Who: technical and quality managers."""
    row, facts = _own_notice(session, actor, command.notice_id, command.row_version, _WRITE)
    check_notice_step(facts, NoticeState.APPROVED)
    check_words(facts.letter)
    person = people.person_facts(session, actor.person_id)
    row.state = NoticeState.APPROVED
    row.approved_at, row.approved_by_id, row.approved_by_name = now, actor.person_id, actor.name
    row.approved_title_vi, row.approved_title_en = person.title_vi, person.title_en
    session.flush()
    _note(session, actor, row, "approved", facts.site_id, now, {})
    return notice_queries.notice_facts(session, row.id)


def mark_notice_sent(session: Session, actor: Actor, command: SendNotice, *, now: datetime) -> NoticeFacts:
    """Say when and by which way an approved notice went to the customer.

    Who: technical and quality managers, reception. Refuses a draft, and a day to come.
    """
    row, facts = _own_notice(session, actor, command.notice_id, command.row_version, _OFFICE)
    check_notice_step(facts, NoticeState.SENT)
    zone = people.site_facts(session, facts.site_id).timezone
    if command.sent_on > local_date(now, zone):
        raise InvalidInput.of("sent_on", "notice.in_future")
    if command.sent_on < local_date(facts.drafted.at, zone):
        raise InvalidInput.of("sent_on", "notice.sent_before_drafted")
    row.state = NoticeState.SENT
    row.sent_on, row.sent_way, row.sent_reference = command.sent_on, command.way, normalise(command.reference) or None
    row.sent_recorded_at, row.sent_by_name = now, actor.name
    session.flush()
    _note(session, actor, row, "sent", facts.site_id, now, {"on": command.sent_on, "way": command.way})
    return notice_queries.notice_facts(session, row.id)


def withdraw_notice(session: Session, actor: Actor, command: WithdrawNotice, *, now: datetime) -> NoticeFacts:
    """Take back a notice that was not sent, with the reason; an item that waits for its answer goes back to work.

    Who: technical and quality managers.
    """
    row, facts = _own_notice(session, actor, command.notice_id, command.row_version, _WRITE)
    check_notice_step(facts, NoticeState.WITHDRAWN)
    if not command.reason.strip():
        raise InvalidInput.of("reason", "field.missing")
    return _withdraw(session, actor, (row, facts), command.reason, now)


def retract_draft(session: Session, actor: Actor, notice_id: int, reason: str, *, now: datetime) -> NoticeFacts:
    """Take back a draft whose finding no longer holds because readings were corrected; the item goes back to work.

    Who: people who record readings, through the correction that they made. Refuses an approved notice.
    """
    row, facts = _own_notice(session, actor, notice_id, None, (*_WRITE, Permission.RECORD_READINGS))
    if facts.state is not NoticeState.DRAFT:
        raise RuleViolation("notice.step_refused", clause=CLAUSE_CUSTOMER, number=facts.number, state=facts.state)
    return _withdraw(session, actor, (row, facts), reason, now)


def _withdraw(
    session: Session, actor: Actor, notice: tuple[CustomerNotice, NoticeFacts], reason: str, now: datetime
) -> NoticeFacts:
    row, facts = notice
    row.state = NoticeState.WITHDRAWN
    row.withdrawn_at, row.withdrawn_by_name, row.withdrawn_reason = now, actor.name, normalise(reason)
    session.flush()
    _note(session, actor, row, "withdrawn", facts.site_id, now, {"reason": row.withdrawn_reason})
    item = queries.job_item_facts(session, facts.item_id)
    if facts.answer is None and _waits_for_customer(item):
        _step(session, actor, item, ItemState.IN_WORK, reason, now)
    return notice_queries.notice_facts(session, row.id)


def record_answer(
    session: Session, actor: Actor, command: RecordAnswer, *, work_done: bool, now: datetime
) -> NoticeFacts:
    """Write down what a customer answered; an item that waits for it goes on accordingly.

    Who: technical and quality managers and reception; also who records readings, for an adjustment that they write
    down with the customer's consent. `work_done`: nothing is left to measure, should the results as found do.
    Refuses an answer to what was answered or taken back, one of a day to come, one without evidence
    (ISO/IEC 17025:2017, 7.1.8).
    """
    at_the_bench = command.choice in {AnswerChoice.ADJUST, AnswerChoice.REPAIR}
    may = (*_OFFICE, Permission.RECORD_READINGS) if at_the_bench else _OFFICE
    row, facts = _own_notice(session, actor, command.notice_id, None, may)
    check_answer(facts, command)
    if command.answered_at > now:
        raise InvalidInput.of("answered_at", "notice.in_future")
    answer = CustomerAnswer(
        notice_id=row.id,
        choice=command.choice,
        answered_by=normalise(command.answered_by),
        answered_at=command.answered_at,
        way=command.way,
        evidence=normalise(command.evidence),
        note=normalise(command.note) or None,
        actor_id=actor.person_id,
        actor_name=actor.name,
        at=now,
    )
    session.add(answer)
    session.flush()
    after = {"choice": command.choice, "way": command.way, "answered_at": command.answered_at}
    _note(session, actor, row, "answered", facts.site_id, now, after)
    item = queries.job_item_facts(session, facts.item_id)
    if _waits_for_customer(item):
        item = _step(session, actor, item, AFTER_ANSWER[command.choice], answer.evidence, now)
        if command.choice is AnswerChoice.CERTIFICATE_AS_FOUND and work_done:
            _step(session, actor, item, ItemState.DONE, "", now)
    return notice_queries.notice_facts(session, row.id)


def _waits_for_customer(item: JobItemFacts) -> bool:
    return item.state is ItemState.ON_HOLD and item.hold_reason is HoldReason.CUSTOMER


def _step(
    session: Session, actor: Actor, item: JobItemFacts, to: ItemState, reason: str, now: datetime
) -> JobItemFacts:
    check_step(item, to, reason)
    row = session.get(JobItem, item.id)
    if row is None:
        raise NotFound
    return move_item(session, actor, row, item, to, reason, now)


def _own_notice(
    session: Session, actor: Actor, notice_id: int, row_version: int | None, permissions: tuple[Permission, ...]
) -> tuple[CustomerNotice, NoticeFacts]:
    require(actor, *permissions)
    row = session.get(CustomerNotice, notice_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    facts = notice_queries.notice_facts(session, notice_id)
    own_job(session, actor, facts.job_id)
    if row_version is not None and row_version != row.row_version:
        raise StaleRecord("record.stale_between", seen=row_version, present=row.row_version)
    return row, facts


def _note(
    session: Session,
    actor: Actor,
    row: CustomerNotice,
    step: str,
    site_id: int,
    now: datetime,
    after: dict[str, object],
) -> None:
    audit.record(
        session,
        actor,
        f"notice.{step}",
        ("customer_notice", row.id),
        now=now,
        site_id=site_id,
        after={"number": row.number, "state": row.state, **after},
    )
