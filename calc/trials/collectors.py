"""What is kept of the results of trials to read coverage intervals from: all of them, or a fine histogram."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from calc.trials.coverage_intervals import CoverageInterval, IntervalKind, covered, first_rank, tail_length, tails

Array = NDArray[np.float64]
_ALL_BINS = 2**22
_MOST_BINS = 2**20
_FEWEST_BINS = 2**12
_MIDDLE = 0.95


class Collector(Protocol):
    """Kept results of trials, by row."""

    def take(self, start: int, results: Array) -> None:
        """Take the results of trials `start` onward, shape (width, n)."""

    def intervals(
        self, row: int, probabilities: Sequence[float], kinds: Sequence[IntervalKind]
    ) -> tuple[CoverageInterval, ...]:
        """Return the coverage intervals of a row for every probability and kind."""

    def quantile(self, row: int, probability: float) -> float:
        """Return the value that the fraction `probability` of the row's results does not exceed."""


class StoredTrials:
    """All results, shape (width, trials): intervals are exact."""

    def __init__(self, width: int, trials: int) -> None:
        self.values = np.empty((width, trials))

    def part(self, start: int, trials: int) -> StoredTrials:
        """Return some consecutive trials; they share memory with these."""
        part = StoredTrials(0, 0)
        part.values = self.values[:, start : start + trials]
        return part

    def take(self, start: int, results: Array) -> None:
        self.values[:, start : start + results.shape[1]] = results

    def intervals(
        self, row: int, probabilities: Sequence[float], kinds: Sequence[IntervalKind]
    ) -> tuple[CoverageInterval, ...]:
        trials = self.values.shape[1]
        wanted = list(itertools.product(probabilities, kinds))
        if not wanted:
            return ()
        length = max(tail_length(trials, probability, kind) for probability, kind in wanted)
        ends = tails(self.values[row], length)
        return tuple(ends.interval(probability, kind) for probability, kind in wanted)

    def quantile(self, row: int, probability: float) -> float:
        trials = self.values.shape[1]
        rank = max(covered(trials, probability), 1)
        return tails(self.values[row], trials - rank + 1).at(rank)


class Histogram:
    """Counts in bins that are narrow around the middle of each row and grow outward, for any number of trials.

    With x = (y - centre)/half_width, bins are equal in x/(1 + |x|): at a distance |x| one is (1 + |x|)² · 2/bins
    half-widths wide, that is, 8 parts in a million at the ends of a 95 % interval for the 2^20 bins of up to four rows.
    Ends of intervals lie on the outer edge of their bin: never shorter than the exact ones and at most two bins longer.
    """

    def __init__(self, centres: Sequence[float], half_widths: Sequence[float]) -> None:
        width = len(centres)
        bins = _MOST_BINS
        while bins * width > _ALL_BINS and bins > _FEWEST_BINS:
            bins //= 2
        self._bins = bins
        self._centres = [float(centre) for centre in centres]
        self._scales = [float(half_width) if half_width > 0.0 else 1.0 for half_width in half_widths]
        self._counts = np.zeros((width, bins), dtype=np.int64)
        self._low = np.full(width, np.inf)
        self._high = np.full(width, -np.inf)

    @classmethod
    def like(cls, pilot: StoredTrials) -> Self:
        """Return an empty histogram whose middle is that of some trials of the same run."""
        middles = [pilot.intervals(row, (_MIDDLE,), (IntervalKind.SYMMETRIC,))[0] for row in range(len(pilot.values))]
        return cls([0.5 * (m.low + m.high) for m in middles], [0.5 * (m.high - m.low) for m in middles])

    def empty(self) -> Histogram:
        """Return an empty histogram with the same bins."""
        return Histogram(self._centres, self._scales)

    def take(self, start: int, results: Array) -> None:
        np.minimum(self._low, results.min(axis=1), out=self._low)
        np.maximum(self._high, results.max(axis=1), out=self._high)
        for counts, row, centre, scale in zip(self._counts, results, self._centres, self._scales, strict=True):
            x = (row - centre) / scale
            place = (x / (1.0 + np.abs(x)) + 1.0) * (0.5 * self._bins)
            if np.isfinite(place).all():  # else the run ends with an error, and the counts are not used
                np.add.at(counts, np.minimum(place.astype(np.intp), self._bins - 1), 1)

    def add(self, other: Histogram) -> None:
        """Add the counts of a histogram with the same bins."""
        self._counts += other._counts
        np.minimum(self._low, other._low, out=self._low)
        np.maximum(self._high, other._high, out=self._high)

    def _edges(self, row: int) -> Array:
        """Return the edges of the bins, within the least and greatest result, shape (bins + 1,)."""
        z = np.linspace(-1.0, 1.0, self._bins + 1)[1:-1]
        inner = self._centres[row] + self._scales[row] * z / (1.0 - np.abs(z))
        edges = np.concatenate(([-np.inf], inner, [np.inf]))
        clipped: Array = np.clip(edges, self._low[row], self._high[row])
        return clipped

    def intervals(
        self, row: int, probabilities: Sequence[float], kinds: Sequence[IntervalKind]
    ) -> tuple[CoverageInterval, ...]:
        edges = self._edges(row)
        below = np.concatenate(([0], np.cumsum(self._counts[row])))  # results under each edge
        trials = int(below[-1])
        found = []
        for probability, kind in itertools.product(probabilities, kinds):
            span = covered(trials, probability)
            if kind is IntervalKind.SYMMETRIC:
                rank = first_rank(trials, span)
                lower = int(np.searchsorted(below, rank)) - 1
                upper = int(np.searchsorted(below, rank + span))
            else:
                uppers = np.searchsorted(below, below + span + 1)
                choices = int(np.searchsorted(uppers, len(below)))  # from there on too few results are left
                lengths = edges[uppers[:choices]] - edges[:choices]
                lower = int(lengths.argmin())
                upper = int(uppers[lower])
            found.append(CoverageInterval(kind, probability, float(edges[lower]), float(edges[upper])))
        return tuple(found)

    def quantile(self, row: int, probability: float) -> float:
        below = np.cumsum(self._counts[row])
        rank = max(covered(int(below[-1]), probability), 1)
        return float(self._edges(row)[int(np.searchsorted(below, rank)) + 1])
