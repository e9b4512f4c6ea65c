"""Control charts of checks: baseline, limits, signals, and the verdict on a new check. Pure; the numbers are calc's.

A chart counts the checks of its plan from its first day on. Where centre and sigma were not fixed, they come from its
first checks that passed the plan's fixed limits, as many as it says; until then it has no limits and judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.history.control_charts import Rule, Signal, ewma_chart, individuals_chart
from calc.history.run_rules import NELSON, nelson_signals
from lims.core.clock import local_date
from standards.check_facts import ChartFacts, ChartKind, CheckFacts, CheckPlanFacts, CheckRule, LimitPair

RULES: Final = tuple(rule.value for rule in NELSON)
"""The run rules that a Shewhart chart may watch, by their codes."""
WESTERN_ELECTRIC: Final = (Rule.NELSON_1.value, Rule.NELSON_2.value, Rule.NELSON_5.value, Rule.NELSON_6.value)
"""Those of the Western Electric handbook (1956), its run on one side counted to nine as by Nelson."""
FEWEST_BASELINE: Final = 4
MOST_BASELINE: Final = 100
OPEN: Final = LimitPair(None, None)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Centre and standard deviation of a chart, and from how many checks they come (0: fixed beforehand)."""

    centre: float
    sigma: float
    checks: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart worked out: what is plotted for each check, with limits where it has any, and the signals by check.

    `wanted` is how many checks are still missing for the baseline; `problem` a code where they give none.
    """

    checks: tuple[CheckFacts, ...]
    points: tuple[float, ...]
    baseline: Baseline | None
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    signals: tuple[tuple[str, ...], ...]
    wanted: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a check passed, by which limits, and those that held for it."""

    passed: bool
    rule: CheckRule
    limits: LimitPair


def charted(chart: ChartFacts, checks: Sequence[CheckFacts], timezone: str) -> list[CheckFacts]:
    """Return the checks that a chart counts: not replaced, from its first day to its last, in the order of time."""
    return [
        check
        for check in checks
        if check.replaced_by is None
        and chart.valid_from <= local_date(check.at, timezone)
        and (chart.valid_to is None or local_date(check.at, timezone) <= chart.valid_to)
    ]


def draw(chart: ChartFacts, plan: CheckPlanFacts, checks: Sequence[CheckFacts], timezone: str) -> Drawn:
    """Return the chart of a plan's checks."""
    counted = charted(chart, checks, timezone)
    values = [float(check.value) for check in counted]
    baseline, wanted, problem = _baseline(chart, plan, counted)
    if baseline is None or not values:
        silent = tuple(() for _ in values)
        return Drawn(tuple(counted), tuple(values), baseline, (), (), silent, wanted, problem)
    if chart.kind is ChartKind.EWMA:
        found = ewma_chart(
            values,
            centre=baseline.centre,
            standard_deviation=baseline.sigma,
            weight=float(chart.weight),
            width=float(chart.width),
        )
        signals: Sequence[Signal] = found.signals
        points, lower, upper = found.points, found.lower, found.upper
    else:
        reach = float(chart.width) * baseline.sigma
        points = tuple(values)
        lower = tuple(baseline.centre - reach for _ in values)
        upper = tuple(baseline.centre + reach for _ in values)
        watched = [Rule(code) for code in chart.rules]
        signals = [*_beyond(points, lower, upper), *nelson_signals(values, baseline.centre, baseline.sigma, watched)]
    return Drawn(tuple(counted), points, baseline, lower, upper, _by_point(signals, len(points)))


def judge(
    plan: CheckPlanFacts,
    charts: Sequence[ChartFacts],
    checks: Sequence[CheckFacts],
    value: Decimal,
    at: datetime,
    timezone: str,
) -> Verdict:
    """Return whether a value passes: the fixed limits always hold, a chart's besides where the plan says so.

    Of an EWMA, the limits of the value are those at which the average would leave its own.
    """
    narrower = OPEN
    if plan.chart_limits:
        day = local_date(at, timezone)
        for chart in charts:
            if chart.valid_from <= day and (chart.valid_to is None or day <= chart.valid_to):
                before = [check for check in checks if check.at < at]
                narrower = narrower.within(_limits_of_next(chart, plan, before, timezone))
    limits = plan.limits.within(narrower)
    if not plan.limits.hold(value):
        return Verdict(False, CheckRule.FIXED_LIMITS, limits)
    if narrower != OPEN:
        return Verdict(narrower.hold(value), CheckRule.CHART_LIMITS, limits)
    return Verdict(True, CheckRule.FIXED_LIMITS, limits)


def _limits_of_next(chart: ChartFacts, plan: CheckPlanFacts, checks: Sequence[CheckFacts], timezone: str) -> LimitPair:
    """Return the limits that a chart sets for the check that follows; none while it has no baseline."""
    counted = charted(chart, checks, timezone)
    baseline, _, _ = _baseline(chart, plan, counted)
    if baseline is None:
        return OPEN
    if chart.kind is ChartKind.SHEWHART:
        reach = float(chart.width) * baseline.sigma
        return LimitPair(_exact(baseline.centre - reach), _exact(baseline.centre + reach))
    share = float(chart.weight)
    values = [*(float(check.value) for check in counted), baseline.centre]
    drawn = ewma_chart(
        values, centre=baseline.centre, standard_deviation=baseline.sigma, weight=share, width=float(chart.width)
    )
    before = drawn.points[-2] if len(values) > 1 else baseline.centre
    rest = (1.0 - share) * before
    return LimitPair(_exact((drawn.lower[-1] - rest) / share), _exact((drawn.upper[-1] - rest) / share))


def _baseline(
    chart: ChartFacts, plan: CheckPlanFacts, counted: Sequence[CheckFacts]
) -> tuple[Baseline | None, int, str | None]:
    """Return centre and sigma, how many checks are still wanted for them, and why they could not be had."""
    if chart.centre is not None and chart.sigma is not None:
        return Baseline(float(chart.centre), float(chart.sigma), 0), 0, None
    needed = chart.baseline or FEWEST_BASELINE
    first = [float(check.value) for check in counted if plan.limits.hold(check.value)][:needed]
    if len(first) < needed:
        return None, needed - len(first), None
    try:
        found = individuals_chart(first).location
    except CalcError:
        return None, 0, "chart.no_spread"
    return Baseline(found.centre, found.standard_deviation, needed), 0, None


def _beyond(points: Sequence[float], lower: Sequence[float], upper: Sequence[float]) -> list[Signal]:
    found = []
    for index, point in enumerate(points):
        if point > upper[index]:
            found.append(Signal(Rule.ABOVE_LIMIT, index))
        elif point < lower[index]:
            found.append(Signal(Rule.BELOW_LIMIT, index))
    return found


def _by_point(signals: Sequence[Signal], count: int) -> tuple[tuple[str, ...], ...]:
    """Return the rules met at each point; a point beyond its limit is not said to meet Nelson's first rule as well."""
    rules: list[list[str]] = [[] for _ in range(count)]
    for signal in signals:
        rules[signal.index].append(signal.rule.value)
    beyond = {Rule.ABOVE_LIMIT.value, Rule.BELOW_LIMIT.value}
    return tuple(
        tuple(code for code in found if code != Rule.NELSON_1.value or not beyond & set(found)) for found in rules
    )


def _exact(number: float) -> Decimal:
    return Decimal(repr(number))
