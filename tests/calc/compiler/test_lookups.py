"""Look-ups into calibration curves: what they mean, how they are correlated, what is refused, what is kept."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from calc.compiler.lookups import CurveDefinition
from calc.curves.curve import Curve
from calc.curves.domain import Domain
from calc.curves.polynomial import PolynomialCurve
from calc.curves.straight_line import StraightLine
from calc.errors import CalcError, InvalidModel, InvalidQuantity, OutsideValidity
from calc.evaluate import evaluate
from calc.model import InputDefinition, MeasurementModel, OutputDefinition, compile_model
from calc.monte_carlo import monte_carlo
from calc.quantities import (
    BoundCurve,
    Correlation,
    Estimate,
    InputQuantity,
    MeasurementResult,
    ModelInputs,
    PointBinding,
)
from calc.second_order import second_order_of
from calc.serialise import canonical_text, from_record, to_record

LINE = StraightLine("sensor 7", "degC", "mV", Domain(0.0, 100.0), 40.0, 12.0, 0.25, 0.03**2, 0.002**2, 8.0)
PLAIN = dataclasses.replace(LINE, freedom=math.inf)


def model_of(*outputs: tuple[str, str], unit: str = "mV", argument_unit: str = "degC") -> MeasurementModel:
    return MeasurementModel(
        tuple(OutputDefinition(f"out{n}", text, wanted) for n, (text, wanted) in enumerate(outputs)),
        (InputDefinition("t", "degC"), InputDefinition("x", "1"), InputDefinition("dt", "K")),
        (),
        curves=(CurveDefinition("G", argument_unit, unit),),
    )


def inputs_of(
    *temperatures: float, curve: Curve = PLAIN, u: float = 0.1, correlations: tuple[Correlation, ...] = ()
) -> ModelInputs:
    quantities = [InputQuantity("factor", Estimate(2.0, 0.01, "1", 12.0)), InputQuantity("d", Estimate(3.0, 0.2, "K"))]
    quantities += [InputQuantity(f"t{n}", Estimate(t, u, "degC")) for n, t in enumerate(temperatures)]
    points = tuple(
        PointBinding(f"p{n}", {"t": f"t{n}", "x": "factor", "dt": "d"}, {"G": "curve"})
        for n in range(len(temperatures))
    )
    return ModelInputs(tuple(quantities), correlations, points, (BoundCurve("curve", curve, "certificate 12"),))


def written_out(*temperatures: float) -> MeasurementResult:
    """The same with the line's two independent parameters as inputs of the model."""
    model = MeasurementModel(
        (OutputDefinition("out0", "(v + b*(t - c))*x", "mV"), OutputDefinition("out1", "b*dt", "mV")),
        (
            InputDefinition("t", "degC"),
            InputDefinition("x", "1"),
            InputDefinition("dt", "K"),
            InputDefinition("v", "mV"),
            InputDefinition("b", "mV/K"),
            InputDefinition("c", "degC"),
        ),
    )
    line = (
        InputQuantity("v", Estimate(12.0, 0.03, "mV")),
        InputQuantity("b", Estimate(0.25, 0.002, "mV/K")),
        InputQuantity("c", Estimate(40.0, 0.0, "degC")),
    )
    inputs = inputs_of(*temperatures)
    points = tuple(PointBinding(p.point, {**p.symbols, "v": "v", "b": "b", "c": "c"}) for p in inputs.points)
    return evaluate(model, ModelInputs((*inputs.quantities, *line), (), points), seed=0)


def test_a_look_up_is_the_line_with_its_parameters() -> None:
    """Value, uncertainty and covariance: within a point, between points, and with what the points share."""
    temperatures = (20.0, 37.5, 90.0, 20.0)
    model = model_of(("G(t)*x", "mV"), ("G(t + dt) - G(t)", "mV"))
    looked_up, expected = evaluate(model, inputs_of(*temperatures), seed=0), written_out(*temperatures)
    for one, two in zip(looked_up.outputs, expected.outputs, strict=True):
        assert one.estimate == pytest.approx(two.estimate, rel=1e-13)
        assert one.combined_standard_uncertainty == pytest.approx(two.combined_standard_uncertainty, rel=1e-10)
    assert np.allclose(looked_up.covariance, expected.covariance, rtol=1e-9, atol=1e-15)


