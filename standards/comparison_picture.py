"""Where the marks of a comparison lie: differences with their uncertainty bars, inside or outside what was allowed.

Pure. Points of one unit share a picture; the axis below carries the points themselves, or the marks of artefacts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from standards.calibration_comparison import ComparedPoint, Comparison
from standards.chart_picture import Scale, Tick, round_numbers

WIDTH: Final = 760
HEIGHT: Final = 280
LEFT: Final = 84
RIGHT: Final = 24
TOP: Final = 16
BOTTOM: Final = 44
_MOST_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A difference with the ends of its uncertainty, and the ends of what was allowed for at its point."""

    point: ComparedPoint
    x: float
    y: float
    low: float
    high: float
    allowed_low: float
    allowed_high: float


@dataclass(frozen=True, slots=True)
class ComparisonPicture:
    """A whole picture in pixels at its natural size; `words` are what stands below a bar, at its place."""

    unit: str
    argument_unit: str | None
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    zero: float
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    words: tuple[tuple[float, Decimal | None, str], ...]


def comparison_pictures(comparison: Comparison) -> tuple[ComparisonPicture, ...]:
    """Return a picture for each unit (of each range where there are points), in the order of the results."""
    groups: dict[tuple[str, str | None, int], list[ComparedPoint]] = {}
    for point in comparison.points:
        key = (point.unit, point.argument_unit, point.range_id if point.argument is not None else 0)
        if point.coefficient is None:
            groups.setdefault(key, []).append(point)
    return tuple(_picture(points) for points in groups.values())


def _picture(points: Sequence[ComparedPoint]) -> ComparisonPicture:
    reaches = [float(abs(point.difference) + point.found_expanded_uncertainty) for point in points]
    largest = max([*reaches, *(float(point.limit) for point in points)]) or 1.0
    numbers = round_numbers(-largest, largest)
    up = Scale(float(numbers[0]), float(numbers[-1]), HEIGHT - BOTTOM, TOP)
    places = _places(points)
    alone = min(places) == max(places)
    across = Scale(min(places) - alone, max(places) + alone, LEFT + 32, WIDTH - RIGHT - 32)
    bars = tuple(_bar(point, across.at(place), up) for point, place in zip(points, places, strict=True))
    every = -(-len(bars) // _MOST_WORDS)
    return ComparisonPicture(
        points[0].unit,
        points[0].argument_unit,
        WIDTH,
        HEIGHT,
        LEFT,
        WIDTH - RIGHT,
        TOP,
        HEIGHT - BOTTOM,
        up.at(0.0),
        tuple(Tick(up.at(float(number)), number=number) for number in numbers),
        bars,
        tuple((bar.x, bar.point.argument, bar.point.identifier) for bar in bars[::every]),
    )


def _places(points: Sequence[ComparedPoint]) -> list[float]:
    """Return where the points stand along the axis; a single one in the middle."""
    if len(points) == 1:
        return [0.0]
    if all(point.argument is not None for point in points):
        found = [float(point.argument or 0) for point in points]
        if max(found) > min(found):
            return found
    return [float(place) for place in range(len(points))]


def _bar(point: ComparedPoint, x: float, up: Scale) -> Bar:
    difference, reach, limit = float(point.difference), float(point.found_expanded_uncertainty), float(point.limit)
    return Bar(
        point, x, up.at(difference), up.at(difference - reach), up.at(difference + reach), up.at(-limit), up.at(limit)
    )
