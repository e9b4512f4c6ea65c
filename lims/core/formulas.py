"""Formulas in x as the reader's language writes them: "0.02 + 0.003 * x" in g is (0,02 + 0,003 × x) g."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from markupsafe import Markup, escape

from calc.units import display_unit
from lims.core.formats import language, number

_TOKEN: Final = re.compile(
    r"(?P<power>\*\*\s*(?P<exponent>-?\d+))|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>\w+)|(?P<sign>\S)"
)
_INDEXED: Final = re.compile(r"\b([^\W\d_]+)_(\w+)")
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS: Final = {"*": " × ", "/": " / ", "+": " + ", "-": " − "}
_NAMES: Final = {"sqrt": "√", "pi": "π"}
_OPENING: Final = frozenset({"", "(", ","})


def symbols(text: str) -> Markup:
    """Return a symbol, or a formula of symbols, with what follows a symbol's underscore set below the line: p_X."""
    found, end = Markup(""), 0
    for match in _INDEXED.finditer(text):
        found += escape(text[end : match.start()]) + Markup("{}<sub>{}</sub>").format(match[1], match[2])
        end = match.end()
    return found + escape(text[end:])


def formula(expression: str | None, unit: str | None = None) -> str:
    """Return a formula with the reader's decimal mark, real signs and its unit; brackets where it has several terms.

    What is no formula stays readable: nothing is refused here, the services did that.
    """
    if not expression:
        return ""
    found, before, terms = "", "", 0
    for match in _TOKEN.finditer(expression):
        text = match[0]
        if match["power"]:
            found += match["exponent"].translate(_RAISED)
        elif match["number"]:
            found += number(Decimal(text))
        elif match["name"]:
            found += _NAMES.get(text, text)
        elif text == "-" and before in {*_OPENING, *_SIGNS}:
            found += "−"
        elif text == ",":
            found += "; " if language() == "vi" else ", "
        else:
            terms += text in _SIGNS
            found += _SIGNS.get(text, text)
        before = text
    symbol = display_unit(unit) if unit else ""
    if not symbol:
        return found
    return f"({found}) {symbol}" if terms else f"{found} {symbol}"
