"""The two-sided quantile of Student's t by table: one per coverage probability, made at first use.

Between 1/ν = 0 (normal) and 1 the quantile is a smooth function of 1/ν. It is held as polynomials of degree 5 on 512
equal intervals, through values of scipy that share their ends. Against scipy's own quantile the table is good to
1e-13 relative for every coverage probability (to some 1e-15 for those in use), and costs a hundredth. The same
operations on floats and on arrays give the same bits.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

Array = NDArray[np.float64]
_INTERVALS = 512
_DEGREE = 5
_SCALE = float(_INTERVALS)
_NODES = 0.5 * (1.0 - np.cos(np.pi * np.arange(_DEGREE + 1) / _DEGREE))
"""Where in an interval (0 to 1) the polynomial meets the quantile: Chebyshev's points with both ends."""

Row = tuple[float, float, float, float, float, float]


def _coefficients(values: Array) -> Array:
    """Return the coefficients (degree + 1, n), constant first, of the polynomials through `values` (degree + 1, n).

    Newton's divided differences, multiplied out; written with elementwise operations, whose bits no library chooses.
    """
    differences = values.copy()
    for order in range(1, _DEGREE + 1):
        for place in range(_DEGREE, order - 1, -1):
            width = _NODES[place] - _NODES[place - order]
            differences[place] = (differences[place] - differences[place - 1]) / width
    result = np.zeros_like(values)
    for place in range(_DEGREE, -1, -1):
        for power in range(_DEGREE, 0, -1):
            result[power] = result[power - 1] - _NODES[place] * result[power]
        result[0] = differences[place] - _NODES[place] * result[0]
    return result


@dataclass(frozen=True, slots=True, eq=False)
class StudentTable:
    """Quantiles for one coverage probability: `rows` for floats, `columns` (degree + 1, n_intervals + 1) for arrays.

    The last row is for ν = 1 alone, so that no index needs to be limited.
    """

    rows: tuple[Row, ...]
    columns: Array

    def factor(self, degrees_of_freedom: float) -> float:
        """Return the quantile for degrees of freedom of at least 1, which may be infinite."""
        place = _SCALE / degrees_of_freedom
        index = int(place)
        t = place - index
        a, b, c, d, e, f = self.rows[index]
        return ((((f * t + e) * t + d) * t + c) * t + b) * t + a

    def factors(self, degrees_of_freedom: Array, out: Array | None = None) -> Array:
        """Return the quantiles for an array of degrees of freedom, each of at least 1, any shape; in `out` or new."""
        t = np.divide(_SCALE, degrees_of_freedom)
        taken = np.floor(t)
        index = taken.astype(np.intp)
        np.subtract(t, taken, out=t)
        result = np.empty_like(t) if out is None else out
        self.columns[_DEGREE].take(index, out=result, mode="wrap")  # the mode without a buffer; no index lies outside
        for column in self.columns[_DEGREE - 1 :: -1]:
            np.multiply(result, t, out=result)
            column.take(index, out=taken, mode="wrap")
            np.add(result, taken, out=result)
        return result


@functools.lru_cache(maxsize=64)
def student_table(coverage_probability: float) -> StudentTable:
    """Return the table for a coverage probability strictly between 0 and 1."""
    tail = 0.5 * (1.0 - coverage_probability)
    inverse = (np.arange(_INTERVALS) + _NODES[:, np.newaxis]) / _SCALE
    values = np.empty_like(inverse)
    values[inverse > 0.0] = -stdtrit(1.0 / inverse[inverse > 0.0], tail)
    values[inverse == 0.0] = -ndtri(tail)
    columns = np.zeros((_DEGREE + 1, _INTERVALS + 1))
    columns[:, :-1] = _coefficients(values)
    columns[0, -1] = values[-1, -1]
    rows = tuple((a, b, c, d, e, f) for a, b, c, d, e, f in columns.T.tolist())
    return StudentTable(rows, columns)
