"""What people do between calibrations: plan checks, record them, set up charts of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.canonical import canonical_json
from lims.core.clock import local_date
from lims.core.errors import InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.text import normalise
from lims.people.access import Permission, require
from standards import check_queries, queries
from standards.charting import FEWEST_BASELINE, MOST_BASELINE, RULES, judge
from standards.check_commands import EndChart, EndPlan, PlanCheck, RecordCheck, SetUpChart
from standards.check_facts import (
    ChartFacts,
    ChartKind,
    CheckFacts,
    CheckPlanFacts,
)
from standards.check_models import CheckPlan, ControlChart, IntermediateCheck
from standards.entries import Checker
from standards.facts import StandardFacts, StandardState
from standards.standard_services import check_not_future, own_standard

_CLAUSE: Final = "ISO/IEC 17025:2017, 6.4.10"
LONGEST_INTERVAL: Final = 600


def plan_check(session: Session, actor: Actor, command: PlanCheck, *, now: datetime) -> CheckPlanFacts:
    """Lay down what of a standard is checked against what. For those who manage standards (6.4.10).

    Refuses limits without a reason or in the wrong order, none at all, a unit that does not fit the range, and a range
    or check standard that is not the laboratory's own.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id)
    check = Checker()
    check.required("name", command.name)
    check.required("against", command.against)
    check.required("limits_reason", command.limits_reason)
    unit = unit_of(session, check, standard, command.range_id, command.unit)
    if command.lower_limit is None and command.upper_limit is None:
        check.refuse("lower_limit", "check.no_limits")
    check.ordered("upper_limit", command.lower_limit, command.upper_limit)
    check_months(check, "interval_months", command.interval_months)
    if command.against_standard_id is not None:
        if command.against_standard_id == standard.id:
            check.refuse("against_standard_id", "check.against_itself")
        else:
            own_standard(session, actor, command.against_standard_id)
    check.finish()
    _refuse_retired(standard, now)
    values = {**asdict(command), "unit": unit, "name": normalise(command.name), "against": normalise(command.against)}
    plan = CheckPlan(**values, decided_at=now, decided_by_id=actor.person_id, decided_by_name=actor.name)
    session.add(plan)
    session.flush()
    note(session, actor, "check_plan.made", "check_plan", plan.id, row.site_id, now, after=values)
    return check_queries.plan_facts(session, plan.id)


def end_plan(session: Session, actor: Actor, command: EndPlan, *, now: datetime) -> CheckPlanFacts:
    """End a check plan, and its charts with it. For those who manage standards. Refuses a day before its first."""
    require(actor, Permission.MANAGE_STANDARDS)
    plan, standard = _own_plan(session, actor, command.plan_id)
    check = Checker()
    check.required("reason", command.reason)
    if command.valid_to < plan.valid_from:
        check.refuse("valid_to", "entry.dates_reversed", earlier=plan.valid_from, later=command.valid_to)
    check_not_future(check, "valid_to", command.valid_to, local_date(now, standard.timezone))
    check.finish()
    if plan.ended:
        raise RuleViolation("check_plan.ended", clause=_CLAUSE, name=plan.name)
    row = session.get_one(CheckPlan, plan.id, with_for_update=True)
    row.valid_to, row.ended_reason = command.valid_to, command.reason
    for chart in check_queries.charts_of_plans(session, [plan.id]):
        if chart.valid_to is None:
            session.get_one(ControlChart, chart.id).valid_to = max(command.valid_to, chart.valid_from)
    session.flush()
    after = {"valid_to": command.valid_to, "reason": command.reason}
    note(session, actor, "check_plan.ended", "check_plan", plan.id, standard.site_id, now, after=after)
    return check_queries.plan_facts(session, plan.id)


