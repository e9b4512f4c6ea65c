"""Reads of evaluations: the preview of a run, stored evaluations, and what keeps a run from its next step."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from calc.engine import ENGINE_VERSION, fingerprint
from calc.serialise import canonical_text
from lims.calibrations import queries
from lims.calibrations.evaluation import canonical, evaluate_record, evaluation_digest, text_digest
from lims.calibrations.facts import (
    EvaluationView,
    RunFacts,
)
from lims.calibrations.gathering import Gathered, RunMaterial, Sources, input_record, seed_of
from lims.calibrations.models import Evaluation
from lims.calibrations.results import derived_of, failures_of, recorded_of, results_of
from lims.core.errors import NotFound
from standards import queries as standards


def material_of(session: Session, run: RunFacts) -> RunMaterial:
    """Read everything stored under a run."""
    return RunMaterial(
        run=run,
        procedure=queries.version_of(session, run),
        instrument=standards.instrument_facts(session, run.instrument_id),
        readings=queries.readings(session, run.id),
        uses=queries.equipment(session, run.id),
        exclusions=queries.exclusions(session, run.id),
        adjustments=queries.adjustments(session, run.id),
    )


def preview(
    session: Session, material: RunMaterial, *, now: datetime, sources: Sources | None = None
) -> tuple[EvaluationView, Gathered]:
    """Evaluate what is stored so far, by the same code as a submission; nothing is written."""
    gathered = input_record(session, material, now=now, sources=sources)
    return view_of(material.run, gathered.record), gathered


def view_of(run: RunFacts, record: dict[str, Any]) -> EvaluationView:
    """Evaluate an input record and return it as a view that is not stored."""
    input_text = canonical(record)
    # What is shown is what was written: the record passes through its text once, as when it is run again.
    result_text = canonical(evaluate_record(json.loads(input_text)))
    return _view(
        input_text,
        result_text,
        run_id=run.id,
        seed=seed_of(run),
        engine_version=ENGINE_VERSION,
        fingerprint=canonical_text(fingerprint()),
    )


def _view(input_text: str, result_text: str, **stored: Any) -> EvaluationView:
    record, result = json.loads(input_text), json.loads(result_text)
    input_digest, result_digest = text_digest(input_text), text_digest(result_text)
    values: dict[str, Any] = {
        "id": None,
        "sequence": None,
        "digest": None,
        "created_at": None,
        "created_by_name": "",
        "input_digest": input_digest,
        "result_digest": result_digest,
        **stored,
    }
    return EvaluationView(
        results=results_of(record, result),
        derived=derived_of(result),
        failures=failures_of(result),
        recorded=recorded_of(record, result),
        input=record,
        result=result,
        **values,
    )


def digest_of(view: EvaluationView) -> str:
    """Return the digest that an evaluation gets when it is stored."""
    return evaluation_digest(view.input_digest, view.result_digest)


def evaluation_view(session: Session, evaluation_id: int) -> EvaluationView:
    """Return a stored evaluation. Raises NotFound."""
    row = session.get(Evaluation, evaluation_id)
    if row is None:
        raise NotFound("evaluation.not_found")
    return _stored(row)


def _stored(row: Evaluation) -> EvaluationView:
    return _view(
        row.input,
        row.result,
        run_id=row.run_id,
        id=row.id,
        sequence=row.sequence,
        digest=row.digest,
        input_digest=row.input_digest,
        result_digest=row.result_digest,
        seed=row.seed,
        engine_version=row.engine_version,
        fingerprint=row.fingerprint,
        created_at=row.created_at,
        created_by_name=row.created_by_name,
    )


def last_evaluation(session: Session, run_id: int) -> EvaluationView | None:
    """Return the newest stored evaluation of a run: the one that review and release are about."""
    return last_evaluations(session, [run_id]).get(run_id)


def last_evaluations(session: Session, run_ids: Collection[int]) -> dict[int, EvaluationView]:
    """Return the newest stored evaluation of each run that has one."""
    newest = (
        select(Evaluation.run_id, func.max(Evaluation.sequence).label("sequence"))
        .where(Evaluation.run_id.in_(run_ids))
        .group_by(Evaluation.run_id)
        .subquery()
    )
    query = select(Evaluation).join(
        newest, and_(newest.c.run_id == Evaluation.run_id, newest.c.sequence == Evaluation.sequence)
    )
    return {row.run_id: _stored(row) for row in session.execute(query).scalars()}
