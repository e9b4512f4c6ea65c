"""Template versions that were used: each with its digest, so that an edited one shows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from certificates.document import TEMPLATE, template_digest
from certificates.models import TemplateVersion
from lims.core.errors import IntegrityFailure, NotFound


def use_template(session: Session, version: int, *, now: datetime) -> None:
    """Note the digest of a template version at its first use. Raises IntegrityFailure if it was edited since."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    first = insert(TemplateVersion).values(
        name=TEMPLATE, version=version, digest=template_digest(version), first_used_at=now
    )
    session.execute(first.on_conflict_do_nothing(index_elements=["name", "version"]))
    check_template(session, version)


def check_template(session: Session, version: int) -> None:
    """Return if a used template version is as it was. Raises IntegrityFailure if it was edited after its first use."""
    query = select(TemplateVersion.digest).where(TemplateVersion.name == TEMPLATE, TemplateVersion.version == version)
    if session.execute(query).scalar_one_or_none() != template_digest(version):
        raise IntegrityFailure("certificate.template_edited", name=TEMPLATE, version=version)


def edited_templates(session: Session) -> list[int]:
    """Return the used template versions that were edited or removed since."""
    edited = []
    query = select(TemplateVersion.version).where(TemplateVersion.name == TEMPLATE).order_by(TemplateVersion.version)
    for version in session.execute(query).scalars():
        try:
            check_template(session, version)
        except (IntegrityFailure, NotFound):
            edited.append(version)
    return edited
