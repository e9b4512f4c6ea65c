"""A polynomial with coefficients and covariance as a certificate states them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from scipy.optimize import brentq

from calc.curves.curve import Argument, Curve, checked_covariance
from calc.curves.domain import Domain
from calc.errors import InvalidQuantity
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom
from calc.quantities import finite


@dataclass(frozen=True, slots=True)
class CoefficientCurve(Curve):
    """y = Σ c_j (x − x0)^j, j from 0.

    `coefficients`: (p,), c_j in value unit per argument unit to the power j; `coefficient_covariance`: (p, p), products
    of those units; `freedom`: degrees of freedom of the covariance, infinite where the certificate states none.
    Source of the uncertainty: JCGM 100:2008, 5.2.2, with the powers as sensitivity coefficients.
    """

    kind: ClassVar[str] = "coefficients"
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain
    coefficients: tuple[float, ...]
    coefficient_covariance: tuple[tuple[float, ...], ...]
    x0: float = 0.0
    freedom: float = math.inf

    def __post_init__(self) -> None:
        numbers = tuple(finite(value, self.name, "coefficient") for value in self.coefficients)
        if not numbers:
            raise InvalidQuantity("quantity.parameter_missing", name=self.name, field="coefficients")
        object.__setattr__(self, "coefficients", numbers)
        matrix = checked_covariance(self.coefficient_covariance, len(numbers), self.name)
        object.__setattr__(self, "coefficient_covariance", matrix)
        object.__setattr__(self, "x0", finite(self.x0, self.name, "x0"))
        object.__setattr__(self, "freedom", checked_degrees_of_freedom(self.freedom, self.name))

    def value(self, x: Argument) -> Argument:
        """Return c(x) in the value's unit."""
        return horner(self.coefficients, self._from_x0(x))

    def derivative(self, x: Argument) -> Argument:
        """Return dc/dx."""
        return horner(derived(self.coefficients), self._from_x0(x))

    def second_derivative(self, x: Argument) -> Argument:
        """Return d²c/dx²."""
        return horner(derived(derived(self.coefficients)), self._from_x0(x))

    def covariance(self, first: Argument, second: Argument) -> Argument:
        """Return Σ d1^i C_ij d2^j with d = x − x0, in the value's unit squared."""
        one, two = self._from_x0(first), self._from_x0(second)
        rows = [horner(row, two) for row in self.coefficient_covariance]
        total = rows[-1] + 0.0 * one
        for row in reversed(rows[:-1]):
            total = total * one + row
        return total

    def degrees_of_freedom(self, x: float) -> float:
        """Return those of the coefficients, the same everywhere."""
        self.domain.check(x, self.name)
        return self.freedom

    def turning_points(self) -> tuple[float, ...]:
        """Return, ascending, where the derivative changes its sign inside the usable domain."""
        lower, upper = self.domain.usable_lower, self.domain.usable_upper
        return sign_changes(derived(self.coefficients), lower, upper, self.x0)

    def _from_x0(self, x: Argument) -> Argument:
        self.domain.check(x, self.name)
        return x - self.x0


def horner(coefficients: Sequence[float], x: Argument) -> Argument:
    """Return Σ c_j x^j; the coefficients start with that of the power 0."""
    total = coefficients[-1] + 0.0 * x
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def derived(coefficients: Sequence[float]) -> tuple[float, ...]:
    """Return the coefficients of the derivative; a constant has the derivative 0."""
    return tuple(power * c for power, c in enumerate(coefficients))[1:] or (0.0,)


def sign_changes(coefficients: Sequence[float], lower: float, upper: float, shift: float = 0.0) -> tuple[float, ...]:
    """Return, ascending, the places strictly between two limits where a polynomial in x − shift changes its sign.

    Between two places where the derivative changes its sign, the polynomial can do so once.
    """
    if lower >= upper or not any(coefficients[1:]):
        return ()
    ends = (lower, *sign_changes(derived(coefficients), lower, upper, shift), upper)

    def at(x: float) -> float:
        return horner(coefficients, x - shift)

    found = [
        float(brentq(at, left, right, xtol=5e-324, rtol=4.0 * 2.0**-52))
        for left, right in pairwise(ends)
        if (at(left) > 0.0 and at(right) < 0.0) or (at(left) < 0.0 and at(right) > 0.0)
    ]
    return tuple(x for x in found if lower < x < upper)
