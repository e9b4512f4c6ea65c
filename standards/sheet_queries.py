"""Reads what a table of the register is compared with, and the rows of one that is written out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.blobs import get_blob
from lims.core.errors import NotFound
from lims.people import queries as people
from standards.instrument_queries import instruments_by_id, load_standards, standard_rows
from standards.models import Instrument
from standards.register_models import RegisterSheet
from standards.sheet_plan import Laboratory, Planner, Registered, serial_key
from standards.sheet_rows import RowReader
from standards.sheet_scheme import SheetPlan, Table, Vocabulary


def sheet(session: Session, sheet_id: int, laboratory_id: int | None) -> RegisterSheet:
    """Return a table that a laboratory received. Raises NotFound for any other."""
    row = session.get(RegisterSheet, sheet_id)
    if row is None or row.laboratory_id != laboratory_id:
        raise NotFound("sheet.not_found")
    return row


def sheet_bytes(session: Session, row: RegisterSheet) -> bytes:
    """Return the bytes of a received table, checked against their hash."""
    return get_blob(session, row.sha256)


def laboratory(session: Session, laboratory_id: int, at: datetime) -> Laboratory:
    """Return what a plan needs to know of a laboratory; the number of statements does not grow with its equipment."""
    sites = people.sites_of(session, laboratory_id)
    keys = [site.id for site in sites]
    found = [facts for facts in load_standards(session, standard_rows()) if facts.laboratory_id == laboratory_id]
    instruments = instruments_by_id(session, [facts.instrument_id for facts in found])
    own = select(Instrument).where(Instrument.owner_id == laboratory_id, Instrument.serial_number.is_not(None))
    return Laboratory(
        organisation_id=laboratory_id,
        site_ids=keys,
        registered={
            (facts.site_id, facts.code.casefold()): Registered(facts, instruments[facts.instrument_id])
            for facts in found
        },
        serial_numbers={
            serial_key(row.kind, row.manufacturer, row.model, row.serial_number or ""): row.id
            for row in session.execute(own).scalars()
        },
        year=at.year,
    )


def plan_of(
    session: Session, table: Table, vocabulary: Vocabulary, sha256: str, laboratory_id: int, at: datetime
) -> SheetPlan:
    """Return what reading in a table would do to the register as it stands now."""
    reader = RowReader(vocabulary, people.sites_of(session, laboratory_id), people.persons_of(session, laboratory_id))
    rows = reader.read(table)
    return Planner(laboratory(session, laboratory_id, at), reader.problems).plan(rows, sha256)
