"""What waits for a person at the bench, at review and at release: a fixed number of statements each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from lims.calibrations import queries
from lims.calibrations.conditions import ranges_of
from lims.calibrations.facts import CONDITIONS, DecisionKind, ExclusionKind, RunState
from lims.calibrations.home_facts import BenchGroup, BenchLine, BenchWork, RunMarks, WaitingRun
from lims.calibrations.models import (
    CalibrationRun,
    Decision,
    Evaluation,
    EvaluationResult,
    Reading,
    ReadingExclusion,
    RunJustification,
)
from lims.calibrations.run_lists import of_person, run_line, run_rows
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.paging import paginate
from lims.jobs import list_queries as jobs
from lims.jobs.facts import ItemLine, ItemState
from lims.jobs.list_queries import promised_for
from lims.jobs.models import Job, JobItem
from lims.people.models import Site
from lims.procedures import queries as procedures
from lims.procedures.facts import Activity
from lims.procedures.models import Procedure

MOST: Final = 8
"""Rows of one kind on the first page; the lists hold the rest."""

_WAITING_ITEMS: Final = (ItemState.RECEIVED, ItemState.ATTENDED)


def bench_of(session: Session, actor: Actor, *, on: date) -> list[BenchGroup]:
    """Return a technician's work of the day: returned runs, own drafts, items to measure, items that cannot go on.

    Items are those of procedures the person is authorised to perform that day; what is promised soonest comes first.
    """
    drafts = _own_drafts(session, actor, on)
    groups = []
    for work in (BenchWork.RETURNED, BenchWork.DRAFT):
        lines = [line for line in drafts if line.work is work]
        groups.append(BenchGroup(work, tuple(lines[:MOST]), len(lines)))
    mine = and_(Job.site_id.in_(actor.site_ids), Procedure.id.in_(_authorised(session, actor, Activity.PERFORM, on)))
    for work, states in ((BenchWork.TO_MEASURE, _WAITING_ITEMS), (BenchWork.ON_HOLD, (ItemState.ON_HOLD,))):
        query = jobs.item_rows().where(mine, JobItem.state.in_(states))
        page = paginate(session, query.order_by(promised_for().asc().nulls_last(), JobItem.id), size=MOST)
        line = jobs.line_maker(session, page.items, on)
        groups.append(BenchGroup(work, tuple(BenchLine(work, line(row)) for row in page.items), page.total))
    return [group for group in groups if group.total]


def _own_drafts(session: Session, actor: Actor, on: date) -> list[BenchLine]:
    query = (
        jobs.item_rows()
        .add_columns(CalibrationRun.id, CalibrationRun.number)
        .join(CalibrationRun, CalibrationRun.job_item_id == JobItem.id)
        .where(Job.site_id.in_(actor.site_ids), CalibrationRun.state == RunState.DRAFT, of_person(actor.person_id))
        .order_by(promised_for().asc().nulls_last(), CalibrationRun.id)
    )
    rows = list(session.execute(query))
    line = jobs.line_maker(session, rows, on)
    run_ids = [row[-2] for row in rows]
    returned = _last_decisions(session, run_ids, DecisionKind.RETURNED)
    typed = _counted(session, select(Reading.run_id, func.count()).where(Reading.run_id.in_(run_ids)), Reading.run_id)
    found = []
    for row in rows:
        item: ItemLine = line(row[:4])
        back = returned.get(row[-2])
        work = BenchWork.DRAFT if back is None else BenchWork.RETURNED
        found.append(
            BenchLine(
                work,
                item,
                run_id=row[-2],
                run_number=row[-1],
                readings=typed.get(row[-2], 0),
                comment="" if back is None else back.comment or "",
                by="" if back is None else back.actor_name,
            )
        )
    return found


def to_review(session: Session, actor: Actor, *, on: date, timezone: str) -> list[WaitingRun]:
    """Return the runs that wait for a technical review in which the actor had no hand, oldest submission first."""
    reviewing = _authorised(session, actor, Activity.REVIEW, on)
    condition = and_(CalibrationRun.state == RunState.SUBMITTED, not_(of_person(actor.person_id)))
    return _waiting(session, actor, condition, DecisionKind.SUBMITTED, reviewing, (on, timezone))


def to_release(session: Session, actor: Actor, *, on: date, timezone: str) -> list[WaitingRun]:
    """Return the runs that wait for release, oldest review first."""
    condition = CalibrationRun.state == RunState.REVIEWED
    return _waiting(session, actor, condition, DecisionKind.REVIEWED, None, (on, timezone))


def _waiting(
    session: Session,
    actor: Actor,
    condition: ColumnElement[bool],
    step: DecisionKind,
    procedure_ids: Collection[int] | None,
    day: tuple[date, str],
) -> list[WaitingRun]:
    on, timezone = day
    decided = aliased(Decision)
    last = select(func.max(decided.id)).where(decided.run_id == CalibrationRun.id, decided.kind == step)
    query = (
        run_rows()
        .add_columns(Decision, Procedure.id)
        .outerjoin(Decision, Decision.id == last.correlate(CalibrationRun).scalar_subquery())
        .where(Site.organisation_id == actor.laboratory_id, condition)
        .order_by(func.coalesce(Decision.at, CalibrationRun.opened_at), CalibrationRun.id)
    )
    rows = list(session.execute(query))
    marks = _marks(session, [row[0] for row in rows], timezone)
    return [
        WaitingRun(
            run=run_line(row[:4]),
            since=row[4].at if row[4] is not None else row[0].opened_at,
            by=row[4].actor_name if row[4] is not None else row[0].opened_by_name,
            days=(on - local_date(row[4].at if row[4] is not None else row[0].opened_at, timezone)).days,
            authorised=procedure_ids is None or row[5] in procedure_ids,
            marks=marks.get(row[0].id, RunMarks()),
        )
        for row in rows
    ]


def _marks(session: Session, runs: Sequence[CalibrationRun], timezone: str) -> dict[int, RunMarks]:
    """Return what a reader should know of runs before opening them: a few statements for all."""
    run_ids = [run.id for run in runs]
    outside = _conditions_outside(session, runs, timezone)

    def of_runs(column: Any, *conditions: ColumnElement[bool]) -> Mapping[int, int]:
        return _counted(session, select(column, func.count()).where(column.in_(run_ids), *conditions), column)

    newest = select(func.max(Evaluation.id)).where(Evaluation.run_id.in_(run_ids)).group_by(Evaluation.run_id)
    results = (
        select(Evaluation.run_id, func.count())
        .join(EvaluationResult, EvaluationResult.evaluation_id == Evaluation.id)
        .where(Evaluation.id.in_(newest))
    )
    failing = _counted(session, results.where(EvaluationResult.decision == "fail"), Evaluation.run_id)
    doubtful = EvaluationResult.decision.in_(["conditional_pass", "conditional_fail"])
    guarded = _counted(session, results.where(doubtful), Evaluation.run_id)
    left_out = ReadingExclusion.kind.in_([ExclusionKind.EXCLUDED, ExclusionKind.NOT_MEASURABLE])
    excluded = of_runs(ReadingExclusion.run_id, left_out)
    corrected = of_runs(Reading.run_id, Reading.supersedes_id.is_not(None))
    justified = of_runs(RunJustification.run_id)
    returned = of_runs(Decision.run_id, Decision.kind == DecisionKind.RETURNED)
    return {
        run_id: RunMarks(
            failing=failing.get(run_id, 0),
            outside=outside.get(run_id, 0),
            guarded=guarded.get(run_id, 0),
            excluded=excluded.get(run_id, 0),
            corrected=corrected.get(run_id, 0),
            justified=justified.get(run_id, 0),
            returned=returned.get(run_id, 0),
        )
        for run_id in run_ids
    }


def _conditions_outside(session: Session, runs: Sequence[CalibrationRun], timezone: str) -> dict[int, int]:
    """Return how many conditions of each run lay outside the limits of its procedure or room."""
    here = or_(
        Reading.run_id.in_([run.id for run in runs]),
        Reading.batch_id.in_([run.batch_id for run in runs if run.batch_id is not None]),
    )
    read = list(session.execute(select(Reading).where(here, Reading.section == CONDITIONS)).scalars())
    left_out = ReadingExclusion.reading_id.in_([row.id for row in read])
    query = select(ReadingExclusion).where(left_out).order_by(ReadingExclusion.id)
    said = [queries.exclusion_facts(row) for row in session.execute(query).scalars()]
    found = {}
    for run in runs:
        own = [row for row in read if row.run_id == run.id or (run.batch_id and row.batch_id == run.batch_id)]
        definition = queries.procedure_version(session, run.procedure_version_id).definition
        facts = queries.run_facts_of(run, timezone, [])
        ranges = ranges_of(facts, definition, queries.current(queries.readings_of(own, said)))
        found[run.id] = sum(not entry.inside for entry in ranges)
    return found


def _counted(session: Session, query: Select[Any, int], column: Any) -> dict[int, int]:
    return {key: int(count) for key, count in session.execute(query.group_by(column))}


def _last_decisions(session: Session, run_ids: Sequence[int], kind: DecisionKind) -> dict[int, Decision]:
    """Return the last decision on each run, where it is of a kind."""
    last = select(func.max(Decision.id)).where(Decision.run_id.in_(run_ids)).group_by(Decision.run_id)
    query = select(Decision).where(Decision.id.in_(last), Decision.kind == kind)
    return {row.run_id: row for row in session.execute(query).scalars()}


def _authorised(session: Session, actor: Actor, activity: Activity, on: date) -> frozenset[int]:
    """Return the procedures in which a person may do something that day, at any of their sites."""
    held = procedures.authorisations(session, person_ids=[actor.person_id], on=on)
    return frozenset(
        one.procedure_id
        for one in held
        if one.procedure_id is not None
        and one.activity is activity
        and (one.site_id is None or one.site_id in actor.site_ids)
    )
