"""Lists of runs: all of a laboratory, mine, those of a job item, and how many wait in each state."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from lims.calibrations.facts import RunLine, RunPurpose, RunState
from lims.calibrations.models import CalibrationRun, RunPerson
from lims.core.actor import Actor
from lims.core.paging import Page, paginate
from lims.core.text import fold
from lims.jobs.models import Job, JobItem
from lims.people import access
from lims.people.access import Permission
from lims.people.models import Site
from lims.procedures.models import Procedure, ProcedureVersion
from standards.models import Instrument


def runs(
    session: Session,
    actor: Actor,
    *,
    state: RunState | None = None,
    mine: bool = False,
    text: str = "",
    page: int = 1,
) -> Page[RunLine]:
    """Return a page of the laboratory's runs, newest first; `mine`: those the actor opened, performs or supervises."""
    access.require(actor, Permission.VIEW_LABORATORY)
    query = _lines().where(Site.organisation_id == actor.laboratory_id)
    if state is not None:
        query = query.where(CalibrationRun.state == state)
    if mine:
        query = query.where(_of_person(actor.person_id))
    for word in fold(text).split():
        found = f"%{word}%"
        query = query.where(
            or_(
                func.lower(CalibrationRun.number).like(found),
                Instrument.search_text.like(found),
                func.lower(Job.number).like(found),
            )
        )
    query = query.order_by(CalibrationRun.opened_at.desc(), CalibrationRun.id.desc())
    return paginate(session, query, page).mapped(_line)


def waiting(session: Session, actor: Actor, *, most: int = 8) -> list[RunLine]:
    """Return the runs whose next step is the actor's, oldest first: own drafts, others' to review, all to release.

    Whether somebody may really take the step (authorisation, a hand in the run) is said on the run's own page.
    """
    mine = _of_person(actor.person_id)
    steps = []
    if actor.may(Permission.RECORD_READINGS):
        steps.append(and_(CalibrationRun.state == RunState.DRAFT, mine))
    if actor.may(Permission.REVIEW_RUNS):
        steps.append(and_(CalibrationRun.state == RunState.SUBMITTED, not_(mine)))
    if actor.may(Permission.RELEASE_RUNS):
        steps.append(CalibrationRun.state == RunState.REVIEWED)
    if not steps:
        return []
    query = _lines().where(Site.organisation_id == actor.laboratory_id, or_(*steps))
    return [_line(row) for row in session.execute(query.order_by(CalibrationRun.id).limit(most))]


def counts(session: Session, actor: Actor, *, mine: bool = False) -> dict[str, int]:
    """Return how many runs of the laboratory stand in each state."""
    access.require(actor, Permission.VIEW_LABORATORY)
    query = (
        select(CalibrationRun.state, func.count())
        .join(Site, Site.id == CalibrationRun.site_id)
        .where(Site.organisation_id == actor.laboratory_id)
        .group_by(CalibrationRun.state)
    )
    if mine:
        query = query.where(_of_person(actor.person_id))
    return {str(state): int(count) for state, count in session.execute(query)}


def runs_of_item(session: Session, job_item_id: int) -> list[RunLine]:
    """Return the runs of a job item, oldest first. The caller has checked who asks."""
    query = _lines().where(CalibrationRun.job_item_id == job_item_id).order_by(CalibrationRun.id)
    return [_line(row) for row in session.execute(query)]


def _of_person(person_id: int) -> Any:
    takes_part = select(RunPerson.run_id).where(RunPerson.person_id == person_id)
    return or_(CalibrationRun.opened_by_id == person_id, CalibrationRun.id.in_(takes_part))


def _lines() -> Any:
    return (
        select(CalibrationRun, Instrument, Job, Procedure.code)
        .join(Site, Site.id == CalibrationRun.site_id)
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .join(ProcedureVersion, ProcedureVersion.id == CalibrationRun.procedure_version_id)
        .join(Procedure, Procedure.id == ProcedureVersion.procedure_id)
        .outerjoin(JobItem, JobItem.id == CalibrationRun.job_item_id)
        .outerjoin(Job, Job.id == JobItem.job_id)
    )


def _line(row: Any) -> RunLine:
    run, instrument, job, code = row
    return RunLine(
        id=run.id,
        number=run.number,
        state=RunState(run.state),
        purpose=RunPurpose(run.purpose),
        instrument_vi=instrument.name_vi,
        instrument_en=instrument.name_en or instrument.name_vi,
        serial_number=instrument.serial_number or "",
        job_id=None if job is None else job.id,
        job_number="" if job is None else job.number,
        procedure_code=code,
        opened_at=run.opened_at,
        opened_by_name=run.opened_by_name,
    )
