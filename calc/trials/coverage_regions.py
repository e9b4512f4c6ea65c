"""Coverage regions for several outputs together: ellipsoids and boxes around the estimates.

A trial's distance from the estimates is measured in both ways; the factor of a region is the distance that the stated
fraction of the trials does not exceed. Source: JCGM 102:2011, 7.7.2 and 7.7.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calc.trials.collectors import Collector

Array = NDArray[np.float64]
_SINGULAR = 1e-12


@dataclass(frozen=True, slots=True)
class CoverageRegion:
    """Regions for the outputs of one point, in the order of `outputs`, for one coverage probability (a fraction).

    Ellipsoid: (η - y)ᵀ U_y⁻¹ (η - y) ≤ `ellipsoidal_factor`², U_y the covariance matrix of these outputs; None where
    that matrix is singular. Box: |η_j - y_j| ≤ `rectangular_factor` · u(y_j) for every output. Both dimensionless.
    """

    point: str
    outputs: tuple[str, ...]
    coverage_probability: float
    ellipsoidal_factor: float | None
    rectangular_factor: float


@dataclass(frozen=True, slots=True)
class Metric:
    """Measures distances for the results in `rows`: centre and standard deviation of each, root of their correlations.

    `root`: (m, m) lower triangular, None where the correlation matrix is singular.
    """

    rows: tuple[int, ...]
    centres: tuple[float, ...]
    deviations: tuple[float, ...]
    root: tuple[tuple[float, ...], ...] | None

    @classmethod
    def of(cls, rows: Sequence[int], mean: Array, covariance: Array) -> Metric:
        """Return the metric of some rows of all results, from mean (width,) and covariance (width, width)."""
        chosen = list(rows)
        part = covariance[np.ix_(chosen, chosen)]
        deviations = np.sqrt(np.diagonal(part))
        scale = np.where(deviations > 0.0, deviations, 1.0)
        root = _root(part / np.multiply.outer(scale, scale))
        return cls(tuple(chosen), tuple(mean[chosen].tolist()), tuple(deviations.tolist()), root)

    def distances(self, results: Array) -> tuple[Array, Array]:
        """Return ellipsoidal and rectangular distances of trials, each of shape (n,), from results (width, n)."""
        count = results.shape[1]
        box, square = np.zeros(count), np.zeros(count)
        solved: list[Array] = []
        for index, (row, centre, deviation) in enumerate(zip(self.rows, self.centres, self.deviations, strict=True)):
            if deviation == 0.0:
                continue
            apart = (results[row] - centre) / deviation
            np.maximum(box, np.abs(apart), out=box)
            if self.root is not None:
                for weight, other in zip(self.root[index], solved, strict=False):
                    apart -= weight * other
                apart /= self.root[index][index]
                solved.append(apart)
                square += apart * apart
        return np.sqrt(square), box


def largest_eigenvalue(covariance: Array, rows: tuple[int, ...]) -> float:
    """Return the largest eigenvalue of the correlation matrix of some results (JCGM 102:2011, 7.8.3); 0 without any."""
    chosen = [row for row in rows if covariance[row, row] > 0.0]
    if not chosen:
        return 0.0
    part = covariance[np.ix_(chosen, chosen)]
    scale = np.sqrt(np.diagonal(part))
    return float(np.linalg.eigvalsh(part / np.multiply.outer(scale, scale))[-1])


def _root(correlation: Array) -> tuple[tuple[float, ...], ...] | None:
    """Return the lower triangular root of a correlation matrix, None where it has none of full rank."""
    size = len(correlation)
    lower = np.zeros((size, size))
    for j in range(size):
        pivot = float(correlation[j, j] - np.add.reduce(lower[j, :j] ** 2))
        if pivot <= _SINGULAR:
            return None
        lower[j, j] = math.sqrt(pivot)
        for i in range(j + 1, size):
            lower[i, j] = (correlation[i, j] - np.add.reduce(lower[i, :j] * lower[j, :j])) / lower[j, j]
    return tuple(tuple(row) for row in lower.tolist())


class Distances:
    """Passes on, in place of results, their distances: for each metric a row for the ellipsoid and one for the box."""

    def __init__(self, metrics: Sequence[Metric], collector: Collector) -> None:
        self._metrics = metrics
        self._collector = collector

    def take(self, start: int, results: Array) -> None:
        rows = [row for metric in self._metrics for row in metric.distances(results)]
        self._collector.take(start, np.stack(rows))
