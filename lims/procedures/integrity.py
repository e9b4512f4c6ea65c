"""The hash stored with a version of a procedure."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.canonical import digest
from lims.core.integrity import BATCH, Check, Found, IntegrityProblem
from lims.procedures.models import ProcedureVersion


def _versions(session: Session) -> Found:
    for version in session.execute(select(ProcedureVersion).execution_options(yield_per=BATCH)).scalars():
        if digest(version.definition) != version.definition_digest:
            yield IntegrityProblem("integrity.definition", {"id": version.id, "version": version.version})
        yield 1


CHECKS: Final = (Check("procedure_versions", _versions, ("procedure_version.definition_digest",)),)
