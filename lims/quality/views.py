"""Pages of nonconforming work: opening it from a study, one record, its letters, the list."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from calc.rounding import round_to_decimals
from certificates import impact_queries
from lims.core.formats import number, zone
from lims.core.web import FormState, current_actor, list_request, now, reading, requires, transaction
from lims.people.access import Permission
from lims.quality import forms, queries, services
from lims.quality.blueprint import bp
from lims.quality.facts import LetterWay, Treatment

__all__ = ["bp"]


@bp.app_template_filter("in_u")
def in_u(worst: float) -> str:
    """Return a shift in units of U, to two decimals, as the reader writes it."""
    return number(round_to_decimals(worst, 2))


@bp.get("/nonconforming-work")
@requires(Permission.VIEW_LABORATORY)
def works() -> ResponseReturnValue:
    """The laboratory's records, newest first."""
    with reading() as session:
        listed = queries.works(session, current_actor(), list_request())
    return render_template("quality/works.html", listed=listed)


@bp.get("/impact/<int:study_id>/nonconforming-work")
@requires(Permission.MANAGE_STANDARDS)
def new_work(study_id: int) -> ResponseReturnValue:
    """The form that opens a record from a study; where there is one already, that one."""
    with reading() as session:
        study = impact_queries.study_view(session, current_actor(), study_id)
        known = queries.work_of_study(session, study_id)
    if known is not None:
        return redirect(url_for("quality.work", work_id=known))
    form = FormState.of({"finding": study.reason, "stop_use": True, "draft_letters": True, "investigate": True})
    return render_template("quality/new_work.html", study=study, form=form)


@bp.post("/impact/<int:study_id>/nonconforming-work")
@requires(Permission.MANAGE_STANDARDS)
def open_work(study_id: int) -> ResponseReturnValue:
    """Open a record: stop use, list what is concerned, draft the letters."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_opening(study_id, request.form)
        with transaction() as session:
            work = services.open_work(session, current_actor(), command, now=now())
        flash(_("Record %(number)s is open.", number=work.number), "good")
        return redirect(url_for("quality.work", work_id=work.id), 303)
    with reading() as session:
        study = impact_queries.study_view(session, current_actor(), study_id)
    return render_template("quality/new_work.html", study=study, form=form), form.status


@bp.get("/nonconforming-work/<int:work_id>")
@requires(Permission.VIEW_LABORATORY)
def work(work_id: int) -> ResponseReturnValue:
    """One record: what was found, what is concerned, what was decided, who released."""
    return _page(work_id, FormState())


def _page(work_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        view = queries.work_view(session, current_actor(), work_id)
        listed = queries.items_of(session, work_id, list_request())
    words = render_template(
        "quality/work.html",
        work=view,
        listed=listed,
        form=form,
        treatments=list(Treatment),
        ways=list(LetterWay),
        today=now().astimezone(zone()).date(),
    )
    return words, form.status


@bp.post("/nonconforming-work/items/<int:item_id>")
@requires(Permission.MANAGE_STANDARDS)
def mark_item(item_id: int) -> ResponseReturnValue:
    """Say what is to be done about a certificate."""
    command = forms.parse_mark(item_id, request.form)
    with transaction() as session:
        view = services.mark_item(session, current_actor(), command, now=now())
    return redirect(url_for("quality.work", work_id=view.id), 303)


@bp.post("/nonconforming-work/<int:work_id>/decision")
@requires(Permission.MANAGE_STANDARDS)
def decide_work(work_id: int) -> ResponseReturnValue:
    """Decide what follows."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_decision(work_id, request.form)
        with transaction() as session:
            services.decide_work(session, current_actor(), command, now=now())
        flash(_("The decision is recorded; another person releases the work."), "good")
        return redirect(url_for("quality.work", work_id=work_id), 303)
    return _page(work_id, form)


@bp.post("/nonconforming-work/<int:work_id>/release")
@requires(Permission.ACCEPT_CALIBRATIONS, Permission.ISSUE_CERTIFICATES)
def release_work(work_id: int) -> ResponseReturnValue:
    """Let work go on."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_release(work_id, request.form)
        with transaction() as session:
            services.release_work(session, current_actor(), command, now=now())
        flash(_("Work goes on."), "good")
        return redirect(url_for("quality.work", work_id=work_id), 303)
    return _page(work_id, form)


@bp.get("/nonconforming-work/letters/<int:letter_id>")
@requires(Permission.VIEW_LABORATORY)
def letter(letter_id: int) -> ResponseReturnValue:
    """A letter, to be read and printed."""
    with reading() as session:
        view, found = queries.letter_view(session, current_actor(), letter_id)
    return render_template("quality/letter.html", work=view, letter=found)


@bp.post("/nonconforming-work/letters/<int:letter_id>")
@requires(Permission.MANAGE_NOTICES, Permission.MANAGE_STANDARDS)
def send_letter(letter_id: int) -> ResponseReturnValue:
    """Note that a letter went."""
    form = FormState.from_request()
    with reading() as session:
        view, _letter = queries.letter_view(session, current_actor(), letter_id)
    with form.guard():
        command = forms.parse_sending(letter_id, request.form)
        with transaction() as session:
            services.send_letter(session, current_actor(), command, now=now())
        return redirect(url_for("quality.work", work_id=view.id), 303)
    return _page(view.id, form)
