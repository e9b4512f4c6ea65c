"""Who may do what: permissions, and which role holds which. Services ask `require`; views are marked besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from lims.core.actor import Actor
from lims.core.errors import Forbidden
from lims.people.facts import Role


class Permission(StrEnum):
    """One thing a role may include. Who may perform, review or release what is a matter of authorisations besides."""

    MANAGE_PEOPLE = "manage_people"
    MANAGE_ORGANISATIONS = "manage_organisations"
    MANAGE_ROOMS = "manage_rooms"
    VIEW_LABORATORY = "view_laboratory"
    MANAGE_INSTRUMENTS = "manage_instruments"
    MANAGE_STANDARDS = "manage_standards"
    ACCEPT_CALIBRATIONS = "accept_calibrations"
    MANAGE_PROCEDURES = "manage_procedures"
    APPROVE_PROCEDURES = "approve_procedures"
    GRANT_AUTHORISATIONS = "grant_authorisations"
    MANAGE_SCOPE = "manage_scope"
    MANAGE_JOBS = "manage_jobs"
    MANAGE_NOTICES = "manage_notices"
    RECORD_READINGS = "record_readings"
    REVIEW_RUNS = "review_runs"
    RELEASE_RUNS = "release_runs"
    ISSUE_CERTIFICATES = "issue_certificates"
    VIEW_AUDIT = "view_audit"
    VIEW_OWN_CERTIFICATES = "view_own_certificates"


_P = Permission
PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMINISTRATOR: frozenset(
        {_P.VIEW_LABORATORY, _P.MANAGE_PEOPLE, _P.MANAGE_ORGANISATIONS, _P.MANAGE_ROOMS, _P.VIEW_AUDIT}
    ),
    Role.RECEIVER: frozenset({_P.VIEW_LABORATORY, _P.MANAGE_ORGANISATIONS, _P.MANAGE_INSTRUMENTS, _P.MANAGE_JOBS}),
    Role.TECHNICIAN: frozenset({_P.VIEW_LABORATORY, _P.RECORD_READINGS, _P.MANAGE_INSTRUMENTS}),
    Role.TECHNICAL_MANAGER: frozenset(
        {
            _P.VIEW_LABORATORY,
            _P.RECORD_READINGS,
            _P.REVIEW_RUNS,
            _P.MANAGE_INSTRUMENTS,
            _P.MANAGE_STANDARDS,
            _P.ACCEPT_CALIBRATIONS,
            _P.MANAGE_PROCEDURES,
            _P.APPROVE_PROCEDURES,
            _P.GRANT_AUTHORISATIONS,
            _P.MANAGE_SCOPE,
            _P.MANAGE_ROOMS,
            _P.MANAGE_JOBS,
            _P.MANAGE_NOTICES,
        }
    ),
    Role.QUALITY_MANAGER: frozenset(
        {
            _P.VIEW_LABORATORY,
            _P.MANAGE_STANDARDS,
            _P.ACCEPT_CALIBRATIONS,
            _P.MANAGE_PROCEDURES,
            _P.GRANT_AUTHORISATIONS,
            _P.MANAGE_SCOPE,
            _P.MANAGE_ROOMS,
            _P.MANAGE_NOTICES,
            _P.VIEW_AUDIT,
        }
    ),
    Role.SIGNATORY: frozenset(
        {_P.VIEW_LABORATORY, _P.REVIEW_RUNS, _P.RELEASE_RUNS, _P.ISSUE_CERTIFICATES, _P.APPROVE_PROCEDURES}
    ),
    Role.CUSTOMER: frozenset({_P.VIEW_OWN_CERTIFICATES}),
    Role.PROVINCE_OFFICE: frozenset(),
}
"""The one table of roles. The province's desk brings its own permissions when it is built."""

LABORATORY_ROLES: Final = frozenset(Role) - {Role.CUSTOMER, Role.PROVINCE_OFFICE}
"""Roles that exist only in a laboratory."""


def permissions_of(roles: Iterable[Role]) -> frozenset[str]:
    """Return what people in these roles may do."""
    return frozenset(str(permission) for role in roles for permission in PERMISSIONS[role])


def require(actor: Actor, *permissions: Permission) -> None:
    """Return if the actor holds any of the permissions. Raises Forbidden otherwise; the program itself may act."""
    if actor.may("system") or any(actor.may(permission) for permission in permissions):
        return
    raise Forbidden


def belongs(actor: Actor, laboratory_id: int | None) -> bool:
    """Return whether a record of that laboratory is the actor's own; all are to the program itself."""
    return actor.may("system") or (laboratory_id is not None and laboratory_id == actor.laboratory_id)


def role_fits(role: Role, *, is_laboratory: bool, is_authority: bool) -> bool:
    """Return whether a role exists in an organisation of this sort.

    A role that does not fit gives no permission, even where a row says so: a laboratory role in a customer's
    organisation would open the laboratory to a stranger.
    """
    if role is Role.PROVINCE_OFFICE:
        return is_authority
    return role is Role.CUSTOMER or is_laboratory
