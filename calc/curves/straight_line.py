"""Straight-line calibration functions y = a + b (x − x0) by ISO/TS 28037:2010.

`fit_line` covers independent points: clause 6 (u(y) known), 7 (u(x) and u(y)), 8 (with cov(x_i, y_i)) and annex E
(u(y) equal and unknown). Correlated points (clauses 9 and 10) are in `calc.curves.line_correlated`, many lines at
once in `calc.curves.line_batch`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from calc.curves.curve import Argument, Curve
from calc.curves.domain import Domain
from calc.curves.goodness import CheckResult, goodness
from calc.curves.line_kernel import Array, Solution, room
from calc.curves.line_search import solve_alone
from calc.errors import InvalidQuantity, OutsideValidity
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom
from calc.quantities import finite, not_negative

POINT_FIELDS: Final = ("x", "y", "u_x", "u_y", "cov_xy")
LARGEST_ORIGIN: Final = 1e140
Numbers = Sequence[float | Decimal] | NDArray[np.float64]
"""One number a point."""


class LineCovariance(StrEnum):
    """How u(a), u(b) and cov(a, b) follow from u(x) and u(y); the same where x is exactly known.

    `NORMAL_EQUATIONS`: of the Gauss–Newton step at the solution (ISO/TS 28037:2010, 7.2.2 and its published figures).
    `FULL`: u(x) and u(y) propagated through the implicit estimate (JCGM 102:2011, 6.3), as GTC does; larger where the
    residuals are.
    """

    NORMAL_EQUATIONS = "normal_equations"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class StraightLine(Curve):
    """y = a + b (x − x0), held at the `centre` where the value and the slope are uncorrelated.

    `value_at_centre` in the value's unit, `slope` in value unit per argument unit, the variances in their squares.
    `freedom`: degrees of freedom of the uncertainties, infinite where u(y) was known.
    """

    kind: ClassVar[str] = "straight_line"
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain
    centre: float
    value_at_centre: float
    slope: float
    variance_at_centre: float
    variance_of_slope: float
    freedom: float = math.inf
    x0: float = 0.0

    def __post_init__(self) -> None:
        for field in ("centre", "value_at_centre", "slope", "x0"):
            object.__setattr__(self, field, finite(getattr(self, field), self.name, field))
        for field in ("variance_at_centre", "variance_of_slope"):
            object.__setattr__(self, field, not_negative(getattr(self, field), self.name, field))
        object.__setattr__(self, "freedom", checked_degrees_of_freedom(self.freedom, self.name))

    @property
    def a(self) -> float:
        """The value at x0, in the value's unit."""
        return self.value_at_centre + self.slope * (self.x0 - self.centre)

    @property
    def b(self) -> float:
        """The slope, in value unit per argument unit."""
        return self.slope

    @property
    def u_a(self) -> float:
        """The standard uncertainty of a."""
        reach = self.x0 - self.centre
        return math.sqrt(self.variance_at_centre + reach * reach * self.variance_of_slope)

    @property
    def u_b(self) -> float:
        """The standard uncertainty of b."""
        return math.sqrt(self.variance_of_slope)

    @property
    def cov_ab(self) -> float:
        """The covariance of a and b."""
        return (self.x0 - self.centre) * self.variance_of_slope

    @property
    def r_ab(self) -> float:
        """The correlation coefficient of a and b, 0 where one of them is exactly known."""
        product = self.u_a * self.u_b
        return max(-1.0, min(1.0, self.cov_ab / product)) if product > 0.0 else 0.0

    def value(self, x: Argument) -> Argument:
        """Return a + b (x − x0)."""
        self.domain.check(x, self.name)
        return self.value_at_centre + self.slope * (x - self.centre)

    def derivative(self, x: Argument) -> Argument:
        """Return b."""
        self.domain.check(x, self.name)
        return self.slope + 0.0 * x

    def second_derivative(self, x: Argument) -> Argument:
        """Return 0."""
        self.domain.check(x, self.name)
        return 0.0 * x

    def covariance(self, first: Argument, second: Argument) -> Argument:
        """Return u²(a) + … of two values of the line, value unit squared. Source: ISO/TS 28037:2010, 11.2."""
        self.domain.check(first, self.name)
        self.domain.check(second, self.name)
        return self.variance_at_centre + self.variance_of_slope * ((first - self.centre) * (second - self.centre))

    def degrees_of_freedom(self, x: float) -> float:
        """Return those of the fit, the same everywhere."""
        self.domain.check(x, self.name)
        return self.freedom

    def solutions(self, y: float) -> tuple[float, ...]:
        """Return the x for which the line gives y, if the usable domain holds it."""
        if self.slope == 0.0:
            raise OutsideValidity("curve.flat", name=self.name, value=y)
        x = self.centre + (y - self.value_at_centre) / self.slope
        lower, upper = self.domain.usable_lower, self.domain.usable_upper
        slack = 8.0 * 2.0**-52 * max(abs(lower), abs(upper))
        if not lower - slack <= x <= upper + slack:
            return ()
        return (min(max(x, lower), upper),)


