"""Type A evaluation: exact sums, prior and pooled deviations, joint observations."""

from __future__ import annotations

import math
import random
import statistics
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.coverage import coverage_factor
from calc.errors import InvalidQuantity
from calc.type_a import (
    PooledDeviation,
    autocorrelation,
    correlation_of_means,
    covariance_of_means,
    experimental_standard_deviation,
    mean_of,
    mean_of_series,
    mean_with_prior,
    median_of,
    pooled_deviation_of_runs,
    pooled_standard_deviation,
    relative_deviation_of_s,
)

GUM_TABLE_1 = [
    *(96.90, 98.18, 98.25, 98.61, 99.03, 99.49, 99.56, 99.74, 99.89, 100.07),
    *(100.33, 100.42, 100.68, 100.95, 101.11, 101.20, 101.57, 101.84, 102.36, 102.72),
]
TN1900_E2 = [
    *(18.75, 28.25, 25.75, 28.0, 28.5, 20.75, 21.0, 22.75, 18.5, 27.25, 20.75),
    *(26.5, 28.0, 23.25, 28.0, 21.75, 26.0, 26.5, 28.0, 33.25, 32.0, 29.5),
]
series = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12)


def test_gum_4_4_3_twenty_temperatures() -> None:
    """JCGM 100:2008, 4.4.3 and table 1."""
    estimate = mean_of(GUM_TABLE_1, "degC")
    assert estimate.value == pytest.approx(100.145, abs=5e-4)
    assert experimental_standard_deviation(GUM_TABLE_1) == pytest.approx(1.489, abs=5e-4)
    assert estimate.standard_uncertainty == pytest.approx(0.333, abs=5e-4)
    assert estimate.degrees_of_freedom == 19.0


def test_tn1900_e2_surface_temperature() -> None:
    """NIST TN 1900, example E2: mean, standard uncertainty and the 95 % interval."""
    estimate = mean_of(TN1900_E2, "degC")
    assert estimate.value == pytest.approx(25.6, abs=0.05)
    assert estimate.standard_uncertainty == pytest.approx(0.872, abs=5e-4)
    expanded = coverage_factor(estimate.degrees_of_freedom, 0.95) * estimate.standard_uncertainty
    assert estimate.value - expanded == pytest.approx(23.8, abs=0.05)
    assert estimate.value + expanded == pytest.approx(27.4, abs=0.05)


@pytest.mark.parametrize(
    ("count", "percent"), [(2, 76), (3, 52), (4, 42), (5, 36), (10, 24), (20, 16), (30, 13), (50, 10)]
)
def test_gum_table_e_1(count: int, percent: int) -> None:
    """JCGM 100:2008, table E.1."""
    assert 100.0 * relative_deviation_of_s(count) == pytest.approx(percent, abs=0.5)


def test_the_scatter_of_s_is_smooth_where_its_formula_changes() -> None:
    for count in (100, 101, 102, 10_000, 10**9):
        nu = count - 1.0
        expected = math.sqrt((1.0 + 1.0 / (4.0 * nu) - 1.0 / (8.0 * nu * nu)) / (2.0 * nu))
        assert relative_deviation_of_s(count) == pytest.approx(expected, rel=1e-7)
    assert relative_deviation_of_s(100) / relative_deviation_of_s(101) == pytest.approx(math.sqrt(100 / 99), rel=3e-5)
    with pytest.raises(InvalidQuantity):
        relative_deviation_of_s(1)


@given(series, st.randoms())
def test_mean_is_exact_whatever_the_order(readings: list[float], shuffler: random.Random) -> None:
    estimate = mean_of(readings, "g")
    assert estimate.degrees_of_freedom == len(readings) - 1
    assert estimate.value == pytest.approx(statistics.fmean(readings), rel=1e-14, abs=1e-9)
    shuffler.shuffle(readings)
    assert mean_of(readings, "g") == estimate


def test_a_large_common_part_costs_no_digit() -> None:
    readings = [Decimal("10000000.001"), Decimal("10000000.002"), Decimal("10000000.003")]
    assert experimental_standard_deviation(readings) == 0.001
    assert experimental_standard_deviation([float(reading) for reading in readings]) == 0.001
    assert mean_of(readings, "g").standard_uncertainty == pytest.approx(0.001 / math.sqrt(3), rel=1e-15)


