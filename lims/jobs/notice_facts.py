"""What is known of notices to a customer: what was found, how far the notice has gone, what was answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from lims.core.canonical import canonical_json
from lims.jobs.facts import HoldReason, ItemState


class NoticeState(StrEnum):
    """How far a notice has gone."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


class NoticeKind(StrEnum):
    """What a notice is about."""

    AS_FOUND_FAILURE = "as_found_failure"


class ConsentWay(StrEnum):
    """How word went between laboratory and customer; `order`: agreed in the order itself."""

    EMAIL = "email"
    PHONE = "phone"
    WRITTEN = "written"
    IN_PERSON = "in_person"
    ORDER = "order"


class AnswerChoice(StrEnum):
    """What a customer wants done with an item that does not conform as found."""

    ADJUST = "adjust"
    REPAIR = "repair"
    RETURN_AS_IS = "return_as_is"
    CERTIFICATE_AS_FOUND = "certificate_as_found"


@dataclass(frozen=True, slots=True)
class Failure:
    """A point that does not conform as found; numbers are reported text, limits are those agreed for the error."""

    section_vi: str
    section_en: str
    point_vi: str
    point_en: str
    output_vi: str
    output_en: str
    measurement_error: str
    expanded_uncertainty: str
    coverage_factor: str
    unit: str
    lower: str | None
    upper: str | None
    limit_unit: str
    decision: str


@dataclass(frozen=True, slots=True)
class StandardNamed:
    """A standard that the finding rests on."""

    code: str
    name_vi: str
    name_en: str
    certificate_number: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a notice tells: the run, when, by which procedure and standards, against what, and each point that fails."""

    run_id: int
    run_number: str
    measured_from: date
    measured_to: date
    procedure: str
    specification_vi: str
    specification_en: str
    rule: str
    failures: tuple[Failure, ...]
    points: int
    standards: tuple[StandardNamed, ...]

    def to_json(self) -> str:
        """Return the canonical JSON of the finding."""
        return canonical_json(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Finding:
        """Read what `to_json` wrote."""
        data: Mapping[str, Any] = json.loads(text)
        return cls(
            **{
                **data,
                "measured_from": date.fromisoformat(data["measured_from"]),
                "measured_to": date.fromisoformat(data["measured_to"]),
                "failures": tuple(Failure(**entry) for entry in data["failures"]),
                "standards": tuple(StandardNamed(**entry) for entry in data["standards"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Letter:
    """The words around the figures, in both languages, and to whom they go."""

    recipient_name: str
    recipient_email: str
    recipient_phone: str
    opening_vi: str
    opening_en: str
    closing_vi: str
    closing_en: str


@dataclass(frozen=True, slots=True)
class Act:
    """Who took a step, when."""

    at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """A customer's answer as recorded."""

    id: int
    notice_id: int
    choice: AnswerChoice
    answered_by: str
    answered_at: datetime
    way: ConsentWay
    evidence: str
    note: str
    recorded: Act


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A notice to a customer with its item, its figures, its words, and what became of it."""

    id: int
    number: str
    kind: NoticeKind
    state: NoticeState
    item_id: int
    job_id: int
    job_number: str
    position: int
    site_id: int
    customer_id: int
    instrument_id: int
    finding: Finding
    letter: Letter
    drafted: Act
    approved: Act | None
    approved_title_vi: str
    approved_title_en: str
    sent: Act | None
    sent_on: date | None
    sent_way: ConsentWay | None
    sent_reference: str
    withdrawn: Act | None
    withdrawn_reason: str
    answer: AnswerFacts | None
    row_version: int


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice in a list."""

    id: int
    number: str
    state: NoticeState
    item_id: int
    job_number: str
    position: int
    instrument_vi: str
    instrument_en: str
    serial_number: str
    customer_vi: str
    customer_en: str
    drafted_at: datetime
    sent_on: date | None
    answer: AnswerChoice | None


@dataclass(frozen=True, slots=True)
class HoldLine:
    """An item on hold, what it waits for and since when, and the notice that asks the customer, if one does."""

    item_id: int
    job_number: str
    position: int
    instrument_vi: str
    instrument_en: str
    serial_number: str
    customer_vi: str
    customer_en: str
    state: ItemState
    hold_reason: HoldReason
    since: datetime
    reason: str
    notice_id: int | None
    notice_state: NoticeState | None


# Commands.


@dataclass(frozen=True, slots=True)
class DraftNotice:
    """Put an item on hold for its customer's answer, with a notice of what was found."""

    item_id: int
    finding: Finding
    hold: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReviseNotice:
    """Change the words of a draft, or to whom it goes."""

    notice_id: int
    row_version: int
    letter: Letter


@dataclass(frozen=True, slots=True)
class NoticeStep:
    """Approve a notice; `row_version` is what the approver saw."""

    notice_id: int
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class SendNotice:
    """Say that a notice went to the customer: when and by which way."""

    notice_id: int
    sent_on: date
    way: ConsentWay
    reference: str = ""
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class WithdrawNotice:
    """Take back a notice that was not sent, with the reason; an item that waits for its answer goes on."""

    notice_id: int
    reason: str
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """Write down what a customer answered: who, when, by which way, and what shows it."""

    notice_id: int
    choice: AnswerChoice
    answered_by: str
    answered_at: datetime
    way: ConsentWay
    evidence: str
    note: str = ""
