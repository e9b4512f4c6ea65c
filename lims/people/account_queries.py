"""Who somebody is today: asked at the start of every request, by one statement written once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple, cast

from sqlalchemy import Table, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from lims.core.account import Account
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.prepared import Prepared
from lims.people.access import permissions_of, role_fits
from lims.people.facts import Role
from lims.people.models import Membership, Organisation, Person, Site

_PERSON: Final = cast(Table, Person.__table__)
_MEMBERSHIP: Final = cast(Table, Membership.__table__)
_ORGANISATION: Final = cast(Table, Organisation.__table__)
_SITE: Final = cast(Table, Site.__table__)


class _Held(NamedTuple):
    """A person with one of their memberships, which gives one site; without any, the rest is None."""

    person_id: int
    name: str
    language: str
    active: bool
    password_hash: str | None
    stamp: str
    role: str | None
    organisation_id: int
    is_laboratory: bool
    is_authority: bool
    site_id: int | None

    @property
    def fits(self) -> bool:
        """Return whether the membership gives the person anything."""
        return (
            self.active
            and self.role is not None
            and role_fits(Role(self.role), is_laboratory=self.is_laboratory, is_authority=self.is_authority)
        )


_MEMBERSHIPS: Final = Prepared(
    select(
        *_PERSON.c["id", "full_name", "language", "active", "password_hash", "session_stamp"],
        _MEMBERSHIP.c.role,
        *_ORGANISATION.c["id", "is_laboratory", "is_authority"],
        _SITE.c.id,
    )
    .join_from(
        _PERSON,
        _MEMBERSHIP,
        and_(
            _MEMBERSHIP.c.person_id == _PERSON.c.id,
            _MEMBERSHIP.c.valid_from <= bindparam("on"),
            or_(_MEMBERSHIP.c.valid_to.is_(None), _MEMBERSHIP.c.valid_to >= bindparam("on")),
        ),
        isouter=True,
    )
    .outerjoin(_ORGANISATION, _ORGANISATION.c.id == _MEMBERSHIP.c.organisation_id)
    .outerjoin(  # the site named, and every site of an organisation where none is named
        _SITE,
        or_(
            _SITE.c.id == _MEMBERSHIP.c.site_id,
            and_(_MEMBERSHIP.c.site_id.is_(None), _SITE.c.organisation_id == _MEMBERSHIP.c.organisation_id),
        ),
    )
    .where(_PERSON.c.id == bindparam("person"))
)


def actor_of(session: Session, person_id: int, on: date) -> Actor:
    """Return a person as the actor they are on a date. Raises NotFound if there is no such person."""
    found = _memberships(session, person_id, on)
    if not found:
        raise NotFound
    return _actor(found)


def account(session: Session, person_id: int, on: date) -> Account | None:
    """Return the account behind a session, or None if there is none or it is switched off."""
    found = _memberships(session, person_id, on)
    if not found or not found[0].active or found[0].password_hash is None:
        return None
    return Account(_actor(found), found[0].stamp)


def _memberships(session: Session, person_id: int, on: date) -> list[_Held]:
    session.flush()  # what follows goes straight to the tables
    return [_Held(*row) for row in _MEMBERSHIPS.rows(session.connection(), {"person": person_id, "on": on})]


def _actor(found: Sequence[_Held]) -> Actor:
    person, held = found[0], [entry for entry in found if entry.fits]
    roles = {Role(str(entry.role)) for entry in held}
    of_laboratories = [entry for entry in held if entry.is_laboratory]
    return Actor(
        person_id=person.person_id,
        name=person.name,
        permissions=permissions_of(roles),
        organisation_ids=frozenset(entry.organisation_id for entry in held),
        laboratory_id=min((entry.organisation_id for entry in of_laboratories), default=None),
        site_ids=frozenset(entry.site_id for entry in of_laboratories if entry.site_id is not None),
        language=person.language,
        roles=frozenset(str(role) for role in roles),
    )