def test_the_budget_shows_the_curve() -> None:
    result = evaluate(model_of(("G(t)*x", "V")), inputs_of(20.0, curve=LINE), seed=0).outputs[0]
    assert [line.symbol for line in result.budget] == ["t", "x", "dt", "G(t)"]
    line = result.budget[-1]
    assert (line.key, line.unit, line.origin) == ("curve @ 20.0 degC", "mV", "certificate 12")
    assert line.estimate == 7.0
    assert line.standard_uncertainty == pytest.approx(math.hypot(0.03, 20.0 * 0.002), rel=1e-14)
    assert line.degrees_of_freedom == 8.0
    assert line.contribution == pytest.approx(2e-3 * 0.05, rel=1e-12)
    assert result.budget[0].sensitivity_coefficient == pytest.approx(0.25 * 2.0 * 1e-3, rel=1e-14)
    assert sum(line.share for line in result.budget) == pytest.approx(1.0, rel=1e-14)
    assert math.isfinite(result.effective_degrees_of_freedom)


def test_one_look_up_is_one_quantity() -> None:
    model = model_of(("G(t) - G(t)", "mV"), ("G(t) + G(t)", "mV"), ("2*G(t)", "mV"), ("G(t + 0*dt)", "mV"))
    first, second, third, fourth = evaluate(model, inputs_of(20.0), seed=0).outputs
    assert (first.estimate, first.combined_standard_uncertainty) == (0.0, 0.0)
    assert second.combined_standard_uncertainty == third.combined_standard_uncertainty
    assert fourth.combined_standard_uncertainty == pytest.approx(0.5 * third.combined_standard_uncertainty, rel=1e-14)
    keys = [line.key for line in fourth.budget if line.contribution]
    assert keys == ["t0", "curve @ 20.0 degC"]


def test_distributions_are_propagated_through_a_look_up() -> None:
    model, inputs = model_of(("G(t)*x", "mV"), ("G(t + dt) - G(t)", "mV")), inputs_of(20.0, 60.0)
    expected = evaluate(model, inputs, seed=0)
    drawn = monte_carlo(model, inputs, trials=100_000, seed=1, scaled_t=False)
    for one, two in zip(drawn.outputs, expected.outputs, strict=True):
        assert one.estimate == pytest.approx(two.estimate, abs=5.0 * two.combined_standard_uncertainty / 300.0)
        assert one.standard_uncertainty == pytest.approx(two.combined_standard_uncertainty, rel=0.02)
    assert np.array(drawn.covariance)[0, 2] == pytest.approx(expected.covariance[0][2], rel=0.1)


def quadratic() -> PolynomialCurve:
    covariance = ((1e-4, 0.0, 1e-5), (0.0, 1e-4, 0.0), (1e-5, 0.0, 1e-4))
    return PolynomialCurve(
        "sensor 8", "degC", "mV", Domain(-50.0, 150.0), 50.0, 100.0, (6.0, 4.0, 0.5), covariance, 20.0
    )


