"""What the page of a run shows, read and arranged: sheets of cells, slots with their choices, problems, history."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from lims.calibrations import live, queries
from lims.calibrations.as_found import AsFoundView, as_found_view, empty_cells
from lims.calibrations.batch_queries import batch_number
from lims.calibrations.equipment_choices import SlotView, slots_of
from lims.calibrations.evaluations import last_evaluation, material_of, preview
from lims.calibrations.facts import (
    AdjustmentFacts,
    ConditionRange,
    DecisionFacts,
    EquipmentUseFacts,
    EvaluationView,
    ExclusionFacts,
    JustificationFacts,
    ReadingFacts,
    RunFacts,
    RunState,
)
from lims.calibrations.gathering import Gathered, RunMaterial
from lims.calibrations.grid import SheetView, conditions_sheet, sheets
from lims.calibrations.room_queries import with_english_room
from lims.calibrations.standing import condition_ranges, phases, standing
from lims.calibrations.workflow import Problem, problems
from lims.core.actor import Actor
from lims.core.models import AuditEntry, AuditPayload
from lims.jobs import queries as jobs
from lims.jobs.facts import JobItemFacts


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """An entry of the audit chain on this run."""

    at: datetime
    action: str
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunPage:
    """Everything the page of a run shows."""

    run: RunFacts
    material: RunMaterial
    item: JobItemFacts | None
    view: EvaluationView
    stored: EvaluationView | None
    problems: tuple[Problem, ...]
    slots: tuple[SlotView, ...]
    conditions: SheetView
    condition_ranges: tuple[ConditionRange, ...]
    sheets: tuple[SheetView, ...]
    uses: tuple[EquipmentUseFacts, ...]
    readings: tuple[ReadingFacts, ...]
    justifications: tuple[JustificationFacts, ...]
    exclusions: tuple[ExclusionFacts, ...]
    adjustments: tuple[AdjustmentFacts, ...]
    decisions: tuple[DecisionFacts, ...]
    audit: tuple[HistoryLine, ...]
    previous: live.Previous
    marker: str
    as_found: AsFoundView | None
    cells_before_adjustment: int
    batch_number: str | None = None

    @property
    def editable(self) -> bool:
        """Return whether the run is a draft."""
        return self.run.state is RunState.DRAFT


def load(session: Session, actor: Actor, run_id: int, *, now: datetime) -> RunPage:
    """Read and arrange a run for its page. Raises NotFound for strangers."""
    run = with_english_room(session, queries.run_facts(session, actor, run_id))
    material = material_of(session, run)
    stored = None if run.state is RunState.DRAFT else last_evaluation(session, run_id)
    view, gathered = (stored, Gathered({}, ())) if stored is not None else preview(session, material, now=now)
    found = problems(standing(session, material, now=now, view=view, faults=gathered.faults))
    if run.state in {RunState.RELEASED, RunState.VOIDED}:
        found = ()
    exclusions = queries.exclusions(session, run_id)
    arranged = sheets(material, phases(session, run_id), view, exclusions)
    return RunPage(
        run=run,
        material=material,
        item=None if run.job_item_id is None else jobs.job_item_facts(session, run.job_item_id),
        view=view,
        stored=stored,
        problems=found,
        slots=tuple(slots_of(session, (material,), now)),
        conditions=conditions_sheet(material),
        condition_ranges=condition_ranges(material),
        sheets=arranged,
        uses=queries.equipment(session, run_id, withdrawn=True),
        readings=material.readings,
        justifications=queries.justifications(session, run_id),
        exclusions=exclusions,
        adjustments=queries.adjustments(session, run_id),
        decisions=queries.decisions(session, run_id),
        audit=tuple(history_of(session, ("run", run_id), ("batch", run.batch_id))),
        previous=live.previous_of(session, run, arranged),
        marker=live.marker_of(session, run),
        as_found=as_found_view(session, material, view),
        cells_before_adjustment=empty_cells(material),
        batch_number=batch_number(session, run.batch_id),
    )


def history_of(session: Session, *subjects: tuple[str, int | None]) -> Iterable[HistoryLine]:
    """Yield the entries of the audit chain on a run and its batch, the newest first."""
    on = [and_(AuditEntry.subject_kind == kind, AuditEntry.subject_id == str(key)) for kind, key in subjects if key]
    query = (
        select(AuditEntry, AuditPayload.payload)
        .join(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .where(or_(*on))
        .order_by(AuditEntry.id.desc())
        .limit(200)
    )
    for entry, payload in session.execute(query):
        yield HistoryLine(entry.at, entry.action, json.loads(payload)["after"] or {})
