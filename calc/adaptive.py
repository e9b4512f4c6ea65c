"""Monte Carlo with as many trials as the result needs to be stable to some significant digits.

Source: JCGM 101:2008, 7.9; JCGM 102:2011, 7.8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calc.errors import InvalidQuantity, OutsideValidity
from calc.model import CompiledModel, MeasurementModel
from calc.monte_carlo import MonteCarloResult, RunSettings, check_trials
from calc.quantities import ModelInputs, positive
from calc.trials.adaptive_sequences import Sequences, StopRule, Unstable
from calc.trials.blocks import BLOCK_TRIALS, BlockRunner, Moments
from calc.trials.collectors import StoredTrials
from calc.trials.coverage_intervals import IntervalKind
from calc.trials.numerical_tolerance import numerical_tolerance
from calc.trials.plan import TrialPlan, trial_plan

Array = NDArray[np.float64]
_FEWEST_TRIALS = 10_000
_MOST_AHEAD = 16


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
    needed = 2 * sequence_trials(coverage_probability)
    if maximum_trials < needed:
        raise InvalidQuantity(
            "monte_carlo.trials", probability=coverage_probability, needed=needed, value=maximum_trials
        )
    return _run(trial_plan(model, inputs, scaled_t=scaled_t), settings, rule)


def _run(plan: TrialPlan, settings: RunSettings, rule: StopRule) -> MonteCarloResult:
    """Add sequences until they are stable."""
    sequences = Sequences(plan, settings)
    runner = BlockRunner(plan, settings.seed)
    size = sequence_trials(settings.coverage_probabilities[0])
    count = 2
    while True:
        left: Unstable | None = None
        for blocks, values in _ahead(runner, sequences, size, count):
            sequences.add(blocks, values)
            if sequences.statistics.count < 2:
                continue
            left = sequences.unstable(rule)
            if left is None:
                return sequences.result()
        possible = (rule.maximum_trials - sequences.trials) // size
        if left is not None and possible < 1:
            raise left.error(sequences.trials)
        count = 1 if left is None else min(_look_ahead(sequences.statistics.count, left, settings.threads), possible)


def _look_ahead(done: int, left: Unstable, threads: int) -> int:
    """Return how many sequences to run before looking again: half of those that are foreseen, few enough for memory.

    The spread of a mean falls as 1/sqrt(h). Sequences beyond the one at which the rule stops are not used, so that
    the result does not depend on this number.
    """
    most = _MOST_AHEAD * threads
    ratio = left.spread / left.tolerance if left.tolerance > 0.0 else math.inf
    foreseen = 0.5 * done * (ratio * ratio - 1.0)
    return max(threads, math.floor(min(foreseen, most)))


def _ahead(
    runner: BlockRunner, sequences: Sequences, size: int, count: int
) -> list[tuple[list[Moments], StoredTrials]]:
    """Run the next sequences; returns moments of their blocks and their results, sequence by sequence."""
    try:
        return _next(runner, sequences, size, count)
    except OutsideValidity:
        if count == 1:
            raise
    return _next(runner, sequences, size, 1)  # the run may stop before the trial that has no result


def _next(runner: BlockRunner, sequences: Sequences, size: int, count: int) -> list[tuple[list[Moments], StoredTrials]]:
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
