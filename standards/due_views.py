"""Pages of what falls due: the list, the year's calendar, the map of months or weeks."""

from __future__ import annotations

from datetime import date
from typing import Final

from babel.dates import format_date
from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.formats import language
from lims.core.web import Panel, add_panel, current_actor, list_request, now, reading, requires, today
from lims.people import queries as people
from lims.people.access import Permission
from standards.due_calendar import heat_map, month_calendar, months_from, overdue_before, weeks_from, weeks_of
from standards.due_facts import DueItem
from standards.due_queries import due_checks, due_items, due_list
from standards.facts import DueState
from standards.pages import bp

_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2100
_SHOWN: Final = 6


def _items(session: Session) -> list[DueItem]:
    laboratory_id = current_actor().laboratory_id
    return [] if laboratory_id is None else due_items(session, laboratory_id, now())


@bp.app_template_filter("month_name")
def month_name(day: date) -> str:
    """Return the name of a day's month as a heading has it: January, Tháng 1."""
    name = str(format_date(day, "LLLL", locale=language()))
    return name[:1].upper() + name[1:]


@bp.get("/due")
@requires(Permission.VIEW_LABORATORY)
def due() -> ResponseReturnValue:
    """List what falls due, the overdue first; filters are in the address."""
    laboratory_id = current_actor().laboratory_id
    with reading() as session:
        items = _items(session)
        sites = [] if laboratory_id is None else people.sites_of(session, laboratory_id)
    return render_template("standards/due.html", listed=due_list(items, list_request()), items=items, sites=sites)


@bp.get("/due/calendar")
@requires(Permission.VIEW_LABORATORY)
def due_calendar() -> ResponseReturnValue:
    """Show twelve months, from this one on or of a year that the address names, with what falls due on their days."""
    year = _year()
    firsts = months_from(today() if year is None else date(year, 1, 1))
    with reading() as session:
        items = _items(session)
    return render_template(
        "standards/due_calendar.html",
        months=month_calendar(items, firsts),
        before=overdue_before(items, firsts[0]),
        year=year,
        first=firsts[0],
    )


@bp.get("/due/map")
@requires(Permission.VIEW_LABORATORY)
def due_map() -> ResponseReturnValue:
    """Show how much falls due, by group of equipment: twelve months from now on or of a year, or a year of weeks."""
    year, weekly = _year(), request.args.get("by") == "week"
    if weekly:
        columns = weeks_from(today()) if year is None else weeks_of(year)
    else:
        columns = [f"{first:%Y-%m}" for first in months_from(today() if year is None else date(year, 1, 1))]
    with reading() as session:
        found = heat_map(_items(session), columns, weekly=weekly)
    return render_template("standards/due_map.html", map=found, weekly=weekly, year=year, first=today())


def _year() -> int | None:
    text = request.args.get("year", "")
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        return None
    return min(max(int(text), _FIRST_YEAR), _LAST_YEAR)


def _due_checks(session: Session, actor: Actor, _today: date) -> dict[str, object] | None:
    """Checks that are due or overdue, for the first page of those who do them."""
    if actor.laboratory_id is None:
        return None
    wanted = {DueState.OVERDUE, DueState.DUE_SOON}
    items = [item for item in due_checks(session, actor.laboratory_id, now()) if item.due in wanted]
    return {"items": items[:_SHOWN], "count": len(items)} if items else None


add_panel(bp, Panel(Permission.RECORD_READINGS, "standards/due_panel.html", _due_checks, order=55))
