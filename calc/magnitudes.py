"""The range of numbers within which squares and ratios of values and spreads neither overflow nor vanish."""

from __future__ import annotations

import math
from decimal import Decimal

from calc.errors import InvalidQuantity
from calc.quantities import finite, not_negative, positive

LARGEST = 1e60
SMALLEST = 1e-60


def bounded(value: float | Decimal, name: str, what: str) -> float:
    """Return a finite number of at most 1e60 in size, or raise InvalidQuantity."""
    number = finite(value, name, what)
    if math.fabs(number) > LARGEST:
        raise InvalidQuantity("quantity.too_large", name=name, field=what, value=number)
    return number


def spread(value: float | Decimal, name: str, what: str) -> float:
    """Return a number from 1e-60 to 1e60, or raise InvalidQuantity."""
    number = positive(value, name, what)
    if not SMALLEST <= number <= LARGEST:
        raise InvalidQuantity("quantity.too_large", name=name, field=what, value=number)
    return number


def spread_or_zero(value: float | Decimal, name: str, what: str) -> float:
    """Return 0 or a number from 1e-60 to 1e60, or raise InvalidQuantity."""
    number = not_negative(value, name, what)
    return number if number == 0.0 else spread(number, name, what)
