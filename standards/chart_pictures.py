"""From a worked-out control chart to its picture: which lines and points are drawn. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lims.core.clock import local_date
from standards.chart_picture import ChartPicture, Level, Path, Spot, control_picture
from standards.charting import Drawn, draw
from standards.check_facts import ChartFacts, ChartKind, CheckFacts, CheckPlanFacts


@dataclass(frozen=True, slots=True)
class Charted:
    """A chart with what was worked out of it, its picture, and the rules met in the order of the checks."""

    chart: ChartFacts
    drawn: Drawn
    picture: ChartPicture | None
    violations: tuple[tuple[CheckFacts, tuple[str, ...]], ...]


def charted_page(chart: ChartFacts, plan: CheckPlanFacts, checks: list[CheckFacts], timezone: str) -> Charted:
    """Return a chart of a plan's checks with its picture; none while there is no check on it."""
    drawn = draw(chart, plan, checks, timezone)
    met = tuple((check, rules) for check, rules in zip(drawn.checks, drawn.signals, strict=True) if rules)
    return Charted(chart, drawn, _picture(chart, plan, drawn, timezone) if drawn.checks else None, met)


def _picture(chart: ChartFacts, plan: CheckPlanFacts, drawn: Drawn, timezone: str) -> ChartPicture:
    smoothed = chart.kind is ChartKind.EWMA and drawn.baseline is not None
    spots = [
        Spot(
            x=place,
            y=point,
            reach=0.0 if smoothed or check.standard_uncertainty is None else 2.0 * float(check.standard_uncertainty),
            shape="round" if check.passed else "square",
            rules=rules,
            key=check.id,
        )
        for place, (check, point, rules) in enumerate(zip(drawn.checks, drawn.points, drawn.signals, strict=True), 1)
    ]
    days = [local_date(check.at, timezone) for check in drawn.checks]
    paths = [Path("points", tuple((spot.x, spot.y) for spot in spots))]
    levels = []
    if smoothed:
        places = range(1, len(spots) + 1)
        paths += [
            Path("limit", tuple(zip(places, drawn.lower, strict=True))),
            Path("limit", tuple(zip(places, drawn.upper, strict=True))),
        ]
    levels += _levels(plan, drawn, smoothed=smoothed)
    shaded = 0 if drawn.baseline is None else min(drawn.baseline.checks, len(spots))
    return control_picture(spots, levels, paths, days, shaded)


def _levels(plan: CheckPlanFacts, drawn: Drawn, *, smoothed: bool) -> list[Level]:
    found = []
    if drawn.baseline is not None:
        found.append(Level("chart_line.centre", drawn.baseline.centre, "centre"))
        if smoothed:
            found += [
                Level("chart_line.upper_last", drawn.upper[-1], "end"),
                Level("chart_line.lower_last", drawn.lower[-1], "end"),
            ]
        else:
            found += [
                Level("chart_line.upper", drawn.upper[0], "limit"),
                Level("chart_line.lower", drawn.lower[0], "limit"),
            ]
    if not smoothed:  # an average has no fixed limits: those are of single checks
        for words, limit in (
            ("chart_line.fixed_upper", plan.upper_limit),
            ("chart_line.fixed_lower", plan.lower_limit),
        ):
            if limit is not None:
                found.append(Level(words, float(limit), "fixed", limit))
    return found