def test_prior_deviation() -> None:
    estimate = mean_with_prior([0.010, 0.030, 0.020], "g", PooledDeviation(0.025, 15))
    assert estimate.value == 0.020
    assert estimate.standard_uncertainty == pytest.approx(0.025 / math.sqrt(3), rel=1e-15)
    assert estimate.degrees_of_freedom == 15.0
    assert mean_with_prior([1.0], "g", PooledDeviation(0.025)).degrees_of_freedom == math.inf


def test_pooled_deviation() -> None:
    pooled = pooled_standard_deviation([(3.0, 4), (4.0, 4)])
    assert pooled.standard_deviation == pytest.approx(math.sqrt(12.5), rel=1e-15)
    assert pooled.degrees_of_freedom == 8.0
    with pytest.raises(InvalidQuantity):
        pooled_standard_deviation([])
    with pytest.raises(InvalidQuantity):
        pooled_standard_deviation([(1.0, math.inf)])


def test_pooled_deviation_of_runs() -> None:
    runs = [[1.1, 1.3], [5.0, 5.0, 5.3], [7.0, 7.2, 7.1, 7.1]]
    pooled = pooled_deviation_of_runs(runs)
    squares = [experimental_standard_deviation(run) ** 2 for run in runs]
    expected = math.sqrt((squares[0] + 2 * squares[1] + 3 * squares[2]) / 6)
    assert pooled.standard_deviation == pytest.approx(expected, rel=1e-14)
    assert pooled.degrees_of_freedom == 6.0
    for bad in (runs[:0], [*runs, [1.0]]):
        with pytest.raises(InvalidQuantity) as caught:
            pooled_deviation_of_runs(bad)
        assert caught.value.code == "quantity.too_few_readings"


def test_median_does_not_follow_an_outlier() -> None:
    estimate = median_of([1.0, 1.1, 1.2, 1.3, 99.0], "V")
    assert estimate.value == 1.2
    assert estimate.standard_uncertainty == pytest.approx(1.858 * 0.1 / 2, rel=1e-12)
    assert estimate.degrees_of_freedom == 4.0
    assert median_of([1, 2, 4, 8], "V").value == 3.0


def test_autocorrelation_of_a_trend_and_of_a_zigzag() -> None:
    assert autocorrelation([1.0, 2.0, 3.0]) == 0.0
    assert autocorrelation([1, 2, 3, 4, 5]) == pytest.approx(0.4, rel=1e-15)
    assert autocorrelation([1, 2, 3, 4, 5], 4) == pytest.approx(-0.4, rel=1e-15)
    assert autocorrelation([1, -1] * 5) == pytest.approx(-0.9, rel=1e-15)
    assert autocorrelation([2.0, 2.0, 2.0]) == 0.0
    for readings, lag in (([1.0, 2.0], 2), ([1.0, 2.0], 0)):
        with pytest.raises(InvalidQuantity) as caught:
            autocorrelation(readings, lag)
        assert caught.value.code == "quantity.out_of_range"
    with pytest.raises(InvalidQuantity) as caught:
        autocorrelation([1.0])
    assert caught.value.code == "quantity.too_few_readings"


def test_independent_readings_are_left_alone() -> None:
    found = mean_of_series(TN1900_E2, "degC")
    assert found.estimate == mean_of(TN1900_E2, "degC")
    assert not found.correlated
    assert found.limit == pytest.approx(1.959964 / math.sqrt(22), rel=1e-6)
    assert found.autocorrelation == autocorrelation(TN1900_E2)
    assert found.effective_count == 22.0


def test_autocorrelated_readings_are_flagged_and_weigh_less() -> None:
    readings = [math.sin(0.2 * i) for i in range(60)]
    found, plain = mean_of_series(readings, "V"), mean_of(readings, "V")
    assert found.correlated
    assert found.autocorrelation == pytest.approx(0.97, abs=0.02)
    assert 1.0 <= found.effective_count < 10.0
    expected = experimental_standard_deviation(readings) / math.sqrt(found.effective_count)
    assert found.estimate.standard_uncertainty == pytest.approx(expected, rel=1e-12)
    assert found.estimate.degrees_of_freedom == max(found.effective_count - 1.0, 1.0)
    kept = mean_of_series(readings, "V", corrected=False)
    assert (kept.estimate, kept.correlated) == (plain, True)


