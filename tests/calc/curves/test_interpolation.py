"""Certificate points and what holds between them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from calc.curves.domain import Domain
from calc.curves.interpolation import (
    CertificatePoint,
    InterpolationRule,
    InterpolationTerm,
    PointCurve,
    certificate_curve,
)
from calc.errors import CalcError, OutsideValidity

POINTS = (
    CertificatePoint(50.0, 0.10, 0.04),
    CertificatePoint(0.0, 0.02, 0.02),
    CertificatePoint(20.0, 0.05, 0.03, 3.0),
    CertificatePoint(100.0, 0.30, 0.06, None, 0.95, 9.0),
)


def made(**options: Any) -> PointCurve:
    return certificate_curve(POINTS, name="T12", argument_unit="degC", value_unit="delta_degC", **options)


def test_at_the_points_the_certificate_holds() -> None:
    curve = made()
    assert [curve.value(x) for x in (0.0, 20.0, 50.0, 100.0)] == [0.02, 0.05, 0.10, 0.30]
    assert [curve.standard_uncertainty(x) for x in (0.0, 20.0, 50.0)] == pytest.approx([0.01, 0.01, 0.02])
    # t quantile of JCGM 100:2008, table G.2, 9 degrees of freedom and 95 %: 2,26
    assert curve.standard_uncertainty(100.0) == pytest.approx(0.06 / 2.26, rel=1e-3)
    assert (curve.degrees_of_freedom(100.0), curve.degrees_of_freedom(50.0)) == (9.0, math.inf)


def test_between_points_the_larger_neighbour_and_a_term() -> None:
    curve = made()
    assert curve.value(35.0) == pytest.approx(0.075)
    # second differences: (0,1−0,05)/30 − (0,05−0,02)/20 over 25 at 20 °C, (0,3−0,1)/50 − (0,1−0,05)/30 over 40 at 50 °C
    second = max(abs(0.05 / 30 - 0.03 / 20) / 25, abs(0.2 / 50 - 0.05 / 30) / 40)
    half_width = 0.25 * 30.0**2 * second / 2.0
    assert curve.standard_uncertainty(35.0) == pytest.approx(math.hypot(0.02, half_width / math.sqrt(3.0)))
    nearly = curve.standard_uncertainty(100.0 - 1e-9)
    assert nearly == pytest.approx(curve.standard_uncertainty(100.0))
    added = curve.standard_uncertainty(75.0) ** 2 - curve.standard_uncertainty(100.0) ** 2
    assert added > 0.0
    nu = 9.0 * (curve.standard_uncertainty(75.0) / curve.standard_uncertainty(100.0)) ** 4
    assert curve.degrees_of_freedom(75.0) == pytest.approx(nu)


def test_the_term_covers_a_parabola() -> None:
    """The half-width at the middle is exactly how far a parabola departs from the straight line."""
    points = [CertificatePoint(x, x * x, 0.0) for x in (0.0, 1.0, 3.0, 4.0)]
    curve = certificate_curve(points, name="p", argument_unit="1", value_unit="1")
    for x in (0.25, 0.5, 2.0, 2.7, 3.9):
        assert curve.standard_uncertainty(x) * math.sqrt(3.0) == pytest.approx(abs(curve.value(x) - x * x))


def test_declared_terms() -> None:
    stated = made(term=InterpolationTerm.STATED, half_width=0.03)
    assert stated.standard_uncertainty(30.0) == pytest.approx(math.hypot(0.02, 0.03 / math.sqrt(3.0)))
    assert stated.standard_uncertainty(20.0) == pytest.approx(0.01)
    none = made(term=InterpolationTerm.NONE)
    assert none.standard_uncertainty(30.0) == pytest.approx(0.02)


def test_without_interpolation_only_the_points() -> None:
    curve = made(rule=InterpolationRule.NONE)
    assert curve.value(20.0) == 0.05
    assert curve.inverse(0.10).value == 50.0
    for use in (curve.value, curve.standard_uncertainty, curve.at):
        with pytest.raises(OutsideValidity) as caught:
            use(20.5)
        assert (caught.value.code, caught.value.values["value"]) == ("curve.between_points", 20.5)
    with pytest.raises(OutsideValidity):
        curve.inverse(0.07)
    single = certificate_curve(
        POINTS[:1], name="one", argument_unit="degC", value_unit="V", rule=InterpolationRule.NONE
    )
    assert (single.value(50.0), single.standard_uncertainty(50.0)) == (0.10, 0.02)


def test_covariance_of_the_points() -> None:
    """u² = (1 − s)² u1² + 2 s (1 − s) u12 + s² u2²; two values of one interval share both points."""
    correlation = np.full((4, 4), 0.4) + 0.6 * np.eye(4)
    curve = made(term=InterpolationTerm.NONE, correlation=correlation.tolist())
    variance = 0.25 * 0.01**2 + 0.5 * 0.4 * 0.01 * 0.02 + 0.25 * 0.02**2
    assert curve.standard_uncertainty(35.0) ** 2 == pytest.approx(variance)
    independent = made(term=InterpolationTerm.NONE, correlation=np.eye(4).tolist())
    assert independent.standard_uncertainty(35.0) == pytest.approx(0.5 * math.hypot(0.01, 0.02))
    assert independent.covariance(10.0, 75.0) == 0.0
    assert independent.covariance(10.0, 35.0) == pytest.approx(0.5 * 0.5 * 0.01**2)
    assert made(term=InterpolationTerm.NONE).covariance(10.0, 75.0) == pytest.approx(
        0.01 * made().standard_uncertainty(100.0)
    )


def test_full_correlation_is_the_default_between_points() -> None:
    """Two readings through one curve: their difference has no certificate part, only that of both intervals' terms."""
    curve = made(term=InterpolationTerm.STATED, half_width=0.03)
    matrix = curve.covariance_matrix([25.0, 40.0, 10.0])
    assert matrix[0, 0] + matrix[1, 1] - 2.0 * matrix[0, 1] == pytest.approx(0.0, abs=1e-18)
    difference = matrix[0, 0] + matrix[2, 2] - 2.0 * matrix[0, 2]
    assert difference == pytest.approx((0.02 - 0.01) ** 2 + 2.0 * (0.03 / math.sqrt(3.0)) ** 2)


