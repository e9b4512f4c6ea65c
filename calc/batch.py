"""The law of propagation at many points at once, with the bits that each point has alone.

The graph of calc.kernel becomes code on arrays that goes through the points in blocks small enough for the cache. What
is out of the ordinary at a point (no finite value, nothing or hardly anything that contributes, numbers whose squares
no float holds) is left to the code for one point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calc.array_assembly import ArrayCode, assemble_on_arrays
from calc.combination import DOMINANT
from calc.coverage import chosen_coverage_factor, chosen_coverage_factors
from calc.errors import CalcError, InvalidQuantity
from calc.kernel import LARGEST_SQUARE, SMALLEST_SQUARE, Kernel, keep, kernel_graph
from calc.model import CompiledModel, CoverageRule
from calc.propagation import kernel_and_coefficients
from calc.quantities import Correlation, degrees_of_freedom, finite, not_negative

Array = NDArray[np.float64]
Row = float | Array
Rows = Sequence[float | Sequence[float] | Array] | Array
_BLOCK = 4096
"""Points that are computed together: few enough that a model's rows stay in a core's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchPropagation:
    """The propagation for every output (in the model's order) at every point, in the outputs' units.

    All of shape (n_outputs, n_points), but `contributions` c_i u_i, signed: (n_outputs, n_inputs, n_points).
    """

    outputs: tuple[str, ...]
    estimates: Array
    combined_standard_uncertainties: Array
    contributions: Array
    effective_degrees_of_freedom: Array
    coverage_factors: Array
    expanded_uncertainties: Array


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
    with np.errstate(over="ignore"):
        _check(compiled.symbols, rows)
    kernel, coefficients = kernel_and_coefficients(compiled, correlations)
    batch = _batch_kernel(kernel, rows)
    return batch.propagate(compiled, rows, coefficients, next(iter(lengths), 1))


def _rows(symbols: Sequence[str], given: Rows) -> list[Row]:
    """Return one float or one array of shape (n_points,) for each input."""
    if len(given) != len(symbols):
        raise InvalidQuantity("inputs.count", expected=len(symbols), count=len(given))
    rows: list[Row] = []
    for name, item in zip(symbols, given, strict=True):
        try:
            row = np.asarray(item, dtype=np.float64, order="C")
        except (TypeError, ValueError, OverflowError):
            value = repr(item)[:80]
            raise InvalidQuantity("quantity.not_a_number", name=name, field="value", value=value) from None
        if row.ndim > 1:
            raise InvalidQuantity("inputs.shape", expected=1, count=row.ndim)
        rows.append(row if row.ndim else float(row))
    return rows


def _check(symbols: Sequence[str], rows: Sequence[Sequence[Row]]) -> None:
    """Refuse estimates that are not finite, negative uncertainties, degrees of freedom below 1, and NaN."""
    for place, (x, u, nu) in enumerate(zip(*rows, strict=True)):
        # a sum of squares shows whether anything is not finite; where only the sum is not, nothing is refused below
        usual = all(math.isfinite(row if isinstance(row, float) else float(np.dot(row, row))) for row in (x, u))
        usual = usual and (u if isinstance(u, float) else float(u.min(initial=0.0))) >= 0.0
        if not (usual and (nu if isinstance(nu, float) else float(nu.min(initial=1.0))) >= 1.0):
            _check_one_by_one(symbols[place], x, u, nu)


def _check_one_by_one(name: str, x: Row, u: Row, nu: Row) -> None:
    columns = np.broadcast_arrays(x, u, nu)
    for point, (value, deviation, degrees) in enumerate(zip(*(c.ravel().tolist() for c in columns), strict=True), 1):
        try:
            finite(value, name, "value")
            not_negative(deviation, name, "standard_uncertainty")
            degrees_of_freedom(degrees, name)
        except CalcError as error:
            raise error.with_values(point=str(point)) from None


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


