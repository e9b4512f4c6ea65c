"""Which results a reading reaches: its own point, unless the procedure lets other points rest on it. Pure."""

from __future__ import annotations

from lims.calibrations.facts import CONDITIONS, Address
from lims.procedures.definition_facts import ConditionInput, Definition, DerivedInput


def rows_reached(definition: Definition, address: Address) -> frozenset[tuple[str, str]] | None:
    """Return section and point of every result that may change with a reading; None means all of them.

    A condition that enters a model, or a reduction over another point or section, may reach any result.
    """
    inputs = [entry for section in definition.sections for entry in section.inputs]
    if address.section == CONDITIONS:
        entering = {entry.quantity for entry in inputs if isinstance(entry, ConditionInput)}
        return None if address.point in entering else frozenset()
    return None if rests_on_others(definition) else frozenset({(address.section, address.point)})


def rests_on_others(definition: Definition) -> bool:
    """Return whether a result may rest on readings of another point or section."""
    inputs = (entry for section in definition.sections for entry in section.inputs)
    return any(isinstance(entry, DerivedInput) and bool(entry.section or entry.point) for entry in inputs)
