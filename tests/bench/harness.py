"""How two sides are timed against each other: warmed up, checked to agree, alternating, medians."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ROUNDS = 15
SAMPLE_SECONDS = 0.05
"""A sample repeats a short call until it lasts about this long, so that the clock's own grain does not count."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: our call beside another one that does the same work in the same form.

    `check` gets what both returned and raises AssertionError where the answers differ. One call of ours does the work
    of `ours_count` items and one of the other that of `other_count`; the times stated are those of one item. `limit`
    is the largest ratio ours / other; `rounds` may be fewer for calls of seconds.
    """

    name: str
    ours: Callable[[], Any]
    other: Callable[[], Any]
    limit: float
    check: Callable[[Any, Any], None]
    ours_count: int = 1
    other_count: int = 1
    rounds: int = ROUNDS


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of the table that counts instead of timing; `limit` is the largest ratio ours / other."""

    name: str
    ours: Callable[[], int]
    other: Callable[[], int]
    limit: float
    unit: str


@dataclass(frozen=True, slots=True)
class Report:
    """A figure that is told and held to nothing: what `measure` returns, in `unit`."""

    name: str
    measure: Callable[[], float]
    unit: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured: medians of one item's time in `unit`, their ratio, and whether it is within the limit."""

    name: str
    ours: float
    other: float
    unit: str
    ratio: float
    limit: float
    ok: bool


def _repetitions(call: Callable[[], Any]) -> int:
    start = time.perf_counter()
    call()
    once = time.perf_counter() - start
    return max(1, round(SAMPLE_SECONDS / max(once, 1e-9)))


def _sample(call: Callable[[], Any], repetitions: int) -> float:
    """Return the seconds of one call, from several in a row with the collector at rest."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        for _ in range(repetitions):
            call()
        return (time.perf_counter() - start) / repetitions
    finally:
        gc.enable()


def _scaled(seconds: float, reference: float) -> tuple[float, str]:
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if reference >= 1.0 / factor:
            return seconds * factor, unit
    return seconds * 1e6, "µs"


def measure(row: Row | Counted) -> Outcome:
    """Time both sides of a row in turn, or count; raises AssertionError where they give different answers."""
    if isinstance(row, Counted):
        many, few = row.ours(), row.other()
        return Outcome(row.name, many, few, row.unit, many / few, row.limit, many / few <= row.limit)
    row.check(row.ours(), row.other())
    sides = (row.ours, _repetitions(row.ours)), (row.other, _repetitions(row.other))
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(row.rounds):
        order = (0, 1) if turn % 2 == 0 else (1, 0)  # neither side always runs on the warmer cache
        for side in order:
            times[side].append(_sample(*sides[side]))
    ours = statistics.median(times[0]) / row.ours_count
    other = statistics.median(times[1]) / row.other_count
    # Each round gives a ratio of two neighbours in time: a disk or a machine that slows down slows both of them.
    rounds = (mine / theirs for mine, theirs in zip(*times, strict=True))
    ratio = statistics.median(rounds) * row.other_count / row.ours_count
    shown, unit = _scaled(ours, max(ours, other))
    return Outcome(row.name, shown, _scaled(other, max(ours, other))[0], unit, ratio, row.limit, ratio <= row.limit)
