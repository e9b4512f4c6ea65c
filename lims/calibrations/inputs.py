"""From a stored input record to measurement models and input quantities: definition, readings, references, item. Pure.

A quantity that several points share is bound under one key, so that the points correlate: the same element of a
calibration, its drift, and what the procedure states for a whole section. Several standards in one slot (stacked
weights) are summed; within one calibration of a set they correlate, by default with r = 1 (OIML R 111-1:2004, C.6.3).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from calc.errors import CalcError
from calc.model import CoverageRule, InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import Correlation, InputQuantity, ModelInputs, PointBinding
from calc.reductions import Reduction
from lims.calibrations.bindings import NOTHING_TO_REDUCE, Bound, bind, exact, reduced
from lims.calibrations.case import Case, Failure, PointCase
from lims.calibrations.facts import Phase
from lims.core.errors import RuleViolation
from lims.procedures import definition_facts as procedure


@dataclass(slots=True)
class SectionInputs:
    """A section ready for the calculation, with the derived values worth showing and the points that failed."""

    section: procedure.Section
    points: list[PointCase] = field(default_factory=list)
    model: MeasurementModel | None = None
    inputs: ModelInputs | None = None
    symbols: dict[str, str] = field(default_factory=dict)
    derived: dict[tuple[str, str], Reduction] = field(default_factory=dict)
    recorded: dict[tuple[str, str], Reduction] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def build_section(case: Case, section: procedure.Section) -> SectionInputs:
    """Return the model and the bound quantities of a section; a point that cannot be bound becomes a failure."""
    built = SectionInputs(section)
    bound: dict[PointCase, dict[str, Bound]] = {}
    for point in _points_to_evaluate(case, section):
        try:
            bound[point] = {entry.symbol: bind(case, point, entry) for entry in section.inputs}
        except CalcError as error:
            built.failures.append(failure(point, error))
        except RuleViolation as error:
            values = {name: str(value) for name, value in error.values.items()}
            built.failures.append(
                Failure(section.code, point.point.code, point.phase, error.code, values, error.clause)
            )
    if bound:
        _assemble(built, case, bound)
    _record(built, case)
    return built


def _record(built: SectionInputs, case: Case) -> None:
    """Note what the section records beside its results, at the point it speaks of or at each of them.

    Where the readings it needs were left out there is nothing to record; the model does not rest on it.
    """
    for entry in built.section.recorded:
        for point in built.points:
            if entry.point in {"", point.point.code}:
                try:
                    built.recorded[point.key, entry.symbol] = reduced(case, point, entry)
                except CalcError as error:
                    if error.code not in NOTHING_TO_REDUCE:
                        built.failures.append(failure(point, error))


def failure(point: PointCase, error: CalcError) -> Failure:
    """Return a refusal of the calculation as a point's failure."""
    values = {name: str(value) for name, value in error.values.items()}
    return Failure(point.section.code, point.point.code, point.phase, error.code, values, error.clause)


def _points_to_evaluate(case: Case, section: procedure.Section) -> list[PointCase]:
    """Return what is to be evaluated: as found always, as left where something was read as left."""
    found = []
    for phase in Phase:
        for point in case.points_of(section):
            read = any(
                (r.address.section, r.address.point, r.address.phase) == (section.code, point.code, phase)
                for r in case.readings
            )
            left_out = (section.code, point.code, str(phase)) in case.left_out
            if not left_out and (phase is Phase.AS_FOUND or read):
                found.append(PointCase(section, point, phase))
    return found


def _assemble(built: SectionInputs, case: Case, bound: Mapping[PointCase, Mapping[str, Bound]]) -> None:
    """Join the points into one model: a symbol behind which several standards stand becomes their sum."""
    section = built.section
    terms = {
        entry.symbol: max(len(symbols[entry.symbol].quantities) for symbols in bound.values())
        for entry in section.inputs
    }
    names = {symbol: _term_names(symbol, count) for symbol, count in terms.items()}
    built.symbols = {name: symbol for symbol, many in names.items() for name in many}
    quantities: dict[str, InputQuantity] = {}
    bindings = []
    for point, symbols in bound.items():
        binding: dict[str, str] = {}
        for entry in section.inputs:
            for place, name in enumerate(names[entry.symbol]):
                many = symbols[entry.symbol].quantities
                quantity = many[place] if place < len(many) else exact(f"none/{entry.unit}", 0.0, entry.unit)
                quantities[quantity.key] = quantity
                binding[name] = quantity.key
            reduction = symbols[entry.symbol].reduction
            if reduction is not None:
                built.derived[point.key, entry.symbol] = reduction
        built.points.append(point)
        bindings.append(PointBinding(point.key, binding))
    correlations = _correlations(case, section, bound.values(), quantities)
    built.inputs = ModelInputs(tuple(quantities.values()), correlations, tuple(bindings))
    built.model = _model(section, case.definition.coverage, names)


def _term_names(symbol: str, count: int) -> tuple[str, ...]:
    return (symbol,) if count == 1 else tuple(f"{symbol}__{place}" for place in range(1, count + 1))


def _model(
    section: procedure.Section, coverage: procedure.Coverage, names: Mapping[str, Sequence[str]]
) -> MeasurementModel:
    factor = coverage.stated_factor
    return MeasurementModel(
        outputs=tuple(
            OutputDefinition(output.name, _with_sums(output.expression, names), output.unit)
            for output in section.outputs
        ),
        inputs=tuple(InputDefinition(name, entry.unit) for entry in section.inputs for name in names[entry.symbol]),
        coverage=CoverageRule(
            coverage_probability=float(coverage.probability),
            stated_factor=None if factor is None else float(factor),
            stated_from_degrees_of_freedom=float(coverage.stated_from),
        ),
    )


def _with_sums(expression: str, names: Mapping[str, Sequence[str]]) -> str:
    """Return a formula in which each symbol of several terms stands as their sum in brackets."""
    for symbol, many in names.items():
        if len(many) > 1:
            expression = re.sub(rf"\b{re.escape(symbol)}\b", f"({' + '.join(many)})", expression)
    return expression


def _correlations(
    case: Case, section: procedure.Section, bound: Collection[Mapping[str, Bound]], known: Collection[str]
) -> tuple[Correlation, ...]:
    """Return the correlations of standards that are used together: of their values, and alike of their drifts.

    In this order, the first that says something counts: elements of one calibration; what the chain holds of a
    calibration that two standards share; what the procedure states.
    """
    pairs: dict[tuple[str, str], Correlation] = {}
    for symbols in bound:
        for entry in symbols.values():
            together = zip(entry.quantities, entry.content_ids, strict=False)
            for (one, one_id), (other, other_id) in combinations(together, 2):
                coefficient = case.correlations.get((min(one_id, other_id), max(one_id, other_id)), 0.0)
                if coefficient and one.key != other.key:
                    first, second = sorted((one.key, other.key))
                    pairs[first, second] = Correlation(first, second, coefficient)
    for part in case.shared:
        first, second = sorted((f"reference/{part.first}", f"reference/{part.second}"))
        if first in known and second in known:
            pairs.setdefault((first, second), Correlation(first, second, part.coefficient))
    for symbols in bound:
        for stated in section.correlations:
            for one, other in product(symbols[stated.first].quantities, symbols[stated.second].quantities):
                first, second = sorted((one.key, other.key))
                if first != second and stated.coefficient:
                    pairs.setdefault((first, second), Correlation(first, second, float(stated.coefficient)))
    return tuple(pairs.values())
