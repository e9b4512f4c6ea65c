"""A definition's inputs as a page shows them: kind and what it rests on, as label codes with exact numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from lims.procedures.definition_facts import (
    INPUT_KINDS,
    CharacteristicInput,
    ConditionInput,
    ConstantInput,
    DerivedHalfWidthInput,
    DerivedInput,
    HalfWidthInput,
    InputDefinition,
    ReferenceValueInput,
    ResolutionInput,
    Section,
    StandardDriftInput,
    StandardUncertaintyInput,
)

_NAMES = {kind: name for name, kind in INPUT_KINDS.items()}


@dataclass(frozen=True, slots=True)
class DescribedInput:
    """An input for a page: its kind's label code, a slot, labels of choices, and numbers by their names."""

    entry: InputDefinition
    kind: str
    slot: str = ""
    labels: tuple[str, ...] = ()
    numbers: Mapping[str, Decimal] = field(default_factory=dict)


def described_inputs(section: Section) -> tuple[DescribedInput, ...]:
    """Return a section's inputs as its page shows them."""
    return tuple(_described(entry) for entry in section.inputs)


def described_records(section: Section) -> tuple[DescribedInput, ...]:
    """Return what a section records beside its results, as its page shows it."""
    return tuple(_described(entry) for entry in section.recorded)


def _described(entry: InputDefinition) -> DescribedInput:
    kind = f"input_kind.{_NAMES[type(entry)]}"
    if isinstance(entry, (ReferenceValueInput, StandardDriftInput, ResolutionInput)):
        return DescribedInput(entry, kind, slot=entry.slot)
    if isinstance(entry, DerivedInput):
        labels = [f"reduction.{entry.reduction}"]
        if isinstance(entry, DerivedHalfWidthInput):
            labels.append(f"distribution.{entry.distribution}")
        return DescribedInput(entry, kind, labels=tuple(labels), numbers=dict(reversed(entry.parameters)))
    if isinstance(entry, CharacteristicInput):
        labels = [f"characteristic.{entry.characteristic}", f"distribution.{entry.distribution}"]
        return DescribedInput(entry, kind, slot=entry.slot, labels=tuple(labels))
    if isinstance(entry, HalfWidthInput):
        numbers = {"value": entry.value, "half_width": entry.half_width}
        return DescribedInput(entry, kind, labels=(f"distribution.{entry.distribution}",), numbers=numbers)
    if isinstance(entry, StandardUncertaintyInput):
        numbers = {
            "value": entry.value,
            "standard_uncertainty": entry.standard_uncertainty,
            "degrees_of_freedom": entry.degrees_of_freedom,
        }
        return DescribedInput(entry, kind, numbers=numbers)
    if isinstance(entry, ConstantInput):
        return DescribedInput(entry, kind, numbers={"value": entry.value})
    if isinstance(entry, ConditionInput):
        return DescribedInput(entry, kind, labels=(f"quantity.{entry.quantity}",))
    return DescribedInput(entry, kind)
