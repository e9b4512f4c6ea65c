"""What a doubt leads to, worked out from the graph downward: corrected standards, and the runs that rest on them.

The standards calibrated here are corrected level by level, each from its own run evaluated again with what lies above
it corrected. What runs, certificates and evaluations say is read and nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from certificates.impact_facts import Basis, Doubt, Finding, Reevaluated
from certificates.impact_levels import lower_shifts
from certificates.impact_shifts import ContentShift, shifts_of
from certificates.reach_levels import in_order, levels_of
from certificates.reach_queries import calibrations_below, edges_below, uses_below
from certificates.reevaluation import StoredEvaluation, reevaluate
from lims.calibrations.facts import RunState
from lims.calibrations.models import Adjustment, CalibrationRun, Evaluation
from lims.core.errors import LimsError
from lims.people.models import Site
from standards import queries as standards
from standards.calibration_facts import CalibrationFacts
from standards.calibration_queries import calibrations_by_id

EVALUATED: Final = (RunState.SUBMITTED.value, RunState.REVIEWED.value, RunState.RELEASED.value)
_UNKNOWN: Final = "impact.not_traced_here"


@dataclass(frozen=True, slots=True)
class Plan:
    """How far every content below a doubted calibration is off, and which runs are to be evaluated again.

    `steps` says by how many calibrations in house a run lies below; `unknown` are calibrations below whose own run is
    not here, with the reason: nothing can be said of the runs that used them.
    """

    doubt: Doubt
    shifts: Mapping[int, ContentShift]
    steps: Mapping[int, int]
    used: Mapping[int, frozenset[int]]
    unknown: Mapping[int, str]

    @property
    def run_ids(self) -> list[int]:
        """Return the runs, in the order of their keys."""
        return sorted(self.steps)


def plan(session: Session, doubt: Doubt) -> Plan:
    """Work out what a doubt leads to. Raises NotFound, InvalidInput for a shift that fits no content."""
    root = standards.calibration_facts(session, doubt.calibration_id)
    below = calibrations_below(session, root.id)
    edges = edges_below(session, below)
    shifts: dict[int, ContentShift] = shifts_of(doubt, root)
    unknown: dict[int, str] = {}
    order = in_order(root.id, edges)
    if doubt.basis is not Basis.OUT_OF_TOLERANCE:
        lower = calibrations_by_id(session, order)
        for calibration_id in order:
            if calibration_id in lower:
                _correct(session, lower[calibration_id], shifts, unknown)
    levels = levels_of(root.id, edges)
    steps: dict[int, int] = {}
    used: dict[int, set[int]] = {}
    for run_id, calibration_id in uses_below(session, below):
        steps[run_id] = min(levels[calibration_id], steps.get(run_id, levels[calibration_id]))
        used.setdefault(run_id, set()).add(calibration_id)
    return Plan(doubt, shifts, steps, {run: frozenset(found) for run, found in used.items()}, unknown)


def _correct(
    session: Session, lower: CalibrationFacts, shifts: dict[int, ContentShift], unknown: dict[int, str]
) -> None:
    """Correct what a calibration made here says, from its run; or note why it cannot be done."""
    above = {edge.upper_id for edge in lower.edges}
    if above & unknown.keys():
        unknown[lower.id] = next(unknown[one] for one in sorted(above & unknown.keys()))
        return
    found = {} if lower.run_id is None else stored_evaluations(session, [lower.run_id])
    stored = None if lower.run_id is None else found.get(lower.run_id)
    if stored is None:
        unknown[lower.id] = _UNKNOWN
        return
    try:
        moved = reevaluate(stored, shifts)
        if moved.finding in {Finding.CHANGED, Finding.SHIFTED}:
            instrument = standards.instrument_facts(session, _instrument_of(session, stored.run_id))
            adjusted = _adjusted(session, stored.run_id)
            record = json.loads(stored.input)
            shifts.update(lower_shifts(record, stored.result, moved.lines, lower, instrument, adjusted=adjusted))
        elif moved.finding is Finding.UNKNOWN:
            unknown[lower.id] = moved.reason
    except LimsError as error:
        unknown[lower.id] = error.code


def _instrument_of(session: Session, run_id: int) -> int:
    return session.execute(select(CalibrationRun.instrument_id).where(CalibrationRun.id == run_id)).scalar_one()


def _adjusted(session: Session, run_id: int) -> bool:
    query = select(func.count()).select_from(Adjustment).where(Adjustment.run_id == run_id)
    return session.execute(query).scalar_one() > 0


def stored_evaluations(session: Session, run_ids: Collection[int]) -> dict[int, StoredEvaluation]:
    """Return the evaluation that stands for each run: the newest, where the run is not being worked on."""
    return {
        run_id: StoredEvaluation(evaluation_id, run_id, given, result, timezone)
        for evaluation_id, run_id, given, result, timezone in session.execute(_newest(run_ids))
    }


def _newest(run_ids: Collection[int]) -> Select[int, int, str, str, str]:
    later = Evaluation.__table__.alias("later")
    newest = (
        select(func.max(later.c.sequence)).where(later.c.run_id == Evaluation.run_id).correlate(Evaluation)
    ).scalar_subquery()
    return (
        select(Evaluation.id, Evaluation.run_id, Evaluation.input, Evaluation.result, Site.timezone)
        .join(CalibrationRun, CalibrationRun.id == Evaluation.run_id)
        .join(Site, Site.id == CalibrationRun.site_id)
        .where(Evaluation.run_id.in_(run_ids), CalibrationRun.state.in_(EVALUATED), Evaluation.sequence == newest)
    )


@dataclass(frozen=True, slots=True)
class Assessed:
    """What became of one run."""

    run_id: int
    evaluation_id: int | None
    steps: int
    outcome: Reevaluated


def assess(session: Session, made: Plan, run_ids: Sequence[int]) -> Iterator[Assessed]:
    """Yield what becomes of some runs of a plan."""
    stored = stored_evaluations(session, run_ids)
    for run_id in run_ids:
        found = stored.get(run_id)
        outcome = _outcome(made, run_id, found)
        yield Assessed(run_id, None if found is None else found.id, made.steps[run_id], outcome)


def _outcome(made: Plan, run_id: int, stored: StoredEvaluation | None) -> Reevaluated:
    if stored is None:
        return Reevaluated(Finding.OPEN, 0.0)
    if made.doubt.basis is Basis.OUT_OF_TOLERANCE:
        return Reevaluated(Finding.UNKNOWN, 0.0, reason="impact.shift_unknown")
    blind = made.used[run_id] & made.unknown.keys()
    if blind:
        return Reevaluated(Finding.UNKNOWN, 0.0, reason=made.unknown[min(blind)])
    try:
        return reevaluate(stored, made.shifts)
    except LimsError as error:
        return Reevaluated(Finding.UNKNOWN, 0.0, reason=error.code)
