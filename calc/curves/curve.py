"""What every calibration curve answers: value, exact derivatives, uncertainty, covariance, and its inverse.

A curve is a frozen dataclass of plain data. Its arguments and values are floats or arrays of any shape, element by
element, with the same bits. It refuses arguments outside its `domain`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from calc.curves.domain import CurveNote, Domain
from calc.errors import InvalidQuantity, NotConverged, OutsideValidity
from calc.quantities import Estimate, finite, not_negative
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom

Array = NDArray[np.float64]
Argument = TypeVar("Argument", float, Array)
_STEPS = 200
_ENDS = 8.0 * 2.0**-52


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """All that a measurement model needs of a curve at one exactly known argument.

    `value` and `standard_uncertainty` in the value's unit, `derivative` in value unit per argument unit,
    `second_derivative` in value unit per argument unit squared.
    """

    argument: float
    value: float
    derivative: float
    second_derivative: float
    standard_uncertainty: float
    degrees_of_freedom: float
    notes: tuple[CurveNote, ...] = ()


class Curve(ABC):
    """A calibration curve y = c(x), with `name`, `argument_unit` of x, `value_unit` of y and `domain` of x.

    `kind` names the class in a record. The standard uncertainty and covariance are those of the curve itself, at
    exactly known arguments; `predict` and `inverse` add that of the argument or of the value.
    """

    __slots__ = ()
    kind: ClassVar[str]
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain

    @abstractmethod
    def value(self, x: Argument) -> Argument:
        """Return c(x); raises OutsideValidity outside the domain."""

    @abstractmethod
    def derivative(self, x: Argument) -> Argument:
        """Return dc/dx, exact; raises OutsideValidity outside the domain."""

    @abstractmethod
    def second_derivative(self, x: Argument) -> Argument:
        """Return d²c/dx², exact; raises OutsideValidity outside the domain."""

    @abstractmethod
    def covariance(self, first: Argument, second: Argument) -> Argument:
        """Return u(c(x1), c(x2)), value unit squared, element by element; raises OutsideValidity."""

    @abstractmethod
    def degrees_of_freedom(self, x: float) -> float:
        """Return the degrees of freedom of the standard uncertainty at x, which may be infinite."""

    def turning_points(self) -> tuple[float, ...]:
        """Return, ascending, the arguments inside the usable domain where the curve turns round."""
        return ()

    def standard_uncertainty(self, x: Argument) -> Argument:
        """Return u(c(x)) of the curve at exactly known x, in the value's unit."""
        variance = self.covariance(x, x)
        if isinstance(variance, np.ndarray):
            return np.sqrt(np.maximum(variance, 0.0))
        return math.sqrt(max(variance, 0.0))

    def covariance_matrix(self, arguments: Sequence[float] | Array) -> Array:
        """Return the covariance of the curve's values, shape (n, n), value unit squared, symmetric to the bit."""
        x = np.asarray(arguments, dtype=np.float64)
        full = self.covariance(*(np.array(grid) for grid in np.broadcast_arrays(x[:, None], x[None, :])))
        upper = np.triu(full)
        matrix: Array = upper + np.triu(full, 1).T
        return matrix

    def at(self, x: float) -> CurvePoint:
        """Return everything at one exactly known argument, with notes for the reviewer."""
        return CurvePoint(
            argument=x,
            value=finite(self.value(x), self.name, "value"),
            derivative=finite(self.derivative(x), self.name, "derivative"),
            second_derivative=finite(self.second_derivative(x), self.name, "second_derivative"),
            standard_uncertainty=finite(self.standard_uncertainty(x), self.name, "standard_uncertainty"),
            degrees_of_freedom=self.degrees_of_freedom(x),
            notes=self.domain.notes(x, self.name),
        )

    def predict(self, x: float, u_x: float = 0.0, degrees_of_freedom: float = math.inf) -> Estimate:
        """Return y = c(x) with its standard uncertainty from the curve and from u(x), in the value's unit.

        `u_x` in the argument's unit, with its degrees of freedom; x is independent of the curve. First order.
        Source: ISO/TS 28037:2010, 11.2 (forward evaluation).
        """
        x = finite(x, self.name, "argument")
        u_x = not_negative(u_x, self.name, "standard_uncertainty")
        value, slope = self.value(x), self.derivative(x)
        own = self.standard_uncertainty(x)
        return combined(value, ((own, self.degrees_of_freedom(x)), (slope * u_x, degrees_of_freedom)), self.value_unit)

    def inverse(self, y: float, u_y: float = 0.0, degrees_of_freedom: float = math.inf) -> Estimate:
        """Return the x within the domain for which c(x) = y, with u²(x) = (u²(y) + u²(c(x)))/c'(x)².

        `u_y` in the value's unit, with its degrees of freedom; y is independent of the curve.
        Raises OutsideValidity: `curve.no_solution`, `curve.several_solutions`, `curve.flat`.
        Source: ISO/TS 28037:2010, 11.1 (prediction).
        """
        y = finite(y, self.name, "value")
        u_y = not_negative(u_y, self.name, "standard_uncertainty")
        found = self.solutions(y)
        if len(found) != 1:
            code = "curve.several_solutions" if found else "curve.no_solution"
            raise OutsideValidity(code, name=self.name, value=y, count=len(found))
        x = found[0]
        slope, own = self.derivative(x), self.standard_uncertainty(x)
        if slope == 0.0 or not math.isfinite(own / slope) or not math.isfinite(u_y / slope):
            raise OutsideValidity("curve.flat", name=self.name, value=y)
        parts = ((own / slope, self.degrees_of_freedom(x)), (u_y / slope, degrees_of_freedom))
        return combined(x, parts, self.argument_unit)

    def is_monotonic(self) -> bool:
        """Return whether the curve only rises or only falls over its usable domain."""
        return not self.turning_points()

    def solutions(self, y: float) -> tuple[float, ...]:
        """Return, ascending, every x of the usable domain for which c(x) = y."""
        ends = (self.domain.usable_lower, *self.turning_points(), self.domain.usable_upper)
        found: list[float] = []
        for lower, upper in pairwise(ends):
            x = self._solve_between(y, lower, upper)
            if x is not None and x not in found:
                found.append(x)
        return tuple(found)

    def _solve_between(self, y: float, lower: float, upper: float) -> float | None:
        """Return the solution between two arguments over which the curve is monotonic, or None."""
        below, above = self.value(lower) - y, self.value(upper) - y
        if below == 0.0 and above == 0.0 and lower < upper:
            raise OutsideValidity("curve.flat", name=self.name, value=y)
        slack = _ENDS * max(abs(y), abs(below + y), abs(above + y))
        if abs(below) <= slack or abs(above) <= slack:
            return lower if abs(below) <= abs(above) else upper
        if (below < 0.0) == (above < 0.0):
            return None
        return self._newton(y, lower, upper, rising=below < 0.0)

    def _newton(self, y: float, lower: float, upper: float, *, rising: bool) -> float:
        """Newton's method, kept inside the bracket by halving it."""
        x = 0.5 * (lower + upper)
        for _ in range(_STEPS):
            miss, slope = self.value(x) - y, self.derivative(x)
            if miss == 0.0:
                return x
            if (miss < 0.0) == rising:
                lower = x
            else:
                upper = x
            step = miss / slope if slope != 0.0 else math.inf
            following = x - step
            if not lower < following < upper:
                if abs(step) <= _ENDS * max(abs(x), upper - lower):
                    return x
                following = 0.5 * (lower + upper)
            if following in {x, lower, upper} or abs(following - x) <= 0.25 * _ENDS * abs(x):
                return following
            x = following
        raise NotConverged("solver.not_converged", name=self.name, count=_STEPS)


