"""Certificate points as a curve: what holds at them, and what a declared rule says between them.

Between two points the default rule is the straight line with the larger of both neighbours' uncertainties and an
interpolation term; the certificate's part of the uncertainty then counts as fully correlated along the curve, as it is
when all points rest on the same standards. Where the covariance of the points is given, the quadratic form of the
interpolation weights takes its place.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from calc.curves.curve import Argument, Array, Curve, checked_covariance, checked_size
from calc.curves.domain import Domain
from calc.curves.spline import parabola_roots, spline_matrix
from calc.errors import InvalidQuantity, OutsideValidity
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom
from calc.quantities import finite, not_negative

_ROOT_3: Final = math.sqrt(3.0)
_NEAR: Final = 1e-12
_LARGEST: Final = 1e30
"""Of any number, and its inverse of the distance of two points: the term's variance then is a number."""

Where = tuple[NDArray[np.int64], Array, Array]
"""Lower neighbour, fraction of the interval and its width, each of the arguments' shape."""


class InterpolationRule(StrEnum):
    """What may be done between points: nothing, the straight line, the natural cubic spline."""

    NONE = "none"
    LINEAR = "linear"
    NATURAL_CUBIC = "natural_cubic"


class InterpolationTerm(StrEnum):
    """The uncertainty that interpolating adds between points, as a rectangular half-width; none at the points.

    `NONE`: declared to be negligible. `STATED`: the same between all points. `SECOND_DIFFERENCES`: what a parabola
    with the larger second difference of both neighbours departs from the straight line, s (1 − s) h² |f''|/2 at the
    fraction s of an interval h; for the linear rule.
    """

    NONE = "none"
    STATED = "stated"
    SECOND_DIFFERENCES = "second_differences"


