"""Many straight lines at once, each with the bits that `calc.curves.straight_line.fit_line` gives it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calc.curves.domain import Domain
from calc.curves.line_kernel import Array, Points, Solution, is_plain, solve_many, work_space
from calc.curves.line_search import solve_alone
from calc.curves.straight_line import POINT_FIELDS, LineCovariance, LineFit, check_origin
from calc.errors import CalcError, InvalidQuantity

_BLOCK: Final = 20000
"""Numbers of one kind taken together, so that the work stays in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class LineFits:
    """Fitted lines y = a + b (x − x0); every array has the shape (n_lines,).

    `data`: rows x, y, u(x), u(y) and perhaps cov(x, y), shape (4 or 5, n_points, n_lines).
    """

    data: Array
    solution: Solution
    scale_known: bool
    x0: float
    name: str

    @property
    def degrees_of_freedom(self) -> int:
        """The number of points of a line less two."""
        return int(self.data.shape[1]) - 2

    @property
    def chi_squared(self) -> Array:
        """The observed χ² of each line; with unknown u(y) the sum of squared residuals."""
        return np.array(self.solution.chi_squared)

    @property
    def a(self) -> Array:
        """The values at x0."""
        found = self.solution
        values: Array = found.value + found.slope * (self.x0 - found.centre)
        return values

    @property
    def b(self) -> Array:
        """The slopes."""
        return np.array(self.solution.slope)

    @property
    def u_a(self) -> Array:
        """The standard uncertainties of a."""
        scale, reach = self._scale(), self.x0 - self.solution.centre
        variance = self.solution.variance_value * scale + reach * reach * (self.solution.variance_slope * scale)
        root: Array = np.sqrt(variance)
        return root

    @property
    def u_b(self) -> Array:
        """The standard uncertainties of b."""
        root: Array = np.sqrt(self.solution.variance_slope * self._scale())
        return root

    @property
    def cov_ab(self) -> Array:
        """The covariances of a and b."""
        covariance: Array = (self.x0 - self.solution.centre) * (self.solution.variance_slope * self._scale())
        return covariance

    def fit(
        self, index: int, *, argument_unit: str = "1", value_unit: str = "1", domain: Domain | None = None
    ) -> LineFit:
        """Return one of the lines as `fit_line` would."""
        one = Solution(*(getattr(self.solution, field.name)[index].item() for field in fields(Solution)))
        data = np.asfortranarray(self.data[:, :, index])
        return LineFit(data, one, self.scale_known, self.x0, self.name, argument_unit, value_unit, domain)

    def _scale(self) -> Array | float:
        return 1.0 if self.scale_known else self.chi_squared / self.degrees_of_freedom


def fit_lines(
    x: ArrayLike,
    y: ArrayLike,
    u_x: ArrayLike | None = None,
    u_y: ArrayLike | None = None,
    cov_xy: ArrayLike | None = None,
    *,
    x0: float = 0.0,
    name: str = "line",
    covariance: LineCovariance = LineCovariance.NORMAL_EQUATIONS,
) -> LineFits:
    """Return the straight lines through the rows of arrays, by the rules of `fit_line`.

    Parameters
    ----------
    x, y, u_x, u_y, cov_xy : shape (n_lines, n_points), or one that broadcasts to it: (n_points,) for the same numbers
        in each line, (n_lines, 1), a number; all lines have the same units. Without u_x and u_y see annex E

    Raises what `fit_line` raises, with `line` (counted from 0) among the error's values.
    Source: ISO/TS 28037:2010, clauses 6, 7 and 8, annex E.
    """
    check_origin(x0, name)
    data, scale_known = _line_data(x, y, u_x, u_y, cov_xy, name)
    n, lines = data.shape[1:]
    full = covariance is LineCovariance.FULL
    size = min(lines, max(1, _BLOCK // n))
    space = work_space(n, size)
    parts = [
        _solved(space, np.ascontiguousarray(data[:, :, first : first + size]), first, name, full=full)
        for first in range(0, lines, size)
    ]
    columns = (np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Solution))
    return LineFits(data, Solution(*columns), scale_known, x0, name)


def _solved(space: Array, block: Array, first: int, name: str, *, full: bool) -> Solution:
    """Return the lines of one block together, and one by one those that the plain way does not lead to."""
    count = block.shape[2]
    arrays = [np.zeros(count) for _ in fields(Solution)]
    good = np.zeros(count, dtype=np.bool_)
    if count > 1 and is_plain(block):  # a single column would be summed in another order
        found, good = solve_many(Points(block, space), full=full)
        arrays = [getattr(found, field.name) for field in fields(Solution)]
    for line in np.flatnonzero(~good).tolist():
        try:
            one = solve_alone(np.asfortranarray(block[:, :, line]), name, full=full)
        except CalcError as error:
            raise error.with_values(line=first + line) from None
        for array, field in zip(arrays, fields(Solution), strict=True):
            array[line] = getattr(one, field.name)
    return Solution(*arrays)


def _line_data(
    x: ArrayLike, y: ArrayLike, u_x: ArrayLike | None, u_y: ArrayLike | None, cov_xy: ArrayLike | None, name: str
) -> tuple[Array, bool]:
    """Return rows of shape (4 or 5, n_points, n_lines) and whether u(x) or u(y) is known."""
    scale_known = u_x is not None or u_y is not None
    unknown = 0.0 if scale_known else 1.0
    given: list[ArrayLike] = [x, y, 0.0 if u_x is None else u_x, unknown if u_y is None else u_y]
    if cov_xy is not None:
        given.append(cov_xy)
    arrays = [_numbers(numbers, field, name) for numbers, field in zip(given, POINT_FIELDS, strict=False)]
    n = max(array.shape[-1] if array.ndim else 1 for array in arrays[:2])
    counts = [array.shape[0] for array in arrays if array.ndim == 2]
    lines = 0 if 0 in counts else max(counts, default=1)
    needed = 2 if scale_known else 3
    if n < needed or lines < 1:
        raise InvalidQuantity("curve.too_few_points", name=name, count=n if lines else 0, needed=needed)
    data = np.empty((len(arrays), n, lines))
    for row, array, field in zip(data, arrays, POINT_FIELDS, strict=False):
        _placed(row.T, array, field, name)
    return data, scale_known


def _numbers(numbers: ArrayLike, field: str, name: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidQuantity("quantity.not_a_number", name=name, field=field, value=repr(numbers)[:80]) from None
    return array


def _placed(row: Array, array: Array, field: str, name: str) -> None:
    """Copy an array into its row of shape (n_lines, n_points), where its shape allows."""
    shape: Sequence[int] = array.shape
    ends = (1,) if field in {"u_x", "u_y", "cov_xy"} else ()
    fits = array.ndim <= 2 and (array.ndim == 0 or shape[-1] in {row.shape[1], *ends})
    fits = fits and (array.ndim < 2 or shape[0] in {1, row.shape[0]}) and (array.ndim > 0 or bool(ends))
    if not fits:
        raise InvalidQuantity("curve.point_count", name=name, field=field, count=shape, needed=row.shape)
    row[...] = array
