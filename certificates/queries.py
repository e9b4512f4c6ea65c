"""Reads of certificates: for the laboratory, and for anybody who holds number and token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from certificates import content as contents
from certificates.content import CertificateContent, Text, printed_number
from certificates.facts import (
    CertificateKind,
    CertificateLine,
    CertificateState,
    CertificateView,
    CoveredRun,
    IssuableRun,
    IssuedDocument,
    NoticeFacts,
    NoticeKind,
    PublicCheck,
    RelationKind,
)
from certificates.models import Certificate, CertificateNotice, CertificateRun
from lims.calibrations.facts import ISSUABLE, RunState
from lims.calibrations.models import CalibrationRun
from lims.core import blobs
from lims.core.actor import Actor
from lims.core.errors import IntegrityFailure, NotFound
from lims.jobs.models import Job, JobItem
from lims.people import queries as people
from lims.people.models import Site
from standards.models import Instrument

ALIVE = (CertificateState.ISSUING, CertificateState.ISSUED)
"""States in which a certificate stands for its runs."""


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a certificate belongs to the actor's laboratory."""
    if actor.may("system"):
        return Certificate.id.is_not(None)
    if actor.laboratory_id is None:
        return false()
    return Certificate.site_id.in_(select(Site.id).where(Site.organisation_id == actor.laboratory_id))


def certificate_view(session: Session, actor: Actor, certificate_id: int) -> CertificateView:
    """Return a certificate of the actor's laboratory. Raises NotFound, for another laboratory's as well."""
    row = session.execute(
        select(Certificate).where(Certificate.id == certificate_id, seen_by(actor))
    ).scalar_one_or_none()
    if row is None:
        raise NotFound("certificate.not_found")
    return view_of(session, row)


def certificates_of_job(session: Session, actor: Actor, job_id: int) -> list[CertificateLine]:
    """Return the certificates of a job, oldest first."""
    query = select(Certificate).where(Certificate.job_id == job_id, seen_by(actor)).order_by(Certificate.id)
    return [line_of(row) for row in session.execute(query).scalars()]


def certificates_of_run(session: Session, actor: Actor, run_id: int) -> list[CertificateLine]:
    """Return the certificates that cover a run, oldest first."""
    query = (
        select(Certificate)
        .join(CertificateRun, CertificateRun.certificate_id == Certificate.id)
        .where(CertificateRun.run_id == run_id, seen_by(actor))
        .order_by(Certificate.id)
    )
    return [line_of(row) for row in session.execute(query).scalars()]


