"""Trials in blocks, each with its own generator: the same numbers in any order and on any number of threads.

Block i of a run draws from SFC64 seeded with SeedSequence(seed, spawn_key=(i,)), so that it can be drawn again alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.random import SFC64, Generator, SeedSequence
from numpy.typing import NDArray

from calc.errors import InvalidQuantity, OutsideValidity
from calc.trials.plan import TrialPlan, Workspace

Array = NDArray[np.float64]
BLOCK_TRIALS = 10_000
_SYMBOLS_NAMED = 6


class Sink(Protocol):
    """Where the results of trials go; called from one thread at a time, in any order of blocks."""

    def take(self, start: int, results: Array) -> None:
        """Take the results of trials `start` onward, shape (width, n); the array is used again afterwards."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean (width,) and scatter Σ (y - mean)(y - mean)ᵀ (width, width) of some trials."""

    count: int
    mean: Array
    scatter: Array

    @property
    def covariance(self) -> Array:
        """The covariance matrix with count - 1 in the denominator (JCGM 101:2008, 7.6; JCGM 102:2011, 7.6)."""
        covariance: Array = self.scatter / (self.count - 1)
        return covariance


@dataclass(frozen=True, slots=True)
class _Fault:
    """Trials of one block without a finite value: row of the results, how many, and the range of each input there."""

    row: int
    count: int
    ranges: Mapping[str, tuple[float, float]]


def merged(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all parts together, the same bits for the same parts in the same order."""
    if len(parts) == 1:
        return parts[0]
    counts = np.array([part.count for part in parts], dtype=np.float64)
    means = np.stack([part.mean for part in parts])
    first = means[0]
    total = float(counts.sum())
    mean = first + np.add.reduce(counts[:, None] * (means - first), axis=0) / total
    apart = means - mean
    scatter = np.add.reduce(np.stack([part.scatter for part in parts]), axis=0)
    scatter = scatter + np.einsum("b,bi,bj->ij", counts, apart, apart)
    return Moments(sum(part.count for part in parts), mean, scatter)


def _moments(results: Array) -> Moments:
    """Return the moments of one block and leave its results centred; not finite where a result is not."""
    width, count = results.shape
    mean = np.add.reduce(results, axis=1) / count
    scatter = np.zeros((width, width))
    if not np.isfinite(mean).all():
        return Moments(count, mean, scatter)
    for row, centre in zip(results, mean.tolist(), strict=True):
        np.subtract(row, centre, row)
    for i in range(width):  # numpy's own loops: those of a BLAS library may add in another order on other threads
        scatter[i, i:] = np.einsum("k,jk->j", results[i], results[i:])
        scatter[i:, i] = scatter[i, i:]
    return Moments(count, mean, scatter)


class _Worker:
    """One thread's arrays, for whole blocks and for the last, shorter one."""

    def __init__(self, plan: TrialPlan, seed: int) -> None:
        self._plan, self._seed = plan, seed
        self._spaces: dict[int, Workspace] = {}

    def run(self, blocks: Sequence[int], trials: int, sink: Sink) -> list[tuple[int, Moments, list[_Fault]]]:
        # a result that does not exist is found by what it leaves, not by numpy's warnings
        with np.errstate(all="ignore"):
            return [(block, *self._block(block, trials, sink)) for block in blocks]

    def _block(self, block: int, trials: int, sink: Sink) -> tuple[Moments, list[_Fault]]:
        start = block * BLOCK_TRIALS
        count = min(BLOCK_TRIALS, trials - start)
        if count not in self._spaces:
            self._spaces[count] = Workspace(self._plan, count)
        space = self._spaces[count]
        space.run(Generator(SFC64(SeedSequence(self._seed, spawn_key=(block,)))))
        sink.take(start, space.results)
        moments = _moments(space.results)
        return moments, [] if np.isfinite(moments.mean).all() else self._faults(space)

    def _faults(self, space: Workspace) -> list[_Fault]:
        program = self._plan.compiled.program
        faults = []
        for index, (_, bindings) in enumerate(self._plan.points):
            for number, root in enumerate(program.roots):
                row = index * len(program.roots) + number
                faulty = ~np.isfinite(space.results[row])
                if not faulty.any():
                    continue
                used = set(program.graph.live([root]))
                ranges = {}
                for binding in bindings:
                    drawn = space.operand(binding)
                    if isinstance(drawn, np.ndarray) and program.graph.input(binding.symbol) in used:
                        found = drawn[faulty]
                        ranges[binding.symbol] = (float(found.min()), float(found.max()))
                faults.append(_Fault(row, int(faulty.sum()), ranges))
        return faults


class BlockRunner:
    """Runs blocks of one plan and seed, on as many threads as it is given sinks."""

    def __init__(self, plan: TrialPlan, seed: int) -> None:
        self._plan, self._seed = plan, seed
        self._workers: list[_Worker] = []

    def run(self, blocks: range, trials: int, sinks: Sequence[Sink]) -> list[Moments]:
        """Run some blocks of a run of `trials` trials; returns their moments in order.

        Each sink gets the results of the blocks that its thread runs; one sink for all has to bear that. Raises
        OutsideValidity `monte_carlo.outside_domain`, with the number of trials, output, point and the range of the
        inputs, where trials have no finite result.
        """
        threads = len(sinks)
        while len(self._workers) < threads:
            self._workers.append(_Worker(self._plan, self._seed))
        if threads == 1:
            done = self._workers[0].run(blocks, trials, sinks[0])
        else:
            shares = [blocks[index::threads] for index in range(threads)]
            with ThreadPoolExecutor(threads) as pool:
                results = pool.map(_Worker.run, self._workers, shares, [trials] * threads, sinks)
                done = [item for part in results for item in part]
        done.sort(key=lambda item: item[0])
        faults = [fault for _, _, found in done for fault in found]
        if faults:
            raise _outside(self._plan, faults, sum(moments.count for _, moments, _ in done))
        return [moments for _, moments, _ in done]


def _outside(plan: TrialPlan, faults: Sequence[_Fault], trials: int) -> OutsideValidity:
    row = min(fault.row for fault in faults)
    found = [fault for fault in faults if fault.row == row]
    program = plan.compiled.program
    point, output = divmod(row, len(program.roots))
    regions = []
    for symbol in list(found[0].ranges)[:_SYMBOLS_NAMED]:
        low = min(fault.ranges[symbol][0] for fault in found)
        high = max(fault.ranges[symbol][1] for fault in found)
        regions.append(f"{symbol} {low:.6g} … {high:.6g}")
    return OutsideValidity(
        "monte_carlo.outside_domain",
        output=program.outputs[output],
        text=program.texts[output],
        point=plan.points[point][0],
        count=sum(fault.count for fault in found),
        trials=trials,
        region="; ".join(regions),
    )


def checked_deviations(plan: TrialPlan, moments: Moments) -> tuple[float, ...]:
    """Return the standard deviation of every result; raises InvalidQuantity where it is beyond what a float holds."""
    program = plan.compiled.program
    count = moments.count - 1
    variances = [scatter / count for scatter in moments.scatter.diagonal().tolist()]
    for row, variance in enumerate(variances):
        if not math.isfinite(variance) or not math.isfinite(moments.mean[row]):
            name = program.outputs[row % len(program.roots)]
            raise InvalidQuantity("quantity.too_large", name=name, field="uncertainty", value=variance)
    return tuple(math.sqrt(variance) for variance in variances)
