"""Lists of what a calibration reached: its runs with their certificates, a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from certificates.content import printed_number
from certificates.impact_facts import ReachedCertificate
from certificates.models import Certificate, CertificateRun
from certificates.reach_facts import ReachedRun, ReachRoot
from certificates.reach_levels import levels_of
from certificates.reach_queries import (
    calibrations_below,
    certificates_on,
    edges_below,
    numbers,
    reached_certificates,
    uses_below,
)
from lims.calibrations.facts import RunPurpose, RunState
from lims.calibrations.models import CalibrationRun
from lims.calibrations.run_lists import run_rows
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.jobs.models import Job
from lims.people.access import belongs
from standards import queries as standards
from standards.calibration_facts import CalibrationFacts
from standards.calibration_models import Standard, StandardCalibration
from standards.facts import StandardFacts
from standards.instrument_queries import names_of, standard_facts


def own_calibration(session: Session, actor: Actor, calibration_id: int) -> tuple[CalibrationFacts, StandardFacts]:
    """Return a calibration of a standard of the actor's laboratory. Raises NotFound, for another's as well."""
    calibration = standards.calibration_facts(session, calibration_id)
    standard = standard_facts(session, calibration.standard_id)
    if not belongs(actor, standard.laboratory_id):
        raise NotFound("calibration.not_found")
    return calibration, standard


def reach_root(session: Session, actor: Actor, calibration_id: int) -> ReachRoot:
    """Return a calibration with how much it reaches. Raises NotFound, for another laboratory's as well."""
    calibration, standard = own_calibration(session, actor, calibration_id)
    below = calibrations_below(session, calibration_id)
    return ReachRoot(
        calibration_id=calibration.id,
        standard_id=standard.id,
        standard_code=standard.code,
        standard_vi=standard.name_vi,
        standard_en=standard.name_en,
        certificate_number=calibration.certificate_number,
        calibrated_on=calibration.calibrated_on,
        below=len(below) - 1,
        runs=len({run_id for run_id, _ in uses_below(session, below)}),
        certificates=len(reached_certificates(session, calibration_id)),
    )


def reached_runs(
    session: Session, actor: Actor, calibration_id: int, request: ListRequest = EVERYTHING
) -> Listed[ReachedRun]:
    """Return a page of the runs that a calibration reached, newest first; words are sought as in the list of runs.

    Filters: state; purpose; covered (on a certificate or not).
    """
    own_calibration(session, actor, calibration_id)
    below = calibrations_below(session, calibration_id)
    levels = levels_of(calibration_id, edges_below(session, below))
    uses = uses_below(session, below)
    reached = numbers(session, {run_id for run_id, _ in uses})
    covered = select(CertificateRun.id).where(CertificateRun.run_id == CalibrationRun.id).exists()
    listed = SqlList(
        query=run_rows().join(reached, reached.c.id == CalibrationRun.id),
        key=CalibrationRun.id,
        sorts={"number": (CalibrationRun.id,), "opened": (CalibrationRun.opened_at,)},
        sort="-opened",
        searched=mentions,
        filters={
            "covered": {"1": covered, "0": ~covered},
            "purpose": {one.value: CalibrationRun.purpose == one for one in RunPurpose},
            "state": {one.value: CalibrationRun.state == one for one in RunState},
        },
    ).answer(session, request)
    by_run: dict[int, list[int]] = {}
    for run_id, used in uses:
        by_run.setdefault(run_id, []).append(used)
    words = _Words.of(session, listed.items, by_run)
    return listed.mapped(lambda row: words.line(row, by_run, levels))


def mentions(word: str) -> ColumnElement[bool]:
    """Return the condition that a run of `run_rows` speaks of a word: number, job, instrument."""
    found = [
        func.lower(func.coalesce(column, "")).contains(word, autoescape=True)
        for column in (CalibrationRun.number, Job.number)
    ]
    return or_(*found)


def certificates_of_runs(session: Session, run_ids: Collection[int]) -> dict[int, tuple[ReachedCertificate, ...]]:
    """Return the certificates of each run, the newest first."""
    covered = certificates_on(session, run_ids)
    keys = {key for found in covered.values() for key in found}
    query = select(Certificate.id, Certificate.number, Certificate.version, Certificate.state)
    known = {
        row.id: ReachedCertificate(row.id, printed_number(row.number, row.version), row.state)
        for row in session.execute(query.where(Certificate.id.in_(keys)))
    }
    return {run: tuple(known[key] for key in sorted(found, reverse=True)) for run, found in covered.items()}


def codes_of(session: Session, calibration_ids: Iterable[int]) -> dict[int, str]:
    """Return the code of the standard of each calibration."""
    query = select(StandardCalibration.id, Standard.code).join(Standard, Standard.id == StandardCalibration.standard_id)
    found = session.execute(query.where(StandardCalibration.id.in_(set(calibration_ids))))
    return {row[0]: row[1] for row in found}


class _Words:
    """What a page of runs needs besides their rows, read at once."""

    def __init__(self, session: Session, rows: Sequence[Any], codes: dict[int, str]) -> None:
        self.codes = codes
        self.customers = names_of(session, {row[2].customer_id for row in rows if row[2] is not None})
        self.certificates = certificates_of_runs(session, [row[0].id for row in rows])

    @classmethod
    def of(cls, session: Session, rows: Sequence[Any], by_run: dict[int, list[int]]) -> _Words:
        """Return the words of a page of rows."""
        return cls(session, rows, codes_of(session, {one for row in rows for one in by_run[row[0].id]}))

    def line(self, row: Any, by_run: dict[int, list[int]], levels: dict[int, int]) -> ReachedRun:
        """Return the line of a row of `run_rows`."""
        run, instrument, job, _procedure = row
        used = sorted(by_run[run.id], key=lambda one: levels[one])
        customer = (None, None) if job is None else self.customers[job.customer_id]
        return ReachedRun(
            run_id=run.id,
            run_number=run.number,
            run_state=run.state,
            purpose=run.purpose,
            instrument_vi=instrument.name_vi,
            instrument_en=instrument.name_en,
            serial_number=instrument.serial_number or "",
            customer_vi=customer[0] or "",
            customer_en=customer[1],
            ended_at=run.ended_at,
            opened_at=run.opened_at,
            by_standard=self.codes[used[0]],
            steps=levels[used[0]],
            certificates=self.certificates.get(run.id, ()),
        )
