"""Type B evaluation: bounds, certificates, resolution, drift, makers' accuracy and the other distributions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calc.accuracy import AccuracySpecification
from calc.coverage import coverage_factor
from calc.errors import InvalidQuantity
from calc.quantities import Distribution, Estimate, Evaluation, InputQuantity, finite, not_negative, positive


@dataclass(frozen=True, slots=True)
class TypeB:
    """An estimate from other than repeated readings, with the distribution assigned to it and its parameters."""

    estimate: Estimate
    distribution: Distribution = Distribution.NORMAL
    parameters: Mapping[str, float] = field(default_factory=dict)

    def as_input(self, key: str, origin: str = "") -> InputQuantity:
        """Return it as the input quantity `key`."""
        return InputQuantity(key, self.estimate, self.distribution, Evaluation.B, self.parameters, origin)


def standard(value: float, standard_uncertainty: float, unit: str, degrees_of_freedom: float = math.inf) -> TypeB:
    """Return a value with a standard uncertainty given as such, both in `unit`. Source: JCGM 100:2008, 4.3.1."""
    return TypeB(Estimate(value, standard_uncertainty, unit, degrees_of_freedom))


def expanded(
    value: float,
    expanded_uncertainty: float,
    coverage_factor: float,
    unit: str,
    degrees_of_freedom: float = math.inf,
) -> TypeB:
    """Return a certificate's value with U and k: u = U/k, all in `unit`. Source: JCGM 100:2008, 4.3.3."""
    spread = not_negative(expanded_uncertainty, "certificate", "expanded_uncertainty")
    u = spread / positive(coverage_factor, "certificate", "coverage_factor")
    return standard(value, u, unit, degrees_of_freedom)


def expanded_at_level(
    value: float,
    expanded_uncertainty: float,
    coverage_probability: float,
    unit: str,
    degrees_of_freedom: float = math.inf,
) -> TypeB:
    """Return a certificate's value with U at a level of confidence (a fraction): u = U/t(p, ν), all in `unit`.

    Source: JCGM 100:2008, 4.3.4 and G.3.
    """
    k = _factor_at(degrees_of_freedom, coverage_probability)
    return expanded(value, expanded_uncertainty, k, unit, degrees_of_freedom)


_factor_at = coverage_factor  # the argument of the same name hides it in `expanded`


def half_width(
    value: float,
    half_width: float,
    unit: str,
    distribution: Distribution = Distribution.RECTANGULAR,
    degrees_of_freedom: float = math.inf,
    *,
    beta: float | None = None,
) -> TypeB:
    """Return a value known to lie within ± `half_width`, both in `unit`.

    u = a/sqrt(3) rectangular, a/sqrt(6) triangular, a·sqrt((1 + β²)/6) trapezoidal (β from 0 to 1, top over base),
    a/sqrt(2) arcsine. Raises InvalidQuantity for another distribution, a negative half-width or β outside [0, 1].
    Source: JCGM 100:2008, 4.3.7 and 4.3.9; JCGM 101:2008, 6.4.2 to 6.4.6.
    """
    a = not_negative(half_width, "bounds", "half_width")
    parameters = {"half_width": a}
    if distribution is Distribution.TRAPEZOIDAL:
        if beta is None:
            raise InvalidQuantity("quantity.parameter_missing", name="bounds", field="beta")
        b = finite(beta, "bounds", "beta")
        if not 0.0 <= b <= 1.0:
            raise InvalidQuantity("quantity.out_of_range", name="bounds", field="beta", lower=0, upper=1, value=b)
        parameters["beta"] = b
        u = a * math.sqrt((1.0 + b * b) / 6.0)
    elif distribution in _DIVISORS:
        u = a / _DIVISORS[distribution]
    else:
        raise InvalidQuantity(
            "quantity.unknown_distribution", name="bounds", field="half_width", value=str(distribution)
        )
    return TypeB(Estimate(value, u, unit, degrees_of_freedom), distribution, parameters)


_DIVISORS: Mapping[Distribution, float] = {
    Distribution.RECTANGULAR: math.sqrt(3.0),
    Distribution.TRIANGULAR: math.sqrt(6.0),
    Distribution.ARCSINE: math.sqrt(2.0),
}


def limits(
    lower: float,
    upper: float,
    unit: str,
    distribution: Distribution = Distribution.RECTANGULAR,
    degrees_of_freedom: float = math.inf,
    *,
    beta: float | None = None,
) -> TypeB:
    """Return a value known to lie between two limits in `unit`, also where these are not symmetric about a nominal one.

    The estimate is the middle: a nominal value elsewhere is corrected to it, since nothing more is known
    (JCGM 100:2008, 4.3.7 and 4.3.8). Raises InvalidQuantity where `lower` lies above `upper`; otherwise `half_width`.
    """
    low, high = finite(lower, "bounds", "lower"), finite(upper, "bounds", "upper")
    if low > high:
        raise InvalidQuantity("conformity.limits", name="bounds", lower=low, upper=high)
    middle = low + 0.5 * (high - low)
    return half_width(middle, 0.5 * (high - low), unit, distribution, degrees_of_freedom, beta=beta)


