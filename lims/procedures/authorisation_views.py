"""Pages of authorisations: who may do what by which procedure, granting and ending."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.web import (
    Figure,
    FormState,
    Panel,
    add_panel,
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
from lims.people.facts import PersonFacts
from lims.people.paper_queries import cards_of
from lims.procedures import forms, list_queries, queries, services
from lims.procedures.blueprint import bp
from lims.procedures.facts import AuthorisationFacts, SignatoryKind
from lims.procedures.validity import in_force, last_day


@bp.get("/authorisations")
@requires(Permission.VIEW_LABORATORY)
def authorisations() -> ResponseReturnValue:
    """Who may do what today: people down, procedures and kinds of signatory across."""
    with reading() as session:
        persons = _persons(session)
        found = queries.authorisations(session, person_ids=[person.id for person in persons])
        procedures = queries.procedures(session, current_actor().laboratory_id or 0, on=today())
        cards = cards_of(session, [person.id for person in persons])
    columns = [(f"procedure:{one.id}", one.code) for one in procedures]
    held = [one for one in found if in_force(one, today())]
    return render_template(
        "procedures/authorisations.html",
        persons=[person for person in persons if person.active],
        columns=columns,
        signatory_kinds=[kind.value for kind in SignatoryKind if any(one.signatory_kind == kind for one in held)],
        cells=_by_cell(held),
        ends={one.id: last_day(one) for one in found},
        soon=_soon(held, today()),
        cards=cards,
        others=len(found) - len(held),
    )


@bp.get("/authorisations/list")
@requires(Permission.VIEW_LABORATORY)
def authorisation_list() -> ResponseReturnValue:
    """Every authorisation, past and future ones as well, one a row."""
    with reading() as session:
        persons = [person.id for person in _persons(session)]
        listed = list_queries.authorisations(session, persons, list_request(), on=today())
    ends = {one.id: last_day(one) for one in listed.items}
    return render_template(
        "procedures/authorisation_list.html",
        listed=listed,
        ends=ends,
        held={one.id for one in listed.items if in_force(one, today())},
        soon=_soon(listed.items, today()),
    )


@bp.get("/authorisations/new")
@requires(Permission.GRANT_AUTHORISATIONS)
def new_authorisation() -> ResponseReturnValue:
    """The form of an authorisation; person and procedure may be given in the address."""
    given = {name: request.args[name] for name in ("person_id", "object") if name in request.args}
    return _grant_page(FormState.of({**forms.grant_values(today()), **given}))


@bp.post("/authorisations/new")
@requires(Permission.GRANT_AUTHORISATIONS)
def grant_authorisation() -> ResponseReturnValue:
    """Authorise a person."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_grant(request.form)
        with transaction() as session:
            done = services.grant_authorisation(session, current_actor(), command, now=now())
        flash(_("%(name)s is authorised.", name=done.person_name), "good")
        return redirect(url_for("procedures.authorisations"), 303)
    return _grant_page(form)


@bp.get("/authorisations/<int:authorisation_id>")
@requires(Permission.VIEW_LABORATORY)
def authorisation(authorisation_id: int) -> ResponseReturnValue:
    """An authorisation with its evidence, and the form that ends it."""
    return _authorisation_page(authorisation_id, FormState.of({"ended_on": today()}))


@bp.post("/authorisations/<int:authorisation_id>/end")
@requires(Permission.GRANT_AUTHORISATIONS)
def end_authorisation(authorisation_id: int) -> ResponseReturnValue:
    """End an authorisation early."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_end(authorisation_id, request.form)
        with transaction() as session:
            services.end_authorisation(session, current_actor(), command, now=now())
        flash(_("The authorisation ends."), "info")
        return redirect(url_for("procedures.authorisations"), 303)
    return _authorisation_page(authorisation_id, form)


def _grant_page(form: FormState) -> ResponseReturnValue:
    with reading() as session:
        persons = _persons(session)
        procedures = queries.procedures(session, current_actor().laboratory_id or 0, on=today())
        cards = cards_of(session, [person.id for person in persons])
        sites = people.sites_of(session, current_actor().laboratory_id or 0)
    page = render_template(
        "procedures/authorisation_form.html",
        form=form,
        persons=[person for person in persons if person.active],
        procedures=procedures,
        cards=cards,
        sites=sites,
        signatory_kinds=[kind.value for kind in SignatoryKind],
    )
    return page, form.status


def _authorisation_page(authorisation_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        found = queries.authorisation_facts(session, authorisation_id)
        if found.person_id not in {person.id for person in _persons(session)}:
            raise NotFound
        site = people.site_facts(session, found.site_id) if found.site_id else None
    page = render_template(
        "procedures/authorisation.html",
        form=form,
        authorisation=found,
        site=site,
        holds=in_force(found, today()),
        endable=found.ended_on is None and (found.valid_to is None or found.valid_to >= today()),
    )
    return page, form.status


def _persons(session: Session) -> Sequence[PersonFacts]:
    """Return everybody of the laboratory, by given name."""
    return people.persons_of(session, current_actor().laboratory_id or 0)


def _by_cell(held: Sequence[AuthorisationFacts]) -> dict[tuple[int, str], list[AuthorisationFacts]]:
    cells: dict[tuple[int, str], list[AuthorisationFacts]] = {}
    for one in held:
        column = f"procedure:{one.procedure_id}" if one.procedure_id else f"signatory:{one.signatory_kind}"
        cells.setdefault((one.person_id, column), []).append(one)
    return cells


def _soon(held: Sequence[AuthorisationFacts], on: date) -> set[int]:
    """Return the authorisations that end within thirty days."""
    return {one.id for one in held if (last := last_day(one)) is not None and (last - on).days <= 30}


def _ending(session: Session, _actor: Actor, on: date) -> dict[str, Any] | None:
    """Authorisations and verifiers' cards that end within thirty days, or whose card has expired."""
    persons = {person.id: person for person in _persons(session) if person.active}
    held = queries.authorisations(session, person_ids=list(persons), on=on)
    ending = [one for one in held if one.id in _soon(held, on)]
    cards = [card for person, card in cards_of(session, list(persons)).items() if card.urgent(on)]
    if not ending and not cards:
        return None
    figures = [Figure(len(cards), _("verifiers' cards ending or expired"), "#qualified", "doubt")] if cards else []
    if ending:
        address = url_for("procedures.authorisation_list", holds="soon")
        figures.append(Figure(len(ending), _("authorisations that end soon"), address, "doubt"))
    cards.sort(key=lambda card: (card.valid_until or on, card.person_id))
    return {"cards": cards, "ending": ending, "persons": persons, "figures": figures, "ends": last_day, "day": on}


add_panel(bp, Panel(Permission.GRANT_AUTHORISATIONS, "procedures/home_qualified.html", _ending, order=55))
