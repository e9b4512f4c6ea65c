"""From a measurement model and its input quantities to a result: the one entry for application and command line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calc.budget import BoundQuantity, budget_lines
from calc.coverage import chosen_coverage_factor, effective_degrees_of_freedom
from calc.engine import ENGINE_VERSION
from calc.errors import CalcError, InvalidQuantity
from calc.model import CompiledModel, MeasurementModel, compile_model
from calc.propagation import (
    Pairs,
    combined_variance,
    correlation_pairs,
    exponent_of,
    output_covariance,
    variance_rows,
)
from calc.quantities import (
    Distribution,
    EvaluationWarning,
    InputQuantity,
    MeasurementResult,
    ModelInputs,
    OutputResult,
    PointBinding,
)
from calc.units import convert, convert_difference, exact_factor, parse_unit

_NEARLY_NORMAL = frozenset({Distribution.NORMAL, Distribution.MULTIVARIATE_NORMAL, Distribution.T})
_DOMINANT_SHARE = 1.0 / (1.0 + 0.3**2)


@dataclass(frozen=True, slots=True)
class _Propagated:
    """One output at one point with what the covariance needs: c_i u_i by key, and the variance."""

    result: OutputResult
    contributions: Mapping[str, float]
    variance: float


def evaluate(model: MeasurementModel, inputs: ModelInputs, *, seed: int) -> MeasurementResult:
    """Return estimates, uncertainties, budgets and covariance of a model's outputs at every point.

    A pure function: the same arguments give the same bits. Points that name the same input quantity are correlated by
    it, and a quantity bound to two symbols of a point counts once (x - x is 0 with uncertainty 0). `seed`, an
    integer from 0 upward, belongs to the stored input of every evaluation; the law of propagation draws nothing.

    Raises InvalidModel (syntax, names, units), InvalidQuantity (numbers, bindings, correlations) and OutsideValidity
    (no value or derivative at the estimate), each naming the input and point.
    Source: JCGM 100:2008, 5.1.2, 5.2.2, 6.2, G.4; JCGM 102:2011, 6.2.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidQuantity("evaluation.seed", value=repr(seed))
    compiled = compile_model(model)
    quantities = _by_key(inputs)
    pairs = correlation_pairs(tuple(quantities), inputs.correlations)
    _check_points(inputs.points)
    propagated: list[_Propagated] = []
    for point in inputs.points:
        bound = _bind(compiled, point, quantities)
        propagated.extend(_propagate(compiled, point, bound, pairs))
    covariance = output_covariance(
        [item.contributions for item in propagated], [item.variance for item in propagated], tuple(quantities), pairs
    )
    outputs = tuple(item.result for item in propagated)
    return MeasurementResult(
        outputs,
        tuple(tuple(row) for row in covariance.tolist()),
        ENGINE_VERSION,
        tuple(warning for output in outputs for warning in _warnings(output)),
    )


def _by_key(inputs: ModelInputs) -> dict[str, InputQuantity]:
    quantities: dict[str, InputQuantity] = {}
    for quantity in inputs.quantities:
        if quantity.key in quantities:
            raise InvalidQuantity("quantity.duplicate", name=quantity.key, field="input quantity")
        quantities[quantity.key] = quantity
    return quantities


def _check_points(points: Sequence[PointBinding]) -> None:
    if not points:
        raise InvalidQuantity("inputs.no_points")
    seen = set[str]()
    for binding in points:
        if binding.point in seen:
            raise InvalidQuantity("quantity.duplicate", name=binding.point, field="point")
        seen.add(binding.point)


def _bind(
    compiled: CompiledModel, binding: PointBinding, quantities: Mapping[str, InputQuantity]
) -> dict[str, BoundQuantity]:
    """Return the point's quantities by key, in the model's order, with their numbers in the model's units."""
    for symbol in binding.symbols:
        if symbol not in compiled.symbols:
            raise InvalidQuantity("inputs.unknown_symbol", point=binding.point, name=symbol)
    bound: dict[str, BoundQuantity] = {}
    for definition in compiled.model.inputs:
        key = binding.symbols.get(definition.symbol)
        if key is None:
            raise InvalidQuantity("inputs.missing_symbol", point=binding.point, name=definition.symbol)
        if key not in quantities:
            raise InvalidQuantity("inputs.unknown_quantity", name=key)
        quantity = quantities[key]
        value, u = _in_unit(quantity, definition.unit)
        if key in bound:
            first = bound[key]
            symbols = (*first.symbols, definition.symbol)
            bound[key] = BoundQuantity(quantity, symbols, first.estimate, first.standard_uncertainty, first.unit)
        else:
            bound[key] = BoundQuantity(quantity, (definition.symbol,), value, u, definition.unit)
    return bound


