"""Pages of organisations and sites."""

from __future__ import annotations

from collections import Counter
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.formats import language
from lims.core.lists import ListRequest
from lims.core.marks import N_
from lims.core.web import (
    MOST_FOUND,
    Finder,
    FormState,
    Found,
    Hits,
    Place,
    add_finder,
    add_place,
    current_actor,
    list_request,
    now,
    reading,
    requires,
    today,
    transaction,
)
from lims.people import forms, queries, services
from lims.people.access import Permission
from lims.people.facts import OrganisationFacts, OrganisationKind
from lims.people.room_queries import rooms_of

bp = Blueprint("people", __name__)


@bp.get("/organisations")
@requires(Permission.VIEW_LABORATORY)
def organisations() -> ResponseReturnValue:
    """List organisations; filters are in the address."""
    with reading() as session:
        listed = queries.organisations(session, list_request(), on=today())
    return render_template("people/organisations.html", listed=listed)


@bp.get("/organisations/new")
@requires(Permission.MANAGE_ORGANISATIONS)
def new_organisation() -> ResponseReturnValue:
    """Show the form of a new organisation."""
    initial = {"kind": OrganisationKind.ENTERPRISE, "country": "VN", "is_customer": True, "valid_from": today()}
    return _new_organisation_page(FormState.of(initial))


@bp.post("/organisations/new")
@requires(Permission.MANAGE_ORGANISATIONS)
def create_organisation() -> ResponseReturnValue:
    """Enter an organisation."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_create_organisation(request.form, today())
        with transaction() as session:
            organisation = services.create_organisation(session, current_actor(), command, now=now())
        flash(_("%(name)s has been entered.", name=organisation.name_vi), "good")
        return redirect(url_for("people.organisation", organisation_id=organisation.id), 303)
    return _new_organisation_page(form)


def _new_organisation_page(form: FormState) -> ResponseReturnValue:
    return render_template("people/organisation_new.html", form=form, kinds=list(OrganisationKind)), form.status


@bp.get("/organisations/<int:organisation_id>")
@requires(Permission.VIEW_LABORATORY)
def organisation(organisation_id: int) -> ResponseReturnValue:
    """Show an organisation: what it is, its sites, who belongs to it, what it was called before."""
    with reading() as session:
        return render_template(
            "people/organisation.html",
            organisation=queries.organisation_facts(session, organisation_id, today()),
            sites=(sites := queries.sites_of(session, organisation_id)),
            rooms=Counter(room.site_id for room in rooms_of(session, [site.id for site in sites], today())),
            names=queries.organisation_names(session, organisation_id),
            members=queries.members_of(session, organisation_id, today()),
        )


@bp.get("/organisations/<int:organisation_id>/edit")
@requires(Permission.MANAGE_ORGANISATIONS)
def edit_organisation(organisation_id: int) -> ResponseReturnValue:
    """Show the form of an organisation's data."""
    with reading() as session:
        present = queries.organisation_facts(session, organisation_id, today())
    return _organisation_page("people/organisation_edit.html", FormState.of(_values(present)), present)


@bp.post("/organisations/<int:organisation_id>/edit")
@requires(Permission.MANAGE_ORGANISATIONS)
def change_organisation(organisation_id: int) -> ResponseReturnValue:
    """Change an organisation's data; what somebody else changed meanwhile is shown, not overwritten."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_change_organisation(organisation_id, request.form)
        with transaction() as session:
            services.change_organisation(session, current_actor(), command, now=now())
        flash(_("The changes have been saved."), "good")
        return redirect(url_for("people.organisation", organisation_id=organisation_id), 303)
    with reading() as session:
        present = queries.organisation_facts(session, organisation_id, today())
    return _organisation_page("people/organisation_edit.html", form, present)


@bp.get("/organisations/<int:organisation_id>/rename")
@requires(Permission.MANAGE_ORGANISATIONS)
def rename_form(organisation_id: int) -> ResponseReturnValue:
    """Show the form of a new name or address."""
    with reading() as session:
        present = queries.organisation_facts(session, organisation_id, today())
    form = FormState.of({**_values(present), "valid_from": today()})
    return _organisation_page("people/organisation_rename.html", form, present)


@bp.post("/organisations/<int:organisation_id>/rename")
@requires(Permission.MANAGE_ORGANISATIONS)
def rename_organisation(organisation_id: int) -> ResponseReturnValue:
    """Give an organisation another name or address from a date on."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_rename_organisation(organisation_id, request.form)
        with transaction() as session:
            services.rename_organisation(session, current_actor(), command, now=now())
        flash(_("The new name and address hold from the date given."), "good")
        return redirect(url_for("people.organisation", organisation_id=organisation_id), 303)
    with reading() as session:
        present = queries.organisation_facts(session, organisation_id, today())
    return _organisation_page("people/organisation_rename.html", form, present)


