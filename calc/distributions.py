"""The distributions that can be assigned to an input quantity: parameters, moments and quantiles.

Every distribution is a standard one, shifted by `location` and stretched by `scale`, so that a change of unit changes
these two numbers only. Parameters of an input quantity, by distribution (JCGM 101:2008, table 1):

normal, exponential: none; rectangular, triangular, arcsine: `half_width`; trapezoidal: `half_width`, `beta`;
curvilinear_trapezoid: `half_width`, `inexactness`; t: `scale`; gamma: `shape`, `scale`.

A parameter left out follows from the standard uncertainty; `beta` and `inexactness` have to be given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, lambertw, ndtri, stdtrit

from calc.errors import CalcError, InvalidQuantity
from calc.quantities import Distribution, InputQuantity, not_negative, positive
from calc.units import convert, convert_difference, parse_unit

Array = NDArray[np.float64]

_PARAMETERS: Mapping[Distribution, tuple[str, ...]] = MappingProxyType(
    {
        Distribution.NORMAL: (),
        Distribution.MULTIVARIATE_NORMAL: (),
        Distribution.T: ("scale",),
        Distribution.RECTANGULAR: ("half_width",),
        Distribution.TRIANGULAR: ("half_width",),
        Distribution.ARCSINE: ("half_width",),
        Distribution.TRAPEZOIDAL: ("half_width", "beta"),
        Distribution.CURVILINEAR_TRAPEZOID: ("half_width", "inexactness"),
        Distribution.EXPONENTIAL: (),
        Distribution.GAMMA: ("shape", "scale"),
    }
)
_AGREEMENT = 1e-6
"""How far, relatively, a stated standard uncertainty may lie from the one that the stated parameters give."""


@dataclass(frozen=True, slots=True)
class Marginal:
    """The distribution of one input quantity: the standard one of its `kind` times `scale`, plus `location`.

    `location` and `scale` are in the quantity's unit. `shape`, dimensionless, is ν of t, β of a trapezoid, the
    inexactness over the half-width of a curvilinear trapezoid, the shape of a gamma distribution, else 0. A scale of
    0 is an exact constant. Standard distributions: normal with σ = 1, Student's t, within ± 1, exponential with mean
    1, gamma with scale 1.
    """

    kind: Distribution
    location: float
    scale: float
    shape: float = 0.0

    @property
    def mean(self) -> float:
        """The expectation; the centre of a t distribution with ν = 1, which has none."""
        match self.kind:
            case Distribution.EXPONENTIAL:
                return self.location + self.scale
            case Distribution.GAMMA:
                return self.location + self.shape * self.scale
            case _:
                return self.location

    @property
    def standard_deviation(self) -> float:
        """The standard deviation, infinite for a t distribution with ν of at most 2 (JCGM 101:2008, 6.4.9.4)."""
        return self.scale * math.sqrt(standard_variance(self.kind, self.shape)) if self.scale > 0.0 else 0.0

    def quantile(self, probability: Array) -> Array:
        """Return the quantiles at probabilities strictly between 0 and 1, in the quantity's unit; any shape."""
        return self.location + self.scale * _standard_quantile(self.kind, self.shape, probability)

    def in_unit(self, given: str, wanted: str, name: str) -> Marginal:
        """Return the same distribution in another unit; raises InvalidQuantity naming the quantity `name`."""
        if given == wanted:
            return self
        try:
            one, two = parse_unit(given), parse_unit(wanted)
            if one.dimension == two.dimension and (one.offset is None) != (two.offset is None):
                raise InvalidQuantity("unit.point_and_difference", name=name, unit=one.text, expected=two.text)
            location = convert(self.location, given, wanted)
            return replace(self, location=location, scale=convert_difference(self.scale, given, wanted))
        except CalcError as error:
            raise error.with_values(name=name) from None


