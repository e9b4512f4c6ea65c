"""Pages of calibrations of standards: recording, accepting, the chain upward."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.blobs import get_blob
from lims.core.clock import local_date
from lims.core.errors import NotFound
from lims.core.web import (
    FormState,
    current_actor,
    now,
    reading,
    requires,
    timezone,
    transaction,
)
from lims.people.access import Permission
from standards import forms, queries, services
from standards.calibration_facts import CalibrationFacts
from standards.chain_picture import chain_picture
from standards.comparison_picture import comparison_pictures
from standards.event_facts import Course, EndKind
from standards.evidence_queries import comparison_shown
from standards.facts import StandardFacts
from standards.pages import bp, empty_form
from standards.standard_views import own_standard


@bp.get("/standards/calibrations/<int:calibration_id>")
@requires(Permission.VIEW_LABORATORY)
def calibration(calibration_id: int) -> ResponseReturnValue:
    """Show one calibration: what it says, whether it may be used today, and its chain upward."""
    return _calibration_page(calibration_id, FormState.of({}))


def _own_calibration(session: Session, calibration_id: int) -> tuple[CalibrationFacts, StandardFacts]:
    facts = queries.calibration_facts(session, calibration_id)
    return facts, own_standard(session, facts.standard_id)


def _calibration_page(calibration_id: int, form: FormState, part: str = "") -> ResponseReturnValue:
    at = now()
    with reading() as session:
        facts, standard = _own_calibration(session, calibration_id)
        compared = comparison_shown(session, facts, at=at)
        received = [file for file in queries.received_dccs(session, standard.id) if file.sha256 == facts.dcc_sha256]
        instrument = queries.instrument_facts(session, standard.instrument_id)
        chain = queries.traceability_chain(session, calibration_id, local_date(at, standard.timezone))
        problems = queries.check_use(session, calibration_id, at=at, role=standard.role)
    page = render_template(
        "standards/calibration.html",
        calibration=facts,
        standard=standard,
        ranges={address.range.id: address for address in instrument.ranges()},
        chain=chain,
        picture=chain_picture([chain]),
        problems=problems,
        compared=compared,
        pictures=comparison_pictures(compared.comparison) if compared is not None else (),
        dcc_file=received[0] if received else None,
        courses=list(Course),
        end_kinds=list(EndKind),
        form=form,
        part=part,
        empty_form=empty_form,
        own_record=facts.recorded_by_id == current_actor().person_id,
    )
    return page, form.status


@bp.post("/standards/calibrations/<int:calibration_id>/accept")
@requires(Permission.ACCEPT_CALIBRATIONS)
def accept_calibration(calibration_id: int) -> ResponseReturnValue:
    """Accept a calibration that somebody else recorded."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_accept(calibration_id, request.form)
        with transaction() as session:
            services.accept_calibration(session, current_actor(), command, now=now())
        flash(_("The calibration was accepted; it is used from now on."), "good")
        return redirect(url_for("standards.calibration", calibration_id=calibration_id), 303)
    return _calibration_page(calibration_id, form, "accept")


@bp.post("/standards/calibrations/<int:calibration_id>/reject")
@requires(Permission.ACCEPT_CALIBRATIONS)
def reject_calibration(calibration_id: int) -> ResponseReturnValue:
    """Reject a calibration, saying why."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_reject(calibration_id, request.form)
        with transaction() as session:
            services.reject_calibration(session, current_actor(), command, now=now())
        flash(_("The calibration was rejected."), "info")
        return redirect(url_for("standards.calibration", calibration_id=calibration_id), 303)
    return _calibration_page(calibration_id, form, "reject")


@bp.post("/standards/calibrations/<int:calibration_id>/end")
@requires(Permission.MANAGE_STANDARDS)
def end_calibration(calibration_id: int) -> ResponseReturnValue:
    """End an accepted calibration."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_end(calibration_id, request.form, timezone())
        with transaction() as session:
            services.end_calibration(session, current_actor(), command, now=now())
        flash(_("The calibration has ended."), "info")
        return redirect(url_for("standards.calibration", calibration_id=calibration_id), 303)
    return _calibration_page(calibration_id, form, "end")


@bp.post("/standards/calibrations/<int:calibration_id>/extend")
@requires(Permission.ACCEPT_CALIBRATIONS)
def extend_calibration(calibration_id: int) -> ResponseReturnValue:
    """Extend an accepted calibration on evidence."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_extend(calibration_id, request.form)
        with transaction() as session:
            services.extend_calibration(session, current_actor(), command, now=now())
        flash(_("The calibration was extended."), "good")
        return redirect(url_for("standards.calibration", calibration_id=calibration_id), 303)
    return _calibration_page(calibration_id, form, "extend")


@bp.get("/standards/calibrations/<int:calibration_id>/certificate")
@requires(Permission.VIEW_LABORATORY)
def certificate_file(calibration_id: int) -> ResponseReturnValue:
    """Give out the certificate's file as it was received."""
    with reading() as session:
        facts, _standard = _own_calibration(session, calibration_id)
        if facts.certificate_sha256 is None:
            raise NotFound("calibration.not_found")
        data = get_blob(session, facts.certificate_sha256)
    answer = Response(data, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="calibration-{facts.id}.pdf"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
