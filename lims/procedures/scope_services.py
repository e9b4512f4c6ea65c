"""What people do with a scope: record a version of it with its lines."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from calc.units import canonical_unit
from lims.core import audit
from lims.core.actor import Actor
from lims.core.blobs import put_blob
from lims.core.errors import InvalidInput, NotFound
from lims.people.access import Permission, require
from lims.people.models import Site
from lims.procedures import queries
from lims.procedures.facts import RecordScope, ScopeLineInput, ScopeVersionFacts
from lims.procedures.models import ScopeLine, ScopeVersion
from lims.procedures.scope import check_line
from lims.procedures.scope_coverage import first_overlap


def record_scope(session: Session, actor: Actor, command: RecordScope, *, now: datetime) -> ScopeVersionFacts:
    """Record a version of a site's scope; the version of the same kind that was open ends the day before.

    Who may: people of that site's laboratory who manage its scope. Refuses lines that do not hold together, two lines
    that hold for the same values, a version number already used, and a start on or before that of the version before
    (ISO/IEC 17025:2017, 5.3).
    """
    require(actor, Permission.MANAGE_SCOPE)
    site = session.get(Site, command.site_id)
    if site is None or not (actor.may("system") or actor.laboratory_id == site.organisation_id):
        raise NotFound
    _check(command)
    _end_open_version(session, command)
    sha256 = put_blob(session, command.document, "application/pdf", now=now) if command.document else None
    row = ScopeVersion(
        site_id=command.site_id,
        kind=command.kind,
        version=command.version,
        body_number=command.body_number,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        document_sha256=sha256,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    session.add_all(_line(row.id, position, line) for position, line in enumerate(command.lines, 1))
    session.flush()
    after = {"kind": command.kind, "version": command.version, "lines": len(command.lines), "from": command.valid_from}
    audit.record(session, actor, "scope.record", ("scope_version", row.id), now=now, site_id=site.id, after=after)
    return next(version for version in queries.scope_versions(session, site.id) if version.id == row.id)


def _check(command: RecordScope) -> None:
    if not command.lines:
        raise InvalidInput.of("lines", "scope.no_lines")
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise InvalidInput.of("valid_to", "scope.dates")
    for number, line in enumerate(command.lines, 1):
        check_line(line, f"lines.{number}.")
    overlap = first_overlap(command.lines)
    if overlap is not None:
        raise InvalidInput.of(f"lines.{overlap[1]}.lower", "scope.overlap", line=overlap[0])


def _end_open_version(session: Session, command: RecordScope) -> None:
    query = select(ScopeVersion).filter_by(site_id=command.site_id, kind=command.kind)
    for earlier in session.execute(query).scalars():
        if earlier.version == command.version:
            raise InvalidInput.of("version", "scope.version_taken", version=command.version)
        if earlier.valid_to is not None and earlier.valid_to < command.valid_from:
            continue
        if earlier.valid_from >= command.valid_from:
            raise InvalidInput.of("valid_from", "scope.starts_before", valid_from=earlier.valid_from)
        earlier.valid_to = command.valid_from - timedelta(days=1)


def _line(version_id: int, position: int, line: ScopeLineInput) -> ScopeLine:
    unit, cmc_unit = canonical_unit(line.unit), canonical_unit(line.cmc_unit)
    return ScopeLine(
        scope_version_id=version_id,
        position=position,
        quantity=line.quantity,
        instrument_kind=line.instrument_kind or None,
        title_vi=line.title_vi,
        title_en=line.title_en or None,
        lower=line.lower,
        upper=line.upper,
        unit=unit,
        parameter=line.parameter or None,
        method=line.method,
        cmc_expression=line.cmc_expression,
        cmc_unit=cmc_unit,
        coverage_probability=line.coverage_probability,
        on_site=line.on_site,
    )
