"""What a certificate's points give at and between them: exact decimals, the rule between points being that of calc."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import Final

from calc.curves.interpolation import CertificatePoint, InterpolationTerm, certificate_curve
from calc.errors import CalcError
from calc.units import convert
from lims.core.errors import RuleViolation
from standards.calibration_facts import ContentFacts, ContentKind, Interpolation, Point, PointFacts
from standards.formula import PRECISION

_CLAUSE: Final = "ISO/IEC 17025:2017, 6.5.1"


def refusal(code: str, content: ContentFacts, **values: object) -> RuleViolation:
    """Return the refusal of a use that a content does not support."""
    return RuleViolation(code, clause=_CLAUSE, content=content.identifier, **values)


@dataclass(frozen=True, slots=True)
class Span:
    """The ends of the range that a content speaks of; an open end holds nothing back."""

    lower: Decimal | None
    upper: Decimal | None
    unit: str

    def check(self, content: ContentFacts, point: Point) -> None:
        """Refuse a point beyond the range of a formula or of coefficients: their certificate says nothing of it."""
        if content.kind not in {ContentKind.EXPRESSION, ContentKind.COEFFICIENTS}:
            return
        try:
            value = convert(point.value, point.unit, self.unit)
        except CalcError:  # a resistance asked of a range of temperatures: the coefficients see to it
            return
        below, above = self.lower is not None and value < self.lower, self.upper is not None and value > self.upper
        if below or above:
            ends = {
                "lower": "−∞" if self.lower is None else self.lower,
                "upper": "∞" if self.upper is None else self.upper,
            }
            raise refusal("reference.outside_range", content, point=point.value, unit=point.unit, **ends)


def on_curve(content: ContentFacts, argument: Decimal, second: Decimal | None) -> tuple[PointFacts, bool]:
    """Return the certified point, or one between two of them by the straight line with the larger neighbour's U."""
    points = _of_second(content, second)
    exact = next((point for x, point in points if x == argument), None)
    if exact is not None:
        return exact, False
    below = [pair for pair in points if pair[0] < argument]
    above = [pair for pair in points if pair[0] > argument]
    if not below or not above:
        raise refusal("reference.outside_points", content, point=argument, unit=content.argument_unit or content.unit)
    if content.interpolation != Interpolation.LINEAR:
        raise refusal("reference.between_points", content, point=argument, unit=content.argument_unit or content.unit)
    return _between(below[-1], above[0], argument), True


def _between(left: tuple[Decimal, PointFacts], right: tuple[Decimal, PointFacts], argument: Decimal) -> PointFacts:
    (x, lower), (far, upper) = left, right
    with localcontext(prec=PRECISION):
        value = lower.value + (upper.value - lower.value) * ((argument - x) / (far - x))
    wider = max(
        lower, upper, key=lambda point: (point.expanded_uncertainty or Decimal(0)) / (point.coverage_factor or 2)
    )
    return replace(wider, value=value, argument=argument)


def interpolation_uncertainty(content: ContentFacts, argument: Decimal, second: Decimal | None) -> Decimal | None:
    """Return the standard uncertainty that the straight line between two points adds, in the content's unit.

    By the second differences of the points (`calc.curves.interpolation`); two points say nothing of a bend: None.
    """
    points = _of_second(content, second)
    if len(points) < 3:
        return None
    certified = [CertificatePoint(float(x), float(point.value), 0.0) for x, point in points]
    curve = certificate_curve(
        certified,
        name=content.identifier,
        argument_unit=content.argument_unit or content.unit,
        value_unit=content.unit,
        term=InterpolationTerm.SECOND_DIFFERENCES,
    )
    return Decimal(repr(curve.standard_uncertainty(float(argument))))


def _of_second(content: ContentFacts, second: Decimal | None) -> list[tuple[Decimal, PointFacts]]:
    """Return the points of one second argument with their arguments, rising."""
    found = [
        (point.argument, point)
        for point in content.points
        if point.argument is not None and point.second_argument == second
    ]
    return sorted(found, key=lambda pair: pair[0])
