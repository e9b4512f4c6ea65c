"""Outputs that use other outputs of the same model."""

from __future__ import annotations

import math
from itertools import pairwise, permutations

import pytest

from calc.compiler.lookups import CurveDefinition
from calc.compiler.output_order import names_in
from calc.curves.domain import Domain
from calc.curves.straight_line import StraightLine
from calc.errors import InvalidModel
from calc.evaluate import evaluate
from calc.expression import parse
from calc.model import InputDefinition, MeasurementModel, OutputDefinition, compile_model, outputs_for
from calc.monte_carlo import monte_carlo
from calc.quantities import BoundCurve, Estimate, InputQuantity, ModelInputs, PointBinding
from calc.second_order import second_order_of
from calc.serialise import from_record, to_record

INPUTS = (InputDefinition("V", "V"), InputDefinition("I", "A"))
RESISTANCE = OutputDefinition("R", "V/I", "kohm")
POWER = OutputDefinition("P", "R*I**2", "W")
OHM = MeasurementModel((POWER, RESISTANCE), INPUTS)
WRITTEN_OUT = MeasurementModel((OutputDefinition("P", "V/I*I**2", "W"), RESISTANCE), INPUTS)
QUANTITIES = (InputQuantity("V", Estimate(5.0, 0.1, "V", 8.0)), InputQuantity("I", Estimate(2.0, 0.1, "A")))
GIVEN = ModelInputs(QUANTITIES, (), (PointBinding("1", {"V": "V", "I": "I"}),))


@pytest.mark.parametrize("outputs", [(POWER, RESISTANCE), (RESISTANCE, POWER)])
def test_the_other_output_counts_in_its_unit_whatever_the_order(outputs: tuple[OutputDefinition, ...]) -> None:
    model = MeasurementModel(outputs, INPUTS)
    result = evaluate(model, GIVEN, seed=0)
    assert [one.output for one in result.outputs] == [one.name for one in outputs]
    power = next(one for one in result.outputs if one.output == "P")
    resistance = next(one for one in result.outputs if one.output == "R")
    assert power.estimate == pytest.approx(10.0, rel=1e-15)
    assert power.combined_standard_uncertainty == pytest.approx(math.hypot(2.0 * 0.1, 5.0 * 0.1), rel=1e-14)
    assert [line.symbol for line in power.budget] == ["V", "I"]
    assert resistance.estimate == pytest.approx(0.0025, rel=1e-15)
    expected = 1e-3 * (0.5 * 2.0 - 1.25 * 5.0) * 0.1**2  # dR/dV dP/dV u(V)² + dR/dI dP/dI u(I)²
    assert result.covariance[0][1] == result.covariance[1][0] == pytest.approx(expected, rel=1e-13)


def test_it_is_the_model_written_out() -> None:
    result, other = (evaluate(model, GIVEN, seed=0) for model in (OHM, WRITTEN_OUT))
    for one, two in zip(result.outputs, other.outputs, strict=True):
        assert one.combined_standard_uncertainty == pytest.approx(two.combined_standard_uncertainty, rel=1e-14)
        assert one.effective_degrees_of_freedom == pytest.approx(two.effective_degrees_of_freedom, rel=1e-12)
    second, twice = (second_order_of(model, GIVEN).output("1", "P") for model in (OHM, WRITTEN_OUT))
    assert second.standard_uncertainty == pytest.approx(twice.standard_uncertainty, rel=1e-13)
    assert second.standard_uncertainty == pytest.approx(math.hypot(0.2, 0.5, 0.1**2), rel=1e-13)  # P = V I


def test_distributions_are_propagated_through_it() -> None:
    result = monte_carlo(OHM, GIVEN, trials=40_000, seed=5)
    other = monte_carlo(WRITTEN_OUT, GIVEN, trials=40_000, seed=5)
    for one, two in zip(result.outputs, other.outputs, strict=True):
        assert one.standard_uncertainty == pytest.approx(two.standard_uncertainty, rel=1e-9)
    assert result.outputs[0].standard_uncertainty == pytest.approx(0.5464, rel=0.02)  # √(4·0.01·8/6 + 25·0.01)


