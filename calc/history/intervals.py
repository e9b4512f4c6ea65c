"""Calibration intervals from an instrument's history: staircase, and test of the current interval.

Intervals and times are in one unit of the caller's choice (days). Every result says what was done and warns where the
history is thin. Drift against limits is in `calc.history.drift_intervals`, reliability models fitted by maximum
likelihood are in `calc.history.reliability`.
Source: ILAC-G24:2022/OIML D 10:2022, clause 6; NCSLI RP-1; NASA-HDBK-8739.19-5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from scipy.special import bdtr, bdtrc, betaincinv

from calc.errors import InvalidQuantity
from calc.quantities import finite, positive

FEW_CALIBRATIONS = 5
"""Below this number of calibrations an interval rests on too little; a limit of this project, in no document."""


class Change(StrEnum):
    """What is done with an interval."""

    EXTENDED = "extended"
    KEPT = "kept"
    SHORTENED = "shortened"


class IntervalWarning(StrEnum):
    """Why an interval should be looked at by a person."""

    FEW_CALIBRATIONS = "few_calibrations"
    NOT_SIGNIFICANT = "not_significant"
    AT_MINIMUM = "at_minimum"
    AT_MAXIMUM = "at_maximum"
    BEYOND_AT_START = "beyond_at_start"
    NOT_REACHED = "not_reached"
    EXTRAPOLATED = "extrapolated"
    ALL_IN_TOLERANCE = "all_in_tolerance"
    NONE_IN_TOLERANCE = "none_in_tolerance"
    NOT_DETERMINED = "not_determined"
    POOR_FIT = "poor_fit"


@dataclass(frozen=True, slots=True)
class IntervalBounds:
    """Shortest and longest interval that may be set, in the interval's unit."""

    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        lower = positive(self.minimum, "interval", "minimum") if self.minimum is not None else 0.0
        upper = positive(self.maximum, "interval", "maximum") if self.maximum is not None else math.inf
        if lower > upper:
            raise InvalidQuantity("conformity.limits", name="interval", lower=lower, upper=upper)


