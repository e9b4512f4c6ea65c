"""What people do with an item on its way: receive, start, hold, finish, release, hand back. Every step is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.text import normalise
from lims.jobs import notice_queries, queries
from lims.jobs.facts import (
    HoldItem,
    HoldReason,
    ItemState,
    JobItemFacts,
    MoveItem,
    ReceiveItem,
    SubcontractItem,
)
from lims.jobs.models import Job, JobItem, JobItemStateChange
from lims.jobs.notice_workflow import CLAUSE_CUSTOMER
from lims.jobs.workflow import check_start, check_step
from lims.people import queries as people
from lims.people.access import Permission, require
from lims.people.models import Organisation

_MANAGE = (Permission.MANAGE_JOBS,)
_BENCH = (Permission.MANAGE_JOBS, Permission.RECORD_READINGS)
_RELEASE = (Permission.MANAGE_JOBS, Permission.RELEASE_RUNS, Permission.ISSUE_CERTIFICATES)


def own_job(session: Session, actor: Actor, job_id: int) -> Job:
    """Return a job of a site the actor works at. Raises NotFound, also for one that is elsewhere."""
    job = session.get(Job, job_id)
    if job is None or not (actor.may("system") or job.site_id in actor.site_ids):
        raise NotFound
    return job


def receive_item(session: Session, actor: Actor, command: ReceiveItem, *, now: datetime) -> JobItemFacts:
    """Take an item in with its condition (or attend to it on site); may precede contract review (7.4.2, 7.4.3).

    Who may: people who manage jobs at the job's site; on site also those who record readings. Refuses an empty
    condition and a date in the future.
    """
    to = ItemState.ATTENDED if command.on_site else ItemState.RECEIVED
    who = _BENCH if command.on_site else _MANAGE
    item, facts = own_item(session, actor, command.item_id, command.row_version, who)
    check_step(facts, to)
    condition = normalise(command.condition_on_receipt)
    if not condition:
        raise InvalidInput.of("condition_on_receipt", "field.missing")
    if command.received_on > local_date(now, people.site_facts(session, facts.site_id).timezone):
        raise InvalidInput.of("received_on", "item.received_in_future")
    item.received_on = command.received_on
    item.condition_on_receipt = condition
    item.condition_on_receipt_en = normalise(command.condition_on_receipt_en) or None
    item.accessories = normalise(command.accessories) or None
    return move_item(session, actor, item, facts, to, "", now)


def start_item(session: Session, actor: Actor, command: MoveItem, *, now: datetime) -> JobItemFacts:
    """Take an item into work. Refuses one without reviewed contract or without procedure (7.1.1).

    Who may: people who manage jobs or record readings, at the job's site.
    """
    item, facts = own_item(session, actor, command.item_id, command.row_version, _BENCH)
    check_step(facts, ItemState.IN_WORK, command.reason)
    check_start(facts)
    return move_item(session, actor, item, facts, ItemState.IN_WORK, command.reason, now)


def hold_item(session: Session, actor: Actor, command: HoldItem, *, now: datetime) -> JobItemFacts:
    """Put an item on hold: it waits for the customer, a standard, a part or a repair. Who may: as for `start_item`."""
    item, facts = own_item(session, actor, command.item_id, command.row_version, _BENCH)
    check_step(facts, ItemState.ON_HOLD, command.reason)
    item.hold_reason = command.hold_reason
    return move_item(session, actor, item, facts, ItemState.ON_HOLD, command.reason, now)


def resume_item(session: Session, actor: Actor, command: MoveItem, *, now: datetime) -> JobItemFacts:
    """Take up work again on an item on hold; a contract changed meanwhile must be reviewed. As for `start_item`.

    Refuses an item that waits for the answer to a notice: the answer is recorded, and moves it (7.1.8).
    """
    item, facts = own_item(session, actor, command.item_id, command.row_version, _BENCH)
    check_step(facts, ItemState.IN_WORK, command.reason)
    check_start(facts)
    if facts.hold_reason is HoldReason.CUSTOMER and notice_queries.open_notice(session, facts.id) is not None:
        raise RuleViolation("item.answer_missing", clause=CLAUSE_CUSTOMER, position=facts.position)
    return move_item(session, actor, item, facts, ItemState.IN_WORK, command.reason, now)


def finish_item(session: Session, actor: Actor, command: MoveItem, *, now: datetime) -> JobItemFacts:
    """Say that the bench work on an item is done. Who may: as for `start_item`."""
    item, facts = own_item(session, actor, command.item_id, command.row_version, _BENCH)
    check_step(facts, ItemState.DONE)
    return move_item(session, actor, item, facts, ItemState.DONE, command.reason, now)


def reopen_item(session: Session, actor: Actor, command: MoveItem, *, now: datetime) -> JobItemFacts:
    """Take a done item back to work, with a reason: a run was returned. Who may: bench, jobs or reviewers."""
    item, facts = own_item(
        session, actor, command.item_id, command.row_version, (*_BENCH, Permission.REVIEW_RUNS, Permission.RELEASE_RUNS)
    )
    check_step(facts, ItemState.IN_WORK, command.reason)
    return move_item(session, actor, item, facts, ItemState.IN_WORK, command.reason, now)


def release_item(session: Session, actor: Actor, command: MoveItem, *, now: datetime) -> JobItemFacts:
    """Say that an item's results (or the subcontractor's) are released. Who may: signatories and job managers."""
    item, facts = own_item(session, actor, command.item_id, command.row_version, _RELEASE)
    check_step(facts, ItemState.RELEASED)
    return move_item(session, actor, item, facts, ItemState.RELEASED, command.reason, now)


def hand_back_item(session: Session, actor: Actor, command: MoveItem, *, now: datetime) -> JobItemFacts:
    """Give an item back to the customer (7.4.1). Who may: people who manage jobs at the job's site."""
    item, facts = own_item(session, actor, command.item_id, command.row_version, _MANAGE)
    check_step(facts, ItemState.HANDED_BACK)
    return move_item(session, actor, item, facts, ItemState.HANDED_BACK, command.reason, now)


