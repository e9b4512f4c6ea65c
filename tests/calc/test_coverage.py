"""Coverage factors and effective degrees of freedom."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.coverage import coverage_factor, effective_degrees_of_freedom
from calc.errors import InvalidQuantity

INF = math.inf


def test_closed_forms() -> None:
    for p in (0.5, 0.9, 0.9545, 0.999):
        assert coverage_factor(1.0, p) == pytest.approx(math.tan(math.pi * p / 2), rel=1e-12)
        assert coverage_factor(2.0, p) == pytest.approx(p * math.sqrt(2 / (1 - p * p)), rel=1e-12)
    assert coverage_factor(INF, math.erf(math.sqrt(2.0))) == pytest.approx(2.0, rel=1e-14)
    assert round(coverage_factor(2.0), 2) == 4.53


@given(st.floats(1.0, 1e6), st.floats(0.5, 0.999))
def test_factor_falls_toward_the_normal_one(nu: float, p: float) -> None:
    assert coverage_factor(nu, p) >= coverage_factor(nu * 1.5, p) >= coverage_factor(INF, p) * (1 - 1e-12)


@pytest.mark.parametrize("nu", [0.0, 0.99, -1.0, math.nan])
def test_refused_degrees_of_freedom(nu: float) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        coverage_factor(nu)
    assert caught.value.code == "quantity.degrees_of_freedom"


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 95.45, math.nan])
def test_refused_probability(p: float) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        coverage_factor(10.0, p)
    assert caught.value.code == "coverage.probability"


def effective(contributions: dict[str, float], degrees: dict[str, float], pairs: dict[tuple[str, str], float]) -> float:
    variance = sum(a * a for a in contributions.values())
    variance += sum(2 * r * contributions[i] * contributions[j] for (i, j), r in pairs.items())
    return effective_degrees_of_freedom(contributions, degrees, pairs, variance)


def test_independent_inputs() -> None:
    nu = effective({"a": 3.0, "b": 4.0}, {"a": 5.0, "b": INF}, {})
    assert nu == pytest.approx(625 / (81 / 5))
    assert effective({"a": 3.0, "b": 4.0}, {"a": INF, "b": INF}, {}) == INF
    assert effective({"a": 0.0}, {"a": 3.0}, {}) == INF
    assert effective({"a": 0.0, "b": 1.0}, {"a": 1.0, "b": 7.0}, {}) == 7.0


contributions = st.floats(-3.0, 3.0).filter(lambda a: abs(a) > 1e-3)


@given(contributions, contributions, st.floats(-0.9, 0.9).filter(lambda r: r != 0.0), st.floats(1.0, 60.0))
def test_correlated_inputs_of_one_sample_keep_its_degrees_of_freedom(a: float, b: float, r: float, nu: float) -> None:
    assert effective({"a": a, "b": b}, {"a": nu, "b": nu}, {("a", "b"): r}) == pytest.approx(nu, rel=1e-9)


@given(contributions, contributions, contributions, st.floats(-0.6, 0.6), st.floats(1.0, 60.0), st.floats(1.0, 60.0))
def test_never_below_the_smallest(a: float, b: float, c: float, r: float, one: float, two: float) -> None:
    nu = effective({"a": a, "b": b, "c": c}, {"a": one, "b": two, "c": INF}, {("a", "b"): r} if r else {})
    assert nu >= min(one, two)


def test_an_exactly_known_correlated_input_adds_degrees_of_freedom() -> None:
    nu = effective({"a": 1.0, "b": 1.0}, {"a": 5.0, "b": INF}, {("a", "b"): 0.5})
    assert nu == pytest.approx(9 * 5)  # variance 3; only a's own part, 1/sqrt(5), counts below
    assert effective({"a": 1.0, "b": 1.0}, {"a": INF, "b": INF}, {("a", "b"): 0.5}) == INF


def test_rounding_never_leads_below_the_smallest() -> None:
    for nu in range(1, 200):
        assert effective({"a": 0.3}, {"a": float(nu)}, {}) >= nu  # the bare formula gives 14.999999999999998 for 15


def test_a_difference_of_correlated_inputs_keeps_the_smallest() -> None:
    nu = effective({"a": 1.0, "b": -1.0}, {"a": 2.0, "b": 50.0}, {("a", "b"): 0.999})
    assert nu == pytest.approx(2.0)
