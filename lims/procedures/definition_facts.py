"""What a procedure version says, as data: sections with their model, inputs, layout and points; conditions; equipment.

Everything is frozen and exact: numbers are decimals with a unit beside them. `definition.py` reads and writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

SCHEMA: Final = 1
CONDITIONS: Final = "conditions"
"""The section whose readings are the room's conditions; no section of a definition may take its name."""


class LayoutKind(StrEnum):
    """How the readings of a section are arranged; each expands to addresses in `layouts.py`."""

    POINTS_REPEATS = "points_repeats"
    UP_DOWN = "up_down"
    ABBA = "abba"
    PAIRED = "paired"
    POSITIONS = "positions"
    SINGLE = "single"


class ReadingRole(StrEnum):
    """Whose indication a cell takes."""

    ITEM = "item"
    STANDARD = "standard"
    ZERO = "zero"
    INFLUENCE = "influence"


class EquipmentRole(StrEnum):
    """What a standard is used for in a run."""

    REFERENCE = "reference"
    INFLUENCE = "influence"
    AUXILIARY = "auxiliary"


class ReportForm(StrEnum):
    """How a result is printed: its value, or the nominal value with the deviation from it (10 kg + 25 mg)."""

    VALUE = "value"
    NOMINAL_PLUS_DEVIATION = "nominal_plus_deviation"


class ErrorBasis(StrEnum):
    """What conformity is judged on: nothing, the output itself (it is an error already), or output minus nominal."""

    NONE = "none"
    VALUE = "value"
    DEVIATION_FROM_NOMINAL = "deviation_from_nominal"


