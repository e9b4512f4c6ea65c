"""Whether a fit describes its points: five checks of weighted residuals, common to all curves.

A check that fails says that the points do not support the curve with the uncertainties given; it changes no number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri, ndtr, ndtri

from calc.errors import InvalidQuantity
from calc.quantities import finite

_LEVEL: Final = 0.05


class GoodnessCheck(StrEnum):
    """What is looked at."""

    CHI_SQUARED = "chi_squared"
    BIRGE_RATIO = "birge_ratio"
    LARGEST_RESIDUAL = "largest_residual"
    RUNS = "runs"
    NEIGHBOURS = "neighbours"


MEANINGS: Mapping[GoodnessCheck, str] = MappingProxyType(
    {
        GoodnessCheck.CHI_SQUARED: (
            "the residuals together are no larger than the stated uncertainties explain; above the limit the curve is "
            "of the wrong form or the uncertainties are too small"
        ),
        GoodnessCheck.BIRGE_RATIO: (
            "the spread of the residuals over the one that the stated uncertainties promise: 1 where they agree, "
            "below the lower limit the uncertainties are larger than what the points show"
        ),
        GoodnessCheck.LARGEST_RESIDUAL: (
            "no single point lies further from the curve than the farthest of so many points would by chance"
        ),
        GoodnessCheck.RUNS: (
            "residuals above and below the curve follow each other irregularly; too few changes of sign mean that the "
            "points bend where the curve does not"
        ),
        GoodnessCheck.NEIGHBOURS: (
            "residuals of neighbouring points are not alike; a correlation above the limit means a bend or a drift"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: its statistic, the limits between which it passes at the level of 5 %, and the point it names.

    `probability`: of a statistic as far out or farther if curve and uncertainties are right; `point` counts from 1.
    """

    check: GoodnessCheck
    statistic: float
    lower: float
    upper: float
    probability: float
    point: int | None = None

    @property
    def passed(self) -> bool:
        """Whether the statistic lies within its limits."""
        return self.lower <= self.statistic <= self.upper

    @property
    def meaning(self) -> str:
        """What passing and failing say, in plain English."""
        return MEANINGS[self.check]


def goodness(
    weighted_residuals: Sequence[float] | NDArray[np.float64], parameters: int, *, scale_known: bool = True
) -> tuple[CheckResult, ...]:
    """Return the checks that so many residuals allow.

    Parameters
    ----------
    weighted_residuals : shape (n,), residual over its standard uncertainty, in the order of the argument; dimensionless
    parameters : how many coefficients were fitted
    scale_known : False where the uncertainties were estimated from the same residuals, which leaves χ² nothing to say

    Source: ISO/TS 28037:2010, 6.2.2 (χ²); Birge, Phys. Rev. 40 (1932) 207; Wald and Wolfowitz, Ann. Math. Statist. 11
    (1940) 147 (runs, exact); the others by the normal distribution, the farthest of n after Šidák.
    """
    numbers = [finite(r, "residuals", "weighted residual") for r in weighted_residuals]
    count, freedom = len(numbers), len(numbers) - parameters
    if freedom < 0:
        raise InvalidQuantity("curve.too_few_points", name="residuals", count=count, needed=parameters)
    if freedom == 0:
        return ()
    checks = [*_spread(numbers, freedom)] if scale_known else []
    checks.append(_largest(numbers))
    runs = _runs(numbers)
    if runs is not None:
        checks.append(runs)
    if count > 3 and any(numbers):
        checks.append(_neighbours(numbers))
    return tuple(checks)


def _spread(numbers: Sequence[float], freedom: int) -> tuple[CheckResult, CheckResult]:
    chi_squared = math.fsum(r * r for r in numbers)
    limit = float(chdtri(freedom, _LEVEL))
    above = float(chdtrc(freedom, chi_squared))
    low, high = (math.sqrt(float(chdtri(freedom, p)) / freedom) for p in (1.0 - _LEVEL / 2.0, _LEVEL / 2.0))
    ratio = math.sqrt(chi_squared / freedom)
    return (
        CheckResult(GoodnessCheck.CHI_SQUARED, chi_squared, 0.0, limit, above),
        CheckResult(GoodnessCheck.BIRGE_RATIO, ratio, low, high, 2.0 * min(above, 1.0 - above)),
    )


def _largest(numbers: Sequence[float]) -> CheckResult:
    place = max(range(len(numbers)), key=lambda index: abs(numbers[index]))
    size, count = abs(numbers[place]), len(numbers)
    limit = float(ndtri(0.5 * (1.0 + (1.0 - _LEVEL) ** (1.0 / count))))
    probability = -math.expm1(count * math.log1p(-2.0 * float(ndtr(-size)))) if size > 0.0 else 1.0
    return CheckResult(GoodnessCheck.LARGEST_RESIDUAL, size, 0.0, limit, probability, place + 1)


def _runs(numbers: Sequence[float]) -> CheckResult | None:
    """Return the check of the number of runs of one sign, or None where no number of runs would be too few."""
    signs = [r > 0.0 for r in numbers if r != 0.0]
    above, below = sum(signs), len(signs) - sum(signs)
    if not above or not below:
        return None
    runs = 1 + sum(one != two for one, two in pairwise(signs))
    total = math.comb(above + below, above)
    cumulated, limit, probability = 0, 0, 0.0
    for number in range(2, above + below + 1):
        half, odd = divmod(number, 2)
        ways = 2 * math.comb(above - 1, half - 1) * math.comb(below - 1, half - 1)
        if odd:
            ways = math.comb(above - 1, half) * math.comb(below - 1, half - 1)
            ways += math.comb(above - 1, half - 1) * math.comb(below - 1, half)
        cumulated += ways
        if cumulated / total <= _LEVEL:
            limit = number
        if number == runs:
            probability = cumulated / total
    if limit == 0:
        return None
    return CheckResult(GoodnessCheck.RUNS, float(runs), float(limit + 1), float(above + below), probability)


def _neighbours(numbers: Sequence[float]) -> CheckResult:
    """Return the check of the lag-one correlation of the residuals about 0."""
    shared = math.fsum(one * two for one, two in pairwise(numbers))
    correlation = shared / math.fsum(r * r for r in numbers)
    deviation = 1.0 / math.sqrt(len(numbers))
    limit = float(ndtri(1.0 - _LEVEL)) * deviation
    return CheckResult(
        GoodnessCheck.NEIGHBOURS, correlation, -1.0, min(limit, 1.0), float(ndtr(-correlation / deviation))
    )
