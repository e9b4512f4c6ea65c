"""Readings that are numbers but hardly meant so: far outside the item's range, or a slip of the decimal mark. Pure.

Nothing is refused for good: what lies far outside is asked to be confirmed with a reason, a slip is pointed out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.units import convert
from lims.calibrations.facts import Address, ReadingFacts
from lims.procedures.definition_facts import LayoutKind, MeasuringPoint, Section

_MARGIN: Final = Decimal("0.2")
"""How much of its span an indication may lie beyond the range before it has to be confirmed."""
_FACTORS: Final = tuple(Decimal(10) ** power for power in (-3, -2, -1, 1, 2, 3))
_NEAR: Final = Decimal("1.25")
_ALIKE: Final = 2


def far_outside(value: Decimal, unit: str, ends: Sequence[tuple[Decimal, Decimal, str]]) -> bool:
    """Return whether an indication lies beyond all ranges (lower end, upper end, unit) by a fifth of their span."""
    inside = [_reaches(value, unit, *entry) for entry in ends]
    return bool(inside) and not any(inside)


def _reaches(value: Decimal, unit: str, lower: Decimal, upper: Decimal, wanted: str) -> bool:
    number = _in_unit(value, unit, wanted)
    margin = (upper - lower) * _MARGIN
    return number is None or upper <= lower or lower - margin <= number <= upper + margin


def slips(
    readings: Iterable[ReadingFacts], section: Section, phase: str, points: Sequence[MeasuringPoint]
) -> Mapping[Address, str]:
    """Return the cells whose number is about 10, 100 or 1000 times (or a part of) what else was read at its point.

    Where fewer than two others were read the nominal value stands in, but for differences. A reading with a comment
    was looked at already.
    """
    groups: dict[tuple[str, str], list[tuple[ReadingFacts, Decimal]]] = {}
    for reading in readings:
        address = reading.address
        here = (address.section, address.phase) == (section.code, phase)
        if here and reading.excluded is None and reading.value is not None:
            groups.setdefault((address.point, address.role), []).append((reading, reading.value))
    nominals = {point.code: point for point in points} if section.layout.kind is not LayoutKind.ABBA else {}
    found = {}
    for (point, _role), group in groups.items():
        for reading, number in group:
            others = [_in_unit(value, other.unit, reading.unit) for other, value in group if other is not reading]
            known = [other for other in others if other is not None]
            factor = _factor(number, reading.unit, known, nominals.get(point))
            if factor is not None and not reading.comment:
                found[reading.address] = f"{factor:f}"
    return found


def _factor(number: Decimal, unit: str, others: Sequence[Decimal], nominal: MeasuringPoint | None) -> Decimal | None:
    if len(others) >= _ALIKE:
        low, high = min(others, key=abs), max(others, key=abs)
        alike = low * high > 0 and abs(high) < _ALIKE * abs(low)
        return _slip(number, sorted(others)[len(others) // 2]) if alike else None
    if nominal is None:
        return None
    wanted = _in_unit(nominal.nominal, nominal.unit, unit)
    return None if wanted is None else _slip(number, wanted)


def _slip(value: Decimal, neighbour: Decimal) -> Decimal | None:
    if not neighbour or value * neighbour <= 0:
        return None
    ratio = value / neighbour
    return next((factor for factor in _FACTORS if factor / _NEAR < ratio < factor * _NEAR), None)


def _in_unit(value: Decimal, unit: str, wanted: str) -> Decimal | None:
    try:
        return value if unit == wanted else convert(value, unit, wanted)
    except CalcError:
        return None
