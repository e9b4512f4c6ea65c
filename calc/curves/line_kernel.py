"""The numbers behind straight lines through independent points: Newton's method on the generalised distances.

Minimised is F(a, b) = Σ w r², r = y − a − b x, 1/w = u²(y) − 2 b cov(x, y) + b² u²(x) (ISO/TS 28037:2010, clauses 6 to
8; constant weights are a special case that takes one step). With t = w r, p = b u²(x) − cov(x, y), q = p t the fitted
abscissa is ξ = x + q, and F/2 has the exact gradient −(Σ t, Σ t (x + q)) and the exact second derivatives Σ w,
Σ w (x + 2q), Σ w (x + 2q)² − Σ u²(x) t². All are sums of few products, taken in one reduction.

The same statements run on one line (rows of n numbers, floats) and on many (rows of shape (n_lines, n), arrays), in the
same order, so a line has the same bits alone or among others. Lines that leave the plain way (see `_usable`) are
for `calc.curves.line_search`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEPS: Final = 12
_SETTLED: Final = 1e-16  # of (1 + χ²): the next step moves a and b by less than 1e-8 of their uncertainties
_ROUNDING: Final = 1e-8  # of (1 + χ²): below, a step that does not shrink is rounding
_STALLED: Final = 0.25
_JOINT: Final = 0.999999  # of r²(x, y): above, a point may have no variance across the line
UNBALANCED: Final = 1e4
_LARGEST: Final = 1e25  # squares of products of five such numbers, u(y) below, are numbers still
SMALLEST: Final = 1e-25  # of u(y)

_add = np.add.reduce
_plus, _subtract, _multiply, _divide = np.add, np.subtract, np.multiply, np.divide


class Points:
    """Centred points and work space. `data`: rows x, y, u(x), u(y), perhaps cov(x, y), of shape (n,) or (n, n_lines).

    Sums run over the points one after another: what is summed, `data` too, lies in memory point by point (`room` for
    one line), so that one line and many add up in the same order.
    """

    __slots__ = ("_move", "_products", "_start", "_sums", "mean", "n", "one")

    def __init__(self, data: Array, space: Array | None = None) -> None:
        """Take the points, and work space from `work_space` where many sets of points follow each other."""
        shape = data.shape[1:]
        self.n = n = shape[0]
        self.one = len(shape) == 1
        if self.one:
            rows, products = np.empty((10, n)), room(len(data) + 6, n)
        else:
            whole = work_space(*shape) if space is None else space[:, :, : shape[1]]
            rows, products = whole[:10], whole[10 : len(data) + 16]
        values = data[:2]
        mean = _add(values, 1)
        mean /= n
        self.mean: Any = mean.tolist() if self.one else mean
        # rows: r, 1, x, q, q x, q², x², then w, t, u²(x) t
        r, _, x, q, _, _, xx, w, t, v = rows
        both = rows[2::-2]
        _subtract(values, mean[:, None], both)
        rows[1] = 1.0
        spreads = data[2:4]
        vx, vy = spreads * spreads
        self._start = (both, xx)
        self._move = (x, r, w)
        joint = data[4] if len(data) > 4 else None
        products_of = (products[:6], products[6:10], None if joint is None else products[10])
        self._products = products
        self._sums = (vx, vy, joint, q, r, w, t, v, rows[2:4], rows[4:6], rows[1:7], rows[:4], *products_of)

    def start(self) -> Any:
        """Return Σ x² and Σ x y of the centred points: the slope of ordinary least squares is their ratio."""
        both, xx = self._start
        products = self._products[:2]
        _multiply(both[0], both, products)
        xx[:] = products[0]
        sums = _add(products, 1)
        return sums.tolist() if self.one else sums

    def place(self, slope: Any) -> None:
        """Lay the line with `slope` through the centre; before, the residuals are y itself."""
        x, r, work = self._move
        _multiply(x, slope, work)
        _subtract(r, work, r)

    def move(self, intercept: Any, slope: Any) -> None:
        """Move the line by a step."""
        x, r, work = self._move
        _multiply(x, slope, work)
        _plus(work, intercept, work)
        _subtract(r, work, r)

    def sums(self, b: Any) -> Any:
        """Return Σ of w, w x, w q, w q x, w q², w x², t r, t, t x, t q and u²(x) t² at a slope."""
        vx, vy, covariance, q, r, w, t, v, xq, q_xq, times_w, times_t, of_w, of_t, of_v = self._sums
        _multiply(vx, b * b, w)
        _plus(w, vy, w)
        if covariance is not None:
            w -= (b + b) * covariance
        _divide(1.0, w, w)
        _multiply(w, r, t)
        if covariance is None:
            _multiply(vx, t, q)  # here without its factor b, which the sums get below
        else:
            _multiply(vx, t, v)
            _multiply(v, b, q)
            q -= covariance * t
            _multiply(v, t, of_v)
        _multiply(q, xq, q_xq)
        _multiply(w, times_w, of_w)
        _multiply(t, times_t, of_t)
        totals = _add(self._products, 1)
        if self.one:
            totals = totals.tolist()
        if covariance is not None:
            return tuple(totals)
        sw, wx, wv, wvx, wvv, wxx, tr, st, tx, tv = totals
        return sw, wx, b * wv, b * wvx, b * b * wvv, wxx, tr, st, tx, b * tv, tv


def room(rows: int, n: int) -> Array:
    """Return an array of shape (rows, n) that lies in memory point by point."""
    return np.empty((n, rows)).T


def work_space(n: int, lines: int) -> Array:
    """Return room for sets of `n` points for up to `lines` lines at once."""
    return np.empty((21, n, lines))


def is_plain(data: Array) -> bool:
    """Whether all numbers are of a size and sign that the plain way takes; NaN and infinities are not."""
    if not float(np.maximum.reduce(data, None)) < _LARGEST:
        return False
    least = np.minimum.reduce(data, 1)
    x, y, u_x, u_y = (least if least.ndim == 1 else least.min(1)).tolist()[:4]
    if not (x > -_LARGEST and y > -_LARGEST and u_x >= 0.0 and u_y > SMALLEST):
        return False
    return len(data) == 4 or bool((data[4] * data[4] <= _JOINT * (data[2] * data[2]) * (data[3] * data[3])).all())


@dataclass(frozen=True, slots=True)
class Solution:
    """What a fit found: floats for one line, arrays of shape (n_lines,) for many.

    The line is y = `value` + `slope` (x − `centre`), where value and slope are uncorrelated.
    """

    centre: Any
    value: Any
    slope: Any
    variance_value: Any
    variance_slope: Any
    chi_squared: Any
    steps: Any


def solve_one(points: Points, *, full: bool) -> Solution | None:
    """Return the fitted line of one set of points, or None when the plain way does not lead to it."""
    xx, xy = points.start()
    if not _startable(xx, xy, points.mean[0], points.n):
        return None
    slope, intercept, previous = xy / xx, 0.0, np.inf
    points.place(slope)
    for step in range(1, STEPS + 1):
        s = points.sums(slope)
        ab, curvature = curvature_of(s)
        if not _usable(s, ab, curvature):
            return None
        da, db, decrement = _step(s, ab, curvature)
        slope += db
        intercept += da
        limit = 1.0 + s[6]
        if decrement <= _SETTLED * limit or (_ROUNDING * limit >= decrement >= _STALLED * previous):
            x, y = points.mean
            return Solution(*described(s, ab, curvature, x, y + intercept, slope, full=full), s[6], step)
        previous = decrement
        points.move(da, db)
    return None


def solve_many(points: Points, *, full: bool) -> tuple[Solution, NDArray[np.bool_]]:
    """Return the fitted lines and which of them the plain way led to; the numbers of others mean nothing."""
    xx, xy = points.start()
    good = _startable(xx, xy, points.mean[0], points.n)
    slope = np.where(good, xy, 0.0) / np.where(good, xx, 1.0)
    intercept, previous = np.zeros_like(slope), np.full_like(slope, np.inf)
    running = good.copy()
    steps = np.zeros(slope.shape, dtype=np.int64)
    kept = np.zeros((11, *slope.shape))
    kept[0] = kept[5] = 1.0  # stays for lines that do not settle
    points.place(slope)
    for step in range(1, STEPS + 1):
        s = points.sums(slope)
        ab, curvature = curvature_of(s)
        running &= _usable(s, ab, curvature)
        da, db, decrement = _step(s, ab, np.where(running, curvature, 1.0))
        da, db = np.where(running, da, 0.0), np.where(running, db, 0.0)
        slope += db
        intercept += da
        limit = 1.0 + s[6]
        settled = decrement <= _SETTLED * limit
        settled |= (decrement <= _ROUNDING * limit) & (decrement >= _STALLED * previous)
        settled &= running
        for row, numbers in zip(kept, s, strict=True):
            np.copyto(row, numbers, where=settled)
        steps[settled] = step
        running &= ~settled
        if not running.any():
            break
        previous = decrement
        points.move(np.where(running, da, 0.0), np.where(running, db, 0.0))
    ab, curvature = curvature_of(kept)
    numbers = described(kept, ab, curvature, points.mean[0], points.mean[1] + intercept, slope, full=full)
    good = steps > 0
    return Solution(*numbers, kept[6], steps), good


def _startable(xx: Any, xy: Any, mean: Any, n: int) -> Any:
    """Whether the points spread and the first slope is of a size whose square stays a number."""
    return (xx > 1e-50) & (xx > n * (1e-15 * mean) ** 2) & (abs(xy) < _LARGEST * xx)


def curvature_of(s: Any) -> tuple[Any, Any]:
    """Return ∂²F/∂a∂b / 2, and ∂²F/∂b² / 2 with the intercept at its best."""
    w, wx, wq, wqx, wqq, wxx, _, _, _, _, vtt = s
    ab = wx + 2.0 * wq
    return ab, wxx + 4.0 * wqx + 4.0 * wqq - vtt - ab / w * ab


def _usable(s: Any, ab: Any, curvature: Any) -> Any:
    """Whether F curves upward here and the weights do not lie so one-sidedly that centring lost digits."""
    return (curvature > 1e-3 * s[5]) & (ab * ab < UNBALANCED * s[0] * curvature)


def _step(s: Any, ab: Any, curvature: Any) -> tuple[Any, Any, Any]:
    """Return the Newton step of intercept and slope, and the square of its length in their uncertainties."""
    w, t = s[0], s[7]
    m = ab / w
    force = s[8] + s[9] - m * t
    db = force / curvature
    return t / w - m * db, db, t * t / w + force * db


def described(
    s: Any, ab: Any, curvature: Any, mean: Any, intercept: Any, slope: Any, *, full: bool
) -> tuple[Any, Any, Any, Any, Any]:
    """Return centre, value there, slope, and the variances of both, which are uncorrelated at that centre.

    By the normal equations of the Gauss–Newton step (ISO/TS 28037:2010, 7.2.2 step 7 and 10.2.2), or by `full`
    propagation of u(x) and u(y) through the implicit estimate (JCGM 102:2011, 6.3).
    """
    w, wx, wq, wqx, wqq, wxx, _, _, _, _, vtt = s
    fitted = wx + wq
    m = fitted / w
    information = wxx + 2.0 * wqx + wqq - m * fitted
    if not full:
        return mean + m, intercept + m * slope, slope, 1.0 / w, 1.0 / information
    return propagated(w, wq, information, vtt - wqq, ab, curvature, mean, intercept, slope)


def propagated(
    w: Any, wq: Any, information: Any, excess: Any, ab: Any, curvature: Any, mean: Any, intercept: Any, slope: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """Return the same with the covariance H⁻¹ B Hᵀ⁻¹, where B is the covariance of the gradient."""
    variance_slope = (information + wq * wq / w + excess) / (curvature * curvature)
    covariance = -wq / (w * curvature)
    e = -covariance / variance_slope
    shift = ab / w + e
    return mean + shift, intercept + shift * slope, slope, 1.0 / w + covariance * e, variance_slope
