"""The law of propagation with the terms of second order, and whether they matter.

Where a model is not linear within its uncertainties, the first-order sum leaves out terms that this module adds:
GUM 5.1.2, note, in the form that also holds for correlated inputs. Second and third derivatives are exact: they are
nodes of the model's graph, differentiated again. The sum over pairs of inputs is differentiated as one node with the
covariances as further inputs, so that the third derivatives cost one sweep for each output.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calc.assembly import assemble, function
from calc.derivatives import gradient
from calc.errors import InvalidModel, InvalidQuantity, OutsideValidity
from calc.graph import SCALAR_FUNCTIONS, Graph
from calc.lookup_values import answered
from calc.model import CompiledModel, MeasurementModel, compile_model
from calc.numerical_tolerance import numerical_tolerance
from calc.propagation import correlation_pairs
from calc.quantities import EvaluationWarning, ModelInputs
from calc.symbol_values import bound_symbols, checked_points, quantities_by_key

Matrix = NDArray[np.float64]
_FIGURES = ("first_order", "second_order", "estimate_correction")
_SMALLEST, _LARGEST = 1e-140, 1e140
_MOST_NODES, _MOST_STEPS = 5000, 50_000


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """The outputs' uncertainties to first and second order at one point, in the order of the model's outputs.

    `first_order` and `standard_uncertainties`: (n_outputs,) in the outputs' units. `estimate_corrections`: (n_outputs,)
    ½ Σ_ij f_ij u(x_i, x_j), by which the expectation of the output differs from the estimate to this order; it is
    stated and not applied, as the published examples do not apply it. `covariance`: (n_outputs, n_outputs) to second
    order, unit of row times unit of column.
    """

    first_order: tuple[float, ...]
    standard_uncertainties: tuple[float, ...]
    estimate_corrections: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class SecondOrderOutput:
    """One output at one point, uncertainties and correction in `unit`; see `SecondOrder` for what they mean."""

    point: str
    output: str
    estimate: float
    unit: str
    first_order: float
    standard_uncertainty: float
    estimate_correction: float

    @property
    def warning(self) -> EvaluationWarning | None:
        """The warning `propagation.second_order_matters` with these numbers, or None where it does not matter."""
        if not matters(self.first_order, self.standard_uncertainty, self.estimate_correction):
            return None
        figures = (self.first_order, self.standard_uncertainty, self.estimate_correction)
        numbers = dict(zip(_FIGURES, figures, strict=True))
        return EvaluationWarning("propagation.second_order_matters", self.point, self.output, "", numbers)


@dataclass(frozen=True, slots=True)
class SecondOrderResult:
    """All outputs, point by point and within a point in the model's order.

    `covariances`: by point, (n_outputs, n_outputs) over the outputs of that point, to second order.
    """

    outputs: tuple[SecondOrderOutput, ...]
    covariances: dict[str, tuple[tuple[float, ...], ...]]

    def output(self, point: str, name: str) -> SecondOrderOutput:
        """Return the figures of output `name` at `point`; raises InvalidQuantity if there are none."""
        for output in self.outputs:
            if output.point == point and output.output == name:
                return output
        raise InvalidQuantity("inputs.unknown_quantity", name=f"{point}/{name}")


@dataclass(frozen=True, slots=True)
class _Expansion:
    """Compiled derivatives of every output up to the third order.

    `order` are the places of the inputs that can have an uncertainty, by symbol, so that no result depends on the
    order in which a model lists its inputs; `pairs` are pairs of places in `order`. The function takes all inputs of
    the model, then the covariances of `pairs` (twice where the two differ), and returns for each output: first
    derivatives, second derivatives of `pairs`, derivatives of the weighted sum.
    """

    order: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    function: Callable[..., tuple[float, ...]]


@functools.lru_cache(maxsize=64)
def _expansion(compiled: CompiledModel) -> _Expansion:
    """Return the derivatives of a model, compiled at first use."""
    program = compiled.program
    graph = program.graph.copy()
    exact = {symbol for lookup in compiled.lookups for symbol in lookup.hidden}
    places = {symbol: place for place, symbol in enumerate(program.symbols) if symbol not in exact}
    symbols = sorted(places)
    firsts = [gradient(graph, root, symbols) for root in program.roots]
    seconds = [_curvatures(graph, symbols, [first[symbol] for symbol in symbols]) for first in firsts]
    pairs = tuple(sorted({pair for second in seconds for pair in second}))
    names = {pair: f"{symbols[pair[0]]}, {symbols[pair[1]]}" for pair in pairs}
    zero = graph.number(0.0)
    roots: list[int] = []
    for first, second in zip(firsts, seconds, strict=True):
        weighted = zero
        for pair, node in sorted(second.items()):
            weighted = graph.add(weighted, graph.multiply(graph.input(names[pair]), node))
        third = gradient(graph, weighted, symbols)
        roots.extend(first[symbol] for symbol in symbols)
        roots.extend(second.get(pair, zero) for pair in pairs)
        roots.extend(third[symbol] for symbol in symbols)
    if len(graph.live(roots)) > _MOST_NODES:
        raise InvalidModel("model.too_large", output="second order", limit=_MOST_NODES)
    code = assemble(graph, (*program.symbols, *names.values()), roots)
    return _Expansion(tuple(map(places.__getitem__, symbols)), pairs, function(code, SCALAR_FUNCTIONS))


def _curvatures(graph: Graph, symbols: Sequence[str], first: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return the second derivatives that are not zero everywhere, by pair of inputs with the first place not larger.

    Raises InvalidModel `model.too_large` where there are too many to be compiled.
    """
    found: dict[tuple[int, int], int] = {}
    place = {symbol: index for index, symbol in enumerate(symbols)}
    steps = 0
    for row, node in enumerate(first):
        live = graph.live([node])
        steps += len(live)
        inputs = [str(graph.nodes[item][1]) for item in live if graph.nodes[item][0] == "input"]
        columns = [symbol for symbol in inputs if place.get(symbol, -1) >= row]
        if steps > _MOST_STEPS or len(found) + len(columns) > _MOST_NODES:
            raise InvalidModel("model.too_large", output="second order", limit=_MOST_NODES)
        for symbol, second in gradient(graph, node, columns).items():
            if graph.constant(second) != 0.0:
                found[row, place[symbol]] = second
    return found


