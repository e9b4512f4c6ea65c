"""What the demonstration laboratory does between calibrations: check plans with their charts and checks, limits."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from importlib import resources
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.demo.laboratory import Laboratory
from standards import check_services, interval_services, queries
from standards.calibration_models import Standard
from standards.check_commands import PlanCheck, RecordCheck, SetUpChart, StateLimit
from standards.check_facts import ChartKind
from standards.facts import RangeFacts

Record = Mapping[str, Any]
_AT_WORK = 9


def add_checks(session: Session, laboratory: Laboratory) -> None:
    """State limits and plan checks of the standards that are there, each on its day, and record what was found."""
    keys = {row.code: row.id for row in session.execute(select(Standard)).scalars()}
    text = resources.files("lims.demo").joinpath("registers/checks.toml").read_text(encoding="utf-8")
    register: Record = tomllib.loads(text)
    for limit in register["limit"]:
        _state_limits(session, laboratory, keys[limit["standard"]], limit)
    for plan in register["plan"]:
        _plan(session, laboratory, keys, plan)


def _ranges(session: Session, standard_id: int) -> list[tuple[str, RangeFacts]]:
    """Return the ranges of a standard, each with the code of its part."""
    standard = queries.standard_facts(session, standard_id)
    instrument = queries.instrument_facts(session, standard.instrument_id)
    return [(address.part.code, address.range) for address in instrument.ranges()]


def _state_limits(session: Session, laboratory: Laboratory, standard_id: int, limit: Record) -> None:
    day = laboratory.today - timedelta(days=limit["days_ago"])
    of = {Decimal(nominal): half_width for nominal, half_width in limit.get("of", {}).items()}
    for _, range_ in _ranges(session, standard_id):
        half_width = limit.get("half_width") if range_.name == limit.get("range") else None
        if range_.nominal is not None:
            half_width = of.get(range_.nominal, half_width)
        if half_width is not None:
            command = StateLimit(standard_id, half_width, limit["unit"], limit["basis"], day, range_.id)
            now = laboratory.at(day, hour=_AT_WORK)
            interval_services.state_limit(session, laboratory.actor("kt01"), command, now=now)


def _plan(session: Session, laboratory: Laboratory, keys: Mapping[str, int], plan: Record) -> None:
    standard_id = keys[plan["standard"]]
    day = laboratory.today - timedelta(days=plan["days_ago"])
    now = laboratory.at(day, hour=_AT_WORK)
    wanted = {plan.get("part"), plan.get("range")} - {None}
    only = next((range_.id for part, range_ in _ranges(session, standard_id) if {part, range_.name} & wanted), None)
    command = PlanCheck(
        standard_id,
        name=plan["name"],
        against=plan["against"],
        unit=plan["unit"],
        limits_reason=plan["reason"],
        valid_from=day,
        range_id=only,
        against_standard_id=keys.get(plan.get("against_standard", "")),
        lower_limit=Decimal(plan["lower"]),
        upper_limit=Decimal(plan["upper"]),
        chart_limits=plan["chart_limits"],
        interval_months=plan["interval_months"],
    )
    manager = laboratory.actor("kt01")
    plan_id = check_services.plan_check(session, manager, command, now=now).id
    for chart in plan.get("charts", ()):
        numbers = {name: Decimal(chart[name]) for name in ("centre", "sigma") if name in chart}
        set_up = SetUpChart(
            plan_id,
            kind=ChartKind(chart["kind"]),
            name=chart["name"],
            reason=chart["reason"],
            valid_from=day,
            baseline=chart.get("baseline"),
            rules=tuple(chart["rules"]),
            **numbers,
        )
        check_services.set_up_chart(session, manager, set_up, now=now)
    for days_ago, found, who in plan["checks"]:
        at = laboratory.at(laboratory.today - timedelta(days=days_ago), hour=_AT_WORK)
        check = RecordCheck(plan_id, found, Decimal(found), at, Decimal(plan["u"]))
        actor = laboratory.actor(who)
        check_services.record_check(session, actor, check, now=at + timedelta(minutes=20))
