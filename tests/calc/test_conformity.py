"""Decision rules on plain numbers."""

from __future__ import annotations

import math

import pytest

from calc.conformity import (
    Statement,
    ToleranceInterval,
    Verdict,
    decide,
    decide_weight_class,
    overall,
)
from calc.errors import InvalidQuantity

TEN = ToleranceInterval(-10.0, 10.0)


@pytest.mark.parametrize(
    ("value", "factor", "expected"),
    [
        (10.0, 0.0, Verdict.PASS),
        (10.000001, 0.0, Verdict.FAIL),
        (-10.0, 0.0, Verdict.PASS),
        (8.0, 1.0, Verdict.PASS),
        (8.1, 1.0, Verdict.FAIL),
        (-8.1, 1.0, Verdict.FAIL),
        (8.3, 0.83, Verdict.PASS),
        (8.4, 0.83, Verdict.FAIL),
        (12.0, -1.0, Verdict.PASS),
        (12.1, -1.0, Verdict.FAIL),
    ],
)
def test_binary_with_a_guard_band(value: float, factor: float, expected: Verdict) -> None:
    result = decide(value, 2.0, TEN, guard_factor=factor)
    assert result.verdict is expected
    assert result.guard_band == pytest.approx(factor * 2.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7.9, Verdict.PASS),
        (8.5, Verdict.CONDITIONAL_PASS),
        (10.0, Verdict.CONDITIONAL_PASS),
        (11.0, Verdict.CONDITIONAL_FAIL),
        (-12.0, Verdict.CONDITIONAL_FAIL),
        (12.5, Verdict.FAIL),
    ],
)
def test_four_answers(value: float, expected: Verdict) -> None:
    result = decide(value, 2.0, TEN, guard_factor=1.0, statement=Statement.NON_BINARY)
    assert result.verdict is expected
    assert result.accepted is (expected in {Verdict.PASS, Verdict.CONDITIONAL_PASS})


def test_one_sided_limits_leave_the_other_side_open() -> None:
    upper = ToleranceInterval(None, 4.0)
    assert decide(-1e9, 1.0, upper, guard_factor=1.0).verdict is Verdict.PASS
    assert decide(3.5, 1.0, upper, guard_factor=1.0).verdict is Verdict.FAIL
    assert decide(3.5, 1.0, upper).acceptance_lower is None


def test_a_guard_band_wider_than_the_tolerance_accepts_nothing() -> None:
    assert decide(0.0, 11.0, TEN, guard_factor=1.0).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("deviation", "uncertainty", "expected"),
    [
        (25.0, 59.0, Verdict.FAIL),  # F1 at 10 kg: δm = 50 mg, U > δm/3
        (25.0, 16.0, Verdict.PASS),
        (34.0, 16.0, Verdict.PASS),
        (34.1, 16.0, Verdict.FAIL),
        (-34.1, 16.0, Verdict.FAIL),
        (0.0, 16.67, Verdict.FAIL),
    ],
)
def test_a_weight_belongs_to_its_class(deviation: float, uncertainty: float, expected: Verdict) -> None:
    assert decide_weight_class(deviation, uncertainty, 50.0).verdict is expected


def test_the_worst_point_decides() -> None:
    assert overall([Verdict.PASS, Verdict.CONDITIONAL_FAIL, Verdict.CONDITIONAL_PASS]) is Verdict.CONDITIONAL_FAIL
    assert overall([]) is None


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(InvalidQuantity):
        ToleranceInterval(None, None)
    with pytest.raises(InvalidQuantity):
        ToleranceInterval(1.0, -1.0)
    with pytest.raises(InvalidQuantity):
        decide(math.nan, 1.0, TEN)
    with pytest.raises(InvalidQuantity):
        decide(0.0, -1.0, TEN)
    with pytest.raises(InvalidQuantity):
        decide(0.0, 1.0, TEN, guard_factor=-0.5, statement=Statement.NON_BINARY)
    with pytest.raises(InvalidQuantity):
        decide_weight_class(0.0, 1.0, 0.0)
