"""What one calibration of a standard reaches: the calibrations below it, and who stands on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from certificates.impact_facts import ReachedCertificate


@dataclass(frozen=True, slots=True)
class ReachCount:
    """How many runs use a calibration directly, and how many certificates cover these."""

    runs: int = 0
    certificates: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """Everything below a calibration. `levels` begin with the calibration itself; each stands at its longest way.

    `edges` are pairs of upper and lower calibration; `counts` are of runs for customers and other work, not of the
    runs that became the calibrations below.
    """

    root: int
    levels: tuple[tuple[int, ...], ...]
    edges: tuple[tuple[int, int], ...]
    counts: Mapping[int, ReachCount] = field(default_factory=dict)

    @property
    def calibrations(self) -> tuple[int, ...]:
        """Return every calibration, the root first, each after those that it rests on."""
        return tuple(one for level in self.levels for one in level)

    @property
    def steps(self) -> dict[int, int]:
        """Return how many calibrations in house lie between the root and each calibration, itself counted."""
        return {one: number for number, level in enumerate(self.levels) for one in level}


@dataclass(frozen=True, slots=True)
class ReachedRun:
    """A run that a calibration reached, with its certificates and by which calibration it was reached."""

    run_id: int
    run_number: str
    run_state: str
    purpose: str
    instrument_vi: str
    instrument_en: str | None
    serial_number: str
    customer_vi: str
    customer_en: str | None
    ended_at: datetime | None
    opened_at: datetime
    by_standard: str
    steps: int
    certificates: tuple[ReachedCertificate, ...] = ()


@dataclass(frozen=True, slots=True)
class ReachRoot:
    """The calibration that a list of what is reached begins with."""

    calibration_id: int
    standard_id: int
    standard_code: str
    standard_vi: str
    standard_en: str | None
    certificate_number: str
    calibrated_on: date
    below: int
    runs: int
    certificates: int
