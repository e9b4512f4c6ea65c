"""A value with its uncertainty as one text: value ± U, the concise form 1.234 5(67), powers of ten, and back again.

Everything is rounded by `calc.rounding` first; this module only arranges the digits. Which uncertainty stands in the
text, u or U, the words beside it have to say (JCGM 100:2008, 7.2.2 and 7.2.4).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, localcontext

from calc.errors import InvalidQuantity
from calc.quantities import Estimate, not_negative
from calc.rounding import THIN_SPACE, RoundingMode, localise, report, reported_uncertainty, round_significant
from calc.units import canonical_unit, convert_difference, display_unit, exact, parse_unit

_NO_BREAK = "\u00a0"
_TIMES = f"{_NO_BREAK}×{_NO_BREAK}10"
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWERED = {ord(raised): plain for plain, raised in zip("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", strict=True)}
_WITHOUT_SPACE = frozenset({"°", "′", "″"})
_POWER = re.compile(r"(?:\s*[×x·*]\s*10(?:\^|\*\*)?|[eE])\s*(?P<power>[-+]?[0-9]{1,3})\Z")
_CONCISE = re.compile(r"(?P<value>[-+]?[0-9]+(?:\.(?P<part>[0-9]+))?)\((?P<spread>[0-9]+(?:\.[0-9]+)?)\)")
_PLUS_MINUS = re.compile(r"(?P<value>[-+]?[0-9]+(?:\.[0-9]+)?)(?:±|\+/-)(?P<spread>[0-9]+(?:\.[0-9]+)?)")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class WrittenResult:
    """A rounded value and its uncertainty: canonical texts with `decimals` places, both times 10**exponent `unit`.

    `decimals` is negative where the last kept digit stands before the decimal mark.
    """

    value: str
    uncertainty: str
    decimals: int
    exponent: int
    unit: str

    def plus_minus(self, language: str) -> str:
        """Return for example "(10 000.025 ± 0.059) g" or "(1.234 5 ± 0.006 7) × 10⁻⁷ m".

        The brackets make the unit belong to both numbers. Source: JCGM 100:2008, 7.2.4; ISO 80000-1:2022, 7.1.4.
        """
        sides = f"{localise(self.value, language)} ± {localise(self.uncertainty, language)}"
        tail = self._tail()
        return f"({sides}){tail}" if tail else sides

    def concise(self, language: str) -> str:
        """Return for example "1.234 5(67) × 10⁻⁷ m": the digits in brackets count in the last places of the value.

        Where the uncertainty reaches beyond the decimal mark it is written with it, "12.3(1.1)", so that nobody takes
        (11) for 1.1 or for 11; without decimals it is the whole number, "123 500(4300)". Decimals stand in groups of
        three also where there are four, so that places can be counted. Source: JCGM 100:2008, 7.2.2.
        """
        spread = Decimal(self.uncertainty)
        if self.decimals > 0 and spread < 1:
            digits = str(int(spread.scaleb(self.decimals)))
        else:
            digits = localise(self.uncertainty, language).replace(THIN_SPACE, "")
        return f"{localise(self.value, language, longest_together=3)}({digits}){self._tail()}"

    def _tail(self) -> str:
        """Return power of ten and unit as they follow a number."""
        power = "" if self.exponent == 0 else f"{_TIMES}{str(self.exponent).translate(_RAISED)}"
        unit = display_unit(self.unit)
        if not unit:
            return power
        return f"{power}{unit}" if unit in _WITHOUT_SPACE else f"{power}{_NO_BREAK}{unit}"


def write(
    value: float | Decimal,
    uncertainty: float | Decimal,
    unit: str,
    *,
    digits: int = 2,
    mode: RoundingMode = RoundingMode.NEAREST,
    exponent: int | None = 0,
) -> WrittenResult:
    """Return a value and its uncertainty (u or U), both in `unit`, rounded and ready to be written.

    `digits` (1 or 2) of the uncertainty are kept, the value to the same place. Both stand as multiples of
    10**`exponent`; None takes the exponent that leaves one digit before the mark of the larger of the two. The shift is
    exact. Raises InvalidQuantity as `calc.rounding.report` does, and for an exponent beyond ±300.
    Source: JCGM 100:2008, 7.2.6.
    """
    not_negative(uncertainty, "report", "uncertainty")
    number, spread = exact(value), exact(uncertainty)
    if exponent is None:
        rounded = report(float(value), float(uncertainty), unit, digits=digits, mode=mode)
        exponent = max(_adjusted(rounded.value), _adjusted(rounded.expanded_uncertainty))
    if isinstance(exponent, bool) or not -300 <= exponent <= 300:
        raise InvalidQuantity(
            "quantity.out_of_range", name="report", field="exponent", lower=-300, upper=300, value=exponent
        )
    shift = Decimal(10) ** -exponent
    factor = exact(shift)
    with localcontext(prec=800):
        scaled = [Decimal((one * factor).numerator) / Decimal((one * factor).denominator) for one in (number, spread)]
    reported = report(scaled[0], scaled[1], unit, digits=digits, mode=mode)
    return WrittenResult(
        reported.value, reported.expanded_uncertainty, reported.decimals, exponent, canonical_unit(unit)
    )


def _adjusted(text: str) -> int:
    """Return the power of ten of the first digit, very small for 0."""
    number = Decimal(text)
    return number.adjusted() if number else -300


def write_estimate(
    estimate: Estimate,
    *,
    coverage_factor: float | None = None,
    digits: int = 2,
    mode: RoundingMode = RoundingMode.NEAREST,
    exponent: int | None = 0,
) -> WrittenResult:
    """Return an estimate with its standard uncertainty, or with U = k u where a coverage factor is given."""
    u = estimate.standard_uncertainty
    if coverage_factor is not None:
        u *= coverage_factor
    return write(estimate.value, u, estimate.unit, digits=digits, mode=mode, exponent=exponent)


@dataclass(frozen=True, slots=True)
class ScopeFloor:
    """The calibration and measurement capability at a point: the smallest U that may be reported there."""

    expanded_uncertainty: float
    unit: str
    coverage_probability: float

    def __post_init__(self) -> None:
        not_negative(self.expanded_uncertainty, "scope", "expanded_uncertainty")
        parse_unit(self.unit)
        if not 0.0 < self.coverage_probability < 1.0:
            raise InvalidQuantity("coverage.probability", value=self.coverage_probability)


def floored(expanded_uncertainty: float, unit: str, coverage_probability: float, floor: ScopeFloor | None) -> float:
    """Return the larger of U and the capability, in `unit`; None means that the row lies outside the scope.

    Raises InvalidQuantity where the units do not fit or the two are for different coverage probabilities, which
    nothing but the distributions behind them could convert. Source: ILAC-P14:09/2020, 5.4.
    """
    spread = not_negative(expanded_uncertainty, "report", "expanded_uncertainty")
    if floor is None:
        return spread
    if coverage_probability != floor.coverage_probability:
        raise InvalidQuantity("reporting.probability", value=coverage_probability, expected=floor.coverage_probability)
    return reported_uncertainty(spread, convert_difference(floor.expanded_uncertainty, floor.unit, unit))


def read_written(text: str, unit: str, *, language: str = "en") -> Estimate:
    """Return the estimate that "1.234 5(67) × 10⁻⁷", "12.3(1.1)" or "(12.3 ± 1.1)e-3" states, as value and u in `unit`.

    The number in brackets counts in the last places of the value unless it has a mark of its own. Exact: no digit is
    lost to the power of ten (the parser of the package `uncertainties` rounds there). A text without an uncertainty is
    refused rather than given one. Raises InvalidQuantity `reporting.text`.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise InvalidQuantity("reporting.text", value=str(text)[:_LONGEST])
    plain = re.sub(r"[\s\u2009\u202f\u00a0]+", "", text).translate(_LOWERED).replace("\u2212", "-")
    if language == "vi":
        plain = plain.replace(".", "?").replace(",", ".")
    elif language != "en":
        raise InvalidQuantity("rounding.language", value=language)
    power = _POWER.search(plain)
    exponent = int(power["power"]) if power else 0
    numbers = plain[: power.start()] if power else plain
    if numbers.startswith("(") and numbers.endswith(")") and "±" in numbers.replace("+/-", "±"):
        numbers = numbers[1:-1]
    elif power and "±" in numbers.replace("+/-", "±"):
        raise InvalidQuantity("reporting.text", value=text)  # does the power belong to both numbers?
    match = _CONCISE.fullmatch(numbers) or _PLUS_MINUS.fullmatch(numbers)
    if match is None:
        raise InvalidQuantity("reporting.text", value=text)
    value, spread = Decimal(match["value"]), Decimal(match["spread"])
    if "part" in match.re.groupindex and "." not in match["spread"]:
        spread = spread.scaleb(-len(match["part"] or ""))
    return Estimate(float(value.scaleb(exponent)), float(spread.scaleb(exponent)), unit)


def significant(number: float, digits: int, language: str) -> str:
    """Return a number with at most so many significant digits, for a table that is looked at: not a reported result.

    Zeros at the end are left out; numbers from 10⁻⁴ to 10⁹ stand in full, others with a power of ten, infinity as ∞.
    Raises InvalidQuantity for NaN, other languages than "vi" and "en", and fewer than 1 or more than 17 digits.
    """
    if math.isinf(number):
        return localise("-1", language).replace("1", "∞") if number < 0 else "∞"
    rounded = round_significant(number, digits)
    if not rounded:
        return localise("0", language)
    exponent = rounded.adjusted()
    if -4 <= exponent < 9:
        return localise(_trimmed(rounded), language)
    power = f"{_TIMES}{str(exponent).translate(_RAISED)}"
    return localise(_trimmed(rounded.scaleb(-exponent)), language) + power


def _trimmed(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