def standard_variance(kind: Distribution, shape: float) -> float:
    """Return the variance of a standard distribution, dimensionless. Source: JCGM 101:2008, 6.4.2 to 6.4.11."""
    match kind:
        case Distribution.T:
            return shape / (shape - 2.0) if shape > 2.0 else math.inf
        case Distribution.RECTANGULAR:
            return 1.0 / 3.0
        case Distribution.TRIANGULAR:
            return 1.0 / 6.0
        case Distribution.ARCSINE:
            return 1.0 / 2.0
        case Distribution.TRAPEZOIDAL:
            return (1.0 + shape * shape) / 6.0
        case Distribution.CURVILINEAR_TRAPEZOID:
            return 1.0 / 3.0 + shape * shape / 9.0
        case Distribution.GAMMA:
            return shape
        case _:
            return 1.0


def assigned(quantity: InputQuantity, *, scaled_t: bool = True) -> Marginal:
    """Return the distribution of an input quantity, in its unit.

    A normal quantity with finite degrees of freedom ν is t_ν, shifted to the estimate and scaled by the standard
    uncertainty, since that uncertainty is itself only estimated (JCGM 101:2008, 6.4.9.2 for n readings, 6.4.9.7 for
    a certificate); `scaled_t` = False leaves it normal. Degrees of freedom of any other distribution do not change it.

    Raises InvalidQuantity for a parameter that is missing, unknown, out of its range, or that gives another standard
    uncertainty or estimate than the one stated.
    """
    kind, name, estimate = quantity.distribution, quantity.key, quantity.estimate
    for parameter in quantity.parameters:
        if parameter not in _PARAMETERS[kind]:
            raise InvalidQuantity("quantity.parameter_unknown", name=name, field=parameter)
    x, u, nu = estimate.value, estimate.standard_uncertainty, estimate.degrees_of_freedom
    if kind is Distribution.MULTIVARIATE_NORMAL:
        kind = Distribution.NORMAL
    if kind is Distribution.NORMAL and math.isfinite(nu) and scaled_t:
        return Marginal(Distribution.T, x, u, nu)
    if kind is Distribution.NORMAL:
        return Marginal(kind, x, u)
    if kind is Distribution.T:
        scale = not_negative(quantity.parameters.get("scale", u), name, "scale")
        return Marginal(kind, x, scale, nu) if math.isfinite(nu) else Marginal(Distribution.NORMAL, x, scale)
    if kind in {Distribution.EXPONENTIAL, Distribution.GAMMA}:
        return _one_sided(quantity)
    return _bounded(quantity)


def _bounded(quantity: InputQuantity) -> Marginal:
    """Return a distribution between limits around the estimate."""
    kind, name, parameters = quantity.distribution, quantity.key, quantity.parameters
    u = quantity.estimate.standard_uncertainty
    half_width = not_negative(parameters["half_width"], name, "half_width") if "half_width" in parameters else None
    shape = 0.0
    if kind is Distribution.TRAPEZOIDAL:
        shape = _within(quantity, "beta", 1.0)
    elif kind is Distribution.CURVILINEAR_TRAPEZOID:
        if half_width is None:
            raise InvalidQuantity("quantity.parameter_missing", name=name, field="half_width")
        inexactness = _within(quantity, "inexactness", half_width)
        shape = inexactness / half_width if half_width > 0.0 else 0.0
    divisor = math.sqrt(standard_variance(kind, shape))
    scale = u / divisor if half_width is None else half_width
    _check_agreement(name, "standard_uncertainty", u, scale * divisor)
    return Marginal(kind, quantity.estimate.value, scale, shape)


