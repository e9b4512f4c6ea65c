"""From the text of a form to a command on a notice to a customer."""

from __future__ import annotations

from collections.abc import Mapping

from lims.core.fields import Fields
from lims.jobs.notice_facts import (
    AnswerChoice,
    ConsentWay,
    Letter,
    NoticeFacts,
    NoticeStep,
    RecordAnswer,
    ReviseNotice,
    SendNotice,
    WithdrawNotice,
)

_LONGEST = 5000


def parse_revision(notice_id: int, form: Mapping[str, str]) -> ReviseNotice:
    """Read the words of a draft. Raises InvalidInput."""
    fields = Fields(form)
    letter = Letter(
        recipient_name=fields.optional_text("recipient_name", maximum=200) or "",
        recipient_email=fields.email("recipient_email") or "",
        recipient_phone=fields.optional_text("recipient_phone", maximum=40) or "",
        opening_vi=fields.text("opening_vi", maximum=_LONGEST),
        opening_en=fields.optional_text("opening_en", maximum=_LONGEST) or "",
        closing_vi=fields.text("closing_vi", maximum=_LONGEST),
        closing_en=fields.optional_text("closing_en", maximum=_LONGEST) or "",
    )
    command = ReviseNotice(notice_id, fields.integer("row_version"), letter)
    fields.finish()
    return command


def letter_values(notice: NoticeFacts) -> dict[str, object]:
    """Return the fields of the form that means the words of a notice now."""
    names = (
        "recipient_name",
        "recipient_email",
        "recipient_phone",
        "opening_vi",
        "opening_en",
        "closing_vi",
        "closing_en",
    )
    return {"row_version": notice.row_version, **{name: getattr(notice.letter, name) for name in names}}


def parse_step(notice_id: int, form: Mapping[str, str]) -> NoticeStep:
    """Read an approval. Raises InvalidInput."""
    fields = Fields(form)
    command = NoticeStep(notice_id, fields.integer("row_version"))
    fields.finish()
    return command


def parse_sending(notice_id: int, form: Mapping[str, str]) -> SendNotice:
    """Read when and how a notice went out. Raises InvalidInput."""
    fields = Fields(form)
    command = SendNotice(
        notice_id,
        sent_on=fields.date("sent_on"),
        way=fields.choice("sent_way", ConsentWay),
        reference=fields.optional_text("sent_reference", maximum=500) or "",
        row_version=fields.integer("row_version"),
    )
    fields.finish()
    return command


def parse_withdrawal(notice_id: int, form: Mapping[str, str]) -> WithdrawNotice:
    """Read why a notice is taken back. Raises InvalidInput."""
    fields = Fields(form)
    command = WithdrawNotice(notice_id, fields.text("reason", maximum=2000), fields.integer("row_version"))
    fields.finish()
    return command


def parse_answer(notice_id: int, form: Mapping[str, str], timezone: str) -> RecordAnswer:
    """Read a customer's answer. Raises InvalidInput."""
    fields = Fields(form)
    command = RecordAnswer(
        notice_id,
        choice=fields.choice("choice", AnswerChoice),
        answered_by=fields.text("answered_by", maximum=300),
        answered_at=fields.instant("answered_at", timezone),
        way=fields.choice("way", ConsentWay),
        evidence=fields.text("evidence", maximum=1000),
        note=fields.optional_text("note", maximum=2000) or "",
    )
    fields.finish()
    return command
