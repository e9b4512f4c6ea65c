"""Thermistors by the equation of Steinhart and Hart: 1/T = A + B L + C L² + D L³, L = ln(R / 1 Ω)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from calc.curves.basis_fit import BasisFit, check_points, fit_basis
from calc.curves.coefficients import derived, horner, sign_changes
from calc.curves.curve import Argument, Array, Curve, checked_covariance, checked_size
from calc.curves.domain import Domain
from calc.curves.straight_line import Numbers, point_rows
from calc.errors import InvalidQuantity, OutsideValidity
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom
from calc.quantities import finite

ZERO_CELSIUS: Final = 273.15
_SMALLEST: Final = 1e-12
_ZEROS: Final = {"degC": ZERO_CELSIUS, "K": 0.0}


@dataclass(frozen=True, slots=True)
class Thermistor(Curve):
    """Temperature of a thermistor by its resistance in ohms, in degC or K.

    `coefficients`: A, B, C, D in 1/K; C, that of the square, is 0 in the form with three coefficients.
    `coefficient_covariance`: (4, 4); `freedom`: its degrees of freedom.
    Source: Steinhart and Hart, Deep-Sea Research 15 (1968) 497; JCGM 102:2011, 6.2.1.3 for the covariance.
    """

    kind: ClassVar[str] = "thermistor"
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain
    coefficients: tuple[float, ...]
    coefficient_covariance: tuple[tuple[float, ...], ...]
    freedom: float = math.inf

    def __post_init__(self) -> None:
        if self.argument_unit != "ohm":
            raise InvalidQuantity("unit.incompatible", name=self.name, unit=self.argument_unit, expected="ohm")
        if self.value_unit not in _ZEROS:
            raise InvalidQuantity("unit.incompatible", name=self.name, unit=self.value_unit, expected="K")
        if len(self.coefficients) != 4:
            raise InvalidQuantity(
                "curve.point_count", name=self.name, field="coefficients", count=len(self.coefficients), needed=4
            )
        numbers = tuple(finite(number, self.name, "coefficient") for number in self.coefficients)
        object.__setattr__(self, "coefficients", numbers)
        matrix = checked_covariance(self.coefficient_covariance, 4, self.name)
        object.__setattr__(self, "coefficient_covariance", matrix)
        object.__setattr__(self, "freedom", checked_degrees_of_freedom(self.freedom, self.name))
        if self.domain.usable_lower <= 0.0:
            raise InvalidQuantity("quantity.not_positive", name=self.name, field="R", value=self.domain.usable_lower)

    def value(self, x: Argument) -> Argument:
        """Return the temperature in the value's unit."""
        return self._kelvins(x)[0] - _ZEROS[self.value_unit]

    def derivative(self, x: Argument) -> Argument:
        """Return dT/dR, in K/Ω."""
        kelvins, logarithm = self._kelvins(x)
        return -kelvins * kelvins * horner(derived(self.coefficients), logarithm) / x

    def second_derivative(self, x: Argument) -> Argument:
        """Return d²T/dR², in K/Ω²."""
        kelvins, logarithm = self._kelvins(x)
        rate = horner(derived(self.coefficients), logarithm)
        bend = horner(derived(derived(self.coefficients)), logarithm)
        return kelvins * kelvins * (2.0 * kelvins * rate * rate - bend + rate) / (x * x)

    def covariance(self, first: Argument, second: Argument) -> Argument:
        """Return the covariance of two temperatures from that of the coefficients, in K²."""
        (one, log_one), (two, log_two) = self._kelvins(first), self._kelvins(second)
        rows = [horner(row, log_two) for row in self.coefficient_covariance]
        total = rows[-1] + 0.0 * log_one
        for row in reversed(rows[:-1]):
            total = total * log_one + row
        return total * (one * one) * (two * two)

    def degrees_of_freedom(self, x: float) -> float:
        """Return those of the coefficients, the same everywhere."""
        self.domain.check(x, self.name)
        return self.freedom

    def turning_points(self) -> tuple[float, ...]:
        """Return, ascending, the resistances where the temperature turns round inside the usable domain."""
        lower, upper = math.log(self.domain.usable_lower), math.log(self.domain.usable_upper)
        return tuple(math.exp(root) for root in sign_changes(derived(self.coefficients), lower, upper))

    def _kelvins(self, x: Argument) -> tuple[Argument, Argument]:
        """Return T in kelvins and ln R."""
        self.domain.check(x, self.name)
        logarithm = np.log(x) if isinstance(x, np.ndarray) else float(np.log(x))
        inverse = horner(self.coefficients, logarithm)
        least = float(inverse.min()) if isinstance(inverse, np.ndarray) else inverse
        if least <= 0.0:
            raise OutsideValidity(
                "curve.outside", name=self.name, value=least, lower=self.domain.lower, upper=self.domain.upper
            )
        return 1.0 / inverse, logarithm


