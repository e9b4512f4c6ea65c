"""Numbers as people type them: decimal comma or point, groups of thousands, a sign; never guessed.

What is ambiguous (`1,234` or `1.234.567`-like groups with one mark only) is decided by one rule, stated here: a single
comma or point is the decimal mark; a mark that occurs more than once groups thousands and then every group must have
three digits. Callers that read spreadsheet blocks ask instead (a later page).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from lims.core.errors import FieldError, InvalidInput

_SPACES: Final = dict.fromkeys(map(ord, " \u00a0\u2007\u2009\u202f"), None)
_MINUS: Final = {ord("−"): "-", ord("–"): "-", ord("＋"): "+"}
_PLAIN: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}([ \u00a0\u2007\u2009\u202f]\d{3})+([.,]\d+)?", re.ASCII)
MAX_LENGTH: Final = 40
"""More characters than this are no reading; the limit keeps hostile input cheap."""


def parse_decimal(text: str) -> Decimal | None:
    """Return the number that the text means, or None if it is not one.

    Accepts "12,5", "12.5", "-0,010", "−0.010", "1 234,5", "1.234,5", "1,234.5", "1.234.567", "2e-3".
    """
    stripped = text.strip()
    plain = stripped.replace(",", ".")
    if plain.isascii() and len(plain) <= MAX_LENGTH and plain.removeprefix("-").replace(".", "", 1).isdecimal():
        return Decimal(plain)  # what most indications look like
    stripped = stripped.translate(_MINUS)
    if not stripped or len(stripped) > MAX_LENGTH:
        return None
    if re.search(r"\d[ \u00a0\u2007\u2009\u202f]+\d", stripped) and not _GROUPED.fullmatch(stripped):
        return None
    compact = stripped.translate(_SPACES)
    canonical = _one_decimal_mark(compact)
    if canonical is None or not _PLAIN.fullmatch(canonical):
        return None
    return Decimal(canonical)


def require_decimal(field: str, text: str) -> Decimal:
    """Return the number in a field. Raises InvalidInput naming the field if it is empty or not a number."""
    if not text.strip():
        raise InvalidInput([FieldError(field, "number.missing")])
    number = parse_decimal(text)
    if number is None:
        raise InvalidInput([FieldError(field, "number.not_a_number", {"text": text.strip()[:MAX_LENGTH]})])
    return number


def _one_decimal_mark(text: str) -> str | None:
    """Return the text with a point as its decimal mark and no grouping marks, or None if the marks make no sense."""
    commas, points = text.count(","), text.count(".")
    if not commas or not points:
        mark = "," if commas else "."
        if max(commas, points) <= 1:
            return text.replace(mark, ".")
        return _without_groups(text, mark)
    decimal_mark = "," if text.rfind(",") > text.rfind(".") else "."
    group_mark = "." if decimal_mark == "," else ","
    if text.count(decimal_mark) > 1:
        return None
    whole, fraction = text.split(decimal_mark)
    whole_digits = _without_groups(whole, group_mark)
    return None if whole_digits is None else f"{whole_digits}.{fraction}"


def _without_groups(text: str, mark: str) -> str | None:
    groups = text.lstrip("+-").split(mark)
    if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
        return None
    return text.replace(mark, "")
