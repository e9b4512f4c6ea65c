"""Renders the page of a run, with what the reader may do next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.calibrations import run_page
from lims.calibrations.decision_services import involved_in
from lims.calibrations.facts import RunFacts, RunState
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.room_queries import room_choices
from lims.calibrations.services import check_performer
from lims.calibrations.sheets import SavedCells
from lims.calibrations.workflow import Step, blocking
from lims.core.actor import Actor
from lims.core.errors import Forbidden, InvalidInput
from lims.core.fields import Fields
from lims.core.web import FormState, current_actor, now, reading, timezone, today, transaction
from lims.people.access import Permission
from lims.procedures import queries as procedures
from lims.procedures.facts import Activity


def act_and_show(
    act: Callable[[Session], object], address: str, show_again: Callable[[FormState], ResponseReturnValue]
) -> ResponseReturnValue:
    """Do one thing and lead to its place; what is refused stands above what was typed, on the page shown again."""
    form = FormState.from_request()
    with form.guard():
        with transaction() as session:
            act(session)
        return redirect(address, 303)
    return show_again(form)


def write_sheet(
    save: Callable[[Session, datetime | None], SavedCells],
    address: str,
    show_again: Callable[[FormState], ResponseReturnValue],
) -> ResponseReturnValue:
    """Write the cells of a sheet: what is right is stored even where another cell is wrong."""
    form = FormState.from_request()
    with form.guard():
        fields = Fields(request.form)
        observed_at = fields.optional_instant("observed_at", timezone())
        fields.finish()
        with transaction() as session:
            saved = save(session, observed_at)
        with form.guard():
            if saved.errors:
                raise InvalidInput(saved.errors)
            if saved.stored:
                flash(_("%(count)s readings are stored.", count=saved.stored), "good")
            return redirect(f"{address}#sheet-{saved.anchor}", 303)
    return show_again(form)


def render_run(run_id: int, form: FormState) -> ResponseReturnValue:
    """Return the page of a run with what was typed and refused, if anything was."""
    with reading() as session:
        page = run_page.load(session, current_actor(), run_id, now=now())
        values = {
            "may_write": page.editable and current_actor().may(Permission.RECORD_READINGS),
            "next": _next(session, page, current_actor()),
            "held": {step: blocking(page.problems, step) for step in Step},
            "rooms": room_choices(session, page.run.site_id, page.run.location_kind, today()),
            "refused": performer_refusal(session, page.run, current_actor()) if page.editable else None,
            "approvers": approvers(session, page.material, page.run, current_actor()),
        }
    return (
        render_template(
            "calibrations/run.html",
            form=form,
            page=page,
            run=page.run,
            view=page.view,
            **values,
        ),
        form.status,
    )


def _next(session: Session, page: run_page.RunPage, actor: Actor) -> str:
    """Return the one step that this reader may take now: submit, review, release, issue, or nothing."""
    run = page.run
    if run.state is RunState.DRAFT:
        return "submit" if actor.may(Permission.RECORD_READINGS) else ""
    if run.state is RunState.SUBMITTED:
        own = actor.person_id in involved_in(session, page.material)
        return "review" if actor.may(Permission.REVIEW_RUNS) and not own else ""
    if run.state is RunState.REVIEWED:
        return "release" if actor.may(Permission.RELEASE_RUNS) else ""
    return "issue" if run.state is RunState.RELEASED and actor.may(Permission.ISSUE_CERTIFICATES) else ""


def performer_refusal(session: Session, run: RunFacts, actor: Actor) -> Forbidden | None:
    """Return why a reader who records readings may not do so in this run today, None where nothing is against it."""
    if not actor.may(Permission.RECORD_READINGS):
        return None
    try:
        check_performer(session, run, actor, on=today())
    except Forbidden as refusal:
        return refusal
    return None


def approvers(session: Session, material: RunMaterial, run: RunFacts, actor: Actor) -> list[tuple[int, str]]:
    """Return who may approve that something is left out: those authorised to review, the reader apart."""
    found = procedures.people_authorised(
        session,
        procedure_id=material.procedure.procedure_id,
        activity=Activity.REVIEW,
        on=today(),
        site_id=run.site_id,
    )
    return [(entry.person_id, entry.person_name) for entry in found if entry.person_id != actor.person_id]
