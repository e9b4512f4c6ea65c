"""Reliability models: closed forms, an independent maximum likelihood, and the coverage of the band."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from calc.errors import InvalidQuantity
from calc.history.intervals import IntervalWarning
from calc.history.reliability import ReliabilityModel, compare_reliability_models, fit_reliability

TIMES = [3.0, 6.0, 9.0, 12.0, 20.0, 27.0, 38.5, 49.5]
CALIBRATIONS = [4, 6, 14, 13, 22, 49, 18, 6]
IN_TOLERANCE = [4, 5, 9, 8, 12, 20, 9, 2]


def test_one_interval_in_closed_form() -> None:
    # R = k/n at t, so that T = t·ln(target)/ln(k/n); the band follows from that of a binomial likelihood
    fit = fit_reliability([100.0], [40], [30], 0.9)
    assert fit.interval == pytest.approx(100.0 * math.log(0.9) / math.log(0.75), rel=1e-7)
    limit = 0.5 * stats.chi2.ppf(0.95, 1)

    def excess(share: float) -> float:
        def height(p: float) -> float:
            return 30.0 * math.log(p) + 10.0 * math.log1p(-p)

        return height(share) - height(0.75) + limit

    low, high = optimize.brentq(excess, 0.3, 0.75), optimize.brentq(excess, 0.75, 0.99)
    assert fit.low == pytest.approx(100.0 * math.log(0.9) / math.log(low), rel=1e-9)
    assert fit.high == pytest.approx(100.0 * math.log(0.9) / math.log(high), rel=1e-9)
    assert fit.reliability(100.0) == pytest.approx(0.75, rel=1e-7)
    assert fit.reliability(0.0) == 1.0
    assert fit.warnings == (IntervalWarning.EXTRAPOLATED,)


def test_all_in_tolerance_gives_a_lower_bound_only() -> None:
    fit = fit_reliability([100.0], [20], [20], 0.9)
    # n·(t/T)·ln(target) = −χ²/2
    assert fit.low == pytest.approx(2.0 * 20.0 * 100.0 * -math.log(0.9) / stats.chi2.ppf(0.95, 1), rel=1e-9)
    assert (fit.interval, fit.high) == (None, None)
    assert fit.warnings == (IntervalWarning.ALL_IN_TOLERANCE,)
    with pytest.raises(InvalidQuantity) as refused:
        fit.reliability(10.0)
    assert refused.value.code == "history.undetermined"


def test_none_in_tolerance_gives_an_upper_bound_only() -> None:
    fit = fit_reliability([100.0], [5], [0], 0.9)
    # n·ln(1 − target^(t/T)) = −χ²/2
    share = -math.expm1(-0.5 * stats.chi2.ppf(0.95, 1) / 5.0)
    assert fit.high == pytest.approx(100.0 * math.log(0.9) / math.log(share), rel=1e-9)
    assert (fit.interval, fit.low) == (None, None)
    assert set(fit.warnings) == {IntervalWarning.FEW_CALIBRATIONS, IntervalWarning.NONE_IN_TOLERANCE}


@pytest.mark.parametrize("model", [model for model in ReliabilityModel if model is not ReliabilityModel.EXPONENTIAL])
def test_two_times_and_two_parameters_fit_exactly(model: ReliabilityModel) -> None:
    shares = {ReliabilityModel.WEIBULL: (45, 30), ReliabilityModel.MIXED_EXPONENTIAL: (40, 34)}
    first, second = shares.get(model, (40, 36))
    fit = fit_reliability([10.0, 20.0], [50, 50], [first, second], 0.85, model=model)
    assert fit.deviance == pytest.approx(0.0, abs=1e-6)
    assert fit.reliability(10.0) == pytest.approx(first / 50.0, abs=1e-4)
    assert fit.reliability(20.0) == pytest.approx(second / 50.0, abs=1e-4)
    assert fit.interval is not None
    assert fit.reliability(fit.interval) == pytest.approx(0.85, rel=1e-12)
    if model is ReliabilityModel.WEIBULL:
        assert fit.shape == pytest.approx(math.log2(math.log(0.6) / math.log(0.9)), rel=1e-4)


def peer(model: ReliabilityModel, theta: tuple[float, ...], t: float) -> float:
    """Return the models as they are usually written."""
    match model:
        case ReliabilityModel.EXPONENTIAL:
            return math.exp(-theta[0] * t)
        case ReliabilityModel.WEIBULL:
            return math.exp(-((theta[0] * t) ** theta[1]))
        case ReliabilityModel.MIXED_EXPONENTIAL:
            return (1.0 + theta[0] * t) ** -theta[1]
        case ReliabilityModel.RANDOM_WALK:
            return 2.0 * float(stats.norm.cdf(1.0 / math.sqrt(theta[1] + theta[0] * t))) - 1.0


@pytest.mark.parametrize(
    ("model", "start"),
    [
        (ReliabilityModel.EXPONENTIAL, (0.03,)),
        (ReliabilityModel.WEIBULL, (0.03, 0.8)),
        (ReliabilityModel.MIXED_EXPONENTIAL, (0.05, 0.8)),
        (ReliabilityModel.RANDOM_WALK, (0.15, 0.05)),
    ],
)
def test_against_an_independent_maximum(model: ReliabilityModel, start: tuple[float, ...]) -> None:
    def loss(log_theta: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        theta = tuple(float(value) for value in np.exp(log_theta))
        total = 0.0
        for t, n, k in zip(TIMES, CALIBRATIONS, IN_TOLERANCE, strict=True):
            share = min(max(peer(model, theta, t), 1e-12), 1.0 - 1e-12)
            total -= k * math.log(share) + (n - k) * math.log1p(-share)
        return total

    found = optimize.minimize(loss, np.log(start), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
    fit = fit_reliability(TIMES, CALIBRATIONS, IN_TOLERANCE, 0.8, model=model)
    assert fit.log_likelihood == pytest.approx(-float(found.fun), abs=1e-6)
    theta = tuple(float(value) for value in np.exp(found.x))
    for t in (5.0, 20.0, 40.0):
        assert fit.reliability(t) == pytest.approx(peer(model, theta, t), abs=2e-4)
    assert fit.low is not None
    assert fit.high is not None
    assert fit.interval is not None
    assert fit.low < fit.interval < fit.high
    assert fit.probability is not None
    assert fit.probability > 0.5


def test_the_best_model_comes_first() -> None:
    fits = compare_reliability_models(TIMES, CALIBRATIONS, IN_TOLERANCE, 0.9)
    assert len(fits) == 4
    assert [fit.information_criterion for fit in fits] == sorted(fit.information_criterion for fit in fits)
    assert len(compare_reliability_models([10.0], [20], [15], 0.9)) == 1


def test_results_that_grow_better_with_time_fit_nothing() -> None:
    fit = fit_reliability([10.0, 20.0, 30.0], [50, 50, 50], [20, 35, 48], 0.9, model=ReliabilityModel.WEIBULL)
    assert IntervalWarning.POOR_FIT in fit.warnings
    two = fit_reliability([10.0, 20.0], [50, 50], [30, 45], 0.9, model=ReliabilityModel.WEIBULL)
    assert IntervalWarning.POOR_FIT in two.warnings


def test_equal_times_count_as_one() -> None:
    apart = fit_reliability([10.0, 10.0, 20.0], [5, 15, 20], [5, 13, 14], 0.9)
    together = fit_reliability([20.0, 10.0], [20, 20], [14, 18], 0.9)
    assert apart == together


def test_the_band_covers_the_interval() -> None:
    generator = np.random.default_rng(4)
    times, n = [50.0, 100.0, 150.0], [20, 20, 20]
    shares = [0.9 ** (t / 100.0) for t in times]
    inside = 0
    for _ in range(400):
        k = [int(generator.binomial(count, share)) for count, share in zip(n, shares, strict=True)]
        fit = fit_reliability(times, n, k, 0.9, confidence=0.9)
        inside += (fit.low or 0.0) <= 100.0 <= (fit.high or math.inf)
    assert inside / 400 == pytest.approx(0.9, abs=0.045)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: fit_reliability([], [], [], 0.9), "quantity.too_few_readings"),
        (lambda: fit_reliability([1.0], [5, 5], [3], 0.9), "history.lengths"),
        (lambda: fit_reliability([1.0], [5], [3, 3], 0.9), "history.lengths"),
        (lambda: fit_reliability([0.0], [5], [3], 0.9), "quantity.not_positive"),
        (lambda: fit_reliability([1.0], [5], [6], 0.9), "quantity.out_of_range"),
        (lambda: fit_reliability([1.0], [5], [3], 1.0), "quantity.out_of_range"),
        (lambda: fit_reliability([1.0], [5], [3], 0.9, confidence=0.0), "quantity.out_of_range"),
        (lambda: fit_reliability([1.0], [5], [3], 0.9, model=ReliabilityModel.WEIBULL), "history.undetermined"),
    ],
)
def test_what_cannot_be_used_is_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidQuantity) as refused:
        call()
    assert refused.value.code == code


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 30), st.floats(0, 1)), min_size=2, max_size=5),
    st.integers(-6, 6),
)
def test_another_unit_of_time_changes_nothing(data: list[tuple[int, int, float]], power: int) -> None:
    scale = 2.0**power
    n = [count for _, count, _ in data]
    k = [round(share * count) for _, count, share in data]
    one = fit_reliability([float(t) for t, _, _ in data], n, k, 0.9)
    other = fit_reliability([t * scale for t, _, _ in data], n, k, 0.9)
    for mine, theirs in ((one.interval, other.interval), (one.low, other.low), (one.high, other.high)):
        assert (mine is None) is (theirs is None)
        if mine is not None and theirs is not None:
            assert theirs == pytest.approx(mine * scale, rel=1e-6)
