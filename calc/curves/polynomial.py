"""A polynomial calibration curve, held as a Chebyshev series so that no digit is lost far from 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from calc.curves.curve import Argument, Curve, checked_covariance
from calc.curves.domain import Domain
from calc.errors import InvalidQuantity
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom
from calc.quantities import finite, positive

_DOUBLE = 1e-6


@dataclass(frozen=True, slots=True)
class PolynomialCurve(Curve):
    """y = Σ c_j T_j(t), t = (x - centre)/half_width, T_j the Chebyshev polynomials of the first kind.

    `coefficients`: (p,), in the value's unit, degree p - 1; `coefficient_covariance`: (p, p), value unit squared,
    with the degrees of freedom `freedom`, infinite where it follows from known standard uncertainties.
    """

    kind: ClassVar[str] = "polynomial"
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain
    centre: float
    half_width: float
    coefficients: tuple[float, ...]
    coefficient_covariance: tuple[tuple[float, ...], ...]
    freedom: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre", finite(self.centre, self.name, "centre"))
        object.__setattr__(self, "half_width", positive(self.half_width, self.name, "half_width"))
        numbers = tuple(finite(value, self.name, "coefficient") for value in self.coefficients)
        if not numbers:
            raise InvalidQuantity("quantity.parameter_missing", name=self.name, field="coefficients")
        object.__setattr__(self, "coefficients", numbers)
        matrix = checked_covariance(self.coefficient_covariance, len(numbers), self.name)
        object.__setattr__(self, "coefficient_covariance", matrix)
        object.__setattr__(self, "freedom", checked_degrees_of_freedom(self.freedom, self.name))

    def _scaled(self, x: Argument) -> Argument:
        self.domain.check(x, self.name)
        return (x - self.centre) / self.half_width

    def value(self, x: Argument) -> Argument:
        """Return c(x) in the value's unit."""
        return _series(self.coefficients, self._scaled(x))

    def derivative(self, x: Argument) -> Argument:
        """Return dc/dx."""
        return _series(_derived(self.coefficients), self._scaled(x)) / self.half_width

    def second_derivative(self, x: Argument) -> Argument:
        """Return d²c/dx²."""
        twice = _derived(_derived(self.coefficients))
        return _series(twice, self._scaled(x)) / self.half_width / self.half_width

    def covariance(self, first: Argument, second: Argument) -> Argument:
        """Return Σ T_i(t1) C_ij T_j(t2) in the value's unit squared."""
        count = len(self.coefficients)
        one, two = _terms(count, self._scaled(first)), _terms(count, self._scaled(second))
        total = 0.0 * one[0] * two[0]
        for left, row in zip(one, self.coefficient_covariance, strict=True):
            for entry, right in zip(row, two, strict=True):
                total = total + left * entry * right
        return total

    def degrees_of_freedom(self, x: float) -> float:
        """Return those of the fit, the same everywhere."""
        self.domain.check(x, self.name)
        return self.freedom

    def turning_points(self) -> tuple[float, ...]:
        """Return, ascending, the arguments inside the usable domain where the slope changes its sign."""
        slope = _derived(self.coefficients)
        trimmed = np.trim_zeros(np.array(slope), "b")
        if len(trimmed) < 2:
            return ()
        roots = np.polynomial.chebyshev.chebroots(trimmed)
        # a double root comes out as a pair, beside each other or just off the real axis: one place, and the signs
        # on either side of it decide
        real: list[float] = []
        for root in sorted(float(root.real) for root in roots if abs(root.imag) <= _DOUBLE * (1.0 + abs(root))):
            if real and root - real[-1] <= _DOUBLE * (1.0 + abs(root)):
                real[-1] = 0.5 * (real[-1] + root)
            else:
                real.append(root)
        lower = (self.domain.usable_lower - self.centre) / self.half_width
        upper = (self.domain.usable_upper - self.centre) / self.half_width
        inside = [root for root in real if lower < root < upper]
        edges = [lower, *inside, upper]
        signs = [_series(slope, 0.5 * (a + b)) > 0.0 for a, b in pairwise(edges)]
        turns = [root for root, (before, after) in zip(inside, pairwise(signs), strict=True) if before != after]
        return tuple(self.centre + self.half_width * root for root in turns)


def _terms(count: int, t: Argument) -> list[Argument]:
    """Return T_0(t) … T_(count-1)(t)."""
    terms = [1.0 + 0.0 * t, t]
    while len(terms) < count:
        terms.append(2.0 * t * terms[-1] - terms[-2])
    return terms[:count]


def _series(coefficients: Sequence[float], t: Argument) -> Argument:
    """Return Σ c_j T_j(t) by Clenshaw's recurrence; the same operations for floats and arrays."""
    following = after = 0.0 * t
    for coefficient in reversed(coefficients[1:]):
        following, after = coefficient + 2.0 * t * following - after, following
    return coefficients[0] + t * following - after


def _derived(coefficients: Sequence[float]) -> tuple[float, ...]:
    """Return the Chebyshev coefficients of the derivative with respect to t."""
    count = len(coefficients)
    derived = [0.0] * (count + 1)
    for j in range(count - 1, 0, -1):
        derived[j - 1] = derived[j + 1] + 2.0 * j * coefficients[j]
    derived[0] *= 0.5
    return tuple(derived[: max(count - 1, 1)])
