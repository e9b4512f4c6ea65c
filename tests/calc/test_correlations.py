"""Correlations observed together, from ancestors, for a set, and from a covariance matrix."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.correlations import (
    Ancestry,
    ancestral_correlations,
    correlation_matrix,
    group_correlations,
    joint_means,
    multivariate_normal,
    require_positive_semidefinite,
    shared_ancestor_correlation,
)
from calc.errors import InvalidQuantity
from calc.evaluate import evaluate
from calc.model import InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import Correlation, Distribution, Estimate, InputQuantity, ModelInputs, PointBinding

# JCGM 100:2008, Table H.2: voltage in V, current in mA, phase in rad, observed together five times
H2 = {
    "V": ["5.007", "4.994", "5.005", "4.990", "4.999"],
    "I": ["19.663", "19.639", "19.640", "19.685", "19.678"],
    "phi": ["1.0456", "1.0438", "1.0468", "1.0428", "1.0433"],
}


def evaluated(expression: str, quantities: tuple[InputQuantity, ...], correlations: tuple[Correlation, ...]) -> float:
    """Return the combined standard uncertainty of one output of quantities that stand under their own keys."""
    model = MeasurementModel(
        (OutputDefinition("out", expression, "1"),), tuple(InputDefinition(q.key, "1") for q in quantities)
    )
    point = PointBinding("1", {q.key: q.key for q in quantities})
    result = evaluate(model, ModelInputs(quantities, correlations, (point,)), seed=0)
    return result.outputs[0].combined_standard_uncertainty


def test_joint_observations_of_gum_h2() -> None:
    series = {key: [Decimal(text) for text in texts] for key, texts in H2.items()}
    joint = joint_means(series, {"V": "V", "I": "mA", "phi": "rad"})
    means = {quantity.key: quantity.estimate for quantity in joint.quantities}
    assert means["V"].value == pytest.approx(4.9990, abs=5e-5)
    assert means["V"].standard_uncertainty == pytest.approx(0.0032, abs=5e-5)
    assert means["I"].standard_uncertainty == pytest.approx(0.0095, abs=5e-5)
    assert {estimate.degrees_of_freedom for estimate in means.values()} == {4.0}
    found = {(c.first, c.second): c.coefficient for c in joint.correlations}
    assert found == {
        ("V", "I"): pytest.approx(-0.36, abs=0.005),
        ("V", "phi"): pytest.approx(0.86, abs=0.005),
        ("I", "phi"): pytest.approx(-0.65, abs=0.005),
    }


def test_joint_observations_that_are_not_joint() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        joint_means({"a": [1.0, 2.0], "b": [1.0, 2.0, 3.0]}, {"a": "1", "b": "1"})
    assert (caught.value.code, caught.value.values["name"]) == ("quantity.too_few_readings", "a, b")
    with pytest.raises(InvalidQuantity) as caught:
        joint_means({"a": [1.0]}, {"a": "1"})
    assert (caught.value.code, caught.value.values["name"]) == ("quantity.too_few_readings", "a")
    with pytest.raises(InvalidQuantity) as caught:
        joint_means({"a": [1.0, 2.0]}, {})
    assert (caught.value.code, caught.value.values["name"]) == ("unit.missing", "a")


def test_one_ancestor() -> None:
    """Two resistors compared with one standard: u_s² / (u1 u2), JCGM 100:2008, F.1.2.3, example."""
    one, two = Ancestry("R1", 5.0, {"standard": 3.0}), Ancestry("R2", 6.0, {"standard": 3.0, "other": 2.0})
    assert shared_ancestor_correlation(one, two) == pytest.approx(9.0 / 30.0, rel=1e-15)
    assert ancestral_correlations([one, two, Ancestry("R3", 1.0)]) == (Correlation("R1", "R2", 0.3),)


@given(
    st.lists(st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0)), min_size=1, max_size=4),
    st.floats(0.1, 2.0),
    st.floats(0.1, 2.0),
)
def test_ancestors_give_what_their_own_propagation_gives(
    shares: list[tuple[float, float]], own: float, other: float
) -> None:
    """a - 2 b with a and b from common ancestors, once with r and once with the ancestors as inputs."""
    names = [f"q{i}" for i in range(len(shares))]
    first = dict(zip(names, (a for a, _ in shares), strict=True))
    second = dict(zip(names, (b for _, b in shares), strict=True))
    one = Ancestry("a", math.hypot(own, *first.values()), first)
    two = Ancestry("b", math.hypot(other, *second.values()), second)
    quantities = tuple(InputQuantity(item.key, Estimate(1.0, item.standard_uncertainty, "1")) for item in (one, two))
    u = evaluated("a - 2*b", quantities, ancestral_correlations([one, two]))
    expected = math.hypot(own, 2.0 * other, *(a - 2.0 * b for a, b in shares))
    assert u == pytest.approx(expected, rel=1e-12)


def test_an_ancestor_cannot_bring_in_more_than_the_whole() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        ancestral_correlations([Ancestry("a", 1.0, {"s": 1.1}), Ancestry("b", 1.0, {"s": 1.0})])
    assert caught.value.code == "correlation.shared_variance"
    assert (caught.value.values["name"], caught.value.values["other"]) == ("a", "b")
    assert caught.value.clause == "JCGM 100:2008, F.1.2.3"
    with pytest.raises(InvalidQuantity):
        shared_ancestor_correlation(Ancestry("a", 0.0, {"s": 1.0}), Ancestry("b", 1.0, {"s": 1.0}))
    third = Ancestry("a", math.sqrt(0.1), {"s": math.sqrt(0.1)})
    assert shared_ancestor_correlation(third, Ancestry("b", math.sqrt(0.1), third.contributions)) == 1.0
    for u, share in ((-1.0, 0.5), (math.nan, 0.5), (1.0, math.inf)):
        with pytest.raises(InvalidQuantity):
            Ancestry("a", u, {"s": share})


def test_weights_of_one_set_add_up_linearly_unless_chosen_otherwise() -> None:
    weights = tuple(InputQuantity(f"w{i}", Estimate(100.0, u, "1")) for i, u in enumerate((0.1, 0.2, 0.3)))
    keys = [weight.key for weight in weights]
    assert evaluated("w0 + w1 + w2", weights, group_correlations(keys)) == pytest.approx(0.6, rel=1e-15)
    half = evaluated("w0 + w1 + w2", weights, group_correlations(keys, 0.5))
    assert half == pytest.approx(math.sqrt(0.14 + 2.0 * 0.5 * 0.11), rel=1e-15)
    assert group_correlations(["w0"]) == ()
    assert len(group_correlations(keys, -0.5)) == 3


@pytest.mark.parametrize(
    ("keys", "r", "code"),
    [
        (["a", "b", "c"], -0.6, "correlation.not_positive_semidefinite"),
        (["a", "b"], 1.5, "correlation.out_of_range"),
        (["a", "b"], math.nan, "quantity.not_finite"),
        (["a", "a"], 1.0, "quantity.duplicate"),
    ],
)
def test_coefficients_that_a_group_cannot_have(keys: list[str], r: float, code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        group_correlations(keys, r)
    assert caught.value.code == code
    assert "a" in str(caught.value.values["name"])


def test_only_the_contradicting_are_named() -> None:
    names = ["a", "b", "c", "d", "e"]
    given_ = [("a", "b", 0.9), ("b", "d", 0.9), ("a", "d", -0.9), ("c", "e", 0.5)]
    matrix = correlation_matrix(names, [Correlation(*entry) for entry in given_])
    with pytest.raises(InvalidQuantity) as caught:
        require_positive_semidefinite(names, matrix)
    assert caught.value.values["name"] == "a, b, d"
    require_positive_semidefinite(["c", "e"], correlation_matrix(["c", "e"], [Correlation("c", "e", 0.5)]))
    with pytest.raises(InvalidQuantity) as caught:
        correlation_matrix(["a", "b"], [Correlation("a", "b", 0.5), Correlation("b", "a", 0.5)])
    assert caught.value.code == "correlation.duplicate"


def test_a_covariance_matrix_comes_back() -> None:
    covariance = np.array([[4.0, -1.0, 0.25], [-1.0, 9.0, 0.0], [0.25, 0.0, 0.0625]])
    joint = multivariate_normal(["a", "b", "c"], [1.0, 2.0, 3.0], covariance, ["1", "1", "1"], origin="fit")
    u = np.array([quantity.estimate.standard_uncertainty for quantity in joint.quantities])
    assert u.tolist() == [2.0, 3.0, 0.25]
    assert {quantity.distribution for quantity in joint.quantities} == {Distribution.MULTIVARIATE_NORMAL}
    assert {quantity.origin for quantity in joint.quantities} == {"fit"}
    matrix = correlation_matrix(["a", "b", "c"], joint.correlations) * np.multiply.outer(u, u)
    assert np.allclose(matrix, covariance, rtol=1e-15, atol=0.0)
    slopes = np.array([1.0, -2.0, 3.0])
    expected = math.sqrt(float(slopes @ covariance @ slopes))
    assert evaluated("a - 2*b + 3*c", joint.quantities, joint.correlations) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("covariance", "code"),
    [
        ([[1.0, 0.0]], "correlation.covariance_shape"),
        ([[1.0], [0.0, 1.0]], "correlation.covariance_shape"),
        ([["x", "y"], ["y", "z"]], "correlation.covariance_shape"),
        ([[1.0, 0.5], [0.4, 1.0]], "correlation.not_symmetric"),
        ([[1.0, math.nan], [math.nan, 1.0]], "quantity.not_finite"),
        ([[-1.0, 0.0], [0.0, 1.0]], "quantity.negative"),
        ([[1.0, 2.0], [2.0, 1.0]], "correlation.shared_variance"),
        ([[0.0, 0.1], [0.1, 1.0]], "correlation.shared_variance"),
    ],
)
def test_matrices_that_are_refused(covariance: list[list[float]], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        multivariate_normal(["a", "b"], [1.0, 2.0], covariance, ["1", "1"])
    assert caught.value.code == code
    assert "a" in str(caught.value.values["name"])


def test_a_matrix_that_no_quantities_have() -> None:
    covariance = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    with pytest.raises(InvalidQuantity) as caught:
        multivariate_normal(["a", "b", "c"], [0.0] * 3, covariance, ["1"] * 3)
    assert caught.value.code == "correlation.not_positive_semidefinite"
    with pytest.raises(InvalidQuantity) as caught:
        multivariate_normal(["a", "b", "c"], [0.0] * 2, np.eye(3), ["1"] * 3)
    assert caught.value.code == "correlation.covariance_shape"
