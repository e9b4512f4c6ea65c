"""How a doubt becomes a correction of each content: read, signed, framed by range and dates; and levels of a graph."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from certificates.impact_facts import Basis, CorrectedPoint, Course, Doubt, Sense, Shift
from certificates.impact_parameters import from_json, to_json
from certificates.impact_shifts import Along, default_sense, parse_shift, shifts_of
from certificates.reach_levels import in_order, levels_of
from lims.core.errors import InvalidInput
from standards.calibration_facts import (
    CalibrationFacts,
    CalibrationSource,
    CalibrationState,
    ContentFacts,
    ContentKind,
    Phase,
    Point,
    PointFacts,
)

_DAY = date(2026, 6, 15)
_AT = datetime(2026, 6, 15, 8, tzinfo=UTC)


def content(kind: ContentKind, **values: Any) -> ContentFacts:
    given: dict[str, Any] = {"id": 7, "calibration_id": 3, "range_id": 2, "phase": Phase.AS_LEFT}
    return ContentFacts(
        **given, kind=kind, **{"identifier": "pressure", "quantity": "pressure", "unit": "kPa", **values}
    )


def curve() -> ContentFacts:
    points = tuple(PointFacts(n, Decimal(v), argument=Decimal(v)) for n, v in enumerate(("0", "800", "2500"), start=1))
    return content(ContentKind.CURVE, argument_unit="kPa", interpolation="linear", points=points)


def calibration(*contents: ContentFacts) -> CalibrationFacts:
    nothing: dict[str, Any] = dict.fromkeys(
        ("run_id", "run_number", "issued_on", "valid_until", "method", "conditions", "accepted_at", "accepted_by_id")
    )
    more: dict[str, Any] = dict.fromkeys(
        ("accepted_by_name", "acceptance_note", "ended_at", "ended_reason", "certificate_sha256", "dcc_sha256")
    )
    return CalibrationFacts(
        id=3,
        token="t",
        standard_id=1,
        standard_code="AS-02",
        source=CalibrationSource.EXTERNAL,
        certificate_number="1",
        laboratory_id=1,
        laboratory_name_vi="Viện",
        laboratory_name_en=None,
        calibrated_on=_DAY,
        accredited_symbol=False,
        state=CalibrationState.ACCEPTED,
        recorded_at=_AT,
        recorded_by_id=1,
        recorded_by_name="An",
        content_digest="",
        row_version=1,
        contents=contents,
        **nothing,
        **more,
    )


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("0.05 %", "0.05", "%"),
        ("0,05%", "0.05", "%"),
        ("+0,4 kPa", "0.4", "kPa"),
        ("-2 mg", "-2", "mg"),
        ("−2 mg", "-2", "mg"),
        ("0,1 °C", "0.1", "degC"),
        ("0.05 % of reading", "0.05", "%"),
        ("25 ppm", "25", "ppm"),
    ],
)
def test_a_shift_is_read(text: str, amount: str, unit: str) -> None:
    assert parse_shift(text) == Shift(Decimal(amount), unit)


@pytest.mark.parametrize("text", ["", "0,05", "kPa", "0.05 nonsense", "1,2,3 kPa", "x" * 200])
def test_what_is_no_shift_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_shift(text)


def doubt(**values: Any) -> Doubt:
    return Doubt(3, **{"basis": Basis.SHIFT, "shift": Shift(Decimal("0.05"), "%"), **values})


@pytest.mark.parametrize(
    ("of", "changes", "point", "expected"),
    [
        (curve(), {}, "800", "-0.4"),
        (curve(), {"sense": Sense.VALUE}, "800", "0.4"),
        (curve(), {"shift": Shift(Decimal("0.4"), "kPa")}, "2500", "-0.4"),
        (curve(), {"shift": Shift(Decimal("0.0004"), "MPa")}, "2500", "-0.4"),
        (curve(), {"lower": Decimal(1), "span_unit": "MPa"}, "800", "0"),
        (curve(), {"upper": Decimal(1), "span_unit": "MPa"}, "800", "-0.4"),
        (content(ContentKind.EXPRESSION), {}, "800", "0.4"),
        (content(ContentKind.ELEMENT, value=Decimal(1000)), {}, "800", "0.5"),
        (content(ContentKind.COEFFICIENTS, argument_unit="ohm"), {}, "800", "-0.4"),
    ],
)
def test_what_is_added_to_a_value(of: ContentFacts, changes: dict[str, Any], point: str, expected: str) -> None:
    shift = shifts_of(doubt(**changes), calibration(of))[7]
    value = of.value or Decimal(point)
    assert shift.at(Point(Decimal(point), "kPa"), value, _DAY) == Decimal(expected)


@pytest.mark.parametrize(
    ("course", "on", "expected"),
    [
        (Course.STEP, date(2026, 6, 30), "0"),
        (Course.STEP, date(2026, 7, 1), "-0.4"),
        (Course.STEP, date(2026, 7, 11), "-0.4"),
        (Course.STEP, date(2026, 7, 12), "0"),
        (Course.DRIFT, date(2026, 7, 1), "0"),
        (Course.DRIFT, date(2026, 7, 6), "-0.2"),
        (Course.DRIFT, date(2026, 7, 11), "-0.4"),
        (Course.DRIFT, date(2026, 8, 1), "-0.4"),
    ],
)
def test_the_course_of_a_change(course: Course, on: date, expected: str) -> None:
    stated = doubt(course=course, onset=date(2026, 7, 1), until=date(2026, 7, 11))
    shift = shifts_of(stated, calibration(curve()))[7]
    assert shift.at(Point(Decimal(800), "kPa"), Decimal(800), on) == Decimal(expected)


def test_corrected_points_are_joined_by_straight_lines() -> None:
    points = (CorrectedPoint(7, Decimal(0), Decimal(0)), CorrectedPoint(7, Decimal(800), Decimal("799.6")))
    shift = shifts_of(Doubt(3, Basis.POINTS, points=points), calibration(curve()))[7]
    found = [shift.at(Point(Decimal(at), "kPa"), Decimal(at), _DAY) for at in (0, 400, 800, 2500)]
    assert found == [Decimal(0), Decimal("-0.2"), Decimal("-0.4"), Decimal("-0.4")]


def test_an_artefact_is_corrected_by_its_one_value() -> None:
    weight = content(ContentKind.ELEMENT, value=Decimal(1000))
    point = CorrectedPoint(7, None, Decimal("1000.002"))
    shift = shifts_of(Doubt(3, Basis.POINTS, points=(point,)), calibration(weight))[7]
    assert shift.at(None, Decimal(1000), _DAY) == Decimal("0.002")


def test_a_shift_of_another_kind_and_a_point_of_another_calibration_are_refused() -> None:
    with pytest.raises(InvalidInput):
        shifts_of(doubt(shift=Shift(Decimal(1), "mg")), calibration(curve()))
    with pytest.raises(InvalidInput):
        shifts_of(Doubt(3, Basis.POINTS, points=(CorrectedPoint(99, None, Decimal(1)),)), calibration(curve()))


def test_what_indicates_is_doubted_in_its_indication() -> None:
    assert default_sense(calibration(curve())) is Sense.INDICATION
    assert default_sense(calibration(content(ContentKind.ELEMENT, value=Decimal(1)))) is Sense.VALUE


def test_a_stored_doubt_reads_the_same() -> None:
    stated = doubt(onset=_DAY, lower=Decimal("0.10"), span_unit="MPa", sense=Sense.VALUE)
    assert from_json(to_json(stated)) == stated
    points = Doubt(3, Basis.POINTS, points=(CorrectedPoint(7, None, Decimal("1.20")),))
    assert from_json(to_json(points)) == points


def test_a_line_goes_on_flat_beyond_its_ends() -> None:
    line = Along.of({Decimal(10): Decimal(1), Decimal(20): Decimal(3)})
    assert [line.at(Decimal(at)) for at in (5, 10, 15, 20, 25)] == [Decimal(x) for x in (1, 1, 2, 3, 3)]


def test_each_calibration_follows_all_that_it_rests_on() -> None:
    edges = [(1, 2), (1, 4), (2, 3), (3, 4)]
    order = in_order(1, edges)
    assert order.index(2) < order.index(3) < order.index(4)
    assert levels_of(1, edges) == {1: 0, 2: 1, 3: 2, 4: 3}, "the longest way counts"
