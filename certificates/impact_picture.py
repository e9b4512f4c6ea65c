"""Where a result lay and where it lies with the corrected standard, against its tolerance; and its figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from calc import rounding
from calc.errors import CalcError
from calc.units import convert_difference
from certificates.impact_facts import ImpactLine, ImpactRow

WIDTH: Final = 220.0
_MARGIN: Final = 12.0


@dataclass(frozen=True, slots=True)
class Moved:
    """Positions from 0 to `WIDTH`: where a result lay, where it lies now, its limits and how wide U is about it."""

    old: float
    new: float
    lower: float | None
    upper: float | None
    start: float
    end: float

    @property
    def visible(self) -> bool:
        """Return whether the two positions can be told apart."""
        return abs(self.new - self.old) >= 4

    @property
    def head(self) -> float:
        """Return where the head of the arrow begins."""
        return self.new - 6 if self.new > self.old else self.new + 6


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as a page prints it: canonical numbers in the unit reported, titles in both languages."""

    line: ImpactLine
    title_vi: str
    title_en: str
    shift: str
    in_u: str
    picture: Moved

    @property
    def tone(self) -> str:
        """Return the tone of the line: bad where the statement of conformity changed, doubt beyond U, else good."""
        if self.line.changed:
            return "bad"
        return "doubt" if abs(float(self.line.shift_in_u)) > 1 else "good"


def shown(row: ImpactRow) -> list[ShownLine]:
    """Return the lines of a row, the largest shift first; where conformity changed before all others."""
    ordered = sorted(row.lines, key=lambda line: (not line.changed, -abs(float(line.shift_in_u))))
    return [_shown(line, row.titles) for line in ordered]


def _shown(line: ImpactLine, titles: Mapping[tuple[str, str, str], tuple[str, str]]) -> ShownLine:
    title_vi, title_en = titles.get((line.section, line.point, line.output), (line.point, line.point))
    decimals = len(line.reported_uncertainty.partition(".")[2])
    try:
        shift = convert_difference(float(line.shift), line.unit, line.reported_unit)
    except CalcError:  # a unit that is written otherwise where it is reported
        shift = float(line.shift)
    in_u = rounding.round_to_decimals(float(line.shift_in_u), 2)
    return ShownLine(line, title_vi, title_en, _signed(shift, decimals + 1), _plus(in_u), moved(line))


def _signed(shift: float, decimals: int) -> str:
    return _plus(rounding.round_to_decimals(shift, decimals))


def _plus(text: str) -> str:
    """Return a number with its sign; what is nothing has none."""
    return text if text.startswith("-") or not text.strip("0.") else f"+{text}"


def moved(line: ImpactLine) -> Moved:
    """Return where a result lay and lies: its error against the limits agreed, or its value about what it was."""
    limits = [None if text is None else float(text) for text in (line.lower, line.upper)]
    judged = line.old_error is not None and line.new_error is not None and limits != [None, None]
    old, new = float(line.old), float(line.new)
    if judged and line.old_error is not None and line.new_error is not None:
        old, new = float(line.old_error), float(line.new_error)
    width = float(line.expanded_uncertainty)
    marks = [old, new, old - width, old + width, *(limit for limit in limits if judged and limit is not None)]
    low, high = min(marks), max(marks)
    scale = (WIDTH - 2 * _MARGIN) / ((high - low) or 1.0)

    def place(value: float) -> float:
        return round(_MARGIN + (value - low) * scale, 1)

    return Moved(
        old=place(old),
        new=place(new),
        lower=place(limits[0]) if judged and limits[0] is not None else None,
        upper=place(limits[1]) if judged and limits[1] is not None else None,
        start=place(old - width),
        end=place(old + width),
    )
