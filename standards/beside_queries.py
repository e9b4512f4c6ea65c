"""Reads of what the register keeps beside an instrument, and of movements; the number of statements is fixed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lims.core.errors import NotFound
from standards.instrument_queries import names_of
from standards.register_facts import (
    LEAVING,
    Beside,
    EntryFacts,
    EntryKind,
    FileFacts,
    FileKind,
    MovementFacts,
    MovementKind,
)
from standards.register_models import InstrumentEntry, InstrumentFile, StandardMovement


def beside(session: Session, instrument_id: int) -> Beside:
    """Return the files, accessories, safeguards and firmware of an instrument, former ones included: two statements."""
    return Beside(tuple(files_of(session, instrument_id)), tuple(entries_of(session, instrument_id)))


def files_of(session: Session, instrument_id: int) -> list[FileFacts]:
    """Return the files of an instrument, the newest first."""
    query = select(InstrumentFile).where(InstrumentFile.instrument_id == instrument_id)
    rows = list(session.execute(query.order_by(InstrumentFile.id.desc())).scalars())
    later = {row.replaces_id: row.id for row in rows if row.replaces_id is not None}
    return [_file_facts(row, later.get(row.id)) for row in rows]


def file_facts(session: Session, file_id: int) -> FileFacts:
    """Return a file. Raises NotFound."""
    row = session.get(InstrumentFile, file_id)
    if row is None:
        raise NotFound("register.file_not_found")
    later = select(InstrumentFile.id).where(InstrumentFile.replaces_id == file_id)
    return _file_facts(row, session.execute(later).scalar())


def entries_of(session: Session, instrument_id: int) -> list[EntryFacts]:
    """Return the accessories, safeguards and firmware versions of an instrument, the newest first."""
    query = select(InstrumentEntry).where(InstrumentEntry.instrument_id == instrument_id)
    rows = list(session.execute(query.order_by(InstrumentEntry.valid_from.desc(), InstrumentEntry.id.desc())).scalars())
    later = {row.replaces_id: row.id for row in rows if row.replaces_id is not None}
    return [_entry_facts(row, later.get(row.id)) for row in rows]


def entry_facts(session: Session, entry_id: int) -> EntryFacts:
    """Return an accessory, safeguard or firmware version. Raises NotFound."""
    row = session.get(InstrumentEntry, entry_id)
    if row is None:
        raise NotFound("register.entry_not_found")
    later = select(InstrumentEntry.id).where(InstrumentEntry.replaces_id == entry_id)
    return _entry_facts(row, session.execute(later).scalar())


def movements_of(session: Session, standard_id: int) -> list[MovementFacts]:
    """Return the movements of a standard, the newest first."""
    query = select(StandardMovement).where(StandardMovement.standard_id == standard_id)
    rows = list(session.execute(query.order_by(StandardMovement.moved_on.desc(), StandardMovement.id.desc())).scalars())
    return _movements(session, rows)


def open_movements(session: Session, standard_ids: Collection[int]) -> dict[int, MovementFacts]:
    """Return for each standard that was lent or sent and not received again the movement that is open."""
    received = aliased(StandardMovement)
    query = (
        select(StandardMovement)
        .outerjoin(received, received.ends_id == StandardMovement.id)
        .where(
            StandardMovement.kind.in_(sorted(LEAVING)),
            StandardMovement.standard_id.in_(set(standard_ids)),
            received.id.is_(None),
        )
        .order_by(StandardMovement.id)
    )
    rows = list(session.execute(query).scalars())
    return {found.standard_id: found for found in _movements(session, rows)}


def _movements(session: Session, rows: Sequence[StandardMovement]) -> list[MovementFacts]:
    names = names_of(session, {row.organisation_id for row in rows if row.organisation_id is not None})
    ends = {row.ends_id: row.id for row in rows if row.ends_id is not None}
    found = []
    for row in rows:
        name_vi, name_en = names.get(row.organisation_id or 0, (None, None))
        found.append(
            MovementFacts(
                id=row.id,
                standard_id=row.standard_id,
                kind=MovementKind(row.kind),
                moved_on=row.moved_on,
                organisation_id=row.organisation_id,
                organisation_name_vi=name_vi,
                organisation_name_en=name_en,
                holder=row.holder,
                place=row.place,
                reason=row.reason,
                condition=row.condition,
                expected_on=row.expected_on,
                ends_id=row.ends_id,
                recorded_at=row.recorded_at,
                recorded_by_name=row.recorded_by_name,
                ended_by=ends.get(row.id),
            )
        )
    return found


def _file_facts(row: InstrumentFile, replaced_by: int | None) -> FileFacts:
    return FileFacts(
        id=row.id,
        instrument_id=row.instrument_id,
        kind=FileKind(row.kind),
        sha256=row.sha256,
        media_type=row.media_type,
        file_name=row.file_name,
        size=row.size,
        title=row.title,
        language=row.language,
        replaces_id=row.replaces_id,
        withdrawn=row.withdrawn,
        reason=row.reason,
        added_at=row.added_at,
        added_by_name=row.added_by_name,
        replaced_by=replaced_by,
    )


def _entry_facts(row: InstrumentEntry, replaced_by: int | None) -> EntryFacts:
    return EntryFacts(
        id=row.id,
        instrument_id=row.instrument_id,
        kind=EntryKind(row.kind),
        means=row.means,
        name_vi=row.name_vi,
        name_en=row.name_en,
        identifier=row.identifier,
        note=row.note,
        valid_from=row.valid_from,
        replaces_id=row.replaces_id,
        ended=row.ended,
        recorded_at=row.recorded_at,
        recorded_by_name=row.recorded_by_name,
        replaced_by=replaced_by,
    )
