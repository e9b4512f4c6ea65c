"""Risks over a population of items: global consumer's and producer's risk, and acceptance limits that bound it.

The items' true values follow a prior distribution (`calc.decisions.priors`); each is measured with one normal standard
uncertainty, the same for all. The inner integral of the double one is a normal probability; the outer one is taken by
Gauss–Legendre quadrature on panels that end at every limit and follow both widths, to better than 1e-12.
All values are in one unit. Source: JCGM 106:2012, 9.4 and 9.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr

from calc.decisions.conformity import ToleranceInterval
from calc.decisions.priors import Prior
from calc.decisions.risk import Risk, RiskDefinition
from calc.errors import InvalidQuantity, OutsideValidity
from calc.magnitudes import bounded, spread_or_zero
from calc.quantities import finite

Values = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_STEPS = np.arange(-10.0, 10.5)  # beyond ten standard uncertainties a normal tail is below 1e-23


@dataclass(frozen=True, slots=True)
class GlobalRisk:
    """The risks of one decision rule on one population, each with its definition.

    `consumer` and `producer` are the joint probabilities of JCGM 106. A conditional risk is None where nothing is
    accepted, or nothing rejected.
    """

    nonconforming: Risk
    accepted: Risk
    consumer: Risk
    consumer_conditional: Risk | None
    producer: Risk
    producer_conditional: Risk | None


@dataclass(frozen=True, slots=True)
class AcceptanceLimits:
    """Acceptance limits with the guard band that gives them (negative where they lie outside the tolerance)."""

    lower: float | None
    upper: float | None
    guard_band: float


def global_risk(
    prior: Prior,
    measurement_standard_uncertainty: float,
    tolerance: ToleranceInterval,
    acceptance: ToleranceInterval | None = None,
) -> GlobalRisk:
    """Return the risks of accepting and rejecting items of a population wrongly.

    Parameters
    ----------
    prior : distribution of the items' true values
    measurement_standard_uncertainty : of one measured value, at least 0
    tolerance, acceptance : limits of the true value, and of the measured one (the same where None); an item on a limit
        conforms, or is accepted

    Raises InvalidQuantity. Source: JCGM 106:2012, equations (17) to (20).
    """
    u = spread_or_zero(measurement_standard_uncertainty, "global_risk", "measurement_standard_uncertainty")
    limits = _edges(tolerance)
    held = limits if acceptance is None else _edges(acceptance)
    y, weights = _panels(prior, u, [*limits, *held])
    conforms = (y >= limits[0]) & (y <= limits[1])
    accepted, rejected = _accepted(y, u, held), _rejected(y, u, held)

    def share(part: Values) -> float:
        return min(max(math.fsum((weights * part).ravel().tolist()), 0.0), 1.0)

    consumer, producer = share(np.where(conforms, 0.0, accepted)), share(np.where(conforms, rejected, 0.0))
    all_accepted, all_rejected = share(accepted), share(rejected)
    return GlobalRisk(
        nonconforming=Risk(share(np.where(conforms, 0.0, 1.0)), RiskDefinition.NONCONFORMING),
        accepted=Risk(all_accepted, RiskDefinition.ACCEPTED),
        consumer=Risk(consumer, RiskDefinition.ACCEPTED_AND_NONCONFORMING),
        consumer_conditional=_given(consumer, all_accepted, RiskDefinition.NONCONFORMING_GIVEN_ACCEPTED),
        producer=Risk(producer, RiskDefinition.REJECTED_AND_CONFORMING),
        producer_conditional=_given(producer, all_rejected, RiskDefinition.CONFORMING_GIVEN_REJECTED),
    )


def acceptance_limits(
    prior: Prior,
    measurement_standard_uncertainty: float,
    tolerance: ToleranceInterval,
    consumer_risk: float,
    *,
    conditional: bool = False,
) -> AcceptanceLimits:
    """Return the acceptance limits, moved alike on every side, at which the consumer's risk is the one wanted.

    `consumer_risk` lies strictly between 0 and 1 and is the joint probability, or the one given acceptance where
    `conditional`. Other arguments as in `global_risk`; the uncertainty is greater than 0. Raises OutsideValidity where
    no limits give this risk (it is never more than the share of nonconforming items), InvalidQuantity otherwise.
    Source: JCGM 106:2012, 9.5.4.
    """
    wanted = finite(consumer_risk, "global_risk", "consumer_risk")
    if not 0.0 < wanted < 1.0:
        field = "consumer_risk"
        raise InvalidQuantity("quantity.out_of_range", name="global_risk", field=field, value=wanted, lower=0, upper=1)
    u = spread_or_zero(measurement_standard_uncertainty, "global_risk", "measurement_standard_uncertainty")
    if u == 0.0:
        raise InvalidQuantity("quantity.not_positive", name="global_risk", field="standard_uncertainty", value=u)

    def excess(guard: float) -> float:
        moved = _moved(tolerance, guard)
        found = global_risk(prior, u, tolerance, ToleranceInterval(moved.lower, moved.upper))
        risk = found.consumer_conditional if conditional else found.consumer
        return (0.0 if risk is None else risk.probability) - wanted

    guard = _solved(excess, tolerance, u, wanted)
    return _moved(tolerance, guard)


def _solved(excess: Callable[[float], float], tolerance: ToleranceInterval, u: float, wanted: float) -> float:
    """Return the guard band at which `excess` is 0: the risk falls as the band widens."""
    unattainable = OutsideValidity("risk.unattainable", name="acceptance_limits", value=wanted)
    start = excess(0.0)
    if start == 0.0:
        return 0.0
    outward = start < 0.0
    two_sided = tolerance.lower is not None and tolerance.upper is not None
    width = tolerance.upper - tolerance.lower if tolerance.lower is not None and tolerance.upper is not None else 0.0
    middle = 0.5 * width if two_sided else math.inf
    near, step = 0.0, u
    for _ in range(60):
        far = -step if outward else min(step, middle * (1.0 - 1e-12))
        reached = excess(far)
        if (reached >= 0.0) if outward else (reached <= 0.0):
            return float(brentq(excess, min(near, far), max(near, far), xtol=1e-14 * u, rtol=1e-14))
        if far == near:
            break
        near, step = far, 2.0 * step
    raise unattainable


def _moved(tolerance: ToleranceInterval, inward: float) -> AcceptanceLimits:
    lower, upper = tolerance.lower, tolerance.upper
    return AcceptanceLimits(
        None if lower is None else lower + inward, None if upper is None else upper - inward, inward
    )


def _given(joint: float, condition: float, definition: RiskDefinition) -> Risk | None:
    return Risk(min(joint / condition, 1.0), definition) if condition > 0.0 else None


def _edges(tolerance: ToleranceInterval) -> tuple[float, float]:
    lower, upper = tolerance.lower, tolerance.upper
    return (
        -math.inf if lower is None else bounded(lower, "global_risk", "lower"),
        math.inf if upper is None else bounded(upper, "global_risk", "upper"),
    )


def _panels(prior: Prior, u: float, limits: list[float]) -> tuple[Values, Values]:
    """Return values y and weights such that Σ weight·g(y) is the mean of g over the population."""
    marks = np.array([limit for limit in limits if math.isfinite(limit)])
    points = prior.parameter((marks[:, np.newaxis] + u * _STEPS).ravel())
    ends = np.unique(np.concatenate([prior.breaks(), points]))
    half = 0.5 * np.diff(ends)[:, np.newaxis]
    parameter = ends[:-1, np.newaxis] + half * (1.0 + _NODES)
    return prior.value(parameter), half * _WEIGHTS * prior.density(parameter)


def _rejected(y: Values, u: float, limits: tuple[float, float]) -> Values:
    """Return the probability that an item of value y is measured outside the limits."""
    if u == 0.0:
        return ((y < limits[0]) | (y > limits[1])).astype(np.float64)
    outside: Values = ndtr((limits[0] - y) / u) + ndtr((y - limits[1]) / u)
    return outside


def _accepted(y: Values, u: float, limits: tuple[float, float]) -> Values:
    """Return the probability that an item of value y is measured within the limits, with its digits where tiny."""
    if u == 0.0:
        return ((y >= limits[0]) & (y <= limits[1])).astype(np.float64)
    low, high = (limits[0] - y) / u, (limits[1] - y) / u
    within: Values = np.where(low > 0.0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    return within
