"""What others may know of instruments and standards: codes and frozen dataclasses, no database, no web."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class StandardRole(StrEnum):
    """What a standard may do in a run. A reference may also watch a condition; not the other way round."""

    REFERENCE = "reference"
    INFLUENCE = "influence"
    AUXILIARY = "auxiliary"


class StandardState(StrEnum):
    """The recorded availability of a standard. Due and overdue are computed, never recorded."""

    AVAILABLE = "available"
    LIMITED = "limited"
    OUT = "out"
    RETURNED = "returned"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


class LegalRegime(StrEnum):
    """Which rules a use follows: calibration (hiệu chuẩn) or verification (kiểm định)."""

    CALIBRATION = "calibration"
    VERIFICATION = "verification"


class PaperKind(StrEnum):
    """Papers with dates that a standard has beside its calibrations."""

    CERTIFIED_FOR_VERIFICATION = "certified_for_verification"
    TYPE_APPROVAL = "type_approval"
    OTHER = "other"


class ScheduleKind(StrEnum):
    """What falls due for an instrument."""

    CALIBRATION = "calibration"
    VERIFICATION = "verification"
    CHECK = "check"


class DueState(StrEnum):
    """How a standard stands on a date."""

    IN_DATE = "in_date"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    NOT_CALIBRATED = "not_calibrated"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class IntervalFacts:
    """The calibration interval that holds for an instrument: months (None: not at fixed times), since when, why."""

    months: int | None
    valid_from: date
    basis: str


CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""How codes of kinds and quantities are written; which there are is data, the known ones have words in messages.py."""

INSTRUMENT_KINDS: Final = (
    "weight",
    "weight_set",
    "balance",
    "scale",
    "truck_scale",
    "pressure_gauge",
    "pressure_balance",
    "blood_pressure_gauge",
    "thermometer",
    "thermo_hygrometer",
    "barometer",
    "stopwatch",
    "capacity_measure",
    "water_meter",
    "water_meter_bench",
    "fuel_dispenser",
    "electricity_meter",
    "electricity_meter_bench",
    "gauge_blocks",
    "caliper",
    "moisture_meter",
    "current_transformer",
    "taximeter",
    "taximeter_tester",
    "bath",
    "humidity_chamber",
    "pressure_pump",
    "other",
)

QUANTITY_UNITS: Final = MappingProxyType(
    {
        "mass": "kg",
        "pressure": "Pa",
        "temperature": "degC",
        "relative_humidity": "%",
        "volume": "L",
        "flow_rate": "m^3/h",
        "length": "m",
        "time": "s",
        "frequency": "Hz",
        "electric_current": "A",
        "voltage": "V",
        "electric_resistance": "ohm",
        "active_energy": "kW*h",
        "force": "N",
        "torque": "N*m",
        "density": "kg/m^3",
        "relative_error": "%",
    }
)
"""Known quantities with a unit that every unit of theirs must be convertible to. Others are taken as they are."""


