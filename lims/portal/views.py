"""The customer's door: my certificates, one of them, its file; my instruments and what falls due."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from certificates.chain_queries import certificate_chain
from certificates.views import sent
from lims.core.actor import Actor
from lims.core.lists import ListRequest
from lims.core.marks import N_
from lims.core.pages import in_language
from lims.core.web import (
    MOST_FOUND,
    Figure,
    Finder,
    Found,
    Hits,
    Panel,
    Place,
    add_finder,
    add_panel,
    add_place,
    current_actor,
    list_request,
    now,
    reading,
    requires,
    today,
    transaction,
)
from lims.people.access import Permission
from lims.portal import order_queries, queries, services
from lims.portal.facts import DueStanding
from standards.chain_picture import as_printed

bp = Blueprint("portal", __name__)
add_place(bp, Place("portal.certificates", N_("My certificates"), "certificate", order=10))
add_place(bp, Place("portal.orders", N_("My orders"), "jobs", order=15))
add_place(bp, Place("portal.instruments", N_("My instruments"), "calendar", order=20))

_TONES = {DueStanding.OVERDUE: "bad", DueStanding.SOON: "doubt"}
_MOST = 8


@bp.get("/portal/certificates")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def certificates() -> ResponseReturnValue:
    """The certificates of the organisations the person belongs to."""
    asked = list_request()
    with reading() as session:
        listed = queries.my_certificates(session, current_actor(), asked)
    return render_template("portal/certificates.html", listed=listed, instrument=asked.key("instrument"))


@bp.get("/portal/orders")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def orders() -> ResponseReturnValue:
    """What the person's organisations have ordered: how far each item is, and its certificates."""
    with reading() as session:
        listed = order_queries.my_items(session, current_actor(), list_request(), on=today())
    return render_template("portal/orders.html", listed=listed)


@bp.get("/portal/instruments")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def instruments() -> ResponseReturnValue:
    """The person's instruments: when each was calibrated, and what falls due."""
    with reading() as session:
        listed = queries.my_instruments(session, current_actor(), list_request(), on=today())
    return render_template("portal/instruments.html", listed=listed)


@bp.get("/portal/certificates/<token>")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def certificate(token: str) -> ResponseReturnValue:
    """One certificate of the person's organisation."""
    with reading() as session:
        view = queries.my_certificate(session, current_actor(), token)
    return render_template("portal/certificate.html", certificate=view)


@bp.get("/portal/certificates/<token>/chain")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def chain(token: str) -> ResponseReturnValue:
    """One of the person's certificates up to the SI: standards and laboratories, nothing else."""
    with reading() as session:
        view = queries.my_certificate(session, current_actor(), token)
        page = certificate_chain(session, view, now=now())
    return render_template("portal/chain.html", certificate=view, picture=as_printed(page.picture))


@bp.get("/portal/certificates/<token>/pdf")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def download(token: str) -> ResponseReturnValue:
    """The stored file; the download is noted."""
    with transaction() as session:
        file = services.download_certificate(session, current_actor(), token, now=now())
    return sent(file)


def _falling_due(session: Session, actor: Actor, on: date) -> dict[str, Any]:
    listed = queries.my_instruments(session, actor, on=on)
    figures = [
        Figure(listed.counts["due"][standing], words, url_for("portal.instruments", due=standing.value), tone)
        for standing, tone, words in (
            (DueStanding.OVERDUE, "bad", _("instruments overdue")),
            (DueStanding.SOON, "doubt", _("fall due within 60 days")),
            (DueStanding.LATER, "good", _("in date")),
        )
        if listed.counts["due"][standing]
    ]
    pressing = [row for row in listed.items if row.standing in _TONES]
    return {"lines": pressing[:_MOST], "total": len(pressing), "known": listed.total, "figures": figures}


def _newest(session: Session, actor: Actor, _on: date) -> dict[str, Any]:
    listed = queries.my_certificates(session, actor)
    return {"lines": listed.items[:_MOST], "total": listed.total}


def _find_orders(session: Session, actor: Actor, text: str, _on: date) -> Hits:
    lines, total = order_queries.my_orders(session, actor, text, most=MOST_FOUND)
    found = [
        Found(line.number, line.reference, "found.job", url_for("portal.orders", q=line.number), code=line.reference)
        for line in lines
    ]
    return Hits(found, total, url_for("portal.orders", q=text))


def _find_certificates(session: Session, actor: Actor, text: str, _on: date) -> Hits:
    listed = queries.my_certificates(session, actor, ListRequest(text=text))
    found = [
        Found(
            line.printed,
            in_language(line, "item"),
            "found.certificate",
            url_for("portal.certificate", token=line.token),
        )
        for line in listed.items[:MOST_FOUND]
    ]
    return Hits(found, listed.total, url_for("portal.certificates", q=text))


add_panel(bp, Panel(Permission.VIEW_OWN_CERTIFICATES, "portal/home_due.html", _falling_due, order=10))
add_panel(bp, Panel(Permission.VIEW_OWN_CERTIFICATES, "portal/home_newest.html", _newest, order=20))
add_finder(bp, Finder(Permission.VIEW_OWN_CERTIFICATES, _find_orders))
add_finder(bp, Finder(Permission.VIEW_OWN_CERTIFICATES, _find_certificates))
