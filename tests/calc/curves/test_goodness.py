"""Checks of residuals: their statistics by hand, and how often they fail where everything is right."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from calc.curves.goodness import MEANINGS, CheckResult, GoodnessCheck, goodness
from calc.curves.straight_line import fit_line
from calc.errors import InvalidQuantity


def by_name(checks: tuple[CheckResult, ...]) -> dict[GoodnessCheck, CheckResult]:
    return {check.check: check for check in checks}


def test_statistics_by_hand() -> None:
    found = by_name(goodness([1.0, -2.0, 0.5, 0.5, -3.0], 2))
    assert found[GoodnessCheck.CHI_SQUARED].statistic == pytest.approx(14.5)
    assert found[GoodnessCheck.CHI_SQUARED].upper == pytest.approx(7.815, abs=5e-4)
    assert not found[GoodnessCheck.CHI_SQUARED].passed
    assert found[GoodnessCheck.BIRGE_RATIO].statistic == pytest.approx(math.sqrt(14.5 / 3.0))
    largest = found[GoodnessCheck.LARGEST_RESIDUAL]
    assert (largest.statistic, largest.point) == (3.0, 5)
    assert largest.probability == pytest.approx(1.0 - (1.0 - 0.0026998) ** 5, rel=1e-4)
    assert not largest.passed
    assert found[GoodnessCheck.NEIGHBOURS].statistic == pytest.approx((-2.0 - 1.0 + 0.25 - 1.5) / 14.5)
    assert all(check.meaning == MEANINGS[check.check] for check in found.values())
    assert set(MEANINGS) == set(GoodnessCheck)


def test_runs_are_counted_exactly() -> None:
    """The probability of so few runs, against counting all orders of 6 signs above and 5 below."""
    residuals = [1.0] * 5 + [-1.0] * 5 + [1.0]
    found = by_name(goodness(residuals, 2))[GoodnessCheck.RUNS]
    orders = [
        1 + sum((i in places) != (i + 1 in places) for i in range(10))
        for places in map(set, combinations(range(11), 6))
    ]
    assert found.statistic == 3.0
    assert found.probability == pytest.approx(sum(runs <= 3 for runs in orders) / len(orders))
    most = max(k for k in range(12) if sum(runs <= k for runs in orders) / len(orders) <= 0.05)
    assert found.lower == most + 1
    assert not found.passed


def test_a_bend_is_seen() -> None:
    x = np.linspace(0.0, 10.0, 25)
    found = by_name(fit_line(x, 2.0 * x + 0.004 * (x - 5.0) ** 2, None, 0.05).goodness())
    assert found[GoodnessCheck.CHI_SQUARED].passed
    assert not found[GoodnessCheck.RUNS].passed
    assert not found[GoodnessCheck.NEIGHBOURS].passed


def test_the_point_is_named_as_it_was_given() -> None:
    fit = fit_line([3.0, 1.0, 2.0, 4.0, 0.0, 5.0], [3.0, 1.0, 2.9, 4.0, 0.0, 5.0], None, 0.1)
    largest = by_name(fit.goodness())[GoodnessCheck.LARGEST_RESIDUAL]
    assert (largest.point, largest.passed) == (3, False)


def test_failures_by_chance() -> None:
    """10 000 sets of 12 normal residuals of no fitted curve: each check fails about one time in twenty, or less."""
    generator = np.random.default_rng(5)
    failures = dict.fromkeys(GoodnessCheck, 0)
    for residuals in generator.standard_normal((10_000, 12)):
        for found in goodness(residuals, 0):
            failures[found.check] += not found.passed
    for check in (GoodnessCheck.CHI_SQUARED, GoodnessCheck.BIRGE_RATIO, GoodnessCheck.LARGEST_RESIDUAL):
        assert failures[check] == pytest.approx(500, abs=90)
    assert 100 < failures[GoodnessCheck.RUNS] < 550
    assert 250 < failures[GoodnessCheck.NEIGHBOURS] < 600


def test_what_few_or_estimated_residuals_allow() -> None:
    assert goodness([0.0, 0.0], 2) == ()
    unknown = by_name(goodness([1.0, -1.0, 0.5, -0.5], 2, scale_known=False))
    assert GoodnessCheck.CHI_SQUARED not in unknown
    assert GoodnessCheck.BIRGE_RATIO not in unknown
    exact = by_name(goodness([0.0, 0.0, 0.0, 0.0], 2))
    assert exact[GoodnessCheck.CHI_SQUARED].passed
    assert exact[GoodnessCheck.LARGEST_RESIDUAL].probability == 1.0
    assert GoodnessCheck.RUNS not in exact
    with pytest.raises(InvalidQuantity):
        goodness([1.0], 2)
    with pytest.raises(InvalidQuantity):
        goodness([1.0, math.nan, 2.0], 1)
