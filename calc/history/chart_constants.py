"""Factors of control charts for samples of n normal values, by their definitions.

c4: mean of s over σ. d2 and d3: mean and standard deviation of the range over σ. Source: ISO 7870-2:2023.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from scipy.special import ndtr

from calc.errors import InvalidQuantity

_LARGEST = 25


@functools.lru_cache(maxsize=64)
def c4(size: int) -> float:
    """Return √(2/(n − 1))·Γ(n/2)/Γ((n − 1)/2) for n from 2 to 25."""
    n = _checked(size)
    return math.sqrt(2.0 / (n - 1)) * math.exp(math.lgamma(0.5 * n) - math.lgamma(0.5 * (n - 1)))


@functools.lru_cache(maxsize=64)
def d2(size: int) -> float:
    """Return the mean range over σ for n from 2 to 25."""
    return _moments(_checked(size))[0]


@functools.lru_cache(maxsize=64)
def d3(size: int) -> float:
    """Return the standard deviation of the range over σ for n from 2 to 25."""
    mean, square = _moments(_checked(size))
    return math.sqrt(square - mean * mean)


@functools.lru_cache(maxsize=64)
def _moments(n: int) -> tuple[float, float]:
    """Return the means of the range R and of R²: ∫ P(R > r) dr and ∫ 2r·P(R > r) dr.

    P(R ≤ r) = n·∫ φ(x)·(Φ(x + r) − Φ(x))^{n−1} dx. The inner integrand dies out at both ends, where the trapezoidal
    rule converges exponentially; the outer one is smooth on a finite range and taken by Gauss–Legendre.
    """
    step = 0.1
    x = np.arange(-10.0, 10.05, step)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    r = 8.0 * (1.0 + nodes)  # a range beyond 16 σ has a probability below 1e-26
    within = ndtr(x + r[:, np.newaxis]) - ndtr(x)
    density = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    beyond = 1.0 - n * step * np.sum(density * within ** (n - 1), axis=1)
    return 8.0 * float(weights @ beyond), 16.0 * float(weights @ (r * beyond))


def _checked(size: int) -> int:
    if isinstance(size, bool) or not isinstance(size, int) or not 2 <= size <= _LARGEST:
        raise InvalidQuantity(
            "quantity.out_of_range", name="chart", field="subgroup size", value=size, lower=2, upper=_LARGEST
        )
    return size
