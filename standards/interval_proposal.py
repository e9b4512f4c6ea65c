"""Proposes a calibration interval from as-found data by calc's methods; a person decides. Pure.

The shortest answer of the methods that have enough to go by is proposed, in whole months, and never more than half as
much again as the present interval at once. The factors of the staircase and the target are this laboratory's choice,
for the guide gives none (ILAC-G24:2022/OIML D 10:2022, 6.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from calc.decisions.conformity import ToleranceInterval
from calc.errors import CalcError
from calc.history.drift_intervals import interval_to_limits
from calc.history.intervals import FEW_CALIBRATIONS, Change, IntervalWarning, a3_interval, staircase_interval
from calc.history.reliability import FEW_RESULTS, fit_reliability
from standards.drift_facts import Series
from standards.drift_series import fit_series, years
from standards.interval_facts import Confidence, IntervalMethod, IntervalProposal, MethodResult

EXTENSION: Final = 1.25
REDUCTION: Final = 0.5
COMFORTABLE: Final = 0.8
TARGET: Final = 0.95
SHORTEST: Final = 1
LONGEST: Final = 60
MOST_AT_ONCE: Final = 1.5
_HORIZON_YEARS: Final = 10.0
_MUCH: Final = 10


def propose(series: Sequence[Series], current: int | None) -> IntervalProposal:
    """Return the proposal from the histories of a standard's values; `current` is the present interval in months."""
    judged = [item for item in series if item.limit is not None and item.limit > 0]
    occasions = _judged(judged)
    passed = sum(within for _, _, within in occasions)
    results = (
        _staircase(judged, current),
        _drift(judged),
        _a3(len(occasions), passed, current),
        _reliability(occasions),
    )
    counting = [result for result in results if result.counts and result.months is not None]
    best = min(counting, key=lambda result: result.months or 0, default=None)
    months, held = _bounded(None if best is None else best.months, current)
    return IntervalProposal(
        current=current,
        months=months,
        method=None if best is None else best.method,
        results=results,
        calibrations=len(occasions),
        in_tolerance=passed,
        confidence=_confidence(len(occasions)),
        held=held,
    )


def _judged(series: Sequence[Series]) -> list[tuple[int, float, bool]]:
    """Return each calibration but the first: its key, the days since the one before, whether all was found within."""
    found: dict[int, tuple[float, bool]] = {}
    days = sorted({(item.on, item.calibration_id) for one in series for item in one.occasions})
    for (before, _), (day, key) in pairwise(days):
        within = all(
            abs(item.found.value) <= one.limit
            for one in series
            for item in one.occasions
            if item.calibration_id == key and one.limit is not None
        )
        found[key] = (float(max((day - before).days, 1)), within)
    return [(key, elapsed, within) for key, (elapsed, within) in found.items()]


def _staircase(series: Sequence[Series], current: int | None) -> MethodResult:
    """Method 1 on the value found nearest to its limit at the latest calibration; a first one ends no interval."""
    latest = max((item.occasions[-1].on for item in series), default=None)
    worst: tuple[Decimal, Series] | None = None
    for item in series:
        if item.limit is not None and item.occasions[-1].on == latest and len(item.occasions) > 1:
            share = abs(item.occasions[-1].found.value) / item.limit
            worst = (share, item) if worst is None or share > worst[0] else worst
    if current is None or worst is None or worst[1].limit is None:
        return MethodResult(IntervalMethod.STAIRCASE, None, "interval.no_limit_or_interval")
    share, item = worst
    found = staircase_interval(
        float(current), float(share), 1.0, extension=EXTENSION, reduction=REDUCTION, comfortable_share=COMFORTABLE
    )
    code = {
        Change.EXTENDED: "interval.staircase_extended",
        Change.KEPT: "interval.staircase_kept",
        Change.SHORTENED: "interval.staircase_shortened",
    }[found.change]
    values = {"series": item, "share": math.floor(float(share) * 100), "factor": found.interval / float(current)}
    return MethodResult(IntervalMethod.STAIRCASE, math.floor(found.interval), code, values)


