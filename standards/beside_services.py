"""What people keep beside an instrument: photographs, manuals, accessories, safeguards, firmware."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.blobs import put_blob
from lims.core.errors import NotFound, RuleViolation
from lims.core.text import normalise
from lims.people.access import Permission, require
from standards.beside_queries import entry_facts, file_facts
from standards.calibration_models import Standard
from standards.entries import Checker
from standards.entry_writing import today_of, write_entry
from standards.file_contents import media_type_of, plain_name
from standards.instrument_services import check_site
from standards.models import Instrument
from standards.register_facts import (
    FILE_LANGUAGES,
    AddFile,
    EndEntry,
    EntryFacts,
    EntryKind,
    FileFacts,
    FileKind,
    RecordEntry,
    SafeguardMeans,
    WithdrawFile,
)
from standards.register_models import InstrumentEntry, InstrumentFile

_EQUIPMENT: Final = "ISO/IEC 17025:2017, 6.4.13"


def add_file(session: Session, actor: Actor, command: AddFile, *, now: datetime) -> FileFacts:
    """Keep a photograph or manual of an instrument. For those who manage instruments or standards (6.4.13).

    What a file is is told from its bytes. Refuses other kinds, files too large, and taking the place of a file that
    has been replaced already.
    """
    instrument, site_id = _locked(session, actor, command.instrument_id)
    check = Checker()
    title = normalise(command.title)
    check.required("title", title)
    if command.language is not None and command.language not in FILE_LANGUAGES:
        check.refuse("language", "field.not_a_choice", text=command.language)
    check.finish()
    media_type = media_type_of(command.kind, command.data)
    if command.replaces_id is not None:
        before = _present_file(session, command.replaces_id, instrument.id)
        if before.kind is not command.kind:
            raise RuleViolation("register.other_kind", clause=_EQUIPMENT)
    row = InstrumentFile(
        instrument_id=instrument.id,
        kind=command.kind,
        sha256=put_blob(session, command.data, media_type, now=now),
        media_type=media_type,
        file_name=plain_name(command.file_name, str(command.kind)),
        size=len(command.data),
        title=title,
        language=command.language if command.kind is FileKind.MANUAL else None,
        replaces_id=command.replaces_id,
        added_at=now,
        added_by_id=actor.person_id,
        added_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        "instrument.file_added",
        ("instrument", instrument.id),
        now=now,
        site_id=site_id,
        after={
            "file": row.id,
            "kind": row.kind,
            "title": title,
            "sha256": row.sha256,
            "size": row.size,
            "replaces": row.replaces_id,
        },
    )
    return file_facts(session, row.id)


def withdraw_file(session: Session, actor: Actor, command: WithdrawFile, *, now: datetime) -> FileFacts:
    """Let a file no longer hold, and say why; its bytes are kept. For those who manage instruments or standards."""
    known = file_facts(session, command.file_id)
    instrument, site_id = _locked(session, actor, known.instrument_id)
    before = _present_file(session, command.file_id, instrument.id)
    check = Checker()
    check.required("reason", command.reason)
    check.finish()
    row = InstrumentFile(
        instrument_id=instrument.id,
        kind=before.kind,
        sha256=before.sha256,
        media_type=before.media_type,
        file_name=before.file_name,
        size=before.size,
        title=before.title,
        language=before.language,
        replaces_id=before.id,
        withdrawn=True,
        reason=normalise(command.reason),
        added_at=now,
        added_by_id=actor.person_id,
        added_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        "instrument.file_withdrawn",
        ("instrument", instrument.id),
        now=now,
        site_id=site_id,
        after={"file": before.id, "title": before.title, "reason": row.reason},
    )
    return file_facts(session, row.id)


def record_entry(session: Session, actor: Actor, command: RecordEntry, *, now: datetime) -> EntryFacts:
    """Record an accessory, a safeguard against adjustment or a firmware version (6.4.12, 6.4.13).

    For those who manage instruments or standards. A firmware version is also what the instrument is said to run from
    then on. Refuses days to come, a safeguard without its means, and changing what was changed already.
    """
    instrument, site_id = _locked(session, actor, command.instrument_id)
    check = Checker()
    name = normalise(command.name_vi)
    check.required("name_vi", name)
    today = today_of(session, actor, now)
    if command.valid_from > today:
        check.refuse("valid_from", "entry.date_in_future", date=command.valid_from, today=today)
    if command.kind is EntryKind.SAFEGUARD and command.means not in set(SafeguardMeans):
        check.refuse("means", "field.not_chosen")
    if command.kind is EntryKind.FIRMWARE:
        check.required("identifier", command.identifier)
    check.finish()
    if command.replaces_id is not None:
        before = _present_entry(session, command.replaces_id, instrument.id)
        if before.kind is not command.kind:
            raise RuleViolation("register.other_kind", clause=_EQUIPMENT)
        if command.valid_from < before.valid_from:
            check.refuse("valid_from", "entry.dates_reversed", earlier=before.valid_from, later=command.valid_from)
            check.finish()
    row = write_entry(session, actor, command, now)
    if command.kind is EntryKind.FIRMWARE:
        instrument.firmware = command.identifier
        session.flush()
    _note_entry(session, actor, "instrument.entry_recorded", command, row, site_id, now)
    return entry_facts(session, row.id)


def end_entry(session: Session, actor: Actor, command: EndEntry, *, now: datetime) -> EntryFacts:
    """Note that an accessory or safeguard is there no longer, since when and why (6.4.12).

    For those who manage instruments or standards. A firmware version does not end: a newer takes its place.
    """
    known = entry_facts(session, command.entry_id)
    instrument, site_id = _locked(session, actor, known.instrument_id)
    before = _present_entry(session, command.entry_id, instrument.id)
    if before.kind is EntryKind.FIRMWARE:
        raise RuleViolation("register.firmware_stays", clause=_EQUIPMENT)
    check = Checker()
    today = today_of(session, actor, now)
    check.required("note", command.note)
    if command.ended_on > today:
        check.refuse("ended_on", "entry.date_in_future", date=command.ended_on, today=today)
    elif command.ended_on < before.valid_from:
        check.refuse("ended_on", "entry.dates_reversed", earlier=before.valid_from, later=command.ended_on)
    check.finish()
    ending = RecordEntry(
        instrument_id=instrument.id,
        kind=before.kind,
        name_vi=before.name_vi,
        name_en=before.name_en,
        identifier=before.identifier,
        means=before.means,
        valid_from=command.ended_on,
        note=command.note,
        replaces_id=before.id,
    )
    row = write_entry(session, actor, ending, now, ended=True)
    _note_entry(session, actor, "instrument.entry_ended", ending, row, site_id, now)
    return entry_facts(session, row.id)


def _locked(session: Session, actor: Actor, instrument_id: int) -> tuple[Instrument, int]:
    """Return an instrument that the actor may change, its row locked, and the site whose chain notes it."""
    require(actor, Permission.MANAGE_INSTRUMENTS, Permission.MANAGE_STANDARDS)
    instrument = session.get(Instrument, instrument_id, with_for_update=True)
    if instrument is None:
        raise NotFound("instrument.not_found")
    standard_site = session.execute(select(Standard.site_id).where(Standard.instrument_id == instrument.id)).scalar()
    site_id = standard_site or instrument.site_id
    check_site(session, actor, site_id)
    return instrument, site_id or 0


def _present_file(session: Session, file_id: int, instrument_id: int) -> FileFacts:
    facts = file_facts(session, file_id)
    if facts.instrument_id != instrument_id:
        raise NotFound("register.file_not_found")
    if not facts.current:
        raise RuleViolation("register.replaced_already", clause=_EQUIPMENT)
    return facts


def _present_entry(session: Session, entry_id: int, instrument_id: int) -> EntryFacts:
    facts = entry_facts(session, entry_id)
    if facts.instrument_id != instrument_id:
        raise NotFound("register.entry_not_found")
    if not facts.current:
        raise RuleViolation("register.replaced_already", clause=_EQUIPMENT)
    return facts


def _note_entry(
    session: Session,
    actor: Actor,
    action: str,
    command: RecordEntry,
    row: InstrumentEntry,
    site_id: int,
    now: datetime,
) -> None:
    audit.record(
        session,
        actor,
        action,
        ("instrument", command.instrument_id),
        now=now,
        site_id=site_id,
        after={**asdict(command), "entry": row.id},
    )
