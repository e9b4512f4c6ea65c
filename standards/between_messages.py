"""Words for the codes of what happens between calibrations: checks, charts, limits, intervals, due dates, reminders."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "check_plan.not_found": N_("There is no such check plan."),
    "check_plan.ended": N_("The plan “%(name)s” has ended; nothing more is recorded for it."),
    "check.not_found": N_("There is no such check."),
    "check.no_limits": N_("At least one limit is needed, or nothing could fail."),
    "check.against_itself": N_("A standard cannot be checked against itself; choose another, or none."),
    "check.in_future": N_("%(at)s lies in the future."),
    "check.outside_plan": N_("The plan did not hold then; its first day is %(valid_from)s."),
    "check.replaced_already": N_("Somebody else put this entry right meanwhile; look at the new one first."),
    "chart.not_found": N_("There is no such chart."),
    "chart.ended": N_("The chart “%(name)s” has ended already."),
    "chart.both_or_none": N_("A fixed centre and a fixed standard deviation belong together: enter both, or neither."),
    "chart.no_baseline": N_("Say how many of the first checks make the baseline, or enter centre and σ."),
    "chart.baseline_or_fixed": N_("Centre and σ are fixed: leave the number of first checks empty."),
    "chart.baseline": N_("%(value)s checks are not possible; a baseline has %(lower)s to %(upper)s."),
    "chart.weight": N_("The weight λ lies above 0 and is at most 1, not %(value)s."),
    "chart.width": N_("Limits lie at 1 to 6 standard deviations, not at %(value)s."),
}

LABELS: Final[dict[str, str]] = {
    "check_rule.fixed_limits": N_("by the fixed limits"),
    "check_rule.chart_limits": N_("by the chart's limits"),
    "chart_kind.shewhart": N_("Shewhart chart of single values"),
    "chart_kind.ewma": N_("EWMA chart"),
    "chart_line.centre": N_("centre"),
    "chart_line.upper": N_("upper control limit"),
    "chart_line.lower": N_("lower control limit"),
    "chart_line.upper_last": N_("upper limit of z"),
    "chart_line.lower_last": N_("lower limit of z"),
    "chart_line.fixed_upper": N_("fixed limit"),
    "chart_line.fixed_lower": N_("fixed limit"),
    "chart_rule.above_limit": N_("above the upper control limit"),
    "chart_rule.below_limit": N_("below the lower control limit"),
    "chart_rule.nelson_1": N_("one point more than 3σ from the centre"),
    "chart_rule.nelson_2": N_("nine points in a row on one side of the centre"),
    "chart_rule.nelson_3": N_("six points in a row that all rise or all fall"),
    "chart_rule.nelson_4": N_("fourteen points in a row that rise and fall by turns"),
    "chart_rule.nelson_5": N_("two of three points in a row more than 2σ from the centre, on one side"),
    "chart_rule.nelson_6": N_("four of five points in a row more than 1σ from the centre, on one side"),
    "chart_rule.nelson_7": N_("fifteen points in a row within 1σ of the centre"),
    "chart_rule.nelson_8": N_("eight points in a row more than 1σ from the centre, on both sides"),
    "chart_rule_short.above_limit": N_("UCL"),
    "chart_rule_short.below_limit": N_("LCL"),
    "chart_rule_short.nelson_1": N_("N1"),
    "chart_rule_short.nelson_2": N_("N2"),
    "chart_rule_short.nelson_3": N_("N3"),
    "chart_rule_short.nelson_4": N_("N4"),
    "chart_rule_short.nelson_5": N_("N5"),
    "chart_rule_short.nelson_6": N_("N6"),
    "chart_rule_short.nelson_7": N_("N7"),
    "chart_rule_short.nelson_8": N_("N8"),
}
