"""From a stored input record to measurement models and input quantities: definition, readings, references, item. Pure.

A quantity that several points share is bound under one key, so that the points correlate: the same element of a
calibration, its drift, and what the procedure states for a whole section. Several standards in one slot (stacked
weights) are summed; within one calibration of a set they correlate, by default with r = 1 (OIML R 111-1:2004, C.6.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import Final

from calc import type_b
from calc.errors import CalcError
from calc.model import CoverageRule, InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import (
    Correlation,
    Distribution,
    Estimate,
    Evaluation,
    InputQuantity,
    ModelInputs,
    PointBinding,
)
from calc.reductions import Observation, Reduction, reduce
from calc.units import convert, convert_difference
from lims.calibrations.case import Case, CaseReading, Failure, PointCase, Reference
from lims.calibrations.facts import CONDITIONS, Phase
from lims.core.errors import RuleViolation
from lims.procedures import definition_facts as procedure

_WHOLE_CYCLE: Final = frozenset({procedure.LayoutKind.ABBA, procedure.LayoutKind.PAIRED})
"""Layouts whose reductions need a whole cycle: leaving out one reading leaves out its cycle, and n follows."""


@dataclass(slots=True)
class SectionInputs:
    """A section ready for the calculation, with the derived values worth showing and the points that failed."""

    section: procedure.Section
    points: list[PointCase] = field(default_factory=list)
    model: MeasurementModel | None = None
    inputs: ModelInputs | None = None
    symbols: dict[str, str] = field(default_factory=dict)
    derived: dict[tuple[str, str], Reduction] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Bound:
    """The quantities that stand behind one symbol at one point (several where standards are summed)."""

    quantities: tuple[InputQuantity, ...]
    content_ids: tuple[int, ...] = ()
    reduction: Reduction | None = None


def build_section(case: Case, section: procedure.Section) -> SectionInputs:
    """Return the model and the bound quantities of a section; a point that cannot be bound becomes a failure."""
    built = SectionInputs(section)
    bound: dict[PointCase, dict[str, _Bound]] = {}
    for point in _points_to_evaluate(case, section):
        try:
            bound[point] = {entry.symbol: _bind(case, point, entry) for entry in section.inputs}
        except CalcError as error:
            built.failures.append(failure(point, error))
        except RuleViolation as error:
            values = {name: str(value) for name, value in error.values.items()}
            built.failures.append(
                Failure(section.code, point.point.code, point.phase, error.code, values, error.clause)
            )
    if bound:
        _assemble(built, case, bound)
    return built


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


def _bind(case: Case, point: PointCase, entry: procedure.InputDefinition) -> _Bound:
    section = point.section.code
    match entry:
        case procedure.ReferenceValueInput() | procedure.StandardDriftInput():
            return _bind_standards(case, point, entry)
        case procedure.DerivedInput():
            reduction = _reduce(case, point, entry)
            return _Bound((reduction.as_input(f"{section}/{entry.symbol}/{point.key}"),), reduction=reduction)
        case procedure.ResolutionInput():
            step, unit = _resolution(case, point, entry)
            key = f"{section}/{entry.symbol}/{point.key}"
            return _Bound((type_b.resolution(unit, float(step)).as_input(key),))
        case procedure.ConditionInput():
            return _Bound((_condition(case, entry),))
        case procedure.NominalInput():
            value = float(convert(point.point.nominal, point.point.unit, entry.unit))
            return _Bound((_exact(f"{section}/{entry.symbol}/{point.point.code}", value, entry.unit),))
        case procedure.ConstantInput():
            return _Bound((_exact(f"{section}/{entry.symbol}", float(entry.value), entry.unit),))
        case procedure.HalfWidthInput():
            shape = Distribution(entry.distribution)
            bounds = type_b.half_width(float(entry.value), float(entry.half_width), entry.unit, shape)
            return _Bound((bounds.as_input(f"{section}/{entry.symbol}"),))
        case procedure.StandardUncertaintyInput():
            stated = type_b.standard(
                float(entry.value), float(entry.standard_uncertainty), entry.unit, float(entry.degrees_of_freedom)
            )
            return _Bound((stated.as_input(f"{section}/{entry.symbol}"),))


def _exact(key: str, value: float, unit: str) -> InputQuantity:
    return InputQuantity(key, Estimate(value, 0.0, unit), Distribution.NORMAL, Evaluation.B)


def _bind_standards(
    case: Case, point: PointCase, entry: procedure.ReferenceValueInput | procedure.StandardDriftInput
) -> _Bound:
    found = [
        reference
        for reference in case.references
        if (reference.slot, reference.section, reference.point) == (entry.slot, point.section.code, point.point.code)
    ]
    if not found:
        raise RuleViolation("evaluation.no_reference", slot=entry.slot, point=point.point.code)
    make = _drift_of if isinstance(entry, procedure.StandardDriftInput) else _value_of
    return _Bound(tuple(make(reference) for reference in found), tuple(reference.content_id for reference in found))


def _value_of(reference: Reference) -> InputQuantity:
    expanded = convert_difference(reference.expanded_uncertainty, reference.expanded_uncertainty_unit, reference.unit)
    certificate = type_b.expanded(
        float(reference.value),
        float(expanded),
        float(reference.coverage_factor),
        reference.unit,
        float(reference.degrees_of_freedom),
    )
    return certificate.as_input(f"reference/{reference.digest}", reference.standard)


def _drift_of(reference: Reference) -> InputQuantity:
    key = f"drift/{reference.digest}"
    if reference.drift_half_width is None:
        raise RuleViolation("evaluation.no_drift", standard=reference.standard, point=reference.point)
    shape = Distribution(reference.drift_distribution)
    unit = reference.drift_unit or reference.unit
    return type_b.drift(unit, float(reference.drift_half_width), distribution=shape).as_input(key, reference.standard)


def _reduce(case: Case, point: PointCase, entry: procedure.DerivedInput) -> Reduction:
    """Reduce the readings that the input names, in the input's unit; cycles with a reading left out stay out."""
    section_code = entry.section or point.section.code
    wanted = (section_code, entry.point or point.point.code, point.phase)
    readings = [
        r
        for r in case.readings
        if (r.address.section, r.address.point, r.address.phase) == wanted
        and (not entry.roles or r.address.role in entry.roles)
    ]
    whole_cycle = case.definition.section(section_code).layout.kind in _WHOLE_CYCLE
    out = {_unit_of_exclusion(r, whole_cycle) for r in readings if r.excluded}
    observations = [
        Observation(
            convert(r.value, r.unit, entry.unit),
            r.address.cycle,
            r.address.sequence,
            str(r.address.role),
            r.address.direction,
        )
        for r in readings
        if _unit_of_exclusion(r, whole_cycle) not in out
    ]
    parameters = {name: float(value) for name, value in entry.parameters}
    return reduce(entry.reduction, observations, entry.unit, parameters)


