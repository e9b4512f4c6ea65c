"""Linear least squares: published fits, exactness, weights and refusals."""

from __future__ import annotations

import csv
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.errors import InvalidQuantity
from calc.regression.linear import linear_regression
from tests.calc.regression.strd import PUBLISHED, further

GUM_H3_T = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
GUM_H3_B = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]


def test_gum_h3_thermometer() -> None:
    """JCGM 100:2008, H.3.3 and H.3.4: y1 at 20 °C, y2, their correlation, and the correction at 30 °C."""
    fit = linear_regression(GUM_H3_B, [[Fraction(str(t)) - 20 for t in GUM_H3_T]])
    assert fit.coefficients[0] == pytest.approx(-0.1712, abs=5e-5)
    assert fit.coefficients[1] == pytest.approx(0.00218, abs=5e-6)
    assert fit.standard_errors[0] == pytest.approx(0.0029, abs=5e-5)
    assert fit.standard_errors[1] == pytest.approx(0.00067, abs=5e-6)
    assert fit.residual_standard_deviation == pytest.approx(0.0035, abs=5e-5)
    assert fit.degrees_of_freedom == 9
    correlation = fit.covariance[0][1] / fit.standard_errors[0] / fit.standard_errors[1]
    assert correlation == pytest.approx(-0.930, abs=5e-4)
    value, u = fit.predict([10])
    assert value == pytest.approx(-0.1494, abs=5e-5)
    assert u == pytest.approx(0.0041, abs=5e-5)


def test_nasa_drift() -> None:
    """NASA-HDBK-8739.19-5, tables 7-2 and 7-3: drift through the origin with a linear and a squared term."""
    with (PUBLISHED / "nasa_drift.csv").open(encoding="utf-8", newline="") as file:
        rows = [{name: Decimal(text) for name, text in row.items()} for row in csv.DictReader(file)]
    predictors = [[row["t"] for row in rows], [row["t2"] for row in rows]]
    fit = linear_regression([row["y"] for row in rows], predictors, intercept=False)
    assert fit.coefficients[0] == pytest.approx(0.00015741, abs=5e-9)
    assert fit.coefficients[1] == pytest.approx(1.674e-5, abs=5e-9)
    assert fit.standard_errors[0] == pytest.approx(0.00100499, abs=3e-6)
    assert fit.standard_errors[1] == pytest.approx(6.7446e-6, abs=2e-9)
    assert fit.residual_standard_deviation == pytest.approx(0.0708, abs=5e-5)


def test_iso_28037_6_3_with_known_uncertainties() -> None:
    """ISO/TS 28037:2010, 6.3, first example: equal known u(y) = 0.5."""
    fit = linear_regression([3.3, 5.6, 7.1, 9.3, 10.7, 12.1], [[1, 2, 3, 4, 5, 6]], standard_uncertainties=[0.5] * 6)
    assert fit.coefficients[0] == pytest.approx(1.867, abs=5e-4)
    assert fit.coefficients[1] == pytest.approx(1.757, abs=5e-4)
    assert fit.standard_errors[0] == pytest.approx(0.465, abs=5e-4)
    assert fit.standard_errors[1] == pytest.approx(0.120, abs=5e-4)
    assert fit.covariance[0][1] == pytest.approx(-0.050, abs=5e-4)
    assert fit.residual_sum_of_squares == pytest.approx(1.665, abs=5e-4)
    assert (fit.degrees_of_freedom, fit.scale_known) == (4, True)


def test_relative_weights_scale_with_the_residuals() -> None:
    x, y, u = [1, 2, 3, 4], [1.1, 1.9, 3.2, 3.9], [0.1, 0.2, 0.1, 0.3]
    known = linear_regression(y, [x], standard_uncertainties=u)
    relative = linear_regression(y, [x], standard_uncertainties=[7 * Fraction(str(v)) for v in u], scale_known=False)
    assert relative.coefficients == known.coefficients
    birge = known.residual_standard_deviation
    for found, stated in zip(relative.standard_errors, known.standard_errors, strict=True):
        assert found == pytest.approx(birge * stated, rel=1e-14)
    reference = np.polyfit(x, y, 1, w=1.0 / np.array(u), cov="unscaled")
    assert known.coefficients == pytest.approx(reference[0][::-1].tolist(), rel=1e-12)
    assert known.covariance[0][0] == pytest.approx(float(reference[1][1, 1]), rel=1e-12)


def test_powers_given_as_plain_predictors_are_solved_all_the_same() -> None:
    case = further("linear")["Filip"]
    x = [Fraction(text) for text in case["x"]]
    fit = linear_regression([Decimal(text) for text in case["y"]], [[v**k for v in x] for k in range(1, 11)])
    assert fit.coefficients == pytest.approx(case["coefficients"], rel=1e-13)
    assert fit.standard_errors == pytest.approx(case["standard_errors"], rel=1e-13)


