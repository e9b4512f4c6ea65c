"""A model compiled once: a code object, made from the checked graph, that gives outputs and all derivatives.

The code object is assembled from own nodes (never from text) and holds straight-line arithmetic. The same object runs
on floats and, element by element, on arrays: arithmetic and roots are exactly rounded in both, every other function is
the one of `math` in both, so a point has the same bits alone or in a batch.
"""

from __future__ import annotations

import ast
import math
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calc.derivatives import gradient
from calc.errors import OutsideValidity
from calc.graph import SCALAR_FUNCTIONS, Graph, apply

Floats = tuple[float, ...]
Array = NDArray[np.float64]
_OPERATORS: Mapping[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}


def _each(function: Callable[..., float]) -> Callable[..., Array]:
    """Return a function on arrays that applies one on floats to every element."""

    def on_arrays(*arguments: Array | float) -> Array:
        columns = np.broadcast_arrays(*arguments)
        return np.array([function(*row) for row in zip(*(c.tolist() for c in columns), strict=True)])

    return on_arrays


def _sign(x: Array) -> Array:
    return np.where(x == 0.0, np.nan, np.copysign(1.0, x))


def _less(x: Array, y: Array) -> Array:
    return np.where(x < y, 1.0, np.where(x > y, 0.0, np.nan))


_ARRAY_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: _each(function) for name, function in SCALAR_FUNCTIONS.items()},
    "sqrt": np.sqrt,
    "abs": np.abs,
    "min": lambda x, y: np.where(x <= y, x, y),
    "max": lambda x, y: np.where(x >= y, x, y),
    "sign": _sign,
    "less": _less,
}


@dataclass(frozen=True, slots=True)
class Linearisation:
    """Outputs and their derivatives at one point.

    `values`: (n_outputs,) in the outputs' units; `derivatives`: (n_outputs, n_inputs), output unit per input unit.
    """

    values: Floats
    derivatives: tuple[Floats, ...]


def _assemble(graph: Graph, symbols: Sequence[str], roots: Sequence[int]) -> types.CodeType:
    """Return the code object of a function of the inputs that returns the roots' values as a tuple."""
    names = {graph.input(symbol): f"x{index}" for index, symbol in enumerate(symbols)}

    def load(node: int) -> ast.expr:
        value = graph.constant(node)
        return ast.Name(names.get(node, f"v{node}"), ast.Load()) if value is None else ast.Constant(value)

    body: list[ast.stmt] = []
    for node in graph.live(roots):
        if node in names or graph.constant(node) is not None:
            continue
        operation = str(graph.nodes[node][0])
        arguments = [load(argument) for argument in graph.arguments(node)]
        expression: ast.expr
        if operation in _OPERATORS:
            expression = ast.BinOp(arguments[0], _OPERATORS[operation](), arguments[1])
        elif operation == "neg":
            expression = ast.UnaryOp(ast.USub(), arguments[0])
        else:
            expression = ast.Call(ast.Name(operation, ast.Load()), arguments, [])
        body.append(ast.Assign([ast.Name(f"v{node}", ast.Store())], expression))
    body.append(ast.Return(ast.Tuple([load(root) for root in roots], ast.Load())))
    parameters = [ast.arg(f"x{index}") for index in range(len(symbols))]
    signature = ast.arguments(posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[])
    definition = ast.FunctionDef("model", signature, body, [])
    module = compile(ast.fix_missing_locations(ast.Module([definition], [])), "<model>", "exec")
    return next(item for item in module.co_consts if isinstance(item, types.CodeType))


def _function(code: types.CodeType, functions: Mapping[str, Callable[..., Any]]) -> Callable[..., tuple[Any, ...]]:
    return types.FunctionType(code, {"__builtins__": {}, **functions})


@dataclass(frozen=True, slots=True)
class Program:
    """The compiled arithmetic of a model: outputs by `outputs` names, inputs in the order of `symbols`."""

    graph: Graph
    symbols: tuple[str, ...]
    outputs: tuple[str, ...]
    roots: tuple[int, ...]
    texts: tuple[str, ...]
    slopes: tuple[int, ...] = field(init=False, repr=False)
    _on_floats: Callable[..., tuple[float, ...]] = field(init=False, repr=False)
    _on_arrays: Callable[..., tuple[Any, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        gradients = [gradient(self.graph, root, self.symbols) for root in self.roots]
        slopes = tuple(by_symbol[symbol] for by_symbol in gradients for symbol in self.symbols)
        code = _assemble(self.graph, self.symbols, [*self.roots, *slopes])
        object.__setattr__(self, "slopes", slopes)
        object.__setattr__(self, "_on_floats", _function(code, SCALAR_FUNCTIONS))
        object.__setattr__(self, "_on_arrays", _function(code, _ARRAY_FUNCTIONS))

    def linearise(self, values: Sequence[float], point: str = "1") -> Linearisation:
        """Return outputs and derivatives at `values`, (n_inputs,) in the model's units.

        Raises OutsideValidity naming the output where there is no finite value or derivative.
        """
        try:
            numbers = self._on_floats(*values)
        except (ArithmeticError, ValueError):
            raise self._located(values, point) from None
        for number in numbers:
            if not math.isfinite(number):
                raise self._located(values, point)
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

    def _located(self, values: Sequence[float], point: str) -> OutsideValidity:
        """Return the error that names the output, and for a derivative the input, that has no finite value."""
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
