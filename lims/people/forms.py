"""Turns the text of people's forms into commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from lims.core.fields import Fields
from lims.people.facts import (
    AddMembership,
    ChangeOrganisation,
    ChangePerson,
    ChangeSite,
    CreateOrganisation,
    CreatePerson,
    CreateSite,
    EndMembership,
    OrganisationKind,
    RenameOrganisation,
    Role,
    SetPassword,
)

LANGUAGES: Final = ("vi", "en")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def parse_create_organisation(form: Mapping[str, str], today: date) -> CreateOrganisation:
    """Return the command of the form of a new organisation. Raises InvalidInput."""
    fields = Fields(form)
    command = CreateOrganisation(
        name_vi=fields.text("name_vi"),
        name_en=fields.optional_text("name_en"),
        address_vi=fields.text("address_vi"),
        address_en=fields.optional_text("address_en"),
        valid_from=fields.optional_date("valid_from") or today,
        kind=fields.choice("kind", OrganisationKind),
        tax_code=fields.optional_text("tax_code", maximum=20),
        country=_country(fields),
        is_laboratory=fields.flag("is_laboratory"),
        is_customer=fields.flag("is_customer"),
        is_upstream=fields.flag("is_upstream"),
        is_authority=fields.flag("is_authority"),
        contact_name=fields.optional_text("contact_name", maximum=200),
        email=fields.email("email"),
        phone=fields.optional_text("phone", maximum=40),
    )
    fields.finish()
    return command


def parse_change_organisation(organisation_id: int, form: Mapping[str, str]) -> ChangeOrganisation:
    """Return the command of the form of an organisation's data. Raises InvalidInput."""
    fields = Fields(form)
    command = ChangeOrganisation(
        organisation_id=organisation_id,
        row_version=fields.integer("row_version"),
        kind=fields.choice("kind", OrganisationKind),
        tax_code=fields.optional_text("tax_code", maximum=20),
        country=_country(fields),
        is_laboratory=fields.flag("is_laboratory"),
        is_customer=fields.flag("is_customer"),
        is_upstream=fields.flag("is_upstream"),
        is_authority=fields.flag("is_authority"),
        contact_name=fields.optional_text("contact_name", maximum=200),
        email=fields.email("email"),
        phone=fields.optional_text("phone", maximum=40),
    )
    fields.finish()
    return command


def parse_rename_organisation(organisation_id: int, form: Mapping[str, str]) -> RenameOrganisation:
    """Return the command of the form of a new name or address. Raises InvalidInput."""
    fields = Fields(form)
    command = RenameOrganisation(
        organisation_id=organisation_id,
        name_vi=fields.text("name_vi"),
        name_en=fields.optional_text("name_en"),
        address_vi=fields.text("address_vi"),
        address_en=fields.optional_text("address_en"),
        valid_from=fields.date("valid_from"),
    )
    fields.finish()
    return command


def parse_create_site(organisation_id: int, form: Mapping[str, str], today: date) -> CreateSite:
    """Return the command of the form of a site. Raises InvalidInput."""
    fields = Fields(form)
    command = CreateSite(
        organisation_id=organisation_id,
        code=fields.text("code", maximum=20),
        name_vi=fields.text("name_vi"),
        name_en=fields.optional_text("name_en"),
        address_vi=fields.text("address_vi"),
        address_en=fields.optional_text("address_en"),
        valid_from=fields.optional_date("valid_from") or today,
        phone=fields.optional_text("phone", maximum=40),
        email=fields.email("email"),
        timezone=_timezone(fields),
        place_line_vi=fields.optional_text("place_line_vi") or "",
        place_line_en=fields.optional_text("place_line_en"),
        registration_number=fields.optional_text("registration_number", maximum=40),
        designation_number=fields.optional_text("designation_number", maximum=40),
        accreditation_number=fields.optional_text("accreditation_number", maximum=40),
        reviewer_may_release=fields.flag("reviewer_may_release"),
    )
    fields.finish()
    return command


def parse_change_site(site_id: int, organisation_id: int, form: Mapping[str, str], today: date) -> ChangeSite:
    """Return the command of the form of a site that exists. Raises InvalidInput."""
    fields = Fields(form)
    row_version = fields.integer("row_version")
    details = parse_create_site(organisation_id, form, today)
    fields.finish()
    return ChangeSite(site_id=site_id, row_version=row_version, details=details)


def parse_create_person(form: Mapping[str, str]) -> CreatePerson:
    """Return the command of the form of a new person. Raises InvalidInput."""
    fields = Fields(form)
    command = CreatePerson(
        full_name=fields.text("full_name", maximum=200),
        code=fields.optional_text("code", maximum=40),
        title_vi=fields.optional_text("title_vi", maximum=200),
        title_en=fields.optional_text("title_en", maximum=200),
        email=fields.email("email"),
        sign_in_name=fields.optional_text("sign_in_name", maximum=100),
        password=fields.raw("password") or None,
        language=fields.one_of("language", LANGUAGES),
    )
    fields.finish()
    return command


def parse_change_person(person_id: int, form: Mapping[str, str]) -> ChangePerson:
    """Return the command of the form of a person that exists. Raises InvalidInput."""
    fields = Fields(form)
    command = ChangePerson(
        person_id=person_id,
        row_version=fields.integer("row_version"),
        full_name=fields.text("full_name", maximum=200),
        code=fields.optional_text("code", maximum=40),
        title_vi=fields.optional_text("title_vi", maximum=200),
        title_en=fields.optional_text("title_en", maximum=200),
        email=fields.email("email"),
        sign_in_name=fields.optional_text("sign_in_name", maximum=100),
        language=fields.one_of("language", LANGUAGES),
        active=fields.flag("active"),
    )
    fields.finish()
    return command


def parse_add_membership(person_id: int, form: Mapping[str, str]) -> AddMembership:
    """Return the command of the form of a new role. Raises InvalidInput."""
    fields = Fields(form)
    command = AddMembership(
        person_id=person_id,
        organisation_id=fields.integer("organisation_id", lower=1),
        role=fields.choice("role", Role),
        site_id=fields.optional_integer("site_id", lower=1),
        valid_from=fields.date("valid_from"),
        valid_to=fields.optional_date("valid_to"),
    )
    fields.finish()
    return command


def parse_end_membership(membership_id: int, form: Mapping[str, str]) -> EndMembership:
    """Return the command of the form that ends a role. Raises InvalidInput."""
    fields = Fields(form)
    command = EndMembership(membership_id=membership_id, valid_to=fields.date("valid_to"))
    fields.finish()
    return command


def parse_set_password(person_id: int, form: Mapping[str, str], *, own: bool) -> SetPassword:
    """Return the command of the form of a new password, typed twice. Raises InvalidInput."""
    fields = Fields(form)
    present, password = fields.raw("present_password"), fields.raw("password")
    if own and not present:
        fields.refuse("present_password", "field.missing")
    if not password:
        fields.refuse("password", "field.missing")
    elif password != fields.raw("repeated_password"):
        fields.refuse("repeated_password", "password.differs")
    fields.finish()
    return SetPassword(person_id=person_id, password=password, present_password=present if own else None)


def _country(fields: Fields) -> str:
    text = (fields.optional_text("country", maximum=40) or "VN").upper()
    if not _COUNTRY.fullmatch(text):
        fields.refuse("country", "organisation.country_shape", text=text)
    return text


def _timezone(fields: Fields) -> str:
    text = fields.optional_text("timezone", maximum=64) or "Asia/Ho_Chi_Minh"
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        fields.refuse("timezone", "site.timezone", text=text)
    return text