def _in_unit(quantity: InputQuantity, unit: str) -> tuple[float, float]:
    """Return value and standard uncertainty in the unit of the model's symbol."""
    estimate = quantity.estimate
    if estimate.unit == unit:
        return estimate.value, estimate.standard_uncertainty
    try:
        given, wanted = parse_unit(estimate.unit), parse_unit(unit)
        if given.dimension == wanted.dimension and (given.offset is None) != (wanted.offset is None):
            raise InvalidQuantity("unit.point_and_difference", name=quantity.key, unit=given.text, expected=wanted.text)
        u = convert_difference(estimate.standard_uncertainty, estimate.unit, unit)
        return convert(estimate.value, estimate.unit, unit), u
    except CalcError as error:
        raise error.with_values(name=quantity.key) from None


def _propagate(
    compiled: CompiledModel, binding: PointBinding, bound: Mapping[str, BoundQuantity], pairs: Pairs
) -> list[_Propagated]:
    """Evaluate every output of the model at one point."""
    units = {definition.symbol: definition.unit for definition in compiled.model.inputs}
    values = [_in_unit(bound[binding.symbols[symbol]].quantity, units[symbol])[0] for symbol in compiled.symbols]
    linear = compiled.program.linearise(values, binding.point)
    propagated = []
    for definition, value, slopes in zip(compiled.model.outputs, linear.values, linear.derivatives, strict=True):
        by_symbol = dict(zip(compiled.symbols, slopes, strict=True))
        coefficients = {key: _coefficient(item, by_symbol, units) for key, item in bound.items()}
        contributions = {key: coefficients[key] * item.standard_uncertainty for key, item in bound.items()}
        exponent = exponent_of(contributions)
        scaled = {key: math.ldexp(a, -exponent) for key, a in contributions.items()} if exponent else contributions
        rows = variance_rows(scaled, pairs)
        variance = combined_variance(rows)
        u = math.ldexp(math.sqrt(variance), exponent)
        degrees = {key: item.quantity.estimate.degrees_of_freedom for key, item in bound.items()}
        nu = effective_degrees_of_freedom(scaled, degrees, pairs, variance)
        k = chosen_coverage_factor(nu, compiled.model.coverage)
        expanded = k * u
        _check_range(definition.name, (*contributions.values(), expanded))
        result = OutputResult(
            point=binding.point,
            output=definition.name,
            estimate=value,
            unit=definition.unit,
            combined_standard_uncertainty=u,
            effective_degrees_of_freedom=nu,
            coverage_probability=compiled.model.coverage.coverage_probability,
            coverage_factor=k,
            expanded_uncertainty=expanded,
            budget=budget_lines(bound, coefficients, contributions, rows),
        )
        propagated.append(_Propagated(result, contributions, u * u if exponent else variance))
    return propagated


def _check_range(output: str, numbers: Sequence[float]) -> None:
    """Refuse contributions whose squares no float holds."""
    for number in numbers:
        if not math.isfinite(number * number):
            raise InvalidQuantity("quantity.too_large", name=output, field="uncertainty", value=number)


def _coefficient(item: BoundQuantity, by_symbol: Mapping[str, float], units: Mapping[str, str]) -> float:
    """Return dy/dq of a quantity, per its first symbol's unit: the sum over all symbols it stands for."""
    total = by_symbol[item.symbols[0]]
    for symbol in item.symbols[1:]:
        slope = by_symbol[symbol]
        if units[symbol] != item.unit:
            slope *= float(exact_factor(item.unit, units[symbol]))
        total += slope
    return total


def _warnings(output: OutputResult) -> list[EvaluationWarning]:
    """Say where one input that is not normal dominates, so that t or k = 2 does not give the stated probability.

    Dominant: what the others contribute together is at most 0.3 of it. Source: EA-4/02 M:2022, S9.14.
    """
    return [
        EvaluationWarning(
            "coverage.dominant_distribution", output.point, output.output, line.key, {"share": line.share}
        )
        for line in output.budget
        if line.share >= _DOMINANT_SHARE and line.distribution not in _NEARLY_NORMAL
    ]
