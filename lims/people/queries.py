"""Reads of people and organisations; they return facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from lims.core.errors import NotFound
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList, every_word
from lims.people.account_queries import account as account
from lims.people.account_queries import actor_of as actor_of
from lims.people.facts import MembershipFacts, NameFacts, OrganisationFacts, PersonFacts, Role, SiteFacts
from lims.people.models import Contact, Membership, Organisation, OrganisationName, Person, SignInAttempt, Site


def _holds(on: date) -> ColumnElement[bool]:
    return (Membership.valid_from <= on) & or_(Membership.valid_to.is_(None), Membership.valid_to >= on)


def organisation_facts(session: Session, organisation_id: int, on: date) -> OrganisationFacts:
    """Return an organisation as it was called on a date. Raises NotFound."""
    row = session.execute(_organisations(on).where(Organisation.id == organisation_id)).first()
    if row is None:
        raise NotFound
    return _organisation_facts(row)


def organisations(session: Session, request: ListRequest = EVERYTHING, *, on: date) -> Listed[OrganisationFacts]:
    """Return organisations in Vietnamese order; words are sought in present and former names and the tax code.

    Filter: show (customers, upstream, laboratories, authorities).
    """
    return (
        SqlList(
            query=_organisations(on),
            key=Organisation.id,
            sorts={"name": (Organisation.sort_key,), "tax": (Organisation.tax_code,), "since": (Organisation.id,)},
            sort="name",
            searched=every_word(Organisation.search_text),
            filters={
                "show": {
                    "customers": Organisation.is_customer.is_(True),
                    "upstream": Organisation.is_upstream.is_(True),
                    "laboratories": Organisation.is_laboratory.is_(True),
                    "authorities": Organisation.is_authority.is_(True),
                }
            },
        )
        .answer(session, request)
        .mapped(_organisation_facts)
    )


def organisation_choices(
    session: Session, *, on: date, customers_only: bool = False, upstream_only: bool = False
) -> list[OrganisationFacts]:
    """Return every organisation that a form may offer, in Vietnamese order; closed ones are left out."""
    query = _organisations(on).order_by(Organisation.sort_key, Organisation.id)
    query = query.where(or_(Organisation.closed_on.is_(None), Organisation.closed_on > on))
    if customers_only:
        query = query.where(Organisation.is_customer.is_(True))
    if upstream_only:
        query = query.where(Organisation.is_upstream.is_(True))
    return [_organisation_facts(row) for row in session.execute(query)]


def _organisations(on: date) -> Select[Organisation, OrganisationName, Contact]:
    """Select each organisation with the name that holds on a date (before its first name: that one)."""
    candidate = aliased(OrganisationName)
    holds = candidate.valid_from <= on
    name = (
        select(candidate.id)
        .where(candidate.organisation_id == Organisation.id)
        .order_by(case((holds, 0), else_=1), case((holds, candidate.valid_from)).desc(), candidate.valid_from)
        .order_by(candidate.id.desc())
        .limit(1)
        .correlate(Organisation)
        .scalar_subquery()
    )
    reached = aliased(Contact)
    contact = (
        select(reached.id)
        .where(reached.organisation_id == Organisation.id, reached.is_primary.is_(True))
        .order_by(reached.id.desc())
        .limit(1)
        .correlate(Organisation)
        .scalar_subquery()
    )
    return (
        select(Organisation, OrganisationName, Contact)
        .select_from(Organisation)
        .join(OrganisationName, OrganisationName.id == name)
        .outerjoin(Contact, Contact.id == contact)
    )


def _organisation_facts(row: Any) -> OrganisationFacts:
    body: Organisation
    name: OrganisationName
    contact: Contact | None
    body, name, contact = row
    return OrganisationFacts(
        id=body.id,
        token=body.token,
        name_vi=name.name_vi,
        name_en=name.name_en,
        address_vi=name.address_vi,
        address_en=name.address_en,
        tax_code=body.tax_code,
        kind=body.kind,
        country=body.country,
        is_customer=body.is_customer,
        is_upstream=body.is_upstream,
        is_laboratory=body.is_laboratory,
        is_authority=body.is_authority,
        email=None if contact is None else contact.email,
        phone=None if contact is None else contact.phone,
        contact_name=None if contact is None else contact.name,
        row_version=body.row_version,
    )


def organisation_names(session: Session, organisation_id: int) -> list[NameFacts]:
    """Return what an organisation has been called, the newest first."""
    query = (
        select(OrganisationName)
        .where(OrganisationName.organisation_id == organisation_id)
        .order_by(OrganisationName.valid_from.desc(), OrganisationName.id.desc())
    )
    return [
        NameFacts(row.name_vi, row.name_en, row.address_vi, row.address_en, row.valid_from, row.recorded_at)
        for row in session.execute(query).scalars()
    ]


def site_facts(session: Session, site_id: int) -> SiteFacts:
    """Return a site. Raises NotFound."""
    site = session.get(Site, site_id)
    if site is None:
        raise NotFound
    return _site_facts(site)


def sites_of(session: Session, organisation_id: int) -> list[SiteFacts]:
    """Return the sites of an organisation, by their codes."""
    query = select(Site).where(Site.organisation_id == organisation_id).order_by(Site.code)
    return [_site_facts(site) for site in session.execute(query).scalars()]


def laboratory_sites(session: Session) -> list[SiteFacts]:
    """Return the sites of every laboratory of this installation, by laboratory and code."""
    query = (
        select(Site)
        .join(Organisation, Organisation.id == Site.organisation_id)
        .where(Organisation.is_laboratory.is_(True))
        .order_by(Site.organisation_id, Site.code)
    )
    return [_site_facts(site) for site in session.execute(query).scalars()]


def _site_facts(site: Site) -> SiteFacts:
    return SiteFacts(
        id=site.id,
        organisation_id=site.organisation_id,
        code=site.code,
        name_vi=site.name_vi,
        name_en=site.name_en,
        address_vi=site.address_vi,
        address_en=site.address_en,
        phone=site.phone,
        email=site.email,
        timezone=site.timezone,
        place_line_vi=site.place_line_vi,
        place_line_en=site.place_line_en,
        registration_number=site.registration_number,
        designation_number=site.designation_number,
        accreditation_number=site.accreditation_number,
        reviewer_may_release=site.reviewer_may_release,
        valid_from=site.valid_from,
        valid_to=site.valid_to,
        row_version=site.row_version,
    )


def person_facts(session: Session, person_id: int) -> PersonFacts:
    """Return a person. Raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    return _person_facts(person)


