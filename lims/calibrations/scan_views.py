"""What a scan of an item's label opens: its run where one is open, the list where several are, else the item."""

from __future__ import annotations

from datetime import date
from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.calibrations import run_lists
from lims.calibrations.blueprint import bp
from lims.calibrations.facts import RunState
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.web import Finder, Found, Hits, add_finder, current_actor, reading, signed_in
from lims.jobs import queries as jobs
from lims.jobs.facts import JobItemFacts
from lims.jobs.labels import Scan, read_scan
from lims.people.access import Permission
from standards import queries as standards

_CLOSED: Final = frozenset({RunState.RELEASED, RunState.VOIDED})
_LONGEST: Final = 200


@bp.get("/i/<token>")
@signed_in
def scanned(token: str) -> ResponseReturnValue:
    """What the code on an item's label says: people of its laboratory to the work, its customer to their order."""
    with reading() as session:
        item = _item(session, Scan(token=token))
        if item is None:
            raise NotFound
        return redirect(_address(session, current_actor(), item), 303)


@bp.get("/scan")
@signed_in
def scan() -> ResponseReturnValue:
    """What a scanner typed in one burst: an item's code or number; anything else is searched for."""
    text = request.args.get("code", "").strip()[:_LONGEST]
    found = read_scan(text)
    with reading() as session:
        item = None if found is None else _item(session, found)
        if item is not None and _may_see(current_actor(), item):
            return redirect(_address(session, current_actor(), item), 303)
    return redirect(url_for("home.search", q=text), 303)


def _item(session: Session, found: Scan) -> JobItemFacts | None:
    if found.token is not None:
        return jobs.item_by_token(session, found.token)
    return jobs.item_by_number(session, found.job_number, found.position, current_actor().site_ids)


def _may_see(actor: Actor, item: JobItemFacts) -> bool:
    """Return whether an item is of the reader's sites, or of their own organisation where they are a customer."""
    if actor.may(Permission.VIEW_LABORATORY):
        return item.site_id in actor.site_ids
    own = {item.customer_id, item.addressee_id, item.ordering_party_id}
    return actor.may(Permission.VIEW_OWN_CERTIFICATES) and bool(own & actor.organisation_ids)


def _address(session: Session, actor: Actor, item: JobItemFacts) -> str:
    """Return where a scan leads. Raises NotFound: a stranger's scan reads like one of nothing."""
    if not _may_see(actor, item):
        raise NotFound
    if not actor.may(Permission.VIEW_LABORATORY):
        return url_for("portal.orders", q=item.job_number)
    still_open = [run for run in run_lists.runs_of_item(session, item.id) if run.state not in _CLOSED]
    if len(still_open) == 1:
        return url_for("calibrations.run", run_id=still_open[0].id)
    if still_open:
        return url_for("calibrations.open_for_item", item_id=item.id)
    return url_for("jobs.item", item_id=item.id)


def _find(session: Session, actor: Actor, text: str, _on: date) -> Hits:
    """Find an item by its number or by what its code says, for the search field."""
    named = read_scan(text)
    item = None
    if named is not None and named.token is not None:
        item = jobs.item_by_token(session, named.token)
    elif named is not None:
        item = jobs.item_by_number(session, named.job_number, named.position, actor.site_ids)
    if item is None or item.site_id not in actor.site_ids:
        return Hits()
    instrument = standards.instrument_facts(session, item.instrument_id)
    detail = ", ".join(part for part in (instrument.name_vi, instrument.serial_number) if part)
    return Hits([Found(text, detail, "found.item", url_for("calibrations.scanned", token=item.token))], 1)


add_finder(bp, Finder(Permission.VIEW_LABORATORY, _find))
