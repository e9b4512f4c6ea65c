"""What a customer's pages say of their instruments: when each was calibrated last, and what falls due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

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
