"""Words for the codes of people and organisations."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "organisation.tax_code_shape": N_(
        "“%(text)s” is not a tax code: 10 digits, 10 digits and a branch number such as 0000000001-001, or 12 digits."
    ),
    "organisation.tax_code_taken": N_("Another organisation is already entered with the tax code %(text)s."),
    "organisation.laboratory_in_use": N_("This laboratory has sites or members; it stays a laboratory."),
    "organisation.country_shape": N_("“%(text)s” is not a country code of two letters, such as VN."),
    "site.code_taken": N_("The site code “%(code)s” is already used."),
    "site.not_a_laboratory": N_("Only a laboratory has sites."),
    "site.timezone": N_("“%(text)s” is not a time zone such as Asia/Ho_Chi_Minh."),
    "person.sign_in_name_shape": N_(
        "“%(text)s” cannot be a sign-in name: at least two letters without marks, digits or . _ - @ +."
    ),
    "person.sign_in_name_taken": N_("The sign-in name “%(name)s” is already used."),
    "person.own_account": N_("You cannot close your own account."),
    "person.no_account": N_("This person has no sign-in name, so no password can be set."),
    "password.too_short": N_("A password has at least %(shortest)s characters."),
    "password.too_long": N_("A password has at most %(longest)s characters."),
    "password.too_easy": N_("This password is too easy to guess. Use several words that have nothing to do with you."),
    "password.present_wrong": N_("This is not your present password."),
    "password.differs": N_("The two new passwords differ."),
    "membership.role_does_not_fit": N_("The role “%(role)s” does not exist in an organisation of this sort."),
    "membership.foreign_site": N_("This site belongs to another organisation."),
    "membership.held_already": N_("This person already holds the role “%(role)s” there in that time."),
    "membership.ends_before_it_begins": N_("The last day lies before the first day, %(valid_from)s."),
    "membership.last_administrator": N_("No administrator would be left. Give somebody else the role first."),
    "sign_in.wrong": N_("The sign-in name or the password is not right."),
    "sign_in.too_many": N_("Signing in failed too often. Please wait %(minutes)s min, then try again."),
}

LABELS: Final[dict[str, str]] = {
    "role.administrator": N_("Administrator"),
    "role.receiver": N_("Receiver of items"),
    "role.technician": N_("Calibration technician"),
    "role.technical_manager": N_("Technical manager"),
    "role.quality_manager": N_("Quality manager"),
    "role.signatory": N_("Approved signatory"),
    "role.customer": N_("Customer"),
    "role.province_office": N_("Provincial measurement office"),
    "organisation_kind.enterprise": N_("Enterprise"),
    "organisation_kind.cooperative": N_("Cooperative"),
    "organisation_kind.household": N_("Household business"),
    "organisation_kind.public_service_unit": N_("Public service unit"),
    "organisation_kind.state_agency": N_("State agency"),
    "organisation_kind.metrology_institute": N_("Metrology institute"),
    "organisation_kind.individual": N_("Individual"),
    "found.organisation": N_("Organisation"),
    "found.person": N_("Person"),
    "field.name_vi": N_("Name in Vietnamese"),
    "field.name_en": N_("Name in English"),
    "field.address_vi": N_("Address in Vietnamese"),
    "field.address_en": N_("Address in English"),
    "field.tax_code": N_("Tax code"),
    "field.country": N_("Country"),
    "field.kind": N_("Kind"),
    "field.email": N_("Email"),
    "field.phone": N_("Telephone"),
    "field.contact_name": N_("Contact person"),
    "field.valid_from": N_("From"),
    "field.valid_to": N_("Until"),
    "field.code": N_("Code"),
    "field.timezone": N_("Time zone"),
    "field.full_name": N_("Full name"),
    "field.sign_in_name": N_("Sign-in name"),
    "field.password": N_("Password"),
    "field.present_password": N_("Present password"),
    "field.repeated_password": N_("New password again"),
    "field.title_vi": N_("Position in Vietnamese"),
    "field.title_en": N_("Position in English"),
    "field.language": N_("Language"),
    "field.role": N_("Role"),
    "field.organisation_id": N_("Organisation"),
    "field.site_id": N_("Site"),
}