@dataclass(frozen=True, slots=True, eq=False)
class LineFit:
    """A fitted line with what tells whether it fits.

    `data`: rows x, y, u(x), u(y), then cov(x, y) or none, shape (4 or 5, n); `solution` before scaling. With unknown
    u(y) (annex E) the row u(y) is 1 and the variances are scaled by s².
    """

    data: Array
    solution: Solution
    scale_known: bool
    x0: float
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain | None

    @property
    def degrees_of_freedom(self) -> int:
        """The number of points less two."""
        return int(self.data.shape[1]) - 2

    @property
    def chi_squared(self) -> float:
        """The observed χ²; with unknown u(y) the sum of squared residuals, in the value's unit squared."""
        return float(self.solution.chi_squared)

    @property
    def s(self) -> float:
        """Return sqrt(χ²/(n − 2)): with unknown u(y) the residual standard deviation, else the Birge ratio."""
        enough_points(self.data.shape[1], 3, self.name)
        return math.sqrt(self.chi_squared / self.degrees_of_freedom)

    @property
    def chi_squared_limit(self) -> float:
        """The 95 % quantile that χ² of a line that fits exceeds once in twenty times. ISO/TS 28037:2010, 6.2.2."""
        enough_points(self.data.shape[1], 3, self.name)
        return float(chdtri(self.degrees_of_freedom, 0.05))

    @property
    def is_consistent(self) -> bool:
        """Whether χ² is at most its 95 % quantile; also where two points or an unknown u(y) leave nothing to test."""
        return not self.scale_known or self.degrees_of_freedom == 0 or self.chi_squared <= self.chi_squared_limit

    @property
    def line(self) -> StraightLine:
        """The fitted line as a curve, certified from the first point to the last unless a domain was given."""
        found = self.solution
        return StraightLine(
            self.name,
            self.argument_unit,
            self.value_unit,
            self.domain or Domain.of(self.data[0]),
            float(found.centre),
            float(found.value),
            float(found.slope),
            *self._variances(),
            math.inf if self.scale_known else float(self.degrees_of_freedom),
            self.x0,
        )

    @property
    def a(self) -> float:
        """The value at x0, in the value's unit."""
        found = self.solution
        return float(found.value + found.slope * (self.x0 - found.centre))

    @property
    def b(self) -> float:
        """The slope, in value unit per argument unit."""
        return float(self.solution.slope)

    @property
    def u_a(self) -> float:
        """The standard uncertainty of a."""
        reach, (centre, slope) = self.x0 - self.solution.centre, self._variances()
        return math.sqrt(centre + reach * reach * slope)

    @property
    def u_b(self) -> float:
        """The standard uncertainty of b."""
        return math.sqrt(self._variances()[1])

    @property
    def cov_ab(self) -> float:
        """The covariance of a and b."""
        return float((self.x0 - self.solution.centre) * self._variances()[1])

    @property
    def r_ab(self) -> float:
        """The correlation coefficient of a and b."""
        return self.line.r_ab

    def goodness(self) -> tuple[CheckResult, ...]:
        """Return the checks of the residuals in the order of x, each with what it means."""
        order = np.argsort(self.data[0], kind="stable")
        found = goodness(self.weighted_residuals[order], 2, scale_known=self.scale_known)
        return tuple(
            check if check.point is None else replace(check, point=int(order[check.point - 1]) + 1) for check in found
        )

    def _variances(self) -> tuple[float, float]:
        """Return the variances of the value at the centre and of the slope, scaled by s² where u(y) is unknown."""
        scale = 1.0 if self.scale_known else self.chi_squared / self.degrees_of_freedom
        return float(self.solution.variance_value) * scale, float(self.solution.variance_slope) * scale

    @property
    def residuals(self) -> Array:
        """y − a − b (x − x0) of every point, shape (n,), in the value's unit."""
        found = self.solution
        difference: Array = (self.data[1] - found.value) - found.slope * (self.data[0] - found.centre)
        return difference

    @property
    def weighted_residuals(self) -> Array:
        """Each residual divided by its standard uncertainty (s where u(y) is unknown), shape (n,), dimensionless.

        Source: ISO/TS 28037:2010, 6.2.2 note and 7.2.2: the root of the sum of their squares is χ.
        """
        if not self.scale_known:
            s = self.s
            return self.residuals / s if s > 0.0 else np.zeros_like(self.data[0])
        slope, (_, _, u_x, u_y, *joint) = self.solution.slope, self.data
        variance = np.square(u_y) + np.square(slope * u_x)
        if joint:
            variance = variance - 2.0 * slope * joint[0]
        weighted: Array = self.residuals / np.sqrt(variance)
        return weighted


