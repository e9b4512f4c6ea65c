"""The natural cubic spline through points, as a matrix, and the real roots of a parabola."""

from __future__ import annotations

import functools
import math

import numpy as np

from calc.curves.curve import Array


@functools.lru_cache(maxsize=256)
def spline_matrix(arguments: tuple[float, ...]) -> Array:
    """Return the matrix that takes the values at the points to the second derivatives of the natural cubic spline."""
    n = len(arguments)
    h = np.diff(arguments)
    system, right = np.eye(n), np.zeros((n, n))
    for i in range(1, n - 1):
        system[i, i - 1 : i + 2] = h[i - 1] / 6.0, (h[i - 1] + h[i]) / 3.0, h[i] / 6.0
        right[i, i - 1 : i + 2] = 1.0 / h[i - 1], -1.0 / h[i - 1] - 1.0 / h[i], 1.0 / h[i]
    matrix: Array = np.asarray(np.linalg.solve(system, right), dtype=np.float64)
    matrix.setflags(write=False)
    return matrix


def parabola_roots(a: float, b: float, c: float) -> tuple[float, ...]:
    """Return the real roots of a + b s + c s², without cancellation."""
    if c == 0.0:
        return (-a / b,) if b != 0.0 else ()
    square = b * b - 4.0 * a * c
    if square < 0.0:
        return ()
    q = -0.5 * (b + math.copysign(math.sqrt(square), b))
    return (q / c, a / q) if q != 0.0 else (0.0,)
