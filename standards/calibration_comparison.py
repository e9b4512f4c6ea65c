"""What came back from calibration against what was known before: the values of each shared point. Pure.

ISO/IEC 17025:2017, 6.4.4: as found, a value may differ from the former one by the drift allowed for. Where no drift was
decided, by no more than both uncertainties together explain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from calc.errors import CalcError
from calc.units import canonical_unit, convert, convert_difference
from lims.core.errors import RuleViolation
from standards.calibration_facts import (
    CalibrationFacts,
    ContentFacts,
    ContentKind,
    Phase,
    Point,
)
from standards.facts import DriftFacts
from standards.formula import PRECISION
from standards.reference import reference_value


@dataclass(frozen=True, slots=True)
class ComparedPoint:
    """A value as found beside the former one, in the former one's unit.

    `argument` is empty for an element. `allowance` is the drift decided, None where none was; `limit` is what the
    difference may be: the allowance, else both expanded uncertainties in quadrature. Of an equation each coefficient
    is compared by its name.
    """

    range_id: int
    former_calibration_id: int
    former_content_id: int
    found_content_id: int
    identifier: str
    quantity: str
    unit: str
    argument: Decimal | None
    argument_unit: str | None
    former: Decimal
    former_expanded_uncertainty: Decimal
    found: Decimal
    found_expanded_uncertainty: Decimal
    allowance: Decimal | None
    coefficient: str | None = None

    @property
    def difference(self) -> Decimal:
        """As found less former."""
        return self.found - self.former

    @property
    def both(self) -> Decimal:
        """Both expanded uncertainties in quadrature."""
        with localcontext(prec=PRECISION):
            return (self.former_expanded_uncertainty**2 + self.found_expanded_uncertainty**2).sqrt()

    @property
    def limit(self) -> Decimal:
        """The largest difference that was allowed for."""
        return self.both if self.allowance is None else self.allowance

    @property
    def beyond(self) -> bool:
        """Whether the difference is larger than was allowed for."""
        return abs(self.difference) > self.limit

    @property
    def in_uncertainties(self) -> Decimal | None:
        """The difference in units of the new expanded uncertainty."""
        return _ratio(self.difference, self.found_expanded_uncertainty)

    @property
    def normalised(self) -> Decimal | None:
        """E_n: the difference in units of both expanded uncertainties together."""
        return _ratio(self.difference, self.both)


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    if not whole:
        return None
    with localcontext(prec=PRECISION):
        return part / whole


@dataclass(frozen=True, slots=True)
class SkippedPoint:
    """Where only one of the two calibrations gives a value, so that nothing can be compared."""

    identifier: str
    argument: Decimal | None
    argument_unit: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything compared of a calibration with those that counted before it.

    `as_found`: whether the certificate gives results of before an adjustment; else what it found is what is used.
    """

    found_on: date
    former: tuple[CalibrationFacts, ...]
    points: tuple[ComparedPoint, ...]
    skipped: tuple[SkippedPoint, ...]
    as_found: bool

    @property
    def beyond(self) -> tuple[ComparedPoint, ...]:
        """The points where the difference is larger than was allowed for."""
        return tuple(point for point in self.points if point.beyond)


def compare(
    found: CalibrationFacts, former: Iterable[CalibrationFacts], drifts: Sequence[DriftFacts]
) -> Comparison | None:
    """Compare a calibration with those that counted before it, each in its ranges; None where there is nothing before.

    `former` are the calibrations that were in force for the ranges when the new one was made.
    """
    by_range = {range_id: before for before in former for range_id in before.range_ids}
    as_found = [content for content in found.contents if content.phase is Phase.AS_FOUND]
    shown = as_found or [content for content in found.contents if content.phase is Phase.AS_LEFT]
    points: list[ComparedPoint] = []
    skipped: list[SkippedPoint] = []
    used: dict[int, CalibrationFacts] = {}
    for content in shown:
        before = by_range.get(content.range_id)
        if before is None or content.kind is ContentKind.EXPRESSION:
            continue
        used[before.id] = before
        for pair in _compared(content, found, before, drifts):
            if isinstance(pair, ComparedPoint):
                points.append(pair)
            else:
                skipped.append(pair)
    if not used:
        return None
    return Comparison(found.calibrated_on, tuple(used.values()), tuple(points), tuple(skipped), bool(as_found))


