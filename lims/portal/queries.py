"""What a customer may see: certificates of the organisations they belong to, and nothing else."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from certificates import queries as certificates
from certificates.facts import CertificateLine, CertificateState, CertificateView
from certificates.models import Certificate
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.paging import Page, paginate

_SHOWN = (CertificateState.ISSUED, CertificateState.SUPERSEDED, CertificateState.REVOKED)


def owned_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a certificate is the actor's: ordered by or addressed to their organisation."""
    if not actor.organisation_ids:
        return false()
    mine = sorted(actor.organisation_ids)
    return or_(Certificate.customer_id.in_(mine), Certificate.addressee_id.in_(mine))


def my_certificates(session: Session, actor: Actor, *, text: str = "", page: int = 1) -> Page[CertificateLine]:
    """Return the actor's certificates, newest first; those being issued are not there yet."""
    query = select(Certificate).where(owned_by(actor), Certificate.state.in_(_SHOWN))
    query = certificates.searched(query, text)
    found = paginate(session, query.order_by(Certificate.issued_on.desc(), Certificate.id.desc()), page)
    return found.mapped(certificates.line_of)


def my_certificate(session: Session, actor: Actor, token: str) -> CertificateView:
    """Return one of the actor's certificates. Raises NotFound: another's reads like one that does not exist."""
    return certificates.view_of(session, my_certificate_row(session, actor, token))


def my_certificate_row(session: Session, actor: Actor, token: str) -> Certificate:
    """Return the row behind a token if it is the actor's; one question to the database in every case."""
    query = select(Certificate).where(Certificate.token == token, owned_by(actor), Certificate.state.in_(_SHOWN))
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFound("certificate.not_found")
    return row
