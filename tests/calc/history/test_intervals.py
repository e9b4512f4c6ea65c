"""Calibration intervals: published figures of methods A3 and V1, and the staircase."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from calc.decisions.conformity import ToleranceInterval
from calc.errors import InvalidQuantity
from calc.history.drift import DriftFit, DriftModel, fit_drift
from calc.history.drift_intervals import interval_to_limits, interval_to_uncertainty
from calc.history.intervals import (
    Change,
    IntervalBounds,
    IntervalWarning,
    a3_interval,
    balancing_reduction,
    reliability_limits,
    staircase_interval,
)


@pytest.mark.parametrize(
    ("in_tolerance", "interval", "expected", "rejection", "low", "high"),
    [  # NCSLI Symposium 2019, tutorial on intervals, as recorded in the tests of suncal: 20 calibrations, target 0.95
        (15, 365.0, 231.0, 0.9949, 0.6516, 0.8286),
        (14, 365.0, 205.0, 0.9993, 0.6000, 0.7843),
        (16, 730.0, 523.0, 0.9682, 0.7041, 0.8716),
    ],
)
def test_published_test_intervals(
    in_tolerance: int, interval: float, expected: float, rejection: float, low: float, high: float
) -> None:
    found = a3_interval(20, in_tolerance, 0.95, interval, confidence=0.5)
    assert found.interval == pytest.approx(expected, abs=0.51)
    assert found.rejection == pytest.approx(rejection, abs=5e-5)
    assert (found.reliability_low, found.reliability_high) == pytest.approx((low, high), abs=5e-5)
    assert found.change is Change.SHORTENED
    assert found.warnings == ()


def test_an_interval_that_meets_its_target_is_kept_or_extended() -> None:
    kept = a3_interval(20, 20, 0.9, 365.0)
    assert (kept.interval, kept.change) == (365.0, Change.KEPT)
    extended = a3_interval(20, 20, 0.9, 365.0, may_extend=True)
    confident = 1.0 - 2.0 * 0.9**20
    assert extended.interval == pytest.approx(365.0 * 10.0 ** (0.1 * confident))
    assert extended.change is Change.EXTENDED
    bounded = a3_interval(20, 20, 0.9, 365.0, may_extend=True, bounds=IntervalBounds(maximum=400.0))
    assert (bounded.interval, bounded.warnings) == (400.0, (IntervalWarning.AT_MAXIMUM,))


def test_a_thin_history_is_said() -> None:
    found = a3_interval(3, 2, 0.7, 100.0)
    # 1 − 2·P(at most 2 of 3 | 0.7) is negative: nothing speaks against the interval
    assert found.rejection < 0.0
    assert found.interval == 100.0
    assert found.warnings == (IntervalWarning.FEW_CALIBRATIONS, IntervalWarning.NOT_SIGNIFICANT)
    unsure = a3_interval(20, 17, 0.9, 100.0, minimum_rejection=0.8)
    assert (unsure.change, unsure.warnings) == (Change.KEPT, (IntervalWarning.NOT_SIGNIFICANT,))


@pytest.mark.parametrize(("n", "k"), [(1, 0), (1, 1), (10, 0), (10, 3), (10, 10)])
def test_limits_of_a_reliability(n: int, k: int) -> None:
    low, high = reliability_limits(n, k, 0.95)
    assert low == 0.0 if k == 0 else stats.binom.sf(k - 1, n, low) == pytest.approx(0.025, rel=1e-9)
    assert high == 1.0 if k == n else stats.binom.cdf(k, n, high) == pytest.approx(0.025, rel=1e-9)


@pytest.mark.parametrize(
    ("error", "expected", "change"),
    [
        (0.5, 120.0, Change.EXTENDED),
        (-0.8, 120.0, Change.EXTENDED),
        (0.9, 100.0, Change.KEPT),
        (-1.0, 100.0, Change.KEPT),
        (1.1, 60.0, Change.SHORTENED),
    ],
)
def test_staircase(error: float, expected: float, change: Change) -> None:
    found = staircase_interval(100.0, error, 1.0, extension=1.2, reduction=0.6)
    assert found.interval == pytest.approx(expected)
    assert found.change is change


def test_staircase_within_bounds() -> None:
    bounds = IntervalBounds(80.0, 110.0)
    up = staircase_interval(100.0, 0.1, 1.0, extension=1.2, reduction=0.6, bounds=bounds)
    assert (up.interval, up.warnings) == (110.0, (IntervalWarning.AT_MAXIMUM,))
    down = staircase_interval(100.0, 2.0, 1.0, extension=1.2, reduction=0.6, bounds=bounds)
    assert (down.interval, down.warnings) == (80.0, (IntervalWarning.AT_MINIMUM,))


def test_a_staircase_settles_at_its_target() -> None:
    reduction = balancing_reduction(1.1, 0.9)
    assert reduction == pytest.approx(1.1**-9.0, rel=1e-12)
    assert 0.9 * math.log(1.1) + 0.1 * math.log(reduction) == pytest.approx(0.0, abs=1e-15)


def nasa() -> DriftFit:
    return fit_drift(
        [70.0, 86.0, 104.0, 135.0, 167.0, 173.0],
        [0.1, 0.11, 0.251, 0.299, 0.403, 0.615],
        model=DriftModel.QUADRATIC,
        from_zero=True,
    )


def test_published_reliability_target() -> None:
    # NASA-HDBK-8739.19-5, tables 7-4 and 7-5: value 10.03 with u 0.28, limits 9 and 11, 90 %
    both = interval_to_limits(
        nasa(),
        ToleranceInterval(9.0, 11.0),
        1000.0,
        value_at_start=10.03,
        start_standard_uncertainty=0.28,
        coverage_probability=0.9,
    )
    assert both.interval == pytest.approx(140.1, abs=0.05)
    assert both.value == pytest.approx(10.38, abs=0.005)
    assert both.warnings == ()
    upper = interval_to_limits(
        nasa(),
        ToleranceInterval(None, 11.0),
        1000.0,
        value_at_start=10.03,
        start_standard_uncertainty=0.28,
        coverage_probability=0.9,
    )
    assert upper.interval == pytest.approx(171.75, abs=0.005)


def test_published_uncertainty_target() -> None:
    # table 7-7
    found = interval_to_uncertainty(nasa(), 0.5, 1000.0, value_at_start=10.03, start_standard_uncertainty=0.28)
    assert found.interval == pytest.approx(327.15, abs=0.005)
    assert found.value == pytest.approx(11.87, abs=0.005)
    assert found.warnings == (IntervalWarning.EXTRAPOLATED,)


def test_a_value_beyond_its_limit_at_the_start() -> None:
    # table 7-6 prints a later crossing; the interval at the start is wider than the limits already
    found = interval_to_limits(
        nasa(),
        ToleranceInterval(9.0, None),
        1000.0,
        value_at_start=9.03,
        start_standard_uncertainty=0.28,
        coverage_probability=0.9,
    )
    assert (found.interval, found.warnings) == (0.0, (IntervalWarning.BEYOND_AT_START,))


def test_a_limit_that_is_not_reached() -> None:
    found = interval_to_limits(nasa(), ToleranceInterval(-5.0, 5.0), 100.0)
    assert (found.interval, found.warnings) == (100.0, (IntervalWarning.NOT_REACHED,))


def test_time_counts_from_the_latest_calibration() -> None:
    drift = fit_drift([0.0, 100.0, 200.0, 300.0], [0.0, 1.0, 2.0, 3.0], [0.1] * 4)
    found = interval_to_limits(drift, ToleranceInterval(None, 10.0), 2000.0, coverage_probability=0.5)
    # one-sided at 50 %: where the line itself reaches the limit
    assert found.interval == pytest.approx(700.0, rel=1e-9)
    assert set(found.warnings) == {IntervalWarning.FEW_CALIBRATIONS, IntervalWarning.EXTRAPOLATED}
    safer = interval_to_limits(drift, ToleranceInterval(None, 10.0), 2000.0, coverage_probability=0.95)
    assert safer.interval < found.interval


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: a3_interval(0, 0, 0.9, 365.0), "quantity.out_of_range"),
        (lambda: a3_interval(5, 6, 0.9, 365.0), "quantity.out_of_range"),
        (lambda: a3_interval(5, -1, 0.9, 365.0), "quantity.out_of_range"),
        (lambda: a3_interval(True, 1, 0.9, 365.0), "quantity.not_a_number"),
        (lambda: a3_interval(5, 4, 1.0, 365.0), "quantity.out_of_range"),
        (lambda: a3_interval(5, 4, 0.9, 0.0), "quantity.not_positive"),
        (lambda: a3_interval(5, 4, 0.9, 365.0, confidence=1.0), "quantity.out_of_range"),
        (lambda: staircase_interval(100.0, 0.0, 0.0, extension=1.2, reduction=0.5), "quantity.not_positive"),
        (lambda: staircase_interval(100.0, 0.0, 1.0, extension=0.9, reduction=0.5), "quantity.out_of_range"),
        (lambda: staircase_interval(100.0, 0.0, 1.0, extension=1.1, reduction=1.5), "quantity.out_of_range"),
        (
            lambda: staircase_interval(100.0, 0.0, 1.0, extension=1.1, reduction=0.5, comfortable_share=1.5),
            "quantity.out_of_range",
        ),
        (lambda: balancing_reduction(0.5, 0.9), "quantity.out_of_range"),
        (lambda: balancing_reduction(1.1, 1.0), "quantity.out_of_range"),
        (lambda: IntervalBounds(10.0, 5.0), "conformity.limits"),
        (lambda: IntervalBounds(0.0), "quantity.not_positive"),
        (lambda: interval_to_limits(nasa(), ToleranceInterval(0.0, 1.0), 0.0), "quantity.not_positive"),
        (lambda: interval_to_uncertainty(nasa(), 0.0, 100.0), "quantity.not_positive"),
    ],
)
def test_what_cannot_be_used_is_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidQuantity) as refused:
        call()
    assert refused.value.code == code


@given(n=st.integers(1, 60), share=st.floats(0, 1), target=st.floats(0.5, 0.99), scale=st.floats(0.01, 100))
def test_fewer_in_tolerance_never_lengthen_an_interval(n: int, share: float, target: float, scale: float) -> None:
    k = round(share * n)
    found = a3_interval(n, k, target, 100.0, may_extend=True)
    assert found.reliability_low <= found.reliability <= found.reliability_high
    assert a3_interval(n, k, target, 100.0 * scale, may_extend=True).interval == pytest.approx(found.interval * scale)
    if k > 0:
        assert a3_interval(n, k - 1, target, 100.0, may_extend=True).interval <= found.interval * (1.0 + 1e-12)
