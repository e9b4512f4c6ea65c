"""Statements of accuracy as makers print them: % of reading + % of full scale + digits + a constant.

Read from text, for example "0,02 % rdg + 0.01 % FS + 2 digits + 5 µV" or "± (50 ppm của số đọc + 3 số đếm)".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calc.errors import CalcError, InvalidQuantity
from calc.quantities import finite, not_negative, positive
from calc.units import convert, convert_difference, parse_unit

_NAME = "accuracy"
_MOST_CHARACTERS = 400
_READING = frozenset(
    {"rdg", "rd", "reading", "of reading", "of rdg", "of rd", "mv", "of value", "số đọc", "của số đọc", "giá trị đọc"}
    | {"của giá trị đọc"}
)
_FULL_SCALE = frozenset(
    {"fs", "f.s.", "of fs", "fso", "full scale", "of full scale", "fullscale", "range", "of range", "rng", "span"}
    | {"of span", "toàn thang", "của toàn thang", "thang đo", "của thang đo", "toàn thang đo", "của toàn thang đo"}
)
_DIGITS = frozenset(
    {"digit", "digits", "dgt", "dgts", "d", "lsd", "count", "counts", "cnt", "ct", "số đếm", "chữ số", "chữ số cuối"}
)
_FRACTIONS: Mapping[str, float] = MappingProxyType({"%": 1.0, "‰": 0.1, "ppm": 1e-4})
_TERM = re.compile(r"(?P<number>\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*(?P<sort>%|‰|ppm\b)?\s*(?P<words>\D.*)?")
_SEPARATOR = re.compile(r"(?<![eE])\s*\+\s*")


@dataclass(frozen=True, slots=True)
class AccuracySpecification:
    """Limits ± (a % of reading + b % of full scale + n steps of the display + c), in `unit`.

    `percent_of_reading` and `percent_of_full_scale` in per cent of the magnitude of the reading and of `full_scale`;
    `digits` in steps `resolution` of the display; `constant`, `full_scale` and `resolution` in `unit`. What is
    referred to has to be given. A temperature in degC or degF: per cent are taken of the number on that scale, as
    makers do. Raises InvalidQuantity.
    """

    unit: str
    percent_of_reading: float = 0.0
    percent_of_full_scale: float = 0.0
    full_scale: float | None = None
    digits: float = 0.0
    resolution: float | None = None
    constant: float = 0.0

    def __post_init__(self) -> None:
        parse_unit(self.unit)
        for name in ("percent_of_reading", "percent_of_full_scale", "digits", "constant"):
            object.__setattr__(self, name, not_negative(getattr(self, name), _NAME, name))
        for name, share in (("full_scale", self.percent_of_full_scale), ("resolution", self.digits)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, positive(value, _NAME, name))
            elif share > 0.0:
                raise InvalidQuantity("quantity.parameter_missing", name=_NAME, field=name)

    def half_width(self, reading: float, unit: str | None = None) -> float:
        """Return the limit at a reading, both in `unit` (default: that of the specification), at least 0.

        Raises InvalidQuantity where the units do not fit or the reading lies beyond the full scale.
        """
        given = self.unit if unit is None else unit
        number = abs(convert(finite(reading, _NAME, "reading"), given, self.unit))
        if self.full_scale is not None and number > self.full_scale * (1.0 + 1e-12):
            raise InvalidQuantity(
                "quantity.out_of_range", name=_NAME, field="reading", lower=0, upper=self.full_scale, value=number
            )
        limit = 0.01 * self.percent_of_reading * number + self.constant
        limit += 0.01 * self.percent_of_full_scale * (self.full_scale or 0.0)
        limit += self.digits * (self.resolution or 0.0)
        return convert_difference(limit, self.unit, given)


def parse_accuracy(
    text: str, unit: str, *, full_scale: float | None = None, resolution: float | None = None
) -> AccuracySpecification:
    """Return a statement of accuracy read from text; `full_scale` and `resolution`, where referred to, are in `unit`.

    Terms are joined by +, a leading ± and brackets may stand around all. A number with %, ‰ or ppm needs to say of
    what (reading, full scale; English or Vietnamese words); "digits" are steps of the display; any other word is a
    unit, converted. Decimal point or comma. Raises InvalidQuantity `quantity.accuracy` naming the part not understood.
    """
    if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
        raise InvalidQuantity("quantity.accuracy", name=_NAME, text=repr(text)[:60])
    inner = text.strip().removeprefix("±").removeprefix("+/-").strip()
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1].strip()
    found = {"percent_of_reading": 0.0, "percent_of_full_scale": 0.0, "digits": 0.0, "constant": 0.0}
    for part in _SEPARATOR.split(inner):
        what, amount = _term(part.strip(), unit)
        found[what] += amount
    return AccuracySpecification(unit, full_scale=full_scale, resolution=resolution, **found)


def _term(part: str, unit: str) -> tuple[str, float]:
    match = _TERM.fullmatch(part)
    if match is None:
        raise InvalidQuantity("quantity.accuracy", name=_NAME, text=part)
    number = float(match["number"].replace(",", "."))
    exact = (match["words"] or "").strip()
    words = " ".join(exact.casefold().strip("()").split())
    if match["sort"] and words:
        if words in _READING:
            return "percent_of_reading", number * _FRACTIONS[match["sort"]]
        if words in _FULL_SCALE:
            return "percent_of_full_scale", number * _FRACTIONS[match["sort"]]
    elif match["sort"] is None and words in _DIGITS:
        return "digits", number
    try:
        return "constant", convert_difference(number, (match["sort"] or "") + exact, unit)
    except CalcError:
        raise InvalidQuantity("quantity.accuracy", name=_NAME, text=part) from None
