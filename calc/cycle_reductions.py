"""Reductions of readings in cycles: differences by substitution, rise and fall, zero, groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from calc.errors import InvalidQuantity
from calc.exact_numbers import exact_readings
from calc.observations import (
    Detail,
    Observation,
    Observations,
    Parameters,
    Reduction,
    cycles_of,
    evaluated,
    measured,
    stated,
)
from calc.regression.anova import BetweenGroups, one_way
from calc.type_a import pooled_deviation_of_runs

_Check = Callable[[int, Sequence[str]], None]


def _differences(
    observations: Observations, unit: str, parameters: Parameters, check: _Check, name: str, needed: int
) -> Reduction:
    """Return item minus standard of every cycle, each the mean of its readings, as one mean."""
    differences: list[Fraction] = []
    details: list[Detail] = []
    for cycle, readings in cycles_of(observations).items():
        roles = [reading.role for reading in readings]
        check(cycle, roles)
        values = exact_readings([reading.value for reading in readings], len(readings), f"cycle {cycle}")
        items = [value for value, role in zip(values, roles, strict=True) if role == "item"]
        standards = [value for value, role in zip(values, roles, strict=True) if role == "standard"]
        difference = sum(items, Fraction(0)) / len(items) - sum(standards, Fraction(0)) / len(standards)
        differences.append(difference)
        details.append(Detail("difference", cycle, float(difference)))
    if not differences:
        raise InvalidQuantity("quantity.too_few_readings", name=name, count=0, needed=needed)
    return measured(differences, unit, parameters, details)


def _abba(cycle: int, roles: Sequence[str]) -> None:
    standards, items = roles.count("standard"), roles.count("item")
    if (standards, items, len(roles)) != (2, 2, 4):
        raise InvalidQuantity("reduction.incomplete_cycle", cycle=cycle, standards=standards, items=items)
    if list(roles) != ["standard", "item", "item", "standard"]:
        raise InvalidQuantity("reduction.order", cycle=cycle)


def _aba(cycle: int, roles: Sequence[str]) -> None:
    if list(roles) != ["standard", "item", "standard"]:
        raise InvalidQuantity("reduction.pattern", cycle=cycle, expected="standard, item, standard", name="cycle")


def _pair(cycle: int, roles: Sequence[str]) -> None:
    if sorted(roles) != ["item", "standard"]:
        raise InvalidQuantity("reduction.pair_count", cycle=cycle, name="cycle")


def abba_difference(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Item minus standard by substitution in cycles A B B A, A the standard and B the item.

    A cycle gives (B1 + B2)/2 - (A1 + A2)/2; the estimate is the mean over the cycles, with the prior pooled standard
    deviation of such a difference where one is declared. A linear drift drops out.
    Source: OIML R 111-1:2004, C.4.1; EA-4/02 M:2022, S2.
    """
    return _differences(observations, unit, parameters, _abba, "abba_difference", 4)


