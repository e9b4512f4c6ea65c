"""The details of an evaluation: budget lines, derived inputs, points without a result, what a recomputation found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A line of an uncertainty budget; numbers as text in the model's units, `share` a fraction of the variance."""

    symbol: str
    title_vi: str
    title_en: str
    origin: str
    estimate: str
    unit: str
    standard_uncertainty: str
    distribution: str
    evaluation: str
    degrees_of_freedom: str
    sensitivity_coefficient: str
    contribution: str
    share: float


@dataclass(frozen=True, slots=True)
class CorrelationRow:
    """Two lines of a budget that are correlated: their origins, r, where it comes from, and by what."""

    first: str
    second: str
    coefficient: str
    origin: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WarningFacts:
    """What the calculation warns of beside a result: its code, and the input it speaks of, if one."""

    code: str
    title_vi: str
    title_en: str


@dataclass(frozen=True, slots=True)
class DerivedFacts:
    """A derived input of a point: what a reduction of readings gave, with its intermediate values."""

    section: str
    point: str
    phase: str
    symbol: str
    estimate: str
    standard_uncertainty: str
    unit: str
    count: int
    details: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class RecordedFacts:
    """A quantity recorded beside the results, which enters no model; `reported_value` is canonical text."""

    section: str
    point: str
    phase: str
    symbol: str
    title_vi: str
    title_en: str
    point_vi: str
    point_en: str
    estimate: str
    unit: str
    reported_value: str
    reported_unit: str


@dataclass(frozen=True, slots=True)
class FailureFacts:
    """Why a point has no result."""

    section: str
    point: str
    phase: str
    code: str
    values: Mapping[str, Any]
    clause: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """What makes a stored reading doubtful: the code of its words, and their values. It keeps nothing back."""

    code: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RecomputeOutcome:
    """What became of one stored evaluation when it was run again.

    `verdict` is identical, equivalent, engine_changed (a result moves beyond its rounding under another engine),
    corrupt (a digest does not fit) or different (same engine and machine, other numbers).
    """

    evaluation_id: int
    run_id: int
    run_number: str
    verdict: str
    where: str = ""
    largest_relative_difference: float = 0.0

    @property
    def holds(self) -> bool:
        """Return whether the stored result stands."""
        return self.verdict in {"identical", "equivalent"}
