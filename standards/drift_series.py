"""From the calibrations of a standard to the history of each of its values, and the line through it. Pure.

A series joins what speaks of one range at one point. Where something was adjusted the values step: they are fitted as
if no step had been made (each as found, less the steps before it), and the line is moved by the steps again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from calc.coverage import coverage_factor
from calc.errors import CalcError
from calc.history.drift import DriftFit, DriftModel, ScatterRule, fit_drift
from calc.units import canonical_unit, convert_difference, is_compatible
from standards.calibration_facts import CalibrationFacts, CalibrationState, ContentFacts, ContentKind, Phase
from standards.check_facts import LimitFacts
from standards.drift_facts import DriftLine, Found, Occasion, Series, SeriesLine
from standards.formula import FormulaError, evaluate_formula

DAYS_PER_YEAR: Final = 365.25
_BAND: Final = 24
_COUNTED: Final = frozenset({CalibrationState.ACCEPTED, CalibrationState.ENDED})


def series_of(calibrations: Sequence[CalibrationFacts], limits: Sequence[LimitFacts], today: date) -> list[Series]:
    """Return the history of every value that the accepted calibrations give, in the order of the latest certificate."""
    gathered: dict[str, list[tuple[CalibrationFacts, Phase, Series, Found]]] = {}
    counted = sorted(
        (item for item in calibrations if item.state in _COUNTED), key=lambda item: (item.calibrated_on, item.id)
    )
    for calibration in counted:
        for content in calibration.contents:
            for series, found in _values(content):
                gathered.setdefault(series.code, []).append((calibration, content.phase, series, found))
    order = {series.code: place for item in counted[-1:] for place, series in enumerate(_codes(item))}
    result = [_joined(items, limits, today) for items in gathered.values()]
    return sorted(result, key=lambda series: (order.get(series.code, len(order)), series.code))


def _codes(calibration: CalibrationFacts) -> Iterator[Series]:
    for content in calibration.contents:
        for series, _ in _values(content):
            yield series


def _values(content: ContentFacts) -> Iterator[tuple[Series, Found]]:
    """Yield what a content says, value by value: deviations where there is something to deviate from."""
    stated = content.expanded_uncertainty_unit or content.unit
    unit = canonical_unit(stated if is_compatible(stated, content.unit) else content.unit)
    blank = Series(
        "", content.range_id, content.identifier, content.quantity, unit, None, content.unit, None, False, ()
    )
    factor = content.coverage_factor
    if content.kind in {ContentKind.ELEMENT, ContentKind.CHARACTERISTIC} and content.value is not None:
        nominal = content.nominal if content.kind is ContentKind.ELEMENT else None
        value = content.value if nominal is None else content.value - nominal
        at = content.nominal
        series = replace(blank, code=f"{content.range_id}:{content.identifier}", at=at, deviation=nominal is not None)
        yield series, Found(_in_unit(value, content.unit, unit), content.expanded_uncertainty, factor)
    elif content.kind is ContentKind.CURVE:
        yield from _points(content, blank)
    elif content.kind is ContentKind.COEFFICIENTS:
        for point in content.points:
            series = replace(blank, code=f"{content.range_id}:{point.name}", unit=content.unit, name=point.name)
            yield series, Found(point.value, point.expanded_uncertainty, point.coverage_factor or factor)


def _points(content: ContentFacts, blank: Series) -> Iterator[tuple[Series, Found]]:
    argument_unit = content.argument_unit or content.unit
    for point in content.points:
        if point.argument is None:
            continue
        second = "" if point.second_argument is None else f":{point.second_argument:f}"
        code = f"{content.range_id}:{point.argument.normalize():f}{second}"
        deviates = canonical_unit(argument_unit) == canonical_unit(content.unit)
        value = point.value - point.argument if deviates else point.value
        stated = content.expanded_uncertainty if point.expanded_uncertainty is None else point.expanded_uncertainty
        found = Found(
            _in_unit(value, content.unit, blank.unit), stated, point.coverage_factor or content.coverage_factor
        )
        yield replace(blank, code=code, at=point.argument, at_unit=argument_unit, deviation=deviates), found


def _in_unit(value: Decimal, unit: str, wanted: str) -> Decimal:
    return value if canonical_unit(unit) == wanted else convert_difference(value, unit, wanted)


def _joined(
    items: Sequence[tuple[CalibrationFacts, Phase, Series, Found]], limits: Sequence[LimitFacts], today: date
) -> Series:
    """Return one series from what its calibrations say of it, with the limit that holds today."""
    series = items[-1][2]
    by_calibration: dict[int, dict[Phase, Found]] = {}
    for calibration, phase, said, found in items:
        value = _in_unit(found.value, said.unit, series.unit)
        stated = found.expanded_uncertainty
        uncertainty = None if stated is None else _in_unit(stated, said.unit, series.unit)
        by_calibration.setdefault(calibration.id, {})[phase] = Found(value, uncertainty, found.coverage_factor)
    facts = {calibration.id: calibration for calibration, *_ in items}
    occasions = []
    for key, phases in by_calibration.items():
        left = phases.get(Phase.AS_LEFT) or phases[Phase.AS_FOUND]
        found = phases.get(Phase.AS_FOUND) or left
        occasions.append(Occasion(key, facts[key].certificate_number, facts[key].calibrated_on, found, left))
    limit = next(
        (item for item in limits if item.range_id in {None, series.range_id} and item.valid_from <= today), None
    )
    return replace(
        series,
        occasions=tuple(occasions),
        limit=None if limit is None else _limit_at(limit, series),
        limit_basis=None if limit is None else limit.basis,
    )


def _limit_at(limit: LimitFacts, series: Series) -> Decimal | None:
    """Return the half-width of a limit at a series' nominal value, in the series' unit; None where it has none."""
    if not series.deviation or series.at is None:
        return None
    try:
        half_width = evaluate_formula(limit.half_width_expression, series.at)
        return _in_unit(half_width, limit.unit, series.unit)
    except (FormulaError, CalcError):
        return None


def years(series: Series, day: date) -> float:
    """Return the time of a day in years since the first occasion of a series."""
    return (day - series.occasions[0].on).days / DAYS_PER_YEAR


def fit_series(series: Series) -> tuple[DriftFit, bool]:
    """Return the line through a series, joined over its adjustments, and whether its scatter is the observed one.

    Weighted by 1/u² where every certificate gives U and k. What is common to all certificates of one laboratory is in
    their U and no scatter; so with three values or more the scatter is that about the line (none where all lie on it),
    with two it is what they state. Raises CalcError for fewer, or two without U.
    """
    times = [years(series, occasion.on) for occasion in series.occasions]
    values, steps = [], Decimal(0)
    for occasion in series.occasions:
        values.append(float(occasion.found.value - steps))
        steps += occasion.step
    stated = [occasion.found.standard_uncertainty for occasion in series.occasions]
    weights = [u for u in stated if u is not None]
    whole = weights if len(weights) == len(stated) else None
    if len(values) > 2:
        try:
            return fit_drift(times, values, whole, scatter_rule=ScatterRule.OBSERVED), True
        except CalcError:  # no scatter at all: then the weights mean nothing
            return fit_drift(times, values), True
    return fit_drift(times, values, whole, model=DriftModel.LINEAR, scatter_rule=ScatterRule.STATED), False


def line_of(series: Series, due_on: date) -> SeriesLine:
    """Return a series with its line and the forecast for a day, or with the reason why there is none."""
    if len(series.occasions) < 2:
        return SeriesLine(series, None, "drift.one_value")
    if series.occasions[0].on == series.occasions[-1].on:
        return SeriesLine(series, None, "drift.one_day")
    try:
        fit, observed = fit_series(series)
        return SeriesLine(series, _line(series, fit, due_on, observed=observed))
    except CalcError:
        return SeriesLine(series, None, "drift.no_line")


def _line(series: Series, fit: DriftFit, due_on: date, *, observed: bool) -> DriftLine:
    shift = float(sum((occasion.step for occasion in series.occasions), Decimal(0)))
    last = series.occasions[-1]
    certificate = (last.left.standard_uncertainty or 0.0) if observed else 0.0
    end = max(years(series, due_on), years(series, last.on))
    ahead = fit.predict(end)
    own = ahead.standard_uncertainty
    expanded = _expanded(own, fit.degrees_of_freedom, certificate)
    begin = _phase_start(series)
    band = []
    for place in range(_BAND + 1):
        time = begin + (end - begin) * place / _BAND
        at = fit.predict(time)
        band.append((time, at.value + shift, _expanded(at.standard_uncertainty_of_line, fit.degrees_of_freedom, 0.0)))
    return DriftLine(
        slope=fit.coefficients[1],
        slope_uncertainty=math.sqrt(max(fit.covariance[1][1], 0.0)),
        level=fit.predict(years(series, last.on)).value + shift,
        shift=shift,
        significant=None if fit.test is None else fit.test.significant,
        probability=None if fit.test is None else fit.test.probability,
        observed=observed,
        forecast_on=due_on,
        forecast=ahead.value + shift,
        forecast_uncertainty=expanded,
        band=tuple(band),
        segments=tuple(_segments(series, fit)),
        birge_ratio=fit.birge_ratio,
    )


def _expanded(own: float, degrees: float, certificate: float) -> float:
    """Return U of the sum of an uncertainty with ν degrees of freedom and one known well (JCGM 100:2008, G.4.1)."""
    combined = math.hypot(own, certificate)
    if own == 0.0 or math.isinf(degrees):
        return coverage_factor(math.inf) * combined
    return coverage_factor(max(1.0, degrees * (combined / own) ** 4)) * combined


def _phase_start(series: Series) -> float:
    adjusted = [occasion for occasion in series.occasions if occasion.step]
    return years(series, adjusted[-1].on if adjusted else series.occasions[0].on)


def _segments(series: Series, fit: DriftFit) -> Iterable[tuple[tuple[float, float], ...]]:
    """Yield the line's ends phase by phase, from one adjustment to the next."""
    start, steps = years(series, series.occasions[0].on), Decimal(0)
    for place, occasion in enumerate(series.occasions):
        time = years(series, occasion.on)
        last = place == len(series.occasions) - 1
        if (occasion.step or last) and time > start:
            yield tuple((at, fit.predict(at).value + float(steps)) for at in (start, time))
        if occasion.step:
            steps += occasion.step
            start = time