def test_derivatives_are_those_of_the_curve() -> None:
    """First order in the budget, second order in the terms of second order, through the formula around the look-up."""
    curve, t = quadratic(), 30.0
    model = model_of(("x*(G(t + 2*dt)/G(t))**2", "1"))
    result = evaluate(model, inputs_of(t, curve=curve), seed=0).outputs[0]
    there, here = curve.at(t + 6.0), curve.at(t)
    ratio = there.value / here.value
    by_symbol = {line.symbol: line.sensitivity_coefficient for line in result.budget}
    assert result.estimate == pytest.approx(2.0 * ratio**2, rel=1e-14)
    assert by_symbol["dt"] == pytest.approx(4.0 * ratio * 2.0 * there.derivative / here.value, rel=1e-13)
    slope = there.derivative / here.value - ratio * here.derivative / here.value
    assert by_symbol["t"] == pytest.approx(4.0 * ratio * slope, rel=1e-13)
    plain = second_order_of(model_of(("G(t)", "mV")), inputs_of(t, curve=curve, u=5.0)).outputs[0]
    assert plain.estimate_correction == pytest.approx(0.5 * here.second_derivative * 25.0, rel=1e-12)
    expected = here.derivative**2 * 25.0 + here.standard_uncertainty**2 + 0.5 * here.second_derivative**2 * 625.0
    assert plain.standard_uncertainty == pytest.approx(math.sqrt(expected), rel=1e-12)


def test_curves_in_curves_and_over_arrays() -> None:
    model = MeasurementModel(
        (OutputDefinition("out", "G(20*H(s)) + 0*sum(H(v))", "mV"), OutputDefinition("total", "sum(H(v))", "mV")),
        (InputDefinition("s", "1"), InputDefinition("v", "1", 2)),
        curves=(CurveDefinition("G", "mV", "mV"), CurveDefinition("H", "1", "mV")),
    )
    plain = Domain(0.0, 100.0)
    inner = StraightLine("H", "1", "mV", plain, 1.0, 2.0, 0.5, 0.01**2, 0.0)
    outer = StraightLine("G", "mV", "mV", plain, 40.0, 3.0, 0.1, 0.02**2, 0.0)
    quantities = tuple(InputQuantity(f"q{n}", Estimate(float(n), 0.1, "1")) for n in (1, 2, 3))
    point = PointBinding("p", {"s": "q1", "v[1]": "q2", "v[2]": "q3"}, {"G": "g", "H": "h"})
    inputs = ModelInputs(quantities, (), (point,), (BoundCurve("g", outer), BoundCurve("h", inner)))
    out, total = evaluate(model, inputs, seed=0).outputs
    assert out.estimate == pytest.approx(3.0, rel=1e-14)
    assert out.combined_standard_uncertainty == pytest.approx(math.hypot(0.02, 0.1 * 20 * 0.01, 0.1 * 20 * 0.05))
    assert total.estimate == pytest.approx(5.5, rel=1e-14)
    assert total.combined_standard_uncertainty == pytest.approx(math.hypot(0.02, 0.05, 0.05))  # one curve: 2 times 0.01
    assert {line.symbol for line in total.budget} == {"s", "v[1]", "v[2]", "H(s)", "G(20 * H(s))", "H(v[1])", "H(v[2])"}


def test_zero_has_no_sign() -> None:
    """0.0 and -0.0 are one argument, so one quantity: the points share the curve's uncertainty whole."""
    result = evaluate(model_of(("G(t)", "mV")), inputs_of(0.0, -0.0), seed=0)
    keys = {line.key for output in result.outputs for line in output.budget if line.symbol == "G(t)"}
    assert keys == {"curve @ 0.0 degC"}
    u = result.outputs[0].combined_standard_uncertainty
    assert result.covariance[0][1] == pytest.approx(u * u - (0.25 * 0.1) ** 2, rel=1e-12)


