"""The hashes stored with evaluations, and whether what they rest on is still what it was.

An evaluation keeps its whole input: each reading that it took is held against the reading that is stored, each
calibration against the one that is stored, and the rows that lists show against its result.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from lims.calibrations.evaluation import evaluation_digest, text_digest
from lims.calibrations.models import CalibrationRun, Decision, Evaluation, EvaluationResult, Reading
from lims.core.db import Base
from lims.core.integrity import BATCH, TOKEN, Check, Found, IntegrityProblem, malformed
from standards.calibration_models import CalibrationContent, StandardCalibration
from standards.reference import value_digest

_READING: Final = ("section", "point", "cycle", "direction", "sequence", "role", "phase", "text", "unit")
_ADDRESS: Final = ("section", "point", "output", "phase")
_ROW: Final = (
    "estimate",
    "measurement_error",
    "combined_standard_uncertainty",
    "effective_degrees_of_freedom",
    "coverage_factor",
    "expanded_uncertainty",
    "cmc",
    "in_scope",
)


def _evaluations(session: Session) -> Found:
    for evaluation in _all(session):
        digests = (text_digest(evaluation.input), text_digest(evaluation.result))
        stored = (evaluation.input_digest, evaluation.result_digest)
        if digests != stored or evaluation_digest(*digests) != evaluation.digest:
            yield IntegrityProblem("integrity.evaluation", _named(evaluation))
        yield 1


def _all(session: Session) -> Iterator[Evaluation]:
    query = select(Evaluation).order_by(Evaluation.id).execution_options(yield_per=BATCH)
    for evaluation in session.execute(query).scalars():
        yield evaluation
        session.expunge(evaluation)


def _named(evaluation: Evaluation) -> dict[str, object]:
    return {"id": evaluation.id, "run_id": evaluation.run_id}


def _readings(session: Session) -> Found:
    """Hold what each evaluation took against the readings as they are stored."""
    for evaluation, record in _records(session):
        taken = {entry["id"]: entry for entry in record["readings"]}
        stored = select(*(getattr(Reading, name) for name in ("id", "value", *_READING))).where(Reading.id.in_(taken))
        rows = {row.id: row for row in session.execute(stored)}
        for key, entry in taken.items():
            row = rows.get(key)
            if row is None or not _same(entry, row):
                yield IntegrityProblem("integrity.reading", {"id": key, **_of_run(evaluation)})
        yield len(taken)


def _same(entry: Mapping[str, Any], row: Row[Any]) -> bool:
    value = None if row.value is None else f"{row.value:f}"
    return entry["value"] == value and all(entry[name] == getattr(row, name) for name in _READING)


def _of_run(evaluation: Evaluation) -> dict[str, object]:
    return {"evaluation": evaluation.id, "run_id": evaluation.run_id}


def _references(session: Session) -> Found:
    """Work out the digest of each value that an evaluation used from the calibration as it is stored now."""
    query = select(CalibrationContent.id, CalibrationContent.identifier, StandardCalibration.content_digest).join(
        StandardCalibration, StandardCalibration.id == CalibrationContent.calibration_id
    )
    stored = {key: (calibration, identifier) for key, identifier, calibration in session.execute(query)}
    for evaluation, record in _records(session):
        off = {
            entry["calibration_id"]
            for entry in record["references"]
            if entry["content_id"] not in stored
            or _value_digest(*stored[entry["content_id"]], entry) != entry["digest"]
        }
        for calibration_id in sorted(off):
            yield IntegrityProblem("integrity.used_calibration", {"id": calibration_id, **_of_run(evaluation)})
        yield len(record["references"])


def _value_digest(calibration: str, identifier: str, entry: Mapping[str, Any]) -> str:
    freedom, drift = entry["degrees_of_freedom"], entry["drift"]
    return value_digest(
        calibration,
        identifier,
        (entry["value"], entry["unit"]),
        (entry["expanded_uncertainty"], entry["coverage_factor"], None if freedom == "Infinity" else freedom),
        None if drift is None else f"{drift['half_width']} {drift['unit']} {drift['distribution']}",
    )


def _records(session: Session) -> Iterator[tuple[Evaluation, dict[str, Any]]]:
    """Yield each evaluation whose input is what was stored, with that input; of others nothing can be said."""
    for evaluation in _all(session):
        if text_digest(evaluation.input) == evaluation.input_digest:
            yield evaluation, json.loads(evaluation.input)


def _rows(session: Session) -> Found:
    """Hold the rows that lists show against the result they were taken from."""
    for evaluation in _all(session):
        if text_digest(evaluation.result) != evaluation.result_digest:
            continue
        said = {_address(row): row for row in json.loads(evaluation.result)["rows"]}
        columns = (getattr(EvaluationResult, name) for name in (*_ADDRESS, *_ROW))
        query = select(*columns).where(EvaluationResult.evaluation_id == evaluation.id)
        rows = {(row.section, row.point, row.output, row.phase): row for row in session.execute(query)}
        for address in sorted(said.keys() | rows.keys()):
            if address not in said or address not in rows or not _agrees(said[address], rows[address]):
                yield IntegrityProblem("integrity.result_row", {"place": "/".join(address), **_of_run(evaluation)})
        yield len(rows)


def _address(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return row["section"], row["point"], row["output"], row["phase"]


def _agrees(said: Mapping[str, Any], row: Row[Any]) -> bool:
    return all(said.get(name) == getattr(row, name) for name in _ROW)


def _decisions(session: Session) -> Found:
    query = select(Decision.id, Decision.evaluation_digest, Evaluation.digest).join(
        Evaluation, Decision.evaluation_id == Evaluation.id
    )
    for decision_id, named, stored in session.execute(query):
        if named != stored:
            yield IntegrityProblem("integrity.decision", {"id": decision_id})
        yield 1


def _own_calibrations(session: Session) -> Found:
    """A standard calibrated here names its run, and the evaluation of it by digest."""
    known: dict[int, set[str]] = {}
    query = select(StandardCalibration.id, StandardCalibration.run_id, StandardCalibration.run_digest)
    named = [(key, run, digest) for key, run, digest in session.execute(query) if run is not None or digest is not None]
    runs = {run for _, run, _ in named if run is not None}
    stored = select(Evaluation.run_id, Evaluation.digest).where(Evaluation.run_id.in_(runs))
    for run, stored_digest in session.execute(stored):
        known.setdefault(run, set()).add(stored_digest)
    for key, run_id, digest in named:
        if run_id is None or digest not in known.get(run_id, set()):
            yield IntegrityProblem("integrity.own_calibration", {"id": key, "run_id": run_id or 0})
        yield 1


def _tokens(session: Session) -> Found:
    yield from malformed(session, Base.metadata, f"{CalibrationRun.__tablename__}.token", TOKEN)


CHECKS: Final = (
    Check("evaluations", _evaluations, ("evaluation.input_digest", "evaluation.result_digest", "evaluation.digest")),
    Check("evaluated_readings", _readings),
    Check("used_calibrations", _references),
    Check("result_rows", _rows),
    Check("decisions", _decisions, ("decision.evaluation_digest",)),
    Check("own_calibrations", _own_calibrations, ("standard_calibration.run_digest",)),
    Check("runs", _tokens, ("calibration_run.token",)),
)
