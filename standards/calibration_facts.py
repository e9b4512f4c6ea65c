"""What others may know of the calibrations of standards: events, contents, reference values, chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from standards.facts import StandardRole


class CalibrationSource(StrEnum):
    """Where a calibration was made."""

    EXTERNAL = "external"
    IN_HOUSE = "in_house"


class CalibrationState(StrEnum):
    """How far a calibration has come: recorded (waiting for acceptance), accepted, rejected, ended."""

    RECORDED = "recorded"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ENDED = "ended"


class ContentKind(StrEnum):
    """In which form a certificate gives its result."""

    ELEMENT = "element"
    CURVE = "curve"
    COEFFICIENTS = "coefficients"
    EXPRESSION = "expression"
    CHARACTERISTIC = "characteristic"


class Phase(StrEnum):
    """Before or after an adjustment; without one a result is as left."""

    AS_FOUND = "as_found"
    AS_LEFT = "as_left"


class Interpolation(StrEnum):
    """What may be done between the points of a curve."""

    NONE = "none"
    LINEAR = "linear"


class DriftPeriod(StrEnum):
    """Whether a drift's half-width holds for the whole time until the next calibration or grows by the year."""

    CALIBRATION = "calibration"
    YEAR = "year"


class TerminalKind(StrEnum):
    """At what a path upward may end (promise 4; ILAC-P10)."""

    NMI_CMC = "nmi_cmc"
    ACCREDITED_LABORATORY = "accredited_laboratory"
    OUTSIDE_NMI = "outside_nmi"
    OUTSIDE_LABORATORY = "outside_laboratory"
    OUTSIDE_EVALUATED = "outside_evaluated"
    REFERENCE_MATERIAL = "reference_material"
    INTRINSIC_REALIZATION = "intrinsic_realization"
    CITED_CONSTANT = "cited_constant"
    NON_SI_REFERENCE = "non_si_reference"


OUTSIDE_KINDS: Final = frozenset(
    {TerminalKind.OUTSIDE_NMI, TerminalKind.OUTSIDE_LABORATORY, TerminalKind.OUTSIDE_EVALUATED}
)
"""Outside the CIPM MRA (ILAC-P10:07/2020, 3a) or the ILAC MRA (3b); the last dates from before they were told apart."""

TERMINALS_OFFERED: Final = tuple(kind for kind in TerminalKind if kind is not TerminalKind.OUTSIDE_EVALUATED)
"""What may be recorded now."""


