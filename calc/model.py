"""A measurement model as data: outputs by formula, inputs, constants, curves, the coverage rule; compiled once."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calc.compiler.arrays import checked_size, element, written_out
from calc.compiler.dimensions import Measure, UnitCheck, measured
from calc.compiler.graph import Graph
from calc.compiler.lookups import CurveDefinition, Lookup, LookupNodes, check_curve_names
from calc.compiler.output_order import names_in, resolution_order
from calc.compiler.program import Program
from calc.errors import InvalidModel, InvalidQuantity
from calc.expression import RESERVED, Node, canonical, is_name, parse, to_text
from calc.quantities import finite, positive
from calc.units import Unit, parse_unit


@dataclass(frozen=True, slots=True)
class OutputDefinition:
    """An output quantity: its name, the formula it follows from, and the unit it is wanted in.

    The formula may use other outputs of the model, each in its declared unit, in whatever order they are declared.
    With a `size` it is an array: the formula is taken for each element, and the outputs are name[1] … name[size].
    """

    name: str
    expression: str
    unit: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class InputDefinition:
    """An input of the model: the symbol in the formulas and the unit in which its number enters them.

    With a `size` it is an array of inputs symbol[1] … symbol[size], each bound to a quantity of its own.
    """

    symbol: str
    unit: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class ConstantDefinition:
    """An exact constant of the model, in `unit`."""

    symbol: str
    value: float
    unit: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", finite(self.value, self.symbol, "value") + 0.0)  # no -0.0


@dataclass(frozen=True, slots=True)
class CoverageRule:
    """How the coverage factor follows from the effective degrees of freedom.

    k is the two-sided quantile of Student's t for `coverage_probability` at the (non-integer) effective degrees of
    freedom; from `stated_from_degrees_of_freedom` upward `stated_factor` is stated in its place, unless that is None.
    `truncate_degrees_of_freedom` takes the next lower integer first (JCGM 100:2008, G.4.1, note 1). For a factor
    that is always stated let `stated_from_degrees_of_freedom` be 1. Source: JCGM 100:2008, G.6.4; EA-4/02, annex E.
    """

    coverage_probability: float = 0.9545
    stated_factor: float | None = 2.0
    stated_from_degrees_of_freedom: float = 50.0
    truncate_degrees_of_freedom: bool = False

    def __post_init__(self) -> None:
        probability = finite(self.coverage_probability, "coverage", "coverage_probability")
        if not 0.0 < probability < 1.0:
            raise InvalidQuantity("coverage.probability", value=probability)
        object.__setattr__(self, "coverage_probability", probability)
        if self.stated_factor is not None:
            object.__setattr__(self, "stated_factor", positive(self.stated_factor, "coverage", "stated_factor"))
        limit = float(self.stated_from_degrees_of_freedom)
        if not limit >= 1.0:
            raise InvalidQuantity("quantity.degrees_of_freedom", name="coverage", value=limit)
        object.__setattr__(self, "stated_from_degrees_of_freedom", limit)


@dataclass(frozen=True, slots=True)
class MeasurementModel:
    """A measurement model Y = f(X): one or more outputs, the inputs they may use, constants, coverage rule.

    `curves` are calibration curves that the formulas look values up in; what stands for them is bound at each point.
    Plain data, hashable and serialisable; `compile_model` checks it. Source: JCGM 100:2008, 4.1; JCGM 102:2011, 6.
    """

    outputs: tuple[OutputDefinition, ...]
    inputs: tuple[InputDefinition, ...]
    constants: tuple[ConstantDefinition, ...] = ()
    coverage: CoverageRule = CoverageRule()
    curves: tuple[CurveDefinition, ...] = ()

    def __post_init__(self) -> None:
        for name in ("outputs", "inputs", "constants", "curves"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """A model that passed every check, with its compiled program; `symbols` gives the order of the inputs.

    In `model` arrays are written out as their elements, and the values of `lookups` are inputs behind the declared
    ones. `declared` is the model as it was given.
    """

    model: MeasurementModel
    program: Program
    declared: MeasurementModel
    lookups: tuple[Lookup, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the inputs in the model's order."""
        return self.program.symbols


def _checked_names(model: MeasurementModel) -> None:
    if not model.outputs:
        raise InvalidModel("model.no_outputs", name="outputs")
    seen = set[str]()
    names: Sequence[str] = [
        *(definition.symbol for definition in model.inputs),
        *(definition.symbol for definition in model.constants),
        *(definition.symbol for definition in model.curves),
        *(definition.name for definition in model.outputs),
    ]
    for name in names:
        if not is_name(name):
            code = "model.reserved" if isinstance(name, str) and canonical(name) in RESERVED else "model.name"
            raise InvalidModel(code, name=name)
        if canonical(name) in seen:
            raise InvalidModel("model.duplicate", name=name)
        seen.add(canonical(name))


