"""Formula fits: both ways of weighting, exact data, models of every kind, and refusals."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import curve_fit

from calc.errors import CalcError, InvalidModel, InvalidQuantity, NotConverged, OutsideValidity
from calc.regression.linear import linear_regression
from calc.regression.nonlinear import nonlinear_regression
from calc.regression.response import ResponseModel

X = [1.0, 2.0, 3.0, 4.0, 5.0]
Y = [2.1, 3.9, 6.2, 7.8, 10.1]


def test_a_straight_line_is_the_linear_fit_to_the_bit() -> None:
    straight = linear_regression(Y, [X])
    fit = nonlinear_regression("b1 + b2*x", Y, {"x": X}, {"b1": 0.0, "b2": 0.0})
    assert fit.coefficients == straight.coefficients
    assert fit.standard_errors == straight.standard_errors
    assert fit.covariance == straight.covariance
    assert fit.residuals == straight.residuals
    assert fit.residual_sum_of_squares == straight.residual_sum_of_squares
    assert fit.residual_standard_deviation == straight.residual_standard_deviation
    assert (fit.parameters, fit.degrees_of_freedom) == (("b1", "b2"), 3)


def test_a_mean_needs_no_predictor() -> None:
    fit = nonlinear_regression("b1", Y, {}, {"b1": 1.0})
    assert fit.coefficients == (6.02,)


def test_known_uncertainties_weigh_and_are_not_scaled() -> None:
    y, u = [10.2, 7.3, 5.6, 4.1, 3.1, 2.2], [0.2, 0.1, 0.1, 0.05, 0.05, 0.04]
    x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    fit = nonlinear_regression("b1*exp(-b2*x)", y, {"x": x}, {"b1": 5, "b2": 1}, standard_uncertainties=u)
    best, covariance = curve_fit(lambda t, a, b: a * np.exp(-b * t), x, y, (5, 1), u, absolute_sigma=True)
    assert fit.coefficients == pytest.approx(best.tolist(), rel=1e-6)
    assert fit.standard_errors == pytest.approx(np.sqrt(np.diag(covariance)).tolist(), rel=1e-4)
    assert fit.scale_known
    chi_squared = sum(((yi - 1.0 * f) / ui) ** 2 for yi, f, ui in zip(fit.residuals, [0.0] * 6, u, strict=True))
    assert fit.residual_sum_of_squares == pytest.approx(chi_squared, rel=1e-12)
    tenfold = [10 * Fraction(str(v)) for v in u]
    relative = nonlinear_regression(
        "b1*exp(-b2*x)", y, {"x": x}, {"b1": 5, "b2": 1}, standard_uncertainties=tenfold, scale_known=False
    )
    assert relative.coefficients == fit.coefficients
    birge = fit.residual_standard_deviation
    assert relative.standard_errors == pytest.approx([birge * s for s in fit.standard_errors], rel=1e-13)


def test_exact_points_leave_nothing() -> None:
    fit = nonlinear_regression("b1*x + b2", [2, 4, 6, 8, 10], {"x": X}, {"b1": 1, "b2": 7})
    assert fit.coefficients == pytest.approx((2.0, 0.0), abs=1e-40)  # settled to 50 digits, on any machine
    assert fit.residual_sum_of_squares == pytest.approx(0.0, abs=1e-80)
    assert fit.residual_standard_deviation == pytest.approx(0.0, abs=1e-40)


def test_large_residuals_settle_too() -> None:
    """Scatter above the signal: the curvature of the model weighs as much as its slopes."""
    x = [round(3 * i / 11, 4) for i in range(12)]
    scatter = [0.3, -2.1, 3.3, -2.2, 2.1, -2.5, 1.8, 1.9, -2.7, 1.4, -1.1, 1.2]
    y = [round(2 * math.exp(-1.3 * v) + e, 4) for v, e in zip(x, scatter, strict=True)]
    fit = nonlinear_regression("b1*exp(-b2*x)", y, {"x": x}, {"b1": 1, "b2": 1})
    b1, b2 = fit.coefficients
    slopes = np.array([[math.exp(-b2 * v), -b1 * v * math.exp(-b2 * v)] for v in x])
    gradient = slopes.T @ np.array(fit.residuals)
    assert gradient == pytest.approx([0.0, 0.0], abs=1e-13 * float(np.abs(slopes).sum()))


def test_scale_changes_nothing_but_the_scale() -> None:
    plain = nonlinear_regression("b1*exp(-b2*x)", [5, 3, 2, 1], {"x": [0, 1, 2, 3]}, {"b1": 4, "b2": 1})
    moved = nonlinear_regression(
        "b1*exp(-b2*x)",
        [Decimal(f"{v}e100") for v in (5, 3, 2, 1)],
        {"x": [Decimal(f"{v}e-100") for v in (0, 1, 2, 3)]},
        {"b1": 4e100, "b2": 1e100},
        standard_uncertainties=[Decimal("1e100")] * 4,
        scale_known=False,
    )
    assert moved.coefficients[0] / 1e100 == pytest.approx(plain.coefficients[0], rel=1e-15)
    assert moved.coefficients[1] / 1e100 == pytest.approx(plain.coefficients[1], rel=1e-15)


@pytest.mark.parametrize(
    ("expression", "true", "start"),
    [
        ("b1*sin(b2*x) + b3*cos(b2*x)", (1.5, 0.8, -0.4), (1.0, 0.9, 0.0)),
        ("b1*tan(b2*x)", (2.0, 0.2), (1.0, 0.15)),
        ("b1*atan(b2*x) + asin(b3)", (2.0, 0.7, 0.3), (1.0, 1.0, 0.1)),
        ("acos(b1*x/10) + b2*log10(x)", (0.9, 2.0), (0.5, 1.0)),
        ("atan2(b1*x, 1 + b2*x)", (0.7, 0.3), (0.5, 0.5)),
        ("b1*log(1 + b2*x) + sqrt(b3)", (2.0, 3.0, 4.0), (1.0, 1.0, 1.0)),
        ("b1*x**b2 - abs(b3)*x", (1.5, 1.2, 0.5), (1.0, 1.0, 0.4)),
        ("max(b1*x, 0) + min(b2, 100)*x**2", (1.5, 0.2), (1.0, 0.1)),
    ],
)
def test_every_function_in_doubles_and_in_50_digits(
    expression: str, true: tuple[float, ...], start: tuple[float, ...]
) -> None:
    names = [f"b{j}" for j in range(1, len(true) + 1)]
    x = np.linspace(0.5, 6.0, 15)
    model = ResponseModel(expression, names, ["x"])
    found = model.on_arrays(np.array(true), [x], len(x))
    assert found is not None
    exact, slopes = model.on_decimals([Decimal(v) for v in true], [[Decimal(v)] for v in x.tolist()])
    assert [float(v) for v in exact] == pytest.approx(found[0].tolist(), rel=1e-13, abs=1e-15)
    for column, doubles in zip(slopes, found[1].T, strict=True):
        assert [float(v) for v in column] == pytest.approx(doubles.tolist(), rel=1e-12, abs=1e-14)
    if expression.startswith("b1*x**b2"):
        return  # b3 follows from b1 where b2 is near 1: nothing to settle on
    fit = nonlinear_regression(expression, exact, {"x": x.tolist()}, dict(zip(names, start, strict=True)))
    assert fit.coefficients == pytest.approx(true, rel=1e-12)


def test_a_power_law_may_start_at_zero() -> None:
    """x**b log(x), the slope of x**b, is 0 at x = 0; the logarithm of the formula itself has no value there."""
    x = [0.0, 1.0, 2.0, 3.0, 4.0]
    fit = nonlinear_regression("b1*x**b2 + b3", [0.1, 1.1, 2.9, 5.3, 8.1], {"x": x}, {"b1": 1, "b2": 1.2, "b3": 0})
    best, _ = curve_fit(
        lambda t, a, b, c: a * t**b + c, x, [0.1, 1.1, 2.9, 5.3, 8.1], (1.0, 1.2, 0.0), ftol=1e-14, xtol=1e-14
    )
    assert fit.coefficients == pytest.approx(best.tolist(), rel=1e-5)
    with pytest.raises(OutsideValidity):
        nonlinear_regression("b1*log(x)", [0.1, 1.1, 2.9, 5.3, 8.1], {"x": x}, {"b1": 1})


def test_a_formula_knows_where_it_is_linear() -> None:
    model = ResponseModel("b1 + b2*exp(-x*b4) + b3*exp(-x*b5)", ["b1", "b2", "b3", "b4", "b5"], ["x"])
    assert model.linear == (0, 1, 2)
    assert ResponseModel("b1*b2*x", ["b1", "b2"], ["x"]).linear == (0,)


def test_names_are_read_in_their_normal_form() -> None:
    model = ResponseModel("b1 + \u03bc*x", ["b1", "\u00b5"], ["x"])  # two signs for micro, one name
    assert model.linear == (0, 1)
    with pytest.raises(InvalidModel):
        ResponseModel("b1", ["\u03bc", "\u00b5"], ["x"])


def _start(*values: float) -> dict[str, float]:
    return {f"b{j}": value for j, value in enumerate(values, 1)}


@pytest.mark.parametrize(
    ("expression", "start", "kind", "code"),
    [
        ("b1*(", _start(1), InvalidModel, "model.unexpected_end"),
        ("b1*z", _start(1), InvalidModel, "model.unknown_name"),
        ("b1*x", {"x": 1.0}, InvalidModel, "model.duplicate"),
        ("b1*x", {"1b": 1.0}, InvalidModel, "model.name"),
        ("b1*x", {}, InvalidModel, "model.no_outputs"),
        ("b1*x", _start(math.nan), InvalidQuantity, "quantity.not_finite"),
        ("b1*x + b2*x", _start(1, 1), InvalidQuantity, "regression.dependent"),
        ("b1*x", _start(1, 1), InvalidQuantity, "regression.dependent"),
        ("log(b1*x)", _start(-1), OutsideValidity, "model.outside_domain"),
        ("b1*exp(b2*x)", _start(1, 1e5), OutsideValidity, "model.outside_domain"),
        ("b1*x**b2/(x - 3)", _start(1, 1), OutsideValidity, "model.outside_domain"),
    ],
)
def test_refused(expression: str, start: dict[str, float], kind: type[CalcError], code: str) -> None:
    with pytest.raises(kind) as caught:
        nonlinear_regression(expression, Y, {"x": X}, start)
    assert caught.value.code == code


def test_the_row_without_a_value_is_named() -> None:
    with pytest.raises(OutsideValidity) as caught:
        nonlinear_regression("b1/(x - 3)", Y, {"x": X}, {"b1": 1.0})
    assert caught.value.values["point"] == "3"


def test_a_parameter_that_runs_away_is_not_a_result() -> None:
    with pytest.raises((NotConverged, InvalidQuantity)) as caught:
        nonlinear_regression("b1*exp(-b2*x)", [3.0, -0.2, 0.1, -0.1, 0.05], {"x": [0, 1, 2, 3, 4]}, _start(1, 1))
    assert caught.value.code in {"solver.not_converged", "regression.dependent"}


def test_refused_points() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        nonlinear_regression("b1*x", Y, {"x": X[:2]}, _start(1))
    assert caught.value.code == "regression.lengths"
    with pytest.raises(InvalidQuantity) as caught:
        nonlinear_regression("b1*x", Y[:1], {"x": X[:1]}, _start(1))
    assert caught.value.code == "quantity.too_few_readings"
    with pytest.raises(InvalidQuantity) as caught:
        nonlinear_regression("b1*x", [1.0, math.inf], {"x": X[:2]}, _start(1))
    assert caught.value.code == "quantity.not_finite"
