"""Exact numbers: what they are read from, sums about the mean, and the nearest float."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.errors import InvalidQuantity
from calc.exact_numbers import Column, exact_readings, nearest, root


def test_every_sort_of_number_counts_as_written() -> None:
    found = exact_readings([0.1, Decimal("0.1"), Fraction(1, 10), 2**60 + 1], 1)
    assert found == [Fraction(1, 10)] * 3 + [Fraction(2**60 + 1)]


fractions = st.lists(st.fractions(max_denominator=1000), min_size=1, max_size=9)


@given(fractions, st.randoms())
def test_a_column_sums_exactly(values: list[Fraction], shuffler: object) -> None:
    column = Column.of(values)
    mean = sum(values) / Fraction(len(values))
    assert column.total() == sum(values)
    assert column.mean() == mean
    assert column.squares_about_mean() == sum((value - mean) ** 2 for value in values)
    other = Column.of([value * 3 for value in values])
    assert column.products_about_mean(other) == 3 * column.squares_about_mean()


@given(st.fractions(min_value=0))
def test_root_is_the_nearest_float(square: Fraction) -> None:
    found = root(square)
    assert found == pytest.approx(math.sqrt(square), rel=1e-15)
    below, above = math.nextafter(found, -math.inf), math.nextafter(found, math.inf)
    assert below <= 0 or Fraction(below) ** 2 < square
    assert square == 0 or square < Fraction(above) ** 2


@pytest.mark.parametrize("value", [Fraction(10) ** 400, -(Fraction(10) ** 400)])
def test_what_no_float_holds_is_refused(value: Fraction) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        nearest(value, "sum")
    assert caught.value.code == "quantity.too_large"
    with pytest.raises(InvalidQuantity):
        root(value * value)
