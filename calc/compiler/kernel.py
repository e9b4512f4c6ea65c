"""A model and its propagation of uncertainty in one piece of straight-line code.

For every output the code gives estimate, sensitivity coefficients, contributions c_i u_i and the sums that standard
uncertainty and effective degrees of freedom follow from. It is a graph like the model's own, so the same operations in
the same order make a function on floats (here) and one on arrays (calc.batch). What only structure decides, which
symbols one quantity stands for and which quantities are correlated, is settled once and kept with the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from calc.combination import DOMINANT, Combination, Pair, combination_of, combine
from calc.compiler.assembly import assemble, function
from calc.compiler.graph import SCALAR_FUNCTIONS, Graph
from calc.compiler.program import Floats, Program
from calc.errors import CalcError, InvalidQuantity

SMALLEST_SQUARE, LARGEST_SQUARE = 1e-140, 1e140
"""Between these a sum of squares, and its own square, neither overflow nor lose digits by underflow."""


@dataclass(frozen=True, slots=True)
class Structure:
    """Which symbols each quantity stands for, and which quantities are correlated.

    `quantities`: for each quantity the places of its symbols, each with the factor from the first symbol's unit to its
    own. `pairs`: places of quantities, and 1 or -1 where their correlation is complete.
    """

    quantities: tuple[tuple[tuple[int, float], ...], ...]
    pairs: tuple[Pair, ...] = ()


_MOST_KERNELS = 128


def kernel_of(program: Program, structure: Structure) -> Kernel:
    """Return the code of a model and structure, compiled once."""
    kernel: Kernel | None = program.kernels.get(structure)
    if kernel is None:
        kernel = Kernel(program, structure)
        keep(program, structure, kernel)
    return kernel


def keep(program: Program, key: Hashable, compiled: object) -> None:
    """Keep what was compiled with its program; now and then everything is let go, so that it stays bounded."""
    if len(program.kernels) >= _MOST_KERNELS:
        program.kernels.clear()
    program.kernels[key] = compiled


def plain_structure(count: int, pairs: tuple[Pair, ...] = ()) -> Structure:
    """Return the structure in which every symbol has a quantity of its own."""
    return Structure(tuple(((place, 1.0),) for place in range(count)), pairs)


@dataclass(frozen=True, slots=True)
class Propagated:
    """One output at one point, in the output's unit.

    `variance` is u_c² as summed; `sensitivity_coefficients` and `contributions`: (n_quantities,).
    """

    estimate: float
    standard_uncertainty: float
    degrees_of_freedom: float
    variance: float
    sensitivity_coefficients: Floats
    contributions: Floats


@dataclass(frozen=True, slots=True)
class KernelGraph:
    """The nodes of a model with its propagation: parameters by kind, results by output."""

    graph: Graph
    estimates: tuple[int, ...]
    coefficients: tuple[tuple[int, ...], ...]
    contributions: tuple[tuple[int, ...], ...]
    sums: tuple[Combination, ...]


def canonical_order(program: Program, structure: Structure) -> list[int]:
    """Return the places of the quantities in the order in which everything is added: by the first symbol's name."""
    symbols = program.symbols
    return sorted(range(len(structure.quantities)), key=lambda place: symbols[structure.quantities[place][0][0]])


def kernel_graph(
    program: Program, structure: Structure, without_uncertainty: frozenset[int], without_degrees: frozenset[int]
) -> KernelGraph:
    """Return the graph for a structure; it may leave out what is known to add nothing to the sums.

    `without_uncertainty`: places of quantities whose u is 0 wherever the code runs; `without_degrees`: those with
    infinite ν. Leaving them out changes no bit, because 0 is all they would add.
    """
    graph = program.graph.copy()
    width = len(program.symbols)
    order = canonical_order(program, structure)
    one = graph.number(1.0)
    inverse = {place: graph.divide(one, graph.input(f"nu:{place}")) for place in order if place not in without_degrees}
    correlations = [graph.input(f"r:{index}") for index in range(len(structure.pairs))]
    coefficients, contributions, sums = [], [], []
    for output in range(len(program.roots)):
        slopes = program.slopes[output * width : (output + 1) * width]
        row = [_coefficient(graph, slopes, symbols) for symbols in structure.quantities]
        parts = []
        for place, slope in enumerate(row):
            u = graph.number(0.0) if place in without_uncertainty else graph.input(f"u:{place}")
            # not folded: a slope that is not finite has to show even where u is 0
            parts.append(graph.operation("*", slope, u) if graph.constant(slope) is None else graph.multiply(slope, u))
        present = {
            place: parts[place]
            for place in order
            if place not in without_uncertainty and graph.constant(parts[place]) is None
        }
        combined = combine(graph, present, inverse, structure.pairs, correlations)
        vanishing = [parts[place] for place in order if place in without_uncertainty]
        sums.append(_with_zeros(graph, combined, vanishing))
        coefficients.append(tuple(row))
        contributions.append(tuple(parts))
    return KernelGraph(graph, program.roots, tuple(coefficients), tuple(contributions), tuple(sums))


