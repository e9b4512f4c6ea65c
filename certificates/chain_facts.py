"""What a page about a traceability chain shows: its picture, what breaks it, and by which rules it was judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from standards.calibration_facts import CalibrationFacts, TerminalFacts
from standards.chain_facts import ChainBreak
from standards.chain_picture import End, Picture
from standards.chain_rules import ChainRules


@dataclass(frozen=True, slots=True)
class ChainPage:
    """A chain up or down, drawn."""

    picture: Picture
    breaks: tuple[ChainBreak, ...] = ()
    warnings: tuple[ChainBreak, ...] = ()
    rules: tuple[ChainRules, ...] = ()
    stated: tuple[TerminalFacts, ...] = ()
    calibrations: int = 0
    shown: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """One calibration that ends at an end, with how much stands on it."""

    calibration: CalibrationFacts
    standard_vi: str
    standard_en: str | None
    below: int
    runs: int
    certificates: int


@dataclass(frozen=True, slots=True)
class EndReach:
    """An end of paths with everything it carries: the newest calibrations on it directly, and all certificates below.

    `direct` calibrations rest on it themselves, `total` with those below them.
    """

    end: End
    page: ChainPage
    carried: tuple[Carried, ...] = ()
    direct: int = 0
    total: int = 0
    certificate_ids: tuple[int, ...] = field(default=(), repr=False)
