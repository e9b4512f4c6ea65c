"""What customers do with their certificates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from certificates import services as certificates
from certificates.facts import StoredFile
from lims.core.actor import Actor
from lims.people.access import Permission, require
from lims.portal import queries


def download_certificate(session: Session, actor: Actor, token: str, *, now: datetime) -> StoredFile:
    """Return the stored bytes of the actor's own certificate and note who fetched them; never renders.

    For customers of the organisation that ordered it or to which it is addressed. Raises NotFound otherwise, the same
    as for a certificate that does not exist. Clause: ISO/IEC 17025:2017, 4.2.
    """
    require(actor, Permission.VIEW_OWN_CERTIFICATES)
    row = queries.my_certificate_row(session, actor, token)
    return certificates.record_download(session, actor, row, now=now)
