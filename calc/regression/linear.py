"""Linear least squares with any number of predictors, from exact decimal numbers to correctly rounded results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from calc.errors import InvalidQuantity
from calc.exact_numbers import Column, Number, exact_readings, nearest, root
from calc.regression.refinement import solve

Row = tuple[Fraction, ...]
Matrix = tuple[Row, ...]
_WEIGHT_BITS = 320
_RESOLVED = 10**40
_WIDEST = 10**9  # ratio of weights that QR factors in double precision still resolve


@dataclass(frozen=True, slots=True)
class LinearFit:
    """A least-squares fit y = Σ b_j x_j with n rows and p coefficients.

    `coefficients` and `standard_errors`: (p,), the intercept first where there is one; `covariance`: (p, p);
    `residuals`: (n,), response minus fit, in the unit of y. `residual_sum_of_squares` is Σ r², or Σ (r/u)² where
    standard uncertainties were given: then it is the observed χ². `residual_standard_deviation` is its root over
    the degrees of freedom n - p, 0 for n = p. `r_squared` is taken about the (weighted) mean with an intercept and
    about 0 without; it is 1 where no residual is left. With `scale_known` the covariance follows from the given
    standard uncertainties alone, otherwise it is scaled by the squared residual standard deviation.
    """

    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    standard_errors: tuple[float, ...]
    residuals: tuple[float, ...]
    residual_sum_of_squares: float
    residual_standard_deviation: float
    r_squared: float
    degrees_of_freedom: int
    intercept: bool
    scale_known: bool
    exact_coefficients: Row = field(repr=False)
    exact_covariance: Matrix = field(repr=False)

    def combination(self, row: Sequence[Number]) -> tuple[float, float]:
        """Return Σ b_j row_j and its standard uncertainty, for exact `row`, (p,), with the 1 of an intercept first.

        Raises InvalidQuantity for another length.
        """
        factors = exact_readings(row, 1, "predictors")
        _same_length("predictors", len(factors), len(self.exact_coefficients))
        value = sum((f * b for f, b in zip(factors, self.exact_coefficients, strict=True)), Fraction(0))
        return nearest(value, "fit"), root(_quadratic(factors, self.exact_covariance))

    def predict(self, predictors: Sequence[Number]) -> tuple[float, float]:
        """Return the fitted value at exact `predictors`, (n_predictors,), and its standard uncertainty.

        The uncertainty is that of the curve; the scatter of a single response is not in it.
        """
        return self.combination([1, *predictors] if self.intercept else predictors)


def linear_regression(
    response: Sequence[Number],
    predictors: Sequence[Sequence[Number]],
    *,
    intercept: bool = True,
    standard_uncertainties: Sequence[Number] | None = None,
    scale_known: bool = True,
) -> LinearFit:
    """Return the least-squares fit of `response`, (n,), to `predictors`, (n_predictors, n).

    Parameters
    ----------
    standard_uncertainties : (n,), greater than 0, in the unit of the response; rows are weighted by 1/u²
    scale_known : False takes them as relative only and estimates their common factor from the residuals

    Raises InvalidQuantity for numbers that are not finite, columns of unequal length, dependent predictors, or too few
    rows: p + 1 are needed, p where the standard uncertainties are known.
    Source: JCGM 100:2008, H.3.3 and H.3.5; Björck, Numerical Methods for Least Squares Problems (1996), 2.9 and 3.2.
    """
    y = exact_readings(response, 1, "response")
    names = [f"predictor {position}" for position in range(1, len(predictors) + 1)]
    columns = [exact_readings(column, 1, name) for name, column in zip(names, predictors, strict=True)]
    for name, column in zip(names, columns, strict=True):
        _same_length(name, len(column), len(y))
    variances = exact_variances(standard_uncertainties, len(y))
    if not intercept:
        basis = [Column.of(column) for column in columns]
        back = identity(len(basis))
        return fitted(y, basis, back, variances, scale_known=scale_known, intercept=False, names=names)
    centres = [sum(column, Fraction(0)) / len(column) for column in columns]
    basis = [Column((1,) * len(y), 1)]
    basis += [Column.of([value - c for value in column]) for column, c in zip(columns, centres, strict=True)]
    back = ((Fraction(1), *(-centre for centre in centres)), *identity(len(basis))[1:])
    names.insert(0, "intercept")
    return fitted(y, basis, back, variances, scale_known=scale_known, intercept=True, names=names)


def identity(size: int) -> Matrix:
    """Return the unit matrix, (size, size), in exact numbers."""
    return tuple(tuple(Fraction(int(i == j)) for j in range(size)) for i in range(size))


def exact_variances(standard_uncertainties: Sequence[Number] | None, count: int) -> list[Fraction] | None:
    """Return squared standard uncertainties, None for None.

    Raises InvalidQuantity for 0, a negative one, a wrong count, or where they differ by more than a factor of 1e9.
    """
    if standard_uncertainties is None:
        return None
    name = "standard uncertainties"
    numbers = exact_readings(standard_uncertainties, 1, name)
    _same_length(name, len(numbers), count)
    for position, number in enumerate(numbers, 1):
        if number <= 0:
            raise InvalidQuantity(
                "quantity.not_positive", name=name, field=f"value {position}", value=nearest(number, name)
            )
    largest, smallest = max(numbers), min(numbers)
    if smallest * _WIDEST < largest:
        raise InvalidQuantity(
            "quantity.out_of_range",
            name=name,
            field=f"value {numbers.index(smallest) + 1}",
            lower=nearest(largest / _WIDEST, name),
            upper=nearest(largest, name),
            value=nearest(smallest, name),
        )
    return [number * number for number in numbers]


def fitted(
    response: Sequence[Fraction],
    basis: Sequence[Column],
    back: Sequence[Sequence[Fraction]],
    variances: Sequence[Fraction] | None,
    *,
    scale_known: bool,
    intercept: bool,
    names: Sequence[str] = (),
) -> LinearFit:
    """Fit `basis`, (p, n), and state it in the caller's coefficients b = `back` z, (p, p), z those of the basis.

    Everything is exact but the solution, which holds 40 digits: each number of the result is rounded once.
    """
    known = scale_known and variances is not None
    width, rows = len(basis), len(response)
    needed = width if known else width + 1
    if rows < needed:
        raise InvalidQuantity("quantity.too_few_readings", name="response", count=rows, needed=needed)
    if not basis:
        raise InvalidQuantity("quantity.too_few_readings", name="predictors", count=0, needed=1)
    solution = solve(basis, Column.of(response), variances, names)
    squares = _sum_of_squares(solution.residuals, variances)
    freedom = rows - width
    scale = Fraction(1) if known else squares / freedom
    coefficients = tuple(_settled_dot(row, solution.coefficients) for row in back)
    cofactors = [[_dot(row, column) for column in solution.cofactors] for row in back]
    covariance = tuple(tuple(_settled_dot(right, left) * scale for right in back) for left in cofactors)
    return LinearFit(
        coefficients=tuple(nearest(value, "coefficient") for value in coefficients),
        covariance=tuple(tuple(nearest(value, "covariance") for value in row) for row in covariance),
        standard_errors=tuple(root(covariance[j][j]) for j in range(width)),
        residuals=tuple(nearest(residual, "residual") for residual in solution.residuals),
        residual_sum_of_squares=nearest(squares, "residual sum of squares"),
        residual_standard_deviation=root(squares / freedom) if freedom else 0.0,
        r_squared=_r_squared(squares, response, variances, intercept),
        degrees_of_freedom=freedom,
        intercept=intercept,
        scale_known=known,
        exact_coefficients=coefficients,
        exact_covariance=covariance,
    )


def _same_length(name: str, count: int, expected: int) -> None:
    if count != expected:
        raise InvalidQuantity("regression.lengths", name=name, count=count, expected=expected)


def _dot(first: Sequence[Fraction], second: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True) if a and b), Fraction(0))


def _settled_dot(first: Sequence[Fraction], second: Sequence[Fraction]) -> Fraction:
    """Return a product whose terms hold 50 digits, 0 where they leave nothing but their last ones."""
    terms = [a * b for a, b in zip(first, second, strict=True) if a and b]
    total = sum(terms, Fraction(0))
    return total if abs(total) * _RESOLVED > max((abs(term) for term in terms), default=Fraction(0)) else Fraction(0)


def _quadratic(row: Sequence[Fraction], matrix: Matrix) -> Fraction:
    return max(_dot(row, [_dot(row, column) for column in matrix]), Fraction(0))


def _weights(variances: Sequence[Fraction]) -> list[Fraction]:
    """Return 1/variance to 96 digits, as binary fractions: their exact sum would need a huge common denominator."""
    weights = []
    for variance in variances:
        up = _WEIGHT_BITS + variance.numerator.bit_length() - variance.denominator.bit_length()
        scaled = variance.denominator << max(up, 0)
        weights.append(Fraction(scaled // (variance.numerator << max(-up, 0))) / Fraction(2) ** up)
    return weights


def _sum_of_squares(values: Sequence[Fraction], variances: Sequence[Fraction] | None) -> Fraction:
    """Return Σ v², exactly, or Σ v²/variance."""
    column = Column.of(values)
    if variances is None:
        return Fraction(sum(number * number for number in column.numerators), column.denominator**2)
    weights = Column.of(_weights(variances))
    total = sum(n * n * w for n, w in zip(column.numerators, weights.numerators, strict=True))
    return Fraction(total, column.denominator**2 * weights.denominator)


def _r_squared(
    squares: Fraction, response: Sequence[Fraction], variances: Sequence[Fraction] | None, intercept: bool
) -> float:
    centre = Fraction(0)
    if intercept:
        weights = _weights(variances or [Fraction(1)] * len(response))
        centre = _dot(weights, response) / sum(weights)
    total = _sum_of_squares([value - centre for value in response], variances)
    return nearest(1 - squares / total, "R²") if squares and total else 1.0
