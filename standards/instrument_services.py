"""What people do with instruments: register, change, add ranges. Each acts in the caller's transaction."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.errors import NotFound, StaleRecord
from lims.core.text import normalise, search_text, sort_key
from lims.people.access import Permission, require
from lims.people.models import Organisation, Site
from standards import queries
from standards.commands import (
    AddRange,
    InstrumentIdentity,
    NewFunction,
    NewPart,
    RegisterInstrument,
    UpdateInstrument,
)
from standards.entries import Checker, check_identity, checked_functions, checked_parts
from standards.entry_writing import note_firmware
from standards.facts import InstrumentFacts
from standards.models import Instrument, InstrumentFunction, InstrumentPart, InstrumentRange

_SEARCHED = ("name_vi", "name_en", "manufacturer", "model", "serial_number", "asset_tag", "note")


def register_instrument(
    session: Session, actor: Actor, command: RegisterInstrument, *, now: datetime
) -> InstrumentFacts:
    """Enter an instrument with its parts, functions and ranges. For those who manage instruments.

    Without parts one is made, named as the instrument. Refuses an unknown owner, unknown or unfit units, limits in
    the wrong order, the same serial number of the same maker and model at the same owner.
    """
    require(actor, Permission.MANAGE_INSTRUMENTS)
    return enter_instrument(session, actor, command, now=now)


def enter_instrument(session: Session, actor: Actor, command: RegisterInstrument, *, now: datetime) -> InstrumentFacts:
    """Enter an instrument for an act whose own permission was asked for, such as reading in the register."""
    check = Checker()
    identity = _checked_identity(session, actor, check, command.identity, now)
    if command.parts:
        parts = checked_parts(check, command.parts)
    else:
        if not command.functions:
            check.refuse("functions", "entry.no_function")
        functions = checked_functions(check, command.functions, "functions")
        parts = (NewPart("1", identity.name_vi, functions, name_en=identity.name_en),)
    _refuse_duplicate(session, check, identity)
    check.finish()
    instrument = Instrument(token=secrets.token_urlsafe(16), created_at=now, **_columns(identity))
    session.add(instrument)
    session.flush()
    for position, part in enumerate(parts, start=1):
        _add_part(session, instrument.id, part, position)
    session.flush()
    note_firmware(session, actor, instrument, now)
    audit.record(
        session,
        actor,
        "instrument.registered",
        ("instrument", instrument.id),
        now=now,
        site_id=identity.site_id or 0,
        after={**asdict(identity), "parts": [asdict(part) for part in parts]},
    )
    return queries.instrument_facts(session, instrument.id)


def update_instrument(session: Session, actor: Actor, command: UpdateInstrument, *, now: datetime) -> InstrumentFacts:
    """Change what an instrument is said to be; its parts and ranges stay. For those who manage instruments.

    Refuses a change on top of one that the person has not seen (StaleRecord with both versions). The owner of a
    standard cannot change.
    """
    require(actor, Permission.MANAGE_INSTRUMENTS)
    return change_instrument(session, actor, command, now=now)


def change_instrument(session: Session, actor: Actor, command: UpdateInstrument, *, now: datetime) -> InstrumentFacts:
    """Change an instrument for an act whose own permission was asked for."""
    instrument = session.get(Instrument, command.instrument_id, with_for_update=True)
    if instrument is None:
        raise NotFound("instrument.not_found")
    before = queries.instrument_facts(session, instrument.id)
    check_site(session, actor, before.site_id)
    check = Checker()
    identity = _checked_identity(session, actor, check, command.identity, now)
    if before.standard_id is not None and identity.owner_id != before.owner_id:
        check.refuse("owner_id", "instrument.standard_keeps_owner")
    _refuse_duplicate(session, check, identity, except_id=instrument.id)
    check.finish()
    if before.row_version != command.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=before.row_version)
    wanted = _columns(identity)
    changed = [name for name, value in wanted.items() if getattr(instrument, name) != value]
    was = {name: getattr(instrument, name) for name in changed}
    for name in changed:
        setattr(instrument, name, wanted[name])
    session.flush()
    if "firmware" in changed:
        note_firmware(session, actor, instrument, now)
    audit.record(
        session,
        actor,
        "instrument.updated",
        ("instrument", instrument.id),
        now=now,
        site_id=instrument.site_id or 0,
        before=was,
        after={name: wanted[name] for name in changed},
    )
    return queries.instrument_facts(session, instrument.id)


def add_range(session: Session, actor: Actor, command: AddRange, *, now: datetime) -> InstrumentFacts:
    """Add functions and ranges to an instrument, under an existing or a new part. For those who manage instruments.

    What exists is not changed: calibrations and runs rest on it. Refuses a range that is there already.
    """
    require(actor, Permission.MANAGE_INSTRUMENTS)
    return extend_instrument(session, actor, command, now=now)


def extend_instrument(session: Session, actor: Actor, command: AddRange, *, now: datetime) -> InstrumentFacts:
    """Add ranges for an act whose own permission was asked for."""
    instrument = session.get(Instrument, command.instrument_id, with_for_update=True)
    if instrument is None:
        raise NotFound("instrument.not_found")
    facts = queries.instrument_facts(session, instrument.id)
    check_site(session, actor, facts.site_id)
    check = Checker()
    (part,) = checked_parts(check, [command.part])
    existing = next((known for known in facts.parts if known.code == part.code), None)
    if existing is not None:
        known_ranges = {(f.quantity, f.name, r.name) for f in existing.functions for r in f.ranges}
        for number, function in enumerate(part.functions):
            if any((function.quantity, function.name, entry.name) in known_ranges for entry in function.ranges):
                check.refuse(f"parts-0-functions-{number}-ranges-0-name", "entry.range_twice", text=function.quantity)
    check.finish()
    if existing is None:
        _add_part(session, instrument.id, part, len(facts.parts) + 1)
    else:
        known = {(function.quantity, function.name): function.id for function in existing.functions}
        for function in part.functions:
            _add_function(session, existing.id, function, known.get((function.quantity, function.name)))
    session.flush()
    audit.record(
        session,
        actor,
        "instrument.range_added",
        ("instrument", instrument.id),
        now=now,
        site_id=instrument.site_id or 0,
        after=asdict(part),
    )
    return queries.instrument_facts(session, instrument.id)


def _checked_identity(
    session: Session, actor: Actor, check: Checker, identity: InstrumentIdentity, now: datetime
) -> InstrumentIdentity:
    """Return the identity with its texts normalised; the owner must exist, a site must be the actor's."""
    texts = {name: (normalise(value) or None) for name, value in asdict(identity).items() if isinstance(value, str)}
    clean = InstrumentIdentity(**{**asdict(identity), **texts, "name_vi": texts["name_vi"] or ""})
    check_identity(check, clean, now.year)
    if session.get(Organisation, clean.owner_id) is None:
        check.refuse("owner_id", "instrument.owner_unknown")
    check_site(session, actor, clean.site_id)
    return clean