def second_order(
    compiled: CompiledModel,
    values: Sequence[float],
    standard_uncertainties: Sequence[float],
    correlation: Matrix,
    point: str = "1",
) -> SecondOrder:
    """Return the uncertainties of a model's outputs to second order at one point.

    Parameters
    ----------
    compiled : the model
    values, standard_uncertainties : (n_inputs,) in the order and units of `compiled.symbols`
    correlation : (n_inputs, n_inputs), symmetric, with 1 on the diagonal; dimensionless
    point : names the point in errors

    With gradient g, matrix of second derivatives H and covariance matrix S of the inputs the variance is
    gᵀSg + ½ tr(HSHS) + (Sg)·∇(Σ_kl S_kl f_kl): all terms of fourth order in the uncertainties for jointly normal
    inputs. For uncorrelated inputs this is Σ f_i² u_i² + Σ_ij (½ f_ij² + f_i f_ijj) u_i² u_j², the note to
    JCGM 100:2008, 5.1.2, which is used for every distribution, as in H.1.7 and JCGM 101:2008, 9.3.2 and 9.4.2.

    Raises OutsideValidity `propagation.no_second_order` where a derivative is not finite or the sum is negative: the
    expansion then says nothing, and distributions have to be propagated (JCGM 101:2008).
    """
    expansion = _expansion(compiled)
    places = np.array(expansion.order, dtype=np.intp)
    u = np.array(standard_uncertainties, dtype=np.float64)[places]
    r = np.asarray(correlation, dtype=np.float64)[np.ix_(places, places)]
    outputs = compiled.program.outputs
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
            return _second_order(expansion, values, u, r, outputs)
    except _NegativeVarianceError as error:
        raise OutsideValidity("propagation.no_second_order", output=error.output, point=point) from None
    except (ArithmeticError, ValueError):
        raise OutsideValidity("propagation.no_second_order", output=outputs[0], point=point) from None


