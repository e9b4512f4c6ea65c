"""Dates, times and numbers as the reader's language writes them; times in the laboratory's zone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import current_app, has_app_context, has_request_context
from flask_babel import get_locale

_DEFAULT_ZONE: Final = "Asia/Ho_Chi_Minh"
_THIN_SPACE: Final = "\u202f"


def language() -> str:
    """Return the reader's language, "vi" or "en"; English outside a request (commands)."""
    locale = get_locale() if has_request_context() else None
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
    return localise(text, language())


def localise(text: str, reader: str) -> str:
    """Return canonical decimal text with the mark of the language, its groups of thousands and a minus sign."""
    sign = "−" if text.startswith("-") else ""
    whole, mark, fraction = text.lstrip("-+").partition(".")
    if not whole.isdigit() or (mark and not fraction.isdigit()):
        return text
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", _THIN_SPACE)
    return sign + whole + (("," if reader == "vi" else ".") + fraction if mark else "")


def iso_date(value: dt.date | None) -> str:
    """Return a date as an `<input type="date">` wants it."""
    return "" if value is None else value.isoformat()
