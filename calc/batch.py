"""The law of propagation at many points at once, with the bits that each point has alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from calc.compiler.batch_kernel import Array, BatchKernel, BatchPropagation, Row, check_one_by_one
from calc.compiler.kernel import Kernel, keep
from calc.errors import InvalidQuantity
from calc.model import CompiledModel
from calc.propagation import kernel_and_coefficients
from calc.quantities import Correlation

__all__ = ["BatchPropagation", "propagate_many"]

Rows = Sequence[float | Sequence[float] | Array] | Array
_IDLE: tuple[frozenset[float], ...] = (frozenset(), frozenset({0.0}), frozenset({math.inf}))
"""Numbers, by kind of row, with which an input adds nothing to a sum."""


def propagate_many(
    compiled: CompiledModel,
    estimates: Rows,
    standard_uncertainties: Rows,
    degrees_of_freedom: Rows | None = None,
    correlations: Sequence[Correlation] = (),
) -> BatchPropagation:
    """Return the propagation of uncertainty through a compiled model at many points, each with the bits it has alone.

    Parameters
    ----------
    compiled : the model
    estimates, standard_uncertainties : for each input, in the order and units of `compiled.symbols`, an array of shape
        (n_points,) or one number for all points; together also an array of shape (n_inputs, n_points)
    degrees_of_freedom : likewise, each at least 1 or infinite; all infinite where None
    correlations : of inputs named by symbol, the same at all points

    No covariance of the points is made. Raises InvalidQuantity (numbers, shapes, correlations) and OutsideValidity (no
    value or derivative at the estimates), naming input or output and the point by its number from 1.
    Source: JCGM 100:2008, 5.1.2, 5.2.2, 6.2, G.4.
    """
    count = len(compiled.symbols)
    freedom: Rows = [math.inf] * count if degrees_of_freedom is None else degrees_of_freedom
    rows = [_rows(compiled.symbols, given) for given in (estimates, standard_uncertainties, freedom)]
    lengths = {len(row) for kind in rows for row in kind if isinstance(row, np.ndarray)}
    if len(lengths) > 1:
        raise InvalidQuantity("inputs.shape", expected=min(lengths), count=max(lengths))
    if lengths == {0}:
        raise InvalidQuantity("inputs.no_points")
    kernel, coefficients = kernel_and_coefficients(compiled, correlations)
    batch = _batch_kernel(kernel, rows)
    with np.errstate(over="ignore", invalid="ignore"):
        _check(compiled.symbols, rows, batch.showing, _least_of_all(standard_uncertainties) >= 0.0)
    return batch.propagate(compiled, rows, coefficients, next(iter(lengths), 1))


def _rows(symbols: Sequence[str], given: Rows) -> list[Row]:
    """Return one float or one array of shape (n_points,) for each input."""
    if len(given) != len(symbols):
        raise InvalidQuantity("inputs.count", expected=len(symbols), count=len(given))
    if isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype == np.float64 and given.flags.c_contiguous:
        return list(given)
    rows: list[Row] = []
    for name, item in zip(symbols, given, strict=True):
        if isinstance(item, float):
            rows.append(float(item))
            continue
        try:
            row = np.asarray(item, dtype=np.float64, order="C")
        except (TypeError, ValueError, OverflowError):
            value = repr(item)[:80]
            raise InvalidQuantity("quantity.not_a_number", name=name, field="value", value=value) from None
        if row.ndim > 1:
            raise InvalidQuantity("inputs.shape", expected=1, count=row.ndim)
        rows.append(row if row.ndim else float(row))
    return rows


def _check(symbols: Sequence[str], rows: Sequence[Sequence[Row]], showing: frozenset[int], positive: bool) -> None:
    """Refuse estimates that are not finite, uncertainties that are negative, degrees of freedom below 1, and NaN.

    An infinite uncertainty, and an estimate of those in `showing`, is found by what it leads to; `positive` says that
    no uncertainty is negative or NaN.
    """
    for place, (x, u, nu) in enumerate(zip(*rows, strict=True)):
        if not (_is_finite(x, place in showing) and (positive or _least(u) >= 0.0) and _least(nu) >= 1.0):
            check_one_by_one(symbols[place], x, u, nu)


def _least_of_all(given: Rows) -> float:
    """Return the smallest number of an array for all inputs, or -inf where each has a row of its own."""
    if isinstance(given, np.ndarray) and given.dtype == np.float64 and given.flags.c_contiguous:
        return float(np.minimum.reduce(given, axis=None))
    return -math.inf


def _least(row: Row) -> float:
    return row if isinstance(row, float) else float(np.minimum.reduce(row))


def _is_finite(x: Row, shows: bool) -> bool:
    if isinstance(x, float):
        return math.isfinite(x)
    # the sum shows whether anything is not finite; where only the sum is not, nothing is refused
    return shows or math.isfinite(float(np.add.reduce(x)))


def _batch_kernel(kernel: Kernel, rows: Sequence[Sequence[Row]]) -> BatchKernel:
    """Return the code for a kernel and what is an array, what one number, what adds nothing; compiled once."""
    shapes = tuple(
        tuple(None if isinstance(row, np.ndarray) else row in _IDLE[kind] for row in given)
        for kind, given in enumerate(rows)
    )
    key = (kernel.structure.pairs, shapes)
    batch: BatchKernel | None = kernel.program.kernels.get(key)
    if batch is None:
        batch = BatchKernel(kernel, shapes)
        keep(kernel.program, key, batch)
    return batch
