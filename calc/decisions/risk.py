"""Risks of a decision at one measured value, and the ratios and guard bands that bound them.

A risk is never a bare number: it carries its definition, because "false accept" is used for different probabilities.
All values, uncertainties and limits of one call are in one unit. The risk over a whole population of items is in
`calc.decisions.global_risk`. Source: JCGM 106:2012, clauses 7 to 9; ILAC-G8:09/2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from calc.decisions.conformity import ToleranceInterval
from calc.errors import InvalidQuantity, OutsideValidity
from calc.quantities import degrees_of_freedom as checked_degrees
from calc.quantities import finite, not_negative, positive


class RiskDefinition(StrEnum):
    """Which probability a risk is; `DEFINITIONS` says it in a sentence."""

    NONCONFORMING_AT_VALUE = "nonconforming_at_value"
    CONFORMING_AT_VALUE = "conforming_at_value"
    NONCONFORMING_AT_ACCEPTANCE_LIMIT = "nonconforming_at_acceptance_limit"
    CONFORMING_AT_ACCEPTANCE_LIMIT = "conforming_at_acceptance_limit"
    NONCONFORMING = "nonconforming"
    ACCEPTED = "accepted"
    ACCEPTED_AND_NONCONFORMING = "accepted_and_nonconforming"
    NONCONFORMING_GIVEN_ACCEPTED = "nonconforming_given_accepted"
    REJECTED_AND_CONFORMING = "rejected_and_conforming"
    CONFORMING_GIVEN_REJECTED = "conforming_given_rejected"


DEFINITIONS: Mapping[RiskDefinition, str] = MappingProxyType(
    {
        RiskDefinition.NONCONFORMING_AT_VALUE: (
            "specific risk of false acceptance: probability that the item does not conform, given its measured value"
        ),
        RiskDefinition.CONFORMING_AT_VALUE: (
            "specific risk of false rejection: probability that the item conforms, given its measured value"
        ),
        RiskDefinition.NONCONFORMING_AT_ACCEPTANCE_LIMIT: (
            "greatest specific risk of false acceptance: probability that an item measured on the acceptance limit "
            "lies beyond the tolerance limit of that side"
        ),
        RiskDefinition.CONFORMING_AT_ACCEPTANCE_LIMIT: (
            "greatest specific risk of false rejection: probability that an item measured just beyond the acceptance "
            "limit lies within the tolerance limit of that side"
        ),
        RiskDefinition.NONCONFORMING: "probability that an item of the population does not conform",
        RiskDefinition.ACCEPTED: "probability that an item of the population is accepted",
        RiskDefinition.ACCEPTED_AND_NONCONFORMING: (
            "global consumer's risk: probability that an item of the population is accepted and does not conform"
        ),
        RiskDefinition.NONCONFORMING_GIVEN_ACCEPTED: (
            "conditional consumer's risk: probability that an accepted item does not conform"
        ),
        RiskDefinition.REJECTED_AND_CONFORMING: (
            "global producer's risk: probability that an item of the population is rejected and conforms"
        ),
        RiskDefinition.CONFORMING_GIVEN_REJECTED: (
            "conditional producer's risk: probability that a rejected item conforms"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Risk:
    """A probability (0 to 1) with the definition that it follows."""

    probability: float
    definition: RiskDefinition

    @property
    def ppm(self) -> float:
        """Return the probability in parts per million."""
        return self.probability * 1e6

    @property
    def words(self) -> str:
        """Return the definition as a plain English sentence."""
        return DEFINITIONS[self.definition]


@dataclass(frozen=True, slots=True)
class SpecificProbabilities:
    """Where the value of the measurand lies, given the measurement: three probabilities that add up to 1."""

    conforming: float
    below: float
    above: float

    @property
    def nonconforming(self) -> float:
        """Return the probability outside the limits, exact also where it is tiny."""
        return self.below + self.above


def _cumulative(z: float, degrees: float) -> float:
    return float(ndtr(z) if math.isinf(degrees) else stdtr(degrees, z))


def _quantile(probability: float, degrees: float) -> float:
    return float(ndtri(probability) if math.isinf(degrees) else stdtrit(degrees, probability))


def _fraction(value: float, name: str, field: str) -> float:
    number = finite(value, name, field)
    if not 0.0 < number < 1.0:
        raise InvalidQuantity("quantity.out_of_range", name=name, field=field, value=number, lower=0, upper=1)
    return number


def specific_probabilities(
    value: float,
    standard_uncertainty: float,
    tolerance: ToleranceInterval,
    degrees_of_freedom: float = math.inf,
) -> SpecificProbabilities:
    """Return the probabilities that the measurand lies within, below and above the limits.

    Parameters
    ----------
    value, standard_uncertainty, tolerance : in one unit; u at least 0 (with 0 the value itself decides)
    degrees_of_freedom : at least 1; infinite gives a normal measurand, else a t distribution scaled by u (u is the
        scale) and centred on the value

    Raises InvalidQuantity. Source: JCGM 106:2012, 7.2 to 7.4.
    """
    y = finite(value, "risk", "value")
    u = not_negative(standard_uncertainty, "risk", "standard_uncertainty")
    degrees = checked_degrees(degrees_of_freedom, "risk")
    if u == 0.0:
        below = float(tolerance.lower is not None and y < tolerance.lower)
        above = float(tolerance.upper is not None and y > tolerance.upper)
        return SpecificProbabilities(1.0 - below - above, below, above)
    lower = -math.inf if tolerance.lower is None else (tolerance.lower - y) / u
    upper = math.inf if tolerance.upper is None else (tolerance.upper - y) / u
    below, above = _cumulative(lower, degrees), _cumulative(-upper, degrees)
    if lower > 0.0:  # the difference of two small tails keeps its digits where the value lies far outside
        conforming = _cumulative(-lower, degrees) - above
    elif upper < 0.0:
        conforming = _cumulative(upper, degrees) - below
    else:
        conforming = 1.0 - (below + above)
    return SpecificProbabilities(conforming, below, above)


def conformance_probability(
    value: float,
    standard_uncertainty: float,
    tolerance: ToleranceInterval,
    degrees_of_freedom: float = math.inf,
) -> float:
    """Return the probability that the measurand lies within its limits; see `specific_probabilities`."""
    return specific_probabilities(value, standard_uncertainty, tolerance, degrees_of_freedom).conforming


def specific_risk(
    value: float,
    standard_uncertainty: float,
    tolerance: ToleranceInterval,
    *,
    accepted: bool,
    degrees_of_freedom: float = math.inf,
) -> Risk:
    """Return the risk that the decision taken on this very value is wrong.

    Of an accepted item it is the probability that it does not conform, of a rejected one that it conforms.
    Arguments and errors as in `specific_probabilities`.
    Source: JCGM 106:2012, 3.3.13 and 3.3.14; ILAC-G8:09/2019, clause 5.
    """
    found = specific_probabilities(value, standard_uncertainty, tolerance, degrees_of_freedom)
    if accepted:
        return Risk(found.nonconforming, RiskDefinition.NONCONFORMING_AT_VALUE)
    return Risk(found.conforming, RiskDefinition.CONFORMING_AT_VALUE)


def greatest_false_accept(
    guard_factor: float, coverage_factor: float = 2.0, degrees_of_freedom: float = math.inf
) -> Risk:
    """Return the greatest specific risk of false acceptance under the guard band w = r·U, U = k·u.

    `guard_factor` r and `coverage_factor` k (positive) have no dimension; degrees of freedom as in
    `specific_probabilities`. An item measured on the acceptance limit lies beyond the tolerance limit of that side with
    probability Φ(−r·k); the limit of the other side counts as far away. Source: ILAC-G8:09/2019, table 1.
    """
    distance = finite(guard_factor, "risk", "guard_factor") * positive(coverage_factor, "risk", "coverage_factor")
    degrees = checked_degrees(degrees_of_freedom, "risk")
    return Risk(_cumulative(-distance, degrees), RiskDefinition.NONCONFORMING_AT_ACCEPTANCE_LIMIT)


def greatest_false_reject(
    guard_factor: float, coverage_factor: float = 2.0, degrees_of_freedom: float = math.inf
) -> Risk:
    """Return the greatest specific risk of false rejection under the guard band w = r·U, as `greatest_false_accept`.

    It is reached just beyond the acceptance limit, and is small only where r is negative (relaxed rejection).
    """
    distance = finite(guard_factor, "risk", "guard_factor") * positive(coverage_factor, "risk", "coverage_factor")
    degrees = checked_degrees(degrees_of_freedom, "risk")
    return Risk(_cumulative(distance, degrees), RiskDefinition.CONFORMING_AT_ACCEPTANCE_LIMIT)


def decision_value(
    limit: float, relative_standard_uncertainty: float, probability: float, degrees_of_freedom: float = math.inf
) -> float:
    """Return the indication from which an upper limit is exceeded with at least this probability.

    Parameters
    ----------
    limit : greater than 0; the result has its unit
    relative_standard_uncertainty : u divided by the indication, at least 0; dimensionless
    probability : of exceeding the limit, strictly between 0 and 1

    The indication is limit / (1 − z·u_rel) with z the quantile of the normal (or t) distribution. Raises
    OutsideValidity where u_rel is so large that no indication gives this probability, InvalidQuantity otherwise.
    Source: JCGM 106:2012, 8.3.3.2 (speed limit of 100 km/h, 2 %, 99.9 %: 107 km/h).
    """
    bound = positive(limit, "risk", "limit")
    relative = not_negative(relative_standard_uncertainty, "risk", "relative_standard_uncertainty")
    degrees = checked_degrees(degrees_of_freedom, "risk")
    share = 1.0 - _quantile(_fraction(probability, "risk", "probability"), degrees) * relative
    if share <= 0.0:
        raise OutsideValidity("risk.unattainable", name="decision_value", value=probability)
    return finite(bound / share, "risk", "decision_value")


def guard_band_for_risk(
    false_accept: float,
    standard_uncertainty: float,
    tolerance: ToleranceInterval,
    degrees_of_freedom: float = math.inf,
) -> float:
    """Return the smallest guard band w (in the unit of u) that bounds the specific risk of false acceptance.

    On the acceptance limit the probability of nonconformity, both limits counted, equals `false_accept` (strictly
    between 0 and 1). Negative where more than one half is allowed. Raises OutsideValidity where even the middle of the
    tolerance interval has a greater risk, InvalidQuantity otherwise. Source: JCGM 106:2012, 8.3.2 and A.4.
    """
    wanted = _fraction(false_accept, "risk", "false_accept")
    u = not_negative(standard_uncertainty, "risk", "standard_uncertainty")
    degrees = checked_degrees(degrees_of_freedom, "risk")
    if u == 0.0:
        return 0.0
    alone = -_quantile(wanted, degrees) * u
    if tolerance.lower is None or tolerance.upper is None:
        return alone
    width = tolerance.upper - tolerance.lower

    def excess(guard: float) -> float:
        return _cumulative(-guard / u, degrees) + _cumulative(-(width - guard) / u, degrees) - wanted

    return _least_guard(excess, alone, width / 2.0, wanted)


def _least_guard(excess: Callable[[float], float], alone: float, middle: float, wanted: float) -> float:
    """Return where the risk on the acceptance limit falls to what is wanted, at most the middle of the tolerance."""
    if middle <= alone or excess(middle) > 0.0:
        raise OutsideValidity("risk.unattainable", name="guard_band", value=wanted)
    if excess(alone) <= 0.0:
        return alone
    return float(brentq(excess, alone, middle, xtol=1e-15 * max(abs(alone), abs(middle)), rtol=1e-14))


def uncertainty_ratio(tolerance: ToleranceInterval, expanded_uncertainty: float) -> float:
    """Return the test uncertainty ratio TUR = (T_U − T_L) / (2 U), dimensionless.

    U (greater than 0, k = 2, in the unit of the limits) is that of the whole calibration process, not of the reference
    standard alone. Needs both limits. With U = 2u it equals the measurement capability index C_m of JCGM 106:2012, 7.6.
    Source: ANSI/NCSL Z540.3-2006, 3.11; ILAC-G8:09/2019, 3.
    """
    return _width(tolerance, "uncertainty_ratio") / (
        2.0 * positive(expanded_uncertainty, "risk", "expanded_uncertainty")
    )


def accuracy_ratio(tolerance: ToleranceInterval, reference: ToleranceInterval) -> float:
    """Return the test accuracy ratio TAR: the item's tolerance width over that of the reference standard.

    It ignores every other source of uncertainty and does not replace `uncertainty_ratio`.
    """
    return _width(tolerance, "accuracy_ratio") / positive(_width(reference, "accuracy_ratio"), "risk", "reference")


def _width(tolerance: ToleranceInterval, name: str) -> float:
    if tolerance.lower is None or tolerance.upper is None:
        raise InvalidQuantity("risk.two_limits", name=name)
    return tolerance.upper - tolerance.lower


def managed_guard_factor(ratio: float) -> float:
    """Return r of the guard band w = r·U (U with k = 2) that holds the global false accept risk to 2 % for a given TUR.

    r = 1.04 − exp(0.38 ln TUR − 0.54), never less than 0; it holds whatever the in-tolerance probability of the
    population is. Source: M. Dobbert, NCSLI Workshop 2008; method 6 of the handbook of ANSI/NCSL Z540.3-2006.
    """
    return max(0.0, 1.04 - math.exp(0.38 * math.log(positive(ratio, "risk", "uncertainty_ratio")) - 0.54))
