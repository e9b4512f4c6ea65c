"""What a person asks for, as plain values: made by forms, carried out by services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from standards.calibration_facts import CalibrationSource, ContentKind, DriftPeriod, Phase
from standards.event_facts import Course, EndKind
from standards.facts import StandardRole, StandardState


@dataclass(frozen=True, slots=True)
class NewRange:
    """A range; `unit` empty means the function's unit."""

    unit: str = ""
    name: str = ""
    lower: Decimal | None = None
    upper: Decimal | None = None
    nominal: Decimal | None = None
    resolution: Decimal | None = None
    resolution_unit: str | None = None
    second_lower: Decimal | None = None
    second_upper: Decimal | None = None
    specification: str | None = None


@dataclass(frozen=True, slots=True)
class NewFunction:
    """A quantity with its unit and ranges; without ranges it gets one without limits."""

    quantity: str
    unit: str
    name: str = ""
    second_parameter: str | None = None
    second_parameter_unit: str | None = None
    ranges: tuple[NewRange, ...] = ()


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part; an instrument registered without parts gets one with the instrument's own name."""

    code: str
    name_vi: str
    functions: tuple[NewFunction, ...]
    name_en: str | None = None
    serial_number: str | None = None
    marking: str | None = None


@dataclass(frozen=True, slots=True)
class InstrumentIdentity:
    """What an instrument is, apart from its structure; the same for registering and for changing."""

    owner_id: int
    kind: str
    name_vi: str
    name_en: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None
    asset_tag: str | None = None
    year_made: int | None = None
    country_made: str | None = None
    accuracy_class: str | None = None
    firmware: str | None = None
    type_approval_number: str | None = None
    purpose_of_use: str = "group_1"
    legal_regime: str = "calibration"
    place_of_use: str | None = None
    location: str | None = None
    note: str | None = None
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterInstrument:
    """A new instrument: either `functions` (one part is made) or `parts`."""

    identity: InstrumentIdentity
    functions: tuple[NewFunction, ...] = ()
    parts: tuple[NewPart, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateInstrument:
    """A change of an instrument's identity, with the version that the person saw."""

    instrument_id: int
    row_version: int
    identity: InstrumentIdentity


@dataclass(frozen=True, slots=True)
class AgreeInterval:
    """Note after how many months an instrument's owner wants it calibrated again; None: not at fixed times.

    `basis` says who said so, and where it is written.
    """

    instrument_id: int
    months: int | None
    valid_from: date
    basis: str


@dataclass(frozen=True, slots=True)
class AddRange:
    """A further range (with its function and part where they are new) of a registered instrument."""

    instrument_id: int
    part: NewPart


@dataclass(frozen=True, slots=True)
class RegisterStandard:
    """An instrument of the laboratory taken into a role."""

    instrument_id: int
    site_id: int
    code: str
    role: StandardRole
    level: str | None = None
    needs_calibration: bool = True
    interval_months: int | None = None
    interval_policy: str | None = None
    custodian_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeStandardState:
    """A new state; quarantine, retirement and limitation say why. `row_version` guards against a stale page."""

    standard_id: int
    state: StandardState
    reason: str | None = None
    limitation: str | None = None
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class NewPoint:
    """A point of a curve (argument, value, U, k) or a coefficient (name, value, U, k)."""

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
class NewContent:
    """What the certificate says of one range. `unit` empty means the range's; U may have a unit of its own.

    `source_path` is where its numbers stand in a digital certificate; `named_units` (canonical JSON) are units that a
    person named there, by the words of the file.
    """

    range_id: int
    kind: ContentKind
    unit: str = ""
    identifier: str = ""
    phase: Phase = Phase.AS_LEFT
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
    points: tuple[NewPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class NewTerminal:
    """The evidence by which a path ends; `kind` is a text until it is checked."""

    kind: str
    evidence: str
    valid_from: date
    valid_to: date | None = None
    evidence_reference: str | None = None
    symbol_on_certificate: bool = False
    evaluated_by: str | None = None
    evaluated_on: date | None = None
    document_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class NewEdge:
    """A calibration that this one used, in a role."""

    upper_id: int
    role: StandardRole = StandardRole.REFERENCE


@dataclass(frozen=True, slots=True)
class RecordCalibration:
    """A calibration event of a standard: from outside with a terminal, or from a run here with edges upward.

    `run_id`, `run_number` and `run_digest` (of its evaluation) name the run of a calibration in house; `valid_until`
    empty is computed from the standard's interval. `row_version` is the standard's when the form was opened: somebody
    else's calibration in between is not overlooked.
    """

    standard_id: int
    certificate_number: str
    laboratory_id: int
    calibrated_on: date
    contents: tuple[NewContent, ...]
    source: CalibrationSource = CalibrationSource.EXTERNAL
    issued_on: date | None = None
    valid_until: date | None = None
    method: str | None = None
    conditions: str | None = None
    accredited_symbol: bool = False
    terminals: tuple[NewTerminal, ...] = ()
    edges: tuple[NewEdge, ...] = ()
    run_id: int | None = None
    run_number: str | None = None
    run_digest: str | None = None
    certificate_sha256: str | None = None
    dcc_sha256: str | None = None
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class AcceptCalibration:
    """Accept what came back (ISO/IEC 17025:2017, 6.4.4).

    `course` is how a change beyond what was allowed for is studied: as a step after the last good evidence, or as a
    drift from then on.
    """

    calibration_id: int
    row_version: int | None = None
    note: str | None = None
    course: Course = Course.STEP


@dataclass(frozen=True, slots=True)
class RejectCalibration:
    """Refuse what came back, saying why."""

    calibration_id: int
    reason: str
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class EndCalibration:
    """End an accepted calibration (adjustment, repair, doubt) from an instant on; `at` empty means now."""

    calibration_id: int
    reason: str
    at: datetime | None = None
    row_version: int | None = None
    kind: EndKind | None = None


@dataclass(frozen=True, slots=True)
class EndCalibrations:
    """A standard was adjusted, repaired or damaged: what its calibrations say of these ranges (none: of all) ends.

    `at` empty means now; `row_version` is that of the standard.
    """

    standard_id: int
    kind: EndKind
    reason: str
    at: datetime | None = None
    range_ids: tuple[int, ...] = ()
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class ExtendCalibration:
    """Use an accepted calibration longer, on evidence."""

    calibration_id: int
    valid_until: date
    evidence: str


@dataclass(frozen=True, slots=True)
class RecordTerminal:
    """Add evidence to a calibration that still waits for acceptance."""

    calibration_id: int
    terminal: NewTerminal


@dataclass(frozen=True, slots=True)
class RecordDrift:
    """Decide how far a standard may drift. Expressions may use x, the absolute value of the point in `unit`."""

    standard_id: int
    half_width_expression: str
    unit: str
    basis: str
    valid_from: date
    range_id: int | None = None
    distribution: str = "rectangular"
    per: DriftPeriod = DriftPeriod.CALIBRATION
    correction_expression: str | None = None


@dataclass(frozen=True, slots=True)
class RecordPaper:
    """A paper with dates, for example "certified for verification"."""

    standard_id: int
    kind: str
    number: str
    issued_on: date
    valid_until: date | None = None
    issuer_id: int | None = None
    document_sha256: str | None = None
