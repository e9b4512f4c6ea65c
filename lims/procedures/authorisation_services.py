"""What people do with authorisations: grant them, end them early. Nothing is changed in place."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.errors import InvalidInput, NotFound
from lims.core.text import normalise
from lims.people.access import Permission, require
from lims.people.models import Membership, Person, Site
from lims.procedures import queries
from lims.procedures.facts import AuthorisationFacts, EndAuthorisation, GrantAuthorisation
from lims.procedures.models import Authorisation, AuthorisationEnd, Procedure
from lims.procedures.validity import check_end, check_grant


def grant_authorisation(
    session: Session, actor: Actor, command: GrantAuthorisation, *, now: datetime
) -> AuthorisationFacts:
    """Authorise a person for a procedure, or as a signatory, with evidence (ISO/IEC 17025:2017, 6.2.5 e and 6.2.6).

    Who may: people of the same laboratory who grant authorisations, never for themselves. Person, procedure and site
    must belong to that laboratory.
    """
    require(actor, Permission.GRANT_AUTHORISATIONS)
    check_grant(command, actor.person_id)
    evidence = normalise(command.evidence)
    if not evidence:
        raise InvalidInput.of("evidence", "field.missing")
    _check_person(session, actor, command.person_id)
    _check_objects(session, actor, command)
    row = Authorisation(
        person_id=command.person_id,
        site_id=command.site_id,
        procedure_id=command.procedure_id,
        signatory_kind=command.signatory_kind,
        activity=command.activity,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        evidence=evidence,
        granted_by_id=actor.person_id,
        granted_by_name=actor.name,
        granted_at=now,
    )
    session.add(row)
    session.flush()
    after = {
        "person": command.person_id,
        "activity": command.activity,
        "procedure": command.procedure_id,
        "signatory_kind": command.signatory_kind,
        "site": command.site_id,
        "valid_from": command.valid_from,
        "valid_to": command.valid_to,
        "evidence": evidence,
    }
    audit.record(session, actor, "authorisation.grant", ("authorisation", row.id), now=now, after=after)
    return queries.authorisation_facts(session, row.id)


def end_authorisation(
    session: Session, actor: Actor, command: EndAuthorisation, *, now: datetime
) -> AuthorisationFacts:
    """End an authorisation before its date, with a reason; what was done under it stays.

    Who may: people of the same laboratory who grant authorisations.
    """
    require(actor, Permission.GRANT_AUTHORISATIONS)
    found = queries.authorisation_facts(session, command.authorisation_id)
    _check_person(session, actor, found.person_id)
    check_end(found, command.ended_on)
    reason = normalise(command.reason)
    if not reason:
        raise InvalidInput.of("reason", "field.missing")
    session.add(
        AuthorisationEnd(
            authorisation_id=found.id,
            ended_on=command.ended_on,
            reason=reason,
            actor_id=actor.person_id,
            actor_name=actor.name,
            recorded_at=now,
        )
    )
    session.flush()
    audit.record(
        session,
        actor,
        "authorisation.end",
        ("authorisation", found.id),
        now=now,
        before={"valid_to": found.valid_to},
        after={"ended_on": command.ended_on, "reason": reason},
    )
    return queries.authorisation_facts(session, found.id)


def _check_person(session: Session, actor: Actor, person_id: int) -> None:
    """Refuse a person who does not belong to the actor's laboratory."""
    if session.get(Person, person_id) is None:
        raise NotFound
    if actor.may("system"):
        return
    belongs = select(Membership.id).filter_by(person_id=person_id, organisation_id=actor.laboratory_id).limit(1)
    if actor.laboratory_id is None or session.execute(belongs).first() is None:
        raise NotFound


def _check_objects(session: Session, actor: Actor, command: GrantAuthorisation) -> None:
    """Refuse a procedure or site of another laboratory."""
    procedure = session.get(Procedure, command.procedure_id) if command.procedure_id is not None else None
    site = session.get(Site, command.site_id) if command.site_id is not None else None
    if (procedure is None) != (command.procedure_id is None) or (site is None) != (command.site_id is None):
        raise NotFound
    if actor.may("system"):
        return
    if any(row is not None and row.organisation_id != actor.laboratory_id for row in (procedure, site)):
        raise NotFound
