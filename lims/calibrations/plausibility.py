"""Readings that are numbers but doubtful: far outside the item's range, a slip of the decimal mark, too short a hold.

Nothing is refused for good: what lies far outside is asked to be confirmed with a reason, the others are pointed out
until a comment says why they are right. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.units import convert
from lims.calibrations.detail_facts import Doubt
from lims.calibrations.facts import Address, ReadingFacts
from lims.procedures.definition_facts import LayoutKind, MeasuringPoint, Section
from lims.procedures.layouts import DOWN

_MARGIN: Final = Decimal("0.2")
"""How much of its span an indication may lie beyond the range before it has to be confirmed."""
_FACTORS: Final = tuple(Decimal(10) ** power for power in (-3, -2, -1, 1, 2, 3))
_NEAR: Final = Decimal("1.25")
_ALIKE: Final = 2
_MINUTE: Final = 60


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
) -> Mapping[Address, Doubt]:
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
            doubt = _doubt(number, reading.unit, known, nominals.get(point))
            if doubt is not None and not reading.comment:
                found[reading.address] = doubt
    return found


def short_holds(
    readings: Iterable[ReadingFacts], section: Section, phase: str, points: Sequence[MeasuringPoint]
) -> Mapping[Address, Doubt]:
    """Return the cells of the highest point that were read on the way down sooner than its layout holds it there.

    The time runs from the first reading at that point on the way up, also where it was corrected later. A reading with
    a comment was looked at already.
    """
    wanted = section.layout.hold_minutes
    if wanted is None or not points:
        return {}
    top = points[-1].code
    began: dict[int, datetime] = {}
    downward = []
    for reading in readings:
        address = reading.address
        if (address.section, address.point, address.phase) != (section.code, top, phase):
            continue
        if address.direction != DOWN:
            began[address.cycle] = min(began.get(address.cycle, reading.observed_at), reading.observed_at)
        elif reading.superseded_by_id is None and reading.excluded is None and not reading.comment:
            downward.append(reading)
    found = {}
    for reading in downward:
        first = began.get(reading.address.cycle)
        if first is not None and reading.observed_at - first < timedelta(minutes=wanted):
            held = max(int((reading.observed_at - first).total_seconds()) // _MINUTE, 0)
            found[reading.address] = Doubt("doubt.short_hold", {"held": held, "hold": wanted})
    return found


def _doubt(number: Decimal, unit: str, others: Sequence[Decimal], nominal: MeasuringPoint | None) -> Doubt | None:
    """Return the doubt in a number that is a power of ten beside what it is held against, None for any other."""
    if len(others) >= _ALIKE:
        low, high = min(others, key=abs), max(others, key=abs)
        alike = low * high > 0 and abs(high) < _ALIKE * abs(low)
        return _slip(number, sorted(others)[len(others) // 2], "others") if alike else None
    if nominal is None:
        return None
    wanted = _in_unit(nominal.nominal, nominal.unit, unit)
    return None if wanted is None else _slip(number, wanted, "nominal")


def _slip(value: Decimal, beside: Decimal, what: str) -> Doubt | None:
    if not beside or value * beside <= 0:
        return None
    ratio = value / beside
    factor = next((factor for factor in _FACTORS if factor / _NEAR < ratio < factor * _NEAR), None)
    if factor is None:
        return None
    more = factor > 1
    return Doubt(f"doubt.{what}_{'times' if more else 'part'}", {"factor": int(factor if more else 1 / factor)})


def _in_unit(value: Decimal, unit: str, wanted: str) -> Decimal | None:
    try:
        return value if unit == wanted else convert(value, unit, wanted)
    except CalcError:
        return None
