"""From a series and its line to the picture: values with U bars, steps of adjustments, the line, the forecast. Pure."""

from __future__ import annotations

from standards.chart_picture import ChartPicture, Level, Path, Spot, time_picture
from standards.drift_facts import Found, SeriesLine
from standards.drift_series import DAYS_PER_YEAR, years

_FORECAST = -1


def drift_picture(shown: SeriesLine) -> ChartPicture:
    """Return the chart of a series over time, from its first calibration to the day of the forecast."""
    series, line = shown.series, shown.line
    start = series.occasions[0].on
    spots, paths = [], []
    for occasion in series.occasions:
        day = float((occasion.on - start).days)
        spots.append(_spot(day, occasion.found, "round"))
        if occasion.step:
            spots.append(_spot(day, occasion.left, "hollow"))
            paths.append(Path("step", ((day, float(occasion.found.value)), (day, float(occasion.left.value)))))
    last = float((series.occasions[-1].on - start).days)
    if line is not None:
        due = years(series, line.forecast_on) * DAYS_PER_YEAR
        paths += [Path("fit", _in_days(segment)) for segment in line.segments]
        paths.append(Path("forecast", ((last, line.level), (max(due, last), line.forecast))))
        for sign in (1.0, -1.0):
            edge = tuple((time * DAYS_PER_YEAR, value + sign * reach) for time, value, reach in line.band)
            paths.append(Path("band", edge))
        spots.append(Spot(max(due, last), line.forecast, line.forecast_uncertainty, "forecast", key=_FORECAST))
        last = max(due, last)
    levels = [Level("chart_line.nominal", 0.0, "zero")] if series.deviation else []
    if series.limit is not None:
        limit = float(series.limit)
        levels += [
            Level("chart_line.permissible", limit, "fixed", series.limit),
            Level("chart_line.permissible", -limit, "fixed", -series.limit),
        ]
    return time_picture(spots, levels, paths, start, 0.0, max(last, 30.0))


def _spot(day: float, found: Found, shape: str) -> Spot:
    reach = 0.0 if found.expanded_uncertainty is None else float(found.expanded_uncertainty)
    return Spot(day, float(found.value), reach, shape)


def _in_days(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    return tuple((time * DAYS_PER_YEAR, value) for time, value in points)
