"""What people decide about a standard's limits and its calibration interval."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import StaleRecord
from lims.people.access import Permission, require
from standards import check_queries
from standards.check_commands import DecideInterval, StateLimit
from standards.check_facts import IntervalDecisionFacts, LimitFacts
from standards.check_models import IntervalDecision, StandardLimit
from standards.check_services import check_months, note, unit_of
from standards.entries import Checker
from standards.standard_services import check_not_future, own_standard, touch


def state_limit(session: Session, actor: Actor, command: StateLimit, *, now: datetime) -> LimitFacts:
    """State how far a range may lie from its nominal value, with the source. For those who manage standards.

    Refuses a formula or unit that does not fit, a range of another instrument, and a limit without its source.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id)
    check = Checker()
    unit = unit_of(session, check, standard, command.range_id, command.unit)
    check.formula("half_width_expression", command.half_width_expression)
    check.required("basis", command.basis)
    check.finish()
    values = {**asdict(command), "unit": unit}
    limit = StandardLimit(**values, decided_at=now, decided_by_id=actor.person_id, decided_by_name=actor.name)
    session.add(limit)
    session.flush()
    note(session, actor, "standard.limit_stated", "standard", row.id, row.site_id, now, after=values)
    return next(facts for facts in check_queries.limits_of(session, row.id) if facts.id == limit.id)


def decide_interval(session: Session, actor: Actor, command: DecideInterval, *, now: datetime) -> IntervalDecisionFacts:
    """Decide on a standard's calibration interval; what was proposed is kept beside it. Who manages standards.

    The interval counts from the next calibration on: what is in force keeps its end (6.4.7). Refuses a decision
    without evidence, one on a page that somebody else changed meanwhile, and an interval outside 1 to 600 months.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id, lock=True)
    if command.row_version != row.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=row.row_version)
    check = Checker()
    check_months(check, "months", command.months)
    check.required("evidence", command.evidence)
    check_not_future(check, "decided_on", command.decided_on, local_date(now, standard.timezone))
    check.finish()
    before = row.interval_months
    decision = IntervalDecision(
        standard_id=row.id,
        months_before=before,
        months=command.months,
        proposed_months=command.proposed_months,
        method=command.method,
        proposal=command.proposal,
        evidence=command.evidence,
        decided_on=command.decided_on,
        decided_at=now,
        decided_by_id=actor.person_id,
        decided_by_name=actor.name,
    )
    session.add(decision)
    row.interval_months = command.months
    row.interval_policy = command.evidence
    touch(row)
    session.flush()
    after = {
        "months": command.months,
        "proposed": command.proposed_months,
        "method": command.method,
        "evidence": command.evidence,
        "decided_on": command.decided_on,
    }
    note(session, actor, "standard.interval_decided", "standard", row.id, row.site_id, now, {"months": before}, after)
    return check_queries.interval_decisions_of(session, row.id)[0]
