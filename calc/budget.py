"""The lines of an uncertainty budget, in the order of the model's inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from calc.binding import BoundPoint
from calc.compiler.kernel import LARGEST_SQUARE, SMALLEST_SQUARE, Propagated
from calc.quantities import BudgetLine


def budget_lines(bound: BoundPoint, found: Propagated) -> tuple[BudgetLine, ...]:
    """Return one line for each quantity of a point, in the order of the model's symbols.

    The shares add up to 1 (with correlations single ones may be negative), or are all 0 where nothing contributes.
    """
    quantities = bound.quantities
    return tuple(
        map(
            BudgetLine,
            [quantity.key for quantity in quantities],
            bound.symbols,
            bound.estimates,
            bound.units,
            bound.deviations,
            [quantity.distribution for quantity in quantities],
            [quantity.evaluation for quantity in quantities],
            bound.degrees,
            found.sensitivity_coefficients,
            found.contributions,
            _shares(bound, found),
            [quantity.origin for quantity in quantities],
        )
    )


def _shares(bound: BoundPoint, found: Propagated) -> Sequence[float]:
    """Return each quantity's row of the double sum u_c² = Σ_i Σ_j c_i u_i r_ij c_j u_j as a part of u_c²."""
    parts, variance = found.contributions, found.variance
    if found.standard_uncertainty == 0.0:
        return [0.0] * len(parts)
    if not SMALLEST_SQUARE < variance < LARGEST_SQUARE:
        exponent = math.frexp(found.standard_uncertainty)[1]
        parts = tuple(math.ldexp(a, -exponent) for a in parts)
        variance = math.ldexp(found.standard_uncertainty, -exponent) ** 2
    if not bound.correlated:
        return [a * a / variance for a in parts]
    rows = [a * a for a in parts]
    by_name = sorted(bound.correlated.items(), key=lambda item: sorted(bound.symbols[place] for place in item[0]))
    for (one, two), r in by_name:
        shared = r * (parts[one] * parts[two])
        rows[one] += shared
        rows[two] += shared
    return [row / variance for row in rows]
