"""Simple types: whether a text is of one, and the dates, booleans and numbers that texts stand for."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from lims.dcc.grammar import Grammar, SimpleType

_BLANKS: Final = " \t\r\n"
_ZONE: Final = r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
_DATE: Final = re.compile(rf"(?P<year>-?\d{{4,}})-(?P<month>\d\d)-(?P<day>\d\d){_ZONE}", re.ASCII)
_DATE_TIME: Final = re.compile(
    rf"(?P<date>-?\d{{4,}}-\d\d-\d\d)T(([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?|24:00:00(\.0+)?){_ZONE}", re.ASCII
)
_DURATION: Final = re.compile(r"-?P(?=[\dT])(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", re.ASCII)
_NAME: Final = re.compile(r"[^\W\d][\w.·-]*")
_INTEGER: Final = re.compile(r"[-+]?\d+", re.ASCII)
_DOUBLE: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([Ee][-+]?\d+)?|INF|-INF|NaN", re.ASCII)
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
# Beyond this no measured value lies, and no double holds it.
_LARGEST_EXPONENT: Final = 300
_LONGEST_NUMBER: Final = 400


def fault_in(text: str, type_name: str, grammar: Grammar) -> str | None:
    """Return why a text is not of a simple type, as the last part of a finding's code; None where it is."""
    simple = grammar.simple(type_name)
    if simple.item is not None:
        faults = (fault_in(word, simple.item, grammar) for word in text.split())
        return next((fault for fault in faults if fault is not None), None)
    if simple.values:
        return None if text in simple.values else "not_one_of"
    if simple.base == "double" or type_name == "double":
        return _number_fault(text.strip(_BLANKS), simple)
    if simple.pattern is not None:
        return None if simple.pattern.fullmatch(text) else "not_of_its_form"
    return _built_in_fault(text, simple.base)


def _number_fault(text: str, simple: SimpleType) -> str | None:
    pattern = simple.pattern or _DOUBLE
    if not pattern.fullmatch(text):
        return "not_a_number"
    return None if text == "NaN" or decimal_of(text) is not None else "number_out_of_range"


def _built_in_fault(text: str, base: str) -> str | None:
    bare = text.strip(_BLANKS)
    match base:
        case "date":
            return None if date_of(bare) is not None else "not_a_date"
        case "dateTime":
            return None if _is_date_time(bare) else "not_a_date_time"
        case "boolean":
            return None if bare in _BOOLEANS else "not_a_boolean"
        case "duration":
            return None if _DURATION.fullmatch(bare) else "not_a_duration"
        case "integer":
            return None if _INTEGER.fullmatch(bare) else "not_an_integer"
        case "base64Binary":
            return None if bytes_of(bare) is not None else "not_base64"
        case "ID" | "IDREF":
            return None if _NAME.fullmatch(bare) else "not_a_mark"
        case "IDREFS":
            words = bare.split()
            return None if words and all(_NAME.fullmatch(word) for word in words) else "not_a_mark"
    return None


def date_of(text: str | None) -> date | None:
    """Return the day that a text names, whatever its time zone; None where it names none of our era."""
    match = _DATE.fullmatch((text or "").strip(_BLANKS))
    if match is None:
        return None
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None


def day_of(text: str | None) -> date | None:
    """Return the day of a point in time."""
    match = _DATE_TIME.fullmatch((text or "").strip(_BLANKS))
    return None if match is None else date_of(match["date"])


def instant_of(text: str | None) -> datetime | None:
    """Return the point in time that a text names; None where it is none, or has no time zone."""
    bare = (text or "").strip(_BLANKS)
    if not _is_date_time(bare):
        return None
    try:
        instant = datetime.fromisoformat(bare)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def _is_date_time(text: str) -> bool:
    match = _DATE_TIME.fullmatch(text)
    return match is not None and date_of(match["date"]) is not None


def boolean_of(text: str | None) -> bool | None:
    """Return what a boolean's text says."""
    return _BOOLEANS.get((text or "").strip(_BLANKS))


def decimal_of(text: str | None) -> Decimal | None:
    """Return a number exactly as written; None for NaN and for what no measurement can give."""
    bare = (text or "").strip(_BLANKS)
    if not bare or len(bare) > _LONGEST_NUMBER:
        return None
    try:
        number = Decimal(bare)
    except InvalidOperation:
        return None
    if not number.is_finite() or (number and abs(number.adjusted()) > _LARGEST_EXPONENT):
        return None
    return number


def bytes_of(text: str) -> bytes | None:
    """Return what a text in base 64 holds."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
