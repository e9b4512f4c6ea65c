"""The reading sheets of a run as its page shows them: points with their rows of cells, columns, results beside them.

The addresses come from the procedure's layouts; here they are only arranged. Enter follows the order of reading: down
a column, but up where a gauge is read while the pressure falls.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from lims.calibrations.batch_workflow import is_shared
from lims.calibrations.detail_facts import Doubt
from lims.calibrations.entry_units import characters
from lims.calibrations.facts import (
    CONDITIONS,
    Address,
    EvaluationView,
    ExclusionFacts,
    Phase,
    ReadingFacts,
)
from lims.calibrations.gathering import Places, RunMaterial
from lims.calibrations.plausibility import short_holds, slips
from lims.calibrations.queries import points_left_out
from lims.calibrations.sheet_facts import CellView, ColumnView, PointView, RowView, SheetView
from lims.calibrations.standing import with_phase
from lims.procedures.definition_facts import DerivedInput, LayoutKind, MeasuringPoint, Section
from lims.procedures.layouts import DOWN, Cell, cells, condition_cells

__all__ = [
    "CellView",
    "ColumnView",
    "PointView",
    "RowView",
    "SheetView",
    "arrange",
    "columns_of",
    "conditions_sheet",
    "sheets",
]

_IN_A_ROW, _ROW = 7, 5
"""A longer series than the one goes on in rows of the other."""
_BY_SEQUENCE: Final = frozenset({LayoutKind.PAIRED})
_LEADING: Final = {
    **dict.fromkeys(("mean", "mean_value", "mean_of_series", "mean_of_cycles", "abba_difference"), "mean"),
    **dict.fromkeys(("ab_difference", "aba_difference"), "difference"),
}
"""Which reductions are a mean of what stands beside them, and which the mean of differences of its columns."""


class _Readings:
    """The readings of a run by their cells."""

    def __init__(self, material: RunMaterial) -> None:
        self._chains: dict[Address, list[ReadingFacts]] = {}
        self._definition = None if material.run.batch_id is None else material.definition
        for reading in material.readings:
            self._chains.setdefault(reading.address, []).append(reading)

    def cell(self, address: Address, unit: str, column: int, doubt: Doubt | None = None) -> CellView:
        """Return a cell with what stands in it; only another text or unit counts as a correction."""
        chain = self._chains.get(address, [])
        last = next((entry for entry in chain if entry.superseded_by_id is None), None)
        said = [(entry.text, entry.unit) for entry in chain]
        changes = sum(one != other for one, other in pairwise(said))
        shared = self._definition is not None and is_shared(self._definition, address)
        return CellView(address, unit, last, secrets.token_hex(16), changes, column, doubt, shared)


def conditions_sheet(material: RunMaterial) -> SheetView:
    """Return the conditions as a sheet: a row for each quantity, start and end beside each other."""
    readings = _Readings(material)
    found = [(with_phase(cell.address, Phase.AS_FOUND), cell.unit) for cell in condition_cells(material.definition)]
    points = []
    for condition in material.definition.conditions:
        own = [entry for entry in found if entry[0].point == condition.quantity]
        views = tuple(readings.cell(address, unit, column) for column, (address, unit) in enumerate(own))
        title_en = condition.title_en or condition.title_vi
        row = RowView(condition.title_vi, title_en, 1, views)
        code, phase = condition.quantity, str(Phase.AS_FOUND)
        points.append(PointView(CONDITIONS, code, phase, condition.title_vi, title_en, (row,), (), ()))
    return SheetView(CONDITIONS, "", "", str(Phase.AS_FOUND), CONDITIONS, "", (), tuple(points))


def sheets(
    material: RunMaterial,
    phases: Sequence[str],
    view: EvaluationView,
    exclusions: Sequence[ExclusionFacts],
    only: Places | None = None,
) -> tuple[SheetView, ...]:
    """Return the sheets of all sections, phase by phase; `only` names the points wanted (None: all)."""
    readings, left_out = _Readings(material), points_left_out(exclusions)
    return tuple(
        _sheet(material, readings, section, phase, view, left_out, only)
        for phase in phases
        for section in material.definition.sections
        if only is None or section.code in {code for code, _point in only}
    )


def _sheet(
    material: RunMaterial,
    readings: _Readings,
    section: Section,
    phase: str,
    view: EvaluationView,
    left_out: Mapping[tuple[str, str, str], ExclusionFacts],
    only: Places | None,
) -> SheetView:
    points = [p for p in material.points_of(section) if only is None or (section.code, p.code) in only]
    arranged = arrange(section, points)
    found = {
        **slips(material.current, section, phase, points),
        **short_holds(material.readings, section, phase, points),
    }
    views = []
    for point in points:
        rows = []
        for step, row in enumerate(arranged[point.code], start=1):
            own = tuple(
                readings.cell(address := with_phase(cell.address, phase), cell.unit, column, found.get(address))
                for column, cell in enumerate(row)
            )
            derived = _of_cycle(view, section.code, point.code, phase, own[0].address.cycle)
            rows.append(RowView(point.title_vi, point.title_en or point.title_vi, step, own, derived))
        said = left_out.get((section.code, point.code, phase))
        views.append(_point(section, point, phase, rows, view, "" if said is None else said.kind))
    first = next((entry for entry in section.inputs if isinstance(entry, DerivedInput)), None)
    if section.layout.kind is LayoutKind.ABBA and all(len(rows) == 1 for rows in arranged.values()):
        first = None  # the difference of the only cycle stands there already
    unit = _entry_unit(views) or section.layout.entry_unit
    ranges = tuple(
        (place.range.unit, place.range.resolution, place.range.resolution_unit or place.range.unit)
        for place in material.instrument.ranges()
        if place.function.quantity == section.quantity
    )
    return SheetView(
        section=section.code,
        title_vi=section.title_vi,
        title_en=section.title_en or section.title_vi,
        phase=phase,
        kind=str(section.layout.kind),
        unit=unit,
        columns=columns_of(section, arranged[points[0].code]) if points else (),
        points=tuple(views),
        leading="" if first is None else first.symbol,
        leading_kind="" if first is None else _LEADING.get(first.reduction, ""),
        leading_reduction="" if first is None else first.reduction,
        judges_error=any(output.error != "none" for output in section.outputs),
        result_unit=section.outputs[0].report.unit or section.outputs[0].report.deviation_unit,
        procedure_unit=section.layout.entry_unit,
        item_ranges=ranges,
        group=_group(section, arranged[points[0].code][0]) if points else 1,
        hold_minutes=section.layout.hold_minutes,
        characters=characters(points, unit, ranges) if section.layout.kind is not LayoutKind.ABBA else 6,
    )


def _point(
    section: Section, point: MeasuringPoint, phase: str, rows: Sequence[RowView], view: EvaluationView, left_out: str
) -> PointView:
    place = (section.code, point.code, phase)
    return PointView(
        section=section.code,
        code=point.code,
        phase=phase,
        title_vi=point.title_vi,
        title_en=point.title_en or point.title_vi,
        rows=tuple(rows),
        results=tuple(row for row in view.results if (row.section, row.point, row.phase) == place),
        derived=tuple(entry for entry in view.derived if (entry.section, entry.point, entry.phase) == place),
        left_out=left_out,
        recorded=tuple(entry for entry in view.recorded if (entry.section, entry.point, entry.phase) == place),
        failure=next((one for one in view.failures if (one.section, one.point, one.phase) == place), None),
    )


def _entry_unit(points: Sequence[PointView]) -> str:
    """Return the unit of what was typed last in a sheet."""
    typed = [cell.last for point in points for row in point.rows for cell in row.cells if cell.last is not None]
    return max(typed, key=lambda reading: reading.id).unit if typed else ""


def arrange(section: Section, points: Sequence[MeasuringPoint]) -> dict[str, list[list[Cell]]]:
    """Return the rows of each point: cells that are read in one go stand beside each other."""
    rows: dict[str, dict[tuple[int, int], list[Cell]]] = {point.code: {} for point in points}
    for cell in cells(section, points):
        rows[cell.address.point].setdefault(_row_of(section, cell), []).append(cell)
    return {code: list(found.values()) for code, found in rows.items()}


def _row_of(section: Section, cell: Cell) -> tuple[int, int]:
    """Return which row of its point a cell stands in, by cycle and sequence; 0 where all stand in one."""
    kind, several = section.layout.kind, len(section.layout.roles) > 1
    cycle, sequence = cell.address.cycle, cell.address.sequence
    if kind is LayoutKind.ABBA:
        return cycle, 0
    if kind is LayoutKind.POSITIONS:
        return cycle, sequence if several else 0
    if kind in _BY_SEQUENCE or (kind is LayoutKind.POINTS_REPEATS and several):
        return 0, sequence
    if kind is LayoutKind.POINTS_REPEATS and section.layout.repeats > _IN_A_ROW:
        return 0, (sequence - 1) // _ROW
    return 0, 0


def _group(section: Section, row: Sequence[Cell]) -> int:
    """Return how many columns are read in one go before the next row: a whole row, or the roles of one step."""
    layout = section.layout
    if layout.kind is LayoutKind.UP_DOWN:
        return len(layout.roles)
    series = layout.repeats > _IN_A_ROW or len(layout.roles) > 1
    return 1 if layout.kind is LayoutKind.POINTS_REPEATS and not series else len(row)


def columns_of(section: Section, rows: Sequence[Sequence[Cell]]) -> tuple[ColumnView, ...]:
    """Return the heads of a sheet from the rows of its first point."""
    kind = section.layout.kind
    upward = kind is LayoutKind.UP_DOWN
    return tuple(
        ColumnView(
            role=str(cell.address.role),
            cycle=cell.address.cycle,
            direction=cell.address.direction,
            sequence=cell.address.sequence,
            letter=str(cell.values["letter"]) if kind is LayoutKind.ABBA else "",
            title_vi=str(cell.values.get("vi", "")),
            title_en=str(cell.values.get("en", "")),
            upward=upward and cell.address.direction == DOWN,
            sequences=tuple(row[place].address.sequence for row in rows if place < len(row)),
        )
        for place, cell in enumerate(rows[0])
    )


def _of_cycle(view: EvaluationView, section: str, point: str, phase: str, cycle: int) -> str:
    """Return what the calculation made of a cycle, for example its difference."""
    for derived in view.derived:
        if (derived.section, derived.point, derived.phase) == (section, point, phase):
            for _label, number, value in derived.details:
                if number == cycle:
                    return value
    return ""
