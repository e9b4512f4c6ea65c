"""Polynomials by least squares: any degree in exact arithmetic, choice of the degree, and the curve that results."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from scipy.special import chdtrc, fdtrc

from calc.curves.domain import Domain
from calc.curves.polynomial import PolynomialCurve
from calc.errors import InvalidQuantity, OutsideValidity
from calc.exact_numbers import Column, Number, exact_readings, nearest
from calc.quantities import finite
from calc.regression.linear import LinearFit, exact_variances, fitted

MAXIMUM_DEGREE = 30
_UNRESOLVED = Fraction(1, 2**104)  # squared residuals below the squared resolution of doubles say nothing
_SUPPORTED = 2.0


class Criterion(StrEnum):
    """How the degree of a polynomial is chosen.

    AICC, the default: Akaike's information criterion, corrected for few points; the lowest degree whose value is
    within 2 of the smallest (Burnham and Anderson, Model Selection and Multimodel Inference, 2nd ed. 2002, 2.4 and
    2.6: the data support such a degree as well; ISO/TS 28038:2018 compares degrees by information criteria too).
    BIC: smallest Bayesian information criterion (Schwarz, Annals of Statistics 6, 1978, 461–464).
    F_TEST: the highest degree whose last term is significant, ending after two that are not, so that an even curve
    does not stop at its odd terms.
    CHI_SQUARED: the lowest degree whose χ² does not exceed its quantile (ISO/TS 28037:2010, 6.2.2, step 6); it needs
    the standard uncertainties of the responses.
    """

    AICC = "aicc"
    BIC = "bic"
    F_TEST = "f_test"
    CHI_SQUARED = "chi_squared"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One degree that was tried: the fit and its `score`.

    The score is AICc or BIC (smaller is better), or the probability of a larger F or χ² by chance.
    """

    degree: int
    fit: LinearFit
    score: float


@dataclass(frozen=True, slots=True)
class PolynomialSelection:
    """The degree chosen by `criterion`, its fit, and every candidate from degree 0 upward."""

    criterion: Criterion
    degree: int
    fit: LinearFit
    candidates: tuple[Candidate, ...]


def polynomial_regression(
    x: Sequence[Number],
    y: Sequence[Number],
    degree: int,
    *,
    intercept: bool = True,
    standard_uncertainties: Sequence[Number] | None = None,
    scale_known: bool = True,
) -> LinearFit:
    """Return the fit of y = b0 + b1 x + … + b_degree x^degree (b1 x + … without `intercept`), x and y of shape (n,).

    The basis that is solved for are Chebyshev polynomials in the exactly shifted and scaled x; the coefficients are
    stated for the powers of x, exact until they are rounded. Standard uncertainties as in `linear_regression`.
    Raises InvalidQuantity, also where fewer arguments differ than there are coefficients.
    Source: Forsythe (1957), J. SIAM 5, 74–88, for orthogonal bases; ISO/TS 28038:2018.
    """
    arguments, responses = exact_readings(x, 1, "x"), exact_readings(y, 1, "y")
    if len(arguments) != len(responses):
        raise InvalidQuantity("regression.lengths", name="x", count=len(arguments), expected=len(responses))
    least = 0 if intercept else 1
    if isinstance(degree, bool) or not isinstance(degree, int) or not least <= degree <= MAXIMUM_DEGREE:
        raise InvalidQuantity(
            "quantity.out_of_range", name="polynomial", field="degree", lower=least, upper=MAXIMUM_DEGREE, value=degree
        )
    distinct = len(set(arguments)) if intercept else len(set(arguments) - {Fraction(0)})
    if distinct < degree + 1 - least:
        raise InvalidQuantity("regression.dependent", name=f"degree {degree}")
    variances = exact_variances(standard_uncertainties, len(responses))
    lower, upper = min(arguments), max(arguments)
    terms = _chebyshev(degree + 1 - least, lower, upper)
    basis = _columns(degree + 1 - least, Column.of(arguments), times_x=not intercept)
    if not intercept:
        terms = [[Fraction(0), *term] for term in terms]
    back = [[term[power] if power < len(term) else Fraction(0) for term in terms] for power in range(least, degree + 1)]
    names = [f"degree {power}" for power in range(least, degree + 1)]
    return fitted(responses, basis, back, variances, scale_known=scale_known, intercept=intercept, names=names)


