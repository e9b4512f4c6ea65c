"""Coverage intervals from the trials of a Monte Carlo run, exact: end points are values that were drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from calc.errors import InvalidQuantity
from calc.quantities import finite

Array = NDArray[np.float64]
_LARGEST_TAIL = 0.2
_SAMPLED = 64
_WORTH_SAMPLING = 50_000
_SPREADS = 6.0


class IntervalKind(StrEnum):
    """Which of all coverage intervals of one probability: with equal tails, or the shortest (JCGM 101:2008, 5.3)."""

    SYMMETRIC = "symmetric"
    SHORTEST = "shortest"


@dataclass(frozen=True, slots=True)
class CoverageInterval:
    """A coverage interval from `low` to `high`, in the output's unit, for a coverage probability (a fraction)."""

    kind: IntervalKind
    coverage_probability: float
    low: float
    high: float


def covered(trials: int, coverage_probability: float) -> int:
    """Return q, the number of steps between ordered trials that an interval spans (JCGM 101:2008, 7.7.1)."""
    exact = coverage_probability * trials
    nearest = round(exact)
    # p M is meant as a decimal number: 0.95 · 10 000 is 9500
    return nearest if abs(exact - nearest) <= 1e-9 * max(exact, 1.0) else math.floor(exact + 0.5)


def trials_needed(coverage_probability: float) -> int:
    """Return the least number of trials whose ends do not reach the first and the last trial."""
    probability = finite(coverage_probability, "coverage", "coverage_probability")
    if not 0.0 < probability < 1.0:
        raise InvalidQuantity("coverage.probability", value=coverage_probability)
    trials = max(2, math.floor(1.5 / (1.0 - probability)))
    while first_rank(trials, covered(trials, probability)) < 1 or covered(trials, probability) < 1:
        trials += 1
    return trials


def first_rank(trials: int, span: int) -> int:
    """Return r of the symmetric interval [y_(r), y_(r+q)], counted from 1 (JCGM 101:2008, 7.7.2)."""
    return (trials - span) // 2 if (trials - span) % 2 == 0 else (trials - span + 1) // 2


@dataclass(frozen=True, slots=True)
class Tails:
    """The lowest and the highest of `trials` values, each in ascending order; both hold all values where these meet."""

    low: Array
    high: Array
    trials: int

    def at(self, rank: int) -> float:
        """Return y_(rank), counted from 1."""
        if rank <= len(self.low):
            return float(self.low[rank - 1])
        return float(self.high[rank - 1 - self.trials])

    def interval(self, coverage_probability: float, kind: IntervalKind) -> CoverageInterval:
        """Return the interval of the given kind; of equally short ones the lowest.

        The tails have to hold `tail_length` values. Source: JCGM 101:2008, 7.7.2 and, for the shortest, 5.3.4.
        """
        span = covered(self.trials, coverage_probability)
        rank = first_rank(self.trials, span)
        if kind is IntervalKind.SHORTEST:
            choices = self.trials - span
            lengths = self.high[len(self.high) - choices :] - self.low[:choices]
            rank = int(lengths.argmin()) + 1
        return CoverageInterval(kind, coverage_probability, self.at(rank), self.at(rank + span))

    def shortened(self, length: int) -> Tails | None:
        """Return the outermost `length` values of each tail, None where there are fewer."""
        if min(len(self.low), len(self.high)) < length:
            return None
        return Tails(self.low[:length], self.high[len(self.high) - length :], self.trials)


def tail_length(trials: int, coverage_probability: float, kind: IntervalKind) -> int:
    """Return how many of the lowest and of the highest values an interval rests on."""
    outside = trials - covered(trials, coverage_probability)
    return outside if kind is IntervalKind.SHORTEST else (outside + 1) // 2 + 1


def tails(values: Array, length: int, bounds: tuple[float, float] | None = None) -> Tails:
    """Return the `length` lowest and highest of the values, shape (n,), n at least 1; the values stay as they are.

    Sorting all values would cost far more than finding those up to `bounds`, a guess that changes no result; without
    one it comes from a sample of the values. Where a bound keeps too few, all values are sorted.
    """
    count = len(values)
    if bounds is None and count >= _WORTH_SAMPLING and length <= _LARGEST_TAIL * count:
        bounds = _sampled_bounds(values, length)
    if bounds is not None:
        found = outer_tails(values, bounds).shortened(length)
        if found is not None:
            return found
    ordered = np.sort(values)
    return Tails(ordered, ordered, count)


def outer_tails(values: Array, bounds: tuple[float, float]) -> Tails:
    """Return all values up to the lower bound and from the upper one on, each in ascending order."""
    low = values[values <= bounds[0]]
    high = values[values >= bounds[1]]
    low.sort()
    high.sort()
    return Tails(low, high, len(values))


def _sampled_bounds(values: Array, length: int) -> tuple[float, float]:
    """Return bounds that nearly always keep `length` values at either end, and little more."""
    sample = np.sort(values[::_SAMPLED])
    expected = length / len(values) * len(sample)
    rank = math.ceil(expected + _SPREADS * math.sqrt(expected) + _SPREADS)
    return float(sample[min(rank, len(sample) - 1)]), float(sample[max(len(sample) - 1 - rank, 0)])


def bounds_for_like(ordered: Array, length: int) -> tuple[float, float] | None:
    """Return bounds for other values of the same distribution and number, from these in order; None if useless."""
    rank = 2 * length + 20
    return (float(ordered[rank]), float(ordered[-1 - rank])) if rank < _LARGEST_TAIL * len(ordered) else None
