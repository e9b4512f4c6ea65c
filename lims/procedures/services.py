"""What people do with procedures: take in, revise, approve and withdraw versions. Every step leaves a trace."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.errors import InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.people.access import Permission, require
from lims.people.models import Organisation
from lims.procedures import queries
from lims.procedures.authorisation_services import end_authorisation, grant_authorisation
from lims.procedures.definition import canonical, digest
from lims.procedures.facts import (
    AddVersion,
    ApproveVersion,
    CreateProcedure,
    ProcedureFile,
    ProcedureVersionFacts,
    ReviseDraft,
    VersionState,
    WithdrawVersion,
)
from lims.procedures.models import Procedure, ProcedureVersion
from lims.procedures.scope_services import record_scope
from lims.procedures.validity import check_approval

__all__ = [
    "add_version",
    "approve_version",
    "create_procedure",
    "end_authorisation",
    "grant_authorisation",
    "record_scope",
    "revise_draft",
    "withdraw_version",
]


def create_procedure(
    session: Session, actor: Actor, command: CreateProcedure, *, now: datetime
) -> ProcedureVersionFacts:
    """Take in a procedure with its first version as a draft (ISO/IEC 17025:2017, 7.2.1).

    Who may: people of the laboratory who manage procedures. Refuses a code that the laboratory already has.
    """
    require(actor, Permission.MANAGE_PROCEDURES)
    _own_laboratory(session, actor, command.organisation_id)
    head = command.file.header
    taken = select(Procedure.id).filter_by(organisation_id=command.organisation_id, code=head.code)
    if session.execute(taken).first() is not None:
        raise InvalidInput.of("procedure.code", "procedure.code_taken", code=head.code)
    procedure = Procedure(
        organisation_id=command.organisation_id,
        code=head.code,
        title_vi=head.title_vi,
        title_en=head.title_en or None,
        instrument_kind=head.instrument_kind,
        activity=head.activity,
        legal_regime=head.legal_regime,
        created_at=now,
    )
    session.add(procedure)
    session.flush()
    return _new_version(session, actor, procedure, command.file, now)


def add_version(session: Session, actor: Actor, command: AddVersion, *, now: datetime) -> ProcedureVersionFacts:
    """Take in a further version of a procedure as a draft.

    Who may: people of the laboratory who manage procedures. Refuses a file of another procedure, a version number
    already used, and a second draft beside one that waits.
    """
    require(actor, Permission.MANAGE_PROCEDURES)
    procedure = _own_procedure(session, actor, command.procedure_id)
    _same_procedure(procedure, command.file)
    versions = queries.versions_of(session, procedure.id)
    if any(line.version == command.file.header.version for line in versions):
        raise InvalidInput.of(
            "procedure.version", "procedure.version_taken", code=procedure.code, version=command.file.header.version
        )
    draft = next((line for line in versions if line.state is VersionState.DRAFT), None)
    if draft is not None:
        raise RuleViolation("procedure.draft_waits", version=draft.version)
    return _new_version(session, actor, procedure, command.file, now)


def revise_draft(session: Session, actor: Actor, command: ReviseDraft, *, now: datetime) -> ProcedureVersionFacts:
    """Replace what a draft says; whoever revises it last is who drew it up and does not approve it.

    Who may: people of the laboratory who manage procedures. Refuses a version that is no draft, and a stale one.
    """
    require(actor, Permission.MANAGE_PROCEDURES)
    row, before = _own_version(session, actor, command.version_id, command.row_version)
    if before.state is not VersionState.DRAFT:
        raise RuleViolation("procedure.not_a_draft", version=before.version, state=before.state)
    _same_procedure(session.get_one(Procedure, row.procedure_id), command.file)
    text = canonical(command.file.definition)
    row.version = command.file.header.version
    row.definition, row.definition_digest = text, digest(text)
    row.method_reference = command.file.header.method_reference
    row.created_by_id, row.created_by_name = actor.person_id, actor.name
    session.flush()
    audit.record(
        session,
        actor,
        "procedure.revise_draft",
        ("procedure_version", row.id),
        now=now,
        before={"version": before.version, "digest": before.definition_digest},
        after={"version": row.version, "digest": row.definition_digest},
    )
    return queries.procedure_version_facts(session, row.id)


def approve_version(session: Session, actor: Actor, command: ApproveVersion, *, now: datetime) -> ProcedureVersionFacts:
    """Approve a draft: it is frozen and may be worked by from a date on (ISO/IEC 17025:2017, 7.2.1.5).

    Versions open until then end the day before. Who may: people of the laboratory who approve procedures, but not
    who drew the draft up. Refuses a date on or before the start of a version already approved.
    """
    require(actor, Permission.APPROVE_PROCEDURES)
    row, version = _own_version(session, actor, command.version_id, command.row_version)
    check_approval(version, actor.person_id)
    for earlier in _open_versions(session, row.procedure_id):
        if earlier.valid_from is not None and earlier.valid_from >= command.valid_from:
            raise RuleViolation("procedure.approval_too_early", version=earlier.version, valid_from=earlier.valid_from)
        earlier.valid_to = command.valid_from - timedelta(days=1)
    row.state, row.valid_from = VersionState.APPROVED, command.valid_from
    row.approved_at, row.approved_by_id, row.approved_by_name = now, actor.person_id, actor.name
    session.flush()
    audit.record(
        session,
        actor,
        "procedure.approve_version",
        ("procedure_version", row.id),
        now=now,
        before={"state": version.state},
        after={"state": row.state, "valid_from": row.valid_from, "digest": row.definition_digest},
    )
    return queries.procedure_version_facts(session, row.id)


def withdraw_version(
    session: Session, actor: Actor, command: WithdrawVersion, *, now: datetime
) -> ProcedureVersionFacts:
    """End an approved version; runs that were opened by it keep it.

    Who may: people of the laboratory who approve procedures. Refuses a draft, an earlier end, and a missing reason.
    """
    require(actor, Permission.APPROVE_PROCEDURES)
    row, version = _own_version(session, actor, command.version_id, command.row_version)
    if version.state is not VersionState.APPROVED:
        raise RuleViolation("procedure.not_approved", version=version.version, state=version.state)
    if not command.reason.strip():
        raise InvalidInput.of("reason", "field.missing")
    if version.valid_from is not None and command.ends_on < version.valid_from - timedelta(days=1):
        raise InvalidInput.of("ends_on", "procedure.end_before_start", valid_from=version.valid_from)
    row.state, row.valid_to, row.withdrawn_reason = VersionState.WITHDRAWN, command.ends_on, command.reason.strip()
    session.flush()
    audit.record(
        session,
        actor,
        "procedure.withdraw_version",
        ("procedure_version", row.id),
        now=now,
        before={"state": version.state, "valid_to": version.valid_to},
        after={"state": row.state, "valid_to": row.valid_to, "reason": row.withdrawn_reason},
    )
    return queries.procedure_version_facts(session, row.id)


def _new_version(
    session: Session, actor: Actor, procedure: Procedure, file: ProcedureFile, now: datetime
) -> ProcedureVersionFacts:
    text = canonical(file.definition)
    row = ProcedureVersion(
        procedure_id=procedure.id,
        version=file.header.version,
        state=VersionState.DRAFT,
        definition=text,
        definition_digest=digest(text),
        method_reference=file.header.method_reference,
        created_at=now,
        created_by_id=actor.person_id,
        created_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    after = {"code": procedure.code, "version": row.version, "digest": row.definition_digest}
    audit.record(session, actor, "procedure.add_version", ("procedure_version", row.id), now=now, after=after)
    return queries.procedure_version_facts(session, row.id)


def _own_laboratory(session: Session, actor: Actor, organisation_id: int) -> None:
    """Refuse another laboratory: it reads as if it did not exist."""
    row = session.get(Organisation, organisation_id)
    if row is None or not row.is_laboratory or not (actor.may("system") or actor.laboratory_id == organisation_id):
        raise NotFound


def _own_procedure(session: Session, actor: Actor, procedure_id: int) -> Procedure:
    procedure = session.get(Procedure, procedure_id, with_for_update=True)  # one draft at a time
    if procedure is None:
        raise NotFound
    _own_laboratory(session, actor, procedure.organisation_id)
    return procedure


def _own_version(
    session: Session, actor: Actor, version_id: int, row_version: int
) -> tuple[ProcedureVersion, ProcedureVersionFacts]:
    row = session.get(ProcedureVersion, version_id)
    if row is None:
        raise NotFound
    _own_procedure(session, actor, row.procedure_id)
    if row.row_version != row_version:
        raise StaleRecord("record.stale_between", seen=row_version, present=row.row_version)
    return row, queries.procedure_version_facts(session, version_id)


def _same_procedure(procedure: Procedure, file: ProcedureFile) -> None:
    """Refuse a file that is of another procedure, or would change what a procedure is for."""
    head = file.header
    if head.code != procedure.code:
        raise InvalidInput.of("procedure.code", "procedure.other_code", code=head.code, expected=procedure.code)
    if (head.instrument_kind, head.legal_regime) != (procedure.instrument_kind, procedure.legal_regime):
        raise InvalidInput.of(
            "procedure.instrument_kind",
            "procedure.other_kind",
            kind=f"{head.instrument_kind}, {head.legal_regime}",
            expected=f"{procedure.instrument_kind}, {procedure.legal_regime}",
        )


def _open_versions(session: Session, procedure_id: int) -> list[ProcedureVersion]:
    query = select(ProcedureVersion).where(
        ProcedureVersion.procedure_id == procedure_id,
        ProcedureVersion.state == VersionState.APPROVED,
        ProcedureVersion.valid_to.is_(None),
    )
    return list(session.execute(query).scalars())
