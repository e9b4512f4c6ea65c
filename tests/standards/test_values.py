"""A standard's value on a day and at a point, its drift by its own history, and what coefficients are worth."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from calc.curves.domain import Domain
from calc.curves.thermometry import PlatinumThermometer
from lims.core.errors import RuleViolation
from standards import queries
from standards.calibration_facts import ContentKind, Interpolation, Phase, Point, PointFacts
from standards.commands import NewContent, NewPoint
from standards.drift_history import propose
from standards.drift_series import series_of
from standards.platinum import of_coefficients
from standards.value_queries import contents_on, instant_of, value_on
from tests.factories import standards as make
from tests.standards import plain

DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_a_weight_is_worth_what_its_certificate_says_with_its_drift(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard)
    make.make_drift(session, standard)
    place = calibration.contents[0].range_id
    found = value_on(session, standard.id, place, None, AT)
    assert (found.value.value, found.value.unit, found.problems) == (Decimal("10000.005"), "g", ())
    parts = {part.contribution.kind: float(part.standard_uncertainty) for part in found.parts}
    assert parts == pytest.approx({"certificate": 0.0225, "drift": 0.015 / math.sqrt(3)}, rel=1e-12)
    assert float(found.standard_uncertainty) == pytest.approx(math.hypot(0.0225, 0.015 / math.sqrt(3)), rel=1e-12)
    assert found.value == queries.reference_value_at(session, calibration.id, at=AT)  # what bench and review ask


def test_a_point_between_two_has_a_part_for_the_straight_line(session: Session) -> None:
    gauge = make.make_standard(
        session, functions=[replace(make.weight_range(), quantity="pressure", unit="MPa", ranges=())]
    )
    place = queries.instrument_facts(session, gauge.instrument_id).ranges()[0].range.id
    points = [("0", "0"), ("1", "1.001"), ("2", "2.004"), ("3", "3.009")]
    curve = NewContent(
        place,
        ContentKind.CURVE,
        unit="MPa",
        interpolation=Interpolation.LINEAR,
        coverage_factor=Decimal(2),
        points=tuple(
            NewPoint(Decimal(value), argument=Decimal(at), expanded_uncertainty=Decimal("0.0002"))
            for at, value in points
        ),
    )
    make.make_calibration(session, gauge, contents=(curve,))
    found = value_on(session, gauge.id, place, Point(Decimal(1500), "kPa"), AT)
    assert (found.value.value, found.value.unit, found.value.interpolated) == (Decimal("1.5025"), "MPa", True)
    squares = sum(float(part.standard_uncertainty) ** 2 for part in found.parts)
    whole = float(found.value.expanded_uncertainty) / 2
    assert math.sqrt(squares) == pytest.approx(whole, rel=1e-12)
    assert {part.contribution.kind for part in found.parts} == {"certificate", "interpolation"}
    with pytest.raises(RuleViolation) as outside:
        value_on(session, gauge.id, place, Point(Decimal(4), "MPa"), AT)
    assert outside.value.code == "reference.outside_points"


def test_the_calibration_of_that_day_counts_also_after_the_next(session: Session) -> None:
    standard = make.make_standard(session)
    old = make.make_calibration(session, standard)
    place = old.contents[0].range_id
    values: dict[str, Any] = {"calibrated_on": date(2026, 8, 1), "recorded_at": datetime(2026, 8, 3, tzinfo=UTC)}
    content = make.weight_content(place, value=Decimal("10000.011"))
    accepted_at = datetime(2026, 8, 4, tzinfo=UTC)
    new = make.make_calibration(session, standard, contents=(content,), accepted_at=accepted_at, **values)
    now = datetime(2026, 9, 1, tzinfo=UTC)
    for day, expected in ((DAY, old), (date(2026, 8, 3), old), (date(2026, 8, 4), new), (date(2026, 9, 1), new)):
        found = value_on(session, standard.id, place, None, instant_of(day, standard, now))
        assert found.calibration.id == expected.id, day
    before = instant_of(date(2026, 1, 13), standard, now)
    assert contents_on(session, standard.id, place, before) == []
    with pytest.raises(RuleViolation) as none:
        value_on(session, standard.id, place, None, before)
    assert none.value.code == "value.no_calibration"


def history(*found: tuple[int, str, str | None]) -> list[Any]:
    """Calibrations of a weight: year, value as left, value as found where it was adjusted."""
    calibrations = []
    for key, (year, left, before) in enumerate(found, start=1):
        contents = [plain.weight(id=key * 10, calibration_id=key, value=Decimal(left))]
        if before is not None:
            contents.append(
                plain.weight(id=key * 10 + 1, calibration_id=key, value=Decimal(before), phase=Phase.AS_FOUND)
            )
        day = date(year, 1, 12)
        calibrations.append(replace(plain.calibration(key), calibrated_on=day, contents=tuple(contents)))
    return series_of(calibrations, [], date(2026, 3, 2))


def test_the_proposal_is_the_largest_change_or_that_of_the_line() -> None:
    (steady,) = propose(history((2023, "10000.000", None), (2024, "10000.004", None), (2025, "10000.008", None)), 12)
    assert (steady.unit, steady.largest, steady.count) == ("mg", Decimal(4), 3)
    assert steady.over_interval is not None
    assert float(steady.over_interval) == pytest.approx(4.0, rel=2e-3)  # 4 mg a year, years of 365 and 366 days
    assert steady.half_width == Decimal("4.1")  # rounded up to two digits
    assert steady.significant is True
    (longer,) = propose(history((2023, "10000.000", None), (2024, "10000.004", None)), 24)
    assert longer.half_width == Decimal("8.1")
    assert longer.significant is None


def test_an_adjustment_is_no_drift() -> None:
    (proposal,) = propose(
        history((2023, "10000.000", None), (2024, "10000.000", "10000.030"), (2025, "10000.003", None)), 12
    )
    assert (proposal.largest, proposal.from_day.year, proposal.to_day.year) == (Decimal(30), 2023, 2024)
    assert [occasion.step for occasion in proposal.occasions] == [Decimal(0), Decimal(-30), Decimal(0)]


def test_one_calibration_says_nothing_of_drift() -> None:
    assert propose(history((2023, "10000.000", None)), 12) == []


def pt100(correlation: str | None = None) -> Any:
    """A platinum thermometer read in ohm, whose coefficients have uncertainties."""
    rows = [("R0", "100.02", "0.004"), ("A", "0.0039083", "0.0000008"), ("B", "-5.775E-7", "3E-9")]
    points = tuple(
        PointFacts(place, Decimal(value), name=name, expanded_uncertainty=Decimal(u), coverage_factor=Decimal(2))
        for place, (name, value, u) in enumerate(rows, start=1)
    )
    return plain.weight(
        kind=ContentKind.COEFFICIENTS,
        quantity="temperature",
        unit="degC",
        argument_unit="ohm",
        value=None,
        nominal=None,
        expanded_uncertainty=None,
        coverage_factor=None,
        equation="callendar_van_dusen",
        correlation=correlation,
        points=points,
    )


@pytest.mark.parametrize(
    ("correlation", "r"),
    [(None, 0.0), ('{"R0|A":"-0.6"}', -0.6), ('{"A|R0":"0.6"}', 0.6)],
    ids=["none", "minus", "plus"],
)
def test_the_uncertainty_of_a_temperature_follows_from_its_coefficients(correlation: str | None, r: float) -> None:
    content = pt100(correlation)
    expanded, factor = of_coefficients(content, Decimal(140))
    assert factor == 2
    assert expanded is not None

    def temperature(r0: float, a: float, b: float) -> float:
        curve = PlatinumThermometer("t", "degC", "ohm", Domain(-200.0, 850.0), r0, a, b)
        return float(curve.solutions(140.0)[0])

    values, u = (100.02, 0.0039083, -5.775e-7), (0.002, 4e-7, 1.5e-9)
    parts = []
    for place in range(3):
        up, down = list(values), list(values)
        up[place] += u[place]
        down[place] -= u[place]
        parts.append((temperature(*up) - temperature(*down)) / 2)
    expected = math.sqrt(sum(part**2 for part in parts) + 2 * r * parts[0] * parts[1])
    assert float(expanded) / 2 == pytest.approx(expected, rel=1e-9)


def test_coefficients_without_uncertainty_give_none() -> None:
    content = pt100()
    bare = replace(content, points=(replace(content.points[0], expanded_uncertainty=None), *content.points[1:]))
    assert of_coefficients(bare, Decimal(140)) == (None, None)
