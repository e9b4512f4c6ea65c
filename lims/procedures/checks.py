"""What must hold within a definition beyond its form: names, units, references and formulas that fit each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.model import CoverageRule, MeasurementModel, OutputDefinition, compile_model, outputs_for
from calc.model import InputDefinition as ModelSymbol
from calc.reductions import REDUCTIONS
from calc.units import difference_unit, is_compatible
from lims.core.errors import FieldError
from lims.procedures.definition_facts import (
    CONDITIONS,
    CharacteristicInput,
    Condition,
    ConditionInput,
    Coverage,
    Definition,
    DerivedHalfWidthInput,
    DerivedInput,
    EquipmentRole,
    EquipmentSlot,
    HalfWidthInput,
    LayoutKind,
    NominalInput,
    Output,
    ReferenceValueInput,
    ReportForm,
    ResolutionInput,
    Section,
    StandardDriftInput,
    StandardUncertaintyInput,
)

DISTRIBUTIONS: Final = ("rectangular", "triangular", "arcsine")
"""The distributions that a half width alone describes."""

_Faults = Iterator[FieldError]


def check(definition: Definition) -> list[FieldError]:
    """Return every fault of a definition that has the right form; an empty list means it can be approved."""
    return [
        *_coverage(definition.coverage),
        *_conditions(definition.conditions),
        *_equipment(definition),
        *_unique("sections", "code", (section.code for section in definition.sections)),
        *(fault for index in range(1, len(definition.sections) + 1) for fault in _section(definition, index)),
    ]


def model_of(section: Section, coverage: Coverage) -> MeasurementModel:
    """Return a section's measurement model as calc takes it."""
    return MeasurementModel(
        outputs=tuple(OutputDefinition(o.name, o.expression, o.unit) for o in section.outputs),
        inputs=tuple(ModelSymbol(i.symbol, i.unit) for i in section.inputs),
        coverage=CoverageRule(
            coverage_probability=float(coverage.probability),
            stated_factor=None if coverage.stated_factor is None else float(coverage.stated_factor),
            stated_from_degrees_of_freedom=float(coverage.stated_from),
        ),
    )


def _coverage(coverage: Coverage) -> _Faults:
    if not 0 < coverage.probability < 1:
        yield FieldError("coverage.probability", "definition.probability")
    if coverage.stated_factor is not None and coverage.stated_factor <= 0:
        yield FieldError("coverage.stated_factor", "definition.not_positive")
    if coverage.stated_from < 1:
        yield FieldError("coverage.stated_from", "definition.degrees_of_freedom")


def _conditions(conditions: tuple[Condition, ...]) -> _Faults:
    yield from _unique("conditions", "quantity", (condition.quantity for condition in conditions))
    for index, condition in enumerate(conditions, 1):
        if condition.lower is not None and condition.upper is not None and condition.lower > condition.upper:
            yield FieldError(f"conditions[{index}].lower", "definition.limits_crossed")


def _equipment(definition: Definition) -> _Faults:
    known = {condition.quantity for condition in definition.conditions}
    yield from _unique("equipment", "slot", (slot.slot for slot in definition.equipment))
    for index, slot in enumerate(definition.equipment, 1):
        path = f"equipment[{index}]"
        if slot.minimum > slot.maximum:
            yield FieldError(f"{path}.minimum", "definition.limits_crossed")
        for quantity in slot.condition_quantities:
            if quantity not in known:
                yield FieldError(f"{path}.condition_quantities", "definition.unknown_condition", {"text": quantity})