@dataclass(frozen=True, slots=True)
class IntervalAdjustment:
    """A new interval, what was done with the old one, and warnings."""

    interval: float
    change: Change
    warnings: tuple[IntervalWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewedInterval:
    """Result of method A3: new interval, observed reliability with its confidence limits, confidence of rejection.

    `rejection` Q = 1 − 2·P(at most k of n in tolerance | target): near 1 the target is missed, near −1 it is exceeded.
    """

    interval: float
    change: Change
    reliability: float
    reliability_low: float
    reliability_high: float
    rejection: float
    warnings: tuple[IntervalWarning, ...] = ()


def staircase_interval(
    interval: float,
    measurement_error: float,
    maximum_permissible_error: float,
    *,
    extension: float,
    reduction: float,
    comfortable_share: float = 0.8,
    bounds: IntervalBounds | None = None,
) -> IntervalAdjustment:
    """Return the next interval from the latest as-found error alone (method 1, "staircase").

    Parameters
    ----------
    interval : the current one, greater than 0
    measurement_error, maximum_permissible_error : as found and its limit (greater than 0), in one unit
    extension, reduction : factors above 1 (or 1) and below 1; the guide gives none, see `balancing_reduction`
    comfortable_share : up to this share of the limit (0 to 1) the interval is extended, up to the limit kept, beyond it
        shortened

    It reacts quickly and knows no target; a single result decides. Raises InvalidQuantity.
    Source: ILAC-G24:2022/OIML D 10:2022, 6.2.
    """
    current = positive(interval, "interval", "interval")
    error = math.fabs(finite(measurement_error, "interval", "measurement_error"))
    limit = positive(maximum_permissible_error, "interval", "maximum_permissible_error")
    longer, shorter = _extension(extension), positive(reduction, "interval", "reduction")
    share = positive(comfortable_share, "interval", "comfortable_share")
    if share > 1.0:
        field = "comfortable_share"
        raise InvalidQuantity("quantity.out_of_range", name="interval", field=field, value=share, lower=0, upper=1)
    if shorter > 1.0:
        raise InvalidQuantity(
            "quantity.out_of_range", name="interval", field="reduction", value=shorter, lower=0, upper=1
        )
    factor = longer if error <= share * limit else 1.0 if error <= limit else shorter
    return _adjusted(current, current * factor, bounds)


def balancing_reduction(extension: float, target: float) -> float:
    """Return the reduction factor at which a staircase settles at the target reliability, for one extension factor.

    Extended with probability R and reduced with 1 − R the interval stands still on average where
    reduction = extension^(−R/(1 − R)). Source: NCSLI RP-1, method A1 (its a and b).
    """
    longer = _extension(extension)
    reliability = strictly_between("target", target, 0.0, 1.0)
    return math.exp(-math.log(longer) * reliability / (1.0 - reliability))


def a3_interval(
    calibrations: int,
    in_tolerance: int,
    target: float,
    interval: float,
    *,
    confidence: float = 0.5,
    may_extend: bool = False,
    minimum_rejection: float = 0.0,
    bounds: IntervalBounds | None = None,
) -> ReviewedInterval:
    """Test whether an interval meets a reliability target, and shorten it where not (method A3).

    Parameters
    ----------
    calibrations, in_tolerance : n at this interval (at least 1), and k of them found in tolerance
    target, confidence : strictly between 0 and 1; the latter of the two-sided limits of the reliability
    may_extend : lengthen where the target is exceeded; the confidence is then 1 − 2·P(at least k of n | target)
    minimum_rejection : below this confidence the interval is kept

    Q = 1 − 2·P(at most k of n); where k/n lies below the target the interval becomes interval·10^((k/n − target)·Q),
    otherwise it is kept. Limits after Clopper and Pearson. Raises InvalidQuantity. Source: NCSLI RP-1, method A3.
    """
    n, k = checked_counts(calibrations, in_tolerance)
    wanted = strictly_between("target", target, 0.0, 1.0)
    share = strictly_between("confidence", confidence, 0.0, 1.0)
    current = positive(interval, "interval", "interval")
    least = finite(minimum_rejection, "interval", "minimum_rejection")
    observed = k / n
    rejection = 1.0 - 2.0 * float(bdtr(k, n, wanted))
    confident = rejection if observed < wanted else 0.0
    if may_extend and observed > wanted:
        confident = 1.0 - 2.0 * (float(bdtrc(k - 1, n, wanted)) if k > 0 else 1.0)
    confident = confident if confident >= least and confident > 0.0 else 0.0
    low, high = reliability_limits(n, k, share)
    found = _adjusted(current, current * 10.0 ** ((observed - wanted) * confident), bounds)
    warnings = list(found.warnings)
    if n < FEW_CALIBRATIONS:
        warnings.append(IntervalWarning.FEW_CALIBRATIONS)
    if observed != wanted and confident == 0.0 and (observed < wanted or may_extend):
        warnings.append(IntervalWarning.NOT_SIGNIFICANT)
    return ReviewedInterval(found.interval, found.change, observed, low, high, rejection, tuple(warnings))


def reliability_limits(calibrations: int, in_tolerance: int, confidence: float) -> tuple[float, float]:
    """Return the two-sided confidence limits of a reliability from k of n in tolerance, after Clopper and Pearson."""
    n, k = checked_counts(calibrations, in_tolerance)
    tail = 0.5 * (1.0 - strictly_between("confidence", confidence, 0.0, 1.0))
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1.0 - tail))
    return low, high


def _adjusted(current: float, wanted: float, bounds: IntervalBounds | None) -> IntervalAdjustment:
    found, warnings = finite(wanted, "interval", "interval"), []
    if bounds is not None and bounds.minimum is not None and found < bounds.minimum:
        found, warnings = bounds.minimum, [IntervalWarning.AT_MINIMUM]
    if bounds is not None and bounds.maximum is not None and found > bounds.maximum:
        found, warnings = bounds.maximum, [IntervalWarning.AT_MAXIMUM]
    change = Change.KEPT if found == current else Change.EXTENDED if found > current else Change.SHORTENED
    return IntervalAdjustment(found, change, tuple(warnings))


def strictly_between(field: str, value: float, lower: float, upper: float) -> float:
    """Return a finite number that lies strictly between two others, or raise InvalidQuantity naming the field."""
    number = finite(value, "interval", field)
    if not lower < number < upper:
        raise InvalidQuantity(
            "quantity.out_of_range", name="interval", field=field, value=number, lower=lower, upper=upper
        )
    return number


def _extension(value: float) -> float:
    number = finite(value, "interval", "extension")
    if number < 1.0:
        raise InvalidQuantity(
            "quantity.out_of_range", name="interval", field="extension", value=number, lower=1, upper="∞"
        )
    return number


def checked_counts(calibrations: int, in_tolerance: int) -> tuple[int, int]:
    """Return n (at least 1) and k (0 to n), or raise InvalidQuantity."""
    for field, count, least in (("calibrations", calibrations, 1), ("in_tolerance", in_tolerance, 0)):
        if isinstance(count, bool) or not isinstance(count, int):
            raise InvalidQuantity("quantity.not_a_number", name="interval", field=field, value=repr(count))
        if count < least or (field == "in_tolerance" and count > calibrations):
            upper = calibrations if field == "in_tolerance" else "∞"
            raise InvalidQuantity(
                "quantity.out_of_range", name="interval", field=field, value=count, lower=least, upper=upper
            )
    return calibrations, in_tolerance
