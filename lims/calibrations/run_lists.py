"""Lists of runs: all of a laboratory, those of a job item."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from lims.calibrations.facts import RunPurpose, RunState
from lims.calibrations.home_facts import RunLine
from lims.calibrations.models import CalibrationRun, RunPerson
from lims.core.actor import Actor
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.jobs.models import Job, JobItem
from lims.people import access
from lims.people.access import Permission
from lims.people.models import Site
from lims.procedures.models import Procedure, ProcedureVersion
from standards.models import Instrument


def runs(session: Session, actor: Actor, request: ListRequest = EVERYTHING) -> Listed[RunLine]:
    """Return a page of the laboratory's runs, newest first; words are sought in number, job, procedure, instrument.

    Filters: state; mine (the actor opened, performs or supervises them); purpose; instrument, by key.
    """
    access.require(actor, Permission.VIEW_LABORATORY)
    query = run_rows().where(Site.organisation_id == actor.laboratory_id)
    instrument = request.key("instrument")
    if instrument is not None:
        query = query.where(CalibrationRun.instrument_id == instrument)
    return (
        SqlList(
            query=query,
            key=CalibrationRun.id,
            sorts={
                "number": (CalibrationRun.id,),
                "instrument": (Instrument.sort_key,),
                "procedure": (Procedure.code,),
                "job": (Job.id,),
                "opened": (CalibrationRun.opened_at,),
            },
            sort="-opened",
            searched=_mentions,
            filters={
                "state": {state.value: CalibrationRun.state == state for state in RunState},
                "mine": {"1": of_person(actor.person_id)},
                "purpose": {purpose.value: CalibrationRun.purpose == purpose for purpose in RunPurpose},
            },
        )
        .answer(session, request)
        .mapped(run_line)
    )


def _mentions(word: str) -> ColumnElement[bool]:
    numbers = (CalibrationRun.number, Job.number, Procedure.code)
    found = [func.lower(func.coalesce(column, "")).contains(word, autoescape=True) for column in numbers]
    return or_(Instrument.search_text.contains(word, autoescape=True), *found)


def runs_of_item(session: Session, job_item_id: int) -> list[RunLine]:
    """Return the runs of a job item, oldest first. The caller has checked who asks."""
    query = run_rows().where(CalibrationRun.job_item_id == job_item_id).order_by(CalibrationRun.id)
    return [run_line(row) for row in session.execute(query)]


def of_person(person_id: int) -> ColumnElement[bool]:
    """Return the condition that a person opened a run, performs or supervises it."""
    takes_part = select(RunPerson.run_id).where(RunPerson.person_id == person_id)
    return or_(CalibrationRun.opened_by_id == person_id, CalibrationRun.id.in_(takes_part))


def run_rows() -> Select[*tuple[Any, ...]]:
    """Return the statement of every run with its instrument, job and procedure; callers narrow it."""
    return (
        select(CalibrationRun, Instrument, Job, Procedure.code)
        .select_from(CalibrationRun)
        .join(Site, Site.id == CalibrationRun.site_id)
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .join(ProcedureVersion, ProcedureVersion.id == CalibrationRun.procedure_version_id)
        .join(Procedure, Procedure.id == ProcedureVersion.procedure_id)
        .outerjoin(JobItem, JobItem.id == CalibrationRun.job_item_id)
        .outerjoin(Job, Job.id == JobItem.job_id)
    )


def run_line(row: Any) -> RunLine:
    """Return the line of a row of `run_rows`."""
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