def test_the_effective_count_of_an_autoregressive_series() -> None:
    """n (1 - a)/(1 + a) for a long series with r_k = a^k; the coverage that s/sqrt(n) would lose comes back."""
    generator = random.Random(7)
    inside = plainly = 0
    for _ in range(60):
        value, readings = 0.0, []
        for _ in range(400):
            value = 0.6 * value + generator.gauss(0.0, 1.0)
            readings.append(value)
        found, plain = mean_of_series(readings[50:], "V"), mean_of(readings[50:], "V")
        assert 30 < found.effective_count < 200  # 350 * 0.4/1.6 = 87.5
        inside += abs(found.estimate.value) <= 2.0 * found.estimate.standard_uncertainty
        plainly += abs(plain.value) <= 2.0 * plain.standard_uncertainty
    assert inside >= 53
    assert plainly <= inside - 5


def test_a_zigzag_is_flagged_but_never_makes_the_uncertainty_smaller() -> None:
    readings = [1.0, -1.0] * 10
    found = mean_of_series(readings, "V")
    assert found.correlated
    assert found.effective_count == 20.0
    assert found.estimate == mean_of(readings, "V")
    with pytest.raises(InvalidQuantity):
        mean_of_series(readings, "V", level=0.0)
    with pytest.raises(InvalidQuantity):
        mean_of_series([1.0], "V")


def test_covariance_of_means_of_gum_h_2() -> None:
    """JCGM 100:2008, H.2, table H.2: r(V, I) = -0.36, r(V, phi) = 0.86, r(I, phi) = -0.65."""
    observed = [
        [5.007, 4.994, 5.005, 4.990, 4.999],
        [0.019663, 0.019639, 0.019640, 0.019685, 0.019678],
        [1.0456, 1.0438, 1.0468, 1.0428, 1.0433],
    ]
    covariance = covariance_of_means(observed)
    u = [math.sqrt(covariance[i][i]) for i in range(3)]
    assert u == pytest.approx([0.0032, 0.0000095, 0.00075], rel=0.01)
    for (i, j), r in {(0, 1): -0.36, (0, 2): 0.86, (1, 2): -0.65}.items():
        assert covariance[i][j] / u[i] / u[j] == pytest.approx(r, abs=0.006)
        assert correlation_of_means(observed[i], observed[j]) == pytest.approx(r, abs=0.006)
        assert covariance[i][j] == covariance[j][i]
    with pytest.raises(InvalidQuantity):
        covariance_of_means([[1.0, 2.0], [1.0]])


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(-10, 10)), min_size=3, max_size=8))
def test_correlation_of_joint_observations(pairs: list[tuple[float, float]]) -> None:
    x, y = zip(*pairs, strict=True)
    r = correlation_of_means(x, y)
    assert -1.0 <= r <= 1.0
    if np.std(x) > 1e-3 and np.std(y) > 1e-3:
        assert r == pytest.approx(float(np.corrcoef(x, y)[0, 1]), abs=1e-9)


def test_joint_observations_that_do_not_scatter_or_pair() -> None:
    assert correlation_of_means([1.0, 1.0], [1.0, 2.0]) == 0.0
    assert correlation_of_means([1.0, 2.0], [4.0, 2.0]) == -1.0
    with pytest.raises(InvalidQuantity):
        correlation_of_means([1.0, 2.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("readings", "code"),
    [
        ([], "quantity.too_few_readings"),
        ([1.0], "quantity.too_few_readings"),
        ([1.0, math.nan], "quantity.not_finite"),
        ([1.0, math.inf], "quantity.not_finite"),
        ([1.0, Decimal("sNaN")], "quantity.not_finite"),
        ([1.0, Decimal("1e999999")], "quantity.too_large"),
        ([1.0, True], "quantity.not_a_number"),
        ([1.0, "2"], "quantity.not_a_number"),
    ],
)
def test_refused_readings(readings: list[float], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        mean_of(readings, "g")
    assert caught.value.code == code
    if code != "quantity.too_few_readings":
        assert caught.value.values["field"] == "reading 2"
