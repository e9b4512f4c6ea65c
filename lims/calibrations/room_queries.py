"""The room of a run or batch: read from the register of the site, with the limits that hold there on that day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from lims.calibrations.facts import RunFacts
from lims.core.canonical import canonical_json
from lims.core.clock import local_date
from lims.core.errors import FieldError, InvalidInput, NotFound
from lims.people.room_facts import RoomFacts
from lims.people.room_queries import open_rooms, room_facts


@dataclass(frozen=True, slots=True)
class ChosenRoom:
    """What a run keeps of its room: words, key and (canonical JSON) limits, the last two only of a registered one."""

    words: str | None
    room_id: int | None = None
    limits: str | None = None


def chosen_room(
    session: Session, room_id: int | None, text: str, *, site_id: int, location_kind: str, on: date
) -> ChosenRoom:
    """Return the room that was chosen, or the words for a place that is none of the site's rooms.

    Raises InvalidInput for a room of another site, a closed one, or any where the work is not done in the laboratory.
    """
    if room_id is None:
        return ChosenRoom(text.strip() or None)
    try:
        room = room_facts(session, room_id, on)
    except NotFound:
        room = None
    if room is None or room.site_id != site_id or not room.is_open(on) or location_kind != "laboratory":
        raise InvalidInput([FieldError("room_id", "field.not_a_choice", {"text": room_id})])
    return ChosenRoom(room.words, room.id, canonical_json([limit.as_data() for limit in room.limits]))


def with_english_room(session: Session, run: RunFacts) -> RunFacts:
    """Return a run with the English name of its room too, where that is a registered one."""
    if run.room_id is None:
        return run
    return replace(run, room_en=english_room(session, run.room_id, run.opened_at, run.timezone))


def english_room(session: Session, room_id: int | None, at: datetime, timezone: str) -> str:
    """Return the English name of a registered room as of an instant; empty for words that are no registered one."""
    if room_id is None:
        return ""
    room = room_facts(session, room_id, local_date(at, timezone))
    return f"{room.code} – {room.name_en or room.name_vi}"


def room_choices(session: Session, site_id: int, location_kind: str, on: date) -> list[RoomFacts]:
    """Return the rooms that a form offers: those in use at the site, none for work elsewhere."""
    return open_rooms(session, site_id, on) if location_kind == "laboratory" else []
