"""When an authorisation or a procedure version holds, and who may approve or grant: rules on plain values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol, TypeVar

from lims.core.errors import RuleViolation
from lims.procedures.facts import (
    Activity,
    AuthorisationFacts,
    GrantAuthorisation,
    ProcedureVersionFacts,
    VersionLine,
    VersionState,
)


class Authorised(Protocol):
    """What the rules of time and place look at in an authorisation."""

    @property
    def id(self) -> int:
        """Return its key."""

    @property
    def site_id(self) -> int | None:
        """Return the site it holds at, None for all."""

    @property
    def valid_from(self) -> date:
        """Return its first day."""

    @property
    def valid_to(self) -> date | None:
        """Return the last day that was granted."""

    @property
    def ended_on(self) -> date | None:
        """Return the last day, where it was ended early."""


_Kind = TypeVar("_Kind", bound=Authorised)


def last_day(authorisation: Authorised) -> date | None:
    """Return the last day on which an authorisation holds; None if it is open."""
    ends = [day for day in (authorisation.valid_to, authorisation.ended_on) if day is not None]
    return min(ends, default=None)


def in_force(authorisation: Authorised, on: date) -> bool:
    """Return whether an authorisation holds on a date, both its first and its last day included."""
    last = last_day(authorisation)
    return authorisation.valid_from <= on and (last is None or on <= last)


def covers_site(authorisation: Authorised, site_id: int | None) -> bool:
    """Return whether an authorisation holds at a site; one without a site holds everywhere."""
    return authorisation.site_id is None or authorisation.site_id == site_id


def first_in_force(authorisations: Iterable[_Kind], *, on: date, site_id: int | None) -> _Kind | None:
    """Return the authorisation that holds on a date at a site, the one for that very site before a general one."""
    fitting = [one for one in authorisations if in_force(one, on) and covers_site(one, site_id)]
    return min(fitting, key=lambda one: (one.site_id is None, one.id), default=None)


def version_in_force(version: ProcedureVersionFacts | VersionLine, on: date) -> bool:
    """Return whether work may be done by a version on a date: approved (or withdrawn later) and between its dates."""
    if version.state is VersionState.DRAFT or version.valid_from is None:
        return False
    return version.valid_from <= on and (version.valid_to is None or on <= version.valid_to)


def check_grant(command: GrantAuthorisation, grantor_id: int) -> None:
    """Refuse an authorisation that names the wrong object, ends before it begins, or is granted to oneself."""
    clause = "ISO/IEC 17025:2017, 6.2.6"
    if (command.activity is Activity.RELEASE) != (command.signatory_kind is not None) or (
        (command.procedure_id is None) == (command.signatory_kind is None)
    ):
        raise RuleViolation("authorisation.object", clause=clause, activity=command.activity)
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise RuleViolation("authorisation.dates", clause=clause)
    if command.person_id == grantor_id:
        raise RuleViolation("authorisation.own", clause=clause)


def check_end(authorisation: AuthorisationFacts, ended_on: date) -> None:
    """Refuse an end before the beginning, after the planned end, or a second one."""
    if authorisation.ended_on is not None:
        raise RuleViolation("authorisation.ended", ended_on=authorisation.ended_on)
    if ended_on < authorisation.valid_from - timedelta(days=1):
        raise RuleViolation("authorisation.end_before_start", valid_from=authorisation.valid_from)
    if authorisation.valid_to is not None and ended_on >= authorisation.valid_to:
        raise RuleViolation("authorisation.end_after_end", valid_to=authorisation.valid_to)


def check_approval(version: ProcedureVersionFacts, approver_id: int) -> None:
    """Refuse approval of what is no draft, or by the person who drew it up."""
    clause = "ISO/IEC 17025:2017, 7.2.1.5 and 8.3.2"
    if version.state is not VersionState.DRAFT:
        raise RuleViolation("procedure.not_a_draft", clause=clause, version=version.version, state=version.state)
    if version.created_by_id == approver_id:
        raise RuleViolation("procedure.own_approval", clause=clause)
