"""When checks fall due, and how a thing stands on a day. Pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lims.core.clock import local_date
from standards.check_facts import ChartFacts, CheckFacts, CheckPlanFacts, PlanLine
from standards.facts import DueState
from standards.validity import add_months, due_state


def plan_line(
    plan: CheckPlanFacts, checks: Sequence[CheckFacts], charts: Sequence[ChartFacts], day: date, timezone: str
) -> PlanLine:
    """Return how a check plan stands on a day; `checks` are those of the plan in the order of time.

    The next check is due so many months after the last one that counts, the first on the plan's first day. A plan
    without an interval, or an ended one, never falls due.
    """
    counting = [check for check in checks if check.replaced_by is None]
    last = counting[-1] if counting else None
    due_on = None
    if plan.interval_months is not None and not plan.ended:
        due_on = plan.valid_from
        if last is not None:
            due_on = add_months(local_date(last.at, timezone), plan.interval_months)
    due = DueState.NOT_NEEDED if due_on is None else due_state(True, due_on, True, day)
    return PlanLine(plan, last, len(counting), due_on, due, tuple(chart.id for chart in charts))
