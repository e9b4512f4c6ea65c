"""Effective degrees of freedom, coverage factors (Student's t by table), and the rule that a procedure states."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from calc.combination import DOMINANT, combination_of, complete
from calc.coverage_table import student_table
from calc.errors import InvalidQuantity
from calc.model import CoverageRule

Array = NDArray[np.float64]
_ROUNDING = 1.0 + 1e-12
"""Degrees of freedom this close below a whole number are that number, which rounding missed."""


def coverage_factor(degrees_of_freedom: float, coverage_probability: float = 0.9545) -> float:
    """Return the two-sided coverage factor of Student's t distribution.

    Parameters
    ----------
    degrees_of_freedom : at least 1, may be infinite (normal distribution) and need not be whole; dimensionless
    coverage_probability : strictly between 0 and 1; a fraction, not per cent

    Returns: dimensionless factor, greater than 0.
    Raises InvalidQuantity if an argument lies outside its interval or is NaN.
    Source: JCGM 100:2008, G.3 and Table G.2 (16 degrees of freedom, 0.95: 2.12).
    """
    if not 0.0 < coverage_probability < 1.0:
        raise InvalidQuantity("coverage.probability", value=coverage_probability)
    if not degrees_of_freedom >= 1.0:
        raise InvalidQuantity("quantity.degrees_of_freedom", name="coverage_factor", value=repr(degrees_of_freedom))
    return student_table(coverage_probability).factor(degrees_of_freedom)


def coverage_factors(degrees_of_freedom: Array, coverage_probability: float = 0.9545) -> Array:
    """Return the coverage factors for an array of degrees of freedom, any shape, with the bits of `coverage_factor`.

    Raises InvalidQuantity if the probability or any degrees of freedom lie outside their interval or are NaN.
    """
    if not 0.0 < coverage_probability < 1.0:
        raise InvalidQuantity("coverage.probability", value=coverage_probability)
    if not (degrees_of_freedom >= 1.0).all():
        refused = degrees_of_freedom[~(degrees_of_freedom >= 1.0)].flat[0]
        raise InvalidQuantity("quantity.degrees_of_freedom", name="coverage_factors", value=repr(float(refused)))
    return student_table(coverage_probability).factors(degrees_of_freedom)


def effective_degrees_of_freedom(
    contributions: Mapping[str, float],
    degrees_of_freedom: Mapping[str, float],
    pairs: Mapping[tuple[str, str], float],
    variance: float,
) -> float:
    """Return the effective degrees of freedom of a combined variance, which may be infinite.

    Parameters
    ----------
    contributions : c_i u_i by input quantity, in the output's unit
    degrees_of_freedom : of each input quantity, at least 1 or infinite
    pairs : correlation coefficients by ordered pair of keys
    variance : u_c² of the same contributions, in the output's unit squared

    Welch–Satterthwaite for independent inputs (JCGM 100:2008, G.4.1, equation (G.2b)); correlated ones as
    calc.combination says. The result is at least the smallest ν that contributes. A zero variance gives infinity.
    """
    names = sorted(key for key, a in contributions.items() if a != 0.0)
    if variance <= 0.0 or not names:
        return math.inf
    place = {name: index for index, name in enumerate(names)}
    kept = {pair: r for pair, r in pairs.items() if r != 0.0 and pair[0] in place and pair[1] in place}
    known = tuple((place[one], place[two], complete(r)) for (one, two), r in kept.items())
    degrees = [degrees_of_freedom[name] for name in names]
    combination = combination_of(len(names), known)
    _, _, weighted, fourth = combination(*(contributions[name] for name in names), *degrees, *kept.values())
    if weighted <= 0.0:
        return math.inf
    nu = variance * variance / weighted
    return max(nu, min(degrees)) if fourth >= DOMINANT * (variance * variance) else nu


def chosen_coverage_factor(degrees_of_freedom: float, rule: CoverageRule) -> float:
    """Return the factor that a coverage rule gives: stated from its limit upward, else from Student's t.

    `degrees_of_freedom` is at least 1 or infinite.
    """
    if rule.truncate_degrees_of_freedom and math.isfinite(degrees_of_freedom):
        degrees_of_freedom = float(math.floor(degrees_of_freedom * _ROUNDING))
    if rule.stated_factor is not None and degrees_of_freedom >= rule.stated_from_degrees_of_freedom:
        return rule.stated_factor
    return student_table(rule.coverage_probability).factor(degrees_of_freedom)


def chosen_coverage_factors(degrees_of_freedom: Array, rule: CoverageRule, out: Array | None = None) -> Array:
    """Return a coverage rule's factors for an array of degrees of freedom, with the bits of the function on one.

    They are written into `out` where it is given, an array of the same shape.
    """
    if rule.truncate_degrees_of_freedom:
        degrees_of_freedom = np.floor(degrees_of_freedom * _ROUNDING)
    factors = student_table(rule.coverage_probability).factors(degrees_of_freedom, out)
    if rule.stated_factor is not None:
        factors[degrees_of_freedom >= rule.stated_from_degrees_of_freedom] = rule.stated_factor
    return factors
