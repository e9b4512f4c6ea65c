"""What is asked of procedures, authorisations and scopes; everything returned is plain facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.people.models import Person
from lims.procedures.definition import from_canonical
from lims.procedures.facts import (
    Activity,
    AuthorisationFacts,
    ProcedureFacts,
    ProcedureVersionFacts,
    ScopeKind,
    ScopeLineFacts,
    ScopeVersionFacts,
    VersionLine,
    VersionState,
)
from lims.procedures.models import Authorisation, AuthorisationEnd, Procedure, ProcedureVersion, ScopeLine, ScopeVersion
from lims.procedures.scope import matching_line
from lims.procedures.validity import first_in_force, in_force, version_in_force

DEFAULT_PROBABILITY = Decimal("0.9545")


def procedure_version_facts(session: Session, version_id: int) -> ProcedureVersionFacts:
    """Return a version with its definition. Raises NotFound."""
    found = session.execute(_VERSION, {"version": version_id}).first()
    if found is None:
        raise NotFound
    version, procedure = found
    return ProcedureVersionFacts(
        id=version.id,
        procedure_id=procedure.id,
        organisation_id=procedure.organisation_id,
        code=procedure.code,
        version=version.version,
        title_vi=procedure.title_vi,
        title_en=procedure.title_en or "",
        state=VersionState(version.state),
        method_reference=version.method_reference,
        instrument_kind=procedure.instrument_kind,
        activity=procedure.activity,
        legal_regime=procedure.legal_regime,
        valid_from=version.valid_from,
        valid_to=version.valid_to,
        definition=from_canonical(version.definition),
        definition_digest=version.definition_digest,
        created_by_id=version.created_by_id,
        created_by_name=version.created_by_name,
        created_at=version.created_at,
        approved_by_name=version.approved_by_name or "",
        approved_at=version.approved_at,
        row_version=version.row_version,
    )


def procedures(session: Session, organisation_id: int, *, on: date) -> list[ProcedureFacts]:
    """Return a laboratory's procedures by code, each with its version in force and its draft."""
    query = select(Procedure).where(Procedure.organisation_id == organisation_id).order_by(Procedure.code)
    rows = session.execute(query).scalars().all()
    lines = _lines(session, Procedure.organisation_id == organisation_id)
    return [_procedure(row, [line for line in lines if line.procedure_id == row.id], on) for row in rows]


def procedure_facts(session: Session, procedure_id: int, *, on: date) -> ProcedureFacts:
    """Return a procedure. Raises NotFound."""
    row = session.get(Procedure, procedure_id)
    if row is None:
        raise NotFound
    return _procedure(row, versions_of(session, procedure_id), on)


def versions_of(session: Session, procedure_id: int) -> list[VersionLine]:
    """Return a procedure's versions, the newest first."""
    return _lines(session, ProcedureVersion.procedure_id == procedure_id)


def versions_for(
    session: Session,
    *,
    instrument_kind: str,
    on: date,
    organisation_id: int,
    legal_regime: str = "calibration",
) -> list[VersionLine]:
    """Return the versions by which a kind of instrument may be worked on at a date."""
    lines = _lines(
        session,
        Procedure.organisation_id == organisation_id,
        Procedure.instrument_kind == instrument_kind,
        Procedure.legal_regime == legal_regime,
        ProcedureVersion.state != VersionState.DRAFT,
    )
    return sorted((line for line in lines if version_in_force(line, on)), key=lambda line: (line.code, -line.id))


def authorisation_facts(session: Session, authorisation_id: int) -> AuthorisationFacts:
    """Return an authorisation. Raises NotFound."""
    found = _authorisations(session, Authorisation.id == authorisation_id)
    if not found:
        raise NotFound
    return found[0]


def authorisation_for(
    session: Session, person_id: int, *, procedure_id: int, activity: str, on: date, site_id: int | None
) -> AuthorisationFacts | None:
    """Return the authorisation by which a person may do something in a procedure that day, None if there is none."""
    asked = {"person": person_id, "procedure": procedure_id, "activity": str(activity)}
    found = [_authorisation(*row) for row in session.execute(_FOR_PERSON, asked)]
    return first_in_force(found, on=on, site_id=site_id)


def signatory_authorisation(
    session: Session, person_id: int, *, kind: str, on: date, site_id: int | None
) -> AuthorisationFacts | None:
    """Return the authorisation (or delegation) by which a person signs papers of a kind that day, or None."""
    found = _authorisations(
        session,
        Authorisation.person_id == person_id,
        Authorisation.signatory_kind == str(kind),
        Authorisation.activity == Activity.RELEASE,
    )
    return first_in_force(found, on=on, site_id=site_id)


def people_authorised(
    session: Session, *, procedure_id: int, activity: str, on: date, site_id: int | None
) -> list[AuthorisationFacts]:
    """Return, per person, the authorisation that lets them do something in a procedure that day."""
    found = _authorisations(
        session, Authorisation.procedure_id == procedure_id, Authorisation.activity == str(activity)
    )
    by_person: dict[int, list[AuthorisationFacts]] = {}
    for one in found:
        by_person.setdefault(one.person_id, []).append(one)
    holding = (first_in_force(ones, on=on, site_id=site_id) for ones in by_person.values())
    return [one for one in holding if one is not None]


def authorisations(session: Session, *, person_ids: Sequence[int], on: date | None = None) -> list[AuthorisationFacts]:
    """Return the authorisations of some people, all of them or those in force on a date."""
    found = _authorisations(session, Authorisation.person_id.in_(person_ids))
    return found if on is None else [one for one in found if in_force(one, on)]


