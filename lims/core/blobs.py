"""Bytes, content-addressed by SHA-256."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from lims.core.errors import IntegrityFailure, NotFound
from lims.core.models import Blob


def put_blob(session: Session, data: bytes, media_type: str, *, now: datetime) -> str:
    """Store bytes once and return their SHA-256 in hexadecimal."""
    sha256 = hashlib.sha256(data).hexdigest()
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    row = insert(Blob).values(sha256=sha256, size=len(data), media_type=media_type, data=data, created_at=now)
    session.execute(row.on_conflict_do_nothing(index_elements=["sha256"]))  # somebody may store the same meanwhile
    return sha256


def get_blob(session: Session, sha256: str) -> bytes:
    """Return stored bytes. Raises NotFound, or IntegrityFailure if they no longer have their hash."""
    blob = session.get(Blob, sha256)
    if blob is None:
        raise NotFound("blob.not_found", sha256=sha256)
    if hashlib.sha256(blob.data).hexdigest() != sha256:
        raise IntegrityFailure("blob.damaged", sha256=sha256)
    return blob.data
