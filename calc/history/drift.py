"""Drift of a standard or an instrument over its calibrations: regression on time, its test, and prediction.

Times are plain numbers in any one unit, counted from wherever the caller likes (days since the first calibration, say);
values and uncertainties are in one unit. Source: ILAC-G24:2022/OIML D 10:2022, 6.3; NASA-HDBK-8739.19-5, chapter 7;
JCGM 100:2008, H.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from scipy.special import chdtrc, fdtrc

from calc.coverage import coverage_factor
from calc.errors import InvalidQuantity
from calc.history.comparison import Score, en_number
from calc.magnitudes import bounded, spread, spread_or_zero
from calc.quantities import finite, not_negative, positive
from calc.regression.linear import LinearFit, linear_regression

_SHORTEST, _LONGEST = 1e-15, 1e15


class DriftModel(StrEnum):
    """How the value changes with time τ since the origin: not at all, b1·τ, b1·τ + b2·τ², or b1·√τ."""

    CONSTANT = "constant"
    LINEAR = "linear"
    QUADRATIC = "quadratic"
    SQUARE_ROOT = "square_root"


class ScatterRule(StrEnum):
    """What the uncertainty of the line rests on where standard uncertainties are given.

    STATED: the given ones alone. OBSERVED: the residuals alone, the given ones being weights. LARGER: the given ones,
    raised by the Birge ratio √(χ²/ν) where it is greater than 1.
    """

    STATED = "stated"
    OBSERVED = "observed"
    LARGER = "larger"


@dataclass(frozen=True, slots=True)
class DriftTest:
    """Test of "no drift" on all drift coefficients together: statistic (χ² or F over `terms`), its probability.

    `significant` where the probability of a statistic at least as large is below the level.
    """

    statistic: float
    terms: int
    probability: float
    significant: bool


@dataclass(frozen=True, slots=True)
class DriftPrediction:
    """Value at a time, with the standard uncertainty of the line and of one new value found then.

    `low` and `high` bound the new value at the coverage probability asked for, with Student's t.
    """

    time: float
    value: float
    standard_uncertainty_of_line: float
    standard_uncertainty: float
    degrees_of_freedom: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DriftFit:
    """A fitted drift.

    `coefficients` (p,) are in the value's unit per power of time, the value at the origin first unless the drift starts
    from 0; `covariance` is (p, p). `scatter` is the standard deviation of one value (of mean weight) about the line;
    `degrees_of_freedom` is infinite where the covariance rests on stated uncertainties. `chi_squared` is Σ (r/u)²
    where uncertainties were given, else Σ r².
    """

    model: DriftModel
    from_zero: bool
    origin: float
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    scatter: float
    degrees_of_freedom: float
    chi_squared: float
    birge_ratio: float | None
    residuals: tuple[float, ...]
    last_time: float
    test: DriftTest | None

    def predict(
        self, time: float, *, coverage_probability: float = 0.95, additional_standard_uncertainty: float = 0.0
    ) -> DriftPrediction:
        """Return the value at a time, in the unit of the fitted times.

        The uncertainty of a new value is that of the line, the scatter and an additional one (at least 0, for example
        that of the value to which the drift is added), in quadrature. Raises InvalidQuantity, also for a square-root
        drift before its origin. Source: NASA-HDBK-8739.19-5, chapter 7 (prediction intervals).
        """
        tau = _time(time, "time") - self.origin
        extra = spread_or_zero(additional_standard_uncertainty, "drift", "additional_standard_uncertainty")
        row = ([] if self.from_zero else [1.0]) + _terms(self.model, tau)
        value = math.fsum(b * x for b, x in zip(self.coefficients, row, strict=True))
        line = math.sqrt(max(float(np.array(row) @ np.array(self.covariance) @ np.array(row)), 0.0))
        u = math.hypot(line, self.scatter, extra)
        factor = coverage_factor(self.degrees_of_freedom, coverage_probability)
        low, high = finite(value - factor * u, "drift", "low"), finite(value + factor * u, "drift", "high")
        return DriftPrediction(time, value, line, u, self.degrees_of_freedom, low, high)


def fit_drift(
    times: Sequence[float],
    values: Sequence[float],
    standard_uncertainties: Sequence[float] | None = None,
    *,
    model: DriftModel = DriftModel.LINEAR,
    origin: float | None = None,
    from_zero: bool = False,
    scatter_rule: ScatterRule = ScatterRule.LARGER,
    level: float = 0.05,
) -> DriftFit:
    """Fit a drift to values found at times, by least squares (weighted with 1/u² where u is given).

    Parameters
    ----------
    times, values, standard_uncertainties : (n,), in any order; u greater than 0
    origin : time from which τ counts; the earliest time where None, and 0 with `from_zero`
    from_zero : the values are changes since τ = 0 (one calibration to the next) and the curve starts at 0 there
    level : of the test for drift

    What is common to all calibrations (the laboratory's own standard) is no scatter: leave it out of u and add it to
    predictions. Without u the scatter comes from the residuals and one value more than coefficients is needed.
    Raises InvalidQuantity. Source: JCGM 100:2008, H.3; ILAC-G24:2022, 6.3.
    """
    t = [_time(time, f"time {number}") for number, time in enumerate(times, 1)]
    if not t:
        raise InvalidQuantity("quantity.too_few_readings", name="drift", count=0, needed=2)
    if not 0.0 < level < 1.0:
        raise InvalidQuantity("quantity.out_of_range", name="drift", field="level", value=level, lower=0, upper=1)
    start = _time(origin, "origin") if origin is not None else (0.0 if from_zero else min(t))
    columns = [list(column) for column in zip(*(_terms(model, time - start) for time in t), strict=True)]
    if from_zero and not columns:
        raise InvalidQuantity("history.undetermined", name="drift", field="model")
    weights = standard_uncertainties
    y = [bounded(value, "drift", f"value {number}") for number, value in enumerate(values, 1)]
    if weights is not None:
        weights = [spread(u, "drift", f"uncertainty {number}") for number, u in enumerate(weights, 1)]
    fit = linear_regression(y, columns, intercept=not from_zero, standard_uncertainties=weights)
    scale, degrees, birge = _scale(fit, weights is not None, scatter_rule)
    typical = 1.0 if weights is None else 1.0 / math.sqrt(math.fsum(u**-2 for u in weights) / len(weights))
    square = scale**2 if weights is not None else 1.0  # without weights the fit has scaled its covariance itself
    covariance = tuple(tuple(square * number for number in row) for row in fit.covariance)
    terms = len(columns)
    return DriftFit(
        model,
        from_zero,
        start,
        fit.coefficients,
        covariance,
        scale * typical,
        degrees,
        fit.residual_sum_of_squares,
        birge,
        fit.residuals,
        max(t),
        _tested(fit.coefficients[-terms:], covariance, degrees, level, columns, values) if terms else None,
    )


def consecutive_en(values: Sequence[float], expanded_uncertainties: Sequence[float]) -> tuple[Score, ...]:
    """Return the E_n number of each calibration against the one before it; beyond ± 1 the value has jumped.

    Values in the order of time with their U (one coverage factor, of what is not common to both). Needs two.
    """
    if len(values) != len(expanded_uncertainties):
        count = len(expanded_uncertainties)
        raise InvalidQuantity("history.lengths", name="drift", count=count, expected=len(values))
    if len(values) < 2:
        raise InvalidQuantity("quantity.too_few_readings", name="drift", count=len(values), needed=2)
    pairs = list(zip(values, expanded_uncertainties, strict=True))
    return tuple(en_number(*after, *before) for before, after in pairwise(pairs))


def _time(value: float, what: str) -> float:
    """Return a time, which must be plain: with powers of it up to 1e15 nothing overflows."""
    number = finite(value, "drift", what)
    if number != 0.0 and not _SHORTEST <= math.fabs(number) <= _LONGEST:
        raise InvalidQuantity("quantity.too_large", name="drift", field=what, value=number)
    return number


def _terms(model: DriftModel, tau: float) -> list[float]:
    match model:
        case DriftModel.CONSTANT:
            return []
        case DriftModel.LINEAR:
            return [tau]
        case DriftModel.QUADRATIC:
            return [tau, tau * tau]
        case DriftModel.SQUARE_ROOT:
            return [math.sqrt(not_negative(tau, "drift", "time since the origin"))]


def _scale(fit: LinearFit, weighted: bool, rule: ScatterRule) -> tuple[float, float, float | None]:
    """Return the factor on the stated uncertainties (or s itself), its degrees of freedom, and the Birge ratio."""
    freedom = float(fit.degrees_of_freedom)
    if not weighted:
        return fit.residual_standard_deviation, freedom, None
    birge = fit.residual_standard_deviation if freedom else None
    if rule is ScatterRule.OBSERVED:
        if birge is None:
            count = len(fit.residuals)
            raise InvalidQuantity("quantity.too_few_readings", name="drift", count=count, needed=count + 1)
        return positive(birge, "drift", "scatter"), freedom, birge
    if rule is ScatterRule.LARGER and birge is not None and birge > 1.0:
        return birge, freedom, birge
    return 1.0, math.inf, birge


def _tested(
    drift: tuple[float, ...],
    covariance: tuple[tuple[float, ...], ...],
    degrees: float,
    level: float,
    columns: list[list[float]],
    values: Sequence[float],
) -> DriftTest:
    terms = len(drift)
    block = np.array(covariance)[-terms:, -terms:]
    errors = np.sqrt(np.diag(block))
    if not np.all(errors > 0.0):  # a perfect fit: any drift beyond rounding is certain
        moved = max(math.fabs(b * x) for b, column in zip(drift, columns, strict=True) for x in column)
        drifts = moved > 1e-14 * max(math.fabs(value) for value in values)
        return DriftTest(0.0, terms, 0.0 if drifts else 1.0, drifts)
    scaled = np.array(drift) / errors
    correlation = block / np.outer(errors, errors)
    try:
        statistic = float(scaled @ np.linalg.solve(correlation, scaled))
    except np.linalg.LinAlgError:
        raise InvalidQuantity("history.undetermined", name="drift", field="model") from None
    if math.isinf(degrees):
        probability = float(chdtrc(terms, statistic))
    else:
        statistic /= terms
        probability = float(fdtrc(terms, degrees, statistic))
    return DriftTest(statistic, terms, probability, probability < level)
