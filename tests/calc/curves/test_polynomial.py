"""The polynomial curve: values, exact derivatives, covariance, turning points, inverse, record."""

from __future__ import annotations

import math

import numpy as np
import pytest

from calc.curves.domain import Domain
from calc.curves.polynomial import PolynomialCurve
from calc.curves.records import curve_from_record, curve_to_record
from calc.errors import InvalidQuantity, OutsideValidity


def curve(coefficients: tuple[float, ...], covariance: tuple[tuple[float, ...], ...] | None = None) -> PolynomialCurve:
    """Return a curve over 0 to 10 in t from -1 to 1."""
    size = len(coefficients)
    matrix = covariance or tuple(tuple(0.01 * (i == j) for j in range(size)) for i in range(size))
    return PolynomialCurve("test", "degC", "ohm", Domain(0.0, 10.0), 5.0, 5.0, coefficients, matrix, 7.0)


def test_values_and_derivatives_are_those_of_the_series() -> None:
    """T_0 + 2 T_1 - 0.5 T_2 + 0.25 T_3 = 1.5 + 1.25 t - t² + t³."""
    found = curve((1.0, 2.0, -0.5, 0.25))
    for x in (0.0, 2.5, 7.0, 10.0):
        t = (x - 5.0) / 5.0
        assert found.value(x) == pytest.approx(1.5 + 1.25 * t - t**2 + t**3, rel=1e-14)
        assert found.derivative(x) == pytest.approx((1.25 - 2 * t + 3 * t**2) / 5.0, rel=1e-14)
        assert found.second_derivative(x) == pytest.approx((-2 + 6 * t) / 25.0, rel=1e-13)


def test_arrays_have_the_bits_of_floats() -> None:
    found = curve((1.0, 2.0, -0.5, 0.25))
    x = np.linspace(0.0, 10.0, 11)
    for of_array, of_float in (
        (found.value(x), found.value),
        (found.derivative(x), found.derivative),
        (found.second_derivative(x), found.second_derivative),
        (found.standard_uncertainty(x), found.standard_uncertainty),
    ):
        assert of_array.tolist() == [of_float(v) for v in x.tolist()]


def test_covariance_follows_from_the_coefficients() -> None:
    found = curve((1.0, 2.0), ((0.04, -0.01), (-0.01, 0.09)))
    assert found.standard_uncertainty(5.0) == pytest.approx(0.2, rel=1e-15)
    assert found.standard_uncertainty(10.0) == pytest.approx(math.sqrt(0.04 - 0.02 + 0.09), rel=1e-14)
    assert found.covariance(0.0, 10.0) == pytest.approx(0.04 - 0.09, rel=1e-14)
    matrix = found.covariance_matrix([0.0, 3.0, 10.0])
    assert np.array_equal(matrix, matrix.T)
    assert found.at(10.0).degrees_of_freedom == 7.0


def test_a_constant_and_a_line_do_not_turn() -> None:
    assert curve((3.0,)).turning_points() == ()
    assert curve((3.0,)).derivative(1.0) == 0.0
    assert curve((3.0, 1.0)).is_monotonic()


def test_turning_points_split_the_solutions() -> None:
    parabola = curve((0.5, 0.0, 0.5))  # t²
    assert list(parabola.turning_points()) == pytest.approx([5.0], abs=1e-12)
    assert list(parabola.solutions(0.25)) == pytest.approx([2.5, 7.5], rel=1e-12)
    with pytest.raises(OutsideValidity) as caught:
        parabola.inverse(0.25)
    assert caught.value.code == "curve.several_solutions"


def test_a_saddle_is_no_turning_point() -> None:
    cubic = curve((0.0, 0.75, 0.0, 0.25))  # t³
    assert cubic.turning_points() == ()
    assert cubic.inverse(1.0 / 8.0).value == pytest.approx(7.5, rel=1e-12)


def test_a_record_gives_the_same_curve() -> None:
    found = curve((1.0, 2.0, -0.5, 0.25))
    assert curve_from_record(curve_to_record(found)) == found


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"coefficients": ()}, "quantity.parameter_missing"),
        ({"coefficients": (1.0, math.nan)}, "quantity.not_finite"),
        ({"half_width": 0.0}, "quantity.not_positive"),
        ({"coefficient_covariance": ((1.0,),)}, "curve.covariance"),
        ({"freedom": 0.5}, "quantity.degrees_of_freedom"),
    ],
)
def test_refused(changes: dict[str, object], code: str) -> None:
    whole = {
        "name": "test",
        "argument_unit": "1",
        "value_unit": "1",
        "domain": Domain(0.0, 1.0),
        "centre": 0.5,
        "half_width": 0.5,
        "coefficients": (1.0, 2.0),
        "coefficient_covariance": ((1.0, 0.0), (0.0, 1.0)),
        "freedom": math.inf,
    }
    with pytest.raises(InvalidQuantity) as caught:
        PolynomialCurve(**{**whole, **changes})  # type: ignore[arg-type]
    assert caught.value.code == code