def covering(session: Session, run_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return which runs stand on a certificate that is issued or being issued: run → certificates."""
    query = (
        select(CertificateRun.run_id, CertificateRun.certificate_id)
        .join(Certificate, Certificate.id == CertificateRun.certificate_id)
        .where(CertificateRun.run_id.in_(run_ids), Certificate.state.in_(ALIVE))
    )
    found: dict[int, list[int]] = {}
    for run_id, certificate_id in session.execute(query):
        found.setdefault(run_id, []).append(certificate_id)
    return found


def released_runs_of_job(session: Session, job_id: int) -> list[int]:
    """Return the released runs of a job's items that may be issued, in the order of the items."""
    query = (
        select(CalibrationRun.id)
        .join(JobItem, JobItem.id == CalibrationRun.job_item_id)
        .where(
            JobItem.job_id == job_id,
            CalibrationRun.state == RunState.RELEASED,
            CalibrationRun.purpose.in_([purpose.value for purpose in ISSUABLE]),
        )
        .order_by(JobItem.position, CalibrationRun.id)
    )
    return list(session.execute(query).scalars())


def issuable_runs(session: Session, job_id: int) -> list[IssuableRun]:
    """Return the released runs of a job with the certificate in force that covers each, if any."""
    ids = released_runs_of_job(session, job_id)
    covered = covering(session, ids)
    query = (
        select(CalibrationRun, Instrument)
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .where(CalibrationRun.id.in_(ids))
    )
    found = {run.id: (run, instrument) for run, instrument in session.execute(query)}
    return [_issuable(session, *found[run_id], covered.get(run_id, [])) for run_id in ids]


def _issuable(session: Session, run: CalibrationRun, instrument: Instrument, covered: list[int]) -> IssuableRun:
    certificate = session.get(Certificate, covered[-1]) if covered else None
    item = session.get(JobItem, run.job_item_id) if run.state == RunState.RELEASED and run.job_item_id else None
    return IssuableRun(
        id=run.id,
        number=run.number,
        item=Text(instrument.name_vi, instrument.name_en),
        serial_number=instrument.serial_number or "",
        ended_at=run.ended_at,
        certificate=None if certificate is None else line_of(certificate),
        job_id=None if item is None else item.job_id,
    )


def run_of(session: Session, actor: Actor, run_id: int) -> IssuableRun:
    """Return a run of the actor's laboratory. Raises NotFound, for another laboratory's as well."""
    query = (
        select(CalibrationRun, Instrument, Site.organisation_id)
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .join(Site, Site.id == CalibrationRun.site_id)
        .where(CalibrationRun.id == run_id)
    )
    found = session.execute(query).first()
    if found is None or not (actor.may("system") or found[2] == actor.laboratory_id):
        raise NotFound("run.not_found")
    return _issuable(session, found[0], found[1], covering(session, [run_id]).get(run_id, []))


def public_check(session: Session, number: str, token: str) -> PublicCheck:
    """Return what anybody may know who holds both number and token.

    Raises NotFound for an unknown token, and just so where the number is not that of the token.
    """
    row = session.execute(select(Certificate).where(Certificate.token == token)).scalar_one_or_none()
    if row is None or printed_number(row.number, row.version) != number:
        raise NotFound("certificate.unknown")
    view = view_of(session, row)
    changes = [notice.at for notice in view.notices]
    site = session.get_one(Site, row.site_id)
    laboratory = people.organisation_facts(session, site.organisation_id, row.issued_on)
    return PublicCheck(
        printed=view.printed,
        laboratory_vi=laboratory.name_vi,
        laboratory_en=laboratory.name_en,
        status=view.status,
        issued_on=view.issued_on,
        pdf_sha256=view.pdf_sha256,
        superseded_by=successor_of(session, row.id),
        changed_at=changes[-1] if changes else None,
    )


def successor_of(session: Session, certificate_id: int) -> str:
    """Return the printed number of the certificate that supersedes this one, or nothing."""
    query = (
        select(Certificate.number, Certificate.version)
        .where(
            Certificate.related_id == certificate_id,
            Certificate.relation.in_([RelationKind.AMENDS, RelationKind.REPLACES]),
            Certificate.state != CertificateState.ISSUING,
        )
        .order_by(Certificate.id.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    return "" if found is None else printed_number(*found)


def content_of(row: Certificate) -> CertificateContent:
    """Return the frozen content. Raises IntegrityFailure if it no longer has its digest."""
    content = contents.from_text(row.content)
    if contents.content_digest(content) != row.content_digest:
        raise IntegrityFailure("certificate.content_altered", number=printed_number(row.number, row.version))
    return content


def pdf_bytes(session: Session, row: Certificate) -> bytes:
    """Return the stored PDF. Raises NotFound while it is being issued."""
    if row.pdf_sha256 is None:
        raise NotFound("certificate.not_ready")
    return blobs.get_blob(session, row.pdf_sha256)


def file_name(row: Certificate) -> str:
    """Return the name under which a certificate is saved: its printed number, with nothing a file system minds."""
    return re.sub(r"[^\w.-]+", "-", printed_number(row.number, row.version)) + ".pdf"


def issued_documents(session: Session) -> Iterator[IssuedDocument]:
    """Return every certificate that has its bytes, as files, oldest first."""
    query = select(Certificate).where(Certificate.pdf_sha256.is_not(None)).order_by(Certificate.id)
    for row in session.execute(query).scalars():
        yield IssuedDocument(file_name(row), pdf_bytes(session, row))


def unfinished(session: Session) -> list[int]:
    """Return the certificates that wait for their bytes, oldest first."""
    query = select(Certificate.id).where(Certificate.state == CertificateState.ISSUING).order_by(Certificate.id)
    return list(session.execute(query).scalars())


def line_of(row: Certificate) -> CertificateLine:
    """Return a certificate as a line of a list; names are those printed on it."""
    content = contents.from_text(row.content)
    items = content.items
    more = f" (+{len(items) - 1})" if len(items) > 1 else ""
    first = _item_words(items[0].name, items[0].serial_number or items[0].asset_tag)
    return CertificateLine(
        id=row.id,
        token=row.token,
        number=row.number,
        version=row.version,
        state=CertificateState(row.state),
        kind=CertificateKind(row.kind),
        job_id=row.job_id,
        job_number=content.identification.job_number,
        customer_name_vi=content.customer.name.vi,
        customer_name_en=content.customer.name.en,
        item_vi=first.vi + more,
        item_en=first.english + more,
        issued_on=row.issued_on,
    )


def view_of(session: Session, row: Certificate) -> CertificateView:
    """Return a certificate as its page shows it."""
    content = contents.from_text(row.content)
    related = session.get(Certificate, row.related_id) if row.related_id is not None else None
    return CertificateView(
        id=row.id,
        token=row.token,
        site_id=row.site_id,
        number=row.number,
        version=row.version,
        kind=CertificateKind(row.kind),
        state=CertificateState(row.state),
        job_id=row.job_id,
        job_number=content.identification.job_number,
        customer_id=row.customer_id,
        addressee_id=row.addressee_id,
        customer=content.customer.name,
        items=tuple(_item_words(item.name, item.serial_number or item.asset_tag) for item in content.items),
        language=row.language,
        content_digest=row.content_digest,
        pdf_sha256=row.pdf_sha256,
        template=row.template,
        template_version=row.template_version,
        relation=None if row.relation is None else RelationKind(row.relation),
        related_id=row.related_id,
        related_printed="" if related is None else printed_number(related.number, related.version),
        relation_reason=row.relation_reason or "",
        issued_on=row.issued_on,
        begun_at=row.begun_at,
        begun_by_name=row.begun_by_name,
        finished_at=row.finished_at,
        runs=_covered(session, row.id),
        notices=_notices(session, row.id),
        row_version=row.row_version,
    )


def _item_words(name: Text, identity: str | None) -> Text:
    return Text(f"{name.vi} · {identity}", f"{name.english} · {identity}") if identity else name


def _covered(session: Session, certificate_id: int) -> tuple[CoveredRun, ...]:
    query = (
        select(CertificateRun, CalibrationRun.number)
        .join(CalibrationRun, CalibrationRun.id == CertificateRun.run_id)
        .where(CertificateRun.certificate_id == certificate_id)
        .order_by(CertificateRun.id)
    )
    return tuple(
        CoveredRun(row.run_id, number, row.evaluation_id, row.evaluation_digest)
        for row, number in session.execute(query)
    )


def _notices(session: Session, certificate_id: int) -> tuple[NoticeFacts, ...]:
    query = (
        select(CertificateNotice)
        .where(CertificateNotice.certificate_id == certificate_id)
        .order_by(CertificateNotice.at, CertificateNotice.id)
    )
    return tuple(
        NoticeFacts(
            id=row.id,
            kind=NoticeKind(row.kind),
            text=Text(row.text_vi, row.text_en),
            related_id=row.related_id,
            actor_name=row.actor_name,
            at=row.at,
        )
        for row in session.execute(query).scalars()
    )


def job_of(session: Session, actor: Actor, job_id: int) -> Job:
    """Return a job of the actor's laboratory. Raises NotFound, for another laboratory's as well."""
    job = session.get(Job, job_id)
    site = None if job is None else session.get(Site, job.site_id)
    if job is None or site is None or not (actor.may("system") or site.organisation_id == actor.laboratory_id):
        raise NotFound()
    return job
