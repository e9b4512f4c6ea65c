"""The points of a certificate, with U and k or degrees of freedom, made into a curve with a rule between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from calc.coverage import coverage_factor
from calc.curves.curve import checked_covariance
from calc.curves.domain import Domain
from calc.curves.point_curve import InterpolationRule, InterpolationTerm, PointCurve
from calc.quantities import degrees_of_freedom as checked_degrees_of_freedom
from calc.quantities import not_negative, positive

__all__ = ["CertificatePoint", "InterpolationRule", "InterpolationTerm", "PointCurve", "certificate_curve"]


@dataclass(frozen=True, slots=True)
class CertificatePoint:
    """One line of a certificate: value and U at an argument, with k or, without it, with p and degrees of freedom."""

    argument: float
    value: float
    expanded_uncertainty: float
    coverage_factor: float | None = 2.0
    coverage_probability: float = 0.9545
    degrees_of_freedom: float = math.inf

    @property
    def standard_uncertainty(self) -> float:
        """U/k in the value's unit. Source: JCGM 100:2008, 4.3.3 and G.3."""
        u = not_negative(self.expanded_uncertainty, "certificate point", "expanded_uncertainty")
        nu = checked_degrees_of_freedom(self.degrees_of_freedom, "certificate point")
        k = coverage_factor(nu, self.coverage_probability) if self.coverage_factor is None else self.coverage_factor
        return u / positive(k, "certificate point", "coverage_factor")


def certificate_curve(
    points: Sequence[CertificatePoint],
    *,
    name: str,
    argument_unit: str,
    value_unit: str,
    rule: InterpolationRule = InterpolationRule.LINEAR,
    term: InterpolationTerm = InterpolationTerm.SECOND_DIFFERENCES,
    half_width: float = 0.0,
    correlation: Sequence[Sequence[float]] | None = None,
    domain: Domain | None = None,
) -> PointCurve:
    """Return the curve through the points of a certificate, in any order.

    `correlation`: shape (n, n) in the order given, correlation coefficients of the points where they are known (the
    identity for independent ones); without it the larger neighbour's U holds between points.
    Raises InvalidQuantity for points that are too few, equal, or not finite.
    """
    order = sorted(range(len(points)), key=lambda index: points[index].argument)
    ranked = [points[index] for index in order]
    u = [point.standard_uncertainty for point in ranked]
    covariance = None
    if correlation is not None:
        coefficients = checked_covariance(correlation, len(points), name)
        covariance = tuple(
            tuple(coefficients[i][j] * u[row] * u[column] for column, j in enumerate(order))
            for row, i in enumerate(order)
        )
    return PointCurve(
        name,
        argument_unit,
        value_unit,
        domain or Domain.of(point.argument for point in ranked),
        tuple(point.argument for point in ranked),
        tuple(point.value for point in ranked),
        tuple(u),
        tuple(point.degrees_of_freedom for point in ranked),
        rule,
        term,
        half_width,
        covariance,
    )
