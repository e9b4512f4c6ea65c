"""Declared reductions: from the readings of a point to one derived input, outside the differentiated model.

A procedure names a reduction and its parameters; `REDUCTIONS` holds the ones there are, and a caller may pass a larger
mapping. Readings count as the exact decimal numbers they were typed as.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from calc.errors import InvalidQuantity
from calc.exact_numbers import exact_readings, root
from calc.quantities import Distribution, Estimate, Evaluation, InputQuantity, finite
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
    """What readings were reduced to: an estimate, from `count` independent values, with intermediate values."""

    estimate: Estimate
    evaluation: Evaluation
    distribution: Distribution
    count: int
    details: tuple[Detail, ...] = ()

    def as_input(self, key: str, origin: str = "") -> InputQuantity:
        """Return it as the input quantity `key`."""
        return InputQuantity(key, self.estimate, self.distribution, self.evaluation, {}, origin)


Observations = Sequence[Observation]
Parameters = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ReductionRule:
    """A reduction by name: its function, and the parameters it accepts."""

    name: str
    function: Callable[[Observations, str, Parameters], Reduction]
    parameters: frozenset[str] = frozenset()


_PRIOR = frozenset({"prior_standard_deviation", "prior_degrees_of_freedom"})


def _prior(parameters: Parameters) -> PooledDeviation | None:
    if "prior_standard_deviation" not in parameters:
        if "prior_degrees_of_freedom" in parameters:
            raise InvalidQuantity("quantity.parameter_missing", name="reduction", field="prior_standard_deviation")
        return None
    return PooledDeviation(parameters["prior_standard_deviation"], parameters.get("prior_degrees_of_freedom", math.inf))


def _type_a(values: Sequence[Fraction], unit: str, parameters: Parameters) -> tuple[Estimate, Distribution]:
    """Return the mean with the prior standard deviation where one is declared, else with that of the values."""
    estimate = estimate_of(values, unit, _prior(parameters))
    normal = math.isinf(estimate.degrees_of_freedom)
    return estimate, Distribution.NORMAL if normal else Distribution.T


def _mean(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Mean of all readings. Source: JCGM 100:2008, 4.2."""
    values = exact_readings([observation.value for observation in observations], 1)
    estimate, distribution = _type_a(values, unit, parameters)
    return Reduction(estimate, Evaluation.A, distribution, len(values))


def _exactly(value: Fraction, unit: str, count: int, details: Sequence[Detail] = ()) -> Reduction:
    """Return a number taken as it is: it serves as a limit or a standard uncertainty, not as a measured value."""
    estimate = Estimate(float(value), 0.0, unit)
    return Reduction(estimate, Evaluation.A, Distribution.NORMAL, count, tuple(details))