def record_check(session: Session, actor: Actor, command: RecordCheck, *, now: datetime) -> CheckFacts:
    """Record a check with its verdict by the limits that hold then. For who records readings or manages standards.

    The verdict stands as it was given (6.4.10, 7.7.1). A wrong entry is replaced by another that says why. Refuses a
    time in the future or before the plan, an ended plan, the same value of the same time sent twice, and a replacement
    of what was replaced already.
    """
    require(actor, Permission.RECORD_READINGS, Permission.MANAGE_STANDARDS)
    plan, standard = _own_plan(session, actor, command.plan_id)
    check = Checker()
    if command.at > now:
        check.refuse("at", "check.in_future", at=command.at)
    day = local_date(command.at, standard.timezone)
    if day < plan.valid_from or (plan.valid_to is not None and day > plan.valid_to):
        check.refuse("at", "check.outside_plan", valid_from=plan.valid_from)
    check.positive("standard_uncertainty", command.standard_uncertainty)
    if command.replaces_id is not None:
        check.required("reason", command.reason)
    check.finish()
    if plan.ended and command.replaces_id is None:
        raise RuleViolation("check_plan.ended", clause=_CLAUSE, name=plan.name)
    session.get_one(CheckPlan, plan.id, with_for_update=True)  # two who record at once are judged one after the other
    checks = check_queries.checks_of_plan(session, plan.id)
    replaced = _replaced(checks, command)
    counting = [item for item in checks if item.replaced_by is None and item.id != command.replaces_id]
    if any(item.at == command.at and item.value == command.value for item in counting):
        raise InvalidInput.of("value", "check.recorded_already", at=command.at)
    charts = check_queries.charts_of_plans(session, [plan.id])
    verdict = judge(plan, charts, counting, command.value, command.at, standard.timezone)
    row = IntermediateCheck(
        standard_id=plan.standard_id,
        range_id=plan.range_id,
        plan_id=plan.id,
        chart_id=next((chart.id for chart in charts if chart.valid_to is None), None),
        at=command.at,
        typed=command.typed,
        value=command.value,
        standard_uncertainty=command.standard_uncertainty,
        lower_limit=verdict.limits.lower,
        upper_limit=verdict.limits.upper,
        unit=plan.unit,
        passed=verdict.passed,
        rule=verdict.rule,
        note=command.note,
        actor_id=actor.person_id,
        actor_name=actor.name,
        recorded_at=now,
        replaces_id=command.replaces_id,
        reason=command.reason if command.replaces_id is not None else None,
    )
    session.add(row)
    session.flush()
    after = {**asdict(command), "passed": verdict.passed, "rule": verdict.rule}
    before = None if replaced is None else {"check": replaced.id, "value": replaced.value, "passed": replaced.passed}
    note(session, actor, "check.recorded", "intermediate_check", row.id, standard.site_id, now, before, after)
    return check_queries.check_facts(session, row.id)


