"""Writing readings into the cells of a draft: recorded once, corrected by superseding, never changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast

from sqlalchemy import Connection, Table, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calc.units import canonical_unit
from lims.calibrations import queries, reading_queries
from lims.calibrations.batch_queries import batch_number
from lims.calibrations.batch_workflow import check_not_in_batch
from lims.calibrations.commands import RecordReading
from lims.calibrations.facts import Activity, Address, Phase, ReadingFacts
from lims.calibrations.models import Reading
from lims.calibrations.reading_queries import PLACE, SheetCells, WritableRun
from lims.calibrations.services import add_person, check_performer
from lims.calibrations.typed import (
    PresentReading,
    asks_for_range,
    check_range,
    check_seen,
    check_uuid,
    conflict,
    read_indication,
)
from lims.calibrations.workflow import CLAUSE_AMENDMENTS, CLAUSE_RECORDS, check_editable
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.db import connection_of, is_duplicate
from lims.core.errors import FieldError, InvalidInput, RuleViolation
from lims.core.prepared import Prepared
from lims.core.text import normalise
from lims.people import access
from lims.people import queries as people
from lims.people.access import Permission
from lims.procedures.validity import first_in_force

_READING: Final = cast(Table, Reading.__table__)
_WRITTEN: Final = (
    "run_id",
    *PLACE,
    *("text", "unit", "value", "value_float"),
    *("observer_id", "observer_name", "observed_at", "writer_id", "writer_name", "entered_at"),
    *("source", "source_sha256", "equipment_use_id", "client_uuid"),
    *("supersedes_id", "supersede_reason", "comment"),
)
_NEW: Final = Prepared(insert(_READING).values({name: bindparam(name) for name in _WRITTEN}).returning(_READING.c.id))
_BY_UUID: Final = select(Reading).where(Reading.client_uuid == bindparam("client_uuid"))


def record_reading(session: Session, actor: Actor, command: RecordReading, *, now: datetime) -> ReadingFacts:
    """Store an indication as typed; with a seen reading it supersedes that one, and needs the reason.

    Who: a person authorised to perform the procedure on that day. A repeat with the same client UUID returns what is
    stored. Refuses a run that is no draft, a cell that the layout does not have, text that is no number, a unit that
    does not fit, a number far outside the item's range unless a comment says why; raises StaleRecord where somebody
    else wrote that cell meanwhile (ISO/IEC 17025:2017, 7.5).
    """
    opened = _opened(session, actor, command)
    if opened.repeated:
        return _repeated(session, command)
    run = opened.run
    _check_performer(session, actor, run, now)
    if command.observed_at is not None and command.observed_at > now:
        raise InvalidInput([FieldError("observed_at", "reading.in_future")])
    sheet = reading_queries.sheet_cells(session, run)
    value, unit = read_indication(command, _cell_unit(session, run, sheet, command.address))
    if asks_for_range(command):
        quantity = sheet.quantities[command.address.section]
        if not reading_queries.within_known_range(run, quantity, value, unit):
            check_range(command, value, unit, reading_queries.range_ends(opened.connection, run, quantity))
    check_seen(command, opened.present)
    return _store(session, actor, opened, command, (value, unit), now)


def record_without_number(session: Session, actor: Actor, command: RecordReading, *, now: datetime) -> ReadingFacts:
    """Store that a cell was looked at and could not be read: a row without a number, in the cell's unit.

    The same guards as for an indication; whoever calls this says why it is not measurable.
    """
    opened = _opened(session, actor, command)
    if opened.repeated:
        return _repeated(session, command)
    run = opened.run
    _check_performer(session, actor, run, now)
    unit = _cell_unit(session, run, reading_queries.sheet_cells(session, run), command.address)
    if unit is None:
        raise InvalidInput([FieldError(command.address.key, "reading.no_such_cell")])
    check_seen(command, opened.present)
    return _store(session, actor, opened, command, (None, canonical_unit(unit)), now)


def correct_reading(session: Session, actor: Actor, command: RecordReading, *, now: datetime) -> ReadingFacts:
    """Supersede a reading with a new one and the reason; the old one stays (ISO/IEC 17025:2017, 7.5.2)."""
    if command.seen_reading_id is None:
        raise RuleViolation("reading.nothing_to_correct", clause=CLAUSE_AMENDMENTS)
    return record_reading(session, actor, command, now=now)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A draft that stays one until this transaction ends, and its cell: what stands there, whether this came before."""

    connection: Connection
    run: WritableRun
    present: PresentReading | None
    repeated: bool


def _opened(session: Session, actor: Actor, command: RecordReading) -> _Opened:
    """Return the cell that is to be written, with its run, for who may record readings in it."""
    access.require(actor, Permission.RECORD_READINGS)
    check_uuid(command.client_uuid)
    session.flush()  # what follows goes straight to the tables
    connection = connection_of(session)
    run = reading_queries.writable_run(connection, actor, command.run_id)
    check_editable(run)
    cell = reading_queries.cell_state(connection, run.id, command.address, command.client_uuid)
    return _Opened(connection, run, cell.present, cell.repeated)


def _check_performer(session: Session, actor: Actor, run: WritableRun, now: datetime) -> None:
    """Refuse who may not do the procedure that day; who has no authorisation of their own may have a supervisor."""
    today = local_date(now, run.timezone)
    if first_in_force(run.terms, on=today, site_id=run.site_id) is None:
        check_performer(session, queries.run_facts(session, actor, run.id), actor, on=today)