def _chebyshev(count: int, lower: Fraction, upper: Fraction) -> list[list[Fraction]]:
    """Return the coefficients in powers of x of T_0 … T_(count-1) in t, which runs from -1 to 1 over the range of x."""
    half = (upper - lower) / 2 or Fraction(1)
    scaled = [-(lower + upper) / (2 * half), 1 / half]
    terms = [[Fraction(1)], scaled]
    while len(terms) < count:
        doubled = [Fraction(0)] * (len(terms[-1]) + 1)
        for power, coefficient in enumerate(terms[-1]):
            doubled[power] += 2 * coefficient * scaled[0]
            doubled[power + 1] += 2 * coefficient * scaled[1]
        for power, coefficient in enumerate(terms[-2]):
            doubled[power] -= coefficient
        terms.append(doubled)
    return terms[:count]


def _columns(count: int, x: Column, *, times_x: bool) -> list[Column]:
    """Return T_0(t) … T_(count-1)(t), or x times each, for every row; whole numbers keep it exact and quick."""
    lower, upper = min(x.numerators), max(x.numerators)
    width = upper - lower or 2 * x.denominator  # as in `_chebyshev`, so that t is a numerator over the width
    scaled = [2 * number - lower - upper for number in x.numerators]
    terms = [[1] * len(scaled), scaled]
    while len(terms) < count:
        last, before = terms[-1], terms[-2]
        terms.append([2 * t * a - width * width * b for t, a, b in zip(scaled, last, before, strict=True)])
    factors = x.numerators if times_x else (1,) * len(scaled)
    divisor = x.denominator if times_x else 1
    return [
        Column(tuple(f * number for f, number in zip(factors, term, strict=True)), divisor * width**j)
        for j, term in enumerate(terms[:count])
    ]


def polynomial_curve(
    fit: LinearFit,
    domain: Domain,
    *,
    name: str = "polynomial",
    argument_unit: str = "1",
    value_unit: str = "1",
) -> PolynomialCurve:
    """Return a fit of `polynomial_regression` as a calibration curve over `domain`, with the fit's covariance.

    Its degrees of freedom are those of the fit, infinite where the standard uncertainties of the responses were known.
    """
    centre = 0.5 * (domain.lower + domain.upper)
    half_width = max(0.5 * (domain.upper - domain.lower), math.ulp(centre)) if domain.upper > domain.lower else 1.0
    least = 0 if fit.intercept else 1
    powers = _powers_in_chebyshev(len(fit.exact_coefficients) + least, Fraction(centre), Fraction(half_width))[least:]
    size = len(powers[-1])
    change = [[row[j] if j < len(row) else Fraction(0) for row in powers] for j in range(size)]
    coefficients = [_dot(row, fit.exact_coefficients) for row in change]
    half_way = [[_dot(row, column) for column in fit.exact_covariance] for row in change]
    covariance = [[_dot(left, right) for right in change] for left in half_way]
    return PolynomialCurve(
        name=name,
        argument_unit=argument_unit,
        value_unit=value_unit,
        domain=domain,
        centre=centre,
        half_width=half_width,
        coefficients=tuple(nearest(value, name) for value in coefficients),
        coefficient_covariance=tuple(tuple(nearest(value, name) for value in row) for row in covariance),
        freedom=math.inf if fit.scale_known else float(fit.degrees_of_freedom),
    )


def _dot(first: Sequence[Fraction], second: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True)), Fraction(0))


def _powers_in_chebyshev(count: int, centre: Fraction, half_width: Fraction) -> list[list[Fraction]]:
    """Return x^0 … x^(count-1), x = centre + half_width t, as Chebyshev coefficients in t."""
    powers = [[Fraction(1)]]
    while len(powers) < count:
        last = powers[-1]
        following = [centre * coefficient for coefficient in last] + [Fraction(0)]
        for j, coefficient in enumerate(last):
            share = half_width * coefficient / (1 if j == 0 else 2)  # t T_0 = T_1, t T_j = (T_(j+1) + T_(j-1))/2
            following[j + 1] += share
            if j > 0:
                following[j - 1] += share
        powers.append(following)
    return powers


