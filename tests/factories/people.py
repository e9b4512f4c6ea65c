"""Rows of `lims.people.models` for tests: organisations, sites, persons, roles, and a whole laboratory of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import count
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.text import person_sort_key, search_text, sort_key
from lims.people import queries
from lims.people.facts import Role
from lims.people.models import Contact, Membership, Organisation, OrganisationName, Person, Site
from lims.people.passwords import hash_password

PASSWORD: Final = "bốn quả cân tốt"
START: Final = date(2020, 1, 1)
AT: Final = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
_numbers = count(1)


@cache
def _hash() -> str:
    return hash_password(PASSWORD)


def make_organisation(session: Session, **overrides: Any) -> Organisation:
    """Return an organisation with its name; a customer unless told otherwise."""
    number = next(_numbers)
    names = {
        "name_vi": overrides.pop("name_vi", f"Công ty Mẫu {number}"),
        "name_en": overrides.pop("name_en", f"Sample Company {number}"),
        "address_vi": overrides.pop("address_vi", f"{number} đường Mẫu, tỉnh Mẫu"),
        "address_en": overrides.pop("address_en", f"{number} Sample Street, Sample Province"),
        "valid_from": overrides.pop("valid_from", START),
    }
    email, phone = overrides.pop("email", None), overrides.pop("phone", None)
    values: dict[str, Any] = {
        "token": f"organisation-{number}",
        "is_laboratory": False,
        "is_customer": True,
        "is_upstream": False,
        "is_authority": False,
        "kind": "enterprise",
        "country": "VN",
        "search_text": search_text(names["name_vi"], names["name_en"], overrides.get("tax_code")),
        "sort_key": sort_key(names["name_vi"]),
        "created_at": AT,
        **overrides,
    }
    organisation = Organisation(**values)
    session.add(organisation)
    session.flush()
    session.add(OrganisationName(organisation_id=organisation.id, recorded_at=AT, **names))
    if email or phone:
        session.add(Contact(organisation_id=organisation.id, email=email, phone=phone, is_primary=True, created_at=AT))
    session.flush()
    return organisation


def make_site(session: Session, organisation: Organisation | None = None, **overrides: Any) -> Site:
    """Return a site, of a new laboratory unless an organisation is given."""
    body = organisation or make_organisation(session, is_laboratory=True, is_customer=False)
    values: dict[str, Any] = {
        "organisation_id": body.id,
        "code": f"S{next(_numbers)}",
        "name_vi": "Cơ sở chính",
        "name_en": "Main site",
        "address_vi": "1 đường Chuẩn, tỉnh Mẫu",
        "address_en": "1 Standard Street, Sample Province",
        "timezone": "Asia/Ho_Chi_Minh",
        "place_line_vi": "Tỉnh Mẫu",
        "place_line_en": "Sample Province",
        "registration_number": "ĐK 000",
        "reviewer_may_release": False,
        "valid_from": START,
        **overrides,
    }
    site = Site(**values)
    session.add(site)
    session.flush()
    return site


def make_person(session: Session, **overrides: Any) -> Person:
    """Return a person with an account; the password is PASSWORD. `sign_in_name=None` makes one without."""
    number = next(_numbers)
    full_name = overrides.pop("full_name", f"Nguyễn Văn Mẫu {number}")
    sign_in_name = overrides.pop("sign_in_name", f"person{number}")
    values: dict[str, Any] = {
        "full_name": full_name,
        "code": f"KĐV-{number:02d}",
        "title_vi": "Kiểm định viên",
        "title_en": "Calibration technician",
        "sign_in_name": sign_in_name,
        "password_hash": None if sign_in_name is None else _hash(),
        "session_stamp": f"stamp-{number}",
        "language": "vi",
        "active": True,
        "search_text": search_text(full_name, sign_in_name),
        "sort_key": person_sort_key(full_name),
        "created_at": AT,
        **overrides,
    }
    person = Person(**values)
    session.add(person)
    session.flush()
    return person


def make_membership(
    session: Session, person: Person, organisation: Organisation, role: Role, **overrides: Any
) -> Membership:
    """Return a person's role in an organisation, open since long ago."""
    values: dict[str, Any] = {"valid_from": START, "valid_to": None, "site_id": None, **overrides}
    membership = Membership(person_id=person.id, organisation_id=organisation.id, role=role, **values)
    session.add(membership)
    session.flush()
    return membership


def actor_for(session: Session, person: Person, on: date = date(2026, 3, 2)) -> Actor:
    """Return a person as the actor they are on a date."""
    return queries.actor_of(session, person.id, on)


@dataclass(frozen=True)
class Laboratory:
    """A laboratory with one site, one person in each role, and one customer with one person."""

    organisation_id: int
    site_id: int
    customer_id: int
    persons: dict[Role, int]


def make_laboratory(session: Session) -> Laboratory:
    """Return a laboratory, its people (sign-in name = the role's value, password = PASSWORD) and a customer."""
    body = make_organisation(
        session,
        name_vi="Trung tâm Đo lường Mẫu",
        name_en="Sample Metrology Centre",
        is_laboratory=True,
        is_customer=False,
    )
    customer = make_organisation(session, name_vi="Công ty TNHH Cơ khí Mẫu", name_en="Sample Mechanics Ltd")
    authority = make_organisation(session, name_vi="Sở Mẫu", name_en="Office", is_authority=True, is_customer=False)
    site = make_site(session, body, code="TM")
    homes = {Role.CUSTOMER: customer, Role.PROVINCE_OFFICE: authority}
    persons: dict[Role, int] = {}
    for role in Role:
        person = make_person(session, sign_in_name=role.value, full_name=f"Trần Thị {role.value.title()}")
        make_membership(session, person, homes.get(role, body), role)
        persons[role] = person.id
    return Laboratory(body.id, site.id, customer.id, persons)
