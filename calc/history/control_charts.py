"""Control charts: Shewhart charts of subgroups and of individual values, EWMA and CUSUM.

Each chart gives its points with the limits that hold for each of them, and the signals. Limits may be set from the
values themselves (a first look at a history) or from a centre and a standard deviation known beforehand; only the
latter can show that a process has moved. Values, centre, standard deviation and limits are in one unit.
Source: ISO 7870-2:2023 (Shewhart), 7870-4:2021 (CUSUM), 7870-6:2016 (EWMA); NIST/SEMATECH e-Handbook, 6.3.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from calc.errors import InvalidQuantity
from calc.history.chart_constants import c4, d2, d3
from calc.magnitudes import bounded, spread, spread_or_zero
from calc.quantities import finite

_CLAUSE = "ISO 7870-2:2023"


class Rule(StrEnum):
    """What a signal rests on: a point beyond its limits, or one of Nelson's rules (`calc.history.run_rules`)."""

    ABOVE_LIMIT = "above_limit"
    BELOW_LIMIT = "below_limit"
    NELSON_1 = "nelson_1"
    NELSON_2 = "nelson_2"
    NELSON_3 = "nelson_3"
    NELSON_4 = "nelson_4"
    NELSON_5 = "nelson_5"
    NELSON_6 = "nelson_6"
    NELSON_7 = "nelson_7"
    NELSON_8 = "nelson_8"


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that is met at the point `index` (from 0), counting the `points` points that end there."""

    rule: Rule
    index: int
    points: int = 1


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Points with the limits of each, the centre line, the standard deviation of one value, and the signals.

    `centre` belongs to what is plotted; `standard_deviation` is that of a single value within the process.
    """

    points: tuple[float, ...]
    centre: float
    standard_deviation: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class ChartPair:
    """The chart of the location and the chart of the spread of one history."""

    location: ControlChart
    spread: ControlChart


@dataclass(frozen=True, slots=True)
class CusumChart:
    """Upper and lower cumulative sums, both at least 0, and the decision interval, in the values' unit; the signals."""

    upper_sums: tuple[float, ...]
    lower_sums: tuple[float, ...]
    decision_interval: float
    signals: tuple[Signal, ...]


def individuals_chart(
    values: Sequence[float], *, centre: float | None = None, standard_deviation: float | None = None
) -> ChartPair:
    """Return the charts of single values and of their moving ranges of two.

    Where not given, the centre is the mean and the standard deviation the mean moving range over d2(2) = 1.128.
    Limits are ± 3 standard deviations; those of the moving range d2 ± 3·d3, at least 0. The moving range starts at the
    second value. Needs two values. Source: ISO 7870-2:2023; e-Handbook, 6.3.2.2.
    """
    x = _series(values, 2)
    ranges = [math.fabs(b - a) for a, b in pairwise(x)]
    middle = math.fsum(x) / len(x) if centre is None else bounded(centre, "chart", "centre")
    sigma = _sigma(standard_deviation, math.fsum(ranges) / len(ranges) / d2(2))
    of_ranges = _chart(
        ranges, d2(2) * sigma, sigma, max(0.0, d2(2) - 3.0 * d3(2)) * sigma, (d2(2) + 3.0 * d3(2)) * sigma
    )
    return ChartPair(_chart(x, middle, sigma, middle - 3.0 * sigma, middle + 3.0 * sigma), of_ranges)


def mean_and_range_chart(
    subgroups: Sequence[Sequence[float]], *, centre: float | None = None, standard_deviation: float | None = None
) -> ChartPair:
    """Return the charts of means and of ranges of subgroups of one size (2 to 25).

    Where not given, the standard deviation is the mean range over d2(n). Needs two subgroups.
    Source: ISO 7870-2:2023 (factors A2, D3, D4 by their definitions, unrounded).
    """
    groups, size = _subgroups(subgroups)
    ranges = [max(group) - min(group) for group in groups]
    sigma = _sigma(standard_deviation, math.fsum(ranges) / len(ranges) / d2(size))
    lower, upper = max(0.0, d2(size) - 3.0 * d3(size)) * sigma, (d2(size) + 3.0 * d3(size)) * sigma
    return ChartPair(_means(groups, size, centre, sigma), _chart(ranges, d2(size) * sigma, sigma, lower, upper))


def mean_and_s_chart(
    subgroups: Sequence[Sequence[float]], *, centre: float | None = None, standard_deviation: float | None = None
) -> ChartPair:
    """Return the charts of means and of standard deviations of subgroups of one size (2 to 25).

    Where not given, the standard deviation is the mean s over c4(n). Needs two subgroups.
    Source: ISO 7870-2:2023 (factors A3, B3, B4 by their definitions, unrounded).
    """
    groups, size = _subgroups(subgroups)
    deviations = [_deviation(group) for group in groups]
    factor = c4(size)
    sigma = _sigma(standard_deviation, math.fsum(deviations) / len(deviations) / factor)
    width = 3.0 * math.sqrt(1.0 - factor * factor)
    lower, upper = max(0.0, factor - width) * sigma, (factor + width) * sigma
    return ChartPair(_means(groups, size, centre, sigma), _chart(deviations, factor * sigma, sigma, lower, upper))


