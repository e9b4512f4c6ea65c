"""Pages of decisions on runs: submit, review or return, release, void."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lims.calibrations import decision_services, forms, run_page
from lims.calibrations.blueprint import bp
from lims.calibrations.pages import render_run
from lims.calibrations.workflow import Step, blocking
from lims.core.web import FormState, current_actor, now, reading, requires, transaction
from lims.people.access import Permission

Service = Callable[..., object]


@bp.post("/runs/<int:run_id>/submit")
@requires(Permission.RECORD_READINGS)
def submit(run_id: int) -> ResponseReturnValue:
    """Store the evaluation and hand the run in."""
    form = FormState.from_request()
    with form.guard():
        _do(decision_services.submit_run, run_id)
        flash(_("The result is stored and waits for review."), "good")
        return redirect(url_for("calibrations.run", run_id=run_id), 303)
    return render_run(run_id, form)


@bp.post("/runs/<int:run_id>/void")
@requires(Permission.RECORD_READINGS, Permission.REVIEW_RUNS)
def void(run_id: int) -> ResponseReturnValue:
    """Void a run that is not released."""
    form = FormState.from_request()
    with form.guard():
        _do(decision_services.void_run, run_id)
        flash(_("The run is void; everything recorded stays."), "info")
        return redirect(url_for("calibrations.run", run_id=run_id), 303)
    return render_run(run_id, form)


@bp.get("/runs/<int:run_id>/review")
@requires(Permission.REVIEW_RUNS)
def review_page(run_id: int) -> ResponseReturnValue:
    """What is to be reviewed: the stored result with its budget, what it rests on, who measured."""
    return _decision_page(run_id, "calibrations/review.html", FormState())


@bp.post("/runs/<int:run_id>/review")
@requires(Permission.REVIEW_RUNS)
def review(run_id: int) -> ResponseReturnValue:
    """Approve the evaluation technically."""
    form = FormState.from_request()
    with form.guard():
        _do(decision_services.review_run, run_id, names_evaluation=True)
        flash(_("The result is reviewed and waits for release."), "good")
        return redirect(url_for("calibrations.run", run_id=run_id), 303)
    return _decision_page(run_id, "calibrations/review.html", form)


@bp.post("/runs/<int:run_id>/return")
@requires(Permission.REVIEW_RUNS, Permission.RELEASE_RUNS)
def give_back(run_id: int) -> ResponseReturnValue:
    """Give a run back to its technician."""
    form = FormState.from_request()
    with form.guard():
        _do(decision_services.return_run, run_id, names_evaluation=True)
        flash(_("The run is back with its technician."), "info")
        return redirect(url_for("calibrations.run", run_id=run_id), 303)
    return _decision_page(run_id, "calibrations/review.html", form)


@bp.get("/runs/<int:run_id>/release")
@requires(Permission.RELEASE_RUNS)
def release_page(run_id: int) -> ResponseReturnValue:
    """What is to be released."""
    return _decision_page(run_id, "calibrations/release.html", FormState())


@bp.post("/runs/<int:run_id>/release")
@requires(Permission.RELEASE_RUNS)
def release(run_id: int) -> ResponseReturnValue:
    """Release the reviewed evaluation for a certificate."""
    form = FormState.from_request()
    with form.guard():
        _do(decision_services.release_run, run_id, names_evaluation=True)
        flash(_("The result is released; a certificate may be issued."), "good")
        return redirect(url_for("calibrations.run", run_id=run_id), 303)
    return _decision_page(run_id, "calibrations/release.html", form)


def _do(service: Service, run_id: int, *, names_evaluation: bool = False) -> None:
    command = forms.parse_decide(run_id, request.form, names_evaluation=names_evaluation)
    with transaction() as session:
        service(session, current_actor(), command, now=now())


def _decision_page(run_id: int, template: str, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        page = run_page.load(session, current_actor(), run_id, now=now())
    held = {step: blocking(page.problems, step) for step in Step}
    shown = render_template(
        template,
        form=form,
        page=page,
        run=page.run,
        view=page.view,
        held=held,
    )
    return shown, form.status
