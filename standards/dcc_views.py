"""Pages by which a digital calibration certificate comes into the register: receive, look at, map, record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.blobs import get_blob
from lims.core.clock import local_date
from lims.core.errors import InvalidInput, RuleViolation
from lims.core.formats import language
from lims.core.web import (
    FormState,
    allow_upload,
    current_actor,
    now,
    reading,
    requires,
    timezone,
    today,
    transaction,
)
from lims.dcc.certificate_facts import Certificate, Reading
from lims.dcc.facts import Texts
from lims.dcc.reading import read_certificate
from lims.dcc.value_facts import Place
from lims.people import queries as people
from lims.people.access import Permission
from standards import dcc_forms, dcc_head, queries, services
from standards.calibration_facts import TERMINALS_OFFERED
from standards.dcc_columns import columns_of, head_of
from standards.dcc_facts import Meaning, ReceivedDcc, ValueColumn
from standards.dcc_proposal import propose
from standards.dcc_services import ReceiveDcc
from standards.facts import InstrumentFacts, StandardFacts
from standards.pages import bp, version_seen
from standards.standard_views import own_standard

LARGEST_UPLOAD: Final = 64 * 1024 * 1024
"""More than a certificate may have: what is too large for one is still kept aside, with its reason."""
LARGEST_FORM: Final = 16 * 1024 * 1024
"""The form of a long list has a field for each of its values."""
SHOWN_LINES: Final = 400
"""Lines of one column that a page shows; those of a longer list are taken unseen only with the list as a whole."""


@bp.app_template_filter("said")
def said(texts: Texts) -> str:
    """Return texts of a certificate in the reader's language, else in English, else in what they are in."""
    return dcc_head.said(texts, language())


@dataclass(frozen=True, slots=True)
class _Open:
    """A received file with its standard, read again as it was when it came."""

    file: ReceivedDcc
    standard: StandardFacts
    instrument: InstrumentFacts
    reading: Reading

    @property
    def columns(self) -> tuple[ValueColumn, ...]:
        certificate = self.reading.certificate
        return () if certificate is None or not self.file.accepted else columns_of(certificate)


@bp.get("/standards/<int:standard_id>/dcc")
@requires(Permission.MANAGE_STANDARDS)
def new_dcc(standard_id: int) -> ResponseReturnValue:
    """Show the form that takes in a digital certificate, and the files received so far."""
    return _upload_page(standard_id, FormState.of({}))


@bp.post("/standards/<int:standard_id>/dcc")
@requires(Permission.MANAGE_STANDARDS)
def receive_dcc(standard_id: int) -> ResponseReturnValue:
    """Keep a file and read it; one that is refused is kept aside, and the page says why."""
    form = FormState.from_request()
    with reading() as session:
        standard = own_standard(session, standard_id)
    at = now()
    with form.guard():
        name, data = _uploaded()
        found = _read(data, at)
        with transaction() as session:
            file = services.receive_dcc(session, current_actor(), ReceiveDcc(standard.id, name, data, found), now=at)
        if file.accepted:
            flash(_("The file was received and read; nothing is recorded yet."), "info")
            return redirect(url_for("standards.dcc", file_id=file.id), 303)
        return _file_page(file.id, None, 422)
    return _upload_page(standard_id, form)


@bp.get("/standards/dcc/<int:file_id>")
@requires(Permission.MANAGE_STANDARDS)
def dcc(file_id: int) -> ResponseReturnValue:
    """Show a received file: why it was refused, or every value beside its place, with what it could become."""
    return _file_page(file_id, None, 200)


@bp.post("/standards/dcc/<int:file_id>")
@requires(Permission.MANAGE_STANDARDS)
def record_dcc(file_id: int) -> ResponseReturnValue:
    """Record what was chosen of a file as a calibration of its standard."""
    form = FormState.from_request()
    with reading() as session:
        opened = _opened(session, file_id)
    with form.guard():
        if not opened.file.accepted:
            raise RuleViolation("dcc_import.not_received", clause="ISO/IEC 17025:2017, 6.4.4")
        command, renames = dcc_forms.parse_record_dcc(
            opened.standard, opened.instrument, opened.columns, opened.file.sha256, request.form
        )
        with renames.applied(), transaction() as session:
            facts = services.record_calibration(session, current_actor(), command, now=now())
        flash(_("The calibration was recorded and now waits for acceptance by somebody else."), "good")
        return redirect(url_for("standards.calibration", calibration_id=facts.id), 303)
    return _file_page(file_id, form, form.status)


