"""A standard's value on a day and at a point, with everything that its uncertainty is made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

from standards.calibration_facts import CalibrationFacts, ContentFacts, Contribution, ReferenceValue, UseProblem
from standards.formula import PRECISION

_DIVISORS = {"rectangular": Decimal(3), "triangular": Decimal(6), "normal": Decimal(4)}
"""The square of what a half-width is divided by; of a normal distribution the half-width is taken as k = 2."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a value's uncertainty: as given, and as a standard uncertainty in the value's unit."""

    contribution: Contribution
    standard_uncertainty: Decimal
    distribution: str


@dataclass(frozen=True, slots=True)
class ValueOn:
    """What a standard realises on a day at a point, by the calibration that counts then."""

    calibration: CalibrationFacts
    content: ContentFacts
    value: ReferenceValue
    problems: tuple[UseProblem, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the uncertainty is made of, as standard uncertainties; their squares add up."""
        return tuple(self._part(one) for one in self.value.contributions)

    @property
    def standard_uncertainty(self) -> Decimal:
        """The combined standard uncertainty, drift included."""
        with localcontext(prec=PRECISION):
            return sum((part.standard_uncertainty**2 for part in self.parts), Decimal(0)).sqrt()

    def _part(self, one: Contribution) -> Part:
        with localcontext(prec=PRECISION):
            if one.kind == "drift" and self.value.drift is not None:
                drift = self.value.drift
                squared = drift.half_width**2 / _DIVISORS.get(drift.distribution, Decimal(3))
                return Part(one, squared.sqrt(), drift.distribution)
            if one.kind == "interpolation":
                return Part(one, one.value, "normal")
            whole = (self.value.expanded_uncertainty / self.value.coverage_factor) ** 2
            added = sum(
                (part.value**2 for part in self.value.contributions if part.kind == "interpolation"), Decimal(0)
            )
            return Part(one, max(whole - added, Decimal(0)).sqrt(), self.value.distribution)
