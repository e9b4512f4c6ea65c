"""People and organisations as other packages see them: kinds, roles, facts and commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class OrganisationKind(StrEnum):
    """What sort of body an organisation is."""

    ENTERPRISE = "enterprise"
    COOPERATIVE = "cooperative"
    HOUSEHOLD = "household"
    PUBLIC_SERVICE_UNIT = "public_service_unit"
    STATE_AGENCY = "state_agency"
    METROLOGY_INSTITUTE = "metrology_institute"
    INDIVIDUAL = "individual"


class Role(StrEnum):
    """What a person does in an organisation; `access` says what each role may do."""

    ADMINISTRATOR = "administrator"
    RECEIVER = "receiver"
    TECHNICIAN = "technician"
    TECHNICAL_MANAGER = "technical_manager"
    QUALITY_MANAGER = "quality_manager"
    SIGNATORY = "signatory"
    CUSTOMER = "customer"
    PROVINCE_OFFICE = "province_office"


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """An organisation as it was called on a date."""

    id: int
    token: str
    name_vi: str
    name_en: str | None
    address_vi: str
    address_en: str | None
    tax_code: str | None
    kind: str
    country: str
    is_customer: bool
    is_upstream: bool
    is_laboratory: bool
    is_authority: bool
    email: str | None
    phone: str | None
    contact_name: str | None
    row_version: int


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What an organisation is called from a date on."""

    name_vi: str
    name_en: str | None
    address_vi: str
    address_en: str | None
    valid_from: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A place of the laboratory."""

    id: int
    organisation_id: int
    code: str
    name_vi: str
    name_en: str | None
    address_vi: str
    address_en: str | None
    phone: str | None
    email: str | None
    timezone: str
    place_line_vi: str
    place_line_en: str | None
    registration_number: str | None
    designation_number: str | None
    accreditation_number: str | None
    reviewer_may_release: bool
    valid_from: date
    valid_to: date | None
    row_version: int


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person, with or without an account."""

    id: int
    code: str | None
    full_name: str
    title_vi: str | None
    title_en: str | None
    email: str | None
    sign_in_name: str | None
    language: str
    active: bool
    last_signed_in_at: datetime | None
    row_version: int


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """A person's role in an organisation, between dates."""

    id: int
    person_id: int
    organisation_id: int
    organisation_name_vi: str
    organisation_name_en: str | None
    site_id: int | None
    site_name_vi: str | None
    site_name_en: str | None
    role: Role
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        """Return whether the membership holds on a date."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class CreateOrganisation:
    """Enter an organisation. `valid_from`: the name holds from this date on."""

    name_vi: str
    address_vi: str
    valid_from: date
    name_en: str | None = None
    address_en: str | None = None
    kind: OrganisationKind = OrganisationKind.ENTERPRISE
    tax_code: str | None = None
    country: str = "VN"
    is_laboratory: bool = False
    is_customer: bool = False
    is_upstream: bool = False
    is_authority: bool = False
    contact_name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeOrganisation:
    """Change what is known of an organisation, its name and address apart."""

    organisation_id: int
    row_version: int
    kind: OrganisationKind
    tax_code: str | None
    country: str
    is_laboratory: bool
    is_customer: bool
    is_upstream: bool
    is_authority: bool
    contact_name: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class RenameOrganisation:
    """Give an organisation another name or address from a date on; what was before stays known."""

    organisation_id: int
    name_vi: str
    address_vi: str
    valid_from: date
    name_en: str | None = None
    address_en: str | None = None


@dataclass(frozen=True, slots=True)
class CreateSite:
    """Enter a place of the laboratory."""

    organisation_id: int
    code: str
    name_vi: str
    address_vi: str
    valid_from: date
    name_en: str | None = None
    address_en: str | None = None
    phone: str | None = None
    email: str | None = None
    timezone: str = "Asia/Ho_Chi_Minh"
    place_line_vi: str = ""
    place_line_en: str | None = None
    registration_number: str | None = None
    designation_number: str | None = None
    accreditation_number: str | None = None
    reviewer_may_release: bool = False


@dataclass(frozen=True, slots=True)
class ChangeSite:
    """Change what is known of a site."""

    site_id: int
    row_version: int
    details: CreateSite


@dataclass(frozen=True, slots=True)
class CreatePerson:
    """Enter a person; with a sign-in name and a password they have an account."""

    full_name: str
    code: str | None = None
    title_vi: str | None = None
    title_en: str | None = None
    email: str | None = None
    sign_in_name: str | None = None
    password: str | None = None
    language: str = "vi"


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """Change what is known of a person, and whether their account is open."""

    person_id: int
    row_version: int
    full_name: str
    code: str | None
    title_vi: str | None
    title_en: str | None
    email: str | None
    sign_in_name: str | None
    language: str
    active: bool


@dataclass(frozen=True, slots=True)
class AddMembership:
    """Give a person a role in an organisation, at one site or at all."""

    person_id: int
    organisation_id: int
    role: Role
    valid_from: date
    valid_to: date | None = None
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class EndMembership:
    """End a role on a date; the row stays."""

    membership_id: int
    valid_to: date


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Give a person a new password; every session of theirs ends."""

    person_id: int
    password: str
    present_password: str | None = None


class AccountConcern(StrEnum):
    """Why an administrator should look at an account, the gravest first."""

    LOCKED_OUT = "locked_out"
    WITHOUT_ROLE = "without_role"
    ENDS_SOON = "ends_soon"
    NEVER_USED = "never_used"


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account to look at; `ends_on` is the last day of its last role, where that is the concern."""

    person_id: int
    full_name: str
    code: str
    sign_in_name: str
    concern: AccountConcern
    ends_on: date | None