def _one_sided(quantity: InputQuantity) -> Marginal:
    """Return an exponential or gamma distribution, which starts at 0 and has the estimate as its mean."""
    name, x, u = quantity.key, quantity.estimate.value, quantity.estimate.standard_uncertainty
    positive(x, name, "value")
    if quantity.distribution is Distribution.EXPONENTIAL:
        _check_agreement(name, "standard_uncertainty", u, x)
        return Marginal(Distribution.EXPONENTIAL, 0.0, x)
    positive(u, name, "standard_uncertainty")
    shape = positive(quantity.parameters.get("shape", (x / u) ** 2), name, "shape")
    scale = positive(quantity.parameters.get("scale", x / shape), name, "scale")
    _check_agreement(name, "value", x, shape * scale)
    _check_agreement(name, "standard_uncertainty", u, math.sqrt(shape) * scale)
    return Marginal(Distribution.GAMMA, 0.0, scale, shape)


def _within(quantity: InputQuantity, parameter: str, upper: float) -> float:
    if parameter not in quantity.parameters:
        raise InvalidQuantity("quantity.parameter_missing", name=quantity.key, field=parameter)
    value = quantity.parameters[parameter]
    if not 0.0 <= value <= upper:
        raise InvalidQuantity(
            "quantity.out_of_range", name=quantity.key, field=parameter, lower=0, upper=upper, value=value
        )
    return value


def _check_agreement(name: str, what: str, stated: float, found: float) -> None:
    if abs(stated - found) > _AGREEMENT * max(abs(stated), abs(found)):
        raise InvalidQuantity("quantity.parameter_mismatch", name=name, field=what, value=stated, expected=found)


def _standard_quantile(kind: Distribution, shape: float, p: Array) -> Array:
    match kind:
        case Distribution.T:
            found = stdtrit(shape, p)
        case Distribution.RECTANGULAR:
            found = 2.0 * p - 1.0
        case Distribution.TRIANGULAR:
            found = _trapezoid_quantile(0.0, p)
        case Distribution.ARCSINE:
            found = np.sin(math.pi * (p - 0.5))
        case Distribution.TRAPEZOIDAL:
            found = _trapezoid_quantile(shape, p)
        case Distribution.CURVILINEAR_TRAPEZOID:
            found = _curvilinear_quantile(shape, p)
        case Distribution.EXPONENTIAL:
            found = -np.log1p(-p)
        case Distribution.GAMMA:
            found = gammaincinv(shape, p)
        case _:
            found = ndtri(p)
    return np.asarray(found, dtype=np.float64)


def _trapezoid_quantile(beta: float, p: Array) -> Array:
    """Return quantiles of the trapezoid on ± 1 with a top from -β to β."""
    tail = np.minimum(p, 1.0 - p)
    slope = np.sqrt(2.0 * tail * (1.0 - beta * beta)) - 1.0
    flat = (tail - 0.5) * (1.0 + beta)
    return np.copysign(np.where(slope < -beta, slope, flat), p - 0.5)


def _curvilinear_quantile(shape: float, p: Array) -> Array:
    """Return quantiles of the distribution within ± (1 + δ V), V rectangular on ± 1; δ = `shape`.

    Inverts the integral of the density of JCGM 101:2008, 6.4.3.1: a straight part within ± (1 - δ), beyond it
    x ln((1 + δ)/x) + x up to a constant, whose inverse is Lambert's W.
    """
    if shape == 0.0:
        return 2.0 * p - 1.0
    mass = np.abs(p - 0.5)
    inner, outer = 1.0 - shape, 1.0 + shape
    logarithm = math.log1p(2.0 * shape / inner) if inner > 0.0 else 0.0
    height = logarithm / (4.0 * shape)
    edge = inner * height
    level = 4.0 * shape * np.maximum(mass - edge, 0.0) + inner * (1.0 + logarithm)
    argument = np.maximum(-level / (outer * math.e), -(1.0 - 1e-15) / math.e)  # scipy has no value at -1/e itself
    beyond = np.clip(level / -lambertw(argument, -1).real, inner, outer)
    return np.copysign(np.where(mass <= edge, mass / height if height > 0.0 else 0.0, beyond), p - 0.5)
