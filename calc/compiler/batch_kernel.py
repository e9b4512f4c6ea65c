"""The code of a model on arrays, and how it goes through many points in blocks small enough for the cache.

What is out of the ordinary at a point (no finite value, nothing or hardly anything that contributes, numbers whose
squares no float holds) is left to the code for one point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calc.combination import DOMINANT
from calc.compiler.array_assembly import ArrayCode, assemble_on_arrays
from calc.compiler.kernel import LARGEST_SQUARE, SMALLEST_SQUARE, Kernel, kernel_graph
from calc.compiler.program import Program
from calc.coverage import chosen_coverage_factor, chosen_coverage_factors
from calc.errors import CalcError
from calc.model import CompiledModel, CoverageRule
from calc.quantities import degrees_of_freedom, finite, not_negative

Array = NDArray[np.float64]
Row = float | Array
_BLOCK = 10_000
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


def check_one_by_one(name: str, x: Row, u: Row, nu: Row, first: int = 1) -> None:
    """Raise InvalidQuantity naming the input and the first point, counted from `first`, that cannot be used."""
    columns = np.broadcast_arrays(x, u, nu)
    for point, (value, deviation, degrees) in enumerate(
        zip(*(c.ravel().tolist() for c in columns), strict=True), first
    ):
        try:
            finite(value, name, "value")
            not_negative(deviation, name, "standard_uncertainty")
            degrees_of_freedom(degrees, name)
        except CalcError as error:
            raise error.with_values(point=str(point)) from None


@dataclass(frozen=True, slots=True, eq=False)
class BatchKernel:
    """The code of a model and structure on arrays.

    `shapes`: for estimates, standard uncertainties and degrees of freedom what is known of each input: None where it is
    an array, True where it is one number that adds nothing (u = 0, infinite ν), False for any other number. `showing`:
    places of symbols of which no value that is not finite leads to a finite estimate.
    """

    kernel: Kernel
    shapes: tuple[tuple[bool | None, ...], ...]
    showing: frozenset[int] = field(init=False, repr=False)
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
        object.__setattr__(self, "showing", _showing(program))
        object.__setattr__(self, "_code", assemble_on_arrays(nodes.graph, names, arrays, targets))
        object.__setattr__(self, "_sums", sums)
        object.__setattr__(self, "_degrees", [place for place in places if place not in without_nu | without_u])
        object.__setattr__(self, "_correlated", sorted(correlated))

    def propagate(
        self, compiled: CompiledModel, rows: Sequence[Sequence[Row]], coefficients: Sequence[float], count: int
    ) -> BatchPropagation:
        """Return the propagation at `count` points, of numbers that were checked."""
        outputs, width = len(compiled.program.outputs), len(compiled.symbols)
        table = np.empty(
            (5 + width, outputs * count)
        )  # in one piece, which the allocator gives again without new pages
        estimates, u, nu, k, expanded = table[:5].reshape(5, outputs, count)
        contributions = table[5:].reshape(outputs, width, count)
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
        for name, value, deviation, degrees in zip(compiled.symbols, values, u, nu, strict=True):
            check_one_by_one(name, value, deviation, degrees, first=point + 1)
        for output, found in enumerate(self.kernel.propagate(values, u, nu, coefficients, str(point + 1))):
            k = chosen_coverage_factor(found.degrees_of_freedom, compiled.model.coverage)
            place = output, point
            result.estimates[place] = found.estimate
            result.combined_standard_uncertainties[place] = found.standard_uncertainty
            result.contributions[output, :, point] = found.contributions
            result.effective_degrees_of_freedom[place] = found.degrees_of_freedom
            result.coverage_factors[place] = k
            result.expanded_uncertainties[place] = k * found.standard_uncertainty


def _showing(program: Program) -> frozenset[int]:
    """Return the places of symbols that reach an output by operations that make nothing finite of what is not."""
    graph = program.graph
    reached, pending = set[int](), list(program.roots)
    while pending:
        node = pending.pop()
        if node not in reached:
            reached.add(node)
            arguments = graph.arguments(node)
            operation = graph.nodes[node][0]
            if operation in {"+", "-", "*", "neg", "sqrt"}:
                pending.extend(arguments)
            elif operation == "/":
                pending.append(arguments[0])
    return frozenset(place for place, symbol in enumerate(program.symbols) if graph.input(symbol) in reached)


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
        chosen_coverage_factors(nu, rule, out=k)
        np.multiply(k, u, out=expanded)

    def _refused(
        self, estimates: Array, variance: Array, squares: Array, contributions: Sequence[Array]
    ) -> NDArray[np.bool_] | None:
        """Return where numbers are out of the ordinary, as for one point; None where they are not anywhere."""
        least, most = np.minimum.reduce, np.maximum.reduce
        usual = least(squares) > SMALLEST_SQUARE and most(squares) < LARGEST_SQUARE
        usual = usual and math.isfinite(float(np.dot(estimates, estimates)))  # or else one by one, below
        correlated = [contributions[place] for place in self.batch._correlated]
        if usual and not (correlated and (least(variance) <= 0.0 or any((row == 0.0).any() for row in correlated))):
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
