"""What people do with certificates: issue in three steps, amend, replace, revoke, say something beside one.

Step one, `begin_issue`, takes the number and writes the frozen content in a short transaction. Step two renders
outside any transaction, in a process that may be killed. Step three, `finish_issue`, stores the bytes. What a kill
leaves as *issuing* is finished by the next worker: the number has its record from the first step on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates import queries
from certificates.compose import compose
from certificates.content import CertificateContent, Relation, Text, printed_number
from certificates.document import Rendering
from certificates.drafting import (
    PENDING_NUMBER,
    gather_for,
    lock_runs,
    new_number,
    next_version,
    refuse_covered,
    refuse_incomplete,
    refuse_pending_successor,
    write_issuing,
)
from certificates.facts import (
    CertificateState,
    CertificateView,
    IssueSuccessor,
    NoticeKind,
    RelationKind,
    StoredFile,
)
from certificates.models import Certificate, CertificateRun, Download
from certificates.rendering import render_apart
from certificates.status_services import audit_state, locked, locked_view, write_notice
from certificates.templates import check_template
from certificates.workflow import check_successor, check_transition
from lims.calibrations.models import CalibrationRun
from lims.core import audit, blobs
from lims.core.actor import SYSTEM, Actor
from lims.core.clock import Clock
from lims.core.db import Database
from lims.core.errors import IntegrityFailure, NotFound
from lims.core.text import normalise
from lims.jobs import services as job_services
from lims.jobs.facts import ItemState, MoveItem
from lims.jobs.models import JobItem
from lims.people.access import Permission, require


class Addressed(Protocol):
    """Settings that say under which address the public check page lies."""

    @property
    def base_url(self) -> str:
        """Return the address without a trailing slash."""
        ...


def preview_issue(session: Session, actor: Actor, run_ids: Sequence[int], *, now: datetime) -> CertificateContent:
    """Return what a certificate over these runs would say, without a number. Nothing is stored."""
    require(actor, Permission.ISSUE_CERTIFICATES)
    sources = gather_for(session, actor, run_ids, now)
    return compose(replace(sources, number=PENDING_NUMBER))


def begin_issue(session: Session, actor: Actor, run_ids: Sequence[int], *, now: datetime) -> CertificateView:
    """Take a number and write the certificate as *issuing* with its frozen content; a task will render it.

    For those who may issue; over released runs of one job that stand on no other certificate. Refuses what lacks an
    item of ISO/IEC 17025:2017, 7.8.2.1 or 7.8.4.1 (IncompleteCertificate). Clause: 7.8.1.1.
    """
    require(actor, Permission.ISSUE_CERTIFICATES)
    lock_runs(session, run_ids)
    sources = gather_for(session, actor, run_ids, now)
    refuse_covered(session, sources, allowed=None)
    refuse_incomplete(sources)
    number = new_number(session, sources)
    return write_issuing(session, actor, replace(sources, number=number), None, now)


def begin_successor(session: Session, actor: Actor, command: IssueSuccessor, *, now: datetime) -> CertificateView:
    """Begin a certificate that amends, replaces or supplements an issued one, and says so with the reason.

    An amendment keeps the number and raises the version; a replacement and a supplement take a new number. The earlier
    one is superseded when the new one is issued, not before. Clause: 7.8.8.
    """
    require(actor, Permission.ISSUE_CERTIFICATES)
    before = locked_view(session, actor, command.certificate_id)
    lock_runs(session, command.run_ids)
    sources = gather_for(session, actor, command.run_ids, now)
    check_successor(before, command.kind, sources.job.id, command.reason_vi)
    refuse_pending_successor(session, before)
    refuse_covered(session, sources, allowed=before.id)
    reason = Text(normalise(command.reason_vi), normalise(command.reason_en) or None)
    relation = Relation(command.kind, before.printed, before.issued_on, reason)
    sources = replace(sources, relation=relation)
    refuse_incomplete(sources)
    if command.kind is RelationKind.AMENDS:
        sources = replace(sources, number=before.number, version=next_version(session, before))
    else:
        sources = replace(sources, number=new_number(session, sources))
    return write_issuing(session, actor, sources, before, now)


def finish_issue(session: Session, certificate_id: int, pdf: bytes, *, now: datetime) -> CertificateView:
    """Store the bytes and mark the certificate as issued; run again, nothing happens.

    The certificate that it amends or replaces is superseded, its items move on. Acts in the name of the program.
    """
    row = locked(session, certificate_id)
    if row.state != CertificateState.ISSUING:
        return queries.view_of(session, row)
    if not pdf.startswith(b"%PDF-"):
        raise IntegrityFailure("certificate.render_failed", reason="not a PDF")
    check_transition(CertificateState(row.state), CertificateState.ISSUED)
    row.pdf_sha256 = blobs.put_blob(session, pdf, "application/pdf", now=now)
    row.state, row.finished_at = CertificateState.ISSUED, now
    session.flush()
    audit.record(
        session,
        SYSTEM,
        "certificate.issued",
        ("certificate", row.id),
        now=now,
        site_id=row.site_id,
        before={"state": CertificateState.ISSUING},
        after={"state": row.state, "pdf_sha256": row.pdf_sha256, "number": row.number, "version": row.version},
    )
    _supersede(session, row, now)
    _release_items(session, row, now)
    return queries.view_of(session, row)


def record_download(session: Session, actor: Actor, row: Certificate, *, now: datetime) -> StoredFile:
    """Return the stored bytes and note who fetched them; never renders. The caller has found the row for the actor."""
    data = queries.pdf_bytes(session, row)
    session.add(Download(certificate_id=row.id, person_id=actor.person_id, person_name=actor.name, file="pdf", at=now))
    audit.record(
        session,
        actor,
        "certificate.downloaded",
        ("certificate", row.id),
        now=now,
        site_id=row.site_id,
        after={"file": "pdf", "sha256": row.pdf_sha256},
    )
    return StoredFile(queries.file_name(row), "application/pdf", data, str(row.pdf_sha256))


def download_certificate(session: Session, actor: Actor, certificate_id: int, *, now: datetime) -> StoredFile:
    """Return the stored PDF to somebody of the laboratory, and note it. Raises NotFound while it is being issued."""
    require(actor, Permission.VIEW_LABORATORY)
    view = queries.certificate_view(session, actor, certificate_id)
    return record_download(session, actor, session.get_one(Certificate, view.id), now=now)


def render_and_finish(
    database: Database,
    certificate_id: int,
    *,
    settings: Addressed,
    clock: Clock,
    render: Callable[[CertificateContent, Rendering], bytes] = render_apart,
) -> bool:
    """Render an *issuing* certificate outside any transaction, then finish it; returns False if it was finished.

    Safe to run twice and to be killed at any moment: the same content gives the same bytes.
    """
    with database.reading() as session:
        wanted = to_be_rendered(session, certificate_id, base_url=settings.base_url)
    if wanted is None:
        return False
    pdf = render(*wanted)
    with database.transaction() as session:
        finish_issue(session, certificate_id, pdf, now=clock.now())
    return True


def to_be_rendered(
    session: Session, certificate_id: int, *, base_url: str
) -> tuple[CertificateContent, Rendering] | None:
    """Return what the second step renders of an *issuing* certificate, None where that is over. Raises NotFound."""
    row = session.get(Certificate, certificate_id)
    if row is None:
        raise NotFound("certificate.not_found")
    if row.state != CertificateState.ISSUING:
        return None
    check_template(session, row.template_version)
    address = verification_address(base_url, row.number, row.version, row.token)
    return queries.content_of(row), Rendering(row.template_version, address, row.begun_at)


def verification_address(base_url: str, number: str, version: int, token: str) -> str:
    """Return the address of the public check page, as the QR code holds it."""
    return f"{base_url.rstrip('/')}/verify/{quote(printed_number(number, version), safe='')}/{token}"


def _supersede(session: Session, row: Certificate, now: datetime) -> None:
    """Mark the certificate that this one amends or replaces; one that was revoked meanwhile stays revoked."""
    if row.related_id is None or row.relation == RelationKind.SUPPLEMENTS:
        return
    before = locked(session, row.related_id)
    if before.state != CertificateState.ISSUED:
        return
    check_transition(CertificateState(before.state), CertificateState.SUPERSEDED)
    before.state = CertificateState.SUPERSEDED
    relation = queries.content_of(row).relation
    reason = Text(row.relation_reason or "") if relation is None else relation.reason
    write_notice(session, SYSTEM, before, NoticeKind.SUPERSEDED, reason, row.id, now)
    audit_state(session, SYSTEM, before, "certificate.superseded", CertificateState.ISSUED, reason.vi, now)


def _release_items(session: Session, row: Certificate, now: datetime) -> None:
    """Let the items of the certificate move on once it is issued."""
    query = (
        select(JobItem.id)
        .join(CalibrationRun, CalibrationRun.job_item_id == JobItem.id)
        .join(CertificateRun, CertificateRun.run_id == CalibrationRun.id)
        .where(CertificateRun.certificate_id == row.id, JobItem.state == ItemState.DONE)
        .distinct()
        .order_by(JobItem.id)
    )
    for item_id in list(session.execute(query).scalars()):
        job_services.release_item(session, SYSTEM, MoveItem(item_id), now=now)
