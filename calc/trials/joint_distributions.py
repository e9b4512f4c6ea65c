"""Joint distributions of correlated input quantities, from their marginals and correlation coefficients.

Normal quantities: the multivariate normal distribution (JCGM 101:2008, 6.4.8), singular ones too. Quantities that are
all t with the same ν: the multivariate t distribution of that ν (JCGM 102:2011, 5.3.2), as the quantities state it; for
N quantities observed together n times that clause has ν = n - N, where JCGM 100 has n - 1. JCGM 101 gives no other;
here others are joined by a normal copula (JCGM 102:2011, 5.3.3): the marginals stay as they are, and the correlation of
the normal numbers beneath is found such that the quantities themselves have the stated coefficient.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from calc.distributions import Marginal
from calc.errors import InvalidQuantity
from calc.propagation import Pairs
from calc.quantities import Distribution

Array = NDArray[np.float64]
_NODES = 240
_TERMS = 120
_MARGIN = 1e-9
_PIVOT_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class Joint:
    """Input quantities that correlations hold together, in the order of `keys`.

    `factor`, shape (m, m), lower triangular: factor · factorᵀ is the correlation matrix of the normal numbers beneath.
    `degrees_of_freedom` is finite for a multivariate t distribution, else infinite; `copula` says that not all
    marginals are normal and they are reached through their quantiles.
    """

    keys: tuple[str, ...]
    marginals: tuple[Marginal, ...]
    factor: tuple[tuple[float, ...], ...]
    degrees_of_freedom: float = math.inf
    copula: bool = False


def joint(keys: Sequence[str], marginals: Mapping[str, Marginal], pairs: Pairs) -> Joint:
    """Return the joint distribution of the quantities `keys`, whose coefficients `pairs` gives (0 where absent).

    Raises InvalidQuantity `correlation.unattainable` where no joint distribution has these marginals and coefficient,
    `correlation.no_variance` where a coefficient has no meaning, `correlation.not_positive_semidefinite`.
    """
    members = tuple(marginals[key] for key in keys)
    kinds = {(member.kind, member.shape) for member in members}
    all_normal = kinds == {(Distribution.NORMAL, 0.0)}
    one_t = len(kinds) == 1 and members[0].kind is Distribution.T
    copula = not (all_normal or one_t)
    matrix = np.eye(len(keys))
    for i, first in enumerate(keys):
        for j, second in enumerate(keys[:i]):
            r = pairs.get((second, first), pairs.get((first, second), 0.0))
            if copula and r != 0.0:
                r = _normal_correlation((second, first), (members[j], members[i]), r)
            matrix[i, j] = matrix[j, i] = r
    nu = members[0].shape if one_t else math.inf
    return Joint(tuple(keys), members, _factor(matrix, keys), nu, copula)


def _factor(matrix: Array, keys: Sequence[str]) -> tuple[tuple[float, ...], ...]:
    """Return the lower triangular root of a positive semi-definite matrix; a dependent column is left empty."""
    size = len(matrix)
    lower = np.zeros((size, size))
    rest = matrix.copy()
    for column in range(size):
        pivot = rest[column, column]
        if pivot < -_PIVOT_TOLERANCE * size or (
            pivot <= _PIVOT_TOLERANCE * size
            and np.abs(rest[column + 1 :, column]).max(initial=0.0) > math.sqrt(_PIVOT_TOLERANCE) * size
        ):
            raise InvalidQuantity("correlation.not_positive_semidefinite", name=", ".join(keys), value=f"{pivot:.3g}")
        if pivot > _PIVOT_TOLERANCE * size:
            lower[column:, column] = rest[column:, column] / math.sqrt(pivot)
            rest -= np.multiply.outer(lower[:, column], lower[:, column])
    return tuple(tuple(row) for row in lower.tolist())


@functools.lru_cache(maxsize=1)
def _quadrature() -> tuple[Array, Array, Array]:
    """Return normal quantiles, their weights, and the normalised Hermite polynomials there, (terms, nodes)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    polynomials = np.empty((_TERMS, _NODES))
    polynomials[0], polynomials[1] = 1.0, nodes
    for n in range(1, _TERMS - 1):
        polynomials[n + 1] = (nodes * polynomials[n] - math.sqrt(n) * polynomials[n - 1]) / math.sqrt(n + 1.0)
    return nodes, weights / math.sqrt(2.0 * math.pi), polynomials


@functools.lru_cache(maxsize=256)
def _coefficients(kind: Distribution, shape: float) -> tuple[float, ...]:
    """Return the Hermite coefficients, from the first on, of a standard distribution's quantile at Φ(z), norm 1."""
    nodes, weights, polynomials = _quadrature()
    probability = np.clip(ndtr(nodes), 1e-300, 1.0 - 2.0**-53)
    values = Marginal(kind, 0.0, 1.0, shape).quantile(probability)
    found = polynomials[1:] @ (weights * values)
    return tuple((found / math.sqrt(float(found @ found))).tolist())


def _normal_correlation(keys: tuple[str, str], marginals: tuple[Marginal, Marginal], r: float) -> float:
    """Return the correlation of two normal numbers that gives the quantities made of them the correlation r."""
    if not all(math.isfinite(marginal.standard_deviation) for marginal in marginals):
        raise InvalidQuantity("correlation.no_variance", name=keys[0], other=keys[1])
    one, two = (np.array(_coefficients(marginal.kind, marginal.shape)) for marginal in marginals)
    series = np.concatenate(([0.0], one * two))

    def excess(rho: float) -> float:
        return float(np.polynomial.polynomial.polyval(rho, series)) - r

    bound = math.copysign(1.0, r)
    if abs(excess(bound)) <= _MARGIN:
        return bound
    if excess(bound) * bound < 0.0:
        raise InvalidQuantity("correlation.unattainable", name=keys[0], other=keys[1], value=r)
    return float(brentq(excess, min(0.0, bound), max(0.0, bound), xtol=1e-14))
