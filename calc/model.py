"""A measurement model as data: outputs by formula, inputs, constants and the coverage rule; compiled once."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from calc.compiled import Program
from calc.dimensions import UnitCheck, measured
from calc.errors import InvalidModel, InvalidQuantity
from calc.expression import is_name, parse, to_text
from calc.graph import Graph
from calc.quantities import finite, positive
from calc.units import Unit, parse_unit


@dataclass(frozen=True, slots=True)
class OutputDefinition:
    """An output quantity: its name, the formula it follows from, and the unit it is wanted in."""

    name: str
    expression: str
    unit: str


@dataclass(frozen=True, slots=True)
class InputDefinition:
    """An input of the model: the symbol in the formulas and the unit in which its number enters them."""

    symbol: str
    unit: str


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

    Plain data, hashable and serialisable; `compile_model` checks it. Source: JCGM 100:2008, 4.1; JCGM 102:2011, 6.
    """

    outputs: tuple[OutputDefinition, ...]
    inputs: tuple[InputDefinition, ...]
    constants: tuple[ConstantDefinition, ...] = ()
    coverage: CoverageRule = CoverageRule()

    def __post_init__(self) -> None:
        for name in ("outputs", "inputs", "constants"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """A model that passed every check, with its compiled program; `symbols` gives the order of the inputs."""

    model: MeasurementModel
    program: Program

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the inputs in the model's order."""
        return self.program.symbols


def _checked_names(model: MeasurementModel) -> None:
    if not model.outputs:
        raise InvalidModel("model.no_outputs")
    seen = set[str]()
    names: Sequence[str] = [
        *(definition.symbol for definition in model.inputs),
        *(definition.symbol for definition in model.constants),
        *(definition.name for definition in model.outputs),
    ]
    for name in names:
        if not is_name(name):
            raise InvalidModel("model.name", name=name)
        if name in seen:
            raise InvalidModel("model.duplicate", name=name)
        seen.add(name)


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
    graph = Graph()
    symbols = {d.symbol: measured(graph.input(d.symbol), _unit(d.unit, d.symbol)) for d in model.inputs}
    for constant in model.constants:
        unit = _unit(constant.unit, constant.symbol)
        symbols[constant.symbol] = measured(graph.number(constant.value), unit)
    roots, texts = [], []
    for output in model.outputs:
        tree = parse(output.expression, output.name)
        roots.append(UnitCheck(graph, symbols, output.name).lower(tree, _unit(output.unit, output.name)))
        texts.append(to_text(tree))
    program = Program(
        graph,
        tuple(definition.symbol for definition in model.inputs),
        tuple(definition.name for definition in model.outputs),
        tuple(roots),
        tuple(texts),
    )
    return CompiledModel(model, program)
