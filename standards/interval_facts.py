"""What is proposed for a standard's calibration interval: each method's answer with its reason and its warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class IntervalMethod(StrEnum):
    """The methods of ILAC-G24 and NCSLI RP-1 by which an interval is reviewed."""

    STAIRCASE = "staircase"
    DRIFT = "drift"
    A3 = "a3"
    RELIABILITY = "reliability"


class Confidence(StrEnum):
    """How much a proposal rests on: under five calibrations little, from ten on much."""

    LOW = "low"
    FAIR = "fair"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method's answer: whole months, or None with the reason why it says nothing; `values` fill the words.

    `counts` says whether the answer takes part in the proposal; `warnings` are codes of calc.
    """

    method: IntervalMethod
    months: int | None
    reason: str
    values: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    counts: bool = True


@dataclass(frozen=True, slots=True)
class IntervalProposal:
    """What is proposed: the shortest answer that counts, held within bounds; None where nothing can be said.

    `calibrations` were judged as found, `in_tolerance` of them within their limits.
    """

    current: int | None
    months: int | None
    method: IntervalMethod | None
    results: tuple[MethodResult, ...]
    calibrations: int
    in_tolerance: int
    confidence: Confidence
    held: str | None = None
