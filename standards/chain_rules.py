"""The rules by which a path upward is judged, one set for each legal regime. Pure.

Calibration: ISO/IEC 17025:2017, 6.5 and ILAC-P10:07/2020. Verification asks for the same, and for the standard that
is used directly a certificate of the authority that it may be used for verification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from standards.calibration_facts import CalibrationSource, TerminalKind
from standards.chain_facts import BreakReason
from standards.facts import LegalRegime, PaperKind, StandardRole
from standards.validity import PAPERS_NEEDED

IN_HOUSE_TERMINALS: Final = frozenset(
    {
        TerminalKind.INTRINSIC_REALIZATION,
        TerminalKind.REFERENCE_MATERIAL,
        TerminalKind.CITED_CONSTANT,
        TerminalKind.NON_SI_REFERENCE,
    }
)
"""At these a calibration made here may end without a calibrated standard above it."""

EXTERNAL_TERMINALS: Final = frozenset(TerminalKind) - {TerminalKind.INTRINSIC_REALIZATION}
"""What a certificate from outside may rest on; an intrinsic realization is validated here."""

TRACEABILITY: Final = "ISO/IEC 17025:2017, 6.5.1"
_ENDS: Final = "ISO/IEC 17025:2017, 6.5.2"
_ACCEPTANCE: Final = "ISO/IEC 17025:2017, 6.4.4"
_OUT_OF_SERVICE: Final = "ISO/IEC 17025:2017, 6.4.9"
_EVIDENCE: Final = "ILAC-P10:07/2020, 2"
_OUTSIDE: Final = "ILAC-P10:07/2020, 2, 3a, 3b"
_LAW: Final = "Luật Đo lường 04/2011/QH13"

_CLAUSES: Final[Mapping[BreakReason, str]] = MappingProxyType(
    {
        BreakReason.NOT_YET_ACCEPTED: _ACCEPTANCE,
        BreakReason.REJECTED: _ACCEPTANCE,
        BreakReason.RETURNED: _ACCEPTANCE,
        BreakReason.NO_STATE: _ACCEPTANCE,
        BreakReason.QUARANTINED: _OUT_OF_SERVICE,
        BreakReason.ENDED: _OUT_OF_SERVICE,
        BreakReason.NO_TERMINAL: _ENDS,
        BreakReason.NO_EDGES: _ENDS,
        BreakReason.KIND_DOES_NOT_FIT: _ENDS,
        BreakReason.WITHOUT_EVIDENCE: _EVIDENCE,
        BreakReason.REFERENCE_MISSING: _EVIDENCE,
        BreakReason.SYMBOL_MISSING: _EVIDENCE,
        BreakReason.NOT_VALID_ON_DATE: _EVIDENCE,
        BreakReason.EVALUATION_MISSING: _OUTSIDE,
        BreakReason.PAPER_MISSING: _LAW,
        BreakReason.PAPER_EXPIRED: _LAW,
    }
)
"""By which clause a break is one; all others by the requirement of traceability itself."""


@dataclass(frozen=True, slots=True)
class ChainRules:
    """The rules of one legal regime: where a path may end, which papers the directly used standard needs, and why."""

    regime: LegalRegime
    terminals: Mapping[CalibrationSource, frozenset[TerminalKind]]
    papers: Mapping[StandardRole, tuple[PaperKind, ...]]
    basis: tuple[str, ...]

    def clause(self, reason: BreakReason) -> str:
        """Return the clause by which a break is one."""
        return _CLAUSES.get(reason, TRACEABILITY)


_TERMINALS: Final[Mapping[CalibrationSource, frozenset[TerminalKind]]] = MappingProxyType(
    {CalibrationSource.EXTERNAL: EXTERNAL_TERMINALS, CalibrationSource.IN_HOUSE: IN_HOUSE_TERMINALS}
)
_BASIS: Final = ("ISO/IEC 17025:2017, 6.5", "ILAC-P10:07/2020")


def _papers(regime: LegalRegime) -> Mapping[StandardRole, tuple[PaperKind, ...]]:
    return MappingProxyType({role: kinds for (wanted, role), kinds in PAPERS_NEEDED.items() if wanted is regime})


CALIBRATION_RULES: Final = ChainRules(LegalRegime.CALIBRATION, _TERMINALS, _papers(LegalRegime.CALIBRATION), _BASIS)
VERIFICATION_RULES: Final = ChainRules(
    LegalRegime.VERIFICATION, _TERMINALS, _papers(LegalRegime.VERIFICATION), (*_BASIS, _LAW)
)
_RULES: Final = MappingProxyType({rules.regime: rules for rules in (CALIBRATION_RULES, VERIFICATION_RULES)})


def rules_for(regime: LegalRegime | str) -> ChainRules:
    """Return the rule set of a legal regime."""
    return _RULES[LegalRegime(regime)]
