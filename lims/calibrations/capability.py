"""What procedures and standards can do at best, computed from results and held against the CMC lines of the scope.

From each evaluation the budget at a point is taken without what comes from the item: its resolution and everything
that is derived from readings (scatter, hysteresis). What is left are the standards, their drift, the conditions and
what the procedure itself states; that, with the coverage factor that the procedure states, is the smallest U that an
ideal item would get there. A correlation between standards stays in it: the item's parts are taken off the whole
(JCGM 100:2008, 5.1.2). A CMC must not be smaller (ILAC-P14:09/2020, 4.2).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from calc.coverage import coverage_factor
from lims.procedures.facts import ScopeLineFacts

RESERVE: Final = 0.8
"""A line whose every point could be done with less than this part of its CMC could be lowered."""
_NOISE: Final = 1e-9
_OF_ITEM: Final = frozenset({"derived", "derived_half_width"})


class Verdict(StrEnum):
    """How a line of the scope stands beside what was computed."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not_supported"
    COULD_BE_LOWERED = "could_be_lowered"
    NO_EVIDENCE = "no_evidence"


@dataclass(frozen=True, slots=True)
class PointCapability:
    """The best U at a point of a line by one evaluation, in `unit`, beside the CMC there.

    `current`: every calibration of a standard that it used is still the one in force.
    """

    run_id: int
    run_number: str
    procedure: str
    title_vi: str
    title_en: str
    nominal: Decimal
    nominal_unit: str
    unit: str
    best_uncertainty: float
    reported_uncertainty: float
    cmc: float
    current: bool

    @property
    def ratio(self) -> float:
        """The best U as a part of the CMC."""
        return self.best_uncertainty / self.cmc


@dataclass(frozen=True, slots=True)
class LineCapability:
    """A line of the scope with the best that was computed at each point of its range."""

    line: ScopeLineFacts
    points: tuple[PointCapability, ...]

    @property
    def counted(self) -> tuple[PointCapability, ...]:
        """Those by standards whose calibrations are in force; the others only where there is nothing else."""
        return tuple(point for point in self.points if point.current) or self.points

    @property
    def verdict(self) -> Verdict:
        """A line holds as a whole: its worst point says whether it is supported, and whether all leave a reserve."""
        if not self.points:
            return Verdict.NO_EVIDENCE
        worst = max(point.ratio for point in self.counted)
        if worst > 1 + _NOISE:
            return Verdict.NOT_SUPPORTED
        return Verdict.COULD_BE_LOWERED if worst < RESERVE - _NOISE else Verdict.SUPPORTED

    @property
    def is_current(self) -> bool:
        """Whether the verdict rests on calibrations in force."""
        return any(point.current for point in self.points)


def best_uncertainty(record: Mapping[str, Any], section: str, output: Mapping[str, Any]) -> float:
    """Return the smallest U at a point by the budget of an output: without what comes from the item."""
    definition = record["procedure"]["definition"]
    (said,) = [entry for entry in definition["sections"] if entry["code"] == section]
    kinds = {entry["symbol"]: entry for entry in said["inputs"]}
    whole = float(output["combined_standard_uncertainty"]) ** 2
    of_item = sum(
        float(line["contribution"]) ** 2 for line in output["budget"] if is_of_item(kinds.get(line["symbol"], {}))
    )
    coverage = definition["coverage"]
    stated = coverage["stated_factor"]
    factor = coverage_factor(math.inf, float(coverage["probability"])) if stated is None else float(stated)
    rest = whole - of_item
    return factor * math.sqrt(rest) if rest > _NOISE * whole else 0.0


def is_of_item(declared: Mapping[str, Any]) -> bool:
    """Return whether an input of a model comes from the item: its resolution, or what its readings show."""
    kind = declared.get("kind")
    return kind in _OF_ITEM or (kind == "resolution" and not declared.get("slot"))


def best_of(points: Iterable[PointCapability]) -> tuple[PointCapability, ...]:
    """Return the best at each place, by calibrations in force where there is one, in the order of their values."""
    found: dict[tuple[str, str, Decimal, str], PointCapability] = {}
    for point in points:
        place = (point.procedure, point.title_vi, point.nominal, point.unit)
        known = found.get(place)
        if known is None or (not point.current, point.best_uncertainty) < (not known.current, known.best_uncertainty):
            found[place] = point
    return tuple(sorted(found.values(), key=lambda point: (point.procedure, point.title_vi, point.nominal)))