def check_site(session: Session, actor: Actor, site_id: int | None) -> None:
    """Raise NotFound unless a site, if one is named, belongs to the actor's laboratory."""
    if site_id is None or actor.may("system"):
        return
    site = session.get(Site, site_id)
    if site is None or site.organisation_id != actor.laboratory_id:
        raise NotFound("site.not_found")


def _refuse_duplicate(
    session: Session, check: Checker, identity: InstrumentIdentity, except_id: int | None = None
) -> None:
    if not identity.serial_number:
        return
    query = select(Instrument.id).where(
        Instrument.owner_id == identity.owner_id,
        Instrument.serial_number == identity.serial_number,
        Instrument.manufacturer.is_not_distinct_from(identity.manufacturer),
        Instrument.model.is_not_distinct_from(identity.model),
        Instrument.kind == identity.kind,
    )
    if except_id is not None:
        query = query.where(Instrument.id != except_id)
    if session.execute(query.limit(1)).first() is not None:
        check.refuse("serial_number", "instrument.serial_number_taken", text=identity.serial_number)


def _columns(identity: InstrumentIdentity) -> dict[str, Any]:
    values = asdict(identity)
    return {
        **values,
        "search_text": search_text(*(values[name] for name in _SEARCHED)),
        "sort_key": sort_key(identity.name_vi),
    }


def _add_part(session: Session, instrument_id: int, part: NewPart, position: int) -> None:
    row = InstrumentPart(
        instrument_id=instrument_id,
        code=part.code,
        name_vi=part.name_vi,
        name_en=part.name_en,
        serial_number=part.serial_number,
        marking=part.marking,
        position=position,
    )
    session.add(row)
    session.flush()
    for function in part.functions:
        _add_function(session, row.id, function, None)


def _add_function(session: Session, part_id: int, function: NewFunction, function_id: int | None) -> None:
    """Add a function with its ranges, or only the ranges where the function is known."""
    if function_id is None:
        row = InstrumentFunction(
            part_id=part_id,
            name=function.name,
            quantity=function.quantity,
            unit=function.unit,
            second_parameter=function.second_parameter,
            second_parameter_unit=function.second_parameter_unit,
        )
        session.add(row)
        session.flush()
        function_id = row.id
    for entry in function.ranges:
        session.add(InstrumentRange(function_id=function_id, **asdict(entry)))
