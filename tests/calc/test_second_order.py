"""The terms of second order: published figures, exact moments of normal inputs, and when they matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from calc.errors import InvalidModel, InvalidQuantity, OutsideValidity
from calc.evaluate import evaluate
from calc.model import CompiledModel, InputDefinition, MeasurementModel, OutputDefinition, compile_model
from calc.quantities import Correlation, Estimate, InputQuantity, ModelInputs, PointBinding
from calc.second_order import matters, second_order, second_order_of
from calc.second_order_check import SecondOrderCheck

H1 = "lS + d - lS*(dalpha*theta + alphaS*dtheta)"
H1_INPUTS = {
    "lS": (50000623.0, 25.0),
    "d": (215.0, 9.7),
    "dalpha": (0.0, 1e-6 / math.sqrt(3.0)),
    "theta": (-0.1, 0.41),
    "alphaS": (11.5e-6, 2e-6 / math.sqrt(3.0)),
    "dtheta": (0.0, 0.05 / math.sqrt(3.0)),
}
MASS = "(mRc + dmRc)*(1 + (rho_a - 1.2)*(1/rho_W - 1/rho_R)) - 100000"
MASS_INPUTS = {
    "mRc": (100000.0, 0.05),
    "dmRc": (1.234, 0.02),
    "rho_a": (1.2, 0.1 / math.sqrt(3.0)),
    "rho_W": (8000.0, 1000.0 / math.sqrt(3.0)),
    "rho_R": (8000.0, 50.0 / math.sqrt(3.0)),
}
LOSS = "1000000*(X1**2 + X2**2)"


def compiled(symbols: tuple[str, ...], *expressions: str) -> CompiledModel:
    outputs = tuple(OutputDefinition(f"out{i}", text, "1") for i, text in enumerate(expressions))
    return compile_model(MeasurementModel(outputs, tuple(InputDefinition(symbol, "1") for symbol in symbols)))


def correlated(r: float) -> NDArray[np.float64]:
    return np.array([[1.0, r], [r, 1.0]])


@pytest.mark.parametrize(
    ("expression", "inputs", "first", "second", "tolerance"),
    [
        (H1, H1_INPUTS, 32.0, 34.0, 0.5),  # JCGM 100:2008, H.1.7, nm
        (MASS, MASS_INPUTS, 0.0539, 0.0750, 5e-5),  # JCGM 101:2008, table 5, mg
        (LOSS, {"X1": (0.0, 0.005), "X2": (0.0, 0.005)}, 0.0, 50.0, 0.5),  # JCGM 101:2008, table 6, 10^-6
        (LOSS, {"X1": (0.01, 0.005), "X2": (0.0, 0.005)}, 100.0, 112.0, 0.5),
        (LOSS, {"X1": (0.05, 0.005), "X2": (0.0, 0.005)}, 500.0, 502.0, 0.5),
    ],
)
def test_published(
    expression: str, inputs: dict[str, tuple[float, float]], first: float, second: float, tolerance: float
) -> None:
    values, u = zip(*inputs.values(), strict=True)
    result = second_order(compiled(tuple(inputs), expression), values, u, np.eye(len(u)))
    assert result.first_order[0] == pytest.approx(first, abs=tolerance)
    assert result.standard_uncertainties[0] == pytest.approx(second, abs=tolerance)
    assert result.covariance[0][0] == pytest.approx(result.standard_uncertainties[0] ** 2, rel=1e-14)
    shows = matters(result.first_order[0], result.standard_uncertainties[0], result.estimate_corrections[0])
    assert shows is (first < 500.0)


def test_the_estimate_of_a_loss_is_too_small_by_its_curvature() -> None:
    result = second_order(compiled(("X1", "X2"), LOSS), (0.01, 0.0), (0.005, 0.005), np.eye(2))
    assert result.estimate_corrections == pytest.approx((50.0,), rel=1e-14)  # JCGM 101:2008, 9.4.2.2: 150 is expected


@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0), st.floats(0.01, 2.0), st.floats(0.01, 2.0), st.floats(-1.0, 1.0))
def test_products_of_normal_quantities_are_exact(x: float, y: float, u: float, v: float, r: float) -> None:
    result = second_order(compiled(("x", "y"), "x*y", "x - y"), (x, y), (u, v), correlated(r))
    shared = r * u * v
    variance = (x * v) ** 2 + (y * u) ** 2 + 2.0 * x * y * shared + (u * v) ** 2 + shared**2
    assert result.standard_uncertainties[0] == pytest.approx(math.sqrt(max(variance, 0.0)), rel=1e-6, abs=1e-7)
    assert result.estimate_corrections[0] == pytest.approx(shared, rel=1e-12, abs=1e-14)
    assert result.estimate_corrections[1] == 0.0
    mixed = y * u * u - x * v * v + (x - y) * shared
    assert result.covariance[0][1] == pytest.approx(mixed, rel=1e-9, abs=1e-9)
    assert result.covariance[0][1] == pytest.approx(result.covariance[1][0], rel=1e-12, abs=1e-12)


@given(st.floats(0.2, 3.0), st.floats(0.001, 0.3))
def test_a_cube_to_the_fourth_order(x: float, u: float) -> None:
    result = second_order(compiled(("x",), "x**3"), (x,), (u,), np.eye(1))
    assert result.standard_uncertainties[0] ** 2 == pytest.approx(9 * x**4 * u**2 + 36 * x**2 * u**4, rel=1e-12)
    assert result.estimate_corrections[0] == pytest.approx(3 * x * u * u, rel=1e-12)


@given(st.floats(0.3, 3.0), st.floats(0.01, 0.2))
def test_one_quantity_under_two_symbols(x: float, u: float) -> None:
    twice = second_order(compiled(("x", "y"), "x**2*y + exp(y)"), (x, x), (u, u), np.ones((2, 2)))
    once = second_order(compiled(("x",), "x**3 + exp(x)"), (x,), (u,), np.eye(1))
    assert twice.standard_uncertainties == pytest.approx(once.standard_uncertainties, rel=1e-12)
    assert twice.estimate_corrections == pytest.approx(once.estimate_corrections, rel=1e-12)


def test_terms_of_a_curved_model_agree_with_simulation() -> None:
    u, r = np.array([0.063, 0.095]), 0.5
    covariance = correlated(r) * np.multiply.outer(u, u)
    x, y = np.random.default_rng(5).multivariate_normal([1.0, 2.0], covariance, 400_000).T
    drawn = x**3 * y + np.exp(0.3 * x * y)
    result = second_order(compiled(("x", "y"), "x**3*y + exp(0.3*x*y)"), (1.0, 2.0), (0.063, 0.095), correlated(r))
    expected, deviation = float(drawn.mean()), float(drawn.std())
    assert abs(result.standard_uncertainties[0] - deviation) < 0.3 * abs(result.first_order[0] - deviation)
    assert result.estimate_corrections[0] == pytest.approx(expected - 2.0 - math.exp(0.6), rel=0.1)


def test_linear_models_have_no_second_order() -> None:
    result = second_order(compiled(("x", "y"), "3*x - y + 7"), (1.0, 2.0), (0.1, 0.2), correlated(0.3))
    assert result.standard_uncertainties == result.first_order
    assert result.estimate_corrections == (0.0,)
    constant = second_order(compiled((), "7"), (), (), np.zeros((0, 0)))
    assert constant.standard_uncertainties == (0.0,)


@pytest.mark.parametrize("scale", [1e-150, 1e-60, 1e60, 1e150])
def test_very_large_and_small_numbers(scale: float) -> None:
    model = compiled(("x", "y"), f"{scale!r}*(x*y + x**2)")
    plain = second_order(compiled(("x", "y"), "x*y + x**2"), (1.0, 2.0), (0.1, 0.2), correlated(0.3))
    result = second_order(model, (1.0, 2.0), (0.1, 0.2), correlated(0.3))
    assert result.standard_uncertainties[0] / scale == pytest.approx(plain.standard_uncertainties[0], rel=1e-12)
    assert result.first_order[0] / scale == pytest.approx(plain.first_order[0], rel=1e-12)


@pytest.mark.parametrize(
    ("expression", "value", "u"),
    [
        ("x**1.5", 0.0, 0.1),  # the second derivative is infinite
        ("x - x**3", 0.0, 1.0),  # 1 - 6 is no variance
    ],
)
def test_refused(expression: str, value: float, u: float) -> None:
    with pytest.raises(OutsideValidity) as caught:
        second_order(compiled(("x",), expression), (value,), (u,), np.eye(1), "3")
    assert caught.value.code == "propagation.no_second_order"
    assert caught.value.values == {"output": "out0", "point": "3"}
    assert caught.value.clause is not None


@pytest.mark.parametrize(
    ("first", "second", "correction", "expected"),
    [
        (32.0, 32.4, 0.0, False),
        (32.0, 32.6, 0.0, True),
        (0.0996, 0.1044, 0.0, False),  # two digits of 0.0996 are 0.10
        (0.0994, 0.1000, 0.0, True),
        (10.0, 10.0, 3.0, False),
        (10.0, 10.0, 3.5, True),
        (0.0, 0.0, 0.0, False),
        (0.0, 1e-30, 0.0, True),
        (0.0, 0.0, 1e-30, True),
    ],
)
def test_when_it_matters(first: float, second: float, correction: float, expected: bool) -> None:
    assert matters(first, second, correction) is expected


def test_from_the_inputs_of_an_evaluation() -> None:
    """JCGM 101:2008, 9.4: units, two points, a shared quantity and a correlation."""
    model = MeasurementModel(
        (OutputDefinition("Y", "X1**2 + X2**2", "1"), OutputDefinition("D", "X1 - X2", "%")),
        (InputDefinition("X1", "%"), InputDefinition("X2", "1")),
    )
    quantities = (
        InputQuantity("a", Estimate(0.01, 0.005, "1")),
        InputQuantity("b", Estimate(0.0, 0.5, "%")),
        InputQuantity("unused", Estimate(0.0, 1.0, "kg")),
    )
    points = (PointBinding("one", {"X1": "a", "X2": "b"}), PointBinding("two", {"X1": "a", "X2": "a"}))
    result = second_order_of(model, ModelInputs(quantities, (), points))
    loss = result.output("one", "Y")
    assert loss.unit == "1"
    assert loss.estimate == pytest.approx(1e-4, rel=1e-14)
    assert loss.first_order == pytest.approx(100e-6, rel=1e-12)
    assert loss.standard_uncertainty == pytest.approx(111.8034e-6, rel=1e-6)
    assert loss.estimate_correction == pytest.approx(50e-6, rel=1e-12)
    assert loss.warning is not None
    assert (loss.warning.code, loss.warning.point, loss.warning.output) == (
        "propagation.second_order_matters",
        "one",
        "Y",
    )
    assert loss.warning.numbers["second_order"] == loss.standard_uncertainty
    assert result.output("one", "D").warning is None
    double = result.output("two", "Y")  # 2 a², so twice the curvature in one quantity
    assert double.standard_uncertainty == pytest.approx(math.sqrt(4e-8 + 8 * 0.005**4), rel=1e-12)
    assert result.output("two", "D").standard_uncertainty == 0.0
    assert result.covariances["one"][0][0] == pytest.approx(loss.standard_uncertainty**2, rel=1e-13)
    with pytest.raises(InvalidQuantity):
        result.output("three", "Y")
    linked = ModelInputs(quantities, (Correlation("b", "a", 0.9),), points[:1])
    assert second_order_of(model, linked).output("one", "Y").standard_uncertainty == pytest.approx(120.52e-6, rel=1e-4)
    with pytest.raises(InvalidQuantity) as caught:
        second_order_of(model, ModelInputs(quantities, (), (PointBinding("one", {"X1": "a"}),)))
    assert (caught.value.code, caught.value.values["name"]) == ("inputs.missing_symbol", "X2")


def test_the_check_of_an_evaluation_says_the_same() -> None:
    """Uncorrelated inputs take a shorter way to the same numbers."""
    model = compiled(tuple(MASS_INPUTS), MASS, "mRc - dmRc", "(rho_W/8000)**9")
    values, u = zip(*MASS_INPUTS.values(), strict=True)
    found = second_order(model, values, u, np.eye(5))
    warnings = SecondOrderCheck(model).warnings("p", values, u)
    assert [(warning.output, warning.point) for warning in warnings] == [("out0", "p"), ("out2", "p")]
    for warning, place in zip(warnings, (0, 2), strict=True):
        assert warning.numbers["first_order"] == pytest.approx(found.first_order[place], rel=1e-13)
        assert warning.numbers["second_order"] == pytest.approx(found.standard_uncertainties[place], rel=1e-13)
        assert warning.numbers["estimate_correction"] == pytest.approx(found.estimate_corrections[place], abs=1e-15)
    linked = SecondOrderCheck(model).warnings("p", values, u, np.eye(5))
    assert [warning.output for warning in linked] == ["out0", "out2"]
    assert SecondOrderCheck(compiled(("x", "y"), "x + 2*y")).is_linear
    assert SecondOrderCheck(compiled(("x", "y"), "x + 2*y")).warnings("p", (1.0, 2.0), (0.1, 0.1)) == []
    vanishing = SecondOrderCheck(compiled(("x", "y"), "x*y")).warnings("p", (0.0, 0.0), (1e-90, 1e-90))
    assert vanishing[0].numbers["second_order"] == pytest.approx(1e-180, rel=1e-12)


@pytest.mark.parametrize(("expression", "value", "u"), [("x**1.5", 0.0, 0.1), ("x - x**3", 0.0, 1.0)])
def test_the_check_says_where_the_expansion_has_no_value(expression: str, value: float, u: float) -> None:
    check = SecondOrderCheck(compiled(("x",), expression))
    (warning,) = check.warnings("3", (value,), (u,))
    assert (warning.code, warning.point, warning.output) == ("propagation.no_second_order", "3", "out0")
    assert check.warnings("3", (value,), (u,), np.eye(1)) == [warning]


def test_an_evaluation_says_when_it_matters() -> None:
    """GUM H.1: 32 nm to first order, 34 nm to second; at one point without and one with a correlation."""
    model = MeasurementModel((OutputDefinition("l", H1, "1"),), tuple(InputDefinition(key, "1") for key in H1_INPUTS))
    quantities = tuple(InputQuantity(key, Estimate(x, u, "1")) for key, (x, u) in H1_INPUTS.items())
    certain = InputQuantity("certain", Estimate(0.0, 0.0, "1"))
    same = {key: key for key in H1_INPUTS}
    points = (PointBinding("one", same), PointBinding("two", {**same, "dalpha": "certain", "alphaS": "certain"}))
    inputs = ModelInputs((*quantities, certain), (), points)
    (warning,) = evaluate(model, inputs, seed=0).warnings
    assert (warning.code, warning.point, warning.output) == ("propagation.second_order_matters", "one", "l")
    assert warning.numbers["second_order"] == pytest.approx(34.0, abs=0.5)
    assert warning == second_order_of(model, inputs).output("one", "l").warning
    linked = ModelInputs(inputs.quantities, (Correlation("theta", "dalpha", 0.5),), points)
    (warning,) = evaluate(model, linked, seed=0).warnings
    assert warning.numbers["second_order"] == pytest.approx(
        second_order_of(model, linked).output("one", "l").standard_uncertainty, rel=1e-12
    )
    assert warning.numbers["second_order"] > 34.0


def test_models_with_very_many_second_derivatives_are_not_expanded() -> None:
    model = MeasurementModel((OutputDefinition("s", "dot(x, x)*sum(x)", "1"),), (InputDefinition("x", "1", 150),))
    quantities = tuple(InputQuantity(f"x{n}", Estimate(float(n), 0.1, "1")) for n in range(1, 151))
    point = PointBinding("1", {f"x[{n}]": f"x{n}" for n in range(1, 151)})
    inputs = ModelInputs(quantities, (), (point,))
    (warning,) = evaluate(model, inputs, seed=0).warnings
    assert (warning.code, warning.output) == ("propagation.second_order_unchecked", "s")
    with pytest.raises(InvalidModel) as caught:
        second_order_of(model, inputs)
    assert caught.value.code == "model.too_large"
