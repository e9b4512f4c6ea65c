"""The one action that makes a certificate of the laboratory's own standard a calibration of that standard."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import own_standard_services
from certificates.blueprint import bp
from certificates.facts import RecordOwnCalibration
from lims.core.fields import read_key
from lims.core.web import current_actor, now, requires, transaction
from lims.people.access import Permission


@bp.post("/certificates/<int:certificate_id>/calibration")
@requires(Permission.MANAGE_STANDARDS)
def record_own_calibration(certificate_id: int) -> ResponseReturnValue:
    """Record what the certificate says of a standard; it then waits to be accepted by somebody else."""
    command = RecordOwnCalibration(certificate_id, read_key(request.form.get("run", "")) or 0)
    with transaction() as session:
        found = own_standard_services.record_own_calibration(session, current_actor(), command, now=now())
    flash(_("The calibration of %(code)s is recorded; somebody else accepts it.", code=found.standard_code), "good")
    return redirect(url_for("standards.calibration", calibration_id=found.id), 303)