def cancel_item(session: Session, actor: Actor, command: MoveItem, *, now: datetime) -> JobItemFacts:
    """Cancel an item with a reason; its readings stay. Who may: people who manage jobs at the job's site."""
    item, facts = own_item(session, actor, command.item_id, command.row_version, _MANAGE)
    check_step(facts, ItemState.CANCELLED, command.reason)
    return move_item(session, actor, item, facts, ItemState.CANCELLED, command.reason, now)


def refuse_item(session: Session, actor: Actor, command: MoveItem, *, now: datetime) -> JobItemFacts:
    """Say that an item cannot be calibrated, with the reason (7.4.3). Who may: as for `start_item`."""
    item, facts = own_item(session, actor, command.item_id, command.row_version, _BENCH)
    check_step(facts, ItemState.NOT_CALIBRATABLE, command.reason)
    return move_item(session, actor, item, facts, ItemState.NOT_CALIBRATABLE, command.reason, now)


def subcontract_item(session: Session, actor: Actor, command: SubcontractItem, *, now: datetime) -> JobItemFacts:
    """Give an item to another laboratory; the reason says how the customer agreed (7.1.1 c).

    Who may: people who manage jobs at the job's site. Refuses a body that is no laboratory known as upstream.
    """
    item, facts = own_item(session, actor, command.item_id, command.row_version, _MANAGE)
    check_step(facts, ItemState.SUBCONTRACTED, command.reason)
    laboratory = session.get(Organisation, command.subcontractor_id)
    if laboratory is None or not laboratory.is_upstream:
        raise InvalidInput.of("subcontractor_id", "item.no_subcontractor")
    item.subcontractor_id = laboratory.id
    return move_item(session, actor, item, facts, ItemState.SUBCONTRACTED, command.reason, now)


def own_item(
    session: Session,
    actor: Actor,
    item_id: int,
    row_version: int | None,
    permissions: tuple[Permission, ...],
) -> tuple[JobItem, JobItemFacts]:
    """Return an item that the actor may act on, as they saw it. Raises Forbidden, NotFound, StaleRecord."""
    require(actor, *permissions)
    item = session.get(JobItem, item_id)
    if item is None:
        raise NotFound
    own_job(session, actor, item.job_id)
    facts = queries.job_item_facts(session, item_id)
    if row_version is not None and row_version != item.row_version:
        raise StaleRecord("record.stale_between", seen=row_version, present=item.row_version)
    return item, facts


def move_item(
    session: Session, actor: Actor, item: JobItem, facts: JobItemFacts, to: ItemState, reason: str, now: datetime
) -> JobItemFacts:
    """Write a step that was checked: the item's new state, the step with who, when and why, the audit entry."""
    reason = normalise(reason)
    item.state = to
    if to is not ItemState.ON_HOLD:
        item.hold_reason = None
    session.add(
        JobItemStateChange(
            job_item_id=item.id,
            from_state=facts.state,
            to_state=to,
            reason=reason or None,
            at=now,
            actor_id=actor.person_id,
            actor_name=actor.name,
        )
    )
    session.flush()
    audit.record(
        session,
        actor,
        f"item.{to.value}",
        ("job_item", item.id),
        now=now,
        site_id=facts.site_id,
        before={"state": facts.state},
        after={"state": to, "reason": reason, "hold_reason": item.hold_reason},
    )
    return queries.job_item_facts(session, item.id)
