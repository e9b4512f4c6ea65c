"""The way of a notice to a customer: which step may follow which, and what an answer does to its item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lims.core.errors import FieldError, InvalidInput, RuleViolation
from lims.jobs.facts import ItemState
from lims.jobs.notice_facts import AnswerChoice, ConsentWay, Letter, NoticeFacts, NoticeState, RecordAnswer

CLAUSE_CUSTOMER: Final = "ISO/IEC 17025:2017, 7.1.8"
CLAUSE_REPORT: Final = "ISO/IEC 17025:2017, 7.8.1.1"

_D, _A, _S, _W = NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENT, NoticeState.WITHDRAWN
TRANSITIONS: Final[Mapping[NoticeState, frozenset[NoticeState]]] = {
    _D: frozenset({_A, _W}),
    _A: frozenset({_S, _W}),
    _S: frozenset(),
    _W: frozenset(),
}

AFTER_ANSWER: Final[Mapping[AnswerChoice, ItemState]] = {
    AnswerChoice.ADJUST: ItemState.IN_WORK,
    AnswerChoice.REPAIR: ItemState.IN_WORK,
    AnswerChoice.CERTIFICATE_AS_FOUND: ItemState.IN_WORK,
    AnswerChoice.RETURN_AS_IS: ItemState.CANCELLED,
}
"""Where an item on hold goes with its customer's answer; a cancelled item keeps its readings and is handed back."""


def check_notice_step(notice: NoticeFacts, to: NoticeState) -> None:
    """Refuse a step that does not follow from where a notice stands. Raises RuleViolation."""
    if to not in TRANSITIONS[notice.state]:
        raise RuleViolation("notice.step_refused", clause=CLAUSE_CUSTOMER, number=notice.number, state=notice.state)


def check_words(letter: Letter) -> None:
    """Refuse a notice without its Vietnamese words. Raises InvalidInput."""
    missing = [name for name in ("opening_vi", "closing_vi") if not getattr(letter, name).strip()]
    if missing:
        raise InvalidInput([FieldError(name, "field.missing") for name in missing])


def check_answer(notice: NoticeFacts, command: RecordAnswer) -> None:
    """Refuse an answer to a notice that was taken back or answered, and one without who, how and evidence."""
    if notice.state is NoticeState.WITHDRAWN or notice.answer is not None:
        raise RuleViolation("notice.not_waiting", clause=CLAUSE_CUSTOMER, number=notice.number)
    missing = [name for name in ("answered_by", "evidence") if not getattr(command, name).strip()]
    if missing:
        raise InvalidInput([FieldError(name, "field.missing") for name in missing])
    if command.way is ConsentWay.ORDER and command.choice is not AnswerChoice.ADJUST:
        raise InvalidInput.of("way", "field.not_a_choice", text=command.way)
