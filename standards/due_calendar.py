"""The year of what falls due: by month and day, and as a map of months or weeks by group. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from standards.due_facts import DueItem, DueKind
from standards.facts import DueState

PERSONS: Final = "persons"
"""The row of a map for what is of no equipment: cards of verifiers."""
_SHADES: Final = ((1, 1), (3, 2), (6, 3))


@dataclass(frozen=True, slots=True)
class Month:
    """A month with what falls due in it, in the order of days."""

    first: date
    code: str
    items: tuple[DueItem, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A place of the map: which period, how much falls due, how dark that is (0 to 4), whether some is overdue."""

    code: str
    count: int
    shade: int
    overdue: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A group of the map: what fell due before the year and still is, the periods, the sum of the year."""

    group: str
    before: int
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A year by months or weeks; the last row is the sum of all groups."""

    year: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    sums: Row


def year_calendar(items: Sequence[DueItem], year: int) -> list[Month]:
    """Return the twelve months of a year with what falls due."""
    months = []
    for number in range(1, 13):
        first = date(year, number, 1)
        code = f"{year}-{number:02d}"
        months.append(Month(first, code, tuple(item for item in items if item.month == code)))
    return months


def heat_map(items: Sequence[DueItem], year: int, *, weekly: bool = False) -> HeatMap:
    """Return how much falls due in each month (or week by ISO 8601) of a year, by group of equipment."""
    columns = _weeks(year) if weekly else tuple(f"{year}-{number:02d}" for number in range(1, 13))
    dated = [item for item in items if item.due_on is not None]
    groups = sorted({_group(item) for item in dated}, key=lambda group: (group == PERSONS, group))
    rows = tuple(
        _row(group, [item for item in dated if _group(item) == group], columns, weekly=weekly) for group in groups
    )
    return HeatMap(year, columns, rows, _row("", dated, columns, weekly=weekly))


def _group(item: DueItem) -> str:
    return PERSONS if item.kind is DueKind.CARD else item.group


def _weeks(year: int) -> tuple[str, ...]:
    last = date(year, 12, 28).isocalendar().week  # the week of 28 December is always the year's last
    return tuple(f"{year}-W{week:02d}" for week in range(1, last + 1))


def _row(group: str, items: Sequence[DueItem], columns: Sequence[str], *, weekly: bool) -> Row:
    counts: Counter[str] = Counter()
    late: set[str] = set()
    before = 0
    for item in items:
        code = item.week if weekly else item.month
        counts[code] += 1
        if item.due is DueState.OVERDUE:
            late.add(code)
            before += code < columns[0]
    cells = tuple(Cell(code, counts[code], _shade(counts[code]), code in late) for code in columns)
    return Row(group, before, cells, sum(cell.count for cell in cells))


def _shade(count: int) -> int:
    if count == 0:
        return 0
    return next((shade for most, shade in _SHADES if count <= most), 4)
