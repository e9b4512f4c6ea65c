"""Accounts that an administrator should look at."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from lims.people.facts import AccountConcern, AccountLine
from lims.people.models import Membership, Person, SignInAttempt
from lims.people.throttle import PER_NAME, WINDOW

SOON: Final = timedelta(days=30)


def accounts_to_look_at(session: Session, *, on: date, now: datetime) -> list[AccountLine]:
    """Return open accounts with a concern, the gravest first: two statements.

    Locked out by failed sign-ins; without any role today; the last role ends within thirty days; never used.
    """
    last_day = func.max(case((Membership.id.is_not(None), func.coalesce(Membership.valid_to, date.max))))
    query = (
        select(Person, last_day)
        .outerjoin(
            Membership,
            (Membership.person_id == Person.id)
            & (Membership.valid_from <= on)
            & (func.coalesce(Membership.valid_to, date.max) >= on),
        )
        .where(Person.active.is_(True), Person.sign_in_name.is_not(None))
        .group_by(Person.id)
        .order_by(Person.sort_key, Person.id)
    )
    locked = _locked_out(session, now)
    found = []
    for person, end in session.execute(query):
        ends_on = None if end is None else date.fromisoformat(str(end))
        concern = _concern(person, ends_on, locked, on)
        if concern is not None:
            shown = ends_on if concern is AccountConcern.ENDS_SOON else None
            name = person.sign_in_name or ""
            found.append(AccountLine(person.id, person.full_name, person.code or "", name, concern, shown))
    grave = list(AccountConcern)
    return sorted(found, key=lambda line: grave.index(line.concern))


def _concern(person: Person, ends_on: date | None, locked: frozenset[str], on: date) -> AccountConcern | None:
    if person.sign_in_name in locked:
        return AccountConcern.LOCKED_OUT
    if ends_on is None:
        return AccountConcern.WITHOUT_ROLE
    if ends_on <= on + SOON:
        return AccountConcern.ENDS_SOON
    return AccountConcern.NEVER_USED if person.last_signed_in_at is None else None


def _locked_out(session: Session, now: datetime) -> frozenset[str]:
    query = (
        select(SignInAttempt.sign_in_name)
        .where(SignInAttempt.at > now - WINDOW)
        .group_by(SignInAttempt.sign_in_name)
        .having(func.count() >= PER_NAME)
    )
    return frozenset(session.execute(query).scalars())
