"""Histories of values: the published trend of a 1 kg weight, steps of adjustments, limits, what gives no line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from standards.calibration_facts import CalibrationState, ContentFacts, ContentKind, Phase, PointFacts
from standards.check_facts import LimitFacts
from standards.drift_pictures import drift_picture
from standards.drift_series import line_of, series_of
from tests.standards import plain

TODAY = date(2026, 11, 21)


def element(deviation: str, phase: Phase = Phase.AS_LEFT, **changes: Any) -> ContentFacts:
    """What a certificate says of a weight of 1 kg: its deviation in mg, U = 1.6 mg, k = 2."""
    values: dict[str, Any] = {
        "id": 1,
        "calibration_id": 1,
        "range_id": 7,
        "phase": phase,
        "kind": ContentKind.ELEMENT,
        "identifier": "1 kg",
        "quantity": "mass",
        "unit": "g",
        "nominal": Decimal(1000),
        "value": Decimal(1000) + Decimal(deviation) / 1000,
        "expanded_uncertainty": Decimal("1.6"),
        "expanded_uncertainty_unit": "mg",
        "coverage_factor": Decimal(2),
    }
    return ContentFacts(**{**values, **changes})


def calibrations(*years: tuple[date, tuple[ContentFacts, ...]]) -> list[Any]:
    """Accepted calibrations with their contents, newest first as they are read."""
    found = [
        replace(
            plain.calibration(),
            id=number,
            calibrated_on=day,
            state=CalibrationState.ACCEPTED,
            certificate_number=f"V-{number}",
            contents=contents,
        )
        for number, (day, contents) in enumerate(years, 1)
    ]
    return found[::-1]


def limit(expression: str, unit: str = "mg", range_id: int | None = 7) -> LimitFacts:
    """A permissible deviation, stated long ago."""
    return LimitFacts(1, 1, range_id, expression, unit, "OIML R 111-1", date(2020, 1, 1), "Ai đó")


def test_the_published_trend_of_the_1_kg_weight() -> None:
    """+1.8; +2.1; +2.3; +2.6 mg in 2022 to 2025, U = 1.6 mg: 0.26 mg a year, forecast for 2026 about +2.85 mg."""
    years = [(date(2022 + place, 6, 25), (element(value),)) for place, value in enumerate(("1.8", "2.1", "2.3", "2.6"))]
    (series,) = series_of(calibrations(*years), [limit("5")], TODAY)
    assert (series.unit, series.deviation, series.limit) == ("mg", True, Decimal(5))
    assert [occasion.found.value for occasion in series.occasions] == [Decimal(x) for x in ("1.8", "2.1", "2.3", "2.6")]
    shown = line_of(series, date(2026, 6, 25))
    assert shown.line is not None
    assert shown.line.slope == pytest.approx(0.26, abs=0.001)
    assert shown.line.forecast == pytest.approx(2.85, abs=0.005)
    assert shown.line.observed
    assert shown.line.significant
    # s of the residuals 0.0316 mg with 2 degrees of freedom; the certificates' 0.8 mg is common and added: U about 1.6
    assert shown.line.forecast_uncertainty == pytest.approx(1.61, abs=0.02)
    assert shown.share == pytest.approx((2.85 + 1.61) / 5, abs=0.01)


def test_the_picture_has_a_whisker_for_every_value_and_the_limits() -> None:
    years = [(date(2022 + place, 6, 25), (element(value),)) for place, value in enumerate(("1.8", "2.1", "2.3", "2.6"))]
    (series,) = series_of(calibrations(*years), [limit("5")], TODAY)
    picture = drift_picture(line_of(series, date(2026, 6, 25)))
    assert len(picture.spots) == 5
    assert all(spot.low > spot.y > spot.high for spot in picture.spots)
    assert [level.level.value for level in picture.levels] == [5.0, 0.0, -5.0]
    assert [path.tone for path, _ in picture.paths] == ["fit", "forecast", "band", "band"]
    assert picture.top <= picture.levels[0].y <= picture.bottom
    xs = [spot.x for spot in picture.spots]
    assert xs == sorted(xs)
    assert picture.left < xs[0]
    assert xs[-1] < picture.right


def test_an_adjustment_is_a_step_and_no_drift() -> None:
    """0.1 a year throughout; set back to 0 in 2023: the line is joined over the step, the forecast counts from it."""
    found = (("0.1", None), ("0.2", None), ("0.3", "0"), ("0.1", None), ("0.2", None))
    years = []
    for place, (before, after) in enumerate(found):
        contents = (
            (element(before),) if after is None else (element(before, Phase.AS_FOUND), element(after, Phase.AS_LEFT))
        )
        years.append((date(2021 + place, 6, 25), contents))
    (series,) = series_of(calibrations(*years), [], TODAY)
    assert [occasion.step for occasion in series.occasions] == [0, 0, Decimal("-0.3"), 0, 0]
    line = line_of(series, date(2026, 6, 25)).line
    assert line is not None
    assert line.slope == pytest.approx(0.1, abs=0.001)
    assert line.forecast == pytest.approx(0.3, abs=0.002)
    assert line.shift == pytest.approx(-0.3)
    assert len(line.segments) == 2
    assert line.segments[0][-1][1] == pytest.approx(0.3, abs=0.002)
    assert line.segments[1][0][1] == pytest.approx(0.0, abs=0.002)


def test_two_values_rest_on_what_the_certificates_state() -> None:
    years = [(date(2024, 6, 25), (element("1"),)), (date(2025, 6, 25), (element("2"),))]
    (series,) = series_of(calibrations(*years), [], TODAY)
    line = line_of(series, date(2026, 6, 25)).line
    assert line is not None
    assert not line.observed
    assert line.slope == pytest.approx(1.0, abs=0.002)
    assert line.slope_uncertainty == pytest.approx(0.8 * 2**0.5, abs=0.002)
    assert line.forecast_uncertainty > 1.6


def test_values_that_lie_on_a_line_have_no_scatter() -> None:
    """Only what the certificates state is left: U = 1.6 mg for the forecast, whatever the number of values."""
    years = [(date(2023 + place, 6, 25), (element("2"),)) for place in range(4)]
    (series,) = series_of(calibrations(*years), [limit("5")], TODAY)
    line = line_of(series, date(2027, 6, 25)).line
    assert line is not None
    assert line.slope == pytest.approx(0.0, abs=1e-12)
    assert line.slope_uncertainty == pytest.approx(0.0, abs=1e-12)
    assert line.forecast == pytest.approx(2.0)
    assert line.forecast_uncertainty == pytest.approx(1.6, abs=0.001)
    assert not line.significant


def test_what_gives_no_line_says_why() -> None:
    one = calibrations((date(2024, 6, 25), (element("1"),)))
    assert line_of(series_of(one, [], TODAY)[0], TODAY).problem == "drift.one_value"
    same = calibrations((date(2024, 6, 25), (element("1"),)), (date(2024, 6, 25), (element("2"),)))
    assert line_of(series_of(same, [], TODAY)[0], TODAY).problem == "drift.one_day"
    bare = element("1", coverage_factor=None)
    without = calibrations((date(2024, 6, 25), (bare,)), (date(2025, 6, 25), (bare,)))
    assert line_of(series_of(without, [], TODAY)[0], TODAY).problem == "drift.no_line"


def test_what_was_not_accepted_does_not_count() -> None:
    years = [(date(2024, 6, 25), (element("1"),)), (date(2025, 6, 25), (element("9"),))]
    newest, former = calibrations(*years)
    waiting = replace(newest, state=CalibrationState.RECORDED)
    (series,) = series_of([waiting, former], [], TODAY)
    assert len(series.occasions) == 1


def test_each_point_of_a_curve_has_its_own_history() -> None:
    curve = element(
        "0",
        kind=ContentKind.CURVE,
        unit="kPa",
        argument_unit="kPa",
        value=None,
        nominal=None,
        expanded_uncertainty=Decimal("1.0"),
        expanded_uncertainty_unit="kPa",
        points=(
            PointFacts(1, Decimal("499.9"), argument=Decimal(500)),
            PointFacts(2, Decimal("1000.3"), argument=Decimal("1000.0")),
        ),
    )
    first, second = series_of(calibrations((date(2024, 6, 25), (curve,))), [limit("0.0005 * x", "kPa")], TODAY)
    assert (first.at, first.occasions[0].found.value, first.limit) == (Decimal(500), Decimal("-0.1"), Decimal("0.25"))
    assert (second.code, second.limit) == ("7:1000", Decimal("0.5"))


def test_the_limit_of_a_range_is_brought_to_the_unit_of_the_series() -> None:
    years = calibrations((date(2024, 6, 25), (element("1"),)))
    (series,) = series_of(years, [limit("0.005", "g", None)], TODAY)
    assert series.limit == Decimal(5)
    (unjudged,) = series_of(years, [limit("5", range_id=8)], TODAY)
    assert unjudged.limit is None
