"""Straight line, both axes uncertain, 20 points: beside orthogonal distance regression by scipy.odr."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np

from calc.curves.line_batch import LineFits, fit_lines
from calc.curves.straight_line import LineFit, fit_line
from tests.bench.harness import Row

_LINES = 1000
_POINTS = 20


def _odr() -> ModuleType:
    """Return scipy.odr, whose import warns that it will leave scipy."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        import scipy.odr
    return scipy.odr


def _points() -> tuple[np.ndarray[Any, Any], ...]:
    generator = np.random.default_rng(28037)
    true_x = np.linspace(1.0, 20.0, _POINTS)
    u_x, u_y = np.full((_LINES, _POINTS), 0.2), np.tile(np.linspace(0.2, 0.5, _POINTS), (_LINES, 1))
    x = true_x + u_x * generator.standard_normal(u_x.shape)
    y = 1.0 + 2.0 * true_x + u_y * generator.standard_normal(u_y.shape)
    return x, y, u_x, u_y


def rows() -> list[Row]:
    """Return one fit, and a thousand at once, each against one run of scipy.odr."""
    odr = _odr()
    x, y, u_x, u_y = _points()
    model = odr.unilinear

    def ours() -> LineFit:
        return fit_line(x[0], y[0], u_x[0], u_y[0])

    def many() -> LineFits:
        return fit_lines(x, y, u_x, u_y)

    def other() -> Any:
        return odr.ODR(odr.RealData(x[0], y[0], sx=u_x[0], sy=u_y[0]), model, beta0=[2.0, 1.0]).run()

    def same(a: float, b: float, chi_squared: float, peer: Any) -> None:
        np.testing.assert_allclose([b, a], peer.beta, rtol=1e-5)
        np.testing.assert_allclose(chi_squared, peer.sum_square, rtol=1e-6)

    def check_one(fit: LineFit, peer: Any) -> None:
        same(fit.a, fit.b, fit.chi_squared, peer)
        # scipy.odr's covariance before scaling: the normal equations of its last step
        np.testing.assert_allclose([fit.u_b, fit.u_a], np.sqrt(np.diag(peer.cov_beta)), rtol=1e-3)

    def check_many(fits: LineFits, peer: Any) -> None:
        same(fits.a[0], fits.b[0], fits.chi_squared[0], peer)
        last = odr.ODR(odr.RealData(x[-1], y[-1], sx=u_x[-1], sy=u_y[-1]), model, beta0=[2.0, 1.0]).run()
        same(fits.a[-1], fits.b[-1], fits.chi_squared[-1], last)

    name = f"straight line, both axes uncertain, {_POINTS} points"
    return [
        Row(f"{name}: one / scipy.odr", ours, other, 0.75, check_one),
        Row(f"{name}: a thousand at once, each / scipy.odr", many, other, 0.04, check_many, ours_count=_LINES),
    ]
