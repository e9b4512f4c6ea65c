"""Joint distributions of correlated quantities: the coefficient found for the normal numbers beneath a copula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.distributions import Marginal
from calc.errors import InvalidQuantity
from calc.quantities import Distribution
from calc.trials.joint_distributions import Joint, joint

NORMAL = Marginal(Distribution.NORMAL, 1.0, 2.0)
RECTANGULAR = Marginal(Distribution.RECTANGULAR, 0.0, 1.0)
EXPONENTIAL = Marginal(Distribution.EXPONENTIAL, 0.0, 1.0)


def _two(first: Marginal, second: Marginal, r: float) -> Joint:
    return joint(["a", "b"], {"a": first, "b": second}, {("a", "b"): r})


def _beneath(found: Joint) -> float:
    """The correlation of the two normal numbers."""
    return found.factor[1][0]


@pytest.mark.parametrize("r", [0.3, -0.7, 0.999, 1.0, -1.0])
def test_normal_quantities_need_no_copula(r: float) -> None:
    found = _two(NORMAL, Marginal(Distribution.NORMAL, 0.0, 5.0), r)
    assert (_beneath(found), found.copula, found.degrees_of_freedom) == (r, False, math.inf)


@pytest.mark.parametrize("r", [0.5, -0.25, 0.9, 1.0, -1.0])
def test_rectangular_quantities(r: float) -> None:
    """Known in closed form: r = (6/π) arcsin(ρ/2) for two rectangular quantities, K. Pearson 1907."""
    found = _two(RECTANGULAR, RECTANGULAR, r)
    assert found.copula
    assert _beneath(found) == pytest.approx(2.0 * math.sin(math.pi * r / 6.0), abs=1e-6)


def test_rectangular_and_normal() -> None:
    """Known in closed form: r = ρ sqrt(3/π)."""
    assert _beneath(_two(RECTANGULAR, NORMAL, 0.6)) == pytest.approx(0.6 / math.sqrt(3.0 / math.pi), abs=1e-6)


def test_what_no_joint_distribution_can_have() -> None:
    for first, second, r in ((RECTANGULAR, NORMAL, 0.99), (EXPONENTIAL, EXPONENTIAL, -0.65)):
        with pytest.raises(InvalidQuantity) as caught:
            _two(first, second, r)
        assert caught.value.code == "correlation.unattainable"
    assert _beneath(_two(EXPONENTIAL, EXPONENTIAL, -0.64)) > -1.0  # the least is 1 - π²/6 = -0.645


def test_equal_degrees_of_freedom_give_a_multivariate_t() -> None:
    first, second = Marginal(Distribution.T, 0.0, 1.0, 5.0), Marginal(Distribution.T, 3.0, 2.0, 5.0)
    found = _two(first, second, 0.4)
    assert (found.degrees_of_freedom, found.copula, _beneath(found)) == (5.0, False, 0.4)
    other = _two(first, Marginal(Distribution.T, 3.0, 2.0, 8.0), 0.4)
    assert (other.degrees_of_freedom, other.copula) == (math.inf, True)


def test_coefficients_that_contradict_each_other() -> None:
    pairs = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}
    with pytest.raises(InvalidQuantity) as caught:
        joint(["a", "b", "c"], dict.fromkeys("abc", NORMAL), pairs)
    assert caught.value.code == "correlation.not_positive_semidefinite"


@given(st.lists(st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4), min_size=2, max_size=6))
def test_the_factor_gives_the_matrix_back(rows: list[list[float]]) -> None:
    """Also for singular matrices: any Gram matrix of rows of unit length, here of rank 4 at most."""
    directions = np.array(rows) + np.array([1e-3, 0.0, 0.0, 0.0])
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    directions = np.where(lengths > 1e-6, directions / np.maximum(lengths, 1e-6), [1.0, 0.0, 0.0, 0.0])
    matrix = np.clip(directions @ directions.T, -1.0, 1.0)
    keys = [f"k{i}" for i in range(len(rows))]
    pairs = {(keys[j], keys[i]): float(matrix[i, j]) for i in range(len(rows)) for j in range(i)}
    factor = np.array(joint(keys, dict.fromkeys(keys, NORMAL), pairs).factor)
    assert factor @ factor.T == pytest.approx(matrix, abs=2e-5)
