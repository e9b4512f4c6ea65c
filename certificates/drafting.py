"""Step one of issuing, taken apart: gather, refuse what may not be issued, take the number, write the frozen rows."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certificates import check, queries
from certificates import content as contents
from certificates.compose import compose
from certificates.content import CertificateContent, printed_number
from certificates.document import TEMPLATE, TEMPLATE_VERSION
from certificates.facts import (
    AMEND_CLAUSE,
    ISSUE_CLAUSE,
    CertificateKind,
    CertificateSources,
    CertificateState,
    CertificateView,
    Missing,
)
from certificates.models import Certificate, CertificateRun
from certificates.sources import gather
from certificates.templates import use_template
from lims.calibrations.models import CalibrationRun
from lims.core import audit, tasks
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import NotFound, RuleViolation
from lims.core.numbering import NumberKind, take_number
from lims.core.text import search_text
from lims.people.models import Site

NUMBERS: Final = NumberKind("certificate", "HC-{site}-{year}-{number:05d}")
RENDER_TASK: Final = "render_certificate"
PENDING_NUMBER: Final = "—"


class IncompleteCertificate(RuleViolation):
    """A certificate lacks what a clause asks for; `problems` names each."""

    def __init__(self, problems: Sequence[Missing]) -> None:
        self.problems = tuple(problems)
        clauses = ", ".join(dict.fromkeys(problem.clause for problem in problems))
        super().__init__("certificate.incomplete", clause=f"ISO/IEC 17025:2017, {clauses}", clauses=clauses)


def lock_runs(session: Session, run_ids: Sequence[int]) -> None:
    """Hold the runs until the transaction ends, so that two people cannot put one run on two certificates."""
    query = select(CalibrationRun.id).where(CalibrationRun.id.in_(run_ids)).order_by(CalibrationRun.id)
    session.execute(query.with_for_update())


def gather_for(session: Session, actor: Actor, run_ids: Sequence[int], now: datetime) -> CertificateSources:
    """Return what a certificate over these runs is composed of today. Raises NotFound for another laboratory's."""
    if not run_ids:
        raise RuleViolation("certificate.no_runs", clause=ISSUE_CLAUSE)
    query = (
        select(Site.organisation_id, Site.timezone)
        .join(CalibrationRun, CalibrationRun.site_id == Site.id)
        .where(CalibrationRun.id.in_(run_ids))
    )
    places = set(session.execute(query))
    if not places or any(not actor.may("system") and place[0] != actor.laboratory_id for place in places):
        raise NotFound("run.not_found")
    return gather(session, run_ids, local_date(now, next(iter(places))[1]))


def refuse_incomplete(sources: CertificateSources) -> None:
    """Return if everything is there. Raises IncompleteCertificate naming what is missing."""
    problems = check.missing(compose(replace(sources, number=PENDING_NUMBER)))
    if problems:
        raise IncompleteCertificate(problems)


def refuse_covered(session: Session, sources: CertificateSources, allowed: int | None) -> None:
    """Refuse a run that another certificate in force (or being issued) already covers."""
    covered = queries.covering(session, [run.run.id for run in sources.runs])
    for run in sources.runs:
        others = [key for key in covered.get(run.run.id, []) if key != allowed]
        if others:
            other = session.get_one(Certificate, others[0])
            raise RuleViolation(
                "certificate.run_covered",
                clause=ISSUE_CLAUSE,
                run=run.run.number,
                number=printed_number(other.number, other.version),
            )


def refuse_pending_successor(session: Session, before: CertificateView) -> None:
    """Refuse a second successor while one is being issued."""
    query = select(Certificate.id).where(
        Certificate.related_id == before.id, Certificate.state == CertificateState.ISSUING
    )
    if session.execute(query).first() is not None:
        raise RuleViolation("certificate.successor_pending", clause=AMEND_CLAUSE, number=before.printed)


def new_number(session: Session, sources: CertificateSources) -> str:
    """Take the next number of the site; given back if the transaction fails."""
    site = sources.site
    return take_number(session, NUMBERS, site_id=site.id, site_code=site.code, on=sources.issued_on)


def next_version(session: Session, before: CertificateView) -> int:
    """Return the version that an amendment takes."""
    query = select(func.max(Certificate.version)).where(
        Certificate.site_id == before.site_id, Certificate.number == before.number
    )
    return int(session.execute(query).scalar_one()) + 1


def write_issuing(
    session: Session, actor: Actor, sources: CertificateSources, before: CertificateView | None, now: datetime
) -> CertificateView:
    """Write the certificate as *issuing*, with its frozen content, its runs, its task and its audit entry."""
    content = compose(sources)
    use_template(session, TEMPLATE_VERSION, now=now)
    row = Certificate(
        token=secrets.token_urlsafe(18),
        site_id=sources.site.id,
        number=sources.number,
        version=sources.version,
        kind=CertificateKind.CALIBRATION,
        state=CertificateState.ISSUING,
        job_id=sources.job.id,
        customer_id=sources.customer.id,
        addressee_id=sources.addressee.id,
        language=content.language,
        content=contents.to_text(content),
        content_digest=contents.content_digest(content),
        template=TEMPLATE,
        template_version=TEMPLATE_VERSION,
        relation=None if sources.relation is None else sources.relation.kind,
        related_id=None if before is None else before.id,
        relation_reason=None if sources.relation is None else sources.relation.reason.vi,
        issued_on=sources.issued_on,
        begun_at=now,
        begun_by_id=actor.person_id,
        begun_by_name=actor.name,
        search_text=_search_text(content),
    )
    session.add(row)
    session.flush()
    for run in sources.runs:
        session.add(
            CertificateRun(
                certificate_id=row.id,
                run_id=run.run.id,
                evaluation_id=run.evaluation_id,
                evaluation_digest=run.evaluation_digest,
            )
        )
    session.flush()
    tasks.enqueue(session, RENDER_TASK, {"certificate_id": row.id}, now=now)
    _note_begun(session, actor, sources, row, now)
    return queries.view_of(session, row)


def _note_begun(session: Session, actor: Actor, sources: CertificateSources, row: Certificate, now: datetime) -> None:
    audit.record(
        session,
        actor,
        "certificate.begun",
        ("certificate", row.id),
        now=now,
        site_id=row.site_id,
        after={
            "number": row.number,
            "version": row.version,
            "content_digest": row.content_digest,
            "runs": [run.run.number for run in sources.runs],
            "relation": row.relation,
            "related_id": row.related_id,
            "reason": row.relation_reason,
        },
    )


def _search_text(content: CertificateContent) -> str:
    parts = [content.identification.printed, content.identification.job_number]
    for party in (content.customer, content.addressee):
        parts += [party.name.vi, party.name.english, party.tax_code or ""]
    for item in content.items:
        parts += [item.name.vi, item.name.english, item.serial_number or "", item.asset_tag or "", item.model or ""]
    parts += [run.number for run in content.runs]
    return search_text(*parts)
