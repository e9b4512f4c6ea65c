"""A hidden shift in a generated laboratory of three levels: every affected point and every flip is found, no other."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from certificates import impact_services
from certificates.impact_facts import ImpactStudyView, OpenStudy, Sense, StudyState
from certificates.impact_models import ImpactResult
from certificates.impact_parameters import lines_from_json
from certificates.impact_queries import study_view
from certificates.reach_queries import reached_certificates
from lims.core.clock import FixedClock
from lims.core.db import Database
from tests.factories.three_levels import ThreeLevels, make_three_levels


def studied(database: Database, made: ThreeLevels, clock: FixedClock) -> ImpactStudyView:
    """Let the laboratory study what it was told: the reference indicated too high, since when and above what."""
    hidden = made.hidden
    command = OpenStudy(
        made.root,
        f"{hidden.fraction * 100:f} %",
        Sense.INDICATION,
        lower=hidden.above,
        span_unit="bar",
        onset=hidden.onset,
    )
    with database.transaction() as session:
        opened = impact_services.open_study(session, made.actor, command, now=clock.now())
    impact_services.run_study(database, opened.id, clock=clock)
    with database.reading() as session:
        return study_view(session, made.actor, opened.id)


def judge(database: Database, certificates: int, clock: FixedClock) -> ThreeLevels:
    """Generate, study, and hold what was found against the truth."""
    with database.transaction() as session:
        made = make_three_levels(session, certificates)
    study = studied(database, made, clock)
    assert study.state is StudyState.DONE, study.last_error
    moved, flipped, shifts = set(), set(), {}
    with database.reading() as session:
        for row in session.execute(select(ImpactResult).where(ImpactResult.study_id == study.id)).scalars():
            for line in lines_from_json(row.lines):
                if line.moved:
                    moved.add((row.run_id, line.point))
                    shifts[row.run_id, line.point] = float(line.shift)
                if line.changed:
                    flipped.add((row.run_id, line.point))
        reached = set(reached_certificates(session, made.root))
    assert moved == made.affected(), "precision and recall of the affected points"
    assert flipped == made.flipped(), "precision and recall of the conformity flips"
    for (run_id, point), shift in shifts.items():
        assert shift == pytest.approx(float(made.shifts[run_id][point]), abs=1e-9)
    assert {run for run, _ in made.affected()} & made.judged <= reached
    return made


def test_a_small_laboratory(database: Database, clock: FixedClock) -> None:
    made = judge(database, 120, clock)
    assert made.affected()
    assert made.flipped()
    assert len({run for run, _ in made.affected()}) < len(made.shifts), "some were not touched"


@pytest.mark.long
def test_ten_thousand_certificates(sqlite_database: Database, clock: FixedClock) -> None:
    made = judge(sqlite_database, 10_000, clock)
    assert len(made.judged) == 10_000
    assert len(made.flipped()) > 100
