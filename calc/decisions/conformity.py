"""Decision rules: whether a measured value conforms to its limits, with guard bands, and the OIML rule for weights.

All numbers are in one unit. U is the *reported* expanded uncertainty, which the caller hands in: raised to the CMC
where that is larger, as the certificate states it; the guard band is taken from nothing else. Comparisons are exact on
the decimal numbers that the floats name, so that 0.1 lies on the limit 1.0 − 0.9 and conforms.
Source: JCGM 106:2012; ILAC-G8:09/2019; OIML R 111-1:2004.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from calc.errors import InvalidQuantity
from calc.quantities import finite, not_negative, positive
from calc.units import exact

_FACTORS: Final = {"simple": 0.0, "U": 1.0, "0.83U": 0.83, "1.5U": 1.5, "3U": 3.0, "-U": -1.0}


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


class GuardBandRule(StrEnum):
    """The guard bands that have names; `guard_factor` gives r of w = r·U. Source: ILAC-G8:09/2019, table 1.

    `U_0_83` is the rule of ISO 14253-1:2017 (5 % with U = 2u and one limit), `U_1_5` and `U_3` those of 3 and 6 sigma,
    `UNCRITICAL` accepts up to U beyond the limit, so that what it rejects is nonconforming.
    """

    SIMPLE = "simple"
    U = "U"
    U_0_83 = "0.83U"
    U_1_5 = "1.5U"
    U_3 = "3U"
    UNCRITICAL = "-U"
    CUSTOM = "rU"


class Reason(StrEnum):
    """Why a verdict is not an unconditional pass, or why nothing could have passed."""

    BELOW_LOWER_LIMIT = "below_lower_limit"
    ABOVE_UPPER_LIMIT = "above_upper_limit"
    BELOW_ACCEPTANCE_LIMIT = "below_acceptance_limit"
    ABOVE_ACCEPTANCE_LIMIT = "above_acceptance_limit"
    ACCEPTANCE_INTERVAL_EMPTY = "acceptance_interval_empty"
    UNCERTAINTY_TOO_LARGE = "uncertainty_too_large"


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

    `accepted` is whether the verdict lets the item pass (conditionally or not). `reasons` is empty for an
    unconditional pass. Where the guard bands overlap the acceptance limits have changed places: no value could have
    passed, `acceptance_empty` is true and the reasons say so.
    """

    verdict: Verdict
    guard_band: float
    acceptance_lower: float | None
    acceptance_upper: float | None
    reasons: tuple[Reason, ...] = ()

    @property
    def accepted(self) -> bool:
        """Return whether the value passes, conditionally or not."""
        return self.verdict in {Verdict.PASS, Verdict.CONDITIONAL_PASS}

    @property
    def acceptance_empty(self) -> bool:
        """Return whether the guard bands leave no value that could pass."""
        return Reason.ACCEPTANCE_INTERVAL_EMPTY in self.reasons


@dataclass(frozen=True, slots=True)
class OverallConformity:
    """The verdict of an item: the worst of its points, `deciding` their positions (from 0).

    `unjudgeable` are the positions of the points whose acceptance interval is empty.
    """

    verdict: Verdict
    deciding: tuple[int, ...]
    unjudgeable: tuple[int, ...]


def guard_factor(rule: GuardBandRule, custom: float | None = None) -> float:
    """Return r of the guard band w = r·U of a rule; `custom` is the r of `CUSTOM` and belongs to no other rule.

    Raises InvalidQuantity where the custom factor is missing, not finite or not wanted.
    Source: ILAC-G8:09/2019, table 1.
    """
    if rule is GuardBandRule.CUSTOM:
        if custom is None:
            raise InvalidQuantity("quantity.parameter_missing", name="conformity", field="guard_factor")
        return finite(custom, "conformity", "guard_factor")
    if custom is not None:
        raise InvalidQuantity("quantity.parameter_unknown", name="conformity", field="guard_factor")
    return _FACTORS[rule]


