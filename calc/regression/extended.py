"""The functions of formulas on decimal numbers of 50 digits, for residuals that doubles cannot resolve."""

from __future__ import annotations

import decimal
import functools
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

DIGITS = 50
_GUARD = 60  # further digits of pi, for angles of up to as many digits before the point
_LARGEST_ANGLE = Decimal(10) ** 50


def context(digits: int = DIGITS) -> decimal.Context:
    """Return a context that raises on a division by zero, an overflow and whatever has no value."""
    traps = [decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow]
    return decimal.Context(prec=digits, rounding=decimal.ROUND_HALF_EVEN, traps=traps)


@functools.cache
def pi() -> Decimal:
    """Return pi to 110 digits, by Machin's formula in whole numbers."""
    one = 10 ** (DIGITS + _GUARD + 10)

    def arc_cotangent(x: int) -> int:
        term, total, n, sign = one // x, 0, 1, 1
        while term:
            total += sign * (term // n)
            term //= x * x
            n, sign = n + 2, -sign
        return total

    scaled = 4 * (4 * arc_cotangent(5) - arc_cotangent(239))
    with decimal.localcontext(context(DIGITS + _GUARD)):
        value: Decimal = Decimal(scaled) / Decimal(one)
    return value


def _reduced(x: Decimal) -> tuple[int, Decimal]:
    """Return the quadrant and the rest, at most pi/4, of an angle in radians."""
    if abs(x) > _LARGEST_ANGLE:
        raise decimal.InvalidOperation
    with decimal.localcontext(context(DIGITS + _GUARD)):
        turns = (x / (pi() / 2)).to_integral_value()
        rest = x - turns * pi() / 2
    return int(turns) % 4, +rest


def _taylor(x: Decimal, term: Decimal, n: int) -> Decimal:
    """Return term - term x²/((n+1)(n+2)) + …, the series of sine (x, 1) and cosine (1, 0)."""
    square, total = x * x, term
    while True:
        n += 2
        term = -term * square / (n * (n - 1))
        if total + term == total:
            return total
        total += term


def sine(x: Decimal) -> Decimal:
    """Return sin x, x in radians."""
    quadrant, rest = _reduced(x)
    value = _taylor(rest, rest, 1) if quadrant % 2 == 0 else _taylor(rest, Decimal(1), 0)
    return -value if quadrant >= 2 else value


def cosine(x: Decimal) -> Decimal:
    """Return cos x, x in radians."""
    quadrant, rest = _reduced(x)
    value = _taylor(rest, Decimal(1), 0) if quadrant % 2 == 0 else _taylor(rest, rest, 1)
    return -value if quadrant in {1, 2} else value


def tangent(x: Decimal) -> Decimal:
    """Return tan x, x in radians."""
    return sine(x) / cosine(x)


def arc_tangent(x: Decimal) -> Decimal:
    """Return atan x in radians, between -pi/2 and pi/2."""
    if abs(x) > 1:
        return (pi() / 2).copy_sign(x) - arc_tangent(1 / x)
    for _ in range(3):
        x = x / (1 + (1 + x * x).sqrt())
    square, power, total, n = x * x, x, x, 1
    while True:
        n += 2
        power = -power * square
        if total + power / n == total:
            return 8 * total
        total += power / n


def arc_tangent_of_two(y: Decimal, x: Decimal) -> Decimal:
    """Return the angle of the point (x, y) in radians, between -pi and pi."""
    if x > 0:
        return arc_tangent(y / x)
    if x < 0:
        return arc_tangent(y / x) + pi().copy_sign(y)
    if y == 0:
        return Decimal(0)
    return (pi() / 2).copy_sign(y)


def _arc_sine(x: Decimal) -> Decimal:
    return arc_tangent_of_two(x, ((1 - x) * (1 + x)).sqrt())


def _sign(x: Decimal) -> Decimal:
    if x == 0:
        raise decimal.InvalidOperation  # |x| has no derivative at 0
    return Decimal(1).copy_sign(x)


def _less(x: Decimal, y: Decimal) -> Decimal:
    if x == y:
        raise decimal.InvalidOperation  # min and max have none where the two are equal
    return Decimal(int(x < y))


FUNCTIONS: Mapping[str, Callable[..., Decimal]] = MappingProxyType(
    {
        "+": lambda x, y: x + y,
        "-": lambda x, y: x - y,
        "*": lambda x, y: x * y,
        "/": lambda x, y: x / y,
        "neg": lambda x: -x,
        "sqrt": lambda x: x.sqrt(),
        "sin": sine,
        "cos": cosine,
        "tan": tangent,
        "asin": _arc_sine,
        "acos": lambda x: pi() / 2 - _arc_sine(x),
        "atan": arc_tangent,
        "atan2": arc_tangent_of_two,
        "exp": lambda x: x.exp(),
        "log": lambda x: x.ln(),
        "log10": lambda x: x.log10(),
        "abs": abs,
        "min": min,
        "max": max,
        "pow": lambda x, y: x**y,
        "sign": _sign,
        "less": _less,
    }
)
"""Every operation of a graph; results have 50 digits within `context()`."""