def persons(session: Session, request: ListRequest = EVERYTHING, *, on: date) -> Listed[PersonFacts]:
    """Return people by given name, as Vietnamese lists are sorted; words are sought in name, code and sign-in name.

    Filters: role held that day (or none); account (open, closed, none, new: never signed in); organisation, by key.
    """
    query = select(Person).select_from(Person)
    organisation = request.key("organisation")
    if organisation is not None:
        members = select(Membership.person_id).where(Membership.organisation_id == organisation)
        query = query.where(Person.id.in_(members))
    held = select(Membership.person_id).where(_holds(on))
    opened = Person.active.is_(True) & Person.sign_in_name.is_not(None)
    return (
        SqlList(
            query=query,
            key=Person.id,
            sorts={
                "name": (Person.sort_key,),
                "code": (Person.code,),
                "seen": (Person.last_signed_in_at,),
            },
            sort="name",
            searched=every_word(Person.search_text),
            filters={
                "role": {
                    **{role.value: Person.id.in_(held.where(Membership.role == role)) for role in Role},
                    "none": Person.id.not_in(held),
                },
                "account": {
                    "open": opened,
                    "new": opened & Person.last_signed_in_at.is_(None),
                    "closed": Person.active.is_(False),
                    "none": Person.sign_in_name.is_(None) & Person.active.is_(True),
                },
            },
        )
        .answer(session, request)
        .mapped(_person_facts)
    )


def persons_of(session: Session, organisation_id: int) -> list[PersonFacts]:
    """Return everybody who belongs or belonged to an organisation, by given name."""
    members = select(Membership.person_id).where(Membership.organisation_id == organisation_id)
    query = select(Person).where(Person.id.in_(members)).order_by(Person.sort_key, Person.id)
    return [_person_facts(person) for person in session.execute(query).scalars()]


def _person_facts(person: Person) -> PersonFacts:
    return PersonFacts(
        id=person.id,
        code=person.code,
        full_name=person.full_name,
        title_vi=person.title_vi,
        title_en=person.title_en,
        email=person.email,
        sign_in_name=person.sign_in_name,
        language=person.language,
        active=person.active,
        last_signed_in_at=person.last_signed_in_at,
        row_version=person.row_version,
    )


def memberships_of(session: Session, person_ids: Sequence[int], on: date) -> list[MembershipFacts]:
    """Return every membership of some people, past ones included, the newest first; names as of a date."""
    query = (
        select(Membership, Site)
        .outerjoin(Site, Site.id == Membership.site_id)
        .where(Membership.person_id.in_(person_ids))
        .order_by(Membership.valid_from.desc(), Membership.id.desc())
    )
    rows = session.execute(query).all()
    bodies = {membership.organisation_id for membership, _ in rows}
    names = {body: organisation_facts(session, body, on) for body in sorted(bodies)}
    return [_membership_facts(membership, site, names[membership.organisation_id]) for membership, site in rows]


def _membership_facts(membership: Membership, site: Site | None, body: OrganisationFacts) -> MembershipFacts:
    return MembershipFacts(
        id=membership.id,
        person_id=membership.person_id,
        organisation_id=membership.organisation_id,
        organisation_name_vi=body.name_vi,
        organisation_name_en=body.name_en,
        site_id=membership.site_id,
        site_name_vi=None if site is None else site.name_vi,
        site_name_en=None if site is None else site.name_en,
        role=Role(membership.role),
        valid_from=membership.valid_from,
        valid_to=membership.valid_to,
    )


def members_of(session: Session, organisation_id: int, on: date) -> list[tuple[PersonFacts, MembershipFacts]]:
    """Return who belongs to an organisation on a date, by given name, with the role."""
    query = (
        select(Person, Membership, Site)
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(Site, Site.id == Membership.site_id)
        .where(Membership.organisation_id == organisation_id, _holds(on))
        .order_by(Person.sort_key, Person.id, Membership.id)
    )
    body = organisation_facts(session, organisation_id, on)
    rows = session.execute(query)
    return [(_person_facts(person), _membership_facts(held, site, body)) for person, held, site in rows]


def failed_attempts(
    session: Session, sign_in_name: str, address: str, since: datetime
) -> tuple[list[datetime], list[datetime]]:
    """Return the times of failed attempts since an instant: for a sign-in name, and from an address."""
    by_name = _attempts(session, SignInAttempt.sign_in_name, sign_in_name, since)
    return by_name, _attempts(session, SignInAttempt.address, address, since)


def _attempts(session: Session, column: InstrumentedAttribute[str], value: str, since: datetime) -> list[datetime]:
    return list(session.execute(select(SignInAttempt.at).where(column == value, SignInAttempt.at > since)).scalars())
