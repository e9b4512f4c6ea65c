"""The shipped case: AS-02 indicated 0,05 % of reading too high, as a step since its last calibration.

AS-02 shows 0,05 % too much, so at a mark of 0,8 MPa the true pressure is 0,4 kPa lower than taken, and the error of the
gauge there is 0,4 kPa larger than certified: by hand 0; 0,2; 0,4; 0,6; 0,8 kPa at 0; 0,4; 0,8; 1,2; 1,6 MPa.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from certificates import impact_queries, impact_services
from certificates import services as certificate_services
from certificates.impact_command import AskImpact, impact
from certificates.impact_facts import Course, Finding, ImpactRow, ImpactStudyView, OpenStudy, Sense, StudyState
from certificates.impact_models import ImpactResult
from certificates.reach_queries import reach_of, reached_certificates
from lims.calibrations.models import Evaluation
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import InvalidInput, NotFound
from lims.demo import gauges, own_standards, work
from standards.calibration_models import Standard, StandardCalibration
from tests.journeys.laboratory import PASSWORD, House, build_house
from tests.journeys.test_second_instruments import certified, furnish, measured
from tests.live import serving, tidy_page

_EQUIPMENT: Final = frozenset({"AS-01", "AS-02", "NH-03", "PB-01"})
_BY_HAND: Final = {"0": 0.0, "0.4": 0.2, "0.8": 0.4, "1.2": 0.6, "1.6": 0.8}
"""How far the gauge's error moves, in kPa, by the mark in MPa."""
_PAPER: Final = b"%PDF-1.7 the paper itself is proven elsewhere"


class Case:
    """The laboratory with AS-02 calibrated here by AS-01, a certified gauge and one whose results wait for review."""

    def __init__(self, house: House) -> None:
        self.house = house
        keys = furnish(house, _EQUIPMENT)
        own = certified(house, "AS-02")
        at = own.at + timedelta(minutes=20)
        with house.database.transaction() as session:
            self.below = own_standards.record_and_accept(session, house.laboratory, own, at).id
        self.own_run, self.own_certificate = own.run_id, own.certificate_id
        now = house.clock.now()
        self.gauge = measured(house, gauges, keys["AK-2203"], now)
        self.waiting = measured(house, gauges, keys["AK-2204"], now + timedelta(hours=1))
        self.certificate = self._certificate(now + timedelta(hours=5))
        house.clock.at = now + timedelta(hours=6)

    def _certificate(self, at: datetime) -> int:
        laboratory = self.house.laboratory
        with self.house.database.transaction() as session:
            work.review(session, laboratory, self.gauge, at)
            work.release(session, laboratory, self.gauge, at)
            begun = work.begin_certificate(session, laboratory, [self.gauge], at)
            certificate_services.finish_issue(session, begun.id, _PAPER, now=at)
        return begun.id

    @property
    def above(self) -> int:
        """Return the calibration of AS-01 that AS-02 was calibrated with."""
        query = select(StandardCalibration.id).join(Standard, Standard.id == StandardCalibration.standard_id)
        with self.house.database.reading() as session:
            return (
                session.execute(
                    query.where(Standard.code == "AS-01").order_by(StandardCalibration.calibrated_on.desc())
                )
                .scalars()
                .first()
                or 0
            )

    def study(self, command: OpenStudy) -> ImpactStudyView:
        """Open a study as the quality manager and let the worker carry it out."""
        database, laboratory = self.house.database, self.house.laboratory
        with database.transaction() as session:
            actor = laboratory.actor("cl01")
            opened = impact_services.open_study(session, actor, command, now=self.house.clock.now())
        impact_services.run_study(database, opened.id, clock=self.house.clock)
        with database.reading() as session:
            return impact_queries.study_view(session, laboratory.actor("cl01"), opened.id)

    def rows(self, study: ImpactStudyView) -> dict[int, ImpactRow]:
        """Return what became of each run, the worst first."""
        with self.house.database.reading() as session:
            return {row.run_id: row for row in impact_queries.impact_rows(session, study.id).items}


