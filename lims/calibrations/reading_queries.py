"""Reads for the moment in which a reading is stored: one statement for the run, one for its cell, written once.

They go to the tables, not through the mapped classes: whoever types waits for them at every cell. What they return is
judged by the same rules as everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, cast

from sqlalchemy import Connection, Table, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from lims.calibrations.batch_workflow import is_shared
from lims.calibrations.facts import Activity, Address, Phase, RunState
from lims.calibrations.models import CalibrationRun, Reading, RunPerson
from lims.calibrations.plausibility import far_outside
from lims.calibrations.standing import with_phase
from lims.calibrations.typed import PresentReading
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.prepared import Prepared
from lims.jobs.facts import points_from_json
from lims.people import access
from lims.people.access import Permission
from lims.people.models import Site
from lims.procedures import queries as procedures
from lims.procedures.definition_facts import Definition
from lims.procedures.layouts import cells, condition_cells
from lims.procedures.models import Authorisation, AuthorisationEnd, ProcedureVersion
from standards import queries as standards

PLACE: Final = ("section", "point", "cycle", "direction", "sequence", "role", "phase")
"""The columns of a reading's address."""
_KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Term:
    """From when to when, and where, a person is authorised to perform a procedure."""

    id: int
    site_id: int | None
    valid_from: date
    valid_to: date | None
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class WritableRun:
    """What is asked of a run before something is written into it, and of the person who writes.

    `owner_id` is the laboratory, `terms` are the person's own authorisations to perform the procedure, `takes_part`
    says that the run names them already.
    """

    state: RunState
    terms: tuple[Term, ...]
    id: int
    token: str
    number: str
    site_id: int
    owner_id: int
    timezone: str
    instrument_id: int
    batch_id: int | None
    points: str | None
    procedure_version_id: int
    definition_digest: str
    takes_part: bool


@dataclass(frozen=True, slots=True)
class CellState:
    """What stands in a cell now, and whether this very form came before."""

    present: PresentReading | None
    repeated: bool


_EMPTY: Final = CellState(None, False)


@dataclass(frozen=True, slots=True)
class SheetCells:
    """The cells of a procedure version with the points agreed: entry units, as found, and the sections' quantities.

    `shared` are those that a batch reads once for all its items.
    """

    units: Mapping[Address, str]
    quantities: Mapping[str, str]
    shared: frozenset[Address]


_RUN: Final = cast(Table, CalibrationRun.__table__)
_SITE: Final = cast(Table, Site.__table__)
_VERSION: Final = cast(Table, ProcedureVersion.__table__)
_AUTHORISATION: Final = cast(Table, Authorisation.__table__)
_END: Final = cast(Table, AuthorisationEnd.__table__)
_PERSON: Final = cast(Table, RunPerson.__table__)
_READING: Final = cast(Table, Reading.__table__)

_WRITABLE: Final = Prepared(
    select(
        *_RUN.c["state", "id", "token", "number", "site_id"],
        *_SITE.c["organisation_id", "timezone"],
        *_RUN.c["instrument_id", "batch_id", "points", "procedure_version_id"],
        _VERSION.c.definition_digest,
        exists().where(_PERSON.c.run_id == _RUN.c.id, _PERSON.c.person_id == bindparam("person")),
        *_AUTHORISATION.c["id", "site_id", "valid_from", "valid_to"],
        _END.c.ended_on,
    )
    .join_from(_RUN, _SITE, _SITE.c.id == _RUN.c.site_id)
    .join(_VERSION, _VERSION.c.id == _RUN.c.procedure_version_id)
    .outerjoin(
        _AUTHORISATION,
        and_(
            _AUTHORISATION.c.procedure_id == _VERSION.c.procedure_id,
            _AUTHORISATION.c.person_id == bindparam("person"),
            _AUTHORISATION.c.activity == str(Activity.PERFORM),
        ),
    )
    .outerjoin(_END, _END.c.authorisation_id == _AUTHORISATION.c.id)
    .where(_RUN.c.id == bindparam("run"))
    .with_for_update(read=True, of=_RUN)
)
_CELL: Final = Prepared(
    select(*_READING.c["id", "text", "unit", "writer_name", "supersedes_id", "client_uuid"]).where(
        or_(
            and_(*(_READING.c[name] == bindparam(name) for name in ("run_id", *PLACE))),
            _READING.c.client_uuid == bindparam("client_uuid"),
        )
    )
)


