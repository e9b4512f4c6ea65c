"""Drift: the published fit of NASA-HDBK-8739.19-5, closed forms, coverage of predictions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calc.errors import CalcError
from calc.history.comparison import Assessment
from calc.history.drift import DriftModel, ScatterRule, consecutive_en, fit_drift

# NASA-HDBK-8739.19-5, table 7-2: days between calibrations, change
DAYS = [70.0, 86.0, 104.0, 135.0, 167.0, 173.0]
CHANGES = [0.1, 0.11, 0.251, 0.299, 0.403, 0.615]


def test_published_drift() -> None:
    # tables 7-3 and 7-4
    fit = fit_drift(DAYS, CHANGES, model=DriftModel.QUADRATIC, from_zero=True)
    assert fit.coefficients == pytest.approx((0.00015741, 0.00001674), abs=5e-9)
    assert fit.covariance[0][0] == pytest.approx(1.01e-6, abs=5e-9)
    assert fit.covariance[1][1] == pytest.approx(4.549e-11, abs=5e-15)
    assert fit.covariance[0][1] == pytest.approx(-6.607e-9, abs=5e-13)
    assert fit.scatter == pytest.approx(0.0708, abs=5e-5)
    predicted = fit.predict(140.1, coverage_probability=0.9, additional_standard_uncertainty=0.28)
    assert 10.03 + predicted.value == pytest.approx(10.38, abs=0.005)
    assert 10.03 + predicted.high == pytest.approx(11.0, abs=0.005)
    assert predicted.degrees_of_freedom == 4.0


def test_a_line_in_closed_form() -> None:
    # x = 0, 1, 2, 3: mean 1.5, Σ(x − x̄)² = 5; y = 1, 2, 3, 4.5: b = 1.15, s² = 0.075/2
    fit = fit_drift([100.0, 101.0, 102.0, 103.0], [1.0, 2.0, 3.0, 4.5])
    assert fit.origin == 100.0
    assert fit.coefficients == pytest.approx((0.9, 1.15), rel=1e-12)
    s2 = 0.075 / 2.0
    found = fit.predict(105.0)
    assert found.standard_uncertainty_of_line**2 == pytest.approx(s2 * (0.25 + 3.5**2 / 5.0), rel=1e-12)
    assert found.standard_uncertainty**2 == pytest.approx(s2 * (1.25 + 3.5**2 / 5.0), rel=1e-12)
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 2) * found.standard_uncertainty, rel=1e-12)
    assert fit.test is not None
    assert fit.test.statistic == pytest.approx(1.15**2 / (s2 / 5.0), rel=1e-12)
    assert fit.test.probability == pytest.approx(2.0 * stats.t.sf(math.sqrt(fit.test.statistic), 2), rel=1e-10)
    assert fit.test.significant


def test_stated_uncertainties_and_their_birge_ratio() -> None:
    times, values = [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.5]
    stated = fit_drift(times, values, [0.1] * 4, scatter_rule=ScatterRule.STATED)
    assert stated.degrees_of_freedom == math.inf
    assert stated.chi_squared == pytest.approx(7.5, rel=1e-12)
    assert stated.birge_ratio == pytest.approx(math.sqrt(3.75), rel=1e-12)
    assert stated.covariance[1][1] == pytest.approx(0.01 / 5.0, rel=1e-12)
    assert stated.scatter == pytest.approx(0.1, rel=1e-12)
    larger = fit_drift(times, values, [0.1] * 4)
    observed = fit_drift(times, values, scatter_rule=ScatterRule.OBSERVED)
    assert larger.degrees_of_freedom == 2.0
    assert larger.covariance[1][1] == pytest.approx(observed.covariance[1][1], rel=1e-12)
    assert larger.scatter == pytest.approx(observed.scatter, rel=1e-12)
    cautious = fit_drift(times, values, [1.0] * 4)
    assert cautious.covariance[1][1] == pytest.approx(1.0 / 5.0, rel=1e-12)
    relative = fit_drift(times, values, [1.0] * 4, scatter_rule=ScatterRule.OBSERVED)
    assert relative.covariance[1][1] == pytest.approx(observed.covariance[1][1], rel=1e-12)


def test_two_calibrations_with_stated_uncertainties() -> None:
    fit = fit_drift([0.0, 365.0], [10.0, 10.3], [0.1, 0.1])
    assert fit.birge_ratio is None
    assert fit.test is not None
    assert fit.test.statistic == pytest.approx(4.5, rel=1e-12)  # (0.3/√0.02)²
    assert fit.test.probability == pytest.approx(stats.chi2.sf(4.5, 1), rel=1e-12)
    assert fit.predict(730.0).standard_uncertainty_of_line == pytest.approx(0.1 * math.sqrt(5.0), rel=1e-12)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (DriftModel.LINEAR, lambda t: 2.0 + 0.1 * t),
        (DriftModel.QUADRATIC, lambda t: 2.0 + 0.1 * t - 0.002 * t * t),
        (DriftModel.SQUARE_ROOT, lambda t: 2.0 + 0.5 * math.sqrt(t)),
        (DriftModel.CONSTANT, lambda _t: 2.0),
    ],
)
def test_each_model_finds_its_own_curve(model: DriftModel, shape: object) -> None:
    assert callable(shape)
    times = [float(t) for t in (0, 4, 9, 16, 25)]
    fit = fit_drift(times, [shape(t) for t in times], model=model)
    assert fit.predict(36.0).value == pytest.approx(shape(36.0), rel=1e-9)
    assert fit.scatter == pytest.approx(0.0, abs=1e-9)
    assert (fit.test is None) is (model is DriftModel.CONSTANT)


def test_no_drift_is_found_at_the_level_of_the_test() -> None:
    generator = np.random.default_rng(8)
    times = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    found = 0
    for _ in range(300):
        fit = fit_drift(times, generator.normal(5.0, 0.1, 6).tolist())
        assert fit.test is not None
        found += fit.test.significant
    assert found / 300 == pytest.approx(0.05, abs=0.04)


def test_predictions_cover_the_next_value() -> None:
    generator = np.random.default_rng(9)
    times = [0.0, 1.0, 2.0, 3.0, 4.0]
    inside = 0
    for _ in range(300):
        values = (1.0 + 0.3 * np.arange(6.0) + generator.normal(0.0, 0.2, 6)).tolist()
        predicted = fit_drift(times, values[:5]).predict(5.0)
        inside += predicted.low <= values[5] <= predicted.high
    assert inside / 300 == pytest.approx(0.95, abs=0.04)


def test_a_jump_between_two_calibrations() -> None:
    scores = consecutive_en([1.0, 1.05, 1.5, 1.52], [0.1] * 4)
    assert [score.assessment is Assessment.SATISFACTORY for score in scores] == [True, False, True]
    assert scores[1].value == pytest.approx(0.45 / math.hypot(0.1, 0.1))


def test_a_perfect_line_drifts() -> None:
    moving = fit_drift([0.0, 1.0, 2.0], [1.0, 2.0, 3.0]).test
    still = fit_drift([0.0, 1.0, 2.0], [1.0, 1.0, 1.0]).test
    assert moving is not None
    assert still is not None
    assert (moving.probability, moving.significant) == (0.0, True)
    assert (still.probability, still.significant) == (1.0, False)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: fit_drift([], []), "quantity.too_few_readings"),
        (lambda: fit_drift([0.0, 1.0], [1.0, 2.0]), "quantity.too_few_readings"),
        (lambda: fit_drift([0.0, math.nan, 2.0], [1.0, 2.0, 3.0]), "quantity.not_finite"),
        (lambda: fit_drift([0.0, 1.0, 2.0], [1.0, 2.0, math.inf]), "quantity.not_finite"),
        (lambda: fit_drift([0.0, 1.0, 2.0], [1.0, 2.0]), "regression.lengths"),
        (lambda: fit_drift([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]), "regression.dependent"),
        (lambda: fit_drift([0.0, 1.0], [1.0, 2.0], [0.1, 0.0]), "quantity.not_positive"),
        (lambda: fit_drift([1.0, 2.0], [1.0, 2.0], from_zero=True, model=DriftModel.CONSTANT), "history.undetermined"),
        (lambda: fit_drift([0.0, 1.0, 2.0], [1.0, 2.0, 3.5], level=1.0), "quantity.out_of_range"),
        (
            lambda: fit_drift([0.0, 1.0], [1.0, 2.0], [0.1, 0.1], scatter_rule=ScatterRule.OBSERVED),
            "quantity.too_few_readings",
        ),
        (lambda: fit_drift([0.0, 1.0, 2.0], [1.0, 2.0, 3.5]).predict(math.inf), "quantity.not_finite"),
        (
            lambda: fit_drift([0.0, 1.0, 2.0], [1.0, 2.0, 3.5], model=DriftModel.SQUARE_ROOT).predict(-1.0),
            "quantity.negative",
        ),
        (lambda: consecutive_en([1.0, 2.0], [0.1]), "history.lengths"),
        (lambda: consecutive_en([1.0], [0.1]), "quantity.too_few_readings"),
    ],
)
def test_what_cannot_be_used_is_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(CalcError) as refused:
        call()
    assert refused.value.code == code


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 1000), st.integers(-500, 500)), min_size=4, max_size=10, unique_by=lambda p: p[0]
    ),
    st.integers(-6, 6),
    st.integers(-6, 6),
)
def test_another_unit_of_time_or_value_changes_nothing(
    points: list[tuple[int, int]], time_power: int, value_power: int
) -> None:
    days, scale = 2.0**time_power, 2.0**value_power
    plain = fit_drift([float(t) for t, _ in points], [float(v) for _, v in points])
    other = fit_drift([t * days for t, _ in points], [v * scale for _, v in points])
    at, there = plain.predict(1500.0), other.predict(1500.0 * days)
    size = 1.0 + abs(at.value)
    assert there.value == pytest.approx(at.value * scale, abs=1e-9 * size * scale)
    assert there.standard_uncertainty == pytest.approx(at.standard_uncertainty * scale, rel=1e-9, abs=1e-9 * scale)
    assert plain.test is not None
    assert other.test is not None
    assert other.test.probability == pytest.approx(plain.test.probability, abs=1e-9)