def decide(
    value: float | Decimal,
    expanded_uncertainty: float | Decimal,
    tolerance: ToleranceInterval,
    *,
    guard_factor: float | Decimal = 0.0,
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
    finite(value, "conformity", "value")
    not_negative(expanded_uncertainty, "conformity", "expanded_uncertainty")
    factor = finite(guard_factor, "conformity", "guard_factor")
    if statement is Statement.NON_BINARY and factor < 0.0:
        raise InvalidQuantity("quantity.negative", name="conformity", field="guard_factor", value=factor)
    measured, guard = exact(value), exact(guard_factor) * exact(expanded_uncertainty)
    limits = _limits(tolerance)
    accepted = _moved(limits, guard)
    reasons = _reasons(measured, accepted, Reason.BELOW_ACCEPTANCE_LIMIT, Reason.ABOVE_ACCEPTANCE_LIMIT)
    beyond = _reasons(measured, limits, Reason.BELOW_LOWER_LIMIT, Reason.ABOVE_UPPER_LIMIT)
    if not reasons:
        verdict = Verdict.PASS
    elif statement is Statement.BINARY:
        verdict = Verdict.FAIL
    elif not beyond:
        verdict = Verdict.CONDITIONAL_PASS
    else:
        verdict = Verdict.CONDITIONAL_FAIL if _inside(measured, _moved(limits, -guard)) else Verdict.FAIL
    empty = _empty(accepted)
    said = (*empty, *reasons, *(beyond if reasons else ()))
    return _conformity(verdict, guard, accepted, said)


def decide_weight_class(
    deviation: float | Decimal, expanded_uncertainty: float | Decimal, maximum_permissible_error: float | Decimal
) -> Conformity:
    """Say whether a weight belongs to a class: U ≤ δm/3 and |m_c − m_0| ≤ δm − U, all three in one unit.

    A weight whose U is larger than δm/3 fails: nothing can be stated with it. The reasons tell this case
    (`UNCERTAINTY_TOO_LARGE`) from a mass outside δm − U and outside δm.
    Raises InvalidQuantity for numbers that are not finite, a negative U or a δm that is not positive.
    Source: OIML R 111-1:2004, 5.2 and 5.3.
    """
    finite(deviation, "conformity", "deviation")
    not_negative(expanded_uncertainty, "conformity", "expanded_uncertainty")
    positive(maximum_permissible_error, "conformity", "maximum_permissible_error")
    measured, guard, permissible = (exact(x) for x in (deviation, expanded_uncertainty, maximum_permissible_error))
    limits = (-permissible, permissible)
    accepted = _moved(limits, guard)
    reasons = (
        *((Reason.UNCERTAINTY_TOO_LARGE,) if 3 * guard > permissible else ()),
        *_empty(accepted),
        *_reasons(measured, accepted, Reason.BELOW_ACCEPTANCE_LIMIT, Reason.ABOVE_ACCEPTANCE_LIMIT),
        *_reasons(measured, limits, Reason.BELOW_LOWER_LIMIT, Reason.ABOVE_UPPER_LIMIT),
    )
    return _conformity(Verdict.FAIL if reasons else Verdict.PASS, guard, accepted, reasons)


def overall(verdicts: list[Verdict]) -> Verdict | None:
    """Return the verdict of an item over its points: the worst one, or None if none was judged."""
    order = list(Verdict)
    return max(verdicts, key=order.index, default=None)


def decide_overall(points: Iterable[Conformity]) -> OverallConformity | None:
    """Return the verdict of an item over its judged points with the points that decide it; None without points."""
    judged = list(points)
    worst = overall([point.verdict for point in judged])
    if worst is None:
        return None
    return OverallConformity(
        worst,
        tuple(position for position, point in enumerate(judged) if point.verdict is worst),
        tuple(position for position, point in enumerate(judged) if point.acceptance_empty),
    )


_Limits = tuple[Fraction | None, Fraction | None]


def _limits(tolerance: ToleranceInterval) -> _Limits:
    lower, upper = tolerance.lower, tolerance.upper
    return None if lower is None else exact(lower), None if upper is None else exact(upper)


def _moved(limits: _Limits, inward: Fraction) -> _Limits:
    lower, upper = limits
    return None if lower is None else lower + inward, None if upper is None else upper - inward


def _reasons(value: Fraction, limits: _Limits, below: Reason, above: Reason) -> tuple[Reason, ...]:
    lower, upper = limits
    found = []
    if lower is not None and value < lower:
        found.append(below)
    if upper is not None and value > upper:
        found.append(above)
    return tuple(found)


def _inside(value: Fraction, limits: _Limits) -> bool:
    lower, upper = limits
    return (lower is None or value >= lower) and (upper is None or value <= upper)


def _empty(limits: _Limits) -> tuple[Reason, ...]:
    lower, upper = limits
    return (Reason.ACCEPTANCE_INTERVAL_EMPTY,) if lower is not None and upper is not None and lower > upper else ()


def _conformity(verdict: Verdict, guard: Fraction, accepted: _Limits, reasons: tuple[Reason, ...]) -> Conformity:
    lower, upper = accepted
    return Conformity(
        verdict,
        _number(guard, "guard_band"),
        None if lower is None else _number(lower, "acceptance_lower"),
        None if upper is None else _number(upper, "acceptance_upper"),
        reasons,
    )


def _number(exact_number: Fraction, field: str) -> float:
    try:
        return float(exact_number)
    except OverflowError:
        raise InvalidQuantity("quantity.too_large", name="conformity", field=field, value="> 1e308") from None
