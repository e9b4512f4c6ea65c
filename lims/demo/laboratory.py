"""The demonstration centre as it is founded: its bodies, people, procedures, authorisations, scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lims.core.actor import Actor
from lims.core.clock import local_date

_AFTERNOON: Final = 14
FOUNDED_DAYS_AGO: Final = 1200


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The founded laboratory: keys by short name, code or serial number, and the people as actors."""

    organisation_id: int
    site_id: int
    timezone: str
    now: datetime
    organisations: Mapping[str, int]
    actors: Mapping[str, Actor]
    procedure_versions: Mapping[str, int] = field(default_factory=dict)
    rooms: Mapping[str, int] = field(default_factory=dict)
    instruments: Mapping[str, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """Return the date in the laboratory's zone."""
        return local_date(self.now, self.timezone)

    @property
    def founded_at(self) -> datetime:
        """Return the instant from which everything was entered."""
        return self.now - timedelta(days=FOUNDED_DAYS_AGO)

    @property
    def close_of_work(self) -> datetime:
        """Return the end of the last stretch of work: now in the afternoon, before it yesterday at 17:00.

        What the demonstration has done "today" took hours, which a day just begun does not have.
        """
        if self.now.astimezone(ZoneInfo(self.timezone)).hour >= _AFTERNOON:
            return self.now
        return self.at(self.today - timedelta(days=1), hour=17)

    def actor(self, sign_in: str) -> Actor:
        """Return a person in the act of doing something."""
        return self.actors[sign_in]

    def at(self, day: date, hour: int) -> datetime:
        """Return an hour of a day in the laboratory's zone."""
        return datetime.combine(day, time(hour), ZoneInfo(self.timezone))