@pytest.fixture
def case(sqlite_database: Database, tmp_path: Path, clock: FixedClock) -> Case:
    """The laboratory with its gauge."""
    return Case(build_house(sqlite_database, tmp_path, clock, ()))


def shifts(row: ImpactRow) -> dict[str, float]:
    return {line.point: float(line.shift) for line in row.lines}


def test_as_02_indicated_too_high_since_its_last_calibration(case: Case) -> None:
    with case.house.database.reading() as session:
        before = session.execute(select(func.count()).select_from(Evaluation)).scalar_one()
    study = case.study(OpenStudy(case.below, "0,05 %", course=Course.STEP))
    assert (study.state, study.done, study.certificates) == (StudyState.DONE, 2, 1)
    rows = case.rows(study)
    assert set(rows) == {case.gauge, case.waiting}, "the gauges, not AS-02's own run nor AS-01"
    assert [one.id for one in rows[case.gauge].certificates] == [case.certificate]
    assert shifts(rows[case.gauge]) == pytest.approx(_BY_HAND, abs=1e-9)
    assert rows[case.gauge].finding is Finding.SHIFTED
    half = next(line for line in rows[case.gauge].lines if line.point == "0.8")
    assert (half.reported_old, half.reported_new, half.reported_unit) == ("2.5", "2.9", "kPa")
    # U = 2 · 3,48305 kPa, the published budget of the gauge
    assert float(half.shift_in_u) == pytest.approx(0.4 / 6.96611, rel=1e-5)
    assert (half.old_verdict, half.new_verdict) == ("pass", "pass")
    with case.house.database.reading() as session:
        assert session.execute(select(func.count()).select_from(Evaluation)).scalar_one() == before


def test_the_balance_above_moves_as_02_and_the_gauges_with_the_right_sign(case: Case) -> None:
    """AS-01 realises 0,05 % less than certified: AS-02 then shows as much too much, and so do the gauges."""
    study = case.study(OpenStudy(case.above, "-0.05 %"))
    rows = case.rows(study)
    assert set(rows) == {case.own_run, case.gauge, case.waiting}
    assert shifts(rows[case.gauge]) == pytest.approx(_BY_HAND, abs=1e-9)
    own = {"0": 0.0, "500": 0.25, "800": 0.4, "1000": 0.5, "1600": 0.8, "2000": 1.0, "2500": 1.25}
    assert shifts(rows[case.own_run]) == pytest.approx(own, abs=1e-9)
    assert [rows[run].steps for run in (case.own_run, case.gauge)] == [0, 1]
    assert next(iter(rows)) == case.own_run, "the worst first: 1,25 kPa of U = 1,0 kPa"
    with case.house.database.reading() as session:
        reach = reach_of(session, case.above)
        assert reach.levels == ((case.above,), (case.below,))
        assert reach.counts[case.below].runs == 2
        assert set(reached_certificates(session, case.above)) == {case.own_certificate, case.certificate}


def test_a_shift_that_takes_a_gauge_out_of_its_class_changes_its_conformity(case: Case) -> None:
    study = case.study(OpenStudy(case.below, "30 kPa"))
    rows = case.rows(study)
    assert rows[case.gauge].finding is Finding.CHANGED
    assert {line.new_verdict for line in rows[case.gauge].lines} == {"fail"}
    assert study.counts["changed"] == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"onset": 1}, 0.0),
        ({"onset": -5, "course": Course.STEP}, 0.4),
        ({"onset": -10, "until": 10, "course": Course.DRIFT}, 0.2),
        ({"lower": "1", "upper": "2", "span_unit": "MPa"}, 0.0),
        ({"sense": Sense.VALUE}, -0.4),
    ],
    ids=["after the run", "before it", "half of a drift", "outside the range", "of its value"],
)
def test_where_and_since_when(case: Case, changes: dict[str, object], expected: float) -> None:
    today = case.house.laboratory.today
    given: dict[str, object] = dict(changes)
    for name in ("onset", "until"):
        if name in given:
            given[name] = today + timedelta(days=int(str(given[name])))
    for name in ("lower", "upper"):
        if name in given:
            given[name] = Decimal(str(given[name]))
    row = case.rows(case.study(OpenStudy(case.below, "0.05 %", **given)))[case.gauge]  # type: ignore[arg-type]
    assert shifts(row).get("0.8", 0.0) == pytest.approx(expected, abs=1e-9)


