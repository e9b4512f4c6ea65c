"""Where the marks of a chart lie: axes with round numbers, limit lines with words at their ends, points with whiskers.

Pure: a chart's numbers become places in a picture; the macro only draws. x runs by number of the check or by day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

WIDTH: Final = 1020
HEIGHT: Final = 380
LEFT: Final = 76
RIGHT: Final = 228
TOP: Final = 20
BOTTOM: Final = 44
_STEPS: Final = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
_LINE_SPACE: Final = 15.0
_MOST_DATES: Final = 9


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line wanted in a chart: what it is (a label code), its value, its class of line."""

    words: str
    value: float
    tone: str
    exact: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A point wanted in a chart; `reach` is the half-length of its whisker. `rules` named make it a violation."""

    x: float
    y: float
    reach: float = 0.0
    shape: str = "round"
    rules: tuple[str, ...] = ()
    key: int = 0


@dataclass(frozen=True, slots=True)
class Path:
    """A broken line wanted in a chart, such as limits that differ from point to point, or a fitted line."""

    tone: str
    points: tuple[tuple[float, float], ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis with what stands there: an exact number, or a day."""

    at: float
    number: Decimal | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class DrawnLevel:
    """A horizontal line with the height at which its words stand, apart from the others'."""

    level: Level
    y: float
    words_y: float
    shown: Decimal


@dataclass(frozen=True, slots=True)
class DrawnSpot:
    """A point's place, its whisker's ends, and where the name of its rule stands."""

    spot: Spot
    x: float
    y: float
    low: float
    high: float
    words_y: float


@dataclass(frozen=True, slots=True)
class ChartPicture:
    """A whole chart in units of pixels at its natural size."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    numbers: tuple[Tick, ...]
    days: tuple[Tick, ...]
    levels: tuple[DrawnLevel, ...]
    spots: tuple[DrawnSpot, ...]
    paths: tuple[tuple[Path, str], ...]
    shaded_until: float | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """From a number to its place."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value, to a tenth of a pixel."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def control_picture(
    spots: Sequence[Spot], levels: Sequence[Level], paths: Sequence[Path], days: Sequence[date], shaded: int = 0
) -> ChartPicture:
    """Return a control chart: checks at equal distances in the order of time, their days below.

    The first `shaded` of them are the baseline.
    """
    count = max(len(spots), 2)
    across = Scale(0.4, count + 0.6, LEFT, WIDTH - RIGHT)
    every = max(1, math.ceil(len(days) / _MOST_DATES))
    ticks = [Tick(across.at(place), day=day) for place, day in enumerate(days, 1) if (place - 1) % every == 0]
    until = across.at(shaded + 0.5) if shaded else None
    return _picture(spots, levels, paths, across, ticks, until)


def time_picture(
    spots: Sequence[Spot], levels: Sequence[Level], paths: Sequence[Path], start: date, first: float, last: float
) -> ChartPicture:
    """Return a chart over time: x in days since `start`, from `first` to `last`, with the turns of years below."""
    room = max(1.0, 0.04 * (last - first))
    across = Scale(first - room, last + room, LEFT, WIDTH - RIGHT)
    return _picture(spots, levels, paths, across, _day_ticks(across, start), None)


def _picture(
    spots: Sequence[Spot],
    levels: Sequence[Level],
    paths: Sequence[Path],
    across: Scale,
    days: Sequence[Tick],
    shaded: float | None,
) -> ChartPicture:
    ends = [y for spot in spots for y in (spot.y - spot.reach, spot.y + spot.reach)]
    ends += [level.value for level in levels] + [y for path in paths for _, y in path.points]
    numbers = round_numbers(min(ends, default=0.0), max(ends, default=1.0))
    low, high = float(numbers[0]), float(numbers[-1])
    up = Scale(low, high, HEIGHT - BOTTOM, TOP)
    step = numbers[1] - numbers[0]
    return ChartPicture(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        numbers=tuple(Tick(up.at(float(number)), number=number) for number in numbers),
        days=tuple(days),
        levels=_levels(levels, up, step),
        spots=tuple(_spot(spot, across, up) for spot in spots),
        paths=tuple((path, " ".join(f"{across.at(x)},{up.at(y)}" for x, y in path.points)) for path in paths),
        shaded_until=shaded,
    )


def round_numbers(low: float, high: float, count: int = 6) -> list[Decimal]:
    """Return round numbers, at equal steps of 1, 2 or 5, that reach around an interval with some room."""
    spread = high - low if high > low else max(abs(high), 1.0) * 0.1
    low, high = low - 0.04 * spread, high + 0.04 * spread
    wanted = Decimal(repr((high - low) / count))
    power = Decimal(1).scaleb(wanted.adjusted())
    step = next(power * factor for factor in _STEPS if power * factor >= wanted)
    first, last = math.floor(low / float(step)), math.ceil(high / float(step))
    return [_plain(step * place) for place in range(first, last + 1)]


def rounded(value: float, step: Decimal) -> Decimal:
    """Return a value to two digits more than the axis' step, for the words at a line's end."""
    return _plain(Decimal(repr(value)).quantize(Decimal(1).scaleb(step.adjusted() - 2)))


def _plain(number: Decimal) -> Decimal:
    """Return a number without an exponent, zero without a sign."""
    found = number.normalize()
    exponent = found.as_tuple().exponent
    found = found.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else found
    return abs(found) if found == 0 else found


def _levels(levels: Sequence[Level], up: Scale, step: Decimal) -> tuple[DrawnLevel, ...]:
    """Place lines, and their words apart from one another from the top down."""
    ordered = sorted(levels, key=lambda level: -level.value)
    found: list[DrawnLevel] = []
    for level in ordered:
        y = up.at(level.value)
        words_y = max(y + 4.0, found[-1].words_y + _LINE_SPACE) if found else y + 4.0
        shown = level.exact if level.exact is not None else rounded(level.value, step)
        found.append(DrawnLevel(level, y, round(words_y, 1), shown))
    return tuple(found)


def _spot(spot: Spot, across: Scale, up: Scale) -> DrawnSpot:
    high, low = up.at(spot.y + spot.reach), up.at(spot.y - spot.reach)
    above = high - 13.0 if high > TOP + 16.0 else low + 24.0
    return DrawnSpot(spot, across.at(spot.x), up.at(spot.y), low, high, round(above, 1))


def _day_ticks(across: Scale, start: date) -> list[Tick]:
    """Return ticks at turns of years, of half-years or of months, whichever are few enough."""
    first, last = start.toordinal() + across.low, start.toordinal() + across.high
    years = range(date.fromordinal(int(first)).year, date.fromordinal(int(last)).year + 2)
    found: list[date] = []
    for months in ((1, 4, 7, 10), (1, 7), (1,)):
        found = [
            day for year in years for month in months if first <= (day := date(year, month, 1)).toordinal() <= last
        ]
        if len(found) <= _MOST_DATES:
            break
    every = max(1, math.ceil(len(found) / _MOST_DATES))
    return [Tick(across.at(day.toordinal() - start.toordinal()), day=day) for day in found[::every]]
