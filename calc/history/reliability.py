"""Calibration interval for a reliability target, by maximum likelihood on in- and out-of-tolerance results.

A reliability model R(t) is the share of instruments in tolerance at the time t after their calibration. Each model is
written r(t/T, shape) with T the time at which R falls to the target, so that T itself is estimated. Its confidence band
is that of the profile likelihood: it needs no normal approximation and may be open at either end.
Times and intervals are in one unit of the caller's choice. Source: NCSLI RP-1, method S2; ILAC-G24:2022/OIML D 10:2022,
6.6; Meeker and Escobar, Statistical Methods for Reliability Data (1998), chapter 8 (profile likelihood).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.special import chdtrc, chdtri, ndtr, ndtri, xlogy

from calc.errors import InvalidQuantity
from calc.history.intervals import IntervalWarning, checked_counts, strictly_between
from calc.magnitudes import spread
from calc.quantities import not_negative

Values = npt.NDArray[np.float64]

FEW_RESULTS = 20
"""Below this number of calibrations in all, a fitted reliability rests on too little; a limit of this project."""

_POOR = 0.05  # probability of the deviance below which the model does not fit
_REACH = 12.0  # intervals are looked for up to a factor e^12 outside the observed times
_GRID = 97


class ReliabilityModel(StrEnum):
    """How the share in tolerance falls with time t.

    EXPONENTIAL exp(−λt); WEIBULL exp(−(λt)^β), β from 0.1 to 10; MIXED_EXPONENTIAL (1 + λt)^−β, β from 0.05 to 20;
    RANDOM_WALK 2Φ(1/√(a + bt)) − 1, a value that wanders between symmetric limits.
    """

    EXPONENTIAL = "exponential"
    WEIBULL = "weibull"
    MIXED_EXPONENTIAL = "mixed_exponential"
    RANDOM_WALK = "random_walk"


_SHAPES: Final = {
    ReliabilityModel.EXPONENTIAL: (0.0, 0.0),
    ReliabilityModel.WEIBULL: (math.log(0.1), math.log(10.0)),
    ReliabilityModel.MIXED_EXPONENTIAL: (math.log(0.05), math.log(20.0)),
    ReliabilityModel.RANDOM_WALK: (0.0, 0.999),
}


@dataclass(frozen=True, slots=True)
class ReliabilityFit:
    """A fitted reliability model with the interval at which it meets the target, and its confidence band.

    `interval` is None where the results do not bound it: all in tolerance (only `low` is known) or none (only `high`);
    an end of the band is None where it is open. `shape` is β, or a/(a + bT) of the random walk; None without shape.
    `deviance` against the observed shares follows χ² with `degrees_of_freedom` where the model holds; `probability` is
    that of a larger one, None where nothing is left to test.
    """

    model: ReliabilityModel
    target: float
    interval: float | None
    low: float | None
    high: float | None
    confidence: float
    shape: float | None
    log_likelihood: float
    deviance: float
    degrees_of_freedom: int
    probability: float | None
    warnings: tuple[IntervalWarning, ...]

    @property
    def information_criterion(self) -> float:
        """Return Akaike's criterion 2p − 2 ln L; of models of the same results the smallest is preferred."""
        return 2.0 * _parameters(self.model) - 2.0 * self.log_likelihood

    def reliability(self, time: float) -> float:
        """Return the share in tolerance at a time of at least 0; raises InvalidQuantity where no interval was found."""
        t = not_negative(time, "reliability", "time")
        if self.interval is None:
            raise InvalidQuantity("history.undetermined", name="reliability", field="interval")
        inner = _inner(self.model, self.shape)
        return float(np.exp(_log_reliability(self.model, np.array([t / self.interval]), inner, self.target))[0])


@dataclass(frozen=True, slots=True)
class _Results:
    """Results by distinct time: (n_times,) each."""

    times: Values
    passed: Values
    failed: Values


