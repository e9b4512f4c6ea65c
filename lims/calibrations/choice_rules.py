"""Which of the standards that are valid now fit a slot by what they cover; the others stay possible (sums). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from calc.errors import CalcError
from calc.units import convert
from lims.calibrations.facts import ConditionRange
from lims.procedures.definition_facts import (
    EquipmentSlot,
    MeasuringPoint,
    ReferenceValueInput,
    ResolutionInput,
    Section,
    StandardDriftInput,
)
from standards.calibration_facts import ContentChoice, ContentKind
from standards.facts import StandardRole


@dataclass(frozen=True, slots=True)
class Limits:
    """The ends between which a condition must lie; an open end asks for nothing."""

    quantity: str
    unit: str
    lower: Decimal | None = None
    upper: Decimal | None = None


def uses_slot(section: Section, slot: str) -> bool:
    """Return whether a section's model asks the standard in a slot for its value at the section's points."""
    return any(
        isinstance(entry, ReferenceValueInput | StandardDriftInput | ResolutionInput) and entry.slot == slot
        for entry in section.inputs
    )


def limits_of(slot: EquipmentSlot, conditions: Iterable[ConditionRange]) -> tuple[Limits, ...]:
    """Return the limits of the conditions that the equipment in a slot measures."""
    return tuple(
        Limits(entry.quantity, entry.unit, entry.lower, entry.upper)
        for entry in conditions
        if entry.quantity in slot.condition_quantities
    )


def serves_points(content: ContentChoice, points: Sequence[MeasuringPoint]) -> bool:
    """Return whether a reference serves alone: a weight at one point at least, a range or curve at all of them."""
    covered = (_covers(content, point.nominal, point.unit) for point in points)
    return not points or (any(covered) if content.kind is ContentKind.ELEMENT else all(covered))


def serves_conditions(role: StandardRole, contents: Sequence[ContentChoice], limits: Sequence[Limits]) -> bool:
    """Return whether equipment is meant for the room and its ranges reach to the limits of what it measures there.

    A reference of the same quantity may take the place of a room's sensor, yet it is not what one looks for.
    """
    if role is not StandardRole.INFLUENCE:
        return False
    return all(any(_reaches(content, limit) for content in contents) for limit in limits)


def _covers(content: ContentChoice, value: Decimal, unit: str) -> bool:
    """Return whether a content says something at a value; where the units cannot be compared nothing speaks against."""
    try:
        if content.kind is ContentKind.ELEMENT and content.nominal is not None:
            return convert(value, unit, content.unit) == content.nominal
        if content.arguments:
            asked = convert(value, unit, content.argument_unit)
            inside = min(content.arguments) <= asked <= max(content.arguments)
            return asked in content.arguments or (inside and content.interpolated)
        asked = convert(value, unit, content.range_unit)
    except CalcError:
        return True
    return (content.lower is None or content.lower <= asked) and (content.upper is None or asked <= content.upper)


def _reaches(content: ContentChoice, limit: Limits) -> bool:
    if content.quantity != limit.quantity:
        return False
    try:
        lower = None if limit.lower is None else convert(limit.lower, limit.unit, content.range_unit)
        upper = None if limit.upper is None else convert(limit.upper, limit.unit, content.range_unit)
    except CalcError:
        return True
    below = lower is None or content.lower is None or content.lower <= lower
    above = upper is None or content.upper is None or upper <= content.upper
    return below and above
