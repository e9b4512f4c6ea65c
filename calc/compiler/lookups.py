"""Look-ups into calibration curves inside formulas: `V = G(T)*x`, where G is a curve that a model declares.

A look-up means f(x) + δ: the curve's value at its argument and the curve's own uncertainty there, a zero-mean input.
At the estimate x0 of the argument it is written as v + (s + ½ c (x - x0)) (x - x0) with v = f(x0) + δ, s = f'(x0) and
c = f''(x0), exact numbers of the curve. So the first and second derivatives with respect to everything the argument
rests on are exact (the third derivative of a curve is left out of the terms of second order), and a formula with
look-ups is arithmetic like any other. v is an input of the model with a line in the budget; x0, s and c are numbers
without uncertainty, which no budget shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calc.compiler.graph import Graph
from calc.errors import InvalidModel, InvalidQuantity
from calc.expression import ARRAY_FUNCTIONS, FUNCTIONS, canonical
from calc.units import Unit, parse_unit

MAXIMUM_LOOKUPS = 60
"""Look-ups of one model: all of one curve are correlated, and every pair is a term of every sum."""


@dataclass(frozen=True, slots=True)
class CurveDefinition:
    """A calibration curve that formulas call by `symbol`, with one argument, and the units of argument and value."""

    symbol: str
    argument_unit: str
    unit: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """One look-up of a compiled model: `value` is its symbol among the inputs, in `unit`, as the formula has it.

    `curve` names the curve's definition, `argument` is the node of the argument in `argument_unit`. `origin`, `slope`
    and `curvature` are the symbols of x0, f'(x0) and f''(x0).
    """

    curve: str
    argument: int
    argument_unit: str
    unit: str
    value: str

    @property
    def origin(self) -> str:
        return f"{self.value}.argument"

    @property
    def slope(self) -> str:
        return f"{self.value}.slope"

    @property
    def curvature(self) -> str:
        return f"{self.value}.curvature"

    @property
    def hidden(self) -> tuple[str, str, str]:
        """The symbols that no budget shows."""
        return self.origin, self.slope, self.curvature


class LookupNodes:
    """Makes the nodes of look-ups in a graph; the same curve at the same argument is one look-up."""

    def __init__(self, graph: Graph, definitions: Sequence[CurveDefinition]) -> None:
        self._graph = graph
        self._definitions = {canonical(definition.symbol): definition for definition in definitions}
        self._units = {
            canonical(definition.symbol): (
                _unit(definition.argument_unit, definition),
                _unit(definition.unit, definition),
            )
            for definition in definitions
        }
        self._nodes: dict[tuple[str, int], int] = {}
        self.found: list[Lookup] = []

    def units(self, curve: str) -> tuple[Unit, Unit] | None:
        """Return the units of argument and value of a curve, None if there is no such curve."""
        return self._units.get(curve)

    def node(self, curve: str, argument: int, text: str) -> int:
        """Return the node of a look-up; `text` is how the formula writes it."""
        if (curve, argument) not in self._nodes:
            definition = self._definitions[curve]
            lookup = Lookup(definition.symbol, argument, definition.argument_unit, definition.unit, text)
            graph = self._graph
            value, origin, slope, curvature = (graph.input(name) for name in (lookup.value, *lookup.hidden))
            step = graph.operation("-", argument, origin)
            bend = graph.operation("*", graph.operation("*", graph.number(0.5), curvature), step)
            rise = graph.operation("*", graph.operation("+", slope, bend), step)
            self._nodes[curve, argument] = graph.operation("+", value, rise)
            self.found.append(lookup)
            if len(self.found) > MAXIMUM_LOOKUPS:
                raise InvalidModel("model.too_many_lookups", name=curve, limit=MAXIMUM_LOOKUPS)
        return self._nodes[curve, argument]


def _unit(text: str, definition: CurveDefinition) -> Unit:
    try:
        return parse_unit(text)
    except InvalidQuantity as error:
        raise InvalidModel.like(error, name=definition.symbol) from None


def check_curve_names(definitions: Sequence[CurveDefinition]) -> None:
    """Raise InvalidModel for a curve with the name of a function."""
    for definition in definitions:
        if canonical(definition.symbol) in {*FUNCTIONS, *ARRAY_FUNCTIONS}:
            raise InvalidModel("model.name", name=definition.symbol)
