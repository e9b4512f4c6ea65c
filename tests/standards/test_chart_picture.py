"""The places of a chart's marks: round numbers, words apart from one another, days, a point beyond what is drawn."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from standards.chart_picture import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Level,
    Spot,
    control_picture,
    round_numbers,
    time_picture,
)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, ["-0.2", "0", "0.2", "0.4", "0.6", "0.8", "1", "1.2"]),
        (-5.0, 5.0, ["-6", "-4", "-2", "0", "2", "4", "6"]),
        (9999.95, 10000.05, ["9999.94", "9999.96", "9999.98", "10000", "10000.02", "10000.04", "10000.06"]),
        (0.0, 0.0, ["-0.05", "0", "0.05"]),
        (2000.0, 31000.0, ["0", "10000", "20000", "30000", "40000"]),
    ],
)
def test_numbers_on_an_axis_are_round_and_reach_around(low: float, high: float, expected: list[str]) -> None:
    found = round_numbers(low, high)
    assert float(found[0]) <= low
    assert float(found[-1]) >= high
    assert len({after - before for before, after in pairwise(found)}) == 1
    if low != high:
        assert found == [Decimal(text) for text in expected]
    assert all("E" not in str(number) for number in found)


def test_every_mark_lies_within_the_picture() -> None:
    spots = [Spot(place, value, 0.3) for place, value in enumerate((0.1, -0.4, 5.0), 1)]
    levels = [Level("chart_line.upper", 0.6, "limit"), Level("chart_line.lower", -0.6, "limit")]
    days = [date(2026, 1, 1) + timedelta(days=30 * place) for place in range(3)]
    picture = control_picture(spots, levels, [], days, shaded=2)
    for spot in picture.spots:
        assert LEFT < spot.x < WIDTH - RIGHT
        assert TOP <= spot.high < spot.y < spot.low <= HEIGHT - BOTTOM
        assert 0 < spot.words_y < HEIGHT
    assert picture.shaded_until is not None
    assert picture.spots[1].x < picture.shaded_until < picture.spots[2].x
    assert [tick.day for tick in picture.days] == days


def test_words_at_the_ends_of_near_lines_do_not_cover_one_another() -> None:
    levels = [Level("chart_line.upper", value, "limit") for value in (1.0, 1.001, 1.002, 1.003)]
    picture = control_picture([Spot(1, -9.0)], levels, [], [date(2026, 1, 1)])
    heights = [level.words_y for level in picture.levels]
    assert all(after - before >= 15 for before, after in pairwise(heights))


def test_many_checks_have_few_days_below_them() -> None:
    days = [date(2020, 1, 1) + timedelta(days=30 * place) for place in range(200)]
    picture = control_picture([Spot(place, 0.0) for place in range(1, 201)], [], [], days)
    assert 5 <= len(picture.days) <= 9


@pytest.mark.parametrize("days", [20, 400, 1500, 9000])
def test_a_chart_over_time_shows_turns_of_the_year(days: int) -> None:
    picture = time_picture([Spot(0, 1.0), Spot(days, 2.0)], [], [], date(2024, 11, 20), 0.0, float(days))
    assert len(picture.days) <= 9
    assert all(tick.day is not None and tick.day.day == 1 for tick in picture.days)
    xs = [tick.at for tick in picture.days]
    assert xs == sorted(xs)
