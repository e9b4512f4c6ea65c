"""Procedures, authorisations and scopes for tests: the weighing procedure, approved, unless told otherwise."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from lims.procedures import queries
from lims.procedures.definition import canonical, digest
from lims.procedures.facts import (
    Activity,
    AuthorisationFacts,
    ProcedureFile,
    ProcedureVersionFacts,
    ScopeKind,
    ScopeVersionFacts,
    VersionState,
)
from lims.procedures.models import Authorisation, Procedure, ProcedureVersion, ScopeLine, ScopeVersion
from lims.procedures.procedure_file import read_toml

SINCE = date(2026, 1, 1)
AT = datetime(2026, 1, 1, 1, 0, tzinfo=UTC)
WEIGHING = Path(__file__).resolve().parents[2] / "lims" / "demo" / "procedures" / "hc-kl-01.toml"


def weighing_text() -> str:
    """Return the TOML of the weighing procedure."""
    return WEIGHING.read_text(encoding="utf-8")


def weighing_file(**header: Any) -> ProcedureFile:
    """Return the weighing procedure, with changes in its head."""
    file = read_toml(weighing_text())
    return dataclasses.replace(file, header=dataclasses.replace(file.header, **header))


def make_procedure_version(
    session: Session,
    *,
    organisation_id: int,
    file: ProcedureFile | None = None,
    state: VersionState = VersionState.APPROVED,
    valid_from: date = SINCE,
    valid_to: date | None = None,
    created_by_id: int = 0,
) -> ProcedureVersionFacts:
    """Put a procedure with one version into the database."""
    file = file or read_toml(weighing_text())
    head, text = file.header, canonical(file.definition)
    procedure = Procedure(
        organisation_id=organisation_id,
        code=head.code,
        title_vi=head.title_vi,
        title_en=head.title_en or None,
        instrument_kind=head.instrument_kind,
        activity=head.activity,
        legal_regime=head.legal_regime,
        created_at=AT,
    )
    session.add(procedure)
    session.flush()
    approved = state is not VersionState.DRAFT
    version = ProcedureVersion(
        procedure_id=procedure.id,
        version=head.version,
        state=state,
        definition=text,
        definition_digest=digest(text),
        method_reference=head.method_reference,
        approved_at=AT if approved else None,
        approved_by_id=0 if approved else None,
        approved_by_name="Nguyễn Văn Mẫu" if approved else None,
        valid_from=valid_from if approved else None,
        valid_to=valid_to,
        created_at=AT,
        created_by_id=created_by_id,
        created_by_name="Trần Thị Mẫu",
    )
    session.add(version)
    session.flush()
    return queries.procedure_version_facts(session, version.id)


def make_authorisation(
    session: Session,
    *,
    person_id: int,
    activity: Activity = Activity.PERFORM,
    procedure_id: int | None = None,
    signatory_kind: str | None = None,
    site_id: int | None = None,
    valid_from: date = SINCE,
    valid_to: date | None = None,
) -> AuthorisationFacts:
    """Authorise a person."""
    row = Authorisation(
        person_id=person_id,
        site_id=site_id,
        procedure_id=procedure_id,
        signatory_kind=signatory_kind,
        activity=activity,
        valid_from=valid_from,
        valid_to=valid_to,
        evidence="Quyết định 01/QĐ",
        granted_by_id=0,
        granted_by_name="Chuan LIMS",
        granted_at=AT,
    )
    session.add(row)
    session.flush()
    return queries.authorisation_facts(session, row.id)


def make_scope(
    session: Session,
    *,
    site_id: int,
    kind: ScopeKind = ScopeKind.ACCREDITATION,
    version: str = "1",
    valid_from: date = SINCE,
    valid_to: date | None = None,
    **line: Any,
) -> ScopeVersionFacts:
    """Put a scope with one line into the database: masses from 1 kg to 20 kg by HC-KL-01, CMC 30 mg."""
    row = ScopeVersion(
        site_id=site_id,
        kind=kind,
        version=version,
        body_number="VILAS 0000",
        valid_from=valid_from,
        valid_to=valid_to,
        recorded_at=AT,
    )
    session.add(row)
    session.flush()
    values: dict[str, Any] = {
        "quantity": "mass",
        "title_vi": "Quả cân",
        "lower": Decimal(1),
        "upper": Decimal(20),
        "unit": "kg",
        "method": "HC-KL-01",
        "cmc_expression": "30",
        "cmc_unit": "mg",
        "coverage_probability": Decimal("0.9545"),
        "on_site": False,
    }
    session.add(ScopeLine(scope_version_id=row.id, position=1, **(values | line)))
    session.flush()
    return next(found for found in queries.scope_versions(session, site_id) if found.id == row.id)
