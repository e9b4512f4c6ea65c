"""Pages of persons, their accounts and their roles."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lims.core.actor import Actor
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
    runtime,
    today,
    transaction,
)
from lims.people import forms, paper_queries, paper_services, queries, room_forms, services
from lims.people.access import Permission
from lims.people.facts import Role
from lims.people.paper_facts import PersonPaperKind

bp = Blueprint("persons", __name__)


@bp.get("/persons")
@requires(Permission.MANAGE_PEOPLE)
def persons() -> ResponseReturnValue:
    """List people by given name, with what they are today."""
    with reading() as session:
        listed = queries.persons(session, list_request(), on=today())
        held = queries.memberships_of(session, [person.id for person in listed.items], today())
        cards = paper_queries.cards_of(session, [person.id for person in listed.items])
    roles = {
        person.id: [row for row in held if row.person_id == person.id and row.holds_on(today())]
        for person in listed.items
    }
    return render_template("people/persons.html", listed=listed, roles=roles, cards=cards)


@bp.get("/persons/new")
@requires(Permission.MANAGE_PEOPLE)
def new_person() -> ResponseReturnValue:
    """Show the form of a new person."""
    return _new_person_page(FormState.of({"language": runtime().language}))


@bp.post("/persons/new")
@requires(Permission.MANAGE_PEOPLE)
def create_person() -> ResponseReturnValue:
    """Enter a person; the next step is a role."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_create_person(request.form)
        with transaction() as session:
            person = services.create_person(session, current_actor(), command, now=now())
        flash(_("%(name)s has been entered. Now give a role.", name=person.full_name), "good")
        return redirect(url_for("persons.person", person_id=person.id), 303)
    return _new_person_page(form)


def _new_person_page(form: FormState) -> ResponseReturnValue:
    return render_template("people/person_new.html", form=form, languages=forms.LANGUAGES), form.status


@bp.get("/persons/<int:person_id>")
@requires(Permission.MANAGE_PEOPLE)
def person(person_id: int) -> ResponseReturnValue:
    """Show a person: account, roles now and before, and the form of a new role."""
    return _person_page(person_id, FormState.of({"valid_from": today()}))


@bp.post("/persons/<int:person_id>/memberships")
@requires(Permission.MANAGE_PEOPLE)
def add_membership(person_id: int) -> ResponseReturnValue:
    """Give a person a role in an organisation."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_add_membership(person_id, request.form)
        with transaction() as session:
            services.add_membership(session, current_actor(), command, now=now())
        flash(_("The role has been given."), "good")
        return redirect(url_for("persons.person", person_id=person_id), 303)
    return _person_page(person_id, form)


@bp.post("/persons/<int:person_id>/memberships/<int:membership_id>/end")
@requires(Permission.MANAGE_PEOPLE)
def end_membership(person_id: int, membership_id: int) -> ResponseReturnValue:
    """End a role today."""
    form = FormState.of({"valid_from": today()})
    with form.guard():
        command = forms.parse_end_membership(membership_id, {"valid_to": today().isoformat()})
        with transaction() as session:
            services.end_membership(session, current_actor(), command, now=now())
        flash(_("The role ends today."), "good")
        return redirect(url_for("persons.person", person_id=person_id), 303)
    return _person_page(person_id, form)


@bp.post("/persons/<int:person_id>/papers")
@requires(Permission.MANAGE_PEOPLE)
def record_paper(person_id: int) -> ResponseReturnValue:
    """Note a paper that a person holds, such as a verifier's card."""
    form = FormState.from_request()
    with form.guard():
        command = room_forms.parse_paper(person_id, request.form)
        with transaction() as session:
            paper_services.record_person_paper(session, current_actor(), command, now=now())
        flash(_("The paper has been entered."), "good")
        return redirect(url_for("persons.person", person_id=person_id), 303)
    return _person_page(person_id, form)


def _person_page(person_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        page = render_template(
            "people/person.html",
            form=form,
            person=queries.person_facts(session, person_id),
            memberships=queries.memberships_of(session, [person_id], today()),
            papers=paper_queries.papers_of(session, [person_id]),
            paper_kinds=list(PersonPaperKind),
            organisations=queries.organisation_choices(session, on=today()),
            sites=queries.laboratory_sites(session),
            roles=list(Role),
        )
    return page, form.status


@bp.get("/persons/<int:person_id>/edit")
@requires(Permission.MANAGE_PEOPLE)
def edit_person(person_id: int) -> ResponseReturnValue:
    """Show the form of a person's data."""
    with reading() as session:
        present = queries.person_facts(session, person_id)
    form = FormState.of({name: getattr(present, name) for name in present.__dataclass_fields__})
    return _edit_page(person_id, form)


@bp.post("/persons/<int:person_id>/edit")
@requires(Permission.MANAGE_PEOPLE)
def change_person(person_id: int) -> ResponseReturnValue:
    """Change a person's data, or close their account."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_change_person(person_id, request.form)
        with transaction() as session:
            services.change_person(session, current_actor(), command, now=now())
        flash(_("The changes have been saved."), "good")
        return redirect(url_for("persons.person", person_id=person_id), 303)
    return _edit_page(person_id, form)


def _edit_page(person_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        present = queries.person_facts(session, person_id)
    page = render_template("people/person_edit.html", form=form, person=present, languages=forms.LANGUAGES)
    return page, form.status


@bp.get("/persons/<int:person_id>/password")
@requires(Permission.MANAGE_PEOPLE)
def password(person_id: int) -> ResponseReturnValue:
    """Show the form that gives a person a new password; one's own is changed elsewhere, with the present one."""
    if person_id == current_actor().person_id:
        return redirect(url_for("account.password"), 303)
    return _password_page(person_id, FormState())


@bp.post("/persons/<int:person_id>/password")
@requires(Permission.MANAGE_PEOPLE)
def set_password(person_id: int) -> ResponseReturnValue:
    """Give a person a new password and sign them out everywhere."""
    form = FormState.from_request()
    with form.guard():
        command = forms.parse_set_password(person_id, request.form, own=False)
        with transaction() as session:
            services.set_password(session, current_actor(), command, now=now())
        flash(_("The password has been set. The person has been signed out everywhere."), "good")
        return redirect(url_for("persons.person", person_id=person_id), 303)
    return _password_page(person_id, form)


def _password_page(person_id: int, form: FormState) -> ResponseReturnValue:
    with reading() as session:
        present = queries.person_facts(session, person_id)
    return render_template("people/password.html", form=form, person=present), form.status


def _find(session: Session, _actor: Actor, words: str, on: date) -> Hits:
    """Search people for the field at the top."""
    listed = queries.persons(session, ListRequest(text=words), on=on)
    found = [
        Found(
            title=hit.full_name,
            detail=hit.code or hit.sign_in_name or "",
            kind="found.person",
            url=url_for("persons.person", person_id=hit.id),
        )
        for hit in listed.items[:MOST_FOUND]
    ]
    return Hits(found, listed.total, url_for("persons.persons", q=words))


add_place(bp, Place("persons.persons", N_("People"), "people", order=80, own=Permission.MANAGE_PEOPLE))
add_finder(bp, Finder(Permission.MANAGE_PEOPLE, _find))