def _drift(series: Sequence[Series]) -> MethodResult:
    """Method 2: until the value predicted from its drift, with 95 %, reaches its limit; what is common to all
    certificates is no drift and left out, as where a value is judged when found."""
    best: tuple[float, Series, tuple[str, ...]] | None = None
    for item in series:
        answer = _until_limit(item)
        if answer is not None and (best is None or answer[0] < best[0]):
            best = (answer[0], item, answer[1])
    if best is None:
        return MethodResult(IntervalMethod.DRIFT, None, "interval.no_line")
    elapsed, item, warnings = best
    months = math.floor(elapsed * 12.0)
    never = IntervalWarning.NOT_REACHED.value in warnings
    code = "interval.drift_never" if never else "interval.drift_reached"
    if months < SHORTEST:
        code = "interval.drift_beyond"
    return MethodResult(
        IntervalMethod.DRIFT, max(months, SHORTEST), code, {"series": item, "years": _HORIZON_YEARS}, warnings
    )


def _until_limit(series: Series) -> tuple[float, tuple[str, ...]] | None:
    """Return the years from the last calibration until a series' value reaches its limit, None without a line."""
    last = series.occasions[-1].left
    if len(series.occasions) < 3 or series.limit is None:
        return None
    room = float(series.limit)
    try:
        fit, _ = fit_series(series)
        found = interval_to_limits(
            fit,
            ToleranceInterval(-room, room),
            _HORIZON_YEARS,
            start=years(series, series.occasions[-1].on),
            value_at_start=float(last.value),
        )
    except CalcError:
        return None
    return found.interval, tuple(warning.value for warning in found.warnings)


def _a3(calibrations: int, passed: int, current: int | None) -> MethodResult:
    """Method A3: whether the present interval meets the target; it counts where that is rejected with confidence."""
    if current is None or calibrations == 0:
        return MethodResult(IntervalMethod.A3, None, "interval.nothing_judged")
    found = a3_interval(calibrations, passed, TARGET, float(current), may_extend=True)
    warnings = tuple(warning.value for warning in found.warnings)
    values = {"count": calibrations, "passed": passed, "target": round(TARGET * 100), "interval": current}
    if IntervalWarning.NOT_SIGNIFICANT in found.warnings:
        return MethodResult(IntervalMethod.A3, current, "interval.a3_open", values, warnings, counts=False)
    counts = calibrations >= FEW_CALIBRATIONS or found.change is Change.SHORTENED
    return MethodResult(
        IntervalMethod.A3, max(math.floor(found.interval), SHORTEST), "interval.a3_tested", values, warnings, counts
    )


def _reliability(occasions: Sequence[tuple[int, float, bool]]) -> MethodResult:
    """Method S2, where there are results enough to fit a reliability."""
    values = {"count": len(occasions), "needed": FEW_RESULTS}
    if len(occasions) < FEW_RESULTS:
        return MethodResult(IntervalMethod.RELIABILITY, None, "interval.reliability_few", values)
    try:
        fit = fit_reliability(
            [elapsed / 365.25 for _, elapsed, _ in occasions],
            [1] * len(occasions),
            [int(within) for *_, within in occasions],
            TARGET,
        )
    except CalcError:
        return MethodResult(IntervalMethod.RELIABILITY, None, "interval.reliability_undetermined", values)
    warnings = tuple(warning.value for warning in fit.warnings)
    if fit.interval is None:
        return MethodResult(IntervalMethod.RELIABILITY, None, "interval.reliability_undetermined", values, warnings)
    months = max(math.floor(fit.interval * 12.0), SHORTEST)
    values["target"] = round(TARGET * 100)
    return MethodResult(IntervalMethod.RELIABILITY, months, "interval.reliability_fitted", values, warnings)


def _bounded(months: int | None, current: int | None) -> tuple[int | None, str | None]:
    """Return the months within bounds, and which bound held them (a code)."""
    if months is None:
        return None, None
    if current is not None and months > math.floor(current * MOST_AT_ONCE):
        return min(math.floor(current * MOST_AT_ONCE), LONGEST), "interval.held_at_once"
    if months > LONGEST:
        return LONGEST, "interval.held_longest"
    return max(months, SHORTEST), None


def _confidence(calibrations: int) -> Confidence:
    if calibrations < FEW_CALIBRATIONS:
        return Confidence.LOW
    return Confidence.GOOD if calibrations >= _MUCH else Confidence.FAIR
