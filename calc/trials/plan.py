"""What a Monte Carlo run draws and evaluates: the distributions, how they are joined, and the model at every point.

Quantities are drawn in the order of their keys, each once for all symbols and points that share it, so that neither
the order of the inputs nor that of the points changes a draw.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from calc.compiler.symbol_values import checked_points, quantities_by_key
from calc.distributions import Marginal, assigned
from calc.errors import CalcError, InvalidQuantity
from calc.lookup_values import answered
from calc.model import CompiledModel, MeasurementModel, compile_model
from calc.propagation import Pairs, correlation_pairs
from calc.quantities import Distribution, EvaluationWarning, InputQuantity, ModelInputs, PointBinding
from calc.trials.joint_distributions import Joint, joint
from calc.trials.model import Operand, Steps
from calc.trials.sampling import Scratch, draw, draw_joint
from calc.units import convert, convert_difference

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Binding:
    """One input symbol at one point: the quantity's `key`, and its number there = `offset` + `factor` · draw."""

    symbol: str
    key: str
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """A model with all that is drawn for it; made once, run with any seed and number of trials.

    `constants` are quantities without uncertainty, by key; `independent` and `joints` the others. `points` gives, for
    every point, its name and the binding of every symbol, in the order of their names.
    """

    compiled: CompiledModel
    constants: Mapping[str, float]
    independent: tuple[tuple[str, Marginal], ...]
    joints: tuple[Joint, ...]
    points: tuple[tuple[str, tuple[Binding, ...]], ...]
    warnings: tuple[EvaluationWarning, ...] = ()

    @property
    def width(self) -> int:
        """The number of results of one trial: outputs times points."""
        return len(self.points) * len(self.compiled.program.roots)


def trial_plan(model: MeasurementModel | CompiledModel, inputs: ModelInputs, *, scaled_t: bool = True) -> TrialPlan:
    """Return the plan of a Monte Carlo run of the same model and inputs that `calc.evaluate.evaluate` takes.

    A look-up into a curve is its expansion to second order about the estimate of its argument.
    `scaled_t`: normal quantities with finite degrees of freedom are drawn from scaled and shifted t distributions.
    Raises InvalidModel and InvalidQuantity naming the input at fault. Source: JCGM 101:2008, 6.
    """
    compiled = compile_model(model) if isinstance(model, MeasurementModel) else model
    looked_up = answered(compiled, inputs)
    inputs = looked_up.inputs
    quantities = quantities_by_key(inputs)
    checked_points(inputs.points)
    pairs = correlation_pairs(tuple(quantities), inputs.correlations)
    bound, units = _bindings(compiled, inputs.points, quantities)
    keys = sorted(units)
    marginals = {
        key: assigned(quantities[key], scaled_t=scaled_t).in_unit(quantities[key].estimate.unit, units[key], key)
        for key in keys
    }
    constants = {key: marginals[key].location for key in keys if marginals[key].scale == 0.0}
    independent, joints = [], []
    for group in _groups([key for key in keys if key not in constants], pairs):
        if len(group) == 1:
            independent.append((group[0], marginals[group[0]]))
        else:
            joints.append(joint(group, marginals, pairs))
    warnings = (*looked_up.warnings, *_warnings(independent, joints))
    return TrialPlan(compiled, constants, tuple(independent), tuple(joints), bound, warnings)


def _bindings(
    compiled: CompiledModel, points: Sequence[PointBinding], quantities: Mapping[str, InputQuantity]
) -> tuple[tuple[tuple[str, tuple[Binding, ...]], ...], dict[str, str]]:
    """Return the bindings of every point, and the unit of each quantity's draws: that of its first symbol by name."""
    units: dict[str, str] = {}
    by_name = sorted(compiled.model.inputs, key=lambda definition: definition.symbol)
    bound = []
    for point in points:
        for symbol in point.symbols:
            if symbol not in compiled.symbols:
                raise InvalidQuantity("inputs.unknown_symbol", point=point.point, name=symbol)
        bindings = []
        for definition in by_name:
            key = point.symbols.get(definition.symbol)
            if key is None:
                raise InvalidQuantity("inputs.missing_symbol", point=point.point, name=definition.symbol)
            if key not in quantities:
                raise InvalidQuantity("inputs.unknown_quantity", name=key)
            unit = units.setdefault(key, definition.unit)
            bindings.append(Binding(definition.symbol, key, *_conversion(unit, definition.unit, key)))
        bound.append((point.point, tuple(bindings)))
    return tuple(bound), units


