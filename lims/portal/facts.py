"""What a customer's pages say of their instruments: when each was calibrated last, and what falls due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from certificates.facts import CertificateLine
from lims.jobs.facts import ItemLine

SOON_DAYS: Final = 60
"""A customer plans further ahead than the laboratory, whose own standards are named thirty days before."""


class DueStanding(StrEnum):
    """How an instrument stands on a date, by the interval that its owner chose."""

    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"
    NO_INTERVAL = "no_interval"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class OwnInstrument:
    """An instrument of a customer's organisation with its last certificate here and the day it falls due."""

    instrument_id: int
    name_vi: str
    name_en: str
    kind: str
    serial_number: str
    place_of_use: str
    calibrated_on: date | None
    interval_months: int | None
    due_on: date | None
    days_left: int | None
    certificate_token: str = ""
    certificate_printed: str = ""

    @property
    def standing(self) -> DueStanding:
        """Where it stands; without an interval nothing falls due, without a calibration nothing can be said."""
        if self.calibrated_on is None:
            return DueStanding.NEVER
        if self.days_left is None:
            return DueStanding.NO_INTERVAL
        if self.days_left < 0:
            return DueStanding.OVERDUE
        return DueStanding.SOON if self.days_left <= SOON_DAYS else DueStanding.LATER


class Progress(StrEnum):
    """How far an ordered item is, as its customer needs to know it."""

    EXPECTED = "expected"
    HERE = "here"
    HELD = "held"
    READY = "ready"
    BACK = "back"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """An item that a customer ordered, how far it is, and its certificates."""

    line: ItemLine
    reference: str
    requested_on: date
    progress: Progress
    certificates: tuple[CertificateLine, ...]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order of a customer: its number here and the customer's own."""

    number: str
    reference: str