def _organisation_page(template: str, form: FormState, present: OrganisationFacts) -> ResponseReturnValue:
    kinds = list(OrganisationKind)
    return render_template(template, form=form, organisation=present, kinds=kinds), form.status


def _values(present: OrganisationFacts) -> dict[str, object]:
    return {name: getattr(present, name) for name in present.__dataclass_fields__}


@bp.get("/organisations/<int:organisation_id>/sites/new")
@requires(Permission.MANAGE_PEOPLE)
def new_site(organisation_id: int) -> ResponseReturnValue:
    """Show the form of a new site of a laboratory."""
    form = FormState.of({"timezone": "Asia/Ho_Chi_Minh", "valid_from": today()})
    return _site_page(form, organisation_id, None)


@bp.post("/organisations/<int:organisation_id>/sites/new")
@requires(Permission.MANAGE_PEOPLE)
def create_site(organisation_id: int) -> ResponseReturnValue:
    """Enter a site."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_create_site(organisation_id, request.form, today())
        with transaction() as session:
            site = services.create_site(session, current_actor(), command, now=now())
        flash(_("The site %(code)s has been entered.", code=site.code), "good")
        return redirect(url_for("people.organisation", organisation_id=organisation_id), 303)
    return _site_page(form, organisation_id, None)


@bp.get("/sites/<int:site_id>/edit")
@requires(Permission.MANAGE_PEOPLE)
def edit_site(site_id: int) -> ResponseReturnValue:
    """Show the form of a site."""
    with reading() as session:
        site = queries.site_facts(session, site_id)
    form = FormState.of({name: getattr(site, name) for name in site.__dataclass_fields__})
    return _site_page(form, site.organisation_id, site_id)


@bp.post("/sites/<int:site_id>/edit")
@requires(Permission.MANAGE_PEOPLE)
def change_site(site_id: int) -> ResponseReturnValue:
    """Change a site's data."""
    form = FormState.from_request()
    with reading() as session:
        organisation_id = queries.site_facts(session, site_id).organisation_id
    with form.guard():
        command = forms.parse_change_site(site_id, organisation_id, request.form, today())
        with transaction() as session:
            services.change_site(session, current_actor(), command, now=now())
        flash(_("The changes have been saved."), "good")
        return redirect(url_for("people.organisation", organisation_id=organisation_id), 303)
    return _site_page(form, organisation_id, site_id)


def _site_page(form: FormState, organisation_id: int, site_id: int | None) -> ResponseReturnValue:
    with reading() as session:
        present = queries.organisation_facts(session, organisation_id, today())
        site = None if site_id is None else queries.site_facts(session, site_id)
    return render_template("people/site_form.html", form=form, organisation=present, site=site), form.status


def _find(session: Session, _actor: Actor, words: str, on: date) -> Hits:
    """Search organisations for the field at the top."""
    listed = queries.organisations(session, ListRequest(text=words), on=on)
    english = language() == "en"
    found = [
        Found(
            title=(hit.name_en if english else None) or hit.name_vi,
            detail=(hit.address_en if english else None) or hit.address_vi,
            kind="found.organisation",
            url=url_for("people.organisation", organisation_id=hit.id),
        )
        for hit in listed.items[:MOST_FOUND]
    ]
    return Hits(found, listed.total, url_for("people.organisations", q=words))


add_place(
    bp,
    Place(
        "people.organisations",
        N_("Organisations"),
        "organisation",
        order=70,
        own=Permission.MANAGE_ORGANISATIONS,
        also=("/sites/", "/rooms/"),
    ),
)
add_finder(bp, Finder(Permission.VIEW_LABORATORY, _find))
