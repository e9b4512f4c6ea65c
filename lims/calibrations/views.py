"""Pages of calibration runs: the list, opening one, the run itself, its evaluation. Decisions have `decision_views`."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.calibrations import (
    adjustment_views,
    batch_views,
    capability_views,
    cell_views,
    decision_views,
    forms,
    home_views,
    label_views,
    notice_views,
    queries,
    record_services,
    room_queries,
    run_lists,
    scan_views,
    services,
)
from lims.calibrations.blueprint import bp
from lims.calibrations.evaluations import evaluation_view
from lims.calibrations.pages import act_and_show, render_run, write_sheet
from lims.calibrations.sheets import save_cells
from lims.core import messages
from lims.core.errors import NotFound
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
from lims.jobs import queries as jobs
from lims.people.access import Permission
from lims.procedures import queries as procedures
from lims.procedures.facts import Activity
from standards import queries as standards

__all__ = [
    "adjustment_views",
    "batch_views",
    "bp",
    "capability_views",
    "cell_views",
    "decision_views",
    "home_views",
    "label_views",
    "notice_views",
    "scan_views",
]

add_place(bp, Place("calibrations.runs", N_("Calibration runs"), "bench", order=20))


@bp.get("/runs")
@requires(Permission.VIEW_LABORATORY)
def runs() -> ResponseReturnValue:
    """The list of runs, by state, mine or all, and by words."""
    with reading() as session:
        listed = run_lists.runs(session, current_actor(), list_request())
    return render_template("calibrations/runs.html", listed=listed)


@bp.get("/jobs/items/<int:item_id>/runs")
@requires(Permission.VIEW_LABORATORY)
def open_for_item(item_id: int) -> ResponseReturnValue:
    """The runs of an item, and the form that opens one."""
    return _item_page(item_id, None)


@bp.post("/jobs/items/<int:item_id>/runs")
@requires(Permission.RECORD_READINGS)
def open_run(item_id: int) -> ResponseReturnValue:
    """Open a run for an item."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_open_run(item_id, request.form)
        with transaction() as session:
            run = services.open_run(session, current_actor(), command, now=now())
        flash(_("Run %(number)s is open.", number=run.number), "good")
        return redirect(url_for("calibrations.run", run_id=run.id), 303)
    return _item_page(item_id, form)


def _item_page(item_id: int, shown: FormState | None) -> ResponseReturnValue:
    with reading() as session:
        item = jobs.job_item_facts(session, item_id)
        queries.check_laboratory(session, current_actor(), item.site_id)
        version, supervisors = None, []
        if item.procedure_version_id is not None:
            version = procedures.procedure_version_facts(session, item.procedure_version_id)
            supervisors = procedures.people_authorised(
                session,
                procedure_id=version.procedure_id,
                activity=Activity.SUPERVISE,
                on=today(),
                site_id=item.site_id,
            )
        instrument = standards.instrument_facts(session, item.instrument_id)
        purposes = forms.purposes_of(standard=instrument.standard_id is not None)
        values = {
            "item": item,
            "version": version,
            "instrument": instrument,
            "supervisors": [(entry.person_id, entry.person_name) for entry in supervisors],
            "lines": run_lists.runs_of_item(session, item_id),
            "rooms": room_queries.room_choices(session, item.site_id, item.location_kind, today()),
            "purposes": [(purpose.value, messages.label(purpose)) for purpose in purposes],
        }
    form = shown or FormState.of({"purpose": purposes[0].value})
    return render_template("calibrations/open_run.html", form=form, **values), form.status


@bp.get("/runs/<int:run_id>")
@requires(Permission.VIEW_LABORATORY)
def run(run_id: int) -> ResponseReturnValue:
    """A run: what it is, what keeps it back, equipment, conditions, readings, result, history."""
    return render_run(run_id, FormState())


@bp.post("/runs/<int:run_id>/header")
@requires(Permission.RECORD_READINGS)
def change_header(run_id: int) -> ResponseReturnValue:
    """Change the header of a draft."""
    return _act(
        run_id,
        lambda session: services.change_run(
            session, current_actor(), forms.parse_change(run_id, request.form), now=now()
        ),
        "what",
    )


@bp.post("/runs/<int:run_id>/equipment")
@requires(Permission.RECORD_READINGS)
def choose_equipment(run_id: int) -> ResponseReturnValue:
    """Take a standard into a slot."""
    return _act(
        run_id,
        lambda session: services.choose_equipment(
            session, current_actor(), forms.parse_choose(run_id, request.form), now=now()
        ),
        "equipment",
    )


@bp.post("/runs/<int:run_id>/equipment/<int:use_id>/withdraw")
@requires(Permission.RECORD_READINGS)
def withdraw_equipment(run_id: int, use_id: int) -> ResponseReturnValue:
    """Take a standard out again."""

    def withdraw(session: Session) -> None:
        if use_id not in {use.id for use in queries.equipment(session, run_id)}:
            raise NotFound("run.not_found")
        services.withdraw_equipment(session, current_actor(), forms.parse_withdraw(use_id, request.form), now=now())

    return _act(run_id, withdraw, "equipment")


@bp.post("/runs/<int:run_id>/readings")
@requires(Permission.RECORD_READINGS)
def record_readings(run_id: int) -> ResponseReturnValue:
    """Write the cells of a sheet: what is right is stored even where another cell is wrong."""
    return write_sheet(
        lambda session, observed_at: save_cells(session, current_actor(), run_id, request.form, observed_at, now=now()),
        url_for("calibrations.run", run_id=run_id),
        lambda form: render_run(run_id, form),
    )


@bp.post("/runs/<int:run_id>/exclusions")
@requires(Permission.RECORD_READINGS)
def exclude(run_id: int) -> ResponseReturnValue:
    """Leave a reading or point out, or take it back in."""
    return _act(
        run_id,
        lambda session: record_services.exclude(
            session, current_actor(), forms.parse_exclude(run_id, request.form), now=now()
        ),
        "records",
    )


@bp.post("/runs/<int:run_id>/justifications")
@requires(Permission.RECORD_READINGS)
def justify(run_id: int) -> ResponseReturnValue:
    """Justify a condition outside its limits, or a deviation from the method."""
    return _act(
        run_id,
        lambda session: record_services.justify(
            session, current_actor(), forms.parse_justify(run_id, request.form), now=now()
        ),
        "records",
    )


def _act(run_id: int, act: Callable[[Session], object], anchor: str) -> ResponseReturnValue:
    """Do one thing to a run and show it again; what is refused stands above what was typed."""
    address = url_for("calibrations.run", run_id=run_id, _anchor=anchor)
    return act_and_show(act, address, lambda form: render_run(run_id, form))


@bp.get("/runs/<int:run_id>/evaluations/<int:evaluation_id>")
@requires(Permission.VIEW_LABORATORY)
def evaluation(run_id: int, evaluation_id: int) -> ResponseReturnValue:
    """A stored evaluation: result, budget, digests."""
    with reading() as session:
        facts = queries.run_facts(session, current_actor(), run_id)
        view = evaluation_view(session, evaluation_id)
        if view.run_id != facts.id:
            raise NotFound("evaluation.not_found")
        decisions = [d for d in queries.decisions(session, run_id) if d.evaluation_id == evaluation_id]
    return render_template(
        "calibrations/evaluation.html",
        run=facts,
        view=view,
        decisions=decisions,
    )
