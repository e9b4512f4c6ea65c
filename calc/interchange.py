"""Numbers of the package `uncertainties`, in and out, with their correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from calc.errors import InvalidQuantity
from calc.quantities import Correlation, Estimate, Evaluation, InputQuantity, MeasurementResult

if TYPE_CHECKING:
    from uncertainties.core import AffineScalarFunc


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
                r = max(-1.0, min(1.0, float(covariance[i, j]) / spread))
                correlations.append(Correlation(first, keys[j], r))
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
