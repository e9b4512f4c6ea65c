"""The unit check: a formula's tree becomes operations on numbers, with the factors between its units put in.

Every step knows the unit of what it makes, so a formula whose units do not fit is refused before any number is made,
and grams may be added to milligrams. A temperature on a scale (degC, degF) has *weight* 1, a difference 0: sums add
weights, so a difference of two temperatures is a difference, their mean is a temperature, and anything else fails.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from calc.compiler.graph import Graph
from calc.compiler.lookups import LookupNodes
from calc.errors import InvalidModel
from calc.expression import FUNCTIONS, MAXIMUM_EXPONENT, Call, Name, Negation, Node, Number, Operation, spine, to_text
from calc.units import Unit

_SYMBOLS = {"kilogram": "kg", "meter": "m", "second": "s", "ampere": "A", "kelvin": "K", "mole": "mol"}
_SMALLEST = Fraction(1, 10**200)
_MOST_BITS = 20_000


@dataclass(frozen=True, slots=True)
class Measure:
    """A node of the graph with its unit: `scale` to SI base units, dimension, weight and zero of a temperature."""

    node: int
    scale: Fraction = Fraction(1)
    dimension: tuple[tuple[str, Fraction], ...] = ()
    weight: Fraction = Fraction(0)
    offset: Fraction | None = None


def measured(node: int, unit: Unit) -> Measure:
    """Return a symbol's node with its declared unit."""
    weight = Fraction(0 if unit.offset is None else 1)
    return Measure(node, unit.scale, unit.dimension, weight, unit.offset)


def _unit_text(scale: Fraction, dimension: tuple[tuple[str, Fraction], ...]) -> str:
    names = [f"{_SYMBOLS.get(name, name)}{'' if power == 1 else power}" for name, power in dimension]
    plain = _SMALLEST <= scale <= 1 / _SMALLEST
    factor = "" if scale == 1 and names else f"{float(scale):.6g}" if plain else "?"
    return " ".join(part for part in (factor, ".".join(names)) if part)


