"""Type A evaluation: repeated indications and prior (pooled) experimental standard deviations.

Sums are exact: every reading counts as the decimal number it was typed as, so neither the order of the readings nor a
large common part (10000.005 g) costs a digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from calc.errors import CalcError, InvalidQuantity
from calc.quantities import Estimate, degrees_of_freedom, not_negative
from calc.units import exact

Reading = float | Decimal
Number = float | Decimal | Fraction
"""A number that counts exactly: a float as its shortest decimal text, a fraction as it is."""


@dataclass(frozen=True, slots=True)
class PooledDeviation:
    """An experimental standard deviation known beforehand, with its degrees of freedom (infinite if taken as known)."""

    standard_deviation: float
    degrees_of_freedom: float = math.inf

    def __post_init__(self) -> None:
        name = "pooled standard deviation"
        object.__setattr__(
            self, "standard_deviation", not_negative(self.standard_deviation, name, "standard_deviation")
        )
        object.__setattr__(self, "degrees_of_freedom", degrees_of_freedom(self.degrees_of_freedom, name))


def exact_readings(readings: Sequence[Number], needed: int, name: str = "readings") -> list[Fraction]:
    """Return readings as exact numbers; raises InvalidQuantity on a number not finite or fewer than `needed`."""
    if len(readings) < needed:
        raise InvalidQuantity("quantity.too_few_readings", name=name, count=len(readings), needed=needed)
    numbers = []
    for position, reading in enumerate(readings, 1):
        if isinstance(reading, bool) or not isinstance(reading, float | int | Decimal | Fraction):
            raise InvalidQuantity("quantity.not_a_number", name=name, field=f"reading {position}", value=repr(reading))
        try:
            # an int is exact beyond 2**53 too
            numbers.append(Fraction(reading) if isinstance(reading, int | Fraction) else exact(reading))
        except CalcError as error:
            raise error.with_values(name=name, field=f"reading {position}") from None
    return numbers


def nearest(value: Fraction, name: str) -> float:
    """Return the float nearest to an exact number; raises InvalidQuantity naming `name` if there is none so large."""
    try:
        return float(value)
    except OverflowError:
        raise InvalidQuantity("quantity.too_large", name=name, field="value", value="beyond 1e308") from None


def root(square: Fraction) -> float:
    """Return the square root of an exact number as the nearest float (to within the last bit)."""
    with localcontext(prec=40):
        number = (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()
    if number.adjusted() > 307:
        raise InvalidQuantity("quantity.too_large", name="square root", field="value", value=f"{number:.3e}")
    return float(number)


def _mean(numbers: Sequence[Fraction]) -> Fraction:
    return sum(numbers, Fraction(0)) / len(numbers)


def _variance(numbers: Sequence[Fraction]) -> Fraction:
    middle = _mean(numbers)
    return sum(((number - middle) ** 2 for number in numbers), Fraction(0)) / (len(numbers) - 1)


def experimental_standard_deviation(readings: Sequence[Reading]) -> float:
    """Return s of n readings (n at least 2), in their unit. Source: JCGM 100:2008, 4.2.2."""
    return root(_variance(exact_readings(readings, 2)))


def estimate_of(numbers: Sequence[Fraction], unit: str, prior: PooledDeviation | None = None) -> Estimate:
    """Return the mean of exact values with its standard uncertainty: from `prior` where given, else from their scatter.

    The common ground of `mean_of` and `mean_with_prior`, for values that are themselves computed exactly.
    """
    count = len(numbers)
    if prior is not None:
        u = root(exact(prior.standard_deviation) ** 2 / count)
        return Estimate(float(_mean(numbers)), u, unit, prior.degrees_of_freedom)
    if count < 2:
        raise InvalidQuantity("quantity.too_few_readings", name="readings", count=count, needed=2)
    return Estimate(float(_mean(numbers)), root(_variance(numbers) / count), unit, count - 1.0)


def mean_of(readings: Sequence[Reading], unit: str) -> Estimate:
    """Return the mean of n readings (n at least 2) with s/sqrt(n) and n - 1 degrees of freedom, in `unit`.

    Raises InvalidQuantity for a single reading or one that is not finite. Source: JCGM 100:2008, 4.2.1 to 4.2.3.
    """
    return estimate_of(exact_readings(readings, 2), unit)


def mean_with_prior(readings: Sequence[Reading], unit: str, prior: PooledDeviation) -> Estimate:
    """Return the mean of n readings (n at least 1) with s_p/sqrt(n) and the degrees of freedom of s_p, in `unit`.

    Source: JCGM 100:2008, 4.2.4; EA-4/02 M:2022, 3.2.2.
    """
    return estimate_of(exact_readings(readings, 1), unit, prior)


def pooled_standard_deviation(deviations: Sequence[tuple[float, float]]) -> PooledDeviation:
    """Return sqrt(Σ ν_i s_i² / Σ ν_i) with Σ ν_i degrees of freedom, from pairs (s_i, ν_i) in one unit.

    Degrees of freedom must be finite here. Source: JCGM 100:2008, 4.2.4 and H.3.6.
    """
    name = "pooled standard deviation"
    if not deviations:
        raise InvalidQuantity("quantity.too_few_readings", name=name, count=0, needed=1)
    total, degrees = Fraction(0), Fraction(0)
    for s, nu in deviations:
        checked = degrees_of_freedom(nu, name)
        if math.isinf(checked):
            raise InvalidQuantity("quantity.not_finite", name=name, field="degrees_of_freedom", value=nu)
        total += exact(not_negative(s, name, "standard_deviation")) ** 2 * exact(checked)
        degrees += exact(checked)
    return PooledDeviation(root(total / degrees), float(degrees))


def correlation_of_means(first: Sequence[Reading], second: Sequence[Reading]) -> float:
    """Return the correlation coefficient of two means from n jointly observed pairs (n at least 2), dimensionless.

    0 where one of the series does not scatter. Raises InvalidQuantity for series of different length.
    Source: JCGM 100:2008, 5.2.3, equations (14) and (17).
    """
    if len(first) != len(second):
        raise InvalidQuantity(
            "quantity.too_few_readings",
            name="joint observations",
            count=min(len(first), len(second)),
            needed=max(len(first), len(second)),
        )
    x, y = exact_readings(first, 2), exact_readings(second, 2)
    centre_x, centre_y = _mean(x), _mean(y)
    shared = sum(((a - centre_x) * (b - centre_y) for a, b in zip(x, y, strict=True)), Fraction(0))
    spread = _variance(x) * _variance(y) * (len(x) - 1) ** 2
    if spread == 0:
        return 0.0
    return math.copysign(min(root(shared * shared / spread), 1.0), shared)
