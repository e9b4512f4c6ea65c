"""What people do with a doubt about a standard's calibration: open its study; the program carries it out.

A study is a record of its own beside what it speaks of: no evaluation, certificate or calibration changes. It is
worked out in pieces, each kept in a short transaction, so that a worker that was killed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from calc.engine import ENGINE_VERSION
from certificates import impact_plan_queries
from certificates.impact_facts import Basis, Course, Doubt, ImpactStudyView, OpenStudy, StudyState
from certificates.impact_models import ImpactResult, ImpactStudy
from certificates.impact_parameters import corrected_point, from_json, lines_to_json, to_json
from certificates.impact_plan_queries import Assessed, Plan
from certificates.impact_queries import study_view
from certificates.impact_shifts import parse_shift, shifts_of
from certificates.reach_list_queries import own_calibration
from lims.core import audit, tasks
from lims.core.actor import SYSTEM, Actor
from lims.core.canonical import digest
from lims.core.clock import Clock, local_date
from lims.core.db import Database
from lims.core.errors import InvalidInput, LimsError
from lims.core.text import normalise
from lims.people import queries as people
from lims.people.access import Permission, require

TASK: Final = "impact_study"
OPENING: Final = "open_impact_study"
PIECE: Final = 250
"""How many runs are evaluated between two short transactions."""


def open_study(
    session: Session, actor: Actor, command: OpenStudy, *, now: datetime, by_itself: bool = False
) -> ImpactStudyView:
    """Record a doubt about a calibration and have what it reached evaluated again in the background.

    For those who manage standards or accept calibrations; nothing but the study is written. Refuses a shift or points
    that fit nothing the calibration says, and dates that make no course (ISO/IEC 17025:2017, 7.10.1, 6.4.9).
    """
    require(actor, Permission.MANAGE_STANDARDS, Permission.ACCEPT_CALIBRATIONS)
    calibration, standard = own_calibration(session, actor, command.calibration_id)
    today = local_date(now, standard.timezone)
    doubt = doubt_of(command, since=calibration.calibrated_on, today=today)
    shifts_of(doubt, calibration)
    text = to_json(doubt)
    row = ImpactStudy(
        site_id=standard.site_id,
        calibration_id=calibration.id,
        parameters=text,
        parameters_digest=digest(text),
        reason=normalise(command.reason),
        by_itself=by_itself,
        state=StudyState.WAITING,
        opened_at=now,
        opened_by_id=actor.person_id,
        opened_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    tasks.enqueue(session, TASK, {"study_id": row.id}, now=now)
    audit.record(
        session,
        actor,
        "impact.opened",
        ("impact_study", row.id),
        now=now,
        site_id=row.site_id,
        after={"standard": standard.code, "certificate": calibration.certificate_number, "parameters": text},
    )
    return study_view(session, actor, row.id)


def doubt_of(command: OpenStudy, *, since: date, today: date) -> Doubt:
    """Return the doubt that a command states; a course without its dates runs from the calibration until today.

    Raises InvalidInput for a shift beside points, an end before the onset, and a range upside down.
    """
    shift = parse_shift(command.shift) if command.shift.strip() else None
    if shift is not None and command.points:
        raise InvalidInput.of("shift", "impact.shift_and_points")
    basis = Basis.POINTS if command.points else Basis.OUT_OF_TOLERANCE if shift is None else Basis.SHIFT
    onset, until = command.onset, command.until
    if command.course is Course.DRIFT:
        onset, until = onset or since, until or today
    if until is not None and until <= (onset or since) and (command.course is Course.DRIFT or until < (onset or since)):
        raise InvalidInput.of("until", "impact.drift_dates")
    if command.lower is not None and command.upper is not None and command.lower > command.upper:
        raise InvalidInput.of("upper", "impact.span_order")
    return Doubt(
        calibration_id=command.calibration_id,
        basis=basis,
        shift=shift,
        sense=command.sense,
        points=command.points,
        lower=command.lower,
        upper=command.upper,
        span_unit=command.span_unit,
        onset=onset,
        until=until,
        course=command.course,
    )


def open_from_task(database: Database, arguments: Mapping[str, Any], *, clock: Clock) -> None:
    """Open the study that an acceptance asked for, in the name of who accepted; once only, however often it is run."""
    command = OpenStudy(
        calibration_id=int(arguments["calibration_id"]),
        shift=str(arguments.get("shift", "")),
        points=tuple(corrected_point(point) for point in arguments.get("points", ())),
        onset=_day(arguments.get("onset")),
        until=_day(arguments.get("until")),
        course=Course(arguments.get("course", Course.STEP)),
        reason=str(arguments.get("reason", "")),
    )
    now = clock.now()
    with database.transaction() as session:
        known = select(ImpactStudy.parameters).where(
            ImpactStudy.calibration_id == command.calibration_id, ImpactStudy.by_itself.is_(True)
        )
        wanted = to_json(doubt_of(command, since=_since(session, command), today=now.date()))
        if wanted not in set(session.execute(known).scalars()):
            actor = people.actor_of(session, int(arguments["person_id"]), now.date())
            open_study(session, actor, command, now=now, by_itself=True)


def _since(session: Session, command: OpenStudy) -> date:
    return own_calibration(session, SYSTEM, command.calibration_id)[0].calibrated_on


def _day(text: str | None) -> date | None:
    return None if not text else date.fromisoformat(text)


def run_study(database: Database, study_id: int, *, clock: Clock) -> None:
    """Carry a study out, or go on with one; safe to run twice. What a rule refuses ends it with the reason."""
    with database.reading() as session:
        study = session.get_one(ImpactStudy, study_id)
        over, doubt = StudyState(study.state) in {StudyState.DONE, StudyState.FAILED}, from_json(study.parameters)
    if over:
        return
    try:
        with database.reading() as session:
            made = impact_plan_queries.plan(session, doubt)
            known = set(session.execute(_of_study(ImpactResult.run_id, study_id)).scalars())
        _begin(database, study_id, len(made.run_ids))
        waiting = [run_id for run_id in made.run_ids if run_id not in known]
        for start in range(0, len(waiting), PIECE):
            _piece(database, study_id, made, waiting[start : start + PIECE])
    except LimsError as error:
        _end(database, study_id, StudyState.FAILED, clock.now(), reason=str(error))
        return
    _end(database, study_id, StudyState.DONE, clock.now())


def _of_study(column: Any, study_id: int) -> Any:
    return select(column).where(ImpactResult.study_id == study_id)


def _begin(database: Database, study_id: int, total: int) -> None:
    with database.transaction() as session:
        study = session.get_one(ImpactStudy, study_id)
        if (study.state, study.total) != (StudyState.RUNNING, total):
            study.state, study.total, study.engine_version = StudyState.RUNNING, total, ENGINE_VERSION
            _note(session, study, "impact.begun", study.opened_at, {"runs": total})


def _piece(database: Database, study_id: int, made: Plan, run_ids: Sequence[int]) -> None:
    """Evaluate some runs and keep what became of them; another worker's rows of the same runs stand."""
    with database.reading() as session:
        rows = list(_rows(study_id, impact_plan_queries.assess(session, made, run_ids)))
    with database.transaction() as session:
        query = _of_study(ImpactResult.run_id, study_id).where(ImpactResult.run_id.in_(run_ids))
        kept = set(session.execute(query).scalars())
        fresh = [row for row in rows if row["run_id"] not in kept]
        if fresh:
            session.execute(insert(ImpactResult), fresh)


