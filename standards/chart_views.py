"""Pages of control charts: setting one up, one chart with its table."""

from __future__ import annotations

from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from calc.rounding import round_to_decimals
from lims.core.formats import number
from lims.core.web import FormState, current_actor, now, reading, requires, today, transaction
from lims.people.access import Permission
from standards import check_forms, check_queries, check_services
from standards.chart_pictures import charted_page
from standards.charting import FEWEST_BASELINE, RULES, WESTERN_ELECTRIC
from standards.check_facts import ChartKind, CheckPlanFacts
from standards.check_views import own_plan
from standards.pages import bp, empty_form
from standards.standard_views import own_standard


@bp.app_template_filter("about")
def about(value: float | Decimal, plan: CheckPlanFacts) -> str:
    """Return a number that was reckoned, to two places more than the plan's own limits have."""
    given = [limit for limit in (plan.lower_limit, plan.upper_limit) if limit is not None]
    places = max(-int(limit.as_tuple().exponent) for limit in given) + 2
    if isinstance(value, Decimal) and -int(value.as_tuple().exponent) <= places:
        return number(value)
    return number(round_to_decimals(value, max(places, 0)))


@bp.get("/standards/check-plans/<int:plan_id>/charts/new")
@requires(Permission.MANAGE_STANDARDS)
def new_chart(plan_id: int) -> ResponseReturnValue:
    """Show the form that sets a chart up."""
    form = FormState.of({"kind": ChartKind.SHEWHART, "baseline": 8, "weight": "0,2", "width": 3, "valid_from": today()})
    form.values["rules"] = list(WESTERN_ELECTRIC)
    with reading() as session:
        plan = own_plan(session, plan_id)
    form.values["name"] = [plan.name]
    form.values["valid_from"] = FormState.of({"day": plan.valid_from}).values["day"]
    return _chart_form(plan_id, form)


@bp.post("/standards/check-plans/<int:plan_id>/charts/new")
@requires(Permission.MANAGE_STANDARDS)
def set_up_chart(plan_id: int) -> ResponseReturnValue:
    """Set a chart up."""
    form = FormState.from_request()
    with form.guard():
        command = check_forms.parse_set_up_chart(plan_id, request.form, request.form.getlist("rules"))
        with transaction() as session:
            chart = check_services.set_up_chart(session, current_actor(), command, now=now())
        flash(_("The chart is set up."), "good")
        return redirect(url_for("standards.chart", chart_id=chart.id), 303)
    return _chart_form(plan_id, form)


def _chart_form(plan_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        plan = own_plan(session, plan_id)
        standard = own_standard(session, plan.standard_id)
    page = render_template(
        "standards/chart_new.html",
        plan=plan,
        standard=standard,
        form=form,
        rules=RULES,
        fewest=FEWEST_BASELINE,
    )
    return page, form.status


@bp.get("/standards/charts/<int:chart_id>")
@requires(Permission.VIEW_LABORATORY)
def chart(chart_id: int) -> ResponseReturnValue:
    """Show one control chart: the picture, what was violated, the numbers."""
    return _chart_page(chart_id, empty_form(valid_to=today()))


def _chart_page(chart_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        facts = check_queries.chart_facts(session, chart_id)
        plan = own_plan(session, facts.plan_id)
        standard = own_standard(session, plan.standard_id)
        checks = check_queries.checks_of_plan(session, plan.id)
    charted = charted_page(facts, plan, checks, standard.timezone)
    page = render_template(
        "standards/chart.html", plan=plan, standard=standard, charted=charted, chart=facts, form=form
    )
    return page, form.status


@bp.post("/standards/charts/<int:chart_id>/end")
@requires(Permission.MANAGE_STANDARDS)
def end_chart(chart_id: int) -> ResponseReturnValue:
    """End a chart."""
    form = FormState.from_request()
    with form.guard():
        command = check_forms.parse_end_chart(chart_id, request.form)
        with transaction() as session:
            check_services.end_chart(session, current_actor(), command, now=now())
        flash(_("The chart has ended."), "good")
        return redirect(url_for("standards.chart", chart_id=chart_id), 303)
    return _chart_page(chart_id, form)
