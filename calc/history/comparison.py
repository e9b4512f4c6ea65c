"""Scores of a laboratory's result in a comparison.

All values and uncertainties of one call are in one unit; a score has none.
Source: ISO/IEC 17043:2023, annex B; ISO 13528:2022, clause 9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from calc.errors import InvalidQuantity
from calc.quantities import finite, not_negative, positive


class Assessment(StrEnum):
    """What a score says: satisfactory, questionable (a warning signal) or unsatisfactory (an action signal)."""

    SATISFACTORY = "satisfactory"
    QUESTIONABLE = "questionable"
    UNSATISFACTORY = "unsatisfactory"


@dataclass(frozen=True, slots=True)
class Score:
    """A score without dimension, signed as value minus reference, and what it says."""

    value: float
    assessment: Assessment


def en_number(
    value: float,
    expanded_uncertainty: float,
    reference: float,
    reference_expanded_uncertainty: float,
    *,
    correlation: float = 0.0,
) -> Score:
    """Return the E_n number: the difference over its expanded uncertainty; satisfactory where |E_n| ≤ 1.

    Both U are at least 0, not both 0, and have the same coverage factor. `correlation` (−1 to 1) is that of the two
    values: U_d² = U² + U_ref² − 2·r·U·U_ref; a participant whose result is part of the reference value has r = u_ref/u
    with an uncertainty-weighted mean. Source: ISO 13528:2022, 9.7; ISO/IEC 17043:2023, annex B.
    """
    spread = _spread("en_number", expanded_uncertainty, reference_expanded_uncertainty, correlation)
    score = _ratio(value, reference, spread, "en_number")
    return Score(score, Assessment.SATISFACTORY if math.fabs(score) <= 1.0 else Assessment.UNSATISFACTORY)


def zeta_score(
    value: float,
    standard_uncertainty: float,
    reference: float,
    reference_standard_uncertainty: float,
    *,
    correlation: float = 0.0,
) -> Score:
    """Return the zeta score: as E_n, with standard uncertainties, judged as a z score. Source: ISO 13528:2022, 9.6."""
    spread = _spread("zeta_score", standard_uncertainty, reference_standard_uncertainty, correlation)
    return _judged(_ratio(value, reference, spread, "zeta_score"))


def z_score(value: float, reference: float, assessment_standard_deviation: float) -> Score:
    """Return the z score; satisfactory up to |z| = 2, unsatisfactory from 3 on. Source: ISO 13528:2022, 9.4.

    The standard deviation for proficiency assessment, σ_pt, is greater than 0.
    """
    spread = positive(assessment_standard_deviation, "z_score", "assessment_standard_deviation")
    return _judged(_ratio(value, reference, spread, "z_score"))


def z_prime_score(
    value: float, reference: float, assessment_standard_deviation: float, reference_standard_uncertainty: float
) -> Score:
    """Return the z′ score, whose σ_pt is widened by the reference value's uncertainty. Source: ISO 13528:2022, 9.5."""
    deviation = positive(assessment_standard_deviation, "z_prime_score", "assessment_standard_deviation")
    u = not_negative(reference_standard_uncertainty, "z_prime_score", "reference_standard_uncertainty")
    return _judged(_ratio(value, reference, math.hypot(deviation, u), "z_prime_score"))


def _spread(name: str, own: float, other: float, correlation: float) -> float:
    """Return the uncertainty of the difference of two correlated values; (a − b)² + 2(1 − r)ab does not cancel."""
    a, b = not_negative(own, name, "own uncertainty"), not_negative(other, name, "reference uncertainty")
    r = finite(correlation, name, "correlation")
    if not -1.0 <= r <= 1.0:
        raise InvalidQuantity("quantity.out_of_range", name=name, field="correlation", value=r, lower=-1, upper=1)
    spread = math.hypot(a, b)
    if r != 0.0:
        spread = math.hypot(a - b, math.sqrt(2.0 * (1.0 - r)) * (math.sqrt(a) * math.sqrt(b)))
    return positive(spread, name, "uncertainty of the difference")


def _ratio(value: float, reference: float, spread: float, name: str) -> float:
    return finite((finite(value, name, "value") - finite(reference, name, "reference")) / spread, name, "score")


def _judged(score: float) -> Score:
    size = math.fabs(score)
    if size <= 2.0:
        return Score(score, Assessment.SATISFACTORY)
    return Score(score, Assessment.QUESTIONABLE if size < 3.0 else Assessment.UNSATISFACTORY)
