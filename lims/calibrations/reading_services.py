"""Writing readings into the cells of a draft: recorded once, corrected by superseding, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, cast

from sqlalchemy import Table, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calc.errors import CalcError
from calc.units import canonical_unit, display_unit, is_compatible
from lims.calibrations import queries
from lims.calibrations.commands import RecordReading
from lims.calibrations.facts import (
    CONDITIONS,
    Activity,
    Address,
    Phase,
    ReadingFacts,
    ReadingSource,
    RunFacts,
)
from lims.calibrations.models import Reading
from lims.calibrations.plausibility import far_outside
from lims.calibrations.services import add_person, check_performer, editable
from lims.calibrations.standing import with_phase
from lims.calibrations.workflow import CLAUSE_AMENDMENTS, CLAUSE_RECORDS
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.db import is_duplicate
from lims.core.errors import FieldError, InvalidInput, RuleViolation, StaleRecord
from lims.core.numbers import MAX_LENGTH, parse_decimal
from lims.core.text import normalise
from lims.jobs.facts import points_from_json
from lims.people import queries as people
from lims.procedures.definition_facts import Definition
from lims.procedures.layouts import cells, condition_cells
from standards import queries as standards

_UUID_LENGTH: Final = 36
_PLACE: Final = ("section", "point", "cycle", "direction", "sequence", "role", "phase")
# Written once: these are asked for every reading.
_IN_CELL: Final = (
    select(Reading)
    .where(*(getattr(Reading, name) == bindparam(name) for name in ("run_id", *_PLACE)))
    .order_by(Reading.id)
)
_TABLE: Final = cast(Table, Reading.__table__)
_NEW: Final = insert(_TABLE)
_COLUMNS: Final = tuple(column.key for column in _TABLE.columns if column.key != "id")
_BY_UUID: Final = select(Reading).where(Reading.client_uuid == bindparam("client_uuid"))


def record_reading(session: Session, actor: Actor, command: RecordReading, *, now: datetime) -> ReadingFacts:
    """Store an indication as typed; with a seen reading it supersedes that one, and needs the reason.

    Who: a person authorised to perform the procedure on that day. A repeat with the same client UUID returns what is
    stored. Refuses a run that is no draft, a cell that the layout does not have, text that is no number, a unit that
    does not fit, a number far outside the item's range unless a comment says why; raises StaleRecord where somebody
    else wrote that cell meanwhile (ISO/IEC 17025:2017, 7.5).
    """
    _row, run = editable(session, actor, command.run_id, lock="share")
    # The cell first: what is in it by then is found as a repeat too, where the same form came twice at once.
    present = _present(session, command.address, run.id)
    repeated = _repeated(session, command)
    if repeated is not None:
        return repeated
    observed_at = command.observed_at or now
    check_performer(session, run, actor, on=local_date(now, run.timezone))
    if observed_at > now:
        raise InvalidInput([FieldError("observed_at", "reading.in_future")])
    value, unit = _checked(session, run, command)
    _check_seen(command, present)
    reading = _new_reading(session, actor, command, (value, unit), present, now)
    repeated = _insert(session, reading, command, run.id)
    if repeated is not None:
        return repeated
    if all(person.person_id != actor.person_id for person in run.people):
        add_person(session, run.id, actor.person_id, Activity.PERFORM, now)
    _note_reading(session, actor, run, reading, present, now)
    return queries.reading_facts(reading)


def _new_reading(
    session: Session,
    actor: Actor,
    command: RecordReading,
    read: tuple[Decimal, str],
    present: ReadingFacts | None,
    now: datetime,
) -> Reading:
    """Return the row of a reading, of which number and unit were read, over what stood in the cell."""
    observer_id, observer_name = _observer(session, actor, command)
    value, unit = read
    return Reading(
        run_id=command.run_id,
        section=command.address.section,
        point=command.address.point,
        cycle=command.address.cycle,
        direction=command.address.direction,
        sequence=command.address.sequence,
        role=str(command.address.role),
        phase=str(command.address.phase),
        text=normalise(command.text),
        unit=unit,
        value=value,
        value_float=float(value),
        observer_id=observer_id,
        observer_name=observer_name,
        observed_at=command.observed_at or now,
        writer_id=actor.person_id,
        writer_name=actor.name,
        entered_at=now,
        source=command.source,
        source_sha256=command.source_sha256,
        equipment_use_id=command.equipment_use_id,
        client_uuid=command.client_uuid,
        supersedes_id=None if present is None else present.id,
        supersede_reason=None if present is None else normalise(command.reason),
        comment=normalise(command.comment) or None,
    )


def correct_reading(session: Session, actor: Actor, command: RecordReading, *, now: datetime) -> ReadingFacts:
    """Supersede a reading with a new one and the reason; the old one stays (ISO/IEC 17025:2017, 7.5.2)."""
    if command.seen_reading_id is None:
        raise RuleViolation("reading.nothing_to_correct", clause=CLAUSE_AMENDMENTS)
    return record_reading(session, actor, command, now=now)


def _repeated(session: Session, command: RecordReading) -> ReadingFacts | None:
    """Return the reading that carries the same client UUID already; another content under it is refused."""
    if not 8 <= len(command.client_uuid) <= _UUID_LENGTH:
        raise InvalidInput([FieldError("client_uuid", "reading.no_uuid")])
    row = session.execute(_BY_UUID, {"client_uuid": command.client_uuid}).scalar_one_or_none()
    if row is None:
        return None
    found = queries.reading_facts(row)
    if (row.run_id, found.address, found.text) != (command.run_id, command.address, normalise(command.text)):
        raise RuleViolation("reading.uuid_reused", clause=CLAUSE_RECORDS)
    return found


def _checked(session: Session, run: RunFacts, command: RecordReading) -> tuple[Decimal, str]:
    """Return the number and the unit in one form. Raises InvalidInput naming the cell."""
    field = command.address.key
    cell_unit = _cell_unit(session, run, command.address)
    if cell_unit is None:
        raise InvalidInput([FieldError(field, "reading.no_such_cell")])
    text = normalise(command.text)
    if not text:
        raise InvalidInput([FieldError(field, "number.missing")])
    value = parse_decimal(text)
    if value is None:
        raise InvalidInput([FieldError(field, "number.not_a_number", {"text": text[:MAX_LENGTH]})])
    try:
        unit = canonical_unit(command.unit or cell_unit)
        fits = is_compatible(unit, cell_unit)
    except CalcError:
        raise InvalidInput([FieldError(field, "unit.unknown", {"unit": command.unit})]) from None
    if not fits:
        words = {"unit": display_unit(unit), "expected": display_unit(canonical_unit(cell_unit))}
        raise InvalidInput([FieldError(field, "unit.incompatible", words)])
    _check_range(session, run, command, value, unit)
    return value, unit


def _check_range(session: Session, run: RunFacts, command: RecordReading, value: Decimal, unit: str) -> None:
    """Ask for a reason where somebody typed a number far outside the item's range."""
    typed = command.source in {ReadingSource.TYPED, ReadingSource.PASTED}
    if not typed or command.comment.strip() or command.address.section == CONDITIONS:
        return
    definition = queries.version_of(session, run).definition
    quantity = definition.section(command.address.section).quantity
    ends = standards.range_ends(session, run.instrument_id, quantity)
    if far_outside(value, unit, ends):
        lower, upper, wanted = ends[0]
        shown = {"text": normalise(command.text), "lower": lower, "upper": upper, "unit": display_unit(wanted)}
        raise InvalidInput([FieldError(command.address.key, "reading.far_outside", shown)])