def test_it_comes_back_from_a_record() -> None:
    again = from_record(MeasurementModel, to_record(OHM))
    assert again == OHM
    assert evaluate(again, GIVEN, seed=0) == evaluate(OHM, GIVEN, seed=0)


def test_arrays_and_curves_among_outputs() -> None:
    model = MeasurementModel(
        (
            OutputDefinition("total", "sum(y) + y[2] + z", "1"),
            OutputDefinition("y", "2*x + z", "1", 3),
            OutputDefinition("z", "G(a)", "1"),
            OutputDefinition("a", "x[1]", "1"),
        ),
        (InputDefinition("x", "1", 3),),
        curves=(CurveDefinition("G", "1", "1"),),
    )
    curve = StraightLine("line", "1", "1", Domain(-10.0, 10.0), 0.0, 1.0, 2.0, 0.0, 0.0, 9.0)  # 1 + 2 a
    quantities = tuple(InputQuantity(f"x[{n}]", Estimate(float(n), 0.1, "1")) for n in (1, 2, 3))
    point = PointBinding("1", {q.key: q.key for q in quantities}, {"G": "g"})
    result = evaluate(model, ModelInputs(quantities, (), (point,), (BoundCurve("g", curve),)), seed=0)
    values = {one.output: one.estimate for one in result.outputs}
    assert values == {"total": 31.0, "y[1]": 5.0, "y[2]": 7.0, "y[3]": 9.0, "z": 3.0, "a": 1.0}
    total = result.outputs[0]  # 2 x1 + 4 x2 + 2 x3 + 5 (1 + 2 x1)
    assert total.combined_standard_uncertainty == pytest.approx(0.1 * math.hypot(12.0, 4.0, 2.0), rel=1e-13)


@pytest.mark.parametrize(
    ("formulas", "around"),
    [
        ({"R": "R + x"}, {"R"}),
        ({"a": "b + x", "b": "x*c", "c": "sqrt(1/-a)"}, {"a", "b", "c"}),
        ({"a": "x", "b": "a + c", "c": "a + b"}, {"b", "c"}),
    ],
)
def test_a_cycle_names_its_outputs(formulas: dict[str, str], around: set[str]) -> None:
    for order in permutations(formulas):
        outputs = tuple(OutputDefinition(name, formulas[name], "1") for name in order)
        with pytest.raises(InvalidModel) as caught:
            compile_model(MeasurementModel(outputs, (InputDefinition("x", "1"),)))
        assert caught.value.code == "model.cycle"
        names = str(caught.value.values["names"]).split(" → ")
        assert set(names) == around
        assert caught.value.values["output"] == names[0] == names[-1]
        for one, used in pairwise(names):
            assert used in names_in(parse(formulas[one], one))


def test_units_of_the_other_output_are_checked() -> None:
    outputs = (RESISTANCE, OutputDefinition("P", "R + V", "V"))
    with pytest.raises(InvalidModel) as caught:
        compile_model(MeasurementModel(outputs, INPUTS))
    assert (caught.value.code, caught.value.values["output"]) == ("model.unit_mismatch", "P")


def test_an_output_never_takes_the_name_of_an_input() -> None:
    with pytest.raises(InvalidModel) as caught:
        compile_model(MeasurementModel((OutputDefinition("V", "I*1", "A"), RESISTANCE), INPUTS))
    assert (caught.value.code, caught.value.values["name"]) == ("model.duplicate", "V")


def test_a_chain_of_a_thousand_outputs() -> None:
    outputs = [OutputDefinition(f"y{n}", f"y{n + 1} + 1", "1") for n in range(1000)]
    model = MeasurementModel((*outputs, OutputDefinition("y1000", "x", "1")), (InputDefinition("x", "1"),))
    compiled = compile_model(model)
    assert compiled.program.linearise((0.5,)).values[0] == 1000.5


def test_an_output_with_what_it_rests_on() -> None:
    model = MeasurementModel((POWER, OutputDefinition("Q", "((", "1"), RESISTANCE), INPUTS)
    assert outputs_for(model, "P") == (POWER, RESISTANCE)
    assert outputs_for(model, "R") == (RESISTANCE,)
    assert outputs_for(model, "none") == ()
