"""Pages of checks between calibrations: the plans of a standard, one plan, recording; charts are in `chart_views`."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.clock import local_date
from lims.core.errors import NotFound
from lims.core.formats import language
from lims.core.web import (
    FormState,
    current_actor,
    now,
    reading,
    requires,
    timezone,
    today,
    transaction,
)
from lims.people.access import Permission
from standards import check_forms, check_queries, check_services, queries
from standards.chart_pictures import Charted, charted_page
from standards.check_facts import CheckFacts, CheckPlanFacts, Evidence, PlanLine
from standards.due import plan_line
from standards.facts import InstrumentFacts, StandardFacts, StandardState
from standards.pages import bp, empty_form, key_of
from standards.standard_views import own_standard


@dataclass(frozen=True, slots=True)
class PlanPage:
    """What the page of one plan prints."""

    standard: StandardFacts
    instrument: InstrumentFacts
    line: PlanLine
    checks: list[CheckFacts]
    charts: list[Charted]
    evidence: Evidence | None
    calibration_id: int | None
    state: StandardState


@bp.get("/standards/<int:standard_id>/checks")
@requires(Permission.VIEW_LABORATORY)
def checks(standard_id: int) -> ResponseReturnValue:
    """List what is checked of a standard between its calibrations."""
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
        lines = check_queries.plan_lines(session, standard, now())
    return render_template("standards/checks.html", standard=standard, instrument=instrument, lines=lines)


@bp.get("/standards/<int:standard_id>/check-plans/new")
@requires(Permission.MANAGE_STANDARDS)
def new_check_plan(standard_id: int) -> ResponseReturnValue:
    """Show the form that plans checks."""
    return _plan_form(standard_id, FormState.of({"valid_from": today(), "interval_months": 3}))


@bp.post("/standards/<int:standard_id>/check-plans/new")
@requires(Permission.MANAGE_STANDARDS)
def plan_check(standard_id: int) -> ResponseReturnValue:
    """Plan checks of a standard."""
    form = FormState.from_request()
    with form.guard():
        command = check_forms.parse_plan_check(standard_id, request.form)
        with transaction() as session:
            plan = check_services.plan_check(session, current_actor(), command, now=now())
        flash(_("The check “%(name)s” is planned.", name=plan.name), "good")
        return redirect(url_for("standards.check_plan", plan_id=plan.id), 303)
    return _plan_form(standard_id, form)


def _plan_form(standard_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
        lines = queries.standards(session, laboratory_id=standard.laboratory_id, at=now())
    others = [line.standard for line in lines if line.standard.id != standard.id]
    page = render_template(
        "standards/check_plan_new.html",
        standard=standard,
        instrument=instrument,
        form=form,
        others=[(other.id, f"{other.code} · {other.name(language())}") for other in others],
    )
    return page, form.status


@bp.get("/standards/check-plans/<int:plan_id>")
@requires(Permission.VIEW_LABORATORY)
def check_plan(plan_id: int) -> ResponseReturnValue:
    """Show one plan: its limits, what stands against the standard, the chart, the checks, and the form for the next."""
    values: dict[str, object] = {"at": now()}
    wrong = key_of(request.args.get("replaces", ""))
    if wrong is not None:
        with reading() as session:
            found = check_queries.check_facts(session, wrong)
        values = {
            "at": found.at,
            "value": found.typed,
            "standard_uncertainty": found.standard_uncertainty,
            "note": found.note,
            "replaces_id": found.id,
        }
    return plan_page(plan_id, FormState.of(values), "check")


def plan_page(plan_id: int, form: FormState, part: str) -> ResponseReturnValue:
    """Return a plan's page; `form` belongs to a part of it ("check", "end")."""
    with reading() as session:
        plan = own_plan(session, plan_id)
        page = _read(session, plan)
    return (
        render_template(
            "standards/check_plan.html",
            plan=plan,
            page=page,
            standard=page.standard,
            instrument=page.instrument,
            form=form if part == "check" else empty_form(at=now()),
            end_form=form if part == "end" else empty_form(valid_to=today()),
            part=part,
        ),
        form.status,
    )


def _read(session: Session, plan: CheckPlanFacts) -> PlanPage:
    standard = own_standard(session, plan.standard_id)
    found = check_queries.checks_of_plan(session, plan.id)
    charts = check_queries.charts_of_plans(session, [plan.id])
    line = plan_line(plan, found, charts, local_date(now(), standard.timezone), standard.timezone)
    evidence, calibration_id = None, None
    if line.last is not None and not line.last.passed:
        calibrations = queries.calibrations_of(session, standard.id)
        calibration_id = queries.standard_line(standard, calibrations, line.last.at).calibration_id
        evidence = check_queries.last_good_evidence(session, standard.id, plan.range_id, line.last.at)
    change = standard.state_at(now())
    return PlanPage(
        standard=standard,
        instrument=queries.instrument_facts(session, standard.instrument_id),
        line=line,
        checks=found,
        charts=[charted_page(chart, plan, found, standard.timezone) for chart in charts],
        evidence=evidence,
        calibration_id=calibration_id,
        state=StandardState.RETURNED if change is None else change.state,
    )


def own_plan(session: Session, plan_id: int) -> CheckPlanFacts:
    """Return a plan of the reader's laboratory. Raises NotFound for any other."""
    plan = check_queries.plan_facts(session, plan_id)
    try:
        own_standard(session, plan.standard_id)
    except NotFound:
        raise NotFound("check_plan.not_found") from None
    return plan


@bp.post("/standards/check-plans/<int:plan_id>/checks")
@requires(Permission.RECORD_READINGS, Permission.MANAGE_STANDARDS)
def record_check(plan_id: int) -> ResponseReturnValue:
    """Record a check; one that fails leads to what stands then."""
    form = FormState.from_request()
    with form.guard():
        command = check_forms.parse_record_check(plan_id, request.form, timezone())
        with transaction() as session:
            check = check_services.record_check(session, current_actor(), command, now=now())
        if check.passed:
            flash(_("The check was recorded: within its limits."), "good")
        else:
            flash(_("The check was recorded: outside its limits."), "bad")
        return redirect(url_for("standards.check_plan", plan_id=plan_id), 303)
    return plan_page(plan_id, form, "check")


@bp.post("/standards/check-plans/<int:plan_id>/end")
@requires(Permission.MANAGE_STANDARDS)
def end_check_plan(plan_id: int) -> ResponseReturnValue:
    """End a plan."""
    form = FormState.from_request()
    with form.guard():
        command = check_forms.parse_end_plan(plan_id, request.form)
        with transaction() as session:
            check_services.end_plan(session, current_actor(), command, now=now())
        flash(_("The plan has ended."), "good")
        return redirect(url_for("standards.check_plan", plan_id=plan_id), 303)
    return plan_page(plan_id, form, "end")
