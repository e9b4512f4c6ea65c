"""Strict reading of plain data (from TOML or JSON): every fault is noted with the path of its key, none is passed over.

Paths count from 1, as a reader of the file does: `sections[1].inputs[2].unit` is the second input of the first section.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, TypeVar

from calc.errors import CalcError
from calc.units import canonical_unit
from lims.core.errors import FieldError
from lims.core.text import normalise

Choice = TypeVar("Choice", bound=StrEnum)

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")
MAX_TEXT: Final = 300
MAX_ENTRIES: Final = 500
"""More entries than this in one list are no procedure; the limit keeps hostile input cheap."""


class Table:
    """A table of the data with its path; notes what is wrong in a list shared by the whole reading.

    Each method takes a key and returns its value, or a harmless stand-in after noting a fault.
    """

    def __init__(self, data: Mapping[str, Any], path: str, faults: list[FieldError]) -> None:
        self.data = data
        self.path = path
        self.faults = faults
        self._read: set[str] = set()

    def at(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, code: str, **values: object) -> None:
        """Note what is wrong with a key."""
        self.faults.append(FieldError(self.at(key), code, values))

    def has(self, key: str) -> bool:
        """Return whether the key is there."""
        self._read.add(key)
        return key in self.data

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and not empty."""
        if not self.has(key):
            return self._missing(key, default)
        value = self.data[key]
        if not isinstance(value, str):
            self.fault(key, "definition.not_text")
            return default or ""
        text = normalise(value)
        if not text and default is None:
            self.fault(key, "definition.empty")
        elif len(text) > MAX_TEXT:
            self.fault(key, "definition.too_long", limit=MAX_TEXT)
        return text

    def code(self, key: str, default: str | None = None) -> str:
        """Return a short name made of letters, digits and _ . + -."""
        value = self.text(key, default)
        if value and not _CODE.fullmatch(value):
            self.fault(key, "definition.not_a_code", text=value[:64])
        return value

    def unit(self, key: str) -> str:
        """Return a unit in its one canonical form."""
        text = self.text(key)
        if not text:
            return "1"
        try:
            return canonical_unit(text)
        except CalcError:
            self.fault(key, "definition.unit_unknown", unit=text[:64])
            return "1"

    def number(self, key: str, default: Decimal | None = None, *, infinite: bool = False) -> Decimal:
        """Return an exact number: quoted, or a whole number. A bare 0.1 is refused, for it is not exactly 0.1."""
        if not self.has(key):
            if default is None:
                self.fault(key, "definition.missing")
            return default if default is not None else Decimal(0)
        return self._exact(key, self.data[key], infinite)

    def optional_number(self, key: str) -> Decimal | None:
        """Return an exact number, or None if the key is not there."""
        return self._exact(key, self.data[key], False) if self.has(key) else None

    def integer(self, key: str, default: int, *, least: int = 1, most: int = 1000) -> int:
        """Return a whole number between two bounds."""
        value = self.data[key] if self.has(key) else default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(key, "definition.not_whole")
            return default
        if not least <= value <= most:
            self.fault(key, "definition.out_of_range", least=least, most=most)
            return default
        return value

    def boolean(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.data[key] if self.has(key) else default
        if not isinstance(value, bool):
            self.fault(key, "definition.not_boolean")
            return default
        return value

    def choice(self, key: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """Return one of the values of an enumeration."""
        stand_in = default if default is not None else next(iter(kind))
        if not self.has(key):
            if default is None:
                self.fault(key, "definition.missing")
            return stand_in
        return self._choose(key, self.data[key], kind, stand_in)

    def choices(self, key: str, kind: type[Choice], default: tuple[Choice, ...] = ()) -> tuple[Choice, ...]:
        """Return a list of values of an enumeration."""
        return tuple(self._choose(key, text, kind, next(iter(kind))) for text in self.texts(key)) or default

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty if the key is not there."""
        entries = self._list(key)
        if any(not isinstance(entry, str) for entry in entries):
            self.fault(key, "definition.not_texts")
            return ()
        return tuple(entries)

    def table(self, key: str) -> Table:
        """Return a table, an empty one if the key is not there."""
        value = self.data[key] if self.has(key) else {}
        if not isinstance(value, Mapping):
            self.fault(key, "definition.not_table")
            value = {}
        return Table(value, self.at(key), self.faults)

    def tables(self, key: str) -> list[Table]:
        """Return a list of tables, empty if the key is not there."""
        found = []
        for number, entry in enumerate(self._list(key), start=1):
            path = f"{self.at(key)}[{number}]"
            if isinstance(entry, Mapping):
                found.append(Table(entry, path, self.faults))
            else:
                self.faults.append(FieldError(path, "definition.not_table"))
        return found

    def keys(self) -> list[str]:
        """Return all keys of the table, counting them as read; for tables whose keys are names."""
        self._read.update(self.data)
        return [str(key) for key in self.data]

    def done(self) -> None:
        """Note every key that nobody asked for."""
        for key in self.data:
            if key not in self._read:
                self.fault(str(key), "definition.unknown_key", known=", ".join(sorted(self._read)))

    def _missing(self, key: str, default: str | None) -> str:
        if default is None:
            self.fault(key, "definition.missing")
        return default or ""

    def _list(self, key: str) -> list[Any]:
        value = self.data[key] if self.has(key) else []
        if not isinstance(value, list):
            self.fault(key, "definition.not_list")
            return []
        if len(value) > MAX_ENTRIES:
            self.fault(key, "definition.too_many", limit=MAX_ENTRIES)
            return []
        return value

    def _choose(self, key: str, value: object, kind: type[Choice], stand_in: Choice) -> Choice:
        try:
            return kind(str(value))
        except ValueError:
            known = ", ".join(member.value for member in kind)
            self.fault(key, "definition.unknown_kind", text=str(value)[:64], known=known)
            return stand_in

    def _exact(self, key: str, value: object, infinite: bool) -> Decimal:
        if isinstance(value, float):
            self.fault(key, "definition.number_not_quoted", text=str(value))
            return Decimal(0)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self.fault(key, "definition.not_a_number", text=str(value)[:64])
            return Decimal(0)
        if infinite and value in ("inf", "Infinity"):
            return Decimal("Infinity")
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or len(str(value)) > 40 or abs(number.adjusted()) > 60:
            self.fault(key, "definition.not_a_number", text=str(value)[:64])
            return Decimal(0)
        return number