def _compared(
    content: ContentFacts, found: CalibrationFacts, before: CalibrationFacts, drifts: Sequence[DriftFacts]
) -> list[ComparedPoint | SkippedPoint]:
    """Return each point of one content, compared where the former calibration gives a value too."""
    same = [
        one
        for one in before.contents
        if one.range_id == content.range_id and one.phase is Phase.AS_LEFT and one.kind is content.kind
    ]
    named = [one for one in same if one.identifier == content.identifier] or (same if len(same) == 1 else [])
    if not named:
        return [SkippedPoint(content.identifier, None, None)]
    if content.kind is ContentKind.COEFFICIENTS:
        return _coefficients(content, named[0])
    return [_pair(content, found, named[0], before, point, drifts) for point in _points(content)]


def _points(content: ContentFacts) -> list[Point | None]:
    """Return where a content has values: once without a point, or at every argument of its curve."""
    if content.kind is not ContentKind.CURVE:
        return [None]
    unit = content.argument_unit or content.unit
    return [Point(one.argument, unit, one.second_argument) for one in content.points if one.argument is not None]


def _pair(
    content: ContentFacts,
    found: CalibrationFacts,
    former_content: ContentFacts,
    former: CalibrationFacts,
    point: Point | None,
    drifts: Sequence[DriftFacts],
) -> ComparedPoint | SkippedPoint:
    """Return both values at a point; only where one of them gives none there, the point alone."""
    argument_unit = None if point is None else canonical_unit(former_content.argument_unit or former_content.unit)
    try:
        argument = None if point is None or argument_unit is None else convert(point.value, point.unit, argument_unit)
        now = reference_value(found, content, point, (), found.calibrated_on)
        then = reference_value(former, former_content, point, drifts, found.calibrated_on)
        value = convert(now.value, now.unit, then.unit)
        uncertainty = convert_difference(now.expanded_uncertainty, now.unit, then.unit)
    except (RuleViolation, CalcError):
        return SkippedPoint(content.identifier, *((None, None) if point is None else (point.value, point.unit)))
    return ComparedPoint(
        range_id=content.range_id,
        former_calibration_id=former.id,
        former_content_id=former_content.id,
        found_content_id=content.id,
        identifier=content.identifier,
        quantity=content.quantity,
        unit=then.unit,
        argument=argument,
        argument_unit=argument_unit,
        former=then.value,
        former_expanded_uncertainty=then.expanded_uncertainty,
        found=value,
        found_expanded_uncertainty=uncertainty,
        allowance=None if then.drift is None else then.drift.half_width,
    )


def _coefficients(content: ContentFacts, former: ContentFacts) -> list[ComparedPoint | SkippedPoint]:
    """Return the coefficients that both state with an uncertainty; a drift in the value's unit says nothing of them."""
    before = {point.name: point for point in former.points if point.name}
    found: list[ComparedPoint | SkippedPoint] = []
    for point in content.points:
        then = before.get(point.name or "")
        name = f"{content.identifier} {point.name}"
        if then is None or then.expanded_uncertainty is None or point.expanded_uncertainty is None:
            found.append(SkippedPoint(name, None, None))
            continue
        found.append(
            ComparedPoint(
                range_id=content.range_id,
                former_calibration_id=former.calibration_id,
                former_content_id=former.id,
                found_content_id=content.id,
                identifier=name,
                quantity=content.quantity,
                unit="1",
                argument=None,
                argument_unit=None,
                former=then.value,
                former_expanded_uncertainty=then.expanded_uncertainty,
                found=point.value,
                found_expanded_uncertainty=point.expanded_uncertainty,
                allowance=None,
                coefficient=point.name,
            )
        )
    return found