def ewma_chart(
    values: Sequence[float],
    *,
    centre: float,
    standard_deviation: float,
    weight: float = 0.2,
    width: float = 3.0,
    exact_limits: bool = True,
) -> ControlChart:
    """Return the chart of exponentially weighted moving averages z_t = λ·x_t + (1 − λ)·z_{t−1}, z_0 = centre.

    `weight` λ lies above 0 and is at most 1 (1 is the Shewhart chart), `width` L is in standard deviations of z. These
    are √(λ/(2 − λ)·(1 − (1 − λ)^{2t}))·σ, or without the last factor where `exact_limits` is false (as the e-Handbook).
    Source: ISO 7870-6:2016; e-Handbook, 6.3.2.4.
    """
    x = _series(values, 1)
    z = middle = bounded(centre, "chart", "centre")
    sigma = spread(standard_deviation, "chart", "standard_deviation")
    share = finite(weight, "chart", "weight")
    if not 0.0 < share <= 1.0:
        raise InvalidQuantity("quantity.out_of_range", name="chart", field="weight", value=share, lower=0, upper=1)
    reach = spread(width, "chart", "width") * sigma * math.sqrt(share / (2.0 - share))
    points, lower, upper = [], [], []
    for step, value in enumerate(x, 1):
        z += share * (value - z)
        grown = math.sqrt(1.0 - (1.0 - share) ** (2 * step)) if exact_limits else 1.0
        points.append(z)
        lower.append(middle - reach * grown)
        upper.append(middle + reach * grown)
    return ControlChart(tuple(points), middle, sigma, tuple(lower), tuple(upper), tuple(_beyond(points, lower, upper)))


def cusum_chart(
    values: Sequence[float], *, target: float, allowance: float, decision_interval: float, head_start: float = 0.0
) -> CusumChart:
    """Return the tabular CUSUM chart: S⁺ = max(0, S⁺ + x − target − k), S⁻ = max(0, S⁻ + target − k − x).

    `allowance` k (at least 0; half the shift to be found, often 0.5 σ) and `decision_interval` h (greater than 0, often
    4 σ to 5 σ) are in the unit of the values. A sum greater than h is a signal. Both sums start from `head_start`
    (fast initial response is h/2). Source: ISO 7870-4:2021; e-Handbook, 6.3.2.3.
    """
    x = _series(values, 1)
    aim = bounded(target, "chart", "target")
    slack = spread_or_zero(allowance, "chart", "allowance")
    limit = spread(decision_interval, "chart", "decision_interval")
    high = low = spread_or_zero(head_start, "chart", "head_start")
    highs, lows, signals = [], [], []
    for index, value in enumerate(x):
        high = max(0.0, high + (value - aim - slack))
        low = max(0.0, low + (aim - slack - value))
        highs.append(high)
        lows.append(low)
        if high > limit:
            signals.append(Signal(Rule.ABOVE_LIMIT, index))
        if low > limit:
            signals.append(Signal(Rule.BELOW_LIMIT, index))
    return CusumChart(tuple(highs), tuple(lows), limit, tuple(signals))


def _series(values: Sequence[float], needed: int) -> list[float]:
    if len(values) < needed:
        raise InvalidQuantity(
            "quantity.too_few_readings", name="chart", count=len(values), needed=needed, clause=_CLAUSE
        )
    return [bounded(value, "chart", f"value {number}") for number, value in enumerate(values, 1)]


def _subgroups(subgroups: Sequence[Sequence[float]]) -> tuple[list[list[float]], int]:
    if len(subgroups) < 2:
        raise InvalidQuantity(
            "quantity.too_few_readings", name="subgroups", count=len(subgroups), needed=2, clause=_CLAUSE
        )
    groups = [_series(group, 2) for group in subgroups]
    size = len(groups[0])
    for group in groups:
        if len(group) != size:
            raise InvalidQuantity("history.lengths", name="subgroups", count=len(group), expected=size)
    return groups, size


def _sigma(given: float | None, found: float) -> float:
    sigma = found if given is None else given
    return spread(sigma, "chart", "standard_deviation")


def _deviation(group: list[float]) -> float:
    mean = math.fsum(group) / len(group)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in group) / (len(group) - 1))


def _means(groups: list[list[float]], size: int, centre: float | None, sigma: float) -> ControlChart:
    means = [math.fsum(group) / size for group in groups]
    middle = math.fsum(means) / len(means) if centre is None else bounded(centre, "chart", "centre")
    reach = 3.0 * sigma / math.sqrt(size)
    return _chart(means, middle, sigma, middle - reach, middle + reach)


def _chart(points: list[float], centre: float, sigma: float, lower: float, upper: float) -> ControlChart:
    low, high = [lower] * len(points), [upper] * len(points)
    return ControlChart(tuple(points), centre, sigma, tuple(low), tuple(high), tuple(_beyond(points, low, high)))


def _beyond(points: list[float], lower: list[float], upper: list[float]) -> list[Signal]:
    signals = []
    for index, point in enumerate(points):
        if point > upper[index]:
            signals.append(Signal(Rule.ABOVE_LIMIT, index))
        elif point < lower[index]:
            signals.append(Signal(Rule.BELOW_LIMIT, index))
    return signals
