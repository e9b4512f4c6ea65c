"""What is done with persons, their accounts and their roles; each change is audited in its transaction."""

from __future__ import annotations

import re
import secrets
from datetime import date, datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.db import is_duplicate
from lims.core.errors import FieldError, Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.text import normalise, person_sort_key, search_text
from lims.people import queries
from lims.people.access import Permission, require, role_fits
from lims.people.facts import (
    AddMembership,
    ChangePerson,
    CreatePerson,
    EndMembership,
    MembershipFacts,
    PersonFacts,
    Role,
    SetPassword,
)
from lims.people.models import Membership, Organisation, Person, Site
from lims.people.passwords import check_new_password, hash_password, verify_password

_SIGN_IN_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,99}", re.ASCII)
_LANGUAGES: Final = ("vi", "en")


def create_person(session: Session, actor: Actor, command: CreatePerson, *, now: datetime) -> PersonFacts:
    """Enter a person, with an account if a sign-in name is given. For who manages people.

    Refuses a sign-in name in use and a password that is too short or too easy.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    name = _sign_in_name(command.sign_in_name)
    if (name is None) != (command.password is None):
        raise InvalidInput.of("password" if command.password is None else "sign_in_name", "field.missing")
    if command.password is not None:
        check_new_password("password", command.password, name)
    person = Person(
        password_hash=None if command.password is None else hash_password(command.password),
        session_stamp=_new_stamp(),
        active=True,
        created_at=now,
        search_text="",
        sort_key="",
    )
    _fill(person, command, name)
    session.add(person)
    _flush_person(session, name)
    audit.record(session, actor, "person.created", ("person", person.id), now=now, personal=_personal(person))
    return queries.person_facts(session, person.id)


def change_person(session: Session, actor: Actor, command: ChangePerson, *, now: datetime) -> PersonFacts:
    """Change what is known of a person or close the account, which ends its sessions. For who manages people.

    Refuses to close one's own account.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    person = session.get(Person, command.person_id)
    if person is None:
        raise NotFound
    if person.row_version != command.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=person.row_version)
    if person.id == actor.person_id and not command.active:
        raise RuleViolation("person.own_account")
    before, was_active = _personal(person), person.active
    name = _sign_in_name(command.sign_in_name)
    _fill(person, command, name)
    person.active = command.active
    if was_active and not command.active:
        person.session_stamp = _new_stamp()
    _flush_person(session, name)
    audit.record(
        session,
        actor,
        "person.changed",
        ("person", person.id),
        now=now,
        before={"active": was_active},
        after={"active": person.active},
        personal={"before": before, "after": _personal(person)},
    )
    return queries.person_facts(session, person.id)


def add_membership(session: Session, actor: Actor, command: AddMembership, *, now: datetime) -> MembershipFacts:
    """Give a person a role in an organisation. For who manages people.

    Refuses a role that does not exist in such an organisation, a foreign site, and a role held already.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    person, body = session.get(Person, command.person_id), session.get(Organisation, command.organisation_id)
    if person is None or body is None:
        raise NotFound
    if not role_fits(command.role, is_laboratory=body.is_laboratory, is_authority=body.is_authority):
        raise InvalidInput.of("role", "membership.role_does_not_fit", role=command.role)
    if command.site_id is not None:
        site = session.get(Site, command.site_id)
        if site is None or site.organisation_id != body.id:
            raise InvalidInput.of("site_id", "membership.foreign_site")
    _check_dates(command.valid_from, command.valid_to)
    if _held_already(session, command):
        raise RuleViolation("membership.held_already", role=command.role)
    membership = Membership(
        person_id=person.id,
        organisation_id=body.id,
        site_id=command.site_id,
        role=command.role,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
    )
    session.add(membership)
    session.flush()
    _record_membership(session, actor, "membership.added", membership, now=now)
    return _membership_facts(session, membership, now.date())


def end_membership(session: Session, actor: Actor, command: EndMembership, *, now: datetime) -> MembershipFacts:
    """End a role on a date; the row stays. For who manages people; refuses to end the last administrator's role."""
    require(actor, Permission.MANAGE_PEOPLE)
    membership = session.get(Membership, command.membership_id)
    if membership is None:
        raise NotFound
    _check_dates(membership.valid_from, command.valid_to)
    if membership.role == Role.ADMINISTRATOR and not _other_administrators(session, membership, command.valid_to):
        raise RuleViolation("membership.last_administrator")
    membership.valid_to = command.valid_to
    session.flush()
    _record_membership(session, actor, "membership.ended", membership, now=now)
    return _membership_facts(session, membership, now.date())


