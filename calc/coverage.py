"""Effective degrees of freedom and coverage factors."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

from scipy.special import ndtri, stdtrit

from calc.errors import InvalidQuantity
from calc.model import CoverageRule
from calc.propagation import Pairs


@functools.lru_cache(maxsize=4096)
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
    upper = 0.5 * (1.0 + coverage_probability)
    factor = ndtri(upper) if math.isinf(degrees_of_freedom) else stdtrit(degrees_of_freedom, upper)
    return float(factor)


def chosen_coverage_factor(degrees_of_freedom: float, rule: CoverageRule) -> float:
    """Return the factor that a coverage rule gives: stated from its limit upward, else from Student's t."""
    if math.isfinite(degrees_of_freedom) and rule.truncate_degrees_of_freedom:
        degrees_of_freedom = float(math.floor(degrees_of_freedom))
    if rule.stated_factor is not None and degrees_of_freedom >= rule.stated_from_degrees_of_freedom:
        return rule.stated_factor
    return coverage_factor(degrees_of_freedom, rule.coverage_probability)


def _groups(keys: Mapping[str, float], pairs: Pairs) -> list[list[str]]:
    """Return the keys in groups that correlations hold together, in order."""
    leader = {key: key for key in keys}

    def find(key: str) -> str:
        while leader[key] != key:
            key = leader[key]
        return key

    for first, second in pairs:
        if first in leader and second in leader:
            leader[find(second)] = find(first)
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(find(key), []).append(key)
    return list(groups.values())


def _group_term(
    group: list[str], contributions: Mapping[str, float], degrees: Mapping[str, float], pairs: Pairs
) -> tuple[float, float]:
    """Return variance²/ν of one group of correlated inputs, and its ν.

    ν_g = (Σ c_i c_k σ_ik)² / (Σ c_i c_k σ_ik / sqrt(ν_i ν_k))²: all of one ν give that ν (they vary as one sample
    covariance matrix does), exactly known inputs add nothing below, and ν_g is never less than the smallest ν.
    """
    root = {key: 1.0 / math.sqrt(math.sqrt(degrees[key])) for key in group}
    variance = weighted = 0.0
    for key in group:
        a = contributions[key]
        variance += a * a
        weighted += (a * root[key]) * (a * root[key])
    members = set(group)
    for (first, second), r in pairs.items():
        if first in members and second in members:
            shared = 2.0 * r * contributions[first] * contributions[second]
            variance += shared
            weighted += shared * root[first] * root[second]
    smallest, largest = min(degrees[key] for key in group), max(degrees[key] for key in group)
    if variance <= 0.0:
        return 0.0, math.inf
    if math.isinf(smallest) or weighted <= 0.0:
        return 0.0, math.inf
    nu = min(max((variance / weighted) ** 2, smallest), largest)
    return (0.0 if math.isinf(nu) else variance * variance / nu), nu


def effective_degrees_of_freedom(
    contributions: Mapping[str, float], degrees_of_freedom: Mapping[str, float], pairs: Pairs, variance: float
) -> float:
    """Return the effective degrees of freedom of a combined variance, which may be infinite.

    Parameters
    ----------
    contributions : c_i u_i by input quantity, in the output's unit
    degrees_of_freedom : of each input quantity, at least 1 or infinite
    pairs : correlation coefficients by ordered pair of keys
    variance : u_c² of the same contributions, in the output's unit squared

    Welch–Satterthwaite for independent inputs (JCGM 100:2008, G.4.1, equation (G.2b)). The formula does not hold for
    correlated inputs; here inputs that correlations hold together count as one component (as in Willink, Metrologia
    44 (2007) 340–349, for jointly observed inputs): with equal ν it has that ν, with different ones see `_group_term`.
    The result is at least the smallest ν that contributes. A zero variance gives infinity.
    """
    active = {key: a for key, a in contributions.items() if a != 0.0}
    if variance <= 0.0:
        return math.inf
    total, smallest = 0.0, math.inf
    for group in _groups(active, pairs) if pairs else [[key] for key in active]:
        if len(group) == 1:
            a, nu = active[group[0]], degrees_of_freedom[group[0]]
            term = 0.0 if math.isinf(nu) else (a * a) * (a * a) / nu
        else:
            term, nu = _group_term(group, active, degrees_of_freedom, pairs)
        total += term
        smallest = min(smallest, nu)
    return max(variance * variance / total, smallest) if total > 0.0 else math.inf
