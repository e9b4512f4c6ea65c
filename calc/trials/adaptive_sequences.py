"""What the sequences of an adaptive Monte Carlo run gave so far, and whether it is stable.

Source: JCGM 101:2008, 7.9.4; JCGM 102:2011, 7.8.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calc.errors import NotConverged
from calc.monte_carlo import (
    LARGEST_STORED,
    MonteCarloResult,
    RunSettings,
    distances_of,
    merged_blocks,
    result_of,
    run_trials,
)
from calc.trials.blocks import Moments, checked_deviations, merged
from calc.trials.collectors import StoredTrials
from calc.trials.coverage_intervals import (
    CoverageInterval,
    IntervalKind,
    Tails,
    bounds_for_like,
    outer_tails,
    tail_length,
    tails,
)
from calc.trials.coverage_regions import Metric, largest_eigenvalue
from calc.trials.numerical_tolerance import numerical_tolerance
from calc.trials.plan import TrialPlan

Array = NDArray[np.float64]
_FIRST_ROOM = 1_000_000
_STATISTICS = ("estimate", "standard_uncertainty", "low", "high")
_REGION_STATISTICS = ("largest_eigenvalue", "ellipsoidal_factor", "rectangular_factor")


@dataclass(frozen=True, slots=True)
class StopRule:
    """When a run is stable: `digits` significant digits of each standard uncertainty, divided by `divisor`."""

    digits: int
    divisor: float
    maximum_trials: int


@dataclass(frozen=True, slots=True)
class Unstable:
    """A number that is not yet stable: twice the standard deviation of its mean is above its tolerance."""

    point: str
    output: str
    what: str
    spread: float
    tolerance: float

    def error(self, trials: int) -> NotConverged:
        """Return the error that says so after a number of trials."""
        return NotConverged(
            "monte_carlo.not_converged",
            point=self.point,
            output=self.output,
            field=self.what,
            count=trials,
            value=self.spread,
            expected=self.tolerance,
        )


@dataclass(slots=True)
class RunningMeans:
    """Means and sums of squared deviations of rows of numbers that come one after another.

    Plain floats: a row has a few numbers, and numpy would take longer to start than to add them.
    """

    count: int = 0
    means: list[float] = field(default_factory=list)
    squares: list[float] = field(default_factory=list)

    def add(self, row: Sequence[float]) -> None:
        """Take one more row, as long as those before."""
        self.count += 1
        if self.count == 1:
            self.means, self.squares = list(row), [0.0] * len(row)
            return
        for place, number in enumerate(row):
            apart = number - self.means[place]
            self.means[place] += apart / self.count
            self.squares[place] += apart * (number - self.means[place])

    def twice_deviation_of_mean(self, place: int) -> float:
        """Return 2 s of one mean (JCGM 101:2008, 7.9.4 g)."""
        return 2.0 * math.sqrt(self.squares[place] / (self.count * (self.count - 1)))


@dataclass(frozen=True, slots=True)
class OuterFirst:
    """The results of all trials, of which the tails of every sequence are known already, by row."""

    stored: StoredTrials
    outer: Sequence[Sequence[Tails]]

    def take(self, start: int, results: Array) -> None:
        self.stored.take(start, results)

    def quantile(self, row: int, probability: float) -> float:
        return self.stored.quantile(row, probability)

    def intervals(
        self, row: int, probabilities: Sequence[float], kinds: Sequence[IntervalKind]
    ) -> tuple[CoverageInterval, ...]:
        """Return the intervals from the known tails, or from all results where these do not reach far enough."""
        trials = sum(part.trials for part in self.outer[row])
        if trials == self.stored.values.shape[1] and len(probabilities) == len(kinds) == 1:
            low = np.sort(np.concatenate([part.low for part in self.outer[row]]))
            high = np.sort(np.concatenate([part.high for part in self.outer[row]]))
            found = Tails(low, high, trials).shortened(tail_length(trials, probabilities[0], kinds[0]))
            if found is not None:
                return (found.interval(probabilities[0], kinds[0]),)
        return self.stored.intervals(row, probabilities, kinds)


@dataclass(slots=True)
class Sequences:
    """What the sequences run so far gave, and all that a final result needs."""

    plan: TrialPlan
    settings: RunSettings
    statistics: RunningMeans = field(default_factory=RunningMeans)
    squares: list[float] = field(default_factory=list)
    blocks: list[Moments] = field(default_factory=list)
    kept: StoredTrials | None = None
    bounds: list[tuple[float, float] | None] = field(default_factory=list)
    outer: list[list[Tails]] = field(default_factory=list)
    watched: int | None = None
    trials: int = 0

    def add(self, blocks: list[Moments], values: StoredTrials) -> None:
        """Add one sequence: the moments of its blocks and its results."""
        moments = merged(blocks)
        probability, kind = self.settings.coverage_probabilities[0], self.settings.intervals[0]
        row: list[float] = []
        deviations = checked_deviations(self.plan, moments)
        if not self.squares:
            self.squares = [0.0] * len(deviations)
        length = tail_length(moments.count, probability, kind)
        for number, deviation in enumerate(deviations):
            if not self.statistics.count:
                self.bounds.append(bounds_for_like(np.sort(values.values[number]), length))
                self.outer.append([])
            interval = self._tails(number, values.values[number], length).interval(probability, kind)
            row += [float(moments.mean[number]), deviation, interval.low, interval.high]
            self.squares[number] += (moments.count - 1) * deviation * deviation
        if self.settings.regions:
            row += self._region_statistics(moments, values, probability)
        self.statistics.add(row)
        self.blocks.extend(blocks)
        self.trials += moments.count

    def _tails(self, row: int, values: Array, length: int) -> Tails:
        """Return the tails of one sequence, and keep them for the interval of all trials together."""
        bounds = self.bounds[row]
        if bounds is not None:
            outer = outer_tails(values, bounds)
            self.outer[row].append(outer)
            found = outer.shortened(length)
            if found is not None:
                return found
        return tails(values, length)

    def _region_statistics(self, moments: Moments, values: StoredTrials, probability: float) -> list[float]:
        """Return the largest eigenvalue of the correlation matrix and the factors of both regions, by point."""
        outputs = len(self.plan.compiled.program.roots)
        if outputs < 2:
            return []
        metrics = [
            Metric.of(range(index * outputs, (index + 1) * outputs), moments.mean, moments.covariance)
            for index in range(len(self.plan.points))
        ]
        distances = distances_of(metrics, values, moments.count)
        found: list[float] = []
        for index, metric in enumerate(metrics):
            ellipsoidal = 0.0 if metric.root is None else distances.quantile(2 * index, probability)
            rectangular = distances.quantile(2 * index + 1, probability)
            found += [largest_eigenvalue(moments.covariance, metric.rows), ellipsoidal, rectangular]
        return found

    def unstable(self, rule: StopRule) -> Unstable | None:
        """Return what is not yet stable, None if all is; from the second sequence on."""
        # What was unstable last time mostly still is: one look then does instead of many.
        for place in (*((self.watched,) if self.watched is not None else ()), *range(4 * len(self.squares))):
            unstable = self._unstable_at(place, rule)
            if unstable is not None:
                self.watched = place
                return unstable
        names = self.plan.compiled.program.outputs
        first = 4 * len(self.squares)
        for place in range(first, len(self.statistics.means)):
            index, offset = divmod(place - first, len(_REGION_STATISTICS))
            tolerance = numerical_tolerance(self.statistics.means[place], rule.digits) / rule.divisor
            found = self.statistics.twice_deviation_of_mean(place)
            if found > tolerance:
                point, what = self.plan.points[index][0], _REGION_STATISTICS[offset]
                return Unstable(point, ", ".join(names), what, found, tolerance)
        return None

    def _unstable_at(self, place: int, rule: StopRule) -> Unstable | None:
        """Return the statistic at a place if it is not yet stable to the digits of its output's deviation."""
        number, offset = divmod(place, len(_STATISTICS))
        tolerance = numerical_tolerance(self._deviation(number), rule.digits) / rule.divisor
        found = self.statistics.twice_deviation_of_mean(place)
        if found <= tolerance:
            return None
        names = self.plan.compiled.program.outputs
        point = self.plan.points[number // len(names)][0]
        return Unstable(point, names[number % len(names)], _STATISTICS[offset], found, tolerance)

    def _deviation(self, number: int) -> float:
        """Return the standard deviation of an output over all trials (JCGM 101:2008, 7.9.4 i)."""
        each = self.trials / self.statistics.count
        between = self.statistics.squares[len(_STATISTICS) * number]
        return math.sqrt((self.squares[number] + each * between) / (self.trials - 1))

    def room(self, trials: int) -> tuple[StoredTrials, int]:
        """Return where the next trials go, and the number of the first trial that lies there.

        Room grows by doubling up to LARGEST_STORED results; a longer run keeps its last sequences only.
        """
        width, needed = self.plan.width, self.trials + trials
        if width * needed > LARGEST_STORED or (self.kept is None and self.trials):
            self.kept = None
            return StoredTrials(width, trials), self.trials
        if self.kept is None:
            self.kept = StoredTrials(width, max(needed, _FIRST_ROOM // width))
        elif self.kept.values.shape[1] < needed:
            larger = StoredTrials(width, min(max(2 * self.kept.values.shape[1], needed), LARGEST_STORED // width))
            larger.take(0, self.kept.values[:, : self.trials])
            self.kept = larger
        return self.kept, 0

    def result(self) -> MonteCarloResult:
        """Return the result of all trials together, to the bit that of a plain run of so many."""
        if self.kept is None:
            return run_trials(self.plan, self.trials, self.settings)
        stored = self.kept.part(0, self.trials)
        kept = stored if self.settings.regions else OuterFirst(stored, self.outer)  # regions need every result
        return result_of(self.plan, self.trials, self.settings, merged_blocks(self.blocks), kept)