def fit_line(
    x: Numbers,
    y: Numbers,
    u_x: Numbers | float | None = None,
    u_y: Numbers | float | None = None,
    cov_xy: Numbers | float | None = None,
    *,
    x0: float = 0.0,
    name: str = "line",
    argument_unit: str = "1",
    value_unit: str = "1",
    domain: Domain | None = None,
    covariance: LineCovariance = LineCovariance.NORMAL_EQUATIONS,
) -> LineFit:
    """Return the straight line through independent points.

    Parameters
    ----------
    x, y : shape (n,), n ≥ 2, in the argument's and the value's unit
    u_x, u_y : standard uncertainties, shape (n,) or one number for all; without either, u(y) is equal and unknown and
        estimated from the residuals (annex E, n ≥ 3)
    cov_xy : covariance of x_i and y_i, shape (n,) or one number, product of both units
    x0 : where a is the value; in the argument's unit
    domain : where the line may be used, by default from the smallest to the largest x

    Raises InvalidQuantity (`curve.too_few_points`, `curve.point_count`, `curve.equal_arguments`, `curve.exact_point`,
    `curve.covariance`, numbers that are not finite or negative), NotConverged.
    Source: ISO/TS 28037:2010, clauses 6, 7 and 8, annex E.
    """
    data, scale_known = point_data(x, y, u_x, u_y, cov_xy, name)
    check_origin(x0, name)
    full = covariance is LineCovariance.FULL
    return LineFit(data, solve_alone(data, name, full=full), scale_known, x0, name, argument_unit, value_unit, domain)


def point_data(
    x: Numbers,
    y: Numbers,
    u_x: Numbers | float | None,
    u_y: Numbers | float | None,
    cov_xy: Numbers | float | None,
    name: str,
) -> tuple[Array, bool]:
    """Return rows x, y, u(x), u(y) and perhaps cov(x, y), shape (4 or 5, n), and whether u(x) or u(y) is known."""
    n = len(x)
    scale_known = u_x is not None or u_y is not None
    enough_points(n, 2 if scale_known else 3, name)
    unknown = 0.0 if scale_known else 1.0
    rows = [y, 0.0 if u_x is None else u_x, unknown if u_y is None else u_y]
    if cov_xy is not None:
        rows.append(cov_xy)
    return point_rows(x, rows, name), scale_known


def check_origin(x0: float, name: str) -> None:
    """Raise InvalidQuantity unless x0 is a finite number whose square is one too."""
    if x0 and abs(finite(x0, name, "x0")) > LARGEST_ORIGIN:
        raise InvalidQuantity("quantity.too_large", name=name, field="x0", value=x0)


def point_rows(first: Numbers, others: Sequence[Numbers | float], name: str) -> Array:
    """Return rows of numbers, shape (1 + n_others, n): `first` has n, the others one for each point or one for all."""
    n = len(first)
    data = room(1 + len(others), n)
    for row, numbers, field in zip(data, (first, *others), POINT_FIELDS, strict=False):
        if not isinstance(numbers, float | int) and len(numbers) != n:
            raise InvalidQuantity("curve.point_count", name=name, field=field, count=len(numbers), needed=n)
        try:
            row[:] = numbers
        except (TypeError, ValueError, OverflowError):
            raise InvalidQuantity("quantity.not_a_number", name=name, field=field, value=repr(numbers)[:80]) from None
    return data


def enough_points(count: int, needed: int, name: str) -> None:
    """Raise InvalidQuantity `curve.too_few_points` unless there are as many points as needed."""
    if count < needed:
        raise InvalidQuantity("curve.too_few_points", name=name, count=count, needed=needed)
