"""Reads of check plans, checks, charts and limits; the number of statements does not grow with the rows."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from lims.core.clock import local_date
from lims.core.errors import NotFound
from lims.people.models import Site
from standards.calibration_facts import CalibrationState
from standards.calibration_models import CalibrationContent, Standard, StandardCalibration
from standards.check_facts import (
    ChartFacts,
    ChartKind,
    CheckFacts,
    CheckPlanFacts,
    CheckRule,
    Evidence,
    EvidenceKind,
    IntervalDecisionFacts,
    LimitFacts,
    PlanLine,
)
from standards.check_models import CheckPlan, ControlChart, IntermediateCheck, IntervalDecision, StandardLimit
from standards.due import plan_line
from standards.facts import StandardFacts


def plan_facts(session: Session, plan_id: int) -> CheckPlanFacts:
    """Return a check plan. Raises NotFound."""
    row = session.get(CheckPlan, plan_id)
    if row is None:
        raise NotFound("check_plan.not_found")
    return _plan(row)


def plans_of(session: Session, standard_ids: Collection[int]) -> list[CheckPlanFacts]:
    """Return the check plans of standards, those that hold first, then by name."""
    query = (
        select(CheckPlan)
        .where(CheckPlan.standard_id.in_(set(standard_ids)))
        .order_by(CheckPlan.valid_to.is_not(None), CheckPlan.name, CheckPlan.id)
    )
    return [_plan(row) for row in session.execute(query).scalars()]


def _plan(row: CheckPlan) -> CheckPlanFacts:
    return CheckPlanFacts(
        id=row.id,
        standard_id=row.standard_id,
        range_id=row.range_id,
        name=row.name,
        against=row.against,
        against_standard_id=row.against_standard_id,
        unit=row.unit,
        lower_limit=row.lower_limit,
        upper_limit=row.upper_limit,
        limits_reason=row.limits_reason,
        chart_limits=row.chart_limits,
        interval_months=row.interval_months,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        ended_reason=row.ended_reason,
        decided_at=row.decided_at,
        decided_by_name=row.decided_by_name,
    )


def check_facts(session: Session, check_id: int) -> CheckFacts:
    """Return one check. Raises NotFound."""
    found = _checks(session, IntermediateCheck.id == check_id)
    if not found:
        raise NotFound("check.not_found")
    return found[0]


def checks_of_plan(session: Session, plan_id: int) -> list[CheckFacts]:
    """Return every check of a plan in the order of time, replaced entries included."""
    return _checks(session, IntermediateCheck.plan_id == plan_id)


def checks_of_plans(session: Session, plan_ids: Collection[int]) -> list[CheckFacts]:
    """Return every check of several plans in the order of time, replaced entries included: one statement."""
    return _checks(session, IntermediateCheck.plan_id.in_(set(plan_ids)))


def counting(checks: Collection[CheckFacts]) -> list[CheckFacts]:
    """Return the checks that were not put right by a later entry."""
    return [check for check in checks if check.replaced_by is None]


def _checks(session: Session, condition: ColumnElement[bool]) -> list[CheckFacts]:
    later = aliased(IntermediateCheck)
    query = (
        select(IntermediateCheck, later.id)
        .outerjoin(later, later.replaces_id == IntermediateCheck.id)
        .where(condition)
        .order_by(IntermediateCheck.at, IntermediateCheck.id)
    )
    return [_check(row, replaced_by) for row, replaced_by in session.execute(query)]


def _check(row: IntermediateCheck, replaced_by: int | None) -> CheckFacts:
    return CheckFacts(
        id=row.id,
        standard_id=row.standard_id,
        range_id=row.range_id,
        plan_id=row.plan_id,
        chart_id=row.chart_id,
        at=row.at,
        typed=row.typed or f"{row.value:f}",
        value=row.value,
        standard_uncertainty=row.standard_uncertainty,
        lower_limit=row.lower_limit,
        upper_limit=row.upper_limit,
        unit=row.unit,
        passed=row.passed,
        rule=CheckRule(row.rule or CheckRule.FIXED_LIMITS),
        note=row.note,
        actor_name=row.actor_name,
        recorded_at=row.recorded_at,
        replaces_id=row.replaces_id,
        reason=row.reason,
        replaced_by=replaced_by,
    )


def chart_facts(session: Session, chart_id: int) -> ChartFacts:
    """Return a control chart. Raises NotFound."""
    row = session.get(ControlChart, chart_id)
    if row is None or row.plan_id is None:
        raise NotFound("chart.not_found")
    return _chart(row)


def charts_of_plans(session: Session, plan_ids: Collection[int]) -> list[ChartFacts]:
    """Return the charts of plans, those that hold first and the newest of them before the others."""
    query = (
        select(ControlChart)
        .where(ControlChart.plan_id.in_(set(plan_ids)))
        .order_by(ControlChart.valid_to.is_not(None), ControlChart.valid_from.desc(), ControlChart.id.desc())
    )
    return [_chart(row) for row in session.execute(query).scalars()]


def _chart(row: ControlChart) -> ChartFacts:
    said: dict[str, Any] = json.loads(row.parameters or "{}")
    return ChartFacts(
        id=row.id,
        standard_id=row.standard_id,
        plan_id=row.plan_id or 0,
        kind=ChartKind(row.kind),
        name=row.name,
        unit=row.unit,
        centre=row.centre,
        sigma=row.sigma,
        baseline=said.get("baseline"),
        weight=Decimal(said.get("weight", "0.2")),
        width=Decimal(said.get("width", "3")),
        rules=tuple(said.get("rules", ())),
        reason=row.reason or "",
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        decided_by_name=row.decided_by_name or "",
    )


def plan_lines(session: Session, standard: StandardFacts, at: datetime) -> list[PlanLine]:
    """Return the check plans of a standard as they stand at an instant: three statements."""
    plans = plans_of(session, [standard.id])
    keys = [plan.id for plan in plans]
    checks = checks_of_plans(session, keys) if keys else []
    charts = charts_of_plans(session, keys) if keys else []
    day = local_date(at, standard.timezone)
    return [
        plan_line(
            plan,
            [check for check in checks if check.plan_id == plan.id],
            [chart for chart in charts if chart.plan_id == plan.id],
            day,
            standard.timezone,
        )
        for plan in plans
    ]


def limits_of(session: Session, standard_id: int) -> list[LimitFacts]:
    """Return how far a standard's values may lie from their nominal values, the newest decision first."""
    query = (
        select(StandardLimit)
        .where(StandardLimit.standard_id == standard_id)
        .order_by(StandardLimit.valid_from.desc(), StandardLimit.id.desc())
    )
    return [
        LimitFacts(
            row.id,
            row.standard_id,
            row.range_id,
            row.half_width_expression,
            row.unit,
            row.basis,
            row.valid_from,
            row.decided_by_name,
        )
        for row in session.execute(query).scalars()
    ]


