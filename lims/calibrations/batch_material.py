"""What all runs of a batch rest on, read at once: a number of statements that its items do not change.

Each run's result comes from the code that evaluates a run alone, on the same material, so that it has the same bits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from lims.calibrations import queries
from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.evaluations import last_evaluations, preview
from lims.calibrations.facts import (
    CONDITIONS,
    AdjustmentFacts,
    EquipmentUseFacts,
    EvaluationView,
    ExclusionFacts,
    ReadingFacts,
    RunFacts,
    RunState,
)
from lims.calibrations.gathering import Gathered, Places, RunMaterial, Sources
from lims.calibrations.models import Adjustment, CalibrationRun, EquipmentUse, Reading, ReadingExclusion
from lims.calibrations.rows import smaller
from lims.procedures.definition_facts import Definition
from lims.procedures.facts import ProcedureVersionFacts
from standards import queries as standards

_NOTHING: Final = Gathered({}, ())
_Smaller = dict[str | None, Definition]


@dataclass(frozen=True, slots=True)
class BatchMaterial:
    """A batch with the material of its runs that are not void, in the order of its columns."""

    batch: BatchFacts
    procedure: ProcedureVersionFacts
    runs: tuple[RunMaterial, ...]
    shared: tuple[ReadingFacts, ...]
    uses: tuple[EquipmentUseFacts, ...]
    sources: Sources


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came out of a run: its preview, or the stored evaluation of one that was handed in."""

    material: RunMaterial
    view: EvaluationView
    gathered: Gathered


def batch_material(
    session: Session, batch: BatchFacts, *, runs: Collection[int] | None = None, only: Places | None = None
) -> BatchMaterial:
    """Read what the runs of a batch rest on; `runs` and `only` name the runs and the points that are asked for."""
    wanted = tuple(run for run in batch.living if runs is None or run.id in runs)
    procedure = queries.procedure_version(session, batch.procedure_version_id)
    uses = _uses(session, batch.id)
    exclusions = _exclusions(session, batch.id)
    shared, own = _readings(session, batch.id, wanted, _with_conditions(procedure, only))
    said_of_all = exclusions.get(None, ())
    instruments = standards.instruments_by_id(session, {run.instrument_id for run in wanted})
    adjustments = _adjustments(session, wanted)
    last = {} if only is None else _last_observations(session, batch.id)
    plain = queries.readings_of(shared, said_of_all)
    smaller_ones: _Smaller = {}
    found = []
    for run in wanted:
        said = tuple(sorted((*said_of_all, *exclusions.get(run.id, ())), key=lambda entry: entry.id))
        alone = {entry.reading_id for entry in exclusions.get(run.id, ())}
        of_all = queries.readings_of(shared, said) if alone & {row.id for row in shared} else plain
        readings = (*of_all, *queries.readings_of(own.get(run.id, ()), said))
        material = RunMaterial(
            run=run,
            procedure=procedure,
            instrument=instruments[run.instrument_id],
            readings=tuple(sorted(readings, key=lambda entry: entry.id)),
            uses=uses,
            exclusions=said,
            adjustments=adjustments.get(run.id, ()),
            last_observed_at=_last(last, run.id),
        )
        found.append(material if only is None else _narrowed(material, only, smaller_ones))
    return BatchMaterial(batch, procedure, tuple(found), plain, uses, Sources(session))


def results_of(session: Session, material: BatchMaterial, *, now: datetime) -> dict[int, RunResult]:
    """Return what came out of each run: a stored evaluation where it was handed in, else what is stored so far."""
    handed_in = [entry.run.id for entry in material.runs if entry.run.state is not RunState.DRAFT]
    stored = last_evaluations(session, handed_in) if handed_in else {}
    found = {}
    for entry in material.runs:
        view = stored.get(entry.run.id)
        if view is not None:
            found[entry.run.id] = RunResult(entry, view, _NOTHING)
        else:
            found[entry.run.id] = RunResult(entry, *preview(session, entry, now=now, sources=material.sources))
    return found


def narrowed(material: BatchMaterial, runs: Collection[int] | None, only: Places | None) -> BatchMaterial:
    """Return the material of some runs (None: all) with some points (None: all)."""
    kept = [entry for entry in material.runs if runs is None or entry.run.id in runs]
    known: _Smaller = {}
    return replace(material, runs=tuple(entry if only is None else _narrowed(entry, only, known) for entry in kept))


