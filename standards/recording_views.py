"""The page on which a calibration is typed in: any kinds of results, as found and as left, with the certificate."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from lims.core.blobs import put_blob
from lims.core.errors import InvalidInput
from lims.core.formats import language
from lims.core.web import FormState, current_actor, now, reading, requires, today, transaction
from lims.people import queries as people
from lims.people.access import Permission
from standards import calibration_forms, queries, services
from standards.calibration_facts import TERMINALS_OFFERED, CalibrationSource, ContentKind
from standards.facts import InstrumentFacts, StandardFacts, StandardRole
from standards.pages import bp, version_seen
from standards.standard_views import own_standard

_PDF: Final = b"%PDF-"
_MORE_ROWS: Final = 8


@bp.get("/standards/<int:standard_id>/calibrations/new")
@requires(Permission.MANAGE_STANDARDS)
def new_calibration(standard_id: int) -> ResponseReturnValue:
    """Show the form of a calibration; the address says with which kind of results it begins."""
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
    values: dict[str, object] = {"source": CalibrationSource.EXTERNAL}
    values |= calibration_forms.new_block(0, _kind(request.args.get("kind", "")), _ranges(instrument))
    return _form_page(standard, instrument, FormState.of(values))


@bp.post("/standards/<int:standard_id>/calibrations/new")
@requires(Permission.MANAGE_STANDARDS)
def record_calibration(standard_id: int) -> ResponseReturnValue:
    """Record a calibration with its certificate's file; or add to the form what a button asked for."""
    form = FormState.from_request()
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
    with form.guard():
        kept = _kept_file()
        if kept is not None:
            form.values["kept_file"] = [_signer().dumps(kept)]
        if _changed(form, instrument):
            return _form_page(standard, instrument, form)
        ranges = [address.range.id for address in instrument.ranges()]
        command, renames = calibration_forms.parse_record_calibration(standard_id, ranges, request.form, kept)
        with renames.applied(), transaction() as session:
            facts = services.record_calibration(session, current_actor(), command, now=now())
        flash(_("The calibration was recorded and now waits for acceptance by somebody else."), "good")
        return redirect(url_for("standards.calibration", calibration_id=facts.id), 303)
    return _form_page(standard, instrument, form)


def _kind(text: str) -> ContentKind:
    return ContentKind(text) if text in set(calibration_forms.FORM_KINDS) else ContentKind.ELEMENT


def _changed(form: FormState, instrument: InstrumentFacts) -> bool:
    """Add a block or lines, or take a block away, as a button of the form asks; return whether one did."""
    count = calibration_forms.block_count(request.form)
    if "add" in request.form:
        if count < calibration_forms.MOST_BLOCKS:
            block = calibration_forms.new_block(count, _kind(request.form["add"]), _ranges(instrument))
            form.values.update(FormState.of(block).values)
        return True
    if "remove" in request.form:
        given = request.form["remove"]
        if given.isdecimal() and int(given) < count and count > 1:
            calibration_forms.removed_block(form.values, int(given))
        return True
    if "rows" in request.form:
        block_name = request.form["rows"]
        rows = calibration_forms.row_count(request.form, block_name, 0)
        for number in range(rows, rows + _MORE_ROWS):
            form.values[f"{block_name}-points-{number}-value"] = [""]
        return True
    return False


def _ranges(instrument: InstrumentFacts) -> list[tuple[int, str, Decimal | None, str]]:
    return [(item.range.id, item.range.unit, item.range.nominal, item.part.code) for item in instrument.ranges()]


def _signer() -> URLSafeSerializer:
    """Return what signs the hash of a file that came with a form: nobody else's file can be named by its hash."""
    salt = f"certificate file {current_actor().person_id}"
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=salt)


def _kept_file() -> str | None:
    """Keep the file that came with the form and return its hash, or that of one that came with it before."""
    upload = request.files.get("certificate")
    data = upload.read() if upload is not None else b""
    if data:
        if not data.startswith(_PDF):
            raise InvalidInput.of("certificate", "entry.not_a_pdf")
        with transaction() as session:
            return put_blob(session, data, "application/pdf", now=now())
    try:
        given = request.form.get("kept_file", "")
        return str(_signer().loads(given)) if given else None
    except BadSignature as error:
        raise InvalidInput.of("certificate", "entry.file_again") from error


def _point_rows(form: FormState, block: str, least: int) -> int:
    return calibration_forms.row_count(dict.fromkeys(form.values, ""), block, least)


def _form_page(standard: StandardFacts, instrument: InstrumentFacts, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        laboratories = people.organisation_choices(session, on=today())
        lines = queries.standards(session, laboratory_id=standard.laboratory_id, at=now())
        present = own_standard(session, standard.id)
    above = [line for line in lines if line.calibration_id is not None and line.standard.id != standard.id]
    english = language() == "en"
    page = render_template(
        "standards/calibration_new.html",
        standard=standard,
        ranges=instrument.ranges(),
        form=form,
        seen=version_seen(form, present),
        blocks=max(1, calibration_forms.block_count(dict.fromkeys(form.values, ""))),
        kinds=calibration_forms.FORM_KINDS,
        kept_file=form.text("kept_file"),
        laboratories=[(body.id, (body.name_en if english else None) or body.name_vi) for body in laboratories],
        uppers=[(line.calibration_id, f"{line.standard.code} · {line.certificate_number}") for line in above],
        roles=list(StandardRole),
        terminal_kinds=TERMINALS_OFFERED,
        point_rows=_point_rows,
        curve_least=calibration_forms.CURVE_ROWS,
        coefficient_least=calibration_forms.COEFFICIENT_ROWS,
        edge_rows=calibration_forms.EDGE_ROWS,
    )
    return page, form.status
