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

from calc.errors import InvalidQuantity
from calc.type_a import (
    PooledDeviation,
    correlation_of_means,
    experimental_standard_deviation,
    mean_of,
    mean_with_prior,
    pooled_standard_deviation,
)

series = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12)


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