class _NegativeVarianceError(Exception):
    """The expansion of an output gives no variance."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def _second_order(
    expansion: _Expansion, values: Sequence[float], u: Matrix, correlation: Matrix, outputs: Sequence[str]
) -> SecondOrder:
    """Return what `second_order` does, u and correlations in the order of the expansion; raises ArithmeticError."""
    covariance = correlation * np.multiply.outer(u, u)
    weights = [(1.0 if i == j else 2.0) * float(covariance[i, j]) for i, j in expansion.pairs]
    numbers = np.array(expansion.function(*values, *weights), dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise FloatingPointError
    terms = [_scaled(row, expansion.pairs, u) for row in numbers.reshape(len(outputs), -1)]
    exponents = [_exponent(slopes, curvature) for slopes, curvature, _ in terms]
    scaled = [tuple(np.ldexp(part, -e) for part in term) for term, e in zip(terms, exponents, strict=True)]
    matrix = np.array([[_covariance(one, two, correlation) for two in scaled] for one in scaled])
    for name, variance in zip(outputs, np.diagonal(matrix), strict=True):
        if not variance >= 0.0:
            raise _NegativeVarianceError(name)
    first = [math.sqrt(max(float(slopes @ correlation @ slopes), 0.0)) for slopes, _, _ in scaled]
    deviations = np.sqrt(np.diagonal(matrix)).tolist()
    corrections = [0.5 * float((curvature * correlation).sum()) for _, curvature, _ in scaled]
    powers = np.array(exponents)
    whole = np.ldexp(matrix, np.add.outer(powers, powers))
    return SecondOrder(
        tuple(map(math.ldexp, first, exponents)),
        tuple(map(math.ldexp, deviations, exponents)),
        tuple(map(math.ldexp, corrections, exponents)),
        tuple(tuple(row) for row in whole.tolist()),
    )


def _scaled(row: Matrix, pairs: Sequence[tuple[int, int]], u: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return one output's derivatives times standard uncertainties, correlations in place of covariances."""
    width = len(u)
    curvature = np.zeros((width, width))
    for (i, j), second in zip(pairs, row[width : width + len(pairs)].tolist(), strict=True):
        curvature[i, j] = curvature[j, i] = second * u[i] * u[j]
    return row[:width] * u, curvature, row[width + len(pairs) :] * u


def _exponent(slopes: Matrix, curvature: Matrix) -> int:
    """Return the power of two of the largest term, so that no square overflows or vanishes."""
    return math.frexp(max(float(np.abs(slopes).max(initial=0.0)), float(np.abs(curvature).max(initial=0.0))))[1]


def _covariance(one: Sequence[Matrix], two: Sequence[Matrix], correlation: Matrix) -> float:
    first = one[0] @ correlation @ two[0]
    second = 0.5 * np.vdot(one[1] @ correlation, (two[1] @ correlation).T)
    third = 0.5 * (one[0] @ correlation @ two[2] + two[0] @ correlation @ one[2])
    return float(first + second + third)


def second_order_of(model: MeasurementModel, inputs: ModelInputs) -> SecondOrderResult:
    """Return the uncertainties to second order of all outputs at every point, from what `calc.evaluate` takes.

    Raises what `evaluate` raises for the same arguments, and OutsideValidity `propagation.no_second_order`.
    Source: JCGM 100:2008, 5.1.2, note; see `second_order`.
    """
    compiled = compile_model(model)
    inputs = answered(compiled, inputs).inputs
    quantities = quantities_by_key(inputs)
    pairs = correlation_pairs(tuple(quantities), inputs.correlations)
    checked_points(inputs.points)
    outputs, covariances = [], {}
    for point in inputs.points:
        bound = bound_symbols(compiled, point, quantities)
        estimates = compiled.program.linearise(bound.values, point.point).values
        found = second_order(
            compiled, bound.values, bound.standard_uncertainties, bound.correlation(pairs), point.point
        )
        covariances[point.point] = found.covariance
        for place, definition in enumerate(compiled.model.outputs):
            outputs.append(
                SecondOrderOutput(
                    point.point,
                    definition.name,
                    estimates[place],
                    definition.unit,
                    found.first_order[place],
                    found.standard_uncertainties[place],
                    found.estimate_corrections[place],
                )
            )
    return SecondOrderResult(tuple(outputs), covariances)


