"""Lines through correlated points: the examples of ISO/TS 28037:2010, clauses 8 to 10, and two independent ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import least_squares

from calc.curves.line_correlated import fit_correlated_line
from calc.curves.straight_line import LineCovariance, LineFit, fit_line
from calc.errors import CalcError

X10 = np.array([50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1])
Y10 = np.array([52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2])
V_XX = np.array(
    [
        [0.5, 0.0, 0.25, 0.0, 0.25, 0.0, 0.25],
        [0.0, 1.25, 1.0, 0.0, 0.0, 1.0, 1.0],
        [0.25, 1.0, 1.5, 0.0, 0.25, 1.0, 1.25],
        [0.0, 0.0, 0.0, 1.25, 1.0, 1.0, 1.0],
        [0.25, 0.0, 0.25, 1.0, 1.5, 1.0, 1.25],
        [0.0, 1.0, 1.0, 1.0, 1.0, 2.25, 2.0],
        [0.25, 1.0, 1.25, 1.0, 1.25, 2.0, 2.5],
    ]
)
V_YY = np.ones((7, 7)) + 4.0 * np.eye(7)


def moments(fit: LineFit) -> tuple[float, ...]:
    return fit.a, fit.b, fit.u_a, fit.u_b, fit.cov_ab, fit.chi_squared


def test_general_covariance() -> None:
    """ISO/TS 28037:2010, 10.3 (data as in NPL's software of the standard; figures recalled, confirmed below)."""
    fit = fit_correlated_line(X10, Y10, V_YY, V_XX)
    assert moments(fit)[:5] == pytest.approx((0.3424, 1.0012, 2.0569, 0.0090, -0.0129), abs=5e-5)
    assert fit.chi_squared == pytest.approx(1.772, abs=5e-4)
    assert fit.degrees_of_freedom == 5


def test_covariance_among_the_values() -> None:
    """ISO/TS 28037:2010, 9.3: two groups of five with a common part each (figures by generalised least squares)."""
    x = np.arange(1.0, 11.0)
    y = np.array([1.3, 4.1, 6.9, 7.5, 10.2, 12.0, 14.5, 17.1, 19.5, 21.0])
    v_yy = np.zeros((10, 10))
    v_yy[:5, :5], v_yy[5:, 5:] = 1.0, 4.0
    v_yy += np.eye(10)
    fit = fit_correlated_line(x, y, v_yy)
    design = np.column_stack([np.ones(10), x])
    weight = np.linalg.inv(v_yy)
    covariance = np.linalg.inv(design.T @ weight @ design)
    a, b = covariance @ design.T @ weight @ y
    assert (fit.a, fit.b) == pytest.approx((a, b), rel=1e-11)
    assert (fit.u_a**2, fit.u_b**2, fit.cov_ab) == pytest.approx(
        (covariance[0, 0], covariance[1, 1], covariance[0, 1]), rel=1e-11
    )
    assert (fit.a, fit.b) == pytest.approx((-0.6456, 2.2014), abs=5e-5)
    assert fit.chi_squared == pytest.approx(2.074, abs=5e-4)


@pytest.mark.parametrize("rule", LineCovariance)
def test_pairs_by_both_ways(rule: LineCovariance) -> None:
    """ISO/TS 28037:2010, clause 8: the data of clause 7 with cov(x_i, y_i) = 0,036."""
    x, y = [1.2, 1.9, 2.9, 4.0, 4.7, 5.9], [3.4, 4.4, 7.2, 8.5, 10.8, 13.5]
    u_y = np.array([0.2, 0.2, 0.2, 0.4, 0.4, 0.4])
    pairs = fit_line(x, y, 0.2, u_y, 0.036, covariance=rule)
    whole = fit_correlated_line(x, y, np.diag(u_y**2), 0.04 * np.eye(6), 0.036 * np.eye(6), covariance=rule)
    assert moments(whole) == pytest.approx(moments(pairs), rel=1e-10)
    assert whole.weighted_residuals.tolist() == pytest.approx(pairs.weighted_residuals.tolist(), rel=1e-9)
    assert (pairs.a, pairs.b) == pytest.approx((0.5816, 2.1700), abs=5e-5)


def everything() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Points with a full covariance of x and y together, unlike from pair to pair."""
    generator = np.random.default_rng(10)
    mixing = generator.normal(size=(14, 14)) * 0.25
    whole = mixing @ mixing.T + 0.05 * np.eye(14)
    x = np.arange(7.0) + 0.2 * generator.normal(size=7)
    y = 4.0 + 1.7 * np.arange(7.0) + 0.3 * generator.normal(size=7)
    return x, y, whole


def fitted(x: Any, y: Any, whole: Any, rule: LineCovariance = LineCovariance.NORMAL_EQUATIONS) -> LineFit:
    return fit_correlated_line(x, y, whole[7:, 7:], whole[:7, :7], whole[:7, 7:], covariance=rule)


def test_all_abscissas_as_parameters() -> None:
    """The same minimum and normal equations with the seven true x as parameters, by scipy."""
    x, y, whole = everything()
    root = np.linalg.cholesky(whole)

    def residuals(p: Any) -> Any:
        return np.linalg.solve(root, np.concatenate([x - p[2:], y - p[0] - p[1] * p[2:]]))

    peer = least_squares(residuals, [4.0, 1.7, *x], xtol=1e-15, ftol=1e-15, gtol=1e-15)
    fit = fitted(x, y, whole)
    assert (fit.a, fit.b) == pytest.approx(tuple(peer.x[:2]), rel=1e-6)
    assert fit.chi_squared == pytest.approx(2.0 * peer.cost, rel=1e-9)
    design = np.zeros((14, 9))
    design[:7, 2:] = np.eye(7)
    design[7:, 0], design[7:, 1], design[7:, 2:] = 1.0, peer.x[2:], peer.x[1] * np.eye(7)
    covariance = np.linalg.inv(design.T @ np.linalg.inv(whole) @ design)
    ours = (fit.u_a**2, fit.u_b**2, fit.cov_ab)
    assert ours == pytest.approx((covariance[0, 0], covariance[1, 1], covariance[0, 1]), rel=1e-5)


def test_full_propagation_by_moving_each_number() -> None:
    """The sensitivities of a and b to every x and y, by central differences, with the covariance of all."""
    x, y, whole = everything()
    numbers, h = np.concatenate([x, y]), 1e-4
    slopes = []
    for place in range(14):
        step = np.zeros(14)
        step[place] = h
        up, down = (fitted(moved[:7], moved[7:], whole) for moved in (numbers + step, numbers - step))
        slopes.append(((up.a - down.a) / (2.0 * h), (up.b - down.b) / (2.0 * h)))
    sensitivity = np.array(slopes)
    covariance = sensitivity.T @ whole @ sensitivity
    fit = fitted(x, y, whole, LineCovariance.FULL)
    ours = (fit.u_a**2, fit.u_b**2, fit.cov_ab)
    assert ours == pytest.approx((covariance[0, 0], covariance[1, 1], covariance[0, 1]), rel=1e-5)


def test_units_do_not_matter() -> None:
    plain = fit_correlated_line(X10, Y10, V_YY, V_XX)
    other = fit_correlated_line(X10 * 1e90, Y10 * 1e-60, V_YY * 1e-120, V_XX * 1e180)
    assert other.b == pytest.approx(plain.b * 1e-150, rel=1e-12)
    assert other.u_a == pytest.approx(plain.u_a * 1e-60, rel=1e-12)


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("curve.covariance", {"v_yy": V_YY[:6]}),
        ("curve.covariance", {"v_yy": V_YY + np.triu(np.ones((7, 7)), 1)}),
        ("curve.covariance", {"v_yy": -V_YY}),
        ("curve.covariance", {"v_yy": V_YY * np.nan}),
        ("curve.covariance", {"v_yy": 5.0 * np.ones((7, 7)), "v_xx": np.zeros((7, 7))}),
        ("curve.covariance", {"v_xy": 3.0 * np.eye(7)}),
        ("curve.covariance", {"v_yy": 2.0 * np.eye(7) - np.ones((7, 7))}),
        ("curve.exact_point", {"v_yy": np.diag([1.0, 0, 1, 1, 1, 1, 1]), "v_xx": np.zeros((7, 7))}),
        ("curve.equal_arguments", {"x": np.ones(7)}),
        ("curve.point_count", {"y": Y10[:6]}),
        ("quantity.not_finite", {"y": np.where(Y10 > 300.0, np.inf, Y10)}),
        ("quantity.not_a_number", {"v_xx": [["one"]]}),
    ],
)
def test_refused(code: str, changed: dict[str, Any]) -> None:
    with pytest.raises(CalcError) as caught:
        fit_correlated_line(**{"x": X10, "y": Y10, "v_yy": V_YY, "v_xx": V_XX, **changed})
    assert caught.value.code == code