def _cell_unit(session: Session, run: WritableRun, sheet: SheetCells, address: Address) -> str | None:
    """Return the entry unit of a cell, None where there is no such cell (as left: before any adjustment).

    Refuses a cell that a batch reads for all its items.
    """
    if run.batch_id is not None and address in sheet.shared:
        check_not_in_batch(batch_number(session, run.batch_id))
    if address.phase == Phase.AS_FOUND:
        return sheet.units.get(address)
    if address.phase != Phase.AS_LEFT or not queries.adjustments(session, run.id):
        return None
    return sheet.units.get(replace(address, phase=str(Phase.AS_FOUND)))


def _store(
    session: Session,
    actor: Actor,
    opened: _Opened,
    command: RecordReading,
    read: tuple[Decimal | None, str],
    now: datetime,
) -> ReadingFacts:
    """Insert what was read over what stood in the cell, and write the audit entry."""
    values = _values(session, actor, command, read, opened.present, now)
    key = _insert(session, opened.connection, values)
    if key is None:
        return _second(session, command)
    if not opened.run.takes_part:
        add_person(session, opened.run.id, actor.person_id, Activity.PERFORM, now)
    stored = _stored(key, command.address, values)
    _note_reading(session, actor, opened.run, stored, opened.present, now)
    return stored


def _values(
    session: Session,
    actor: Actor,
    command: RecordReading,
    read: tuple[Decimal | None, str],
    present: PresentReading | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the columns of a reading, of which number and unit were read, over what stood in the cell."""
    observer_id, observer_name = _observer(session, actor, command)
    value, unit = read
    return {
        "run_id": command.run_id,
        **{name: getattr(command.address, name) for name in PLACE},
        "text": normalise(command.text),
        "unit": unit,
        "value": value,
        "value_float": None if value is None else float(value),
        "observer_id": observer_id,
        "observer_name": observer_name,
        "observed_at": command.observed_at or now,
        "writer_id": actor.person_id,
        "writer_name": actor.name,
        "entered_at": now,
        "source": str(command.source),
        "source_sha256": command.source_sha256,
        "equipment_use_id": command.equipment_use_id,
        "client_uuid": command.client_uuid,
        "supersedes_id": None if present is None else present.id,
        "supersede_reason": None if present is None else normalise(command.reason),
        "comment": normalise(command.comment) or None,
    }


def _observer(session: Session, actor: Actor, command: RecordReading) -> tuple[int, str]:
    if command.observer_id is None or command.observer_id == actor.person_id:
        return actor.person_id, actor.name
    return command.observer_id, people.person_facts(session, command.observer_id).full_name


def _insert(session: Session, connection: Connection, values: dict[str, Any]) -> int | None:
    """Insert a reading and return its key; None where another writer was first, which the database says."""
    try:
        if connection.dialect.name == "sqlite":  # keeps a transaction whose statement failed
            ((key,),) = _NEW.rows(connection, values)
        else:  # needs a savepoint to go back to
            with session.begin_nested():
                ((key,),) = _NEW.rows(session.connection(), values)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return None
    return int(key)


def _second(session: Session, command: RecordReading) -> ReadingFacts:
    """Return what the same form, sent twice at once, has stored; raise the conflict where somebody else was first."""
    cell = reading_queries.cell_state(session.connection(), command.run_id, command.address, command.client_uuid)
    if not cell.repeated:
        raise conflict(command, cell.present)
    return _repeated(session, command)


def _repeated(session: Session, command: RecordReading) -> ReadingFacts:
    """Return the reading that carries the same client UUID already; another content under it is refused."""
    row = session.execute(_BY_UUID, {"client_uuid": command.client_uuid}).scalar_one()
    found = queries.reading_facts(row)
    if (row.run_id, found.address, found.text) != (command.run_id, command.address, normalise(command.text)):
        raise RuleViolation("reading.uuid_reused", clause=CLAUSE_RECORDS)
    return found


def _stored(key: int, address: Address, values: dict[str, Any]) -> ReadingFacts:
    return ReadingFacts(
        id=key,
        address=address,
        text=values["text"],
        unit=values["unit"],
        value=values["value"],
        observer_id=values["observer_id"],
        observer_name=values["observer_name"],
        observed_at=values["observed_at"],
        writer_id=values["writer_id"],
        writer_name=values["writer_name"],
        entered_at=values["entered_at"],
        source=values["source"],
        supersedes_id=values["supersedes_id"],
        supersede_reason=values["supersede_reason"] or "",
        comment=values["comment"] or "",
    )


def _note_reading(
    session: Session,
    actor: Actor,
    run: WritableRun,
    reading: ReadingFacts,
    present: PresentReading | None,
    now: datetime,
) -> None:
    action = "reading.recorded" if present is None else "reading.corrected"
    before = None if present is None else {"id": present.id, "text": present.text, "unit": present.unit}
    after = {"id": reading.id, "cell": reading.address.key, "text": reading.text, "unit": reading.unit}
    if present is not None:
        after["reason"] = reading.supersede_reason
    audit.record(session, actor, action, ("run", run.id), now=now, site_id=run.site_id, before=before, after=after)