def _section(definition: Definition, index: int) -> _Faults:
    section, path = definition.sections[index - 1], f"sections[{index}]"
    if section.code == CONDITIONS:
        yield FieldError(f"{path}.code", "definition.reserved", {"text": section.code})
    yield from _unique(f"{path}.points", "code", (point.code for point in section.points))
    yield from _unique(f"{path}.layout.positions", "code", (p.code for p in section.layout.positions))
    yield from _fits(f"{path}.layout.entry_unit", section.layout.entry_unit, section.unit)
    for number, point in enumerate(section.points, 1):
        yield from _fits(f"{path}.points[{number}].unit", point.unit, section.unit)
    for number, _ in enumerate(section.inputs, 1):
        yield from _input(definition, section, number, f"{path}.inputs[{number}]")
    for number, entry in enumerate(section.recorded, 1):
        yield from _derived(definition, section, entry, f"{path}.recorded[{number}]")
    yield from _unique(f"{path}.recorded", "symbol", (entry.symbol for entry in section.recorded))
    symbols = [entry.symbol for entry in section.inputs] + [output.name for output in section.outputs]
    inputs = len(section.inputs)
    for number, symbol in enumerate(symbols, 1):
        if symbol in symbols[: number - 1]:
            place = f"inputs[{number}].symbol" if number <= inputs else f"outputs[{number - inputs}].name"
            yield FieldError(f"{path}.{place}", "definition.duplicate", {"text": symbol})
    yield from _correlations(section, path)
    for number, output in enumerate(section.outputs, 1):
        yield from _output(section, output, definition.coverage, f"{path}.outputs[{number}]")


def _correlations(section: Section, path: str) -> _Faults:
    """Yield what is wrong with stated correlations: a symbol that is no input, a pair given twice or with itself."""
    inputs, seen = {entry.symbol for entry in section.inputs}, set[frozenset[str]]()
    for number, stated in enumerate(section.correlations, 1):
        place = f"{path}.correlations[{number}]"
        for key, symbol in (("first", stated.first), ("second", stated.second)):
            if symbol not in inputs:
                yield FieldError(f"{place}.{key}", "definition.unknown_input", {"text": symbol})
        pair = frozenset((stated.first, stated.second))
        if len(pair) == 1 or pair in seen:
            yield FieldError(f"{place}.second", "definition.duplicate", {"text": stated.second})
        seen.add(pair)


def _input(definition: Definition, section: Section, number: int, path: str) -> _Faults:
    entry = section.inputs[number - 1]
    if isinstance(entry, (ReferenceValueInput, StandardDriftInput)) or (
        isinstance(entry, ResolutionInput) and entry.slot
    ):
        yield from _slot(definition.equipment, entry.slot, f"{path}.slot")
    elif isinstance(entry, DerivedInput):
        yield from _derived(definition, section, entry, path)
        if isinstance(entry, DerivedHalfWidthInput):
            yield from _half_width_shape(entry.distribution, path)
            yield from _width(entry, path)
    elif isinstance(entry, CharacteristicInput):
        yield from _slot(definition.equipment, entry.slot, f"{path}.slot", needed=True)
        yield from _half_width_shape(entry.distribution, path)
    elif isinstance(entry, ConditionInput):
        yield from _condition(definition, entry, path)
    elif isinstance(entry, HalfWidthInput):
        yield from _positive(f"{path}.half_width", entry.half_width)
        yield from _half_width_shape(entry.distribution, path)
    elif isinstance(entry, StandardUncertaintyInput):
        yield from _positive(f"{path}.standard_uncertainty", entry.standard_uncertainty)
        if entry.degrees_of_freedom < 1:
            yield FieldError(f"{path}.degrees_of_freedom", "definition.degrees_of_freedom")
    elif isinstance(entry, NominalInput):
        yield from _fits(f"{path}.unit", entry.unit, section.unit)


def _half_width_shape(distribution: str, path: str) -> _Faults:
    if distribution not in DISTRIBUTIONS:
        values = {"text": distribution[:64], "known": ", ".join(DISTRIBUTIONS)}
        yield FieldError(f"{path}.distribution", "definition.unknown_kind", values)


def _width(entry: DerivedHalfWidthInput, path: str) -> _Faults:
    """Yield a fault for a reduction that gives a value on the scale, which is the half-width of nothing."""
    rule = REDUCTIONS.get(entry.reduction)
    if rule is not None and not rule.difference:
        yield FieldError(f"{path}.reduction", "definition.reduction_no_width", {"text": entry.reduction[:64]})


