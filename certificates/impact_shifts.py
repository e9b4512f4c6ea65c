"""From a doubt about a calibration to how far the value of each of its contents is off, at a point on a day. Pure.

A shift of the indication ("shows 0.4 kPa too much") lowers the value that belongs to an indication; a shift of the
value ("is 2 mg heavier than certified") raises it. Exact decimals; between corrected points by the straight line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

from calc.errors import CalcError
from calc.units import canonical_unit, convert, convert_difference, difference_unit
from certificates.impact_facts import Basis, CorrectedPoint, Course, Doubt, Sense, Shift
from lims.core.errors import InvalidInput
from lims.core.numbers import parse_decimal
from standards.calibration_facts import CalibrationFacts, ContentFacts, ContentKind, Point
from standards.curve_points import on_curve
from standards.formula import PRECISION
from standards.platinum import temperature
from standards.reference import is_relative

_SHIFT: Final = re.compile(
    r"\s*(?P<amount>[-+−–]?[\d.,\s\u00a0\u202f]*\d[\d.,]*(?:e[-+]?\d+)?)\s*(?P<unit>[^\s\d.,].*?)\s*", re.IGNORECASE
)
_OF_READING: Final = re.compile(r"\s*(rdg|of reading|of rdg|số đọc|giá trị đọc)\.?$", re.IGNORECASE)
_INDICATING: Final = frozenset({ContentKind.CURVE, ContentKind.COEFFICIENTS})
_NOTHING: Final = Decimal(0)


def parse_shift(text: str, field: str = "shift") -> Shift:
    """Read "0.05 %", "0,4 kPa" or "-2 mg". Raises InvalidInput naming the field."""
    match = _SHIFT.fullmatch(text[:80])
    amount = None if match is None else parse_decimal(match["amount"])
    if match is None or amount is None:
        raise InvalidInput.of(field, "impact.shift_unreadable", text=text.strip()[:40])
    try:
        return Shift(amount, canonical_unit(_OF_READING.sub("", match["unit"])))
    except CalcError as error:
        raise InvalidInput.of(field, "impact.shift_unit", unit=match["unit"][:40]) from error


def default_sense(calibration: CalibrationFacts) -> Sense:
    """Return what a shift of a standard is of when nobody says: of its indication if it indicates, else its value."""
    kinds = {content.kind for content in calibration.contents if content.quantity != "relative_error"}
    return Sense.INDICATION if kinds & _INDICATING else Sense.VALUE


@dataclass(frozen=True, slots=True)
class Along:
    """Deltas at arguments, rising; between them the straight line, beyond them the last one."""

    arguments: tuple[Decimal, ...]
    deltas: tuple[Decimal, ...]

    @classmethod
    def of(cls, pairs: Mapping[Decimal, Decimal]) -> Along:
        """Return the deltas in order of their arguments."""
        ordered = sorted(pairs.items())
        return cls(tuple(pair[0] for pair in ordered), tuple(pair[1] for pair in ordered))

    def at(self, argument: Decimal) -> Decimal:
        """Return the delta at an argument."""
        place = bisect_left(self.arguments, argument)
        if place == len(self.arguments):
            return self.deltas[-1]
        if place == 0 or self.arguments[place] == argument:
            return self.deltas[place]
        low, high = self.arguments[place - 1], self.arguments[place]
        with localcontext(prec=PRECISION):
            step = (argument - low) / (high - low)
            return self.deltas[place - 1] + (self.deltas[place] - self.deltas[place - 1]) * step


@dataclass(frozen=True, slots=True)
class ContentShift:
    """How far the value of one content is off: in the content's unit, to be added to what the certificate gives."""

    unit: str
    argument_unit: str | None
    constant: Decimal = _NOTHING
    fraction: Decimal = _NOTHING
    along: Along | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    course: Course = Course.STEP
    onset: date | None = None
    until: date | None = None

    def at(self, point: Point | None, value: Decimal, on: date) -> Decimal:
        """Return what is to be added to the value at a point on a day; `value` is what the certificate gives there."""
        argument = self._argument(point)
        place = value if argument is None else argument
        if (self.lower is not None and place < self.lower) or (self.upper is not None and place > self.upper):
            return _NOTHING
        part = self._part(on)
        if not part:
            return _NOTHING
        if self.along is not None:
            whole = self.along.deltas[0] if argument is None else self.along.at(argument)
        else:
            whole = self.constant + self.fraction * self._reading(argument, value)
        with localcontext(prec=PRECISION):
            return whole * part

    def _argument(self, point: Point | None) -> Decimal | None:
        if self.argument_unit is None or point is None:
            return None
        try:
            return convert(point.value, point.unit, self.argument_unit)
        except CalcError:  # coefficients of a resistance are asked at a temperature
            return None

    def _reading(self, argument: Decimal | None, value: Decimal) -> Decimal:
        """Return the reading that a relative shift is relative to: the indication, in the value's unit."""
        if argument is None or self.argument_unit is None:
            return value
        try:
            return convert(argument, self.argument_unit, self.unit)
        except CalcError:  # the argument is another quantity, such as a resistance
            return value

    def _part(self, on: date) -> Decimal:
        if self.course is Course.STEP:
            early = self.onset is not None and on < self.onset
            return _NOTHING if early or (self.until is not None and on > self.until) else Decimal(1)
        if self.onset is None or self.until is None or self.until <= self.onset:
            raise InvalidInput.of("until", "impact.drift_dates")
        days, whole = (on - self.onset).days, (self.until - self.onset).days
        with localcontext(prec=PRECISION):
            return min(max(Decimal(days) / Decimal(whole), _NOTHING), Decimal(1))


