"""What people do with calendars: make an address under which a program reads what falls due, and revoke it."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation
from lims.core.text import normalise
from lims.people.access import Permission, require
from standards.calendar_facts import MOST_ADDRESSES, AddressFacts
from standards.calendar_models import CalendarAddress
from standards.calendar_queries import addresses_of, digest_of


def make_address(session: Session, actor: Actor, name: str, *, now: datetime) -> tuple[AddressFacts, str]:
    """Make a secret address of the actor's own calendar and return it with its secret, which is kept nowhere.

    For everybody who may look at the laboratory. Refuses a calendar without a name, and more than ten at a time.
    """
    require(actor, Permission.VIEW_LABORATORY)
    if actor.laboratory_id is None:
        raise Forbidden
    words = normalise(name)
    if not words:
        raise InvalidInput.of("name", "field.missing")
    if sum(address.revoked_at is None for address in addresses_of(session, actor.person_id)) >= MOST_ADDRESSES:
        raise RuleViolation("calendar.too_many", most=MOST_ADDRESSES)
    token = secrets.token_urlsafe(32)
    row = CalendarAddress(
        person_id=actor.person_id,
        laboratory_id=actor.laboratory_id,
        token_sha256=digest_of(token),
        name=words[:300],
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session, actor, "calendar.address_made", ("calendar_address", row.id), now=now, after={"name": row.name}
    )
    return addresses_of(session, actor.person_id)[0], token


def revoke_address(session: Session, actor: Actor, address_id: int, *, now: datetime) -> AddressFacts:
    """Revoke an address of the actor's own; it opens nothing from now on. Raises NotFound for anybody else's."""
    row = session.get(CalendarAddress, address_id, with_for_update=True)
    if row is None or row.person_id != actor.person_id:
        raise NotFound("calendar.not_found")
    if row.revoked_at is None:
        row.revoked_at = now
        session.flush()
        audit.record(session, actor, "calendar.address_revoked", ("calendar_address", row.id), now=now)
    return next(address for address in addresses_of(session, actor.person_id) if address.id == address_id)
