"""What others may know of what happens between calibrations: check plans, checks, charts, limits, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from standards.facts import DueState


class CheckRule(StrEnum):
    """By which limits a check was judged: the plan's fixed ones, or those of its control chart, which are narrower."""

    FIXED_LIMITS = "fixed_limits"
    CHART_LIMITS = "chart_limits"


class ChartKind(StrEnum):
    """Which control chart the checks of a plan are drawn on."""

    SHEWHART = "shewhart"
    EWMA = "ewma"


class EvidenceKind(StrEnum):
    """What shows that a standard was good at an instant."""

    CALIBRATION = "calibration"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The last good evidence before an instant: a calibration (its day's beginning) or a check that passed."""

    at: datetime
    kind: EvidenceKind
    id: int


@dataclass(frozen=True, slots=True)
class LimitPair:
    """A lower and an upper limit, either of which may be open, in one unit."""

    lower: Decimal | None
    upper: Decimal | None

    def hold(self, value: Decimal) -> bool:
        """Return whether a value lies within; a value on a limit does."""
        return (self.lower is None or value >= self.lower) and (self.upper is None or value <= self.upper)

    def within(self, other: LimitPair) -> LimitPair:
        """Return the narrower limit at either end."""
        lowers = [limit for limit in (self.lower, other.lower) if limit is not None]
        uppers = [limit for limit in (self.upper, other.upper) if limit is not None]
        return LimitPair(max(lowers, default=None), min(uppers, default=None))


@dataclass(frozen=True, slots=True)
class CheckPlanFacts:
    """What of a standard is checked against what, within which limits and how often."""

    id: int
    standard_id: int
    range_id: int | None
    name: str
    against: str
    against_standard_id: int | None
    unit: str
    lower_limit: Decimal | None
    upper_limit: Decimal | None
    limits_reason: str
    chart_limits: bool
    interval_months: int | None
    valid_from: date
    valid_to: date | None
    ended_reason: str | None
    decided_at: datetime
    decided_by_name: str

    @property
    def limits(self) -> LimitPair:
        """The fixed limits."""
        return LimitPair(self.lower_limit, self.upper_limit)

    @property
    def ended(self) -> bool:
        """Whether the plan is over: nothing more is recorded for it."""
        return self.valid_to is not None


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """One check with its verdict. `replaced_by` is set on an entry that a later one put right."""

    id: int
    standard_id: int
    range_id: int | None
    plan_id: int | None
    chart_id: int | None
    at: datetime
    typed: str
    value: Decimal
    standard_uncertainty: Decimal | None
    lower_limit: Decimal | None
    upper_limit: Decimal | None
    unit: str
    passed: bool
    rule: CheckRule
    note: str | None
    actor_name: str
    recorded_at: datetime | None
    replaces_id: int | None
    reason: str | None
    replaced_by: int | None = None


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """A control chart as it was set up. Without centre and sigma they come from the first `baseline` checks."""

    id: int
    standard_id: int
    plan_id: int
    kind: ChartKind
    name: str
    unit: str
    centre: Decimal | None
    sigma: Decimal | None
    baseline: int | None
    weight: Decimal
    width: Decimal
    rules: tuple[str, ...]
    reason: str
    valid_from: date
    valid_to: date | None
    decided_by_name: str


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan as it stands on a day: the last check that counts, when the next one is due, its chart."""

    plan: CheckPlanFacts
    last: CheckFacts | None
    count: int
    due_on: date | None
    due: DueState
    chart_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """A dated decision how far a range's value may lie from its nominal value."""

    id: int
    standard_id: int
    range_id: int | None
    half_width_expression: str
    unit: str
    basis: str
    valid_from: date
    decided_by_name: str


@dataclass(frozen=True, slots=True)
class IntervalDecisionFacts:
    """What a person decided about a calibration interval, on what evidence, and what had been proposed."""

    id: int
    standard_id: int
    months_before: int | None
    months: int
    proposed_months: int | None
    method: str | None
    evidence: str
    decided_on: date
    decided_by_name: str
