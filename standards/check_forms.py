"""Turns the text of forms on checks, charts, limits and intervals into commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from lims.core.fields import Fields
from lims.core.numbers import parse_decimal
from standards.check_commands import (
    DecideInterval,
    EndChart,
    EndPlan,
    PlanCheck,
    RecordCheck,
    SetUpChart,
    StateLimit,
)
from standards.check_facts import ChartKind


def parse_plan_check(standard_id: int, form: Mapping[str, str]) -> PlanCheck:
    """Return the command of the form that plans checks."""
    fields = Fields(form)
    command = PlanCheck(
        standard_id,
        name=fields.text("name"),
        against=fields.text("against", maximum=2000),
        unit=fields.text("unit", maximum=40),
        limits_reason=fields.text("limits_reason", maximum=2000),
        valid_from=fields.date("valid_from"),
        range_id=fields.optional_integer("range_id", lower=1),
        against_standard_id=fields.optional_integer("against_standard_id", lower=1),
        lower_limit=fields.optional_decimal("lower_limit"),
        upper_limit=fields.optional_decimal("upper_limit"),
        chart_limits=fields.flag("chart_limits"),
        interval_months=fields.optional_integer("interval_months"),
    )
    fields.finish()
    return command


def parse_end_plan(plan_id: int, form: Mapping[str, str]) -> EndPlan:
    """Return the command that ends a plan."""
    fields = Fields(form)
    command = EndPlan(plan_id, valid_to=fields.date("valid_to"), reason=fields.text("reason", maximum=2000))
    fields.finish()
    return command


def parse_record_check(plan_id: int, form: Mapping[str, str], timezone: str) -> RecordCheck:
    """Return the command that records a check, its value as it was typed."""
    fields = Fields(form)
    replaces_id = fields.optional_integer("replaces_id", lower=1)
    command = RecordCheck(
        plan_id,
        typed=fields.raw("value").strip()[:40],
        value=fields.decimal("value"),
        at=fields.instant("at", timezone),
        standard_uncertainty=fields.optional_decimal("standard_uncertainty"),
        note=fields.optional_text("note", maximum=2000),
        replaces_id=replaces_id,
        reason=fields.optional_text("reason", maximum=2000),
    )
    fields.finish()
    return command


def parse_set_up_chart(plan_id: int, form: Mapping[str, str], rules: Sequence[str]) -> SetUpChart:
    """Return the command that sets up a chart; `rules` are the boxes ticked."""
    fields = Fields(form)
    command = SetUpChart(
        plan_id,
        kind=fields.choice("kind", ChartKind),
        name=fields.text("name"),
        reason=fields.text("reason", maximum=2000),
        valid_from=fields.date("valid_from"),
        baseline=fields.optional_integer("baseline"),
        centre=fields.optional_decimal("centre"),
        sigma=fields.optional_decimal("sigma"),
        weight=fields.optional_decimal("weight") or Decimal("0.2"),
        width=fields.optional_decimal("width") or Decimal(3),
        rules=tuple(rules),
    )
    fields.finish()
    return command


def parse_end_chart(chart_id: int, form: Mapping[str, str]) -> EndChart:
    """Return the command that ends a chart."""
    fields = Fields(form)
    command = EndChart(chart_id, valid_to=fields.date("valid_to"))
    fields.finish()
    return command


def parse_state_limit(standard_id: int, form: Mapping[str, str]) -> StateLimit:
    """Return the command that states a limit."""
    fields = Fields(form)
    command = StateLimit(
        standard_id,
        half_width_expression=_formula(fields.text("half_width_expression")),
        unit=fields.text("unit", maximum=40),
        basis=fields.text("basis", maximum=2000),
        valid_from=fields.date("valid_from"),
        range_id=fields.optional_integer("range_id", lower=1),
    )
    fields.finish()
    return command


def parse_decide_interval(standard_id: int, form: Mapping[str, str]) -> DecideInterval:
    """Return the command of a decision on an interval; what was proposed is added by the page's own reckoning."""
    fields = Fields(form)
    command = DecideInterval(
        standard_id,
        months=fields.integer("months"),
        evidence=fields.text("evidence", maximum=2000),
        decided_on=fields.date("decided_on"),
        row_version=fields.integer("row_version"),
    )
    fields.finish()
    return command


def _formula(text: str) -> str:
    """Return a formula as typed, a plain number with a decimal point."""
    found = parse_decimal(text)
    return text if found is None else f"{found:f}"
