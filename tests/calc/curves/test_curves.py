"""What every curve answers, whatever it is made of: exact derivatives, arrays, covariance, inverse use, records."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.curves.coefficients import CoefficientCurve
from calc.curves.curve import Curve, checked_covariance, combined
from calc.curves.domain import Domain
from calc.curves.interpolation import (
    CertificatePoint,
    InterpolationRule,
    InterpolationTerm,
    certificate_curve,
)
from calc.curves.platinum_standard import StandardThermometer
from calc.curves.records import curve_from_record, curve_to_record
from calc.curves.straight_line import StraightLine
from calc.curves.thermistor import fit_thermistor
from calc.curves.thermometry import PlatinumThermometer, fit_platinum
from calc.errors import CalcError, InvalidQuantity, OutsideValidity

POINTS = [CertificatePoint(x, 0.02 * x + 1e-4 * x * x, 0.03 + 1e-4 * x) for x in (0.0, 20.0, 45.0, 80.0, 100.0)]


def linear(term: InterpolationTerm = InterpolationTerm.SECOND_DIFFERENCES, half_width: float = 0.0) -> Curve:
    return certificate_curve(
        POINTS, name="points", argument_unit="degC", value_unit="degC", term=term, half_width=half_width
    )


def curves() -> list[Curve]:
    line = StraightLine("line", "V", "N", Domain(-5.0, 5.0), 1.0, 2.0, -3.0, 0.04, 0.01, 7.0, 1.5)
    cubic = certificate_curve(
        POINTS,
        name="spline",
        argument_unit="degC",
        value_unit="mV",
        rule=InterpolationRule.NATURAL_CUBIC,
        term=InterpolationTerm.STATED,
        half_width=0.01,
        correlation=(np.full((5, 5), 0.5) + 0.5 * np.eye(5)).tolist(),
    )
    matrix = ((0.04, 0.001, 0.0), (0.001, 0.01, -1e-4), (0.0, -1e-4, 1e-4))
    polynomial = CoefficientCurve("force", "mV", "kN", Domain(0.0, 2.0), (0.1, 5.0, 0.3), matrix, 0.5, 12.0)
    platinum = fit_platinum(
        [-80.0, -38.8, 0.0, 30.0, 80.0, 150.0],
        [68.33, 84.74, 100.01, 111.68, 130.91, 157.33],
        0.005,
        0.004,
        free=("r0", "a", "b", "c"),
    ).curve
    thermistor = fit_thermistor([32128.0, 19549.0, 9814.0, 3542.0], [0.0, 10.0, 25.0, 50.0], 1.0, 0.01).curve
    spread = np.diag([1e-10, 1e-12, 4e-12, 1e-13, 1e-12, 1e-12]).tolist()
    sprt = StandardThermometer(
        "sprt", "ohm", "degC", Domain(10.0, 80.0), 25.5, -1.5e-4, -2e-5, 3e-6, -1.2e-4, 1e-5, tuple(map(tuple, spread))
    )
    return [line, linear(), cubic, polynomial, platinum, thermistor, sprt]


def inside(curve: Curve, share: float) -> float:
    lower, upper = curve.domain.lower, curve.domain.upper
    return lower + share * (upper - lower)


@pytest.mark.parametrize("curve", curves(), ids=lambda curve: curve.kind + "-" + curve.name)
class TestEveryCurve:
    def test_derivatives(self, curve: Curve) -> None:
        for share in (0.07, 0.31, 0.56, 0.93):
            x = inside(curve, share)
            h = 1e-5 * (curve.domain.upper - curve.domain.lower)
            first = (curve.value(x + h) - curve.value(x - h)) / (2.0 * h)
            second = (curve.derivative(x + h) - curve.derivative(x - h)) / (2.0 * h)
            scale = abs(curve.value(curve.domain.upper) - curve.value(curve.domain.lower))
            scale /= curve.domain.upper - curve.domain.lower
            assert curve.derivative(x) == pytest.approx(first, rel=1e-6, abs=1e-8 * scale)
            assert curve.second_derivative(x) == pytest.approx(second, rel=1e-6, abs=1e-8 * scale)

    def test_arrays_have_the_same_bits(self, curve: Curve) -> None:
        x = np.array([[inside(curve, share) for share in (0.0, 0.2, 0.5)], [inside(curve, s) for s in (0.7, 0.9, 1.0)]])
        for use in (curve.value, curve.derivative, curve.second_derivative, curve.standard_uncertainty):
            many = use(x)
            assert many.shape == (2, 3)
            assert [[use(float(one)) for one in row] for row in x] == many.tolist()
        shifted = np.roll(x, 1)
        together = curve.covariance(x, shifted)
        alone = [
            [curve.covariance(float(a), float(b)) for a, b in zip(*rows, strict=True)]
            for rows in zip(x, shifted, strict=True)
        ]
        assert together.tolist() == alone

    def test_covariance(self, curve: Curve) -> None:
        x = [inside(curve, share) for share in (0.0, 0.13, 0.4, 0.62, 1.0)]
        matrix = curve.covariance_matrix(x)
        assert np.array_equal(matrix, matrix.T)
        assert np.sqrt(np.diag(matrix)).tolist() == pytest.approx([curve.standard_uncertainty(one) for one in x])
        assert np.linalg.eigvalsh(matrix)[0] >= -1e-9 * np.trace(matrix)
        assert matrix[1, 3] == pytest.approx(curve.covariance(x[3], x[1]))

    def test_inverse(self, curve: Curve) -> None:
        for share in (0.05, 0.37, 0.81):
            x = inside(curve, share)
            found = curve.inverse(curve.value(x), 0.002, 9.0)
            assert found.value == pytest.approx(x, rel=1e-12, abs=1e-13 * curve.domain.upper)
            assert found.unit == curve.argument_unit
            slope = curve.derivative(found.value)
            u = math.hypot(0.002 / slope, curve.standard_uncertainty(found.value) / slope)
            assert found.standard_uncertainty == pytest.approx(u)
            assert found.degrees_of_freedom >= 9.0 or found.degrees_of_freedom >= curve.degrees_of_freedom(x)
        for end in (curve.domain.lower, curve.domain.upper):
            assert curve.inverse(curve.value(end)).value == pytest.approx(end, rel=1e-12, abs=1e-12)

    def test_predict(self, curve: Curve) -> None:
        x = inside(curve, 0.4)
        u_x = 1e-3 * (curve.domain.upper - curve.domain.lower)
        made = curve.predict(x, u_x)
        expected = math.hypot(curve.standard_uncertainty(x), curve.derivative(x) * u_x)
        assert (made.value, made.unit) == (curve.value(x), curve.value_unit)
        assert made.standard_uncertainty == pytest.approx(expected)
        point = curve.at(x)
        assert (point.value, point.derivative) == (curve.value(x), curve.derivative(x))
        assert point.degrees_of_freedom == curve.degrees_of_freedom(x)

    def test_outside(self, curve: Curve) -> None:
        for x in (curve.domain.upper + 1e-3, curve.domain.lower - 1e-3, math.nan):
            for use in (curve.value, curve.derivative, curve.second_derivative, curve.standard_uncertainty, curve.at):
                with pytest.raises(OutsideValidity) as caught:
                    use(x)
                assert caught.value.code == "curve.outside"
                assert caught.value.values["name"] == curve.name
        with pytest.raises(OutsideValidity):
            curve.value(np.array([curve.domain.lower, math.nan]))
        with pytest.raises(OutsideValidity) as caught:
            curve.inverse(1e7)
        assert caught.value.code == "curve.no_solution"

    def test_record(self, curve: Curve) -> None:
        text = json.dumps(curve_to_record(curve))
        again = curve_from_record(json.loads(text))
        assert again == curve
        assert json.dumps(curve_to_record(again)) == text


def test_records_that_are_none() -> None:
    record = curve_to_record(linear())
    for wrong, code in (
        ({**record, "kind": "circle"}, "curve.kind"),
        ({"kind": "points"}, "record.wrong_type"),
        ([], "record.wrong_type"),
        ({"kind": "points", "curve": {}}, "record.missing_field"),
    ):
        with pytest.raises(InvalidQuantity) as caught:
            curve_from_record(wrong)
        assert caught.value.code == code
    with pytest.raises(InvalidQuantity):
        curve_to_record("a curve")


def test_polynomial_covariance_is_the_quadratic_form() -> None:
    curve = next(curve for curve in curves() if isinstance(curve, CoefficientCurve))
    one, two = (np.array([1.0, x - 0.5, (x - 0.5) ** 2]) for x in (0.2, 1.9))
    expected = one @ np.array(curve.coefficient_covariance) @ two
    assert curve.covariance(0.2, 1.9) == pytest.approx(expected, rel=1e-13)
    assert curve.value(1.9) == pytest.approx(two @ np.array(curve.coefficients))
    assert curve.degrees_of_freedom(1.0) == 12.0


def test_a_curve_that_turns_round() -> None:
    parabola = CoefficientCurve("arch", "1", "1", Domain(-1.0, 2.0), (0.0, 2.0, -1.0), ((0.0,) * 3,) * 3)
    assert parabola.turning_points() == pytest.approx((1.0,))
    assert not parabola.is_monotonic()
    assert parabola.inverse(-2.0).value == pytest.approx(1.0 - math.sqrt(3.0))
    with pytest.raises(OutsideValidity) as caught:
        parabola.inverse(0.5)
    assert (caught.value.code, caught.value.values["count"]) == ("curve.several_solutions", 2)
    with pytest.raises(OutsideValidity) as caught:
        parabola.inverse(1.0, 0.1)
    assert caught.value.code in {"curve.flat", "curve.several_solutions"}


@given(st.lists(st.integers(-300, 300).map(lambda n: n / 100.0), min_size=2, max_size=6), st.floats(0.0, 1.0))
@settings(max_examples=150, deadline=None)
def test_every_solution_is_found_and_is_one(coefficients: list[float], share: float) -> None:
    p = len(coefficients)
    curve = CoefficientCurve("any", "1", "1", Domain(-1.5, 2.0), tuple(coefficients), ((0.0,) * p,) * p)
    x = -1.5 + 3.5 * share
    y = curve.value(x)
    if not any(coefficients[1:]):
        with pytest.raises(OutsideValidity):
            curve.solutions(y)
        return
    found = curve.solutions(y)
    assert found
    for one in found:
        assert curve.value(one) == pytest.approx(y, abs=1e-9)


def test_extension_needs_a_reason() -> None:
    wide = Domain(0.0, 10.0).extended(-1.0, 12.0, "checked against a second thermometer")
    assert (wide.usable_lower, wide.usable_upper) == (-1.0, 12.0)
    line = StraightLine("line", "1", "1", wide, 5.0, 1.0, 2.0, 0.0, 0.0)
    note = line.at(11.0).notes[0]
    assert (note.code, note.text) == ("curve.extended", "checked against a second thermometer")
    assert note.numbers == {"argument": 11.0, "lower": 0.0, "upper": 10.0}
    assert line.at(10.0).notes == ()
    for arguments in ((0.0, 10.0, -1.0, 12.0, " "), (0.0, 10.0, 1.0, 12.0, "why"), (0.0, 10.0, None, 9.0, "why")):
        with pytest.raises(InvalidQuantity) as caught:
            Domain(*arguments)
        assert (caught.value.code, caught.value.clause) == ("curve.justification", "ISO/IEC 17025:2017, 7.2.1.7")
    with pytest.raises(InvalidQuantity):
        Domain(2.0, 1.0)
    with pytest.raises(InvalidQuantity):
        Domain.of([])


@pytest.mark.parametrize(
    "matrix",
    [
        ((1.0,),),
        ((1.0, 0.5), (0.4, 1.0)),
        ((1.0, 1.5), (1.5, 1.0)),
        ((-1.0, 0.0), (0.0, 1.0)),
        ((0.0, 0.1), (0.1, 1.0)),
    ],
)
def test_matrices_that_are_no_covariance(matrix: tuple[tuple[float, ...], ...]) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        checked_covariance(matrix, 2, "curve")
    assert caught.value.code == "curve.covariance"


def test_contributions_are_combined() -> None:
    """JCGM 100:2008, G.4.1."""
    made = combined(1.0, ((3.0, 4.0), (4.0, math.inf)), "g")
    assert made.standard_uncertainty == 5.0
    assert made.degrees_of_freedom == pytest.approx(625.0 / (81.0 / 4.0))
    assert combined(1.0, ((0.0, 2.0), (0.0, math.inf)), "g").degrees_of_freedom == math.inf
    assert combined(1.0, ((1e-200, 2.0), (0.0, 9.0)), "g").degrees_of_freedom == 2.0


def test_wrong_units_of_thermometers() -> None:
    with pytest.raises(CalcError):
        PlatinumThermometer("p", "K", "ohm", Domain(0.0, 100.0), 100.0)
