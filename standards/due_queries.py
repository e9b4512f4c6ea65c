"""Everything that falls due in a laboratory, read with a number of statements that rows do not change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from lims.core.clock import local_date
from lims.core.lists import EVERYTHING, Listed, ListRequest, PlainList
from lims.core.text import search_text
from lims.people.facts import PersonFacts
from lims.people.models import Site
from lims.people.paper_queries import cards_of
from lims.people.queries import persons_of
from standards import queries
from standards.calibration_models import Standard
from standards.check_models import CheckPlan, IntermediateCheck
from standards.due_facts import DueItem, DueKind
from standards.facts import DueState, StandardFacts, StandardLine, StandardState
from standards.instrument_queries import load_standards, standard_rows
from standards.models import Instrument, InstrumentFunction, InstrumentPart
from standards.validity import add_months, due_state


@dataclass(frozen=True, slots=True)
class _Around:
    """What a thing that falls due is shown with: quantities by instrument, names by person, and the instant."""

    groups: Mapping[int, str]
    persons: Sequence[PersonFacts]
    names: Mapping[int, str]
    at: datetime

    def item(
        self, standard: StandardFacts, kind: DueKind, subject_id: int, detail: str, due_on: date | None, due: DueState
    ) -> DueItem:
        """Return one thing of a standard that falls due."""
        day = local_date(self.at, standard.timezone)
        return DueItem(
            kind=kind,
            subject_id=subject_id,
            code=standard.code,
            name_vi=standard.name_vi,
            name_en=standard.name_en,
            detail=detail,
            group=self.groups.get(standard.instrument_id, ""),
            site_id=standard.site_id,
            due_on=due_on,
            days_left=None if due_on is None else (due_on - day).days,
            due=due,
            state=_state(standard, self.at),
            standard_id=standard.id,
            custodian_id=standard.custodian_id,
            custodian_name=self.names.get(standard.custodian_id or 0),
        )


def due_items(session: Session, laboratory_id: int, at: datetime) -> list[DueItem]:
    """Return what falls due of a laboratory's equipment in use and of its verifiers, by day; what is missing last."""
    around = _around(session, laboratory_id, at)
    lines = [
        line
        for line in queries.standards(session, laboratory_id=laboratory_id, at=at)
        if line.state is not StandardState.RETIRED
    ]
    items = [item for line in lines for item in _of_standard(line, around)]
    items += _checks(session, [line.standard for line in lines], around)
    items += _cards(session, around.persons, _today(session, laboratory_id, at))
    return _ordered(items)


def due_checks(session: Session, laboratory_id: int, at: datetime) -> list[DueItem]:
    """Return the next check of each plan of a laboratory, by day; no calibration is read for it."""
    planned = select(CheckPlan.standard_id).where(CheckPlan.valid_to.is_(None))
    rows = standard_rows().where(Site.organisation_id == laboratory_id, Standard.id.in_(planned))
    standards = [facts for facts in load_standards(session, rows) if _state(facts, at) is not StandardState.RETIRED]
    return _ordered(_checks(session, standards, _around(session, laboratory_id, at)))


def _ordered(items: Iterable[DueItem]) -> list[DueItem]:
    return sorted(items, key=lambda item: (item.due_on or date.max, item.code, item.kind, item.subject_id))


def _state(standard: StandardFacts, at: datetime) -> StandardState:
    change = standard.state_at(at)
    return StandardState.RETURNED if change is None else change.state


def _today(session: Session, laboratory_id: int, at: datetime) -> date:
    """Return the day at the laboratory's first site, which counts for its people."""
    query = select(Site.timezone).where(Site.organisation_id == laboratory_id).order_by(Site.id).limit(1)
    zone = session.execute(query).scalar_one_or_none()
    return at.date() if zone is None else local_date(at, zone)


def _around(session: Session, laboratory_id: int, at: datetime) -> _Around:
    """Read what things are shown with: per instrument of a standard the quantity of its first function, and names."""
    query = (
        select(InstrumentPart.instrument_id, InstrumentFunction.quantity)
        .join(InstrumentFunction, InstrumentFunction.part_id == InstrumentPart.id)
        .join(Standard, Standard.instrument_id == InstrumentPart.instrument_id)
        .join(Instrument, Instrument.id == Standard.instrument_id)
        .where(Instrument.owner_id == laboratory_id)
        .order_by(InstrumentPart.position.desc(), InstrumentFunction.id.desc())
    )
    groups = {row[0]: row[1] for row in session.execute(query)}
    persons = persons_of(session, laboratory_id)
    return _Around(groups, persons, {person.id: person.full_name for person in persons}, at)


