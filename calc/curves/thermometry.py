"""Industrial platinum resistance thermometers by the equation of Callendar and Van Dusen, IEC 60751."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from calc.curves.basis_fit import BasisFit, check_points, fit_basis
from calc.curves.coefficients import sign_changes
from calc.curves.curve import Argument, Array, Curve, checked_covariance, checked_size
from calc.curves.domain import Domain
from calc.curves.straight_line import Numbers, point_rows
from calc.errors import InvalidQuantity
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom
from calc.quantities import finite, positive

A: Final = 3.9083e-3
"""1/°C. Source: IEC 60751:2022, 4.2."""
B: Final = -5.775e-7
"""1/°C². Source: IEC 60751:2022, 4.2."""
C: Final = -4.183e-12
"""1/°C⁴, below 0 °C only. Source: IEC 60751:2022, 4.2."""

_SMALLEST: Final = 1e-12
NONE: Final = ((0.0,) * 4,) * 4


@dataclass(frozen=True, slots=True)
class PlatinumThermometer(Curve):
    """R(t) = R0 (1 + A t + B t² + C (t − 100) t³), C only below 0 °C; t in °C.

    `r0` in the value's unit; `a`, `b`, `c` in 1/°C, 1/°C², 1/°C⁴, by default those of IEC 60751.
    `coefficient_covariance`: (4, 4), of r0, a, b, c in this order; `freedom`: its degrees of freedom.
    Values, derivative and inverse are exact; source: IEC 60751:2022, 4.2.
    """

    kind: ClassVar[str] = "platinum_thermometer"
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain
    r0: float
    a: float = A
    b: float = B
    c: float = C
    coefficient_covariance: tuple[tuple[float, ...], ...] = NONE
    freedom: float = math.inf

    def __post_init__(self) -> None:
        if self.argument_unit != "degC":
            raise InvalidQuantity("unit.incompatible", name=self.name, unit=self.argument_unit, expected="degC")
        object.__setattr__(self, "r0", positive(self.r0, self.name, "r0"))
        for field in ("a", "b", "c"):
            object.__setattr__(self, field, finite(getattr(self, field), self.name, field))
        matrix = checked_covariance(self.coefficient_covariance, 4, self.name)
        object.__setattr__(self, "coefficient_covariance", matrix)
        object.__setattr__(self, "freedom", checked_degrees_of_freedom(self.freedom, self.name))

    def value(self, x: Argument) -> Argument:
        """Return the resistance at x degrees Celsius."""
        t, cold = self._parts(x)
        return self.r0 * (1.0 + t * (self.a + t * self.b) + self.c * (cold - 100.0) * cold * cold * cold)

    def derivative(self, x: Argument) -> Argument:
        """Return dR/dt, in the value's unit per °C."""
        t, cold = self._parts(x)
        return self.r0 * (self.a + 2.0 * self.b * t + self.c * cold * cold * (4.0 * cold - 300.0))

    def second_derivative(self, x: Argument) -> Argument:
        """Return d²R/dt², in the value's unit per °C²."""
        _, cold = self._parts(x)
        return self.r0 * (2.0 * self.b + self.c * cold * (12.0 * cold - 600.0))

    def covariance(self, first: Argument, second: Argument) -> Argument:
        """Return the covariance of two resistances from that of the coefficients, value unit squared.

        Source: JCGM 102:2011, 6.2.1.3.
        """
        one, two = self._sensitivities(first), self._sensitivities(second)
        total = 0.0 * one[0] * two[0]
        for left, row in zip(one, self.coefficient_covariance, strict=True):
            for entry, right in zip(row, two, strict=True):
                total = total + left * entry * right
        return total

    def degrees_of_freedom(self, x: float) -> float:
        """Return those of the coefficients, the same everywhere."""
        self.domain.check(x, self.name)
        return self.freedom

    def turning_points(self) -> tuple[float, ...]:
        """Return, ascending, where the resistance turns round inside the usable domain."""
        lower, upper = self.domain.usable_lower, self.domain.usable_upper
        below = sign_changes((self.a, 2.0 * self.b, -300.0 * self.c, 4.0 * self.c), lower, min(upper, 0.0))
        above = sign_changes((self.a, 2.0 * self.b), max(lower, 0.0), upper)
        return (*below, *above)

    def solutions(self, y: float) -> tuple[float, ...]:
        """Return the temperatures of a resistance: from R0 upward by the quadratic formula, below by Newton."""
        if y < self.r0 or self.turning_points() or self.domain.usable_upper < 0.0:
            return Curve.solutions(self, y)
        ratio = y / self.r0 - 1.0
        root = self.a * self.a + 4.0 * self.b * ratio
        if root < 0.0:
            return ()
        t = 2.0 * ratio / (self.a + math.sqrt(root))
        lower, upper = self.domain.usable_lower, self.domain.usable_upper
        slack = 1e-12 * max(abs(lower), abs(upper))
        return (min(max(t, lower), upper),) if lower - slack <= t <= upper + slack else ()

    def _parts(self, x: Argument) -> tuple[Argument, Argument]:
        """Return t, and t where it is below 0 °C, else 0."""
        self.domain.check(x, self.name)
        if isinstance(x, np.ndarray):
            return x, np.minimum(x, 0.0)
        return x, min(x, 0.0)

    def _sensitivities(self, x: Argument) -> tuple[Argument, ...]:
        """Return the derivatives of R with respect to r0, a, b and c."""
        t, cold = self._parts(x)
        return self.value(x) / self.r0, self.r0 * t, self.r0 * t * t, self.r0 * (cold - 100.0) * cold * cold * cold


