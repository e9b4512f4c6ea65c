"""A sheet of readings as a page shows it: cells in rows of points, columns, and what came out beside them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lims.calibrations.detail_facts import DerivedFacts, Doubt, FailureFacts, RecordedFacts
from lims.calibrations.entry_units import EntryUnits, entry_units
from lims.calibrations.facts import Address, ExclusionKind, ReadingFacts, ResultFacts
from lims.procedures.definition_facts import LayoutKind


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell of a sheet: what stands in it, and what a form needs to write it.

    `last` is the newest reading there, `reading` the same unless it was withdrawn; `doubt` says what
    makes it doubtful; a `shared` one is written on the page of the run's batch.
    """

    address: Address
    unit: str
    last: ReadingFacts | None
    client_uuid: str
    corrections: int
    column: int
    doubt: Doubt | None = None
    shared: bool = False

    @property
    def reading(self) -> ReadingFacts | None:
        """Return the reading that holds."""
        withdrawn = self.last is not None and self.last.excluded == ExclusionKind.WITHDRAWN
        return None if withdrawn else self.last


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column: whose indication, at which step; `letter` is A or B in a substitution, `upward` how Enter moves.

    `sequences` are the repeats that stand in it where a series goes over several rows.
    """

    role: str
    cycle: int
    direction: str
    sequence: int
    letter: str = ""
    title_vi: str = ""
    title_en: str = ""
    upward: bool = False
    sequences: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of cells; `derived` is what a reduction made of its cycle, as text. `step` numbers it within its point."""

    point_vi: str
    point_en: str
    step: int
    cells: tuple[CellView, ...]
    derived: str = ""


@dataclass(frozen=True, slots=True)
class PointView:
    """A point in a phase with its rows, what came out of it or why nothing did, and whether it is left out.

    `recorded` are the quantities that stand beside its results.
    """

    section: str
    code: str
    phase: str
    title_vi: str
    title_en: str
    rows: tuple[RowView, ...]
    results: tuple[ResultFacts, ...]
    derived: tuple[DerivedFacts, ...]
    left_out: str = ""
    failure: FailureFacts | None = None
    recorded: tuple[RecordedFacts, ...] = ()

    @property
    def key(self) -> str:
        """Return the point's name on the page."""
        return f"{self.section}|{self.code}|{self.phase}"

    @property
    def places(self) -> int | None:
        """Return the decimal places of what was read; None where what came out of it is in another unit."""
        found = [cell.reading for row in self.rows for cell in row.cells if cell.reading is not None]
        units = {reading.unit for reading in found} | {entry.unit for entry in self.derived}
        numbers = [reading.value for reading in found if reading.value is not None]
        if len(units) != 1 or not numbers:
            return None
        return max(max(-int(number.as_tuple().exponent), 0) for number in numbers)

    @property
    def complete(self) -> bool:
        """Return whether every reading of the point is stored."""
        return all(cell.reading is not None for row in self.rows for cell in row.cells)


@dataclass(frozen=True, slots=True)
class SheetView:
    """A section's cells in a phase. `kind` is its layout, `unit` what readings are typed in now.

    `leading` is the symbol of the derived input that stands beside the readings, `leading_kind` whether it is a mean or
    a difference, `leading_reduction` its rule; a cell is as wide as `characters` of a number; so many columns (`group`)
    are read in one go; after the last point of a gauge's way up it is held for `hold_minutes`; `item_ranges` holds
    unit, resolution and its unit of each of the item's ranges of this quantity.
    """

    section: str
    title_vi: str
    title_en: str
    phase: str
    kind: str
    unit: str
    columns: tuple[ColumnView, ...]
    points: tuple[PointView, ...]
    leading: str = ""
    leading_kind: str = ""
    leading_reduction: str = ""
    judges_error: bool = False
    result_unit: str = ""
    characters: int = 6
    group: int = 1
    hold_minutes: int | None = None
    procedure_unit: str = ""
    item_ranges: tuple[tuple[str, Decimal | None, str], ...] = ()

    @property
    def units(self) -> EntryUnits:
        """Return the units that may be chosen for what is typed."""
        typed = (cell.last.unit for row in self.rows for cell in row.cells if cell.last is not None)
        return entry_units(self.unit, typed, self.procedure_unit, self.item_ranges)

    @property
    def rows(self) -> tuple[RowView, ...]:
        """Return the rows of all points."""
        return tuple(row for point in self.points for row in point.rows)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return the addresses of the cells, row by row."""
        return tuple(cell.address for row in self.rows for cell in row.cells)

    @property
    def total(self) -> int:
        """Return how many cells there are."""
        return len(self.addresses)

    @property
    def filled(self) -> int:
        """Return how many of them hold a reading."""
        return sum(cell.reading is not None for row in self.rows for cell in row.cells)

    @property
    def wrapped(self) -> bool:
        """Return whether a series of readings of one indication goes over several rows."""
        kind = LayoutKind.POINTS_REPEATS
        return self.kind == kind and self.steps and len({column.role for column in self.columns}) == 1

    @property
    def steps(self) -> bool:
        """Return whether a point has several rows."""
        return any(len(point.rows) > 1 for point in self.points)
