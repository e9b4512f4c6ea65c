"""Every layout of readings expands, purely, to the addresses of its cells, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lims.procedures.definition_facts import (
    CONDITIONS,
    Definition,
    Layout,
    LayoutKind,
    MeasuringPoint,
    ReadingRole,
    Section,
)

UP: Final = "up"
DOWN: Final = "down"
_ABBA: Final = (
    ("A", ReadingRole.STANDARD),
    ("B", ReadingRole.ITEM),
    ("B", ReadingRole.ITEM),
    ("A", ReadingRole.STANDARD),
)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where an indication belongs: the address of a reading without the phase (as found, as left)."""

    section: str
    point: str
    cycle: int = 1
    direction: str = ""
    sequence: int = 1
    role: str = ReadingRole.ITEM


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the reading sheet: address, the unit of entry, and its label as a code with values."""

    address: Address
    unit: str
    label: str
    values: Mapping[str, str | int] = field(default_factory=dict)


_Step = tuple[int, str, int, ReadingRole, str, Mapping[str, str | int]]
"""cycle, direction, sequence, role, label code, label values"""


def addresses(section: Section, points: Sequence[MeasuringPoint] = ()) -> tuple[Address, ...]:
    """Return the addresses of a section's readings; `points` are those agreed for the item, if any."""
    return tuple(cell.address for cell in cells(section, points))


def cells(section: Section, points: Sequence[MeasuringPoint] = ()) -> tuple[Cell, ...]:
    """Return the cells of a section's sheet in the order of reading."""
    layout, wanted = section.layout, tuple(points) or section.points
    if layout.kind is LayoutKind.UP_DOWN:
        return tuple(_up_down(section, wanted))
    steps = _STEPS[layout.kind]
    return tuple(
        Cell(Address(section.code, point.code, cycle, direction, sequence, role), layout.entry_unit, label, values)
        for point in wanted
        for cycle, direction, sequence, role, label, values in steps(layout)
    )


def condition_cells(definition: Definition) -> tuple[Cell, ...]:
    """Return the cells of the conditions: each quantity at the start (sequence 1) and at the end (sequence 2)."""
    return tuple(
        Cell(
            Address(CONDITIONS, condition.quantity, 1, "", sequence, ReadingRole.INFLUENCE),
            condition.unit,
            label,
        )
        for condition in definition.conditions
        for sequence, label in ((1, "cell.start"), (2, "cell.end"))
    )


def _points_repeats(layout: Layout) -> Iterator[_Step]:
    for repeat in range(1, layout.repeats + 1):
        for role in layout.roles:
            yield 1, "", repeat, role, "cell.repeat", {"repeat": repeat, "role": role}


def _abba(layout: Layout) -> Iterator[_Step]:
    for cycle in range(1, layout.cycles + 1):
        for place, (letter, role) in enumerate(_ABBA, start=1):
            yield cycle, "", place, role, "cell.abba", {"cycle": cycle, "letter": letter, "place": place, "role": role}


def _paired(layout: Layout) -> Iterator[_Step]:
    for pair in range(1, layout.repeats + 1):
        for role in (ReadingRole.STANDARD, ReadingRole.ITEM):
            yield 1, "", pair, role, "cell.pair", {"pair": pair, "role": role}


def _positions(layout: Layout) -> Iterator[_Step]:
    for cycle in range(1, layout.cycles + 1):
        for place, position in enumerate(layout.positions, start=1):
            for role in layout.roles:
                values: dict[str, str | int] = {"vi": position.title_vi, "en": position.title_en or position.title_vi}
                values |= {"cycle": cycle, "place": place, "role": role}
                yield cycle, "", place, role, "cell.position", values


def _single(layout: Layout) -> Iterator[_Step]:
    for role in layout.roles:
        yield 1, "", 1, role, "cell.single", {"role": role}


def _up_down(section: Section, points: Sequence[MeasuringPoint]) -> Iterator[Cell]:
    """Up through all points and down again, cycle by cycle: the order in which a gauge is loaded."""
    layout = section.layout
    for cycle in range(1, layout.cycles + 1):
        for direction, order in ((UP, points), (DOWN, tuple(reversed(points)))):
            for point in order:
                for role in layout.roles:
                    address = Address(section.code, point.code, cycle, direction, 1, role)
                    values: dict[str, str | int] = {"cycle": cycle, "direction": direction, "role": role}
                    yield Cell(address, layout.entry_unit, f"cell.{direction}", values)


_STEPS: Final[Mapping[LayoutKind, Callable[[Layout], Iterator[_Step]]]] = {
    LayoutKind.POINTS_REPEATS: _points_repeats,
    LayoutKind.ABBA: _abba,
    LayoutKind.PAIRED: _paired,
    LayoutKind.POSITIONS: _positions,
    LayoutKind.SINGLE: _single,
}
