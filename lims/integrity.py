"""The integrity of a whole database: every stored hash, every reference, every trigger, every number, every chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from certificates.models import Certificate, CertificateRun, TemplateVersion
from lims.calibrations.models import Decision, Evaluation
from lims.core.audit import ChainHead, verify_chains
from lims.core.canonical import digest
from lims.core.db import Database, alembic_config, current_revision
from lims.core.models import Blob, NumberCounter
from lims.core.triggers import existing_triggers, plan_of, wanted_triggers
from lims.procedures.models import ProcedureVersion
from lims.schema import load_tables

_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class IntegrityProblem:
    """One thing that does not hold: a code, and the values its words need."""

    code: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """What was checked (rows or objects, by kind) and what does not hold."""

    checked: dict[str, int]
    problems: tuple[IntegrityProblem, ...]


Check = Callable[[Session], Iterator[IntegrityProblem | int]]


def check_database(database: Database, anchors: list[ChainHead]) -> IntegrityReport:
    """Check everything; reads only. Returns the counts of what was checked and every problem found."""
    problems: list[IntegrityProblem] = list(_schema(database))
    checked = {"tables": len(load_tables().tables)}
    if problems:
        return IntegrityReport(checked, tuple(problems))
    with database.reading() as session:
        for name, check in CHECKS.items():
            count = 0
            for item in check(session):
                if isinstance(item, int):
                    count += item
                else:
                    problems.append(item)
            checked[name] = count
        fault = verify_chains(session, anchors)
        if fault is not None:
            problems.append(IntegrityProblem(fault.reason, {"site_id": fault.site_id, "sequence": fault.sequence}))
    return IntegrityReport(checked, tuple(problems))


def _schema(database: Database) -> Iterator[IntegrityProblem]:
    url = database.url.render_as_string(hide_password=False)
    head = ScriptDirectory.from_config(alembic_config(url)).get_current_head()
    revision = current_revision(database)
    if revision != head:
        yield IntegrityProblem("integrity.revision", {"found": revision or "–", "wanted": head})
        return
    with database.engine.connect() as connection:
        wanted = set(wanted_triggers(plan_of(load_tables()), database.dialect))
        for name in sorted(wanted - existing_triggers(connection)):
            yield IntegrityProblem("integrity.trigger_missing", {"name": name})
        yield from _references(connection)


def _references(connection: Connection) -> Iterator[IntegrityProblem]:
    """SQLite checks keys only while they are switched on; PostgreSQL always does."""
    if connection.dialect.name != "sqlite":
        return
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield IntegrityProblem("integrity.reference", {"table": row[0], "row": row[1], "refers_to": row[2]})
    for row in connection.execute(text("PRAGMA integrity_check")):
        if row[0] != "ok":
            yield IntegrityProblem("integrity.file", {"message": row[0]})


def _blobs(session: Session) -> Iterator[IntegrityProblem | int]:
    for blob in session.execute(select(Blob).execution_options(yield_per=_BATCH)).scalars():
        if hashlib.sha256(blob.data).hexdigest() != blob.sha256 or len(blob.data) != blob.size:
            yield IntegrityProblem("blob.damaged", {"sha256": blob.sha256})
        session.expunge(blob)
        yield 1


def _procedure_versions(session: Session) -> Iterator[IntegrityProblem | int]:
    for version in session.execute(select(ProcedureVersion)).scalars():
        if digest(version.definition) != version.definition_digest:
            yield IntegrityProblem("integrity.definition", {"id": version.id, "version": version.version})
        yield 1


def _evaluations(session: Session) -> Iterator[IntegrityProblem | int]:
    for evaluation in session.execute(select(Evaluation).execution_options(yield_per=_BATCH)).scalars():
        stored = (evaluation.input_digest, evaluation.result_digest)
        if (digest(evaluation.input), digest(evaluation.result)) != stored:
            yield IntegrityProblem("integrity.evaluation", {"id": evaluation.id, "run_id": evaluation.run_id})
        yield 1


def _decisions(session: Session) -> Iterator[IntegrityProblem | int]:
    query = select(Decision.id, Decision.evaluation_digest, Evaluation.digest).join(
        Evaluation, Decision.evaluation_id == Evaluation.id
    )
    for decision_id, named, stored in session.execute(query):
        if named != stored:
            yield IntegrityProblem("integrity.decision", {"id": decision_id})
        yield 1


def _certificates(session: Session) -> Iterator[IntegrityProblem | int]:
    for certificate in session.execute(select(Certificate).execution_options(yield_per=_BATCH)).scalars():
        values: dict[str, object] = {"number": certificate.number, "version": certificate.version}
        if digest(certificate.content) != certificate.content_digest:
            yield IntegrityProblem("integrity.certificate_content", values)
        if certificate.state != "issuing" and certificate.pdf_sha256 is None:
            yield IntegrityProblem("integrity.certificate_without_pdf", values)
        yield 1
    query = select(CertificateRun.id, CertificateRun.evaluation_digest, Evaluation.digest).join(
        Evaluation, CertificateRun.evaluation_id == Evaluation.id
    )
    for row_id, named, stored in session.execute(query):
        if named != stored:
            yield IntegrityProblem("integrity.certificate_run", {"id": row_id})


def _templates(session: Session) -> Iterator[IntegrityProblem | int]:
    from certificates.document import template_digest

    for template in session.execute(select(TemplateVersion)).scalars():
        if template_digest(template.version) != template.digest:
            yield IntegrityProblem("integrity.template_edited", {"name": template.name, "version": template.version})
        yield 1


def _numbers(session: Session) -> Iterator[IntegrityProblem | int]:
    """Every number that a certificate counter gave out stands on a certificate: none lost, none doubled."""
    counters = select(NumberCounter).where(NumberCounter.kind == "certificate")
    for counter in session.execute(counters).scalars():
        certificates = session.execute(
            select(func.count(func.distinct(Certificate.number))).where(
                Certificate.site_id == counter.site_id,
                func.extract("year", Certificate.issued_on) == counter.year,
            )
        ).scalar_one()
        if certificates != counter.last_number:
            values: dict[str, object] = {"year": counter.year, "taken": counter.last_number, "found": certificates}
            yield IntegrityProblem("integrity.numbers", values)
        yield 1


CHECKS: Final[dict[str, Check]] = {
    "blobs": _blobs,
    "procedure_versions": _procedure_versions,
    "evaluations": _evaluations,
    "decisions": _decisions,
    "certificates": _certificates,
    "templates": _templates,
    "numbers": _numbers,
}


def as_json(report: IntegrityReport) -> str:
    """Return the report as one JSON document."""
    problems: list[dict[str, Any]] = [{"code": item.code, **item.values} for item in report.problems]
    return json.dumps({"checked": report.checked, "problems": problems}, ensure_ascii=False, default=str)
