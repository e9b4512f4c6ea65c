"""Pages of a standard's history: the drift chart of each value, limits, and the proposal of an interval."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from calc.rounding import report, round_to_decimals
from calc.units import display_unit
from lims.core.formats import number
from lims.core.web import FormState, current_actor, now, reading, requires, today, transaction
from lims.people.access import Permission
from standards import check_forms, check_queries, interval_services, queries
from standards.drift_facts import Series, SeriesLine
from standards.drift_pictures import drift_picture
from standards.drift_series import line_of, series_of
from standards.facts import InstrumentFacts, StandardFacts
from standards.interval_facts import IntervalProposal
from standards.interval_proposal import propose
from standards.pages import bp, empty_form
from standards.standard_views import own_standard
from standards.validity import add_months


@bp.app_template_filter("with_uncertainty")
def with_uncertainty(value: float, expanded_uncertainty: float) -> tuple[str, str]:
    """Return a reckoned value and its U, rounded together to two digits of U, as the reader writes numbers."""
    reported = report(value, expanded_uncertainty, "1")
    return number(reported.value), number(reported.expanded_uncertainty)


@bp.app_template_filter("decimals")
def decimals(value: float, places: int) -> str:
    """Return a reckoned number to so many decimals, as the reader writes numbers."""
    return number(round_to_decimals(value, places))


@bp.app_template_filter("chance")
def chance(probability: float) -> str:
    """Return a probability in per cent, as much of it as means something."""
    if probability < 0.001:
        return "< " + number("0.1")
    return number(round_to_decimals(100.0 * probability, 1 if probability < 0.1 else 0))


def history_of(session: Session, standard: StandardFacts) -> tuple[list[Series], date | None]:
    """Return the series of a standard, and the day on which its calibration falls due."""
    calibrations = queries.calibrations_of(session, standard.id)
    limits = check_queries.limits_of(session, standard.id)
    line = queries.standard_line(standard, calibrations, now())
    return series_of(calibrations, limits, today()), line.valid_until


def lines_of(series: list[Series], standard: StandardFacts, due_on: date | None) -> list[SeriesLine]:
    """Return each series with its line to the day on which the standard falls due."""
    found = []
    for item in series:
        last = item.occasions[-1].on
        wanted = due_on if due_on is not None and due_on > last else add_months(last, standard.interval_months or 12)
        found.append(line_of(item, wanted))
    return found


@bp.get("/standards/<int:standard_id>/drift-chart")
@requires(Permission.VIEW_LABORATORY)
def drift_chart(standard_id: int) -> ResponseReturnValue:
    """Show how a value of a standard moved from calibration to calibration, and where it will be when it falls due."""
    return _drift_page(standard_id, empty_form(valid_from=today()))


def _drift_page(standard_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
        series, due_on = history_of(session, standard)
        limits = check_queries.limits_of(session, standard.id)
    lines = lines_of(series, standard, due_on)
    wanted = request.args.get("series", "")
    shown = next((line for line in lines if line.series.code == wanted), None) or _most_telling(lines)
    page = render_template(
        "standards/drift_chart.html",
        standard=standard,
        instrument=instrument,
        lines=lines,
        shown=shown,
        picture=None if shown is None else drift_picture(shown),
        limits=limits,
        form=form,
    )
    return page, form.status


def _most_telling(lines: list[SeriesLine]) -> SeriesLine | None:
    """Return the series whose forecast takes up most of its limit; without limits the one that moved most."""
    judged = [line for line in lines if line.share is not None]
    if judged:
        return max(judged, key=lambda line: line.share or 0.0)
    drifting = [line for line in lines if line.line is not None]
    return max(drifting, key=_telling, default=lines[0] if lines else None)


def _telling(shown: SeriesLine) -> float:
    """Return how far the forecast lies from the nominal value, in its own uncertainty."""
    line = shown.line
    if line is None or line.forecast_uncertainty == 0.0:
        return 0.0
    return abs(line.forecast if shown.series.deviation else line.slope) / line.forecast_uncertainty


@bp.post("/standards/<int:standard_id>/limits")
@requires(Permission.MANAGE_STANDARDS)
def state_limit(standard_id: int) -> ResponseReturnValue:
    """State how far the values of a standard may lie from their nominal values."""
    form = FormState.from_request()
    with form.guard():
        command = check_forms.parse_state_limit(standard_id, request.form)
        with transaction() as session:
            interval_services.state_limit(session, current_actor(), command, now=now())
        flash(_("The limit was recorded."), "good")
        return redirect(url_for("standards.drift_chart", standard_id=standard_id), 303)
    return _drift_page(standard_id, form)


@bp.get("/standards/<int:standard_id>/interval")
@requires(Permission.VIEW_LABORATORY)
def interval(standard_id: int) -> ResponseReturnValue:
    """Show what the history proposes for a standard's calibration interval, and what was decided before."""
    return _interval_page(standard_id, None)


def _interval_page(standard_id: int, form: FormState | None) -> ResponseReturnValue:
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
        series, due_on = history_of(session, standard)
        decisions = check_queries.interval_decisions_of(session, standard.id)
    proposal = propose(series, standard.interval_months)
    shown = form or empty_form(decided_on=today(), months=proposal.months or standard.interval_months)
    page = render_template(
        "standards/interval.html",
        standard=standard,
        instrument=instrument,
        proposal=proposal,
        lines=lines_of(series, standard, due_on),
        decisions=decisions,
        form=shown,
    )
    return page, shown.status


@bp.post("/standards/<int:standard_id>/interval")
@requires(Permission.MANAGE_STANDARDS)
def decide_interval(standard_id: int) -> ResponseReturnValue:
    """Decide on a standard's calibration interval; what was proposed is kept with the decision."""
    form = FormState.from_request()
    with form.guard():
        command = check_forms.parse_decide_interval(standard_id, request.form)
        with transaction() as session:
            standard = own_standard(session, standard_id)
            series, _due_on = history_of(session, standard)
            proposal = propose(series, standard.interval_months)
            command = replace(
                command,
                proposed_months=proposal.months,
                method=proposal.method,
                proposal=proposal_record(proposal),
            )
            interval_services.decide_interval(session, current_actor(), command, now=now())
        flash(_("The interval was decided; it counts from the next calibration on."), "good")
        return redirect(url_for("standards.interval", standard_id=standard_id), 303)
    return _interval_page(standard_id, form)


def proposal_record(proposal: IntervalProposal) -> str:
    """Return what was proposed as JSON, to be kept with the decision."""
    methods = [
        {"method": result.method, "months": result.months, "reason": result.reason, "warnings": list(result.warnings)}
        for result in proposal.results
    ]
    return json.dumps(
        {
            "months": proposal.months,
            "method": proposal.method,
            "calibrations": proposal.calibrations,
            "in_tolerance": proposal.in_tolerance,
            "methods": methods,
        },
        sort_keys=True,
    )


@bp.app_template_filter("series_words")
def series_words(series: Series, instrument: InstrumentFacts) -> str:
    """Return what a series is of: a weight of a set, a point of a range, a coefficient."""
    address = instrument.range_address(series.range_id)
    parts = []
    if address is not None:
        if len(instrument.parts) > 1:
            parts.append(address.part.code)
            if series.at is not None and address.range.nominal is not None:
                return address.part.code
        if address.range.name and series.at is not None and len(address.function.ranges) > 1:
            parts.append(address.range.name)
    if series.at is not None:
        parts.append(f"{number(series.at)} {display_unit(series.at_unit)}")
    elif series.name:
        parts.append(series.name)
    return " · ".join(parts) or series.identifier
