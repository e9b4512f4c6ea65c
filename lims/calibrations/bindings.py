"""From a point's declared inputs to the quantities behind them: readings reduced, certificates, bounds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from calc import type_b
from calc.quantities import Distribution, Estimate, Evaluation, InputQuantity
from calc.reductions import REDUCTIONS, Observation, Reduction, reduce
from calc.units import convert, convert_difference, difference_unit
from lims.calibrations.case import Case, CaseReading, PointCase, Reference
from lims.calibrations.facts import CONDITIONS, Address
from lims.core.errors import RuleViolation
from lims.procedures import definition_facts as procedure

_WHOLE_CYCLE: Final = frozenset({procedure.LayoutKind.ABBA, procedure.LayoutKind.PAIRED})
"""Layouts whose reductions need a whole cycle: leaving out one reading leaves out its cycle, and n follows."""

NOTHING_TO_REDUCE: Final = frozenset({"quantity.too_few_readings", "reduction.missing", "reduction.unpaired"})
"""What a reduction says where readings are missing or left out."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The quantities that stand behind one symbol at one point (several where standards are summed)."""

    quantities: tuple[InputQuantity, ...]
    content_ids: tuple[int, ...] = ()
    reduction: Reduction | None = None


def bind(case: Case, point: PointCase, entry: procedure.InputDefinition) -> Bound:
    """Return what stands behind an input at a point. Raises CalcError, RuleViolation."""
    section = point.section.code
    match entry:
        case procedure.ReferenceValueInput() | procedure.StandardDriftInput():
            return _bind_standards(case, point, entry)
        case procedure.DerivedHalfWidthInput():
            return _bind_width(case, point, entry)
        case procedure.CharacteristicInput():
            return _bind_characteristic(case, point, entry)
        case procedure.DerivedInput():
            reduction = reduced(case, point, entry)
            return Bound((reduction.as_input(f"{section}/{entry.symbol}/{point.key}"),), reduction=reduction)
        case procedure.ResolutionInput():
            step, unit = _resolution(case, point, entry)
            key = f"{section}/{entry.symbol}/{point.key}"
            return Bound((type_b.resolution(difference_unit(unit), float(step)).as_input(key),))
        case procedure.ConditionInput():
            return Bound((_condition(case, entry),))
        case procedure.NominalInput():
            value = float(convert(point.point.nominal, point.point.unit, entry.unit))
            return Bound((exact(f"{section}/{entry.symbol}/{point.point.code}", value, entry.unit),))
        case procedure.ConstantInput():
            return Bound((exact(f"{section}/{entry.symbol}", float(entry.value), entry.unit),))
        case procedure.HalfWidthInput():
            shape = Distribution(entry.distribution)
            bounds = type_b.half_width(float(entry.value), float(entry.half_width), entry.unit, shape)
            return Bound((bounds.as_input(f"{section}/{entry.symbol}"),))
        case procedure.StandardUncertaintyInput():
            stated = type_b.standard(
                float(entry.value), float(entry.standard_uncertainty), entry.unit, float(entry.degrees_of_freedom)
            )
            return Bound((stated.as_input(f"{section}/{entry.symbol}"),))


def exact(key: str, value: float, unit: str) -> InputQuantity:
    """Return a number without uncertainty as an input quantity."""
    return InputQuantity(key, Estimate(value, 0.0, unit), Distribution.NORMAL, Evaluation.B)


def _bind_width(case: Case, point: PointCase, entry: procedure.DerivedHalfWidthInput) -> Bound:
    """Return a value about zero, as wide as the readings say; the reduction is shown beside it."""
    reduction = reduced(case, point, entry)
    width = type_b.half_width(0.0, abs(reduction.estimate.value), entry.unit, Distribution(entry.distribution))
    return Bound((width.as_input(f"{point.section.code}/{entry.symbol}/{point.key}"),), reduction=reduction)


def _bind_characteristic(case: Case, point: PointCase, entry: procedure.CharacteristicInput) -> Bound:
    """Return a value about zero, as wide as a certificate says of the equipment in the slot."""
    place = (entry.slot, point.section.code, point.point.code, entry.characteristic)
    found = next((one for one in case.characteristics if one.place == place), None)
    if found is None:
        raise RuleViolation("evaluation.no_characteristic", characteristic=entry.characteristic, slot=entry.slot)
    half_width = abs(convert_difference(found.value, found.unit, entry.unit))
    bounds = type_b.half_width(0.0, float(half_width), entry.unit, Distribution(entry.distribution))
    return Bound((bounds.as_input(f"characteristic/{found.digest}", found.standard),))


def _bind_standards(
    case: Case, point: PointCase, entry: procedure.ReferenceValueInput | procedure.StandardDriftInput
) -> Bound:
    found = [
        reference
        for reference in case.references
        if (reference.slot, reference.section, reference.point) == (entry.slot, point.section.code, point.point.code)
    ]
    if not found:
        raise RuleViolation("evaluation.no_reference", slot=entry.slot, point=point.point.code)
    make = _drift_of if isinstance(entry, procedure.StandardDriftInput) else _value_of
    return Bound(tuple(make(reference) for reference in found), tuple(reference.content_id for reference in found))


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
    unit = difference_unit(reference.drift_unit or reference.unit)
    return type_b.drift(unit, float(reference.drift_half_width), distribution=shape).as_input(key, reference.standard)


def reduced(case: Case, point: PointCase, entry: procedure.DerivedInput) -> Reduction:
    """Reduce the readings that the input names, in the input's unit; cycles with a reading left out stay out."""
    section_code = entry.section or point.section.code
    wanted = (section_code, entry.point or point.point.code, point.phase)
    readings = [
        r
        for r in case.readings
        if (r.address.section, r.address.point, r.address.phase) == wanted
        and (not entry.roles or r.address.role in entry.roles)
    ]
    kind = case.definition.section(section_code).layout.kind
    out = {_left_out_with(kind, r) for r in readings if r.excluded}
    unit = _unit_of_readings(entry)
    observations = [
        Observation(
            convert(r.value, r.unit, unit),
            _cycle(kind, r),
            r.address.sequence,
            str(r.address.role),
            r.address.direction,
        )
        for r in readings
        if r.value is not None and _left_out_with(kind, r) not in out
    ]
    parameters = {name: float(value) for name, value in entry.parameters}
    return reduce(entry.reduction, observations, entry.unit, parameters)


def _cycle(kind: procedure.LayoutKind, reading: CaseReading) -> int:
    """Return the cycle that a reduction sees: of paired readings each pair is one."""
    address: Address = reading.address
    return address.sequence if kind is procedure.LayoutKind.PAIRED else address.cycle


def _left_out_with(kind: procedure.LayoutKind, reading: CaseReading) -> tuple[int, int]:
    """Return what goes out when a reading is left out: its whole cycle or pair, or it alone."""
    return (0, _cycle(kind, reading)) if kind in _WHOLE_CYCLE else (reading.id, 0)


def _unit_of_readings(entry: procedure.DerivedInput) -> str:
    """Return the unit in which readings are reduced: for a difference of temperatures that of their scale."""
    rule = REDUCTIONS.get(entry.reduction)
    return entry.unit.removeprefix("delta_") if rule is not None and rule.difference else entry.unit


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
        if (r.address.section, r.address.point) == (CONDITIONS, entry.quantity)
        and r.value is not None
        and not r.excluded
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
