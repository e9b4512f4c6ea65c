"""Whether the law of propagation was good enough, judged by a propagation of distributions.

Source: JCGM 101:2008, clause 8; JCGM 102:2011, clause 8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from calc.errors import InvalidQuantity
from calc.monte_carlo import MonteCarloResult
from calc.quantities import MeasurementResult
from calc.trials.coverage_intervals import IntervalKind
from calc.trials.coverage_regions import largest_eigenvalue
from calc.trials.numerical_tolerance import numerical_tolerance

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Validation:
    """The comparison for one output at one point, all in the output's unit.

    `d_low` = |y - U - y_low| and `d_high` = |y + U - y_high|, each against `tolerance`, δ of the simulated u.
    """

    point: str
    output: str
    coverage_probability: float
    tolerance: float
    d_low: float
    d_high: float

    @property
    def valid(self) -> bool:
        """Whether the law of propagation is validated in this instance: both differences within δ."""
        return self.d_low <= self.tolerance and self.d_high <= self.tolerance


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of two results against the tolerance of the simulated one."""

    what: str
    of: str
    difference: float
    tolerance: float

    @property
    def within(self) -> bool:
        """Whether the difference is at most the tolerance."""
        return self.difference <= self.tolerance


@dataclass(frozen=True, slots=True)
class JointValidation:
    """The comparison for all outputs of one point: estimates, uncertainties, largest eigenvalue of the correlations."""

    point: str
    differences: tuple[Difference, ...]

    @property
    def valid(self) -> bool:
        """Whether every difference is within its tolerance."""
        return all(difference.within for difference in self.differences)


def validate(
    propagated: MeasurementResult,
    simulated: MonteCarloResult,
    *,
    digits: int = 2,
    kind: IntervalKind = IntervalKind.SYMMETRIC,
) -> tuple[Validation, ...]:
    """Return, output by output, how the ends of y ± U and of the simulated coverage interval differ.

    Parameters
    ----------
    propagated : from `calc.evaluate.evaluate`; its U is for the probability that the model's coverage rule names
    simulated : of the same model and inputs, with an interval of that probability and `kind`; its own numerical
        tolerance should be at most δ/5 (`adaptive_monte_carlo` with `tolerance_divisor` 5)
    digits : of u that count, 1 or 2 as a rule

    Raises InvalidQuantity where outputs or the interval do not match. Source: JCGM 101:2008, 8.1.
    """
    _check_outputs(propagated, simulated)
    found = []
    for one, other in zip(propagated.outputs, simulated.outputs, strict=True):
        interval = other.interval(one.coverage_probability, kind)
        found.append(
            Validation(
                one.point,
                one.output,
                one.coverage_probability,
                numerical_tolerance(other.standard_uncertainty, digits),
                abs(one.estimate - one.expanded_uncertainty - interval.low),
                abs(one.estimate + one.expanded_uncertainty - interval.high),
            )
        )
    return tuple(found)


def validate_jointly(
    propagated: MeasurementResult, simulated: MonteCarloResult, *, digits: int = 2
) -> tuple[JointValidation, ...]:
    """Return, point by point, how estimates, standard uncertainties and correlations of all outputs differ.

    The correlations are compared by the largest eigenvalue of their matrix. Where the simulated result has a region
    for the probability of the propagated one, its ellipsoid's factor is compared with that of a multivariate normal
    distribution (JCGM 102:2011, 6.5.3). Source: JCGM 102:2011, 8.1.
    """
    _check_outputs(propagated, simulated)
    first, second = np.array(propagated.covariance), np.array(simulated.covariance)
    rows: dict[str, list[int]] = {}
    for row, output in enumerate(propagated.outputs):
        rows.setdefault(output.point, []).append(row)
    return tuple(
        JointValidation(
            point,
            (
                *_singly(propagated, simulated, chosen, digits),
                _joint(first, second, chosen, digits),
                *_factors(propagated.outputs[chosen[0]].coverage_probability, simulated, point, len(chosen), digits),
            ),
        )
        for point, chosen in rows.items()
    )


def _singly(
    propagated: MeasurementResult, simulated: MonteCarloResult, rows: Sequence[int], digits: int
) -> list[Difference]:
    found = []
    for row in rows:
        one, other = propagated.outputs[row], simulated.outputs[row]
        tolerance = numerical_tolerance(other.standard_uncertainty, digits)
        u = one.combined_standard_uncertainty
        found.append(Difference("estimate", one.output, abs(one.estimate - other.estimate), tolerance))
        found.append(Difference("u", one.output, abs(u - other.standard_uncertainty), tolerance))
    return found


def _joint(first: Array, second: Array, rows: Sequence[int], digits: int) -> Difference:
    one, other = largest_eigenvalue(first, tuple(rows)), largest_eigenvalue(second, tuple(rows))
    return Difference("largest_eigenvalue", "", abs(one - other), numerical_tolerance(other, digits))


def _factors(
    probability: float, simulated: MonteCarloResult, point: str, dimension: int, digits: int
) -> list[Difference]:
    factor = math.sqrt(float(chdtri(dimension, 1.0 - probability)))
    return [
        Difference(
            "ellipsoidal_factor",
            "",
            abs(factor - region.ellipsoidal_factor),
            numerical_tolerance(region.ellipsoidal_factor, digits),
        )
        for region in simulated.regions
        if region.point == point
        and region.coverage_probability == probability
        and region.ellipsoidal_factor is not None
    ]


def _check_outputs(propagated: MeasurementResult, simulated: MonteCarloResult) -> None:
    names = [(output.point, output.output, output.unit) for output in propagated.outputs]
    if names != [(output.point, output.output, output.unit) for output in simulated.outputs]:
        raise InvalidQuantity("record.result_shape")
