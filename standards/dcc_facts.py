"""A digital calibration certificate on its way into the register: the file received, its columns, what is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from lims.dcc.facts import NO_TEXTS, Texts
from lims.dcc.value_facts import Component, Uncertainty, UncertaintyKind, UnitText, Value
from standards.calibration_facts import ContentKind, Interpolation, Phase


class Meaning(StrEnum):
    """What the numbers of a column are: values, or differences from what another column or the range says."""

    VALUE = "value"
    ERROR = "error"
    CORRECTION = "correction"
    DEVIATION = "deviation"


@dataclass(frozen=True, slots=True)
class StatedUncertainty:
    """An uncertainty as the file gives it: U with k, or a standard uncertainty with k = 1."""

    value: Decimal
    coverage_factor: Decimal | None
    coverage_probability: Decimal | None
    degrees_of_freedom: Decimal | None
    distribution: str | None
    path: str


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """One number of a column with its place in the file; `quantity_path` is the quantity that it stands in."""

    value: Value
    quantity_path: str

    @property
    def place(self) -> str:
        """The XPath of the number; an entry of a list is counted behind it."""
        number = self.value.number
        return number.path if number.position is None else f"{number.path} [{number.position}]"

    @property
    def inside(self) -> str:
        """The part of the place below the quantity, which is what differs from line to line."""
        return self.place.removeprefix(self.quantity_path).removeprefix("/")

    @property
    def stated(self) -> StatedUncertainty | None:
        """The uncertainty as numbers, None where the file gives none that is one."""
        uncertainty = self.value.uncertainty
        return None if uncertainty is None else _stated(uncertainty)


def _stated(uncertainty: Uncertainty) -> StatedUncertainty | None:
    expanded = uncertainty.kind is UncertaintyKind.EXPANDED
    number = uncertainty.expanded if expanded else uncertainty.standard
    if number is None or number.decimal is None:
        return None
    factor, probability, freedom = (
        uncertainty.coverage_factor,
        uncertainty.coverage_probability,
        uncertainty.degrees_of_freedom,
    )
    return StatedUncertainty(
        number.decimal,
        (None if factor is None else factor.decimal) if expanded else Decimal(1),
        None if probability is None or not expanded else probability.decimal,
        None if freedom is None else freedom.decimal,
        uncertainty.distribution,
        number.path if number.position is None else f"{number.path} [{number.position}]",
    )


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """Numbers of one kind that belong together: the entries of a list, or single values side by side in one.

    `list_path` is what they lie in together with their neighbours; columns of one list and length go line by line.
    """

    number: int
    path: str
    list_path: str
    heading: tuple[Texts, ...]
    name: Texts
    ref_types: tuple[str, ...]
    unit: UnitText
    values: tuple[ColumnValue, ...]
    alternative: int | None = None
    description: Texts = NO_TEXTS
    component: Component | None = None

    @property
    def uncertain(self) -> bool:
        """Whether any of the numbers has an uncertainty."""
        return any(value.stated is not None for value in self.values)

    @property
    def lacks_degrees(self) -> bool:
        """Whether an uncertainty is stated without its degrees of freedom."""
        return any(value.stated is not None and value.stated.degrees_of_freedom is None for value in self.values)

    def goes_with(self, other: ValueColumn) -> bool:
        """Whether two columns can be read line by line."""
        return self.number != other.number and len(self.values) == len(other.values)


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """What a person takes of a column. `range_ids` has one entry for each number; None: none was chosen.

    `taken` are positions from 0; `argument` and `uncertainty` are the numbers of other columns (None: its own).
    """

    number: int
    kind: ContentKind
    range_ids: tuple[int | None, ...]
    taken: frozenset[int]
    phase: Phase = Phase.AS_LEFT
    meaning: Meaning = Meaning.VALUE
    identifier: str = ""
    argument: int | None = None
    uncertainty: int | None = None
    interpolation: Interpolation = Interpolation.NONE
    degrees_of_freedom: Decimal | None = None
    equation: str | None = None


@dataclass(frozen=True, slots=True)
class Taking:
    """Everything chosen of a file; `assume_degrees`: where none are stated, infinite ones are assumed and marked so.

    `named_units` are the units that a person names for columns (by number) whose own the program does not understand.
    """

    choices: tuple[ColumnChoice, ...]
    assume_degrees: bool = False
    named_units: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """What was noticed in a file when it came: how much it weighs, a code with its values, and the element."""

    severity: str
    code: str
    path: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReceivedDcc:
    """A file that was received for a standard: taken for reading, or refused and kept aside for inspection."""

    id: int
    standard_id: int
    sha256: str
    file_name: str
    size: int
    accepted: bool
    version: str | None
    signature_state: str
    certificate_number: str | None
    findings: tuple[FindingFacts, ...]
    findings_left_off: int
    received_at: datetime
    received_by_name: str
    calibration_id: int | None = None

    @property
    def errors(self) -> tuple[FindingFacts, ...]:
        """What refused it."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


@dataclass(frozen=True, slots=True)
class DccHead:
    """Number and dates that the file itself states."""

    certificate_number: str
    calibrated_on: date | None
    issued_on: date | None
