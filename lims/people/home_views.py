"""The first page, the search field and the sign of life."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.marks import N_
from lims.core.web import (
    Figure,
    Hits,
    Panel,
    Place,
    add_panel,
    add_place,
    current_actor,
    now,
    public,
    reading,
    runtime,
    search_words,
    signed_in,
    today,
)
from lims.people import attention_queries
from lims.people.access import Permission

bp = Blueprint("home", __name__)
MOST: Final = 12
add_place(bp, Place("home.home", N_("Overview"), "home", order=0))


@bp.get("/")
@signed_in
def home() -> ResponseReturnValue:
    """Show what waits for the reader."""
    actor = current_actor()
    shown = []
    with reading() as session:
        for panel in sorted(runtime().panels, key=lambda panel: panel.order):
            content = panel.load(session, actor, today()) if actor.may(panel.permission) else None
            if content is not None:
                shown.append((panel.template, content))
    figures = [figure for _template, content in shown for figure in content.get("figures", ())]
    return render_template("home/home.html", panels=shown, figures=figures)


@bp.get("/search")
@signed_in
def search() -> ResponseReturnValue:
    """Search every kind of record the reader may see; a single exact hit (a scanned code) opens at once."""
    actor, words = current_actor(), search_words()
    groups: list[Hits] = []
    if words:
        with reading() as session:
            finders = [finder for finder in runtime().finders if actor.may(finder.permission)]
            groups = [hits for finder in finders if (hits := finder.find(session, actor, words, today())).found]
    every = [hit for hits in groups for hit in hits.found]
    exact = [hit for hit in every if words.casefold() in {hit.title.casefold(), hit.code.casefold()}]
    if len(exact) == 1:
        return redirect(exact[0].url, 303)
    return render_template("home/search.html", words=words, groups=groups)


@bp.get("/health")
@public
def health() -> ResponseReturnValue:
    """Answer "ok" while the database answers; for monitors."""
    with reading() as session:
        session.execute(text("SELECT 1"))
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


def _accounts(session: Session, _actor: Actor, on: date) -> dict[str, Any]:
    lines = attention_queries.accounts_to_look_at(session, on=on, now=now())
    figures = [Figure(len(lines), _("accounts to look at"), "#accounts", "doubt")] if lines else []
    return {"lines": lines[:MOST], "total": len(lines), "figures": figures}


add_panel(bp, Panel(Permission.MANAGE_PEOPLE, "people/home_accounts.html", _accounts, order=60))
