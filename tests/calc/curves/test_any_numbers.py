"""Whatever numbers are given: a finite answer or a typed error, no warning, no other exception."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.curves.interpolation import CertificatePoint, InterpolationRule, InterpolationTerm, certificate_curve
from calc.curves.line_batch import fit_lines
from calc.curves.line_correlated import fit_correlated_line
from calc.curves.straight_line import LineCovariance, LineFit, fit_line
from calc.curves.thermistor import fit_thermistor
from calc.curves.thermometry import fit_platinum
from calc.curves.weighted_mean import weighted_mean
from calc.errors import CalcError
from calc.quantities import Estimate

numbers = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 1.0 + 2.0**-52, 1e-320, 1e300, -1e300, 1e-300, 1e20, math.inf, math.nan]),
    st.floats(-100.0, 100.0),
    st.integers(-5, 5).map(float),
)
sizes = st.one_of(st.sampled_from([0.0, 1.0, 1e-12, 1e-40, 1e-320, 1e30, 1e300, -1.0, math.inf]), st.floats(1e-3, 10.0))
points = st.integers(0, 7).flatmap(
    lambda n: st.tuples(*(st.lists(kind, min_size=n, max_size=n) for kind in (numbers, numbers, sizes, sizes)))
)


def finite(fit: LineFit) -> bool:
    return all(
        math.isfinite(value)
        for value in (
            fit.a,
            fit.b,
            fit.u_a,
            fit.u_b,
            fit.cov_ab,
            fit.chi_squared,
            fit.line.value(fit.line.domain.lower),
        )
    )


@given(points, st.sampled_from(LineCovariance), st.sampled_from([None, 0.0, 0.5, -1.0]))
@settings(max_examples=150, deadline=None)
def test_lines(rows: tuple[list[float], ...], rule: LineCovariance, r: float | None) -> None:
    x, y, u_x, u_y = rows
    joint = None if r is None else [r * a * b for a, b in zip(u_x, u_y, strict=True)]
    try:
        fit = fit_line(x, y, u_x, u_y, joint, covariance=rule)
        assert finite(fit)
    except CalcError:
        return


@given(points)
@settings(max_examples=80, deadline=None)
def test_lines_of_unknown_scale_and_many(rows: tuple[list[float], ...]) -> None:
    x, y, u_x, u_y = rows
    try:
        assert finite(fit_line(x, y))
        many = fit_lines([x, x], [y, y[::-1]], [u_x, u_x], [u_y, u_y])
        assert all(np.isfinite(values).all() for values in (many.a, many.b, many.u_a, many.u_b, many.chi_squared))
    except CalcError:
        return


@given(points)
@settings(max_examples=150, deadline=None)
def test_correlated_lines(rows: tuple[list[float], ...]) -> None:
    x, y, u_x, u_y = rows
    with np.errstate(all="ignore"):  # only the matrices made here
        v_xx, v_yy = np.diag(np.square(u_x)), np.diag(np.square(u_y)) + 0.25
    try:
        assert finite(fit_correlated_line(x, y, v_yy, v_xx))
    except CalcError:
        return


@given(points, st.sampled_from(InterpolationRule), st.sampled_from(InterpolationTerm))
@settings(max_examples=150, deadline=None)
def test_certificates(rows: tuple[list[float], ...], rule: InterpolationRule, term: InterpolationTerm) -> None:
    x, y, u, _ = rows
    made = [CertificatePoint(*one) for one in zip(x, y, u, strict=True)]
    try:
        curve = certificate_curve(made, name="c", argument_unit="1", value_unit="1", rule=rule, term=term)
        lower, upper = curve.domain.lower, curve.domain.upper
        for at in (lower, upper, 0.5 * lower + 0.5 * upper):
            point = curve.at(at)
            assert all(map(math.isfinite, (point.value, point.derivative, point.standard_uncertainty)))
    except CalcError:
        return


@given(points)
@settings(max_examples=150, deadline=None)
def test_means_and_thermometers(rows: tuple[list[float], ...]) -> None:
    x, y, u_x, u_y = rows
    for fit in (
        lambda: weighted_mean([Estimate(value, u, "g") for value, u in zip(x, u_x, strict=True)]).estimate,
        lambda: fit_platinum(x, y, u_x, u_y).curve,
        lambda: fit_platinum(x, y).curve,
        lambda: fit_thermistor(x, y, u_x, u_y).curve,
    ):
        try:
            fit()
        except CalcError:
            continue
