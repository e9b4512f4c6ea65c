"""Calibration intervals from drift: the time until a value, or its uncertainty, reaches a limit.

Times are in the unit of the fitted drift, values and uncertainties in its unit. Source: ILAC-G24:2022/OIML D 10:2022,
6.3 (control chart); NASA-HDBK-8739.19-5, chapter 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.special import ndtri, stdtrit

from calc.decisions.conformity import ToleranceInterval
from calc.history.drift import DriftFit
from calc.history.intervals import FEW_CALIBRATIONS, IntervalWarning, strictly_between
from calc.quantities import finite, not_negative, positive

_SCAN = 2000  # steps over the horizon in which the first crossing is looked for


@dataclass(frozen=True, slots=True)
class DriftInterval:
    """Time until a drifting value or its uncertainty reaches its limit, with the value and uncertainty then."""

    interval: float
    value: float
    standard_uncertainty: float
    warnings: tuple[IntervalWarning, ...] = ()


def interval_to_limits(
    drift: DriftFit,
    limits: ToleranceInterval,
    horizon: float,
    *,
    start: float | None = None,
    value_at_start: float | None = None,
    start_standard_uncertainty: float = 0.0,
    coverage_probability: float = 0.95,
) -> DriftInterval:
    """Return the time after a calibration until the prediction interval of the value reaches a limit (method 2).

    Parameters
    ----------
    drift, limits : in one unit
    horizon : longest time looked at, greater than 0
    start : time of the calibration on the drift's axis; the latest fitted one where None, 0 for a drift from zero
    value_at_start : value found then; the drift since `start` is added to it. None takes the fitted curve itself
    start_standard_uncertainty : of that value, at least 0
    coverage_probability : two-sided with two limits; with one limit all of it lies on its inner side

    Warns where the value is beyond a limit at the start (interval 0), where no limit is reached within the horizon (the
    horizon is returned), and where the time lies beyond the fitted history. Raises InvalidQuantity.
    Source: ILAC-G24:2022/OIML D 10:2022, 6.3; NASA-HDBK-8739.19-5, chapter 7 (reliability target).
    """
    probability = strictly_between("coverage_probability", coverage_probability, 0.0, 1.0)
    one_sided = limits.lower is None or limits.upper is None
    factor = _quantile(probability if one_sided else 0.5 * (1.0 + probability), drift.degrees_of_freedom)
    path = _path(drift, start, value_at_start, start_standard_uncertainty)

    def margin(elapsed: float) -> float:
        value, u = path(elapsed)
        room = [] if limits.lower is None else [value - factor * u - limits.lower]
        room += [] if limits.upper is None else [limits.upper - value - factor * u]
        return min(room)

    return _crossing(drift, margin, path, horizon, start)


def interval_to_uncertainty(
    drift: DriftFit,
    target_standard_uncertainty: float,
    horizon: float,
    *,
    start: float | None = None,
    value_at_start: float | None = None,
    start_standard_uncertainty: float = 0.0,
) -> DriftInterval:
    """Return the time until the standard uncertainty of the predicted value grows to a target (greater than 0).

    Other arguments as in `interval_to_limits`. Source: NASA-HDBK-8739.19-5, chapter 7 (uncertainty target).
    """
    target = positive(target_standard_uncertainty, "interval", "target_standard_uncertainty")
    path = _path(drift, start, value_at_start, start_standard_uncertainty)
    return _crossing(drift, lambda elapsed: target - path(elapsed)[1], path, horizon, start)


def _quantile(probability: float, degrees: float) -> float:
    return float(ndtri(probability) if math.isinf(degrees) else stdtrit(degrees, probability))


def _origin(drift: DriftFit, start: float | None) -> float:
    if start is not None:
        return finite(start, "interval", "start")
    return drift.origin if drift.from_zero else drift.last_time


def _path(
    drift: DriftFit, start: float | None, value_at_start: float | None, extra: float
) -> Callable[[float], tuple[float, float]]:
    """Return value and standard uncertainty as a function of the time since the start."""
    begin = _origin(drift, start)
    spread = not_negative(extra, "interval", "start_standard_uncertainty")
    shift = 0.0
    if value_at_start is not None:
        shift = finite(value_at_start, "interval", "value_at_start") - drift.predict(begin).value

    def at(elapsed: float) -> tuple[float, float]:
        found = drift.predict(begin + elapsed, additional_standard_uncertainty=spread)
        return found.value + shift, found.standard_uncertainty

    return at


def _crossing(
    drift: DriftFit,
    margin: Callable[[float], float],
    path: Callable[[float], tuple[float, float]],
    horizon: float,
    start: float | None,
) -> DriftInterval:
    end = positive(horizon, "interval", "horizon")
    warnings = [IntervalWarning.FEW_CALIBRATIONS] if len(drift.residuals) < FEW_CALIBRATIONS else []
    if margin(0.0) < 0.0:
        return DriftInterval(0.0, *path(0.0), (*warnings, IntervalWarning.BEYOND_AT_START))
    interval, before = end, 0.0
    for step in range(1, _SCAN + 1):
        after = end * step / _SCAN
        if margin(after) < 0.0:
            interval = float(brentq(margin, before, after, xtol=1e-12 * end, rtol=1e-14))
            break
        before = after
    else:
        warnings.append(IntervalWarning.NOT_REACHED)
    if _origin(drift, start) + interval > drift.last_time:
        warnings.append(IntervalWarning.EXTRAPOLATED)
    return DriftInterval(interval, *path(interval), tuple(warnings))
