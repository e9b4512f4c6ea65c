"""Where a curve may be used: its certified range, and a wider one only with a declared justification."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calc.errors import InvalidQuantity, OutsideValidity
from calc.quantities import finite


@dataclass(frozen=True, slots=True)
class CurveNote:
    """What a reviewer should know about a value taken from a curve: code, the curve's name, reason in words."""

    code: str
    name: str
    text: str
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Domain:
    """The certified range of a curve's argument, from `lower` to `upper`, both in the argument's unit.

    `extended_lower` and `extended_upper` widen it for use beyond the certified points; they need a `justification` in
    words, which every value taken from there carries as a note (ISO/IEC 17025:2017, 6.5.1 and 7.2.1.7).
    """

    lower: float
    upper: float
    extended_lower: float | None = None
    extended_upper: float | None = None
    justification: str = ""

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            object.__setattr__(self, name, finite(getattr(self, name), "domain", name))
        for name in ("extended_lower", "extended_upper"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, finite(getattr(self, name), "domain", name))
        if self.lower > self.upper:
            raise InvalidQuantity("curve.range", name="domain", lower=self.lower, upper=self.upper)
        if self.extended_lower is None and self.extended_upper is None:
            return
        if self.usable_lower > self.lower or self.usable_upper < self.upper or not self.justification.strip():
            raise InvalidQuantity("curve.justification", name="domain")

    @classmethod
    def of(cls, arguments: Iterable[float]) -> Domain:
        """Return the range from the smallest to the largest of the certified arguments."""
        values = [float(x) for x in arguments]
        if not values:
            raise InvalidQuantity("curve.too_few_points", name="domain", count=0, needed=1)
        return cls(min(values), max(values))

    def extended(self, lower: float, upper: float, justification: str) -> Domain:
        """Return the same certified range, usable from `lower` to `upper` for the reason given."""
        return Domain(self.lower, self.upper, min(lower, self.lower), max(upper, self.upper), justification)

    @property
    def usable_lower(self) -> float:
        """The smallest argument at which the curve answers."""
        return self.lower if self.extended_lower is None else self.extended_lower

    @property
    def usable_upper(self) -> float:
        """The largest argument at which the curve answers."""
        return self.upper if self.extended_upper is None else self.extended_upper

    def check(self, argument: float | NDArray[np.float64], name: str) -> None:
        """Raise OutsideValidity `curve.outside` unless all arguments lie in the usable range; NaN never does."""
        lower, upper = self.usable_lower, self.usable_upper
        if isinstance(argument, np.ndarray):
            inside = (argument >= lower) & (argument <= upper)
            if bool(inside.all()):
                return
            argument = float(argument[~inside].flat[0])
        elif lower <= argument <= upper:
            return
        raise OutsideValidity("curve.outside", name=name, value=float(argument), lower=lower, upper=upper)

    def notes(self, argument: float, name: str) -> tuple[CurveNote, ...]:
        """Return the note that `argument` lies beyond the certified range, with the justification, or nothing."""
        if self.lower <= argument <= self.upper:
            return ()
        numbers = {"argument": float(argument), "lower": self.lower, "upper": self.upper}
        return (CurveNote("curve.extended", name, self.justification, numbers),)
