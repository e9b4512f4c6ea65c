"""Units: canonical text, exact conversion factors and dimensions. The only module that uses pint, at first use.

The canonical text is UCUM-like: short symbols with prefixes (`g`, `mg`, `kPa`, `mmHg`, `ohm`, `um`), whole exponents
behind the symbol (`m3`, `s-2`), `.` for a product, `/` for one division (`g/cm3`), `%`, `%RH`, `1` for a plain number.
`degC` alone is a point of the scale, `delta_degC` (or `K`) a difference; inside a compound (`1/degC`, `ppm/degC`)
it always is a difference. `div(0.05 MPa)` is a division of a dial, `ddiv(0.05 MPa)` a tenth of it. Factors are exact
fractions: converting and converting back gives the number that was there.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, TypeVar

from calc.errors import InvalidQuantity

Number = TypeVar("Number", float, Decimal)

_DEFINITIONS = (
    "percent_relative_humidity = 0.01 = %RH",
    "volt_ampere_reactive = volt * ampere = var",
    "acidity = 1 = pH",
)
_OFFSETS = {"degC": Fraction(27315, 100), "degF": Fraction(45967, 180)}
_SPELLINGS = {
    "%": "percent",
    "%RH": "percent_relative_humidity",
    "‰": "permille",
    "°C": "degC",
    "℃": "degC",
    "°F": "degF",
    "Δ°C": "delta_degC",
    "Δ°F": "delta_degF",
    "°": "deg",
    "Ω": "ohm",
}
_LETTERS = {0xB5: "u", 0x3BC: "u", 0x3A9: "ohm"}  # micro sign, mu, omega
_SHORT = {"°C": "degC", "°F": "degF", "Δ°C": "delta_degC", "Δ°F": "delta_degF", "Ω": "ohm", "l": "L", "‰": "permille"}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_FACTOR = re.compile(r"(?P<symbol>%RH|%|‰|(?:Δ?°)?[A-Za-zµμΩ℃°_]*[A-Za-zµμΩ℃°])(?:\^|\*\*)?(?P<power>-?\d{1,2})?")
_DIVISION = re.compile(r"(?P<part>d?div)\(\s*(?P<value>\d{1,9}(?:[.,]\d{1,9})?)\s*(?P<unit>[^()]+)\)", re.ASCII)
_LONGEST = 60
_SMALLEST = Fraction(1, 10**60)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `scale` to the SI base units, their exponents by name, and the zero of a temperature scale.

    `offset` is in kelvins for degC and degF (a point on a scale) and None for every other unit.
    """

    text: str
    scale: Fraction
    dimension: tuple[tuple[str, Fraction], ...]
    offset: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Division:
    """A dial's division as a unit: what it is worth, `value` in `unit`, and whether tenths of it are counted."""

    value: Decimal
    unit: str
    tenths: bool

    @property
    def text(self) -> str:
        """Return the canonical text."""
        return f"{'ddiv' if self.tenths else 'div'}({self.value.normalize():f} {self.unit})"


@functools.cache
def _registry() -> Any:
    import pint  # takes half a second, so only when a unit is looked up

    registry: Any = pint.UnitRegistry(non_int_type=Fraction)
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _unknown(text: str) -> InvalidQuantity:
    return InvalidQuantity("unit.unknown", name="unit", unit=text)


