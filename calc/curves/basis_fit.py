"""Curves that are linear in their coefficients, fitted to points with uncertainty in both axes.

The fit is by generalised distances, as for the straight line (ISO/TS 28037:2010, clause 7; ISO/TS 28038:2018): each
point's abscissa is adjusted with its own uncertainty, and Gauss–Newton steps by orthogonal decomposition lead to the
minimum. The covariance is that of the last step's normal equations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from calc.curves.curve import Array, checked_size
from calc.errors import InvalidQuantity, NotConverged

_STEPS: Final = 100
_LARGEST: Final = 1e15
_SMALLEST: Final = 1e-40  # of a standard uncertainty
_SETTLED: Final = 1e-9  # of an uncertainty, which rounding of points a million uncertainties from 0 stays below

Basis = Callable[[Array], Array]
"""Takes n arguments to the (n, p) values of the p functions that the coefficients multiply."""


@dataclass(frozen=True, slots=True, eq=False)
class BasisFit:
    """Coefficients, shape (p,), their covariance, (p, p), and what tells whether the curve fits.

    `weighted_residuals`: (n,), dimensionless; `scale_known`: False where the covariance was scaled by the residuals.
    """

    coefficients: Array
    covariance: Array
    chi_squared: float
    degrees_of_freedom: int
    weighted_residuals: Array
    scale_known: bool

    @property
    def freedom(self) -> float:
        """The degrees of freedom of the uncertainties: infinite where they follow from known ones."""
        return math.inf if self.scale_known else float(self.degrees_of_freedom)


def fit_basis(points: Array, basis: Basis, slopes: Basis, name: str, *, scale_known: bool = True) -> BasisFit:
    """Return the best coefficients.

    Parameters
    ----------
    points : rows x, y, u(x), u(y), shape (4, n); with an unknown scale u(y) holds relative sizes
    basis, slopes : the functions and their derivatives with respect to x

    Raises InvalidQuantity (`curve.too_few_points`, `curve.equal_arguments` where the points do not determine the
    coefficients, `curve.exact_point`, numbers), NotConverged.
    """
    check_points(points, name)
    x, y, u_x, u_y = points
    adjusted = x.copy()
    count = basis(x).shape[1]
    freedom = len(x) - count
    if freedom < (0 if scale_known else 1):
        raise InvalidQuantity("curve.too_few_points", name=name, count=len(x), needed=count + (0 if scale_known else 1))
    coefficients = _least_squares(basis(x), y, np.ones_like(y) if (u_y == 0.0).any() else u_y, name)[0]
    for _ in range(_STEPS):
        rate = slopes(adjusted) @ coefficients
        spread = np.sqrt(np.square(u_y) + np.square(rate * u_x))
        if not bool((spread > 0.0).all()):
            raise InvalidQuantity("curve.exact_point", name=name, point=int(np.argmin(spread)) + 1)
        # the curve near the adjusted abscissas, as a straight line in x
        response = y - rate * (x - adjusted)
        following, inverse, left = _least_squares(basis(adjusted), response, spread, name)
        weighted = left / spread
        before = adjusted
        adjusted = x + np.square(u_x) * rate / spread * weighted
        change = np.abs(basis(x) @ (following - coefficients)) / spread
        shift = np.abs(adjusted - before) * np.abs(rate) / spread
        coefficients = following
        if float(max(change.max(), shift.max())) <= _SETTLED * (1.0 + float(np.abs(weighted).max())):
            break
    else:
        if float(max(change.max(), shift.max())) > 1e-6:
            raise NotConverged("solver.not_converged", name=name, count=_STEPS)
    chi_squared = math.fsum((weighted * weighted).tolist())
    if not scale_known:
        inverse = inverse * (chi_squared / freedom)
        s = math.sqrt(chi_squared / freedom)
        weighted = weighted / s if s > 0.0 else weighted
    return BasisFit(coefficients, inverse, chi_squared, freedom, weighted, scale_known)


def _least_squares(design: Array, response: Array, spread: Array, name: str) -> tuple[Array, Array, Array]:
    """Return coefficients, their covariance and the residuals of weighted linear least squares."""
    scaled = design / spread[:, None]
    size = np.sqrt(np.square(scaled).sum(axis=0))
    size = np.where(size > 0.0, size, 1.0)
    orthogonal, triangle = np.linalg.qr(scaled / size)
    diagonal = np.abs(np.diag(triangle))
    if float(diagonal.min()) <= 1e-13 * float(diagonal.max()):
        raise InvalidQuantity("curve.equal_arguments", name=name, value=float(design[0, -1]))
    coefficients = np.linalg.solve(triangle, orthogonal.T @ (response / spread)) / size
    left = response - design @ coefficients
    correction = np.linalg.solve(triangle, orthogonal.T @ (left / spread)) / size
    coefficients = coefficients + correction
    inverse = np.linalg.inv(triangle) / size[:, None]
    return coefficients, inverse @ inverse.T, response - design @ coefficients


def check_points(points: Array, name: str) -> None:
    """Raise InvalidQuantity for numbers that no curve is fitted to; to be called before any function of them."""
    if points.shape[1] == 0:
        raise InvalidQuantity("curve.too_few_points", name=name, count=0, needed=1)
    for field, row in zip(("x", "y", "u_x", "u_y"), points, strict=True):
        checked_size(row, name, field, _LARGEST, 0.0 if field in {"x", "y"} else _SMALLEST)
        if field in {"u_x", "u_y"} and bool((row < 0.0).any()):
            raise InvalidQuantity("quantity.negative", name=name, field=field, value=float(row.min()))
