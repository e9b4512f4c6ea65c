"""Pages of standards: the register, one standard, registering, states, papers and drift."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.formats import language
from lims.core.marks import N_
from lims.core.messages import label
from lims.core.web import (
    Figure,
    FormState,
    Panel,
    Place,
    add_panel,
    add_place,
    current_actor,
    list_request,
    now,
    reading,
    requires,
    today,
    transaction,
)
from lims.people import queries as people
from lims.people.access import Permission
from standards import check_queries, forms, list_queries, queries, services
from standards.facts import DueState, StandardFacts, StandardLine, StandardRole, StandardState
from standards.pages import bp, empty_form
from standards.register_facts import MovementFacts
from standards.validity import TRANSITIONS

_URGENT = {DueState.OVERDUE: 0, DueState.NOT_CALIBRATED: 1, DueState.DUE_SOON: 2}


@bp.get("/standards")
@requires(Permission.VIEW_LABORATORY)
def standards() -> ResponseReturnValue:
    """List the standards with state and days left; filters are in the address."""
    with reading() as session:
        listed = list_queries.standards(session, list_request(), laboratory_id=current_actor().laboratory_id, at=now())
    return render_template("standards/standards.html", listed=listed)


@bp.get("/standards/new")
@requires(Permission.MANAGE_STANDARDS)
def new_standard() -> ResponseReturnValue:
    """Show the form that takes an instrument of the laboratory into a role."""
    given = {"instrument_id": request.args["instrument_id"]} if "instrument_id" in request.args else {}
    return _new_form(FormState.of({"role": StandardRole.REFERENCE, "interval_months": 12, **given}))


@bp.post("/standards/new")
@requires(Permission.MANAGE_STANDARDS)
def register_standard() -> ResponseReturnValue:
    """Take an instrument into a role."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_register_standard(request.form)
        with transaction() as session:
            facts = services.register_standard(session, current_actor(), command, now=now())
        flash(_("%(code)s was registered as a standard.", code=facts.code), "good")
        return redirect(url_for("standards.standard", standard_id=facts.id), 303)
    return _new_form(form)


def _new_form(form: FormState) -> ResponseReturnValue:
    laboratory_id = current_actor().laboratory_id
    with reading() as session:
        own = queries.own_instruments(session, laboratory_id) if laboratory_id is not None else []
        sites = people.sites_of(session, laboratory_id) if laboratory_id is not None else []
        persons = people.persons_of(session, laboratory_id) if laboratory_id is not None else []
    english = language() == "en"
    return (
        render_template(
            "standards/standard_new.html",
            form=form,
            instruments=[
                (line.id, _described((line.name_en if english else None) or line.name_vi, line.serial_number))
                for line in own
            ],
            sites=[(site.id, (site.name_en if english else None) or site.name_vi) for site in sites],
            persons=[(person.id, person.full_name) for person in persons],
        ),
        form.status,
    )


def _described(name: str, serial_number: str | None) -> str:
    return f"{name} · {serial_number}" if serial_number else name


@bp.get("/standards/<int:standard_id>")
@requires(Permission.VIEW_LABORATORY)
def standard(standard_id: int) -> ResponseReturnValue:
    """Show one standard: what it is, its state, calibrations, papers, drift and history."""
    return standard_page(standard_id, FormState.of({}))


def standard_page(standard_id: int, form: FormState, part: str = "") -> ResponseReturnValue:
    """Return a standard's page; `form` with what was refused belongs to a part of it ("state", "paper", "drift")."""
    with reading() as session:
        facts = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, facts.instrument_id)
        calibrations = queries.calibrations_of(session, standard_id)
        drifts = queries.drifts_of(session, standard_id)
        site = people.site_facts(session, facts.site_id)
        custodian = None if facts.custodian_id is None else people.person_facts(session, facts.custodian_id)
        issuers = people.organisation_choices(session, on=today())
        between = check_queries.plan_lines(session, facts, now())
        kept = queries.beside(session, facts.instrument_id)
        movements = queries.movements_of(session, standard_id)
        away = queries.open_movements(session, [standard_id]).get(standard_id)
    current = facts.state_at(now())
    following = TRANSITIONS[current.state] if current is not None else frozenset(StandardState)
    line = queries.standard_line(facts, calibrations, now(), away)
    page = render_template(
        "standards/standard.html",
        standard=facts,
        instrument=instrument,
        line=line,
        calibrations=calibrations,
        drifts=drifts,
        between=between,
        beside=kept,
        movements=movements,
        away=away,
        site=site,
        custodian=custodian,
        issuers=[(body.id, (body.name_en if language() == "en" else None) or body.name_vi) for body in issuers],
        following=[state for state in StandardState if state in following and not _by_movement(state, away)],
        form=form,
        part=part,
        empty_form=empty_form,
    )
    return page, form.status


