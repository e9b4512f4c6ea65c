"""What the lines of a scope cover together: two that say different things of one value, and where none holds.

Two lines are about the same thing when quantity, kind of instrument, parameter, place and a method agree. Ranges may
touch: at the common end the first line holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from calc.units import convert, is_compatible
from lims.core.text import fold
from lims.procedures.facts import ScopeLineFacts, ScopeLineInput, ScopeVersionFacts
from lims.procedures.scope import methods_of

Line = ScopeLineFacts | ScopeLineInput
_ENDLESS: Final = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class RangeGap:
    """A part of the range between two lines about the same thing that neither covers, in `unit`."""

    below: ScopeLineFacts
    above: ScopeLineFacts
    lower: Decimal
    upper: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class DateGap:
    """Days between two versions of one kind in which no scope of that kind was in force; both included."""

    before: ScopeVersionFacts
    after: ScopeVersionFacts
    first: date
    last: date


def first_overlap(lines: Sequence[Line]) -> tuple[int, int] | None:
    """Return the first two lines (counted from 1) that both hold for more than a common end of their ranges."""
    for second, line in enumerate(lines, 1):
        for first, earlier in enumerate(lines[: second - 1], 1):
            if _same_thing(earlier, line) and _share_values(earlier, line):
                return first, second
    return None


def _same_thing(one: Line, other: Line) -> bool:
    return (
        one.quantity == other.quantity
        and one.instrument_kind == other.instrument_kind
        and fold(one.parameter) == fold(other.parameter)
        and one.on_site == other.on_site
        and bool(methods_of(one.method) & methods_of(other.method))
        and is_compatible(one.unit, other.unit)
    )


def _share_values(one: Line, other: Line) -> bool:
    lower, upper = _ends(one, one.unit)
    other_lower, other_upper = _ends(other, one.unit)
    start, end = max(lower, other_lower), min(upper, other_upper)
    one_value = lower == upper or other_lower == other_upper
    return start < end or (start == end and one_value and lower == other_lower and upper == other_upper)


def _ends(line: Line, unit: str) -> tuple[Decimal, Decimal]:
    lower = -_ENDLESS if line.lower is None else convert(line.lower, line.unit, unit)
    upper = _ENDLESS if line.upper is None else convert(line.upper, line.unit, unit)
    return lower, upper


def range_gaps(lines: Iterable[ScopeLineFacts]) -> list[RangeGap]:
    """Return what lies between the lines about the same thing and is covered by none."""
    groups: list[list[ScopeLineFacts]] = []
    for line in lines:
        group = next((known for known in groups if _same_thing(known[0], line)), None)
        if group is None:
            groups.append([line])
        else:
            group.append(line)
    return [gap for group in groups for gap in _gaps_of(group)]


def _gaps_of(group: list[ScopeLineFacts]) -> list[RangeGap]:
    unit = group[0].unit
    ordered = sorted(group, key=lambda line: _ends(line, unit))
    found, below = [], ordered[0]
    for line in ordered[1:]:
        reached, (lower, upper) = _ends(below, unit)[1], _ends(line, unit)
        if lower > reached:
            found.append(RangeGap(below, line, reached, lower, unit))
        if upper > reached:
            below = line
    return found


def date_gaps(versions: Iterable[ScopeVersionFacts]) -> list[DateGap]:
    """Return the days between versions of one kind in which none was in force."""
    found: list[DateGap] = []
    last: dict[str, ScopeVersionFacts] = {}
    for version in sorted(versions, key=lambda version: version.valid_from):
        before = last.get(version.kind)
        if before is not None and before.valid_to is not None and version.valid_from - before.valid_to > timedelta(1):
            first, end = before.valid_to + timedelta(1), version.valid_from - timedelta(1)
            found.append(DateGap(before, version, first, end))
        last[version.kind] = version
    return found