def curvilinear_trapezoid(
    value: float, half_width: float, inexactness: float, unit: str, degrees_of_freedom: float = math.inf
) -> TypeB:
    """Return a value within limits ± `half_width` that are themselves known to within ± `inexactness`, all in `unit`.

    u² = a²/3 + d²/9; d lies between 0 and a. Source: JCGM 101:2008, 6.4.3.
    """
    a = not_negative(half_width, "bounds", "half_width")
    d = finite(inexactness, "bounds", "inexactness")
    if not 0.0 <= d <= a:
        raise InvalidQuantity("quantity.out_of_range", name="bounds", field="inexactness", lower=0, upper=a, value=d)
    u = math.sqrt(a * a / 3.0 + d * d / 9.0)
    parameters = {"half_width": a, "inexactness": d}
    return TypeB(Estimate(value, u, unit, degrees_of_freedom), Distribution.CURVILINEAR_TRAPEZOID, parameters)


class TScale(StrEnum):
    """What is stated as the uncertainty of a t distribution: its scale or its standard deviation."""

    SCALE = "scale"
    STANDARD_DEVIATION = "standard_deviation"


def t(value: float, u: float, degrees_of_freedom: float, unit: str, *, stated: TScale = TScale.SCALE) -> TypeB:
    """Return a value with a scaled and shifted t distribution; value and `u` in `unit`.

    The law of propagation takes `u` as it is, with ν beside it. As the scale it is what JCGM 101:2008, 6.4.9 means
    by s/sqrt(n) or U/k; the standard deviation is larger by sqrt(ν/(ν - 2)) and needs ν above 2.
    """
    spread = not_negative(u, "t", "standard_uncertainty")
    estimate = Estimate(value, spread, unit, degrees_of_freedom)
    nu = estimate.degrees_of_freedom
    scale = spread
    if stated is TScale.STANDARD_DEVIATION and not math.isinf(nu):
        if not nu > 2.0:
            raise InvalidQuantity(
                "quantity.out_of_range", name="t", field="degrees_of_freedom", lower=2, upper="∞", value=nu
            )
        scale = spread * math.sqrt((nu - 2.0) / nu)
    return TypeB(estimate, Distribution.T, {"scale": scale})


def exponential(value: float, unit: str) -> TypeB:
    """Return a quantity known to be positive, of which only the estimate is known: u = value, in `unit`.

    Source: JCGM 101:2008, 6.4.10.
    """
    mean = positive(value, "exponential", "value")
    return TypeB(Estimate(mean, mean, unit), Distribution.EXPONENTIAL)


def gamma(shape: float, scale: float, unit: str) -> TypeB:
    """Return a positive quantity with a gamma distribution, its `scale` in `unit`.

    The estimate is shape · scale, u = sqrt(shape) · scale. Source: JCGM 101:2008, 6.4.11.
    """
    k, theta = positive(shape, "gamma", "shape"), positive(scale, "gamma", "scale")
    estimate = Estimate(k * theta, math.sqrt(k) * theta, unit)
    return TypeB(estimate, Distribution.GAMMA, {"shape": k, "scale": theta})


def counts(number: int, unit: str = "1", worth: float = 1.0) -> TypeB:
    """Return the quantity behind `number` counted events, each `worth` so much in `unit`: gamma with shape number + 1.

    The estimate is (number + 1) · worth, u = sqrt(number + 1) · worth. Source: JCGM 101:2008, 6.4.11.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise InvalidQuantity("quantity.not_a_number", name="counts", field="number", value=repr(number))
    return gamma(not_negative(number, "counts", "number") + 1.0, worth, unit)


def resolution(unit: str, step: float, value: float = 0.0) -> TypeB:
    """Return the effect of a display's resolution: rectangular within half a `step`, in `unit`.

    Source: JCGM 100:2008, F.2.2.1 (u = 0.29 of the step).
    """
    return half_width(value, 0.5 * positive(step, "resolution", "step"), unit)


def drift(
    unit: str, limit: float, expected: float = 0.0, distribution: Distribution = Distribution.RECTANGULAR
) -> TypeB:
    """Return the drift since the last calibration, `expected` within ± `limit`, in `unit`.

    An uncertainty unless the procedure states a correction, which then is `expected`. Source: EA-4/02 M:2022, S2.3.
    """
    return half_width(expected, limit, unit, distribution)


def accuracy(
    unit: str,
    specification: AccuracySpecification,
    reading: float,
    *,
    expected: float = 0.0,
    distribution: Distribution = Distribution.RECTANGULAR,
    coverage_factor: float | None = None,
    degrees_of_freedom: float = math.inf,
) -> TypeB:
    """Return the error of an instrument that keeps its stated accuracy at a reading, `expected` within ± the limit.

    Reading, `expected` and result in `unit`. The limit is a half-width of `distribution`; with `coverage_factor` it is
    an expanded uncertainty, and the error is normal. `degrees_of_freedom` say how well the statement is trusted, see
    `degrees_of_freedom_from_relative_uncertainty`. Source: JCGM 100:2008, 4.3.7 and F.2.3.2.
    """
    limit = specification.half_width(reading, unit)
    if coverage_factor is not None:
        return expanded(expected, limit, coverage_factor, unit, degrees_of_freedom)
    return half_width(expected, limit, unit, distribution, degrees_of_freedom)


def degrees_of_freedom_from_relative_uncertainty(relative_uncertainty: float) -> float:
    """Return ν = 1/2 (Δu/u)^-2 of an uncertainty that is itself known to the given fraction, greater than 0.

    At least 1 (a fraction above 0.71 says no more than that). Source: JCGM 100:2008, G.4.2, equation (G.3).
    """
    fraction = positive(relative_uncertainty, "degrees_of_freedom", "relative_uncertainty")
    return max(1.0, 0.5 / (fraction * fraction))
