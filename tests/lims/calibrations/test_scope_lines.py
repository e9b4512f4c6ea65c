"""The scope line in force on the day of the readings applies, also where the run was opened on another day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from lims.calibrations.commands import Decide
from lims.calibrations.decision_services import submit_run
from lims.calibrations.facts import RunState
from lims.calibrations.models import CalibrationRun
from lims.calibrations.scope_lines import measured_on_another_day
from lims.core.clock import local_date
from tests.factories.calibrations import NOW, equip, make_bench, make_run, read_all
from tests.factories.procedures import make_scope

NEXT = NOW + timedelta(days=1)


def test_the_line_of_the_day_of_the_readings_applies(session: Session) -> None:
    bench = make_bench(session)
    today = local_date(NOW, "Asia/Ho_Chi_Minh")
    site = bench.item.site_id
    make_scope(session, site_id=site, valid_to=today, instrument_kind=None)
    make_scope(
        session,
        site_id=site,
        version="2",
        valid_from=today + timedelta(days=1),
        instrument_kind=None,
        cmc_expression="200",
    )
    run = make_run(session, bench)
    assert {entry.line["version"] for entry in run.scope} == {"1"}
    equip(session, bench, run, now=NEXT)
    read_all(session, bench, run, now=NEXT)
    stored = submit_run(session, bench.technician, Decide(run.id), now=NEXT + timedelta(minutes=30))
    assert {row.cmc for row in stored.results} == {"0.2"}, "200 mg in grams"
    row = session.get_one(CalibrationRun, run.id)
    assert {entry["line"]["version"] for entry in json.loads(row.scope_line or "[]")} == {"2"}


def test_what_was_handed_in_keeps_its_lines(session: Session) -> None:
    run = make_run(session, make_bench(session))
    assert measured_on_another_day(run, NOW) is None
    assert measured_on_another_day(run, NEXT) == local_date(NEXT, run.timezone)
    assert measured_on_another_day(replace(run, state=RunState.SUBMITTED), NEXT) is None
