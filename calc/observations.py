"""Readings with their addresses, and what a declared reduction makes of them: the words that reductions share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from calc.errors import InvalidQuantity
from calc.exact_numbers import exact_readings
from calc.quantities import Distribution, Estimate, Evaluation, InputQuantity
from calc.type_a import PooledDeviation, estimate_of


@dataclass(frozen=True, slots=True)
class Observation:
    """One reading with the part of its address that a reduction may need.

    `role`: "standard", "item" or "zero"; `direction`: "up", "down" or "". `sequence` orders the readings of a cycle.
    """

    value: float | Decimal
    cycle: int = 1
    sequence: int = 1
    role: str = "item"
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """An intermediate value worth showing, for example the difference found in one cycle, in the readings' unit."""

    label: str
    cycle: int
    value: float


@dataclass(frozen=True, slots=True)
class Reduction:
    """What readings were reduced to: an estimate, from `count` independent values, with intermediate values.

    `warnings` holds codes of what a reviewer should know: "type_a.autocorrelated" where the readings follow each other.
    """

    estimate: Estimate
    evaluation: Evaluation
    distribution: Distribution
    count: int
    details: tuple[Detail, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_input(self, key: str, origin: str = "") -> InputQuantity:
        """Return it as the input quantity `key`."""
        return InputQuantity(key, self.estimate, self.distribution, self.evaluation, {}, origin)


Observations = Sequence[Observation]
Parameters = Mapping[str, float]
PRIOR = frozenset({"prior_standard_deviation", "prior_degrees_of_freedom"})
"""The parameters that declare a prior (pooled) standard deviation, without degrees of freedom taken as known."""


@dataclass(frozen=True, slots=True)
class ReductionRule:
    """A reduction by name: its function, and the parameters it accepts.

    `difference`: whether it gives a difference of readings, which on a scale with a zero of its own (°C) is no point.
    """

    name: str
    function: Callable[[Observations, str, Parameters], Reduction]
    parameters: frozenset[str] = frozenset()
    difference: bool = False


def values_of(observations: Observations, needed: int) -> list[Fraction]:
    """Return the readings as exact numbers, in the order given; raises InvalidQuantity for fewer than `needed`."""
    return exact_readings([observation.value for observation in observations], needed)


def cycles_of(observations: Observations) -> dict[int, list[Observation]]:
    """Return the readings by cycle, both in ascending order."""
    cycles: dict[int, list[Observation]] = {}
    for observation in sorted(observations, key=lambda one: (one.cycle, one.sequence)):
        cycles.setdefault(observation.cycle, []).append(observation)
    return cycles


def _prior(parameters: Parameters) -> PooledDeviation | None:
    if "prior_standard_deviation" not in parameters:
        if "prior_degrees_of_freedom" in parameters:
            raise InvalidQuantity("quantity.parameter_missing", name="reduction", field="prior_standard_deviation")
        return None
    return PooledDeviation(parameters["prior_standard_deviation"], parameters.get("prior_degrees_of_freedom", math.inf))


def measured(
    values: Sequence[Fraction],
    unit: str,
    parameters: Parameters,
    details: Sequence[Detail] = (),
    warnings: Sequence[str] = (),
) -> Reduction:
    """Return the mean of values, with the prior standard deviation where one is declared, else with their own."""
    estimate = estimate_of(values, unit, _prior(parameters))
    return evaluated(estimate, len(values), details, warnings)


def evaluated(
    estimate: Estimate, count: int, details: Sequence[Detail] = (), warnings: Sequence[str] = ()
) -> Reduction:
    """Return an estimate of Type A: Student's t where its degrees of freedom are finite."""
    shape = Distribution.NORMAL if math.isinf(estimate.degrees_of_freedom) else Distribution.T
    return Reduction(estimate, Evaluation.A, shape, count, tuple(details), tuple(warnings))


def stated(value: float, unit: str, count: int, details: Sequence[Detail] = (), freedom: float = math.inf) -> Reduction:
    """Return a number taken as it is: it serves as a limit or a standard uncertainty, not as a measured value."""
    estimate = Estimate(value, 0.0, unit, freedom)
    return Reduction(estimate, Evaluation.A, Distribution.NORMAL, count, tuple(details))