def scope_versions(session: Session, site_id: int) -> list[ScopeVersionFacts]:
    """Return a site's scopes with their lines, the newest first."""
    query = select(ScopeVersion).where(ScopeVersion.site_id == site_id)
    rows = session.execute(query.order_by(ScopeVersion.valid_from.desc(), ScopeVersion.id.desc())).scalars().all()
    lines = scope_lines(session, site_id)
    return [
        ScopeVersionFacts(
            id=row.id,
            site_id=row.site_id,
            kind=ScopeKind(row.kind),
            version=row.version,
            body_number=row.body_number,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            recorded_at=row.recorded_at,
            lines=tuple(line for line in lines if line.scope_version_id == row.id),
        )
        for row in rows
    ]


def scope_line_for(
    session: Session,
    *,
    site_id: int,
    quantity: str,
    instrument_kind: str,
    value: Decimal,
    unit: str,
    method: str,
    on_site: bool,
    on: date,
) -> ScopeLineFacts | None:
    """Return the scope line that holds for a value that day; `method` may list several names, by commas."""
    return matching_line(
        scope_lines(session, site_id),
        quantity=quantity,
        instrument_kind=instrument_kind,
        value=value,
        unit=unit,
        method=method,
        on_site=on_site,
        on=on,
    )


def _versions() -> Select[ProcedureVersion, Procedure]:
    return select(ProcedureVersion, Procedure).join(Procedure, Procedure.id == ProcedureVersion.procedure_id)


_VERSION: Final = _versions().where(ProcedureVersion.id == bindparam("version"))


def _lines(session: Session, *conditions: Any) -> list[VersionLine]:
    query = _versions().where(*conditions).order_by(ProcedureVersion.id.desc())
    return [
        VersionLine(
            id=version.id,
            procedure_id=procedure.id,
            code=procedure.code,
            version=version.version,
            title_vi=procedure.title_vi,
            title_en=procedure.title_en or "",
            state=VersionState(version.state),
            method_reference=version.method_reference,
            valid_from=version.valid_from,
            valid_to=version.valid_to,
            approved_by_name=version.approved_by_name or "",
        )
        for version, procedure in session.execute(query)
    ]


def _procedure(row: Procedure, lines: Sequence[VersionLine], on: date) -> ProcedureFacts:
    """Join a procedure with its versions, which come newest first."""
    current = next((line for line in lines if version_in_force(line, on)), None)
    draft = next((line for line in lines if line.state is VersionState.DRAFT), None)
    return ProcedureFacts(
        id=row.id,
        organisation_id=row.organisation_id,
        code=row.code,
        title_vi=row.title_vi,
        title_en=row.title_en or "",
        instrument_kind=row.instrument_kind,
        activity=row.activity,
        legal_regime=row.legal_regime,
        current_version_id=current.id if current else None,
        current_version=current.version if current else "",
        draft_version_id=draft.id if draft else None,
        draft_version=draft.version if draft else "",
        newest_version_id=lines[0].id if lines else None,
    )


_AUTHORISATIONS: Final = (
    select(Authorisation, AuthorisationEnd, Person.full_name, Procedure.code)
    .join(Person, Person.id == Authorisation.person_id)
    .outerjoin(AuthorisationEnd, AuthorisationEnd.authorisation_id == Authorisation.id)
    .outerjoin(Procedure, Procedure.id == Authorisation.procedure_id)
    .order_by(Person.sort_key, Authorisation.id)
)
# Written once: asked for every reading.
_FOR_PERSON: Final = _AUTHORISATIONS.where(
    Authorisation.person_id == bindparam("person"),
    Authorisation.procedure_id == bindparam("procedure"),
    Authorisation.activity == bindparam("activity"),
)


def _authorisations(session: Session, *conditions: Any) -> list[AuthorisationFacts]:
    return [_authorisation(*row) for row in session.execute(_AUTHORISATIONS.where(*conditions))]


def _authorisation(row: Authorisation, end: AuthorisationEnd | None, name: str, code: str | None) -> AuthorisationFacts:
    return AuthorisationFacts(
        id=row.id,
        person_id=row.person_id,
        person_name=name,
        site_id=row.site_id,
        procedure_id=row.procedure_id,
        procedure_code=code or "",
        signatory_kind=row.signatory_kind,
        activity=Activity(row.activity),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        evidence=row.evidence,
        granted_by_id=row.granted_by_id,
        granted_by_name=row.granted_by_name,
        granted_at=row.granted_at,
        ended_on=end.ended_on if end else None,
        end_reason=end.reason if end else "",
    )


def scope_lines(session: Session, site_id: int) -> list[ScopeLineFacts]:
    """Return the lines of all scopes of a site, with what their versions say."""
    query = (
        select(ScopeLine, ScopeVersion)
        .join(ScopeVersion, ScopeVersion.id == ScopeLine.scope_version_id)
        .where(ScopeVersion.site_id == site_id)
        .order_by(ScopeVersion.id, ScopeLine.position)
    )
    return [scope_line(line, version) for line, version in session.execute(query)]


def scope_line(line: ScopeLine, version: ScopeVersion) -> ScopeLineFacts:
    """Join a line with what its version says."""
    values: Mapping[str, Any] = {
        name: getattr(line, name)
        for name in ("id", "scope_version_id", "position", "quantity", "lower", "upper", "unit", "cmc_unit")
    }
    return ScopeLineFacts(
        **values,
        kind=ScopeKind(version.kind),
        version=version.version,
        body_number=version.body_number,
        valid_from=version.valid_from,
        valid_to=version.valid_to,
        site_id=version.site_id,
        instrument_kind=line.instrument_kind or "",
        title_vi=line.title_vi,
        title_en=line.title_en or "",
        parameter=line.parameter or "",
        method=line.method,
        cmc_expression=line.cmc_expression,
        coverage_probability=line.coverage_probability or DEFAULT_PROBABILITY,
        on_site=line.on_site,
    )
