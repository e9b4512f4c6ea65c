"""What a person asks for between calibrations, as plain values: made by forms, carried out by services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from standards.check_facts import ChartKind


@dataclass(frozen=True, slots=True)
class PlanCheck:
    """A plan of checks: of a range of a standard (or the whole), against something named, within limits."""

    standard_id: int
    name: str
    against: str
    unit: str
    limits_reason: str
    valid_from: date
    range_id: int | None = None
    against_standard_id: int | None = None
    lower_limit: Decimal | None = None
    upper_limit: Decimal | None = None
    chart_limits: bool = False
    interval_months: int | None = None


@dataclass(frozen=True, slots=True)
class EndPlan:
    """End a plan on a day, saying why."""

    plan_id: int
    valid_to: date
    reason: str


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """A check as typed; `replaces_id` with its reason puts an earlier entry of the same plan right."""

    plan_id: int
    typed: str
    value: Decimal
    at: datetime
    standard_uncertainty: Decimal | None = None
    note: str | None = None
    replaces_id: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SetUpChart:
    """A chart of a plan's checks: its baseline from the first checks, or centre and spread known beforehand."""

    plan_id: int
    kind: ChartKind
    name: str
    reason: str
    valid_from: date
    baseline: int | None = None
    centre: Decimal | None = None
    sigma: Decimal | None = None
    weight: Decimal = Decimal("0.2")
    width: Decimal = Decimal(3)
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EndChart:
    """End a chart on a day; another may take its place."""

    chart_id: int
    valid_to: date


@dataclass(frozen=True, slots=True)
class StateLimit:
    """How far the value of a range (None: of every range) may lie from its nominal value; x is the nominal value."""

    standard_id: int
    half_width_expression: str
    unit: str
    basis: str
    valid_from: date
    range_id: int | None = None


@dataclass(frozen=True, slots=True)
class DecideInterval:
    """A new calibration interval, with the evidence for it and what was proposed."""

    standard_id: int
    months: int
    evidence: str
    decided_on: date
    row_version: int
    proposed_months: int | None = None
    method: str | None = None
    proposal: str | None = None
