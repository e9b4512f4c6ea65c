"""Addresses of calendars and reminders: what others may know of them, and when a reminder is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from standards.due_facts import DueItem

THRESHOLDS: Final = (30, 7, -1)
"""Days before the day on which something falls due at which people are reminded; -1: it is overdue."""
SENT_WITHIN: Final = timedelta(days=7)
"""A reminder that could not be sent for so long is not sent any more: it would come too late to be true."""
MOST_ADDRESSES: Final = 10
SETTLED: Final = "settled"
NO_ADDRESS: Final = "no_address"


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """An address under which a calendar program reads what falls due; the address itself is not kept."""

    id: int
    person_id: int
    laboratory_id: int
    name: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is reminded, where and in which language."""

    person_id: int
    name: str
    email: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Subject and text of a letter."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class ReminderFacts:
    """That a person is reminded of a thing at a threshold; `problem` says why it was not sent."""

    id: int
    person_id: int
    person_name: str
    kind: str
    subject_id: int
    title: str
    due_on: date
    threshold: int
    created_at: datetime
    sent_at: datetime | None
    sent_to: str | None
    problem: str | None


def threshold_of(item: DueItem) -> int | None:
    """Return the last threshold that a thing has reached, None before the first or without a day."""
    if item.days_left is None:
        return None
    reached = [days for days in THRESHOLDS if item.days_left <= days]
    return min(reached, default=None)
