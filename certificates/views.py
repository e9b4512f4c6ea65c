"""Pages of certificates: the list, one certificate, its file, what is said beside it. Issuing has `issue_views`."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from certificates import (
    chain_views,
    forms,
    home_views,
    impact_views,
    issue_views,
    list_queries,
    own_standard_queries,
    own_standard_views,
    queries,
    services,
    status_services,
    verify_views,
)
from certificates.blueprint import bp
from certificates.facts import NoticeKind, StoredFile
from lims.core.actor import Actor
from lims.core.lists import ListRequest
from lims.core.marks import N_
from lims.core.pages import in_language
from lims.core.web import (
    MOST_FOUND,
    Finder,
    FormState,
    Found,
    Hits,
    Place,
    add_finder,
    add_place,
    current_actor,
    list_request,
    now,
    reading,
    requires,
    transaction,
)
from lims.people.access import Permission

__all__ = ["bp", "chain_views", "home_views", "impact_views", "issue_views", "own_standard_views", "verify_views"]

add_place(bp, Place("certificates.certificates", N_("Certificates"), "certificate", order=30))


@bp.get("/certificates")
@requires(Permission.VIEW_LABORATORY)
def certificates() -> ResponseReturnValue:
    """The list of certificates, by state, year and words."""
    with reading() as session:
        listed = list_queries.certificates(session, current_actor(), list_request())
    return render_template("certificates/certificates.html", listed=listed)


@bp.get("/certificates/<int:certificate_id>")
@requires(Permission.VIEW_LABORATORY)
def certificate(certificate_id: int) -> ResponseReturnValue:
    """One certificate: its state, what it covers, what is said beside it."""
    return _certificate_page(certificate_id, FormState())


def _certificate_page(certificate_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        view = queries.certificate_view(session, current_actor(), certificate_id)
        successor = queries.successor_of(session, certificate_id)
        own_runs = own_standard_queries.own_standard_runs(session, view)
    words = render_template(
        "certificates/certificate.html",
        certificate=view,
        successor=successor,
        own_runs=own_runs,
        form=form,
        cleared=NoticeKind.CLEARED.value,
        investigated=NoticeKind.UNDER_INVESTIGATION.value,
    )
    return words, form.status


@bp.get("/certificates/<int:certificate_id>/progress")
@requires(Permission.VIEW_LABORATORY)
def progress(certificate_id: int) -> ResponseReturnValue:
    """The part of the page that waits for the file; it reloads the page when the certificate is issued."""
    with reading() as session:
        view = queries.certificate_view(session, current_actor(), certificate_id)
    return render_template("certificates/progress.html", certificate=view)


@bp.get("/certificates/<int:certificate_id>/pdf")
@requires(Permission.VIEW_LABORATORY)
def pdf(certificate_id: int) -> ResponseReturnValue:
    """The stored file; the download is noted."""
    with transaction() as session:
        file = services.download_certificate(session, current_actor(), certificate_id, now=now())
    return sent(file)


def sent(file: StoredFile) -> ResponseReturnValue:
    """Answer with a stored file, as an attachment under its own name."""
    answer = send_file(BytesIO(file.data), mimetype=file.media_type, as_attachment=True, download_name=file.name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.post("/certificates/<int:certificate_id>/revoke")
@requires(Permission.ISSUE_CERTIFICATES)
def revoke(certificate_id: int) -> ResponseReturnValue:
    """Withdraw a certificate."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_revocation(certificate_id, request.form)
        with transaction() as session:
            view = status_services.revoke_certificate(session, current_actor(), command, now=now())
        flash(_("Certificate %(number)s is revoked.", number=view.printed), "info")
        return redirect(url_for("certificates.certificate", certificate_id=certificate_id), 303)
    return _certificate_page(certificate_id, form)


@bp.post("/certificates/<int:certificate_id>/notices")
@requires(Permission.ISSUE_CERTIFICATES)
def add_notice(certificate_id: int) -> ResponseReturnValue:
    """Say beside a certificate that it is under investigation, or cleared."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_notice(certificate_id, request.form)
        with transaction() as session:
            status_services.add_notice(session, current_actor(), command, now=now())
        flash(_("The notice now stands beside the certificate."), "good")
        return redirect(url_for("certificates.certificate", certificate_id=certificate_id), 303)
    return _certificate_page(certificate_id, form)


@bp.get("/runs/<int:run_id>/certificates")
@requires(Permission.VIEW_LABORATORY)
def for_run(run_id: int) -> ResponseReturnValue:
    """The certificates that cover a run; lower pages link here."""
    with reading() as session:
        run = queries.run_of(session, current_actor(), run_id)
        lines = queries.certificates_of_run(session, current_actor(), run_id)
    return render_template("certificates/for_run.html", run=run, lines=lines)


def _find(session: Session, actor: Actor, text: str, _today: object) -> Hits:
    listed = list_queries.certificates(session, actor, ListRequest(text=text))
    found = [
        Found(
            line.printed,
            in_language(line, "customer_name"),
            "found.certificate",
            url_for("certificates.certificate", certificate_id=line.id),
        )
        for line in listed.items[:MOST_FOUND]
    ]
    return Hits(found, listed.total, url_for("certificates.certificates", q=text))


add_finder(bp, Finder(Permission.VIEW_LABORATORY, _find))
