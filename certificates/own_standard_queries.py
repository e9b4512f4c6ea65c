"""Which standards of the laboratory a certificate speaks of, and whether their calibration is recorded."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.facts import CertificateView, OwnStandardRun
from lims.calibrations.facts import RunPurpose
from lims.calibrations.models import CalibrationRun
from standards import queries as standards
from standards.calibration_models import Standard


def own_standard_runs(session: Session, certificate: CertificateView) -> tuple[OwnStandardRun, ...]:
    """Return the runs of a certificate that calibrate a standard, each with the calibration recorded from it."""
    query = (
        select(CalibrationRun.id, CalibrationRun.number, Standard.id, Standard.code)
        .join(Standard, Standard.instrument_id == CalibrationRun.instrument_id)
        .where(CalibrationRun.id.in_([run.run_id for run in certificate.runs]))
        .where(CalibrationRun.purpose == RunPurpose.OWN_STANDARD.value)
        .order_by(CalibrationRun.id)
    )
    return tuple(
        OwnStandardRun(run_id, number, standard_id, code, standards.calibration_of_run(session, run_id))
        for run_id, number, standard_id, code in session.execute(query)
    )
