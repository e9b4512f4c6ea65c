"""Correlations between input quantities: observed together, from common ancestors, assumed for a set, or given.

Each function returns `Correlation` entries (and, where it makes them, the input quantities) for `ModelInputs`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calc.errors import InvalidQuantity
from calc.quantities import (
    Correlation,
    Distribution,
    Estimate,
    Evaluation,
    InputQuantity,
    finite,
    not_negative,
)
from calc.type_a import Reading, correlation_of_means, mean_of

_ROUNDING = 1e-9
_EIGENVALUE_TOLERANCE = 1e-10

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JointQuantities:
    """Input quantities that are known together, with their correlations."""

    quantities: tuple[InputQuantity, ...]
    correlations: tuple[Correlation, ...]


@dataclass(frozen=True, slots=True)
class Ancestry:
    """What an input quantity owes to quantities that others rest on too.

    `key` names the input quantity and `standard_uncertainty` is its whole one. `contributions`: for each ancestor, by
    its name, c_l u(q_l) of that ancestor in this quantity: signed, in the unit of `standard_uncertainty`. The
    ancestors are uncorrelated among each other.
    """

    key: str
    standard_uncertainty: float
    contributions: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        u = not_negative(self.standard_uncertainty, self.key, "standard_uncertainty")
        object.__setattr__(self, "standard_uncertainty", u)
        numbers = {name: finite(value, self.key, name) for name, value in self.contributions.items()}
        object.__setattr__(self, "contributions", numbers)


def _distinct(keys: Sequence[str]) -> None:
    seen = set[str]()
    for key in keys:
        if key in seen:
            raise InvalidQuantity("quantity.duplicate", name=key, field="input quantity")
        seen.add(key)


def joint_means(series: Mapping[str, Sequence[Reading]], units: Mapping[str, str]) -> JointQuantities:
    """Return the means of quantities that were observed together n times (n at least 2), with their correlations.

    `series`: for each key n readings in `units[key]`, the i-th of each series taken at the same time. Every mean has
    s/√n and n - 1 degrees of freedom; the correlation of two means is that of their readings.
    Raises InvalidQuantity for a single reading, series of different length or readings that are not finite.
    Source: JCGM 100:2008, 5.2.3, equations (14) and (17), and H.2.
    """
    quantities = []
    for key, readings in series.items():
        try:
            mean = mean_of(readings, units[key])
        except KeyError:
            raise InvalidQuantity("unit.missing", name=key) from None
        except InvalidQuantity as error:
            raise error.with_values(name=key) from None
        quantities.append(InputQuantity(key, mean, Distribution.T, Evaluation.A))
    correlations = []
    for first, second in combinations(series, 2):
        try:
            r = correlation_of_means(series[first], series[second])
        except InvalidQuantity as error:
            raise error.with_values(name=f"{first}, {second}") from None
        correlations.append(Correlation(first, second, r))
    return JointQuantities(tuple(quantities), tuple(correlations))


def shared_ancestor_correlation(first: Ancestry, second: Ancestry) -> float:
    """Return r = shared variance / (u1 u2) of two quantities that have ancestors in common, dimensionless.

    The shared variance is Σ c_1l u(q_l) · c_2l u(q_l) over the ancestors of both. Raises InvalidQuantity
    `correlation.shared_variance` where it exceeds u1 u2: an ancestor cannot bring in more than the whole.
    Source: JCGM 100:2008, F.1.2.3, equation (F.1).
    """
    terms = [a * second.contributions[name] for name, a in first.contributions.items() if name in second.contributions]
    shared, whole = math.fsum(terms), first.standard_uncertainty * second.standard_uncertainty
    if shared == 0.0:
        return 0.0
    if abs(shared) > whole * (1.0 + _ROUNDING):
        raise InvalidQuantity(
            "correlation.shared_variance", name=first.key, other=second.key, value=shared, limit=whole
        )
    return min(max(shared / whole, -1.0), 1.0)


def ancestral_correlations(quantities: Sequence[Ancestry]) -> tuple[Correlation, ...]:
    """Return the correlations, other than 0, of all pairs of quantities; see `shared_ancestor_correlation`."""
    _distinct([quantity.key for quantity in quantities])
    pairs = ((one, two, shared_ancestor_correlation(one, two)) for one, two in combinations(quantities, 2))
    return tuple(Correlation(one.key, two.key, r) for one, two, r in pairs if r != 0.0)


def group_correlations(keys: Sequence[str], coefficient: float = 1.0) -> tuple[Correlation, ...]:
    """Return one correlation coefficient for all pairs of a group, 1 unless another is chosen.

    For weights of one set that are used together and whose covariances are not known 1 is the assumption: their
    standard uncertainties add up linearly in a sum (OIML R 111-1:2004, C.6.3; JCGM 100:2008, 5.2.2, note 1). A group
    of n cannot have less than -1/(n - 1) among all its members; that raises InvalidQuantity.
    """
    _distinct(keys)
    r = finite(coefficient, ", ".join(keys), "correlation")
    correlations = tuple(Correlation(first, second, r) for first, second in combinations(keys, 2))
    if correlations:
        require_positive_semidefinite(keys, correlation_matrix(keys, correlations))
    return correlations


def correlation_matrix(keys: Sequence[str], correlations: Sequence[Correlation]) -> Matrix:
    """Return the correlation matrix, shape (n_keys, n_keys), of the quantities `keys`; pairs not given have 0.

    Correlations with quantities that are not among `keys` are left out. Raises InvalidQuantity for a pair given twice.
    """
    place = {key: index for index, key in enumerate(keys)}
    matrix = np.eye(len(keys))
    given = set[frozenset[str]]()
    for entry in correlations:
        if entry.first not in place or entry.second not in place or entry.first == entry.second:
            continue
        pair = frozenset((entry.first, entry.second))
        if pair in given:
            raise InvalidQuantity("correlation.duplicate", name=entry.first, other=entry.second)
        given.add(pair)
        i, j = place[entry.first], place[entry.second]
        matrix[i, j] = matrix[j, i] = entry.coefficient
    return matrix


def require_positive_semidefinite(names: Sequence[str], matrix: Matrix) -> None:
    """Raise InvalidQuantity, naming the quantities whose coefficients contradict each other.

    `matrix`: correlation matrix, shape (n_names, n_names). Named are those that take part in the combination whose
    variance would be negative. Eigenvalues may be below 0 by what rounding of the coefficients in the last digits of
    a float explains. Source: JCGM 101:2008, 6.4.8.1.
    """
    if not len(names):
        return
    if float(np.linalg.eigvalsh(matrix)[0]) < -_EIGENVALUE_TOLERANCE * len(names):
        values, vectors = np.linalg.eigh(matrix)
        smallest = float(values[0])
        taking_part = np.abs(vectors[:, 0]) > 1e-6
        involved = [name for name, part in zip(names, taking_part.tolist(), strict=True) if part]
        raise InvalidQuantity(
            "correlation.not_positive_semidefinite", name=", ".join(involved), value=f"{smallest:.3g}"
        )


def multivariate_normal(
    keys: Sequence[str],
    values: Sequence[float],
    covariance: ArrayLike,
    units: Sequence[str],
    *,
    degrees_of_freedom: float = math.inf,
    origin: str = "",
) -> JointQuantities:
    """Return jointly normal quantities from their estimates and covariance matrix.

    Parameters
    ----------
    keys, values, units : (n,) key, estimate and unit of each quantity
    covariance : (n, n), symmetric, unit of row times unit of column
    degrees_of_freedom : of the whole matrix
    origin : carried to the budget

    Raises InvalidQuantity where the shape is wrong, the matrix is not symmetric, a variance is negative, or the
    coefficients contradict each other. Source: JCGM 101:2008, 6.4.8; JCGM 102:2011, 5.3.2.
    """
    _distinct(keys)
    named = ", ".join(keys)
    matrix = _square(covariance, len(keys), named)
    if len(values) != len(keys) or len(units) != len(keys):
        raise InvalidQuantity("correlation.covariance_shape", name=named, count=len(keys))
    deviations = np.array(
        [math.sqrt(not_negative(float(v), key, "variance")) for key, v in zip(keys, matrix.diagonal(), strict=True)]
    )
    correlations = []
    for i, j in combinations(range(len(keys)), 2):
        whole, shared = float(deviations[i] * deviations[j]), float(matrix[i, j])
        if shared != 0.0:
            if abs(shared) > whole * (1.0 + _ROUNDING):
                raise InvalidQuantity(
                    "correlation.shared_variance", name=keys[i], other=keys[j], value=shared, limit=whole
                )
            correlations.append(Correlation(keys[i], keys[j], min(max(shared / whole, -1.0), 1.0)))
    require_positive_semidefinite(keys, correlation_matrix(keys, correlations))
    quantities = tuple(
        InputQuantity(
            key,
            Estimate(value, u, unit, degrees_of_freedom),
            Distribution.MULTIVARIATE_NORMAL,
            Evaluation.B,
            origin=origin,
        )
        for key, value, u, unit in zip(keys, values, deviations.tolist(), units, strict=True)
    )
    return JointQuantities(quantities, tuple(correlations))


def _square(covariance: ArrayLike, count: int, named: str) -> Matrix:
    """Return a covariance matrix as an array; refuse another shape, numbers that are not finite, and asymmetry."""
    try:
        matrix = np.array(covariance, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidQuantity("correlation.covariance_shape", name=named, count=count) from None
    if matrix.shape != (count, count):
        raise InvalidQuantity("correlation.covariance_shape", name=named, count=count)
    if not np.isfinite(matrix).all():
        raise InvalidQuantity("quantity.not_finite", name=named, field="covariance", value="nan or inf")
    scale = np.sqrt(np.abs(np.multiply.outer(matrix.diagonal(), matrix.diagonal())))
    if (np.abs(matrix - matrix.T) > _ROUNDING * scale).any():
        raise InvalidQuantity("correlation.not_symmetric", name=named)
    return 0.5 * (matrix + matrix.T)
