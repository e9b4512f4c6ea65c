"""What the page of a run shows, read and arranged: sheets of cells, slots with their choices, problems, history."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from calc.units import display_unit
from lims.calibrations import queries
from lims.calibrations.evaluations import last_evaluation, material_of, preview
from lims.calibrations.facts import (
    CONDITIONS,
    Address,
    AdjustmentFacts,
    ConditionRange,
    DecisionFacts,
    EquipmentUseFacts,
    EvaluationView,
    ExclusionFacts,
    JustificationFacts,
    Phase,
    ReadingFacts,
    RunFacts,
    RunState,
)
from lims.calibrations.gathering import Gathered, RunMaterial
from lims.calibrations.standing import condition_ranges, phases, standing, with_phase
from lims.calibrations.workflow import Problem, problems
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.models import AuditEntry, AuditPayload
from lims.jobs import queries as jobs
from lims.jobs.facts import JobItemFacts
from lims.procedures.definition_facts import EquipmentRole, EquipmentSlot, LayoutKind, Section
from lims.procedures.layouts import cells, condition_cells
from standards import queries as standards
from standards.calibration_facts import ContentKind
from standards.facts import LegalRegime, StandardRole


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell of a sheet: what stands in it, and what a form needs to write it."""

    address: Address
    unit: str
    reading: ReadingFacts | None
    client_uuid: str
    corrections: int
    head: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of a sheet; `derived` is what a reduction made of its cycle, as text."""

    point_vi: str
    point_en: str
    cycle: int
    direction: str
    cells: tuple[CellView, ...]
    derived: str = ""


@dataclass(frozen=True, slots=True)
class SheetView:
    """A section's cells in a phase. `kind` is its layout, `unit` what readings are typed in now."""

    section: str
    title_vi: str
    title_en: str
    phase: str
    kind: str
    unit: str
    rows: tuple[RowView, ...]
    filled: int
    total: int

    @property
    def width(self) -> int:
        """Return how many cells the widest row has."""
        return max((len(row.cells) for row in self.rows), default=0)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return the addresses of the cells, row by row."""
        return tuple(cell.address for row in self.rows for cell in row.cells)


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """A calibration that may be taken into a slot now; `value` is what the form sends."""

    value: str
    code: str
    name_vi: str
    name_en: str
    certificate: str
    detail: str
    days_left: int | None


@dataclass(frozen=True, slots=True)
class UseView:
    """A chosen standard with its days left and whether its chain reaches a terminal."""

    use: EquipmentUseFacts
    days_left: int | None
    traceable: bool | None


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot of the procedure with what is chosen and what may be."""

    slot: EquipmentSlot
    uses: tuple[UseView, ...]
    choices: tuple[ChoiceView, ...]
    open: bool


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

    @property
    def editable(self) -> bool:
        """Return whether the run is a draft."""
        return self.run.state is RunState.DRAFT


def load(session: Session, actor: Actor, run_id: int, *, now: datetime) -> RunPage:
    """Read and arrange a run for its page. Raises NotFound for strangers."""
    run = queries.run_facts(session, actor, run_id)
    material = material_of(session, run)
    stored = None if run.state is RunState.DRAFT else last_evaluation(session, run_id)
    live, gathered = (stored, Gathered({}, ())) if stored is not None else preview(session, material, now=now)
    found = problems(standing(session, material, now=now, view=live, faults=gathered.faults))
    if run.state in {RunState.RELEASED, RunState.VOIDED}:
        found = ()
    wanted = phases(session, run_id)
    return RunPage(
        run=run,
        material=material,
        item=None if run.job_item_id is None else jobs.job_item_facts(session, run.job_item_id),
        view=live,
        stored=stored,
        problems=found,
        slots=tuple(_slots(session, material, now)),
        conditions=_conditions(material),
        condition_ranges=condition_ranges(material),
        sheets=tuple(_sheet(material, s, phase, live) for phase in wanted for s in material.definition.sections),
        uses=queries.equipment(session, run_id, withdrawn=True),
        readings=material.readings,
        justifications=queries.justifications(session, run_id),
        exclusions=queries.exclusions(session, run_id),
        adjustments=queries.adjustments(session, run_id),
        decisions=queries.decisions(session, run_id),
        audit=tuple(_audit(session, run_id)),
    )


def _slots(session: Session, material: RunMaterial, now: datetime) -> Iterator[SlotView]:
    run = material.run
    today = local_date(now, run.timezone)
    for slot in material.definition.equipment:
        uses = []
        for use in material.uses:
            if use.slot == slot.slot:
                left = None if use.valid_until is None else (use.valid_until - today).days
                holds = None
                if use.calibration_id is not None:
                    holds = standards.traceability_chain(session, use.calibration_id, today).holds
                uses.append(UseView(use, left, holds))
        wanted = run.state is RunState.DRAFT and len(uses) < slot.maximum
        taken = {(entry.use.standard_id, entry.use.content_id) for entry in uses}
        choices = tuple(_choices(session, run, slot, taken, now)) if wanted else ()
        yield SlotView(slot, tuple(uses), choices, wanted)


