"""Reads of digital certificates received for standards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.blobs import get_blob
from lims.core.errors import NotFound
from standards.calibration_facts import CalibrationState
from standards.calibration_models import StandardCalibration
from standards.dcc_facts import FindingFacts, ReceivedDcc
from standards.dcc_models import ReceivedCertificate


def received_dcc(session: Session, file_id: int) -> ReceivedDcc:
    """Return a file that was received. Raises NotFound."""
    row = session.get(ReceivedCertificate, file_id)
    if row is None:
        raise NotFound("dcc_import.not_found")
    return _facts(row, _recorded(session, row.standard_id).get(row.sha256))


def received_dccs(session: Session, standard_id: int) -> list[ReceivedDcc]:
    """Return the files that were received for a standard, newest first, those kept aside included."""
    query = (
        select(ReceivedCertificate)
        .where(ReceivedCertificate.standard_id == standard_id)
        .order_by(ReceivedCertificate.id.desc())
    )
    recorded = _recorded(session, standard_id)
    return [_facts(row, recorded.get(row.sha256)) for row in session.execute(query).scalars()]


def dcc_bytes(session: Session, file: ReceivedDcc) -> bytes:
    """Return the bytes of a file as they were received."""
    return get_blob(session, file.sha256)


def is_received(session: Session, standard_id: int, sha256: str) -> bool:
    """Return whether a file was received for a standard and not refused."""
    query = select(ReceivedCertificate.id).where(
        ReceivedCertificate.standard_id == standard_id,
        ReceivedCertificate.sha256 == sha256,
        ReceivedCertificate.accepted,
    )
    return session.execute(query.limit(1)).first() is not None


def _recorded(session: Session, standard_id: int) -> dict[str, int]:
    """Return the calibrations of a standard that were recorded from a file, by its hash; refused ones do not count."""
    query = select(StandardCalibration.dcc_sha256, StandardCalibration.id).where(
        StandardCalibration.standard_id == standard_id,
        StandardCalibration.dcc_sha256.is_not(None),
        StandardCalibration.state != CalibrationState.REJECTED,
    )
    return {sha256: key for sha256, key in session.execute(query) if sha256 is not None}


def _facts(row: ReceivedCertificate, calibration_id: int | None) -> ReceivedDcc:
    return ReceivedDcc(
        id=row.id,
        standard_id=row.standard_id,
        sha256=row.sha256,
        file_name=row.file_name,
        size=row.size,
        accepted=row.accepted,
        version=row.version,
        signature_state=row.signature_state,
        certificate_number=row.certificate_number,
        findings=tuple(
            FindingFacts(item["severity"], item["code"], item["path"], _values(item["values"]))
            for item in json.loads(row.findings)
        ),
        findings_left_off=row.findings_left_off,
        received_at=row.received_at,
        received_by_name=row.received_by_name,
        calibration_id=calibration_id,
    )


def _values(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values of a finding with dates as dates again, so that they are shown in the reader's way."""
    return {name: _date(value) if isinstance(value, str) else value for name, value in values.items()}


def _date(text: str) -> date | str:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-21") else text
    except ValueError:
        return text
