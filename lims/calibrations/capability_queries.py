"""What is read to hold the scope against what was computed: the last evaluations of each procedure in force."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from calc.units import convert_difference
from lims.calibrations.capability import LineCapability, PointCapability, best_of, best_uncertainty
from lims.calibrations.facts import RunState
from lims.calibrations.models import CalibrationRun, Evaluation
from lims.procedures import queries as procedures
from lims.procedures.facts import ScopeLineFacts
from lims.procedures.models import ProcedureVersion
from lims.procedures.scope import cmc_at, matching_line
from standards.calibration_facts import CalibrationState
from standards.calibration_models import CalibrationContent, StandardCalibration
from standards.models import Instrument

RUNS_EACH: Final = 25
"""So many of the last reviewed runs of each procedure are looked at."""


@dataclass(frozen=True, slots=True)
class _Run:
    id: int
    number: str
    instrument_kind: str
    record: dict[str, Any]
    result: dict[str, Any]


def capabilities(session: Session, site_id: int, *, on: date) -> list[LineCapability]:
    """Return every line of a site's scopes in force on a day with the best that was computed within it."""
    lines = [
        line
        for line in procedures.scope_lines(session, site_id)
        if line.valid_from <= on and (line.valid_to is None or on <= line.valid_to)
    ]
    found: dict[int, list[PointCapability]] = {line.id: [] for line in lines}
    in_force = _calibrations_in_force(session)
    for run in _last_runs(session, site_id):
        for line, point in _points(run, lines, in_force, on):
            found[line.id].append(point)
    return [LineCapability(line, best_of(found[line.id])) for line in lines]


def _last_runs(session: Session, site_id: int) -> Iterator[_Run]:
    """Yield the last reviewed runs of each version of a procedure, with the evaluation that was reviewed."""
    place = func.row_number().over(partition_by=CalibrationRun.procedure_version_id, order_by=CalibrationRun.id.desc())
    ranked = (
        select(CalibrationRun.id, place.label("place"))
        .join(ProcedureVersion, ProcedureVersion.id == CalibrationRun.procedure_version_id)
        .where(
            CalibrationRun.site_id == site_id,
            CalibrationRun.state.in_((RunState.REVIEWED, RunState.RELEASED)),
            ProcedureVersion.state == "approved",
        )
        .subquery()
    )
    newest = select(func.max(Evaluation.id).label("id")).group_by(Evaluation.run_id).subquery()
    query = (
        select(CalibrationRun.id, CalibrationRun.number, Instrument.kind, Evaluation.input, Evaluation.result)
        .join(ranked, ranked.c.id == CalibrationRun.id)
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .join(Evaluation, Evaluation.run_id == CalibrationRun.id)
        .join(newest, newest.c.id == Evaluation.id)
        .where(ranked.c.place <= RUNS_EACH)
        .order_by(CalibrationRun.id)
    )
    for run_id, number, kind, record, result in session.execute(query):
        yield _Run(run_id, number, kind, json.loads(record), json.loads(result))


def _calibrations_in_force(session: Session) -> frozenset[int]:
    """Return the accepted calibrations that are the last ones of a standard in one of its ranges."""
    query = (
        select(StandardCalibration.standard_id, CalibrationContent.range_id, StandardCalibration.id)
        .join(CalibrationContent, CalibrationContent.calibration_id == StandardCalibration.id)
        .where(StandardCalibration.state == CalibrationState.ACCEPTED)
        .order_by(StandardCalibration.calibrated_on, StandardCalibration.id)
    )
    return frozenset({(standard, its_range): key for standard, its_range, key in session.execute(query)}.values())


def _points(
    run: _Run, lines: Sequence[ScopeLineFacts], in_force: frozenset[int], on: date
) -> Iterator[tuple[ScopeLineFacts, PointCapability]]:
    """Yield each result of a run with the line of today's scope that holds for it."""
    procedure = run.record["procedure"]
    current = {entry["calibration_id"] for entry in run.record["references"]} <= in_force
    outputs = {
        (section["code"], output["point"], output["output"]): output
        for section in run.result["sections"]
        for output in section["measurement"]["outputs"]
    }
    for row in run.result["rows"]:
        section, point = _place(run.record, row)
        output = outputs.get((row["section"], f"{row['point']}|{row['phase']}", row["output"]))
        nominal, unit = Decimal(point["nominal"]), point["unit"]
        line = _line_for(run, lines, section, point, on)
        if line is None or output is None:
            continue
        cmc = cmc_at(line, nominal, unit)
        yield (
            line,
            PointCapability(
                run_id=run.id,
                run_number=run.number,
                procedure=procedure["code"],
                title_vi=section["title_vi"],
                title_en=section.get("title_en", ""),
                nominal=nominal,
                nominal_unit=unit,
                unit=row["unit"],
                best_uncertainty=best_uncertainty(run.record, row["section"], output),
                reported_uncertainty=max(float(row["expanded_uncertainty"]), float(row["cmc"] or 0)),
                cmc=convert_difference(cmc.value, cmc.unit, row["unit"]),
                current=current,
            ),
        )


def _place(record: dict[str, Any], row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the section and the point of a row: as agreed for the item, else the procedure's own."""
    (section,) = [entry for entry in record["procedure"]["definition"]["sections"] if entry["code"] == row["section"]]
    agreed = [
        point for entry in record["points"] or () if entry["section"] == row["section"] for point in entry["points"]
    ]
    point = next(entry for entry in (*agreed, *section["points"]) if entry["code"] == row["point"])
    return section, point


def _line_for(
    run: _Run, lines: Sequence[ScopeLineFacts], section: dict[str, Any], point: dict[str, Any], on: date
) -> ScopeLineFacts | None:
    procedure = run.record["procedure"]
    described = " ".join(str(part.get(name, "")) for part in (section, point) for name in ("title_vi", "title_en"))
    for method in (procedure["code"], procedure["method_reference"]):
        line = matching_line(
            lines,
            quantity=section["quantity"],
            instrument_kind=run.instrument_kind,
            value=Decimal(point["nominal"]),
            unit=point["unit"],
            method=method,
            on_site=run.record["run"]["location_kind"] == "on_site",
            on=on,
            described=described,
        )
        if line is not None:
            return line
    return None
