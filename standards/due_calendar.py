"""A year of what falls due: by month and day, and as a map of months or weeks by group. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
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
    """A group of the map: what fell due before it begins and still is, the periods, their sum."""

    group: str
    before: int
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A stretch of months or weeks; the last row is the sum of all groups."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    sums: Row


def months_from(first: date) -> list[date]:
    """Return the first days of twelve months, beginning with that of a day."""
    return [
        date(first.year + (first.month + number - 1) // 12, (first.month + number - 1) % 12 + 1, 1)
        for number in range(12)
    ]


def weeks_of(year: int) -> list[str]:
    """Return the weeks of a year by ISO 8601."""
    last = date(year, 12, 28).isocalendar().week  # the week of 28 December is always the year's last
    return [f"{year}-W{week:02d}" for week in range(1, last + 1)]


def weeks_from(day: date) -> list[str]:
    """Return a year of weeks, beginning with that of a day."""
    weeks = [(day + timedelta(weeks=number)).isocalendar() for number in range(52)]
    return [f"{week.year}-W{week.week:02d}" for week in weeks]


def month_calendar(items: Sequence[DueItem], firsts: Sequence[date]) -> list[Month]:
    """Return months with what falls due in each."""
    months = []
    for first in firsts:
        code = f"{first:%Y-%m}"
        months.append(Month(first, code, tuple(item for item in items if item.month == code)))
    return months


def overdue_before(items: Sequence[DueItem], first: date) -> list[DueItem]:
    """Return what fell due before a day and still is."""
    return [item for item in items if item.due is DueState.OVERDUE and item.due_on is not None and item.due_on < first]


def heat_map(items: Sequence[DueItem], columns: Sequence[str], *, weekly: bool = False) -> HeatMap:
    """Return how much falls due in each of some months (2026-11) or weeks (2026-W47), by group of equipment."""
    dated = [item for item in items if item.due_on is not None]
    groups = sorted({_group(item) for item in dated}, key=lambda group: (group == PERSONS, group))
    rows = tuple(
        _row(group, [item for item in dated if _group(item) == group], columns, weekly=weekly) for group in groups
    )
    return HeatMap(tuple(columns), rows, _row("", dated, columns, weekly=weekly))


def _group(item: DueItem) -> str:
    return PERSONS if item.kind is DueKind.CARD else item.group


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
