"""Weighted means, independent and correlated, and whether their estimates agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.curves.weighted_mean import MeanUncertainty, weighted_mean
from calc.errors import InvalidQuantity
from calc.quantities import Estimate


def grams(*pairs: tuple[float, float]) -> list[Estimate]:
    return [Estimate(value, u, "g") for value, u in pairs]


def test_correlated_estimates() -> None:
    """Peelle's puzzle (Zhao and Perey, ORNL/TM-12106 (1992)): 1,5 and 1,0, 10 % each, 20 % common: 0,88 ± 0,22."""
    u = [math.hypot(0.15, 0.30), math.hypot(0.10, 0.20)]
    r = 0.30 * 0.20 / (u[0] * u[1])
    mean = weighted_mean(grams((1.5, u[0]), (1.0, u[1])), correlation=[[1.0, r], [r, 1.0]])
    assert (mean.value, mean.internal_uncertainty) == pytest.approx((0.88, 0.22), abs=5e-3)
    assert sum(mean.weights) == pytest.approx(1.0)
    assert mean.weights[0] < 0.0


def test_independent_estimates() -> None:
    """Weights 1/u²: 10,1 ± 0,1, 10,3 ± 0,2 and 9,8 ± 0,2 g, written out."""
    mean = weighted_mean(grams((10.1, 0.1), (10.3, 0.2), (9.8, 0.2)))
    expected = (4.0 * 10.1 + 10.3 + 9.8) / 6.0
    chi_squared = ((10.1 - expected) / 0.1) ** 2 + ((10.3 - expected) / 0.2) ** 2 + ((9.8 - expected) / 0.2) ** 2
    assert mean.value == pytest.approx(expected)
    assert mean.internal_uncertainty == pytest.approx(0.1 / math.sqrt(1.5))
    assert mean.chi_squared == pytest.approx(chi_squared)
    assert mean.birge_ratio == pytest.approx(math.sqrt(chi_squared / 2.0))
    assert mean.external_uncertainty == pytest.approx(mean.internal_uncertainty * mean.birge_ratio)
    assert mean.weights == pytest.approx((2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0))
    assert mean.chi_squared_limit == pytest.approx(5.991, abs=5e-4)
    assert mean.is_consistent
    assert mean.probability == pytest.approx(math.exp(-chi_squared / 2.0))


def test_which_uncertainty_is_stated() -> None:
    apart = grams((1.0, 0.1), (2.0, 0.1), (3.0, 0.1))
    stated = {rule: weighted_mean(apart, rule=rule).estimate for rule in MeanUncertainty}
    assert stated[MeanUncertainty.INTERNAL].standard_uncertainty == pytest.approx(0.1 / math.sqrt(3.0))
    # equal uncertainties: external is the standard deviation of the mean
    assert stated[MeanUncertainty.EXTERNAL].standard_uncertainty == pytest.approx(1.0 / math.sqrt(3.0))
    assert stated[MeanUncertainty.EXTERNAL].degrees_of_freedom == 2.0
    assert stated[MeanUncertainty.LARGER] == stated[MeanUncertainty.EXTERNAL]
    assert not weighted_mean(apart).is_consistent
    close = weighted_mean(grams((1.0, 0.1), (1.01, 0.1)), rule=MeanUncertainty.LARGER)
    assert close.estimate.standard_uncertainty == close.internal_uncertainty


def test_degrees_of_freedom() -> None:
    """Two equal parts of 4 degrees of freedom each: 8 (JCGM 100:2008, G.4.1); correlated ones the smaller."""
    each = [Estimate(1.0, 0.1, "g", 4.0), Estimate(1.1, 0.1, "g", 4.0)]
    assert weighted_mean(each).estimate.degrees_of_freedom == pytest.approx(8.0)
    assert weighted_mean(each, correlation=[[1.0, 0.5], [0.5, 1.0]]).estimate.degrees_of_freedom == 4.0


def test_units() -> None:
    mixed = [Estimate(1.0, 0.001, "g"), Estimate(1002.0, 1.0, "mg")]
    mean = weighted_mean(mixed)
    assert mean.unit == "g"
    assert mean.value == pytest.approx(1.001)
    assert weighted_mean(mixed, "mg").value == pytest.approx(1001.0)
    assert weighted_mean(mixed, "mg").chi_squared == pytest.approx(mean.chi_squared)


def test_a_single_estimate() -> None:
    mean = weighted_mean(grams((2.0, 0.3)))
    assert mean.internal_uncertainty == pytest.approx(0.3)
    assert (mean.value, mean.birge_ratio, mean.is_consistent) == (2.0, 0.0, True)
    assert (mean.probability, mean.chi_squared_limit) == (1.0, math.inf)


pairs = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 2.0)), min_size=2, max_size=8)


@given(pairs, st.floats(0.0, 0.8), st.sampled_from([1e-120, 1.0, 1e120]))
@settings(max_examples=60, deadline=None)
def test_generalised_least_squares(rows: list[tuple[float, float]], r: float, scale: float) -> None:
    estimates = grams(*((value * scale, u * scale) for value, u in rows))
    n = len(rows)
    correlation = np.full((n, n), r) + (1.0 - r) * np.eye(n)
    mean = weighted_mean(estimates, correlation=correlation.tolist())
    values, u = np.array(rows).T
    inverse = np.linalg.inv(correlation * u * u[:, None])
    one = np.ones(n)
    expected = one @ inverse @ values / (one @ inverse @ one)
    assert mean.value / scale == pytest.approx(expected, abs=1e-9)
    assert mean.internal_uncertainty / scale == pytest.approx((one @ inverse @ one) ** -0.5, rel=1e-9)
    assert mean.chi_squared == pytest.approx((values - expected) @ inverse @ (values - expected), rel=1e-7, abs=1e-9)
    if r == 0.0:
        assert mean.value == pytest.approx(weighted_mean(estimates).value, abs=1e-9 * scale)


def test_refused() -> None:
    for estimates, options, code in (
        ([], {}, "curve.too_few_points"),
        (grams((1.0, 0.0), (2.0, 0.1)), {}, "quantity.not_positive"),
        (grams((1.0, 0.1), (2.0, 0.1)), {"correlation": [[1.0, 1.0], [1.0, 1.0]]}, "curve.covariance"),
        (grams((1.0, 0.1), (2.0, 0.1)), {"correlation": [[1.0, 0.5]]}, "curve.covariance"),
        (grams((1.0, 0.1), (2.0, 0.1)), {"correlation": [[0.9, 0.5], [0.5, 1.0]]}, "curve.covariance"),
        (grams((1.0, 0.1)), {"rule": MeanUncertainty.EXTERNAL}, "curve.too_few_points"),
        ([Estimate(1.0, 0.1, "g"), Estimate(1.0, 0.1, "m")], {}, "unit.incompatible"),
    ):
        with pytest.raises(InvalidQuantity) as caught:
            weighted_mean(estimates, **options)
        assert caught.value.code == code
