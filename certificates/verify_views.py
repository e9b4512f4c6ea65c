"""The public check page: whoever holds number and token of a certificate learns whether it is genuine and in force.

A wrong number, a wrong token and a certificate that never was get one and the same answer, and nobody may ask often.
"""

from __future__ import annotations

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from certificates import queries
from certificates.blueprint import bp
from certificates.checks_per_minute import MovingWindow
from lims.core.errors import NotFound
from lims.core.web import now, public, reading

_EXTENSION = "certificate_checks"


@bp.get("/verify/<path:number>/<token>")
@public
def verify(number: str, token: str) -> ResponseReturnValue:
    """What anybody may know of a certificate: status, date of issue, hash of its file; nothing secret."""
    window: MovingWindow = current_app.extensions.setdefault(_EXTENSION, MovingWindow())
    if not window.allows(request.remote_addr or "", now()):
        raise TooManyRequests
    with reading() as session:
        try:
            found = queries.public_check(session, number, token)
        except NotFound:
            return render_template("certificates/unknown.html"), 404
    return render_template("certificates/verify.html", found=found)