def _of_standard(line: StandardLine, around: _Around) -> Iterable[DueItem]:
    """Yield a standard's calibration, and of each kind of its papers the newest."""
    standard = line.standard
    if standard.needs_calibration:
        number = line.certificate_number or ""
        yield around.item(standard, DueKind.CALIBRATION, standard.id, number, line.valid_until, line.due)
    newest = {paper.kind: paper for paper in sorted(standard.papers, key=lambda paper: (paper.issued_on, paper.id))}
    day = local_date(around.at, standard.timezone)
    for kind, paper in newest.items():
        if paper.valid_until is not None:
            due = due_state(True, paper.valid_until, True, day)
            yield around.item(standard, DueKind.PAPER, paper.id, f"{kind}:{paper.number}", paper.valid_until, due)


def _checks(session: Session, standards: Iterable[StandardFacts], around: _Around) -> Iterable[DueItem]:
    """Yield the next check of every plan that holds: counted from the last that was not put right by another."""
    by_key = {standard.id: standard for standard in standards}
    later = aliased(IntermediateCheck)
    last = (
        select(IntermediateCheck.plan_id, func.max(IntermediateCheck.at).label("at"))
        .outerjoin(later, later.replaces_id == IntermediateCheck.id)
        .where(later.id.is_(None))
        .group_by(IntermediateCheck.plan_id)
        .subquery()
    )
    query = (
        select(CheckPlan, last.c.at)
        .outerjoin(last, last.c.plan_id == CheckPlan.id)
        .where(CheckPlan.valid_to.is_(None), CheckPlan.interval_months.is_not(None))
        .order_by(CheckPlan.id)
    )
    for plan, checked_at in session.execute(query):
        standard = by_key.get(plan.standard_id)
        if standard is None:
            continue
        due_on = plan.valid_from
        if checked_at is not None:
            due_on = add_months(local_date(checked_at, standard.timezone), plan.interval_months)
        due = due_state(True, due_on, True, local_date(around.at, standard.timezone))
        yield around.item(standard, DueKind.CHECK, plan.id, plan.name, due_on, due)


def _cards(session: Session, persons: Collection[PersonFacts], day: date) -> Iterable[DueItem]:
    working = {person.id: person for person in persons if person.active}
    for key, card in cards_of(session, working).items():
        if card.valid_until is None:
            continue
        yield DueItem(
            kind=DueKind.CARD,
            subject_id=key,
            code=working[key].code or "",
            name_vi=working[key].full_name,
            name_en=None,
            detail=card.number,
            group="",
            site_id=None,
            due_on=card.valid_until,
            days_left=(card.valid_until - day).days,
            due=due_state(True, card.valid_until, True, day),
        )


def due_list(items: list[DueItem], request: ListRequest = EVERYTHING) -> Listed[DueItem]:
    """Return the page of what falls due that an address asks for.

    Filters: due, kind, group (a quantity), month (2026-11), week (2026-W47), site, custodian, standard.
    """
    return PlainList(
        rows=items,
        sorts={
            "due": lambda item: item.due_on,
            "code": lambda item: item.code,
            "custodian": lambda item: item.custodian_name,
        },
        sort="due",
        searched=lambda item: search_text(item.code, item.name_vi, item.name_en, item.detail, item.custodian_name),
        filters={
            "due": _by(items, "due", [state.value for state in DueState if state is not DueState.NOT_NEEDED]),
            "kind": _by(items, "kind", [kind.value for kind in DueKind]),
            **{name: _by(items, name) for name in ("group", "month", "week")},
            **{name: _by(items, f"{name}_id") for name in ("site", "custodian", "standard")},
        },
    ).answer(request)


def _by(
    items: Iterable[DueItem], name: str, values: Iterable[str] | None = None
) -> dict[str, Callable[[DueItem], bool]]:
    """Return a filter by the values of a field: those given, or those that occur."""
    found = {str(getattr(item, name)) for item in items if getattr(item, name)}
    return {value: partial(_has, name, value) for value in (sorted(found) if values is None else values)}


def _has(name: str, value: str, item: DueItem) -> bool:
    return str(getattr(item, name)) == value
