"""Reads for the grid of a batch while it is typed into: a cell with the results it reaches, and what changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lims.calibrations import batch_queries, queries
from lims.calibrations.batch_facts import BatchFacts, ResultName
from lims.calibrations.batch_grid import BatchCell, BatchSheet, ItemPoint, batch_sheets
from lims.calibrations.batch_material import BatchMaterial, batch_material, narrowed, results_of
from lims.calibrations.batch_standing import item_problems, ready_runs, shared_problems
from lims.calibrations.facts import CONDITIONS, Address, ConditionRange
from lims.calibrations.gathering import Places
from lims.calibrations.grid import conditions_sheet
from lims.calibrations.live import Previous, previous_of
from lims.calibrations.models import CalibrationRun, Reading
from lims.calibrations.reach import rests_on_others, rows_reached
from lims.calibrations.standing import condition_ranges
from lims.calibrations.workflow import Problem
from lims.core.actor import Actor
from lims.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class BatchChanges:
    """What became of a batch: cells, the results they reach; in a whole answer also what keeps it back."""

    batch: BatchFacts
    cells: tuple[BatchCell, ...]
    points: tuple[ItemPoint, ...]
    marker: str = ""
    problems: tuple[Problem, ...] = ()
    ready: frozenset[int] = frozenset()
    conditions: tuple[ConditionRange, ...] = ()
    totals: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Touched:
    """What new readings reach: cells by run (None: shared), runs and points (None: all)."""

    cells: frozenset[tuple[int | None, Address]]
    runs: frozenset[int] | None
    places: Places | None


def after_cell(
    session: Session, actor: Actor, batch_id: int, run_id: int | None, address: Address, *, now: datetime
) -> BatchChanges:
    """Return a cell just written and the results that it reaches, by the code that stores results."""
    batch = batch_queries.batch_facts(session, actor, batch_id)
    definition = queries.procedure_version(session, batch.procedure_version_id).definition
    touched = _Touched(
        frozenset({(run_id, address)}),
        None if run_id is None else frozenset({run_id}),
        rows_reached(definition, address),
    )
    material = batch_material(session, batch, runs=touched.runs, only=touched.places)
    return BatchChanges(batch, *_found(session, material, touched, now=now))


def _found(
    session: Session, material: BatchMaterial, touched: _Touched, *, now: datetime
) -> tuple[tuple[BatchCell, ...], tuple[ItemPoint, ...]]:
    """Return the touched cells and the results of the material's points."""
    if not material.runs:
        return (), ()
    found: Sequence[BatchSheet] = ()
    if touched.places is None or touched.places:
        found = batch_sheets(material, results_of(session, material, now=now), touched.places)
    every = [*cells_of(found), *condition_cells(material)]
    written = tuple(cell for cell in every if (cell.run_id, cell.cell.address) in touched.cells)
    return written, tuple(points_of(found))


def result_of(
    session: Session, actor: Actor, batch_id: int, name: ResultName, *, now: datetime
) -> tuple[ItemPoint, Previous]:
    """Return what came out of a point for one item, and what was found the last time. Raises NotFound."""
    batch = batch_queries.batch_facts(session, actor, batch_id)
    definition = queries.procedure_version(session, batch.procedure_version_id).definition
    only = frozenset({(name.section, name.point)})
    material = batch_material(session, batch, runs={name.run_id}, only=None if rests_on_others(definition) else only)
    known = bool(material.runs) and any(entry.definition.sections for entry in material.runs)
    shown = batch_sheets(material, results_of(session, material, now=now), only) if known else ()
    found = next((point for point in points_of(shown) if point.point.code == name.point), None)
    if found is None:
        raise NotFound("run.not_found")
    return found, previous_of(session, material.runs[0].run, [found.sheet])


def cells_of(found: Sequence[BatchSheet]) -> list[BatchCell]:
    """Return the cells of sheets."""
    rows = [row for sheet in found for block in sheet.blocks for row in block.rows]
    return [cell for row in rows for cell in (*row.shared, *row.own) if cell is not None]


def points_of(found: Sequence[BatchSheet]) -> list[ItemPoint]:
    """Return the results on sheets."""
    return [point for sheet in found for block in sheet.blocks for result in block.results for point in result.points]


def condition_cells(material: BatchMaterial) -> list[BatchCell]:
    """Return the cells of the conditions."""
    plain = conditions_sheet(material.runs[0])
    return [BatchCell(None, cell) for row in plain.rows for cell in row.cells]


def changes_since(session: Session, actor: Actor, batch_id: int, seen: str, *, now: datetime) -> BatchChanges | None:
    """Return everything that changed in a batch since `seen` (a marker), None where nothing did."""
    batch = batch_queries.batch_facts(session, actor, batch_id)
    marker = batch_queries.marker_of(session, batch)
    if marker == seen:
        return None
    material = batch_material(session, batch)
    touched = _touched(session, material, marker, seen)
    smaller = material if touched is None else narrowed(material, touched.runs, touched.places)
    results = {} if touched is not None and touched.places == frozenset() else results_of(session, smaller, now=now)
    shown = batch_sheets(smaller, results, None if touched is None else touched.places) if results else ()
    every = [*cells_of(shown), *(condition_cells(material) if material.runs else ())]
    cells = every if touched is None else [c for c in every if (c.run_id, c.cell.address) in touched.cells]
    items = batch_queries.items_of(session, batch.id)
    shared = shared_problems(session, material, results, now=now)
    held = (*shared, *item_problems(material, items, results if touched is None else None))
    return BatchChanges(
        batch=batch,
        cells=tuple(cell for cell in cells if cell.cell.last is not None),
        points=tuple(points_of(shown)),
        marker=marker,
        problems=held,
        ready=ready_runs(material, shared),
        conditions=condition_ranges(material.runs[0]) if material.runs else (),
        totals=() if touched is not None else tuple((s.section, s.filled, s.total) for s in shown),
    )


def _touched(session: Session, material: BatchMaterial, marker: str, seen: str) -> _Touched | None:
    """Return what new readings reach; None (everything) where something else than readings changed."""
    old, new = seen.split("-"), marker.split("-")
    if len(old) != len(new) or old[1:] != new[1:] or not old[0].isdecimal():
        return None
    definition = material.procedure.definition
    cells: set[tuple[int | None, Address]] = set()
    runs: set[int] | None = set()
    places: set[tuple[str, str]] = set()
    for reading in _newer(session, material.batch.id, int(old[0])):
        address = queries.reading_facts(reading).address
        cells.add((reading.run_id, address))
        reached = rows_reached(definition, address)
        if reached is None:
            return None
        places |= reached
        if reading.run_id is not None and runs is not None:
            runs.add(reading.run_id)
        elif address.section != CONDITIONS:
            runs = None
    return _Touched(frozenset(cells), None if runs is None else frozenset(runs), frozenset(places))


def _newer(session: Session, batch_id: int, than: int) -> Sequence[Reading]:
    runs = select(CalibrationRun.id).where(CalibrationRun.batch_id == batch_id)
    query = select(Reading).where(Reading.id > than, or_(Reading.batch_id == batch_id, Reading.run_id.in_(runs)))
    return session.execute(query).scalars().all()