def aba_difference(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Item minus standard in cycles A B A: B - (A1 + A2)/2; a linear drift drops out.

    Source: OIML R 111-1:2004, C.4.1.
    """
    return _differences(observations, unit, parameters, _aba, "aba_difference", 3)


def ab_difference(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Item minus standard read in pairs, one of each in a cycle in either order; the mean of the paired differences.

    What standard and item share in a pair (the bath, the line, the hour) drops out: the scatter is that of the
    differences. Source: JCGM 100:2008, 5.2.4, note, and F.1.2.3.
    """
    return _differences(observations, unit, parameters, _pair, "ab_difference", 2)


def maximum_up_down_difference(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Largest |up - down| over cycles and positions (hysteresis), paired by cycle and sequence."""
    name = "maximum_up_down_difference"
    pairs: dict[tuple[int, int], dict[str, Observation]] = {}
    for observation in observations:
        pairs.setdefault((observation.cycle, observation.sequence), {})[observation.direction] = observation
    details = []
    largest = Fraction(0)
    for (cycle, sequence), found in sorted(pairs.items()):
        if not {"up", "down"} <= set(found):
            raise InvalidQuantity("reduction.unpaired", name=name, cycle=cycle, sequence=sequence)
        up, down = exact_readings([found["up"].value, found["down"].value], 2)
        largest = max(largest, abs(up - down))
        details.append(Detail("up_down_difference", cycle, float(abs(up - down))))
    if not pairs:
        raise InvalidQuantity("quantity.too_few_readings", name=name, count=0, needed=2)
    return stated(float(largest), unit, len(pairs), details)


def _by_direction(observations: Observations, name: str) -> dict[str, list[Observation]]:
    """Return the readings going up and those going down; both are needed."""
    found: dict[str, list[Observation]] = {"up": [], "down": []}
    for observation in sorted(observations, key=lambda one: (one.cycle, one.sequence)):
        found.setdefault(observation.direction, []).append(observation)
    for direction in ("up", "down"):
        if not found[direction]:
            raise InvalidQuantity("reduction.missing", name=name, field=direction)
    return found


def up_down_half_difference(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Half of |mean up - mean down| over all cycles: the half-width that hysteresis gives to the mean of both."""
    means = []
    for direction, readings in _by_direction(observations, "up_down_half_difference").items():
        values = exact_readings([reading.value for reading in readings], 1, direction)
        means.append((direction, sum(values, Fraction(0)) / len(values)))
    (_up, rising), (_down, falling) = means[:2]
    details = [Detail(f"mean_{direction}", 0, float(mean)) for direction, mean in means]
    return stated(float(abs(rising - falling) / 2), unit, len(observations), details)


def cycle_half_difference(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Half of the largest difference between cycles in the same direction: the half-width of repeatability.

    For two cycles the larger of |cycle 1 - cycle 2|/2 up and down. Readings without a direction count as one.
    """
    name = "cycle_half_difference"
    directions: dict[str, list[Observation]] = {}
    for observation in observations:
        directions.setdefault(observation.direction, []).append(observation)
    largest, details = Fraction(0), []
    for direction, readings in sorted(directions.items(), reverse=True):
        if len({reading.cycle for reading in readings}) < 2:
            raise InvalidQuantity("quantity.too_few_readings", name=name, count=len(readings), needed=2)
        values = exact_readings([reading.value for reading in readings], 2, direction or name)
        half = (max(values) - min(values)) / 2
        largest = max(largest, half)
        details.append(Detail(f"half_difference_{direction}" if direction else "half_difference", 0, float(half)))
    if not directions:
        raise InvalidQuantity("quantity.too_few_readings", name=name, count=0, needed=2)
    return stated(float(largest), unit, len(observations), details)


def zero_shift(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Largest |last zero - first zero| of a cycle, over the cycles."""
    zeros = [observation for observation in observations if observation.role == "zero"]
    if not zeros:
        raise InvalidQuantity("reduction.missing", name="zero_shift", field="zero")
    largest, details = Fraction(0), []
    for cycle, readings in cycles_of(zeros).items():
        values = exact_readings([reading.value for reading in readings], 2, f"cycle {cycle}")
        shift = abs(values[-1] - values[0])
        largest = max(largest, shift)
        details.append(Detail("zero_shift", cycle, float(shift)))
    return stated(float(largest), unit, len(details), details)


def _runs(observations: Observations) -> dict[int, list[Fraction]]:
    return {
        cycle: exact_readings([reading.value for reading in readings], 1, f"cycle {cycle}")
        for cycle, readings in cycles_of(observations).items()
    }


def pooled_standard_deviation(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Pooled standard deviation of the cycles about their own means, with Σ (n_i - 1) degrees of freedom.

    Every cycle needs two readings. Source: JCGM 100:2008, 4.2.4.
    """
    runs = _runs(observations)
    pooled = pooled_deviation_of_runs(list(runs.values()))
    return stated(pooled.standard_deviation, unit, len(observations), (), pooled.degrees_of_freedom)


def mean_of_cycles(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Mean of all readings with the scatter between cycles (days, positions, operators) by analysis of variance.

    `between_cycles`: 1 keeps that effect, 0 rejects it; without it the F test decides at `level` (0.05 unless given).
    Source: JCGM 100:2008, H.5.
    """
    choice = parameters.get("between_cycles")
    if choice is not None and choice not in {0.0, 1.0}:
        raise InvalidQuantity(
            "quantity.out_of_range", name="mean_of_cycles", field="between_cycles", lower=0, upper=1, value=choice
        )
    rule = BetweenGroups.BY_TEST if choice is None else BetweenGroups.KEPT if choice else BetweenGroups.REJECTED
    runs = _runs(observations)
    found = one_way(list(runs.values())).mean_estimate(unit, rule, parameters.get("level", 0.05))
    details = [Detail("mean", cycle, float(sum(run, Fraction(0)) / len(run))) for cycle, run in runs.items()]
    return evaluated(found.estimate, len(observations), details)
