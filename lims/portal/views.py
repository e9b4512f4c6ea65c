"""The customer's door: my certificates, one of them, its file."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from certificates.views import sent
from lims.core.marks import N_
from lims.core.web import (
    Place,
    add_place,
    current_actor,
    now,
    page_number,
    reading,
    requires,
    search_words,
    transaction,
)
from lims.people.access import Permission
from lims.portal import queries, services

bp = Blueprint("portal", __name__)
add_place(bp, Place("portal.certificates", N_("My certificates"), "certificate", order=10))


@bp.get("/portal/certificates")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def certificates() -> ResponseReturnValue:
    """The certificates of the organisations the person belongs to."""
    with reading() as session:
        page = queries.my_certificates(session, current_actor(), text=search_words(), page=page_number())
    return render_template("portal/certificates.html", page=page)


@bp.get("/portal/certificates/<token>")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def certificate(token: str) -> ResponseReturnValue:
    """One certificate of the person's organisation."""
    with reading() as session:
        view = queries.my_certificate(session, current_actor(), token)
    return render_template("portal/certificate.html", certificate=view)


@bp.get("/portal/certificates/<token>/pdf")
@requires(Permission.VIEW_OWN_CERTIFICATES)
def download(token: str) -> ResponseReturnValue:
    """The stored file; the download is noted."""
    with transaction() as session:
        file = services.download_certificate(session, current_actor(), token, now=now())
    return sent(file)
