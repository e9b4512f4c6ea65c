"""Reads of impact studies: one study, all of a laboratory, and the runs that one reached, the worst first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certificates.impact_facts import Finding, ImpactLine, ImpactRow, ImpactStudyView, StudyState
from certificates.impact_models import ImpactResult, ImpactStudy
from certificates.impact_parameters import from_json, lines_from_json
from certificates.models import CertificateRun
from certificates.reach_list_queries import certificates_of_runs, mentions
from lims.calibrations.facts import RunPurpose
from lims.calibrations.models import CalibrationRun, Evaluation
from lims.calibrations.record import definition_of
from lims.calibrations.results import agreed_points
from lims.calibrations.run_lists import run_rows
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.core.paging import PAGE_SIZE
from lims.people.access import belongs
from lims.people.models import Site
from standards.calibration_models import Standard, StandardCalibration
from standards.instrument_queries import names_of
from standards.models import Instrument


def _studies() -> Any:
    return (
        select(ImpactStudy, StandardCalibration, Standard, Instrument, Site.organisation_id)
        .select_from(ImpactStudy)
        .join(StandardCalibration, StandardCalibration.id == ImpactStudy.calibration_id)
        .join(Standard, Standard.id == StandardCalibration.standard_id)
        .join(Instrument, Instrument.id == Standard.instrument_id)
        .join(Site, Site.id == ImpactStudy.site_id)
    )


def study_view(session: Session, actor: Actor, study_id: int) -> ImpactStudyView:
    """Return a study of the actor's laboratory. Raises NotFound, for another laboratory's as well."""
    row = session.execute(_studies().where(ImpactStudy.id == study_id)).first()
    if row is None or not belongs(actor, row[4]):
        raise NotFound("impact.not_found")
    return _views(session, [row])[0]


def studies(session: Session, actor: Actor, request: ListRequest = EVERYTHING) -> Listed[ImpactStudyView]:
    """Return a page of the laboratory's studies, newest first. Filters: state; calibration and standard, by key."""
    query = _studies().where(Site.organisation_id == actor.laboratory_id)
    for name, column in (("calibration", ImpactStudy.calibration_id), ("standard", Standard.id)):
        if request.key(name) is not None:
            query = query.where(column == request.key(name))
    listed = SqlList(
        query=query,
        key=ImpactStudy.id,
        sorts={"opened": (ImpactStudy.opened_at,), "standard": (Standard.code,)},
        sort="-opened",
        searched=lambda word: (
            Instrument.search_text.contains(word, autoescape=True)
            | func.lower(Standard.code).contains(word, autoescape=True)
        ),
        filters={"state": {state.value: ImpactStudy.state == state for state in StudyState}},
    ).answer(session, request)
    views = {view.id: view for view in _views(session, listed.items)}
    return listed.mapped(lambda row: views[row[0].id])


def _views(session: Session, rows: Sequence[Any]) -> list[ImpactStudyView]:
    keys = [row[0].id for row in rows]
    query = select(ImpactResult.study_id, ImpactResult.finding, func.count())
    counts: dict[int, dict[str, int]] = {key: {} for key in keys}
    grouped = query.where(ImpactResult.study_id.in_(keys)).group_by(ImpactResult.study_id, ImpactResult.finding)
    for study_id, finding, count in session.execute(grouped):
        counts[study_id][finding] = count
    carried = (
        select(ImpactResult.study_id, func.count(CertificateRun.certificate_id.distinct()))
        .join(CertificateRun, CertificateRun.run_id == ImpactResult.run_id)
        .where(ImpactResult.study_id.in_(keys))
        .group_by(ImpactResult.study_id)
    )
    covered = {row[0]: row[1] for row in session.execute(carried)}
    return [_view(row, counts[row[0].id], covered.get(row[0].id, 0)) for row in rows]


def _view(row: Any, counts: Mapping[str, int], certificates: int) -> ImpactStudyView:
    study, calibration, standard, instrument, _laboratory = row
    return ImpactStudyView(
        id=study.id,
        doubt=from_json(study.parameters),
        reason=study.reason,
        state=StudyState(study.state),
        standard_id=standard.id,
        standard_code=standard.code,
        standard_vi=instrument.name_vi,
        standard_en=instrument.name_en,
        certificate_number=calibration.certificate_number,
        calibrated_on=calibration.calibrated_on,
        opened_at=study.opened_at,
        opened_by_name=study.opened_by_name,
        finished_at=study.finished_at,
        total=study.total,
        done=sum(counts.values()),
        counts=counts,
        certificates=certificates,
        result_digest=study.result_digest,
        last_error=study.last_error or "",
        by_itself=study.by_itself,
    )


