"""Stored evaluations run again: the same, within tolerance, moved by another engine, or damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from lims.calibrations.commands import Decide
from lims.calibrations.decision_services import release_run
from lims.calibrations.detail_facts import RecomputeOutcome
from lims.calibrations.evaluation import canonical, evaluate_record, evaluation_digest, text_digest
from lims.calibrations.models import Evaluation
from lims.calibrations.recompute import compare_results, recompute
from lims.core.errors import IntegrityFailure
from tests.factories.calibrations import NOW, Bench, make_bench, reviewed_run, submitted_run
from tests.lims.calibrations.records import s2_record


def alter(session: Session, **columns: str) -> None:
    """Change stored evaluations below the application, where only the trigger's absence lets one."""
    dialect = session.get_bind().dialect.name
    suffix = "" if dialect == "sqlite" else " ON evaluation"
    session.execute(text(f"DROP TRIGGER trg_evaluation_no_update{suffix}"))
    places = ", ".join(f"{name} = :{name}" for name in columns)
    session.execute(text(f"UPDATE evaluation SET {places}"), columns)
    session.expire_all()


def stored(session: Session) -> tuple[Bench, Evaluation]:
    """A submitted run's evaluation, alone in the database of this test."""
    bench = make_bench(session)
    run = submitted_run(session, bench)
    return bench, session.query(Evaluation).filter_by(run_id=run.id).one()


def only(session: Session, run_id: int) -> RecomputeOutcome:
    """Return what became of one run's evaluation."""
    (found,) = [outcome for outcome in recompute(session) if outcome.run_id == run_id]
    return found


def test_a_stored_evaluation_comes_out_the_same_to_the_last_bit(session: Session) -> None:
    _bench, row = stored(session)
    outcome = only(session, row.run_id)
    assert (outcome.verdict, outcome.holds) == ("identical", True)
    assert json.loads(row.input)["procedure"]["code"] == "HC-KL-01"
    assert (row.input_digest, row.result_digest) == (text_digest(row.input), text_digest(row.result))


@pytest.mark.parametrize("column", ["input", "result"])
def test_an_altered_row_is_corrupt(session: Session, column: str) -> None:
    _bench, row = stored(session)
    alter(session, **{column: getattr(row, column).replace("10000.005", "10000.006")})
    assert only(session, row.run_id).verdict == "corrupt"


def forged(row: Evaluation, result: dict[str, Any]) -> dict[str, str]:
    """Return the columns of an evaluation with another result and digests that fit it."""
    written = canonical(result)
    return {
        "result": written,
        "result_digest": text_digest(written),
        "digest": evaluation_digest(row.input_digest, text_digest(written)),
    }


def moved(row: Evaluation, factor: float) -> dict[str, Any]:
    """Return the result of an evaluation with its estimate moved."""
    result: dict[str, Any] = json.loads(row.result)
    output = result["sections"][0]["measurement"]["outputs"][0]
    output["estimate"] = repr(float(output["estimate"]) * factor)
    return result


def test_another_number_on_the_same_engine_and_machine_is_different(session: Session) -> None:
    _bench, row = stored(session)
    alter(session, **forged(row, moved(row, 1 + 1e-15)))
    assert only(session, row.run_id).verdict == "different"


def test_on_another_machine_a_last_bit_may_differ(session: Session) -> None:
    _bench, row = stored(session)
    alter(session, fingerprint="{}", **forged(row, moved(row, 1 + 1e-15)))
    assert only(session, row.run_id).verdict == "equivalent"


def test_an_engine_change_beyond_rounding_is_told_apart_from_corruption(session: Session) -> None:
    _bench, row = stored(session)
    result = json.loads(row.result)
    result["rows"][0]["reported"]["value"] = "26"
    alter(session, fingerprint="{}", engine_version="0.9.0", **forged(row, result))
    outcome = only(session, row.run_id)
    assert (outcome.verdict, outcome.holds, outcome.where) == ("engine_changed", False, "weighing/10kg/m_X")


def test_a_damaged_evaluation_is_not_released(session: Session) -> None:
    bench = make_bench(session)
    run = reviewed_run(session, bench)
    row = session.query(Evaluation).filter_by(run_id=run.id).one()
    alter(session, result=row.result.replace('"value":"25"', '"value":"24"'))
    with pytest.raises(IntegrityFailure):
        release_run(session, bench.signatory, Decide(run.id), now=NOW)


def test_results_are_compared_by_reported_text_and_by_number() -> None:
    one = evaluate_record(s2_record())
    assert compare_results(one, one) == (True, "", 0.0)
    other = json.loads(json.dumps(one))
    other["rows"][0]["reported"]["expanded_uncertainty"] = "60"
    assert compare_results(one, other)[0] is False
    other = json.loads(json.dumps(one))
    other["sections"][0]["measurement"]["outputs"][0]["estimate"] = "10000.03"
    agrees, _where, largest = compare_results(one, other)
    assert not agrees
    assert largest > 1e-12
