"""The sheet of a batch as its page shows it: items as columns, what is read in one go as a row, the standard first.

Each item's cells and results are those of its run's own sheet; here they are only laid beside each other. Rows stand in
the order of reading, so that Enter always leads down. A cell of an item is named by its run and its address, a shared
one by its address alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lims.calibrations.batch_material import BatchMaterial, RunResult
from lims.calibrations.batch_workflow import is_shared
from lims.calibrations.facts import Address, Phase
from lims.calibrations.gathering import Places
from lims.calibrations.grid import CellView, PointView, SheetView, sheets
from lims.calibrations.standing import with_phase
from lims.procedures.definition_facts import LayoutKind, MeasuringPoint, Section
from lims.procedures.layouts import cells

_FOUND: Final = (str(Phase.AS_FOUND),)
MARK: Final = "@"
"""Stands between a run and an address in the name of an item's cell."""


@dataclass(frozen=True, slots=True)
class BatchCell:
    """A cell on the page of a batch: `run_id` says whose it is, None for what is shared."""

    run_id: int | None
    cell: CellView

    @property
    def key(self) -> str:
        """Return the cell's name on the page."""
        return cell_key(self.run_id, self.cell.address)

    @property
    def point(self) -> str:
        """Return the name of the result that the cell belongs to, "" where it enters those of all items."""
        address = self.cell.address
        return "" if self.run_id is None else point_key(self.run_id, address.section, address.point)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """What is read in one go, with the name of its step within the block; None stands where nothing is read.

    `role` is whose indication the items' cells are, where a step has a row for each of several.
    """

    title_vi: str
    title_en: str
    shared: tuple[BatchCell | None, ...]
    own: tuple[BatchCell | None, ...]
    role: str = ""


@dataclass(frozen=True, slots=True)
class ItemPoint:
    """What came out of a point for an item."""

    run_id: int
    sheet: SheetView
    point: PointView

    @property
    def key(self) -> str:
        """Return the result's name on the page."""
        return point_key(self.run_id, self.point.section, self.point.code)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """The results of a point, item by item."""

    title_vi: str
    title_en: str
    points: tuple[ItemPoint, ...]


@dataclass(frozen=True, slots=True)
class BatchBlock:
    """Rows that belong together, and the results that stand below them."""

    title_vi: str
    title_en: str
    direction: str
    cycle: int
    rows: tuple[BatchRow, ...]
    results: tuple[ResultRow, ...]


@dataclass(frozen=True, slots=True)
class BatchSheet:
    """A section for all items: `roles` are those of the shared columns; `plain` is the sheet of one item."""

    section: str
    title_vi: str
    title_en: str
    roles: tuple[str, ...]
    blocks: tuple[BatchBlock, ...]
    plain: SheetView
    filled: int
    total: int


def cell_key(run_id: int | None, address: Address) -> str:
    """Return the name of a cell on the page of a batch."""
    return address.key if run_id is None else f"{run_id}{MARK}{address.key}"


def point_key(run_id: int, section: str, point: str) -> str:
    """Return the name of an item's result on the page of a batch."""
    return f"{run_id}{MARK}{section}|{point}|{Phase.AS_FOUND}"


_Row = tuple[Address, tuple[BatchCell | None, ...], tuple[BatchCell | None, ...]]
"""The address of a row, its shared cells and those of the items."""


class _ItemSheets:
    """The sheets of the runs, their cells found by address."""

    def __init__(self, found: Mapping[int, SheetView]) -> None:
        self.sheets = found
        self._cells = {
            run_id: {cell.address: cell for row in sheet.rows for cell in row.cells} for run_id, sheet in found.items()
        }
        self._points = {run_id: {point.code: point for point in sheet.points} for run_id, sheet in found.items()}

    def has(self, code: str) -> bool:
        """Return whether a point is on the sheets."""
        return all(code in points for points in self._points.values())

    def cell(self, run_id: int, address: Address) -> CellView | None:
        """Return a run's cell at an address."""
        return self._cells[run_id].get(address)

    def results(self, point: MeasuringPoint) -> ResultRow:
        """Return the results of a point, item by item."""
        found = tuple(
            ItemPoint(run_id, sheet, self._points[run_id][point.code]) for run_id, sheet in self.sheets.items()
        )
        return ResultRow(point.title_vi, point.title_en or point.title_vi, found)


def batch_sheets(
    material: BatchMaterial, results: Mapping[int, RunResult], only: Places | None = None
) -> tuple[BatchSheet, ...]:
    """Return the sheets of all sections with all items; `only` names the points wanted."""
    if not material.runs:
        return ()
    of_runs = {
        entry.run.id: {
            sheet.section: sheet for sheet in sheets(entry, _FOUND, results[entry.run.id].view, entry.exclusions, only)
        }
        for entry in material.runs
    }
    definition = material.runs[0].definition
    found = []
    for section in definition.sections:
        own = {run_id: by_section[section.code] for run_id, by_section in of_runs.items() if section.code in by_section}
        if own:
            found.append(_sheet(material, section, _ItemSheets(own)))
    return tuple(found)