def _cell_unit(session: Session, run: RunFacts, address: Address) -> str | None:
    """Return the entry unit of a cell of the procedure's layouts, None where there is no such cell."""
    version = queries.version_of(session, run)
    if address.phase == Phase.AS_LEFT and not queries.adjustments(session, run.id):
        return None
    units = _units(_Layouts(version.definition_digest, version.definition), run.points)
    return units.get(replace(address, phase=str(Phase.AS_FOUND)))


class _Layouts:
    """A definition known by its digest."""

    def __init__(self, digest: str, definition: Definition) -> None:
        self.digest, self.definition = digest, definition

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Layouts) and other.digest == self.digest


@lru_cache(maxsize=64)
def _units(layouts: _Layouts, points: str | None) -> Mapping[Address, str]:
    """Return every cell with its unit, worked out once for a procedure version and the points agreed."""
    return _cell_units(layouts.definition, points)


def cell_units(definition: Definition, run: RunFacts) -> dict[Address, str]:
    """Return every cell of a run, as found, with its entry unit."""
    return _cell_units(definition, run.points)


def _cell_units(definition: Definition, points: str | None) -> dict[Address, str]:
    agreed = {entry.section: entry.points for entry in points_from_json(points)}
    found = [cell for section in definition.sections for cell in cells(section, agreed.get(section.code, ()))]
    return {with_phase(cell.address, Phase.AS_FOUND): cell.unit for cell in (*found, *condition_cells(definition))}


