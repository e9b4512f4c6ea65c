"""Straight lines through correlated points: ISO/TS 28037:2010, clause 9 (covariances among the y) and 10 (general).

With r = y − a − b x and V(b) = V_yy − b (V_xy + V_yx) + b² V_xx the line minimises F = rᵀ V⁻¹ r; Newton's method on it
takes the sums of `calc.curves.line_kernel` with V⁻¹ in place of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from calc.curves.domain import Domain
from calc.curves.line_kernel import Array, Solution, propagated, room
from calc.curves.line_search import FLATTEST, check_points, scaled_points, unscaled
from calc.curves.straight_line import LineCovariance, LineFit, Numbers, check_origin, enough_points, point_rows
from calc.errors import InvalidQuantity, NotConverged

Matrix = Sequence[Sequence[float]] | NDArray[np.float64]

_STEPS: Final = 60
_STEEPEST: Final = 1e60
_SETTLED: Final = 1e-16  # as in the kernel: of (1 + χ²)
_ROUNDING: Final = 1e-8
_STALLED: Final = 0.25


def fit_correlated_line(
    x: Numbers,
    y: Numbers,
    v_yy: Matrix,
    v_xx: Matrix | None = None,
    v_xy: Matrix | None = None,
    *,
    x0: float = 0.0,
    name: str = "line",
    argument_unit: str = "1",
    value_unit: str = "1",
    domain: Domain | None = None,
    covariance: LineCovariance = LineCovariance.NORMAL_EQUATIONS,
) -> LineFit:
    """Return the straight line through points with any covariance.

    Parameters
    ----------
    x, y : shape (n,), n ≥ 2, in the argument's and the value's unit
    v_yy, v_xx : covariance matrices, shape (n, n), in the square of the unit; without v_xx and v_xy clause 9
    v_xy : covariances of x_i (row) and y_j (column), shape (n, n)

    The other parameters are those of `fit_line`. The covariance must leave every combination of residuals some
    variance. Raises InvalidQuantity as `fit_line`, `curve.covariance`; NotConverged.
    Source: ISO/TS 28037:2010, clauses 9 and 10.
    """
    check_origin(x0, name)
    values = point_rows(x, [y], name)
    n = values.shape[1]
    zeros = np.zeros((n, n))
    blocks = {
        "v_xx": zeros if v_xx is None else _matrix(v_xx, n, name, "v_xx"),
        "v_yy": _matrix(v_yy, n, name, "v_yy"),
        "v_xy": zeros if v_xy is None else _matrix(v_xy, n, name, "v_xy"),
    }
    enough_points(n, 2, name)
    data = _rows(values, blocks)
    check_points(data, name)
    _check(blocks, name)
    _, exponent_x, exponent_y = scaled_points(data, name)
    scale_x, scale_y = math.ldexp(1.0, exponent_x), math.ldexp(1.0, exponent_y)
    scaled = _Lines(
        values[0] / scale_x,
        values[1] / scale_y,
        blocks["v_xx"] / scale_x / scale_x,
        blocks["v_yy"] / scale_y / scale_y,
        blocks["v_xy"] / scale_x / scale_y,
        name,
    )
    found = scaled.solved(full=covariance is LineCovariance.FULL)
    solution = unscaled(found, exponent_x, exponent_y, name)
    return LineFit(data, solution, True, x0, name, argument_unit, value_unit, domain)


class _Lines:
    """F, its gradient and curvature for lines through the points, centred at the mean."""

    def __init__(self, x: Array, y: Array, v_xx: Array, v_yy: Array, v_xy: Array, name: str) -> None:
        self.x_mean, self.y_mean = float(x.mean()), float(y.mean())
        self.x, self.y = x - self.x_mean, y - self.y_mean
        self.v_xx, self.v_yy, self.v_xy = v_xx, v_yy, v_xy
        self.joint = v_xy + v_xy.T
        self.name = name

    def solved(self, *, full: bool) -> Solution:
        slope, intercept, previous = self._start(), 0.0, np.inf
        for step in range(1, _STEPS + 1):
            lower = self._root(slope)
            r = self.y - intercept - slope * self.x
            white = solve_triangular(lower, np.column_stack([r, np.ones_like(r), self.x]), lower=True)
            t = solve_triangular(lower, white[:, 0], lower=True, trans="T")
            spread_t = self.v_xx @ t
            q = slope * spread_t - 0.5 * (self.joint @ t)
            white_q = solve_triangular(lower, q, lower=True)
            one, along = white[:, 1], white[:, 2] + 2.0 * white_q
            w, ab, vtt = float(one @ one), float(one @ along), float(t @ spread_t)
            curvature = float(along @ along) - vtt - ab / w * ab
            fitted = white[:, 2] + solve_triangular(lower, slope * spread_t - self.v_xy @ t, lower=True)
            m = float(one @ fitted) / w
            centred = fitted - m * one
            information = float(centred @ centred)
            if not information > FLATTEST:
                raise InvalidQuantity("curve.equal_arguments", name=self.name, value=self.x_mean)
            pull = float(t.sum())
            newton = curvature > 1e-3 * information
            # where F does not curve upward the step of Gauss and Newton still leads downward
            used, across = (curvature, ab / w) if newton else (information, m)
            force = float(t @ (self.x + q)) - across * pull
            db = force / used
            da = pull / w - across * db
            decrement = pull * pull / w + force * db
            slope, intercept = slope + db, intercept + da
            if not abs(slope) < _STEEPEST:
                break
            limit = 1.0 + float(white[:, 0] @ white[:, 0])
            settled = decrement <= _SETTLED * limit or (_ROUNDING * limit >= decrement >= _STALLED * previous)
            if settled and newton:
                middle, height = self.x_mean, self.y_mean + intercept
                numbers = (middle + m, height + m * slope, slope, 1.0 / w, 1.0 / information)
                if full:
                    lean = solve_triangular(lower, slope * spread_t - self.v_xy.T @ t, lower=True)
                    excess = vtt - float(lean @ lean)
                    # for independent points ab - m w is the kernel's Σ w q
                    numbers = propagated(w, ab - m * w, information, excess, ab, curvature, self.x_mean, height, slope)
                return Solution(*numbers, limit - 1.0, step)
            previous = decrement
        raise NotConverged("solver.not_converged", name=self.name, count=_STEPS)

    def _start(self) -> float:
        """Return the slope of ordinary least squares."""
        spread = float(self.x @ self.x)
        if not spread > FLATTEST:
            raise InvalidQuantity("curve.equal_arguments", name=self.name, value=self.x_mean)
        return float(self.x @ self.y) / spread

    def _root(self, slope: float) -> Array:
        """Return the lower triangular root of the covariance of the residuals."""
        variance = self.v_yy - slope * self.joint + slope * slope * self.v_xx
        size = np.sqrt(np.maximum(np.diag(variance), 0.0))
        if not bool((size > 0.0).all()):
            raise InvalidQuantity("curve.exact_point", name=self.name, point=int(np.argmin(size)) + 1)
        try:
            root: Array = np.asarray(np.linalg.cholesky(variance / size / size[:, None]) * size[:, None], np.float64)
        except np.linalg.LinAlgError:
            raise InvalidQuantity(
                "curve.covariance", name=self.name, field="V_yy - b V_xy - b V_yx + b² V_xx"
            ) from None
        return root


def _rows(values: Array, blocks: dict[str, Array]) -> Array:
    """Return rows x, y, u(x), u(y) and cov(x, y) of the pairs, shape (5, n)."""
    u_x, u_y = (np.sqrt(np.maximum(np.diag(blocks[key]), 0.0)) for key in ("v_xx", "v_yy"))
    data = room(5, values.shape[1])
    for row, numbers in zip(data, (values[0], values[1], u_x, u_y, np.diag(blocks["v_xy"])), strict=True):
        row[:] = numbers
    return data


def _matrix(numbers: Matrix, n: int, name: str, field: str) -> Array:
    try:
        matrix = np.array(numbers, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidQuantity("quantity.not_a_number", name=name, field=field, value=repr(numbers)[:80]) from None
    if matrix.shape != (n, n) or not bool(np.isfinite(matrix).all()):
        raise InvalidQuantity("curve.covariance", name=name, field=field)
    return matrix


def _check(blocks: dict[str, Array], name: str) -> None:
    """Raise InvalidQuantity unless the covariance of all x and y is symmetric and positive semi-definite."""
    for field in ("v_xx", "v_yy"):
        if not np.array_equal(blocks[field], blocks[field].T) or bool((np.diag(blocks[field]) < 0.0).any()):
            raise InvalidQuantity("curve.covariance", name=name, field=field)
    whole = np.block([[blocks["v_xx"], blocks["v_xy"]], [blocks["v_xy"].T, blocks["v_yy"]]])
    size = np.sqrt(np.diag(whole))
    safe = np.where(size > 0.0, size, 1.0)
    scaled = whole / safe / safe[:, None]
    forbidden = bool((whole[size == 0.0] != 0.0).any()) or bool((np.abs(scaled) > 1.0 + 1e-12).any())
    if forbidden or np.linalg.eigvalsh(scaled)[0] < -1e-10 * len(whole):
        raise InvalidQuantity("curve.covariance", name=name, field="covariance of x and y")