def _coefficient(graph: Graph, slopes: Sequence[int], symbols: Sequence[tuple[int, float]]) -> int:
    """Return dy/dq of a quantity: the sum over all symbols it stands for."""
    total = graph.number(0.0)
    for place, factor in symbols:
        total = graph.add(total, graph.multiply(slopes[place], graph.number(factor)))
    return total


def _with_zeros(graph: Graph, sums: Combination, vanishing: Sequence[int]) -> Combination:
    """Add contributions that are 0, or not a number where the slope is not finite, to the sum that is looked at."""
    squares = sums.squares
    for node in vanishing:
        squares = graph.add(squares, node)
    return Combination(sums.variance, squares, sums.weighted, sums.fourth_powers)


@dataclass(frozen=True, slots=True)
class Kernel:
    """The code of a model and structure on floats."""

    program: Program
    structure: Structure
    order: tuple[int, ...] = field(init=False)
    _function: Callable[..., Floats] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        program, structure = self.program, self.structure
        nodes = kernel_graph(program, structure, frozenset(), frozenset())
        sums = nodes.sums
        roots = [
            *nodes.estimates,
            *(item.variance for item in sums),
            *(item.squares for item in sums),
            *(item.weighted for item in sums),
            *(item.fourth_powers for item in sums),
            *(node for row in nodes.coefficients for node in row),
            *(node for row in nodes.contributions for node in row),
        ]
        count = len(structure.quantities)
        parameters = [*program.symbols]
        parameters += [f"{kind}:{place}" for kind in ("u", "nu") for place in range(count)]
        parameters += [f"r:{index}" for index in range(len(structure.pairs))]
        object.__setattr__(self, "order", tuple(canonical_order(program, structure)))
        object.__setattr__(self, "_function", function(assemble(nodes.graph, parameters, roots), SCALAR_FUNCTIONS))

    def propagate(
        self,
        values: Sequence[float],
        standard_uncertainties: Sequence[float],
        degrees_of_freedom: Sequence[float],
        correlations: Sequence[float],
        point: str,
    ) -> list[Propagated]:
        """Return every output at one point.

        `values`: (n_inputs,) in the model's units; `standard_uncertainties`, `degrees_of_freedom`: (n_quantities,), in
        the unit of each quantity's first symbol; `correlations`: (n_pairs,). Raises OutsideValidity or InvalidQuantity.
        """
        try:
            numbers = self._function(*values, *standard_uncertainties, *degrees_of_freedom, *correlations)
        except CalcError:
            raise  # of a curve, which knows what it refuses
        except (ArithmeticError, ValueError):
            raise self.program.located(values, point) from None
        outputs, width = len(self.program.roots), len(self.structure.quantities)
        head, half = 5 * outputs, outputs * width
        start = head
        results = []
        for index in range(outputs):
            estimate, variance, squares, weighted, fourth = numbers[index:head:outputs]
            slopes = numbers[start : start + width]
            parts = numbers[start + half : start + half + width]
            start += width
            if not (
                SMALLEST_SQUARE < squares < LARGEST_SQUARE
                and variance > 0.0
                and fourth < DOMINANT * (variance * variance)
                and math.isfinite(estimate)
                and not (correlations and 0.0 in parts)
            ):
                if not (math.isfinite(estimate) and all(map(math.isfinite, slopes))):
                    raise self.program.located(values, point)
                u, nu, variance = self._with_care(index, squares, parts, degrees_of_freedom, correlations)
                results.append(Propagated(estimate, u, nu, variance, slopes, parts))
                continue
            nu = variance * variance / weighted if weighted > 0.0 else math.inf
            results.append(Propagated(estimate, math.sqrt(variance), nu, variance, slopes, parts))
        return results

    def _with_care(
        self,
        output: int,
        squares: float,
        parts: Floats,
        degrees_of_freedom: Sequence[float],
        correlations: Sequence[float],
    ) -> tuple[float, float, float]:
        """Return u_c, ν_eff and u_c² of contributions out of the ordinary: all 0, huge, tiny or of a single input."""
        for part in parts:
            if not math.isfinite(part * part):
                name = self.program.outputs[output]
                raise InvalidQuantity("quantity.too_large", name=name, field="uncertainty", value=part)
        active = [place for place in self.order if parts[place] != 0.0]
        if not active:
            return 0.0, math.inf, 0.0
        ordinary = SMALLEST_SQUARE < squares < LARGEST_SQUARE
        exponent = 0 if ordinary else math.frexp(max(map(abs, parts)))[1]
        scaled = [math.ldexp(parts[place], -exponent) for place in active]
        among = {place: index for index, place in enumerate(active)}
        kept = [index for index, (i, j, _) in enumerate(self.structure.pairs) if i in among and j in among]
        pairs = tuple((among[i], among[j], sign) for i, j, sign in (self.structure.pairs[index] for index in kept))
        degrees = [degrees_of_freedom[place] for place in active]
        combination = combination_of(len(active), pairs)
        variance, _, weighted, fourth = combination(*scaled, *degrees, *(correlations[index] for index in kept))
        if variance <= 0.0:
            return 0.0, math.inf, 0.0
        nu = variance * variance / weighted if weighted > 0.0 else math.inf
        if fourth >= DOMINANT * (variance * variance):
            nu = max(nu, min(degrees))
        u = math.ldexp(math.sqrt(variance), exponent)
        return u, nu, u * u if exponent else variance
