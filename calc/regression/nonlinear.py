"""Nonlinear least squares: a formula fitted to points, with exact slopes and residuals of 50 digits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from calc.errors import InvalidModel, InvalidQuantity, NotConverged, OutsideValidity
from calc.exact_numbers import Column, Number, exact_readings, nearest, root
from calc.quantities import finite
from calc.regression import extended
from calc.regression.levenberg import Arrival, search
from calc.regression.linear import exact_variances
from calc.regression.refinement import Solution, solve
from calc.regression.response import ResponseModel

Array = NDArray[np.float64]
_MAXIMUM_STEPS = 60
_STANDS = Decimal("1e-22")
_ASTRAY = Decimal("1e-6")
_RUNAWAY = 1e6
_LARGEST = 1e150


@dataclass(frozen=True, slots=True)
class NonlinearFit:
    """A least-squares fit of a formula with p parameters to n points.

    `coefficients` and `standard_errors`: (p,), in the order of `parameters`; `covariance`: (p, p), first order at the
    solution; `residuals`: (n,), response minus fit. Sum of squares, residual standard deviation and `scale_known` are
    as in `LinearFit`. `steps`: how many were taken, the damped and the refining ones together.
    """

    parameters: tuple[str, ...]
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    standard_errors: tuple[float, ...]
    residuals: tuple[float, ...]
    residual_sum_of_squares: float
    residual_standard_deviation: float
    degrees_of_freedom: int
    scale_known: bool
    steps: int
    exact_covariance: tuple[tuple[Fraction, ...], ...] = field(repr=False)


def nonlinear_regression(
    expression: str,
    response: Sequence[Number],
    predictors: Mapping[str, Sequence[Number]],
    start: Mapping[str, float],
    *,
    standard_uncertainties: Sequence[Number] | None = None,
    scale_known: bool = True,
) -> NonlinearFit:
    """Return the least-squares fit of `expression` to `response`, (n,), by the parameters named in `start`.

    Parameters
    ----------
    expression : formula in the names of `start` and `predictors`, as in measurement models, of numbers without unit
    predictors : each (n,); their numbers and those of the response count exactly as typed
    start : starting values; where the formula is linear in some parameters, those need not be near
    standard_uncertainties, scale_known : as in `linear_regression`

    The search runs in double precision, from the start as given and with the linear parameters projected out; the
    better end is refined by Newton steps whose residuals and slopes have 50 digits, until 22 digits stand.
    Raises InvalidModel, InvalidQuantity (`regression.dependent` where the points do not determine a parameter),
    OutsideValidity where the formula has no value at the start, NotConverged.
    Source: Moré, in Numerical Analysis (1978), 105–116; Björck, Numerical Methods for Least Squares Problems (1996), 9.
    """
    y = exact_readings(response, 1, "response")
    columns = {name: exact_readings(column, 1, name) for name, column in predictors.items()}
    for name, column in columns.items():
        if len(column) != len(y):
            raise InvalidQuantity("regression.lengths", name=name, count=len(column), expected=len(y))
    if not start:
        raise InvalidModel("model.no_outputs")
    first = np.array([finite(value, name, "start") for name, value in start.items()])
    variances = exact_variances(standard_uncertainties, len(y))
    known = scale_known and variances is not None
    needed = len(first) if known else len(first) + 1
    if len(y) < needed:
        raise InvalidQuantity("quantity.too_few_readings", name="response", count=len(y), needed=needed)
    model = ResponseModel(expression, tuple(start), tuple(columns))
    problem = _Problem(model, y, list(columns.values()), variances)
    arrival = problem.approached(first)
    return problem.refined(arrival, known=known)


class _Problem:
    """A model with its points, in doubles for the search and in decimals for the refinement."""

    def __init__(
        self,
        model: ResponseModel,
        response: Sequence[Fraction],
        predictors: Sequence[Sequence[Fraction]],
        variances: Sequence[Fraction] | None,
    ) -> None:
        self._model = model
        self._rows = len(response)
        self._floats = [np.array([nearest(v, model.output) for v in column]) for column in predictors]
        self._response = np.array([nearest(v, model.output) for v in response])
        # variances relative to the smallest: weights then lie between 1e-9 and 1, whatever the unit
        self._unit = min(variances) if variances else Fraction(1)
        self._variances = [v / self._unit for v in variances] if variances else None
        self._weights = np.array([1.0 / root(v) for v in self._variances]) if self._variances else np.ones(self._rows)
        largest = float(np.abs(self._response).max())
        self._scale = 2.0 ** -max(
            math.frexp(largest)[1], -1000
        )  # squares of scaled numbers neither overflow nor vanish
        with localcontext(extended.context()):
            self._exact_response = [_decimal(value) for value in response]
            self._points = [[_decimal(column[i]) for column in predictors] for i in range(self._rows)]

    def _weighted(self, parameters: Array) -> tuple[Array, Array] | None:
        found = self._model.on_arrays(parameters, self._floats, self._rows)
        if found is None:
            return None
        values, slopes = found
        weights = self._weights * self._scale
        try:
            with np.errstate(over="raise", invalid="raise", under="ignore"):
                residuals, slopes = weights * (self._response - values), weights[:, None] * slopes
        except FloatingPointError:
            return None
        largest = max(float(np.abs(residuals).max()), float(np.abs(slopes).max()))
        return (residuals, slopes) if largest < _LARGEST else None

    def approached(self, start: Array) -> Arrival:
        """Return the better end of the searches; raises OutsideValidity where the start has no value."""
        if self._weighted(start) is None:
            raise OutsideValidity(
                "model.outside_domain",
                output=self._model.output,
                text=self._model.text,
                point=self._without_value(start),
            )
        ends = [search(self._weighted, start, ())]
        if 0 < len(self._model.linear) < len(start):
            ends.append(search(self._weighted, start, self._model.linear))
        arrivals = [end for end in ends if end is not None]
        if not arrivals:
            raise NotConverged("solver.not_converged", name=self._model.output, count=0)
        return min(arrivals, key=lambda arrival: arrival.squares)

    def _without_value(self, start: Array) -> str:
        """Return the first row, from 1, at which the model has no finite value or slope."""
        for row in range(self._rows):
            if self._model.on_arrays(start, [column[row : row + 1] for column in self._floats], 1) is None:
                return str(row + 1)
        return "1"

    def _evaluated(self, parameters: Sequence[Decimal]) -> tuple[list[Decimal], list[list[Decimal]]]:
        """Return residuals, (n_rows,), and slopes, (n_parameters, n_rows), to 50 digits."""
        values, slopes = self._model.on_decimals(parameters, self._points)
        with localcontext(extended.context()):
            return [y - value for y, value in zip(self._exact_response, values, strict=True)], slopes

    def refined(self, arrival: Arrival, *, known: bool) -> NonlinearFit:
        """Return the fit to which undamped Newton steps with exact residuals settle from `arrival`."""
        parameters = [Decimal(value) for value in arrival.parameters.tolist()]
        last = Decimal("Infinity")
        step_number = 0
        for step_number in range(1, _MAXIMUM_STEPS + 1):
            try:
                residuals, slopes = self._evaluated(parameters)
            except ArithmeticError:
                break
            solution = self._solved(residuals, slopes)
            step = self._newton(solution, parameters, residuals)
            if step is None:
                break
            with localcontext(extended.context()):
                change = [Decimal(value) for value in step.tolist()]
                parameters = [b + c for b, c in zip(parameters, change, strict=True)]
                size = _size(change, parameters, slopes, self._exact_response)
            if size <= _STANDS:
                return self._result(parameters, arrival.steps + step_number, known=known)
            if size > 2 * last and size > _ASTRAY:
                break
            last = size
        raise NotConverged("solver.not_converged", name=self._model.output, count=arrival.steps + step_number)

    def _newton(self, solution: Solution, parameters: Sequence[Decimal], residuals: Sequence[Decimal]) -> Array | None:
        """Return Newton's step from the Gauss–Newton step d: (1 - C S)^(-1) d, None where there is no minimum.

        C are the cofactors of the slopes and S = Σ w r ∂²f the curvature that Gauss and Newton leave out; where the
        residuals are large it decides whether the steps settle at all.
        """
        deviations = [root(row[j]) for j, row in enumerate(solution.cofactors)]
        point = np.array([float(value) for value in parameters])
        bent = self._model.curvatures(point, self._floats, self._rows)
        try:
            straight = np.array([float(value) for value in solution.coefficients])
            if bent is None or min(deviations) == 0.0:
                return straight if bent is None else None
            correlation = np.array(
                [
                    [
                        float(value / Fraction(one) / Fraction(other))
                        for value, other in zip(row, deviations, strict=True)
                    ]
                    for row, one in zip(solution.cofactors, deviations, strict=True)
                ]
            )
            scales = np.array(deviations)
            with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                weighted = np.array([float(value) for value in residuals]) * self._weights**2
                system = np.eye(len(scales)) - correlation @ (scales[:, None] * (bent @ weighted) * scales)
                if not np.linalg.eigvals(system).real.min() > 0.0:
                    return None
                step: Array = scales * np.linalg.solve(system, straight / scales)
        except (ArithmeticError, np.linalg.LinAlgError):  # beyond the range of doubles: there is no minimum here
            return None
        return step

    def _solved(self, residuals: Sequence[Decimal], slopes: Sequence[Sequence[Decimal]]) -> Solution:
        columns = [Column.of([Fraction(value) for value in column]) for column in slopes]
        response = Column.of([Fraction(value) for value in residuals])
        return solve(columns, response, self._variances, self._model.parameters)

    def _result(self, parameters: Sequence[Decimal], steps: int, *, known: bool) -> NonlinearFit:
        names = self._model.parameters
        residuals, slopes = self._evaluated(parameters)
        solution = self._solved(residuals, slopes)
        weights = [1 / variance for variance in self._variances] if self._variances else [Fraction(1)] * self._rows
        with localcontext(extended.context()):
            total = sum((r * r * _decimal(w) for r, w in zip(residuals, weights, strict=True)), Decimal(0))
        squares, freedom = Fraction(total) / self._unit, self._rows - len(parameters)
        scale = self._unit * (Fraction(1) if known else squares / freedom)
        covariance = tuple(tuple(value * scale for value in row) for row in solution.cofactors)
        self._determined(parameters, [root(row[j]) for j, row in enumerate(covariance)], slopes, steps)
        return NonlinearFit(
            parameters=names,
            coefficients=tuple(nearest(Fraction(value), name) for value, name in zip(parameters, names, strict=True)),
            covariance=tuple(tuple(nearest(value, "covariance") for value in row) for row in covariance),
            standard_errors=tuple(root(row[j]) for j, row in enumerate(covariance)),
            residuals=tuple(nearest(Fraction(value), "residual") for value in residuals),
            residual_sum_of_squares=nearest(squares, "residual sum of squares"),
            residual_standard_deviation=root(squares / freedom) if freedom else 0.0,
            degrees_of_freedom=freedom,
            scale_known=known,
            steps=steps,
            exact_covariance=covariance,
        )

    def _determined(
        self,
        parameters: Sequence[Decimal],
        errors: Sequence[float],
        slopes: Sequence[Sequence[Decimal]],
        steps: int,
    ) -> None:
        """Raise NotConverged for a parameter that runs away: within a standard error its slope changes beyond bounds.

        exp(-b x) with b growing for ever settles everywhere and nowhere; a slope tells, whatever the units.
        """
        bent = self._model.curvatures(np.array([float(b) for b in parameters]), self._floats, self._rows)
        for j, (name, column) in enumerate(zip(self._model.parameters, slopes, strict=True)):
            steepest = float(max(abs(value) for value in column))
            if bent is not None and float(np.abs(bent[j, j]).max()) * errors[j] > _RUNAWAY * steepest:
                raise NotConverged("solver.not_converged", name=name, count=steps)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _size(
    change: Sequence[Decimal],
    parameters: Sequence[Decimal],
    slopes: Sequence[Sequence[Decimal]],
    response: Sequence[Decimal],
) -> Decimal:
    """Return the largest change, relative to its parameter or, where that is smaller, to the response it moves."""
    largest = max((abs(value) for value in response), default=Decimal(0)) or Decimal(1)
    sizes = []
    for step, parameter, column in zip(change, parameters, slopes, strict=True):
        moved = abs(step) * max(abs(value) for value in column) / largest
        sizes.append(min(abs(step / parameter), moved) if parameter else moved)
    return max(sizes)
