"""Nelson's eight rules for points on a control chart.

Source: L. S. Nelson, Journal of Quality Technology 16 (1984) 237–239; ISO 7870-2:2023.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import Final

from calc.errors import InvalidQuantity
from calc.history.control_charts import Rule, Signal
from calc.magnitudes import bounded, spread

EXPLANATIONS: Final = {
    Rule.ABOVE_LIMIT: "a point above its upper limit",
    Rule.BELOW_LIMIT: "a point below its lower limit",
    Rule.NELSON_1: "one point more than 3 standard deviations from the centre",
    Rule.NELSON_2: "nine points in a row on one side of the centre",
    Rule.NELSON_3: "six points in a row that all rise or all fall",
    Rule.NELSON_4: "fourteen points in a row that rise and fall by turns",
    Rule.NELSON_5: "two of three points in a row more than 2 standard deviations from the centre, on one side",
    Rule.NELSON_6: "four of five points in a row more than 1 standard deviation from the centre, on one side",
    Rule.NELSON_7: "fifteen points in a row within 1 standard deviation of the centre",
    Rule.NELSON_8: "eight points in a row more than 1 standard deviation from the centre, on both sides",
}

NELSON = (
    Rule.NELSON_1,
    Rule.NELSON_2,
    Rule.NELSON_3,
    Rule.NELSON_4,
    Rule.NELSON_5,
    Rule.NELSON_6,
    Rule.NELSON_7,
    Rule.NELSON_8,
)

_Window = Sequence[float]


def nelson_signals(
    values: Sequence[float], centre: float, standard_deviation: float, rules: Collection[Rule] = NELSON
) -> tuple[Signal, ...]:
    """Return where the points break Nelson's rules, by point and then by rule.

    Values, centre and standard deviation (greater than 0; of what is plotted) are in one unit. A signal stands at the
    last point of its run, and again at each further point that completes one. Rules 5 and 6 count only where the last
    point lies beyond the zone itself. A point on a zone's border lies within it. Raises InvalidQuantity.
    """
    middle = bounded(centre, "chart", "centre")
    sigma = spread(standard_deviation, "chart", "standard_deviation")
    z = [(bounded(value, "chart", f"value {number}") - middle) / sigma for number, value in enumerate(values, 1)]
    for rule in rules:
        if rule not in _TESTS:
            raise InvalidQuantity("quantity.parameter_unknown", name="chart", field=str(rule))
    signals = []
    for index in range(len(z)):
        for rule, (length, broken) in _TESTS.items():
            if rule in rules and index + 1 >= length and broken(z[index + 1 - length : index + 1]):
                signals.append(Signal(rule, index, length))
    return tuple(signals)


def _beyond_three(window: _Window) -> bool:
    return abs(window[0]) > 3.0


def _one_side(window: _Window) -> bool:
    return all(z > 0.0 for z in window) or all(z < 0.0 for z in window)


def _steps(window: _Window) -> list[float]:
    return [after - before for before, after in pairwise(window)]


def _trend(window: _Window) -> bool:
    return _one_side(_steps(window))


def _alternating(window: _Window) -> bool:
    steps = _steps(window)
    return all(min(pair) < 0.0 < max(pair) for pair in pairwise(steps))


def _most_beyond(count: int, zone: float) -> Callable[[_Window], bool]:
    def broken(window: _Window) -> bool:
        sign = 1.0 if window[-1] > 0.0 else -1.0
        return sign * window[-1] > zone and sum(sign * z > zone for z in window) >= count

    return broken


def _hugging(window: _Window) -> bool:
    return all(abs(z) <= 1.0 for z in window)


def _avoiding(window: _Window) -> bool:
    return all(abs(z) > 1.0 for z in window) and min(window) < 0.0 < max(window)


_TESTS: Final[dict[Rule, tuple[int, Callable[[_Window], bool]]]] = {
    Rule.NELSON_1: (1, _beyond_three),
    Rule.NELSON_2: (9, _one_side),
    Rule.NELSON_3: (6, _trend),
    Rule.NELSON_4: (14, _alternating),
    Rule.NELSON_5: (3, _most_beyond(2, 2.0)),
    Rule.NELSON_6: (5, _most_beyond(4, 1.0)),
    Rule.NELSON_7: (15, _hugging),
    Rule.NELSON_8: (8, _avoiding),
}
