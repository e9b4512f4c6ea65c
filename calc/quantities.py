"""What goes into an evaluation and what comes out: frozen dataclasses, each number with its unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from calc.compiler.curve_protocol import CalibrationCurve
from calc.errors import InvalidQuantity

if TYPE_CHECKING:
    from uncertainties.core import AffineScalarFunc


class Distribution(StrEnum):
    """State of knowledge about an input quantity. Source: JCGM 101:2008, table 1."""

    NORMAL = "normal"
    MULTIVARIATE_NORMAL = "multivariate_normal"
    T = "t"
    RECTANGULAR = "rectangular"
    CURVILINEAR_TRAPEZOID = "curvilinear_trapezoid"
    TRAPEZOIDAL = "trapezoidal"
    TRIANGULAR = "triangular"
    ARCSINE = "arcsine"
    EXPONENTIAL = "exponential"
    GAMMA = "gamma"


class Evaluation(StrEnum):
    """How a standard uncertainty was found. Source: JCGM 100:2008, 2.3.2 and 2.3.3."""

    A = "A"
    B = "B"


def finite(value: float | Decimal, name: str, what: str) -> float:
    """Return `value` as a float, or raise InvalidQuantity naming `name` and `what` if it is not a finite number."""
    if isinstance(value, bool):
        raise InvalidQuantity("quantity.not_a_number", name=name, field=what, value=repr(value))
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidQuantity("quantity.not_a_number", name=name, field=what, value=repr(value)) from None
    if not math.isfinite(number):
        raise InvalidQuantity("quantity.not_finite", name=name, field=what, value=number)
    return number


def not_negative(value: float | Decimal, name: str, what: str) -> float:
    """Return `value` as a finite float of at least 0, or raise InvalidQuantity."""
    number = finite(value, name, what)
    if number < 0.0:
        raise InvalidQuantity("quantity.negative", name=name, field=what, value=number)
    return number


def positive(value: float | Decimal, name: str, what: str) -> float:
    """Return `value` as a finite float greater than 0, or raise InvalidQuantity."""
    number = finite(value, name, what)
    if number <= 0.0:
        raise InvalidQuantity("quantity.not_positive", name=name, field=what, value=number)
    return number


def degrees_of_freedom(value: float | Decimal, name: str) -> float:
    """Return degrees of freedom as a float of at least 1, which may be infinite, or raise InvalidQuantity."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not number >= 1.0:
        raise InvalidQuantity("quantity.degrees_of_freedom", name=name, value=repr(value))
    return number


