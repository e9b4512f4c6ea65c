"""Reads the text of a form field by field and gathers every mistake, so that a person sees them all at once.

A package's `forms.py` builds a command with it::

    fields = Fields(form)
    command = CreateSite(code=fields.text("code", maximum=20), valid_from=fields.date("valid_from"))
    fields.finish()

Required readers return a harmless placeholder after a mistake: `finish` raises before it can be used.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from lims.core.errors import FieldError, InvalidInput
from lims.core.numbers import require_decimal
from lims.core.text import normalise

Choice = TypeVar("Choice", bound=StrEnum)
Value = TypeVar("Value")
_EMAIL: Final = re.compile(r"[^@\s<>()\[\],;:\"]+@[^@\s<>()\[\],;:\"]+\.[^@\s.<>()\[\],;:\"]+")
_SHOWN: Final = 40
_LARGEST_KEY: Final = 2**63 - 1
_KEY_DIGITS: Final = len(str(_LARGEST_KEY))


class Fields:
    """The fields of one form, and what was wrong with them so far."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form
        self.errors: list[FieldError] = []

    def refuse(self, name: str, code: str, **values: object) -> None:
        """Note a mistake in a field."""
        self.errors.append(FieldError(name, code, values))

    def finish(self) -> None:
        """Raise InvalidInput with every mistake found; return if there was none."""
        if self.errors:
            raise InvalidInput(self.errors)

    def raw(self, name: str) -> str:
        """Return the text exactly as typed, for readings and passwords."""
        return self._form.get(name, "")

    def optional_text(self, name: str, *, maximum: int = 300) -> str | None:
        """Return the text in NFC, ends stripped, or None if there is none."""
        text = normalise(self.raw(name))
        if len(text) > maximum:
            self.refuse(name, "field.too_long", maximum=maximum, length=len(text))
        return text or None

    def text(self, name: str, *, maximum: int = 300) -> str:
        """Return the text; it must be there."""
        return self._required(name, self.optional_text(name, maximum=maximum), "")

    def optional_date(self, name: str) -> dt.date | None:
        """Return a date typed as 2026-11-21 or 21/11/2026, or None if the field is empty."""
        text = self.raw(name).strip()
        if not text:
            return None
        found = _date(text)
        if found is None:
            self.refuse(name, "field.not_a_date", text=text[:_SHOWN])
        return found

    def date(self, name: str) -> dt.date:
        """Return a date; it must be there."""
        return self._required(name, self.optional_date(name), dt.date.min)

    def optional_instant(self, name: str, timezone: str) -> dt.datetime | None:
        """Return date and time of day typed in the laboratory's zone, or None if the field is empty."""
        text = self.raw(name).strip()
        if not text:
            return None
        day, _, clock = text.replace("T", " ").partition(" ")
        date = _date(day)
        match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", clock.strip(), re.ASCII)
        if date is None or match is None:
            self.refuse(name, "field.not_a_time", text=text[:_SHOWN])
            return None
        hour, minute, second = (int(part or 0) for part in match.groups())
        return dt.datetime(date.year, date.month, date.day, hour, minute, second, tzinfo=ZoneInfo(timezone))

    def instant(self, name: str, timezone: str) -> dt.datetime:
        """Return date and time of day; it must be there."""
        found = self.optional_instant(name, timezone)
        return self._required(name, found, dt.datetime.min.replace(tzinfo=dt.UTC))

    def optional_decimal(self, name: str) -> Decimal | None:
        """Return an exact number, or None if the field is empty."""
        return None if not self.raw(name).strip() else self.decimal(name)

    def decimal(self, name: str) -> Decimal:
        """Return an exact number; it must be there."""
        try:
            return require_decimal(name, self.raw(name))
        except InvalidInput as error:
            self.errors.extend(error.fields)
            return Decimal(0)

    def optional_integer(self, name: str, *, lower: int = 0, upper: int = _LARGEST_KEY) -> int | None:
        """Return a whole number within limits, or None if the field is empty."""
        text = self.raw(name).strip()
        if not text:
            return None
        if not re.fullmatch(r"-?\d{1,19}", text, re.ASCII):
            self.refuse(name, "field.not_whole", text=text[:_SHOWN])
            return None
        value = int(text)
        if value < lower:
            self.refuse(name, "field.below", lower=lower, text=text)
        elif value > upper:
            self.refuse(name, "field.above", upper=upper, text=text)
        return value

    def integer(self, name: str, *, lower: int = 0, upper: int = _LARGEST_KEY) -> int:
        """Return a whole number; it must be there."""
        return self._required(name, self.optional_integer(name, lower=lower, upper=upper), 0)

    def optional_choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """Return a member of an enumeration by its value, or None if nothing was chosen."""
        text = self.raw(name).strip()
        if not text:
            return None
        try:
            return choices(text)
        except ValueError:
            self.refuse(name, "field.not_a_choice", text=text[:_SHOWN])
            return None

    def choice(self, name: str, choices: type[Choice]) -> Choice:
        """Return a member of an enumeration; one must be chosen."""
        return self._required(name, self.optional_choice(name, choices), next(iter(choices)), "field.not_chosen")

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        """Return one of some texts; one must be chosen."""
        text = self.raw(name).strip()
        if not text:
            self.refuse(name, "field.not_chosen")
        elif text not in allowed:
            self.refuse(name, "field.not_a_choice", text=text[:_SHOWN])
        return text

    def email(self, name: str) -> str | None:
        """Return an email address, or None if the field is empty."""
        text = self.optional_text(name, maximum=254)
        if text is not None and not _EMAIL.fullmatch(text):
            self.refuse(name, "field.not_an_email", text=text[:_SHOWN])
        return text

    def flag(self, name: str) -> bool:
        """Return whether a box is ticked."""
        return bool(self.raw(name))

    def _required(self, name: str, found: Value | None, placeholder: Value, code: str = "field.missing") -> Value:
        if found is not None:
            return found
        if not any(error.field == name for error in self.errors):
            self.refuse(name, code)
        return placeholder


def read_key(text: str) -> int | None:
    """Return the key that a text names, or None where it is none (or larger than any key)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _KEY_DIGITS else None


def _date(text: str) -> dt.date | None:
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII)
    local = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text, re.ASCII)
    if iso is not None:
        year, month, day = iso.groups()
    elif local is not None:
        day, month, year = local.groups()
    else:
        return None
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
