"""Parts of the first page that speak of orders: the reception's desk, items on hold, notices not sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.lists import ListRequest
from lims.core.web import Figure, Panel, add_panel
from lims.jobs import list_queries, notice_queries
from lims.jobs.blueprint import bp
from lims.jobs.facts import ItemState
from lims.people.access import Permission
from lims.people.facts import Role

MOST: Final = 8
_KEEPERS: Final = frozenset({Role.RECEIVER, Role.TECHNICAL_MANAGER, Role.QUALITY_MANAGER})
_TO_RECEIVE: Final = (ItemState.EXPECTED,)
_TO_HAND_BACK: Final = (ItemState.RELEASED, ItemState.NOT_CALIBRATABLE)


def _reception(session: Session, actor: Actor, on: date) -> dict[str, Any] | None:
    """What the reception has to do: items that are to come, items that can go back."""
    if Role.RECEIVER not in actor.roles:
        return None
    groups = []
    figures = []
    for words, states, tone in (
        (_("to be received"), _TO_RECEIVE, "info"),
        (_("to be handed back"), _TO_HAND_BACK, "good"),
    ):
        listed = list_queries.items(session, actor, _asked(states), on=on)
        address = url_for("jobs.items", state=[state.value for state in states])
        groups.append({"words": words, "lines": listed.items[:MOST], "total": listed.total, "address": address})
        if listed.total:
            figures.append(Figure(listed.total, words, address, tone))
    late = list_queries.items(session, actor, ListRequest(chosen={"late": ("1",)}), on=on).total
    if late:
        figures.append(Figure(late, _("items late"), url_for("jobs.items", late=1), "bad"))
    return {"groups": [group for group in groups if group["total"]], "figures": figures}


def _asked(states: Sequence[ItemState]) -> ListRequest:
    return ListRequest(chosen={"state": tuple(state.value for state in states)})


def _held(session: Session, actor: Actor, on: date) -> dict[str, Any] | None:
    """Items that cannot go on, and notices that have not gone out, for those who keep things moving."""
    if not _KEEPERS & actor.roles:
        return None
    holds = notice_queries.open_holds(session, actor, on=on)
    notices = notice_queries.unsent_notices(session, actor, on=on)
    if not holds and not notices:
        return None
    figures = [
        Figure(count, words, address, "doubt")
        for count, words, address in (
            (len(holds), _("on hold"), "#holds"),
            (len(notices), _("notices not sent"), "#notices"),
        )
        if count
    ]
    return {
        "holds": holds[:MOST],
        "hold_count": len(holds),
        "notices": notices[:MOST],
        "notice_count": len(notices),
        "figures": figures,
        "today": on,
    }


add_panel(bp, Panel(Permission.MANAGE_JOBS, "jobs/home_reception.html", _reception, order=5))
add_panel(bp, Panel(Permission.VIEW_LABORATORY, "jobs/home_held.html", _held, order=45))
