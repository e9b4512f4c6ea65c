"""One-way analysis of variance: GUM H.5, groups of unequal size, exactness, refusals."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calc.errors import InvalidQuantity
from calc.regression.anova import BetweenGroups, one_way, one_way_from_summaries

MEANS = [10.000172, 10.000116, 10.000013, 10.000144, 10.000106, 10.000031, 10.000060, 10.000125, 10.000163, 10.000041]
DEVIATIONS = [60e-6, 77e-6, 111e-6, 101e-6, 67e-6, 93e-6, 80e-6, 73e-6, 88e-6, 86e-6]


def test_gum_h5_zener_standard() -> None:
    """JCGM 100:2008, H.5, table H.9, from the published daily means and deviations."""
    analysis = one_way_from_summaries(MEANS, DEVIATIONS, [5] * 10)
    assert analysis.mean == pytest.approx(10.000097, abs=5e-7)
    assert analysis.s_of_means == pytest.approx(57e-6, abs=5e-7)
    assert analysis.s_within == pytest.approx(85e-6, abs=5e-7)
    assert analysis.s_a == pytest.approx(128e-6, abs=5e-7)
    assert analysis.f == pytest.approx(2.25, abs=0.02)
    assert (analysis.df_between, analysis.df_within, analysis.groups, analysis.readings) == (9, 40, 10, 50)
    assert analysis.s_between == pytest.approx(43e-6, abs=5e-7)
    assert analysis.u_mean_between == pytest.approx(18e-6, abs=5e-7)
    assert analysis.u_mean_pooled == pytest.approx(13e-6, abs=5e-7)
    assert 0.025 < analysis.p_value < 0.05  # F(0.95) = 2.12 < F < F(0.975) = 2.45


def test_the_decision_about_the_groups() -> None:
    analysis = one_way_from_summaries(MEANS, DEVIATIONS, [5] * 10)
    kept = analysis.mean_estimate("V")
    assert kept.between_kept
    assert (kept.estimate.standard_uncertainty, kept.estimate.degrees_of_freedom) == (analysis.u_mean_between, 9.0)
    rejected = analysis.mean_estimate("V", level=0.025)
    assert not rejected.between_kept
    assert (rejected.estimate.standard_uncertainty, rejected.estimate.degrees_of_freedom) == (
        analysis.u_mean_pooled,
        49.0,
    )
    assert analysis.mean_estimate("V", BetweenGroups.KEPT, 0.001).estimate == kept.estimate
    assert analysis.mean_estimate("V", BetweenGroups.REJECTED).estimate == rejected.estimate
    with pytest.raises(InvalidQuantity):
        analysis.mean_estimate("V", level=0.0)


def test_summaries_and_readings_say_the_same() -> None:
    groups = [[1.1, 1.3, 1.2], [1.4, 1.6], [0.9, 1.0, 1.1, 1.2]]
    analysis = one_way(groups)
    reference = stats.f_oneway(*groups)
    assert analysis.f == pytest.approx(float(reference.statistic), rel=1e-12)
    assert analysis.p_value == pytest.approx(float(reference.pvalue), rel=1e-12)
    means = [Fraction(sum(Fraction(str(v)) for v in group)) / len(group) for group in groups]
    from_summaries = one_way_from_summaries(means, [float(np.std(g, ddof=1)) for g in groups], [3, 2, 4])
    assert from_summaries.f == pytest.approx(analysis.f, rel=1e-12)
    assert from_summaries.mean == analysis.mean


def test_the_mean_of_unequal_groups() -> None:
    """s_between² Σ n_j²/N² + ms_within/N, with Satterthwaite's degrees of freedom."""
    analysis = one_way([[1.0, 1.2, 1.1], [2.0, 2.1], [3.0, 3.2, 3.1, 3.3]])
    n0 = (9 - (9 + 4 + 16) / 9) / 2
    s_between = (analysis.ms_between - analysis.ms_within) / n0
    assert analysis.s_between == pytest.approx(math.sqrt(s_between), rel=1e-14)
    variance = s_between * (9 + 4 + 16) / 81 + analysis.ms_within / 9
    assert analysis.u_mean_between == pytest.approx(math.sqrt(variance), rel=1e-14)
    p = 29 / 81 / n0
    q = 1 / 9 - p
    below = (p * analysis.ms_between) ** 2 / 2 + (q * analysis.ms_within) ** 2 / 6
    assert analysis.df_mean_between == pytest.approx(variance**2 / below, rel=1e-12)


def test_groups_that_differ_less_than_chance() -> None:
    analysis = one_way([[1.0, 3.0], [1.1, 2.9], [0.9, 3.1, 2.0]])
    assert analysis.s_between == 0.0
    assert analysis.u_mean_between == pytest.approx(math.sqrt(analysis.ms_within / 7), rel=1e-14)
    assert analysis.df_mean_between == 4.0


def test_groups_without_scatter_give_numbers_all_the_same() -> None:
    apart = one_way([[1, 1], [2, 2]])
    assert (apart.f, apart.p_value, apart.r2) == (None, 0.0, 1.0)
    alike = one_way([[1, 1], [1, 1]])
    assert (alike.f, alike.p_value, alike.r2, alike.u_mean_between) == (None, 1.0, 0.0, 0.0)
    assert alike.mean_estimate("V").estimate.degrees_of_freedom == 3.0


values = st.lists(st.lists(st.integers(-99, 99), min_size=2, max_size=4), min_size=2, max_size=4)


@settings(max_examples=50)
@given(values, st.integers(-(10**15), 10**15))
def test_a_common_shift_changes_no_digit(groups: list[list[int]], shift: int) -> None:
    plain = one_way(groups)
    moved = one_way([[Fraction(v, 10) + shift for v in group] for group in groups])
    assert (moved.f, moved.p_value, moved.r2) == (plain.f, plain.p_value, plain.r2)
    scaled = one_way([[Fraction(v, 10) for v in group] for group in groups])
    assert moved.ss_within == scaled.ss_within
    assert moved.u_mean_between == scaled.u_mean_between


@pytest.mark.parametrize(
    ("groups", "code"),
    [
        ([], "quantity.too_few_readings"),
        ([[1.0, 2.0]], "quantity.too_few_readings"),
        ([[1.0], [2.0]], "quantity.too_few_readings"),
        ([[1.0, 2.0], []], "quantity.too_few_readings"),
        ([[1.0, 2.0], [math.nan, 1.0]], "quantity.not_finite"),
    ],
)
def test_refused(groups: list[list[float]], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        one_way(groups)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("means", "deviations", "counts", "code"),
    [
        ([1.0, 2.0], [0.1], [2, 2], "regression.lengths"),
        ([1.0, 2.0], [0.1, 0.1], [2], "regression.lengths"),
        ([1.0, 2.0], [0.1, -0.1], [2, 2], "quantity.negative"),
        ([1.0, 2.0], [0.1, 0.1], [2, 0], "quantity.too_few_readings"),
    ],
)
def test_refused_summaries(means: list[float], deviations: list[float], counts: list[int], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        one_way_from_summaries(means, deviations, counts)
    assert caught.value.code == code
