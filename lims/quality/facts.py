"""What is known of nonconforming work: its states, steps, the runs concerned, the letters; and its commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from certificates.impact_facts import Finding

CLAUSE: Final = "ISO/IEC 17025:2017, 7.10.1"
CLAUSE_RESUME: Final = "ISO/IEC 17025:2017, 7.10.1 f)"


class WorkState(StrEnum):
    """How far a record has come: open, decided upon, released by an authorised person."""

    OPEN = "open"
    DECIDED = "decided"
    RELEASED = "released"


class StepKind(StrEnum):
    """What somebody did."""

    OPENED = "opened"
    STOPPED = "stopped"
    INVESTIGATED = "investigated"
    LETTERS = "letters"
    MARKED = "marked"
    SENT = "sent"
    DECIDED = "decided"
    RELEASED = "released"


class Treatment(StrEnum):
    """What is to be done about a certificate: amend it, tell the customer only, or nothing."""

    AMEND = "amend"
    INFORM = "inform"
    NONE = "none"


class LetterState(StrEnum):
    """Whether a letter has gone."""

    DRAFT = "draft"
    SENT = "sent"


class LetterWay(StrEnum):
    """How a letter went."""

    EMAIL = "email"
    WRITTEN = "written"
    IN_PERSON = "in_person"


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Open a record from a study: what was found, whether the standard's use stops, what is done at once."""

    study_id: int
    finding: str
    stop_use: bool = True
    draft_letters: bool = True
    investigate: bool = True


@dataclass(frozen=True, slots=True)
class MarkItem:
    """Say what is to be done about a certificate."""

    item_id: int
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class DecideWork:
    """Decide what follows."""

    work_id: int
    decision: str
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class ReleaseWork:
    """Let work go on."""

    work_id: int
    note: str
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class SendLetter:
    """Note that a letter went."""

    letter_id: int
    sent_on: date
    way: LetterWay


@dataclass(frozen=True, slots=True)
class StepFacts:
    """A step as recorded."""

    kind: StepKind
    text: str
    at: datetime
    actor_name: str


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A run concerned with its certificate."""

    id: int
    work_id: int
    run_id: int
    run_number: str
    certificate_id: int | None
    certificate: str
    certificate_state: str
    customer_vi: str
    customer_en: str | None
    instrument_vi: str
    instrument_en: str | None
    serial_number: str
    finding: Finding
    worst: float
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """A letter to a customer."""

    id: int
    work_id: int
    number: str
    customer_id: int
    customer_vi: str
    customer_en: str | None
    recipient: str
    text_vi: str
    text_en: str
    state: LetterState
    sent_on: date | None
    sent_way: str


@dataclass(frozen=True, slots=True)
class WorkView:
    """A record of nonconforming work."""

    id: int
    number: str
    site_id: int
    study_id: int | None
    standard_id: int | None
    standard_code: str
    standard_vi: str
    standard_en: str | None
    calibration_id: int | None
    state: WorkState
    finding: str
    use_stopped: bool
    opened_at: datetime
    opened_by_name: str
    decided_at: datetime | None
    decided_by_name: str
    decision: str
    released_at: datetime | None
    released_by_name: str
    release_note: str
    row_version: int
    items: int = 0
    to_amend: int = 0
    letters: tuple[LetterFacts, ...] = ()
    steps: tuple[StepFacts, ...] = ()
