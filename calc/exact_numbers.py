"""Numbers as they were typed, exact: from floats, decimals and fractions, and back to the nearest float."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from calc.errors import CalcError, InvalidQuantity
from calc.units import exact

Number = float | Decimal | Fraction
"""A number that counts exactly: a float as its shortest decimal text, an int, a decimal or a fraction as it is."""


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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of exact numbers: whole `numerators`, (n_rows,), over one positive `denominator`.

    Whole numbers add and multiply an order quicker than fractions, which reduce themselves at every step.
    """

    numerators: tuple[int, ...]
    denominator: int

    @classmethod
    def of(cls, values: Sequence[Fraction]) -> Column:
        """Return the column that holds these values."""
        denominator = math.lcm(*(value.denominator for value in values))
        return cls(tuple(value.numerator * (denominator // value.denominator) for value in values), denominator)

    def total(self) -> Fraction:
        """Return the sum."""
        return Fraction(sum(self.numerators), self.denominator)

    def mean(self) -> Fraction:
        """Return the arithmetic mean of at least one number."""
        return self.total() / len(self.numerators)

    def squares_about_mean(self) -> Fraction:
        """Return the sum of squared deviations from the mean."""
        count = len(self.numerators)
        total = sum(self.numerators)
        squares = count * sum(number * number for number in self.numerators) - total * total
        return Fraction(squares, count * self.denominator * self.denominator)

    def products_about_mean(self, other: Column) -> Fraction:
        """Return the sum of products of the deviations of two columns of equal length from their means."""
        count = len(self.numerators)
        products = sum(a * b for a, b in zip(self.numerators, other.numerators, strict=True))
        scaled = count * products - sum(self.numerators) * sum(other.numerators)
        return Fraction(scaled, count * self.denominator * other.denominator)
