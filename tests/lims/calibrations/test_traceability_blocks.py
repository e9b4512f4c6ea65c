"""What breaks the path above a standard holds the release back, each break with its reason and clause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from lims.calibrations.evaluations import material_of
from lims.calibrations.queries import facts_of, run_row
from lims.calibrations.standing import standing
from lims.calibrations.workflow import Problem, Step, blocking, problems
from standards.calibration_facts import CalibrationFacts
from standards.calibration_models import StandardStateChange
from standards.chain_facts import BreakReason
from standards.commands import NewEdge
from standards.facts import StandardState
from tests.factories import calibrations
from tests.factories.calibrations import NOW, Bench
from tests.factories.standards import make_calibration, make_lower_calibration, make_standard


@pytest.fixture
def bench(session: Session) -> Bench:
    return calibrations.make_bench(session)


def with_standards_above(session: Session, bench: Bench) -> tuple[Bench, list[CalibrationFacts]]:
    """Let the bench's weight be calibrated here against two others."""
    above = [make_calibration(session, make_standard(session, bench.site, code=code)) for code in ("KL-90", "KL-91")]
    lower = make_lower_calibration(
        session, above[0], bench.standard, edges=tuple(NewEdge(one.id) for one in above), run_id=None, run_number=None
    )
    return replace(bench, calibration=lower), above


def quarantine(session: Session, standard_id: int) -> None:
    """Note later that a standard was in quarantine before the one below it was calibrated."""
    session.add(
        StandardStateChange(
            standard_id=standard_id,
            state=StandardState.QUARANTINED,
            reason="rơi",
            at=datetime(2026, 1, 20, tzinfo=UTC),
            actor_id=1,
            actor_name="A",
        )
    )
    session.flush()


def held(session: Session, run_id: int) -> list[Problem]:
    material = material_of(session, facts_of(session, run_row(session, run_id)))
    return [p for p in problems(standing(session, material, now=NOW)) if p.detail == "use.untraceable"]


def test_a_path_that_holds_keeps_nothing_back(session: Session, bench: Bench) -> None:
    bench, _ = with_standards_above(session, bench)
    run = calibrations.submitted_run(session, bench)
    assert held(session, run.id) == []


def test_every_break_is_said_with_its_reason_and_clause(session: Session, bench: Bench) -> None:
    bench, above = with_standards_above(session, bench)
    run = calibrations.submitted_run(session, bench)
    for one in above:
        quarantine(session, one.standard_id)
    found = held(session, run.id)
    assert {p.detail_values["certificate"] for p in found} == {one.certificate_number for one in above}
    assert {p.detail_values["reason"] for p in found} == {BreakReason.QUARANTINED}
    assert {p.clause for p in found} == {"ISO/IEC 17025:2017, 6.4.9"}
    assert blocking(found, Step.REVIEW) == ()
    assert len(blocking(found, Step.RELEASE)) == len(above)