def _by_movement(state: StandardState, away: MovementFacts | None) -> bool:
    """Whether a state is reached by a movement: what leaves, and what is received again."""
    return state is StandardState.OUT or (state is StandardState.RETURNED and away is not None)


def own_standard(session: Session, standard_id: int) -> StandardFacts:
    """Return a standard of the reader's laboratory. Raises NotFound for any other, as for one that is not there."""
    return queries.own_standard_facts(session, standard_id, current_actor().laboratory_id)


@bp.post("/standards/<int:standard_id>/state")
@requires(Permission.MANAGE_STANDARDS)
def change_state(standard_id: int) -> ResponseReturnValue:
    """Record a new state of a standard."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_change_state(standard_id, request.form)
        with transaction() as session:
            services.change_standard_state(session, current_actor(), command, now=now())
        flash(_("The new state was recorded."), "good")
        return redirect(url_for("standards.standard", standard_id=standard_id), 303)
    return standard_page(standard_id, form, "state")


@bp.post("/standards/<int:standard_id>/papers")
@requires(Permission.MANAGE_STANDARDS)
def record_paper(standard_id: int) -> ResponseReturnValue:
    """Keep a paper of a standard."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_record_paper(standard_id, request.form)
        with transaction() as session:
            services.record_paper(session, current_actor(), command, now=now())
        flash(_("The paper was recorded."), "good")
        return redirect(url_for("standards.standard", standard_id=standard_id), 303)
    return standard_page(standard_id, form, "paper")


@bp.post("/standards/<int:standard_id>/drift")
@requires(Permission.MANAGE_STANDARDS)
def record_drift(standard_id: int) -> ResponseReturnValue:
    """Decide on the drift of a standard."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_record_drift(standard_id, request.form)
        with transaction() as session:
            services.record_drift(session, current_actor(), command, now=now())
        flash(_("The drift was recorded."), "good")
        return redirect(url_for("standards.standard", standard_id=standard_id), 303)
    return standard_page(standard_id, form, "drift")


def _attention(session: Session, actor: Actor, _today: date) -> dict[str, object] | None:
    """Standards that fall due, are overdue or wait for acceptance, for the first page of those who keep them."""
    if actor.laboratory_id is None:
        return None
    lines = queries.standards(session, laboratory_id=actor.laboratory_id, at=now())
    urgent = [
        line
        for line in lines
        if line.state is not StandardState.RETIRED and (line.due in _URGENT or line.waiting or _lapsed(line))
    ]
    urgent.sort(key=lambda line: (_URGENT.get(line.due, 3), line.days_left or 0, line.standard.code))
    if not urgent:
        return None
    tones = {DueState.OVERDUE: "bad", DueState.NOT_CALIBRATED: "bad", DueState.DUE_SOON: "doubt"}
    figures = [
        Figure(count, _("standards: %(how)s", how=label(due)), url_for("standards.standards", due=due.value), tone)
        for due, tone in tones.items()
        if (count := sum(line.due is due for line in urgent))
    ]
    return {"lines": urgent[:8], "count": len(urgent), "figures": figures}


def _lapsed(line: StandardLine) -> bool:
    """Whether a paper that the standard once had is no longer in force; many standards never need one."""
    return any(paper.kind in line.missing_papers for paper in line.standard.papers)


add_place(
    bp, Place("standards.standards", N_("Standards"), "standard", order=50, also=("/impact", "/nonconforming-work"))
)
add_panel(bp, Panel(Permission.MANAGE_STANDARDS, "standards/panel.html", _attention, order=50))
