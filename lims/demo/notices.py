"""What the demonstration's people do when an item fails as found: the notice goes out, the customer answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lims.calibrations import notice_services as run_notices
from lims.core.clock import local_date
from lims.demo.laboratory import Laboratory
from lims.jobs import notice_queries, notice_services
from lims.jobs.notice_facts import (
    AnswerChoice,
    ConsentWay,
    NoticeFacts,
    NoticeState,
    NoticeStep,
    RecordAnswer,
    SendNotice,
)


def send(session: Session, laboratory: Laboratory, item_id: int, at: datetime) -> NoticeFacts | None:
    """Let the technical manager approve the drafted notice of an item, and the receiver send it.

    Returns None where no notice is drafted.
    """
    drafts = (one for one in notice_queries.notices_of_item(session, item_id) if one.state is NoticeState.DRAFT)
    notice = next(drafts, None)
    if notice is None:
        return None
    approved = run_notices.approve_notice(
        session, laboratory.actor("kt01"), NoticeStep(notice.id, notice.row_version), now=at
    )
    sent = SendNotice(
        notice.id,
        sent_on=local_date(at, laboratory.timezone),
        way=ConsentWay.EMAIL,
        reference=f"Thư điện tử {notice.number}",
        row_version=approved.row_version,
    )
    return notice_services.mark_notice_sent(session, laboratory.actor("tn01"), sent, now=at + timedelta(minutes=10))


def answer_as_found(session: Session, laboratory: Laboratory, item_id: int, at: datetime) -> None:
    """Send the notice of an item that failed; where no adjustment was agreed, a certificate as found is wanted."""
    notice = send(session, laboratory, item_id, at)
    if notice is None or notice.answer is not None:
        return
    answered_at = at + timedelta(minutes=40)
    answer = RecordAnswer(
        notice.id,
        choice=AnswerChoice.CERTIFICATE_AS_FOUND,
        answered_by="Người phụ trách thiết bị của khách hàng",
        answered_at=answered_at,
        way=ConsentWay.EMAIL,
        evidence="Thư điện tử trả lời trong ngày",
    )
    now = answered_at + timedelta(minutes=5)
    run_notices.record_answer(session, laboratory.actor("tn01"), answer, now=now)