def _sheet(material: BatchMaterial, section: Section, items: _ItemSheets) -> BatchSheet:
    first = material.runs[0]
    definition = first.definition
    points = [point for point in first.points_of(section) if items.has(point.code)]
    addresses = [with_phase(cell.address, _FOUND[0]) for cell in cells(section, points)]
    shared = {address for address in addresses if is_shared(definition, address)}
    roles = tuple(dict.fromkeys(str(address.role) for address in addresses if address in shared))
    rows = [row for group in _groups(addresses) for row in _rows(group, roles, items, shared)]
    blocks = _up_down(section, points, rows, items) if _by_cycle(section) else _by_point(section, points, rows, items)
    written = [cell for block in blocks for row in block.rows for cell in (*row.shared, *row.own) if cell is not None]
    return BatchSheet(
        section=section.code,
        title_vi=section.title_vi,
        title_en=section.title_en or section.title_vi,
        roles=roles,
        blocks=tuple(blocks),
        plain=items.sheets[first.run.id],
        filled=sum(cell.cell.reading is not None for cell in written),
        total=len(written),
    )


def _by_cycle(section: Section) -> bool:
    return section.layout.kind is LayoutKind.UP_DOWN


def _groups(addresses: Iterable[Address]) -> list[list[Address]]:
    """Return the cells that are read in one go, in the order of reading."""
    found: dict[tuple[str, int, str, int], list[Address]] = {}
    for address in addresses:
        step = (address.point, address.cycle, address.direction, address.sequence)
        found.setdefault(step, []).append(address)
    return list(found.values())


def _rows(group: Sequence[Address], roles: Sequence[str], items: _ItemSheets, shared: set[Address]) -> list[_Row]:
    """Return the rows of a step: one, or several where an item shows more than one thing (its zero)."""
    first_run = next(iter(items.sheets))
    by_role = {str(address.role): address for address in group if address in shared}
    own: list[Address | None] = [address for address in group if address not in shared]
    found = []
    for place, address in enumerate(own or [None]):
        beside = tuple(
            _cell(None, items.cell(first_run, by_role[role])) if place == 0 and role in by_role else None
            for role in roles
        )
        columns = tuple(
            None if address is None else _cell(run_id, items.cell(run_id, address)) for run_id in items.sheets
        )
        found.append((address or group[0], beside, columns))
    return found


def _cell(run_id: int | None, cell: CellView | None) -> BatchCell | None:
    return None if cell is None else BatchCell(run_id, cell)


def _by_point(
    section: Section, points: Sequence[MeasuringPoint], rows: Sequence[_Row], items: _ItemSheets
) -> list[BatchBlock]:
    """Return a block for each point, its results below its readings."""
    several = len({str(address.role) for address, _beside, columns in rows if any(columns)}) > 1
    blocks = []
    for point in points:
        of_point = [row for row in rows if row[0].point == point.code]
        steps = list(dict.fromkeys(_step(address) for address, _beside, _columns in of_point))
        views = tuple(
            BatchRow(
                *_step_words(section, address, steps.index(_step(address)) + 1),
                beside,
                columns,
                str(address.role) if several else "",
            )
            for address, beside, columns in of_point
        )
        title_en = point.title_en or point.title_vi
        blocks.append(BatchBlock(point.title_vi, title_en, "", 0, views, (items.results(point),)))
    return blocks


def _step(address: Address) -> tuple[int, str, int]:
    return address.cycle, address.direction, address.sequence


def _step_words(section: Section, address: Address, number: int) -> tuple[str, str]:
    """Return what a step of a point is called: its position's name, or its number."""
    if section.layout.kind is LayoutKind.POSITIONS:
        place = section.layout.positions[address.sequence - 1]
        return place.title_vi, place.title_en or place.title_vi
    return str(number), str(number)


def _up_down(
    section: Section, points: Sequence[MeasuringPoint], rows: Sequence[_Row], items: _ItemSheets
) -> list[BatchBlock]:
    """Return a block for each way up or down, in the order in which the points are passed; results at the end."""
    titles = {point.code: (point.title_vi, point.title_en or point.title_vi) for point in points}
    ways: dict[tuple[int, str], list[BatchRow]] = {}
    for address, beside, columns in rows:
        row = BatchRow(*titles[address.point], beside, columns)
        ways.setdefault((address.cycle, address.direction), []).append(row)
    blocks = [BatchBlock("", "", direction, cycle, tuple(way), ()) for (cycle, direction), way in ways.items()]
    results = tuple(items.results(point) for point in points)
    return [*blocks, BatchBlock(section.title_vi, section.title_en or section.title_vi, "", 0, (), results)]