def _unit_of_exclusion(reading: CaseReading, whole_cycle: bool) -> tuple[int, int]:
    return (0, reading.address.cycle) if whole_cycle else (reading.id, 0)


def _resolution(case: Case, point: PointCase, entry: procedure.ResolutionInput) -> tuple[Decimal, str]:
    if entry.slot:
        for reference in case.references:
            here = (reference.slot, reference.section, reference.point)
            if here == (entry.slot, point.section.code, point.point.code) and reference.resolution is not None:
                return reference.resolution, reference.resolution_unit or reference.unit
    elif point.section.code in case.item_resolution:
        return case.item_resolution[point.section.code]
    raise RuleViolation("evaluation.no_resolution", symbol=entry.symbol, point=point.point.code)


def _condition(case: Case, entry: procedure.ConditionInput) -> InputQuantity:
    values = [
        convert(r.value, r.unit, entry.unit)
        for r in case.readings
        if (r.address.section, r.address.point) == (CONDITIONS, entry.quantity) and not r.excluded
    ]
    sensor = next(
        (r for r in case.references if (r.section, r.point) == (CONDITIONS, entry.quantity)),
        None,
    )
    if not values or sensor is None:
        raise RuleViolation("evaluation.no_condition", quantity=entry.quantity)
    expanded = float(convert_difference(sensor.expanded_uncertainty, sensor.expanded_uncertainty_unit, entry.unit))
    mean = float(sum(values, Decimal(0)) / len(values))
    stated = type_b.expanded(mean, expanded, float(sensor.coverage_factor), entry.unit)
    return stated.as_input(f"condition/{entry.quantity}", sensor.standard)


def _assemble(built: SectionInputs, case: Case, bound: Mapping[PointCase, Mapping[str, _Bound]]) -> None:
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
                quantity = many[place] if place < len(many) else _exact(f"none/{entry.unit}", 0.0, entry.unit)
                quantities[quantity.key] = quantity
                binding[name] = quantity.key
            reduction = symbols[entry.symbol].reduction
            if reduction is not None:
                built.derived[point.key, entry.symbol] = reduction
        built.points.append(point)
        bindings.append(PointBinding(point.key, binding))
    built.inputs = ModelInputs(tuple(quantities.values()), _correlations(case, bound.values()), tuple(bindings))
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


def _correlations(case: Case, bound: Iterable[Mapping[str, _Bound]]) -> tuple[Correlation, ...]:
    """Return the correlations of standards that are used together: of their values, and alike of their drifts."""
    pairs: dict[tuple[str, str], Correlation] = {}
    for symbols in bound:
        for entry in symbols.values():
            together = zip(entry.quantities, entry.content_ids, strict=False)
            for (one, one_id), (other, other_id) in combinations(together, 2):
                coefficient = case.correlations.get((min(one_id, other_id), max(one_id, other_id)), 0.0)
                if coefficient and one.key != other.key:
                    first, second = sorted((one.key, other.key))
                    pairs[first, second] = Correlation(first, second, coefficient)
    return tuple(pairs.values())
