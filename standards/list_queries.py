"""Lists: instruments, and the standards as they stand at an instant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from lims.core.lists import EVERYTHING, Condition, Listed, ListRequest, PlainList, SqlList, every_word
from lims.core.text import search_text, sort_key
from lims.people.models import Organisation, Site
from standards.calibration_models import Standard
from standards.facts import DueState, InstrumentLine, StandardFacts, StandardLine, StandardRole, StandardState
from standards.instrument_queries import instrument_line, load_standards, names_of, standard_rows
from standards.models import Instrument
from standards.register_queries import standards as standard_lines


def instruments(session: Session, request: ListRequest = EVERYTHING) -> Listed[InstrumentLine]:
    """Return instruments in Vietnamese order; retired ones only where they are asked for.

    Filters: kind; show (standards, retired); owner, by key.
    """
    query: Select[*tuple[Any, ...]] = (
        select(Instrument, Standard.id, Standard.code)
        .select_from(Instrument)
        .join(Organisation, Organisation.id == Instrument.owner_id)
        .outerjoin(Standard, Standard.instrument_id == Instrument.id)
    )
    owner = request.key("owner")
    if owner is not None:
        query = query.where(Instrument.owner_id == owner)
    found = SqlList(
        query=query,
        key=Instrument.id,
        sorts={
            "name": (Instrument.sort_key,),
            "kind": (Instrument.kind, Instrument.sort_key),
            "serial": (Instrument.serial_number,),
            "owner": (Organisation.sort_key, Instrument.sort_key),
        },
        sort="name",
        searched=_named,
        filters={
            "kind": _kinds(session),
            "show": {
                "standards": Standard.id.is_not(None) & Instrument.retired_on.is_(None),
                "retired": Instrument.retired_on.is_not(None),
            },
        },
        unless={"show": Instrument.retired_on.is_(None)},
    ).answer(session, request)
    names = names_of(session, {row[0].owner_id for row in found.items})
    return found.mapped(lambda row: instrument_line(row, names))


def _named(word: str) -> Condition:
    """Find an instrument by its words, a standard by its code too."""
    by_code = func.lower(Standard.code).contains(word, autoescape=True)
    return or_(every_word(Instrument.search_text)(word), by_code)


def _kinds(session: Session) -> Mapping[str, Condition]:
    kinds = session.execute(select(Instrument.kind).distinct().order_by(Instrument.kind)).scalars()
    return {kind: Instrument.kind == kind for kind in kinds}


def standards(
    session: Session, request: ListRequest = EVERYTHING, *, laboratory_id: int | None, at: datetime
) -> Listed[StandardLine]:
    """Return the standards of a laboratory as they stand at an instant, by code.

    Filters: due; state; role; papers (missing for verification); wait (a calibration waits for acceptance);
    back (should have come back by now).
    """
    return _standards(session, laboratory_id, at).answer(request)


def all_standards(
    session: Session, request: ListRequest, *, laboratory_id: int | None, at: datetime
) -> list[StandardLine]:
    """Return every standard that a request leaves, for papers of all of them: not a page but the list."""
    plain = _standards(session, laboratory_id, at)
    return list(plain.answer(request, size=max(1, len(plain.rows))).items)


def tokens_of(session: Session, instrument_ids: Collection[int]) -> dict[int, str]:
    """Return the tokens of instruments, which stand in the codes on their labels."""
    rows = session.execute(select(Instrument).where(Instrument.id.in_(set(instrument_ids)))).scalars()
    return {row.id: row.token for row in rows}


def standard_by_token(session: Session, token: str, laboratory_id: int | None) -> StandardFacts | None:
    """Return the standard of a laboratory that a label's code names, or None."""
    query = standard_rows().where(Instrument.token == token, Site.organisation_id == (laboratory_id or 0))
    return next(iter(load_standards(session, query)), None)


def _standards(session: Session, laboratory_id: int | None, at: datetime) -> PlainList[StandardLine]:
    return PlainList(
        rows=standard_lines(session, laboratory_id=laboratory_id, at=at),
        sorts={
            "code": lambda line: line.standard.code,
            "name": lambda line: sort_key(line.standard.name_vi),
            "days": lambda line: line.days_left,
        },
        sort="code",
        searched=lambda line: search_text(
            line.standard.code,
            line.standard.name_vi,
            line.standard.name_en,
            line.standard.serial_number,
            line.standard.location,
            line.certificate_number,
        ),
        filters={
            "due": {one.value: _is_due(one) for one in DueState if one is not DueState.IN_DATE},
            "state": {one.value: _is_in(one) for one in StandardState},
            "role": {one.value: _serves_as(one) for one in StandardRole},
            "wait": {"1": lambda line: line.waiting > 0},
            "papers": {"missing": lambda line: bool(line.missing_papers)},
            "back": {"late": lambda line: line.late},
        },
    )


def _is_due(due: DueState) -> Any:
    return lambda line: line.due is due


def _is_in(state: StandardState) -> Any:
    return lambda line: line.state is state


def _serves_as(role: StandardRole) -> Any:
    return lambda line: line.standard.role is role