_IDLE: tuple[frozenset[float], ...] = (frozenset(), frozenset({0.0}), frozenset({math.inf}))
"""Numbers, by kind of row, with which an input adds nothing to a sum."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchKernel:
    """The code of a model and structure on arrays.

    `shapes`: for estimates, standard uncertainties and degrees of freedom what is known of each input: None where it is
    an array, True where it is one number that adds nothing (u = 0, infinite ν), False for any other number.
    """

    kernel: Kernel
    shapes: tuple[tuple[bool | None, ...], ...]
    _code: ArrayCode = field(init=False, repr=False)
    _sums: list[tuple[bool, bool]] = field(init=False, repr=False)
    _degrees: list[int] = field(init=False, repr=False)
    _correlated: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        program, structure = self.kernel.program, self.kernel.structure
        places = range(len(program.symbols))
        without_u, without_nu = (frozenset(place for place in places if known[place]) for known in self.shapes[1:])
        nodes = kernel_graph(program, structure, without_u, without_nu)
        names = [*program.symbols, *(f"{kind}:{place}" for kind in ("u", "nu") for place in places)]
        flat = [known for row in self.shapes for known in row]
        arrays = {name for name, known in zip(names, flat, strict=True) if known is None}
        names += [f"r:{index}" for index in range(len(structure.pairs))]
        targets = [*nodes.estimates, *(node for row in nodes.contributions for node in row)]
        targets += [item.variance for item in nodes.sums]
        sums = []
        for item in nodes.sums:
            own_squares = item.squares != item.variance
            weighted = nodes.graph.constant(item.weighted) is None
            sums.append((own_squares, weighted))
            targets += [item.squares] * own_squares + [item.weighted, item.fourth_powers] * weighted
        correlated = {place for one, two, _ in structure.pairs for place in (one, two)} - without_u
        object.__setattr__(self, "_code", assemble_on_arrays(nodes.graph, names, arrays, targets))
        object.__setattr__(self, "_sums", sums)
        object.__setattr__(self, "_degrees", [place for place in places if place not in without_nu | without_u])
        object.__setattr__(self, "_correlated", sorted(correlated))

    def propagate(
        self, compiled: CompiledModel, rows: Sequence[Sequence[Row]], coefficients: Sequence[float], count: int
    ) -> BatchPropagation:
        """Return the propagation at `count` points, of numbers that were checked."""
        outputs, width = len(compiled.program.outputs), len(compiled.symbols)
        estimates, u, nu, k, expanded = (np.empty((outputs, count)) for _ in range(5))
        contributions = np.empty((outputs, width, count))
        result = BatchPropagation(compiled.program.outputs, estimates, u, contributions, nu, k, expanded)
        size = math.ceil(count / max(math.ceil(count / _BLOCK), 1))  # blocks of nearly one size
        work = np.empty((self._code.registers + 3 * outputs, size))
        doubtful: list[int] = []
        with np.errstate(divide="raise", invalid="raise", over="ignore", under="ignore"):
            for start in range(0, count, size):
                block = _Block(self, rows, coefficients, result, slice(start, min(start + size, count)), work)
                doubtful += block.run(compiled.model.coverage)
        for point in doubtful:
            self._alone(compiled, rows, coefficients, result, point)
        return result

    def _alone(
        self,
        compiled: CompiledModel,
        rows: Sequence[Sequence[Row]],
        coefficients: Sequence[float],
        result: BatchPropagation,
        point: int,
    ) -> None:
        """Fill in one point by the code for one."""
        values, u, nu = ([row if isinstance(row, float) else float(row[point]) for row in given] for given in rows)
        for output, found in enumerate(self.kernel.propagate(values, u, nu, coefficients, str(point + 1))):
            k = chosen_coverage_factor(found.degrees_of_freedom, compiled.model.coverage)
            place = output, point
            result.estimates[place] = found.estimate
            result.combined_standard_uncertainties[place] = found.standard_uncertainty
            result.contributions[output, :, point] = found.contributions
            result.effective_degrees_of_freedom[place] = found.degrees_of_freedom
            result.coverage_factors[place] = k
            result.expanded_uncertainties[place] = k * found.standard_uncertainty


@dataclass(frozen=True, slots=True)
class _Block:
    """The points of a slice, and where their results go."""

    batch: BatchKernel
    rows: Sequence[Sequence[Row]]
    coefficients: Sequence[float]
    result: BatchPropagation
    part: slice
    work: Array

    def run(self, rule: CoverageRule) -> list[int]:
        """Compute the block; return the points that are out of the ordinary."""
        part, result = self.part, self.result
        inputs = [row if isinstance(row, float) else row[part] for given in self.rows for row in given]
        estimates = list(result.estimates[:, part])
        contributions = [list(rows[:, part]) for rows in result.contributions]
        variances = list(result.combined_standard_uncertainties[:, part])
        work = list(self.work[:, : part.stop - part.start])
        sums, extra = [], []
        for variance, (own_squares, weighted) in zip(variances, self.batch._sums, strict=True):
            squares = work.pop() if own_squares else variance
            further = [work.pop(), work.pop()] if weighted else []
            sums.append((squares, further))
            extra += [squares] * own_squares + further
        targets = [*estimates, *(row for rows in contributions for row in rows), *variances, *extra]
        try:
            self.batch._code.function(*inputs, *self.coefficients, *targets, *work[: self.batch._code.registers])
        except (ArithmeticError, ValueError):  # the code for one point says where and why
            return list(range(part.start, part.stop))
        doubtful = np.zeros(part.stop - part.start, dtype=np.bool_)
        with np.errstate(all="ignore"):
            for output, (squares, further) in enumerate(sums):
                self._finish(output, rule, contributions[output], squares, further, doubtful)
        return [] if not doubtful.any() else (np.flatnonzero(doubtful) + part.start).tolist()

    def _finish(
        self,
        output: int,
        rule: CoverageRule,
        contributions: Sequence[Array],
        squares: Array,
        further: Sequence[Array],
        doubtful: NDArray[np.bool_],
    ) -> None:
        """Turn an output's sums into u, ν, k and U; mark in `doubtful` where they do not tell."""
        part, result = self.part, self.result
        u, nu = result.combined_standard_uncertainties[output, part], result.effective_degrees_of_freedom[output, part]
        k, expanded = result.coverage_factors[output, part], result.expanded_uncertainties[output, part]
        refused = self._refused(result.estimates[output, part], u, squares, contributions)
        if refused is not None:
            doubtful |= refused
            for row in (u, *further):
                row[refused] = 1.0
        if further:
            weighted, fourth = further
            np.multiply(u, u, out=nu)  # u holds the variance
            np.multiply(nu, DOMINANT, out=k)
            single = fourth >= k
            np.divide(nu, weighted, out=nu)
            if single.any():
                np.maximum(nu, self._smallest_degrees(contributions), out=nu, where=single)
        else:
            nu.fill(math.inf)
        np.sqrt(u, out=u)
        k[:] = chosen_coverage_factors(nu, rule)
        np.multiply(k, u, out=expanded)

    def _refused(
        self, estimates: Array, variance: Array, squares: Array, contributions: Sequence[Array]
    ) -> NDArray[np.bool_] | None:
        """Return where numbers are out of the ordinary, as for one point; None where they are not anywhere."""
        usual = squares.min() > SMALLEST_SQUARE and squares.max() < LARGEST_SQUARE
        usual = usual and math.isfinite(estimates.min()) and math.isfinite(estimates.max())
        correlated = [contributions[place] for place in self.batch._correlated]
        if usual and not (correlated and (variance.min() <= 0.0 or any((row == 0.0).any() for row in correlated))):
            return None
        good = (squares > SMALLEST_SQUARE) & (squares < LARGEST_SQUARE) & (variance > 0.0) & np.isfinite(estimates)
        for row in correlated:
            good &= row != 0.0
        return ~good

    def _smallest_degrees(self, contributions: Sequence[Array]) -> Array:
        """Return the smallest degrees of freedom among what contributes to each point."""
        smallest = np.full(self.part.stop - self.part.start, math.inf)
        for place in self.batch._degrees:
            row = self.rows[2][place]
            degrees = row if isinstance(row, float) else row[self.part]
            np.minimum(smallest, np.where(contributions[place] != 0.0, degrees, math.inf), out=smallest)
        return smallest
