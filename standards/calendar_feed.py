"""What falls due as an iCalendar file (RFC 5545): an all-day event for each thing, under a name that stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

_PRODUCT: Final = "-//Chuan LIMS//Due dates//EN"


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One thing that falls due, in words: `uid` names the thing, whenever it falls due."""

    uid: str
    day: date
    summary: str
    description: str
    url: str
    urgent: bool


def calendar_file(name: str, events: Sequence[FeedEvent], now: datetime) -> bytes:
    """Return the calendar. Days are dates without a zone; a program asks again every twelve hours at most."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=12), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", timedelta(hours=12))
    for item in events:
        event = Event()
        event.add("uid", item.uid)
        event.add("dtstamp", now.astimezone(UTC))
        event.add("dtstart", item.day)
        event.add("dtend", item.day + timedelta(days=1))
        event.add("summary", item.summary)
        event.add("description", item.description)
        event.add("url", item.url)
        event.add("transp", "TRANSPARENT")
        event.add("priority", 1 if item.urgent else 5)
        calendar.add_component(event)
    return bytes(calendar.to_ical())