class RoundingMode(StrEnum):
    """How an expanded uncertainty is rounded."""

    NEAREST = "nearest"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage rule: probability, and the factor that is stated from so many degrees of freedom on."""

    probability: Decimal = Decimal("0.9545")
    stated_factor: Decimal | None = Decimal(2)
    stated_from: Decimal = Decimal(50)


@dataclass(frozen=True, slots=True)
class Rounding:
    """To how many significant digits an expanded uncertainty is rounded, and how."""

    digits: int = 2
    mode: RoundingMode = RoundingMode.NEAREST


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the room, read at start and end, with the limits between which the procedure may be done."""

    quantity: str
    unit: str
    title_vi: str
    title_en: str = ""
    lower: Decimal | None = None
    upper: Decimal | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class EquipmentSlot:
    """A place for a standard: its role and quantity, how many of them, and the conditions that it measures."""

    slot: str
    role: EquipmentRole
    quantity: str
    title_vi: str
    title_en: str = ""
    required: bool = True
    minimum: int = 1
    maximum: int = 1
    condition_quantities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """A named place of a position pattern, for example the front left corner of a load receptor."""

    code: str
    title_vi: str
    title_en: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The arrangement of a section's readings. `roles` says whose indications are read at each step.

    `hold_minutes`: how long the highest point is held between going up and coming down, for up and down only.
    """

    kind: LayoutKind
    entry_unit: str
    cycles: int = 1
    repeats: int = 1
    roles: tuple[ReadingRole, ...] = (ReadingRole.ITEM,)
    positions: tuple[Position, ...] = ()
    hold_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class MeasuringPoint:
    """A point of a section: the nominal value at which is measured."""

    code: str
    nominal: Decimal
    unit: str
    title_vi: str
    title_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """What every input of a model has: its symbol, unit and name."""

    symbol: str
    unit: str
    title_vi: str
    title_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceValueInput(ModelInput):
    """The value that a standard's calibration gives at the point, with its uncertainty."""

    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardDriftInput(ModelInput):
    """The drift of a standard since its calibration; the standard's record says how large."""

    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedInput(ModelInput):
    """A declared reduction of readings, of this point unless `section` or `point` name another.

    `roles` limits the readings that enter (empty: all); `parameters` are those of the reduction, infinity allowed.
    """

    reduction: str
    parameters: tuple[tuple[str, Decimal], ...] = ()
    roles: tuple[ReadingRole, ...] = ()
    section: str = ""
    point: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedHalfWidthInput(DerivedInput):
    """A value about zero whose half-width is a declared reduction of readings (hysteresis, repeatability)."""

    distribution: str = "rectangular"


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacteristicInput(ModelInput):
    """A value about zero whose half-width is a characteristic of equipment (a bath's stability), by its certificate."""

    slot: str
    characteristic: str
    distribution: str = "rectangular"


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfWidthInput(ModelInput):
    """A value known between bounds."""

    half_width: Decimal
    distribution: str
    value: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardUncertaintyInput(ModelInput):
    """A value with a standard uncertainty stated by the procedure."""

    standard_uncertainty: Decimal
    value: Decimal = Decimal(0)
    degrees_of_freedom: Decimal = Decimal("Infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionInput(ModelInput):
    """The resolution of the item (no slot) or of the standard in a slot, as a rectangular half step about zero."""

    slot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantInput(ModelInput):
    """An exact number."""

    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NominalInput(ModelInput):
    """The nominal value of the point, exact (a gauge set on its mark)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionInput(ModelInput):
    """The mean of a condition's readings, with the uncertainty of the sensor's certificate."""

    quantity: str


InputDefinition = (
    ReferenceValueInput
    | StandardDriftInput
    | DerivedInput
    | DerivedHalfWidthInput
    | CharacteristicInput
    | HalfWidthInput
    | StandardUncertaintyInput
    | ResolutionInput
    | ConstantInput
    | NominalInput
    | ConditionInput
)

INPUT_KINDS: Final[dict[str, type[ModelInput]]] = {
    "reference_value": ReferenceValueInput,
    "standard_drift": StandardDriftInput,
    "derived": DerivedInput,
    "derived_half_width": DerivedHalfWidthInput,
    "characteristic": CharacteristicInput,
    "half_width": HalfWidthInput,
    "standard_uncertainty": StandardUncertaintyInput,
    "resolution": ResolutionInput,
    "constant": ConstantInput,
    "nominal": NominalInput,
    "condition": ConditionInput,
}


@dataclass(frozen=True, slots=True)
class Report:
    """How an output is printed. `unit` for form "value", the other two for "nominal_plus_deviation"."""

    form: ReportForm
    unit: str = ""
    nominal_unit: str = ""
    deviation_unit: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """A measurand: its equation, how it is printed, and what its conformity is judged on."""

    name: str
    expression: str
    unit: str
    title_vi: str
    report: Report
    title_en: str = ""
    error: ErrorBasis = ErrorBasis.NONE


@dataclass(frozen=True, slots=True)
class StatedCorrelation:
    """The correlation coefficient of two inputs, by their symbols, with the reason for it.

    It counts where the chain of traceability does not hold what the two share (JCGM 100:2008, F.1.2.3).
    """

    first: str
    second: str
    coefficient: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a procedure with a model of its own. With `points_from_item` the job item may agree other points.

    `recorded` are quantities derived from readings that stand beside the results and enter no model (a zero shift);
    `correlations` are stated of inputs.
    """

    code: str
    title_vi: str
    quantity: str
    unit: str
    layout: Layout
    points: tuple[MeasuringPoint, ...]
    inputs: tuple[InputDefinition, ...]
    outputs: tuple[Output, ...]
    title_en: str = ""
    points_from_item: bool = False
    recorded: tuple[DerivedInput, ...] = ()
    correlations: tuple[StatedCorrelation, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """All that a procedure version says."""

    sections: tuple[Section, ...]
    coverage: Coverage = Coverage()
    rounding: Rounding = Rounding()
    conditions: tuple[Condition, ...] = ()
    equipment: tuple[EquipmentSlot, ...] = ()
    schema: int = SCHEMA

    def section(self, code: str) -> Section:
        """Return a section by its code; KeyError if there is none."""
        for section in self.sections:
            if section.code == code:
                return section
        raise KeyError(code)

    def slot(self, name: str) -> EquipmentSlot:
        """Return an equipment slot by its name; KeyError if there is none."""
        for slot in self.equipment:
            if slot.slot == name:
                return slot
        raise KeyError(name)