def _choices(
    session: Session, run: RunFacts, slot: EquipmentSlot, taken: set[tuple[int, int | None]], now: datetime
) -> Iterator[ChoiceView]:
    """Yield what may be chosen at this instant: only calibrations that pass every check."""
    role = StandardRole(slot.role)
    usable = standards.usable_calibrations(
        session,
        site_id=run.site_id,
        role=role,
        at=now,
        quantity=slot.quantity,
        legal_regime=LegalRegime(run.legal_regime),
    )
    for choice in usable:
        if role is StandardRole.AUXILIARY and choice.role is not StandardRole.AUXILIARY:
            continue  # the rules allow it, but nobody takes a weight for a comparator
        fitting = [entry for entry in choice.contents if entry.quantity == slot.quantity]
        elements = [entry for entry in fitting if entry.kind is ContentKind.ELEMENT]
        by_content = slot.role is EquipmentRole.REFERENCE and (elements or len(fitting) == 1)
        for content in (elements or fitting) if by_content else [None]:
            content_id = None if content is None else content.content_id
            if (choice.standard_id, content_id) in taken:
                continue
            detail = ""
            if content is not None and content.nominal is not None:
                detail = f"{content.nominal:f} {display_unit(content.unit)} {content.identifier}".strip()
            yield ChoiceView(
                value=f"{choice.standard_id}:{choice.calibration_id}:{content_id or ''}",
                code=choice.standard_code,
                name_vi=choice.name_vi,
                name_en=choice.name("en"),
                certificate=choice.certificate_number,
                detail=detail,
                days_left=choice.days_left,
            )
    if role is not StandardRole.REFERENCE:
        for standard in standards.usable_without_calibration(session, site_id=run.site_id, role=role, at=now):
            if (standard.id, None) not in taken:
                yield ChoiceView(f"{standard.id}::", standard.code, standard.name_vi, standard.name("en"), "", "", None)


def _conditions(material: RunMaterial) -> SheetView:
    """Return the conditions as a sheet: a row for each quantity, start and end beside each other."""
    titles = {entry.quantity: entry for entry in material.definition.conditions}
    found = [(with_phase(c.address, Phase.AS_FOUND), c.unit, c.label) for c in condition_cells(material.definition)]
    rows = []
    for quantity, condition in titles.items():
        own = [entry for entry in found if entry[0].point == quantity]
        views = tuple(_cell(material, address, unit, label) for address, unit, label in own)
        rows.append(RowView(condition.title_vi, condition.title_en or condition.title_vi, 1, "", views))
    return _filled(SheetView(CONDITIONS, "", "", str(Phase.AS_FOUND), CONDITIONS, "", tuple(rows), 0, 0))


def _filled(sheet: SheetView) -> SheetView:
    every = [cell for row in sheet.rows for cell in row.cells]
    filled = sum(cell.reading is not None for cell in every)
    return SheetView(
        sheet.section,
        sheet.title_vi,
        sheet.title_en,
        sheet.phase,
        sheet.kind,
        sheet.unit,
        sheet.rows,
        filled,
        len(every),
    )


def _sheet(material: RunMaterial, section: Section, phase: str, view: EvaluationView) -> SheetView:
    """Return a section's cells: a row for each point, cycle and direction."""
    points = {point.code: point for point in material.points_of(section)}
    grouped: dict[tuple[str, int, str], list[CellView]] = {}
    for entry in cells(section, material.points_of(section)):
        address = with_phase(entry.address, phase)
        head = _head(section, address)
        grouped.setdefault((address.point, address.cycle, address.direction), []).append(
            _cell(material, address, entry.unit, head)
        )
    rows = tuple(
        RowView(
            points[point].title_vi,
            points[point].title_en or points[point].title_vi,
            cycle,
            direction,
            tuple(row),
            _derived(view, section.code, point, phase, cycle),
        )
        for (point, cycle, direction), row in grouped.items()
    )
    units = [cell.reading.unit for row in rows for cell in row.cells if cell.reading is not None]
    unit = units[-1] if units else section.layout.entry_unit
    title_en = section.title_en or section.title_vi
    return _filled(
        SheetView(section.code, section.title_vi, title_en, phase, str(section.layout.kind), unit, rows, 0, 0)
    )


def _head(section: Section, address: Address) -> str:
    """Return the mark of a cell in its row: A or B in a substitution, else its place."""
    if section.layout.kind is LayoutKind.ABBA:
        return "A" if address.role == "standard" else "B"
    return str(address.sequence)


def _cell(material: RunMaterial, address: Address, unit: str, head: str) -> CellView:
    own = [reading for reading in material.readings if reading.address == address]
    reading = next((entry for entry in own if entry.superseded_by_id is None), None)
    return CellView(address, unit, reading, secrets.token_hex(16), max(0, len(own) - 1), head)


def _derived(view: EvaluationView, section: str, point: str, phase: str, cycle: int) -> str:
    """Return what the calculation made of a cycle, for example its difference."""
    for derived in view.derived:
        if (derived.section, derived.point, derived.phase) == (section, point, phase):
            for _label, number, value in derived.details:
                if number == cycle:
                    return value
    return ""


def _audit(session: Session, run_id: int) -> Iterable[HistoryLine]:
    query = (
        select(AuditEntry, AuditPayload.payload)
        .join(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .where(AuditEntry.subject_kind == "run", AuditEntry.subject_id == str(run_id))
        .order_by(AuditEntry.id.desc())
        .limit(200)
    )
    for entry, payload in session.execute(query):
        yield HistoryLine(entry.at, entry.action, json.loads(payload)["after"] or {})
