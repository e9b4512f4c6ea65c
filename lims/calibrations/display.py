"""How numbers, units and problems of a run are shown in pages; reported results come ready from the evaluation."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from flask import Blueprint
from flask_babel import gettext as _

from calc import rounding
from calc.errors import CalcError
from calc.units import convert, display_unit, division_of
from lims.calibrations.detail_facts import Doubt, WarningFacts
from lims.calibrations.facts import ResultFacts
from lims.calibrations.workflow import Problem
from lims.core import formats, messages
from standards.calibration_facts import ContentChoice

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_QUANTITY: Final = re.compile(r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>[^\W\d_]*)(?P<mark>(?:\s*[*′']+|\s.*)?)")
"""An element's name that is its nominal value, and what tells it from others of that: "20 g*", "500 kg No. 01"."""
_SMALL, _LARGE = -4, 9
_SPREAD_DIGITS: Final = 3
_LEAST_SHARE = 0.001
_WIDTH, _EDGE, _OUTSIDE, _MARK = 200.0, 12.0, 36.0, 7.0
"""A picture's width; from its ends, where the outermost thing lies, a bracket, and the last place of a mark."""


@dataclass(frozen=True, slots=True)
class ToleranceBar:
    """A picture of an error against its limits: places on a line 200 wide; two limits lie always in the same places."""

    lower: float | None
    upper: float | None
    start: float
    end: float
    at: float
    tone: str


def unit_text(unit: str) -> str:
    """Return a unit for a reader, a dial's division with what it is worth; one that is not known stays as it is."""
    try:
        division = division_of(unit)
        if division is None:
            return display_unit(unit)
    except CalcError:
        return unit
    name = _("1/10 div") if division.tenths else _("div")
    return f"{name} ({formats.number(division.value)} {display_unit(division.unit)})"


def content_words(content: ContentChoice) -> str:
    """Return what is taken of a calibration: an element by its nominal value, said once; of a range its ends."""
    if content.nominal is None:
        if content.lower is None or content.upper is None:
            return content.identifier
        return f"{formats.number(content.lower)} – {formats.number(content.upper)} {unit_text(content.range_unit)}"
    nominal = f"{formats.number(content.nominal)} {unit_text(content.unit)}"
    said = _QUANTITY.fullmatch(content.identifier.strip())
    if said is None:
        return f"{nominal} · {content.identifier}" if content.identifier else nominal
    number, unit, mark = said["number"].replace(",", "."), said["unit"] or content.unit, said["mark"]
    try:
        same = convert(Decimal(number), unit, content.unit) == content.nominal
    except CalcError:
        same = False
    if not same:
        return f"{nominal} · {content.identifier}"
    return f"{formats.number(number)} {unit_text(unit)}{mark}"


def figure(value: str | float | Decimal, digits: int = 10) -> str:
    """Return a number of a budget with some significant digits, in the reader's language."""
    number = float(value) + 0.0  # no minus before a zero
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    mantissa, _mark, power = f"{number:.{digits - 1}e}".partition("e")
    exponent = int(power)
    if number == 0.0 or _SMALL <= exponent < _LARGE:
        text = f"{Decimal(f'{number:.{digits - 1}e}'):f}"
        shown = text.rstrip("0").rstrip(".") if "." in text and digits > 6 else text
        return formats.number(shown)
    return f"{formats.number(mantissa)}·10{str(exponent).translate(_SUPERSCRIPT)}"


def estimate(value: str | float | Decimal, uncertainty: str | float | Decimal) -> str:
    """Return an estimate of a budget to the last place shown of its standard uncertainty, whole where it has none."""
    number, spread = float(value), float(uncertainty)
    if not (math.isfinite(number) and math.isfinite(spread)) or spread <= 0.0:
        return figure(value)
    places = _SPREAD_DIGITS - 1 - math.floor(math.log10(spread))
    if not round(number, places):
        return formats.number(0)
    leading = math.floor(math.log10(abs(number)))
    if not _SMALL <= leading < _LARGE:
        return figure(value, min(max(leading + places + 1, 2), 15))
    text = f"{number:.{max(places, 0)}f}"
    return formats.number(text.rstrip("0").rstrip(".") if "." in text else text)


def typed(text: str) -> str:
    """Return what was typed for reading only: with a real minus sign."""
    return text.replace("-", "−")


def time_span(start: datetime | None, end: datetime | None) -> str:
    """Return from when to when; the day is said once where it is the same."""
    if start is None or end is None:
        return formats.time(start or end)
    first, last = formats.time(start), formats.time(end)
    same_day = formats.date(start.astimezone(formats.zone())) == formats.date(end.astimezone(formats.zone()))
    return f"{first} – {formats.clock_time(end) if same_day else last}"


