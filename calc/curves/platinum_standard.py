"""Standard platinum resistance thermometers on the ITS-90: reference functions and deviation functions.

Source: Preston-Thomas, Metrologia 27 (1990) 3, section 3.3: equations (9a), (10a), (12), (13), (14), tables 3 and 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from calc.curves.coefficients import derived, horner
from calc.curves.curve import Argument, Array, Curve, checked_covariance
from calc.curves.domain import Domain
from calc.errors import InvalidQuantity
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom
from calc.quantities import finite, positive

TRIPLE_POINT: Final = 273.16
_ZERO_CELSIUS: Final = 273.15
_LOWER: Final = (
    -2.13534729,
    3.18324720,
    -1.80143597,
    0.71727204,
    0.50344027,
    -0.61899395,
    -0.05332322,
    0.28021362,
    0.10715224,
    -0.29302865,
    0.04459872,
    0.11868632,
    -0.05248134,
)
_UPPER: Final = (
    2.78157254,
    1.64650916,
    -0.13714390,
    -0.00649767,
    -0.00234444,
    0.00511868,
    0.00187982,
    -0.00204472,
    -0.00046122,
    0.00045724,
)
LEAST_RATIO: Final = 0.2158
"""W of the triple point of argon, 83,8058 K: below, other deviation functions hold."""
LARGEST_RATIO: Final = 3.3761
"""W of the freezing point of aluminium, 660,323 °C: above, other deviation functions hold."""
_NEWTON_STEPS: Final = 8


@dataclass(frozen=True, slots=True)
class StandardThermometer(Curve):
    """Temperature t90 in °C by the resistance R in ohms, with W = R/R(273,16 K).

    `r_tpw` in ohms; deviation W − W_r: a (W − 1) + b (W − 1)² + c (W − 1)³ from the triple point of water upward,
    `a_below` (W − 1) + `b_below` (W − 1) ln W below. Sub-ranges have the later coefficients 0.
    `coefficient_covariance`: (6, 6), of r_tpw, a, b, c, a_below, b_below; `freedom`: its degrees of freedom.
    """

    kind: ClassVar[str] = "standard_thermometer"
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain
    r_tpw: float
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0
    a_below: float = 0.0
    b_below: float = 0.0
    coefficient_covariance: tuple[tuple[float, ...], ...] = ((0.0,) * 6,) * 6
    freedom: float = math.inf

    def __post_init__(self) -> None:
        for unit, expected in ((self.argument_unit, "ohm"), (self.value_unit, "degC")):
            if unit != expected:
                raise InvalidQuantity("unit.incompatible", name=self.name, unit=unit, expected=expected)
        object.__setattr__(self, "r_tpw", positive(self.r_tpw, self.name, "r_tpw"))
        for field in ("a", "b", "c", "a_below", "b_below"):
            object.__setattr__(self, field, finite(getattr(self, field), self.name, field))
        matrix = checked_covariance(self.coefficient_covariance, 6, self.name)
        object.__setattr__(self, "coefficient_covariance", matrix)
        object.__setattr__(self, "freedom", checked_degrees_of_freedom(self.freedom, self.name))
        for resistance in (self.domain.usable_lower, self.domain.usable_upper):
            if not LEAST_RATIO <= resistance / self.r_tpw <= LARGEST_RATIO:
                lower, upper = LEAST_RATIO * self.r_tpw, LARGEST_RATIO * self.r_tpw
                raise InvalidQuantity(
                    "quantity.out_of_range", name=self.name, field="R", value=resistance, lower=lower, upper=upper
                )

    def value(self, x: Argument) -> Argument:
        """Return t90 in °C."""
        ratio = self._ratio(x)
        return _like(x, temperature(ratio - self._deviation(ratio)[0]) - _ZERO_CELSIUS)

    def derivative(self, x: Argument) -> Argument:
        """Return dt/dR, in °C/Ω."""
        ratio = self._ratio(x)
        deviation, slope, _ = self._deviation(ratio)
        rate = _reference(temperature(ratio - deviation))[1]
        return _like(x, (1.0 - slope) / rate / self.r_tpw)

    def second_derivative(self, x: Argument) -> Argument:
        """Return d²t/dR², in °C/Ω²."""
        ratio = self._ratio(x)
        deviation, slope, bend = self._deviation(ratio)
        _, rate, curvature = _reference(temperature(ratio - deviation))
        along = (1.0 - slope) / rate
        return _like(x, (-bend / rate - along * along * curvature / rate) / (self.r_tpw * self.r_tpw))

    def covariance(self, first: Argument, second: Argument) -> Argument:
        """Return the covariance of two temperatures from that of the coefficients, in K².

        Source: JCGM 102:2011, 6.2.1.3.
        """
        one, two = self._sensitivities(first), self._sensitivities(second)
        total = np.zeros(np.broadcast_shapes(one[0].shape, two[0].shape))
        for left, row in zip(one, self.coefficient_covariance, strict=True):
            for entry, right in zip(row, two, strict=True):
                total = total + left * entry * right
        return _like(first, total)

    def degrees_of_freedom(self, x: float) -> float:
        """Return those of the coefficients, the same everywhere."""
        self.domain.check(x, self.name)
        return self.freedom

    def _ratio(self, x: float | Array) -> Array:
        self.domain.check(x, self.name)
        return np.asarray(x, dtype=np.float64) / self.r_tpw

    def _deviation(self, ratio: Array) -> tuple[Array, Array, Array]:
        """Return W − W_r and its first and second derivative by W."""
        d, logarithm = ratio - 1.0, np.log(ratio)
        above = d * (self.a + d * (self.b + d * self.c))
        slope = self.a + d * (2.0 * self.b + 3.0 * self.c * d)
        bend = 2.0 * self.b + 6.0 * self.c * d
        below = d * (self.a_below + self.b_below * logarithm)
        slope_below = self.a_below + self.b_below * (logarithm + d / ratio)
        bend_below = self.b_below * (1.0 + 1.0 / ratio) / ratio
        cold = d < 0.0
        return np.where(cold, below, above), np.where(cold, slope_below, slope), np.where(cold, bend_below, bend)

    def _sensitivities(self, x: float | Array) -> tuple[Array, ...]:
        """Return the derivatives of t with respect to r_tpw, a, b, c, a_below and b_below."""
        ratio = self._ratio(x)
        deviation, slope, _ = self._deviation(ratio)
        per_ratio = 1.0 / _reference(temperature(ratio - deviation))[1]
        d, cold = ratio - 1.0, ratio < 1.0
        above = np.where(cold, 0.0, -per_ratio) * d
        below = np.where(cold, -per_ratio, 0.0) * d
        of_r = -per_ratio * (1.0 - slope) * ratio / self.r_tpw
        return of_r, above, above * d, above * d * d, below, below * np.log(ratio)


def reference_ratio(kelvins: float) -> float:
    """Return W_r(T90), from 83,8 K to 1234,93 K. Source: ITS-90, equations (9a) and (10a)."""
    return float(_reference(np.asarray(kelvins, dtype=np.float64))[0])


def temperature(ratio: Array) -> Array:
    """Return T90 in kelvins for which W_r(T90) is the ratio, by Newton's method on the reference functions."""
    slope, bend = 3.9848e-3, -5.87e-7  # of W_r about 0 °C, for the start
    kelvins = _ZERO_CELSIUS + 2.0 * (ratio - 1.0) / (slope + np.sqrt(slope * slope + 4.0 * bend * (ratio - 1.0)))
    for _ in range(_NEWTON_STEPS):
        value, rate, _ = _reference(kelvins, ratio < 1.0)
        kelvins = kelvins - (value - ratio) / rate
    return kelvins


