"""Polynomials: degree chosen by each criterion, weights, no intercept, and the curve."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from calc.curves.domain import Domain
from calc.errors import InvalidQuantity, OutsideValidity
from calc.regression.linear import linear_regression
from calc.regression.polynomial import (
    Criterion,
    polynomial_curve,
    polynomial_regression,
    select_polynomial,
)

# y = 1 + 0.2 x + 0.003 x² with errors within 0.01, written down once
X = [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]
ERRORS = [0.004, -0.008, 0.003, 0.006, -0.002, -0.007, 0.009, 0.001, -0.005, 0.002, 0.007, -0.006]
Y = [float(1 + Fraction(x, 5) + 3 * Fraction(x * x, 1000) + Fraction(str(e))) for x, e in zip(X, ERRORS, strict=True)]


def test_a_polynomial_is_the_fit_of_its_powers() -> None:
    by_powers = linear_regression(Y, [X, [x * x for x in X]])
    fit = polynomial_regression(X, Y, 2)
    assert fit.coefficients == by_powers.coefficients
    assert fit.covariance == by_powers.covariance
    without = polynomial_regression(X, Y, 3, intercept=False)
    by_powers = linear_regression(Y, [X, [x * x for x in X], [x**3 for x in X]], intercept=False)
    assert without.coefficients == by_powers.coefficients
    assert without.r_squared == by_powers.r_squared


def test_a_mean_is_a_polynomial_of_degree_0() -> None:
    fit = polynomial_regression([7, 7, 7, 7], [1, 2, 3, 6], 0)
    assert fit.coefficients == (3.0,)
    assert fit.standard_errors[0] == pytest.approx(math.sqrt(14 / 3 / 4), rel=1e-15)
    assert fit.r_squared == 0.0


@pytest.mark.parametrize("criterion", [Criterion.AICC, Criterion.BIC, Criterion.F_TEST])
def test_criteria_without_known_uncertainties(criterion: Criterion) -> None:
    chosen = select_polynomial(X, Y, 6, criterion=criterion)
    assert (chosen.degree, chosen.criterion) == (2, criterion)
    assert chosen.fit.coefficients == polynomial_regression(X, Y, 2).coefficients
    assert [candidate.degree for candidate in chosen.candidates] == list(range(7))
    assert all(math.isfinite(candidate.score) for candidate in chosen.candidates)


@pytest.mark.parametrize("criterion", list(Criterion))
def test_criteria_with_known_uncertainties(criterion: Criterion) -> None:
    assert select_polynomial(X, Y, 5, criterion=criterion, standard_uncertainties=[0.006] * 12).degree == 2


def test_scores_by_their_definitions() -> None:
    fit = polynomial_regression(X, Y, 1)
    logarithm = 12 * math.log(fit.residual_sum_of_squares / 12)
    aicc = select_polynomial(X, Y, 1).candidates[1].score
    assert aicc == pytest.approx(logarithm + 6 + 2 * 3 * 4 / (12 - 3 - 1), rel=1e-14)
    bic = select_polynomial(X, Y, 1, criterion=Criterion.BIC).candidates[1].score
    assert bic == pytest.approx(logarithm + 3 * math.log(12), rel=1e-14)


def test_f_test_looks_past_the_missing_odd_term_of_an_even_curve() -> None:
    x = list(range(-5, 6))
    y = [float(Fraction(v * v, 10) + Fraction(str(e))) for v, e in zip(x, ERRORS, strict=False)]
    assert select_polynomial(x, y, 5, criterion=Criterion.F_TEST).degree == 2


def test_no_degree_agrees() -> None:
    with pytest.raises(OutsideValidity) as caught:
        select_polynomial(X, Y, 1, criterion=Criterion.CHI_SQUARED, standard_uncertainties=[0.006] * 12)
    assert caught.value.code == "regression.no_degree"


def test_exact_points_take_the_lowest_degree_that_meets_them() -> None:
    assert select_polynomial([0, 1, 2, 3, 4, 5, 6], [1, 2, 5, 10, 17, 26, 37], 3).degree == 2
    assert select_polynomial([0, 1, 2, 3, 4, 5, 6], [0] * 7, 2).degree == 0


def test_few_points_try_few_degrees() -> None:
    assert len(select_polynomial([1, 2, 3], [1, 2, 4], 5).candidates) == 1
    assert len(select_polynomial([1, 2, 3, 4, 5, 6], [1, 2, 4, 3, 5, 7], 5).candidates) == 3


def test_the_curve_says_what_the_fit_says() -> None:
    fit = polynomial_regression(X, Y, 2)
    curve = polynomial_curve(fit, Domain.of(X), name="bridge", argument_unit="degC", value_unit="ohm")
    for x in (0.0, 17.5, 55.0):
        value, u = fit.predict([x, Fraction(x) ** 2])
        assert curve.value(x) == pytest.approx(value, rel=1e-15)
        assert curve.standard_uncertainty(x) == pytest.approx(u, rel=1e-12)
    assert curve.predict(17.5).degrees_of_freedom == pytest.approx(9.0, rel=1e-12)
    y = curve.value(17.5)
    back = curve.inverse(y, 0.006)
    assert back.value == pytest.approx(17.5, rel=1e-13)
    expected = math.hypot(curve.standard_uncertainty(17.5), 0.006) / curve.derivative(17.5)
    assert back.standard_uncertainty == pytest.approx(expected, rel=1e-12)
    assert back.unit == "degC"
    with pytest.raises(OutsideValidity):
        curve.value(56.0)


def test_the_curve_through_the_origin_is_certain_there() -> None:
    fit = polynomial_regression(X[1:], Y[1:], 2, intercept=False, standard_uncertainties=[0.006] * 11)
    curve = polynomial_curve(fit, Domain(0.0, 55.0))
    assert curve.value(0.0) == pytest.approx(0.0, abs=1e-14)
    assert curve.standard_uncertainty(0.0) == pytest.approx(0.0, abs=1e-9)
    assert curve.degrees_of_freedom(10.0) == math.inf


def test_far_from_zero_nothing_is_lost() -> None:
    far = [Fraction(x) + 10**9 for x in X]
    fit, near = polynomial_regression(far, Y, 2), polynomial_regression(X, Y, 2)
    assert fit.residuals == near.residuals
    assert fit.coefficients[2] == near.coefficients[2]
    curve = polynomial_curve(fit, Domain.of([float(x) for x in far]))
    twin = polynomial_curve(near, Domain.of(X))
    at = np.array([0.0, 20.0, 55.0])
    assert curve.value(at + 1e9).tolist() == twin.value(at).tolist()


@pytest.mark.parametrize(
    ("x", "y", "degree", "code"),
    [
        ([1, 2, 3], [1, 2], 1, "regression.lengths"),
        ([1, 2, 3], [1, 2, 3], -1, "quantity.out_of_range"),
        ([1, 2, 3], [1, 2, 3], 31, "quantity.out_of_range"),
        ([1, 1, 2, 2], [1, 2, 3, 4], 2, "regression.dependent"),
        ([1, 2, 3], [1, 2, 3], 2, "quantity.too_few_readings"),
        ([1, 2, math.nan], [1, 2, 3], 1, "quantity.not_finite"),
    ],
)
def test_refused(x: list[float], y: list[float], degree: int, code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        polynomial_regression(x, y, degree)
    assert caught.value.code == code


def test_refused_selections() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        select_polynomial(X, Y, 3, criterion=Criterion.CHI_SQUARED)
    assert caught.value.code == "regression.criterion"
    with pytest.raises(InvalidQuantity):
        select_polynomial(X, Y, 3, level=1.0)
    with pytest.raises(InvalidQuantity):
        select_polynomial(X, Y, -1)
