"""Numbers of `uncertainties` through a model: the same as the package itself finds, and still its variables."""

from __future__ import annotations

import math

import pytest
from uncertainties import covariance_matrix, ufloat, umath

from calc.errors import InvalidQuantity, OutsideValidity
from calc.interchange import evaluate_ufloats, propagate_ufloats
from calc.model import InputDefinition, MeasurementModel, OutputDefinition, compile_model


def model_of(symbols: str, *expressions: str) -> MeasurementModel:
    outputs = tuple(OutputDefinition(f"y{index}", text, "1") for index, text in enumerate(expressions))
    return MeasurementModel(outputs, tuple(InputDefinition(symbol, "1") for symbol in symbols.split()))


def test_outputs_stay_functions_of_the_variables() -> None:
    a, b = ufloat(2.0, 0.1), ufloat(3.0, 0.2)
    c = a + b
    found = propagate_ufloats(compile_model(model_of("a b c", "a*b + sin(c)", "exp(a)/c")), {"c": c, "a": a, "b": b})
    for ours, own in ((found["y0"], a * b + umath.sin(c)), (found["y1"], umath.exp(a) / c)):
        assert ours.nominal_value == pytest.approx(own.nominal_value, rel=1e-14)
        assert (ours - own).std_dev == pytest.approx(0.0, abs=1e-14)
        assert covariance_matrix([ours, a])[0][1] == pytest.approx(covariance_matrix([own, a])[0][1], rel=1e-12)


def test_plain_numbers_are_exact() -> None:
    found = propagate_ufloats(compile_model(model_of("a b", "a*b")), {"a": ufloat(2.0, 0.1), "b": 3})
    assert found["y0"].std_dev == pytest.approx(0.3)


def test_evaluation_keeps_correlations() -> None:
    a, b = ufloat(2.0, 0.1), ufloat(3.0, 0.2)
    c = a - b
    result = evaluate_ufloats(model_of("a b c", "a*b*c", "a + c"), {"a": a, "b": b, "c": c}, {"a": 5.0})
    for output, own in zip(result.outputs, (a * b * c, a + c), strict=True):
        assert output.estimate == pytest.approx(own.nominal_value)
        assert output.combined_standard_uncertainty == pytest.approx(own.std_dev, rel=1e-9)
    again = result.to_ufloats()
    expected = covariance_matrix([a * b * c, a + c])
    assert covariance_matrix([again["1", "y0"], again["1", "y1"]])[0][1] == pytest.approx(expected[0][1], rel=1e-9)
    assert result.outputs[0].budget[0].degrees_of_freedom == 5.0


def test_one_variable_under_two_symbols_cancels() -> None:
    a = ufloat(1.3, 0.7)
    output = evaluate_ufloats(model_of("p q", "p - q"), {"p": a, "q": 1.0 * a}, {"p": 4.0, "q": 4.0}).outputs[0]
    assert (output.estimate, output.combined_standard_uncertainty) == (0.0, 0.0)
    double = evaluate_ufloats(model_of("p q", "p + q"), {"p": a, "q": 1.0 * a}, {"p": 4.0, "q": 4.0}).outputs[0]
    assert double.combined_standard_uncertainty == pytest.approx(1.4, rel=1e-15)
    assert double.effective_degrees_of_freedom == pytest.approx(4.0, rel=1e-14)


def test_refused_numbers() -> None:
    compiled = compile_model(model_of("a", "1/a"))
    for numbers, code in (
        ({}, "inputs.missing_symbol"),
        ({"a": 1.0, "z": 1.0}, "inputs.unknown_symbol"),
        ({"a": ufloat(math.nan, 0.1)}, "quantity.not_finite"),
        ({"a": "one"}, "quantity.not_a_number"),
    ):
        with pytest.raises(InvalidQuantity) as caught:
            propagate_ufloats(compiled, numbers)
        assert caught.value.code == code
    with pytest.raises(OutsideValidity):
        propagate_ufloats(compiled, {"a": ufloat(0.0, 0.1)})
    with pytest.raises(InvalidQuantity) as caught:
        evaluate_ufloats(compiled.model, {"z": ufloat(0.0, 0.1)})
    assert caught.value.code == "inputs.unknown_symbol"
