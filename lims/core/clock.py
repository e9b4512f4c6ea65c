"""Time is passed in: services take `now`, only the outermost layer reads a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime:
        """Return the current time, in UTC, never naive."""
        ...


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is set; for demonstrations in the past and for tests."""

    at: datetime

    def now(self) -> datetime:
        """Return the time the clock was set to."""
        return self.at


def local_date(at: datetime, timezone: str) -> date:
    """Return the date of an instant in the laboratory's zone (calibration and issue dates are dates there)."""
    return at.astimezone(ZoneInfo(timezone)).date()
