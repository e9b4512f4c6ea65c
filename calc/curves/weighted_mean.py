"""The weighted mean of several estimates of one quantity, correlated or not, with internal and external consistency."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from scipy.special import chdtrc, chdtri

from calc.curves.curve import checked_covariance, checked_size
from calc.curves.line_kernel import Array
from calc.errors import InvalidQuantity
from calc.quantities import Estimate
from calc.units import convert, convert_difference

_SMALLEST: Final = 1e-140
_LARGEST: Final = 1e70
"""Of a standard uncertainty or a distance from the middle, in the smallest standard uncertainty."""


class MeanUncertainty(StrEnum):
    """Which standard uncertainty of the weighted mean is stated.

    `INTERNAL`: from the uncertainties of the estimates. `EXTERNAL`: from how far they lie apart (internal times the
    Birge ratio, n − 1 degrees of freedom). `LARGER`: the larger of both.
    """

    INTERNAL = "internal"
    EXTERNAL = "external"
    LARGER = "larger"


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """A weighted mean; `value` and the uncertainties in `unit`, `weights` add up to 1.

    `chi_squared` observed, with n − 1 degrees of freedom; `estimate` holds the uncertainty that the rule chose.
    """

    value: float
    unit: str
    internal_uncertainty: float
    external_uncertainty: float
    chi_squared: float
    degrees_of_freedom: int
    weights: tuple[float, ...]
    estimate: Estimate

    @property
    def birge_ratio(self) -> float:
        """sqrt(χ²/(n − 1)): external over internal uncertainty; 0 for a single estimate."""
        return math.sqrt(self.chi_squared / self.degrees_of_freedom) if self.degrees_of_freedom else 0.0

    @property
    def probability(self) -> float:
        """The probability of a χ² at least as large if the uncertainties are right."""
        return float(chdtrc(self.degrees_of_freedom, self.chi_squared)) if self.degrees_of_freedom else 1.0

    @property
    def chi_squared_limit(self) -> float:
        """The 95 % quantile of χ² with n − 1 degrees of freedom; infinite for a single estimate."""
        return float(chdtri(self.degrees_of_freedom, 0.05)) if self.degrees_of_freedom else math.inf

    @property
    def is_consistent(self) -> bool:
        """Whether χ² is at most its 95 % quantile. Source: Cox, Metrologia 39 (2002) 589, procedure A."""
        return self.chi_squared <= self.chi_squared_limit


def weighted_mean(
    estimates: Sequence[Estimate],
    unit: str | None = None,
    *,
    correlation: Sequence[Sequence[float]] | None = None,
    rule: MeanUncertainty = MeanUncertainty.INTERNAL,
) -> WeightedMean:
    """Return the mean of least variance.

    Parameters
    ----------
    estimates : n ≥ 1 of one quantity, each with a standard uncertainty above 0
    unit : of the result, by default that of the first estimate
    correlation : shape (n, n), correlation coefficients of the estimates; without it they are independent

    Internal degrees of freedom by Welch–Satterthwaite where the estimates are independent, else the smallest given.
    Raises InvalidQuantity: `curve.too_few_points`, `quantity.not_positive`, `curve.covariance`, units.
    Source: Cox, Metrologia 39 (2002) 589, 5; Birge, Phys. Rev. 40 (1932) 207; JCGM 100:2008, G.4.1.
    """
    if not estimates:
        raise InvalidQuantity("curve.too_few_points", name="weighted mean", count=0, needed=1)
    unit = unit or estimates[0].unit
    values = np.array([convert(one.value, one.unit, unit) for one in estimates])
    u = np.array([convert_difference(one.standard_uncertainty, one.unit, unit) for one in estimates])
    if not bool((u > 0.0).all()):
        place = int(np.argmin(u)) + 1
        name = f"estimate {place}"
        raise InvalidQuantity("quantity.not_positive", name=name, field="standard_uncertainty", value=float(u.min()))
    # about a middle value and in units of the smallest uncertainty, so that nothing overflows or cancels
    middle, least = float(np.median(values)), float(u.min())
    checked_size(u, "weighted mean", "standard_uncertainty", 1.0 / _SMALLEST, _SMALLEST)
    checked_size(values, "weighted mean", "value", 1.0 / _SMALLEST)
    around, spread = (values - middle) / least, u / least
    checked_size(np.concatenate([around, spread]), "weighted mean", "value / standard_uncertainty", _LARGEST)
    weights, variance = _weights(spread, correlation)
    mean = float(weights @ around)
    chi_squared = _chi_squared(around - mean, spread, correlation)
    freedom = len(values) - 1
    internal = math.sqrt(variance) * least
    external = internal * math.sqrt(chi_squared / freedom) if freedom else 0.0
    nu = _degrees_of_freedom(estimates, weights * spread, variance, correlation is not None)
    value = middle + mean * least
    chosen = rule is MeanUncertainty.EXTERNAL or (rule is MeanUncertainty.LARGER and external > internal)
    if rule is MeanUncertainty.EXTERNAL and not freedom:
        raise InvalidQuantity("curve.too_few_points", name="weighted mean", count=1, needed=2)
    stated = Estimate(value, external, unit, float(freedom)) if chosen else Estimate(value, internal, unit, nu)
    return WeightedMean(value, unit, internal, external, chi_squared, freedom, tuple(weights.tolist()), stated)


def _weights(u: Array, correlation: Sequence[Sequence[float]] | None) -> tuple[Array, float]:
    """Return the weights, which add up to 1, and the variance of the mean."""
    if correlation is None:
        inverse = 1.0 / np.square(u)
        return inverse / inverse.sum(), 1.0 / float(inverse.sum())
    solved = _whitened(np.ones_like(u) / u, correlation) / u
    total = float(solved.sum())
    if not total > 0.0:
        raise InvalidQuantity("curve.covariance", name="weighted mean", field="correlation")
    return solved / total, 1.0 / total


def _chi_squared(differences: Array, u: Array, correlation: Sequence[Sequence[float]] | None) -> float:
    normalised = differences / u
    if correlation is None:
        return float(normalised @ normalised)
    return max(float(normalised @ _whitened(normalised, correlation)), 0.0)


def _whitened(vector: Array, correlation: Sequence[Sequence[float]]) -> Array:
    """Return R⁻¹ v of a correlation matrix R that is positive definite with ones on its diagonal."""
    refusal = InvalidQuantity("curve.covariance", name="weighted mean", field="correlation")
    matrix = np.array(checked_covariance(correlation, len(vector), "weighted mean"))
    if bool((np.diag(matrix) != 1.0).any()) or np.linalg.eigvalsh(matrix)[0] <= 1e-12:
        raise refusal
    solved: Array = np.linalg.solve(matrix, vector)
    return solved


def _degrees_of_freedom(estimates: Sequence[Estimate], parts: Array, variance: float, correlated: bool) -> float:
    each = [one.degrees_of_freedom for one in estimates]
    if correlated:
        return min(each)
    below = math.fsum((a * a / variance) ** 2 / nu for a, nu in zip(parts.tolist(), each, strict=True))
    return max(1.0 / below, min(each)) if below > 0.0 else math.inf
