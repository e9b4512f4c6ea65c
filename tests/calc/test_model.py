"""Units inside formulas, exact derivatives, and the same bits for one point or many."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calc.compiler.program import Program
from calc.errors import InvalidModel, InvalidQuantity, OutsideValidity
from calc.model import (
    ConstantDefinition,
    CoverageRule,
    InputDefinition,
    MeasurementModel,
    OutputDefinition,
    compile_model,
)

UNITS = {"m": "g", "n": "mg", "t1": "degC", "t2": "degC", "f": "degF", "dt": "K", "p": "%", "phi": "deg", "l": "mm"}


def program_of(expression: str, unit: str) -> Program:
    inputs = tuple(InputDefinition(symbol, text) for symbol, text in UNITS.items())
    constants = (ConstantDefinition("t0", 20.0, "degC"), ConstantDefinition("rho", 8000.0, "kg/m3"))
    return compile_model(MeasurementModel((OutputDefinition("y", expression, unit),), inputs, constants)).program


def value_of(expression: str, unit: str) -> float:
    numbers = {"m": 4.0, "n": 500.0, "t1": 20.0, "t2": 23.0, "f": 68.0, "dt": 0.5, "p": 25.0, "phi": 30.0, "l": 10.0}
    return program_of(expression, unit).linearise(tuple(numbers.values())).values[0]


@pytest.mark.parametrize(
    ("expression", "unit", "expected"),
    [
        ("m + n", "g", 4.5),
        ("n + m", "g", 4.5),
        ("m + n", "kg", 0.0045),
        ("m - 0", "g", 4.0),
        ("sqrt(m*n)", "g", math.sqrt(2.0)),
        ("m/rho", "cm3", 0.5),
        ("l**2", "cm2", 1.0),
        ("l**-1", "1/m", 100.0),
        ("1 + p", "%", 125.0),
        ("p*m", "g", 1.0),
        ("sin(phi)", "1", 0.5),
        ("atan2(m, n)", "rad", math.atan2(4.0, 0.5)),
        ("t2 - t1", "K", 3.0),
        ("t2 - t1", "delta_degC", 3.0),
        ("-t1 + t2", "K", 3.0),
        ("t1 + dt", "degC", 20.5),
        ("dt + t1", "degC", 20.5),
        ("(t1 + t2)/2", "degC", 21.5),
        ("0.5*t1 + t2*0.5", "degC", 21.5),
        ("t1 - t0", "K", 0.0),
        ("max(t1, t2)", "degC", 23.0),
        ("max(m, n, 0)", "g", 4.0),
        ("m*(1 + p)*(t2 - t1)/dt", "g", 30.0),
    ],
)
def test_units_fit_and_are_scaled(expression: str, unit: str, expected: float) -> None:
    assert value_of(expression, unit) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("expression", "unit", "code"),
    [
        ("m + l", "g", "model.unit_mismatch"),
        ("m + 1", "g", "model.unit_mismatch"),
        ("m", "mm", "model.unit_result"),
        ("m*m", "g", "model.unit_result"),
        ("exp(m)", "1", "model.unit_not_dimensionless"),
        ("log(l/m)", "1", "model.unit_not_dimensionless"),
        ("2**m", "1", "model.unit_not_dimensionless"),
        ("m**p", "g", "model.unit_not_dimensionless"),
        ("t1 + t2", "degC", "model.temperature_point"),
        ("2*t1", "degC", "model.temperature_point"),
        ("t1*m", "g.K", "model.temperature_point"),
        ("1/t1", "1/K", "model.temperature_point"),
        ("t1**2", "K2", "model.temperature_point"),
        ("exp(t1/t2)", "1", "model.temperature_point"),
        ("abs(t1)", "degC", "model.temperature_point"),
        ("t1", "K", "model.unit_result"),
        ("dt", "degC", "model.unit_result"),
        ("t1 - t2", "degC", "model.unit_result"),
        ("dt - t1", "K", "model.temperature_point"),
        ("t1 - f", "K", "model.unit_mismatch"),
        ("max(t1, dt)", "degC", "model.temperature_point"),
    ],
)
def test_units_that_do_not_fit(expression: str, unit: str, code: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        program_of(expression, unit)
    assert caught.value.code == code
    assert caught.value.values["output"] == "y"


def test_unknown_unit_names_the_symbol() -> None:
    for model in (
        MeasurementModel((OutputDefinition("y", "x", "1"),), (InputDefinition("x", "furlongs_"),)),
        MeasurementModel((OutputDefinition("x", "1", "nonsense"),), ()),
        MeasurementModel((OutputDefinition("y", "x", "1"),), (), (ConstantDefinition("x", 1.0, "nonsense"),)),
    ):
        with pytest.raises(InvalidModel) as caught:
            compile_model(model)
        assert caught.value.code == "unit.unknown"
        assert caught.value.values["name"] == "x"


FORMULAS: dict[str, Callable[[complex, complex], complex]] = {
    "x*y + x/y - x": lambda x, y: x * y + x / y - x,
    "sqrt(x)*exp(-y)": lambda x, y: cmath.sqrt(x) * cmath.exp(-y),
    "sin(x)*cos(y) + tan(x/3)": lambda x, y: cmath.sin(x) * cmath.cos(y) + cmath.tan(x / 3),
    "log(x) + log10(y)": lambda x, y: cmath.log(x) + cmath.log10(y),
    "asin(x/4) + acos(y/4) + atan(x*y)": lambda x, y: cmath.asin(x / 4) + cmath.acos(y / 4) + cmath.atan(x * y),
    "x**y": lambda x, y: x**y,
    "x**3.7 + y**-2 + x**5 + y**0.5": lambda x, y: x**3.7 + y**-2 + x**5 + y**0.5,
    "(x - y)**4/(1 + x**2)": lambda x, y: (x - y) ** 4 / (1 + x**2),
    "x**0 + y**1": lambda x, y: 1 + y,
    "max(x, -y) + min(3*x, -y) + abs(x) + abs(-y)": lambda x, y: x - y + x + y,
}


@pytest.mark.parametrize("text", FORMULAS)
@given(st.floats(0.3, 3.0), st.floats(0.3, 3.0))
def test_derivatives_agree_with_the_complex_step(text: str, x: float, y: float) -> None:
    model = MeasurementModel(
        (OutputDefinition("out", text, "1"),), (InputDefinition("x", "1"), InputDefinition("y", "1"))
    )
    linear = compile_model(model).program.linearise((x, y))
    step = 1e-200
    expected = (FORMULAS[text](x + step * 1j, y).imag / step, FORMULAS[text](x, y + step * 1j).imag / step)
    assert linear.values[0] == pytest.approx(FORMULAS[text](x, y).real, rel=1e-13, abs=1e-13)
    assert linear.derivatives[0] == pytest.approx(expected, rel=1e-11, abs=1e-12)


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_derivatives_of_atan2(y: float, x: float) -> None:
    assume(math.hypot(x, y) > 1e-3)
    model = MeasurementModel(
        (OutputDefinition("out", "atan2(y, x)", "1"),), (InputDefinition("y", "1"), InputDefinition("x", "1"))
    )
    slopes = compile_model(model).program.linearise((y, x)).derivatives[0]
    square = x * x + y * y
    assert slopes == pytest.approx((x / square, -y / square), rel=1e-14)


@pytest.mark.parametrize("text", [*FORMULAS, "atan2(x, y)", "y", "2*pi"])
def test_a_point_has_the_same_bits_alone_and_among_others(text: str) -> None:
    model = MeasurementModel(
        (OutputDefinition("out", text, "1"),), (InputDefinition("x", "1"), InputDefinition("y", "1"))
    )
    program = compile_model(model).program
    generator = np.random.default_rng(7)
    x, y = generator.uniform(0.3, 3.0, (2, 1003))
    values, slopes = program.linearise_many((x, y))
    assert values.shape == (1, 1003)
    assert slopes.shape == (1, 2, 1003)
    for index in range(1003):
        alone = program.linearise((float(x[index]), float(y[index])))
        assert alone.values[0] == values[0, index]
        assert alone.derivatives[0] == tuple(slopes[0, :, index].tolist())


def test_many_points_name_the_one_without_a_value() -> None:
    model = MeasurementModel((OutputDefinition("out", "1/x + log(x)", "1"),), (InputDefinition("x", "1"),))
    program = compile_model(model).program
    for bad, code in ((0.0, "model.division_by_zero"), (-1.0, "model.outside_domain")):
        with pytest.raises(OutsideValidity) as caught:
            program.linearise_many((np.array([1.0, bad, 2.0]),))
        assert caught.value.code == code
        assert caught.value.values["point"] == "2"


def test_equal_models_are_compiled_once() -> None:
    first = MeasurementModel((OutputDefinition("y", "x", "1"),), (InputDefinition("x", "1"),))
    second = MeasurementModel((OutputDefinition("y", "x", "1"),), (InputDefinition("x", "1"),))
    assert compile_model(first) is compile_model(second)


@pytest.mark.parametrize(
    ("keywords", "code"),
    [
        ({"coverage_probability": 1.0}, "coverage.probability"),
        ({"coverage_probability": 95.45}, "coverage.probability"),
        ({"coverage_probability": math.nan}, "quantity.not_finite"),
        ({"stated_factor": 0.0}, "quantity.not_positive"),
        ({"stated_from_degrees_of_freedom": 0.5}, "quantity.degrees_of_freedom"),
    ],
)
def test_coverage_rule_refuses(keywords: dict[str, float], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        CoverageRule(**keywords)  # type: ignore[arg-type]  # one of several fields at a time
    assert caught.value.code == code
