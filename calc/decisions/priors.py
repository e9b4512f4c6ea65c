"""Prior distributions of the true values of a population of items, in the form in which integrals run over them.

Each is parametrised so that its density is smooth and dies out at both ends: a value y belongs to a parameter v, and
`density` is that of v. `breaks` divide the range of v into panels on which a polynomial follows the density.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammainccinv, gammaincinv, gammaln, ndtri, stdtrit

from calc.errors import InvalidQuantity
from calc.magnitudes import bounded, spread
from calc.quantities import degrees_of_freedom, finite, positive

Values = npt.NDArray[np.float64]

_TAIL = 1e-18  # probability left out at each end


class Prior(Protocol):
    """What an integral over a population needs; arrays in and out have one shape."""

    def breaks(self) -> Values:
        """Return the ends of the panels, ascending, as parameters."""

    def parameter(self, value: Values) -> Values:
        """Return the parameter of values, brought into the range of the breaks."""

    def value(self, parameter: Values) -> Values:
        """Return the values of parameters."""

    def density(self, parameter: Values) -> Values:
        """Return the probability density of the parameter (dimensionless where the parameter is)."""


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """A normal distribution; both numbers in the unit of the limits."""

    mean: float
    standard_deviation: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", bounded(self.mean, "prior", "mean"))
        s = spread(self.standard_deviation, "prior", "standard_deviation")
        object.__setattr__(self, "standard_deviation", s)

    def breaks(self) -> Values:
        """Return panels of one standard deviation out to nine; the parameter is the standardised value."""
        return np.arange(-9.0, 9.5)

    def parameter(self, value: Values) -> Values:
        """Return standardised values, at most nine in size."""
        return np.clip((value - self.mean) / self.standard_deviation, -9.0, 9.0)

    def value(self, parameter: Values) -> Values:
        """Return the values of standardised ones."""
        return self.mean + self.standard_deviation * parameter

    def density(self, parameter: Values) -> Values:
        """Return the standard normal density."""
        bell: Values = np.exp(-0.5 * parameter * parameter) / math.sqrt(2.0 * math.pi)
        return bell


@dataclass(frozen=True, slots=True)
class StudentPrior:
    """A t distribution, moved to `mean` and stretched by `scale` (both in the unit of the limits)."""

    mean: float
    scale: float
    degrees_of_freedom: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", bounded(self.mean, "prior", "mean"))
        object.__setattr__(self, "scale", spread(self.scale, "prior", "scale"))
        degrees = degrees_of_freedom(self.degrees_of_freedom, "prior")
        if math.isinf(degrees):
            raise InvalidQuantity("quantity.not_finite", name="prior", field="degrees_of_freedom", value=degrees)
        object.__setattr__(self, "degrees_of_freedom", degrees)

    def breaks(self) -> Values:
        """Return panels of the parameter arsinh((y − mean)/scale), which tames the long tails."""
        end = math.asinh(-float(stdtrit(self.degrees_of_freedom, _TAIL)))
        return np.linspace(-end, end, 2 * math.ceil(2.0 * end) + 1)

    def parameter(self, value: Values) -> Values:
        """Return the parameter of values, within the breaks."""
        end = self.breaks()[-1]
        return np.clip(np.arcsinh((value - self.mean) / self.scale), -end, end)

    def value(self, parameter: Values) -> Values:
        """Return the values of parameters."""
        return self.mean + self.scale * np.sinh(parameter)

    def density(self, parameter: Values) -> Values:
        """Return the density of the parameter."""
        nu = self.degrees_of_freedom
        constant = -float(betaln(0.5, 0.5 * nu)) - 0.5 * math.log(nu)
        tail = -0.5 * (nu + 1.0) * np.log1p(np.sinh(parameter) ** 2 / nu)
        density: Values = np.exp(constant + tail) * np.cosh(parameter)
        return density


@dataclass(frozen=True, slots=True)
class GammaPrior:
    """A gamma distribution of values that are never negative: mean shape/rate, standard deviation √shape/rate.

    `rate` has the inverse unit of the limits; shape 1 is the exponential distribution.
    """

    shape: float
    rate: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", positive(self.shape, "prior", "shape"))
        object.__setattr__(self, "rate", spread(self.rate, "prior", "rate"))

    def breaks(self) -> Values:
        """Return panels of the parameter ln(rate·y) between tails and quantiles."""
        low = (math.log(_TAIL) + float(gammaln(self.shape + 1.0))) / self.shape  # P(y) ≤ (rate·y)^shape/Γ(shape+1)
        tails = 10.0 ** np.arange(-18.0, 0.0)
        quantiles = np.concatenate([gammaincinv(self.shape, tails), gammaincinv(self.shape, np.arange(0.2, 0.85, 0.1))])
        upper = gammainccinv(self.shape, tails)
        points = np.concatenate([quantiles, upper])
        inside = np.log(points[points > 0.0])
        return np.unique(np.concatenate([[low], inside[inside > low]]))

    def parameter(self, value: Values) -> Values:
        """Return the parameter of values, within the breaks."""
        ends = self.breaks()
        least = np.maximum(self.rate * value, math.exp(max(ends[0], -700.0)))
        return np.clip(np.log(least), ends[0], ends[-1])

    def value(self, parameter: Values) -> Values:
        """Return the values of parameters."""
        values: Values = np.exp(parameter) / self.rate
        return values

    def density(self, parameter: Values) -> Values:
        """Return the density of the parameter."""
        shape = self.shape
        beside_mode = parameter - math.log(shape)
        density: Values = np.exp(_log_peak(shape) + shape * (beside_mode - np.expm1(beside_mode)))
        return density


def _log_peak(shape: float) -> float:
    """Return shape·ln(shape) − shape − ln Γ(shape), by Stirling's series where the terms would cancel."""
    if shape < 100.0:
        return shape * math.log(shape) - shape - math.lgamma(shape)
    inverse = 1.0 / shape
    series = inverse * (1.0 / 12.0 - inverse**2 * (1.0 / 360.0 - inverse**2 / 1260.0))
    return 0.5 * math.log(shape / (2.0 * math.pi)) - series


