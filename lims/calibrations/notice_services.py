"""An item that fails as found: put on hold with a notice to its customer, approved against its run, and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.calibrations import as_found, queries
from lims.calibrations.evaluations import material_of, preview
from lims.calibrations.facts import EvaluationView, RunState
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.models import CalibrationRun
from lims.calibrations.services import check_performer, editable
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import NotFound, RuleViolation
from lims.jobs import notice_queries, notice_services
from lims.jobs import queries as jobs
from lims.jobs.facts import ItemState
from lims.jobs.notice_facts import DraftNotice, NoticeFacts, NoticeState, NoticeStep, RecordAnswer
from lims.people import access
from lims.people.access import Permission

CLAUSE_FINDING: Final = "ISO/IEC 17025:2017, 7.1.5"


def hold_for_as_found(session: Session, actor: Actor, run_id: int, *, now: datetime) -> NoticeFacts:
    """Put the item of a run that fails as found on hold for its customer, and draft the notice: one act at the bench.

    Who: a person authorised to perform the procedure. Refuses before every cell was read as found, where nothing
    fails, for a run that no customer waits for, and an item that is not in work (ISO/IEC 17025:2017, 7.1.5).
    """
    access.require(actor, Permission.RECORD_READINGS)
    _row, run = editable(session, actor, run_id)
    check_performer(session, run, actor, on=local_date(now, run.timezone))
    if run.job_item_id is None or not as_found.concerns_customer(run):
        raise RuleViolation("run.no_customer", clause=CLAUSE_FINDING)
    material = material_of(session, run)
    empty = as_found.empty_cells(material)
    if empty:
        raise RuleViolation("run.as_found_incomplete", clause=CLAUSE_FINDING, count=empty)
    view = preview(session, material, now=now)[0]
    if not as_found.failing(view):
        raise RuleViolation("run.as_found_conforms", clause=CLAUSE_FINDING)
    return _draft(session, actor, material, view, hold=True, now=now)


def _draft(
    session: Session, actor: Actor, material: RunMaterial, view: EvaluationView, *, hold: bool, now: datetime
) -> NoticeFacts:
    finding = as_found.finding_of(material, view)
    command = DraftNotice(material.run.job_item_id or 0, finding, hold=hold, reason=f"TB-{finding.run_number}")
    return notice_services.draft_notice(session, actor, command, now=now)


def settle_as_found(
    session: Session, actor: Actor, material: RunMaterial, view: EvaluationView, *, now: datetime
) -> None:
    """See to the customer's notice when a run is submitted: drafted where the item fails, renewed or taken back.

    The item waits for the answer unless it was adjusted, or answered for, before.
    """
    run = material.run
    if run.job_item_id is None or not as_found.concerns_customer(run):
        return
    rows = as_found.failing(view)
    notice = as_found.live_notice(session, run.id)
    if notice is not None and notice.answer is None and notice.state is NoticeState.DRAFT:
        if rows and not as_found.differs(notice, material, rows):
            return
        notice_services.retract_draft(session, actor, notice.id, run.number, now=now)
        notice = None
    if rows and notice is None:
        item = jobs.job_item_facts(session, run.job_item_id)
        asked = notice_queries.last_answer(session, item.id) is not None or bool(material.adjustments)
        hold = item.state is ItemState.IN_WORK and not asked
        _draft(session, actor, material, view, hold=hold, now=now)


def approve_notice(session: Session, actor: Actor, command: NoticeStep, *, now: datetime) -> NoticeFacts:
    """Approve a notice whose figures are those that its run gives now.

    Who: technical and quality managers. Refuses figures that a correction has changed: draft it again first.
    """
    access.require(actor, Permission.MANAGE_NOTICES)
    notice = _own(session, actor, command.notice_id)
    if as_found.is_stale(session, notice, now=now):
        raise RuleViolation("notice.stale_figures", clause=CLAUSE_FINDING, number=notice.number)
    return notice_services.approve_notice(session, actor, command, now=now)


def redraft_notice(session: Session, actor: Actor, notice_id: int, *, now: datetime) -> NoticeFacts:
    """Take a draft back and draft it again with the figures that its run gives now; if nothing fails, only the former.

    Who: technical and quality managers, people who record readings. Refuses a notice that was approved.
    """
    access.require(actor, Permission.MANAGE_NOTICES, Permission.RECORD_READINGS)
    notice = _own(session, actor, notice_id)
    run = queries.run_facts(session, actor, notice.finding.run_id)
    material = material_of(session, run)
    view = as_found.present_view(session, material, now=now)
    held = as_found.waits_for_customer(jobs.job_item_facts(session, notice.item_id))
    former = notice_services.retract_draft(session, actor, notice.id, run.number, now=now)
    return _draft(session, actor, material, view, hold=held, now=now) if as_found.failing(view) else former


def record_answer(session: Session, actor: Actor, command: RecordAnswer, *, now: datetime) -> NoticeFacts:
    """Write down what the customer answered to a notice; the item goes on accordingly.

    Adjust or repair: back to work. Certificate as found: back to work, or measured, once none of its runs is a draft.
    Return as is: cancelled, its readings stay, it is handed back. Who: technical and quality managers, reception.
    """
    access.require(actor, Permission.MANAGE_NOTICES, Permission.MANAGE_JOBS)
    notice = _own(session, actor, command.notice_id)
    states = select(CalibrationRun.state).where(
        CalibrationRun.job_item_id == notice.item_id, CalibrationRun.state != RunState.VOIDED
    )
    done = RunState.DRAFT not in set(session.execute(states).scalars())
    return notice_services.record_answer(session, actor, command, work_done=done, now=now)


def _own(session: Session, actor: Actor, notice_id: int) -> NoticeFacts:
    notice = notice_queries.notice_facts(session, notice_id)
    if not (actor.may("system") or notice.site_id in actor.site_ids):
        raise NotFound
    return notice
