"""From numbers to reported text: the only place where anything is rounded.

All steps run in decimal arithmetic on the shortest text that names the float (0.1 is one tenth), so no binary digit
shifts a half-way case. *Nearest* rounds a half away from zero: ISO 80000-1:2022, annex B, rule B; of the two rules it
is the one that never makes an uncertainty smaller at the half (JCGM 100:2008, 7.2.6; ILAC-P14:09/2020, clause 5: at
most two significant digits, by the usual rules of rounding). Canonical text has the decimal point, no groups, ASCII
minus; `localise` writes it for a reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from calc.errors import InvalidQuantity
from calc.quantities import finite, not_negative, positive
from calc.units import canonical_unit, display_unit, exact, exact_factor

THIN_SPACE = "\u2009"
MINUS = "\u2212"
_MARKS = {"vi": ",", "en": "."}
_CANONICAL = re.compile(r"(?P<sign>[-+]?)(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?")
_FLOOR_DIGITS = 12
_CONTEXT = Context(prec=1500)  # every difference of two doubles is exact within this


class RoundingMode(StrEnum):
    """How an expanded uncertainty is rounded: to the nearest, or up."""

    NEAREST = "nearest"
    UP = "up"


@dataclass(frozen=True, slots=True)
class ReportedResult:
    """Canonical text of a value and its expanded uncertainty, both with `decimals` places, in `unit`.

    `decimals` is negative where the last reported digit stands before the decimal point.
    """

    value: str
    expanded_uncertainty: str
    decimals: int
    unit: str


@dataclass(frozen=True, slots=True)
class ReportedDeviation:
    """A result as nominal value plus deviation: canonical texts, the deviation and its U in `unit`."""

    nominal: str
    nominal_unit: str
    deviation: str
    expanded_uncertainty: str
    decimals: int
    unit: str

    def text(self, language: str) -> str:
        """Return for example "10 kg + 25 mg", with the sign between two spaces."""
        sign = MINUS if self.deviation.startswith("-") else "+"
        deviation = localise(self.deviation.removeprefix("-"), language)
        nominal = f"{localise(self.nominal, language)} {display_unit(self.nominal_unit)}"
        return f"{nominal} {sign} {deviation} {display_unit(self.unit)}"

    def uncertainty_text(self, language: str) -> str:
        """Return for example "59 mg"."""
        return f"{localise(self.expanded_uncertainty, language)} {display_unit(self.unit)}"


def _decimal(number: Fraction) -> Decimal:
    with localcontext(_CONTEXT):
        return Decimal(number.numerator) / Decimal(number.denominator)


def _plain(number: Decimal) -> str:
    """Return canonical text without an exponent; zero has no sign."""
    return format(number.copy_abs() if number.is_zero() else number, "f")


def round_uncertainty(number: Decimal, digits: int = 2, mode: RoundingMode = RoundingMode.NEAREST) -> Decimal:
    """Return a positive uncertainty with `digits` (1 or 2) significant digits; the exponent tells the last place.

    Where rounding to the nearest would take more than 5 % away (one digit only) it is rounded up: EA-4/02 M:2022,
    clause 6.3. A carry keeps the number of digits: 0.0995 becomes 0.10.
    """
    if digits not in {1, 2} or isinstance(digits, bool):
        raise InvalidQuantity("rounding.digits", value=digits)
    with localcontext(_CONTEXT):
        step = Decimal(1).scaleb(number.adjusted() - digits + 1)
        up = mode is RoundingMode.UP
        rounded = number.quantize(step, rounding=ROUND_CEILING if up else ROUND_HALF_UP)
        if rounded < number * Decimal("0.95"):
            rounded = number.quantize(step, rounding=ROUND_CEILING)
        if rounded.adjusted() > number.adjusted():
            rounded = rounded.quantize(step.scaleb(1))
        return rounded


def _reported(
    value: Decimal, uncertainty: Decimal, digits: int, mode: RoundingMode, floor: Decimal | None = None
) -> tuple[Decimal, Decimal]:
    if uncertainty.is_zero():
        round_uncertainty(Decimal(1), digits)  # refuse a wrong number of digits here too
        return value, uncertainty
    rounded = round_uncertainty(uncertainty, digits, mode)
    if floor is not None and rounded < floor:
        rounded = round_uncertainty(floor, digits, RoundingMode.UP)
    with localcontext(_CONTEXT):
        return value.quantize(Decimal(1).scaleb(int(rounded.as_tuple().exponent)), rounding=ROUND_HALF_UP), rounded


def report(
    value: float | Decimal,
    expanded_uncertainty: float | Decimal,
    unit: str,
    *,
    digits: int = 2,
    mode: RoundingMode = RoundingMode.NEAREST,
    floor: float | None = None,
) -> ReportedResult:
    """Return a value and its expanded uncertainty as reported: U to `digits` digits, the value to the same place.

    `floor` is the CMC in `unit`: where rounding to the nearest would end below it, U is rounded up from it, for no
    smaller uncertainty may be stated under the accreditation (ILAC-P14:09/2020, 5.4). An uncertainty of exactly 0
    leaves the value as it is. Raises InvalidQuantity if a number is not finite, U is negative, or `digits` is not 1
    or 2. Source: JCGM 100:2008, 7.2.6; ILAC-P14:09/2020, clause 5.
    """
    not_negative(expanded_uncertainty, "report", "expanded_uncertainty")
    lowest = None if floor is None else _floor(floor)
    number, rounded = _reported(_decimal(exact(value)), _decimal(exact(expanded_uncertainty)), digits, mode, lowest)
    return ReportedResult(_plain(number), _plain(rounded), -int(number.as_tuple().exponent), unit)


def _floor(cmc: float) -> Decimal:
    """Return a CMC without the noise of the binary arithmetic that it comes from: 12 digits are what any scope says."""
    return round_significant(not_negative(cmc, "report", "cmc"), _FLOOR_DIGITS)


def round_to_decimals(number: float | Decimal, decimals: int, mode: RoundingMode = RoundingMode.NEAREST) -> str:
    """Return canonical text of a number rounded to a number of decimals; up means toward +infinity."""
    rounding = ROUND_CEILING if mode is RoundingMode.UP else ROUND_HALF_UP
    with localcontext(_CONTEXT):
        return _plain(_decimal(exact(number)).quantize(Decimal(1).scaleb(-decimals), rounding=rounding))


def round_significant(number: float, digits: int) -> Decimal:
    """Return a number with at most so many significant digits (1 to 17), a half away from zero; for tables only.

    Reported results go through `report`. Raises InvalidQuantity for a number that is not finite, or other digits.
    """
    if isinstance(digits, bool) or not 1 <= digits <= 17:
        raise InvalidQuantity("quantity.out_of_range", name="report", field="digits", lower=1, upper=17, value=digits)
    with localcontext(prec=digits, rounding=ROUND_HALF_UP):
        return +Decimal(repr(finite(number, "report", "value")))


def reported_uncertainty(expanded_uncertainty: float, cmc: float | None) -> float:
    """Return the larger of U and the CMC at that point, both in one unit and for one coverage probability.

    `cmc` None means that the row lies outside the accredited scope. Source: ILAC-P14:09/2020, clause 5.
    """
    spread = not_negative(expanded_uncertainty, "report", "expanded_uncertainty")
    return spread if cmc is None else max(spread, not_negative(cmc, "report", "cmc"))


def report_deviation(
    nominal: str,
    nominal_unit: str,
    estimate: float,
    expanded_uncertainty: float,
    unit: str,
    report_unit: str,
    *,
    digits: int = 2,
    mode: RoundingMode = RoundingMode.NEAREST,
    floor: float | None = None,
) -> ReportedDeviation:
    """Return a result as nominal value plus deviation, the deviation and U in `report_unit`.

    `nominal` is canonical text in `nominal_unit`; estimate, U and `floor` (the CMC, as in `report`) are in `unit`. The
    difference is taken exactly before it is rounded. Raises InvalidQuantity for text that is not a number, or units
    that do not fit.
    """
    not_negative(expanded_uncertainty, "report", "expanded_uncertainty")
    if _CANONICAL.fullmatch(nominal) is None:
        raise InvalidQuantity("rounding.text", value=nominal)
    factor = exact_factor(unit, report_unit)
    shift = exact(estimate) * factor - exact(Decimal(nominal)) * exact_factor(nominal_unit, report_unit)
    spread = _decimal(exact(expanded_uncertainty) * factor)
    lowest = None if floor is None else _floor(float(_decimal(exact(floor) * factor)))
    number, rounded = _reported(_decimal(shift), spread, digits, mode, lowest)
    return ReportedDeviation(
        nominal,
        canonical_unit(nominal_unit),
        _plain(number),
        _plain(rounded),
        -int(number.as_tuple().exponent),
        canonical_unit(report_unit),
    )


def _mark(language: str) -> str:
    if language not in _MARKS:
        raise InvalidQuantity("rounding.language", value=language)
    return _MARKS[language]


def localise(text: str, language: str, *, longest_together: int = 4) -> str:
    """Return canonical text as a reader of "vi" or "en" expects it: decimal mark, thin-space groups of three, minus.

    Four digits on one side of the mark stay together (SI Brochure, 9th edition, 5.4.4) unless `longest_together` is
    3, which holds for decimals only. Raises InvalidQuantity for text that is not canonical. `delocalise` turns back
    what was written without it.
    """
    mark = _mark(language)
    match = _CANONICAL.fullmatch(text)
    if match is None:
        raise InvalidQuantity("rounding.text", value=text)
    whole, part = match["whole"], match["part"]
    if len(whole) > 4:
        head = len(whole) % 3
        groups = [whole[:head]] if head else []
        whole = THIN_SPACE.join(groups + [whole[i : i + 3] for i in range(head, len(whole), 3)])
    if part is not None and len(part) > longest_together:
        part = THIN_SPACE.join(part[i : i + 3] for i in range(0, len(part), 3))
    sign = MINUS if match["sign"] == "-" else match["sign"]
    return f"{sign}{whole}" + ("" if part is None else f"{mark}{part}")


def delocalise(text: str, language: str) -> str:
    """Return the canonical text of what `localise` wrote; raises InvalidQuantity for anything else."""
    mark = _mark(language)
    plain = text.replace(THIN_SPACE, "").replace(MINUS, "-")
    canonical = plain.replace(mark, ".")
    if _CANONICAL.fullmatch(canonical) is None or localise(canonical, language) != text:
        raise InvalidQuantity("rounding.text", value=text)
    return canonical


def coverage_factor_text(factor: float, language: str) -> str:
    """Return a coverage factor with two decimals, or as a whole number where it is one: "2", "2,13"."""
    number = exact(positive(factor, "report", "coverage_factor"))
    return localise(str(int(number)) if number.denominator == 1 else round_to_decimals(factor, 2), language)


def probability_text(probability: float, language: str) -> str:
    """Return a coverage probability (a fraction between 0 and 1) in per cent with all its digits: "95,45 %"."""
    if not 0.0 < probability < 1.0:
        raise InvalidQuantity("coverage.probability", value=probability)
    percent = _decimal(exact(probability) * 100)
    return f"{localise(_plain(percent.normalize(_CONTEXT)), language)} %"
