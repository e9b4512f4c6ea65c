"""Whether the terms of second order matter at a point of an evaluation, in microseconds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calc.errors import InvalidModel, OutsideValidity
from calc.expansion import Expansion, expansion_of
from calc.model import CompiledModel
from calc.quantities import EvaluationWarning
from calc.second_order import FIGURES, matters, second_order

Matrix = NDArray[np.float64]
_SMALLEST, _LARGEST = 1e-140, 1e140


class SecondOrderCheck:
    """Says at each point of an evaluation whether the terms of second order matter; made once for a model."""

    def __init__(self, compiled: CompiledModel) -> None:
        self._compiled = compiled
        self._expansion: Expansion | None
        try:
            self._expansion = expansion_of(compiled)
        except InvalidModel:  # said at every point by `propagation.second_order_unchecked`
            self._expansion = None

    @property
    def is_linear(self) -> bool:
        """Whether no output has a second derivative, so that there is nothing to say at any point."""
        return self._expansion is not None and not self._expansion.pairs

    def warnings(
        self,
        point: str,
        values: Sequence[float],
        standard_uncertainties: Sequence[float],
        correlation: Matrix | None = None,
    ) -> list[EvaluationWarning]:
        """Return a warning for each output whose second-order terms matter, or where the expansion has no value.

        `values`, `standard_uncertainties`: (n_inputs,) in the model's order and units; `correlation`: (n_inputs,
        n_inputs), None where no inputs are correlated. Codes: `propagation.second_order_matters` with `first_order`,
        `second_order` and `estimate_correction`, `propagation.no_second_order`, and for models with too many second
        derivatives `propagation.second_order_unchecked`.
        """
        names, expansion = self._compiled.program.outputs, self._expansion
        if expansion is None:
            return [EvaluationWarning("propagation.second_order_unchecked", point, name, "") for name in names]
        if not expansion.pairs:
            return []
        figures = _uncorrelated(expansion, values, standard_uncertainties) if correlation is None else None
        if figures is None:
            matrix = np.eye(len(values)) if correlation is None else correlation
            try:
                found = second_order(self._compiled, values, standard_uncertainties, matrix, point)
            except OutsideValidity as error:
                return [EvaluationWarning(error.code, point, str(error.values["output"]), "")]
            figures = list(
                zip(found.first_order, found.standard_uncertainties, found.estimate_corrections, strict=True)
            )
        return [
            EvaluationWarning("propagation.second_order_matters", point, name, "", dict(zip(FIGURES, row, strict=True)))
            for name, row in zip(names, figures, strict=True)
            if matters(*row)
        ]


def _uncorrelated(
    expansion: Expansion, values: Sequence[float], u: Sequence[float]
) -> list[tuple[float, float, float]] | None:
    """Return first-order u, second-order u and correction of each output, or None where more care is needed."""
    u = [u[place] for place in expansion.order]
    pairs, width = expansion.pairs, len(u)
    weights = [u[i] * u[i] if i == j else 0.0 for i, j in pairs]
    try:
        numbers = expansion.function(*values, *weights)
    except (ArithmeticError, ValueError):
        return None
    figures, count = [], 2 * width + len(pairs)
    for start in range(0, len(numbers), count):
        first = higher = correction = 0.0
        for place, u_i in enumerate(u, start):
            slope = numbers[place] * u_i
            first += slope * slope
            higher += slope * numbers[place + width + len(pairs)] * u_i
        for (i, j), second in zip(pairs, numbers[start + width :], strict=False):
            term = second * u[i] * u[j]
            higher += term * term if i != j else 0.5 * term * term
            correction += 0.5 * term if i == j else 0.0
        if not _SMALLEST < first + higher < _LARGEST:
            return None
        figures.append((math.sqrt(first), math.sqrt(first + higher), correction))
    return figures
