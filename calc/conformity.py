"""Decision rules: whether a measured value conforms to its limits, with guard bands, and the OIML rule for weights.

Everything is judged on unrounded numbers of one unit. Source: JCGM 106:2012; ILAC-G8:09/2019; OIML R 111-1:2004.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from calc.errors import InvalidQuantity
from calc.quantities import finite, not_negative, positive


class Verdict(StrEnum):
    """What is stated; a binary statement knows only pass and fail. Source: ILAC-G8:09/2019, 4.2."""

    PASS = "pass"
    CONDITIONAL_PASS = "conditional_pass"
    CONDITIONAL_FAIL = "conditional_fail"
    FAIL = "fail"


class Statement(StrEnum):
    """How many answers a rule knows. Source: ILAC-G8:09/2019, 4.2.1 to 4.2.3."""

    BINARY = "binary"
    NON_BINARY = "non_binary"


@dataclass(frozen=True, slots=True)
class ToleranceInterval:
    """Limits within which a value conforms; None where there is no limit on that side. At least one is given."""

    lower: float | None
    upper: float | None

    def __post_init__(self) -> None:
        if self.lower is None and self.upper is None:
            raise InvalidQuantity("conformity.no_limit", name="tolerance")
        for side, limit in (("lower", self.lower), ("upper", self.upper)):
            if limit is not None:
                object.__setattr__(self, side, finite(limit, "tolerance", side))
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise InvalidQuantity("conformity.limits", name="tolerance", lower=self.lower, upper=self.upper)


@dataclass(frozen=True, slots=True)
class Conformity:
    """A verdict with what it rests on; `acceptance_*` are the limits that the value was held against.

    `accepted` is whether the verdict lets the item pass (conditionally or not).
    """

    verdict: Verdict
    guard_band: float
    acceptance_lower: float | None
    acceptance_upper: float | None

    @property
    def accepted(self) -> bool:
        """Return whether the value passes, conditionally or not."""
        return self.verdict in {Verdict.PASS, Verdict.CONDITIONAL_PASS}


def decide(
    value: float,
    expanded_uncertainty: float,
    tolerance: ToleranceInterval,
    *,
    guard_factor: float = 0.0,
    statement: Statement = Statement.BINARY,
) -> Conformity:
    """Hold a value against limits narrowed by the guard band w = r·U.

    Parameters
    ----------
    value, expanded_uncertainty, tolerance : in one unit; U is the reported one, at least 0
    guard_factor : r; 0 is simple acceptance, 1 is w = U, negative widens the limits (relaxed rejection)
    statement : binary (pass, fail) or non-binary, which needs r of at least 0: inside the guarded limits pass,
        inside the tolerance conditional pass, outside by less than w conditional fail, else fail

    A value on a limit conforms. Raises InvalidQuantity for numbers that are not finite, a negative U, or a negative r
    in a non-binary statement. Source: JCGM 106:2012, 8.2 and 8.3; ILAC-G8:09/2019, 4.2 and table 1.
    """
    value = finite(value, "conformity", "value")
    expanded = not_negative(expanded_uncertainty, "conformity", "expanded_uncertainty")
    factor = finite(guard_factor, "conformity", "guard_factor")
    if statement is Statement.NON_BINARY and factor < 0.0:
        raise InvalidQuantity("quantity.negative", name="conformity", field="guard_factor", value=factor)
    guard = factor * expanded
    lower = None if tolerance.lower is None else tolerance.lower + guard
    upper = None if tolerance.upper is None else tolerance.upper - guard
    if _inside(value, lower, upper):
        verdict = Verdict.PASS
    elif statement is Statement.BINARY:
        verdict = Verdict.FAIL
    elif _inside(value, tolerance.lower, tolerance.upper):
        verdict = Verdict.CONDITIONAL_PASS
    else:
        widened = _inside(value, _shift(tolerance.lower, -guard), _shift(tolerance.upper, guard))
        verdict = Verdict.CONDITIONAL_FAIL if widened else Verdict.FAIL
    return Conformity(verdict, guard, lower, upper)


def decide_weight_class(deviation: float, expanded_uncertainty: float, maximum_permissible_error: float) -> Conformity:
    """Say whether a weight belongs to a class: U ≤ δm/3 and |m_c − m_0| ≤ δm − U, both in one unit.

    A weight whose U is larger than δm/3 fails: nothing can be stated with it.
    Raises InvalidQuantity for numbers that are not finite, a negative U or a δm that is not positive.
    Source: OIML R 111-1:2004, 5.2 and 5.3.
    """
    deviation = finite(deviation, "conformity", "deviation")
    expanded = not_negative(expanded_uncertainty, "conformity", "expanded_uncertainty")
    permissible = positive(maximum_permissible_error, "conformity", "maximum_permissible_error")
    limit = permissible - expanded
    fits = 3.0 * expanded <= permissible and math.fabs(deviation) <= limit
    return Conformity(Verdict.PASS if fits else Verdict.FAIL, expanded, -limit, limit)


def overall(verdicts: list[Verdict]) -> Verdict | None:
    """Return the verdict of an item over its points: the worst one, or None if none was judged."""
    order = list(Verdict)
    return max(verdicts, key=order.index, default=None)


def _inside(value: float, lower: float | None, upper: float | None) -> bool:
    return (lower is None or value >= lower) and (upper is None or value <= upper)


def _shift(limit: float | None, by: float) -> float | None:
    return None if limit is None else limit + by
