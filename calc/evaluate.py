"""From a measurement model and its input quantities to a result: the one entry for application and command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from calc.binding import Binder, BoundPoint, neighbours_of
from calc.budget import budget_lines
from calc.compiler.kernel import Propagated
from calc.compiler.symbol_values import bound_symbols, checked_points, quantities_by_key
from calc.coverage import chosen_coverage_factor
from calc.engine import ENGINE_VERSION
from calc.errors import InvalidQuantity
from calc.lookup_values import answered
from calc.model import CoverageRule, MeasurementModel, compile_model
from calc.propagation import Pairs, correlation_pairs, output_covariance
from calc.quantities import (
    Distribution,
    EvaluationWarning,
    InputQuantity,
    MeasurementResult,
    ModelInputs,
    OutputResult,
    PointBinding,
)

_NEARLY_NORMAL = frozenset({Distribution.NORMAL, Distribution.MULTIVARIATE_NORMAL, Distribution.T})
_DOMINANT_SHARE = 1.0 / (1.0 + 0.3**2)
_BINDERS: dict[int, Binder] = {}
"""Binders of the models used last, by identity: a model is long, and its hash costs more than its evaluation."""
_MOST_BINDERS = 64


def evaluate(model: MeasurementModel, inputs: ModelInputs, *, seed: int) -> MeasurementResult:
    """Return estimates, uncertainties, budgets and covariance of a model's outputs at every point.

    A pure function: the same arguments give the same bits, in whatever order inputs, quantities and correlations are
    listed. Points that name the same input quantity are correlated by it, and a quantity bound to two symbols of a
    point counts once (x - x is 0 with uncertainty 0). `seed`, an integer from 0 upward, belongs to the stored input of
    every evaluation; the law of propagation draws nothing.

    Raises InvalidModel (syntax, names, units), InvalidQuantity (numbers, bindings, correlations) and OutsideValidity
    (no value or derivative at the estimate), each naming the input and point.
    Source: JCGM 100:2008, 5.1.2, 5.2.2, 6.2, G.4; JCGM 102:2011, 6.2.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidQuantity("evaluation.seed", value=repr(seed))
    binder = _binder(model)
    looked_up = answered(binder.compiled, inputs)
    inputs = looked_up.inputs
    quantities = quantities_by_key(inputs)
    pairs = correlation_pairs(tuple(quantities), inputs.correlations)
    checked_points(inputs.points)
    neighbours = neighbours_of(pairs)
    results: list[OutputResult] = []
    bound_points: list[BoundPoint] = []
    propagated: list[Propagated] = []
    curved: list[EvaluationWarning] = []
    for point in inputs.points:
        bound = binder.bind(point, quantities, neighbours)
        found = bound.kernel.propagate(
            bound.values, bound.deviations, bound.degrees, tuple(bound.correlated.values()), point.point
        )
        for definition, one in zip(binder.compiled.model.outputs, found, strict=True):
            result = _result(point.point, definition.name, definition.unit, model.coverage, bound, one)
            results.append(_without(result, binder.hidden) if binder.hidden else result)
            bound_points.append(bound)
        propagated.extend(found)
        if not binder.second_order.is_linear:
            curved.extend(_second_order_warnings(binder, point, bound, quantities, pairs))
    covariance = _covariance(bound_points, propagated, pairs)
    warnings = [*looked_up.warnings, *(warning for output in results for warning in _warnings(output)), *curved]
    return MeasurementResult(tuple(results), covariance, ENGINE_VERSION, tuple(warnings))


def _binder(model: MeasurementModel) -> Binder:
    binder = _BINDERS.get(id(model))
    if binder is None or binder.model is not model:
        binder = Binder(compile_model(model), model)
        if len(_BINDERS) >= _MOST_BINDERS:
            _BINDERS.clear()
        _BINDERS[id(model)] = binder
    return binder


def _result(point: str, name: str, unit: str, rule: CoverageRule, bound: BoundPoint, found: Propagated) -> OutputResult:
    """Return the documented result of one output at one point."""
    u, nu = found.standard_uncertainty, found.degrees_of_freedom
    k = chosen_coverage_factor(nu, rule)
    return OutputResult(
        point, name, found.estimate, unit, u, nu, rule.coverage_probability, k, k * u, budget_lines(bound, found)
    )


def _covariance(
    points: Sequence[BoundPoint], propagated: Sequence[Propagated], pairs: Pairs
) -> tuple[tuple[float, ...], ...]:
    """Return the covariance matrix of all outputs; `points` holds the point of each."""
    if len(propagated) == 1:
        return ((propagated[0].variance,),)
    keys = [[quantity.key for quantity in bound.quantities] for bound in points]
    contributions = [found.contributions for found in propagated]
    variances = [found.variance for found in propagated]
    return tuple(map(tuple, output_covariance(keys, contributions, variances, pairs)))


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


def _without(result: OutputResult, hidden: frozenset[str]) -> OutputResult:
    """Return a result whose budget leaves out the symbols that only look-ups need; they have no uncertainty."""
    return replace(result, budget=tuple(line for line in result.budget if line.symbol not in hidden))


def _second_order_warnings(
    binder: Binder, point: PointBinding, bound: BoundPoint, quantities: Mapping[str, InputQuantity], pairs: Pairs
) -> list[EvaluationWarning]:
    """Say where the terms of second order would show in the uncertainty. Source: JCGM 100:2008, 5.1.2, note."""
    if len(bound.quantities) == len(binder.symbols) and not bound.correlated:
        return binder.second_order.warnings(point.point, bound.values, bound.deviations)
    by_symbol = bound_symbols(binder.compiled, point, quantities)
    matrix = by_symbol.correlation(pairs)
    return binder.second_order.warnings(point.point, by_symbol.values, by_symbol.standard_uncertainties, matrix)
