"""Pages that issue: the released runs of a job and what is missing, a draft to look at, amendment."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import check, forms, queries, services
from certificates.blueprint import bp
from certificates.document import TEMPLATE_VERSION, Rendering
from certificates.facts import Missing, RelationKind
from certificates.rendering import render_apart
from lims.core.errors import NotFound, RuleViolation
from lims.core.messages import message
from lims.core.web import FormState, current_actor, now, reading, requires, transaction
from lims.people.access import Permission


@bp.get("/jobs/<int:job_id>/certificates/new")
@requires(Permission.ISSUE_CERTIFICATES)
def issue(job_id: int) -> ResponseReturnValue:
    """Choose released runs of a job; what a certificate over them still lacks is named by clause."""
    return _issue_page(job_id, FormState(), request.args.getlist("run"))


@bp.post("/jobs/<int:job_id>/certificates/new")
@requires(Permission.ISSUE_CERTIFICATES)
def begin_issue(job_id: int) -> ResponseReturnValue:
    """Begin to issue a certificate over the chosen runs."""
    form = FormState.from_request()
    chosen = request.form.getlist("run")
    with form.guard():
        with transaction() as session:
            _check_runs_of_job(queries.released_runs_of_job(session, job_id), forms.run_ids(chosen))
            view = services.begin_issue(session, current_actor(), forms.run_ids(chosen), now=now())
        flash(_("Certificate %(number)s is being issued.", number=view.printed), "info")
        return redirect(url_for("certificates.certificate", certificate_id=view.id), 303)
    return _issue_page(job_id, form, chosen)


def _check_runs_of_job(of_job: list[int], chosen: list[int]) -> None:
    if not set(chosen) <= set(of_job):
        raise NotFound("run.not_found")


def _issue_page(job_id: int, form: FormState, chosen: list[str]) -> ResponseReturnValue:
    actor = current_actor()
    problems: tuple[Missing, ...] = ()
    with reading() as session:
        job = queries.job_of(session, actor, job_id)
        runs = queries.issuable_runs(session, job_id)
        free = [run.id for run in runs if run.certificate is None]
        selected = [key for key in forms.run_ids(chosen) if key in free] if chosen else free
        if selected:
            try:
                problems = check.missing(services.preview_issue(session, actor, selected, now=now()))
            except RuleViolation as error:
                if form.problem is None:
                    form.refuse(error)
    words = render_template(
        "certificates/issue.html",
        job=job,
        runs=runs,
        selected=selected,
        problems=[(problem.clause, message(problem.code, problem.values)) for problem in problems],
        form=form,
    )
    return words, form.status


@bp.get("/jobs/<int:job_id>/certificates/draft.pdf")
@requires(Permission.ISSUE_CERTIFICATES)
def draft(job_id: int) -> ResponseReturnValue:
    """A draft of the paper over the chosen runs: watermarked, without number or code."""
    chosen = forms.run_ids(request.args.getlist("run"))
    at = now()
    with reading() as session:
        _check_runs_of_job(queries.released_runs_of_job(session, job_id), chosen)
        content = services.preview_issue(session, current_actor(), chosen, now=at)
    paper = render_apart(content, Rendering(TEMPLATE_VERSION, "", at, draft=True))
    answer = send_file(BytesIO(paper), mimetype="application/pdf", download_name="draft.pdf")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.get("/certificates/<int:certificate_id>/amend")
@requires(Permission.ISSUE_CERTIFICATES)
def amend(certificate_id: int) -> ResponseReturnValue:
    """The form that amends, replaces or supplements an issued certificate."""
    return _amend_page(certificate_id, FormState.of({"kind": RelationKind.AMENDS.value}))


@bp.post("/certificates/<int:certificate_id>/amend")
@requires(Permission.ISSUE_CERTIFICATES)
def begin_successor(certificate_id: int) -> ResponseReturnValue:
    """Begin the certificate that amends, replaces or supplements another."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_successor(certificate_id, request.form, request.form.getlist("run"))
        with transaction() as session:
            view = services.begin_successor(session, current_actor(), command, now=now())
        flash(_("Certificate %(number)s is being issued.", number=view.printed), "info")
        return redirect(url_for("certificates.certificate", certificate_id=view.id), 303)
    return _amend_page(certificate_id, form)


def _amend_page(certificate_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        view = queries.certificate_view(session, current_actor(), certificate_id)
        runs = queries.issuable_runs(session, view.job_id)
    covered = {run.run_id for run in view.runs}
    offered = [run for run in runs if run.id in covered or run.certificate is None]
    chosen = forms.run_ids(form.values.get("run", [])) or sorted(covered)
    words = render_template(
        "certificates/amend.html",
        certificate=view,
        runs=offered,
        chosen=chosen,
        kinds=list(RelationKind),
        form=form,
    )
    return words, form.status
