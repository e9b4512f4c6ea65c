"""Declared reductions: from the readings of a point to one derived input, outside the differentiated model.

A procedure names a reduction and its parameters; `REDUCTIONS` holds the ones there are, and a caller may pass a larger
mapping. Readings count as the exact decimal numbers they were typed as.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from calc import cycle_reductions
from calc.errors import InvalidQuantity
from calc.exact_numbers import nearest
from calc.observations import (
    PRIOR,
    Detail,
    Observation,
    Observations,
    Parameters,
    Reduction,
    ReductionRule,
    evaluated,
    measured,
    stated,
    values_of,
)
from calc.quantities import finite
from calc.type_a import experimental_standard_deviation, mean_of_series, median_of

__all__ = ["REDUCTIONS", "Detail", "Observation", "Reduction", "ReductionRule", "reduce"]


def _in_time(observations: Observations) -> Observations:
    return sorted(observations, key=lambda one: (one.cycle, one.sequence))


def _mean(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Mean of all readings; warns where, in their order, they are autocorrelated. Source: JCGM 100:2008, 4.2."""
    values = values_of(_in_time(observations), 1)
    correlated = len(values) > 1 and mean_of_series(values, unit).correlated
    return measured(values, unit, parameters, (), ("type_a.autocorrelated",) if correlated else ())


def _mean_value(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Mean of all readings, taken as it is: another input states their scatter, as bounds from the same readings."""
    values = values_of(observations, 1)
    return stated(nearest(sum(values, Fraction(0)) / len(values), "mean_value"), unit, len(values))


def _mean_of_series(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Mean of readings in order of time, with s/sqrt(n_eff) where the lag-1 test, at `level` (0.05), finds them tied.

    Source: JCGM 100:2008, 4.2.7; Zhang, Metrologia 43 (2006), S276–S281.
    """
    values = values_of(_in_time(observations), 2)
    found = mean_of_series(values, unit, level=parameters.get("level", 0.05))
    return evaluated(found.estimate, len(values), (), ("type_a.autocorrelated",) if found.correlated else ())


def _median(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Median, with its uncertainty from the median absolute deviation. Source: Müller, J. Res. NIST 105 (2000)."""
    values = values_of(observations, 2)
    return evaluated(median_of(values, unit), len(values))


def _standard_deviation(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Experimental standard deviation, with n - 1 degrees of freedom. Source: JCGM 100:2008, 4.2.2."""
    values = values_of(observations, 2)
    return stated(experimental_standard_deviation(values), unit, len(values), (), len(values) - 1.0)


def _range(observations: Observations, unit: str, parameters: Parameters) -> Reduction:
    """Largest minus smallest reading."""
    values = values_of(observations, 2)
    return stated(nearest(max(values) - min(values), "range"), unit, len(values))


REDUCTIONS: Mapping[str, ReductionRule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            ReductionRule("mean", _mean, PRIOR),
            ReductionRule("mean_value", _mean_value),
            ReductionRule("mean_of_series", _mean_of_series, frozenset({"level"})),
            ReductionRule("mean_of_cycles", cycle_reductions.mean_of_cycles, frozenset({"level", "between_cycles"})),
            ReductionRule("median", _median),
            *(
                ReductionRule(name, function, parameters, difference=True)
                for name, function, parameters in (
                    ("standard_deviation", _standard_deviation, frozenset[str]()),
                    ("pooled_standard_deviation", cycle_reductions.pooled_standard_deviation, frozenset[str]()),
                    ("range", _range, frozenset[str]()),
                    ("abba_difference", cycle_reductions.abba_difference, PRIOR),
                    ("aba_difference", cycle_reductions.aba_difference, PRIOR),
                    ("ab_difference", cycle_reductions.ab_difference, PRIOR),
                    ("maximum_up_down_difference", cycle_reductions.maximum_up_down_difference, frozenset[str]()),
                    ("up_down_half_difference", cycle_reductions.up_down_half_difference, frozenset[str]()),
                    ("cycle_half_difference", cycle_reductions.cycle_half_difference, frozenset[str]()),
                    ("zero_shift", cycle_reductions.zero_shift, frozenset[str]()),
                )
            ),
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
