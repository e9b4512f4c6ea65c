"""Straight lines: the figures of ISO/TS 28037:2010, what the answers must not depend on, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from GTC import ta, type_b, ureal  # peer (development only)
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.curves.domain import Domain
from calc.curves.line_kernel import Points, solve_one
from calc.curves.line_search import _searched
from calc.curves.straight_line import LineCovariance, LineFit, fit_line
from calc.errors import CalcError, InvalidQuantity, NotConverged, OutsideValidity

X = [1.2, 1.9, 2.9, 4.0, 4.7, 5.9]
Y = [3.4, 4.4, 7.2, 8.5, 10.8, 13.5]
U_Y = [0.2, 0.2, 0.2, 0.4, 0.4, 0.4]


def test_gdr_figures() -> None:
    """ISO/TS 28037:2010, 7.4: half a unit of the last printed digit."""
    fit = fit_line(X, Y, 0.2, U_Y)
    assert fit.a == pytest.approx(0.5788, abs=5e-5)
    assert fit.b == pytest.approx(2.1597, abs=5e-5)
    assert fit.u_a == pytest.approx(0.4764, abs=5e-5)
    assert fit.u_b == pytest.approx(0.1355, abs=5e-5)
    assert fit.cov_ab == pytest.approx(-0.0577, abs=5e-5)
    assert fit.chi_squared == pytest.approx(2.743, abs=5e-4)
    assert fit.degrees_of_freedom == 4
    assert fit.chi_squared_limit == pytest.approx(9.488, abs=5e-4)
    assert fit.is_consistent


def test_full_propagation_agrees_with_gtc() -> None:
    fit = fit_line(X, Y, 0.2, U_Y, covariance=LineCovariance.FULL)
    peer = type_b.line_fit_wtls([ureal(x, 0.2) for x in X], [ureal(y, u) for y, u in zip(Y, U_Y, strict=True)])
    a, b = peer.a_b
    assert fit.a == pytest.approx(a.x, rel=1e-9)
    assert fit.b == pytest.approx(b.x, rel=1e-9)
    assert fit.u_a == pytest.approx(a.u, rel=1e-6)
    assert fit.u_b == pytest.approx(b.u, rel=1e-6)
    assert fit.u_a == pytest.approx(0.4804, abs=5e-5)


def test_weighted_figures() -> None:
    """ISO/TS 28037:2010, 6.3, first example, with its inverse and forward use."""
    fit = fit_line([1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1], None, 0.5)
    figures = (fit.a, fit.b, fit.u_a, fit.u_b, fit.cov_ab, fit.chi_squared)
    assert figures == pytest.approx((1.867, 1.757, 0.465, 0.120, -0.050, 1.665), abs=5e-4)
    inverse = fit.line.inverse(10.5, 0.5)
    assert (inverse.value, inverse.standard_uncertainty) == pytest.approx((4.913, 0.322), abs=5e-4)
    forward = fit.line.predict(3.5, 0.2)
    assert (forward.value, forward.standard_uncertainty) == pytest.approx((8.017, 0.406), abs=5e-4)
    full = fit_line([1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1], None, 0.5, covariance=LineCovariance.FULL)
    assert full.u_a == pytest.approx(fit.u_a, rel=1e-13)


def test_unknown_scale_figures() -> None:
    """ISO/TS 28037:2010, annex E; the degrees of freedom are those of the estimated scale."""
    fit = fit_line([1, 2, 3, 4, 5, 6], [3.014, 5.225, 7.004, 9.061, 11.201, 12.762])
    figures = (fit.a, fit.b, fit.u_a, fit.u_b, fit.cov_ab, fit.chi_squared)
    assert figures == pytest.approx((1.172, 1.964, 0.159, 0.041, -0.006, 0.116), abs=5e-4)
    assert fit.line.degrees_of_freedom(2.0) == 4.0
    assert np.square(fit.weighted_residuals).sum() == pytest.approx(4.0)
    peer = ta.line_fit([1, 2, 3, 4, 5, 6], [3.014, 5.225, 7.004, 9.061, 11.201, 12.762])
    assert fit.u_a == pytest.approx(peer.a_b[0].u, rel=1e-12)


def test_reference_point_of_the_intercept() -> None:
    """JCGM 100:2008, H.3: a at 20 degC, correlation and the prediction at 30 degC."""
    t = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
    b = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]
    domain = Domain.of(t).extended(20.0, 30.0, "as the example does")
    fit = fit_line(t, b, x0=20.0, domain=domain)
    assert (fit.a, fit.u_a) == pytest.approx((-0.1712, 0.0029), abs=5e-5)
    assert (fit.b, fit.u_b) == pytest.approx((0.00218, 0.00067), abs=5e-6)
    assert fit.r_ab == pytest.approx(-0.930, abs=5e-4)
    assert fit.s == pytest.approx(0.0035, abs=5e-5)
    at_30 = fit.line.predict(30.0)
    assert (at_30.value, at_30.standard_uncertainty) == pytest.approx((-0.1494, 0.0041), abs=5e-5)
    assert [note.text for note in fit.line.at(30.0).notes] == ["as the example does"]
    assert fit.line.at(24.0).notes == ()


def moments(fit: LineFit) -> tuple[float, ...]:
    return fit.a, fit.b, fit.u_a, fit.u_b, fit.cov_ab, fit.chi_squared


points = st.lists(
    st.tuples(st.floats(-50, 50), st.floats(-1, 1), st.floats(0.05, 0.5), st.floats(0.05, 0.5), st.floats(-0.9, 0.9)),
    min_size=3,
    max_size=30,
)


def made(rows: list[tuple[float, ...]]) -> dict[str, Any]:
    """Points around y = 3 − 2 x with uncertainties in both, spread enough for a slope."""
    u_x, u_y = np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
    x = np.array([row[0] for row in rows]) + 5.0 * np.arange(len(rows))
    y = 3.0 - 2.0 * x + np.array([row[1] for row in rows]) * u_y
    return {"x": x, "y": y, "u_x": u_x, "u_y": u_y, "cov_xy": np.array([row[4] for row in rows]) * u_x * u_y}


@given(points, st.sampled_from(LineCovariance))
@settings(max_examples=60, deadline=None)
def test_order_of_points_units_and_origin_do_not_matter(rows: list[tuple[float, ...]], rule: LineCovariance) -> None:
    given_points = made(rows)
    if np.ptp(given_points["x"]) < 20.0:
        return
    plain = fit_line(**given_points, covariance=rule)
    backward = fit_line(**{key: values[::-1] for key, values in given_points.items()}, covariance=rule)
    assert moments(backward) == pytest.approx(moments(plain), rel=1e-8, abs=1e-9)
    milli = {"x": 1000.0, "y": 1e-3, "u_x": 1000.0, "u_y": 1e-3, "cov_xy": 1.0}
    scaled = fit_line(**{key: values * milli[key] for key, values in given_points.items()}, covariance=rule)
    a, b, u_a, u_b, cov_ab, chi_squared = moments(plain)
    expected = (a * 1e-3, b * 1e-6, u_a * 1e-3, u_b * 1e-6, cov_ab * 1e-9, chi_squared)
    for ours, theirs in zip(moments(scaled), expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-8, abs=1e-10)
    moved = fit_line(**{**given_points, "x": given_points["x"] + 20.0}, x0=20.0, covariance=rule)
    assert moments(moved) == pytest.approx(moments(plain), rel=1e-8, abs=1e-9)


@given(points)
@settings(max_examples=40, deadline=None)
def test_search_over_all_directions_finds_the_same_line(rows: list[tuple[float, ...]]) -> None:
    given_points = made(rows)
    if np.ptp(given_points["x"]) < 20.0:
        return
    data = np.array(list(given_points.values()))
    found = solve_one(Points(data), full=True)
    assert found is not None
    searched = _searched(data, "line", full=True)
    for field in ("centre", "value", "slope", "variance_value", "variance_slope", "chi_squared"):
        assert getattr(searched, field) == pytest.approx(getattr(found, field), rel=1e-7, abs=1e-9), field


def test_exchanging_the_axes_gives_the_same_line() -> None:
    fit, other = fit_line(X, Y, 0.2, U_Y), fit_line(Y, X, U_Y, 0.2)
    assert other.b == pytest.approx(1.0 / fit.b, rel=1e-12)
    assert other.a == pytest.approx(-fit.a / fit.b, rel=1e-11)
    assert other.u_b == pytest.approx(fit.u_b / fit.b**2, rel=1e-9)
    only_x, only_y = fit_line(X, Y, 0.2, 0.0), fit_line(Y, X, None, 0.2)
    assert only_x.b == pytest.approx(1.0 / only_y.b, rel=1e-12)
    assert only_x.u_b == pytest.approx(only_y.u_b / only_y.b**2, rel=1e-10)


def test_uncertainties_agree_with_simulation() -> None:
    """u(a), u(b) and cov(a, b) by full propagation against 40 000 simulated sets of points."""
    from calc.curves.line_batch import fit_lines

    generator = np.random.default_rng(20261121)
    true_x, u_x = np.linspace(1.0, 10.0, 8), np.full(8, 0.08)
    u_y = np.linspace(0.1, 0.4, 8)
    correlation = 0.6
    first, second = generator.standard_normal((2, 40_000, 8))
    x = true_x + u_x * first
    y = 2.0 + 1.5 * true_x + u_y * (correlation * first + math.sqrt(1.0 - correlation**2) * second)
    fits = fit_lines(x, y, u_x, u_y, correlation * u_x * u_y)
    one = fit_line(true_x, 2.0 + 1.5 * true_x, u_x, u_y, correlation * u_x * u_y, covariance=LineCovariance.FULL)
    assert float(fits.a.std()) == pytest.approx(one.u_a, rel=0.02)
    assert float(fits.b.std()) == pytest.approx(one.u_b, rel=0.02)
    assert float(np.cov(fits.a, fits.b)[0, 1]) == pytest.approx(one.cov_ab, rel=0.03)
    assert float(fits.chi_squared.mean()) == pytest.approx(6.0, rel=0.02)
    assert float(np.mean(fits.chi_squared > one.chi_squared_limit)) == pytest.approx(0.05, abs=0.005)


def test_two_points_have_nothing_left_to_test() -> None:
    fit = fit_line([1.0, 2.0], [1.0, 3.0], 0.1, 0.1)
    assert (fit.a, fit.b, fit.degrees_of_freedom, fit.is_consistent) == (-1.0, 2.0, 0, True)
    assert fit.chi_squared == pytest.approx(0.0, abs=1e-20)
    with pytest.raises(InvalidQuantity, match="at least 3"):
        _ = fit.s


def test_exact_points_among_others() -> None:
    fit = fit_line([0, 1, 2, 3], [1, 3, 5, 7.5], [0, 0.1, 0, 0.1], [0.1, 0, 0.1, 0.1])
    assert np.square(fit.weighted_residuals).sum() == pytest.approx(fit.chi_squared)
    heavy = fit_line([0, 1, 2, 3], [1, 3, 5, 7.5], 0.0, [1e-9, 1, 1, 1])
    assert heavy.a == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("scale", [1e-130, 1e-60, 1e60, 1e130])
def test_far_from_one(scale: float) -> None:
    fit, plain = (
        fit_line(np.array(X) * scale, np.array(Y) * scale, 0.2 * scale, np.array(U_Y) * scale),
        fit_line(X, Y, 0.2, U_Y),
    )
    assert fit.b == pytest.approx(plain.b, rel=1e-12)
    assert fit.u_a == pytest.approx(plain.u_a * scale, rel=1e-9)
    assert fit.chi_squared == pytest.approx(plain.chi_squared, rel=1e-9)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("curve.too_few_points", ([1.0], [1.0], 0.1, 0.1)),
        ("curve.too_few_points", ([1.0, 2.0], [1.0, 2.0])),
        ("curve.point_count", ([1.0, 2.0], [1.0, 2.0, 3.0], 0.1, 0.1)),
        ("curve.point_count", ([1.0, 2.0], [1.0, 2.0], [0.1], 0.1)),
        ("curve.equal_arguments", ([0.1, 0.1, 0.1], [1.0, 2.0, 3.0], 0.1, 0.1)),
        ("curve.equal_arguments", ([0.1, 0.1, 0.1], [1.0, 2.0, 3.0])),
        ("curve.exact_point", ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [0.0, 0.1, 0.1], [0.0, 0.1, 0.1])),
        ("curve.covariance", ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.1, 0.1, 0.011)),
        ("quantity.negative", ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], -0.1, 0.1)),
        ("quantity.negative", ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], None, [0.1, -0.1, 0.1])),
        ("quantity.not_finite", ([1.0, 2.0, math.nan], [1.0, 2.0, 3.0], 0.1, 0.1)),
        ("quantity.not_finite", ([1.0, 2.0, 3.0], [1.0, math.inf, 3.0], 0.1, 0.1)),
        ("quantity.not_finite", ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.1, math.nan)),
        ("quantity.not_a_number", ([1.0, "two", 3.0], [1.0, 2.0, 3.0], 0.1, 0.1)),
    ],
)
def test_refused_points(code: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(CalcError) as caught:
        fit_line(*arguments, name="thermometer")
    assert caught.value.code == code
    assert caught.value.values["name"] == "thermometer"


def test_a_vertical_line_is_not_found() -> None:
    with pytest.raises(NotConverged):
        fit_line([1.0, 1.0, 1.0 + 1e-9], [0.0, 1e12, 5e11], 1.0, 0.0)


def test_use_beyond_the_points_needs_a_reason() -> None:
    line = fit_line(X, Y, 0.2, U_Y).line
    for use in (line.value, line.derivative, line.standard_uncertainty, line.predict, line.at):
        with pytest.raises(OutsideValidity) as caught:
            use(6.0)
        assert (caught.value.code, caught.value.clause) == ("curve.outside", "ISO/IEC 17025:2017, 6.5.1")
    with pytest.raises(OutsideValidity) as caught:
        line.inverse(20.0)
    assert caught.value.code == "curve.no_solution"


def test_a_level_line_cannot_be_used_inversely() -> None:
    line = fit_line([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], None, 0.1).line
    with pytest.raises(OutsideValidity) as caught:
        line.inverse(1.0, 0.1)
    assert caught.value.code == "curve.flat"


def test_line_as_curve() -> None:
    line = fit_line(X, Y, 0.2, U_Y).line
    x = np.array([1.5, 3.0, 5.0])
    assert line.value(x).tolist() == [line.value(float(v)) for v in x]
    assert line.standard_uncertainty(x).tolist() == pytest.approx([line.standard_uncertainty(float(v)) for v in x])
    matrix = line.covariance_matrix(x)
    assert np.array_equal(matrix, matrix.T)
    assert matrix[0, 2] == line.covariance(1.5, 5.0)
    assert line.value(line.inverse(7.0).value) == pytest.approx(7.0, rel=1e-15)
    assert line.derivative(x).tolist() == [line.b] * 3
    assert line.second_derivative(2.0) == 0.0