def impact_rows(
    session: Session, study_id: int, request: ListRequest = EVERYTHING, *, size: int = PAGE_SIZE
) -> Listed[ImpactRow]:
    """Return a page of what a study reached, the largest shift in units of U first. The caller has checked who asks.

    Filters: finding; covered (on a certificate or not); purpose.
    """
    covered = select(CertificateRun.id).where(CertificateRun.run_id == CalibrationRun.id).exists()
    query = run_rows().add_columns(ImpactResult, Standard.code)
    listed = SqlList(
        query=query.join(ImpactResult, ImpactResult.run_id == CalibrationRun.id)
        .outerjoin(Standard, Standard.instrument_id == Instrument.id)
        .where(ImpactResult.study_id == study_id),
        key=CalibrationRun.id,
        sorts={
            "worst": (ImpactResult.worst,),
            "number": (CalibrationRun.id,),
            "instrument": (Instrument.sort_key,),
            "ended": (CalibrationRun.ended_at,),
        },
        sort="-worst",
        searched=mentions,
        filters={
            "finding": {one.value: ImpactResult.finding == one for one in Finding},
            "covered": {"1": covered, "0": ~covered},
            "purpose": {one.value: CalibrationRun.purpose == one for one in RunPurpose},
        },
    ).answer(session, request, size=size)
    words = _RowWords(session, listed.items)
    return listed.mapped(words.row)


class _RowWords:
    """What a page of rows needs besides them, read at once."""

    def __init__(self, session: Session, rows: Sequence[Any]) -> None:
        self.certificates = certificates_of_runs(session, [row[0].id for row in rows])
        self.customers = names_of(session, {row[2].customer_id for row in rows if row[2] is not None})
        keys = [row[4].evaluation_id for row in rows if row[4].evaluation_id is not None]
        query = select(Evaluation.id, Evaluation.input).where(Evaluation.id.in_(keys))
        self.titles = {key: titles_of(text) for key, text in session.execute(query)}

    def row(self, found: Any) -> ImpactRow:
        """Return the row of a run."""
        run, instrument, job, _procedure, result, code = found
        customer = (None, None) if job is None else self.customers[job.customer_id]
        return ImpactRow(
            run_id=run.id,
            run_number=run.number,
            run_state=run.state,
            purpose=run.purpose,
            instrument_vi=instrument.name_vi,
            instrument_en=instrument.name_en,
            serial_number=instrument.serial_number or "",
            standard_code=code or "",
            customer_vi=customer[0] or "",
            customer_en=customer[1],
            ended_at=run.ended_at,
            steps=result.steps,
            finding=Finding(result.finding),
            worst=result.worst,
            certificates=self.certificates.get(run.id, ()),
            lines=lines_from_json(result.lines),
            titles=self.titles.get(result.evaluation_id, {}),
            reason=result.reason or "",
        )


def titles_of(text: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Return what each point of an evaluation's input is called in both languages, by section, point and output.

    Where a section has several outputs, the output's name goes with the point's.
    """
    record = json.loads(text)
    definition, agreed = definition_of(record), agreed_points(record)
    found = {}
    for section in definition.sections:
        for point in (*section.points, *agreed.get(section.code, ())):
            for output in section.outputs:
                vi, en = point.title_vi, point.title_en or point.title_vi
                if len(section.outputs) > 1:
                    vi, en = f"{vi} · {output.title_vi}", f"{en} · {output.title_en or output.title_vi}"
                found[section.code, point.code, output.name] = (vi, en)
    return found


def lines_of(session: Session, study_id: int, run_id: int) -> tuple[ImpactLine, ...]:
    """Return what became of each result of one run."""
    query = select(ImpactResult.lines).where(ImpactResult.study_id == study_id, ImpactResult.run_id == run_id)
    text = session.execute(query).scalar_one_or_none()
    return () if text is None else lines_from_json(text)