def fit_reliability(
    times: Sequence[float],
    calibrations: Sequence[int],
    in_tolerance: Sequence[int],
    target: float,
    *,
    model: ReliabilityModel = ReliabilityModel.EXPONENTIAL,
    confidence: float = 0.95,
) -> ReliabilityFit:
    """Return the interval at which a fitted model meets a target, with its two-sided confidence band.

    Parameters
    ----------
    times, calibrations, in_tolerance : (n,); time since the previous calibration (greater than 0), how many instruments
        were calibrated then (at least 1) and how many of them found in tolerance
    target : strictly between 0.01 and 1
    confidence : of the band, strictly between 0 and 1

    Warns of few results, of an interval outside the observed times, of a model that does not fit, and of results that
    are all alike. A model with a shape needs two different times. Raises InvalidQuantity.
    """
    results = _collected(times, calibrations, in_tolerance)
    wanted = strictly_between("target", target, 0.01, 1.0)
    share = strictly_between("confidence", confidence, 0.0, 1.0)
    if _parameters(model) > 1 and results.times.size < 2:
        raise InvalidQuantity("history.undetermined", name="reliability", field="shape")

    def profile(log_interval: float) -> tuple[float, float]:
        return _best_shape(model, results, math.exp(log_interval), wanted)

    middle = np.log(results.times)
    grid = np.linspace(float(middle.min()) - _REACH, float(middle.max()) + _REACH, _GRID)
    heights = np.array([profile(u)[0] for u in grid])
    best = _summit(lambda u: profile(u)[0], grid, heights)
    mixed = bool(results.passed.any() and results.failed.any())
    peak = profile(best)[0] if best is not None else float(heights.max()) if mixed else 0.0
    allowed = peak - 0.5 * float(chdtri(1, 1.0 - share))
    low, high = _band(lambda u: profile(u)[0] - allowed, grid, heights - allowed)
    deviance, degrees, probability = _tested(results, peak, _parameters(model), found=best is not None)
    return ReliabilityFit(
        model,
        wanted,
        None if best is None else math.exp(best),
        None if low is None else math.exp(low),
        None if high is None else math.exp(high),
        share,
        None if best is None else _outer(model, profile(best)[1]),
        peak,
        deviance,
        degrees,
        probability,
        _warned(results, best, deviance, degrees),
    )


def compare_reliability_models(
    times: Sequence[float],
    calibrations: Sequence[int],
    in_tolerance: Sequence[int],
    target: float,
    *,
    confidence: float = 0.95,
) -> tuple[ReliabilityFit, ...]:
    """Return the fits of all models that the results can determine, the one preferred by Akaike's criterion first."""
    several = len(set(times)) > 1
    models = [model for model in ReliabilityModel if several or _parameters(model) == 1]
    fits = [
        fit_reliability(times, calibrations, in_tolerance, target, model=model, confidence=confidence)
        for model in models
    ]
    return tuple(sorted(fits, key=lambda fit: fit.information_criterion))


def _parameters(model: ReliabilityModel) -> int:
    return 1 if model is ReliabilityModel.EXPONENTIAL else 2


def _collected(times: Sequence[float], calibrations: Sequence[int], in_tolerance: Sequence[int]) -> _Results:
    for counts in (calibrations, in_tolerance):
        if len(counts) != len(times):
            raise InvalidQuantity("history.lengths", name="reliability", count=len(counts), expected=len(times))
    if not times:
        raise InvalidQuantity("quantity.too_few_readings", name="reliability", count=0, needed=1)
    sums: dict[float, list[int]] = {}
    for time, n, k in zip(times, calibrations, in_tolerance, strict=True):
        count, passed = checked_counts(n, k)
        entry = sums.setdefault(spread(time, "reliability", "time"), [0, 0])
        entry[0] += passed
        entry[1] += count - passed
    ordered = sorted(sums)
    passed_all = np.array([float(sums[time][0]) for time in ordered])
    return _Results(np.array(ordered), passed_all, np.array([float(sums[time][1]) for time in ordered]))


def _log_reliability(model: ReliabilityModel, x: Values, inner: float, target: float) -> Values:
    """Return ln r(x, shape); `inner` is ln β, or the shape of the random walk itself."""
    match model:
        case ReliabilityModel.EXPONENTIAL:
            return x * math.log(target)
        case ReliabilityModel.WEIBULL:
            power: Values = x ** math.exp(inner)
            return power * math.log(target)
        case ReliabilityModel.MIXED_EXPONENTIAL:
            beta = math.exp(inner)
            mixed: Values = -beta * np.log1p(math.expm1(-math.log(target) / beta) * x)
            return mixed
        case ReliabilityModel.RANDOM_WALK:
            z = float(ndtri(0.5 * (1.0 + target)))
            with_start = inner + (1.0 - inner) * x
            walked: Values = np.log1p(-2.0 * ndtr(-z / np.sqrt(np.maximum(with_start, 1e-300))))
            return walked


def _log_likelihood(model: ReliabilityModel, results: _Results, interval: float, inner: float, target: float) -> float:
    log_r = np.minimum(_log_reliability(model, results.times / interval, inner, target), -1e-300)
    log_failed = np.log(np.maximum(-np.expm1(log_r), 1e-300))
    return float(results.passed @ np.maximum(log_r, -1e300) + results.failed @ log_failed)


