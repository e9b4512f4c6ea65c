"""What people do with organisations, sites and persons; each change is audited in its transaction.

Organisations and sites are here; persons and signing in are in `person_services` and `sign_in`, and are offered here.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from lims.core import audit
from lims.core.actor import Actor
from lims.core.db import is_duplicate
from lims.core.errors import FieldError, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.text import normalise, search_text, sort_key
from lims.people import queries
from lims.people.access import Permission, require
from lims.people.facts import (
    ChangeOrganisation,
    ChangeSite,
    CreateOrganisation,
    CreateSite,
    OrganisationFacts,
    RenameOrganisation,
    SiteFacts,
)
from lims.people.models import Contact, Membership, Organisation, OrganisationName, Site
from lims.people.person_services import (
    add_membership,
    change_person,
    create_person,
    end_membership,
    set_language,
    set_password,
)
from lims.people.sign_in import prove_identity, sign_in

__all__ = [
    "add_membership",
    "change_organisation",
    "change_person",
    "change_site",
    "create_organisation",
    "create_person",
    "create_site",
    "end_membership",
    "prove_identity",
    "rename_organisation",
    "set_language",
    "set_password",
    "sign_in",
]
_TAX_CODE: Final = re.compile(r"\d{10}(-\d{3})?|\d{12}", re.ASCII)
_CONTACT: Final = ("contact_name", "email", "phone")


def create_organisation(
    session: Session, actor: Actor, command: CreateOrganisation, *, now: datetime
) -> OrganisationFacts:
    """Enter an organisation with its first name. For those who manage organisations; a new laboratory or authority
    only by who manages people, for its members get rights. Refuses a tax code of a wrong shape or already entered."""
    require(actor, Permission.MANAGE_ORGANISATIONS)
    if command.is_laboratory or command.is_authority:
        require(actor, Permission.MANAGE_PEOPLE)
    tax_code = _tax_code(session, command.tax_code, command.country)
    names = _names(command.name_vi, command.name_en, command.address_vi, command.address_en)
    body = Organisation(
        token=secrets.token_urlsafe(16),
        kind=command.kind,
        tax_code=tax_code,
        country=command.country,
        is_laboratory=command.is_laboratory,
        is_customer=command.is_customer,
        is_upstream=command.is_upstream,
        is_authority=command.is_authority,
        search_text=search_text(names["name_vi"], names["name_en"], tax_code),
        sort_key=sort_key(names["name_vi"] or ""),
        created_at=now,
    )
    session.add(body)
    session.flush()
    session.add(OrganisationName(organisation_id=body.id, valid_from=command.valid_from, recorded_at=now, **names))
    _put_contact(session, body.id, command.contact_name, command.email, command.phone, now=now)
    session.flush()
    after = {key: value for key, value in asdict(command).items() if key not in _CONTACT}
    personal = {key: getattr(command, key) for key in _CONTACT}
    audit.record(
        session, actor, "organisation.created", ("organisation", body.id), now=now, after=after, personal=personal
    )
    return queries.organisation_facts(session, body.id, now.date())


def change_organisation(
    session: Session, actor: Actor, command: ChangeOrganisation, *, now: datetime
) -> OrganisationFacts:
    """Change kind, tax code, roles or contact. Refuses to end being a laboratory while it has members or sites."""
    require(actor, Permission.MANAGE_ORGANISATIONS)
    body = session.get(Organisation, command.organisation_id)
    if body is None:
        raise NotFound
    today = now.date()
    before = queries.organisation_facts(session, body.id, today)
    _check_version(before.row_version, command.row_version)
    if (command.is_laboratory, command.is_authority) != (before.is_laboratory, before.is_authority):
        require(actor, Permission.MANAGE_PEOPLE)
    if before.is_laboratory and not command.is_laboratory and _is_in_use(session, body.id):
        raise RuleViolation("organisation.laboratory_in_use")
    body.tax_code = _tax_code(session, command.tax_code, command.country, except_id=body.id)
    body.kind, body.country = command.kind, command.country
    body.is_laboratory, body.is_authority = command.is_laboratory, command.is_authority
    body.is_customer, body.is_upstream = command.is_customer, command.is_upstream
    _put_contact(session, body.id, command.contact_name, command.email, command.phone, now=now)
    _index_names(session, body)
    flag_modified(body, "sort_key")  # a change of the contact alone is a change of the organisation too
    session.flush()
    after = queries.organisation_facts(session, body.id, today)
    _record_change(session, actor, "organisation.changed", ("organisation", body.id), before, after, now=now)
    return after


def rename_organisation(
    session: Session, actor: Actor, command: RenameOrganisation, *, now: datetime
) -> OrganisationFacts:
    """Give another name or address from a date on. The former stays, for papers of its time print it."""
    require(actor, Permission.MANAGE_ORGANISATIONS)
    body = session.get(Organisation, command.organisation_id)
    if body is None:
        raise NotFound
    names = _names(command.name_vi, command.name_en, command.address_vi, command.address_en)
    before = queries.organisation_facts(session, body.id, command.valid_from)
    session.add(OrganisationName(organisation_id=body.id, valid_from=command.valid_from, recorded_at=now, **names))
    session.flush()
    _index_names(session, body)
    session.flush()
    audit.record(
        session,
        actor,
        "organisation.renamed",
        ("organisation", body.id),
        now=now,
        before={key: getattr(before, key) for key in names},
        after={**names, "valid_from": command.valid_from},
    )
    return queries.organisation_facts(session, body.id, command.valid_from)


def create_site(session: Session, actor: Actor, command: CreateSite, *, now: datetime) -> SiteFacts:
    """Enter a site of the laboratory. For who manages people. Refuses a code that the organisation already uses."""
    require(actor, Permission.MANAGE_PEOPLE)
    body = session.get(Organisation, command.organisation_id)
    if body is None:
        raise NotFound
    if not body.is_laboratory:
        raise RuleViolation("site.not_a_laboratory")
    site = Site(organisation_id=body.id, **_site_values(command))
    session.add(site)
    _flush_site(session, command.code)
    audit.record(session, actor, "site.created", ("site", site.id), site_id=site.id, now=now, after=asdict(command))
    return queries.site_facts(session, site.id)


def change_site(session: Session, actor: Actor, command: ChangeSite, *, now: datetime) -> SiteFacts:
    """Change what is known of a site; it stays with its organisation. For who manages people."""
    require(actor, Permission.MANAGE_PEOPLE)
    before = queries.site_facts(session, command.site_id)
    _check_version(before.row_version, command.row_version)
    site = session.get_one(Site, command.site_id)
    for name, value in _site_values(command.details).items():
        setattr(site, name, value)
    _flush_site(session, command.details.code)
    after = queries.site_facts(session, site.id)
    _record_change(session, actor, "site.changed", ("site", site.id), before, after, now=now, site_id=site.id)
    return after


def _site_values(command: CreateSite) -> dict[str, Any]:
    values = {key: value for key, value in asdict(command).items() if key != "organisation_id"}
    return {key: normalise(value) if isinstance(value, str) else value for key, value in values.items()}


def _flush_site(session: Session, code: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise InvalidInput.of("code", "site.code_taken", code=code) from error


def _names(name_vi: str, name_en: str | None, address_vi: str, address_en: str | None) -> dict[str, str | None]:
    given = {"name_vi": name_vi, "name_en": name_en, "address_vi": address_vi, "address_en": address_en}
    names = {key: normalise(text or "") or None for key, text in given.items()}
    missing = [FieldError(key, "field.missing") for key in ("name_vi", "address_vi") if names[key] is None]
    if missing:
        raise InvalidInput(missing)
    return names


def _tax_code(session: Session, text: str | None, country: str, *, except_id: int | None = None) -> str | None:
    """Return the tax code as text (it may begin with zeros), or refuse its shape or a second use."""
    code = normalise(text or "") or None
    if code is None:
        return None
    if country == "VN" and not _TAX_CODE.fullmatch(code):
        raise InvalidInput.of("tax_code", "organisation.tax_code_shape", text=code)
    holder = session.execute(select(Organisation.id).where(Organisation.tax_code == code)).scalars().first()
    if holder is not None and holder != except_id:
        raise InvalidInput.of("tax_code", "organisation.tax_code_taken", text=code)
    return code


def _put_contact(
    session: Session, organisation_id: int, name: str | None, email: str | None, phone: str | None, *, now: datetime
) -> None:
    """Keep the primary contact in step with what was entered; jobs point to the row, so it stays the same one."""
    query = select(Contact).where(Contact.organisation_id == organisation_id, Contact.is_primary.is_(True))
    contact = session.execute(query.order_by(Contact.id.desc())).scalars().first()
    if contact is None:
        if not (name or email or phone):
            return
        contact = Contact(organisation_id=organisation_id, is_primary=True, created_at=now)
        session.add(contact)
    contact.name, contact.email, contact.phone = name, email, phone


def _index_names(session: Session, body: Organisation) -> None:
    """Renew what searching and sorting use: every name it ever had, sorted by the newest."""
    names = queries.organisation_names(session, body.id)
    every = [text for name in names for text in (name.name_vi, name.name_en)]
    body.search_text = search_text(*dict.fromkeys(every), body.tax_code)
    body.sort_key = sort_key(names[0].name_vi)


def _is_in_use(session: Session, organisation_id: int) -> bool:
    sites = select(Site.id).where(Site.organisation_id == organisation_id)
    members = select(Membership.id).where(Membership.organisation_id == organisation_id)
    return any(session.execute(query.limit(1)).first() is not None for query in (sites, members))


def _check_version(present: int, seen: int) -> None:
    if present != seen:
        raise StaleRecord("record.stale_between", seen=seen, present=present)


def _record_change(
    session: Session,
    actor: Actor,
    action: str,
    subject: tuple[str, int],
    before: OrganisationFacts | SiteFacts,
    after: OrganisationFacts | SiteFacts,
    *,
    now: datetime,
    site_id: int = 0,
) -> None:
    """Note only what differs; contact data of an organisation goes to the part that may be erased."""
    old, new = asdict(before), asdict(after)
    changed = [key for key in new if old[key] != new[key] and key != "row_version"]
    private = _CONTACT if isinstance(after, OrganisationFacts) else ()
    plain = [key for key in changed if key not in private]
    audit.record(
        session,
        actor,
        action,
        subject,
        now=now,
        site_id=site_id,
        before={key: old[key] for key in plain},
        after={key: new[key] for key in plain},
        personal={"before": {key: old[key] for key in private}, "after": {key: new[key] for key in private}},
    )
