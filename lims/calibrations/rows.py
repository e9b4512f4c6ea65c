"""The new result of one row, fast: what a reading changed is evaluated alone, by the code that evaluates whole runs.

A point whose result rests on its own readings is its section's only point in a smaller definition; everything after
that is the one path of `evaluations`. What the calibrations of a run's equipment say is kept for a few seconds from
one reading to the next: the page asks for the whole run at once afterwards, and submission reads everything anew.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Final

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.evaluations import preview
from lims.calibrations.facts import CONDITIONS, EquipmentUseFacts, EvaluationView, RunFacts
from lims.calibrations.gathering import Places, RunMaterial, Sources
from lims.calibrations.mark_queries import marks_of
from lims.procedures.definition_facts import Definition
from standards import queries as standards
from standards.facts import InstrumentFacts

_KEPT_SECONDS: Final = 15.0
_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a run's rows rest on beside its readings, and until when it is kept."""

    instrument: InstrumentFacts
    uses: tuple[EquipmentUseFacts, ...]
    sources: Sources
    until: float


_frames: dict[tuple[str, int, int, int], _Frame] = {}
_lock: Final = Lock()


def material_of_rows(session: Session, run: RunFacts, only: Places) -> RunMaterial:
    """Return what some points of a run rest on, as the material of a run that has no others."""
    version, frame = queries.version_of(session, run), _frame(session, run)
    definition = smaller(RunMaterial(run, version, frame.instrument, (), frame.uses), only)
    said = queries.exclusions(session, run.id)
    conditions = {(CONDITIONS, condition.quantity) for condition in definition.conditions}
    return RunMaterial(
        run=replace(run, points=None),
        procedure=replace(version, definition=definition),
        instrument=frame.instrument,
        readings=queries.readings(session, run.id, {*only, *conditions}, said),
        uses=frame.uses,
        exclusions=said,
        adjustments=queries.adjustments(session, run.id),
        last_observed_at=queries.last_observation(session, run.id),
    )


def preview_of_rows(session: Session, material: RunMaterial, *, now: datetime) -> EvaluationView:
    """Evaluate the points of such a material."""
    known = _frame(session, material.run).sources
    view, _gathered = preview(session, material, now=now, sources=Sources(session, known))
    return view


def smaller(whole: RunMaterial, only: Places) -> Definition:
    """Return the definition with nothing but the points wanted, each in its section."""
    sections = []
    for section in whole.definition.sections:
        wanted = tuple(point for point in whole.points_of(section) if (section.code, point.code) in only)
        if wanted:
            codes = {"", *(point.code for point in wanted)}
            recorded = tuple(entry for entry in section.recorded if entry.point in codes)
            sections.append(replace(section, points=wanted, recorded=recorded))
    return replace(whole.definition, sections=tuple(sections))


def _frame(session: Session, run: RunFacts) -> _Frame:
    """Return the frame of a run, from a moment ago where its equipment is still the same."""
    marks = marks_of(session, run)
    key = (run.token, run.row_version, marks.use, marks.withdrawn)
    moment = time.monotonic()
    found = _frames.get(key)
    if found is not None and found.until > moment:
        return found
    made = _Frame(
        instrument=standards.instrument_facts(session, run.instrument_id),
        uses=queries.equipment(session, run.id),
        sources=Sources(session),
        until=moment + _KEPT_SECONDS,
    )
    with _lock:
        for old in [name for name, frame in _frames.items() if frame.until <= moment or len(_frames) > _KEPT]:
            _frames.pop(old, None)
        _frames[key] = made
    return made