@dataclass(frozen=True, slots=True)
class TrapezoidalPrior:
    """A symmetric trapezoid between two values; `beta` is top over base: 1 rectangular, 0 triangular."""

    lower: float
    upper: float
    beta: float = 1.0

    def __post_init__(self) -> None:
        _ordered(self.lower, self.upper)
        beta = finite(self.beta, "prior", "beta")
        if not 0.0 <= beta <= 1.0:
            raise InvalidQuantity("quantity.out_of_range", name="prior", field="beta", value=beta, lower=0, upper=1)

    def breaks(self) -> Values:
        """Return the corners; the parameter is the place between −1 and 1."""
        return np.unique(np.array([-1.0, -self.beta, self.beta, 1.0]))

    def parameter(self, value: Values) -> Values:
        """Return the place of values between the ends."""
        return np.clip((value - 0.5 * (self.lower + self.upper)) / (0.5 * (self.upper - self.lower)), -1.0, 1.0)

    def value(self, parameter: Values) -> Values:
        """Return the values of places."""
        return 0.5 * (self.lower + self.upper) + 0.5 * (self.upper - self.lower) * parameter

    def density(self, parameter: Values) -> Values:
        """Return the density of the place."""
        height = 1.0 / (1.0 + self.beta)
        if self.beta == 1.0:
            return np.full(parameter.shape, height)
        return height * np.minimum(1.0, (1.0 - np.abs(parameter)) / (1.0 - self.beta))


@dataclass(frozen=True, slots=True)
class ArcsinePrior:
    """A U-shaped distribution between two values, as of a quantity that swings between them."""

    lower: float
    upper: float

    def __post_init__(self) -> None:
        _ordered(self.lower, self.upper)

    def breaks(self) -> Values:
        """Return the range of the phase, which is uniform."""
        return np.linspace(-0.5 * math.pi, 0.5 * math.pi, 5)

    def parameter(self, value: Values) -> Values:
        """Return the phase of values."""
        place = (value - 0.5 * (self.lower + self.upper)) / (0.5 * (self.upper - self.lower))
        phase: Values = np.arcsin(np.clip(place, -1.0, 1.0))
        return phase

    def value(self, parameter: Values) -> Values:
        """Return the values of phases."""
        return 0.5 * (self.lower + self.upper) + 0.5 * (self.upper - self.lower) * np.sin(parameter)

    def density(self, parameter: Values) -> Values:
        """Return the density of the phase."""
        return np.full(parameter.shape, 1.0 / math.pi)


def normal_prior_from_conformance(
    in_tolerance_probability: float, half_width: float = 1.0, centre: float = 0.0
) -> NormalPrior:
    """Return the normal prior centred between limits centre ± half_width that hold it with the given probability.

    The probability lies strictly between 0 and 1, the half-width (greater than 0) has the unit of the limits.
    """
    share = finite(in_tolerance_probability, "prior", "in_tolerance_probability")
    if not 0.0 < share < 1.0:
        field = "in_tolerance_probability"
        raise InvalidQuantity("quantity.out_of_range", name="prior", field=field, value=share, lower=0, upper=1)
    half = spread(half_width, "prior", "half_width")
    outside = -float(ndtri(0.5 * (1.0 - share)))
    return NormalPrior(centre, half / max(outside, 1e-300))


def _ordered(lower: float, upper: float) -> None:
    low, high = bounded(lower, "prior", "lower"), bounded(upper, "prior", "upper")
    if not low < high:
        raise InvalidQuantity("conformity.limits", name="prior", lower=lower, upper=upper)
    spread(high - low, "prior", "width")
