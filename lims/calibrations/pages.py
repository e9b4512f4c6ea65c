"""Renders the page of a run, with what the reader may do next."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.calibrations import run_page
from lims.calibrations.decision_services import involved_in
from lims.calibrations.facts import RunFacts, RunState
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.room_queries import room_choices
from lims.calibrations.workflow import Step, blocking
from lims.core.actor import Actor
from lims.core.web import FormState, current_actor, now, reading, today
from lims.people.access import Permission
from lims.procedures import queries as procedures
from lims.procedures.facts import Activity


def render_run(run_id: int, form: FormState) -> ResponseReturnValue:
    """Return the page of a run with what was typed and refused, if anything was."""
    with reading() as session:
        page = run_page.load(session, current_actor(), run_id, now=now())
        values = {
            "may_write": page.editable and current_actor().may(Permission.RECORD_READINGS),
            "next": _next(session, page, current_actor()),
            "held": {step: blocking(page.problems, step) for step in Step},
            "rooms": room_choices(session, page.run.site_id, page.run.location_kind, today()),
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
