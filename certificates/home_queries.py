"""What waits for a certificate."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certificates.content import printed_number
from certificates.facts import CertificateState, JobToIssue, OwnToRecord
from certificates.models import Certificate, CertificateRun
from certificates.queries import ALIVE, seen_by
from lims.calibrations.facts import ISSUABLE, DecisionKind, RunPurpose, RunState
from lims.calibrations.models import CalibrationRun, Decision
from lims.core.actor import Actor
from lims.jobs.models import Job, JobItem
from lims.people.models import Site
from standards import queries as standards
from standards.calibration_facts import CalibrationState
from standards.calibration_models import Standard, StandardCalibration
from standards.models import Instrument


def jobs_to_issue(session: Session, actor: Actor, *, on: date) -> list[JobToIssue]:
    """Return the jobs with released runs that stand on no certificate, the longest released first.

    A run whose certificate was revoked does not wait: it was taken back on purpose, and a new one is a decision.
    """
    covered = (
        select(CertificateRun.run_id)
        .join(Certificate, Certificate.id == CertificateRun.certificate_id)
        .where(Certificate.state.in_((*ALIVE, CertificateState.REVOKED)))
    )
    released = func.min(Decision.at)
    query = (
        select(Job, func.count(CalibrationRun.id.distinct()), released)
        .select_from(CalibrationRun)
        .join(Site, Site.id == CalibrationRun.site_id)
        .join(JobItem, JobItem.id == CalibrationRun.job_item_id)
        .join(Job, Job.id == JobItem.job_id)
        .outerjoin(Decision, (Decision.run_id == CalibrationRun.id) & (Decision.kind == DecisionKind.RELEASED))
        .where(
            Site.organisation_id == actor.laboratory_id,
            CalibrationRun.state == RunState.RELEASED,
            CalibrationRun.purpose.in_([purpose.value for purpose in ISSUABLE]),
            CalibrationRun.id.not_in(covered),
        )
        .group_by(Job.id)
        .order_by(released.asc().nulls_last(), Job.id)
    )
    rows = list(session.execute(query))
    names = standards.names_of(session, {job.customer_id for job, _count, _at in rows}, on)
    return [
        JobToIssue(
            job_id=job.id,
            job_number=job.number,
            customer_name_vi=names[job.customer_id][0],
            customer_name_en=names[job.customer_id][1] or "",
            runs=count,
            released_at=at,
        )
        for job, count, at in rows
    ]


def own_to_record(session: Session, actor: Actor) -> list[OwnToRecord]:
    """Return the certificates in force of the laboratory's standards that are no calibration of theirs yet."""
    recorded = select(StandardCalibration.run_id).where(
        StandardCalibration.run_id.is_not(None), StandardCalibration.state != CalibrationState.REJECTED
    )
    query = (
        select(Certificate, Standard, Instrument)
        .join(CertificateRun, CertificateRun.certificate_id == Certificate.id)
        .join(CalibrationRun, CalibrationRun.id == CertificateRun.run_id)
        .join(Standard, Standard.instrument_id == CalibrationRun.instrument_id)
        .join(Instrument, Instrument.id == Standard.instrument_id)
        .where(seen_by(actor), Certificate.state == CertificateState.ISSUED)
        .where(CalibrationRun.purpose == RunPurpose.OWN_STANDARD, CalibrationRun.id.not_in(recorded))
        .order_by(Certificate.issued_on, Certificate.id)
    )
    return [
        OwnToRecord(
            certificate_id=certificate.id,
            printed=printed_number(certificate.number, certificate.version),
            standard_id=standard.id,
            standard_code=standard.code,
            instrument_vi=instrument.name_vi,
            instrument_en=instrument.name_en or "",
            issued_on=certificate.issued_on,
        )
        for certificate, standard, instrument in session.execute(query)
    ]


def being_issued(session: Session, actor: Actor) -> int:
    """Return how many certificates of the actor's laboratory wait for their bytes."""
    query = select(func.count(Certificate.id)).where(Certificate.state == CertificateState.ISSUING, seen_by(actor))
    return session.execute(query).scalar_one()
