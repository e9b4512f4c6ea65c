"""Runs every stored evaluation again and says of each whether it stands: the check behind `lims recompute`.

An engine change that moves a result beyond its rounding is told apart from corruption: a digest that does not fit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from calc.engine import ENGINE_VERSION, Agreement, compare, fingerprint
from calc.errors import CalcError
from calc.quantities import MeasurementResult
from calc.serialise import canonical_text, from_record
from lims.calibrations.detail_facts import RecomputeOutcome
from lims.calibrations.evaluation import canonical, evaluate_record, evaluation_digest, text_digest
from lims.calibrations.models import CalibrationRun, Evaluation
from lims.core.errors import LimsError

_BATCH = 200


def recompute(session: Session) -> Iterator[RecomputeOutcome]:
    """Yield what became of each stored evaluation, oldest first."""
    query = (
        select(Evaluation, CalibrationRun.number)
        .join(CalibrationRun, CalibrationRun.id == Evaluation.run_id)
        .order_by(Evaluation.id)
        .execution_options(yield_per=_BATCH)
    )
    here = canonical_text(fingerprint())
    for row, number in session.execute(query):
        yield _outcome(row, number, here)


def _outcome(row: Evaluation, number: str, here: str) -> RecomputeOutcome:
    if not _undamaged(row):
        return RecomputeOutcome(row.id, row.run_id, number, "corrupt", "digest")
    try:
        again = canonical(evaluate_record(json.loads(row.input)))
    except (LimsError, CalcError, KeyError, ValueError, TypeError) as error:
        verdict = "different" if row.engine_version == ENGINE_VERSION else "engine_changed"
        return RecomputeOutcome(row.id, row.run_id, number, verdict, f"{type(error).__name__}: {error}")
    if again == row.result:
        return RecomputeOutcome(row.id, row.run_id, number, "identical")
    if row.fingerprint == here:
        return RecomputeOutcome(row.id, row.run_id, number, "different", "bits")
    agrees, where, largest = compare_results(json.loads(row.result), json.loads(again))
    if agrees:
        return RecomputeOutcome(row.id, row.run_id, number, "equivalent", where, largest)
    verdict = "different" if row.engine_version == ENGINE_VERSION else "engine_changed"
    return RecomputeOutcome(row.id, row.run_id, number, verdict, where, largest)


def _undamaged(row: Evaluation) -> bool:
    digests = (text_digest(row.input), text_digest(row.result))
    return digests == (row.input_digest, row.result_digest) and evaluation_digest(*digests) == row.digest


def compare_results(stored: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[bool, str, float]:
    """Return whether two result records agree: numbers within 1e-12 relative, every reported text the same.

    With them come the place of the largest difference, or of the first reported text that differs, and how large it is.
    """
    for one, other in zip(stored["rows"], again["rows"], strict=False):
        place = f"{one['section']}/{one['point']}/{one['output']}"
        if (one["reported"], _verdict(one)) != (other["reported"], _verdict(other)):
            return False, place, 0.0
    if len(stored["rows"]) != len(again["rows"]) or len(stored["sections"]) != len(again["sections"]):
        return False, "rows", 0.0
    largest, where = 0.0, ""
    for one, other in zip(stored["sections"], again["sections"], strict=True):
        try:
            found = compare(
                from_record(MeasurementResult, one["measurement"]), from_record(MeasurementResult, other["measurement"])
            )
        except CalcError as error:
            return False, error.code, 0.0
        if found.agreement is Agreement.DIFFERENT:
            return False, f"{one['code']}/{found.where}", found.largest_relative_difference
        if found.largest_relative_difference > largest:
            largest, where = found.largest_relative_difference, f"{one['code']}/{found.where}"
    return True, where, largest


def _verdict(row: Mapping[str, Any]) -> str | None:
    conformity = row["conformity"]
    return None if conformity is None else str(conformity["verdict"])
