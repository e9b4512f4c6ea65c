"""Commands: what a person asks for in a calibration run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lims.calibrations.facts import (
    Address,
    AdjustmentKind,
    ExclusionKind,
    JustificationKind,
    Phase,
    ReadingSource,
    RunPurpose,
)
from lims.jobs.notice_facts import ConsentWay


@dataclass(frozen=True, slots=True)
class OpenRun:
    """Open a run for a job item, or, for another purpose, for an instrument under a procedure version.

    `room_id` names a room of the site; `room` is free text, for work elsewhere.
    """

    purpose: RunPurpose = RunPurpose.CUSTOMER
    job_item_id: int | None = None
    instrument_id: int | None = None
    procedure_version_id: int | None = None
    site_id: int | None = None
    room: str = ""
    room_id: int | None = None
    supervisor_id: int | None = None
    replaces_run_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeRun:
    """Change the header of a draft."""

    run_id: int
    seen_row_version: int
    room: str = ""
    room_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChooseEquipment:
    """Use a calibration of a standard in a slot of the procedure, for the whole run or a section or point of it."""

    run_id: int
    slot: str
    standard_id: int
    calibration_id: int | None
    content_id: int | None = None
    section: str = ""
    point: str = ""
    seen_row_version: int | None = None


@dataclass(frozen=True, slots=True)
class WithdrawEquipment:
    """Take a standard out of a run, saying why."""

    use_id: int
    reason: str
    seen_row_version: int | None = None


@dataclass(frozen=True, slots=True)
class RecordReading:
    """Write an indication into a cell; `seen_reading_id` is what the writer saw there (None: an empty cell).

    With a seen reading this is a correction and needs a `reason`. `client_uuid` makes a repeat harmless.
    """

    run_id: int
    address: Address
    text: str
    unit: str
    client_uuid: str
    seen_reading_id: int | None = None
    reason: str = ""
    observed_at: datetime | None = None
    observer_id: int | None = None
    source: ReadingSource = ReadingSource.TYPED
    source_sha256: str | None = None
    equipment_use_id: int | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """Say that a cell cannot be read, and why; `seen_reading_id` is what the writer saw there (None: an empty cell)."""

    run_id: int
    address: Address
    reason: str
    client_uuid: str
    seen_reading_id: int | None = None


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Undo one's own last entry in a cell: back to the reading before it, or, where there was none, withdraw it."""

    run_id: int
    reading_id: int
    to_reading_id: int | None
    reason: str
    client_uuid: str


@dataclass(frozen=True, slots=True)
class CommentReading:
    """Say something of a reading; `reason` is what its record calls the change."""

    run_id: int
    reading_id: int
    comment: str
    reason: str
    client_uuid: str


@dataclass(frozen=True, slots=True)
class Exclude:
    """Leave a reading (or, without one, a whole point) out, take it back in, or say that it cannot be measured."""

    run_id: int
    kind: ExclusionKind
    reason: str
    reading_id: int | None = None
    section: str = ""
    point: str = ""
    phase: str = Phase.AS_FOUND
    approver_id: int | None = None


@dataclass(frozen=True, slots=True)
class Justify:
    """Say why the run stands although a condition was outside its limits, or how it deviates from the method."""

    run_id: int
    kind: JustificationKind
    subject: str
    text_vi: str
    text_en: str = ""
    on_certificate: bool = True


@dataclass(frozen=True, slots=True)
class Consent:
    """A customer's consent: who gave it, when, by which way, and what shows it."""

    by: str
    at: datetime
    way: ConsentWay
    evidence: str


@dataclass(frozen=True, slots=True)
class RecordAdjustment:
    """Note an adjustment between as found and as left: what was done, by whom and when, which seals.

    Without `consent` the order or the customer's recorded answer has to allow it. `performer_id` is the writer where
    nobody else is named, `adjusted_at` the time of entry.
    """

    run_id: int
    description_vi: str
    description_en: str = ""
    kind: AdjustmentKind = AdjustmentKind.ADJUSTMENT
    consent: Consent | None = None
    seals_removed: str = ""
    seals_applied: str = ""
    performer_id: int | None = None
    adjusted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decide:
    """Submit, return, review, release or void a run; `evaluation_digest` names what the decider saw."""

    run_id: int
    seen_row_version: int | None = None
    evaluation_digest: str | None = None
    comment: str = ""