class SecondOrderCheck:
    """Says at each point of an evaluation whether the terms of second order matter; made once for a model."""

    def __init__(self, compiled: CompiledModel) -> None:
        self._compiled = compiled
        self._expansion: _Expansion | None
        try:
            self._expansion = _expansion(compiled)
        except InvalidModel:  # said at every point by `propagation.second_order_unchecked`
            self._expansion = None

    @property
    def is_linear(self) -> bool:
        """Whether no output has a second derivative, so that there is nothing to say at any point."""
        return self._expansion is not None and not self._expansion.pairs

    def warnings(
        self,
        point: str,
        values: Sequence[float],
        standard_uncertainties: Sequence[float],
        correlation: Matrix | None = None,
    ) -> list[EvaluationWarning]:
        """Return a warning for each output whose second-order terms matter, or where the expansion has no value.

        `values`, `standard_uncertainties`: (n_inputs,) in the model's order and units; `correlation`: (n_inputs,
        n_inputs), None where no inputs are correlated. Codes: `propagation.second_order_matters` with `first_order`,
        `second_order` and `estimate_correction`, `propagation.no_second_order`, and for models with too many second
        derivatives `propagation.second_order_unchecked`.
        """
        names, expansion = self._compiled.program.outputs, self._expansion
        if expansion is None:
            return [EvaluationWarning("propagation.second_order_unchecked", point, name, "") for name in names]
        if not expansion.pairs:
            return []
        figures = _uncorrelated(expansion, values, standard_uncertainties) if correlation is None else None
        if figures is None:
            matrix = np.eye(len(values)) if correlation is None else correlation
            try:
                found = second_order(self._compiled, values, standard_uncertainties, matrix, point)
            except OutsideValidity as error:
                return [EvaluationWarning(error.code, point, str(error.values["output"]), "")]
            figures = list(
                zip(found.first_order, found.standard_uncertainties, found.estimate_corrections, strict=True)
            )
        return [
            EvaluationWarning(
                "propagation.second_order_matters", point, name, "", dict(zip(_FIGURES, row, strict=True))
            )
            for name, row in zip(names, figures, strict=True)
            if matters(*row)
        ]


def _uncorrelated(
    expansion: _Expansion, values: Sequence[float], u: Sequence[float]
) -> list[tuple[float, float, float]] | None:
    """Return first-order u, second-order u and correction of each output, or None where more care is needed."""
    u = [u[place] for place in expansion.order]
    pairs, width = expansion.pairs, len(u)
    weights = [u[i] * u[i] if i == j else 0.0 for i, j in pairs]
    try:
        numbers = expansion.function(*values, *weights)
    except (ArithmeticError, ValueError):
        return None
    figures, count = [], 2 * width + len(pairs)
    for start in range(0, len(numbers), count):
        first = higher = correction = 0.0
        for place, u_i in enumerate(u, start):
            slope = numbers[place] * u_i
            first += slope * slope
            higher += slope * numbers[place + width + len(pairs)] * u_i
        for (i, j), second in zip(pairs, numbers[start + width :], strict=False):
            term = second * u[i] * u[j]
            higher += term * term if i != j else 0.5 * term * term
            correction += 0.5 * term if i == j else 0.0
        if not _SMALLEST < first + higher < _LARGEST:
            return None
        figures.append((math.sqrt(first), math.sqrt(first + higher), correction))
    return figures


def matters(first_order: float, second_order: float, estimate_correction: float) -> bool:
    """Return whether the terms of second order show in a standard uncertainty rounded to two significant digits.

    Compared is the root mean square deviation from the stated estimate, √(u₂² + correction²), with the first-order u:
    they may differ by the numerical tolerance that belongs to two digits of u, half a unit of the second one
    (JCGM 101:2008, 7.9.2). Where all first derivatives vanish, every second-order term matters. All in one unit.
    """
    deviation = math.hypot(second_order, estimate_correction)
    if first_order == 0.0:
        return deviation > 0.0
    return abs(deviation - first_order) > numerical_tolerance(first_order, 2)