def writable_run(connection: Connection, actor: Actor, run_id: int) -> WritableRun:
    """Return a run, for a person of its laboratory; its state cannot move until this transaction ends.

    Raises NotFound.
    """
    access.require(actor, Permission.VIEW_LABORATORY)
    rows = _WRITABLE.rows(connection, {"run": run_id, "person": actor.person_id})
    if not rows:
        raise NotFound("run.not_found")
    terms = tuple(Term(*row[-5:]) for row in rows if row[-5] is not None)
    run = WritableRun(RunState(rows[0][0]), terms, *rows[0][1:-5])
    if not access.belongs(actor, run.owner_id):
        raise NotFound("run.not_found")
    return run


def cell_state(connection: Connection, run_id: int, address: Address, client_uuid: str) -> CellState:
    """Return what stands in a run's cell, and whether a reading carries that UUID, in this cell or in another."""
    values = {name: getattr(address, name) for name in PLACE}
    rows = _CELL.rows(connection, {**values, "run_id": run_id, "client_uuid": client_uuid})
    if not rows:
        return _EMPTY
    superseded = {supersedes_id for *_said, supersedes_id, _uuid in rows}
    present = [said for *said, _supersedes_id, uuid in rows if said[0] not in superseded and uuid != client_uuid]
    repeated = any(uuid == client_uuid for *_said, uuid in rows)
    return CellState(PresentReading(*present[0]) if present else None, repeated)


_sheets: Final[dict[tuple[str, str | None], SheetCells]] = {}


def sheet_cells(session: Session, run: WritableRun) -> SheetCells:
    """Return the cells of a run's sheet, worked out once for a frozen definition and the points agreed."""
    key = (run.definition_digest, run.points)
    found = _sheets.get(key)
    if found is None:
        definition = procedures.procedure_version_facts(session, run.procedure_version_id).definition
        quantities = {section.code: section.quantity for section in definition.sections}
        units = cell_units(definition, run.points)
        shared = frozenset(address for address in units if is_shared(definition, address))
        found = SheetCells(units, quantities, shared)
        if len(_sheets) >= _KEPT:
            _sheets.clear()
        _sheets[key] = found
    return found


_Ends = list[tuple[Decimal, Decimal, str]]
_ranges: Final[dict[tuple[str, int, str], _Ends]] = {}


def range_ends(connection: Connection, run: WritableRun, quantity: str) -> _Ends:
    """Return the ends of the ranges that a run's item has for a quantity, and remember them."""
    found = standards.range_ends(connection, run.instrument_id, quantity)
    if len(_ranges) >= _KEPT:
        _ranges.clear()
    _ranges[run.token, run.instrument_id, quantity] = found
    return found


def within_known_range(run: WritableRun, quantity: str, value: Decimal, unit: str) -> bool:
    """Return whether a number is known to lie near a range of the item; if not, its ranges have to be asked for.

    An instrument's ranges are added to, never changed or taken away: what lies within them once does so for good.
    """
    known = _ranges.get((run.token, run.instrument_id, quantity))
    return not far_outside(value, unit, known) if known else False


def cell_units(definition: Definition, points: str | None) -> dict[Address, str]:
    """Return every cell, as found, with its entry unit; `points` are those agreed for the item, as stored."""
    agreed = {entry.section: entry.points for entry in points_from_json(points)}
    found = [cell for section in definition.sections for cell in cells(section, agreed.get(section.code, ()))]
    return {with_phase(cell.address, Phase.AS_FOUND): cell.unit for cell in (*found, *condition_cells(definition))}
