"""Text of the form that opens an impact study to its command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from certificates.impact_facts import CorrectedPoint, Course, OpenStudy, Sense
from lims.core.fields import Fields
from standards.calibration_facts import CalibrationFacts, ContentFacts


def point_name(content_id: int, position: int) -> str:
    """Return the name of the field for a corrected point."""
    return f"point-{content_id}-{position}"


def parse_study(calibration: CalibrationFacts, form: Mapping[str, str]) -> OpenStudy:
    """Read what is doubted of a calibration; fields of points that are left empty correct nothing."""
    fields = Fields(form)
    command = OpenStudy(
        calibration_id=calibration.id,
        shift=fields.optional_text("shift", maximum=60) or "",
        sense=fields.optional_choice("sense", Sense),
        points=tuple(_points(fields, calibration)),
        lower=fields.optional_decimal("lower"),
        upper=fields.optional_decimal("upper"),
        span_unit=fields.optional_text("span_unit", maximum=40) or "",
        onset=fields.optional_date("onset"),
        until=fields.optional_date("until"),
        course=fields.optional_choice("course", Course) or Course.STEP,
        reason=fields.text("reason", maximum=2000),
    )
    fields.finish()
    return command


def _points(fields: Fields, calibration: CalibrationFacts) -> Iterator[CorrectedPoint]:
    for content in calibration.contents:
        for position, argument in places(content):
            value = fields.optional_decimal(point_name(content.id, position))
            if value is not None:
                yield CorrectedPoint(content.id, argument, value)


def places(content: ContentFacts) -> list[tuple[int, Decimal | None]]:
    """Return where a content can be corrected: at each point of its curve, or as a whole where it is one value."""
    if content.points and content.interpolation is not None:
        return [(point.position, point.argument) for point in content.points if point.argument is not None]
    return [(0, None)] if content.value is not None else []