def _conversion(drawn: str, wanted: str, name: str) -> tuple[float, float]:
    """Return factor and offset from the unit in which a quantity is drawn to that of a further symbol."""
    if drawn == wanted:
        return 1.0, 0.0
    try:
        return convert_difference(1.0, drawn, wanted), convert(0.0, drawn, wanted)
    except CalcError as error:
        raise error.with_values(name=name) from None


def _groups(keys: Sequence[str], pairs: Pairs) -> list[list[str]]:
    """Return the keys in groups that correlations hold together, in order."""
    neighbours: dict[str, set[str]] = {key: set() for key in keys}
    for first, second in pairs:
        if first in neighbours and second in neighbours:
            neighbours[first].add(second)
            neighbours[second].add(first)
    groups, seen = [], set[str]()
    for key in keys:
        if key in seen:
            continue
        group, pending = set[str](), [key]
        while pending:
            member = pending.pop()
            if member not in group:
                group.add(member)
                pending.extend(neighbours[member])
        seen |= group
        groups.append(sorted(group))
    return groups


def _warnings(independent: Sequence[tuple[str, Marginal]], joints: Sequence[Joint]) -> list[EvaluationWarning]:
    """Say where a distribution has no variance, and where JCGM 101 has no joint distribution and a copula stands in."""
    found = [*independent, *(pair for item in joints for pair in zip(item.keys, item.marginals, strict=True))]
    warnings = [
        EvaluationWarning("monte_carlo.no_variance", "", "", key, {"degrees_of_freedom": marginal.shape})
        for key, marginal in sorted(found, key=lambda pair: pair[0])
        if marginal.kind is Distribution.T and not math.isfinite(marginal.standard_deviation)
    ]
    warnings.extend(
        EvaluationWarning("monte_carlo.copula", "", "", ", ".join(item.keys)) for item in joints if item.copula
    )
    return warnings


class Workspace:
    """The arrays and steps of one worker for blocks of one length; `results` has shape (plan.width, n)."""

    def __init__(self, plan: TrialPlan, trials: int) -> None:
        self._plan = plan
        self._scratch = Scratch.of(trials)
        largest = max((len(item.keys) for item in plan.joints), default=0)
        self._work = np.empty((largest, trials))
        names = [key for key, _ in plan.independent] + [key for item in plan.joints for key in item.keys]
        self._draws: dict[str, Array] = {key: np.empty(trials) for key in names}
        self.results = np.empty((plan.width, trials))
        self._steps = Steps(trials)
        program = plan.compiled.program
        outputs = len(program.roots)
        for index, (_, bindings) in enumerate(plan.points):
            inputs = {program.graph.input(binding.symbol): self._operand(binding) for binding in bindings}
            rows = [self.results[index * outputs + number] for number in range(outputs)]
            self._steps.add(program.graph, program.roots, inputs, rows)

    def _operand(self, binding: Binding) -> Operand:
        if binding.key in self._plan.constants:
            return binding.offset + binding.factor * self._plan.constants[binding.key]
        drawn = self._draws[binding.key]
        if binding.factor == 1.0 and binding.offset == 0.0:
            return drawn
        return self._steps.affine(drawn, binding.factor, binding.offset)

    def operand(self, binding: Binding) -> Operand:
        """Return what the last trials had for a symbol at a point: an array of shape (n,), or a constant."""
        if binding.key in self._plan.constants:
            return binding.offset + binding.factor * self._plan.constants[binding.key]
        return binding.offset + binding.factor * self._draws[binding.key]

    def run(self, generator: Generator) -> None:
        """Draw every quantity and evaluate the model at every point; results that do not exist are NaN or infinite."""
        for key, marginal in self._plan.independent:
            draw(marginal, generator, self._draws[key], self._scratch)
        for item in self._plan.joints:
            rows = [self._draws[key] for key in item.keys]
            draw_joint(item, generator, rows, self._scratch, self._work)
        self._steps.run()
