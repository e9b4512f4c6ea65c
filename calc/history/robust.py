"""Robust mean and standard deviation: algorithm A of ISO 13528 (Huber's proposal 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from calc.errors import InvalidQuantity, NotConverged
from calc.magnitudes import bounded

Values = npt.NDArray[np.float64]

_CLAUSE = "ISO 13528:2022, C.3"
_STEPS = 5_000
_ROUNDING = 1e-13  # of the range: as good as equal to the median
_BOUND = 1.5  # winsorised beyond this many s*


class RobustFactors(StrEnum):
    """Which factors make the median deviation and the winsorised s those of a normal distribution.

    STANDARD: 1.483 and 1.134 as ISO 13528 prints them. CONSISTENT: the same factors unrounded, as in Huber's proposal 2
    (function hubers of the R package MASS); the results differ in the fourth digit.
    """

    STANDARD = "standard"
    CONSISTENT = "consistent"


@dataclass(frozen=True, slots=True)
class RobustResult:
    """Robust mean x*, robust standard deviation s* and u(x*) = 1.25·s*/√p, in the values' unit.

    `winsorised` counts the values beyond x* ± 1.5 s*, `iterations` the steps until they no longer changed.
    """

    mean: float
    standard_deviation: float
    standard_uncertainty: float
    count: int
    winsorised: int
    iterations: int


def algorithm_a(values: Sequence[float], factors: RobustFactors = RobustFactors.STANDARD) -> RobustResult:
    """Return robust mean and standard deviation of at least two values of one unit, iterated until they stand still.

    It starts from the median and the scaled median deviation, or, where more than half of the values are equal and that
    deviation is 0, from the standard deviation. Once the values beyond the limits no longer change, the end of the
    iteration is solved for; where it shrinks onto equal values s* is 0.
    Raises InvalidQuantity for too few or unusable values, NotConverged.
    Source: ISO 13528:2022, C.3.1 (algorithm A) and 7.7.3 (uncertainty of the mean).
    """
    x = _values(values)
    first, second = _factors(factors)
    shift = float(np.median(x))
    width = float(np.max(np.abs(x - shift)))
    if width == 0.0:
        return RobustResult(shift, 0.0, 0.0, x.size, 0, 0)
    y = (x - shift) / width
    y[np.abs(y) < _ROUNDING] = 0.0
    mean, s = 0.0, first * float(np.median(np.abs(y)))
    if s == 0.0:
        s = float(np.std(y, ddof=1))
    steps = 0
    while (solved := _fixed_point(y, mean, s, second)) is None:
        if steps == _STEPS:
            raise NotConverged("solver.not_converged", name="algorithm_a", count=steps, clause=_CLAUSE)
        steps += 1
        held = np.clip(y, mean - _BOUND * s, mean + _BOUND * s)
        mean = math.fsum(held) / x.size
        s = second * math.sqrt(math.fsum((held - mean) ** 2) / (x.size - 1))
    mean, s = solved
    deviation = s * width
    beyond = int(np.count_nonzero(_sides(y, mean, s)))
    return RobustResult(shift + mean * width, deviation, 1.25 * deviation / math.sqrt(x.size), x.size, beyond, steps)


def _sides(y: Values, mean: float, s: float) -> Values:
    """Return −1 for values below the winsorising limits, 1 for those above, else 0."""
    return np.sign(y - np.clip(y, mean - _BOUND * s, mean + _BOUND * s))


def _fixed_point(y: Values, mean: float, s: float, factor: float) -> tuple[float, float] | None:
    """Return mean and s that the iteration reaches if the same values stay beyond the limits, None if they do not.

    With n_- and n_+ values beyond and m within, x* = mean of those within + 1.5 s*(n_+ − n_-)/m and s*² follows from
    its own definition; s* is 0 where the values within are all equal.
    """
    sides = _sides(y, mean, s)
    within = y[sides == 0.0]
    if within.size == 0:
        return None
    pull = _BOUND * float(np.sum(sides)) / within.size
    beyond = y.size - within.size
    share = (y.size - 1) / factor**2 - beyond * _BOUND**2 - within.size * pull**2
    if share <= 0.0:
        return None
    centre = math.fsum(within) / within.size
    found = math.sqrt(math.fsum((within - centre) ** 2) / share)
    solved = centre + pull * found
    return (solved, found) if np.array_equal(_sides(y, solved, found), sides) else None


def _values(values: Sequence[float]) -> Values:
    if len(values) < 2:
        raise InvalidQuantity(
            "quantity.too_few_readings", name="algorithm_a", count=len(values), needed=2, clause=_CLAUSE
        )
    return np.array([bounded(value, "algorithm_a", f"value {n}") for n, value in enumerate(values, 1)])


def _factors(factors: RobustFactors) -> tuple[float, float]:
    if factors is RobustFactors.STANDARD:
        return 1.483, 1.134
    inside = 2.0 * float(ndtr(_BOUND)) - 1.0
    density = math.exp(-0.5 * _BOUND * _BOUND) / math.sqrt(2.0 * math.pi)
    variance = inside + _BOUND * _BOUND * (1.0 - inside) - 2.0 * _BOUND * density
    return 1.0 / float(ndtri(0.75)), 1.0 / math.sqrt(variance)
