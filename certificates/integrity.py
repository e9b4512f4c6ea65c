"""The hashes stored with certificates, templates and impact studies; that no number was lost."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certificates.document import template_digest
from certificates.impact_models import ImpactResult, ImpactStudy
from certificates.impact_services import row_digest
from certificates.models import Certificate, CertificateRun, TemplateVersion
from lims.calibrations.models import Evaluation
from lims.core.canonical import digest
from lims.core.db import Base
from lims.core.integrity import BATCH, TOKEN, Check, Found, IntegrityProblem, malformed
from lims.core.models import NumberCounter


def _certificates(session: Session) -> Found:
    for certificate in session.execute(select(Certificate).execution_options(yield_per=BATCH)).scalars():
        values: dict[str, object] = {"number": certificate.number, "version": certificate.version}
        if digest(certificate.content) != certificate.content_digest:
            yield IntegrityProblem("integrity.certificate_content", values)
        elif not _says_the_same(certificate):
            yield IntegrityProblem("integrity.certificate_head", values)
        if certificate.state != "issuing" and certificate.pdf_sha256 is None:
            yield IntegrityProblem("integrity.certificate_without_pdf", values)
        yield 1


def _says_the_same(certificate: Certificate) -> bool:
    """Hold the columns that lists show against the frozen content."""
    content = json.loads(certificate.content)
    said = (content["identification"]["number"], content["identification"]["version"], content["issued_on"])
    return said == (certificate.number, certificate.version, certificate.issued_on.isoformat())


def _certificate_runs(session: Session) -> Found:
    query = select(CertificateRun.id, CertificateRun.evaluation_digest, Evaluation.digest).join(
        Evaluation, CertificateRun.evaluation_id == Evaluation.id
    )
    for row_id, named, stored in session.execute(query):
        if named != stored:
            yield IntegrityProblem("integrity.certificate_run", {"id": row_id})
        yield 1


def _templates(session: Session) -> Found:
    for template in session.execute(select(TemplateVersion)).scalars():
        if template_digest(template.version) != template.digest:
            yield IntegrityProblem("integrity.template_edited", {"name": template.name, "version": template.version})
        yield 1


def _numbers(session: Session) -> Found:
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


def _impact_studies(session: Session) -> Found:
    """Each row of a study by its digest, and the study by those of its rows."""
    for study in session.execute(select(ImpactStudy)).scalars():
        sound = digest(study.parameters) == study.parameters_digest
        rows = select(ImpactResult).filter_by(study_id=study.id).order_by(ImpactResult.run_id)
        digests = [study.parameters_digest]
        for row in session.execute(rows.execution_options(yield_per=BATCH)).scalars():
            digests.append(row.digest)
            if row_digest(row.run_id, row.evaluation_id, row.finding, row.lines) != row.digest:
                yield IntegrityProblem("integrity.impact_result", {"study": study.id, "run_id": row.run_id})
        if study.result_digest is not None and digest("\n".join(digests)) != study.result_digest:
            sound = False
        if not sound:
            yield IntegrityProblem("integrity.impact_study", {"study": study.id})
        yield 1


def _tokens(session: Session) -> Found:
    yield from malformed(session, Base.metadata, "certificate.token", TOKEN)


CHECKS: Final = (
    Check("certificates", _certificates, ("certificate.content_digest",)),
    Check("certificate_runs", _certificate_runs, ("certificate_run.evaluation_digest",)),
    Check("certificate_tokens", _tokens, ("certificate.token",)),
    Check("templates", _templates, ("template_version.digest",)),
    Check("numbers", _numbers),
    Check(
        "impact_studies",
        _impact_studies,
        ("impact_study.parameters_digest", "impact_study.result_digest", "impact_result.digest"),
    ),
)