def set_up_chart(session: Session, actor: Actor, command: SetUpChart, *, now: datetime) -> ChartFacts:
    """Set up a control chart of a plan's checks, by baseline or with fixed centre and sigma. Who manages standards.

    Refuses half of both, a baseline too short to mean anything, a spread of 0, an unknown rule, and no reason.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    plan, standard = _own_plan(session, actor, command.plan_id)
    check = Checker()
    check.required("name", command.name)
    check.required("reason", command.reason)
    _check_centre(check, command)
    for rule in command.rules:
        if rule not in RULES:
            check.refuse("rules", "field.not_a_choice", text=rule)
    if not 0 < command.weight <= 1:
        check.refuse("weight", "chart.weight", value=command.weight)
    if not 1 <= command.width <= 6:
        check.refuse("width", "chart.width", value=command.width)
    if command.valid_from < plan.valid_from:
        check.refuse("valid_from", "entry.dates_reversed", earlier=plan.valid_from, later=command.valid_from)
    check.finish()
    if plan.ended:
        raise RuleViolation("check_plan.ended", clause=_CLAUSE, name=plan.name)
    said = {
        "baseline": command.baseline,
        "weight": f"{command.weight:f}",
        "width": f"{command.width:f}",
        "rules": list(command.rules) if command.kind is ChartKind.SHEWHART else [],
    }
    row = ControlChart(
        standard_id=plan.standard_id,
        range_id=plan.range_id,
        plan_id=plan.id,
        kind=command.kind,
        name=normalise(command.name),
        unit=plan.unit,
        centre=command.centre,
        sigma=command.sigma,
        parameters=canonical_json(said),
        valid_from=command.valid_from,
        reason=command.reason,
        decided_at=now,
        decided_by_id=actor.person_id,
        decided_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    note(session, actor, "chart.set_up", "control_chart", row.id, standard.site_id, now, after=asdict(command))
    return check_queries.chart_facts(session, row.id)


def end_chart(session: Session, actor: Actor, command: EndChart, *, now: datetime) -> ChartFacts:
    """End a control chart on a day. For those who manage standards. Refuses a day before its first or to come."""
    require(actor, Permission.MANAGE_STANDARDS)
    chart = check_queries.chart_facts(session, command.chart_id)
    _, standard = own_standard(session, actor, chart.standard_id)
    check = Checker()
    if command.valid_to < chart.valid_from:
        check.refuse("valid_to", "entry.dates_reversed", earlier=chart.valid_from, later=command.valid_to)
    check_not_future(check, "valid_to", command.valid_to, local_date(now, standard.timezone))
    check.finish()
    if chart.valid_to is not None:
        raise RuleViolation("chart.ended", clause=_CLAUSE, name=chart.name)
    session.get_one(ControlChart, chart.id, with_for_update=True).valid_to = command.valid_to
    session.flush()
    after = {"valid_to": command.valid_to}
    note(session, actor, "chart.ended", "control_chart", chart.id, standard.site_id, now, after=after)
    return check_queries.chart_facts(session, chart.id)


def _own_plan(session: Session, actor: Actor, plan_id: int) -> tuple[CheckPlanFacts, StandardFacts]:
    plan = check_queries.plan_facts(session, plan_id)
    try:
        _, standard = own_standard(session, actor, plan.standard_id)
    except NotFound:
        raise NotFound("check_plan.not_found") from None
    return plan, standard


def unit_of(session: Session, check: Checker, standard: StandardFacts, range_id: int | None, unit: str) -> str:
    """Return a unit in its one form: one in which differences of the range's values can be stated."""
    ranges = queries.instrument_facts(session, standard.instrument_id).ranges()
    fitting = [address for address in ranges if range_id in {None, address.range.id}]
    if range_id is not None and not fitting:
        check.refuse("range_id", "entry.range_of_another")
    if not unit.strip():
        check.refuse("unit", "field.missing")
        return "1"
    return check.unit(
        "unit", unit, fitting[0].range.unit if range_id is not None and fitting else None, difference=True
    )


def check_months(check: Checker, field: str, months: int | None) -> None:
    """Note an interval that is none."""
    if months is not None and not 1 <= months <= LONGEST_INTERVAL:
        code = "field.below" if months < 1 else "field.above"
        limit = {"lower": 1} if months < 1 else {"upper": LONGEST_INTERVAL}
        check.refuse(field, code, text=str(months), **limit)


def _check_centre(check: Checker, command: SetUpChart) -> None:
    if (command.centre is None) != (command.sigma is None):
        check.refuse("sigma" if command.sigma is None else "centre", "chart.both_or_none")
    elif command.sigma is not None:
        check.positive("sigma", command.sigma)
        if command.baseline is not None:
            check.refuse("baseline", "chart.baseline_or_fixed")
    elif command.baseline is None:
        check.refuse("baseline", "chart.no_baseline")
    elif not FEWEST_BASELINE <= command.baseline <= MOST_BASELINE:
        values = {"lower": FEWEST_BASELINE, "upper": MOST_BASELINE}
        check.refuse("baseline", "chart.baseline", value=command.baseline, **values)


def _replaced(checks: list[CheckFacts], command: RecordCheck) -> CheckFacts | None:
    if command.replaces_id is None:
        return None
    found = next((item for item in checks if item.id == command.replaces_id), None)
    if found is None:
        raise NotFound("check.not_found")
    if found.replaced_by is not None:
        raise StaleRecord("check.replaced_already")
    return found


def _refuse_retired(standard: StandardFacts, now: datetime) -> None:
    state = standard.state_at(now)
    if state is not None and state.state is StandardState.RETIRED:
        raise RuleViolation("standard.retired", clause=_CLAUSE)


def note(
    session: Session,
    actor: Actor,
    action: str,
    kind: str,
    key: int,
    site_id: int,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an audit entry of a service here."""
    audit.record(session, actor, action, (kind, key), now=now, site_id=site_id, before=before, after=after)
