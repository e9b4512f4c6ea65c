"""Straight lines through numbers of the package `uncertainties`, and their coefficients as such numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from calc.curves.domain import Domain
from calc.curves.line_correlated import fit_correlated_line
from calc.curves.straight_line import LineCovariance, LineFit
from calc.errors import InvalidQuantity

if TYPE_CHECKING:
    from uncertainties.core import AffineScalarFunc


def fit_line_of_ufloats(
    x: Sequence[AffineScalarFunc | float],
    y: Sequence[AffineScalarFunc | float],
    *,
    x0: float = 0.0,
    name: str = "line",
    domain: Domain | None = None,
    covariance: LineCovariance = LineCovariance.NORMAL_EQUATIONS,
) -> LineFit:
    """Return the straight line through points with every correlation that the numbers carry.

    `x`, `y`: shape (n,), n ≥ 2; a plain float is exactly known. The other parameters and what is raised are those of
    `calc.curves.line_correlated.fit_correlated_line`. Source: ISO/TS 28037:2010, clause 10.
    """
    from uncertainties import covariance_matrix  # only who exchanges such numbers needs the package

    numbers = [*x, *y]
    uncertain = [index for index, number in enumerate(numbers) if not isinstance(number, int | float)]
    try:
        values = [float(getattr(number, "nominal_value", number)) for number in numbers]
        found = covariance_matrix([numbers[index] for index in uncertain])
    except (AttributeError, TypeError, ValueError):
        raise InvalidQuantity("quantity.not_a_number", name=name, field="x, y", value=repr(numbers)[:80]) from None
    whole = np.zeros((len(numbers), len(numbers)))
    if uncertain:
        whole[np.ix_(uncertain, uncertain)] = found
    whole = 0.5 * (whole + whole.T)
    n = len(x)
    return fit_correlated_line(
        values[:n],
        values[n:],
        whole[n:, n:],
        whole[:n, :n],
        whole[:n, n:],
        x0=x0,
        name=name,
        domain=domain,
        covariance=covariance,
    )


def coefficients_as_ufloats(fit: LineFit) -> tuple[AffineScalarFunc, AffineScalarFunc]:
    """Return a and b as correlated numbers of the package `uncertainties`; the degrees of freedom are lost."""
    from uncertainties import correlated_values  # see above

    matrix = [[fit.u_a**2, fit.cov_ab], [fit.cov_ab, fit.u_b**2]]
    a, b = correlated_values([fit.a, fit.b], matrix)
    return a, b
