"""Pages of calendar feeds and reminders, and the feed itself, which a secret address opens without signing in."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from lims.core.errors import NotFound
from lims.core.pages import in_language
from lims.core.web import (
    FormState,
    current_actor,
    list_request,
    now,
    public,
    reading,
    requires,
    runtime,
    today,
    transaction,
)
from lims.people.access import Permission
from lims.people.account_queries import actor_of
from standards import calendar_queries, calendar_services
from standards.calendar_feed import FeedEvent, calendar_file
from standards.due_facts import DueItem, DueKind
from standards.due_queries import due_items
from standards.facts import DueState
from standards.pages import bp, empty_form
from standards.reminder_letter import due_words


@bp.get("/due/feeds")
@requires(Permission.VIEW_LABORATORY)
def calendar_addresses() -> ResponseReturnValue:
    """List the reader's own calendar addresses."""
    return _addresses_page(empty_form(), None)


def _addresses_page(form: FormState, secret: str | None) -> ResponseReturnValue:
    with reading() as session:
        addresses = calendar_queries.addresses_of(session, current_actor().person_id)
    url = None if secret is None else runtime().base_url + url_for("standards.calendar_feed", token=secret)
    return render_template("standards/calendar_addresses.html", addresses=addresses, form=form, url=url), form.status


@bp.post("/due/feeds")
@requires(Permission.VIEW_LABORATORY)
def make_calendar_address() -> ResponseReturnValue:
    """Make an address and show it, this once."""
    form = FormState.from_request()
    secret = None
    with form.guard():
        with transaction() as session:
            _facts, secret = calendar_services.make_address(session, current_actor(), form.text("name"), now=now())
        form = empty_form()
    return _addresses_page(form, secret)


@bp.post("/due/feeds/<int:address_id>/revoke")
@requires(Permission.VIEW_LABORATORY)
def revoke_calendar_address(address_id: int) -> ResponseReturnValue:
    """Revoke an address of the reader's own."""
    with transaction() as session:
        calendar_services.revoke_address(session, current_actor(), address_id, now=now())
    flash(_("The address opens nothing any more."), "good")
    return redirect(url_for("standards.calendar_addresses"), 303)


@bp.get("/calendar/<token>.ics")
@public
def calendar_feed(token: str) -> ResponseReturnValue:
    """Return what falls due as a calendar, for a program that was given the secret address.

    It holds while its person may look at the laboratory. It says nothing of customers, and of people only their code.
    """
    with reading() as session:
        address = calendar_queries.address_by_token(session, token)
        if address is None:
            raise NotFound("calendar.not_found")
        actor = actor_of(session, address.person_id, today())
        if actor.laboratory_id != address.laboratory_id or not actor.may(Permission.VIEW_LABORATORY):
            raise NotFound("calendar.not_found")
        items = due_items(session, address.laboratory_id, now())
    with force_locale(actor.language):
        events = [_event(item, item.due_on) for item in items if item.due_on is not None]
        data = calendar_file(_("Due dates") + " · Chuan LIMS", events, now())
    return Response(data, mimetype="text/calendar", headers={"Content-Disposition": 'inline; filename="due.ics"'})


def _event(item: DueItem, day: date) -> FeedEvent:
    words = due_words(item)
    thing = item.code or _("Verifier's card")
    name = "" if item.kind is DueKind.CARD else in_language(item, "name")
    return FeedEvent(
        uid=f"{item.kind}-{item.subject_id}@{urlsplit(runtime().base_url).hostname}",
        day=day,
        summary=f"{thing}: {words}",
        description=name,
        url=runtime().base_url + _address(item),
        urgent=item.due is DueState.OVERDUE,
    )


def _address(item: DueItem) -> str:
    if item.kind is DueKind.CHECK:
        return url_for("standards.check_plan", plan_id=item.subject_id)
    if item.standard_id is None:
        return url_for("standards.due", kind=DueKind.CARD.value)
    return url_for("standards.standard", standard_id=item.standard_id)


@bp.get("/due/reminders")
@requires(Permission.MANAGE_STANDARDS)
def reminders() -> ResponseReturnValue:
    """List who was reminded of what, and what could not be sent and why."""
    laboratory_id = current_actor().laboratory_id
    if laboratory_id is None:
        raise NotFound("record.not_found")
    with reading() as session:
        listed = calendar_queries.reminder_list(session, laboratory_id, list_request())
    return render_template(
        "standards/reminders.html", listed=listed, sends=bool(current_app.config.get("LIMS_MAIL_SET")), now=now()
    )
