"""The values of a certificate: each number as written, with its unit, its uncertainty and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from lims.dcc.facts import NO_TEXTS, Texts


class Place(StrEnum):
    """What a quantity belongs to."""

    RESULT = "result"
    CONDITION = "condition"
    STATEMENT = "statement"
    ITEM = "item"
    EQUIPMENT = "equipment"
    METHOD = "method"
    LOCATION = "location"


class ValueKind(StrEnum):
    """How D-SI calls it."""

    REAL = "real"
    CONSTANT = "constant"
    COMPLEX = "complex"


class Component(StrEnum):
    """Which part of a complex value a number is."""

    REAL = "real"
    IMAGINARY = "imaginary"
    MAGNITUDE = "magnitude"
    PHASE = "phase"


class UncertaintyKind(StrEnum):
    """What the certificate states of a value's uncertainty."""

    EXPANDED = "expanded"
    STANDARD = "standard"
    INTERVAL = "interval"


class UnitState(StrEnum):
    """How far a unit is understood; only the first gives a unit to calculate with."""

    UNDERSTOOD = "understood"
    NOT_CALCULABLE = "not_calculable"
    NON_SI = "non_si"
    NOT_DIGITAL_SI = "not_digital_si"
    MISSING = "missing"


class DegreesState(StrEnum):
    """Whether the degrees of freedom of an uncertainty are stated; the formats have no element for them."""

    STATED = "stated"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class UnitText:
    """A unit as written; `canonical` is how calculations call it, None where it is not understood: never a guess."""

    text: str
    path: str
    state: UnitState
    canonical: str | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written and where; `position` counts the entries of a list from 1. NaN has no `decimal`."""

    text: str
    path: str
    position: int | None = None
    decimal: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What is stated of a value's uncertainty, in the value's unit.

    `form` is the element that states it; `shared`: it stands once for the whole list. An uncertainty of a point on a
    temperature scale is a difference.
    """

    kind: UncertaintyKind
    form: str
    path: str
    expanded: Number | None = None
    standard: Number | None = None
    coverage_factor: Number | None = None
    coverage_probability: Number | None = None
    interval_low: Number | None = None
    interval_high: Number | None = None
    distribution: str | None = None
    distribution_path: str | None = None
    shared: bool = False
    degrees_of_freedom: Number | None = None

    @property
    def degrees_state(self) -> DegreesState:
        """Whether degrees of freedom are stated: where not, they are asked for or marked as assumed."""
        return DegreesState.MISSING if self.degrees_of_freedom is None else DegreesState.STATED


@dataclass(frozen=True, slots=True)
class Value:
    """One number with its unit and uncertainty. `index` counts the values of its list from 1.

    `alternative` says that the same quantity stands here in several units: which of them this is, from 1.
    """

    number: Number
    unit: UnitText
    kind: ValueKind
    element: str
    index: int | None = None
    component: Component | None = None
    uncertainty: Uncertainty | None = None
    label: str | None = None
    quantity_kind: str | None = None
    date_time: str | None = None
    significant_digits: str | None = None
    hybrid: str | None = None
    alternative: int | None = None


@dataclass(frozen=True, slots=True)
class Covariance:
    """One cell of a covariance matrix: a value and a unit, or lists of them."""

    path: str
    values: tuple[Number, ...]
    units: tuple[UnitText, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """The coverage region of values together: covariances by column, of the element `of`."""

    form: str
    path: str
    of: str
    columns: tuple[tuple[Covariance, ...], ...]
    coverage_factors: tuple[Number, ...] = ()
    coverage_probabilities: tuple[Number, ...] = ()
    distributions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity with its values, or with words where it has none.

    `heading` are the names of what it lies in, outermost first. `relative` are the values of its relative
    uncertainty, where it is given in that way too.
    """

    path: str
    place: Place
    name: Texts
    heading: tuple[Texts, ...]
    ref_types: tuple[str, ...]
    identifier: str | None = None
    refers_to: tuple[str, ...] = ()
    description: Texts = NO_TEXTS
    values: tuple[Value, ...] = ()
    relative: tuple[Value, ...] = ()
    regions: tuple[Region, ...] = ()
    text: Texts = NO_TEXTS
    words: tuple[str, ...] = ()
