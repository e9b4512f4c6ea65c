"""Turns the text of the forms of rooms and of persons' papers into commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lims.core.fields import Fields
from lims.people.paper_facts import PersonPaperKind, RecordPersonPaper
from lims.people.room_facts import ROOM_QUANTITIES, ChangeRoom, CreateRoom, RoomFacts, RoomLimitFacts


def parse_create_room(site_id: int, form: Mapping[str, str], today: date) -> CreateRoom:
    """Return the command of the form of a new room. Raises InvalidInput."""
    fields = Fields(form)
    command = CreateRoom(
        site_id=site_id,
        code=fields.text("code", maximum=20),
        name_vi=fields.text("name_vi", maximum=100),
        name_en=fields.optional_text("name_en", maximum=100),
        note_vi=fields.optional_text("note_vi"),
        note_en=fields.optional_text("note_en"),
        valid_from=fields.optional_date("valid_from") or today,
        limits=_limits(fields),
    )
    fields.finish()
    return command


def parse_change_room(room_id: int, form: Mapping[str, str], today: date) -> ChangeRoom:
    """Return the command of the form of a room that exists. Raises InvalidInput."""
    fields = Fields(form)
    command = ChangeRoom(
        room_id=room_id,
        row_version=fields.integer("row_version"),
        code=fields.text("code", maximum=20),
        name_vi=fields.text("name_vi", maximum=100),
        name_en=fields.optional_text("name_en", maximum=100),
        note_vi=fields.optional_text("note_vi"),
        note_en=fields.optional_text("note_en"),
        valid_from=fields.optional_date("valid_from") or today,
        closed_on=fields.optional_date("closed_on"),
        limits=_limits(fields),
    )
    fields.finish()
    return command


def _limits(fields: Fields) -> tuple[RoomLimitFacts, ...]:
    found = (
        RoomLimitFacts(
            quantity,
            unit,
            fields.optional_decimal(f"{quantity}_lower"),
            fields.optional_decimal(f"{quantity}_upper"),
            fields.optional_decimal(f"{quantity}_change"),
        )
        for quantity, (unit, _) in ROOM_QUANTITIES.items()
    )
    return tuple(limit for limit in found if not limit.empty)


def room_values(room: RoomFacts, today: date) -> dict[str, object]:
    """Return what the form of a room shows at first."""
    names = ("code", "name_vi", "name_en", "note_vi", "note_en", "closed_on", "row_version")
    values: dict[str, object] = {name: getattr(room, name) for name in names}
    for limit in room.limits:
        pieces = {"lower": limit.lower, "upper": limit.upper, "change": limit.change_per_hour}
        values |= {f"{limit.quantity}_{name}": value for name, value in pieces.items()}
    return {**values, "valid_from": today}


def parse_paper(person_id: int, form: Mapping[str, str]) -> RecordPersonPaper:
    """Return the command of the form of a person's paper. Raises InvalidInput."""
    fields = Fields(form)
    command = RecordPersonPaper(
        person_id=person_id,
        kind=fields.choice("kind", PersonPaperKind),
        number=fields.text("number", maximum=100),
        issued_by=fields.text("issued_by"),
        issued_on=fields.date("issued_on"),
        valid_until=fields.optional_date("valid_until"),
        fields=fields.optional_text("fields", maximum=500),
    )
    fields.finish()
    return command
