"""The range of magnitudes."""

from __future__ import annotations

import math

import pytest

from calc.errors import InvalidQuantity
from calc.magnitudes import bounded, spread, spread_or_zero


def test_numbers_within_the_range_pass() -> None:
    assert [bounded(value, "x", "value") for value in (0.0, -1e60, 5e-324)] == [0.0, -1e60, 5e-324]
    assert [spread_or_zero(value, "x", "u") for value in (0.0, 1e-60, 1e60)] == [0.0, 1e-60, 1e60]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: bounded(1.1e60, "x", "value"), "quantity.too_large"),
        (lambda: bounded(math.nan, "x", "value"), "quantity.not_finite"),
        (lambda: spread(0.0, "x", "u"), "quantity.not_positive"),
        (lambda: spread(0.9e-60, "x", "u"), "quantity.too_large"),
        (lambda: spread_or_zero(-1.0, "x", "u"), "quantity.negative"),
        (lambda: spread_or_zero(1e61, "x", "u"), "quantity.too_large"),
    ],
)
def test_the_others_are_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidQuantity) as refused:
        call()
    assert refused.value.code == code
