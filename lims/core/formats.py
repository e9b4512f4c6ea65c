"""Dates, times and numbers as the reader's language writes them; times in the laboratory's zone."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import current_app, has_app_context, has_request_context
from flask_babel import get_locale

from calc import rounding
from calc.errors import CalcError
from lims.core import reader

_DEFAULT_ZONE: Final = "Asia/Ho_Chi_Minh"
_CLASS_NUMBER: Final = re.compile(r"\d+[.,]\d+")


def language() -> str:
    """Return the reader's language, "vi" or "en"; outside a request (commands) the one that is spoken there."""
    if not has_request_context():
        return reader.spoken()
    locale = get_locale()
    return "en" if locale is None else str(locale.language)


def zone() -> ZoneInfo:
    """Return the laboratory's time zone."""
    return ZoneInfo(current_app.config["LIMS_TIMEZONE"] if has_app_context() else _DEFAULT_ZONE)


def date(value: dt.date | None) -> str:
    """Return a date: 21/11/2026 in Vietnamese, 21 Nov 2026 in English; an instant gives its date in the zone."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = value.astimezone(zone()).date()
    if language() == "vi":
        return f"{value:%d/%m/%Y}"
    return str(format_date(value, "d MMM yyyy", locale="en"))


def time(value: dt.datetime | None, *, seconds: bool = False) -> str:
    """Return date and time of day of an instant in the laboratory's zone."""
    if value is None:
        return ""
    local = value.astimezone(zone())
    return f"{date(local.date())} {local:%H:%M:%S}" if seconds else f"{date(local.date())} {local:%H:%M}"


def clock_time(value: dt.datetime | None) -> str:
    """Return the time of day of an instant in the laboratory's zone."""
    return "" if value is None else f"{value.astimezone(zone()):%H:%M}"


def number(value: Decimal | int | str | None) -> str:
    """Return an exact number as the reader's language writes it: comma or point, thin spaces, a real minus sign."""
    if value is None:
        return ""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    try:
        return rounding.localise(text, language())
    except CalcError:
        return text  # words, such as "not measurable", stand as they are


def accuracy_class(text: str | None) -> str:
    """Return an accuracy class: a number (1,6) with the decimal mark of the reader, another (M1) as it stands."""
    return number(text.replace(",", ".")) if text and _CLASS_NUMBER.fullmatch(text) else text or ""


def typed_number(value: Decimal) -> str:
    """Return an exact number as a person would type it: the reader's decimal mark, no groups, a plain minus sign."""
    text = f"{value:f}"
    return text.replace(".", ",") if language() == "vi" else text


def iso_date(value: dt.date | None) -> str:
    """Return a date in the form of ISO 8601, for machine-readable attributes."""
    return "" if value is None else value.isoformat()
