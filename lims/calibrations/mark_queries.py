"""Reads of what tells one state of a run from another, and of the cells that are filled: asked at every reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, ScalarSelect, Table, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from lims.calibrations.facts import Address, RunFacts
from lims.calibrations.models import Adjustment, EquipmentUse, Reading, ReadingExclusion, RunJustification
from lims.calibrations.reading_queries import PLACE
from lims.core.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Marks:
    """The newest of everything under a run, its own or its batch's, and how much of its equipment was taken out."""

    reading: int
    exclusion: int
    use: int
    adjustment: int
    justification: int
    withdrawn: int


_READING: Final = cast(Table, Reading.__table__)
_EXCLUSION: Final = cast(Table, ReadingExclusion.__table__)
_USE: Final = cast(Table, EquipmentUse.__table__)
_ADJUSTMENT: Final = cast(Table, Adjustment.__table__)
_JUSTIFICATION: Final = cast(Table, RunJustification.__table__)


def _own(table: Table) -> ColumnElement[bool]:
    return table.c.run_id == bindparam("run")


def _held(table: Table) -> ColumnElement[bool]:
    """Return the condition of a run's own rows and of those that its batch holds for every item."""
    return or_(_own(table), table.c.batch_id == bindparam("batch"))


def _newest(table: Table, holds: Callable[[Table], ColumnElement[bool]]) -> ScalarSelect[Any]:
    return select(func.coalesce(func.max(table.c.id), 0)).where(holds(table)).scalar_subquery()


_MARKS: Final = Prepared(
    select(
        _newest(_READING, _held),
        _newest(_EXCLUSION, _held),
        _newest(_USE, _held),
        _newest(_ADJUSTMENT, _own),
        _newest(_JUSTIFICATION, _own),
        select(func.count()).where(_held(_USE), _USE.c.withdrawn_at.is_not(None)).scalar_subquery(),
    )
)
_LATER: Final = _READING.alias()
_FILLED: Final = Prepared(
    select(*_READING.c["id", *PLACE]).where(
        and_(_held(_READING), ~exists().where(_LATER.c.supersedes_id == _READING.c.id))
    )
)


def marks_of(session: Session, run: RunFacts) -> Marks:
    """Return the marks of a run."""
    (row,) = _MARKS.rows(session.connection(), {"run": run.id, "batch": run.batch_id})
    return Marks(*row)


def filled_cells(session: Session, run: RunFacts) -> dict[Address, int]:
    """Return the cells of a run in which something was read, each with its newest reading."""
    rows = _FILLED.rows(session.connection(), {"run": run.id, "batch": run.batch_id})
    return {Address(*place): key for key, *place in rows}
