"""What is done with rooms: entered, changed, closed; each change is audited in its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.db import is_duplicate
from lims.core.errors import FieldError, InvalidInput, NotFound, StaleRecord
from lims.core.text import normalise
from lims.people.access import Permission, require
from lims.people.models import Room, RoomLimit, Site
from lims.people.room_facts import ROOM_QUANTITIES, ChangeRoom, CreateRoom, RoomFacts, RoomLimitFacts
from lims.people.room_queries import room_facts


def create_room(session: Session, actor: Actor, command: CreateRoom, *, now: datetime) -> RoomFacts:
    """Enter a room with the limits of its conditions (ISO/IEC 17025:2017, 6.3.1).

    For who manages the rooms of that site's laboratory. Refuses a code that the site already uses, and limits of a
    quantity that rooms do not have, or that exclude each other.
    """
    site = _site(session, actor, command.site_id)
    _check_limits(command.limits)
    room = Room(site_id=site.id, **_values(command))
    session.add(room)
    _flush(session, command.code)
    _add_limits(session, room.id, command.limits, command.valid_from, now)
    session.flush()
    facts = room_facts(session, room.id, max(command.valid_from, local_date(now, site.timezone)))
    _note(session, actor, "room.created", facts, now, after=_audited(facts))
    return facts


def change_room(session: Session, actor: Actor, command: ChangeRoom, *, now: datetime) -> RoomFacts:
    """Change a room, or close it. Runs keep the limits that held when they were opened; new limits hold from a date on.

    For who manages the rooms of that site's laboratory (ISO/IEC 17025:2017, 6.3.1).
    """
    room = session.get(Room, command.room_id)
    if room is None:
        raise NotFound
    site = _site(session, actor, room.site_id)
    if room.row_version != command.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=room.row_version)
    _check_limits(command.limits)
    on = max(command.valid_from, local_date(now, site.timezone))
    before = room_facts(session, room.id, on)
    for name, value in {**_values(command), "closed_on": command.closed_on}.items():
        setattr(room, name, value)
    given = {limit.quantity: limit for limit in command.limits}
    wanted = [given.get(quantity) or RoomLimitFacts(quantity, unit) for quantity, (unit, _) in ROOM_QUANTITIES.items()]
    held = {limit.quantity: limit for limit in before.limits}
    changed = [
        limit for limit in wanted if (held.get(limit.quantity) or RoomLimitFacts(limit.quantity, limit.unit)) != limit
    ]
    _add_limits(session, room.id, changed, command.valid_from, now)
    _flush(session, command.code)
    after = room_facts(session, room.id, on)
    _note(session, actor, "room.changed", after, now, before=_audited(before), after=_audited(after))
    return after


def _site(session: Session, actor: Actor, site_id: int) -> Site:
    """Return a site of the actor's laboratory; somebody else's is not found."""
    require(actor, Permission.MANAGE_ROOMS)
    site = session.get(Site, site_id)
    if site is None or not (actor.may("system") or actor.laboratory_id == site.organisation_id):
        raise NotFound
    return site


def _values(command: CreateRoom | ChangeRoom) -> dict[str, Any]:
    texts = {
        name: normalise(getattr(command, name) or "") or None for name in ("name_vi", "name_en", "note_vi", "note_en")
    }
    code = normalise(command.code)
    missing = [
        FieldError(name, "field.missing") for name, text in (("code", code), ("name_vi", texts["name_vi"])) if not text
    ]
    if missing:
        raise InvalidInput(missing)
    return {"code": code, **texts}


def _check_limits(limits: Sequence[RoomLimitFacts]) -> None:
    wrong = []
    for limit in limits:
        if ROOM_QUANTITIES.get(limit.quantity, ("", ""))[0] != limit.unit:
            wrong.append(FieldError("limits", "field.not_a_choice", {"text": f"{limit.quantity} {limit.unit}"}))
        if limit.lower is not None and limit.upper is not None and limit.upper < limit.lower:
            wrong.append(FieldError(f"{limit.quantity}_upper", "room.limits_cross"))
        if limit.change_per_hour is not None and limit.change_per_hour <= 0:
            wrong.append(FieldError(f"{limit.quantity}_change", "room.change_not_positive"))
    if wrong:
        raise InvalidInput(wrong)


def _add_limits(
    session: Session, room_id: int, limits: Sequence[RoomLimitFacts], valid_from: date, now: datetime
) -> None:
    session.add_all(
        RoomLimit(
            room_id=room_id,
            quantity=limit.quantity,
            unit=limit.unit,
            lower=limit.lower,
            upper=limit.upper,
            change_per_hour=limit.change_per_hour,
            valid_from=valid_from,
            recorded_at=now,
        )
        for limit in limits
    )


def _flush(session: Session, code: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise InvalidInput.of("code", "room.code_taken", code=code) from error


def _audited(room: RoomFacts) -> dict[str, Any]:
    names = ("code", "name_vi", "name_en", "note_vi", "note_en", "closed_on")
    return {**{name: getattr(room, name) for name in names}, "limits": [limit.as_data() for limit in room.limits]}


def _note(session: Session, actor: Actor, action: str, room: RoomFacts, now: datetime, **values: Any) -> None:
    audit.record(session, actor, action, ("room", room.id), now=now, site_id=room.site_id, **values)