def _present(session: Session, address: Address, run_id: int) -> ReadingFacts | None:
    """Return the reading that stands in a cell now."""
    place = {name: getattr(address, name) for name in _PLACE} | {"run_id": run_id}
    rows = list(session.execute(_IN_CELL, place).scalars())
    superseded = {row.supersedes_id for row in rows}
    last = next((row for row in rows if row.id not in superseded), None)
    return None if last is None else queries.reading_facts(last)


def _check_seen(command: RecordReading, present: ReadingFacts | None) -> None:
    """Refuse a write to a cell that holds something else than its writer saw; ask for a correction's reason."""
    if (None if present is None else present.id) != command.seen_reading_id:
        raise _conflict(command, present)
    if present is not None and not command.reason.strip():
        raise InvalidInput([FieldError(command.address.key, "reading.reason_needed", {"text": present.text})])


def _conflict(command: RecordReading, present: ReadingFacts | None) -> StaleRecord:
    return StaleRecord(
        "reading.conflict",
        clause=CLAUSE_AMENDMENTS,
        field=command.address.key,
        typed=normalise(command.text),
        present="" if present is None else present.text,
        present_id=None if present is None else present.id,
        present_by="" if present is None else present.writer_name,
    )


def _insert(session: Session, reading: Reading, command: RecordReading, run_id: int) -> ReadingFacts | None:
    """Insert a reading; where another writer was first in that cell, the database says so.

    Where that was the same form sent twice at once, what the other stored is returned.
    """
    # SQLite keeps a transaction whose statement failed; PostgreSQL needs a savepoint to go back to.
    held = nullcontext() if session.get_bind().dialect.name == "sqlite" else session.begin_nested()
    try:
        with held:
            values = {name: getattr(reading, name) for name in _COLUMNS}
            (reading.id,) = session.connection().execute(_NEW, values).inserted_primary_key or (0,)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        repeated = _repeated(session, command)
        if repeated is None:
            raise _conflict(command, _present(session, command.address, run_id)) from error
        return repeated
    return None


def _observer(session: Session, actor: Actor, command: RecordReading) -> tuple[int, str]:
    if command.observer_id is None or command.observer_id == actor.person_id:
        return actor.person_id, actor.name
    return command.observer_id, people.person_facts(session, command.observer_id).full_name


def _note_reading(
    session: Session,
    actor: Actor,
    run: RunFacts,
    reading: Reading,
    present: ReadingFacts | None,
    now: datetime,
) -> None:
    action = "reading.recorded" if present is None else "reading.corrected"
    before = None if present is None else {"id": present.id, "text": present.text, "unit": present.unit}
    after = {"id": reading.id, "cell": command_key(reading), "text": reading.text, "unit": reading.unit}
    if present is not None:
        after["reason"] = reading.supersede_reason or ""
    audit.record(session, actor, action, ("run", run.id), now=now, site_id=run.site_id, before=before, after=after)


def command_key(reading: Reading) -> str:
    """Return the address of a row as one text."""
    return queries.reading_facts(reading).address.key