@dataclass(frozen=True, slots=True)
class PointCurve(Curve):
    """A curve through certified points.

    `arguments`, rising, `point_values`, `standard_uncertainties` and `freedoms` have one number a point, n ≥ 1;
    `point_covariance`, shape (n, n) in the value's unit squared, replaces the rule of the larger neighbour where it
    is given. `half_width` is that of the stated term, in the value's unit.
    """

    kind: ClassVar[str] = "points"
    name: str
    argument_unit: str
    value_unit: str
    domain: Domain
    arguments: tuple[float, ...]
    point_values: tuple[float, ...]
    standard_uncertainties: tuple[float, ...]
    freedoms: tuple[float, ...]
    rule: InterpolationRule = InterpolationRule.LINEAR
    term: InterpolationTerm = InterpolationTerm.SECOND_DIFFERENCES
    half_width: float = 0.0
    point_covariance: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.arguments)
        needed = {InterpolationRule.NONE: 1, InterpolationRule.LINEAR: 2, InterpolationRule.NATURAL_CUBIC: 3}[self.rule]
        if self.term is InterpolationTerm.SECOND_DIFFERENCES and self.rule is InterpolationRule.LINEAR:
            needed = 3
        if n < needed:
            raise InvalidQuantity("curve.too_few_points", name=self.name, count=n, needed=needed)
        checks = (
            ("arguments", finite),
            ("point_values", finite),
            ("standard_uncertainties", not_negative),
            ("freedoms", lambda number, name, _field: checked_degrees_of_freedom(number, name)),
        )
        for field, check in checks:
            numbers = getattr(self, field)
            if len(numbers) != n:
                raise InvalidQuantity("curve.point_count", name=self.name, field=field, count=len(numbers), needed=n)
            object.__setattr__(self, field, tuple(check(number, self.name, field) for number in numbers))
            if field != "freedoms":
                checked_size(np.array(getattr(self, field)), self.name, field, _LARGEST)
        for left, right in zip(self.arguments, self.arguments[1:], strict=False):
            if not right - left >= 1.0 / _LARGEST:
                raise InvalidQuantity("curve.equal_arguments", name=self.name, value=right)
        object.__setattr__(self, "half_width", not_negative(self.half_width, self.name, "half_width"))
        self._check_term()
        if self.point_covariance is not None:
            matrix = checked_covariance(self.point_covariance, n, self.name)
            object.__setattr__(self, "point_covariance", matrix)

    def _check_term(self) -> None:
        wrong = self.term is InterpolationTerm.SECOND_DIFFERENCES and self.rule is InterpolationRule.NATURAL_CUBIC
        if wrong or (self.term is not InterpolationTerm.STATED and self.half_width != 0.0):
            raise InvalidQuantity("curve.method", name=self.name, value=self.term.value, field=self.rule.value)
        if self.domain.lower < self.arguments[0] or self.domain.upper > self.arguments[-1]:
            raise InvalidQuantity("curve.range", name=self.name, lower=self.domain.lower, upper=self.domain.upper)
        if self.domain.justification and self.rule is not InterpolationRule.LINEAR:
            raise InvalidQuantity("curve.method", name=self.name, value=self.rule.value, field="extrapolate")

    def value(self, x: Argument) -> Argument:
        """Return the certified value, or the interpolated one."""
        where = self._located(x)
        y, (place, s, h) = np.array(self.point_values), where
        found = y[place] + s * (y[place + self._one] - y[place])
        if self.rule is InterpolationRule.NATURAL_CUBIC:
            bend = self._bends()
            left, right = bend[place], bend[place + 1]
            r = 1.0 - s
            found = found - s * r * ((1.0 + r) * left + (1.0 + s) * right) * (h * h / 6.0)
        return _like(x, np.where(s == 1.0, y[place + self._one], found))

    def derivative(self, x: Argument) -> Argument:
        """Return dc/dx; at a certified point of the linear rule that of the interval above, at the last that below."""
        place, s, h = self._located(x)
        y = np.array(self.point_values)
        slope = (y[place + self._one] - y[place]) / h
        if self.rule is InterpolationRule.NATURAL_CUBIC:
            bend = self._bends()
            r = 1.0 - s
            slope = slope + ((3.0 * s * s - 1.0) * bend[place + 1] - (3.0 * r * r - 1.0) * bend[place]) * (h / 6.0)
        return _like(x, slope)

    def second_derivative(self, x: Argument) -> Argument:
        """Return d²c/dx², inside an interval."""
        place, s, _ = self._located(x)
        if self.rule is not InterpolationRule.NATURAL_CUBIC:
            return _like(x, np.zeros_like(s))
        bend = self._bends()
        return _like(x, (1.0 - s) * bend[place] + s * bend[place + 1])

    def covariance(self, first: Argument, second: Argument) -> Argument:
        """Return the covariance of two values: the certificate's part, and within one interval the term's.

        Source: JCGM 100:2008, 5.2.2; JCGM 102:2011, 6.2.1.3 (quadratic form of the weights).
        """
        one, two = self._located(first), self._located(second)
        if self.point_covariance is None:
            total = self._larger(one) * self._larger(two)
        else:
            total = self._quadratic(one, two, np.array(self.point_covariance))
        same = one[0] == two[0]
        return _like(first, total + np.where(same, self._added(one) * self._added(two), 0.0))

    def degrees_of_freedom(self, x: float) -> float:
        """Return those of the certificate's part in the whole uncertainty; the interpolation term's are infinite.

        Source: JCGM 100:2008, G.4.1; where the points' covariance is given the smaller of both neighbours' counts.
        """
        where = self._located(x)
        place, s = int(where[0]), float(where[1])
        used = [place, place + self._one]
        if s in {0.0, 1.0}:
            used = [used[int(s)]]
        elif self.point_covariance is None:
            used = [max(used, key=lambda index: (self.standard_uncertainties[index], -self.freedoms[index]))]
        nu = min(self.freedoms[index] for index in used)
        certified = self.standard_uncertainty(x) ** 2 - float(self._added(where)) ** 2
        if math.isinf(nu) or certified <= 0.0:
            return math.inf
        return max(nu * (1.0 + float(self._added(where)) ** 2 / certified) ** 2, nu)

    def turning_points(self) -> tuple[float, ...]:
        """Return, ascending, where the curve turns round."""
        if self.rule is InterpolationRule.NONE:
            return self.arguments[1:-1]
        if self.rule is InterpolationRule.LINEAR:
            slopes = np.diff(self.point_values)
            turns = [x for x, a, b in zip(self.arguments[1:], slopes, slopes[1:], strict=False) if a * b <= 0.0]
            return tuple(turns)
        found: list[float] = []
        bend, y = self._bends(), self.point_values
        for i, (left, right) in enumerate(zip(self.arguments, self.arguments[1:], strict=False)):
            h = right - left
            # derivative h·c'(s) = a + b s + c s² over the interval
            c = 0.5 * h * h * float(bend[i + 1] - bend[i])
            b = h * h * float(bend[i])
            a = y[i + 1] - y[i] - h * h / 6.0 * float(2.0 * bend[i] + bend[i + 1])
            # a turn at a point may by rounding lie just outside both intervals
            inside = (s for s in parabola_roots(a, b, c) if -_NEAR <= s <= 1.0 + _NEAR)
            found.extend(left + min(max(s, 0.0), 1.0) * h for s in inside)
        near = _NEAR * (self.arguments[-1] - self.arguments[0])
        kept: list[float] = []
        for x in sorted(found):
            if self.domain.usable_lower < x < self.domain.usable_upper and (not kept or x - kept[-1] > near):
                kept.append(x)
        return tuple(kept)

    def solutions(self, y: float) -> tuple[float, ...]:
        """Return every x that gives y; without interpolation only certified points can."""
        if self.rule is InterpolationRule.NONE:
            return tuple(x for x, value in zip(self.arguments, self.point_values, strict=True) if value == y)
        return Curve.solutions(self, y)

    @property
    def _one(self) -> int:
        """The step to the upper neighbour; a single point is its own."""
        return 0 if len(self.arguments) == 1 else 1

    def _located(self, x: float | Array) -> Where:
        """Return the lower neighbour of each x, the fraction of its interval, and the interval's width."""
        self.domain.check(x, self.name)
        points = np.array(self.arguments)
        values = np.asarray(x, dtype=np.float64)
        if len(points) == 1:
            return np.zeros(values.shape, dtype=np.int64), np.zeros(values.shape), np.ones(values.shape)
        place = np.clip(np.searchsorted(points, values, side="right") - 1, 0, len(points) - 2)
        h = points[place + 1] - points[place]
        s = np.where(values == points[place + 1], 1.0, (values - points[place]) / h)
        if self.rule is InterpolationRule.NONE and not bool(((s == 0.0) | (s == 1.0)).all()):
            off = float(values[(s != 0.0) & (s != 1.0)].flat[0])
            raise OutsideValidity("curve.between_points", name=self.name, value=off)
        return place, s, h

    def _larger(self, where: Where) -> Array:
        """Return the larger neighbour's standard uncertainty, at a certified point its own."""
        place, s, _ = where
        u = np.array(self.standard_uncertainties)
        left, right = u[place], u[place + self._one]
        return np.where(s == 0.0, left, np.where(s == 1.0, right, np.maximum(left, right)))

    def _added(self, where: Where) -> Array:
        """Return the standard uncertainty that interpolating adds."""
        place, s, h = where
        if self.term is InterpolationTerm.NONE or self.rule is InterpolationRule.NONE:
            return np.zeros_like(s)
        if self.term is InterpolationTerm.STATED:
            return np.where((s == 0.0) | (s == 1.0), 0.0, self.half_width / _ROOT_3)
        second = _second_differences(self.arguments, self.point_values)
        larger = np.maximum(second[place], second[place + 1])
        added: Array = np.abs(s * (1.0 - s)) * (h * h) * larger * (0.5 / _ROOT_3)
        return added

    def _quadratic(self, one: Where, two: Where, covariance: Array) -> Array:
        """Return Σ w1_i V_ij w2_j, added up in the order of the points."""
        if self.rule is InterpolationRule.NATURAL_CUBIC:
            first, second = self._weights(one), self._weights(two)
            rows = [_added_up([v * second[..., j] for j, v in enumerate(row)]) for row in covariance.tolist()]
            return _added_up([first[..., i] * row for i, row in enumerate(rows)])
        (i, s, _), (j, t, _), step = one, two, self._one
        low = (1.0 - s) * covariance[i, j] + s * covariance[i + step, j]
        high = (1.0 - s) * covariance[i, j + step] + s * covariance[i + step, j + step]
        form: Array = (1.0 - t) * low + t * high
        return form

    def _weights(self, where: Where) -> Array:
        """Return the weight of every point in each value of the spline, shape (…, n)."""
        place, s, h = where
        unit, bending, r = np.eye(len(self.arguments)), spline_matrix(self.arguments), 1.0 - s
        left, right = -s * r * (1.0 + r) * (h * h / 6.0), -s * r * (1.0 + s) * (h * h / 6.0)
        straight = r[..., None] * unit[place] + s[..., None] * unit[place + 1]
        weights: Array = straight + left[..., None] * bending[place] + right[..., None] * bending[place + 1]
        return weights

    def _bends(self) -> Array:
        """Return the second derivatives of the spline at the points."""
        bends: Array = spline_matrix(self.arguments) @ np.array(self.point_values)
        return bends


def _added_up(parts: Sequence[Array]) -> Array:
    """Return the sum of arrays, one after another."""
    return functools.reduce(np.add, parts)


def _like(x: Argument, values: Array) -> Argument:
    """Return an array where one was asked for, else a float."""
    return values if isinstance(x, np.ndarray) else float(values)


def _second_differences(arguments: Sequence[float], values: Sequence[float]) -> Array:
    """Return |f''| at each point from it and its neighbours; the ends take the one beside them."""
    x, y = np.array(arguments), np.array(values)
    slopes = np.diff(y) / np.diff(x)
    inner = np.abs(2.0 * np.diff(slopes) / (x[2:] - x[:-2]))
    return np.concatenate([inner[:1], inner, inner[-1:]])
