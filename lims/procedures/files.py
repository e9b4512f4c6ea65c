"""Procedures as files: what the command line's import, export and check do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import FieldError, InvalidInput, NotFound
from lims.procedures import queries, services
from lims.procedures.facts import (
    AddVersion,
    CreateProcedure,
    ProcedureFile,
    ProcedureHeader,
    ProcedureVersionFacts,
)
from lims.procedures.models import Procedure
from lims.procedures.procedure_file import read_toml, write_toml


def check_file(text: str) -> Sequence[FieldError]:
    """Return every fault of a procedure file by its key's path; an empty list means it can be imported."""
    try:
        read_toml(text)
    except InvalidInput as error:
        return error.fields
    return ()


def import_file(
    session: Session, actor: Actor, text: str, *, organisation_id: int, now: datetime
) -> ProcedureVersionFacts:
    """Take a file in as a draft: as a new procedure, or as a further version of the one with its code."""
    file = read_toml(text)
    known = select(Procedure.id).filter_by(organisation_id=organisation_id, code=file.header.code)
    procedure_id = session.execute(known).scalar_one_or_none()
    if procedure_id is None:
        return services.create_procedure(session, actor, CreateProcedure(organisation_id, file), now=now)
    return services.add_version(session, actor, AddVersion(procedure_id, file), now=now)


def export_file(session: Session, code: str, version: str | None = None, *, organisation_id: int, on: date) -> str:
    """Return a procedure as TOML: the version named, else the one in force, else the newest. Raises NotFound."""
    known = select(Procedure.id).filter_by(organisation_id=organisation_id, code=code)
    procedure_id = session.execute(known).scalar_one_or_none()
    if procedure_id is None:
        raise NotFound("procedure.not_found", code=code)
    if version is None:
        facts = queries.procedure_facts(session, procedure_id, on=on)
        wanted = facts.current_version_id or facts.newest_version_id
    else:
        lines = queries.versions_of(session, procedure_id)
        wanted = next((line.id for line in lines if line.version == version), None)
    if wanted is None:
        raise NotFound("procedure.not_found", code=code)
    return write_toml(file_of(queries.procedure_version_facts(session, wanted)))


def file_of(version: ProcedureVersionFacts) -> ProcedureFile:
    """Return a stored version as the file it can be exported to."""
    header = ProcedureHeader(
        code=version.code,
        version=version.version,
        title_vi=version.title_vi,
        title_en=version.title_en,
        instrument_kind=version.instrument_kind,
        method_reference=version.method_reference,
        activity=version.activity,
        legal_regime=version.legal_regime,
    )
    return ProcedureFile(header, version.definition)