def _narrowed(material: RunMaterial, only: Places, known: _Smaller) -> RunMaterial:
    """Return the material of a run that has no other points, as a row of a run is evaluated alone.

    Runs of the same points share one definition, so that what is worked out of it is worked out once.
    """
    points = material.run.points
    if points not in known:
        known[points] = smaller(material, only)
    definition = known[points]
    return replace(
        material,
        run=replace(material.run, points=None),
        procedure=replace(material.procedure, definition=definition),
    )


def _with_conditions(procedure: ProcedureVersionFacts, only: Places | None) -> Places | None:
    if only is None:
        return None
    return {*only, *((CONDITIONS, condition.quantity) for condition in procedure.definition.conditions)}


def _members(batch_id: int) -> ColumnElement[bool]:
    """Return the condition that a row of readings belongs to a batch or to one of its runs."""
    runs = select(CalibrationRun.id).where(CalibrationRun.batch_id == batch_id)
    return or_(Reading.batch_id == batch_id, Reading.run_id.in_(runs))


def _readings(
    session: Session, batch_id: int, wanted: Sequence[RunFacts], places: Places | None
) -> tuple[list[Reading], dict[int, list[Reading]]]:
    """Return the shared readings, and each run's own."""
    query = select(Reading).order_by(Reading.id)
    if len(wanted) == 1:
        query = query.where(or_(Reading.batch_id == batch_id, Reading.run_id == wanted[0].id))
    else:
        query = query.where(_members(batch_id))
    if places is not None:
        query = query.where(
            or_(false(), *(and_(Reading.section == section, Reading.point == point) for section, point in places))
        )
    shared: list[Reading] = []
    own: dict[int, list[Reading]] = {}
    for row in session.execute(query).scalars():
        if row.run_id is None:
            shared.append(row)
        else:
            own.setdefault(row.run_id, []).append(row)
    return shared, own


def _exclusions(session: Session, batch_id: int) -> dict[int | None, tuple[ExclusionFacts, ...]]:
    """Return what was said on leaving something out, by run; under None what holds for all items."""
    runs = select(CalibrationRun.id).where(CalibrationRun.batch_id == batch_id)
    query = (
        select(ReadingExclusion)
        .where(or_(ReadingExclusion.batch_id == batch_id, ReadingExclusion.run_id.in_(runs)))
        .order_by(ReadingExclusion.id)
    )
    found: dict[int | None, list[ExclusionFacts]] = {}
    for row in session.execute(query).scalars():
        found.setdefault(row.run_id, []).append(queries.exclusion_facts(row))
    return {run_id: tuple(entries) for run_id, entries in found.items()}


def _uses(session: Session, batch_id: int) -> tuple[EquipmentUseFacts, ...]:
    """Return the equipment that all items share now."""
    query = (
        select(EquipmentUse)
        .where(EquipmentUse.batch_id == batch_id, EquipmentUse.withdrawn_at.is_(None))
        .order_by(EquipmentUse.id)
    )
    return tuple(queries.use_facts(session, row) for row in session.execute(query).scalars())


def _adjustments(session: Session, wanted: Sequence[RunFacts]) -> Mapping[int, tuple[AdjustmentFacts, ...]]:
    query = select(Adjustment).where(Adjustment.run_id.in_([run.id for run in wanted])).order_by(Adjustment.id)
    found: dict[int, tuple[AdjustmentFacts, ...]] = {}
    for row in session.execute(query).scalars():
        found[row.run_id] = (*found.get(row.run_id, ()), queries.adjustment_facts(row))
    return found


def _last_observations(session: Session, batch_id: int) -> dict[int | None, datetime]:
    """Return when the last reading that holds was observed: each run's own, and under None the shared ones."""
    later = aliased(Reading)
    query = (
        select(Reading.run_id, func.max(Reading.observed_at))
        .outerjoin(later, later.supersedes_id == Reading.id)
        .where(_members(batch_id), later.id.is_(None))
        .group_by(Reading.run_id)
    )
    return {run_id: at for run_id, at in session.execute(query) if at is not None}


def _last(found: Mapping[int | None, datetime], run_id: int) -> datetime | None:
    times = [found[key] for key in (None, run_id) if key in found]
    return max(times, default=None)