def test_units_of_a_curve_and_of_its_definition() -> None:
    curve = StraightLine("gauge", "kPa", "mV", Domain(0.0, 10.0), 5.0, 2.0, 0.3, 0.01**2, 0.001**2)
    model = MeasurementModel(
        (OutputDefinition("out", "G(p)", "V"),),
        (InputDefinition("p", "hPa"),),
        curves=(CurveDefinition("G", "Pa", "uV"),),
    )
    quantities = (InputQuantity("q", Estimate(0.07, 0.001, "bar")),)
    inputs = ModelInputs(quantities, (), (PointBinding("1", {"p": "q"}, {"G": "g"}),), (BoundCurve("g", curve),))
    output = evaluate(model, inputs, seed=0).outputs[0]
    assert output.estimate == pytest.approx(2.6e-3, rel=1e-14)
    own = math.hypot(0.01, 2.0 * 0.001)
    assert output.combined_standard_uncertainty == pytest.approx(1e-3 * math.hypot(0.3 * 0.1, own), rel=1e-12)
    assert [line.symbol for line in output.budget] == ["p", "G(p)"]
    wrong = ModelInputs(quantities, (), inputs.points, (BoundCurve("g", LINE),))
    with pytest.raises(InvalidQuantity) as caught:
        evaluate(model, wrong, seed=0)
    assert (caught.value.code, caught.value.values["name"]) == ("unit.incompatible", "g")


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("G(x)", "mV", "model.unit_argument"),
        ("G(dt)", "mV", "model.unit_argument"),
        ("G(t - t)", "mV", "model.unit_argument"),
        ("G(t)", "K", "model.unit_result"),
        ("G(t) + x", "mV", "model.unit_mismatch"),
        ("G(2*t)", "mV", "model.temperature_point"),
        ("G()", "mV", "model.syntax"),
        ("G(t, t)", "mV", "model.argument_count"),
        ("G", "mV", "model.unknown_name"),
        ("G*x", "mV", "model.unknown_name"),
        ("F(t)", "mV", "model.unknown_function"),
        ("G[1](t)", "mV", "model.syntax"),
    ],
)
def test_formulas_that_are_refused(text: str, unit: str, code: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        compile_model(model_of((text, unit)))
    assert caught.value.code == code


def test_too_many_look_ups() -> None:
    model = MeasurementModel(
        (OutputDefinition("y", "sum(G(v))", "1"),),
        (InputDefinition("v", "1", 61),),
        curves=(CurveDefinition("G", "1", "1"),),
    )
    with pytest.raises(InvalidModel) as caught:
        compile_model(model)
    assert caught.value.code == "model.too_many_lookups"


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        (CurveDefinition("x", "1", "1"), "model.duplicate"),
        (CurveDefinition("sin", "1", "1"), "model.name"),
        (CurveDefinition("sum", "1", "1"), "model.name"),
        (CurveDefinition("g-1", "1", "1"), "model.name"),
        (CurveDefinition("ſin", "1", "1"), "model.name"),
        (CurveDefinition("pi", "1", "1"), "model.reserved"),
        (CurveDefinition("g", "nonsense", "1"), "unit.unknown"),
        (CurveDefinition("g", "1", ""), "unit.missing"),
    ],
)
def test_definitions_that_are_refused(definition: CurveDefinition, code: str) -> None:
    model = MeasurementModel((OutputDefinition("y", "x", "1"),), (InputDefinition("x", "1"),), curves=(definition,))
    with pytest.raises(InvalidModel) as caught:
        compile_model(model)
    assert (caught.value.code, caught.value.values["name"]) == (code, definition.symbol)


def test_no_use_outside_the_certified_range() -> None:
    model = model_of(("G(t)*x", "mV"))
    with pytest.raises(OutsideValidity) as caught:
        evaluate(model, inputs_of(20.0, 101.5), seed=0)
    assert caught.value.code == "curve.outside"
    assert caught.value.values == {"name": "curve", "value": 101.5, "lower": 0.0, "upper": 100.0, "point": "p1"}
    assert caught.value.clause is not None
    wider = dataclasses.replace(PLAIN, domain=PLAIN.domain.extended(0.0, 110.0, "checked against a PRT to 120 °C"))
    result = evaluate(model, inputs_of(20.0, 101.5, curve=wider), seed=0)
    (warning,) = [warning for warning in result.warnings if warning.code == "curve.extended"]
    assert (warning.point, warning.name, warning.numbers["argument"]) == ("p1", "curve", 101.5)