def _standard_deviation(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Experimental standard deviation, with n - 1 degrees of freedom. Source: JCGM 100:2008, 4.2.2."""
    values = exact_readings([observation.value for observation in observations], 2)
    middle = sum(values, Fraction(0)) / len(values)
    square = sum(((value - middle) ** 2 for value in values), Fraction(0)) / (len(values) - 1)
    estimate = Estimate(root(square), 0.0, unit, len(values) - 1.0)
    return Reduction(estimate, Evaluation.A, Distribution.NORMAL, len(values))


def _range(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Largest minus smallest reading."""
    values = exact_readings([observation.value for observation in observations], 2)
    return _exactly(max(values) - min(values), unit, len(values))


def _cycles(observations: Observations) -> dict[int, list[Observation]]:
    cycles: dict[int, list[Observation]] = {}
    for observation in sorted(observations, key=lambda one: (one.cycle, one.sequence)):
        cycles.setdefault(observation.cycle, []).append(observation)
    return cycles


def _abba_difference(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Item minus standard by substitution in cycles A B B A, A the standard and B the item.

    A cycle gives (B1 + B2)/2 - (A1 + A2)/2; the estimate is the mean over the cycles, with the prior pooled standard
    deviation of such a difference where one is declared. Source: OIML R 111-1:2004, C.4.1; EA-4/02 M:2022, S2.
    """
    differences: list[Fraction] = []
    details: list[Detail] = []
    for cycle, readings in _cycles(observations).items():
        roles = [reading.role for reading in readings]
        standards, items = roles.count("standard"), roles.count("item")
        if (standards, items, len(roles)) != (2, 2, 4):
            raise InvalidQuantity("reduction.incomplete_cycle", cycle=cycle, standards=standards, items=items)
        if roles != ["standard", "item", "item", "standard"]:
            raise InvalidQuantity("reduction.order", cycle=cycle)
        a1, b1, b2, a2 = exact_readings([reading.value for reading in readings], 4, f"cycle {cycle}")
        difference = (b1 + b2 - a1 - a2) / 2
        differences.append(difference)
        details.append(Detail("difference", cycle, float(difference)))
    if not differences:
        raise InvalidQuantity("quantity.too_few_readings", name="abba_difference", count=0, needed=4)
    estimate, distribution = _type_a(differences, unit, parameters)
    return Reduction(estimate, Evaluation.A, distribution, len(differences), tuple(details))


def _maximum_up_down_difference(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Largest |up - down| over cycles and positions (hysteresis), paired by cycle and sequence."""
    pairs: dict[tuple[int, int], dict[str, Observation]] = {}
    for observation in observations:
        pairs.setdefault((observation.cycle, observation.sequence), {})[observation.direction] = observation
    details = []
    largest = Fraction(0)
    for (cycle, sequence), found in sorted(pairs.items()):
        if not {"up", "down"} <= set(found):
            raise InvalidQuantity(
                "reduction.unpaired", name="maximum_up_down_difference", cycle=cycle, sequence=sequence
            )
        up, down = exact_readings([found["up"].value, found["down"].value], 2)
        largest = max(largest, abs(up - down))
        details.append(Detail("up_down_difference", cycle, float(abs(up - down))))
    if not pairs:
        raise InvalidQuantity("quantity.too_few_readings", name="maximum_up_down_difference", count=0, needed=2)
    return _exactly(largest, unit, len(pairs), details)


def _zero_shift(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Largest |last zero - first zero| of a cycle, over the cycles."""
    zeros = [observation for observation in observations if observation.role == "zero"]
    if not zeros:
        raise InvalidQuantity("reduction.missing", name="zero_shift", field="zero")
    largest, details = Fraction(0), []
    for cycle, readings in _cycles(zeros).items():
        values = exact_readings([reading.value for reading in readings], 2, f"cycle {cycle}")
        shift = abs(values[-1] - values[0])
        largest = max(largest, shift)
        details.append(Detail("zero_shift", cycle, float(shift)))
    return _exactly(largest, unit, len(details), details)


REDUCTIONS: Mapping[str, ReductionRule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            ReductionRule("mean", _mean, _PRIOR),
            ReductionRule("standard_deviation", _standard_deviation),
            ReductionRule("range", _range),
            ReductionRule("abba_difference", _abba_difference, _PRIOR),
            ReductionRule("maximum_up_down_difference", _maximum_up_down_difference),
            ReductionRule("zero_shift", _zero_shift),
        )
    }
)


def reduce(
    name: str,
    observations: Observations,
    unit: str,
    parameters: Parameters = MappingProxyType({}),
    rules: Mapping[str, ReductionRule] = REDUCTIONS,
) -> Reduction:
    """Return readings in `unit` reduced by the rule `name` with its declared parameters (in the same unit).

    Raises InvalidQuantity for an unknown rule or parameter, readings that are not finite, missing or unpaired.
    """
    rule = rules.get(name)
    if rule is None:
        raise InvalidQuantity("reduction.unknown", name=name)
    for parameter, value in parameters.items():
        if parameter not in rule.parameters:
            raise InvalidQuantity("quantity.parameter_unknown", name=name, field=parameter)
        if parameter != "prior_degrees_of_freedom":
            finite(value, name, parameter)
    return rule.function(observations, unit, parameters)
