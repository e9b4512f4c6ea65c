"""Accepting what came back from calibration, or refusing it; what changed by too much is studied by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from lims.core import tasks
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import RuleViolation
from lims.people.access import Permission, require
from standards import queries
from standards.calibration_comparison import Comparison
from standards.calibration_facts import CalibrationFacts, CalibrationState
from standards.calibration_services import ACCEPTANCE, TRACEABILITY, must_be, note_act, own_calibration
from standards.commands import AcceptCalibration, RejectCalibration
from standards.comparison_record import as_record
from standards.entries import Checker
from standards.event_facts import Course
from standards.evidence_queries import comparison_of, good_until
from standards.facts import StandardState
from standards.standard_services import add_state

STUDY_TASK: Final = "open_impact_study"
"""What a change beyond what was allowed for reached is studied above this package; the worker knows the name."""


def accept_calibration(
    session: Session, actor: Actor, command: AcceptCalibration, *, now: datetime
) -> CalibrationFacts:
    """Accept a recorded calibration: from now on it is the one used (6.4.4). For those who accept calibrations.

    Refuses whoever recorded it, a calibration whose path upward does not end at valid terminals, and one that has
    run out already. A standard that came back and waited becomes available; one in quarantine stays there. What was
    found is compared with what counted before and kept; where it changed by more than was allowed for, the study of
    what that reached is opened, from the last good evidence on.
    """
    require(actor, Permission.ACCEPT_CALIBRATIONS)
    row, facts, standard = own_calibration(session, actor, command.calibration_id, command.row_version)
    must_be(facts, CalibrationState.RECORDED)
    today = local_date(now, standard.timezone)
    if facts.recorded_by_id == actor.person_id and not actor.may("system"):
        raise RuleViolation("calibration.accepted_by_recorder", clause=ACCEPTANCE, name=actor.name)
    if facts.calibrated_on > today:
        raise RuleViolation("calibration.accepted_before_made", clause=ACCEPTANCE, calibrated_on=facts.calibrated_on)
    end = facts.valid_until_as_known_on(today)
    if end is not None and end < today:
        raise RuleViolation("calibration.run_out", clause=ACCEPTANCE, valid_until=end)
    chain = queries.traceability_chain(session, row.id, today)
    if not chain.holds:
        first = chain.breaks[0]
        raise RuleViolation("calibration.untraceable", clause=TRACEABILITY, **{**first.values, "reason": first.reason})
    row.state = CalibrationState.ACCEPTED
    row.accepted_at, row.accepted_by_id, row.accepted_by_name = now, actor.person_id, actor.name
    row.acceptance_note = command.note
    comparison = comparison_of(session, row.id, at=now)
    if comparison is not None:
        row.comparison = as_record(comparison)
        _open_studies(session, actor, facts, comparison, command.course, now)
    current = standard.state_at(now)
    if current is None or current.state is StandardState.RETURNED:
        add_state(session, actor, standard.id, StandardState.AVAILABLE, now=now, reason=facts.certificate_number)
    session.flush()
    note_act(
        session, actor, "calibration.accepted", row, standard, now, after={"note": command.note, **_said_of(comparison)}
    )
    return queries.calibration_facts(session, row.id)


def _said_of(comparison: Comparison | None) -> dict[str, object]:
    """Return what the audit chain says of a comparison."""
    if comparison is None:
        return {}
    return {"compared": len(comparison.points), "beyond": len(comparison.beyond)}


def _open_studies(
    session: Session,
    actor: Actor,
    found: CalibrationFacts,
    comparison: Comparison,
    course: Course,
    now: datetime,
) -> None:
    """Ask for a study of each former calibration whose values were off by more than was allowed for."""
    for former in comparison.former:
        beyond = [point for point in comparison.beyond if point.former_calibration_id == former.id]
        if not beyond:
            continue
        contents = {point.former_content_id for point in beyond}
        ranges = {point.range_id for point in beyond}
        onset = good_until(session, former, ranges, before=comparison.found_on)
        tasks.enqueue(
            session,
            STUDY_TASK,
            {
                "calibration_id": former.id,
                "points": [
                    {
                        "content_id": point.former_content_id,
                        "argument": None if point.argument is None else f"{point.argument:f}",
                        "value": f"{point.found:f}",
                    }
                    for point in comparison.points
                    if point.former_content_id in contents and point.coefficient is None
                ],
                "onset": onset.isoformat(),
                "until": comparison.found_on.isoformat(),
                "course": course.value,
                "reason": f"{found.standard_code}: {former.certificate_number} → {found.certificate_number}",
                "person_id": actor.person_id,
                "person_name": actor.name,
                "laboratory_id": actor.laboratory_id,
            },
            now=now,
        )


def reject_calibration(
    session: Session, actor: Actor, command: RejectCalibration, *, now: datetime
) -> CalibrationFacts:
    """Refuse a recorded calibration for good, saying why (6.4.4). For those who accept calibrations."""
    require(actor, Permission.ACCEPT_CALIBRATIONS)
    row, facts, standard = own_calibration(session, actor, command.calibration_id, command.row_version)
    must_be(facts, CalibrationState.RECORDED)
    check = Checker()
    check.required("reason", command.reason)
    check.finish()
    row.state = CalibrationState.REJECTED
    row.acceptance_note = command.reason
    session.flush()
    note_act(session, actor, "calibration.rejected", row, standard, now, after={"reason": command.reason})
    return queries.calibration_facts(session, row.id)
