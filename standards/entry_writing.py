"""Entries of accessories, safeguards and firmware as they are written; services decide whether they may be."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.text import normalise
from lims.people.models import Site
from standards.beside_queries import entries_of
from standards.models import Instrument
from standards.register_facts import EntryKind, RecordEntry
from standards.register_models import InstrumentEntry

_ZONE: Final = "UTC"


def write_entry(
    session: Session, actor: Actor, command: RecordEntry, now: datetime, *, ended: bool = False
) -> InstrumentEntry:
    """Write an accessory, safeguard or firmware version; `ended`: there is nothing in its place."""
    values = asdict(command)
    for name in ("name_vi", "name_en", "identifier", "note"):
        values[name] = normalise(values[name] or "") or None
    row = InstrumentEntry(
        **values, ended=ended, recorded_at=now, recorded_by_id=actor.person_id, recorded_by_name=actor.name
    )
    session.add(row)
    session.flush()
    return row


def note_firmware(session: Session, actor: Actor, instrument: Instrument, now: datetime) -> None:
    """Write into its history that an instrument is said to run another firmware; its caller has the audit entry."""
    if not instrument.firmware:
        return
    present = [entry for entry in entries_of(session, instrument.id) if entry.kind is EntryKind.FIRMWARE]
    latest = next((entry for entry in present if entry.current), None)
    day = today_of(session, actor, now)
    command = RecordEntry(
        instrument_id=instrument.id,
        kind=EntryKind.FIRMWARE,
        name_vi="Firmware",
        identifier=instrument.firmware,
        valid_from=day if latest is None else max(day, latest.valid_from),
        replaces_id=None if latest is None else latest.id,
    )
    write_entry(session, actor, command, now)


def today_of(session: Session, actor: Actor, now: datetime) -> date:
    """Return the date at the actor's laboratory."""
    query = select(Site.timezone).where(Site.organisation_id == (actor.laboratory_id or 0)).order_by(Site.id).limit(1)
    return local_date(now, session.execute(query).scalar() or _ZONE)