def test_a_study_goes_on_where_a_killed_worker_stopped(case: Case) -> None:
    whole = case.study(OpenStudy(case.above, "-0.05 %"))
    database, laboratory, clock = case.house.database, case.house.laboratory, case.house.clock
    with database.transaction() as session:
        opened = impact_services.open_study(
            session, laboratory.actor("cl01"), OpenStudy(case.above, "-0.05 %"), now=clock.now()
        )
        done = session.execute(select(ImpactResult).where(ImpactResult.study_id == whole.id)).scalars().first()
        assert done is not None
        names = [column.key for column in ImpactResult.__table__.columns if column.key not in {"id", "study_id"}]
        session.add(ImpactResult(study_id=opened.id, **{name: getattr(done, name) for name in names}))
    impact_services.run_study(database, opened.id, clock=clock)
    impact_services.run_study(database, opened.id, clock=clock)
    with database.reading() as session:
        again = impact_queries.study_view(session, laboratory.actor("cl01"), opened.id)
    assert (again.state, again.done) == (StudyState.DONE, 3)
    assert again.result_digest == whole.result_digest


def test_what_fits_nothing_is_refused(case: Case) -> None:
    for shift, code in (("0,05", "impact.shift_unreadable"), ("3 mg", "impact.shift_other_kind")):
        with pytest.raises(InvalidInput) as refused:
            case.study(OpenStudy(case.below, shift))
        assert refused.value.fields[0].code == code


@pytest.mark.parametrize("name", ["AS-02", "HC-TM-2026-00001", "AS-02/HC-TM-2026-00001"])
def test_the_command_says_the_same_and_stores_nothing(case: Case, name: str) -> None:
    said: list[str] = []
    asked = AskImpact(name, "0,05 %")
    with case.house.database.reading() as session:
        impact(session, asked, today=case.house.laboratory.today, as_json=True, say=said.append)
        assert session.execute(select(func.count()).select_from(ImpactResult)).scalar_one() == 0
        with pytest.raises(NotFound):
            impact(session, AskImpact("AS-99"), today=case.house.laboratory.today, as_json=True, say=said.append)
    (document,) = said
    told = json.loads(document)
    assert (told["standard"], told["sense"], told["affected_certificates"]) == ("AS-02", "indication", 1)
    results = {row["point"]: row["shift"] for row in told["runs"][0]["results"]}
    assert results == pytest.approx(_BY_HAND, abs=1e-9)


@pytest.mark.browser
def test_in_a_browser_from_the_standard_to_what_moves(case: Case, tmp_path: Path, browser: Browser) -> None:
    house = case.house
    with (
        serving(house.database, tmp_path / "served", house.clock) as server,
        tidy_page(browser) as page,
    ):
        _sign_in(page, server.url)
        page.goto(f"{server.url}/standards/calibrations/{case.below}/reach")
        page.get_by_role("link", name="Đánh giá ảnh hưởng khi nghi ngờ chuẩn").click()
        page.get_by_label("Độ lệch").fill("0,05 %")
        page.get_by_label("Lý do nghi ngờ").fill("Kiểm tra giữa kỳ vượt giới hạn")
        page.get_by_role("button", name="Bắt đầu đánh giá").click()
        house.work()
        page.reload()
        expect(page.locator("tbody .impact-run")).to_have_count(2)
        row = page.locator("tbody", has_text="HC-TM-").locator("tr", has_text="0,8 MPa")
        expect(row).to_contain_text("+0,40 kPa")
        expect(row).to_contain_text("2,9")


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.locator("input[name=sign_in_name]").fill("cl01")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)