@dataclass(frozen=True, slots=True)
class RangeFacts:
    """A range of a function: what it spans, how finely it reads, what its maker or the law allows."""

    id: int
    function_id: int
    name: str
    lower: Decimal | None
    upper: Decimal | None
    nominal: Decimal | None
    unit: str
    resolution: Decimal | None
    resolution_unit: str | None
    second_lower: Decimal | None
    second_upper: Decimal | None
    specification: str | None


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """A quantity that a part measures or realises."""

    id: int
    part_id: int
    name: str
    quantity: str
    unit: str
    second_parameter: str | None
    second_parameter_unit: str | None
    ranges: tuple[RangeFacts, ...]


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A part with an identity of its own."""

    id: int
    code: str
    name_vi: str
    name_en: str | None
    serial_number: str | None
    marking: str | None
    position: int
    functions: tuple[FunctionFacts, ...]


@dataclass(frozen=True, slots=True)
class RangeAddress:
    """A range with the part and function it belongs to."""

    part: PartFacts
    function: FunctionFacts
    range: RangeFacts


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """An instrument as a whole, with its structure. `standard_id` is set where it is a standard of the laboratory."""

    id: int
    token: str
    owner_id: int
    owner_name_vi: str
    owner_name_en: str | None
    site_id: int | None
    kind: str
    name_vi: str
    name_en: str | None
    manufacturer: str | None
    model: str | None
    serial_number: str | None
    asset_tag: str | None
    year_made: int | None
    country_made: str | None
    accuracy_class: str | None
    firmware: str | None
    type_approval_number: str | None
    purpose_of_use: str
    legal_regime: str
    place_of_use: str | None
    location: str | None
    note: str | None
    retired_on: date | None
    row_version: int
    standard_id: int | None
    parts: tuple[PartFacts, ...]

    def name(self, language: str) -> str:
        """Return the name in a language, falling back to Vietnamese."""
        return (self.name_en if language == "en" else None) or self.name_vi

    def ranges(self) -> tuple[RangeAddress, ...]:
        """Return all ranges, in the order of parts and functions."""
        return tuple(RangeAddress(p, f, r) for p in self.parts for f in p.functions for r in f.ranges)

    def range_address(self, range_id: int) -> RangeAddress | None:
        """Return where a range belongs, or None if it is not of this instrument."""
        return next((address for address in self.ranges() if address.range.id == range_id), None)


@dataclass(frozen=True, slots=True)
class InstrumentLine:
    """An instrument in a list."""

    id: int
    owner_id: int
    owner_name_vi: str
    owner_name_en: str | None
    kind: str
    name_vi: str
    name_en: str | None
    manufacturer: str | None
    model: str | None
    serial_number: str | None
    asset_tag: str | None
    accuracy_class: str | None
    retired_on: date | None
    standard_id: int | None
    standard_code: str | None


@dataclass(frozen=True, slots=True)
class StateChange:
    """A recorded state of a standard from an instant on."""

    state: StandardState
    at: datetime
    limitation: str | None = None
    reason: str | None = None
    actor_name: str = ""


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """A paper with dates beside the calibrations."""

    id: int
    kind: str
    number: str
    issuer_id: int | None
    issued_on: date
    valid_until: date | None
    document_sha256: str | None = None
    issuer_name_vi: str | None = None
    issuer_name_en: str | None = None


@dataclass(frozen=True, slots=True)
class StandardFacts:
    """A standard with its timeline of states (oldest first) and its papers."""

    id: int
    instrument_id: int
    site_id: int
    laboratory_id: int
    timezone: str
    code: str
    role: StandardRole
    level: str | None
    needs_calibration: bool
    interval_months: int | None
    interval_policy: str | None
    custodian_id: int | None
    row_version: int
    name_vi: str
    name_en: str | None
    serial_number: str | None
    accuracy_class: str | None
    kind: str
    states: tuple[StateChange, ...] = ()
    papers: tuple[PaperFacts, ...] = ()
    location: str | None = None

    def name(self, language: str) -> str:
        """Return the name in a language, falling back to Vietnamese."""
        return (self.name_en if language == "en" else None) or self.name_vi

    def state_at(self, at: datetime) -> StateChange | None:
        """Return the state recorded last before an instant, or None if none was."""
        past = [change for change in self.states if change.at <= at]
        return past[-1] if past else None


@dataclass(frozen=True, slots=True)
class DriftFacts:
    """A dated decision on a standard's drift: the half-width of an interval, per calibration or per year."""

    id: int
    standard_id: int
    range_id: int | None
    half_width_expression: str
    unit: str
    distribution: str
    per: str
    correction_expression: str | None
    basis: str
    valid_from: date
    decided_by_name: str


@dataclass(frozen=True, slots=True)
class StandardLine:
    """A standard in the list, with what is computed for a date. `days_left` is negative when overdue."""

    standard: StandardFacts
    state: StandardState
    limitation: str | None
    calibration_id: int | None
    certificate_number: str | None
    calibrated_on: date | None
    valid_until: date | None
    days_left: int | None
    due: DueState
    waiting: int
    missing_papers: tuple[str, ...]
    away_with_vi: str | None = None
    away_with_en: str | None = None
    expected_on: date | None = None
    late: bool = False
    """Whether it should have been back before the day."""
