"""What keeps a run back, told with the answer to every cell: what a reading may change is read anew, the rest kept.

Whether the equipment may be used, who is authorised, where the item is: that comes from a moment ago, from the page's
last look at the whole run. Which cells are empty and what the conditions are is read each time. Whether other rows can
be evaluated only the whole run tells; the page asks for it after a pause, and a submission reads everything anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Final

from sqlalchemy.orm import Session

from lims.calibrations.evaluations import material_of
from lims.calibrations.facts import Address, EvaluationView, ExclusionFacts, ExclusionKind, RunFacts
from lims.calibrations.gathering import RunMaterial, input_record
from lims.calibrations.mark_queries import Marks, filled_cells, marks_of
from lims.calibrations.standing import condition_ranges, conditions_missing, missing_of, phases_of, sheet, standing
from lims.calibrations.workflow import Standing
from lims.procedures.definition_facts import Section

_KEPT_SECONDS: Final = 15.0
_KEPT: Final = 64

_Key = tuple[str, int, int, int, int, int]
_Wanted = tuple[tuple[Section, tuple[Address, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was found of a whole run, its cells in a phase, and until when it is kept."""

    standing: Standing
    wanted: _Wanted
    until: float


_kept: dict[_Key, _Kept] = {}
_lock: Final = Lock()


def hold(session: Session, material: RunMaterial, found: Standing) -> Standing:
    """Keep for a moment what was found of a whole run, and return it."""
    return _hold(session, material, found).standing


def _hold(session: Session, material: RunMaterial, found: Standing) -> _Kept:
    marks, moment = marks_of(session, material.run), time.monotonic()
    wanted = tuple(
        (section, tuple(address for phase in phases_of(material) for address in sheet(material, section, phase)))
        for section in material.definition.sections
    )
    with _lock:
        for old in [key for key, entry in _kept.items() if entry.until <= moment or len(_kept) > _KEPT]:
            _kept.pop(old, None)
        made = _kept[_key(material.run, marks)] = _Kept(found, wanted, moment + _KEPT_SECONDS)
    return made


def _key(run: RunFacts, marks: Marks) -> _Key:
    return run.token, run.row_version, marks.use, marks.withdrawn, marks.adjustment, marks.justification


def _withdrawn(exclusions: Sequence[ExclusionFacts]) -> set[int]:
    """Return the readings that their writers took back."""
    last = {entry.reading_id: entry.kind for entry in exclusions if entry.reading_id is not None}
    return {reading for reading, kind in last.items() if kind == ExclusionKind.WITHDRAWN}


def standing_now(
    session: Session, run: RunFacts, material: RunMaterial, view: EvaluationView | None, *, now: datetime
) -> Standing:
    """Return all that the rules look at after a reading; `material` and `view` may be those of its row alone."""
    key = _key(run, marks_of(session, run))
    known = _kept.get(key)
    if known is None or known.until <= time.monotonic():
        whole = material_of(session, run)
        faults = input_record(session, whole, now=now).faults
        known = _hold(session, whole, standing(session, whole, now=now, faults=faults))
    gone = _withdrawn(material.exclusions)
    filled = {address for address, reading in filled_cells(session, run).items() if reading not in gone}
    failure = view.failures[0] if view is not None and view.failures else None
    return replace(
        known.standing,
        missing=tuple(missing_of(known.wanted, filled, material.exclusions)),
        conditions=condition_ranges(material),
        missing_conditions=tuple(conditions_missing(material)),
        evaluation_code=None if failure is None else failure.code,
        evaluation_values={} if failure is None else {"point": failure.point, **failure.values},
    )
