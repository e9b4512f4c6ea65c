"""The numerical tolerance of a number that is meaningful to some significant digits."""

from __future__ import annotations

import math

from calc.errors import InvalidQuantity

_MOST_DIGITS = 4


def numerical_tolerance(number: float, digits: int) -> float:
    """Return δ = ½ · 10^l of a number z ≈ c · 10^l, c a whole number of `digits` decimal digits (1 to 4); 0 for 0.

    z is rounded to c first, so that 0.0997 with two digits is 10 · 10^-2. Source: JCGM 101:2008, 7.9.2.
    """
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= _MOST_DIGITS:
        raise InvalidQuantity("monte_carlo.digits", value=repr(digits))
    if number == 0.0 or not math.isfinite(number):
        return 0.0
    exponent = int(f"{abs(number):.{digits - 1}e}".partition("e")[2])  # the text is correctly rounded
    return 0.5 * 10.0 ** (exponent - digits + 1)
