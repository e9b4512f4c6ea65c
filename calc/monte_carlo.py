"""Propagation of distributions by Monte Carlo: estimates, uncertainties, covariance, coverage intervals and regions.

Source: JCGM 101:2008, clause 7; JCGM 102:2011, clause 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calc.engine import ENGINE_VERSION
from calc.errors import InvalidQuantity
from calc.model import CompiledModel, MeasurementModel
from calc.quantities import EvaluationWarning, ModelInputs
from calc.trials.blocks import BLOCK_TRIALS, BlockRunner, Moments, Sink, checked_deviations, merged
from calc.trials.collectors import Collector, Histogram, StoredTrials
from calc.trials.coverage_intervals import CoverageInterval, IntervalKind, trials_needed
from calc.trials.coverage_regions import CoverageRegion, Distances, Metric
from calc.trials.plan import TrialPlan, trial_plan

Array = NDArray[np.float64]
LARGEST_STORED = 20_000_000
"""Most results that are kept one by one, 8 bytes each; a longer run keeps a histogram of each output."""

_PILOT_BLOCKS = 100
_SECTION_BLOCKS = 1600
_BOTH = (IntervalKind.SYMMETRIC, IntervalKind.SHORTEST)


@dataclass(frozen=True, slots=True)
class MonteCarloOutput:
    """One output at one point: the mean and standard deviation of its trials and coverage intervals, in `unit`."""

    point: str
    output: str
    unit: str
    estimate: float
    standard_uncertainty: float
    intervals: tuple[CoverageInterval, ...]

    def interval(self, coverage_probability: float, kind: IntervalKind = IntervalKind.SYMMETRIC) -> CoverageInterval:
        """Return the interval of this probability and kind; raises InvalidQuantity if none was asked for."""
        for interval in self.intervals:
            if interval.kind is kind and interval.coverage_probability == coverage_probability:
                return interval
        raise InvalidQuantity(
            "monte_carlo.no_interval", output=self.output, field=str(kind), value=coverage_probability
        )


@dataclass(frozen=True, slots=True)
class MonteCarloResult:
    """All outputs, point by point and within a point in the model's order, with their covariance matrix.

    `covariance`: shape (n_outputs, n_outputs) over `outputs`; unit of row times unit of column. `regions`: one for
    each point and coverage probability, where asked for and the model has several outputs.
    """

    outputs: tuple[MonteCarloOutput, ...]
    covariance: tuple[tuple[float, ...], ...]
    regions: tuple[CoverageRegion, ...]
    trials: int
    seed: int
    engine_version: str
    warnings: tuple[EvaluationWarning, ...] = ()

    def output(self, point: str, name: str) -> MonteCarloOutput:
        """Return the result of output `name` at `point`; raises InvalidQuantity if there is none."""
        for result in self.outputs:
            if result.point == point and result.output == name:
                return result
        raise InvalidQuantity("inputs.unknown_quantity", name=f"{point}/{name}")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run is asked for: the intervals' probabilities and kinds, regions or not, seed and number of threads."""

    seed: int
    coverage_probabilities: tuple[float, ...] = (0.95,)
    intervals: tuple[IntervalKind, ...] = _BOTH
    regions: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        _check_count(self.seed, 0, "evaluation.seed")
        _check_count(self.threads, 1, "monte_carlo.threads")


def monte_carlo(
    model: MeasurementModel | CompiledModel,
    inputs: ModelInputs,
    *,
    trials: int,
    seed: int,
    coverage_probabilities: Sequence[float] = (0.95,),
    intervals: Sequence[IntervalKind] = _BOTH,
    regions: bool = False,
    scaled_t: bool = True,
    threads: int = 1,
) -> MonteCarloResult:
    """Return estimates, standard uncertainties, covariance and coverage intervals from `trials` Monte Carlo trials.

    Parameters
    ----------
    model, inputs : as `calc.evaluate.evaluate` takes them; a quantity shared by points or symbols is drawn once
    trials : at least `trials_needed(p)`; JCGM 101:2008, 7.2.2 advises 10^4/(1 - p), 10^6 for 0.99
    seed : an integer from 0 upward; the same arguments give the same bits on any number of threads
    coverage_probabilities : strictly between 0 and 1; may be empty
    regions : whether to find coverage regions for the outputs of each point together (JCGM 102:2011, 7.7)
    scaled_t : normal inputs with finite degrees of freedom are drawn from t (JCGM 101:2008, 6.4.9), else as normal

    Up to LARGEST_STORED results (outputs times points times trials) intervals are exact. Beyond that memory stays the
    same for any number of trials, and ends of intervals lie on the edges of a fine histogram (`Histogram`); regions
    then draw all trials a second time.

    Raises InvalidModel, InvalidQuantity (inputs, correlations, settings) and OutsideValidity (trials without a finite
    result, with their number and where their inputs lie). Source: JCGM 101:2008, 7.2 to 7.7; JCGM 102:2011, 7.
    """
    settings = RunSettings(seed, tuple(coverage_probabilities), tuple(intervals), regions, threads)
    return run_trials(trial_plan(model, inputs, scaled_t=scaled_t), trials, settings)


