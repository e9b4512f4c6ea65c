"""Pages of the rooms of a site: what is kept there, entering one, changing it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lims.core.web import FormState, current_actor, now, reading, requires, today, transaction
from lims.people import queries, room_forms, room_queries, room_services
from lims.people.access import Permission
from lims.people.room_facts import ROOM_QUANTITIES

bp = Blueprint("rooms", __name__)


@bp.get("/sites/<int:site_id>/rooms")
@requires(Permission.VIEW_LABORATORY)
def rooms(site_id: int) -> ResponseReturnValue:
    """List the rooms of a site with the limits of their conditions."""
    with reading() as session:
        site = queries.site_facts(session, site_id)
        organisation = queries.organisation_facts(session, site.organisation_id, today())
        found = room_queries.rooms_of(session, [site_id], today())
    return render_template(
        "people/rooms.html", site=site, organisation=organisation, rooms=found, quantities=list(ROOM_QUANTITIES)
    )


@bp.get("/sites/<int:site_id>/rooms/new")
@requires(Permission.MANAGE_ROOMS)
def new_room(site_id: int) -> ResponseReturnValue:
    """Show the form of a new room."""
    return _page(FormState.of({"valid_from": today()}), site_id, None)


@bp.post("/sites/<int:site_id>/rooms/new")
@requires(Permission.MANAGE_ROOMS)
def create_room(site_id: int) -> ResponseReturnValue:
    """Enter a room."""
    form = FormState.from_request()
    with form.guard():
        command = room_forms.parse_create_room(site_id, request.form, today())
        with transaction() as session:
            room = room_services.create_room(session, current_actor(), command, now=now())
        flash(_("The room %(code)s has been entered.", code=room.code), "good")
        return redirect(url_for("rooms.rooms", site_id=site_id), 303)
    return _page(form, site_id, None)


@bp.get("/rooms/<int:room_id>/edit")
@requires(Permission.MANAGE_ROOMS)
def edit_room(room_id: int) -> ResponseReturnValue:
    """Show the form of a room."""
    with reading() as session:
        room = room_queries.room_facts(session, room_id, today())
    return _page(FormState.of(room_forms.room_values(room, today())), room.site_id, room_id)


@bp.post("/rooms/<int:room_id>/edit")
@requires(Permission.MANAGE_ROOMS)
def change_room(room_id: int) -> ResponseReturnValue:
    """Change a room, or close it."""
    form = FormState.from_request()
    with reading() as session:
        site_id = room_queries.room_facts(session, room_id, today()).site_id
    with form.guard():
        command = room_forms.parse_change_room(room_id, request.form, today())
        with transaction() as session:
            room_services.change_room(session, current_actor(), command, now=now())
        flash(_("The changes have been saved."), "good")
        return redirect(url_for("rooms.rooms", site_id=site_id), 303)
    return _page(form, site_id, room_id)


def _page(form: FormState, site_id: int, room_id: int | None) -> ResponseReturnValue:
    with reading() as session:
        site = queries.site_facts(session, site_id)
        organisation = queries.organisation_facts(session, site.organisation_id, today())
        room = None if room_id is None else room_queries.room_facts(session, room_id, today())
    page = render_template(
        "people/room_form.html",
        form=form,
        site=site,
        organisation=organisation,
        room=room,
        quantities=ROOM_QUANTITIES,
    )
    return page, form.status
