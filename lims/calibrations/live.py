"""Reads for the grid while it is typed into: what a cell holds now, the results that it reaches, what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.as_found import AsFoundView, as_found_view
from lims.calibrations.evaluations import material_of, preview
from lims.calibrations.facts import CONDITIONS, Address, ConditionRange, EvaluationView, Phase, RunFacts
from lims.calibrations.gathering import Places, RunMaterial
from lims.calibrations.grid import CellView, PointView, SheetView, conditions_sheet, sheets
from lims.calibrations.mark_queries import marks_of
from lims.calibrations.previous import PreviousResult, previous_results
from lims.calibrations.reach import rows_reached
from lims.calibrations.row_standing import hold, standing_now
from lims.calibrations.rows import material_of_rows, preview_of_rows
from lims.calibrations.standing import condition_ranges, phases_of, standing
from lims.calibrations.workflow import Problem, problems
from lims.core.actor import Actor

Previous = dict[tuple[str, str, str], PreviousResult]


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of a run since somebody looked: cells, the points they reach, and, in a whole answer, its standing.

    `marker` names the state of the run that this describes; `view` is None where only rows were asked for.
    """

    run: RunFacts
    cells: tuple[CellView, ...]
    sheets: tuple[SheetView, ...]
    previous: Previous
    marker: str = ""
    view: EvaluationView | None = None
    problems: tuple[Problem, ...] = ()
    conditions: tuple[ConditionRange, ...] = ()
    totals: tuple[tuple[str, int, int], ...] = ()
    as_found: AsFoundView | None = None

    @property
    def points(self) -> list[tuple[SheetView, PointView]]:
        """Return the points with the sheet that each belongs to."""
        return [(sheet, point) for sheet in self.sheets for point in sheet.points]


def after_cell(session: Session, actor: Actor, run_id: int, address: Address, *, now: datetime) -> Changes:
    """Return a cell just written and the results that it reaches, by the code that stores results."""
    run = queries.run_facts(session, actor, run_id)
    only = rows_reached(queries.version_of(session, run).definition, address)
    whole = only is None or address.section == CONDITIONS
    material = material_of(session, run) if only is None or whole else material_of_rows(session, run, only)
    found: tuple[SheetView, ...] = ()
    view: EvaluationView | None = None
    if only is None or only:
        view = preview(session, material, now=now)[0] if whole else preview_of_rows(session, material, now=now)
        found = sheets(material, _phases(material, address), view, material.exclusions)
    written = [cell for cell in _cells((*found, conditions_sheet(material))) if cell.address == address]
    held = problems(standing_now(session, run, material, view, now=now))
    return Changes(run, tuple(written), found, previous_of(session, run, found), problems=held)


def changes_since(session: Session, actor: Actor, run_id: int, seen: str, *, now: datetime) -> Changes | None:
    """Return everything that changed in a run since `seen` (a marker), None where nothing did."""
    run = queries.run_facts(session, actor, run_id)
    marker = marker_of(session, run)
    if marker == seen:
        return None
    material = material_of(session, run)
    view, gathered = preview(session, material, now=now)
    held = problems(hold(session, material, standing(session, material, now=now, view=view, faults=gathered.faults)))
    wanted = phases_of(material)
    every = sheets(material, wanted, view, material.exclusions)
    only = _touched(material, marker, seen)
    cells = [cell for cell in _cells((*every, conditions_sheet(material))) if cell.last is not None]
    shown = tuple(every) if only is None else sheets(material, wanted, view, material.exclusions, only)
    return Changes(
        run=run,
        cells=tuple(cells),
        sheets=shown,
        previous=previous_of(session, run, shown),
        marker=marker,
        view=view,
        problems=held,
        conditions=condition_ranges(material),
        as_found=as_found_view(session, material, view),
        totals=tuple((f"{sheet.section}|{sheet.phase}", sheet.filled, sheet.total) for sheet in every),
    )


def marker_of(session: Session, run: RunFacts) -> str:
    """Return a text that changes whenever something under a run does: last reading, exclusion, use, header, state."""
    return "-".join(str(part) for part in (*astuple(marks_of(session, run)), run.row_version, run.state))


def _touched(material: RunMaterial, marker: str, seen: str) -> Places | None:
    """Return the rows that new readings reach; None (all) where something else than readings changed."""
    old, new = seen.split("-"), marker.split("-")
    if len(old) != len(new) or old[1:] != new[1:] or not old[0].isdecimal():
        return None
    places: set[tuple[str, str]] = set()
    for reading in material.readings:
        if reading.id > int(old[0]):
            reached = rows_reached(material.definition, reading.address)
            if reached is None:
                return None
            places |= reached
    return frozenset(places)


def _phases(material: RunMaterial, address: Address) -> Sequence[str]:
    """Return the phases whose results a reading may change: its own, or both where as left exists."""
    return phases_of(material) if address.phase == Phase.AS_FOUND else (str(Phase.AS_LEFT),)


def _cells(found: Sequence[SheetView]) -> list[CellView]:
    return [cell for sheet in found for row in sheet.rows for cell in row.cells]


def previous_of(session: Session, run: RunFacts, found: Sequence[SheetView]) -> Previous:
    """Return what was found last time, for points whose readings are all stored, and for no other."""
    complete = {(point.section, point.code) for sheet in found for point in sheet.points if point.complete}
    if not complete:
        return {}
    return {key: value for key, value in previous_results(session, run).items() if key[:2] in complete}