def _rows(study_id: int, assessed: Iterator[Assessed]) -> Iterator[dict[str, Any]]:
    for entry in assessed:
        lines = lines_to_json(entry.outcome.lines)
        yield {
            "study_id": study_id,
            "run_id": entry.run_id,
            "evaluation_id": entry.evaluation_id,
            "steps": entry.steps,
            "finding": entry.outcome.finding.value,
            "worst": entry.outcome.worst,
            "lines": lines,
            "reason": entry.outcome.reason or None,
            "digest": row_digest(entry.run_id, entry.evaluation_id, entry.outcome.finding, lines),
        }


def row_digest(run_id: int, evaluation_id: int | None, finding: str, lines: str) -> str:
    """Return the digest of what became of one run."""
    return digest(f"{run_id}\n{evaluation_id}\n{finding}\n{lines}")


def _end(database: Database, study_id: int, state: StudyState, now: datetime, *, reason: str = "") -> None:
    with database.transaction() as session:
        study = session.get_one(ImpactStudy, study_id)
        if StudyState(study.state) in {StudyState.DONE, StudyState.FAILED}:
            return
        digests = session.execute(_of_study(ImpactResult.digest, study_id).order_by(ImpactResult.run_id)).scalars()
        study.state, study.finished_at, study.last_error = state, now, reason or None
        study.result_digest = digest("\n".join([study.parameters_digest, *digests]))
        counts = session.execute(
            select(ImpactResult.finding, func.count())
            .where(ImpactResult.study_id == study_id)
            .group_by(ImpactResult.finding)
        )
        values = {"state": state, "digest": study.result_digest, **{row[0]: row[1] for row in counts}}
        _note(session, study, "impact.finished", now, values)


def _note(session: Session, study: ImpactStudy, action: str, now: datetime, after: Mapping[str, Any]) -> None:
    audit.record(session, SYSTEM, action, ("impact_study", study.id), now=now, site_id=study.site_id, after=dict(after))