def test_bindings_that_are_refused() -> None:
    model, inputs = model_of(("G(t)*x", "mV")), inputs_of(20.0)
    (point,) = inputs.points
    unbound = dataclasses.replace(point, curves={})
    unknown = dataclasses.replace(point, curves={"G": "other"})
    foreign = dataclasses.replace(point, curves={"G": "curve", "K": "curve"})
    missing = dataclasses.replace(point, symbols={"t": "t0"})
    astray = dataclasses.replace(point, symbols={**point.symbols, "t": "nothing"})
    for binding, code, name in (
        (unbound, "inputs.missing_curve", "G"),
        (unknown, "inputs.unknown_curve", "other"),
        (foreign, "inputs.unknown_symbol", "K"),
        (missing, "inputs.missing_symbol", "x"),
        (astray, "inputs.unknown_quantity", "nothing"),
    ):
        with pytest.raises(InvalidQuantity) as caught:
            evaluate(model, dataclasses.replace(inputs, points=(binding,)), seed=0)
        assert (caught.value.code, caught.value.values["name"]) == (code, name)
    with pytest.raises(InvalidQuantity) as caught:
        evaluate(model, dataclasses.replace(inputs, curves=inputs.curves * 2), seed=0)
    assert caught.value.code == "quantity.duplicate"
    with pytest.raises(InvalidQuantity) as caught:
        BoundCurve("g", "a line")  # type: ignore[arg-type]  # as a caller without types may do
    assert caught.value.code == "inputs.not_a_curve"
    with pytest.raises(InvalidQuantity):
        BoundCurve(" ", LINE)


@pytest.mark.parametrize(
    ("text", "code"),
    [("G(t + dt/(x - 2))", "model.division_by_zero"), ("G(t + dt*log(x - 2))", "model.outside_domain")],
)
def test_arguments_without_a_value(text: str, code: str) -> None:
    with pytest.raises(OutsideValidity) as caught:
        evaluate(model_of((text, "mV")), inputs_of(20.0), seed=0)
    assert (caught.value.code, caught.value.values["point"]) == (code, "p0")


def test_an_argument_that_rests_on_another_look_up() -> None:
    """The outer argument has a value only where the inner look-up is answered."""
    model = model_of(("G(t)*x", "mV"), ("G(t + dt*log(G(t)/G(t + dt)))", "mV"))
    here, there = PLAIN.value(20.0), PLAIN.value(23.0)
    output = evaluate(model, inputs_of(20.0), seed=0).output("p0", "out1")
    assert output.estimate == pytest.approx(PLAIN.value(20.0 + 3.0 * math.log(here / there)), rel=1e-14)


def test_a_record_is_enough_to_evaluate_again() -> None:
    model = model_of(("G(t)*x", "mV"), ("G(t + dt) - G(t)", "mV"))
    for curve in (LINE, quadratic()):
        inputs = inputs_of(20.0, 50.0, curve=curve)
        read_model = from_record(MeasurementModel, to_record(model))
        read_inputs = from_record(ModelInputs, to_record(inputs))
        assert (read_model, read_inputs) == (model, inputs)
        stored = evaluate(model, inputs, seed=0)
        assert canonical_text(evaluate(read_model, read_inputs, seed=0)) == canonical_text(stored)
    record = to_record(inputs_of(20.0))
    assert isinstance(record, dict)
    curves = record["curves"]
    assert isinstance(curves, list)
    assert isinstance(curves[0], dict)
    curves[0]["curve"] = {"kind": "magic", "curve": {}}
    with pytest.raises(CalcError) as caught:
        from_record(ModelInputs, record)
    assert caught.value.code == "curve.kind"


def test_models_without_look_ups_are_as_they_were() -> None:
    model = MeasurementModel((OutputDefinition("y", "x", "1"),), (InputDefinition("x", "1"),))
    inputs = ModelInputs((InputQuantity("q", Estimate(1.0, 0.1, "1")),), (), (PointBinding("1", {"x": "q"}),))
    assert compile_model(model).lookups == ()
    bare = to_record(inputs)
    assert isinstance(bare, dict)
    del bare["curves"]
    assert from_record(ModelInputs, bare) == inputs