@dataclass(frozen=True, slots=True, eq=False)
class ThermistorFit:
    """A fitted thermistor and the fit behind it, in 1/T over ln R (residuals, χ², degrees of freedom)."""

    curve: Thermistor
    fit: BasisFit


def fit_thermistor(
    resistances: Numbers,
    temperatures: Numbers,
    u_r: Numbers | float = 0.0,
    u_t: Numbers | float | None = None,
    *,
    square: bool = False,
    name: str = "thermistor",
    value_unit: str = "degC",
    domain: Domain | None = None,
) -> ThermistorFit:
    """Return the thermistor through calibration points.

    Parameters
    ----------
    resistances, temperatures : shape (n,), in Ω and in the value's unit (degC or K); n ≥ 3, with the term of the
        square n ≥ 4. As many points as coefficients are met exactly
    u_r, u_t : standard uncertainties in Ω and K; without u_t those of the temperatures are equal and estimated from
        the residuals, which takes one point more
    square : whether the square of the logarithm has a coefficient

    Raises what `calc.curves.basis_fit.fit_basis` raises, `quantity.not_positive` for a resistance or temperature.
    """
    points = point_rows(resistances, [temperatures, u_r, 1.0 if u_t is None else u_t], name)
    kelvins = _checked_kelvins(points, name, value_unit)
    powers = [0, 1, 2, 3] if square else [0, 1, 3]
    logarithms = np.log(points[0])
    middle = float(logarithms.mean())
    rows = np.vstack([logarithms - middle, 1.0 / kelvins, points[2] / points[0], points[3] / np.square(kelvins)])

    def basis(shifted: Array) -> Array:
        return np.column_stack([(shifted + middle) ** power for power in powers])

    def slopes(shifted: Array) -> Array:
        return np.column_stack([power * (shifted + middle) ** max(power - 1, 0) for power in powers])

    fit = fit_basis(rows, basis, slopes, name, scale_known=u_t is not None)
    coefficients, covariance = np.zeros(4), np.zeros((4, 4))
    coefficients[powers] = fit.coefficients
    covariance[np.ix_(powers, powers)] = 0.5 * (fit.covariance + fit.covariance.T)
    curve = Thermistor(
        name,
        "ohm",
        value_unit,
        domain or Domain.of(points[0]),
        tuple(coefficients.tolist()),
        tuple(tuple(row) for row in covariance.tolist()),
        fit.freedom,
    )
    return ThermistorFit(curve, fit)


def _checked_kelvins(points: Array, name: str, value_unit: str) -> Array:
    """Return the temperatures in kelvins; raises InvalidQuantity unless they and the resistances are above 0."""
    check_points(points, name)
    kelvins: Array = points[1] + _ZEROS.get(value_unit, 0.0)
    for field, row in (("R", points[0]), ("T", kelvins)):
        if not bool((row > 0.0).all()):
            raise InvalidQuantity("quantity.not_positive", name=name, field=field, value=float(row.min()))
        checked_size(row, name, field, 1.0 / _SMALLEST, _SMALLEST)
    return kelvins