def _text(value: object, name: str, code: str, what: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidQuantity(code, name=name, field=what)


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its standard uncertainty, both in `unit`, and the degrees of freedom of the uncertainty.

    Degrees of freedom are at least 1 and may be infinite (JCGM 100:2008, G.4). A temperature in degC or degF has an
    uncertainty in kelvins or degrees of that scale. Raises InvalidQuantity for anything else.
    """

    value: float
    standard_uncertainty: float
    unit: str
    degrees_of_freedom: float = math.inf

    def __post_init__(self) -> None:
        name = "estimate"
        object.__setattr__(self, "value", finite(self.value, name, "value"))
        u = not_negative(self.standard_uncertainty, name, "standard_uncertainty")
        object.__setattr__(self, "standard_uncertainty", u)
        object.__setattr__(self, "degrees_of_freedom", degrees_of_freedom(self.degrees_of_freedom, name))
        _text(self.unit, name, "unit.missing", "unit")

    @classmethod
    def from_ufloat(cls, number: AffineScalarFunc, unit: str, degrees_of_freedom: float = math.inf) -> Estimate:
        """Return the estimate that a number of the package `uncertainties` states, in `unit`.

        Its correlations with other such numbers are not carried over; give them as `Correlation`.
        """
        try:
            value, u = number.nominal_value, number.std_dev
        except AttributeError:
            raise InvalidQuantity("quantity.not_a_number", name="estimate", field="value", value=repr(number)) from None
        return cls(value, u, unit, degrees_of_freedom)

    def to_ufloat(self, tag: str | None = None) -> AffineScalarFunc:
        """Return a new independent variable of the package `uncertainties`; unit and degrees of freedom are lost."""
        from uncertainties import ufloat  # only callers of this method need the package

        return ufloat(self.value, self.standard_uncertainty, tag)


@dataclass(frozen=True, slots=True)
class InputQuantity:
    """An input quantity under its `key`: estimate, assigned distribution with parameters, kind of evaluation.

    `origin` says in free text where it comes from (a certificate, the readings) and is carried to the budget.
    """

    key: str
    estimate: Estimate
    distribution: Distribution = Distribution.NORMAL
    evaluation: Evaluation = Evaluation.B
    parameters: Mapping[str, float] = field(default_factory=dict)
    origin: str = ""

    def __post_init__(self) -> None:
        _text(self.key, "", "quantity.unnamed", "input quantity")
        parameters = {name: finite(value, self.key, name) for name, value in self.parameters.items()}
        object.__setattr__(self, "parameters", parameters)


@dataclass(frozen=True, slots=True)
class Correlation:
    """The correlation coefficient of two input quantities, named by key. Source: JCGM 100:2008, 5.2.2."""

    first: str
    second: str
    coefficient: float

    def __post_init__(self) -> None:
        r = finite(self.coefficient, f"{self.first}, {self.second}", "correlation")
        if not -1.0 <= r <= 1.0:
            raise InvalidQuantity("correlation.out_of_range", name=self.first, other=self.second, value=r)
        if self.first == self.second and r != 1.0:
            raise InvalidQuantity("correlation.itself", name=self.first, value=r)
        object.__setattr__(self, "coefficient", r)


def _curve_to_record(curve: object) -> object:
    from calc.curves.records import curve_to_record  # curves stand on quantities

    return curve_to_record(curve)


def _curve_from_record(record: object) -> CalibrationCurve:
    from calc.curves.records import curve_from_record  # curves stand on quantities

    return curve_from_record(record)


@dataclass(frozen=True, slots=True)
class BoundCurve:
    """A calibration curve under its `key`, as input quantities have one; `origin` is carried to the budget.

    Two curves are independent of each other and of all quantities; look-ups of one curve share its uncertainty.
    """

    key: str
    curve: CalibrationCurve = field(metadata={"to_record": _curve_to_record, "from_record": _curve_from_record})
    origin: str = ""

    def __post_init__(self) -> None:
        _text(self.key, "", "quantity.unnamed", "curve")
        if not isinstance(self.curve, CalibrationCurve):
            raise InvalidQuantity("inputs.not_a_curve", name=self.key, value=type(self.curve).__name__)


@dataclass(frozen=True, slots=True)
class PointBinding:
    """One point of a section: which input quantity (key) stands for which symbol of the model.

    Points that name the same key share that quantity and are correlated by it. `curves`: which calibration curve (key)
    stands for which curve of the model.
    """

    point: str
    symbols: Mapping[str, str]
    curves: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", dict(self.symbols))
        object.__setattr__(self, "curves", dict(self.curves))


@dataclass(frozen=True, slots=True)
class ModelInputs:
    """Everything a model is evaluated with: quantities with unique keys, their correlations, points and curves."""

    quantities: tuple[InputQuantity, ...]
    correlations: tuple[Correlation, ...]
    points: tuple[PointBinding, ...]
    curves: tuple[BoundCurve, ...] = ()

    def __post_init__(self) -> None:
        for name in ("quantities", "correlations", "points", "curves"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One line of an uncertainty budget, for one input quantity of one point.

    Estimate and standard uncertainty are in `unit`, the model's unit of the symbol; the sensitivity coefficient is
    in output unit per `unit`; `contribution` = c_i u_i, signed, in the output's unit (JCGM 100:2008, 5.1.3). `share`
    is the fraction of the variance that leaves with this line (with correlations: its row of the double sum), the
    shares of a budget add up to 1, or are all 0 where the combined uncertainty is 0. A quantity bound to several
    symbols has one line, with the symbols separated by ", ".
    """

    key: str
    symbol: str
    estimate: float
    unit: str
    standard_uncertainty: float
    distribution: Distribution
    evaluation: Evaluation
    degrees_of_freedom: float
    sensitivity_coefficient: float
    contribution: float
    share: float
    origin: str = ""


@dataclass(frozen=True, slots=True)
class OutputResult:
    """The result for one output at one point; estimate and uncertainties in `unit`."""

    point: str
    output: str
    estimate: float
    unit: str
    combined_standard_uncertainty: float
    effective_degrees_of_freedom: float
    coverage_probability: float
    coverage_factor: float
    expanded_uncertainty: float
    budget: tuple[BudgetLine, ...]


@dataclass(frozen=True, slots=True)
class EvaluationWarning:
    """Something the reviewer should know about an output: a code, the input (key) it speaks of, and numbers."""

    code: str
    point: str
    output: str
    name: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasurementResult:
    """All outputs, point by point and within a point in the model's order, with their covariance matrix.

    `covariance`: shape (n_outputs, n_outputs) over `outputs` in that order; unit of row times unit of column.
    """

    outputs: tuple[OutputResult, ...]
    covariance: tuple[tuple[float, ...], ...]
    engine_version: str
    warnings: tuple[EvaluationWarning, ...] = ()

    def output(self, point: str, name: str) -> OutputResult:
        """Return the result of output `name` at `point`; raises InvalidQuantity if there is none."""
        for result in self.outputs:
            if result.point == point and result.output == name:
                return result
        raise InvalidQuantity("inputs.unknown_quantity", name=f"{point}/{name}")

    def to_ufloats(self) -> dict[tuple[str, str], AffineScalarFunc]:
        """Return the outputs by (point, output) as numbers of the package `uncertainties`, with their covariance."""
        from calc.interchange import result_as_ufloats  # it stands on this module

        return result_as_ufloats(self)
