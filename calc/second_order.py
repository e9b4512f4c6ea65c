"""The law of propagation with the terms of second order, and whether they matter.

Where a model is not linear within its uncertainties, the first-order sum leaves out terms that this module adds:
GUM 5.1.2, note, in the form that also holds for correlated inputs, from exact second and third derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calc.compiler.symbol_values import bound_symbols, checked_points, quantities_by_key
from calc.errors import InvalidQuantity, OutsideValidity
from calc.expansion import Expansion, expansion_of
from calc.lookup_values import answered
from calc.model import CompiledModel, MeasurementModel, compile_model
from calc.propagation import correlation_pairs
from calc.quantities import EvaluationWarning, ModelInputs
from calc.trials.numerical_tolerance import numerical_tolerance

Matrix = NDArray[np.float64]
FIGURES = ("first_order", "second_order", "estimate_correction")


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """The outputs' uncertainties to first and second order at one point, in the order of the model's outputs.

    `first_order` and `standard_uncertainties`: (n_outputs,) in the outputs' units. `estimate_corrections`: (n_outputs,)
    ½ Σ_ij f_ij u(x_i, x_j), by which the expectation of the output differs from the estimate to this order; it is
    stated and not applied, as the published examples do not apply it. `covariance`: (n_outputs, n_outputs) to second
    order, unit of row times unit of column.
    """

    first_order: tuple[float, ...]
    standard_uncertainties: tuple[float, ...]
    estimate_corrections: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class SecondOrderOutput:
    """One output at one point, uncertainties and correction in `unit`; see `SecondOrder` for what they mean."""

    point: str
    output: str
    estimate: float
    unit: str
    first_order: float
    standard_uncertainty: float
    estimate_correction: float

    @property
    def warning(self) -> EvaluationWarning | None:
        """The warning `propagation.second_order_matters` with these numbers, or None where it does not matter."""
        if not matters(self.first_order, self.standard_uncertainty, self.estimate_correction):
            return None
        figures = (self.first_order, self.standard_uncertainty, self.estimate_correction)
        numbers = dict(zip(FIGURES, figures, strict=True))
        return EvaluationWarning("propagation.second_order_matters", self.point, self.output, "", numbers)


@dataclass(frozen=True, slots=True)
class SecondOrderResult:
    """All outputs, point by point and within a point in the model's order.

    `covariances`: by point, (n_outputs, n_outputs) over the outputs of that point, to second order.
    """

    outputs: tuple[SecondOrderOutput, ...]
    covariances: dict[str, tuple[tuple[float, ...], ...]]

    def output(self, point: str, name: str) -> SecondOrderOutput:
        """Return the figures of output `name` at `point`; raises InvalidQuantity if there are none."""
        for output in self.outputs:
            if output.point == point and output.output == name:
                return output
        raise InvalidQuantity("inputs.unknown_quantity", name=f"{point}/{name}")


def second_order(
    compiled: CompiledModel,
    values: Sequence[float],
    standard_uncertainties: Sequence[float],
    correlation: Matrix,
    point: str = "1",
) -> SecondOrder:
    """Return the uncertainties of a model's outputs to second order at one point.

    Parameters
    ----------
    compiled : the model
    values, standard_uncertainties : (n_inputs,) in the order and units of `compiled.symbols`
    correlation : (n_inputs, n_inputs), symmetric, with 1 on the diagonal; dimensionless
    point : names the point in errors

    With gradient g, matrix of second derivatives H and covariance matrix S of the inputs the variance is
    gᵀSg + ½ tr(HSHS) + (Sg)·∇(Σ_kl S_kl f_kl): all terms of fourth order in the uncertainties for jointly normal
    inputs. For uncorrelated inputs this is Σ f_i² u_i² + Σ_ij (½ f_ij² + f_i f_ijj) u_i² u_j², the note to
    JCGM 100:2008, 5.1.2, which is used for every distribution, as in H.1.7 and JCGM 101:2008, 9.3.2 and 9.4.2.

    Raises OutsideValidity `propagation.no_second_order` where a derivative is not finite or the sum is negative: the
    expansion then says nothing, and distributions have to be propagated (JCGM 101:2008).
    """
    expansion = expansion_of(compiled)
    places = np.array(expansion.order, dtype=np.intp)
    u = np.array(standard_uncertainties, dtype=np.float64)[places]
    r = np.asarray(correlation, dtype=np.float64)[np.ix_(places, places)]
    outputs = compiled.program.outputs
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
            return _second_order(expansion, values, u, r, outputs)
    except _NegativeVarianceError as error:
        raise OutsideValidity("propagation.no_second_order", output=error.output, point=point) from None
    except (ArithmeticError, ValueError):
        raise OutsideValidity("propagation.no_second_order", output=outputs[0], point=point) from None


class _NegativeVarianceError(Exception):
    """The expansion of an output gives no variance."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def _second_order(
    expansion: Expansion, values: Sequence[float], u: Matrix, correlation: Matrix, outputs: Sequence[str]
) -> SecondOrder:
    """Return what `second_order` does, u and correlations in the order of the expansion; raises ArithmeticError."""
    covariance = correlation * np.multiply.outer(u, u)
    weights = [(1.0 if i == j else 2.0) * float(covariance[i, j]) for i, j in expansion.pairs]
    numbers = np.array(expansion.function(*values, *weights), dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise FloatingPointError
    terms = [_scaled(row, expansion.pairs, u) for row in numbers.reshape(len(outputs), -1)]
    exponents = [_exponent(slopes, curvature) for slopes, curvature, _ in terms]
    scaled = [tuple(np.ldexp(part, -e) for part in term) for term, e in zip(terms, exponents, strict=True)]
    matrix = np.array([[_covariance(one, two, correlation) for two in scaled] for one in scaled])
    for name, variance in zip(outputs, np.diagonal(matrix), strict=True):
        if not variance >= 0.0:
            raise _NegativeVarianceError(name)
    first = [math.sqrt(max(float(slopes @ correlation @ slopes), 0.0)) for slopes, _, _ in scaled]
    deviations = np.sqrt(np.diagonal(matrix)).tolist()
    corrections = [0.5 * float((curvature * correlation).sum()) for _, curvature, _ in scaled]
    powers = np.array(exponents)
    whole = np.ldexp(matrix, np.add.outer(powers, powers))
    return SecondOrder(
        tuple(map(math.ldexp, first, exponents)),
        tuple(map(math.ldexp, deviations, exponents)),
        tuple(map(math.ldexp, corrections, exponents)),
        tuple(tuple(row) for row in whole.tolist()),
    )


def _scaled(row: Matrix, pairs: Sequence[tuple[int, int]], u: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return one output's derivatives times standard uncertainties, correlations in place of covariances."""
    width = len(u)
    curvature = np.zeros((width, width))
    for (i, j), second in zip(pairs, row[width : width + len(pairs)].tolist(), strict=True):
        curvature[i, j] = curvature[j, i] = second * u[i] * u[j]
    return row[:width] * u, curvature, row[width + len(pairs) :] * u


def _exponent(slopes: Matrix, curvature: Matrix) -> int:
    """Return the power of two of the largest term, so that no square overflows or vanishes."""
    return math.frexp(max(float(np.abs(slopes).max(initial=0.0)), float(np.abs(curvature).max(initial=0.0))))[1]


def _covariance(one: Sequence[Matrix], two: Sequence[Matrix], correlation: Matrix) -> float:
    first = one[0] @ correlation @ two[0]
    second = 0.5 * np.vdot(one[1] @ correlation, (two[1] @ correlation).T)
    third = 0.5 * (one[0] @ correlation @ two[2] + two[0] @ correlation @ one[2])
    return float(first + second + third)


def second_order_of(model: MeasurementModel, inputs: ModelInputs) -> SecondOrderResult:
    """Return the uncertainties to second order of all outputs at every point, from what `calc.evaluate` takes.

    Raises what `evaluate` raises for the same arguments, and OutsideValidity `propagation.no_second_order`.
    Source: JCGM 100:2008, 5.1.2, note; see `second_order`.
    """
    compiled = compile_model(model)
    inputs = answered(compiled, inputs).inputs
    quantities = quantities_by_key(inputs)
    pairs = correlation_pairs(tuple(quantities), inputs.correlations)
    checked_points(inputs.points)
    outputs, covariances = [], {}
    for point in inputs.points:
        bound = bound_symbols(compiled, point, quantities)
        estimates = compiled.program.linearise(bound.values, point.point).values
        found = second_order(
            compiled, bound.values, bound.standard_uncertainties, bound.correlation(pairs), point.point
        )
        covariances[point.point] = found.covariance
        for place, definition in enumerate(compiled.model.outputs):
            outputs.append(
                SecondOrderOutput(
                    point.point,
                    definition.name,
                    estimates[place],
                    definition.unit,
                    found.first_order[place],
                    found.standard_uncertainties[place],
                    found.estimate_corrections[place],
                )
            )
    return SecondOrderResult(tuple(outputs), covariances)


def matters(first_order: float, second_order: float, estimate_correction: float) -> bool:
    """Return whether the terms of second order show in a standard uncertainty rounded to two significant digits.

    Compared is the root mean square deviation from the stated estimate, √(u₂² + correction²), with the first-order u:
    they may differ by the numerical tolerance that belongs to two digits of u, half a unit of the second one
    (JCGM 101:2008, 7.9.2). Where all first derivatives vanish, every second-order term matters. All in one unit.
    """
    deviation = math.hypot(second_order, estimate_correction)
    if first_order == 0.0:
        return deviation > 0.0
    return abs(deviation - first_order) > numerical_tolerance(first_order, 2)