@functools.lru_cache(maxsize=1024)
def _symbol(text: str) -> tuple[str, Fraction, tuple[tuple[str, Fraction], ...]]:
    """Return canonical symbol, factor to base units and dimension of one unit symbol, as pint knows it."""
    import pint  # see above

    registry = _registry()
    name = _SPELLINGS.get(text, text).translate(_LETTERS)
    try:
        unit = registry.Unit(name)
        if len(unit._units) != 1 or next(iter(unit._units.values())) != 1:
            raise _unknown(text)
        factor, base = registry.get_base_units(unit, check_nonmult=False)
        if name not in _OFFSETS and not registry._units[next(iter(unit._units))].is_multiplicative:
            raise _unknown(text)
        short = f"{unit:~}".replace(" ", "")
    except (pint.PintError, KeyError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        if isinstance(error, InvalidQuantity):
            raise
        raise _unknown(text) from None
    exponents = {str(k): Fraction(v) for k, v in base._units.items() if str(k) != "radian"}
    canonical = _SHORT.get(short, short.translate(_LETTERS))
    if str(unit).endswith("liter"):
        canonical = canonical[:-1] + "L"
    return canonical, Fraction(factor), tuple(sorted(exponents.items()))


@functools.lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """Return the unit that `text` names; raises InvalidQuantity `unit.missing` or `unit.unknown`."""
    stripped = unicodedata.normalize("NFC", text).strip() if isinstance(text, str) else ""
    if not stripped:
        raise InvalidQuantity("unit.missing", name="unit")
    if len(stripped) > _LONGEST:
        raise _unknown(stripped[:_LONGEST])
    if stripped == "1":
        return Unit("1", Fraction(1), ())
    division = division_of(stripped)
    if division is not None:
        inner = parse_unit(division.unit)
        worth = Fraction(division.value) / (10 if division.tenths else 1)
        return Unit(division.text, worth * inner.scale, inner.dimension, inner.offset)
    sides = stripped.replace("²", "2").replace("³", "3").translate(_SUPERSCRIPTS).split("/")
    if len(sides) > 2:
        raise _unknown(stripped)
    canonical: list[str] = []
    scale, dimension = Fraction(1), dict[str, Fraction]()
    for sign, side in zip((1, -1), sides, strict=False):
        factors = [] if side.strip() == "1" and sign == 1 else re.split(r"[.*·⋅]", side.replace("**", "^"))
        names: list[str] = []
        for part in factors:
            match = _FACTOR.fullmatch(part.strip())
            if match is None:
                raise _unknown(stripped)
            power = int(match["power"] or 1)
            name, factor, base = _symbol(match["symbol"])
            if power == 0:
                raise _unknown(stripped)
            names.append(name if power == 1 else f"{name}{power}")
            scale *= factor ** (sign * power)
            for key, exponent in base:
                dimension[key] = dimension.get(key, Fraction(0)) + exponent * sign * power
        canonical.append(".".join(names) or "1")
    if not _SMALLEST <= scale <= 1 / _SMALLEST:
        raise _unknown(stripped)
    exponents = tuple(sorted((key, value) for key, value in dimension.items() if value))
    written = "/".join(canonical)
    return Unit(written, scale, exponents, _OFFSETS.get(written))


def division_of(text: str) -> Division | None:
    """Return the division of a dial that a unit is, None for every other unit; raises InvalidQuantity as parse_unit."""
    match = _DIVISION.fullmatch(text.strip())
    if match is None:
        return None
    value, unit = Decimal(match["value"].replace(",", ".")), parse_unit(match["unit"]).text
    if not value or unit.startswith("delta_"):
        raise _unknown(text[:_LONGEST])
    return Division(value, unit, match["part"] == "ddiv")


def canonical_unit(text: str) -> str:
    """Return the one text under which a unit is stored: "°C" gives "degC", "g/cm³" gives "g/cm3"."""
    return parse_unit(text).text


def is_compatible(first: str, second: str) -> bool:
    """Return whether values can be converted from one unit to the other; raises InvalidQuantity on unknown units."""
    one, two = parse_unit(first), parse_unit(second)
    return one.dimension == two.dimension and not _mixes_kinds(one, two)


def difference_unit(text: str) -> str:
    """Return the unit of differences of values in a unit: delta_degC for degC, the unit itself where it is no scale."""
    unit = parse_unit(text)
    return unit.text if unit.offset is None else f"delta_{unit.text}"


def _mixes_kinds(one: Unit, two: Unit) -> bool:
    """Whether a scale point meets a unit that can only be a difference."""
    return (one.offset is not None and two.text.startswith("delta_")) or (
        two.offset is not None and one.text.startswith("delta_")
    )


def exact_factor(from_unit: str, to_unit: str) -> Fraction:
    """Return the factor of a difference in `from_unit` to `to_unit`, exact; raises InvalidQuantity."""
    one, two = parse_unit(from_unit), parse_unit(to_unit)
    if one.dimension != two.dimension:
        raise InvalidQuantity("unit.incompatible", name="unit", unit=one.text, expected=two.text)
    return one.scale / two.scale


def exact(value: float | Decimal) -> Fraction:
    """Return a number as the fraction that its shortest decimal text states (0.1 is one tenth).

    Raises InvalidQuantity if it is not finite or so far from 1 that no double holds it.
    """
    decimal = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if not decimal.is_finite():
        raise InvalidQuantity("quantity.not_finite", name="value", field="value", value=str(decimal))
    if decimal and abs(decimal.adjusted()) > 400:
        raise InvalidQuantity("quantity.too_large", name="value", field="value", value=str(decimal))
    return Fraction(decimal)


def _as_given(result: Fraction, like: Number) -> Number:
    if isinstance(like, Decimal):
        with localcontext(prec=34):
            return Decimal(result.numerator) / Decimal(result.denominator)
    try:
        return float(result)
    except OverflowError:
        raise InvalidQuantity("quantity.too_large", name="value", field="value", value=like) from None


@dataclass(frozen=True, slots=True)
class _Conversion:
    """How numbers go from one unit to another; `power` is that of ten where the factor is one."""

    same: bool
    factor: Fraction
    shift: Fraction
    power: int | None


@functools.lru_cache(maxsize=1024)
def _conversion(from_unit: str, to_unit: str) -> _Conversion:
    one, two = parse_unit(from_unit), parse_unit(to_unit)
    factor = exact_factor(from_unit, to_unit)
    shift = (one.offset or Fraction(0)) / two.scale - (two.offset or Fraction(0)) / two.scale
    power = max(len(str(factor.numerator)), len(str(factor.denominator))) - 1
    power = power if factor > 1 else -power
    return _Conversion(one == two, factor, shift, power if factor == Fraction(10) ** power else None)


def _times_power_of_ten(value: float, power: int) -> float | None:
    """Return `value`, read as its shortest decimal text, times 10**power, correctly rounded; None where it is not seen.

    The text with another exponent is read once more, which is what exact arithmetic would give, and quicker.
    """
    if value == 0.0:
        return 0.0
    text = repr(value)
    result = math.nan if "e" in text or "n" in text else float(f"{text}e{power}")  # 1e-07, nan and inf are left
    return result if math.isfinite(result) else None


def convert(value: Number, from_unit: str, to_unit: str) -> Number:
    """Return `value` in another unit, correctly rounded; a scale point (degC, degF) moves with its zero.

    Raises InvalidQuantity `unit.unknown`, `unit.incompatible`, or `unit.point_and_difference` where a temperature
    would have to become a difference (degC to delta_degC): say which is meant with `convert_difference`.
    """
    conversion = _conversion(from_unit, to_unit)
    if _mixes_kinds(parse_unit(from_unit), parse_unit(to_unit)):
        one, two = parse_unit(from_unit), parse_unit(to_unit)
        raise InvalidQuantity("unit.point_and_difference", name="unit", unit=one.text, expected=two.text)
    if conversion.same:
        return value
    if conversion.power is not None and not conversion.shift and type(value) is float:
        quick = _times_power_of_ten(value, conversion.power)
        if quick is not None:
            return quick
    return _as_given(exact(value) * conversion.factor + conversion.shift, value)


def convert_difference(value: Number, from_unit: str, to_unit: str) -> Number:
    """Return a difference or an uncertainty in another unit, correctly rounded (degC counts like kelvin)."""
    conversion = _conversion(from_unit, to_unit)
    if conversion.factor == 1:
        return value
    if conversion.power is not None and type(value) is float:
        quick = _times_power_of_ten(value, conversion.power)
        if quick is not None:
            return quick
    return _as_given(exact(value) * conversion.factor, value)


_DISPLAYED = {"deg": "°", "degC": "°C", "degF": "°F", "delta_degC": "°C", "delta_degF": "°F", "permille": "‰"}
_DISPLAYED_FACTOR = re.compile(r"(?P<name>delta_deg[CF]|[^0-9./-]+)(?P<power>-?[0-9]+)?")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def display_unit(canonical: str) -> str:
    """Return the text of a canonical unit for a reader: °C, Ω, µm, g/cm³, N·m; the number 1 is written as nothing."""
    if canonical == "1":
        return ""

    def shown(match: re.Match[str]) -> str:
        name = match["name"]
        if name in _DISPLAYED:
            name = _DISPLAYED[name]
        elif name.endswith("ohm"):
            name = f"{name[:-3]}Ω"
        if len(name) > 1 and name.startswith("u"):
            name = f"µ{name[1:]}"
        return name + (match["power"] or "").translate(_RAISED)

    division = division_of(canonical)
    if division is not None:
        return f"{'ddiv' if division.tenths else 'div'}({division.value:f} {display_unit(division.unit)})"
    return _DISPLAYED_FACTOR.sub(shown, canonical).replace(".", "·")