points = st.lists(
    st.tuples(st.integers(-999, 999), st.integers(-999, 999), st.integers(-9999, 9999)), min_size=5, max_size=12
).filter(lambda rows: _independent(rows))


def _independent(rows: list[tuple[int, int, int]]) -> bool:
    return bool(np.linalg.matrix_rank(np.array([(1, a, b) for a, b, _ in rows], dtype=float), tol=1e-6) == 3)


@settings(max_examples=25)
@given(points, st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_shift_and_scale_change_nothing_to_the_last_digit(
    rows: list[tuple[int, int, int]], shift: int, scale: int
) -> None:
    first, second, y = (list(column) for column in zip(*rows, strict=True))
    plain = linear_regression(y, [first, second])
    moved = linear_regression(y, [[Fraction(v + shift, scale) for v in first], second])
    assert moved.residuals == plain.residuals
    assert moved.residual_sum_of_squares == plain.residual_sum_of_squares
    assert moved.coefficients[2] == plain.coefficients[2]
    assert moved.standard_errors[2] == plain.standard_errors[2]
    for found, expected in zip(moved.exact_coefficients[1:2], plain.exact_coefficients[1:2], strict=True):
        assert float(found) == float(expected * scale)
    raised = linear_regression([v + shift for v in y], [first, second])
    assert raised.coefficients[1:] == plain.coefficients[1:]
    assert raised.standard_errors == plain.standard_errors


@settings(max_examples=25)
@given(points, st.permutations(range(3)))
def test_the_order_of_rows_changes_nothing(rows: list[tuple[int, int, int]], order: list[int]) -> None:
    shuffled = [rows[i] for i in order] + rows[3:]
    first, second, y = zip(*rows, strict=True)
    one, two, z = zip(*shuffled, strict=True)
    fit, other = linear_regression(y, [first, second]), linear_regression(z, [one, two])
    assert (fit.coefficients, fit.covariance, fit.r_squared) == (other.coefficients, other.covariance, other.r_squared)


def test_the_covariance_is_symmetric_and_the_residuals_are_exact() -> None:
    fit = linear_regression(GUM_H3_B, [GUM_H3_T])
    assert fit.covariance[0][1] == fit.covariance[1][0]
    assert sum(fit.residuals) == pytest.approx(0.0, abs=1e-17)
    assert fit.predict([Decimal("21.521")])[0] + fit.residuals[0] == pytest.approx(-0.171, abs=1e-16)


def test_as_many_points_as_coefficients_need_known_uncertainties() -> None:
    fit = linear_regression([1, 3], [[1, 2]], standard_uncertainties=[0.1, 0.1])
    assert fit.coefficients == (-1.0, 2.0)
    assert (fit.degrees_of_freedom, fit.residual_standard_deviation, fit.r_squared) == (0, 0.0, 1.0)
    with pytest.raises(InvalidQuantity) as caught:
        linear_regression([1, 3], [[1, 2]])
    assert caught.value.code == "quantity.too_few_readings"


@pytest.mark.parametrize(
    ("response", "predictors", "options", "code", "name"),
    [
        ([1, 2, 3], [[1, 2]], {}, "regression.lengths", "predictor 1"),
        ([1, 2, 3], [[2, 2, 2]], {}, "regression.dependent", "predictor 1"),
        ([1, 2, 3, 5], [[1, 2, 3, 4], [3, 5, 7, 9]], {}, "regression.dependent", "predictor 2"),
        ([1, 2, 3], [[0, 0, 0]], {"intercept": False}, "regression.dependent", "predictor 1"),
        ([1, 2, 3], [], {"intercept": False}, "quantity.too_few_readings", "predictors"),
        ([1, 2, math.nan], [[1, 2, 3]], {}, "quantity.not_finite", "response"),
        ([1, 2, 3], [[1, 2, math.inf]], {}, "quantity.not_finite", "predictor 1"),
        ([1, 2, 3], [[1, 2, 4]], {"standard_uncertainties": [1, 1]}, "regression.lengths", "standard uncertainties"),
        (
            [1, 2, 3],
            [[1, 2, 4]],
            {"standard_uncertainties": [1, 0, 1]},
            "quantity.not_positive",
            "standard uncertainties",
        ),
    ],
)
def test_refused(
    response: list[float], predictors: list[list[float]], options: dict[str, object], code: str, name: str
) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        linear_regression(response, predictors, **options)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.values["name"]) == (code, name)


def test_predictors_of_the_wrong_number_are_refused() -> None:
    fit = linear_regression(GUM_H3_B, [GUM_H3_T])
    with pytest.raises(InvalidQuantity) as caught:
        fit.predict([1, 2])
    assert caught.value.code == "regression.lengths"
