"""Algorithm A."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from calc.errors import InvalidQuantity
from calc.history.robust import RobustFactors, algorithm_a

# Copper in wholemeal flour, µg/g: Analytical Methods Committee, Analyst 114 (1989) 1693
COPPER = [2.9, 3.1, 3.4, 3.4, 3.7, 3.7, 2.8, 2.5, 2.4, 2.4, 2.7, 2.2]
COPPER += [5.28, 3.37, 3.03, 3.03, 28.95, 3.77, 3.4, 2.2, 3.5, 3.6, 3.7, 3.7]


def test_copper_in_flour() -> None:
    found = algorithm_a(COPPER)
    assert found.mean == pytest.approx(3.21, abs=0.005)
    assert found.standard_deviation == pytest.approx(0.67, abs=0.005)
    assert (found.mean, found.standard_deviation) == pytest.approx((3.2056, 0.6742), abs=5e-5)
    assert found.standard_uncertainty == pytest.approx(1.25 * 0.6741501 / math.sqrt(24.0), rel=1e-6)
    assert (found.count, found.winsorised) == (24, 2)


def test_copper_in_flour_with_consistent_factors() -> None:
    # reference manual of the R package MASS: hubers(chem) gives 3.205498 and 0.673652
    found = algorithm_a(COPPER, RobustFactors.CONSISTENT)
    assert found.mean == pytest.approx(3.205498, abs=5e-6)
    assert found.standard_deviation == pytest.approx(0.673652, abs=5e-6)


@pytest.mark.parametrize("seed", range(20))
def test_the_end_of_the_plain_iteration(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x = generator.standard_t(2.0, int(generator.integers(3, 40)))
    mean, s = float(np.median(x)), 1.483 * float(np.median(np.abs(x - np.median(x))))
    for _ in range(5000):
        held = np.clip(x, mean - 1.5 * s, mean + 1.5 * s)
        mean, s = float(np.mean(held)), 1.134 * float(np.std(held, ddof=1))
    found = algorithm_a(x.tolist())
    assert found.mean == pytest.approx(mean, abs=1e-12)
    assert found.standard_deviation == pytest.approx(s, rel=1e-12)


@pytest.mark.parametrize("factors", RobustFactors)
def test_a_large_normal_sample_keeps_its_standard_deviation(factors: RobustFactors) -> None:
    x = ndtri((np.arange(4000) + 0.5) / 4000.0)
    found = algorithm_a((7.0 + 2.0 * x).tolist(), factors)
    assert found.mean == pytest.approx(7.0, abs=1e-9)
    assert found.standard_deviation == pytest.approx(2.0, rel=2e-3)


@pytest.mark.parametrize(
    ("values", "mean", "s"),
    [
        ([5.0, 5.0, 5.0], 5.0, 0.0),
        ([1.0, 1.0, 1.0, 1.0, 5.0], 1.0, 0.0),  # more than half equal: shrinks onto them
        ([1.0, 2.0], 1.5, 1.134 * math.sqrt(0.5)),
        ([1.0, 1.0, 1.0, 5.0], 2.0, 1.134 * 2.0),  # the other value is not beyond 1.5 s*
    ],
)
def test_equal_values(values: list[float], mean: float, s: float) -> None:
    found = algorithm_a(values)
    assert (found.mean, found.standard_deviation) == pytest.approx((mean, s), rel=1e-14)


def test_values_of_a_coarse_display_settle() -> None:
    generator = np.random.default_rng(1)
    for count in range(2, 60):
        found = algorithm_a(np.round(generator.normal(0.0, 0.5, count)).tolist())
        assert math.isfinite(found.standard_deviation)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([1.0], "quantity.too_few_readings"),
        ([1.0, math.nan], "quantity.not_finite"),
        ([1.0, math.inf], "quantity.not_finite"),
        ([1.0, True], "quantity.not_a_number"),
        ([1e61, -1e61], "quantity.too_large"),
    ],
)
def test_what_cannot_be_used_is_refused(values: list[float], code: str) -> None:
    with pytest.raises(InvalidQuantity) as refused:
        algorithm_a(values)
    assert refused.value.code == code
    assert refused.value.code != "quantity.too_few_readings" or refused.value.clause == "ISO 13528:2022, C.3"


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=30), st.integers(-9, 9))
def test_mirrored_reversed_and_rescaled(values: list[float], power: int) -> None:
    found = algorithm_a(values)
    tolerance = 1e-9 * (1.0 + max(abs(value) for value in values))
    mirrored = algorithm_a([-value for value in reversed(values)])
    assert mirrored.mean == pytest.approx(-found.mean, abs=tolerance)
    assert mirrored.standard_deviation == pytest.approx(found.standard_deviation, abs=tolerance)
    scaled = algorithm_a([value * 2.0**power for value in values])
    assert scaled.standard_deviation == pytest.approx(found.standard_deviation * 2.0**power, rel=1e-9, abs=1e-300)
