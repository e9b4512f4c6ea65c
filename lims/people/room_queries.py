"""Reads of rooms; they return facts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.people.models import Room, RoomLimit
from lims.people.room_facts import RoomFacts, RoomLimitFacts


def room_facts(session: Session, room_id: int, on: date) -> RoomFacts:
    """Return a room with the limits that hold on a date. Raises NotFound."""
    room = session.get(Room, room_id)
    if room is None:
        raise NotFound
    return _facts(session, [room], on)[0]


def rooms_of(session: Session, site_ids: Iterable[int], on: date) -> list[RoomFacts]:
    """Return the rooms of some sites, closed ones included, by site and code."""
    wanted = sorted(site_ids)
    query = select(Room).where(Room.site_id.in_(wanted)).order_by(Room.site_id, Room.code)
    return _facts(session, list(session.execute(query).scalars()), on)


def open_rooms(session: Session, site_id: int, on: date) -> list[RoomFacts]:
    """Return the rooms of a site that are in use on a date, by code."""
    return [room for room in rooms_of(session, [site_id], on) if room.is_open(on)]


def _facts(session: Session, rooms: list[Room], on: date) -> list[RoomFacts]:
    limits = _limits(session, [room.id for room in rooms], on)
    return [
        RoomFacts(
            id=room.id,
            site_id=room.site_id,
            code=room.code,
            name_vi=room.name_vi,
            name_en=room.name_en,
            note_vi=room.note_vi,
            note_en=room.note_en,
            closed_on=room.closed_on,
            row_version=room.row_version,
            limits=limits.get(room.id, ()),
        )
        for room in rooms
    ]


def _limits(session: Session, room_ids: list[int], on: date) -> dict[int, tuple[RoomLimitFacts, ...]]:
    """Return, per room, the newest limits of each condition that hold on a date."""
    query = (
        select(RoomLimit)
        .where(RoomLimit.room_id.in_(room_ids), RoomLimit.valid_from <= on)
        .order_by(RoomLimit.valid_from, RoomLimit.id)
    )
    last: dict[int, dict[str, RoomLimitFacts]] = {}
    for row in session.execute(query).scalars():
        found = RoomLimitFacts(row.quantity, row.unit, row.lower, row.upper, row.change_per_hour)
        last.setdefault(row.room_id, {})[row.quantity] = found
    return {
        room_id: tuple(limit for limit in by_quantity.values() if not limit.empty)
        for room_id, by_quantity in last.items()
    }