def select_polynomial(
    x: Sequence[Number],
    y: Sequence[Number],
    maximum_degree: int,
    *,
    criterion: Criterion = Criterion.AICC,
    level: float = 0.05,
    standard_uncertainties: Sequence[Number] | None = None,
    scale_known: bool = True,
) -> PolynomialSelection:
    """Return the polynomial of degree 0 to `maximum_degree` that `criterion` chooses, with all that were tried.

    `level`, between 0 and 1, is the probability at which F_TEST and CHI_SQUARED reject by chance. Degrees for which
    the points are too few (for AICC two more than for a fit) are not tried.
    Raises InvalidQuantity, `regression.criterion` for CHI_SQUARED without known standard uncertainties; OutsideValidity
    `regression.no_degree` where no degree passes the χ² test.
    """
    if not 0.0 < finite(level, "selection", "level") < 1.0:
        raise InvalidQuantity("quantity.out_of_range", name="selection", field="level", lower=0, upper=1, value=level)
    known = scale_known and standard_uncertainties is not None
    if criterion is Criterion.CHI_SQUARED and not known:
        raise InvalidQuantity("regression.criterion", name="selection", value=criterion.value)
    if isinstance(maximum_degree, bool) or not isinstance(maximum_degree, int) or maximum_degree < 0:
        raise InvalidQuantity("quantity.negative", name="selection", field="maximum_degree", value=maximum_degree)
    correction = 0 if criterion is not Criterion.AICC else 1 if known else 2
    highest = min(maximum_degree, len(y) - 2 - correction, len(set(exact_readings(x, 1, "x"))) - 1)
    fits = [
        polynomial_regression(x, y, degree, standard_uncertainties=standard_uncertainties, scale_known=scale_known)
        for degree in range(max(highest, 0) + 1)
    ]
    candidates = tuple(
        Candidate(degree, fit, _SCORES[criterion](fit, fits[degree - 1] if degree else None, y))
        for degree, fit in enumerate(fits)
    )
    degree = _chosen(candidates, criterion, level)
    return PolynomialSelection(criterion, degree, fits[degree], candidates)


def _chosen(candidates: Sequence[Candidate], criterion: Criterion, level: float) -> int:
    if criterion is Criterion.CHI_SQUARED:
        for candidate in candidates:
            if candidate.score >= level:
                return candidate.degree
        raise OutsideValidity("regression.no_degree", name="selection", limit=candidates[-1].degree)
    if criterion is not Criterion.F_TEST:
        best = min(candidate.score for candidate in candidates)
        margin = _SUPPORTED if criterion is Criterion.AICC else 0.0
        return next(candidate.degree for candidate in candidates if candidate.score <= best + margin)
    chosen = 0
    for candidate in candidates[1:]:
        if candidate.score <= level:
            chosen = candidate.degree
        elif candidate.degree - chosen >= 2:
            break
    return chosen


def _deviance(fit: LinearFit, y: Sequence[Number]) -> tuple[float, int]:
    """Return -2 ln L but for a constant, and the number of parameters, the scale included where it is estimated."""
    parameters, rows = len(fit.coefficients), len(fit.residuals)
    if fit.scale_known:
        return fit.residual_sum_of_squares, parameters
    numbers = exact_readings(y, 1, "y")
    floor = nearest(sum((number * number for number in numbers), Fraction(0)) * _UNRESOLVED, "y")
    squares = max(fit.residual_sum_of_squares, floor)
    return (rows * math.log(squares / rows) if squares > 0.0 else 0.0), parameters + 1


def _aicc(fit: LinearFit, smaller: LinearFit | None, y: Sequence[Number]) -> float:
    deviance, parameters = _deviance(fit, y)
    rest = len(fit.residuals) - parameters - 1  # 0 or less only where degree 0 is all that can be tried
    correction = 2.0 * parameters * (parameters + 1) / rest if rest > 0 else 0.0
    return deviance + 2.0 * parameters + correction


def _bic(fit: LinearFit, smaller: LinearFit | None, y: Sequence[Number]) -> float:
    deviance, parameters = _deviance(fit, y)
    return deviance + parameters * math.log(len(fit.residuals))


def _f_probability(fit: LinearFit, smaller: LinearFit | None, y: Sequence[Number]) -> float:
    """Return the probability of a larger F if the last term were not there, 1 for degree 0."""
    if smaller is None:
        return 1.0
    gain = max(smaller.residual_sum_of_squares - fit.residual_sum_of_squares, 0.0)
    if fit.scale_known:
        return float(chdtrc(1.0, gain))
    if fit.residual_sum_of_squares == 0.0:
        return 0.0 if gain > 0.0 else 1.0
    rest = fit.residual_sum_of_squares / fit.degrees_of_freedom
    return float(fdtrc(1.0, float(fit.degrees_of_freedom), gain / rest))


def _chi_squared_probability(fit: LinearFit, smaller: LinearFit | None, y: Sequence[Number]) -> float:
    if fit.degrees_of_freedom == 0:
        return 1.0
    return float(chdtrc(float(fit.degrees_of_freedom), fit.residual_sum_of_squares))


_SCORES: dict[Criterion, Callable[[LinearFit, LinearFit | None, Sequence[Number]], float]] = {
    Criterion.AICC: _aicc,
    Criterion.BIC: _bic,
    Criterion.F_TEST: _f_probability,
    Criterion.CHI_SQUARED: _chi_squared_probability,
}