def _reference(kelvins: Array, cold: NDArray[np.bool_] | None = None) -> tuple[Array, Array, Array]:
    """Return W_r and its first and second derivative by temperature; `cold` takes the function below 273,16 K."""
    below_triple_point = kelvins < TRIPLE_POINT if cold is None else cold
    u = (np.log(kelvins / TRIPLE_POINT) + 1.5) / 1.5
    per_u = 1.0 / (1.5 * kelvins)
    exponent, rate, bend = _with_derivatives(_LOWER, u)
    below = np.exp(exponent)
    below_rate = below * rate * per_u
    below_bend = below * per_u * (rate * rate * per_u + bend * per_u - rate / kelvins)
    above, above_rate, above_bend = _with_derivatives(_UPPER, (kelvins - 754.15) / 481.0)
    return (
        np.where(below_triple_point, below, above),
        np.where(below_triple_point, below_rate, above_rate / 481.0),
        np.where(below_triple_point, below_bend, above_bend / (481.0 * 481.0)),
    )


def _with_derivatives(coefficients: tuple[float, ...], u: Array) -> tuple[Array, Array, Array]:
    once = derived(coefficients)
    return horner(coefficients, u), horner(once, u), horner(derived(once), u)


def _like(x: Argument, values: Array) -> Argument:
    """Return an array where one was asked for, else a float."""
    return values if isinstance(x, np.ndarray) else float(values)
