"""Rooms of a site: what they are called, and between which limits their conditions are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

ROOM_QUANTITIES: Final[Mapping[str, tuple[str, str]]] = {
    "temperature": ("degC", "delta_degC"),
    "relative_humidity": ("%", "%"),
    "pressure": ("kPa", "kPa"),
}
"""The conditions that a room may have limits for, each with its unit and that of its change."""


@dataclass(frozen=True, slots=True)
class RoomLimitFacts:
    """Limits of one condition; `change_per_hour` is the largest change within an hour. Any of them may be missing."""

    quantity: str
    unit: str
    lower: Decimal | None = None
    upper: Decimal | None = None
    change_per_hour: Decimal | None = None

    @property
    def empty(self) -> bool:
        """Return whether nothing is limited."""
        return self.lower is None and self.upper is None and self.change_per_hour is None

    def as_data(self) -> dict[str, str | None]:
        """Return plain data, as a run keeps it."""
        return {
            "quantity": self.quantity,
            "unit": self.unit,
            "lower": _text(self.lower),
            "upper": _text(self.upper),
            "change_per_hour": _text(self.change_per_hour),
        }


def limit_from_data(data: Mapping[str, Any]) -> RoomLimitFacts:
    """Return limits from the plain data of `as_data`."""
    return RoomLimitFacts(
        data["quantity"], data["unit"], *(_number(data[name]) for name in ("lower", "upper", "change_per_hour"))
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A room with the limits that hold on a date."""

    id: int
    site_id: int
    code: str
    name_vi: str
    name_en: str | None
    note_vi: str | None
    note_en: str | None
    closed_on: date | None
    row_version: int
    limits: tuple[RoomLimitFacts, ...] = ()

    def limit(self, quantity: str) -> RoomLimitFacts | None:
        """Return the limits of a condition, None where the room has none."""
        return next((limit for limit in self.limits if limit.quantity == quantity), None)

    def is_open(self, on: date) -> bool:
        """Return whether the room is in use on a date."""
        return self.closed_on is None or on < self.closed_on

    @property
    def words(self) -> str:
        """Return what a run is headed with: code and Vietnamese name, as certificates print it."""
        return f"{self.code} – {self.name_vi}"


@dataclass(frozen=True, slots=True)
class CreateRoom:
    """Enter a room of a site. `valid_from`: its limits hold from this date on."""

    site_id: int
    code: str
    name_vi: str
    valid_from: date
    name_en: str | None = None
    note_vi: str | None = None
    note_en: str | None = None
    limits: Sequence[RoomLimitFacts] = ()


@dataclass(frozen=True, slots=True)
class ChangeRoom:
    """Change what is known of a room; limits that differ from those that hold are kept as of a date."""

    room_id: int
    row_version: int
    code: str
    name_vi: str
    valid_from: date
    name_en: str | None = None
    note_vi: str | None = None
    note_en: str | None = None
    closed_on: date | None = None
    limits: Sequence[RoomLimitFacts] = ()