def _unit(text: str, name: str) -> Unit:
    try:
        return parse_unit(text)
    except InvalidQuantity as error:
        raise InvalidModel.like(error, name=name) from None


@functools.lru_cache(maxsize=256)
def compile_model(model: MeasurementModel) -> CompiledModel:
    """Check names, syntax and units of a model and compile it; equal models are compiled once.

    Raises InvalidModel, naming the output or symbol at fault. No number is made unless every unit fits.
    """
    _checked_names(model)
    check_curve_names(model.curves)
    sizes = {
        canonical(name): checked_size(size, name)
        for name, size in (*((d.symbol, d.size) for d in model.inputs), *((d.name, d.size) for d in model.outputs))
        if size is not None
    }
    trees = _trees(model)
    graph = Graph()
    lookups = LookupNodes(graph, model.curves)
    symbols = _symbols(graph, model)
    outputs = {canonical(output.name): output for output in model.outputs}
    written = {
        name: _Resolver(graph, symbols, sizes, lookups).resolved(outputs[name], trees[name])
        for name in resolution_order(trees)
    }
    singles = [single for name in outputs for single in written[name]]
    looked_up = [d for lookup in lookups.found for d in _lookup_inputs(lookup)]
    inputs = (*_single_inputs(model.inputs), *looked_up)
    plain = replace(model, outputs=tuple(single.definition for single in singles), inputs=inputs)
    program = Program(
        graph,
        tuple(definition.symbol for definition in plain.inputs),
        tuple(definition.name for definition in plain.outputs),
        tuple(single.root for single in singles),
        tuple(single.text for single in singles),
    )
    return CompiledModel(plain, program, model, tuple(lookups.found))


def outputs_for(model: MeasurementModel, name: str) -> tuple[OutputDefinition, ...]:
    """Return output `name` of a model with the outputs that it rests on, in the model's order.

    Raises InvalidModel for a formula among them that is not understood; the other formulas are not looked at.
    """
    curves = [curve.symbol for curve in model.curves]
    outputs = {canonical(output.name): output for output in model.outputs}
    needed, pending = set[str](), [canonical(name)]
    while pending:
        output = pending.pop()
        if output in outputs and output not in needed:
            needed.add(output)
            pending.extend(names_in(parse(outputs[output].expression, outputs[output].name, curves)))
    return tuple(output for output in model.outputs if canonical(output.name) in needed)


def _trees(model: MeasurementModel) -> dict[str, Node]:
    """Return the formulas of the outputs by the outputs' names."""
    curves = [curve.symbol for curve in model.curves]
    return {canonical(output.name): parse(output.expression, output.name, curves) for output in model.outputs}


def _symbols(graph: Graph, model: MeasurementModel) -> dict[str, Measure]:
    """Return what the names of inputs and constants stand for."""
    symbols = {
        canonical(d.symbol): measured(graph.input(d.symbol), _unit(d.unit, d.symbol))
        for d in _single_inputs(model.inputs)
    }
    for constant in model.constants:
        unit = _unit(constant.unit, constant.symbol)
        symbols[canonical(constant.symbol)] = measured(graph.number(constant.value), unit)
    return symbols


@dataclass(frozen=True, slots=True)
class _Single:
    """One output, or one element of an output that is an array."""

    definition: OutputDefinition
    root: int
    text: str


@dataclass(frozen=True, slots=True)
class _Resolver:
    """Makes the nodes of outputs; every output is a symbol for those that come later."""

    graph: Graph
    symbols: dict[str, Measure]
    sizes: Mapping[str, int]
    lookups: LookupNodes

    def resolved(self, output: OutputDefinition, tree: Node) -> list[_Single]:
        """Return an output as its elements; raises InvalidModel."""
        unit = _unit(output.unit, output.name)
        singles = []
        for place, single in enumerate(written_out(tree, self.sizes, output.name, output.size), 1):
            name = output.name if output.size is None else element(output.name, place)
            root = UnitCheck(self.graph, self.symbols, name, self.lookups).lower(single, unit)
            text = to_text(single)
            plain = output if output.size is None else replace(output, name=name, expression=text, size=None)
            singles.append((_Single(plain, root, text), measured(root, unit)))
        self.symbols.update((canonical(single.definition.name), measure) for single, measure in singles)
        return [single for single, _ in singles]


def _single_inputs(definitions: Sequence[InputDefinition]) -> tuple[InputDefinition, ...]:
    """Return the inputs with every array as its elements."""
    return tuple(
        single
        for d in definitions
        for single in (
            [d] if d.size is None else [InputDefinition(element(d.symbol, n), d.unit) for n in range(1, d.size + 1)]
        )
    )


def _lookup_inputs(lookup: Lookup) -> tuple[InputDefinition, ...]:
    """Return the inputs that a look-up brings: its value, and the three numbers that no budget shows."""
    return (InputDefinition(lookup.value, lookup.unit), *(InputDefinition(symbol, "1") for symbol in lookup.hidden))
