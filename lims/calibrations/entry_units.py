"""The units in which a sheet's readings may be typed: the procedure's, the item's own, others of the kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.units import canonical_unit, convert, convert_difference, is_compatible
from lims.procedures.definition_facts import MeasuringPoint

_USUAL: Final = (
    *("Pa", "kPa", "MPa", "mbar", "bar", "kgf/cm2", "mmHg", "psi", "degC", "degF", "K"),
    *("mg", "g", "kg", "mV", "V", "kV", "mA", "A"),
    *("mohm", "ohm", "kohm", "Mohm", "um", "mm", "m", "mL", "L", "m3", "s", "min", "h", "Hz", "kHz", "N", "kN", "N.m"),
)
"""What dials and displays in Vietnamese laboratories are marked in, in this order."""
_NARROWEST, _USUAL_WIDTH, _WIDEST = 5, 6, 11


@dataclass(frozen=True, slots=True)
class EntryUnits:
    """The units offered for a sheet, the one in use first; what a division of the item's dial is probably worth."""

    units: tuple[str, ...]
    division: str = ""
    division_unit: str = ""


def entry_units(
    used: str, typed: Iterable[str], procedure: str, item: Sequence[tuple[str, Decimal | None, str]]
) -> EntryUnits:
    """Return the units of a sheet. `item` holds unit, resolution and its unit of each range of the item."""
    own = [unit for unit, _step, _its in item]
    wanted = [used, *typed, procedure, *own, *_USUAL]
    fitting = [name for text in wanted if (name := _fitting(text, procedure))]
    steps = [(step, unit) for _unit, step, unit in item if step is not None and unit]
    division, unit = (f"{steps[0][0].normalize():f}", steps[0][1]) if steps else ("", "")
    return EntryUnits(tuple(dict.fromkeys(fitting)), division, unit)


def _fitting(text: str, procedure: str) -> str:
    try:
        return canonical_unit(text) if text and is_compatible(text, procedure) else ""
    except CalcError:
        return ""


def characters(points: Sequence[MeasuringPoint], unit: str, item: Sequence[tuple[str, Decimal | None, str]]) -> int:
    """Return how many characters the numbers of a sheet will probably have: its cells are made for them beforehand."""
    try:
        largest = max((abs(convert(point.nominal, point.unit, unit)) for point in points), default=Decimal(0))
        steps = [convert_difference(step, its, unit) for _unit, step, its in item if step is not None]
    except CalcError:
        return _USUAL_WIDTH
    decimals = max((-step.adjusted() for step in steps), default=2)
    return min(max(len(f"{largest:.0f}") + max(decimals, 1) + 1, _NARROWEST), _WIDEST)
