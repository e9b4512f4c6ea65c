"""Numbers of the package `uncertainties` go in and out with their correlations."""

from __future__ import annotations

import pytest
from uncertainties import correlation_matrix, ufloat

from calc.errors import InvalidQuantity
from calc.evaluate import evaluate
from calc.interchange import inputs_from_ufloats, result_as_ufloats
from calc.model import InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import MeasurementResult, ModelInputs, PointBinding


def _result() -> tuple[MeasurementResult, tuple[object, object]]:
    voltage, offset, current = ufloat(5.0, 0.01), ufloat(0.0, 0.02), ufloat(0.02, 1e-4)
    first, second = voltage + offset, current * (1 + offset)
    quantities, correlations = inputs_from_ufloats({"V": first, "I": second}, {"V": "V", "I": "A"}, {"V": 9.0})
    model = MeasurementModel(
        (OutputDefinition("R", "V/I", "ohm"), OutputDefinition("P", "V*I", "W")),
        (InputDefinition("V", "V"), InputDefinition("I", "A")),
    )
    inputs = ModelInputs(quantities, correlations, (PointBinding("1", {"V": "V", "I": "I"}),))
    return evaluate(model, inputs, seed=0), (first / second, first * second)


def test_propagation_agrees_with_the_package() -> None:
    result, (resistance, power) = _result()
    found = result_as_ufloats(result)
    ours = found["1", "R"], found["1", "P"]
    for own, theirs in zip(ours, (resistance, power), strict=True):
        assert own.nominal_value == pytest.approx(theirs.nominal_value, rel=1e-14)  # type: ignore[attr-defined]
        assert own.std_dev == pytest.approx(theirs.std_dev, rel=1e-12)  # type: ignore[attr-defined]
    expected = correlation_matrix([resistance, power])[0][1]
    assert correlation_matrix(ours)[0][1] == pytest.approx(expected, rel=1e-10)
    assert (ours[0] * ours[1]).std_dev == pytest.approx((resistance * power).std_dev, rel=1e-10)  # type: ignore[operator]


def test_degrees_of_freedom_are_given_beside() -> None:
    quantities, correlations = inputs_from_ufloats({"x": ufloat(1.0, 0.1)}, {"x": "g"}, {"x": 4.0})
    assert quantities[0].estimate.degrees_of_freedom == 4.0
    assert correlations == ()


def test_an_exact_output_stays_exact() -> None:
    quantities, _ = inputs_from_ufloats({"x": ufloat(1.0, 0.1)}, {"x": "g"}, {})
    model = MeasurementModel(
        (OutputDefinition("y", "x - x", "g"), OutputDefinition("z", "2*x", "g")), (InputDefinition("x", "g"),)
    )
    found = result_as_ufloats(evaluate(model, ModelInputs(quantities, (), (PointBinding("1", {"x": "x"}),)), seed=0))
    assert (found["1", "y"].nominal_value, found["1", "y"].std_dev) == (0.0, 0.0)
    assert found["1", "z"].std_dev == pytest.approx(0.2, rel=1e-14)


def test_refused() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        inputs_from_ufloats({"x": ufloat(1.0, 0.1)}, {}, {})
    assert caught.value.code == "unit.missing"
    with pytest.raises(InvalidQuantity):
        inputs_from_ufloats({"x": ufloat(float("nan"), 0.1)}, {"x": "g"}, {})
