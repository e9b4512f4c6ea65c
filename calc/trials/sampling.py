"""Draws from the distributions of the input quantities, one array of trials at a time.

Every routine works in place on arrays that stay in the processor's cache, and takes the generator as an argument. The
sine and cosine of an angle θ = 2πV come from t = tan(πV): cos θ = 2/(1 + t²) - 1, sin θ = t · 2/(1 + t²), which costs
a fraction of the functions themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtr

from calc.distributions import Marginal
from calc.quantities import Distribution
from calc.trials.joint_distributions import Joint

Array = NDArray[np.float64]
_BELOW_ONE = 1.0 - 2.0**-53


@dataclass(frozen=True, slots=True)
class Scratch:
    """Room for the draws of one quantity: `uniforms` of shape (2 n,) and `spare` of shape (n,) for n trials."""

    uniforms: Array
    spare: Array

    @classmethod
    def of(cls, trials: int) -> Scratch:
        """Return room for a number of trials."""
        return cls(np.empty(2 * trials), np.empty(trials))


def _one_plus_cosine(v: Array) -> None:
    """Replace V by 2/(1 + tan²(πV)) = 1 + cos(2πV)."""
    np.multiply(v, math.pi, v)
    np.tan(v, v)
    np.square(v, v)
    np.add(v, 1.0, v)
    np.divide(2.0, v, v)


def standard_normal(generator: Generator, out: Array, scratch: Scratch) -> None:
    """Fill `out` with normal numbers, σ = 1: pairs by the transform of Box and Muller (JCGM 101:2008, C.4)."""
    pairs = (len(out) + 1) // 2
    uniforms = scratch.uniforms[: 2 * pairs]
    generator.random(out=uniforms)
    radius, tangent, shared = uniforms[:pairs], uniforms[pairs:], scratch.spare[:pairs]
    np.negative(radius, radius)
    np.log1p(radius, radius)  # of 1 - U, which is never 0
    np.multiply(radius, -2.0, radius)
    np.sqrt(radius, radius)
    np.multiply(tangent, math.pi, tangent)
    np.tan(tangent, tangent)
    np.square(tangent, shared)
    np.add(shared, 1.0, shared)
    np.divide(2.0, shared, shared)
    np.multiply(tangent, shared, tangent)
    np.subtract(shared, 1.0, shared)
    np.multiply(radius, shared, out[:pairs])
    rest = len(out) - pairs
    np.multiply(radius[:rest], tangent[:rest], out[pairs:])


def _normal(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    standard_normal(generator, out, scratch)
    np.multiply(out, marginal.scale, out)
    np.add(out, marginal.location, out)


def _t(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    """Draw t numbers for any ν: sqrt(ν (U^(-2/ν) - 1)) cos(2πV). Source: Bailey, Math. Comp. 62 (1994) 779-781."""
    trials, nu = len(out), marginal.shape
    uniforms = scratch.uniforms[: 2 * trials]
    generator.random(out=uniforms)
    radius, cosine = uniforms[:trials], uniforms[trials:]
    np.negative(radius, radius)
    np.log1p(radius, radius)
    np.multiply(radius, -2.0 / nu, radius)
    np.expm1(radius, radius)
    np.sqrt(radius, radius)
    _one_plus_cosine(cosine)
    np.subtract(cosine, 1.0, cosine)
    np.multiply(radius, cosine, out)
    np.multiply(out, marginal.scale * math.sqrt(nu), out)
    np.add(out, marginal.location, out)


def _rectangular(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    generator.random(out=out)
    np.multiply(out, 2.0 * marginal.scale, out)
    np.add(out, marginal.location - marginal.scale, out)


def _arcsine(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    generator.random(out=out)
    _one_plus_cosine(out)
    np.multiply(out, marginal.scale, out)
    np.add(out, marginal.location - marginal.scale, out)


def _two_uniforms(generator: Generator, out: Array, scratch: Scratch) -> tuple[Array, Array]:
    uniforms = scratch.uniforms[: 2 * len(out)]
    generator.random(out=uniforms)
    return uniforms[: len(out)], uniforms[len(out) :]


def _trapezoidal(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    """Draw the sum of two rectangular quantities (JCGM 101:2008, 6.4.4.4); β = 0 is the triangle (6.4.5.4)."""
    first, second = _two_uniforms(generator, out, scratch)
    np.multiply(first, marginal.scale * (1.0 + marginal.shape), first)
    np.multiply(second, marginal.scale * (1.0 - marginal.shape), second)
    np.add(first, second, out)
    np.add(out, marginal.location - marginal.scale, out)


def _curvilinear(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    """Draw between limits that are drawn first (JCGM 101:2008, 6.4.3.4)."""
    width, place = _two_uniforms(generator, out, scratch)
    np.multiply(width, 2.0 * marginal.scale * marginal.shape, width)
    np.add(width, marginal.scale * (1.0 - marginal.shape), width)
    np.multiply(place, 2.0, place)
    np.subtract(place, 1.0, place)
    np.multiply(width, place, out)
    np.add(out, marginal.location, out)


def _exponential(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    generator.random(out=out)
    np.negative(out, out)
    np.log1p(out, out)
    np.multiply(out, -marginal.scale, out)
    np.add(out, marginal.location, out)


def _gamma(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    generator.standard_gamma(marginal.shape, out=out)
    np.multiply(out, marginal.scale, out)
    np.add(out, marginal.location, out)


_DRAWS: Mapping[Distribution, Callable[[Marginal, Generator, Array, Scratch], None]] = MappingProxyType(
    {
        Distribution.NORMAL: _normal,
        Distribution.T: _t,
        Distribution.RECTANGULAR: _rectangular,
        Distribution.TRIANGULAR: _trapezoidal,
        Distribution.ARCSINE: _arcsine,
        Distribution.TRAPEZOIDAL: _trapezoidal,
        Distribution.CURVILINEAR_TRAPEZOID: _curvilinear,
        Distribution.EXPONENTIAL: _exponential,
        Distribution.GAMMA: _gamma,
    }
)


def draw(marginal: Marginal, generator: Generator, out: Array, scratch: Scratch) -> None:
    """Fill `out`, of shape (n,), with draws of one quantity that no other is correlated with, in its unit."""
    _DRAWS[marginal.kind](marginal, generator, out, scratch)


def draw_joint(joint: Joint, generator: Generator, rows: Sequence[Array], scratch: Scratch, work: Array) -> None:
    """Fill `rows`, m arrays of shape (n,), with draws of m correlated quantities, in their units.

    `work`: at least (m, n), overwritten. Multivariate normal: JCGM 101:2008, 6.4.8.4 and C.5.
    """
    normals = work[: len(rows)]
    for row in normals:
        standard_normal(generator, row, scratch)
    if math.isfinite(joint.degrees_of_freedom):
        common = scratch.uniforms[: work.shape[1]]
        generator.standard_gamma(0.5 * joint.degrees_of_freedom, out=common)
        np.divide(0.5 * joint.degrees_of_freedom, common, common)
        np.sqrt(common, common)
        np.multiply(normals, common, normals)
    for out, marginal, weights in zip(rows, joint.marginals, joint.factor, strict=True):
        np.multiply(normals[0], weights[0], out)
        for normal, weight in zip(normals[1:], weights[1:], strict=True):
            if weight != 0.0:
                np.multiply(normal, weight, scratch.spare)
                np.add(out, scratch.spare, out)
        if joint.copula and marginal.kind is not Distribution.NORMAL:
            ndtr(out, out)
            np.clip(out, 1e-300, _BELOW_ONE, out)
            out[:] = marginal.quantile(out)
        else:
            np.multiply(out, marginal.scale, out)
            np.add(out, marginal.location, out)