def combined(value: float, parts: Sequence[tuple[float, float]], unit: str) -> Estimate:
    """Return an estimate from independent contributions (c·u, degrees of freedom), by Welch–Satterthwaite.

    Source: JCGM 100:2008, 5.1.2 and G.4.1.
    """
    total = math.hypot(*(u for u, _ in parts))
    shares = [((u / total) ** 2, checked_degrees_of_freedom(nu, "estimate")) for u, nu in parts if total > 0.0]
    below = math.fsum(share * share / nu for share, nu in shares)
    least = min((nu for share, nu in shares if share > 0.0), default=math.inf)
    return Estimate(value, total, unit, max(1.0 / below, least) if below > 0.0 else math.inf)


def checked_size(values: Array, name: str, field: str, largest: float, smallest: float = 0.0) -> None:
    """Raise InvalidQuantity unless numbers are finite, at most `largest` in size, and 0 or at least `smallest`.

    Whatever is squared and divided afterwards then stays a number.
    """
    for value in np.ravel(values).tolist():
        size = abs(finite(value, name, field))
        if size > largest or 0.0 < size < smallest:
            raise InvalidQuantity("quantity.too_large", name=name, field=field, value=value)


def checked_covariance(matrix: Sequence[Sequence[float]], size: int, name: str) -> tuple[tuple[float, ...], ...]:
    """Return a covariance matrix of `size` rows as plain floats, symmetric to the bit.

    Raises InvalidQuantity `curve.covariance` unless it is square, finite, symmetric but for rounding, and positive
    semi-definite.
    Source: JCGM 102:2011, 3.11.
    """
    rows = tuple(tuple(finite(v, name, "covariance") for v in row) for row in matrix)
    refusal = InvalidQuantity("curve.covariance", name=name, field="covariance")
    if len(rows) != size or any(len(row) != size for row in rows):
        raise refusal
    array = np.array(rows).reshape(size, size)
    variances = np.diag(array)
    if bool((variances < 0.0).any()):
        raise refusal
    scale = np.where(variances > 0.0, np.sqrt(variances), 1.0)
    scaled = array / scale[:, None] / scale
    if bool((np.abs(scaled - scaled.T) > 1e-9).any()) or bool((np.abs(scaled) > 1.0 + 1e-9).any()):
        raise refusal
    if bool((array[variances == 0.0] != 0.0).any()) or np.linalg.eigvalsh(scaled)[0] < -1e-9 * size:
        raise refusal
    return tuple(tuple(array[min(i, j), max(i, j)].item() for j in range(size)) for i in range(size))
