"""Numbers of the package `uncertainties`, in and out, with their correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from calc.errors import InvalidQuantity
from calc.evaluate import evaluate
from calc.model import CompiledModel, MeasurementModel
from calc.propagation import propagate
from calc.quantities import (
    Correlation,
    Estimate,
    Evaluation,
    InputQuantity,
    MeasurementResult,
    ModelInputs,
    PointBinding,
    finite,
)

if TYPE_CHECKING:
    from uncertainties.core import AffineScalarFunc

_COMPLETE = 1.0 - 1e-13
"""Two numbers of one variable are completely correlated; rounding leaves a little less."""


def inputs_from_ufloats(
    numbers: Mapping[str, AffineScalarFunc], units: Mapping[str, str], degrees_of_freedom: Mapping[str, float]
) -> tuple[tuple[InputQuantity, ...], tuple[Correlation, ...]]:
    """Return input quantities under the keys of `numbers`, with every correlation that the numbers carry.

    Parameters
    ----------
    numbers : by key, numbers of the package `uncertainties`, in the units of `units`
    units : by key; every key needs one
    degrees_of_freedom : by key, at least 1; infinite where a key is left out, as `uncertainties` knows none

    Raises InvalidQuantity for anything that is no such number, or is not finite.
    """
    from uncertainties import covariance_matrix  # only who exchanges such numbers needs the package

    keys = list(numbers)
    quantities = []
    for key in keys:
        if key not in units:
            raise InvalidQuantity("unit.missing", name=key)
        nu = degrees_of_freedom.get(key, math.inf)
        estimate = Estimate.from_ufloat(numbers[key], units[key], nu)
        quantities.append(InputQuantity(key, estimate, evaluation=Evaluation.B))
    covariance = np.asarray(covariance_matrix([numbers[key] for key in keys]), dtype=np.float64)
    correlations = []
    for i, first in enumerate(keys):
        for j in range(i + 1, len(keys)):
            spread = math.sqrt(covariance[i, i]) * math.sqrt(covariance[j, j])
            if covariance[i, j] != 0.0 and spread > 0.0:
                r = float(covariance[i, j]) / spread
                complete = abs(r) > _COMPLETE
                correlations.append(Correlation(first, keys[j], math.copysign(1.0, r) if complete else r))
    return tuple(quantities), tuple(correlations)


def result_as_ufloats(result: MeasurementResult) -> dict[tuple[str, str], AffineScalarFunc]:
    """Return the outputs by (point, output) as numbers of `uncertainties` that keep the covariance between them.

    Their units are those of the outputs; degrees of freedom and coverage factors are lost, they stay in the result.
    """
    from uncertainties import correlated_values  # see above
    from uncertainties.core import AffineScalarFunc, LinearCombination

    names = [(output.point, output.output) for output in result.outputs]
    values = [output.estimate for output in result.outputs]
    covariance = np.array(result.covariance, dtype=np.float64)
    uncertain = [i for i in range(len(values)) if covariance[i, i] > 0.0]
    found: dict[tuple[str, str], AffineScalarFunc] = {
        names[i]: AffineScalarFunc(values[i], LinearCombination({})) for i in range(len(values))
    }
    if uncertain:
        part = covariance[np.ix_(uncertain, uncertain)]
        numbers = correlated_values([values[i] for i in uncertain], part)
        found.update(zip([names[i] for i in uncertain], numbers, strict=True))
    return found


def evaluate_ufloats(
    model: MeasurementModel,
    numbers: Mapping[str, AffineScalarFunc],
    degrees_of_freedom: Mapping[str, float] | None = None,
) -> MeasurementResult:
    """Return the evaluation of a model at one point, "1", of numbers of the package `uncertainties`.

    `numbers` and `degrees_of_freedom` (infinite where left out) are by symbol, in the model's units; the correlations
    that the numbers carry are kept. Raises as `evaluate` does.
    """
    units = {definition.symbol: definition.unit for definition in model.inputs}
    for symbol in numbers:
        if symbol not in units:
            raise InvalidQuantity("inputs.unknown_symbol", point="1", name=symbol)
    quantities, correlations = inputs_from_ufloats(numbers, units, degrees_of_freedom or {})
    binding = PointBinding("1", {symbol: symbol for symbol in numbers})
    return evaluate(model, ModelInputs(quantities, correlations, (binding,)), seed=0)


def propagate_ufloats(
    compiled: CompiledModel, numbers: Mapping[str, AffineScalarFunc | float]
) -> dict[str, AffineScalarFunc]:
    """Return the outputs of a compiled model, by name, as numbers that stay functions of the same variables.

    `numbers` are by symbol, in the model's units; plain ones are exact. The results are correlated with the numbers
    they come from and with everything else made of their variables: y + Σ c_i (X_i - x_i), JCGM 100:2008, 5.1.2.
    Raises InvalidQuantity for an input that is missing or unknown, and OutsideValidity as `propagate` does.
    """
    for symbol in compiled.symbols:
        if symbol not in numbers:
            raise InvalidQuantity("inputs.missing_symbol", point="1", name=symbol)
    for symbol in numbers:
        if symbol not in compiled.symbols:
            raise InvalidQuantity("inputs.unknown_symbol", point="1", name=symbol)
    given = [numbers[symbol] for symbol in compiled.symbols]
    estimates = [
        finite(getattr(x, "nominal_value", x), name, "value") for x, name in zip(given, compiled.symbols, strict=True)
    ]
    found: dict[str, AffineScalarFunc] = {}
    for one in propagate(compiled, estimates, [0.0] * len(estimates)):
        total = one.estimate
        for x, value, slope in zip(given, estimates, one.sensitivity_coefficients, strict=True):
            total = total + slope * (x - value)
        found[one.output] = total
    return found
