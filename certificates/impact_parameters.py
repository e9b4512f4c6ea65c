"""A doubt as canonical JSON and back, and the lines of a result in short: what a stored study is read from. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from certificates.impact_facts import Basis, CorrectedPoint, Course, Doubt, ImpactLine, Sense, Shift
from lims.core.canonical import canonical_json

_VALUES: Final = attrgetter(*(field.name for field in fields(ImpactLine)))
"""The values of a line in the order of its fields."""


def to_json(doubt: Doubt) -> str:
    """Return the one text of a doubt."""
    return canonical_json(
        {
            "calibration_id": doubt.calibration_id,
            "basis": doubt.basis,
            "shift": None if doubt.shift is None else {"amount": doubt.shift.amount, "unit": doubt.shift.unit},
            "sense": doubt.sense,
            "points": [
                {"content_id": point.content_id, "argument": point.argument, "value": point.value}
                for point in doubt.points
            ],
            "lower": doubt.lower,
            "upper": doubt.upper,
            "span_unit": doubt.span_unit,
            "onset": doubt.onset,
            "until": doubt.until,
            "course": doubt.course,
        }
    )


def from_json(text: str) -> Doubt:
    """Read what `to_json` wrote."""
    data: Mapping[str, Any] = json.loads(text)
    shift = data["shift"]
    return Doubt(
        calibration_id=data["calibration_id"],
        basis=Basis(data["basis"]),
        shift=None if shift is None else Shift(Decimal(shift["amount"]), shift["unit"]),
        sense=None if data["sense"] is None else Sense(data["sense"]),
        points=tuple(corrected_point(point) for point in data["points"]),
        lower=_decimal(data["lower"]),
        upper=_decimal(data["upper"]),
        span_unit=data["span_unit"],
        onset=_day(data["onset"]),
        until=_day(data["until"]),
        course=Course(data["course"]),
    )


def corrected_point(data: Mapping[str, Any]) -> CorrectedPoint:
    """Read a corrected point from plain data."""
    return CorrectedPoint(int(data["content_id"]), _decimal(data["argument"]), Decimal(str(data["value"])))


def _decimal(text: object) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def lines_to_json(lines: Iterable[ImpactLine]) -> str:
    """Return the lines of a result, each as the list of its values."""
    return canonical_json([_VALUES(line) for line in lines])


def lines_from_json(text: str) -> tuple[ImpactLine, ...]:
    """Read what `lines_to_json` wrote."""
    return tuple(ImpactLine(*values) for values in json.loads(text))