def run_trials(plan: TrialPlan, trials: int, settings: RunSettings) -> MonteCarloResult:
    """Return what `monte_carlo` does, from a plan that was made before."""
    check_trials(trials, settings.coverage_probabilities)
    if plan.width * trials <= LARGEST_STORED:
        stored = StoredTrials(plan.width, trials)
        moments = _moments_of(plan, trials, settings, [stored] * settings.threads)
        return result_of(plan, trials, settings, moments, stored)
    pilot_blocks = min(_PILOT_BLOCKS, max(1, LARGEST_STORED // (plan.width * BLOCK_TRIALS)))
    pilot = StoredTrials(plan.width, pilot_blocks * BLOCK_TRIALS)
    BlockRunner(plan, settings.seed).run(range(pilot_blocks), trials, [pilot])
    histograms = [Histogram.like(pilot) for _ in range(settings.threads)]
    del pilot
    moments = _moments_of(plan, trials, settings, histograms)
    for other in histograms[1:]:
        histograms[0].add(other)
    return result_of(plan, trials, settings, moments, histograms[0])


def check_trials(trials: int, probabilities: Sequence[float]) -> None:
    """Raise InvalidQuantity unless `trials` is a whole number that is enough for every coverage probability."""
    needed = max([2, *(trials_needed(probability) for probability in probabilities)])
    if isinstance(trials, bool) or not isinstance(trials, int) or trials < needed:
        probability = max(probabilities, default=0.0)
        raise InvalidQuantity("monte_carlo.trials", probability=probability, needed=needed, value=repr(trials))


def _check_count(value: int, least: int, code: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidQuantity(code, value=repr(value))


def _moments_of(plan: TrialPlan, trials: int, settings: RunSettings, sinks: Sequence[Sink]) -> Moments:
    """Run all blocks, section by section, and return the moments of all trials."""
    blocks = -(-trials // BLOCK_TRIALS)
    runner = BlockRunner(plan, settings.seed)
    sections = []
    for first in range(0, blocks, _SECTION_BLOCKS):
        part = range(first, min(first + _SECTION_BLOCKS, blocks))
        sections.append(merged(runner.run(part, trials, sinks)))
    return merged(sections)


def merged_blocks(blocks: Sequence[Moments]) -> Moments:
    """Return the moments of all blocks of a run, with the bits that a run of so many trials gives them."""
    starts = range(0, len(blocks), _SECTION_BLOCKS)
    return merged([merged(blocks[start : start + _SECTION_BLOCKS]) for start in starts])


def result_of(
    plan: TrialPlan, trials: int, settings: RunSettings, moments: Moments, collector: Collector
) -> MonteCarloResult:
    """Return the result of a run from its moments and what was kept of its trials."""
    deviations = checked_deviations(plan, moments)
    definitions = plan.compiled.model.outputs
    names = [(point, definition) for point, _ in plan.points for definition in definitions]
    outputs = tuple(
        MonteCarloOutput(
            point,
            definition.name,
            definition.unit,
            float(moments.mean[row]),
            deviations[row],
            collector.intervals(row, settings.coverage_probabilities, settings.intervals),
        )
        for row, (point, definition) in enumerate(names)
    )
    covariance = tuple(tuple(row) for row in moments.covariance.tolist())
    regions = _regions(plan, trials, settings, moments, collector) if settings.regions else ()
    return MonteCarloResult(outputs, covariance, regions, trials, settings.seed, ENGINE_VERSION, plan.warnings)


def _regions(
    plan: TrialPlan, trials: int, settings: RunSettings, moments: Moments, collector: Collector
) -> tuple[CoverageRegion, ...]:
    """Return the coverage regions of every point; for a histogram's run all trials are drawn a second time."""
    outputs = len(plan.compiled.program.roots)
    if outputs < 2:
        return ()
    covariance = moments.covariance
    metrics = [
        Metric.of(range(index * outputs, (index + 1) * outputs), moments.mean, covariance)
        for index in range(len(plan.points))
    ]
    kept: Collector
    if isinstance(collector, StoredTrials):
        kept = distances_of(metrics, collector, trials)
    else:
        kept = _streamed_distances(plan, trials, settings, metrics)
    names = plan.compiled.program.outputs
    return tuple(
        CoverageRegion(
            point,
            names,
            probability,
            None if metric.root is None else kept.quantile(2 * index, probability),
            kept.quantile(2 * index + 1, probability),
        )
        for index, ((point, _), metric) in enumerate(zip(plan.points, metrics, strict=True))
        for probability in settings.coverage_probabilities
    )


def distances_of(metrics: Sequence[Metric], stored: StoredTrials, trials: int) -> StoredTrials:
    """Return the distances of stored trials: two rows for each metric, see `Distances`."""
    kept = StoredTrials(2 * len(metrics), trials)
    sink = Distances(metrics, kept)
    for start in range(0, trials, BLOCK_TRIALS):
        sink.take(start, stored.values[:, start : start + BLOCK_TRIALS])
    return kept


def _streamed_distances(plan: TrialPlan, trials: int, settings: RunSettings, metrics: Sequence[Metric]) -> Collector:
    """Draw all trials again and return a histogram of their distances, whose middle lies near 1."""
    rows = 2 * len(metrics)
    histograms = [Histogram([0.0] * rows, [2.0] * rows) for _ in range(settings.threads)]
    _moments_of(plan, trials, settings, [Distances(metrics, histogram) for histogram in histograms])
    for other in histograms[1:]:
        histograms[0].add(other)
    return histograms[0]
