"""The digest of what a calibration says: stored with it, computed again by the database check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.canonical import canonical_json
from standards.calibration_facts import CalibrationFacts, ContentFacts
from standards.calibration_models import StandardCalibration
from standards.calibration_queries import calibrations_by_id

_BATCH = 500


def digest_of(
    certificate_number: str, calibrated_on: date, standard_id: int, laboratory_id: int, contents: Iterable[ContentFacts]
) -> str:
    """Return the SHA-256 of what a calibration says, in an order and form that do not depend on keys."""
    said = [asdict(content) for content in contents]
    for content in said:
        del content["id"], content["calibration_id"]
        _leave_out_later(content, "named_units")
        for point in content["points"]:
            _leave_out_later(point, "source_path")
    said.sort(key=lambda item: (str(item["phase"]), str(item["kind"]), str(item["identifier"])))
    whole = {
        "certificate_number": certificate_number,
        "calibrated_on": calibrated_on,
        "standard_id": standard_id,
        "laboratory_id": laboratory_id,
        "contents": said,
    }
    return hashlib.sha256(canonical_json(whole).encode()).hexdigest()


def _leave_out_later(said: dict[str, Any], name: str) -> None:
    """Leave out a field that came later where it is empty: what was stored before it keeps its digest."""
    if said[name] is None:
        del said[name]


def content_digest(calibration: CalibrationFacts) -> str:
    """Return the digest of a calibration as it is read now; it must be the one stored with it."""
    return digest_of(
        calibration.certificate_number,
        calibration.calibrated_on,
        calibration.standard_id,
        calibration.laboratory_id,
        calibration.contents,
    )


def damaged_calibrations(session: Session) -> list[int]:
    """Return the calibrations whose rows no longer have the digest they were stored with."""
    keys = list(session.execute(select(StandardCalibration.id).order_by(StandardCalibration.id)).scalars())
    damaged = []
    for start in range(0, len(keys), _BATCH):
        batch = calibrations_by_id(session, keys[start : start + _BATCH])
        damaged += [key for key, facts in batch.items() if content_digest(facts) != facts.content_digest]
    return damaged