def set_password(session: Session, actor: Actor, command: SetPassword, *, now: datetime) -> PersonFacts:
    """Set a password; every session of that person ends.

    One's own needs the present password; another's needs the right to manage people.
    """
    own = actor.person_id == command.person_id
    if not own:
        require(actor, Permission.MANAGE_PEOPLE)
    person = session.get(Person, command.person_id)
    if person is None:
        raise NotFound
    if person.sign_in_name is None:
        raise RuleViolation("person.no_account")
    if own and not verify_password(person.password_hash, command.present_password or ""):
        raise InvalidInput.of("present_password", "password.present_wrong")
    check_new_password("password", command.password, person.sign_in_name)
    person.password_hash = hash_password(command.password)
    person.session_stamp = _new_stamp()
    session.flush()
    audit.record(session, actor, "person.password_set", ("person", person.id), now=now, after={"own": own})
    return queries.person_facts(session, person.id)


def set_language(session: Session, actor: Actor, language: str, *, now: datetime) -> None:
    """Keep the language in which a person wants to read; everybody sets their own."""
    if language not in _LANGUAGES:
        raise InvalidInput.of("language", "field.not_a_choice", text=language)
    person = session.get(Person, actor.person_id)
    if person is None:
        raise Forbidden
    if person.language != language:
        before, person.language = person.language, language
        session.flush()
        audit.record(
            session,
            actor,
            "person.language_set",
            ("person", person.id),
            now=now,
            before={"language": before},
            after={"language": language},
        )


def _fill(person: Person, command: CreatePerson | ChangePerson, name: str | None) -> None:
    if command.language not in _LANGUAGES:
        raise InvalidInput.of("language", "field.not_a_choice", text=command.language)
    person.full_name = " ".join(normalise(command.full_name).split())
    if not person.full_name:
        raise InvalidInput.of("full_name", "field.missing")
    person.code, person.email = command.code, command.email
    person.title_vi, person.title_en = command.title_vi, command.title_en
    person.sign_in_name, person.language = name, command.language
    person.search_text = search_text(person.full_name, person.code, name, person.email)
    person.sort_key = person_sort_key(person.full_name)


def _sign_in_name(text: str | None) -> str | None:
    """Return the sign-in name in small letters, or refuse characters that are hard to type or to tell apart."""
    name = normalise(text or "").casefold() or None
    if name is not None and not _SIGN_IN_NAME.fullmatch(name):
        raise InvalidInput.of("sign_in_name", "person.sign_in_name_shape", text=name[:40])
    return name


def _flush_person(session: Session, name: str | None) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise InvalidInput.of("sign_in_name", "person.sign_in_name_taken", name=name) from error


def _new_stamp() -> str:
    return secrets.token_urlsafe(16)


def _personal(person: Person) -> dict[str, object]:
    names = ("full_name", "code", "title_vi", "title_en", "email", "sign_in_name", "language")
    return {name: getattr(person, name) for name in names}


def _check_dates(valid_from: date, valid_to: date | None) -> None:
    if valid_to is not None and valid_to < valid_from:
        raise InvalidInput([FieldError("valid_to", "membership.ends_before_it_begins", {"valid_from": valid_from})])


def _held_already(session: Session, command: AddMembership) -> bool:
    same_site = Membership.site_id.is_(None) if command.site_id is None else Membership.site_id == command.site_id
    overlaps = or_(Membership.valid_to.is_(None), Membership.valid_to >= command.valid_from)
    if command.valid_to is not None:
        overlaps &= Membership.valid_from <= command.valid_to
    query = select(Membership.id).where(
        Membership.person_id == command.person_id,
        Membership.organisation_id == command.organisation_id,
        Membership.role == command.role,
        same_site,
        overlaps,
    )
    return session.execute(query).first() is not None


def _other_administrators(session: Session, membership: Membership, on: date) -> bool:
    """Return whether somebody else, whose account is open, stays administrator after a date."""
    query = (
        select(Membership.id)
        .join(Person, Person.id == Membership.person_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            Membership.role == Role.ADMINISTRATOR,
            Membership.person_id != membership.person_id,
            Membership.valid_from <= on,
            or_(Membership.valid_to.is_(None), Membership.valid_to > on),
            Person.active.is_(True),
            Person.password_hash.is_not(None),
            Organisation.is_laboratory.is_(True),
        )
    )
    return session.execute(query.limit(1)).first() is not None


def _record_membership(session: Session, actor: Actor, action: str, row: Membership, *, now: datetime) -> None:
    after = {
        name: getattr(row, name)
        for name in ("person_id", "organisation_id", "site_id", "role", "valid_from", "valid_to")
    }
    audit.record(session, actor, action, ("membership", row.id), now=now, after=after)


def _membership_facts(session: Session, row: Membership, on: date) -> MembershipFacts:
    held = queries.memberships_of(session, [row.person_id], on)
    return next(facts for facts in held if facts.id == row.id)
