"""Pages of calibrations of standards: recording, accepting, the chain upward."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.blobs import get_blob, put_blob
from lims.core.clock import local_date
from lims.core.errors import InvalidInput, NotFound
from lims.core.formats import language, number
from lims.core.web import (
    FormState,
    current_actor,
    now,
    reading,
    requires,
    timezone,
    today,
    transaction,
)
from lims.people import queries as people
from lims.people.access import Permission
from standards import calibration_forms, forms, queries, services
from standards.calibration_facts import CalibrationFacts, CalibrationSource, ContentKind, Phase, TerminalKind
from standards.comparison_picture import comparison_pictures
from standards.event_facts import Course, EndKind
from standards.evidence_queries import comparison_shown
from standards.facts import InstrumentFacts, StandardFacts, StandardRole
from standards.pages import bp, empty_form
from standards.picture import chain_picture
from standards.standard_views import own_standard

_PDF: Final = b"%PDF-"


@bp.get("/standards/<int:standard_id>/calibrations/new")
@requires(Permission.MANAGE_STANDARDS)
def new_calibration(standard_id: int) -> ResponseReturnValue:
    """Show the form of a calibration; the address says in which form the certificate gives its result."""
    kind = request.args.get("kind", ContentKind.ELEMENT)
    wanted = ContentKind(kind) if kind in set(calibration_forms.FORM_KINDS) else ContentKind.ELEMENT
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
    values: dict[str, object] = {
        "kind": wanted,
        "source": CalibrationSource.EXTERNAL,
        "phase": Phase.AS_LEFT,
        "coverage_probability": number(Decimal("95.45")),
    }
    for place, address in enumerate(instrument.ranges()):
        row = f"contents-{place}"
        nominal = address.range.nominal
        values |= {f"{row}-unit": address.range.unit, f"{row}-nominal": nominal, f"{row}-coverage_factor": "2"}
        values[f"{row}-identifier"] = address.part.code if len(instrument.parts) > 1 else None
    return _form_page(standard, instrument, FormState.of(values), wanted)


@bp.post("/standards/<int:standard_id>/calibrations/new")
@requires(Permission.MANAGE_STANDARDS)
def record_calibration(standard_id: int) -> ResponseReturnValue:
    """Record a calibration with its certificate's file, if one was sent."""
    form = FormState.from_request()
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
    ranges = [address.range.id for address in instrument.ranges()]
    with form.guard():
        pdf = _uploaded_pdf()
        with transaction() as session:
            sha256 = put_blob(session, pdf, "application/pdf", now=now()) if pdf else None
            command, renames = calibration_forms.parse_record_calibration(standard_id, ranges, request.form, sha256)
            with renames.applied():
                facts = services.record_calibration(session, current_actor(), command, now=now())
        flash(_("The calibration was recorded and now waits for acceptance by somebody else."), "good")
        return redirect(url_for("standards.calibration", calibration_id=facts.id), 303)
    kind = form.text("kind")
    wanted = ContentKind(kind) if kind in set(calibration_forms.FORM_KINDS) else ContentKind.ELEMENT
    return _form_page(standard, instrument, form, wanted)


def _uploaded_pdf() -> bytes | None:
    upload = request.files.get("certificate")
    data = upload.read() if upload is not None else b""
    if data and not data.startswith(_PDF):
        raise InvalidInput.of("certificate", "entry.not_a_pdf")
    return data or None


def _form_page(
    standard: StandardFacts, instrument: InstrumentFacts, form: FormState, kind: ContentKind
) -> ResponseReturnValue:
    with reading() as session:
        laboratories = people.organisation_choices(session, on=today())
        lines = queries.standards(session, laboratory_id=standard.laboratory_id, at=now())
    above = [line for line in lines if line.calibration_id is not None and line.standard.id != standard.id]
    page = render_template(
        "standards/calibration_new.html",
        standard=standard,
        ranges=instrument.ranges(),
        form=form,
        kind=kind,
        kinds=calibration_forms.FORM_KINDS,
        laboratories=[
            (body.id, (body.name_en if language() == "en" else None) or body.name_vi) for body in laboratories
        ],
        uppers=[(line.calibration_id, f"{line.standard.code} · {line.certificate_number}") for line in above],
        roles=list(StandardRole),
        terminal_kinds=list(TerminalKind),
        curve_rows=calibration_forms.CURVE_ROWS,
        edge_rows=calibration_forms.EDGE_ROWS,
    )
    return page, form.status


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
        picture=chain_picture(chain),
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
