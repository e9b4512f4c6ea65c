"""Least squares solved by Householder QR in double precision and refined until 50 digits stand.

The augmented system of A. Björck (BIT 7, 1967, 257–278) is refined: coefficients and residuals together, so that large
residuals and nearly dependent columns cost steps, not digits. Corrections come from doubles; what they are corrected
by is computed in fixed point with 320 bits behind the point. No product of the matrix with itself is formed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from calc.errors import InvalidQuantity
from calc.exact_numbers import Column

_BITS = 320
_DIGITS = 170  # bits of a solution that have to stand, 51 decimal digits
_NOTHING = 150  # what is smaller than 2**-150 of the data is rounding of the fixed point: it is 0
_MAXIMUM_STEPS = 60
_DEPENDENT = 1e-14

Floats = NDArray[np.float64]
Integers = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Solution:
    """What minimises the sum of squared residuals over their variances.

    `coefficients`: (n_columns,); `cofactors`: (n_columns, n_columns), the inverse of the weighted cross products of the
    columns; `residuals`: (n_rows,), response minus fit. All hold some 50 digits.
    """

    coefficients: tuple[Fraction, ...]
    cofactors: tuple[tuple[Fraction, ...], ...]
    residuals: tuple[Fraction, ...]


def solve(
    columns: Sequence[Column],
    response: Column,
    variances: Sequence[Fraction] | None = None,
    names: Sequence[str] = (),
) -> Solution:
    """Return the coefficients of `columns` that fit `response` best, each row weighted by 1/variance.

    Raises InvalidQuantity `regression.dependent`, with the column's name of `names`, where a column is, to 14 digits, a
    combination of those before it.
    """
    exponents = [_exponent(column) for column in columns]
    height = _exponent(response)
    spread = Column.of(variances or [Fraction(1)] * len(response.numerators))
    breadth = _exponent(spread)
    system = _System(
        _table([_fixed(column, e) for column, e in zip(columns, exponents, strict=True)]).T,
        _table([_fixed(spread, breadth)]).T,
        names or [f"column {position}" for position in range(1, len(columns) + 1)],
    )
    width = len(columns)
    right = np.zeros((len(response.numerators), 1 + width), dtype=object)
    right[:, 0] = _fixed(response, height)
    below = np.zeros((width, 1 + width), dtype=object)
    for index in range(width):
        below[index, index + 1] = -(1 << _BITS)
    found, multipliers = system.refined(right, below)
    smallest = 1 << (_BITS - _NOTHING)
    main = (0 if abs(value) < smallest else value for value in found[:, 0])
    coefficients = tuple(_number(value, height - e) for value, e in zip(main, exponents, strict=True))
    half = _symmetric(found[:, 1:])
    inverse = tuple(
        tuple(_number(half[i, j], breadth - exponents[i] - exponents[j] - 1) for j in range(width))
        for i in range(width)
    )
    residuals = (system.variances[:, 0] * multipliers[:, 0]) >> _BITS
    cleaned = (0 if abs(residual) < smallest else residual for residual in residuals)
    return Solution(coefficients, inverse, tuple(_number(residual, height) for residual in cleaned))


def _symmetric(matrix: Integers) -> Integers:
    """Return the sum of a matrix and its transpose, with 0 for what lies below the resolution."""
    total: Integers = matrix + matrix.T
    for i in range(len(total)):
        for j in range(len(total)):
            if (total[i, j] ** 2) << (2 * _NOTHING) < total[i, i] * total[j, j]:
                total[i, j] = 0
    return total


def _exponent(column: Column) -> int:
    """Return e so that the largest magnitude lies between 2**(e-1) and 2**(e+1), 0 for a column of zeros."""
    largest = max((abs(number) for number in column.numerators), default=0)
    return largest.bit_length() - column.denominator.bit_length() if largest else 0


def _fixed(column: Column, exponent: int) -> list[int]:
    """Return the values times 2**(320 - exponent), rounded down."""
    up, down = max(_BITS - exponent, 0), max(exponent - _BITS, 0)
    divisor = column.denominator << down
    return [(number << up) // divisor for number in column.numerators]


def _table(rows: Sequence[Sequence[int]]) -> Integers:
    """Return whole numbers of any size as an array of objects, (n_rows, n_columns)."""
    table = np.empty((len(rows), len(rows[0]) if rows else 0), dtype=object)
    for row, numbers in zip(table, rows, strict=True):
        row[:] = numbers
    return table


def _number(fixed: int, exponent: int) -> Fraction:
    shift = exponent - _BITS
    return Fraction(fixed << shift) if shift >= 0 else Fraction(fixed, 1 << -shift)


def _floats(fixed: Integers) -> Floats:
    return np.ldexp(fixed.astype(np.float64), -_BITS)


def _whole(numbers: Floats) -> Integers:
    flat = [int(number) for number in np.ldexp(numbers, _BITS).ravel().tolist()]
    return _table([flat]).reshape(numbers.shape)


class _System:
    """V λ + A x = b and Aᵀ λ = g in fixed point, with the QR factors of V^(-1/2) A in double precision."""

    def __init__(self, matrix: Integers, variances: Integers, names: Sequence[str]) -> None:
        self._matrix = matrix
        self._names = names
        self.variances = variances
        self._roots = np.sqrt(_floats(variances))
        scaled = _floats(matrix) / self._roots
        norms = np.sqrt((scaled * scaled).sum(axis=0))
        self._q, self._r = np.linalg.qr(scaled)
        distances = np.abs(np.diag(self._r))
        for name, distance, norm in zip(names, distances.tolist(), norms.tolist(), strict=True):
            if not distance > _DEPENDENT * norm:
                raise InvalidQuantity("regression.dependent", name=name)

    def _correction(self, upper: Floats, lower: Floats) -> tuple[Floats, Floats]:
        """Return coefficients and multipliers for residuals of the two equations, in double precision."""
        scaled = upper / self._roots
        below = solve_triangular(self._r, lower, trans="T")
        projected = self._q.T @ scaled - below
        return solve_triangular(self._r, projected), (scaled - self._q @ projected) / self._roots

    def refined(self, right: Integers, below: Integers) -> tuple[Integers, Integers]:
        """Return x, (n_columns, n), and λ, (n_rows, n), for b (n_rows, n) and g (n_columns, n)."""
        found, multipliers = np.zeros_like(below), np.zeros_like(right)
        last = math.inf
        for _ in range(_MAXIMUM_STEPS):
            upper = right - ((self.variances * multipliers + self._matrix @ found) >> _BITS)
            lower = below - ((self._matrix.T @ multipliers) >> _BITS)
            step, turn = self._correction(_floats(upper), _floats(lower))
            found, multipliers = found + _whole(step), multipliers + _whole(turn)
            size = max(_relative(step, found), _relative(turn, multipliers))
            if size <= math.ldexp(1.0, -_DIGITS):
                return found, multipliers
            if size > 0.5 * last:
                break
            last = size
        raise InvalidQuantity("regression.dependent", name=", ".join(self._names))


def _relative(step: Floats, total: Integers) -> float:
    """Return the largest change, relative to the largest element of its column or to 1, the size of the data."""
    sizes = np.maximum(np.abs(_floats(total)).max(axis=0), 1.0)
    return float((np.abs(step).max(axis=0) / sizes).max())
