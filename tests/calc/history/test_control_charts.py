"""Control charts against the worked examples of the NIST/SEMATECH e-Handbook and tabulated factors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.errors import InvalidQuantity
from calc.history.chart_constants import c4, d2, d3
from calc.history.control_charts import (
    Rule,
    Signal,
    cusum_chart,
    ewma_chart,
    individuals_chart,
    mean_and_range_chart,
    mean_and_s_chart,
)

# NIST/SEMATECH e-Handbook, 6.3.2.2 (flow rate of ten batches)
FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
# 6.3.2.4, λ = 0.3, EWMA_0 = 50, s = 2.0539
EWMA_VALUES = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, *FLOW]
EWMA_PRINTED = [50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33]
EWMA_PRINTED += [50.11, 49.36, 49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99]
# 6.3.2.3, target 325, k = 0.3175, h = 4.1959
CUSUM_VALUES = [324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125, 324.525, 325.225, 324.600]
CUSUM_VALUES += [324.625, 325.150, 328.325, 327.250, 327.825, 328.500, 326.675, 327.775, 326.875, 328.350]
CUSUM_HIGH = [0.0, 0.0, 0.0, 0.0, 0.03, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.01, 4.94, 7.45, 10.63, 11.99, 14.44]
CUSUM_HIGH += [16.00, 19.04]
CUSUM_LOW = [0.0, 0.01, 0.0, 0.33, 0.0, 0.0, 0.56, 0.72, 0.17, 0.25, 0.31] + 9 * [0.0]


@pytest.mark.parametrize(
    ("size", "factors"),
    [  # ISO 7870-2:2023: c4, d2, d3
        (2, (0.7979, 1.128, 0.853)),
        (3, (0.8862, 1.693, 0.888)),
        (4, (0.9213, 2.059, 0.880)),
        (5, (0.9400, 2.326, 0.864)),
        (10, (0.9727, 3.078, 0.797)),
        (25, (0.9896, 3.931, 0.708)),
    ],
)
def test_tabulated_factors(size: int, factors: tuple[float, float, float]) -> None:
    assert c4(size) == pytest.approx(factors[0], abs=5.1e-5)
    assert d2(size) == pytest.approx(factors[1], abs=5.1e-4)
    assert d3(size) == pytest.approx(factors[2], abs=5.1e-4)


def test_factors_in_closed_form() -> None:
    assert d2(2) == pytest.approx(2.0 / math.sqrt(math.pi), rel=1e-12)
    assert d2(3) == pytest.approx(3.0 / math.sqrt(math.pi), rel=1e-12)
    assert d3(2) == pytest.approx(math.sqrt(2.0 - 4.0 / math.pi), rel=1e-10)
    assert c4(2) == pytest.approx(math.sqrt(2.0 / math.pi), rel=1e-14)


def test_flow_rate_of_batches() -> None:
    charts = individuals_chart(FLOW)
    assert charts.location.centre == pytest.approx(50.81, abs=0.005)
    assert math.fsum(charts.spread.points) / 9 == pytest.approx(1.8778, abs=5e-5)
    # printed with d2 rounded to 1.128: 55.8041 and 45.8159
    rounded = individuals_chart(FLOW, standard_deviation=1.8778 / 1.128).location
    assert rounded.upper[0] == pytest.approx(55.8041, abs=5e-5)
    assert rounded.lower[0] == pytest.approx(45.8159, abs=5e-5)
    assert charts.location.upper[0] == pytest.approx(55.8041, abs=0.002)
    assert charts.location.signals == charts.spread.signals == ()
    assert charts.spread.upper[0] == pytest.approx(3.267 * 1.8778, rel=3e-4)  # D4(2)
    assert charts.spread.lower[0] == 0.0


def test_exponentially_weighted_moving_average() -> None:
    chart = ewma_chart(EWMA_VALUES, centre=50.0, standard_deviation=2.0539, weight=0.3, exact_limits=False)
    assert chart.points == pytest.approx(EWMA_PRINTED, abs=0.00501)
    assert chart.upper[0] == pytest.approx(52.5884, abs=5e-5)
    assert chart.lower[0] == pytest.approx(47.4115, abs=1e-4)  # printed with the root rounded to 0.4201
    assert chart.signals == ()


def test_limits_of_the_moving_average_grow() -> None:
    chart = ewma_chart(EWMA_VALUES, centre=50.0, standard_deviation=2.0539, weight=0.3)
    assert chart.upper[0] == pytest.approx(50.0 + 3.0 * 0.3 * 2.0539, rel=1e-12)
    assert list(chart.upper) == sorted(chart.upper)
    assert chart.upper[-1] == pytest.approx(52.5884, abs=1e-4)


def test_a_weight_of_one_is_the_chart_of_the_values() -> None:
    chart = ewma_chart(FLOW, centre=50.0, standard_deviation=1.0, weight=1.0)
    assert chart.points == pytest.approx(FLOW)
    assert [signal.rule for signal in chart.signals] == [Rule.ABOVE_LIMIT]
    assert chart.signals[0] == Signal(Rule.ABOVE_LIMIT, 8)


def test_cumulative_sums() -> None:
    chart = cusum_chart(CUSUM_VALUES, target=325.0, allowance=0.3175, decision_interval=4.1959)
    assert chart.upper_sums == pytest.approx(CUSUM_HIGH, abs=0.00501)
    assert chart.lower_sums == pytest.approx(CUSUM_LOW, abs=0.00501)
    assert chart.signals == tuple(Signal(Rule.ABOVE_LIMIT, index) for index in range(13, 20))


def test_a_head_start_signals_sooner() -> None:
    values = [1.0] * 10
    cold = cusum_chart(values, target=0.0, allowance=0.5, decision_interval=4.0)
    warm = cusum_chart(values, target=0.0, allowance=0.5, decision_interval=4.0, head_start=2.0)
    assert cold.signals[0].index == 8
    assert warm.signals[0].index == 4
    assert cusum_chart([-1.0] * 10, target=0.0, allowance=0.5, decision_interval=4.0).signals[0] == Signal(
        Rule.BELOW_LIMIT, 8
    )


GROUPS = [[10.0, 11.0, 12.0, 9.0, 8.0], [10.5, 11.5, 9.5, 10.5, 8.0], [12.0, 10.0, 11.0, 9.0, 13.0]]


def test_means_and_ranges() -> None:
    charts = mean_and_range_chart(GROUPS)
    mean_range = (4.0 + 3.5 + 4.0) / 3.0
    centre = (10.0 + 10.0 + 11.0) / 3.0
    assert charts.location.points == pytest.approx((10.0, 10.0, 11.0))
    assert charts.location.centre == pytest.approx(centre)
    assert charts.location.upper[0] == pytest.approx(centre + 0.577 * mean_range, abs=0.002)  # A2(5)
    assert charts.spread.centre == pytest.approx(mean_range)
    assert charts.spread.upper[0] == pytest.approx(2.114 * mean_range, abs=0.004)  # D4(5)
    assert charts.spread.lower[0] == 0.0


def test_means_and_standard_deviations() -> None:
    charts = mean_and_s_chart(GROUPS)
    mean_s = sum(float(np.std(group, ddof=1)) for group in GROUPS) / 3.0
    assert charts.location.upper[0] == pytest.approx(31.0 / 3.0 + 1.427 * mean_s, abs=0.001)  # A3(5)
    assert charts.spread.upper[0] == pytest.approx(2.089 * mean_s, abs=0.001)  # B4(5)
    known = mean_and_s_chart(GROUPS, centre=5.0, standard_deviation=1.0)
    assert known.location.upper[0] == pytest.approx(5.0 + 3.0 / math.sqrt(5.0))
    assert [signal.index for signal in known.location.signals] == [0, 1, 2]


def test_larger_groups_have_a_lower_limit_of_the_range() -> None:
    generator = np.random.default_rng(2)
    charts = mean_and_range_chart(generator.normal(0.0, 1.0, (30, 10)).tolist())
    assert charts.spread.lower[0] == pytest.approx(0.223 * charts.spread.centre, rel=0.005)  # D3(10)
    assert charts.spread.upper[0] == pytest.approx(1.777 * charts.spread.centre, rel=0.005)  # D4(10)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: individuals_chart([1.0]), "quantity.too_few_readings"),
        (lambda: individuals_chart([1.0, 1.0]), "quantity.not_positive"),
        (lambda: individuals_chart([1.0, math.nan]), "quantity.not_finite"),
        (lambda: mean_and_range_chart([[1.0, 2.0]]), "quantity.too_few_readings"),
        (lambda: mean_and_range_chart([[1.0, 2.0], [1.0]]), "quantity.too_few_readings"),
        (lambda: mean_and_s_chart([[1.0, 2.0], [1.0, 2.0, 3.0]]), "history.lengths"),
        (lambda: mean_and_s_chart([list(map(float, range(26)))] * 2), "quantity.out_of_range"),
        (lambda: ewma_chart([], centre=0.0, standard_deviation=1.0), "quantity.too_few_readings"),
        (lambda: ewma_chart([1.0], centre=0.0, standard_deviation=1.0, weight=0.0), "quantity.out_of_range"),
        (lambda: ewma_chart([1.0], centre=0.0, standard_deviation=0.0), "quantity.not_positive"),
        (lambda: ewma_chart([1.0], centre=0.0, standard_deviation=1.0, width=0.0), "quantity.not_positive"),
        (lambda: cusum_chart([1.0], target=0.0, allowance=-1.0, decision_interval=4.0), "quantity.negative"),
        (lambda: cusum_chart([1.0], target=0.0, allowance=1.0, decision_interval=0.0), "quantity.not_positive"),
        (lambda: d2(1), "quantity.out_of_range"),
        (lambda: c4(26), "quantity.out_of_range"),
    ],
)
def test_what_cannot_be_used_is_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidQuantity) as refused:
        call()
    assert refused.value.code == code


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.integers(-9, 9))
def test_mirrored_and_rescaled(values: list[float], power: int) -> None:
    scale = 2.0**power
    chart = cusum_chart(values, target=1.0, allowance=0.5, decision_interval=4.0)
    mirrored = cusum_chart([-x for x in values], target=-1.0, allowance=0.5, decision_interval=4.0)
    assert mirrored.upper_sums == pytest.approx(chart.lower_sums, abs=1e-9)
    scaled = ewma_chart([x * scale for x in values], centre=scale, standard_deviation=2.0 * scale)
    plain = ewma_chart(values, centre=1.0, standard_deviation=2.0)
    assert scaled.signals == plain.signals
    assert scaled.points == tuple(point * scale for point in plain.points)
