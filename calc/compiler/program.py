"""A model compiled once: a code object, made from the checked graph, that gives outputs and all derivatives.

The code object is assembled from own nodes (never from text) and holds straight-line arithmetic. The same object runs
on floats and, element by element, on arrays: arithmetic and roots are exactly rounded in both, every other function is
the one of `math` in both, so a point has the same bits alone or in a batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calc.compiler.assembly import assemble, function
from calc.compiler.derivatives import gradient
from calc.compiler.graph import SCALAR_FUNCTIONS, Graph, apply
from calc.errors import CalcError, OutsideValidity

Floats = tuple[float, ...]
Array = NDArray[np.float64]


def _each(function: Callable[..., float]) -> Callable[..., Array | float]:
    """Return a function on arrays (n,) that applies one on floats to every element."""

    def on_arrays(*arguments: Array | float) -> Array | float:
        counts = [len(a) for a in arguments if not isinstance(a, float)]
        if not counts:
            return function(*arguments)
        columns = [repeat(a) if isinstance(a, float) else a.tolist() for a in arguments]
        return np.fromiter(map(function, *columns), np.float64, counts[0])

    return on_arrays


def _sign(x: Array) -> Array:
    return np.where(x == 0.0, np.nan, np.copysign(1.0, x))


def _less(x: Array, y: Array) -> Array:
    return np.where(x < y, 1.0, np.where(x > y, 0.0, np.nan))


ARRAY_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: _each(function) for name, function in SCALAR_FUNCTIONS.items()},
    "sqrt": np.sqrt,
    "abs": np.abs,
    "min": lambda x, y: np.where(x <= y, x, y),
    "max": lambda x, y: np.where(x >= y, x, y),
    "sign": _sign,
    "less": _less,
}
"""How each operation that is not an arithmetic sign is done on arrays of shape (n,), with the bits it has on floats."""


@dataclass(frozen=True, slots=True)
class Linearisation:
    """Outputs and their derivatives at one point.

    `values`: (n_outputs,) in the outputs' units; `derivatives`: (n_outputs, n_inputs), output unit per input unit.
    """

    values: Floats
    derivatives: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The compiled arithmetic of a model: outputs by `outputs` names, inputs in the order of `symbols`.

    `kernels` keeps what calc.compiler.kernel and calc.batch compile from it, by structure: a pure cache.
    """

    graph: Graph
    symbols: tuple[str, ...]
    outputs: tuple[str, ...]
    roots: tuple[int, ...]
    texts: tuple[str, ...]
    slopes: tuple[int, ...] = field(init=False, repr=False)
    kernels: dict[Hashable, Any] = field(init=False, repr=False, compare=False, default_factory=dict)
    _on_floats: Callable[..., tuple[float, ...]] = field(init=False, repr=False)
    _on_arrays: Callable[..., tuple[Any, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        gradients = [gradient(self.graph, root, self.symbols) for root in self.roots]
        slopes = tuple(by_symbol[symbol] for by_symbol in gradients for symbol in self.symbols)
        code = assemble(self.graph, self.symbols, [*self.roots, *slopes])
        object.__setattr__(self, "slopes", slopes)
        object.__setattr__(self, "_on_floats", function(code, SCALAR_FUNCTIONS))
        object.__setattr__(self, "_on_arrays", function(code, ARRAY_FUNCTIONS))

    def linearise(self, values: Sequence[float], point: str = "1") -> Linearisation:
        """Return outputs and derivatives at `values`, (n_inputs,) in the model's units.

        Raises OutsideValidity naming the output where there is no finite value or derivative.
        """
        try:
            numbers = self._on_floats(*values)
        except CalcError:
            raise  # of a curve, which knows what it refuses
        except (ArithmeticError, ValueError):
            raise self.located(values, point) from None
        for number in numbers:
            if not math.isfinite(number):
                raise self.located(values, point)
        outputs, width = len(self.roots), len(self.symbols)
        slopes = numbers[outputs:]
        rows = tuple(slopes[i * width : (i + 1) * width] for i in range(outputs))
        return Linearisation(numbers[:outputs], rows)

    def linearise_many(self, values: Sequence[Array]) -> tuple[Array, Array]:
        """Return outputs (n_outputs, n_points) and derivatives (n_outputs, n_inputs, n_points).

        `values`: one array of shape (n_points,) for each input, in the model's units. Every point has the bits that
        `linearise` gives for it. Raises OutsideValidity naming the first point (from 1) that has no result.
        """
        columns = [np.ascontiguousarray(column, dtype=np.float64) for column in values]
        length = len(columns[0]) if columns else 1
        try:
            with np.errstate(divide="raise", invalid="raise", over="ignore", under="ignore"):
                numbers = self._on_arrays(*columns)
            table = np.empty((len(numbers), length))
            for row, number in zip(table, numbers, strict=True):
                row[:] = number
            if not np.isfinite(table).all():
                raise FloatingPointError
        except (ArithmeticError, ValueError):
            rows = zip(*(c.tolist() for c in columns), strict=True)
            single = [self.linearise(row, str(index)) for index, row in enumerate(rows, 1)]
            flat = [[*one.values, *(slope for line in one.derivatives for slope in line)] for one in single]
            table = np.array(flat).T
        outputs = len(self.roots)
        return table[:outputs], table[outputs:].reshape(outputs, len(self.symbols), length)

    def located(self, values: Sequence[float], point: str) -> OutsideValidity:
        """Return the error that names the output, and for a derivative the input, that has no finite value there."""
        known = {self.graph.input(s): value for s, value in zip(self.symbols, values, strict=True)}
        for output, root, text in zip(self.outputs, self.roots, self.texts, strict=True):
            code = _fault(self.graph, root, known)
            if code is not None:
                return OutsideValidity(code, output=output, text=text, point=point)
        places = [(output, symbol) for output in self.outputs for symbol in self.symbols]
        for (output, symbol), slope in zip(places, self.slopes, strict=True):
            if _fault(self.graph, slope, known) is not None:
                return OutsideValidity("model.not_differentiable", output=output, name=symbol, point=point)
        return OutsideValidity("model.outside_domain", output=self.outputs[0], text=self.texts[0], point=point)


def _fault(graph: Graph, root: int, known: Mapping[int, float]) -> str | None:
    """Return the code of what keeps a node from having a finite value, or None."""
    values = dict(known)
    try:
        for node in graph.live([root]):
            constant = graph.constant(node)
            if constant is not None:
                values[node] = constant
            elif node not in values:
                arguments = [values[argument] for argument in graph.arguments(node)]
                values[node] = apply(str(graph.nodes[node][0]), arguments)
    except ZeroDivisionError:
        return "model.division_by_zero"
    except (ArithmeticError, ValueError):
        return "model.outside_domain"
    return None if math.isfinite(values[root]) else "model.outside_domain"
