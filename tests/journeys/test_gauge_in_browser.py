"""A Bourdon gauge's whole run by the keyboard alone: equipment, room, two cycles, a correction, adjusted, submitted."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from calc.rounding import localise
from lims.calibrations import queries
from lims.calibrations.evaluations import last_evaluation
from lims.calibrations.facts import Phase, ReadingFacts, RunState
from lims.core.db import Database
from tests.factories.gauges import BOURDON, make_bourdon_bench
from tests.journeys.gauge_run import COUNT_KEYS, GaugeRun, all_stored, serve_bench

pytestmark = pytest.mark.browser

READINGS = BOURDON.parents[1] / "readings" / "gauge_readings.csv"
SLOTS = ("reference", "thermo_hygrometer", "barometer")
ROOM = {"start": ("23,1", "58", "100,6"), "end": ("23,4", "59", "100,6")}


@pytest.fixture
def gauge(sqlite_database: Database, tmp_path: Path) -> Iterator[GaugeRun]:
    """A Bourdon gauge received, its run opened, nothing chosen and nothing read."""
    yield from serve_bench(sqlite_database, tmp_path, make_bourdon_bench, slots=())


def indications() -> list[str]:
    """Return what the reference gauge showed, in the order of loading, as a Vietnamese keyboard types it."""
    with READINGS.open(encoding="utf-8") as lines:
        return [row["reference_kPa"].replace(".", ",") for row in csv.DictReader(lines)]


def follow(page: Page, words: str) -> None:
    """Take a line of what keeps the run back to its cure, by Enter."""
    link = page.locator(".problem-list a", has_text=words)
    link.focus()
    page.keyboard.press("Enter")


def type_down(page: Page, texts: tuple[str, ...] | list[str]) -> None:
    """Type numbers, Enter after each."""
    for text in texts:
        page.keyboard.type(text)
        page.keyboard.press("Enter")


def choose_equipment(page: Page) -> None:
    """Take the first standard offered for each slot; the page leads from one to the next."""
    follow(page, "Thiếu thiết bị: Áp kế chuẩn")
    for slot in SLOTS:
        page.locator(f"#field-choice-{slot}:focus").wait_for()
        page.keyboard.press("ArrowDown")
        with page.expect_navigation():
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")


def adjust(page: Page) -> None:
    """Enter the adjustment with its consent, field by field."""
    page.locator("a[href$='/adjustment']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/adjustment")
    for name, text in (
        ("description_vi", "Chỉnh lại điểm không và độ nhạy"),
        ("seals_removed", "TEM 0012"),
        ("seals_applied", "TEM 0013"),
        ("consent_by", "Khách Hàng Mẫu"),
        ("consent_at", "02/03/2026 14:30"),
        ("consent_evidence", "Thư điện tử ngày 02/03/2026"),
    ):
        page.locator(f"[name={name}]").focus()
        page.keyboard.type(text)
    page.locator("form[action$='/adjustment'] button[type=submit]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/adjustment"))


def read(gauge: GaugeRun, phase: Phase) -> list[ReadingFacts]:
    """Return the readings that hold in a phase, in the order in which they were first written."""
    return [
        entry
        for entry in queries.current(gauge.readings())
        if entry.address.section == "pressure" and entry.address.phase == phase
    ]


def test_a_gauge_is_measured_corrected_adjusted_and_measured_again_by_keys(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    choose_equipment(page)
    page.evaluate(COUNT_KEYS)
    page.locator("[id^='field-conditions|temperature']:focus").wait_for()
    type_down(page, ROOM["start"])
    type_down(page, indications())
    all_stored(page)
    assert page.evaluate("() => window.spent") == {"keys": 23, "mouse": 0}
    stored = read(gauge, Phase.AS_FOUND)
    assert [entry.text for entry in stored] == indications()
    order = [(entry.address.cycle, entry.address.direction, entry.address.point) for entry in stored]
    marks = ["0", "0.4", "0.8", "1.2", "1.6"]
    ways = [(cycle, direction) for cycle in (1, 2) for direction in ("up", "down")]
    assert order == [(*way, mark) for way in ways for mark in (marks if way[1] == "up" else marks[::-1])]
    assert "giữ tải 5 min" in page.locator("tbody[data-point^='pressure|1.6']").inner_text()
    follow(page, "Chưa ghi Nhiệt độ")
    type_down(page, ROOM["end"])
    all_stored(page)
    correct(gauge, page)
    adjust(page)
    page.locator("#sheet-pressure-as_left").wait_for()
    follow(page, "Còn thiếu 20 số chỉ")
    type_down(page, [text.replace("7", "6") for text in indications()])
    all_stored(page)
    page.locator("form[action$='/submit'] button").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Kết quả đã lưu, đang chờ soát xét.").wait_for()
    assert_stored(gauge, page)


def correct(gauge: GaugeRun, page: Page) -> None:
    """A reading was typed wrongly: the new number asks for the reason, the old one stays in the record."""
    page.locator("[id='field-pressure|0.8|1|up|1|standard|as_found']").focus()
    page.keyboard.type("794,4")
    page.keyboard.press("Enter")
    page.keyboard.type("gõ nhầm")
    page.keyboard.press("Enter")
    all_stored(page)
    newest = gauge.readings()[-1]
    assert (newest.text, newest.supersede_reason, newest.supersedes_id is None) == ("794,4", "gõ nhầm", False)


def assert_stored(gauge: GaugeRun, page: Page) -> None:
    """Both phases are stored with their results, and the page shows the ones stored."""
    with gauge.database.reading() as session:
        run = queries.run_facts(session, gauge.bench.technician, gauge.run_id)
        view = last_evaluation(session, gauge.run_id)
    assert run.state is RunState.SUBMITTED
    assert view is not None
    assert {(row.point, row.phase) for row in view.results} == {
        (mark, phase) for mark in ("0", "0.4", "0.8", "1.2", "1.6") for phase in ("as_found", "as_left")
    }
    for row in view.results:
        body = page.locator(f'tbody[data-point="pressure|{row.point}|{row.phase}"]')
        assert row.reported_error is not None
        assert body.locator("[data-part=result]").inner_text().strip() == localise(row.reported_error, "vi")
