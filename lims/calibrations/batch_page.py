"""What the page of a batch shows, read and arranged with a number of statements that its items do not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from lims.calibrations import batch_queries
from lims.calibrations.batch_facts import BatchCandidate, BatchFacts, BatchItem
from lims.calibrations.batch_grid import BatchSheet, batch_sheets
from lims.calibrations.batch_material import BatchMaterial, RunResult, batch_material, results_of
from lims.calibrations.batch_standing import item_problems, ready_runs, shared_problems
from lims.calibrations.equipment_choices import SlotView, slots_of
from lims.calibrations.facts import ConditionRange, RunFacts, RunState
from lims.calibrations.grid import SheetView, conditions_sheet
from lims.calibrations.run_page import HistoryLine, history_of
from lims.calibrations.standing import condition_ranges
from lims.calibrations.workflow import Problem
from lims.core.actor import Actor
from lims.core.clock import local_date


@dataclass(frozen=True, slots=True)
class BatchPage:
    """Everything the page of a batch shows."""

    batch: BatchFacts
    material: BatchMaterial
    items: Mapping[int, BatchItem]
    results: Mapping[int, RunResult]
    sheets: tuple[BatchSheet, ...]
    conditions: SheetView | None
    condition_ranges: tuple[ConditionRange, ...]
    slots: tuple[SlotView, ...]
    problems: tuple[Problem, ...]
    ready_runs: frozenset[int]
    candidates: tuple[BatchCandidate, ...]
    audit: tuple[HistoryLine, ...]
    marker: str
    form_uuid: str

    @property
    def runs(self) -> tuple[RunFacts, ...]:
        """Return the runs that stand in the columns."""
        return tuple(entry.run for entry in self.material.runs)

    @property
    def ready(self) -> int:
        """Return how many drafts may be submitted."""
        return len(self.ready_runs)

    @property
    def states(self) -> list[tuple[RunState, int]]:
        """Return how many runs stand in each state."""
        counted = Counter(run.state for run in self.batch.runs)
        return [(state, counted[state]) for state in RunState if counted[state]]


def load(session: Session, actor: Actor, batch_id: int, *, now: datetime) -> BatchPage:
    """Read and arrange a batch for its page. Raises NotFound for strangers."""
    batch = batch_queries.batch_facts(session, actor, batch_id)
    material = batch_material(session, batch)
    results = results_of(session, material, now=now)
    items = batch_queries.items_of(session, batch.id)
    first = material.runs[0] if material.runs else None
    shared = shared_problems(session, material, results, now=now)
    return BatchPage(
        batch=batch,
        material=material,
        items=items,
        results=results,
        sheets=batch_sheets(material, results),
        conditions=None if first is None else conditions_sheet(first),
        condition_ranges=() if first is None else condition_ranges(first),
        slots=() if first is None else tuple(slots_of(session, material.runs, now)),
        problems=(*shared, *item_problems(material, items, results)),
        ready_runs=ready_runs(material, shared),
        candidates=_candidates(session, actor, batch, now),
        audit=tuple(history_of(session, ("batch", batch.id))),
        marker=batch_queries.marker_of(session, batch),
        form_uuid=str(uuid4()),
    )


def _candidates(session: Session, actor: Actor, batch: BatchFacts, now: datetime) -> tuple[BatchCandidate, ...]:
    """Return what may still be put in: nothing once the standard was read."""
    if not batch.editable or batch_queries.standard_read(session, batch.id):
        return ()
    today = local_date(now, batch.timezone)
    return tuple(batch_queries.candidates(session, actor, like=batch.procedure_version_id, on=today))
