"""Coverage intervals read from trials."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calc.errors import InvalidQuantity
from calc.trials.collectors import Histogram, StoredTrials
from calc.trials.coverage_intervals import (
    IntervalKind,
    bounds_for_like,
    covered,
    tail_length,
    tails,
    trials_needed,
)

BOTH = (IntervalKind.SYMMETRIC, IntervalKind.SHORTEST)


@pytest.mark.parametrize(
    ("trials", "probability", "expected"),
    [(10_000, 0.95, 9500), (1_000_000, 0.99, 990_000), (10_000, 0.9545, 9545), (1000, 0.9973, 997), (101, 0.5, 51)],
)
def test_covered(trials: int, probability: float, expected: int) -> None:
    assert covered(trials, probability) == expected  # JCGM 101:2008, 7.7.1: q = pM, else the integer part of pM + 1/2


def test_ranks_of_the_symmetric_interval() -> None:
    """JCGM 101:2008, 7.7.2: r = (M - q)/2 where whole, else the integer part of (M - q + 1)/2; ends y_(r), y_(r+q)."""
    values = np.arange(1.0, 10_001.0)
    interval = tails(values, 10_000).interval(0.95, IntervalKind.SYMMETRIC)
    assert (interval.low, interval.high) == (250.0, 9750.0)
    odd = tails(np.arange(1.0, 102.0), 101).interval(0.5, IntervalKind.SYMMETRIC)
    assert (odd.low, odd.high) == (25.0, 76.0)


def test_shortest_interval_of_a_skewed_sample() -> None:
    values = np.array([0.0, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 5.0])
    interval = tails(values, 10).interval(0.5, IntervalKind.SHORTEST)
    assert (interval.low, interval.high) == (1.0, 1.5)  # the first of several of one length, six values


def _brute_force(values: np.ndarray, probability: float) -> float:
    ordered = np.sort(values)
    q = covered(len(values), probability)
    return float((ordered[q:] - ordered[:-q]).min())


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=150, max_size=400),
    probability=st.sampled_from([0.5, 0.68, 0.9, 0.95, 0.9545, 0.99]),
)
def test_shortest_is_never_longer_than_symmetric(values: list[float], probability: float) -> None:
    array = np.array(values)
    found = {
        kind: tails(array, tail_length(len(array), probability, kind)).interval(probability, kind) for kind in BOTH
    }
    lengths = {kind: interval.high - interval.low for kind, interval in found.items()}
    assert lengths[IntervalKind.SHORTEST] <= lengths[IntervalKind.SYMMETRIC]
    assert lengths[IntervalKind.SHORTEST] == _brute_force(array, probability)


@pytest.mark.parametrize("probability", [0.5, 0.9, 0.95, 0.99, 0.9999])
@pytest.mark.parametrize("kind", BOTH)
def test_tails_give_what_sorting_all_gives(probability: float, kind: IntervalKind) -> None:
    values = np.random.Generator(np.random.SFC64(3)).standard_t(3.0, 120_000)
    length = tail_length(len(values), probability, kind)
    ordered = np.sort(values)
    assert tails(values, length).interval(probability, kind) == tails(ordered, len(ordered)).interval(probability, kind)


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (-9.0, 9.0), (9.0, -9.0)])
def test_bounds_change_no_result(bounds: tuple[float, float]) -> None:
    values = np.random.Generator(np.random.SFC64(4)).standard_normal(10_000)
    length = tail_length(len(values), 0.95, IntervalKind.SYMMETRIC)
    expected = tails(values, length).interval(0.95, IntervalKind.SYMMETRIC)
    assert tails(values, length, bounds).interval(0.95, IntervalKind.SYMMETRIC) == expected


def test_bounds_for_like_keep_more_than_is_needed() -> None:
    ordered = np.arange(10_000.0)
    assert bounds_for_like(ordered, 100) == (220.0, 9779.0)
    assert bounds_for_like(ordered, 5000) is None


def test_values_are_left_as_they_are() -> None:
    values = np.random.Generator(np.random.SFC64(5)).standard_normal(60_000)
    before = values.copy()
    tails(values, 100)
    assert np.array_equal(values, before)


@pytest.mark.parametrize("probability", [0.5, 0.9, 0.95, 0.9545, 0.99, 0.9973, 0.9999])
def test_trials_needed(probability: float) -> None:
    needed = trials_needed(probability)
    for trials in range(needed, needed + 40):
        values = np.arange(1.0, trials + 1.0)
        interval = tails(values, trials).interval(probability, IntervalKind.SYMMETRIC)
        assert 1.0 <= interval.low < interval.high <= trials


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, 1.5])
def test_probability_outside(probability: float) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        trials_needed(probability)
    assert caught.value.code == "coverage.probability"


SHAPES = {
    "normal": stats.norm(100.0, 3.0),
    "exponential": stats.expon(0.0, 2.0),
    "t2": stats.t(2.0),
    "cauchy": stats.cauchy(),
    "far": stats.norm(1e9, 1e-2),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("probability", [0.5, 0.95, 0.999])
def test_histogram_is_as_good_as_all_values(shape: str, probability: float) -> None:
    """Never shorter than the exact interval, and longer by two bins at most."""
    trials = 100_000
    values = SHAPES[shape].rvs(trials, random_state=np.random.Generator(np.random.SFC64(6)))
    stored = StoredTrials(1, trials)
    stored.take(0, values[None, :])
    pilot = stored.part(0, 20_000)
    histogram, other = Histogram.like(pilot), Histogram.like(pilot)
    for start in range(0, trials, 10_000):
        (histogram if start % 20_000 else other).take(start, values[None, start : start + 10_000])
    histogram.add(other)
    middle = pilot.intervals(0, (0.95,), (IntervalKind.SYMMETRIC,))[0]
    half_width = 0.5 * (middle.high - middle.low)
    centre = 0.5 * (middle.high + middle.low)
    for exact, found in zip(
        stored.intervals(0, (probability,), BOTH), histogram.intervals(0, (probability,), BOTH), strict=True
    ):
        farthest = max(abs(exact.low - centre), abs(exact.high - centre)) / half_width + 0.01
        bin_width = (1.0 + farthest) ** 2 * 2.0 / 2**20 * half_width * 1.01
        assert found.kind is exact.kind
        if exact.kind is IntervalKind.SYMMETRIC:
            assert exact.low - bin_width <= found.low <= exact.low
            assert exact.high <= found.high <= exact.high + bin_width
        assert exact.high - exact.low <= found.high - found.low + 1e-12 * abs(centre)
        assert found.high - found.low <= exact.high - exact.low + 2.0 * bin_width
    quantile = stored.quantile(0, probability)
    assert quantile <= histogram.quantile(0, probability) <= quantile + (1.0 + farthest) ** 2 * 2e-6 * half_width


def test_histogram_of_a_constant() -> None:
    stored = StoredTrials(1, 1000)
    stored.take(0, np.full((1, 1000), 5.0))
    histogram = Histogram.like(stored)
    histogram.take(0, stored.values)
    for interval in histogram.intervals(0, (0.95,), BOTH):
        assert (interval.low, interval.high) == (5.0, 5.0)


def test_quantile_is_the_value_that_the_fraction_does_not_exceed() -> None:
    stored = StoredTrials(1, 1000)
    stored.take(0, np.arange(1.0, 1001.0)[None, ::-1])
    assert stored.quantile(0, 0.95) == 950.0
    assert math.isclose(stored.quantile(0, 0.001), 1.0)
