"""Signing in: the password is tried outside any writing transaction, what came of it is kept in a short one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.text import normalise
from lims.people import queries
from lims.people.facts import PersonFacts
from lims.people.models import Person, SignInAttempt
from lims.people.passwords import hash_password, needs_rehash, verify_password
from lims.people.throttle import WINDOW, check_attempts

_KEPT: Final = timedelta(days=1)
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Proof:
    """What trying a password showed: the person, or None; and a new hash where the stored one is outdated."""

    sign_in_name: str
    address: str
    person_id: int | None
    stored_hash: str | None = None
    new_hash: str | None = None


def prove_identity(session: Session, sign_in_name: str, password: str, address: str, *, now: datetime) -> Proof:
    """Try a password; nothing is written, for hashing takes long and must hold no lock.

    Raises TooManyAttempts, without trying, where it failed too often for this name or from this address.
    """
    name = normalise(sign_in_name).casefold()[:_LONGEST_NAME]
    _check_attempts(session, name, address, now)
    query = select(Person).where(Person.sign_in_name == name, Person.active.is_(True))
    person = session.execute(query).scalar_one_or_none()
    stored = None if person is None else person.password_hash
    if not verify_password(stored, password) or person is None or stored is None:
        return Proof(name, address, None)
    return Proof(name, address, person.id, stored, hash_password(password) if needs_rehash(stored) else None)


def sign_in(session: Session, proof: Proof, *, now: datetime) -> PersonFacts | None:
    """Keep what trying a password showed: the sign-in, or the failed attempt (then None is returned).

    Looks at the attempts again, so that many at once gain nothing; a right password does not pass a closed door, nor
    does one that was changed meanwhile.
    """
    _check_attempts(session, proof.sign_in_name, proof.address, now)
    person = None if proof.person_id is None else session.get(Person, proof.person_id)
    if person is None or not person.active or person.password_hash != proof.stored_hash:
        session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - _KEPT))
        session.add(SignInAttempt(sign_in_name=proof.sign_in_name, address=proof.address, at=now))
        session.flush()
        return None
    if proof.new_hash is not None:
        person.password_hash = proof.new_hash
    person.last_signed_in_at = now
    session.execute(delete(SignInAttempt).where(SignInAttempt.sign_in_name == proof.sign_in_name))
    session.flush()
    actor = Actor(person_id=person.id, name=person.full_name)
    audit.record(
        session,
        actor,
        "person.signed_in",
        ("person", person.id),
        now=now,
        after={"rehashed": proof.new_hash is not None},
        personal={"address": proof.address},
    )
    return queries.person_facts(session, person.id)


def _check_attempts(session: Session, name: str, address: str, now: datetime) -> None:
    by_name, by_address = queries.failed_attempts(session, name, address, now - WINDOW)
    check_attempts(by_name, by_address, now)