@dataclass(frozen=True, slots=True, eq=False)
class ThermometerFit:
    """A fitted thermometer and the fit behind it (residuals, χ², degrees of freedom)."""

    curve: PlatinumThermometer
    fit: BasisFit


def fit_platinum(
    temperatures: Numbers,
    resistances: Numbers,
    u_t: Numbers | float = 0.0,
    u_r: Numbers | float | None = None,
    *,
    free: Sequence[str] = ("r0", "a", "b"),
    fixed: tuple[float, float, float] = (A, B, C),
    name: str = "thermometer",
    value_unit: str = "ohm",
    domain: Domain | None = None,
) -> ThermometerFit:
    """Return the thermometer through calibration points.

    Parameters
    ----------
    temperatures, resistances : shape (n,), in °C and in the value's unit
    u_t, u_r : standard uncertainties; without u_r those of the resistances are equal and estimated from the residuals
    free : which of r0, a, b, c are fitted, r0 always; the others keep their value from `fixed` (a, b, c), exactly.
        c needs points below 0 °C

    Raises what `calc.curves.basis_fit.fit_basis` raises, `curve.method` for an unknown coefficient.
    Source: ISO/TS 28037:2010, clause 7, for the functions of IEC 60751:2022, 4.2.
    """
    if "r0" not in free or not set(free) <= {"r0", "a", "b", "c"}:
        raise InvalidQuantity("curve.method", name=name, value=", ".join(free), field="fit")
    points = point_rows(temperatures, [resistances, u_t, 1.0 if u_r is None else u_r], name)
    check_points(points, name)
    chosen = [index for index, key in enumerate(("a", "b", "c")) if key in free]
    kept = np.array([0.0 if index in chosen else value for index, value in enumerate(fixed)])

    def basis(t: Array) -> Array:
        return _terms(_functions(t), 1.0, kept, chosen)

    def slopes(t: Array) -> Array:
        return _terms(_rates(t), 0.0, kept, chosen)

    fit = fit_basis(points, basis, slopes, name, scale_known=u_r is not None)
    r0, coefficients, covariance = _of_the_equation(fit, fixed, chosen, name)
    curve = PlatinumThermometer(
        name,
        "degC",
        value_unit,
        domain or Domain.of(points[0]),
        r0,
        coefficients[0],
        coefficients[1],
        coefficients[2],
        tuple(tuple(row) for row in covariance.tolist()),
        fit.freedom,
    )
    return ThermometerFit(curve, fit)


def _of_the_equation(
    fit: BasisFit, fixed: Sequence[float], chosen: Sequence[int], name: str
) -> tuple[float, list[float], Array]:
    """Return r0, the three coefficients and the covariance of all four, from a fit of r0, r0·a, r0·b, r0·c."""
    r0, *others = fit.coefficients.tolist()
    positive(r0, name, "r0")
    checked_size(fit.coefficients[:1], name, "r0", 1.0 / _SMALLEST, _SMALLEST)
    # from (r0, r0·a, …) to (r0, a, …)
    jacobian = np.zeros((4, 1 + len(chosen)))
    jacobian[0, 0] = 1.0
    coefficients = list(fixed)
    for column, (index, product) in enumerate(zip(chosen, others, strict=True), 1):
        coefficients[index] = product / r0
        jacobian[index + 1, 0] = -product / r0 / r0
        jacobian[index + 1, column] = 1.0 / r0
    covariance = jacobian @ fit.covariance @ jacobian.T
    covariance = 0.5 * (covariance + covariance.T)
    return r0, coefficients, covariance


def _functions(t: Array) -> Array:
    """Return t, t², (t − 100) t³ below 0 °C, shape (n, 3)."""
    cold = np.minimum(t, 0.0)
    return np.column_stack([t, t * t, (cold - 100.0) * cold**3])


def _rates(t: Array) -> Array:
    """Return the derivatives of `_functions`."""
    cold = np.minimum(t, 0.0)
    return np.column_stack([np.ones_like(t), 2.0 * t, cold * cold * (4.0 * cold - 300.0)])


def _terms(functions: Array, one: float, kept: Array, chosen: list[int]) -> Array:
    """Return the functions of the fitted coefficients: that of r0 carries the fixed ones."""
    return np.column_stack([one + functions @ kept, functions[:, chosen]])
