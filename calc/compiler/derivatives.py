"""Exact derivatives of a graph's nodes by reverse accumulation, written as nodes of the same graph.

Because derivatives are nodes again, they share what they have in common with the formula and can be differentiated
once more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from calc.compiler.graph import Graph

_LN10 = math.log(10.0)


@dataclass(frozen=True, slots=True)
class _Step:
    """One argument of one operation: `node` = operation(`arguments`), seen from the argument at `position`."""

    graph: Graph
    node: int
    arguments: Sequence[int]
    position: int
    adjoint: int

    @property
    def x(self) -> int:
        return self.arguments[0]

    @property
    def y(self) -> int:
        return self.arguments[-1]

    def times(self, slope: int) -> int:
        return self.graph.multiply(self.adjoint, slope)

    def over(self, slope: int) -> int:
        return self.graph.divide(self.adjoint, slope)


def _divide(step: _Step) -> int:
    quotient = step.over(step.y)
    return quotient if step.position == 0 else step.graph.negative(step.graph.multiply(quotient, step.node))


def _power(step: _Step) -> int:
    graph, exponent = step.graph, step.graph.constant(step.y)
    if exponent is not None:
        return step.times(graph.multiply(step.y, graph.power(step.x, exponent - 1.0)))
    if step.position == 0:
        reduced = graph.operation("pow", step.x, graph.subtract(step.y, graph.number(1.0)))
        return step.times(graph.multiply(step.y, reduced))
    return step.times(graph.multiply(step.node, graph.operation("log", step.x)))


def _tangent(step: _Step) -> int:
    graph = step.graph
    return step.times(graph.add(graph.number(1.0), graph.multiply(step.node, step.node)))


def _arc(step: _Step) -> int:
    graph = step.graph
    square = graph.multiply(step.x, step.x)
    return step.over(graph.operation("sqrt", graph.subtract(graph.number(1.0), square)))


def _arc_tangent(step: _Step) -> int:
    graph = step.graph
    return step.over(graph.add(graph.number(1.0), graph.multiply(step.x, step.x)))


def _arc_tangent_of_two(step: _Step) -> int:
    graph, ordinate, abscissa = step.graph, step.x, step.y
    length = graph.add(graph.multiply(ordinate, ordinate), graph.multiply(abscissa, abscissa))
    if step.position == 0:
        return graph.divide(step.times(abscissa), length)
    return graph.negative(graph.divide(step.times(ordinate), length))


def _smaller(step: _Step) -> int:
    pair = (step.x, step.y) if step.position == 0 else (step.y, step.x)
    return step.times(step.graph.operation("less", *pair))


def _larger(step: _Step) -> int:
    pair = (step.y, step.x) if step.position == 0 else (step.x, step.y)
    return step.times(step.graph.operation("less", *pair))


_RULES: Mapping[str, Callable[[_Step], int]] = MappingProxyType(
    {
        "+": lambda step: step.adjoint,
        "-": lambda step: step.adjoint if step.position == 0 else step.graph.negative(step.adjoint),
        "*": lambda step: step.times(step.arguments[1 - step.position]),
        "/": _divide,
        "neg": lambda step: step.graph.negative(step.adjoint),
        "pow": _power,
        "sqrt": lambda step: step.graph.divide(step.times(step.graph.number(0.5)), step.node),
        "exp": lambda step: step.times(step.node),
        "log": lambda step: step.over(step.x),
        "log10": lambda step: step.over(step.graph.multiply(step.graph.number(_LN10), step.x)),
        "sin": lambda step: step.times(step.graph.operation("cos", step.x)),
        "cos": lambda step: step.graph.negative(step.times(step.graph.operation("sin", step.x))),
        "tan": _tangent,
        "asin": _arc,
        "acos": lambda step: step.graph.negative(_arc(step)),
        "atan": _arc_tangent,
        "atan2": _arc_tangent_of_two,
        "abs": lambda step: step.times(step.graph.operation("sign", step.x)),
        "min": _smaller,
        "max": _larger,
        "sign": lambda step: step.graph.number(0.0),
        "less": lambda step: step.graph.number(0.0),
    }
)
"""For each operation: the adjoint that it passes on to one of its arguments."""


def gradient(graph: Graph, root: int, symbols: Iterable[str]) -> dict[str, int]:
    """Return nodes for the derivatives of `root` with respect to each symbol."""
    depends = set[int]()
    order = graph.live([root])
    for node in order:
        if graph.nodes[node][0] == "input" or any(a in depends for a in graph.arguments(node)):
            depends.add(node)
    adjoints: dict[int, int] = {root: graph.number(1.0)}
    for node in reversed(order):
        if node not in depends or node not in adjoints:
            continue
        arguments = graph.arguments(node)
        for position, argument in enumerate(arguments):
            if argument in depends:
                step = _Step(graph, node, arguments, position, adjoints[node])
                term = _RULES[str(graph.nodes[node][0])](step)
                adjoints[argument] = graph.add(adjoints[argument], term) if argument in adjoints else term
    zero = graph.number(0.0)
    return {symbol: adjoints.get(graph.input(symbol), zero) for symbol in symbols}
