"""What the laboratory finds of its own standards becomes their calibration: news that travels down by a call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from certificates import queries
from certificates.facts import CertificateState, CertificateView, RecordOwnCalibration
from certificates.own_standards import CLAUSE, contents_of, edges_of
from lims.calibrations.facts import ReleasedRun, RunPurpose
from lims.calibrations.released import released_runs
from lims.core import audit
from lims.core.actor import Actor
from lims.core.errors import RuleViolation
from lims.people import queries as people
from lims.people.access import Permission, require
from lims.procedures import queries as procedures
from standards import queries as standards
from standards import services as standard_services
from standards.calibration_facts import CalibrationFacts, CalibrationSource
from standards.commands import RecordCalibration


def record_own_calibration(
    session: Session, actor: Actor, command: RecordOwnCalibration, *, now: datetime
) -> CalibrationFacts:
    """Record what an issued certificate says of the laboratory's own standard as a calibration of that standard.

    It holds the run's number and the digest of its evaluation, edges to every calibration used, and the results as
    printed; somebody else accepts it before it is used. For those who manage standards. Refuses a certificate that is
    not in force, a run of another purpose, an instrument that is no standard here, and what is recorded already
    (ISO/IEC 17025:2017, 6.4.13 and 6.5.2).
    """
    require(actor, Permission.MANAGE_STANDARDS)
    certificate = queries.certificate_view(session, actor, command.certificate_id)
    run = _checked_run(session, certificate, command.run_id)
    instrument = standards.instrument_facts(session, run.run.instrument_id)
    if instrument.standard_id is None:
        raise RuleViolation("own_standard.no_standard", clause=CLAUSE, instrument=instrument.name_vi)
    if standards.calibration_of_run(session, run.run.id) is not None:
        raise RuleViolation("own_standard.recorded_already", clause=CLAUSE, number=certificate.printed)
    procedure = procedures.procedure_version_facts(session, run.run.procedure_version_id)
    recorded = standard_services.record_calibration(
        session,
        actor,
        RecordCalibration(
            standard_id=instrument.standard_id,
            certificate_number=certificate.printed,
            laboratory_id=people.site_facts(session, run.run.site_id).organisation_id,
            calibrated_on=run.ended_on,
            issued_on=certificate.issued_on,
            contents=contents_of(run, instrument),
            source=CalibrationSource.IN_HOUSE,
            method=procedure.method_reference,
            edges=edges_of(run),
            run_id=run.run.id,
            run_number=run.run.number,
            run_digest=run.evaluation_digest,
            certificate_sha256=certificate.pdf_sha256,
        ),
        now=now,
    )
    audit.record(
        session,
        actor,
        "certificate.recorded_as_calibration",
        ("certificate", certificate.id),
        now=now,
        site_id=certificate.site_id,
        after={"run": run.run.number, "calibration": recorded.id, "standard": recorded.standard_code},
    )
    return recorded


def _checked_run(session: Session, certificate: CertificateView, run_id: int) -> ReleasedRun:
    """Return the run if its certificate is in force and it was made to calibrate a standard."""
    if certificate.state is not CertificateState.ISSUED:
        raise RuleViolation("own_standard.not_issued", clause=CLAUSE, number=certificate.printed)
    covered = next((entry for entry in certificate.runs if entry.run_id == run_id), None)
    if covered is None:
        raise RuleViolation("own_standard.other_run", clause=CLAUSE, number=certificate.printed)
    run = released_runs(session, [run_id])[0]
    if run.run.purpose is not RunPurpose.OWN_STANDARD:
        raise RuleViolation("own_standard.other_purpose", clause=CLAUSE, run=run.run.number)
    return run
