"""Models with arrays: element by element, sums, outputs that are arrays, and what is refused."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest

from calc.correlations import group_correlations
from calc.errors import InvalidModel
from calc.evaluate import evaluate
from calc.expression import MAXIMUM_SIZE, parse, to_text
from calc.model import InputDefinition, MeasurementModel, OutputDefinition, compile_model
from calc.quantities import Correlation, Estimate, InputQuantity, MeasurementResult, ModelInputs, PointBinding
from calc.serialise import from_record, to_record

INPUTS = (
    InputDefinition("x", "mm", 3),
    InputDefinition("w", "1", 3),
    InputDefinition("z", "1", 2),
    InputDefinition("t", "degC", 3),
    InputDefinition("a", "um"),
)
NUMBERS = {"x[1]": 1.0, "x[2]": 2.0, "x[3]": 4.0, "w[1]": 0.5, "w[2]": 0.25, "w[3]": 0.125, "z[1]": 3.0, "z[2]": 5.0}
NUMBERS |= {"t[1]": 20.0, "t[2]": 21.0, "t[3]": 25.0, "a": 500.0}


def values_of(expression: str, unit: str, size: int | None = None) -> tuple[float, ...]:
    compiled = compile_model(MeasurementModel((OutputDefinition("out", expression, unit, size),), INPUTS))
    assert compiled.symbols == tuple(NUMBERS)
    return compiled.program.linearise(tuple(NUMBERS.values())).values


@pytest.mark.parametrize(
    ("expression", "unit", "expected"),
    [
        ("x[2]", "mm", 2.0),
        ("x[3] - a", "mm", 3.5),
        ("sum(x)", "mm", 7.0),
        ("sum(x - a)", "um", 5500.0),
        ("mean(x)", "mm", 7.0 / 3.0),
        ("mean(t)", "degC", 22.0),
        ("mean(t) - t[1]", "K", 2.0),
        ("sum(w*x)", "mm", 1.5),
        ("dot(w, x)", "mm", 1.5),
        ("dot(x, x)", "mm2", 21.0),
        ("sum(x)*sum(z)", "mm", 56.0),
        ("sum((x - mean(x))**2)/2", "mm2", 7.0 / 3.0),
        ("sqrt(sum((x - mean(x))**2)/2)", "mm", math.sqrt(7.0 / 3.0)),
        ("dot(w, x)/sum(w) + a", "mm", 1.5 / 0.875 + 0.5),
        ("max(sum(z), z[1]*z[2])", "1", 15.0),
        ("sum(z**2)**0.5", "1", math.sqrt(34.0)),
        ("sum(sum(z)*w)", "1", 7.0),
    ],
)
def test_one_number_of_arrays(expression: str, unit: str, expected: float) -> None:
    assert values_of(expression, unit) == pytest.approx((expected,), rel=1e-15)


def test_an_output_that_is_an_array() -> None:
    model = MeasurementModel(
        (OutputDefinition("d", "x - mean(x)", "um", 3), OutputDefinition("s", "sum(x)", "mm")), INPUTS
    )
    compiled = compile_model(model)
    assert [output.name for output in compiled.model.outputs] == ["d[1]", "d[2]", "d[3]", "s"]
    assert [output.unit for output in compiled.model.outputs] == ["um", "um", "um", "mm"]
    assert compiled.declared == model
    linear = compiled.program.linearise(tuple(NUMBERS.values()))
    assert linear.values == pytest.approx((-4000.0 / 3.0, -1000.0 / 3.0, 5000.0 / 3.0, 7.0), rel=1e-14)
    assert linear.derivatives[0][:3] == pytest.approx((2000.0 / 3.0, -1000.0 / 3.0, -1000.0 / 3.0), rel=1e-14)
    assert values_of("a", "um", 2) == (500.0, 500.0)


@pytest.mark.parametrize(
    ("expression", "unit", "size", "code"),
    [
        ("x", "mm", None, "model.array_left"),
        ("x + sum(x)", "mm", None, "model.array_left"),
        ("sin(w)", "1", None, "model.array_left"),
        ("x[0]", "mm", None, "model.index"),
        ("x[4]", "mm", None, "model.index"),
        ("sum(z[3] + z)", "1", None, "model.index"),
        ("a[1]", "um", None, "model.index"),
        ("y[1]", "um", None, "model.index"),
        ("sum(w*z)", "1", None, "model.array_size"),
        ("dot(w, z)", "1", None, "model.array_size"),
        ("w", "1", 2, "model.array_size"),
        ("w + z", "1", 3, "model.array_size"),
        ("sum(a)", "um", None, "model.no_array"),
        ("mean(sum(x))", "mm", None, "model.no_array"),
        ("sum(x[1])", "mm", None, "model.no_array"),
        ("sum(x + w)", "mm", None, "model.unit_mismatch"),
        ("sum(t)", "degC", None, "model.temperature_point"),
        ("w", "1", 0, "model.size"),
        ("w", "1", MAXIMUM_SIZE + 1, "model.size"),
        ("w", "1", True, "model.size"),
    ],
)
def test_refused(expression: str, unit: str, size: int | None, code: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        values_of(expression, unit, size)
    assert caught.value.code == code
    assert str(caught.value)


def test_sizes_of_inputs() -> None:
    for size in (0, -1, MAXIMUM_SIZE + 1):
        with pytest.raises(InvalidModel) as caught:
            compile_model(MeasurementModel((OutputDefinition("out", "1", "1"),), (InputDefinition("x", "1", size),)))
        assert (caught.value.code, caught.value.values["name"]) == ("model.size", "x")


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("sum(v*sum(v*sum(v*sum(v))))", "model.too_large"),
        ("sum(" + "+".join(["v"] * 30) + ")", "model.too_large"),
        ("sum(" + "+".join(["v"] * 195) + ")", "model.too_large"),
        ("sum(0 + one*" * 38 + "sum(v)" + ")" * 38, "model.too_deep"),
        ("sum(0 + one*" * 38 + "sum(u)" + ")" * 38, None),
        ("sum(u*(" + "+".join(["u"] * 197) + "))", None),
    ],
)
def test_sums_that_grow_too_large(expression: str, code: str | None) -> None:
    inputs = (InputDefinition("v", "1", 1000), InputDefinition("u", "1", 4), InputDefinition("one", "1", 1))
    with contextlib.nullcontext() if code is None else pytest.raises(InvalidModel) as caught:
        compile_model(MeasurementModel((OutputDefinition("out", expression, "1"),), inputs))
    assert caught is None or caught.value.code == code


def test_a_thousand_elements() -> None:
    inputs = (InputDefinition("v", "1", 1000),)
    model = MeasurementModel((OutputDefinition("out", "mean(v)", "1"),), inputs)
    linear = compile_model(model).program.linearise(tuple(float(n) for n in range(1000)))
    assert linear.values == (499.5,)
    assert set(linear.derivatives[0]) == {0.001}


def test_names_of_functions_on_arrays_stay_free_for_quantities() -> None:
    model = MeasurementModel(
        (OutputDefinition("dot", "sum*mean + sum(x)", "1"),),
        (InputDefinition("sum", "1"), InputDefinition("mean", "1"), InputDefinition("x", "1", 2)),
    )
    assert compile_model(model).program.linearise((2.0, 3.0, 4.0, 5.0)).values == (15.0,)


@pytest.mark.parametrize("text", ["x[12] * sum(w * x**2) - dot(a, b)", "mean(x[1] + x)", "-x[2]**2"])
def test_text_of_a_tree_parses_to_the_same_tree(text: str) -> None:
    assert to_text(parse(text, "out")) == text
    assert parse(to_text(parse(text, "out")), "out") == parse(text, "out")


def weighed() -> tuple[MeasurementModel, ModelInputs]:
    """A load of three weights of one set on a balance with a correction: OIML R 111-1, C.6.3, r = 1."""
    model = MeasurementModel(
        (OutputDefinition("m", "sum(w) + d", "g"), OutputDefinition("e", "w + d", "mg", 3)),
        (InputDefinition("w", "g", 3), InputDefinition("d", "mg")),
    )
    weights = tuple(InputQuantity(f"weight {n}", Estimate(100.0 * n, 0.1 * n, "g")) for n in (1, 2, 3))
    other = InputQuantity("correction", Estimate(1.0, 0.5, "mg", 9.0))
    symbols = {f"w[{n}]": f"weight {n}" for n in (1, 2, 3)} | {"d": "correction"}
    correlations = group_correlations([weight.key for weight in weights])
    return model, ModelInputs((*weights, other), correlations, (PointBinding("load", symbols),))


def result() -> MeasurementResult:
    return evaluate(*weighed(), seed=0)


def test_an_evaluation_with_arrays() -> None:
    load = result().output("load", "m")
    assert load.estimate == pytest.approx(600.001, rel=1e-15)
    assert load.combined_standard_uncertainty == pytest.approx(math.hypot(0.6, 0.0005), rel=1e-12)
    assert [line.symbol for line in load.budget] == ["w[1]", "w[2]", "w[3]", "d"]
    second = result().output("load", "e[2]")
    assert second.estimate == pytest.approx(200001.0, rel=1e-15)
    covariance = np.array(result().covariance)
    assert covariance.shape == (4, 4)
    assert covariance[0, 2] == pytest.approx(600.0 * 0.2 + 0.5 * 0.0005, rel=1e-12)


def test_models_with_arrays_are_kept_in_records() -> None:
    model, inputs = weighed()
    assert from_record(MeasurementModel, to_record(model)) == model
    assert from_record(ModelInputs, to_record(inputs)) == inputs
    plain = to_record(MeasurementModel((OutputDefinition("y", "x", "1"),), (InputDefinition("x", "1"),)))
    assert isinstance(plain, dict)
    del plain["curves"]
    assert from_record(MeasurementModel, plain).curves == ()


def test_points_bind_elements() -> None:
    model, inputs = weighed()
    short = PointBinding("load", {**dict.fromkeys(("w[1]", "w[2]"), "weight 1"), "d": "correction"})
    with pytest.raises(Exception, match=r"w\[3\]"):
        evaluate(model, ModelInputs(inputs.quantities, (Correlation("weight 1", "weight 2", 0.1),), (short,)), seed=0)