Shifts = Mapping[int, ContentShift]
"""How far each content is off that is; by the content's key."""


def shifts_of(doubt: Doubt, calibration: CalibrationFacts) -> dict[int, ContentShift]:
    """Return how far each content of the doubted calibration is off.

    Raises InvalidInput where no content is of the shift's kind, or a point is of another calibration.
    """
    if doubt.basis is Basis.OUT_OF_TOLERANCE:
        return {}
    if doubt.basis is Basis.POINTS:
        return _of_points(doubt, calibration)
    if doubt.shift is None:
        raise InvalidInput.of("shift", "impact.shift_missing")
    sense = doubt.sense or default_sense(calibration)
    found = {}
    for content in calibration.contents:
        one = _of_content(doubt, content, doubt.shift, -1 if sense is Sense.INDICATION else 1)
        if one is not None:
            found[content.id] = one
    if not found:
        raise InvalidInput.of("shift", "impact.shift_other_kind", unit=doubt.shift.unit)
    return found


def _of_content(doubt: Doubt, content: ContentFacts, shift: Shift, sign: int) -> ContentShift | None:
    if is_relative(shift.unit, content.unit):
        with localcontext(prec=PRECISION):
            fraction = sign * convert_difference(shift.amount, shift.unit, "1")
        return _framed(doubt, content, fraction=fraction)
    try:
        constant = sign * convert_difference(shift.amount, difference_unit(shift.unit), difference_unit(content.unit))
    except CalcError:  # a shift in kPa says nothing of a content in degrees
        return None
    return _framed(doubt, content, constant=constant)


def _of_points(doubt: Doubt, calibration: CalibrationFacts) -> dict[int, ContentShift]:
    by_content: dict[int, list[CorrectedPoint]] = {}
    for point in doubt.points:
        by_content.setdefault(point.content_id, []).append(point)
    found = {}
    for content_id, points in by_content.items():
        content = calibration.content(content_id)
        if content is None:
            raise InvalidInput.of("points", "impact.points_other")
        found[content_id] = _framed(doubt, content, along=_along(content, points))
    if not found:
        raise InvalidInput.of("points", "impact.points_missing")
    return found


def _along(content: ContentFacts, points: Sequence[CorrectedPoint]) -> Along:
    """Return how far the corrected values lie from the certified ones, at the points that were corrected."""
    if content.kind in {ContentKind.ELEMENT, ContentKind.CHARACTERISTIC}:
        if len(points) != 1 or content.value is None:
            raise InvalidInput.of("points", "impact.points_one_value", content=content.identifier)
        return Along((_NOTHING,), (points[0].value - content.value,))
    deltas: dict[Decimal, Decimal] = {}
    for point in points:
        if point.argument is None:
            raise InvalidInput.of("points", "impact.points_argument", content=content.identifier)
        deltas[point.argument] = point.value - _stated(content, point.argument)
    return Along.of(deltas)


def _stated(content: ContentFacts, argument: Decimal) -> Decimal:
    """Return what the certificate gives at an argument. Raises RuleViolation beyond its points."""
    if content.kind is ContentKind.CURVE:
        return on_curve(content, argument, None)[0].value
    return temperature(content, argument) if content.kind is ContentKind.COEFFICIENTS else argument


def _framed(
    doubt: Doubt,
    content: ContentFacts,
    *,
    constant: Decimal = _NOTHING,
    fraction: Decimal = _NOTHING,
    along: Along | None = None,
) -> ContentShift:
    """Return the shift of a content within the range and the dates in doubt."""
    argument_unit = None
    if content.kind not in {ContentKind.ELEMENT, ContentKind.CHARACTERISTIC}:
        argument_unit = canonical_unit(content.argument_unit or content.unit)
    unit = canonical_unit(content.unit)
    lower, upper = (_bound(bound, doubt.span_unit, argument_unit or unit) for bound in (doubt.lower, doubt.upper))
    return ContentShift(
        unit,
        argument_unit,
        constant=constant,
        fraction=fraction,
        along=along,
        lower=lower,
        upper=upper,
        course=doubt.course,
        onset=doubt.onset,
        until=doubt.until,
    )


def _bound(bound: Decimal | None, unit: str, wanted: str) -> Decimal | None:
    if bound is None:
        return None
    try:
        return convert(bound, unit or wanted, wanted)
    except CalcError as error:
        raise InvalidInput.of("lower", "impact.span_unit", unit=unit, wanted=wanted) from error
