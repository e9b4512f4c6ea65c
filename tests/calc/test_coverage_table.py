"""The tabulated quantile against scipy's, exact values and an integral computed with 40 digits."""

from __future__ import annotations

import math

import mpmath  # type: ignore[import-untyped]  # it brings no types
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri, stdtrit

from calc.coverage import (
    chosen_coverage_factor,
    chosen_coverage_factors,
    coverage_factor,
    coverage_factors,
    effective_degrees_of_freedom,
)
from calc.coverage_table import student_table
from calc.errors import InvalidQuantity
from calc.model import CoverageRule

PROBABILITIES = (0.5, 0.6827, 0.9, 0.95, 0.9545, 0.99, 0.9973, 0.9999, 0.999999, 1.0 - 1e-9, 1.0 - 1e-12)


def degrees() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    generator = np.random.default_rng(20261121)
    spread = 1.0 / generator.uniform(1e-9, 1.0, 20_000)
    joints = np.concatenate([512.0 / np.arange(1, 513), np.nextafter(512.0 / np.arange(1, 512), 0.0)])
    return np.concatenate([np.arange(1.0, 500.0), spread, 10.0 ** generator.uniform(0.0, 12.0, 5_000), joints])


@pytest.mark.parametrize("p", PROBABILITIES)
def test_table_agrees_with_scipy(p: float) -> None:
    nu = degrees()
    expected = -stdtrit(nu, 0.5 * (1.0 - p))
    assert np.abs(student_table(p).factors(nu) / expected - 1.0).max() < 1e-13
    assert student_table(p).factor(math.inf) == -float(ndtri(0.5 * (1.0 - p)))


@pytest.mark.parametrize("p", [0.5, 0.9545, 0.9973, 0.999999])
@pytest.mark.parametrize("nu", [1.0, 1.37, 2.0, 2.5, 4.9, 16.75, 49.99, 333.3, 1e6])
def test_table_agrees_with_the_integral(nu: float, p: float) -> None:
    with mpmath.workdps(40):
        k = mpmath.mpf(coverage_factor(nu, p))
        half = mpmath.mpf(nu) / 2
        outside = mpmath.betainc(half, 0.5, 0, 2 * half / (2 * half + k * k), regularized=True)
        density = mpmath.power(1 + k * k / nu, -half - 0.5) / (mpmath.sqrt(nu) * mpmath.beta(half, 0.5))
        step = (outside - (1 - mpmath.mpf(p))) / (2 * density)  # what Newton's rule would still add to k
        assert abs(step / k) < 1e-14


@pytest.mark.parametrize(
    ("nu", "p", "expected"),
    [  # JCGM 100:2008, table G.2
        (1, 0.6827, 1.84), (1, 0.9545, 13.97), (1, 0.9973, 235.80), (2, 0.9545, 4.53), (3, 0.99, 5.84),
        (5, 0.9973, 5.51), (10, 0.9545, 2.28), (16, 0.95, 2.12), (25, 0.90, 1.71), (50, 0.9545, 2.05),
        (100, 0.9973, 3.077), (math.inf, 0.9545, 2.000), (math.inf, 0.99, 2.576),
    ],
)  # fmt: skip
def test_published_factors(nu: float, p: float, expected: float) -> None:
    digits = len(str(expected).partition(".")[2])
    tolerance = 0.03 if expected > 100 else 0.5 * 10.0 ** -max(digits, 2)
    assert coverage_factor(nu, p) == pytest.approx(expected, abs=tolerance)


@given(st.floats(1.0, 1e15), st.sampled_from(PROBABILITIES))
def test_an_array_has_the_bits_of_floats(nu: float, p: float) -> None:
    assert coverage_factors(np.array([nu, math.inf, nu]), p).tolist() == [
        coverage_factor(nu, p),
        coverage_factor(math.inf, p),
        coverage_factor(nu, p),
    ]


def test_any_shape_and_no_change_of_the_argument() -> None:
    nu = np.array([[1.0, 2.0], [3.0, math.inf]])
    before = nu.copy()
    assert coverage_factors(nu).shape == (2, 2)
    assert np.array_equal(nu, before)


def test_the_last_probability_below_one_has_a_factor() -> None:
    p = math.nextafter(1.0, 0.0)
    assert coverage_factor(math.inf, p) == pytest.approx(8.29236, abs=1e-5)
    assert math.isfinite(coverage_factor(1.0, p))


@pytest.mark.parametrize("bad", [0.5, math.nan, -math.inf])
def test_refused_in_an_array(bad: float) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        coverage_factors(np.array([3.0, bad]))
    assert caught.value.code == "quantity.degrees_of_freedom"
    with pytest.raises(InvalidQuantity):
        coverage_factors(np.array([3.0]), 1.0)


RULES = (
    CoverageRule(),
    CoverageRule(0.95, None),
    CoverageRule(0.95, 1.96, math.inf),
    CoverageRule(0.95, None, truncate_degrees_of_freedom=True),
    CoverageRule(0.9545, 2.0, 12.0, truncate_degrees_of_freedom=True),
)


@given(st.lists(st.one_of(st.floats(1.0, 100.0), st.just(math.inf)), min_size=1), st.sampled_from(RULES))
def test_a_rule_gives_an_array_the_bits_of_floats(nu: list[float], rule: CoverageRule) -> None:
    assert chosen_coverage_factors(np.array(nu), rule).tolist() == [chosen_coverage_factor(item, rule) for item in nu]


def test_truncation_forgives_rounding() -> None:
    rule = CoverageRule(0.95, None, truncate_degrees_of_freedom=True)
    assert chosen_coverage_factor(29.999999999999996, rule) == coverage_factor(30.0, 0.95)
    assert chosen_coverage_factor(29.9999, rule) == coverage_factor(29.0, 0.95)
    exact = effective_degrees_of_freedom({"a": 0.1, "b": 0.1}, {"a": 15.0, "b": 15.0}, {}, 0.1 * 0.1 + 0.1 * 0.1)
    assert chosen_coverage_factor(exact, rule) == coverage_factor(30.0, 0.95)
