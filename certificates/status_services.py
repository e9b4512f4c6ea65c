"""What is said beside a certificate: superseded, revoked, under investigation, cleared. Its bytes never change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates import queries
from certificates.content import Text
from certificates.facts import (
    AMEND_CLAUSE,
    AddNotice,
    CertificateState,
    CertificateView,
    NoticeKind,
    RevokeCertificate,
)
from certificates.models import Certificate, CertificateNotice
from certificates.workflow import check_transition
from lims.core import audit
from lims.core.actor import Actor
from lims.core.errors import NotFound, RuleViolation, StaleRecord
from lims.core.text import normalise
from lims.people.access import Permission, require
from standards import services as standards


def revoke_certificate(session: Session, actor: Actor, command: RevokeCertificate, *, now: datetime) -> CertificateView:
    """Withdraw an issued certificate with a reason; its bytes stay, its status tells everybody who checks.

    A calibration of a standard here that was recorded from it ends with it. For those who may issue. Refuses a
    certificate that is not in force, or a change seen too late. Clause: 7.8.8.
    """
    require(actor, Permission.ISSUE_CERTIFICATES)
    view = queries.certificate_view(session, actor, command.certificate_id)
    row = locked(session, view.id)
    if command.row_version is not None and command.row_version != row.row_version:
        raise StaleRecord
    check_transition(CertificateState(row.state), CertificateState.REVOKED)
    reason = normalise(command.reason_vi)
    if not reason:
        raise RuleViolation("certificate.reason_missing", clause=AMEND_CLAUSE)
    row.state = CertificateState.REVOKED
    write_notice(session, actor, row, NoticeKind.REVOKED, Text(reason, normalise(command.reason_en) or None), None, now)
    audit_state(session, actor, row, "certificate.revoked", CertificateState.ISSUED, reason, now)
    for run in view.runs:
        standards.end_with_certificate(session, actor, run.run_id, f"{view.printed}: {reason}", now=now)
    return queries.view_of(session, row)


def add_notice(session: Session, actor: Actor, command: AddNotice, *, now: datetime) -> CertificateView:
    """Say beside an issued certificate that it is under investigation, or that it is cleared. Clause: 7.10.1."""
    require(actor, Permission.ISSUE_CERTIFICATES)
    view = locked_view(session, actor, command.certificate_id)
    row = session.get_one(Certificate, view.id)
    if command.kind not in {NoticeKind.UNDER_INVESTIGATION, NoticeKind.CLEARED} or not normalise(command.text_vi):
        raise RuleViolation("certificate.notice_refused", clause="ISO/IEC 17025:2017, 7.10.1")
    wanted = command.kind is NoticeKind.UNDER_INVESTIGATION
    if row.state != CertificateState.ISSUED or view.under_investigation is wanted:
        raise RuleViolation("certificate.notice_refused", clause="ISO/IEC 17025:2017, 7.10.1")
    text = Text(normalise(command.text_vi), normalise(command.text_en) or None)
    write_notice(session, actor, row, command.kind, text, None, now)
    audit_state(session, actor, row, "certificate.noticed", CertificateState(row.state), command.kind, now)
    return queries.view_of(session, row)


def investigate(
    session: Session, actor: Actor, certificate_ids: Iterable[int], text: Text, *, now: datetime, over: bool = False
) -> list[int]:
    """Say beside certificates that nonconforming work is looked into, or (`over`) that it is cleared; returns which.

    For those who manage standards, accept their calibrations or issue certificates. What is not in force, or said
    already, is left as it is (ISO/IEC 17025:2017, 7.10.1, 7.10.3).
    """
    require(actor, Permission.MANAGE_STANDARDS, Permission.ACCEPT_CALIBRATIONS, Permission.ISSUE_CERTIFICATES)
    kind = NoticeKind.CLEARED if over else NoticeKind.UNDER_INVESTIGATION
    noticed = []
    for certificate_id in sorted(set(certificate_ids)):
        view = locked_view(session, actor, certificate_id)
        if view.state is CertificateState.ISSUED and view.under_investigation is over:
            row = session.get_one(Certificate, view.id)
            write_notice(session, actor, row, kind, text, None, now)
            audit_state(session, actor, row, "certificate.noticed", CertificateState(row.state), kind, now)
            noticed.append(certificate_id)
    return noticed


def locked(session: Session, certificate_id: int) -> Certificate:
    """Return a certificate locked for writing. Raises NotFound if there is none."""
    query = select(Certificate).where(Certificate.id == certificate_id).with_for_update()
    row = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise NotFound("certificate.not_found")
    return row


def locked_view(session: Session, actor: Actor, certificate_id: int) -> CertificateView:
    """Return a certificate of the actor's laboratory as it is now, held until the transaction ends."""
    known = queries.certificate_view(session, actor, certificate_id)
    return queries.view_of(session, locked(session, known.id))


def write_notice(
    session: Session,
    actor: Actor,
    row: Certificate,
    kind: NoticeKind,
    text: Text,
    related_id: int | None,
    now: datetime,
) -> None:
    """Write a notice beside a certificate."""
    session.add(
        CertificateNotice(
            certificate_id=row.id,
            kind=kind,
            text_vi=text.vi,
            text_en=text.en,
            related_id=related_id,
            actor_id=actor.person_id,
            actor_name=actor.name,
            at=now,
        )
    )
    session.flush()


def audit_state(
    session: Session,
    actor: Actor,
    row: Certificate,
    action: str,
    before: CertificateState,
    reason: str,
    now: datetime,
) -> None:
    """Note a change of a certificate's status in the audit chain."""
    audit.record(
        session,
        actor,
        action,
        ("certificate", row.id),
        now=now,
        site_id=row.site_id,
        before={"state": before},
        after={"state": row.state, "number": row.number, "version": row.version, "reason": reason},
    )
