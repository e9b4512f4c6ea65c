"""What is known of the way from a calibration up to its terminals: nodes, breaks, warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from standards.calibration_facts import (
    OUTSIDE_KINDS,
    CalibrationSource,
    CalibrationState,
    EdgeFacts,
    TerminalFacts,
    TerminalKind,
)


class BreakReason(StrEnum):
    """Why a path upward does not hold, in a word: the last part of a break's code."""

    EXPIRED = "expired"
    NOT_YET_ACCEPTED = "not_yet_accepted"
    REJECTED = "rejected"
    ENDED = "ended"
    CALIBRATED_LATER = "calibrated_later"
    NO_STATE = "no_state"
    OUT = "out"
    RETURNED = "returned"
    QUARANTINED = "quarantined"
    RETIRED = "retired"
    NO_CERTIFICATE = "no_certificate"
    NO_TERMINAL = "no_terminal"
    NO_EDGES = "no_edges"
    MISSING = "missing"
    CYCLE = "cycle"
    OUTSIDE_RANGE = "outside_range"
    UNIT_MISMATCH = "unit_mismatch"
    PAPER_MISSING = "paper_missing"
    PAPER_EXPIRED = "paper_expired"
    KIND_DOES_NOT_FIT = "kind_does_not_fit"
    WITHOUT_EVIDENCE = "without_evidence"
    REFERENCE_MISSING = "reference_missing"
    SYMBOL_MISSING = "symbol_missing"
    EVALUATION_MISSING = "evaluation_missing"
    NOT_VALID_ON_DATE = "not_valid_on_date"
    UPPER_LARGER = "upper_larger"
    SUPERSEDED = "superseded"
    WRONG_ROLE = "wrong_role"
    NO_CALIBRATION = "no_calibration"


@dataclass(frozen=True, slots=True)
class StatedUncertainty:
    """What the contents of a calibration state as U, for one quantity and unit: from the smallest to the largest.

    `expression` stands where U is given as a formula.
    """

    quantity: str
    unit: str
    lowest: Decimal | None
    highest: Decimal | None
    coverage_factor: Decimal | None
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class ChainNode:
    """A calibration event in a chain. `layer` counts up from 1, the events that stand on a terminal alone.

    `state` is what it was on the day of use, the instant for which the chain is drawn.
    """

    calibration_id: int
    standard_id: int
    standard_code: str
    name_vi: str
    name_en: str | None
    laboratory_name_vi: str
    laboratory_name_en: str | None
    certificate_number: str
    source: CalibrationSource
    state: CalibrationState
    calibrated_on: date
    valid_until: date | None
    used_on: date
    layer: int
    laboratory_id: int = 0
    uncertainties: tuple[StatedUncertainty, ...] = ()
    certificate_sha256: str | None = None
    dcc_sha256: str | None = None

    def name(self, language: str) -> str:
        """Return the standard's name in a language, falling back to Vietnamese."""
        return (self.name_en if language == "en" else None) or self.name_vi

    def laboratory(self, language: str) -> str:
        """Return the calibrating laboratory's name in a language, falling back to Vietnamese."""
        return (self.laboratory_name_en if language == "en" else None) or self.laboratory_name_vi


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """Where a path upward does not hold, and why. `lower_id` is the calibration whose use of it is at fault."""

    calibration_id: int
    standard_code: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    clause: str = ""
    lower_id: int | None = None

    @property
    def reason(self) -> BreakReason:
        """Why, in a word that has a label."""
        return BreakReason(self.code.rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class TraceabilityChain:
    """Everything above a calibration, up to the terminals. `stated` are the terminals a certificate must name.

    `warnings` are worth a look and hold nothing back; `rules` is the code of the rule set that judged.
    """

    calibration_id: int
    on: date
    nodes: tuple[ChainNode, ...]
    edges: tuple[EdgeFacts, ...]
    terminals: tuple[TerminalFacts, ...]
    breaks: tuple[ChainBreak, ...]
    warnings: tuple[ChainBreak, ...] = ()
    rules: str = "calibration"

    @property
    def holds(self) -> bool:
        """Whether every path ends at a terminal whose evidence was valid on its calibration date."""
        return not self.breaks

    @property
    def stated(self) -> tuple[TerminalFacts, ...]:
        """Terminals outside the CIPM MRA and ILAC MRA or outside the SI: said on the certificate."""
        kinds = OUTSIDE_KINDS | {TerminalKind.NON_SI_REFERENCE}
        return tuple(terminal for terminal in self.terminals if terminal.kind in kinds)
