"""The one entry: correlation by shared quantities, invariances, bindings, warnings."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
import uncertainties
from hypothesis import given
from hypothesis import strategies as st

from calc import type_b
from calc.errors import CalcError, InvalidModel, InvalidQuantity, OutsideValidity
from calc.evaluate import evaluate
from calc.model import CoverageRule, InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import (
    Correlation,
    Distribution,
    Estimate,
    InputQuantity,
    MeasurementResult,
    ModelInputs,
    OutputResult,
    PointBinding,
)

INF = math.inf


def quantity(key: str, value: float, u: float, unit: str = "1", nu: float = INF) -> InputQuantity:
    return InputQuantity(key, Estimate(value, u, unit, nu))


def model_of(expression: str, symbols: str, unit: str = "1", output_unit: str = "1") -> MeasurementModel:
    return MeasurementModel(
        (OutputDefinition("out", expression, output_unit),),
        tuple(InputDefinition(symbol, unit) for symbol in symbols.split()),
    )


def run(
    expression: str, bindings: dict[str, str], *quantities: InputQuantity, correlations: tuple[Correlation, ...] = ()
) -> OutputResult:
    model = model_of(expression, " ".join(bindings))
    return evaluate(model, ModelInputs(quantities, correlations, (PointBinding("1", bindings),)), seed=1).outputs[0]


def test_a_quantity_bound_twice_counts_once() -> None:
    x = quantity("q", 2.0, 0.3, nu=4.0)
    zero = run("a - b", {"a": "q", "b": "q"}, x)
    assert (zero.estimate, zero.combined_standard_uncertainty, zero.expanded_uncertainty) == (0.0, 0.0, 0.0)
    assert zero.effective_degrees_of_freedom == INF
    assert [line.symbol for line in zero.budget] == ["a, b"]
    assert zero.budget[0].share == 0.0
    double = run("a + b", {"a": "q", "b": "q"}, x)
    assert double.combined_standard_uncertainty == 0.6
    assert double.effective_degrees_of_freedom == 4.0
    assert double.budget[0].sensitivity_coefficient == 2.0


def test_a_symbol_used_twice_counts_once() -> None:
    x = quantity("q", 2.0, 0.3, nu=4.0)
    assert run("x - x", {"x": "q"}, x).combined_standard_uncertainty == 0.0
    assert run("x + x", {"x": "q"}, x) == run("2*x", {"x": "q"}, x)


def test_fully_correlated_quantities_are_like_one() -> None:
    x, y = quantity("p", 2.0, 0.3, nu=4.0), quantity("q", 2.0, 0.3, nu=4.0)
    one = (Correlation("q", "p", 1.0),)
    zero = run("a - b", {"a": "p", "b": "q"}, x, y, correlations=one)
    assert (zero.combined_standard_uncertainty, zero.effective_degrees_of_freedom) == (0.0, INF)
    double = run("a + b", {"a": "p", "b": "q"}, x, y, correlations=one)
    assert double.combined_standard_uncertainty == pytest.approx(0.6, rel=1e-15)
    assert double.effective_degrees_of_freedom == pytest.approx(4.0, rel=1e-12)
    assert sum(line.share for line in double.budget) == pytest.approx(1.0)


def test_one_quantity_in_two_units() -> None:
    model = MeasurementModel(
        (OutputDefinition("out", "a - b", "g"),), (InputDefinition("a", "g"), InputDefinition("b", "mg"))
    )
    inputs = ModelInputs((quantity("q", 5.0, 0.1, "g"),), (), (PointBinding("1", {"a": "q", "b": "q"}),))
    output = evaluate(model, inputs, seed=0).outputs[0]
    assert output.estimate == 0.0
    assert output.combined_standard_uncertainty == pytest.approx(0.0, abs=1e-15)


def shared_points() -> MeasurementResult:
    quantities = (quantity("s", 0.0, 0.4), quantity("r1", 1.0, 0.3), quantity("r2", 2.0, 0.3))
    points = (PointBinding("p1", {"x": "r1", "s": "s"}), PointBinding("p2", {"x": "r2", "s": "s"}))
    return evaluate(model_of("x - s", "x s"), ModelInputs(quantities, (), points), seed=0)


def test_points_that_share_a_quantity_are_correlated() -> None:
    result = shared_points()
    assert [(o.point, o.estimate) for o in result.outputs] == [("p1", 1.0), ("p2", 2.0)]
    assert result.covariance[0][1] == result.covariance[1][0] == pytest.approx(0.16, rel=1e-15)
    for i, output in enumerate(result.outputs):
        assert result.covariance[i][i] == pytest.approx(output.combined_standard_uncertainty**2, rel=1e-15)
    assert result.output("p2", "out") is result.outputs[1]
    with pytest.raises(InvalidQuantity):
        result.output("p3", "out")


def test_a_point_has_the_same_bits_alone() -> None:
    quantities = (quantity("s", 0.1, 0.4, nu=3), quantity("r1", 1.7, 0.3), quantity("r2", 2.9, 0.3, nu=7))
    points = (PointBinding("p1", {"x": "r1", "s": "s"}), PointBinding("p2", {"x": "r2", "s": "s"}))
    model = model_of("exp(x)/s**2 - sin(x*s)", "x s")
    together = evaluate(model, ModelInputs(quantities, (), points), seed=0)
    for index, point in enumerate(points):
        alone = evaluate(model, ModelInputs(quantities, (), (point,)), seed=0)
        assert alone.outputs[0] == together.outputs[index]
        assert alone.covariance[0][0] == together.covariance[index][index]


def test_outputs_of_one_model_are_correlated() -> None:
    model = MeasurementModel(
        (OutputDefinition("total", "x + y", "1"), OutputDefinition("difference", "x - y", "1")),
        (InputDefinition("x", "1"), InputDefinition("y", "1")),
    )
    inputs = ModelInputs(
        (quantity("x", 1.0, 0.3), quantity("y", 2.0, 0.4)), (), (PointBinding("1", {"x": "x", "y": "y"}),)
    )
    covariance = evaluate(model, inputs, seed=0).covariance
    assert covariance[0][1] == pytest.approx(0.09 - 0.16)


numbers = st.floats(0.5, 2.0)
deviations = st.floats(1e-4, 0.1)


@given(st.lists(st.tuples(numbers, deviations, st.floats(2.0, 40.0)), min_size=3, max_size=3), st.randoms())
def test_order_of_inputs_does_not_matter(items: list[tuple[float, float, float]], shuffler: random.Random) -> None:
    quantities = [quantity(key, v, u, nu=nu) for key, (v, u, nu) in zip("abc", items, strict=True)]
    correlations = [Correlation("a", "b", 0.3), Correlation("c", "b", -0.2)]
    expression, symbols = "a*b/c + exp(c - a)", ["a", "b", "c"]
    results = []
    for _ in range(2):
        inputs = ModelInputs(
            tuple(quantities), tuple(correlations), (PointBinding("1", {name: name for name in symbols}),)
        )
        results.append(evaluate(model_of(expression, " ".join(symbols)), inputs, seed=0).outputs[0])
        for items_ in (quantities, correlations, symbols):
            shuffler.shuffle(items_)
    first, second = results
    lines = [sorted(result.budget, key=lambda line: line.key) for result in results]
    assert lines[0] == lines[1]
    assert dataclasses.replace(first, budget=()) == dataclasses.replace(second, budget=())


@given(numbers, deviations, numbers, deviations)
def test_the_unit_of_an_input_does_not_matter(m: float, u_m: float, v: float, u_v: float) -> None:
    outputs = []
    for mass, volume, factor_m, factor_v in (("g", "cm3", 1.0, 1.0), ("mg", "m3", 1e3, 1e-6)):
        model = MeasurementModel(
            (OutputDefinition("rho", "m/V", "kg/m3"),), (InputDefinition("m", mass), InputDefinition("V", volume))
        )
        quantities = (
            quantity("m", m * factor_m, u_m * factor_m, mass),
            quantity("V", v * factor_v, u_v * factor_v, volume),
        )
        point = PointBinding("1", {"m": "m", "V": "V"})
        outputs.append(evaluate(model, ModelInputs(quantities, (), (point,)), seed=0).outputs[0])
    assert outputs[1].estimate == pytest.approx(outputs[0].estimate, rel=1e-12)
    assert outputs[1].expanded_uncertainty == pytest.approx(outputs[0].expanded_uncertainty, rel=1e-12)


@given(numbers, deviations, numbers, deviations)
def test_agrees_with_the_package_uncertainties(x: float, u_x: float, y: float, u_y: float) -> None:
    output = run("x**2/y - x*y + sqrt(y)", {"x": "x", "y": "y"}, quantity("x", x, u_x), quantity("y", y, u_y))
    a, b = uncertainties.ufloat(x, u_x), uncertainties.ufloat(y, u_y)
    other = a**2 / b - a * b + b**0.5
    assert output.estimate == pytest.approx(other.nominal_value, rel=1e-12, abs=1e-12)
    assert output.combined_standard_uncertainty == pytest.approx(other.std_dev, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("scale", [1e-120, 1e-90, 1.0, 1e90, 1e120])
def test_very_small_and_large_uncertainties(scale: float) -> None:
    a, b = quantity("a", 0.0, 3.0 * scale, nu=5), quantity("b", 0.0, 4.0 * scale, nu=9)
    output = run("a + b", {"a": "a", "b": "b"}, a, b)
    assert output.combined_standard_uncertainty == pytest.approx(5.0 * scale, rel=1e-14)
    assert output.effective_degrees_of_freedom == pytest.approx(625 / (81 / 5 + 256 / 9), rel=1e-12)


def test_temperatures() -> None:
    model = MeasurementModel(
        (OutputDefinition("error", "t - (ts + c)", "delta_degC"),),
        (InputDefinition("t", "degC"), InputDefinition("ts", "degC"), InputDefinition("c", "K")),
    )
    binding = (PointBinding("1", {"t": "t", "ts": "ts", "c": "c"}),)
    t, ts = quantity("t", 20.05, 0.01, "°C"), quantity("ts", 68.0, 0.018, "degF")
    output = evaluate(model, ModelInputs((t, ts, quantity("c", 20.0, 5.0, "mK")), (), binding), seed=0).outputs[0]
    assert output.estimate == pytest.approx(0.03, abs=1e-12)
    assert [line.standard_uncertainty for line in output.budget] == [0.01, 0.01, 0.005]
    with pytest.raises(InvalidQuantity) as caught:
        evaluate(model, ModelInputs((t, ts, quantity("c", 0.02, 0.005, "degC")), (), binding), seed=0)
    assert caught.value.code == "unit.point_and_difference"
    assert caught.value.values["name"] == "c"


X = quantity("x", 1.0, 0.1)
LINE = model_of("x", "x")
POINT = PointBinding("1", {"x": "x"})


@pytest.mark.parametrize(
    ("inputs", "code", "name"),
    [
        (ModelInputs((X,), (), ()), "inputs.no_points", None),
        (ModelInputs((X, X), (), (POINT,)), "quantity.duplicate", "x"),
        (ModelInputs((X,), (), (POINT, POINT)), "quantity.duplicate", "1"),
        (ModelInputs((X,), (), (PointBinding("1", {}),)), "inputs.missing_symbol", "x"),
        (ModelInputs((X,), (), (PointBinding("1", {"x": "y"}),)), "inputs.unknown_quantity", "y"),
        (ModelInputs((X,), (), (PointBinding("1", {"x": "x", "z": "x"}),)), "inputs.unknown_symbol", "z"),
        (ModelInputs((X,), (Correlation("x", "w", 0.5),), (POINT,)), "inputs.unknown_quantity", "w"),
        (ModelInputs((quantity("x", 1.0, 0.1, "g"),), (), (POINT,)), "unit.incompatible", "x"),
        (ModelInputs((quantity("x", 1.0, 0.1, "blue"),), (), (POINT,)), "unit.unknown", "x"),
        (ModelInputs((quantity("x", 1.0, 1e200),), (), (POINT,)), "quantity.too_large", "out"),
    ],
)
def test_bad_inputs_are_named(inputs: ModelInputs, code: str, name: str | None) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        evaluate(LINE, inputs, seed=0)
    assert caught.value.code == code
    assert caught.value.values.get("name") == name


@pytest.mark.parametrize("seed", [-1, 1.5, True, None, "1"])
def test_seed_is_checked(seed: object) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        evaluate(LINE, ModelInputs((X,), (), (POINT,)), seed=seed)  # type: ignore[arg-type]  # what is refused
    assert caught.value.code == "evaluation.seed"


def test_no_value_at_the_estimate_names_the_point() -> None:
    inputs = ModelInputs((quantity("x", 0.0, 0.1),), (), (PointBinding("50 °C", {"x": "x"}),))
    with pytest.raises(OutsideValidity) as caught:
        evaluate(model_of("1/x", "x"), inputs, seed=0)
    assert caught.value.values["point"] == "50 °C"
    with pytest.raises(InvalidModel):
        evaluate(model_of("1/", "x"), inputs, seed=0)


def test_coverage_rule_is_followed() -> None:
    few, many = quantity("x", 1.0, 0.1, nu=10.0), quantity("x", 1.0, 0.1, nu=50.0)
    t_only = CoverageRule(0.95, None)
    for item, rule, expected in (
        (few, CoverageRule(), 2.2837),
        (many, CoverageRule(), 2.0),
        (many, t_only, 2.0086),
        (few, CoverageRule(stated_from_degrees_of_freedom=10.0), 2.0),
        (few, CoverageRule(stated_factor=3.0, stated_from_degrees_of_freedom=1.0), 3.0),
        (quantity("x", 1.0, 0.1, nu=10.9), CoverageRule(0.95, None, truncate_degrees_of_freedom=True), 2.2281),
    ):
        model = MeasurementModel(LINE.outputs, LINE.inputs, (), rule)
        output = evaluate(model, ModelInputs((item,), (), (POINT,)), seed=0).outputs[0]
        assert output.coverage_factor == pytest.approx(expected, abs=5e-5)
        assert output.expanded_uncertainty == output.coverage_factor * output.combined_standard_uncertainty


def test_a_dominant_rectangular_input_is_pointed_out() -> None:
    wide = type_b.half_width(0.0, 1.0, "1").as_input("wide")
    small = quantity("small", 0.0, 0.05)
    inputs = ModelInputs((wide, small), (), (PointBinding("1", {"a": "wide", "b": "small"}),))
    (warning,) = evaluate(model_of("a + b", "a b"), inputs, seed=0).warnings
    assert (warning.code, warning.name) == ("coverage.dominant_distribution", "wide")
    assert warning.numbers["share"] > 0.99
    assert wide.distribution is Distribution.RECTANGULAR
    balanced = ModelInputs((wide, quantity("small", 0.0, 0.3)), (), inputs.points)
    assert evaluate(model_of("a + b", "a b"), balanced, seed=0).warnings == ()


@given(st.floats(), st.floats(), st.floats(), st.sampled_from(["x", "1/x", "log(x)", "x**3", "sqrt(x)", "exp(x)"]))
def test_nothing_but_a_calc_error_or_finite_numbers(value: float, u: float, nu: float, expression: str) -> None:
    try:
        inputs = ModelInputs((quantity("x", value, u, nu=nu),), (), (POINT,))
        result = evaluate(model_of(expression, "x"), inputs, seed=0)
    except CalcError:
        return
    output = result.outputs[0]
    assert math.isfinite(output.estimate)
    assert math.isfinite(output.expanded_uncertainty)
    assert output.effective_degrees_of_freedom >= 1.0
    assert math.isfinite(result.covariance[0][0])
