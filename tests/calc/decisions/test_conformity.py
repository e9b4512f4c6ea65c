"""Decision rules on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.decisions.conformity import (
    GuardBandRule,
    Reason,
    Statement,
    ToleranceInterval,
    Verdict,
    decide,
    decide_overall,
    decide_weight_class,
    guard_factor,
    overall,
)
from calc.errors import InvalidQuantity
from calc.rounding import report, reported_uncertainty

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


@pytest.mark.parametrize(
    ("rule", "factor"),
    [
        (GuardBandRule.SIMPLE, 0.0),
        (GuardBandRule.U, 1.0),
        (GuardBandRule.U_0_83, 0.83),
        (GuardBandRule.U_1_5, 1.5),
        (GuardBandRule.U_3, 3.0),
        (GuardBandRule.UNCRITICAL, -1.0),
    ],
)
def test_named_guard_bands(rule: GuardBandRule, factor: float) -> None:
    assert guard_factor(rule) == factor


def test_every_named_rule_but_the_custom_one_has_a_factor() -> None:
    assert guard_factor(GuardBandRule.CUSTOM, 0.5) == 0.5
    with pytest.raises(InvalidQuantity) as missing:
        guard_factor(GuardBandRule.CUSTOM)
    assert missing.value.code == "quantity.parameter_missing"
    with pytest.raises(InvalidQuantity) as unwanted:
        guard_factor(GuardBandRule.U, 2.0)
    assert unwanted.value.code == "quantity.parameter_unknown"
    assert all(math.isfinite(guard_factor(rule)) for rule in GuardBandRule if rule is not GuardBandRule.CUSTOM)


@pytest.mark.parametrize("number", [float, lambda text: Decimal(text)])
def test_a_value_on_the_decimal_limit_conforms(number: Callable[[str], float | Decimal]) -> None:
    # in binary floats 1.0 - 0.9 is less than 0.1, and 3 x 0.1 more than 0.3
    result = decide(number("0.1"), number("0.9"), ToleranceInterval(None, 1.0), guard_factor=1.0)
    assert result.verdict is Verdict.PASS
    assert result.acceptance_upper == 0.1
    assert decide_weight_class(number("0.2"), number("0.1"), number("0.3")).verdict is Verdict.PASS


def test_the_guard_band_is_taken_from_the_reported_uncertainty() -> None:
    # U = 0.0494 is reported as 0.049, and 0.1 as the CMC where that is larger
    limit = ToleranceInterval(None, 1.0)
    rounded = Decimal(report(0.951, 0.0494, "mm").expanded_uncertainty)
    assert decide(Decimal("0.951"), rounded, limit, guard_factor=1.0).verdict is Verdict.PASS
    assert decide(Decimal("0.951"), 0.0494, limit, guard_factor=1.0).verdict is Verdict.FAIL
    floored = reported_uncertainty(0.0494, 0.1)
    assert decide(0.951, floored, limit, guard_factor=1.0).guard_band == 0.1


def test_overlapping_guard_bands_are_said() -> None:
    narrow = decide(0.0, 11.0, TEN, guard_factor=1.0)
    assert narrow.acceptance_empty
    assert narrow.reasons[0] is Reason.ACCEPTANCE_INTERVAL_EMPTY
    four = decide(0.0, 11.0, TEN, guard_factor=1.0, statement=Statement.NON_BINARY)
    assert (four.verdict, four.acceptance_empty) == (Verdict.CONDITIONAL_PASS, True)
    assert not decide(0.0, 10.0, TEN, guard_factor=1.0).acceptance_empty  # 2w equals the width: one value is left
    assert not decide(0.0, 1e9, ToleranceInterval(None, 10.0), guard_factor=1.0).acceptance_empty


@pytest.mark.parametrize(
    ("value", "factor", "reasons"),
    [
        (0.0, 1.0, ()),
        (9.0, 1.0, (Reason.ABOVE_ACCEPTANCE_LIMIT,)),
        (-11.0, 1.0, (Reason.BELOW_ACCEPTANCE_LIMIT, Reason.BELOW_LOWER_LIMIT)),
        (11.0, -1.0, ()),
    ],
)
def test_reasons_of_a_verdict(value: float, factor: float, reasons: tuple[Reason, ...]) -> None:
    assert decide(value, 2.0, TEN, guard_factor=factor).reasons == reasons


@pytest.mark.parametrize(
    ("deviation", "uncertainty", "reasons"),
    [
        (25.0, 16.0, ()),
        (25.0, 17.0, (Reason.UNCERTAINTY_TOO_LARGE,)),
        (34.1, 16.0, (Reason.ABOVE_ACCEPTANCE_LIMIT,)),
        (-51.0, 16.0, (Reason.BELOW_ACCEPTANCE_LIMIT, Reason.BELOW_LOWER_LIMIT)),
        (
            0.0,
            59.0,
            (
                Reason.UNCERTAINTY_TOO_LARGE,
                Reason.ACCEPTANCE_INTERVAL_EMPTY,
                Reason.BELOW_ACCEPTANCE_LIMIT,
                Reason.ABOVE_ACCEPTANCE_LIMIT,
            ),
        ),
    ],
)
def test_why_a_weight_is_not_of_its_class(deviation: float, uncertainty: float, reasons: tuple[Reason, ...]) -> None:
    assert decide_weight_class(deviation, uncertainty, 50.0).reasons == reasons


def test_the_overall_verdict_names_the_points_that_decide() -> None:
    points = [
        decide(value, spread, TEN, guard_factor=1.0, statement=Statement.NON_BINARY)
        for value, spread in [(0.0, 1.0), (11.0, 2.0), (9.5, 11.0), (-11.0, 2.0)]
    ]
    whole = decide_overall(points)
    assert whole is not None
    assert (whole.verdict, whole.deciding, whole.unjudgeable) == (Verdict.CONDITIONAL_FAIL, (1, 3), (2,))
    assert decide_overall([]) is None


numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(value=numbers, spread=st.floats(0, 1e6), low=numbers, width=st.floats(0, 1e6), r=st.floats(0, 5))
def test_mirrored_numbers_are_judged_alike_and_a_wider_guard_band_accepts_no_more(
    value: float, spread: float, low: float, width: float, r: float
) -> None:
    tolerance = ToleranceInterval(low, low + width)
    mirror = ToleranceInterval(-(low + width), -low)
    for statement in Statement:
        one = decide(value, spread, tolerance, guard_factor=r, statement=statement)
        other = decide(-value, spread, mirror, guard_factor=r, statement=statement)
        assert one.verdict is other.verdict
        order = list(Verdict)
        wider = decide(value, spread, tolerance, guard_factor=r + 1.0, statement=Statement.BINARY)
        narrow = decide(value, spread, tolerance, guard_factor=r, statement=Statement.BINARY)
        assert order.index(wider.verdict) >= order.index(narrow.verdict)


@given(value=st.integers(-300, 300), spread=st.integers(0, 200), limit=st.integers(1, 200), power=st.integers(-9, 9))
def test_the_unit_does_not_change_the_verdict(value: int, spread: int, limit: int, power: int) -> None:
    def scaled(number: int) -> float:
        return float(Decimal(number).scaleb(power))

    judged = decide_weight_class(scaled(value), scaled(spread), scaled(limit))
    assert judged.reasons == decide_weight_class(value, spread, limit).reasons
