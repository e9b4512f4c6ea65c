"""Monte Carlo with as many trials as the result needs to be stable to some significant digits.

Source: JCGM 101:2008, 7.9; JCGM 102:2011, 7.8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calc.coverage_intervals import IntervalKind, bounds_for_like, tail_length, tails
from calc.coverage_regions import Metric
from calc.errors import NotConverged, OutsideValidity
from calc.model import CompiledModel, MeasurementModel
from calc.monte_carlo import (
    LARGEST_STORED,
    MonteCarloResult,
    RunSettings,
    check_trials,
    distances_of,
    merged_blocks,
    result_of,
    run_trials,
)
from calc.numerical_tolerance import numerical_tolerance
from calc.quantities import ModelInputs, positive
from calc.trial_blocks import BLOCK_TRIALS, BlockRunner, Moments, checked_deviations, merged
from calc.trial_collectors import StoredTrials
from calc.trial_plan import TrialPlan, trial_plan

Array = NDArray[np.float64]
_FEWEST_TRIALS = 10_000
_STATISTICS = ("estimate", "standard_uncertainty", "low", "high")
_REGION_STATISTICS = ("largest_eigenvalue", "ellipsoidal_factor", "rectangular_factor")


@dataclass(frozen=True, slots=True)
class StopRule:
    """When a run is stable: `digits` significant digits of each standard uncertainty, divided by `divisor`."""

    digits: int
    divisor: float
    maximum_trials: int


@dataclass(slots=True)
class _Running:
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


@dataclass(slots=True)
class _Sequences:
    """What the sequences run so far gave, and all that a final result needs."""

    plan: TrialPlan
    settings: RunSettings
    statistics: _Running = field(default_factory=_Running)
    squares: list[float] = field(default_factory=list)
    blocks: list[Moments] = field(default_factory=list)
    kept: StoredTrials | None = None
    bounds: list[tuple[float, float] | None] = field(default_factory=list)
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
            interval = tails(values.values[number], length, self.bounds[number]).interval(probability, kind)
            row += [float(moments.mean[number]), deviation, interval.low, interval.high]
            self.squares[number] += (moments.count - 1) * deviation * deviation
        if self.settings.regions:
            row += self._region_statistics(moments, values, probability)
        self.statistics.add(row)
        self.blocks.extend(blocks)
        self.trials += moments.count

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

    def unstable(self, rule: StopRule) -> tuple[str, str, str, float, float] | None:
        """Return point, output, what is not yet stable, twice its standard deviation and its tolerance; else None."""
        if self.statistics.count < 2:
            return "", "", "", math.inf, 0.0
        names = self.plan.compiled.program.outputs
        for number, deviation in enumerate(self._deviations()):
            tolerance = numerical_tolerance(deviation, rule.digits) / rule.divisor
            for offset, what in enumerate(_STATISTICS):
                found = self.statistics.twice_deviation_of_mean(4 * number + offset)
                if found > tolerance:
                    point = self.plan.points[number // len(names)][0]
                    return point, names[number % len(names)], what, found, tolerance
        first = 4 * len(self.squares)
        for place in range(first, len(self.statistics.means)):
            index, offset = divmod(place - first, len(_REGION_STATISTICS))
            tolerance = numerical_tolerance(self.statistics.means[place], rule.digits) / rule.divisor
            found = self.statistics.twice_deviation_of_mean(place)
            if found > tolerance:
                return self.plan.points[index][0], ", ".join(names), _REGION_STATISTICS[offset], found, tolerance
        return None

    def _deviations(self) -> list[float]:
        """Return the standard deviation of each output over all trials (JCGM 101:2008, 7.9.4 i)."""
        each = self.trials / self.statistics.count
        between = self.statistics.squares[: 4 * len(self.squares) : 4]
        pairs = zip(self.squares, between, strict=True)
        return [math.sqrt((within + each * means) / (self.trials - 1)) for within, means in pairs]

    def room(self, trials: int) -> tuple[StoredTrials, int]:
        """Return where the next trials go, and the number of the first trial that lies there.

        Memory for as many trials as are ever kept is reserved at once, and taken by the system as it is filled; a
        longer run keeps its last sequences only.
        """
        width = self.plan.width
        if self.kept is None and width * (self.trials + trials) <= LARGEST_STORED:
            self.kept = StoredTrials(width, LARGEST_STORED // width)
        if self.kept is not None and width * (self.trials + trials) <= LARGEST_STORED:
            return self.kept, 0
        self.kept = None
        return StoredTrials(width, trials), self.trials

    def result(self) -> MonteCarloResult:
        """Return the result of all trials together, to the bit that of a plain run of so many."""
        if self.kept is None:
            return run_trials(self.plan, self.trials, self.settings)
        stored = self.kept.part(0, self.trials)
        return result_of(self.plan, self.trials, self.settings, merged_blocks(self.blocks), stored)


def largest_eigenvalue(covariance: Array, rows: tuple[int, ...]) -> float:
    """Return the largest eigenvalue of the correlation matrix of some results (JCGM 102:2011, 7.8.3); 0 without any."""
    chosen = [row for row in rows if covariance[row, row] > 0.0]
    if not chosen:
        return 0.0
    part = covariance[np.ix_(chosen, chosen)]
    scale = np.sqrt(np.diagonal(part))
    return float(np.linalg.eigvalsh(part / np.multiply.outer(scale, scale))[-1])


def sequence_trials(coverage_probability: float) -> int:
    """Return M of one sequence: at least 10^4 and 100/(1 - p), in whole blocks (JCGM 101:2008, 7.9.4 b)."""
    needed = max(_FEWEST_TRIALS, math.ceil(100.0 / (1.0 - coverage_probability) - 1e-6))
    return -(-needed // BLOCK_TRIALS) * BLOCK_TRIALS


def adaptive_monte_carlo(
    model: MeasurementModel | CompiledModel,
    inputs: ModelInputs,
    *,
    seed: int,
    coverage_probability: float = 0.95,
    digits: int = 2,
    interval: IntervalKind = IntervalKind.SYMMETRIC,
    regions: bool = False,
    maximum_trials: int = 100_000_000,
    tolerance_divisor: float = 1.0,
    scaled_t: bool = True,
    threads: int = 1,
) -> MonteCarloResult:
    """Return the result of sequences of trials that are added until it is stable to `digits` significant digits.

    Every sequence of M trials gives an estimate, u, and both ends of the coverage interval, for each output; once
    twice the standard deviation of the mean of each is at most the numerical tolerance δ of u, the run stops. With
    `regions` the largest eigenvalue of the correlation matrix and the factors of both regions have to be stable to so
    many digits of their own too (JCGM 102:2011, 7.8.3).

    Parameters
    ----------
    model, inputs, seed, scaled_t, threads : as for `monte_carlo`; the result has the bits that it gives for as many
        trials as this one says it took, on any number of threads
    digits : 1 to 4 of u that are to be meaningful; one more takes a hundred times as many trials
    interval : the kind whose ends are to be stable, and which the result has
    maximum_trials : after so many NotConverged is raised, naming the output and what was not stable
    tolerance_divisor : δ is divided by it; 5 where the result is to validate the law of propagation (JCGM 101, 8.2)

    Raises also what `monte_carlo` raises. Source: JCGM 101:2008, 7.9.4.
    """
    settings = RunSettings(seed, (coverage_probability,), (interval,), regions, threads)
    rule = StopRule(digits, positive(tolerance_divisor, "adaptive", "tolerance_divisor"), maximum_trials)
    numerical_tolerance(1.0, digits)  # refuses a wrong number of digits before any trial
    check_trials(maximum_trials, settings.coverage_probabilities)
    return _run(trial_plan(model, inputs, scaled_t=scaled_t), settings, rule)


def _run(plan: TrialPlan, settings: RunSettings, rule: StopRule) -> MonteCarloResult:
    """Add sequences until they are stable."""
    sequences = _Sequences(plan, settings)
    runner = BlockRunner(plan, settings.seed)
    size = sequence_trials(settings.coverage_probabilities[0])
    while True:
        for blocks, values in _ahead(runner, sequences, size):
            sequences.add(blocks, values)
            left = sequences.unstable(rule)
            if left is None:
                return sequences.result()
            if sequences.trials + size > rule.maximum_trials:
                point, output, what, found, tolerance = left
                raise NotConverged(
                    "monte_carlo.not_converged",
                    point=point,
                    output=output,
                    field=what,
                    count=sequences.trials,
                    value=found,
                    expected=tolerance,
                )


def _ahead(runner: BlockRunner, sequences: _Sequences, size: int) -> list[tuple[list[Moments], StoredTrials]]:
    """Run the next sequences: one, or with several threads so many that few are in vain when the run stops."""
    threads = sequences.settings.threads
    count = 1 if threads == 1 else max(threads, min(sequences.statistics.count // 8, 8 * threads))
    try:
        return _next(runner, sequences, size, count)
    except OutsideValidity:
        if count == 1:
            raise
    return _next(runner, sequences, size, 1)  # the run may stop before the trial that has no result


def _next(
    runner: BlockRunner, sequences: _Sequences, size: int, count: int
) -> list[tuple[list[Moments], StoredTrials]]:
    each, first = size // BLOCK_TRIALS, sequences.trials // BLOCK_TRIALS
    start = sequences.trials
    stored, origin = sequences.room(count * size)
    sinks = [_From(stored, origin)] * sequences.settings.threads
    moments = runner.run(range(first, first + count * each), start + count * size, sinks)
    return [
        (moments[index * each : (index + 1) * each], stored.part(start - origin + index * size, size))
        for index in range(count)
    ]


@dataclass(frozen=True, slots=True)
class _From:
    """Stores the results of trials from number `first` onward."""

    stored: StoredTrials
    first: int

    def take(self, start: int, results: Array) -> None:
        self.stored.take(start - self.first, results)