@dataclass(frozen=True, slots=True)
class PointFacts:
    """A point of a curve or a coefficient of an equation."""

    position: int
    value: Decimal
    name: str | None = None
    argument: Decimal | None = None
    second_argument: Decimal | None = None
    expanded_uncertainty: Decimal | None = None
    coverage_factor: Decimal | None = None
    coverage_probability: Decimal | None = None
    degrees_of_freedom: Decimal | None = None
    source_path: str | None = None


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """What a calibration says of one range. An empty `degrees_of_freedom` means infinite."""

    id: int
    calibration_id: int
    range_id: int
    phase: Phase
    kind: ContentKind
    identifier: str
    quantity: str
    unit: str
    argument_unit: str | None = None
    nominal: Decimal | None = None
    value: Decimal | None = None
    expanded_uncertainty: Decimal | None = None
    expanded_uncertainty_unit: str | None = None
    expanded_uncertainty_expression: str | None = None
    coverage_factor: Decimal | None = None
    coverage_probability: Decimal | None = None
    degrees_of_freedom: Decimal | None = None
    degrees_of_freedom_assumed: bool = False
    distribution: str | None = None
    equation: str | None = None
    interpolation: str | None = None
    correlation: str | None = None
    within_specification: bool | None = None
    source_path: str | None = None
    named_units: str | None = None
    points: tuple[PointFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """The evidence by which a path ends, and the dates between which it holds."""

    id: int
    calibration_id: int
    kind: TerminalKind
    evidence: str
    evidence_reference: str | None
    symbol_on_certificate: bool
    valid_from: date
    valid_to: date | None
    evaluated_by: str | None = None
    evaluated_on: date | None = None
    document_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class EdgeFacts:
    """The lower calibration used the upper one, in a role."""

    lower_id: int
    upper_id: int
    role: StandardRole
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExtensionFacts:
    """A dated decision that a calibration may be used longer."""

    valid_until: date
    decided_on: date
    evidence: str
    decided_by_name: str


@dataclass(frozen=True, slots=True)
class CalibrationFacts:
    """One calibration event with everything it says."""

    id: int
    token: str
    standard_id: int
    standard_code: str
    source: CalibrationSource
    certificate_number: str
    laboratory_id: int
    laboratory_name_vi: str
    laboratory_name_en: str | None
    run_id: int | None
    run_number: str | None
    calibrated_on: date
    issued_on: date | None
    valid_until: date | None
    method: str | None
    conditions: str | None
    accredited_symbol: bool
    state: CalibrationState
    recorded_at: datetime
    recorded_by_id: int
    recorded_by_name: str
    accepted_at: datetime | None
    accepted_by_id: int | None
    accepted_by_name: str | None
    acceptance_note: str | None
    ended_at: datetime | None
    ended_reason: str | None
    content_digest: str
    certificate_sha256: str | None
    dcc_sha256: str | None
    row_version: int
    contents: tuple[ContentFacts, ...] = ()
    terminals: tuple[TerminalFacts, ...] = ()
    edges: tuple[EdgeFacts, ...] = ()
    extensions: tuple[ExtensionFacts, ...] = ()
    run_digest: str | None = None
    ended_kind: str | None = None
    comparison: str | None = None

    def valid_until_as_known_on(self, day: date) -> date | None:
        """Return the last day of use (inclusive), counting the extensions decided up to a day; None: no end."""
        decided = [extension.valid_until for extension in self.extensions if extension.decided_on <= day]
        if self.valid_until is None:
            return None
        return max([self.valid_until, *decided])

    def content(self, content_id: int) -> ContentFacts | None:
        """Return one content, or None if it is not of this calibration."""
        return next((content for content in self.contents if content.id == content_id), None)

    @property
    def range_ids(self) -> frozenset[int]:
        """The ranges that the calibration says something of."""
        return frozenset(content.range_id for content in self.contents)


@dataclass(frozen=True, slots=True)
class UseProblem:
    """Why a calibration or standard may not be used: a code (words in messages.py) and its values."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    clause: str = ""


@dataclass(frozen=True, slots=True)
class ContentChoice:
    """A content that may be used now, with the range it belongs to; `arguments` are the points of a curve."""

    content_id: int
    range_id: int
    part_code: str
    part_name_vi: str
    part_name_en: str | None
    kind: ContentKind
    identifier: str
    quantity: str
    unit: str
    nominal: Decimal | None
    value: Decimal | None
    expanded_uncertainty: Decimal | None
    expanded_uncertainty_unit: str | None
    coverage_factor: Decimal | None
    lower: Decimal | None
    upper: Decimal | None
    resolution: Decimal | None
    resolution_unit: str | None
    range_unit: str = ""
    arguments: tuple[Decimal, ...] = ()
    argument_unit: str = ""
    interpolated: bool = False


@dataclass(frozen=True, slots=True)
class CalibrationChoice:
    """A calibration to choose as equipment, with what a run and its certificate say of it."""

    standard_id: int
    standard_code: str
    role: StandardRole
    name_vi: str
    name_en: str | None
    serial_number: str | None
    accuracy_class: str | None
    instrument_id: int
    instrument_kind: str
    site_id: int
    calibration_id: int
    certificate_number: str
    laboratory_id: int
    laboratory_name_vi: str
    laboratory_name_en: str | None
    calibrated_on: date
    valid_until: date | None
    days_left: int | None
    limitation: str | None
    contents: tuple[ContentChoice, ...]

    def name(self, language: str) -> str:
        """Return the name in a language, falling back to Vietnamese."""
        return (self.name_en if language == "en" else None) or self.name_vi

    def laboratory(self, language: str) -> str:
        """Return the calibrating laboratory's name in a language, falling back to Vietnamese."""
        return (self.laboratory_name_en if language == "en" else None) or self.laboratory_name_vi


@dataclass(frozen=True, slots=True)
class Point:
    """Where a reference value is asked for: a value of the argument and, if there is one, of the second parameter."""

    value: Decimal
    unit: str
    second_value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DriftAllowance:
    """What a standard may have drifted since its calibration: a half-width in `unit`, and a decided correction."""

    drift_id: int
    half_width: Decimal
    unit: str
    distribution: str
    correction: Decimal
    per: DriftPeriod
    basis: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """One part of a reference value's uncertainty, as its certificate or decision gives it."""

    kind: str
    content_id: int | None
    value: Decimal
    unit: str
    coverage_factor: Decimal | None
    origin: str


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """A standard's value at a point and an instant. Everything is in `unit`; exact decimals.

    `drift` is an uncertainty beside `expanded_uncertainty`, never inside it; a drift correction, where one was
    decided, is *not* applied to `value` (a procedure version says whether it is). `degrees_of_freedom` None: infinite.
    """

    standard_id: int
    calibration_id: int
    content_id: int
    range_id: int
    quantity: str
    value: Decimal
    unit: str
    expanded_uncertainty: Decimal
    coverage_factor: Decimal
    degrees_of_freedom: Decimal | None
    distribution: str
    interpolated: bool
    drift: DriftAllowance | None
    contributions: tuple[Contribution, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class ReferenceCorrelation:
    """The correlation coefficient of two contents used together, and where it comes from (a code)."""

    first_content_id: int
    second_content_id: int
    coefficient: Decimal
    origin: str
