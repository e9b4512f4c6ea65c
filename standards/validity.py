"""May a calibration be used at an instant, in a role, under a legal regime? Pure rules on facts.

A date is the date in the zone of the standard's site; the last day of validity is a day of use.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from lims.core.clock import local_date
from standards.calibration_facts import CalibrationFacts, CalibrationState, UseProblem
from standards.facts import (
    DueState,
    LegalRegime,
    PaperFacts,
    PaperKind,
    StandardFacts,
    StandardRole,
    StandardState,
    StateChange,
)

DUE_SOON_DAYS: Final = 30

USABLE_STATES: Final = frozenset({StandardState.AVAILABLE, StandardState.LIMITED})

ROLES_SERVED: Final = MappingProxyType(
    {
        StandardRole.REFERENCE: frozenset(StandardRole),
        StandardRole.INFLUENCE: frozenset({StandardRole.INFLUENCE, StandardRole.AUXILIARY}),
        StandardRole.AUXILIARY: frozenset({StandardRole.AUXILIARY}),
    }
)
"""For each role of a standard, the roles it may take in a run."""

PAPERS_NEEDED: Final = MappingProxyType(
    {
        (LegalRegime.VERIFICATION, StandardRole.REFERENCE): (PaperKind.CERTIFIED_FOR_VERIFICATION,),
    }
)
"""Papers beside the calibration, per legal regime and role in the run."""

TRANSITIONS: Final = MappingProxyType(
    {
        StandardState.AVAILABLE: frozenset(
            {StandardState.LIMITED, StandardState.OUT, StandardState.QUARANTINED, StandardState.RETIRED}
        ),
        StandardState.LIMITED: frozenset(
            {StandardState.AVAILABLE, StandardState.OUT, StandardState.QUARANTINED, StandardState.RETIRED}
        ),
        StandardState.OUT: frozenset({StandardState.RETURNED, StandardState.QUARANTINED, StandardState.RETIRED}),
        StandardState.RETURNED: frozenset(
            {
                StandardState.AVAILABLE,
                StandardState.LIMITED,
                StandardState.OUT,
                StandardState.QUARANTINED,
                StandardState.RETIRED,
            }
        ),
        StandardState.QUARANTINED: frozenset({StandardState.RETURNED, StandardState.OUT, StandardState.RETIRED}),
        StandardState.RETIRED: frozenset(),
    }
)
"""From a state to the states that may follow. Out of quarantine the way leads through acceptance."""

REASON_NEEDED: Final = frozenset({StandardState.QUARANTINED, StandardState.RETIRED, StandardState.OUT})


def use_problems(
    standard: StandardFacts,
    calibration: CalibrationFacts,
    siblings: Sequence[CalibrationFacts],
    *,
    at: datetime,
    role: StandardRole,
    legal_regime: LegalRegime,
    range_ids: Iterable[int] | None = None,
) -> list[UseProblem]:
    """Return every reason against using a calibration of a standard at an instant; an empty list allows it.

    `siblings` are all calibrations of the standard; `range_ids` the ranges used (default: all it speaks of).
    """
    day = local_date(at, standard.timezone)
    used = frozenset(calibration.range_ids if range_ids is None else range_ids)
    problems = standard_problems(standard, at=at, role=role, legal_regime=legal_regime)
    problems += calibration_problems(calibration, at=at, day=day)
    later = superseding(calibration, siblings, at=at, range_ids=used)
    if later is not None:
        values = {"certificate": later.certificate_number, "calibrated_on": later.calibrated_on}
        problems.append(UseProblem("use.superseded", values))
    return problems


def standard_problems(
    standard: StandardFacts, *, at: datetime, role: StandardRole, legal_regime: LegalRegime
) -> list[UseProblem]:
    """Return what stands against a standard itself: its state then, its role, its papers."""
    problems = []
    if role not in ROLES_SERVED[standard.role]:
        problems.append(UseProblem("use.wrong_role", {"role": standard.role, "wanted": role}))
    change = standard.state_at(at)
    if change is None:
        problems.append(UseProblem("use.no_state"))
    elif change.state not in USABLE_STATES:
        since = local_date(change.at, standard.timezone)
        problems.append(UseProblem(f"use.{change.state}", {"since": since, "reason": change.reason or ""}))
    day = local_date(at, standard.timezone)
    for kind in PAPERS_NEEDED.get((legal_regime, role), ()):
        problem = paper_problem(standard.papers, kind, day)
        if problem is not None:
            problems.append(problem)
    return problems


def paper_problem(papers: Iterable[PaperFacts], kind: PaperKind, day: date) -> UseProblem | None:
    """Return why a kind of paper is missing on a day, or None if one is in force."""
    of_kind = [paper for paper in papers if paper.kind == kind and paper.issued_on <= day]
    if any(paper.valid_until is None or paper.valid_until >= day for paper in of_kind):
        return None
    ends = [paper.valid_until for paper in of_kind if paper.valid_until is not None]
    if ends:
        return UseProblem("use.paper_expired", {"paper": kind, "valid_until": max(ends)})
    return UseProblem("use.paper_missing", {"paper": kind})


def calibration_problems(calibration: CalibrationFacts, *, at: datetime, day: date) -> list[UseProblem]:
    """Return what stands against a calibration event itself at an instant and its date."""
    problems = []
    if calibration.state is CalibrationState.REJECTED:
        problems.append(UseProblem("use.rejected"))
    elif calibration.accepted_at is None or calibration.accepted_at > at:
        problems.append(UseProblem("use.not_yet_accepted"))
    if calibration.calibrated_on > day:
        problems.append(UseProblem("use.calibrated_later", {"calibrated_on": calibration.calibrated_on}))
    if calibration.ended_at is not None and calibration.ended_at <= at:
        problems.append(UseProblem("use.ended", {"reason": calibration.ended_reason or ""}))
    end = calibration.valid_until_as_known_on(day)
    if end is not None and end < day:
        problems.append(UseProblem("use.expired", {"valid_until": end}))
    return problems


def in_force(calibrations: Iterable[CalibrationFacts], range_id: int, at: datetime) -> CalibrationFacts | None:
    """Return the calibration that counts for a range at an instant: the latest one accepted before it.

    One that has ended still counts (and refuses): an older one does not come to life again.
    """
    accepted = [
        calibration
        for calibration in calibrations
        if range_id in calibration.range_ids and calibration.accepted_at is not None and calibration.accepted_at <= at
    ]
    return max(accepted, key=_recency, default=None)


def superseding(
    calibration: CalibrationFacts, siblings: Sequence[CalibrationFacts], *, at: datetime, range_ids: frozenset[int]
) -> CalibrationFacts | None:
    """Return a later calibration that took this one's place in one of the ranges before an instant, or None."""
    for range_id in sorted(range_ids):
        latest = in_force(siblings, range_id, at)
        if latest is not None and latest.id != calibration.id and _recency(latest) > _recency(calibration):
            return latest
    return None


def _recency(calibration: CalibrationFacts) -> tuple[date, str, int]:
    accepted = calibration.accepted_at
    return calibration.calibrated_on, accepted.isoformat() if accepted else "", calibration.id


def due_state(needs_calibration: bool, valid_until: date | None, calibrated: bool, day: date) -> DueState:
    """Return how a standard stands on a date; the last day of validity is not yet overdue."""
    if not needs_calibration:
        return DueState.NOT_NEEDED
    if not calibrated:
        return DueState.NOT_CALIBRATED
    if valid_until is None:
        return DueState.IN_DATE
    days = (valid_until - day).days
    if days < 0:
        return DueState.OVERDUE
    return DueState.DUE_SOON if days <= DUE_SOON_DAYS else DueState.IN_DATE


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of that month where there is no such day."""
    year, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))


def may_follow(current: StateChange | None, wanted: StandardState) -> bool:
    """Return whether a state may follow the current one; a new standard may start in any but retired."""
    if current is None:
        return wanted is not StandardState.RETIRED
    return wanted in TRANSITIONS[current.state]
