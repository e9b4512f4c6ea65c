"""Straight lines that the plain way of `calc.curves.line_kernel` does not find: what is wrong with the points, or the
search for the best slope over all directions with weighted centring and numbers scaled by powers of two.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from calc.curves.line_kernel import (
    Array,
    Points,
    Solution,
    curvature_of,
    is_plain,
    propagated,
    room,
    solve_one,
)
from calc.errors import InvalidQuantity, NotConverged
from calc.quantities import finite

_DIRECTIONS: Final = 180
_STEPS: Final = 200
_JOINT: Final = 1.0 + 1e-12
_LARGEST: Final = 1e140  # of any number, and its inverse of the largest of an axis, so that variances are numbers
_EXACT: Final = 1e-28  # of the largest variance across the line: below, a point leaves the others nothing to say
FLATTEST: Final = 1e-100  # of the information on the slope, in scaled numbers
_SMALLEST: Final = 1e-60  # of a standard uncertainty, as a share of the largest number of its axis


def solve_alone(data: Array, name: str, *, full: bool) -> Solution:
    """Return the line through points with rows x, y, u(x), u(y) and perhaps cov(x, y), shape (4 or 5, n).

    Raises what `solve_hard` raises. Source: ISO/TS 28037:2010, clauses 6 to 8.
    """
    found = solve_one(Points(data), full=full) if is_plain(data) else None
    return solve_hard(data, name, full=full) if found is None else found


def solve_hard(data: Array, name: str, *, full: bool) -> Solution:
    """Return the fitted line of points with rows x, y, u(x), u(y) and perhaps cov(x, y).

    Raises InvalidQuantity for points that no line can be fitted to, NotConverged where the best line is vertical or
    not determined. Source: ISO/TS 28037:2010, clauses 6 to 8.
    """
    check_points(data, name)
    scaled, exponent_x, exponent_y = scaled_points(data, name)
    found = solve_one(Points(scaled), full=full) if is_plain(scaled) else None
    if found is None:
        found = _searched(scaled, name, full=full)
    return unscaled(found, exponent_x, exponent_y, name)


def unscaled(found: Solution, exponent_x: int, exponent_y: int, name: str) -> Solution:
    """Return the line in the units given, of one whose axes were divided by powers of two."""
    try:
        line = replace(
            found,
            centre=math.ldexp(found.centre, exponent_x),
            value=math.ldexp(found.value, exponent_y),
            slope=math.ldexp(found.slope, exponent_y - exponent_x),
            variance_value=math.ldexp(found.variance_value, 2 * exponent_y),
            variance_slope=math.ldexp(found.variance_slope, 2 * (exponent_y - exponent_x)),
        )
    except OverflowError:
        raise InvalidQuantity("quantity.too_large", name=name, field="slope", value=found.slope) from None
    if line.variance_slope == 0.0 or line.variance_value == 0.0:
        raise InvalidQuantity("quantity.too_large", name=name, field="1/u(b)", value=found.slope)
    return line


def check_points(data: Array, name: str) -> None:
    """Raise InvalidQuantity for what no straight line can be fitted to."""
    for field, row in zip(("x", "y", "u_x", "u_y", "cov_xy"), data, strict=False):
        for value in row.tolist():
            if finite(value, name, field) < 0.0 and field in {"u_x", "u_y"}:
                raise InvalidQuantity("quantity.negative", name=name, field=field, value=value)
            if field != "cov_xy" and abs(value) > _LARGEST:
                raise InvalidQuantity("quantity.too_large", name=name, field=field, value=value)
    x, _, u_x, u_y = data[:4]
    if x.min() == x.max():
        raise InvalidQuantity("curve.equal_arguments", name=name, value=float(x[0]))
    exact = np.flatnonzero((u_x == 0.0) & (u_y == 0.0))
    if exact.size:
        raise InvalidQuantity("curve.exact_point", name=name, point=int(exact[0]) + 1)
    if len(data) > 4 and bool((np.abs(data[4]) > _JOINT * u_x * u_y).any()):
        raise InvalidQuantity("curve.covariance", name=name, field="cov_xy")


def scaled_points(data: Array, name: str) -> tuple[Array, int, int]:
    """Return the points with x and y divided by powers of two, and the exponents."""
    exponents = []
    for axis, field in enumerate(("x", "y")):
        u = data[axis + 2]
        largest = max(float(np.abs(data[axis]).max()), float(u.max()))
        tiny = (u > 0.0) & (u < _SMALLEST * largest)
        if largest * _LARGEST < 1.0 or bool(tiny.any()):
            value = float(u[tiny][0]) if bool(tiny.any()) else largest
            raise InvalidQuantity("quantity.too_large", name=name, field=f"1/u({field})", value=value)
        exponents.append(math.frexp(largest)[1])
    ex, ey = exponents
    scaled = room(len(data), data.shape[1])
    for row, exponent in enumerate((ex, ey, ex, ey, ex + ey)[: len(data)]):
        scaled[row] = np.ldexp(data[row], -exponent)
    return scaled, ex, ey


def _searched(data: Array, name: str, *, full: bool) -> Solution:
    """Return the line of least F over all directions, which passes through the weighted centre."""
    x, y = data[0], data[1]
    reach = max(float(np.ptp(y)), float(data[3].max())) / max(float(np.ptp(x)), float(data[2].max()))
    angles = (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS * math.pi - 0.5 * math.pi
    slopes = np.tan(angles) * (reach or 1.0)
    heights = [_Profile(data, slope).chi_squared for slope in slopes.tolist()]
    best = int(np.argmin(heights))
    if best in {0, _DIRECTIONS - 1}:
        raise NotConverged("solver.not_converged", name=name, count=_DIRECTIONS)
    lower, upper = float(slopes[best - 1]), float(slopes[best + 1])
    slope = float(slopes[best])
    for step in range(1, _STEPS + 1):
        at = _Profile(data, slope)
        if at.force > 0.0:
            lower = slope
        else:
            upper = slope
        move = at.force / at.curvature if at.curvature > 0.0 else math.inf
        following = slope + move
        if not lower <= following <= upper:
            following = 0.5 * (lower + upper)
        if abs(following - slope) <= 4.0 * 2.0**-52 * abs(slope) or upper - lower <= 2.0**-52 * abs(slope):
            return _Profile(data, following).solution(step, name, full=full)
        if at.curvature > 0.0 and move * at.force <= 1e-30:
            return _Profile(data, following).solution(step, name, full=full)
        slope = following
    raise NotConverged("solver.not_converged", name=name, count=_STEPS)


class _Profile:
    """F at one slope with the best intercept, its gradient and curvature, centred at the weighted mean."""

    def __init__(self, data: Array, slope: float) -> None:
        x, y = data[0], data[1]
        vx, vy = np.square(data[2]), np.square(data[3])
        joint = data[4] if len(data) > 4 else np.zeros_like(x)
        variance = vy - 2.0 * slope * joint + slope * slope * vx
        # an exact point across this direction would weigh infinitely: here it gets a large weight, and is refused
        # where it stays in the solution
        floor = _EXACT * float(variance.max())
        self.exact = int(np.argmin(variance)) + 1 if float(variance.min()) <= floor else None
        w = 1.0 / np.maximum(variance, floor if floor > 0.0 else 1e-300)
        total = float(w.sum())
        self.slope = slope
        self.x_mean, self.y_mean = float((w * x).sum()) / total, float((w * y).sum()) / total
        x, r = x - self.x_mean, (y - self.y_mean) - slope * (x - self.x_mean)
        t = w * r
        q = (slope * vx - joint) * t
        self.weights, self.fitted = w, x + q
        products = (w, w * x, w * q, w * q * x, w * q * q, w * x * x, t * r, t, t * x, t * q, vx * t * t)
        self.sums = tuple(math.fsum(product.tolist()) for product in products)
        self.chi_squared = self.sums[6]
        self.across, self.curvature = curvature_of(self.sums)
        self.force = self.sums[8] + self.sums[9] - self.across / self.sums[0] * self.sums[7]

    def solution(self, steps: int, name: str, *, full: bool) -> Solution:
        """Return the line as it stands."""
        if self.exact is not None:
            raise InvalidQuantity("curve.exact_point", name=name, point=self.exact)
        if not self.curvature > FLATTEST:
            raise InvalidQuantity("curve.equal_arguments", name=name, value=self.x_mean)
        s, w = self.sums, self.sums[0]
        intercept = self.y_mean + s[7] / w
        m = (s[1] + s[2]) / w
        # of the differences themselves: with very unequal weights the sums would cancel
        information = math.fsum((self.weights * np.square(self.fitted - m)).tolist())
        if not information > FLATTEST:
            raise InvalidQuantity("curve.equal_arguments", name=name, value=self.x_mean)
        if full:
            excess = max(s[10] - s[4], 0.0)
            numbers = propagated(
                w, s[2], information, excess, self.across, self.curvature, self.x_mean, intercept, self.slope
            )
        else:
            numbers = (self.x_mean + m, intercept + m * self.slope, self.slope, 1.0 / w, 1.0 / information)
        return Solution(*numbers, self.chi_squared, steps)
