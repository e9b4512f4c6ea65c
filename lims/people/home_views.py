"""The first page, the search field and the sign of life."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from lims.core.marks import N_
from lims.core.web import (
    Found,
    Place,
    add_place,
    current_actor,
    public,
    reading,
    runtime,
    search_words,
    signed_in,
    today,
)

bp = Blueprint("home", __name__)
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
    found: list[Found] = []
    if words:
        with reading() as session:
            for finder in runtime().finders:
                if actor.may(finder.permission):
                    found.extend(finder.find(session, actor, words, today()))
    exact = [hit for hit in found if hit.title.casefold() == words.casefold()]
    if len(exact) == 1:
        return redirect(exact[0].url, 303)
    return render_template("home/search.html", words=words, found=found)


@bp.get("/health")
@public
def health() -> ResponseReturnValue:
    """Answer "ok" while the database answers; for monitors."""
    with reading() as session:
        session.execute(text("SELECT 1"))
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
