"""The functions on 50 digits: identities, doubles, and arguments without a value."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.regression import extended
from calc.regression.extended import FUNCTIONS

angles = st.decimals(-1000, 1000, places=12)


def test_pi_to_50_digits() -> None:
    text = "3.14159265358979323846264338327950288419716939937510582097494"  # OEIS A000796
    assert str(extended.pi())[:60] == text[:60]


@given(angles)
def test_sine_cosine_and_tangent_agree(x: Decimal) -> None:
    with decimal.localcontext(extended.context()):
        sine, cosine = extended.sine(x), extended.cosine(x)
        assert abs(sine * sine + cosine * cosine - 1) < Decimal("1e-48")
        assert abs(extended.arc_tangent_of_two(sine, cosine) - _within_pi(x)) < Decimal("1e-46")
        if abs(cosine) > Decimal("1e-6"):
            assert abs(extended.tangent(x) * cosine - sine) < Decimal("1e-48")
    assert float(sine) == pytest.approx(math.sin(x), abs=1e-13)
    assert float(cosine) == pytest.approx(math.cos(x), abs=1e-13)


def _within_pi(x: Decimal) -> Decimal:
    turns = (x / (2 * extended.pi())).to_integral_value()
    return x - 2 * turns * extended.pi()


@given(st.decimals(-1, 1, places=12))
def test_arcs_undo(x: Decimal) -> None:
    with decimal.localcontext(extended.context()):
        assert abs(extended.sine(FUNCTIONS["asin"](x)) - x) < Decimal("1e-48")
        assert abs(extended.cosine(FUNCTIONS["acos"](x)) - x) < Decimal("1e-48")
        assert abs(extended.tangent(extended.arc_tangent(x)) - x) < Decimal("1e-48")


@pytest.mark.parametrize(
    ("y", "x"), [(0, 1), (0, -1), (1, 0), (-1, 0), (0, 0), (2, 3), (-2, 3), (2, -3), (-2, -3), (3, 2)]
)
def test_the_angle_of_a_point(y: int, x: int) -> None:
    with decimal.localcontext(extended.context()):
        assert float(extended.arc_tangent_of_two(Decimal(y), Decimal(x))) == pytest.approx(math.atan2(y, x), rel=1e-15)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("log", (-1,)),
        ("sqrt", (-1,)),
        ("asin", (2,)),
        ("/", (1, 0)),
        ("sign", (0,)),
        ("less", (1, 1)),
        ("pow", (-2, Decimal("0.5"))),
        ("sin", (Decimal("1e60"),)),
        ("exp", (Decimal("1e9"),)),
    ],
)
def test_what_has_no_value_raises(function: str, arguments: tuple[Decimal | int, ...]) -> None:
    with decimal.localcontext(extended.context()), pytest.raises(ArithmeticError):
        FUNCTIONS[function](*(Decimal(argument) for argument in arguments))
