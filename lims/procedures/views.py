"""Pages of procedures: the list, a version made readable, taking a definition in, approval."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core import messages
from lims.core.errors import InvalidInput, NotFound, StaleRecord
from lims.core.marks import N_
from lims.core.web import (
    FormState,
    Place,
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
from lims.procedures import authorisation_views, forms, list_queries, queries, scope_views, services
from lims.procedures.blueprint import bp
from lims.procedures.facts import AddVersion, CreateProcedure, ProcedureVersionFacts, ReviseDraft, VersionState
from lims.procedures.files import file_of
from lims.procedures.layouts import cells
from lims.procedures.presentation import described_inputs, described_records
from lims.procedures.procedure_file import read_toml, write_toml

__all__ = ["authorisation_views", "bp", "scope_views"]

add_place(
    bp, Place("procedures.procedures", N_("Procedures"), "procedure", order=60, also=("/authorisations", "/scope"))
)


@bp.get("/procedures")
@requires(Permission.VIEW_LABORATORY)
def procedures() -> ResponseReturnValue:
    """The laboratory's procedures."""
    with reading() as session:
        listed = list_queries.procedures(session, current_actor().laboratory_id or 0, list_request(), on=today())
    return render_template("procedures/procedures.html", listed=listed)


@bp.get("/procedures/versions/<int:version_id>")
@requires(Permission.VIEW_LABORATORY)
def version(version_id: int) -> ResponseReturnValue:
    """A version: sections with model, inputs and layout, conditions, equipment, coverage."""
    return _version_page(version_id, FormState.of({"valid_from": today(), "ends_on": today()}))


@bp.get("/procedures/versions/<int:version_id>/file")
@requires(Permission.VIEW_LABORATORY)
def download(version_id: int) -> ResponseReturnValue:
    """A version as a TOML file."""
    with reading() as session:
        found = _own_version(session, version_id)
    name = f"{found.code}-{found.version}.toml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(write_toml(file_of(found)), mimetype="text/plain; charset=utf-8", headers=headers)


@bp.get("/procedures/new")
@requires(Permission.MANAGE_PROCEDURES)
def new_procedure() -> ResponseReturnValue:
    """The form by which a definition is taken in."""
    return _upload_page(FormState())


@bp.post("/procedures/new")
@requires(Permission.MANAGE_PROCEDURES)
def create_procedure() -> ResponseReturnValue:
    """Take in a new procedure."""
    form = FormState.from_request()
    with form.guard():
        file = read_toml(_typed_definition(form))
        actor = current_actor()
        with transaction() as session:
            command = CreateProcedure(actor.laboratory_id or 0, file)
            made = services.create_procedure(session, actor, command, now=now())
        flash(_("%(code)s is here as a draft; somebody else has to approve it.", code=made.code), "good")
        return redirect(url_for("procedures.version", version_id=made.id), 303)
    return _upload_page(form)


@bp.get("/procedures/versions/<int:version_id>/next")
@requires(Permission.MANAGE_PROCEDURES)
def next_version(version_id: int) -> ResponseReturnValue:
    """The form of a further version (or of a changed draft), filled with this one."""
    with reading() as session:
        found = _own_version(session, version_id)
    return _upload_page(FormState.of({"text": write_toml(file_of(found)), "row_version": found.row_version}), found)


@bp.post("/procedures/versions/<int:version_id>/next")
@requires(Permission.MANAGE_PROCEDURES)
def add_version(version_id: int) -> ResponseReturnValue:
    """Take in a further version, or the changed text of a draft."""
    form = FormState.from_request()
    with reading() as session:
        found = _own_version(session, version_id)
    with form.guard():
        file = read_toml(_typed_definition(form))
        with transaction() as session:
            if found.state is VersionState.DRAFT:
                command = ReviseDraft(found.id, forms.parse_row_version(request.form), file)
                made = services.revise_draft(session, current_actor(), command, now=now())
            else:
                made = services.add_version(session, current_actor(), AddVersion(found.procedure_id, file), now=now())
        flash(_("Version %(version)s is a draft; somebody else has to approve it.", version=made.version), "good")
        return redirect(url_for("procedures.version", version_id=made.id), 303)
    return _upload_page(form, found)


@bp.post("/procedures/versions/<int:version_id>/approve")
@requires(Permission.APPROVE_PROCEDURES)
def approve_version(version_id: int) -> ResponseReturnValue:
    """Approve a draft from a date on."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_approval(version_id, request.form)
        with transaction() as session:
            done = services.approve_version(session, current_actor(), command, now=now())
        flash(_("Version %(version)s is approved.", version=done.version), "good")
        return redirect(url_for("procedures.version", version_id=version_id), 303)
    return _version_page(version_id, form)


@bp.post("/procedures/versions/<int:version_id>/withdraw")
@requires(Permission.APPROVE_PROCEDURES)
def withdraw_version(version_id: int) -> ResponseReturnValue:
    """End an approved version."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_withdrawal(version_id, request.form)
        with transaction() as session:
            done = services.withdraw_version(session, current_actor(), command, now=now())
        flash(_("Version %(version)s is withdrawn.", version=done.version), "info")
        return redirect(url_for("procedures.version", version_id=version_id), 303)
    return _version_page(version_id, form)


def _typed_definition(form: FormState) -> str:
    """Return the text of the file, where one was chosen, else the typed one; it stays in the form."""
    upload = request.files.get("file")
    text = forms.definition_text(request.form, upload.read() if upload else b"")
    form.values["text"] = [text]
    return text


def _version_page(version_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        found = _own_version(session, version_id)
        versions = queries.versions_of(session, found.procedure_id)
    sections = found.definition.sections
    page = render_template(
        "procedures/version.html",
        form=form,
        version=found,
        versions=versions,
        own_draft=found.created_by_id == current_actor().person_id,
        inputs={section.code: described_inputs(section) for section in sections},
        records={section.code: described_records(section) for section in sections},
        cell_counts={section.code: len(cells(section)) for section in sections},
    )
    return page, form.status


def _upload_page(form: FormState, version: ProcedureVersionFacts | None = None) -> ResponseReturnValue:
    stale = version if isinstance(form.problem, StaleRecord) else None
    page = render_template(
        "procedures/upload.html",
        form=form,
        faults=_faults(form),
        version=version,
        stored=write_toml(file_of(stale)) if stale else "",
        row_version=stale.row_version if stale else form.text("row_version"),
    )
    return page, form.status


def _faults(form: FormState) -> Sequence[tuple[str, str]]:
    """Return what is wrong with a definition: (path of the key, words)."""
    if not isinstance(form.problem, InvalidInput):
        return ()
    return [(fault.field, messages.error_message(fault)) for fault in form.problem.fields]


def _own_version(session: Session, version_id: int) -> ProcedureVersionFacts:
    found = queries.procedure_version_facts(session, version_id)
    if found.organisation_id != current_actor().laboratory_id:
        raise NotFound
    return found
