"""What is known of impact: a doubt about a calibration of a standard, what it reaches, how far each result moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

CLAUSE: Final = "ISO/IEC 17025:2017, 7.10.1"


class Basis(StrEnum):
    """What is known of the doubt: nothing but that it is out of tolerance, by how much, or the corrected points."""

    OUT_OF_TOLERANCE = "out_of_tolerance"
    SHIFT = "shift"
    POINTS = "points"


class Sense(StrEnum):
    """Of what a shift is: the standard indicates too much by it, or its value is larger than certified by it."""

    INDICATION = "indication"
    VALUE = "value"


class Course(StrEnum):
    """How the change came: at once on the day of onset, or evenly from then until a second day."""

    STEP = "step"
    DRIFT = "drift"


class StudyState(StrEnum):
    """How far a study has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Finding(StrEnum):
    """What became of a run that the calibration reached."""

    CHANGED = "changed"
    SHIFTED = "shifted"
    UNCHANGED = "unchanged"
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift as stated: an amount in a unit; relative units (% or ppm of the reading) are told by the content."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class CorrectedPoint:
    """The value that a content truly had at an argument (none for an artefact), in the content's unit."""

    content_id: int
    argument: Decimal | None
    value: Decimal


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is doubted of one calibration of a standard, where, and since when.

    `lower` to `upper` (in `span_unit`) is the part of the range in doubt. A step holds from `onset` on (without it,
    since the calibration) to the end of `until`; a drift grows from nothing at `onset` to the whole at `until` and
    stays. Dates are those of the laboratory.
    """

    calibration_id: int
    basis: Basis
    shift: Shift | None = None
    sense: Sense | None = None
    points: tuple[CorrectedPoint, ...] = ()
    lower: Decimal | None = None
    upper: Decimal | None = None
    span_unit: str = ""
    onset: date | None = None
    until: date | None = None
    course: Course = Course.STEP


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """Open a study of what a doubt reaches; `reason` says what was found."""

    calibration_id: int
    shift: str = ""
    sense: Sense | None = None
    points: tuple[CorrectedPoint, ...] = ()
    lower: Decimal | None = None
    upper: Decimal | None = None
    span_unit: str = ""
    onset: date | None = None
    until: date | None = None
    course: Course = Course.STEP
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImpactLine:
    """How one result moves: shortest round-trip texts in `unit`; `reported_*` as printed before and after.

    `shift_in_u` is the shift as a multiple of the expanded uncertainty that stands on the certificate.
    """

    section: str
    point: str
    output: str
    phase: str
    unit: str
    old: str
    new: str
    shift: str
    shift_in_u: str
    expanded_uncertainty: str
    old_error: str | None
    new_error: str | None
    old_verdict: str | None
    new_verdict: str | None
    lower: str | None
    upper: str | None
    reported_old: str
    reported_new: str
    reported_unit: str
    reported_uncertainty: str

    @property
    def moved(self) -> bool:
        """Return whether the result moved by anything that counts: more than a billionth of its uncertainty."""
        return abs(float(self.shift_in_u)) > 1e-9

    @property
    def changed(self) -> bool:
        """Return whether the statement of conformity changed."""
        return self.old_verdict != self.new_verdict


@dataclass(frozen=True, slots=True)
class Reevaluated:
    """What became of one evaluation: its finding, the worst of its shifts in units of U, every line."""

    finding: Finding
    worst: float
    lines: tuple[ImpactLine, ...] = ()
    reason: str = ""

    @property
    def changed(self) -> bool:
        """Return whether any statement of conformity changed."""
        return self.finding is Finding.CHANGED


@dataclass(frozen=True, slots=True)
class ReachedCertificate:
    """A certificate that covers a run."""

    id: int
    printed: str
    state: str


@dataclass(frozen=True, slots=True)
class ImpactRow:
    """A run that a study reached, with its certificates and what became of its results."""

    run_id: int
    run_number: str
    run_state: str
    purpose: str
    instrument_vi: str
    instrument_en: str | None
    serial_number: str
    standard_code: str
    customer_vi: str
    customer_en: str | None
    ended_at: datetime | None
    steps: int
    finding: Finding
    worst: float
    certificates: tuple[ReachedCertificate, ...] = ()
    lines: tuple[ImpactLine, ...] = ()
    titles: Mapping[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImpactStudyView:
    """A study with its doubt and how far it has come."""

    id: int
    doubt: Doubt
    reason: str
    state: StudyState
    standard_id: int
    standard_code: str
    standard_vi: str
    standard_en: str | None
    certificate_number: str
    calibrated_on: date
    opened_at: datetime
    opened_by_name: str
    finished_at: datetime | None
    total: int | None
    done: int
    counts: Mapping[str, int] = field(default_factory=dict)
    certificates: int = 0
    result_digest: str | None = None
    last_error: str = ""
    by_itself: bool = False

    @property
    def over(self) -> bool:
        """Return whether nothing more will come."""
        return self.state in {StudyState.DONE, StudyState.FAILED}
