"""A model to be fitted: a formula in parameters and predictors with its exact slopes, on doubles and on 50 digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calc.compiler.array_functions import NUMPY_FUNCTIONS
from calc.compiler.derivatives import gradient
from calc.compiler.dimensions import Measure, UnitCheck
from calc.compiler.graph import Graph
from calc.errors import InvalidModel
from calc.expression import canonical, is_name, parse
from calc.regression import extended
from calc.units import parse_unit

Array = NDArray[np.float64]
_MOST_CURVATURES = 200_000
_SLOPE_OF_POWER = "log in the slope of a power"

_ON_ARRAYS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **NUMPY_FUNCTIONS,
        "sign": lambda x: np.where(x == 0.0, np.nan, np.sign(x)),
        "less": lambda x, y: np.where(x < y, 1.0, np.where(x > y, 0.0, np.nan)),
        _SLOPE_OF_POWER: lambda x: np.where(x == 0.0, 0.0, np.log(np.where(x == 0.0, 1.0, x))),
    }
)
_ON_DECIMALS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {**extended.FUNCTIONS, _SLOPE_OF_POWER: lambda x: x.ln() if x else x}
)


class ResponseModel:
    """y = f(parameters; predictors) from text, without units; slopes with respect to the parameters are exact."""

    def __init__(
        self, expression: str, parameters: Sequence[str], predictors: Sequence[str], output: str = "y"
    ) -> None:
        self.parameters = tuple(parameters)
        self.predictors = tuple(predictors)
        self.output = output
        self.text = expression
        graph = Graph()
        names = [*self.parameters, *self.predictors]
        for index, name in enumerate(names):
            if not is_name(name):
                raise InvalidModel("model.name", name=name)
            if canonical(name) in map(canonical, names[:index]):
                raise InvalidModel("model.duplicate", name=name)
        symbols = {canonical(name): Measure(graph.input(name)) for name in names}
        root = UnitCheck(graph, symbols, output).lower(parse(expression, output), parse_unit("1"))
        formula = len(graph.nodes)
        slopes = gradient(graph, root, self.parameters)
        self._graph = graph
        # x**b at x = 0: its slope x**b log(x) is 0 there, the limit; a logarithm of the formula itself has no value
        self._formula = formula
        self._roots = [root, *(slopes[name] for name in self.parameters)]
        self._order = graph.live(self._roots)
        inputs = {graph.input(name) for name in self.predictors}
        varying = set[int]()
        for node in self._order:
            if node in inputs or any(argument in varying for argument in graph.arguments(node)):
                varying.add(node)
        self._once = [node for node in self._order if node not in varying]
        self._each = [node for node in self._order if node in varying and node not in inputs]
        self._bent: list[int] | None = None
        self.linear = self._linear()

    def _linear(self) -> tuple[int, ...]:
        """Return parameters, by position, in which the model is linear together: their slopes hold none of them."""
        held = [
            {name for name in self.parameters if self._graph.input(name) in self._graph.live([root])}
            for root in self._roots[1:]
        ]
        chosen: list[int] = []
        for position, name in enumerate(self.parameters):
            if name not in held[position] and not any(
                name in held[other] or self.parameters[other] in held[position] for other in chosen
            ):
                chosen.append(position)
        return tuple(chosen)

    def _run(
        self, nodes: Sequence[int], known: dict[int, Any], functions: Mapping[str, Callable[..., Any]], number: Any
    ) -> dict[int, Any]:
        for node in nodes:
            constant = self._graph.constant(node)
            if constant is not None:
                known[node] = number(constant)
            elif node not in known:
                arguments = [known[argument] for argument in self._graph.arguments(node)]
                operation = str(self._graph.nodes[node][0])
                if operation == "log" and node >= self._formula:
                    operation = _SLOPE_OF_POWER
                known[node] = functions[operation](*arguments)
        return known

    def on_arrays(self, parameters: Array, predictors: Sequence[Array], rows: int) -> tuple[Array, Array] | None:
        """Return values, (n_rows,), and slopes, (n_rows, n_parameters), or None where one of them is not finite."""
        table = self._table(self._roots, [*self._once, *self._each], parameters, predictors, rows)
        return None if table is None else (table[0], table[1:].T)

    def curvatures(self, parameters: Array, predictors: Sequence[Array], rows: int) -> Array | None:
        """Return second derivatives, (n_parameters, n_parameters, n_rows).

        None where one is not finite, or where so many parameters in so long a formula would take them for ever.
        """
        if self._bent is None and len(self._order) * len(self.parameters) ** 2 > _MOST_CURVATURES:
            return None
        if self._bent is None:
            gradients = [gradient(self._graph, root, self.parameters) for root in self._roots[1:]]
            self._bent = [slopes[name] for slopes in gradients for name in self.parameters]
        table = self._table(self._bent, self._graph.live(self._bent), parameters, predictors, rows)
        size = len(self.parameters)
        return None if table is None else table.reshape(size, size, rows)

    def _table(
        self, roots: Sequence[int], nodes: Sequence[int], parameters: Array, predictors: Sequence[Array], rows: int
    ) -> Array | None:
        known: dict[int, Any] = {
            self._graph.input(n): np.float64(v) for n, v in zip(self.parameters, parameters.tolist(), strict=True)
        }
        known.update((self._graph.input(n), column) for n, column in zip(self.predictors, predictors, strict=True))
        try:
            with np.errstate(divide="raise", invalid="raise", over="raise", under="ignore"):
                self._run(nodes, known, _ON_ARRAYS, np.float64)
        except FloatingPointError:
            return None
        table = np.empty((len(roots), rows))
        for row, root in zip(table, roots, strict=True):
            row[:] = known[root]
        return table if np.isfinite(table).all() else None

    def on_decimals(
        self, parameters: Sequence[Decimal], predictors: Sequence[Sequence[Decimal]]
    ) -> tuple[list[Decimal], list[list[Decimal]]]:
        """Return values, (n_rows,), and slopes, (n_parameters, n_rows), to 50 digits.

        `predictors`: (n_rows, n_predictors). Raises decimal's ArithmeticError where there is none.
        """
        inputs = [self._graph.input(name) for name in self.predictors]
        table: list[list[Decimal]] = []
        with localcontext(extended.context()):
            start = {self._graph.input(n): v for n, v in zip(self.parameters, parameters, strict=True)}
            shared = self._run(self._once, start, _ON_DECIMALS, _decimal)
            for row in predictors:
                known = {**shared, **dict(zip(inputs, row, strict=True))}
                self._run(self._each, known, _ON_DECIMALS, _decimal)
                table.append([known[root] for root in self._roots])
        columns = [list(column) for column in zip(*table, strict=True)]
        return columns[0], columns[1:]


def _decimal(constant: float) -> Decimal:
    """Return a constant of the formula as the decimal it was written as, and pi as pi."""
    return +extended.pi() if constant == math.pi else Decimal(repr(constant))
