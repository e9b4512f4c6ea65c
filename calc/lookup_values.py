"""What look-ups of a model bring at the points: values of the bound curves as input quantities, with covariance.

Before an evaluation every look-up is answered at the estimate of its argument. What comes out is ordinary input: the
value with the curve's uncertainty there, correlated with all other look-ups of the same curve at any point.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from calc.compiler.graph import apply
from calc.compiler.lookups import Lookup
from calc.compiler.symbol_values import in_unit, quantities_by_key
from calc.errors import CalcError, InvalidQuantity, OutsideValidity
from calc.model import CompiledModel
from calc.quantities import (
    BoundCurve,
    Correlation,
    Distribution,
    Estimate,
    Evaluation,
    EvaluationWarning,
    InputQuantity,
    ModelInputs,
    PointBinding,
)
from calc.units import convert, exact_factor


@dataclass(frozen=True, slots=True)
class AnsweredInputs:
    """Inputs in which look-ups are ordinary quantities, and what the curves have to say about them."""

    inputs: ModelInputs
    warnings: tuple[EvaluationWarning, ...] = ()


@functools.lru_cache(maxsize=64)
def _operations(compiled: CompiledModel) -> tuple[tuple[int, ...], ...]:
    """Return for each look-up the nodes that its argument needs and no earlier one did, in computing order."""
    graph, done, found = compiled.program.graph, set[int](), []
    for lookup in compiled.lookups:
        needed = [node for node in graph.live([lookup.argument]) if node not in done]
        done.update(needed)
        found.append(tuple(node for node in needed if graph.nodes[node][0] != "input"))
    return tuple(found)


def answered(compiled: CompiledModel, inputs: ModelInputs) -> AnsweredInputs:
    """Return the inputs with the answers of the curves in the place of the curves.

    The value of a look-up has the key "<key of the curve> @ <argument> <unit>", so that look-ups of one curve at one
    argument are one quantity wherever they stand. Raises InvalidQuantity for a curve that is missing, unknown or in
    units that do not fit, and OutsideValidity, naming curve, argument, range and point, where a curve does not hold.
    """
    if not compiled.lookups and not inputs.curves:
        return AnsweredInputs(inputs)
    answers = _Answers(compiled, inputs)
    points = tuple(answers.point(binding) for binding in inputs.points)
    return AnsweredInputs(
        ModelInputs(
            (*inputs.quantities, *answers.quantities.values()),
            (*inputs.correlations, *answers.correlations()),
            points,
        ),
        tuple(answers.warnings),
    )


@dataclass(slots=True)
class _Answers:
    """Collects what the curves answer, point by point."""

    compiled: CompiledModel
    inputs: ModelInputs
    quantities: dict[str, InputQuantity] = field(init=False, default_factory=dict)
    warnings: list[EvaluationWarning] = field(init=False, default_factory=list)
    _given: Mapping[str, InputQuantity] = field(init=False)
    _curves: dict[str, BoundCurve] = field(init=False)
    _asked: dict[str, dict[str, float]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._given = quantities_by_key(self.inputs)
        self._curves = {}
        for bound in self.inputs.curves:
            if bound.key in self._curves:
                raise InvalidQuantity("quantity.duplicate", name=bound.key, field="curve")
            self._curves[bound.key] = bound

    def point(self, binding: PointBinding) -> PointBinding:
        """Return the binding of a point with all its look-ups answered."""
        declared = {definition.symbol for definition in self.compiled.model.curves}
        for symbol in binding.curves:
            if symbol not in declared:
                raise InvalidQuantity("inputs.unknown_symbol", point=binding.point, name=symbol)
        values = self._estimates(binding)
        symbols = dict(binding.symbols)
        known: dict[int, float] = {}
        for lookup, operations in zip(self.compiled.lookups, _operations(self.compiled), strict=True):
            x = self._argument(lookup, operations, known, values, binding.point)
            symbols[lookup.value] = self._answer(lookup, x, binding, values)
            for symbol in lookup.hidden:
                key = f"{binding.point}/{symbol}"
                self.quantities[key] = InputQuantity(key, Estimate(values[symbol], 0.0, "1"))
                symbols[symbol] = key
        return PointBinding(binding.point, symbols)

    def _estimates(self, binding: PointBinding) -> dict[str, float]:
        """Return the declared inputs' estimates by symbol, in the model's units."""
        brought = {symbol for lookup in self.compiled.lookups for symbol in (lookup.value, *lookup.hidden)}
        values: dict[str, float] = {}
        for definition in self.compiled.model.inputs:
            if definition.symbol in brought:
                continue
            key = binding.symbols.get(definition.symbol)
            if key is None:
                raise InvalidQuantity("inputs.missing_symbol", point=binding.point, name=definition.symbol)
            if key not in self._given:
                raise InvalidQuantity("inputs.unknown_quantity", name=key)
            values[definition.symbol] = in_unit(self._given[key], definition.unit)[0]
        return values

    def _argument(
        self,
        lookup: Lookup,
        operations: tuple[int, ...],
        known: dict[int, float],
        values: Mapping[str, float],
        point: str,
    ) -> float:
        """Return the argument of a look-up, with the operations of the compiled model; look-ups in it are answered."""
        graph = self.compiled.program.graph
        for symbol, value in values.items():
            known.setdefault(graph.input(symbol), value)
        code = "model.outside_domain"
        try:
            for node in operations:
                constant = graph.constant(node)
                arguments = [known[item] for item in graph.arguments(node)]
                known[node] = apply(str(graph.nodes[node][0]), arguments) if constant is None else constant
            x = known[lookup.argument]
        except ZeroDivisionError:
            code, x = "model.division_by_zero", math.nan
        except (ArithmeticError, ValueError):
            x = math.nan
        if not math.isfinite(x):
            raise OutsideValidity(code, output=lookup.curve, text=lookup.value, point=point)
        return x

    def _answer(self, lookup: Lookup, x: float, binding: PointBinding, values: dict[str, float]) -> str:
        """Ask the bound curve at `x`, put its numbers into `values` and return the key of the value's quantity."""
        key = binding.curves.get(lookup.curve)
        if key is None:
            raise InvalidQuantity("inputs.missing_curve", point=binding.point, name=lookup.curve)
        if key not in self._curves:
            raise InvalidQuantity("inputs.unknown_curve", point=binding.point, name=key)
        bound = self._curves[key]
        curve = bound.curve
        try:
            asked = convert(x, lookup.argument_unit, curve.argument_unit) + 0.0  # no -0.0, which equals 0.0
            per_argument = exact_factor(lookup.argument_unit, curve.argument_unit)
            per_value = exact_factor(curve.value_unit, lookup.unit)
            name = f"{key} @ {asked!r} {curve.argument_unit}"
            answer = Estimate(
                curve.value(asked), curve.standard_uncertainty(asked), curve.value_unit, curve.degrees_of_freedom(asked)
            )
            values[lookup.value] = convert(answer.value, curve.value_unit, lookup.unit)
            values[lookup.slope] = curve.derivative(asked) * float(per_value * per_argument)
            values[lookup.curvature] = curve.second_derivative(asked) * float(per_value * per_argument**2)
        except CalcError as error:
            raise error.with_values(name=key, point=binding.point) from None
        values[lookup.origin] = x
        if asked not in self._asked.setdefault(key, {}).values():
            self._asked[key][name] = asked
        for note in curve.domain.notes(asked, curve.name):
            self.warnings.append(EvaluationWarning(note.code, binding.point, "", key, dict(note.numbers)))
        origin = bound.origin or curve.name
        self.quantities[name] = InputQuantity(name, answer, Distribution.NORMAL, Evaluation.B, origin=origin)
        return name

    def correlations(self) -> list[Correlation]:
        """Return the correlations of all values that were taken from the same curve."""
        found = []
        for key, asked in self._asked.items():
            names = list(asked)
            matrix = self._curves[key].curve.covariance_matrix(list(asked.values()))
            for (i, one), (j, two) in combinations(enumerate(names), 2):
                whole = math.prod(self.quantities[name].estimate.standard_uncertainty for name in (one, two))
                if whole > 0.0 and matrix[i, j] != 0.0:
                    found.append(Correlation(one, two, min(max(float(matrix[i, j]) / whole, -1.0), 1.0)))
        return found
