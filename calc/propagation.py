"""The law of propagation of uncertainty, first order, with correlations and the covariance of all outputs.

The sums are written with arithmetic that means the same for floats and for arrays, in an order fixed by the model, so
that a point gives the same bits alone or among others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from calc.errors import InvalidQuantity
from calc.quantities import Correlation

Pairs = Mapping[tuple[str, str], float]
_EIGENVALUE_TOLERANCE = 1e-10


def correlation_pairs(keys: Sequence[str], correlations: Sequence[Correlation]) -> dict[tuple[str, str], float]:
    """Return the non-zero correlation coefficients by ordered pair of keys, each pair once in the order of `keys`.

    Raises InvalidQuantity for an unknown key, a pair given twice, or coefficients that contradict each other: the
    matrix has to be positive semi-definite (JCGM 101:2008, 6.4.8.1).
    """
    place = {key: index for index, key in enumerate(keys)}
    pairs: dict[tuple[str, str], float] = {}
    for correlation in correlations:
        for key in (correlation.first, correlation.second):
            if key not in place:
                raise InvalidQuantity("inputs.unknown_quantity", name=key)
        first, second = sorted((correlation.first, correlation.second), key=place.__getitem__)
        if first == second:
            continue
        if (first, second) in pairs:
            raise InvalidQuantity("correlation.duplicate", name=first, other=second)
        pairs[first, second] = correlation.coefficient
    kept = {pair: r for pair, r in pairs.items() if r != 0.0}
    _check_positive_semidefinite(kept, place)
    return dict(sorted(kept.items(), key=lambda item: (place[item[0][0]], place[item[0][1]])))


def _check_positive_semidefinite(pairs: Pairs, place: Mapping[str, int]) -> None:
    names = sorted({key for pair in pairs for key in pair}, key=place.__getitem__)
    if len(names) < 3:
        return  # two quantities with |r| <= 1 never contradict each other
    index = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    for (first, second), r in pairs.items():
        matrix[index[first], index[second]] = matrix[index[second], index[first]] = r
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < -_EIGENVALUE_TOLERANCE * len(names):
        raise InvalidQuantity("correlation.not_positive_semidefinite", name=", ".join(names), value=f"{smallest:.3g}")


def variance_rows(contributions: Mapping[str, float], pairs: Pairs) -> dict[str, float]:
    """Return each quantity's row of the double sum u_c² = Σ_i Σ_j c_i u_i r_ij c_j u_j, by key.

    `contributions`: c_i u_i in the output's unit. The rows add up to the variance; without correlations a row is
    (c_i u_i)². Source: JCGM 100:2008, 5.1.2 equation (10), 5.2.2 equation (16).
    """
    rows = {key: a * a for key, a in contributions.items()}
    for (first, second), r in pairs.items():
        if first in contributions and second in contributions:
            shared = r * (contributions[first] * contributions[second])
            rows[first] += shared
            rows[second] += shared
    return rows


def combined_variance(rows: Mapping[str, float]) -> float:
    """Return the variance that the rows add up to, in their order, never below 0."""
    total = 0.0
    for row in rows.values():
        total += row
    return max(total, 0.0)


def output_covariance(
    contributions: Sequence[Mapping[str, float]], variances: Sequence[float], keys: Sequence[str], pairs: Pairs
) -> NDArray[np.float64]:
    """Return the covariance matrix of the outputs, shape (n_outputs, n_outputs).

    `contributions`: for every output its c_i u_i by key. The diagonal holds `variances` themselves. Outputs that
    share a quantity, or rest on correlated ones, are correlated. Source: JCGM 102:2011, 6.2.1.3 (U_y = C U_x C^T).
    """
    columns = {
        key: np.array([by_key.get(key, 0.0) for by_key in contributions])
        for key in keys
        if any(key in by_key for by_key in contributions)
    }
    matrix = np.zeros((len(contributions), len(contributions)))
    for column in columns.values():
        matrix += np.multiply.outer(column, column)
    for (first, second), r in pairs.items():
        if first in columns and second in columns:
            product = r * np.multiply.outer(columns[first], columns[second])
            matrix += product + product.T
    np.fill_diagonal(matrix, variances)
    return matrix


def exponent_of(contributions: Mapping[str, float]) -> int:
    """Return the power of two to divide contributions by so that their squares neither overflow nor vanish.

    It is 0 for all ordinary numbers, so that nothing changes for them; a power of two changes no bits elsewhere.
    """
    largest = max((abs(a) for a in contributions.values()), default=0.0)
    if largest == 0.0 or 1e-70 < largest < 1e70:
        return 0
    return math.frexp(largest)[1]
