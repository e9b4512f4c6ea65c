"""Reference values of key comparisons and degrees of equivalence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.errors import InvalidQuantity, OutsideValidity
from calc.history.key_comparison import (
    KeyComparison,
    Laboratory,
    ReferenceMethod,
    mutual_degree_of_equivalence,
    reference_mean,
    reference_median,
    reference_weighted_mean,
)

# CCQM-K30, lead in wine, ng/g: Hearn et al., Metrologia 45 (2008) 08001; d and U(d) as in the KCDB
K30 = [
    ("INMETRO", 1.62, 0.088, 2.0, False, -1.37, 0.1),
    ("KRISS", 2.893, 0.044, 2.13, True, -0.1, 0.06),
    ("NMIJ", 2.936, 0.025, 2.0, True, -0.05, 0.05),
    ("IRMM", 2.94, 0.033, 2.0, True, -0.05, 0.06),
    ("PTB", 2.96, 0.08, 2.4, True, -0.03, 0.08),
    ("NMIA", 2.98, 0.2, 1.99, True, -0.01, 0.21),
    ("LGC", 3.0, 0.1, 2.0, True, 0.01, 0.11),
    ("NMISA", 3.001, 0.136, 2.0, True, 0.01, 0.14),
    ("NIM", 3.07, 0.17, 2.0, True, 0.08, 0.18),
    ("LNE", 3.13, 0.12, 2.0, True, 0.14, 0.13),
    ("INM(RO)", 7.71, 1.98, 2.0, False, 4.72, 1.98),
]


def labs(*pairs: tuple[float, float]) -> list[Laboratory]:
    return [Laboratory(f"L{number}", value, u) for number, (value, u) in enumerate(pairs)]


def test_lead_in_wine() -> None:
    found = reference_mean([Laboratory(name, x, U / k, use) for name, x, U, k, use, _, _ in K30])
    assert found.reference == pytest.approx(2.99, abs=0.005)
    assert found.expanded_uncertainty == pytest.approx(0.06, abs=0.005)
    for name, _, _, _, use, difference, expanded in K30:
        degree = found.degree_of_equivalence(name)
        assert degree.difference == pytest.approx(difference, abs=0.005)
        assert degree.expanded_uncertainty == pytest.approx(expanded, abs=0.005)
        assert degree.included is use
    assert not found.degree_of_equivalence("INMETRO").within
    assert found.degree_of_equivalence("PTB").within


def test_weighted_mean_of_two() -> None:
    # weights 16 and 9 over 25: x = 10·0.64 + 15·0.36; u = 2.4; χ² = 5²/5²
    found = reference_weighted_mean([*labs((10.0, 3.0), (15.0, 4.0)), Laboratory("guest", 20.0, 1.0, included=False)])
    assert found.reference == pytest.approx(11.8, rel=1e-14)
    assert found.standard_uncertainty == pytest.approx(2.4, rel=1e-14)
    assert found.expanded_uncertainty == pytest.approx(4.8, rel=1e-14)
    assert found.consistency.chi_squared == pytest.approx(1.0, rel=1e-14)
    assert found.consistency.probability == pytest.approx(0.31731050786, abs=1e-11)
    assert found.consistency.consistent
    assert found.degree_of_equivalence("L0").standard_uncertainty == pytest.approx(1.8, rel=1e-14)  # √(9 − 5.76)
    assert found.degree_of_equivalence("L1").standard_uncertainty == pytest.approx(3.2, rel=1e-14)
    assert found.degree_of_equivalence("guest").standard_uncertainty == pytest.approx(2.6, rel=1e-14)
    assert found.method is ReferenceMethod.WEIGHTED_MEAN


def test_the_discrepant_laboratory_is_left_out() -> None:
    data = labs((1.0, 0.1), (1.1, 0.1), (0.9, 0.1), (3.0, 0.1), (1.05, 0.2))
    everyone = reference_weighted_mean(data)
    assert not everyone.consistency.consistent
    assert everyone.excluded == ()
    subset = reference_weighted_mean(data, largest_consistent_subset=True)
    assert subset.excluded == ("L3",)
    assert subset.consistency.consistent
    assert subset.reference == pytest.approx(reference_weighted_mean([*data[:3], data[4]]).reference, rel=1e-14)
    outsider = subset.degree_of_equivalence("L3")
    assert outsider.standard_uncertainty == pytest.approx(math.hypot(0.1, subset.standard_uncertainty), rel=1e-14)
    assert not outsider.included


def test_where_no_two_agree_the_best_remains() -> None:
    found = reference_weighted_mean(labs((0.0, 0.1), (5.0, 0.05), (10.0, 0.2)), largest_consistent_subset=True)
    assert (found.reference, found.excluded) == (5.0, ("L0", "L2"))


def test_the_largest_subset_is_found_by_trying_all() -> None:
    generator = np.random.default_rng(7)
    data = labs(*zip(generator.normal(0.0, 3.0, 9).tolist(), generator.uniform(0.5, 1.5, 9).tolist(), strict=True))
    found = reference_weighted_mean(data, largest_consistent_subset=True)
    assert found.excluded
    kept = [lab for lab in data if lab.name not in found.excluded]
    for lab in data:
        if lab.name in found.excluded:
            assert not reference_weighted_mean([*kept, lab]).consistency.consistent


def test_median_of_three_equal_results() -> None:
    # the median of three N(0, 1) has the variance 1 − √3/π
    found = reference_median(labs((5.0, 1.0), (5.0, 1.0), (5.0, 1.0)), seed=3, trials=400_000)
    assert found.reference == pytest.approx(5.0, abs=0.005)
    assert found.standard_uncertainty == pytest.approx(math.sqrt(1.0 - math.sqrt(3.0) / math.pi), rel=0.005)
    degree = found.degree_of_equivalence("L1")
    # u²(d) = 1 + v − 2·cov(x, median), and cov = 1/3: the median minus the mean is independent of the mean
    assert degree.standard_uncertainty == pytest.approx(math.sqrt(1.0 + 0.448671 - 2.0 / 3.0), rel=0.01)
    assert degree.interval[0] < degree.difference < degree.interval[1]


def test_differences_keep_their_correlation_with_the_median() -> None:
    # of two results the median is the mean, so that d is half their difference in every trial
    found = reference_median(labs((1.0, 3.0), (2.0, 4.0)), seed=5)
    one, two = found.degrees_of_equivalence
    assert one.standard_uncertainty == pytest.approx(2.5, rel=0.01)
    assert one.standard_uncertainty == pytest.approx(two.standard_uncertainty, rel=1e-12)
    assert one.expanded_uncertainty == pytest.approx(1.96 * 2.5, rel=0.02)


def test_median_withstands_an_outlier_and_is_reproducible() -> None:
    data = labs((1.0, 0.1), (1.1, 0.1), (0.9, 0.1), (30.0, 0.1), (1.05, 0.2))
    found = reference_median(data, seed=11)
    assert found.reference == pytest.approx(1.06, abs=0.03)
    assert not found.consistency.consistent
    assert found.degree_of_equivalence("L3").difference == pytest.approx(29.0, abs=0.1)
    assert reference_median(data, seed=11) == found
    assert reference_median(data, seed=12) != found


def test_two_laboratories_compared() -> None:
    one, two = labs((10.0, 3.0), (4.0, 4.0))
    degree = mutual_degree_of_equivalence(one, two)
    assert (degree.difference, degree.expanded_uncertainty) == (6.0, 10.0)
    assert degree.within


def test_chi_squared_keeps_its_level() -> None:
    generator = np.random.default_rng(5)
    spreads = [0.5, 1.0, 2.0, 0.7, 1.5]
    failed = 0
    for _ in range(4000):
        values = generator.normal(3.0, spreads)
        data = labs(*zip(values.tolist(), spreads, strict=True))
        failed += not reference_weighted_mean(data).consistency.consistent
    assert failed / 4000 == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: Laboratory("A", 1.0, 0.0), "quantity.not_positive"),
        (lambda: Laboratory("A", math.nan, 1.0), "quantity.not_finite"),
        (lambda: reference_mean(labs((1.0, 1.0))), "quantity.too_few_readings"),
        (lambda: reference_weighted_mean([]), "quantity.too_few_readings"),
        (lambda: reference_weighted_mean(labs((1.0, 1.0)) * 2), "quantity.duplicate"),
        (lambda: reference_weighted_mean(labs((1.0, 1.0)), level=0.0), "quantity.out_of_range"),
        (lambda: reference_median(labs((1.0, 1.0), (2.0, 1.0)), seed=-1), "evaluation.seed"),
        (lambda: reference_median(labs((1.0, 1.0), (2.0, 1.0)), seed=1, trials=10), "quantity.too_few_readings"),
        (lambda: reference_mean(labs((1.0, 1.0), (2.0, 1.0))).degree_of_equivalence("X"), "inputs.unknown_quantity"),
    ],
)
def test_what_cannot_be_used_is_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidQuantity) as refused:
        call()
    assert refused.value.code == code


def test_too_many_laboratories_to_try_all_subsets() -> None:
    with pytest.raises(OutsideValidity) as refused:
        reference_weighted_mean(labs(*((float(n), 0.1) for n in range(19))), largest_consistent_subset=True)
    assert refused.value.code == "history.too_many"


pairs = st.lists(st.tuples(st.floats(-100, 100), st.floats(0.01, 10)), min_size=2, max_size=8)


@given(pairs, st.integers(-9, 9), st.floats(-1e3, 1e3))
def test_another_unit_origin_or_order_changes_nothing(
    data: list[tuple[float, float]], power: int, origin: float
) -> None:
    scale = 2.0**power

    def moved(found: KeyComparison) -> float:
        return found.reference

    for method in (reference_mean, reference_weighted_mean):
        one = method(labs(*data))
        other = method(labs(*((value * scale, u * scale) for value, u in reversed(data))))
        assert moved(other) == pytest.approx(moved(one) * scale, rel=1e-10, abs=1e-10 * scale)
        assert other.consistency.chi_squared == pytest.approx(one.consistency.chi_squared, rel=1e-9, abs=1e-12)
        shifted = method(labs(*((value + origin, u) for value, u in data)))
        assert moved(shifted) == pytest.approx(moved(one) + origin, abs=1e-9)
        weights = [degree.difference / u**2 for degree, (_, u) in zip(one.degrees_of_equivalence, data, strict=True)]
        if method is reference_weighted_mean:
            assert math.fsum(weights) == pytest.approx(0.0, abs=1e-9 * max(1.0, sum(map(abs, weights))))
