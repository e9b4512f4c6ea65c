"""Is this file a certificate of ours, unaltered and in force? By the hash of its bytes alone."""

from __future__ import annotations

import hashlib

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from certificates import queries
from certificates.facts import FileStatus, FileVerdict, PublicStatus
from certificates.models import Certificate
from lims.core.blobs import get_blob
from lims.core.errors import IntegrityFailure, NotFound

_STATUS = {
    PublicStatus.VALID: FileStatus.GENUINE,
    PublicStatus.UNDER_INVESTIGATION: FileStatus.UNDER_INVESTIGATION,
    PublicStatus.SUPERSEDED: FileStatus.SUPERSEDED,
    PublicStatus.REVOKED: FileStatus.REVOKED,
    PublicStatus.BEING_ISSUED: FileStatus.DAMAGED,
}


def verify_file(session: Session, data: bytes) -> FileVerdict:
    """Return what a file is: unknown, or which certificate, with its status and whether what is stored still holds."""
    sha256 = hashlib.sha256(data).hexdigest()
    query = select(Certificate).where(or_(Certificate.pdf_sha256 == sha256, Certificate.dcc_sha256 == sha256))
    row = session.execute(query.order_by(Certificate.id).limit(1)).scalar_one_or_none()
    if row is None:
        return FileVerdict(FileStatus.UNKNOWN, sha256)
    view = queries.view_of(session, row)
    status = _STATUS[view.status]
    try:
        get_blob(session, sha256)
        queries.content_of(row)
    except (IntegrityFailure, NotFound):
        status = FileStatus.DAMAGED
    return FileVerdict(status, sha256, view.printed, view.issued_on, queries.successor_of(session, row.id))
