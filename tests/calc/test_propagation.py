"""Correlations: what is refused, and the covariance they lead to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.combination import combination_of
from calc.errors import InvalidQuantity
from calc.propagation import correlation_pairs, output_covariance
from calc.quantities import Correlation


def test_contradicting_correlations_are_refused() -> None:
    given_ = [Correlation("a", "b", 0.9), Correlation("b", "c", 0.9), Correlation("a", "c", -0.9)]
    with pytest.raises(InvalidQuantity) as caught:
        correlation_pairs(["a", "b", "c"], given_)
    assert caught.value.code == "correlation.not_positive_semidefinite"
    assert caught.value.values["name"] == "a, b, c"
    assert caught.value.clause == "JCGM 101:2008, 6.4.8.1"


def test_a_singular_matrix_is_accepted() -> None:
    pairs = correlation_pairs(
        ["a", "b", "c"], [Correlation("a", "b", 1.0), Correlation("b", "c", 1.0), Correlation("c", "a", 1.0)]
    )
    assert list(pairs) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_given_twice() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        correlation_pairs(["a", "b"], [Correlation("a", "b", 0.1), Correlation("b", "a", 0.1)])
    assert caught.value.code == "correlation.duplicate"


def test_zero_and_self_correlation_are_nothing_new() -> None:
    assert correlation_pairs(["a", "b"], [Correlation("a", "b", 0.0), Correlation("a", "a", 1.0)]) == {}


@pytest.mark.parametrize(
    ("first", "second", "r", "code"),
    [
        ("a", "b", 1.01, "correlation.out_of_range"),
        ("a", "b", -2.0, "correlation.out_of_range"),
        ("a", "a", 0.5, "correlation.itself"),
        ("a", "b", float("nan"), "quantity.not_finite"),
    ],
)
def test_refused_coefficients(first: str, second: str, r: float, code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        Correlation(first, second, r)
    assert caught.value.code == code


@given(st.lists(st.floats(-2.0, 2.0), min_size=6, max_size=6), st.floats(-0.99, 0.99))
def test_sums_agree_with_the_matrix_product(contributions: list[float], r: float) -> None:
    keys = ["a", "b", "c"]
    pairs = {("a", "c"): r}
    table = np.array(contributions).reshape(2, 3)
    correlation = np.eye(3)
    correlation[0, 2] = correlation[2, 0] = r
    expected = table @ correlation @ table.T
    function = combination_of(3, ((0, 2, 0),))
    variances = [function(*row, 1.0, 1.0, 1.0, r)[0] for row in table.tolist()]
    matrix = np.array(output_covariance([keys, keys], table.tolist(), variances, pairs))
    assert np.allclose(matrix, expected, rtol=1e-12, atol=1e-12)
    assert np.array_equal(matrix, matrix.T)


def test_only_quantities_held_together_can_contradict_each_other() -> None:
    keys = [f"{letter}{number}" for number in range(200) for letter in "abc"]
    sound = [
        Correlation(f"{one}{number}", f"{two}{number}", r)
        for number in range(200)
        for one, two, r in (("a", "b", 0.9), ("b", "c", 0.9), ("a", "c", 0.8))
    ]
    assert len(correlation_pairs(keys, sound)) == 600
    sound[-1] = Correlation("a199", "c199", -0.9)
    with pytest.raises(InvalidQuantity) as caught:
        correlation_pairs(keys, sound)
    assert caught.value.values["name"] == "a199, b199, c199"
