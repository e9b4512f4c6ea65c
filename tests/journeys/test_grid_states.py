"""The grid of a run in a real browser, its states: done again, divisions of a dial, cures, a crash, what stays put."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from lims.core.db import Database
from tests.factories.calibrations import make_bench
from tests.factories.gauges import gauge_section, repeats
from tests.factories.sections import make_balance_bench
from tests.journeys.gauge_run import (
    GaugeRun,
    all_stored,
    cell,
    corrected,
    row_of,
    serve_bench,
    serve_gauge,
    state,
    type_row,
)
from tests.live import tidy_page

pytestmark = pytest.mark.browser

PLACES = """
() => [...document.querySelectorAll("table.sheet .cell-input, table.sheet th")].map((one) => {
  const [box, sheet] = [one, one.closest("table")].map((element) => element.getBoundingClientRect());
  return [box.x - sheet.x, box.y - sheet.y, box.width, box.height].map(Math.round).join(" ");
})
"""


@pytest.fixture
def gauge(sqlite_database: Database, tmp_path: Path) -> Iterator[GaugeRun]:
    """Ten points, each read three times."""
    yield from serve_gauge(sqlite_database, tmp_path, gauge_section("error", repeats(3)))


@pytest.fixture
def weighing(sqlite_database: Database, tmp_path: Path) -> Iterator[GaugeRun]:
    """A weighing with conditions, nothing chosen yet."""
    yield from serve_bench(sqlite_database, tmp_path, make_bench, slots=())


@pytest.fixture
def balance(sqlite_database: Database, tmp_path: Path) -> Iterator[GaugeRun]:
    """A balance: repeatability in ten weighings, eccentricity, linearity."""
    yield from serve_bench(sqlite_database, tmp_path, make_balance_bench, slots=())


def test_what_was_undone_is_done_again_each_step_in_the_record(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    for text in ("1,01", "1,02"):
        page.locator(cell(1)).focus()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        if text == "1,02":
            page.keyboard.type("đọc lại")
            page.keyboard.press("Enter")
        all_stored(page)
    for _twice in range(2):
        page.keyboard.press("Control+z")
    page.locator(f".cell-withdrawn:has({cell(1)})").wait_for()
    all_stored(page)
    assert page.locator(cell(1)).input_value() == ""
    page.keyboard.press("Control+y")
    state(page, 1, 1, "saved")
    assert page.locator(cell(1)).input_value() == "1,01"
    page.keyboard.press("Control+Shift+z")
    corrected(page, 1, 1, 3)
    all_stored(page)
    assert page.locator(cell(1)).input_value() == "1,02"
    assert [(entry.text, entry.supersede_reason) for entry in gauge.readings()] == [
        ("1,01", ""),
        ("1,02", "đọc lại"),
        ("1,01", "hoàn tác"),
        ("1,01", "làm lại"),
        ("1,02", "làm lại"),
    ]
    page.keyboard.press("Control+y")
    page.locator("#bench-state", has_text="Không có gì để làm lại").wait_for()


def test_a_dial_is_read_in_its_divisions_and_in_tenths_of_them(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    chooser = page.locator("[data-sheet-unit]")
    before = page.evaluate(PLACES)
    for kind, texts in (("div", ["2", "2", "2"]), ("ddiv", ["40", "41", "42"])):
        chooser.select_option(kind)
        page.locator("#dialog-unit").fill("0,5")
        page.keyboard.press("Enter")
        type_row(page, texts)
        all_stored(page)
    stored = [(entry.text, entry.unit) for entry in gauge.readings()]
    assert stored == [("2", "div(0.5 bar)")] * 3 + [(text, "ddiv(0.5 bar)") for text in ("40", "41", "42")]
    errors = page.locator("td[data-part=result]").all_inner_texts()
    assert [error.strip() for error in errors[:2]] == ["0,000", "0,05"]
    assert page.evaluate(PLACES) == before
    page.reload()
    assert chooser.locator("option:checked").inner_text() == "1/10 vạch (0,5 bar)"
    assert page.locator(cell(2)).input_value() == "40"


def test_each_line_of_what_keeps_a_run_back_leads_to_its_cure(weighing: GaugeRun, page: Page) -> None:
    weighing.open(page)
    leads = {
        "Thiếu thiết bị: Quả cân chuẩn": "field-choice-reference",
        "Chưa ghi Nhiệt độ": "field-conditions|temperature|1||1|influence|as_found",
        "Còn thiếu 12 số chỉ": "field-weighing|10kg|1||1|standard|as_found",
    }
    for words, place in leads.items():
        page.locator(".problem-list a", has_text=words).press("Enter")
        assert page.evaluate("document.activeElement.id") == place
    page.locator('[id="field-conditions|temperature|1||1|influence|as_found"]').focus()
    page.keyboard.type("25,8")
    page.keyboard.press("Enter")
    page.locator(".problem-list a", has_text="Nhiệt độ nằm ngoài").press("Enter")
    assert page.evaluate("document.activeElement.name") == "text_vi"
    assert page.locator("#justify select[name=subject]").input_value() == "temperature"


def test_what_a_crashed_page_could_not_send_is_sent_by_the_next_of_the_same_person(
    gauge: GaugeRun, browser: Browser
) -> None:
    with tidy_page(browser) as page:
        gauge.open(page)

        def refuse(route: Route) -> None:
            route.abort()

        page.route("**/cells", refuse)
        type_row(page, row_of(1)[:3])
        page.locator(cell(2)).focus()
        page.keyboard.type("2,0")
        state(page, 1, 3, "queued")
        # The page dies without a word; what it kept grows old.
        page.context.new_page().close()
        age = "for (const [k, v] of Object.entries(localStorage)) localStorage[k] = v.replace(/\\d{13}/, '1');"
        other = page.context.new_page()
        page.close(run_before_unload=False)
        other.goto(f"{gauge.server.url}/sign-in")
        other.evaluate(age)
        other.context.clear_cookies()
        gauge.open(other, gauge.bench.colleague)
        all_stored(other)
        assert other.locator(cell(1)).input_value() == ""
        other.context.clear_cookies()
        gauge.open(other)
        state(other, 1, 3, "saved")
        assert other.locator(f"{cell(2)}:focus").input_value() == "2,0"
        other.keyboard.press("End")
        other.keyboard.type("2")
        other.keyboard.press("Enter")
        state(other, 2, 1, "saved")
    assert gauge.texts() == [*row_of(1)[:3], "2,02"]
    assert {entry.writer_name for entry in gauge.readings()} == {gauge.bench.technician.name}


def test_a_reading_that_cannot_be_taken_is_said_to_be_so(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    type_row(page, ["1,00", "1,02"])
    page.locator(cell(1, 3)).focus()
    page.keyboard.press("Alt+Enter")
    page.locator("#cell-not-measurable").focus()
    page.keyboard.type("kim bị kẹt")
    page.keyboard.press("Enter")
    page.locator(f".cell-not-measurable:has({cell(1, 3)})").wait_for()
    all_stored(page)
    assert page.locator('tbody[data-point="error|p1|as_found"] [data-part=result]').inner_text().strip() == "0,010"
    page.locator(".problem-list a", has_text="Còn thiếu 27 số chỉ").wait_for()
    page.locator(cell(1, 3)).focus()
    page.keyboard.press("Control+z")
    page.locator(f".cell-withdrawn:has({cell(1, 3)})").wait_for()


def test_nothing_moves_while_typing_and_a_series_goes_on_in_the_next_row(balance: GaugeRun, page: Page) -> None:
    balance.open(page)
    before = page.evaluate(PLACES)
    for number in range(10):
        page.keyboard.type(f"200,000{number}")
        page.keyboard.press("Enter")
    for number in range(5):
        page.keyboard.type(f"100,000{number}")
        page.keyboard.press("Enter")
    page.keyboard.type("0,0100")
    page.keyboard.press("Enter")
    all_stored(page)
    page.locator("[data-total='repeatability|as_found']", has_text="10/10").first.wait_for()
    assert page.evaluate(PLACES) == before
    read = [(entry.address.section, entry.address.sequence, entry.text) for entry in balance.readings()]
    wanted = [("repeatability", number + 1, f"200,000{number}") for number in range(10)]
    wanted += [("eccentricity", number + 1, f"100,000{number}") for number in range(5)]
    assert read == [*wanted, ("linearity", 1, "0,0100")]
