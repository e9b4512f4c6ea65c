"""Lists: a laboratory's procedures, and the authorisations of its people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.core.lists import EVERYTHING, Listed, ListRequest, PlainList
from lims.core.text import person_sort_key, search_text, sort_key
from lims.procedures import queries
from lims.procedures.facts import Activity, AuthorisationFacts, ProcedureFacts
from lims.procedures.validity import in_force, last_day

SOON: Final = timedelta(days=30)


def procedures(
    session: Session, organisation_id: int, request: ListRequest = EVERYTHING, *, on: date
) -> Listed[ProcedureFacts]:
    """Return a laboratory's procedures by code. Filters: kind of instrument; version (in_force, none, draft)."""
    rows = queries.procedures(session, organisation_id, on=on)
    return PlainList(
        rows=rows,
        sorts={"code": lambda row: row.code, "title": lambda row: sort_key(row.title_vi), "kind": _kind_of},
        sort="code",
        searched=lambda row: search_text(row.code, row.title_vi, row.title_en, row.instrument_kind),
        filters={
            "version": {
                "in_force": lambda row: row.current_version_id is not None,
                "none": lambda row: row.current_version_id is None,
                "draft": lambda row: row.draft_version_id is not None,
            },
            "kind": {kind: _is_kind(kind) for kind in sorted({row.instrument_kind for row in rows})},
        },
    ).answer(request)


def authorisations(
    session: Session, person_ids: Sequence[int], request: ListRequest = EVERYTHING, *, on: date
) -> Listed[AuthorisationFacts]:
    """Return what people may do, by given name. Filters: holds (now, soon over, ended, later); activity."""

    def ends(row: AuthorisationFacts) -> date | None:
        return last_day(row)

    def soon_over(row: AuthorisationFacts) -> bool:
        end = ends(row)
        return in_force(row, on) and end is not None and end <= on + SOON

    return PlainList(
        rows=queries.authorisations(session, person_ids=person_ids),
        sorts={
            "person": lambda row: (person_sort_key(row.person_name), row.procedure_code, row.id),
            "object": lambda row: (row.procedure_code or "~", row.signatory_kind or "", row.id),
            "from": lambda row: row.valid_from,
            "until": ends,
        },
        sort="person",
        searched=lambda row: search_text(row.person_name, row.procedure_code, row.evidence),
        filters={
            "holds": {
                "now": lambda row: in_force(row, on),
                "soon": soon_over,
                "later": lambda row: row.valid_from > on,
                "ended": lambda row: (end := ends(row)) is not None and end < on,
            },
            "activity": {activity.value: _does(activity) for activity in Activity},
        },
    ).answer(request)


def _kind_of(row: ProcedureFacts) -> str:
    return row.instrument_kind


def _is_kind(kind: str) -> Any:
    return lambda row: row.instrument_kind == kind


def _does(activity: Activity) -> Any:
    return lambda row: row.activity is activity