def _slot(equipment: tuple[EquipmentSlot, ...], name: str, path: str, *, needed: bool = False) -> _Faults:
    slot = next((slot for slot in equipment if slot.slot == name), None)
    if slot is None:
        yield FieldError(path, "definition.unknown_slot", {"text": name[:64]})
    elif (needed or slot.role is EquipmentRole.REFERENCE) and not slot.required:
        yield FieldError(path, "definition.slot_not_required", {"text": name})


def _derived(definition: Definition, section: Section, entry: DerivedInput, path: str) -> _Faults:
    rule = REDUCTIONS.get(entry.reduction)
    if rule is None:
        values = {"text": entry.reduction[:64], "known": ", ".join(REDUCTIONS)}
        yield FieldError(f"{path}.reduction", "definition.unknown_kind", values)
    else:
        for name, _ in entry.parameters:
            if name not in rule.parameters:
                values = {"text": name[:64], "known": ", ".join(sorted(rule.parameters)) or "–"}
                yield FieldError(f"{path}.parameters.{name}", "definition.unknown_parameter", values)
    source = section
    if entry.section:
        found = next((other for other in definition.sections if other.code == entry.section), None)
        if found is None:
            yield FieldError(f"{path}.section", "definition.unknown_section", {"text": entry.section})
            return
        source = found
    if entry.point and entry.point not in {point.code for point in source.points}:
        yield FieldError(f"{path}.point", "definition.unknown_point", {"text": entry.point})
    wanted = difference_unit(source.unit) if rule is not None and rule.difference else source.unit
    yield from _fits(f"{path}.unit", entry.unit, wanted)
    for role in entry.roles:
        if role not in source.layout.roles:
            yield FieldError(f"{path}.roles", "definition.role_not_read", {"text": role.value})
    if entry.reduction == "abba_difference" and source.layout.kind is not LayoutKind.ABBA:
        yield FieldError(f"{path}.reduction", "definition.reduction_layout", {"text": entry.reduction})


def _condition(definition: Definition, entry: ConditionInput, path: str) -> _Faults:
    condition = next((c for c in definition.conditions if c.quantity == entry.quantity), None)
    if condition is None:
        yield FieldError(f"{path}.quantity", "definition.unknown_condition", {"text": entry.quantity[:64]})
        return
    yield from _fits(f"{path}.unit", entry.unit, condition.unit)
    if not any(entry.quantity in slot.condition_quantities for slot in definition.equipment):
        yield FieldError(f"{path}.quantity", "definition.condition_without_sensor", {"text": entry.quantity})


def _output(section: Section, output: Output, coverage: Coverage, path: str) -> _Faults:
    if output.report.form is ReportForm.VALUE:
        yield from _fits(f"{path}.report.unit", output.report.unit, output.unit)
    else:
        yield from _fits(f"{path}.report.nominal_unit", output.report.nominal_unit, output.unit)
        yield from _fits(f"{path}.report.deviation_unit", output.report.deviation_unit, output.unit)
    model = model_of(section, Coverage())
    inputs = tuple({entry.symbol: entry for entry in model.inputs}.values())
    try:
        compile_model(MeasurementModel(outputs_for(model, output.name), inputs))
    except CalcError as error:
        if error.code == "model.cycle" or error.values.get("output", output.name) == output.name:  # else said there
            yield FieldError(f"{path}.expression", f"definition.{error.code}", dict(error.values))


def _unique(path: str, key: str, values: Iterable[str]) -> _Faults:
    seen: set[str] = set()
    for index, value in enumerate(values, 1):
        if value in seen:
            yield FieldError(f"{path}[{index}].{key}", "definition.duplicate", {"text": value})
        seen.add(value)


def _fits(path: str, unit: str, expected: str) -> _Faults:
    """Yield a fault if two units are not of the same kind of quantity; both are known units here."""
    if not is_compatible(unit, expected):
        yield FieldError(path, "definition.unit_does_not_fit", {"unit": unit, "expected": expected})


def _positive(path: str, number: Decimal) -> _Faults:
    if number <= 0:
        yield FieldError(path, "definition.not_positive")
