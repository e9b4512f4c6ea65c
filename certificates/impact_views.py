"""Pages of impact: what a calibration reached, opening a study of a doubt, and what a study found."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from certificates import impact_forms, impact_queries, impact_services, reach_list_queries
from certificates.blueprint import bp
from certificates.impact_facts import Course, ImpactRow, Sense
from certificates.impact_picture import ShownLine, shown
from certificates.impact_shifts import default_sense
from lims.core import messages
from lims.core.lists import ListRequest
from lims.core.web import (
    FormState,
    current_actor,
    list_request,
    now,
    reading,
    requires,
    transaction,
)
from lims.people.access import Permission

PRINTED = 500
"""How many rows the paper of a study holds: the worst of them."""


@bp.app_template_filter("impact_lines")
def impact_lines(row: ImpactRow) -> list[ShownLine]:
    """Return the lines of a row as they are printed."""
    return shown(row)


@bp.app_template_filter("reason_words")
def reason_words(reason: str) -> str:
    """Return in words why nothing can be said of a run; what is no code stands as it is."""
    return messages.message(reason) if "." in reason and " " not in reason else reason


@bp.get("/standards/calibrations/<int:calibration_id>/reach")
@requires(Permission.VIEW_LABORATORY)
def reach(calibration_id: int) -> ResponseReturnValue:
    """Everything that a calibration of a standard reached: runs with their certificates."""
    with reading() as session:
        root = reach_list_queries.reach_root(session, current_actor(), calibration_id)
        listed = reach_list_queries.reached_runs(session, current_actor(), calibration_id, list_request())
        studies = impact_queries.studies(
            session, current_actor(), ListRequest(chosen={"calibration": (str(calibration_id),)})
        )
    return render_template("certificates/reach.html", root=root, listed=listed, studies=studies.items)


@bp.get("/standards/calibrations/<int:calibration_id>/impact")
@requires(Permission.MANAGE_STANDARDS, Permission.ACCEPT_CALIBRATIONS)
def impact_new(calibration_id: int) -> ResponseReturnValue:
    """The form that says what is doubted; an address may fill it in."""
    names = ("shift", "sense", "onset", "until", "course", "reason")
    given = {name: request.args[name] for name in names if request.args.get(name)}
    return _form_page(calibration_id, FormState.of({"course": Course.STEP.value, **given}))


@bp.post("/standards/calibrations/<int:calibration_id>/impact")
@requires(Permission.MANAGE_STANDARDS, Permission.ACCEPT_CALIBRATIONS)
def open_impact(calibration_id: int) -> ResponseReturnValue:
    """Open a study; it is carried out in the background."""
    form = FormState.from_request()
    with form.guard():
        with transaction() as session:
            calibration, _ = reach_list_queries.own_calibration(session, current_actor(), calibration_id)
            command = impact_forms.parse_study(calibration, request.form)
            study = impact_services.open_study(session, current_actor(), command, now=now())
        return redirect(url_for("certificates.impact", study_id=study.id), 303)
    return _form_page(calibration_id, form)


def _form_page(calibration_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        root = reach_list_queries.reach_root(session, current_actor(), calibration_id)
        calibration, standard = reach_list_queries.own_calibration(session, current_actor(), calibration_id)
    sense = default_sense(calibration)
    if not form.text("sense"):
        form.values["sense"] = [sense.value]
    words = render_template(
        "certificates/impact_new.html",
        root=root,
        calibration=calibration,
        standard=standard,
        form=form,
        senses=list(Sense),
        courses=list(Course),
        places=impact_forms.places,
        point_name=impact_forms.point_name,
    )
    return words, form.status


@bp.get("/impact")
@requires(Permission.VIEW_LABORATORY)
def impacts() -> ResponseReturnValue:
    """The laboratory's impact studies, newest first."""
    with reading() as session:
        listed = impact_queries.studies(session, current_actor(), list_request())
    return render_template("certificates/impacts.html", listed=listed)


@bp.get("/impact/<int:study_id>")
@requires(Permission.VIEW_LABORATORY)
def impact(study_id: int) -> ResponseReturnValue:
    """What a study found: every run it reached, the largest shift first."""
    with reading() as session:
        study = impact_queries.study_view(session, current_actor(), study_id)
        listed = impact_queries.impact_rows(session, study_id, list_request())
    return render_template("certificates/impact.html", study=study, listed=listed)


@bp.get("/impact/<int:study_id>/progress")
@requires(Permission.VIEW_LABORATORY)
def impact_progress(study_id: int) -> ResponseReturnValue:
    """The part of the page that shows how far a study has come; it reloads the page when it is over."""
    with reading() as session:
        study = impact_queries.study_view(session, current_actor(), study_id)
    return render_template("certificates/impact_progress.html", study=study)


@bp.get("/impact/<int:study_id>/print")
@requires(Permission.VIEW_LABORATORY)
def impact_print(study_id: int) -> ResponseReturnValue:
    """A study on paper: its rows without pages, as chosen in the list."""
    with reading() as session:
        study = impact_queries.study_view(session, current_actor(), study_id)
        listed = impact_queries.impact_rows(session, study_id, list_request(), size=PRINTED)
    return render_template("certificates/impact_print.html", study=study, listed=listed)
