r"""Units of D-SI, strictly: `\kilo\gram\metre\tothe{-3}` to the unit that calculations know as `kg/m3`.

What is no D-SI stays text with its state: `\degreeCelsius`, `/kilogram`, `kN` or `%` are not taken for what they
resemble.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from calc.errors import InvalidQuantity
from calc.units import Unit, parse_unit
from lims.dcc.value_facts import UnitState, UnitText

_DECIMAL: Final = (
    ("quecto", "q", -30),
    ("ronto", "r", -27),
    ("yocto", "y", -24),
    ("zepto", "z", -21),
    ("atto", "a", -18),
    ("femto", "f", -15),
    ("pico", "p", -12),
    ("nano", "n", -9),
    ("micro", "u", -6),
    ("milli", "m", -3),
    ("centi", "c", -2),
    ("deci", "d", -1),
    ("deca", "da", 1),
    ("hecto", "h", 2),
    ("kilo", "k", 3),
    ("mega", "M", 6),
    ("giga", "G", 9),
    ("tera", "T", 12),
    ("peta", "P", 15),
    ("exa", "E", 18),
    ("zetta", "Z", 21),
    ("yotta", "Y", 24),
    ("ronna", "R", 27),
    ("quetta", "Q", 30),
)
_BINARY: Final = ("kibi", "mebi", "gibi", "tebi", "pebi", "exbi", "zebi", "yobi")
_PREFIXES: Final[dict[str, tuple[str, Fraction]]] = {
    **{name: (symbol, Fraction(10) ** power) for name, symbol, power in _DECIMAL},
    **{name: (f"{name[0].upper()}i", Fraction(1024) ** power) for power, name in enumerate(_BINARY, start=1)},
}
# The names of D-SI and the symbols of calculations; None where these have no such unit.
_UNITS: Final[dict[str, str | None]] = {
    "ampere": "A",
    "candela": "cd",
    "kelvin": "K",
    "kilogram": "kg",
    "metre": "m",
    "mole": "mol",
    "one": "1",
    "second": "s",
    "becquerel": "Bq",
    "coulomb": "C",
    "degreecelsius": "degC",
    "farad": "F",
    "gram": "g",
    "gray": "Gy",
    "henry": "H",
    "hertz": "Hz",
    "joule": "J",
    "katal": "kat",
    "lumen": "lm",
    "lux": "lx",
    "newton": "N",
    "ohm": "ohm",
    "pascal": "Pa",
    "radian": "rad",
    "siemens": "S",
    "sievert": "Sv",
    "steradian": "sr",
    "tesla": "T",
    "volt": "V",
    "watt": "W",
    "weber": "Wb",
    "arcminute": "arcmin",
    "arcsecond": "arcsec",
    "astronomicalunit": "au",
    "dalton": "Da",
    "day": "d",
    "degree": "deg",
    "electronvolt": "eV",
    "hectare": "ha",
    "hour": "h",
    "litre": "L",
    "minute": "min",
    "tonne": "t",
    "percent": "%",
    "ppm": "ppm",
    "bit": "bit",
    "byte": "B",
    "bar": "bar",
    "barn": "b",
    "knot": "kn",
    "nauticalmile": "nmi",
    "mmHg": "mmHg",
    "angstrom": None,
    "atomicmassunit": None,
    "atomicunittime": None,
    "bel": None,
    "bohr": None,
    "clight": None,
    "decibel": None,
    "electronmass": None,
    "elementarycharge": None,
    "hartree": None,
    "naturalunittime": None,
    "neper": None,
    "planckbar": None,
}
_WITHOUT_PREFIX: Final = frozenset(
    {"day", "decibel", "degreecelsius", "hectare", "hour", "kilogram", "minute", "mmHg", "one", "percent", "ppm"}
)
_WITHOUT_EXPONENT: Final = frozenset({"one", "percent", "ppm"})
_WORD: Final = re.compile(r"\\([A-Za-z]+)(?:\{([^{}]*)\})?")
_EXPONENT: Final = re.compile(r"-?\d{1,3}(\.\d{1,6})?", re.ASCII)
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class _Factor:
    prefix: str | None
    unit: str
    exponent: Fraction


class _NotDigitalSi(Exception):
    """The text does not follow the format."""


def unit_text(text: str, path: str) -> UnitText:
    """Return a unit as written with what is understood of it; `path` is the XPath of its element."""
    state, canonical = _understood(text.strip())
    return UnitText(text.strip(), path, state, canonical)


@lru_cache(maxsize=4096)
def _understood(text: str) -> tuple[UnitState, str | None]:
    if not text:
        return UnitState.MISSING, None
    if text.startswith("|"):
        return UnitState.NON_SI, None
    try:
        numerator, denominator = _fraction(text)
    except _NotDigitalSi:
        return UnitState.NOT_DIGITAL_SI, None
    factors = [*numerator, *(_Factor(one.prefix, one.unit, -one.exponent) for one in denominator)]
    canonical = _canonical(factors)
    return (UnitState.NOT_CALCULABLE, None) if canonical is None else (UnitState.UNDERSTOOD, canonical)


def _fraction(text: str) -> tuple[list[_Factor], list[_Factor]]:
    """Return the factors above and below the one division; everything behind `\\per` is below it."""
    words: list[tuple[str, str | None]] = []
    place = 0
    while place < len(text):
        match = _WORD.match(text, place)
        if match is None or len(text) > _LONGEST:
            raise _NotDigitalSi
        words.append((match[1], match[2]))
        place = match.end()
    divisions = [number for number, (word, _) in enumerate(words) if word == "per"]
    if len(divisions) > 1:
        raise _NotDigitalSi
    if not divisions:
        return _factors(words), []
    if words[divisions[0]][1] is not None:
        raise _NotDigitalSi
    return _factors(words[: divisions[0]]), _factors(words[divisions[0] + 1 :])


def _factors(words: list[tuple[str, str | None]]) -> list[_Factor]:
    factors: list[_Factor] = []
    prefix: str | None = None
    for number, (word, braces) in enumerate(words):
        if word == "tothe":
            if prefix is not None or not factors or words[number - 1][0] == "tothe":
                raise _NotDigitalSi
            last = factors.pop()
            factors.append(_Factor(last.prefix, last.unit, _exponent(braces, last.unit)))
        elif braces is not None:
            raise _NotDigitalSi
        elif word in _UNITS:
            if prefix is not None and word in _WITHOUT_PREFIX:
                raise _NotDigitalSi
            factors.append(_Factor(prefix, word, Fraction(1)))
            prefix = None
        elif word in _PREFIXES and prefix is None:
            prefix = word
        else:
            raise _NotDigitalSi
    if prefix is not None or not factors:
        raise _NotDigitalSi
    return factors


def _exponent(braces: str | None, unit: str) -> Fraction:
    if braces is None or not _EXPONENT.fullmatch(braces) or unit in _WITHOUT_EXPONENT:
        raise _NotDigitalSi
    exponent = Fraction(braces)
    if not exponent:
        raise _NotDigitalSi
    return exponent


def _canonical(factors: list[_Factor]) -> str | None:
    """Return the unit as calculations write it: above the line, then below; None where they have no such unit.

    The text is read back and has to be the same unit: a prefix and a symbol may together be another unit's symbol.
    """
    above: list[str] = []
    below: list[str] = []
    scale, dimension = Fraction(1), dict[str, Fraction]()
    for factor in factors:
        symbol = _UNITS[factor.unit]
        if symbol is None or factor.exponent.denominator != 1:
            return None
        power = int(factor.exponent)
        prefix, multiple = _PREFIXES[factor.prefix] if factor.prefix else ("", Fraction(1))
        base = parse_unit(symbol)
        scale *= (multiple * base.scale) ** power
        for name, exponent in base.dimension:
            dimension[name] = dimension.get(name, Fraction(0)) + exponent * power
        if symbol != "1":
            (above if power > 0 else below).append(f"{prefix}{symbol}{abs(power) if abs(power) != 1 else ''}")
    written = ".".join(above) or "1"
    if below:
        written = f"{written}/{'.'.join(below)}"
    read = _read_back(written)
    wanted = tuple(sorted((name, exponent) for name, exponent in dimension.items() if exponent))
    return read.text if read is not None and (read.scale, read.dimension) == (scale, wanted) else None


def _read_back(written: str) -> Unit | None:
    try:
        unit = parse_unit(written)
        return unit if parse_unit(unit.text) == unit else None
    except InvalidQuantity:
        return None