def _best_shape(model: ReliabilityModel, results: _Results, interval: float, target: float) -> tuple[float, float]:
    """Return the greatest log-likelihood at an interval, and the inner shape that reaches it."""
    lower, upper = _SHAPES[model]

    def height(inner: float) -> float:
        return _log_likelihood(model, results, interval, inner, target)

    if lower == upper:
        return height(lower), lower
    grid = np.linspace(lower, upper, 25)
    heights = [height(float(inner)) for inner in grid]
    top = int(np.argmax(heights))
    around = (float(grid[max(top - 1, 0)]), float(grid[min(top + 1, 24)]))
    found = minimize_scalar(lambda inner: -height(inner), bounds=around, method="bounded", options={"xatol": 1e-9})
    refined = float(found.x)
    return max((height(refined), refined), (heights[top], float(grid[top])))


def _summit(height: Callable[[float], float], grid: Values, heights: Values) -> float | None:
    """Return where the profile is greatest, or None where that lies at an end of the range searched."""
    top = int(np.argmax(heights))
    if top in {0, grid.size - 1} or heights[top] - max(heights[0], heights[-1]) < 1e-9:
        return None
    around = (float(grid[top - 1]), float(grid[top + 1]))
    found = minimize_scalar(lambda u: -height(u), bounds=around, method="bounded", options={"xatol": 1e-10})
    return float(found.x)


def _band(excess: Callable[[float], float], grid: Values, heights: Values) -> tuple[float | None, float | None]:
    """Return the outermost logarithms of intervals that the results allow, None for an open end."""
    allowed = np.flatnonzero(heights >= 0.0)
    if allowed.size == 0:  # the whole band lies between two points of the grid
        top = int(np.argmax(heights))
        return _between(excess, grid, top)
    first, last = int(allowed[0]), int(allowed[-1])
    low = None if first == 0 else float(brentq(excess, grid[first - 1], grid[first], xtol=1e-12))
    high = None if last == grid.size - 1 else float(brentq(excess, grid[last], grid[last + 1], xtol=1e-12))
    return low, high


def _between(excess: Callable[[float], float], grid: Values, top: int) -> tuple[float, float]:
    left, right = float(grid[max(top - 1, 0)]), float(grid[min(top + 1, grid.size - 1)])
    found = minimize_scalar(lambda u: -excess(u), bounds=(left, right), method="bounded", options={"xatol": 1e-10})
    centre = float(found.x)
    return float(brentq(excess, left, centre, xtol=1e-12)), float(brentq(excess, centre, right, xtol=1e-12))


def _inner(model: ReliabilityModel, shape: float | None) -> float:
    """Return the shape as the search sees it: the logarithm of β."""
    if shape is None:
        return 0.0
    return shape if model is ReliabilityModel.RANDOM_WALK else math.log(shape)


def _outer(model: ReliabilityModel, inner: float) -> float | None:
    if model is ReliabilityModel.EXPONENTIAL:
        return None
    return inner if model is ReliabilityModel.RANDOM_WALK else math.exp(inner)


def _tested(results: _Results, peak: float, parameters: int, *, found: bool) -> tuple[float, int, float | None]:
    """Return the deviance from the observed shares, its degrees of freedom and the probability of a larger one."""
    counts = results.passed + results.failed
    saturated = xlogy(results.passed, results.passed / counts) + xlogy(results.failed, results.failed / counts)
    deviance = max(0.0, 2.0 * (math.fsum(saturated) - peak))
    degrees = max(results.times.size - parameters, 0)
    return deviance, degrees, float(chdtrc(degrees, deviance)) if degrees > 0 and found else None


def _warned(results: _Results, best: float | None, deviance: float, degrees: int) -> tuple[IntervalWarning, ...]:
    passed, failed = float(results.passed.sum()), float(results.failed.sum())
    mixed = passed > 0.0 and failed > 0.0
    slack = 1.0 + 1e-6  # the maximum is found to about 1e-8
    said = {
        IntervalWarning.FEW_CALIBRATIONS: passed + failed < FEW_RESULTS,
        IntervalWarning.ALL_IN_TOLERANCE: failed == 0.0,
        IntervalWarning.NONE_IN_TOLERANCE: passed == 0.0,
        IntervalWarning.NOT_DETERMINED: best is None and mixed,
        IntervalWarning.EXTRAPOLATED: best is not None
        and not results.times[0] / slack <= math.exp(best) <= results.times[-1] * slack,
        # with as many parameters as times a deviance is left only where the shape is at an end of its range
        IntervalWarning.POOR_FIT: mixed and deviance > float(chdtri(max(degrees, 1), _POOR)),
    }
    return tuple(warning for warning, holds in said.items() if holds)
