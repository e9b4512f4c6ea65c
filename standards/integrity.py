"""The hashes stored with standards: what each calibration says, and what was received."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.db import Base
from lims.core.integrity import DIGEST, TOKEN, Check, Found, IntegrityProblem, malformed
from standards.calibration_models import StandardCalibration
from standards.digests import damaged_calibrations


def _calibrations(session: Session) -> Found:
    for key in damaged_calibrations(session):
        number = session.execute(select(StandardCalibration.certificate_number).filter_by(id=key)).scalar_one()
        yield IntegrityProblem("integrity.calibration", {"id": key, "number": number})
    yield session.execute(select(func.count()).select_from(StandardCalibration)).scalar_one()


def _tokens(session: Session) -> Found:
    for column in ("instrument.token", "standard_calibration.token"):
        yield from malformed(session, Base.metadata, column, TOKEN)


def _calendars(session: Session) -> Found:
    yield from malformed(session, Base.metadata, "calendar_address.token_sha256", DIGEST)


CHECKS: Final = (
    Check("standard_calibrations", _calibrations, ("standard_calibration.content_digest",)),
    Check("tokens_of_equipment", _tokens, ("instrument.token", "standard_calibration.token")),
    Check("calendar_addresses", _calendars, ("calendar_address.token_sha256",)),
)