@bp.get("/standards/dcc/<int:file_id>/file")
@requires(Permission.VIEW_LABORATORY)
def dcc_file(file_id: int) -> ResponseReturnValue:
    """Give out a file as it was received; browsers are told to save it, never to show it."""
    with reading() as session:
        file = queries.received_dcc(session, file_id)
        own_standard(session, file.standard_id)
        data = get_blob(session, file.sha256)
    answer = Response(data, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="dcc-{file.id}.xml"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _uploaded() -> tuple[str, bytes]:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise InvalidInput.of("file", "dcc_import.no_file")
    with upload.stream as stream:
        return upload.filename, stream.read()


def _read(data: bytes, at: datetime) -> Reading:
    """Read a file as of an instant, with the installation's schema files and trusted authorities."""
    return read_certificate(
        data,
        today=local_date(at, timezone()),
        now=at,
        trusted=current_app.config["LIMS_DCC_TRUSTED"],
        schema_folder=current_app.config["LIMS_DCC_SCHEMA_DIR"],
    )


def _opened(session: Session, file_id: int) -> _Open:
    file = queries.received_dcc(session, file_id)
    standard = own_standard(session, file.standard_id)
    instrument = queries.instrument_facts(session, standard.instrument_id)
    return _Open(file, standard, instrument, _read(get_blob(session, file.sha256), file.received_at))


def _upload_page(standard_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        standard = own_standard(session, standard_id)
        files = queries.received_dccs(session, standard_id)
    page = render_template(
        "standards/dcc_upload.html",
        standard=standard,
        files=files,
        form=form,
        largest=LARGEST_UPLOAD // 1024 // 1024,
    )
    return page, form.status


def _file_page(file_id: int, form: FormState | None, status: int) -> ResponseReturnValue:
    with reading() as session:
        opened = _opened(session, file_id)
        laboratories = people.organisation_choices(session, on=today())
    certificate = opened.reading.certificate
    columns = opened.columns
    known: dict[str, object] = {}
    shown = form or FormState.of({})
    if certificate is not None and opened.file.accepted:
        if form is None:
            shown = _proposed(opened, certificate, dcc_head.matching_laboratory(certificate, laboratories))
        known = {
            "head": head_of(certificate),
            "beside": [
                column for place in Place if place is not Place.RESULT for column in columns_of(certificate, place)
            ],
            "fits": dcc_head.names_serial_number(certificate, opened.standard.serial_number),
            "numbers": dcc_head.serial_numbers(certificate),
        }
    english = language() == "en"
    page = render_template(
        "standards/dcc_file.html",
        file=opened.file,
        standard=opened.standard,
        ranges=opened.instrument.ranges(),
        reading=opened.reading,
        certificate=certificate,
        columns=columns,
        form=shown,
        kinds=dcc_forms.KINDS,
        meanings=list(Meaning),
        laboratories=[(body.id, (body.name_en if english else None) or body.name_vi) for body in laboratories],
        terminal_kinds=TERMINALS_OFFERED,
        shown_lines=SHOWN_LINES,
        seen=version_seen(shown, opened.standard),
        **known,
    )
    return page, status


def _proposed(opened: _Open, certificate: Certificate, laboratory_id: int | None) -> FormState:
    """Return the form as the file suggests it; the standard's version tells whether somebody records meanwhile."""
    choices = propose(certificate, opened.columns, opened.instrument)
    values = dcc_forms.initial_values(choices, opened.columns, head_of(certificate))
    values |= {
        "laboratory_id": laboratory_id,
        "method": dcc_head.method_text(certificate, language()),
        "conditions": dcc_head.conditions_text(certificate, language()),
    }
    return FormState.of(values)


allow_upload(bp, "standards.receive_dcc", LARGEST_UPLOAD)
allow_upload(bp, "standards.record_dcc", LARGEST_FORM)