def interval_decisions_of(session: Session, standard_id: int) -> list[IntervalDecisionFacts]:
    """Return what was decided about a standard's calibration interval, newest first."""
    query = (
        select(IntervalDecision).where(IntervalDecision.standard_id == standard_id).order_by(IntervalDecision.id.desc())
    )
    return [
        IntervalDecisionFacts(
            row.id,
            row.standard_id,
            row.months_before,
            row.months,
            row.proposed_months,
            row.method,
            row.evidence,
            row.decided_on,
            row.decided_by_name,
        )
        for row in session.execute(query).scalars()
    ]


def last_good_evidence(session: Session, standard_id: int, range_id: int | None, before: datetime) -> Evidence | None:
    """Return the last evidence before an instant that a range of a standard was good, or None.

    A calibration that was accepted by then (its day's beginning in the zone of the standard's site), or a check that
    passed, was not replaced, and concerns the range or the whole standard. `range_id` None takes evidence on any.
    """
    found = [*_good_calibrations(session, standard_id, range_id, before)]
    conditions = [
        IntermediateCheck.standard_id == standard_id,
        IntermediateCheck.at < before,
        IntermediateCheck.passed.is_(True),
    ]
    if range_id is not None:
        conditions.append(or_(IntermediateCheck.range_id == range_id, IntermediateCheck.range_id.is_(None)))
    later = aliased(IntermediateCheck)
    check = session.execute(
        select(IntermediateCheck.at, IntermediateCheck.id)
        .outerjoin(later, later.replaces_id == IntermediateCheck.id)
        .where(*conditions, later.id.is_(None))
        .order_by(IntermediateCheck.at.desc(), IntermediateCheck.id.desc())
        .limit(1)
    ).first()
    if check is not None:
        found.append(Evidence(check[0], EvidenceKind.CHECK, check[1]))
    return max(found, key=lambda evidence: evidence.at, default=None)


def _good_calibrations(session: Session, standard_id: int, range_id: int | None, before: datetime) -> list[Evidence]:
    query = (
        select(StandardCalibration.id, StandardCalibration.calibrated_on, Site.timezone)
        .join(Standard, Standard.id == StandardCalibration.standard_id)
        .join(Site, Site.id == Standard.site_id)
        .where(
            StandardCalibration.standard_id == standard_id,
            StandardCalibration.state.in_((CalibrationState.ACCEPTED, CalibrationState.ENDED)),
            StandardCalibration.accepted_at < before,
        )
    )
    if range_id is not None:
        about = select(CalibrationContent.calibration_id).where(CalibrationContent.range_id == range_id)
        query = query.where(StandardCalibration.id.in_(about))
    found = []
    for key, day, zone in session.execute(query):
        at = datetime.combine(day, time.min, ZoneInfo(zone))
        if at < before:
            found.append(Evidence(at, EvidenceKind.CALIBRATION, key))
    return found
