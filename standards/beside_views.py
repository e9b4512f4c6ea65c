"""Pages of what is kept beside an instrument: photographs and manuals; accessories, safeguards, firmware."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.blobs import get_blob
from lims.core.errors import NotFound
from lims.core.web import (
    FormState,
    allow_upload,
    current_actor,
    now,
    reading,
    requires,
    today,
    transaction,
)
from lims.people.access import Permission
from standards import queries, register_forms, services
from standards.facts import InstrumentFacts
from standards.file_contents import LARGEST
from standards.pages import bp, key_of
from standards.register_facts import FILE_LANGUAGES, EntryKind, FileKind

_REQUEST_AROUND: Final = 1024 * 1024
"""Room for the other fields of the form, and for telling that a file is too large instead of cutting it off."""
_SHOWN_ALONE: Final = "default-src 'none'; sandbox; style-src 'unsafe-inline'; img-src 'self'"


@bp.get("/instruments/<int:instrument_id>/files")
@requires(Permission.VIEW_LABORATORY)
def instrument_files(instrument_id: int) -> ResponseReturnValue:
    """Show the photographs and manuals of an instrument, former ones too; a file to replace may be named."""
    given = {name: request.args[name] for name in ("kind", "replaces_id", "title", "language") if name in request.args}
    return _files_page(instrument_id, FormState.of({"kind": FileKind.PHOTOGRAPH, **given}))


@bp.post("/instruments/<int:instrument_id>/files")
@requires(Permission.MANAGE_INSTRUMENTS, Permission.MANAGE_STANDARDS)
def add_instrument_file(instrument_id: int) -> ResponseReturnValue:
    """Keep a photograph or manual."""
    form = FormState.from_request()
    with form.guard():
        name, data = _uploaded()
        command = register_forms.parse_add_file(instrument_id, request.form, name, data)
        with transaction() as session:
            _own(session, instrument_id)
            file = services.add_file(session, current_actor(), command, now=now())
        flash(_("“%(title)s” was kept.", title=file.title), "good")
        return redirect(url_for("standards.instrument_files", instrument_id=instrument_id), 303)
    return _files_page(instrument_id, form)


@bp.post("/instruments/files/<int:file_id>/withdraw")
@requires(Permission.MANAGE_INSTRUMENTS, Permission.MANAGE_STANDARDS)
def withdraw_instrument_file(file_id: int) -> ResponseReturnValue:
    """Let a file no longer hold."""
    form = FormState.from_request()
    with reading() as session:
        file = queries.file_facts(session, file_id)
        _own(session, file.instrument_id)
    with form.guard():
        command = register_forms.parse_withdraw_file(file_id, request.form)
        with transaction() as session:
            services.withdraw_file(session, current_actor(), command, now=now())
        flash(_("“%(title)s” no longer holds; it is kept among the former files.", title=file.title), "good")
        return redirect(url_for("standards.instrument_files", instrument_id=file.instrument_id), 303)
    return _files_page(file.instrument_id, form, file_id)


@bp.get("/instruments/files/<int:file_id>")
@requires(Permission.VIEW_LABORATORY)
def instrument_file(file_id: int) -> ResponseReturnValue:
    """Give out a file as it was received: a picture to look at, a manual to save; neither may run anything."""
    with reading() as session:
        file = queries.file_facts(session, file_id)
        _own(session, file.instrument_id)
        data = get_blob(session, file.sha256)
    answer = Response(data, mimetype=file.media_type)
    shown = "inline" if file.kind is FileKind.PHOTOGRAPH else "attachment"
    answer.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(file.file_name)}"
    answer.headers["Content-Security-Policy"] = _SHOWN_ALONE
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def _uploaded() -> tuple[str, bytes]:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return "", b""
    with upload.stream as stream:
        return upload.filename, stream.read()


def _own(session: Session, instrument_id: int) -> InstrumentFacts:
    """Return an instrument; one that is a standard of another laboratory is not to be found."""
    facts = queries.instrument_facts(session, instrument_id)
    if facts.standard_id is not None:
        queries.own_standard_facts(session, facts.standard_id, current_actor().laboratory_id)
    return facts


def _files_page(instrument_id: int, form: FormState, withdrawn: int | None = None) -> ResponseReturnValue:
    with reading() as session:
        instrument = _own(session, instrument_id)
        kept = queries.beside(session, instrument_id)
        standard = None if instrument.standard_id is None else queries.standard_facts(session, instrument.standard_id)
    replaced = key_of(form.text("replaces_id"))
    page = render_template(
        "standards/files.html",
        instrument=instrument,
        standard=standard,
        beside=kept,
        form=form,
        withdrawn=withdrawn,
        replaced=next((file for file in kept.files if file.id == replaced), None),
        languages=FILE_LANGUAGES,
        limits={kind.value: largest // 1024 // 1024 for kind, largest in LARGEST.items()},
    )
    return page, form.status


@bp.get("/instruments/<int:instrument_id>/equipment")
@requires(Permission.VIEW_LABORATORY)
def entries(instrument_id: int) -> ResponseReturnValue:
    """Show the accessories, safeguards and firmware of an instrument with what was before."""
    replaced = key_of(request.args.get("replaces_id", ""))
    values: dict[str, object] = {"kind": request.args.get("kind", EntryKind.ACCESSORY), "valid_from": today()}
    if replaced is not None:
        with reading() as session:
            entry = queries.entry_facts(session, replaced)
        if entry.instrument_id != instrument_id:
            raise NotFound("register.entry_not_found")
        names = ("kind", "means", "name_vi", "name_en", "identifier")
        values |= {name: getattr(entry, name) for name in names} | {"replaces_id": entry.id}
    return _entries_page(instrument_id, FormState.of(values))


@bp.post("/instruments/<int:instrument_id>/equipment")
@requires(Permission.MANAGE_INSTRUMENTS, Permission.MANAGE_STANDARDS)
def record_entry(instrument_id: int) -> ResponseReturnValue:
    """Record an accessory, a safeguard or a firmware version."""
    form = FormState.from_request()
    with form.guard():
        command = register_forms.parse_record_entry(instrument_id, request.form)
        with transaction() as session:
            _own(session, instrument_id)
            services.record_entry(session, current_actor(), command, now=now())
        flash(_("The entry was recorded."), "good")
        return redirect(url_for("standards.entries", instrument_id=instrument_id), 303)
    return _entries_page(instrument_id, form)


@bp.post("/instruments/equipment/<int:entry_id>/end")
@requires(Permission.MANAGE_INSTRUMENTS, Permission.MANAGE_STANDARDS)
def end_entry(entry_id: int) -> ResponseReturnValue:
    """Note that an accessory or safeguard is there no longer."""
    form = FormState.from_request()
    with reading() as session:
        entry = queries.entry_facts(session, entry_id)
        _own(session, entry.instrument_id)
    with form.guard():
        command = register_forms.parse_end_entry(entry_id, request.form)
        with transaction() as session:
            services.end_entry(session, current_actor(), command, now=now())
        flash(_("The end was recorded."), "good")
        return redirect(url_for("standards.entries", instrument_id=entry.instrument_id), 303)
    return _entries_page(entry.instrument_id, form, entry_id)


def _entries_page(instrument_id: int, form: FormState, ended: int | None = None) -> ResponseReturnValue:
    with reading() as session:
        instrument = _own(session, instrument_id)
        kept = queries.beside(session, instrument_id)
        standard = None if instrument.standard_id is None else queries.standard_facts(session, instrument.standard_id)
    page = render_template(
        "standards/entries.html",
        instrument=instrument,
        standard=standard,
        beside=kept,
        form=form,
        ended=ended,
        replaced=next((one for one in kept.entries if str(one.id) == form.text("replaces_id")), None),
    )
    return page, form.status


allow_upload(bp, "standards.add_instrument_file", max(LARGEST.values()) + _REQUEST_AROUND)