class UnitCheck:
    """Lowers the tree of one output into a graph."""

    def __init__(
        self, graph: Graph, symbols: Mapping[str, Measure], output: str, lookups: LookupNodes | None = None
    ) -> None:
        self._graph = graph
        self._symbols = symbols
        self._output = output
        self._lookups = lookups

    def lower(self, tree: Node, unit: Unit) -> int:
        """Return the node of the output in its declared unit; raises InvalidModel."""
        return self._wanted(tree, self._lower(tree), unit)

    def _wanted(self, tree: Node, made: Measure, unit: Unit) -> int:
        """Return the node of what was made in the unit that is declared for it."""
        expected = replace(measured(made.node, unit), node=made.node)
        zero = self._graph.constant(made.node) == 0.0 and made.weight == 0
        if zero or (made.dimension == unit.dimension and made.weight == expected.weight):
            if made.weight and made.offset != unit.offset:
                raise self._error("model.unit_result", unit=self._name(made), expected=unit.text)
            return self._scaled(tree, made.node, made.scale / unit.scale)
        if made.weight not in {0, 1}:
            raise self._error("model.temperature_point", unit=self._name(made), text=to_text(tree))
        raise self._error("model.unit_result", unit=self._name(made), expected=unit.text)

    def _error(self, code: str, **values: object) -> InvalidModel:
        return InvalidModel(code, output=self._output, **values)

    def _name(self, measure: Measure) -> str:
        if measure.offset is not None and measure.weight:
            return "degC" if measure.scale == 1 else "degF"
        return _unit_text(measure.scale, measure.dimension)

    def _lower(self, tree: Node) -> Measure:
        first, operations = spine(tree)
        made = self._operand(first)
        for operation in operations:
            made = self._joined(operation, made, self._lower(operation.right))
        return made

    def _joined(self, tree: Operation, one: Measure, two: Measure) -> Measure:
        if tree.sign == "**":
            return self._power(tree, one, two)
        return (self._sum if tree.sign in "+-" else self._product)(tree, tree.sign, one, two)

    def _operand(self, tree: Node) -> Measure:
        match tree:
            case Number(value):
                return Measure(self._graph.number(value))
            case Name(name):
                if name not in self._symbols:
                    raise self._error("model.unknown_name", name=name)
                return self._symbols[name]
            case Negation(operand):
                made = self._lower(operand)
                return replace(made, node=self._graph.negative(made.node), weight=-made.weight)
            case Call("abs", (argument,)):
                made = self._difference(tree, self._lower(argument))
                return replace(made, node=self._graph.operation("abs", made.node))
            case Call("min" | "max" as function, arguments):
                return self._extreme(tree, function, [self._lower(argument) for argument in arguments])
            case Call("sqrt", (argument,)):
                return self._root(tree, self._lower(argument))
            case Call("atan2", (ordinate, abscissa)):
                one, two = (self._difference(tree, self._lower(item)) for item in (ordinate, abscissa))
                two = self._fitted(tree, two, one)
                return Measure(self._graph.operation("atan2", one.node, two.node))
            case Call(function, (argument, *_)):
                return self._of_one(tree, function, self._lower(argument))
        raise self._error("model.syntax", text=to_text(tree), position=1)

    def _scaled(self, tree: Node, node: int, factor: Fraction) -> int:
        """Return a node times a factor between units, which has to be a number that a float holds."""
        if not _SMALLEST <= factor <= 1 / _SMALLEST:
            raise self._error("model.unit_scale", text=to_text(tree))
        return self._graph.scaled(node, factor)

    def _difference(self, tree: Node, measure: Measure) -> Measure:
        """Refuse a temperature on a scale where only a difference has a meaning."""
        if measure.weight:
            raise self._error("model.temperature_point", unit=self._name(measure), text=to_text(tree))
        return measure

    def _plain(self, tree: Node, measure: Measure) -> int:
        """Return the node of a number without dimension in the unit 1 (per cent and degrees are scaled)."""
        self._difference(tree, measure)
        if measure.dimension:
            raise self._error("model.unit_not_dimensionless", unit=self._name(measure), text=to_text(tree))
        return self._scaled(tree, measure.node, measure.scale)

    def _fitted(self, tree: Node, measure: Measure, like: Measure) -> Measure:
        """Return `measure` in the unit of `like`, which must have the same dimension; a bare 0 fits everywhere."""
        if measure.dimension != like.dimension:
            if self._graph.constant(measure.node) == 0.0 and not measure.dimension:
                return replace(like, node=measure.node, weight=Fraction(0))
            raise self._error(
                "model.unit_mismatch", unit=self._name(like), expected=self._name(measure), text=to_text(tree)
            )
        if measure.weight and like.weight and measure.offset != like.offset:
            raise self._error(
                "model.unit_mismatch", unit=self._name(like), expected=self._name(measure), text=to_text(tree)
            )
        node = self._scaled(tree, measure.node, measure.scale / like.scale)
        return replace(measure, node=node, scale=like.scale)

    def _pair(self, tree: Node, one: Measure, two: Measure) -> tuple[Measure, Measure]:
        if self._graph.constant(one.node) == 0.0 and not one.dimension and two.dimension:
            return self._fitted(tree, one, two), two
        return one, self._fitted(tree, two, one)

    def _sum(self, tree: Node, sign: str, one: Measure, two: Measure) -> Measure:
        one, two = self._pair(tree, one, two)
        weight = one.weight + two.weight if sign == "+" else one.weight - two.weight
        offset = one.offset if one.weight else two.offset
        node = self._graph.operation(sign, one.node, two.node)
        return Measure(node, one.scale, one.dimension, weight, offset if weight else None)

    def _product(self, tree: Node, sign: str, one: Measure, two: Measure) -> Measure:
        weight = self._weight_of_product(tree, sign, one, two)
        power = 1 if sign == "*" else -1
        exponents = dict(one.dimension)
        for name, exponent in two.dimension:
            exponents[name] = exponents.get(name, Fraction(0)) + power * exponent
        dimension = tuple(sorted((name, exponent) for name, exponent in exponents.items() if exponent))
        node = self._graph.operation(sign, one.node, two.node)
        return Measure(node, one.scale * two.scale**power, dimension, weight, one.offset or two.offset)

    def _weight_of_product(self, tree: Node, sign: str, one: Measure, two: Measure) -> Fraction:
        """A temperature on a scale may be multiplied or divided by a plain constant only, as in a mean."""
        if not one.weight and not two.weight:
            return Fraction(0)
        point, other = (one, two) if one.weight else (two, one)
        constant = self._graph.constant(other.node)
        plain = constant is not None and constant != 0.0 and not other.dimension and other.scale == 1
        if other.weight or not plain or constant is None or (sign == "/" and point is two):
            raise self._error("model.temperature_point", unit=self._name(point), text=to_text(tree))
        factor = Fraction(constant).limit_denominator(1_000_000)
        if factor == 0:
            raise self._error("model.temperature_point", unit=self._name(point), text=to_text(tree))
        return point.weight * factor if sign == "*" else point.weight / factor

    def _power(self, tree: Node, base: Measure, exponent: Measure) -> Measure:
        self._difference(tree, base)
        plain = self._plain(tree, exponent)
        value = self._graph.constant(plain)
        if value is None:
            return Measure(self._graph.operation("pow", self._plain(tree, base), plain))
        if abs(value) > MAXIMUM_EXPONENT:
            raise self._error("model.exponent", value=value, limit=int(MAXIMUM_EXPONENT))
        if not base.dimension and base.scale == 1:
            return Measure(self._graph.power(base.node, value))
        power = Fraction(value).limit_denominator(1000)
        if not math.isclose(float(power), value, rel_tol=1e-12, abs_tol=1e-12):
            raise self._error("model.unit_exponent", unit=self._name(base), text=to_text(tree))
        return self._raised(tree, base, power, value)

    def _raised(self, tree: Node, base: Measure, power: Fraction, value: float) -> Measure:
        node, scale = base.node, base.scale
        bits = max(scale.numerator.bit_length(), scale.denominator.bit_length())
        largest = max((abs(exponent) for _, exponent in base.dimension), default=Fraction(1))
        if bits * abs(power) > _MOST_BITS or largest * abs(power) > MAXIMUM_EXPONENT:
            raise self._error("model.unit_scale", text=to_text(tree))
        if power.denominator != 1 and scale != 1:
            node, scale = self._scaled(tree, node, scale), Fraction(1)  # roots are taken in SI base units
        dimension = tuple((name, exponent * power) for name, exponent in base.dimension if power)
        raised = scale**power.numerator if power.denominator == 1 else scale
        return Measure(self._graph.power(node, value), raised, dimension)

    def _root(self, tree: Node, base: Measure) -> Measure:
        self._difference(tree, base)
        return self._raised(tree, base, Fraction(1, 2), 0.5)

    def _of_one(self, tree: Node, function: str, argument: Measure) -> Measure:
        """Return a function of a plain number, or the value of a calibration curve, whose argument has to fit."""
        if function in FUNCTIONS:
            return Measure(self._graph.operation(function, self._plain(tree, argument)))
        units = self._lookups.units(function) if self._lookups is not None else None
        if self._lookups is None or units is None:
            raise self._error("model.unknown_function", name=function)
        text = to_text(tree)
        try:
            node = self._wanted(tree, argument, units[0])
        except InvalidModel as error:
            if error.code != "model.unit_result":
                raise
            raise self._error(
                "model.unit_argument", unit=error.values["unit"], expected=units[0].text, name=function, text=text
            ) from None
        return measured(self._lookups.node(function, node, text), units[1])

    def _extreme(self, tree: Node, function: str, items: list[Measure]) -> Measure:
        made = items[0]
        for item in items[1:]:
            made, other = self._pair(tree, made, item)
            if made.weight != other.weight:
                raise self._error("model.temperature_point", unit="degC", text=to_text(tree))
            if made.node != other.node:
                made = replace(made, node=self._graph.operation(function, made.node, other.node))
        return made