def test_natural_cubic_spline_is_scipys() -> None:
    curve = made(rule=InterpolationRule.NATURAL_CUBIC, term=InterpolationTerm.NONE, correlation=np.eye(4).tolist())
    x = np.array([0.0, 20.0, 50.0, 100.0])
    peer = CubicSpline(x, [0.02, 0.05, 0.10, 0.30], bc_type="natural")
    at = np.linspace(0.0, 100.0, 41)
    assert curve.value(at).tolist() == pytest.approx(peer(at).tolist(), abs=1e-15)
    assert curve.derivative(at).tolist() == pytest.approx(peer(at, 1).tolist(), abs=1e-15)
    assert curve.second_derivative(at).tolist() == pytest.approx(peer(at, 2).tolist(), abs=1e-15)
    u = np.array(curve.standard_uncertainties)
    unit = [CubicSpline(x, column, bc_type="natural")(37.0) for column in np.eye(4)]
    assert curve.standard_uncertainty(37.0) == pytest.approx(float(np.linalg.norm(u * np.array(unit))))


def test_turning_points() -> None:
    points = [CertificatePoint(x, y, 0.1) for x, y in ((0.0, 0.0), (1.0, 2.0), (2.0, 1.0), (3.0, 3.0))]
    curve = certificate_curve(points, name="z", argument_unit="1", value_unit="1")
    assert curve.turning_points() == (1.0, 2.0)
    assert curve.solutions(1.5) == pytest.approx((0.75, 1.5, 2.25))
    spline = certificate_curve(
        points,
        name="z",
        argument_unit="1",
        value_unit="1",
        rule=InterpolationRule.NATURAL_CUBIC,
        term=InterpolationTerm.NONE,
    )
    for x in spline.turning_points():
        assert spline.derivative(x) == pytest.approx(0.0, abs=1e-12)
    assert len(spline.turning_points()) == 2
    assert len(spline.solutions(1.5)) == 3
    level = [CertificatePoint(x, y, 0.1) for x, y in ((0.0, 0.0), (1.0, 2.0), (2.0, 2.0), (3.0, 3.0))]
    flat = certificate_curve(level, name="z", argument_unit="1", value_unit="1")
    with pytest.raises(OutsideValidity) as caught:
        flat.inverse(2.0)
    assert caught.value.code == "curve.flat"
    assert flat.inverse(1.0).value == 0.5


def test_extrapolation_with_a_reason() -> None:
    domain = Domain(0.0, 100.0).extended(0.0, 110.0, "linear over the sensor's range by its data sheet")
    curve = made(domain=domain)
    assert curve.value(110.0) == pytest.approx(0.34)
    assert curve.standard_uncertainty(110.0) > curve.standard_uncertainty(100.0)
    assert curve.at(105.0).notes[0].code == "curve.extended"


@pytest.mark.parametrize(
    ("code", "points", "options"),
    [
        ("curve.too_few_points", POINTS[:2], {}),
        ("curve.too_few_points", POINTS[:1], {"term": InterpolationTerm.NONE}),
        ("curve.too_few_points", (), {"domain": Domain(0.0, 1.0)}),
        ("curve.equal_arguments", (*POINTS, CertificatePoint(20.0, 1.0, 0.1)), {}),
        ("curve.method", POINTS, {"rule": InterpolationRule.NATURAL_CUBIC}),
        ("curve.method", POINTS, {"half_width": 0.1}),
        ("curve.method", POINTS, {"rule": InterpolationRule.NONE, "domain": Domain(0, 9).extended(0, 10, "why")}),
        ("curve.range", POINTS, {"domain": Domain(-10.0, 100.0)}),
        ("curve.covariance", POINTS, {"correlation": [[1.0]]}),
        ("quantity.negative", (*POINTS, CertificatePoint(120.0, 1.0, -0.1)), {}),
        ("quantity.not_positive", (*POINTS, CertificatePoint(120.0, 1.0, 0.1, 0.0)), {}),
        ("quantity.not_finite", (*POINTS, CertificatePoint(120.0, math.nan, 0.1)), {}),
        ("quantity.degrees_of_freedom", (*POINTS, CertificatePoint(120.0, 1.0, 0.1, None, 0.95, 0.0)), {}),
    ],
)
def test_refused(code: str, points: tuple[CertificatePoint, ...], options: dict[str, Any]) -> None:
    with pytest.raises(CalcError) as caught:
        certificate_curve(points, name="T12", argument_unit="degC", value_unit="degC", **options)
    assert caught.value.code == code


def test_numbers_for_every_point() -> None:
    with pytest.raises(CalcError) as caught:
        PointCurve("c", "1", "1", Domain(0.0, 1.0), (0.0, 0.5, 1.0), (1.0, 2.0), (0.1,) * 3, (9.0,) * 3)
    assert caught.value.code == "curve.point_count"