def to_places(value: str, places: int | None) -> str:
    """Return a mean with the decimal places of its readings, and one more where it lies between two such numbers.

    Where nobody knows how many those are, it has some significant digits.
    """
    if places is None:
        return figure(value, 8)
    alike, finer = (rounding.round_to_decimals(Decimal(value), count) for count in (places, places + 1))
    return formats.number(alike if Decimal(alike) == Decimal(finer) else finer)


def percent(probability: str) -> str:
    """Return a probability (a fraction) in per cent: "95,45 %"."""
    text = f"{Decimal(probability) * 100:f}"
    shown = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{formats.number(shown)} %"


def tolerance_bar(row: ResultFacts) -> ToleranceBar | None:
    """Return the picture of a judged row, None where nothing is judged."""
    if row.decision is None or row.measurement_error is None:
        return None
    error, spread = float(row.measurement_error), _reported_spread(row)
    lower = None if row.tolerance_lower is None else float(row.tolerance_lower)
    upper = None if row.tolerance_upper is None else float(row.tolerance_upper)
    if lower is not None and upper is not None and lower < upper:
        low, scale = lower, (_WIDTH - 2 * _OUTSIDE) / (upper - lower)
        start = _OUTSIDE
    else:
        marks = [mark for mark in (lower, upper, error - spread, error + spread) if mark is not None]
        low, scale = min(marks), (_WIDTH - 2 * _EDGE) / ((max(marks) - min(marks)) or 1.0)
        start = _EDGE

    def place(value: float) -> float:
        """Return a place on the line; what lies beyond its end is shown at the end."""
        return round(min(max(start + (value - low) * scale, _MARK), _WIDTH - _MARK), 2)

    tone = {"pass": "good", "fail": "bad"}.get(row.decision, "doubt")
    return ToleranceBar(
        None if lower is None else place(lower),
        None if upper is None else place(upper),
        place(error - spread),
        place(error + spread),
        place(error),
        tone,
    )


def _reported_spread(row: ResultFacts) -> float:
    """Return the reported U, unrounded, in the output's unit."""
    return max(float(row.expanded_uncertainty), float(row.cmc or 0.0))


def problem_text(problem: Problem) -> str:
    """Return the words of what keeps a run back."""
    language = formats.language()
    values = dict(problem.values)
    title = values.get(f"title_{language}") or values.get("title_vi")
    if title is not None:
        values["title"] = title
    if "unit" in values:
        values["unit"] = unit_text(str(values["unit"]))
    words = messages.message(problem.code, values)
    if not problem.detail:
        return words
    return f"{words}: {messages.message(problem.detail, problem.detail_values)}"


def share_text(share: float) -> str:
    """Return a share of the variance (a fraction) in per cent, to a tenth; what is less is said to be so."""
    if 0.0 < share < _LEAST_SHARE:
        return f"< {formats.number('0.1')} %"
    return f"{formats.number(f'{100.0 * share:.1f}') if share else 0} %"


def warning_text(warning: WarningFacts) -> str:
    """Return the words of what the calculation warns of beside a result."""
    title = warning.title_en if formats.language() == "en" else warning.title_vi
    return messages.message(f"evaluation_warning.{warning.code}", {"name": title, "output": title})


def doubt_text(doubt: Doubt | None) -> str:
    """Return the words of what makes a reading doubtful, "" for nothing."""
    return "" if doubt is None else messages.message(doubt.code, doubt.values)


def install(blueprint: Blueprint) -> None:
    """Offer these to the templates of every page."""
    blueprint.add_app_template_filter(unit_text, "unit_text")
    blueprint.add_app_template_filter(content_words, "content_words")
    blueprint.add_app_template_filter(figure, "figure")
    blueprint.add_app_template_filter(to_places, "to_places")
    blueprint.add_app_template_filter(estimate, "estimate")
    blueprint.add_app_template_filter(typed, "typed")
    blueprint.add_app_template_filter(time_span, "time_span")
    blueprint.add_app_template_filter(share_text, "share_text")
    blueprint.add_app_template_filter(percent, "percent")
    blueprint.add_app_template_filter(problem_text, "problem_text")
    blueprint.add_app_template_filter(warning_text, "warning_text")
    blueprint.add_app_template_filter(doubt_text, "doubt_text")
    blueprint.add_app_template_filter(tolerance_bar, "tolerance_bar")
    blueprint.add_app_template_filter(messages.message, "error_words")
