"""The grid of a run in a real browser: a whole gauge by keys alone, corrections, a server that is gone, two people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route

from calc.rounding import localise
from lims.calibrations import queries
from lims.calibrations.evaluations import material_of, preview
from lims.calibrations.facts import Address, ExclusionKind
from lims.core.db import Database
from tests.factories.calibrations import NOW
from tests.factories.gauges import UP_DOWN, gauge_section, repeats
from tests.journeys.gauge_run import (
    COUNT_KEYS,
    PASTE,
    GaugeRun,
    all_stored,
    cell,
    corrected,
    row_of,
    serve_gauge,
    state,
    type_row,
)
from tests.live import tidy_page

pytestmark = pytest.mark.browser


@pytest.fixture
def gauge(sqlite_database: Database, tmp_path: Path) -> Iterator[GaugeRun]:
    """Ten points, each read five times."""
    yield from serve_gauge(sqlite_database, tmp_path, gauge_section("error", repeats()))


@pytest.fixture
def loaded_gauge(sqlite_database: Database, tmp_path: Path) -> Iterator[GaugeRun]:
    """Ten points, up and down, two cycles."""
    yield from serve_gauge(sqlite_database, tmp_path, gauge_section("error", UP_DOWN))


@pytest.fixture
def many_sections(sqlite_database: Database, tmp_path: Path) -> Iterator[GaugeRun]:
    """Repeatability, eccentricity in three positions, single checks and pairs, on one page."""
    positions = [{"code": code, "title_vi": f"Vị trí {code}"} for code in ("A", "B", "C")]
    layouts: dict[str, dict[str, object]] = {
        "repeatability": dict(repeats(3)),
        "eccentricity": {"kind": "positions", "cycles": 1, "entry_unit": "bar", "positions": positions},
        "zero": {"kind": "single", "entry_unit": "bar"},
        "pairs": {"kind": "paired", "repeats": 2, "entry_unit": "bar"},
    }
    yield from serve_gauge(sqlite_database, tmp_path, *(gauge_section(code, layouts[code], 1) for code in layouts))


def test_a_gauge_of_ten_points_is_typed_corrected_and_submitted_by_keys(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    page.evaluate(COUNT_KEYS)
    for point in range(1, 11):
        type_row(page, row_of(point))
    all_stored(page)
    spent = page.evaluate("() => window.spent")
    assert spent["keys"] <= 60
    assert spent["mouse"] == 0
    assert gauge.texts() == [text for point in range(1, 11) for text in row_of(point)]
    assert_shown_is_stored(gauge, page)
    correct(gauge, page)
    page.locator("form[action$='/submit'] button").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Kết quả đã lưu, đang chờ soát xét.").wait_for()


def assert_shown_is_stored(gauge: GaugeRun, page: Page) -> None:
    """What stands beside each point is the preview of the whole run, to the last printed digit."""
    with gauge.database.reading() as session:
        run = queries.run_facts(session, gauge.bench.technician, gauge.run_id)
        view, _gathered = preview(session, material_of(session, run), now=NOW)
    assert len(view.results) == 10
    for row in view.results:
        body = page.locator(f'tbody[data-point="error|{row.point}|as_found"]')
        shown = [body.locator(f"[data-part={part}]").inner_text().strip() for part in ("result", "uncertainty")]
        assert row.reported_error is not None
        assert shown == [localise(row.reported_error, "vi"), localise(row.reported_expanded_uncertainty, "vi")]
        assert "đạt" in body.locator("[data-part=decision]").inner_text()


def correct(gauge: GaugeRun, page: Page) -> None:
    """A stored reading is changed: the reason is asked for, what stood there stays; Ctrl+Z brings it back."""
    page.locator(cell(3, 2)).focus()
    page.keyboard.type("3,01")
    page.keyboard.press("Enter")
    page.keyboard.type("đọc nhầm vạch")
    page.keyboard.press("Enter")
    corrected(page, 3, 2, 1)
    newest = gauge.readings()[-1]
    assert (newest.text, newest.supersede_reason) == ("3,01", "đọc nhầm vạch")
    page.keyboard.press("Control+z")
    corrected(page, 3, 2, 2)
    assert page.locator(cell(3, 2)).input_value() == "2,99"
    newest = gauge.readings()[-1]
    assert (newest.text, newest.supersede_reason) == ("2,99", "hoàn tác")
    assert len(gauge.readings()) == 52


def test_enter_follows_the_way_up_and_down(loaded_gauge: GaugeRun, page: Page) -> None:
    loaded_gauge.open(page)
    order = [*range(1, 11), *range(10, 0, -1)] * 2
    for point in order:
        page.keyboard.type(f"{point},01")
        page.keyboard.press("Enter")
    all_stored(page)
    read = [(entry.address.cycle, entry.address.direction, entry.address.point) for entry in loaded_gauge.readings()]
    ways = [(1, "up"), (1, "down"), (2, "up"), (2, "down")]
    assert read == [(*ways[place // 10], f"p{point}") for place, point in enumerate(order)]


def test_what_is_typed_while_the_server_is_gone_is_sent_in_order(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/cells", refuse)
    type_row(page, row_of(1))
    state(page, 1, 5, "queued")
    assert [page.locator(cell(1, repeat)).input_value() for repeat in range(1, 6)] == row_of(1)
    assert "Máy chủ chưa trả lời" in page.locator("#bench-state").inner_text()
    assert gauge.texts() == []
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    state(page, 1, 5, "queued")
    assert [page.locator(cell(1, repeat)).input_value() for repeat in range(1, 6)] == row_of(1)
    page.unroute("**/cells", refuse)
    state(page, 1, 5, "saved")
    all_stored(page)
    assert gauge.texts() == row_of(1)


def test_a_reading_whose_answer_was_lost_is_stored_once(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    lost: list[APIResponse] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch())
        route.abort()

    page.route("**/cells", lose)
    page.keyboard.type("1,00")
    page.keyboard.press("Enter")
    state(page, 1, 1, "saved")
    assert [answer.status for answer in lost] == [200]
    assert gauge.texts() == ["1,00"]


def test_two_technicians_in_one_grid(gauge: GaugeRun, browser: Browser) -> None:
    with tidy_page(browser) as one, tidy_page(browser) as other:
        gauge.open(one)
        gauge.open(other, gauge.bench.colleague)
        one.locator(cell(1)).focus()
        one.keyboard.type("1,00")
        one.keyboard.press("Enter")
        other.locator(cell(4)).focus()
        other.keyboard.type("4,00")
        other.keyboard.press("Enter")
        state(one, 4, 1, "saved")
        state(other, 1, 1, "saved")
        assert one.locator(cell(4)).input_value() == "4,00"
        # both in the same cell: the second is told, sees both values and chooses
        for page, text in ((one, "2,01"), (other, "2,02")):
            page.locator(cell(2)).focus()
            page.keyboard.type(text)
        one.keyboard.press("Enter")
        state(one, 2, 1, "saved")
        other.keyboard.press("Enter")
        state(other, 2, 1, "conflict")
        other.keyboard.press("F8")
        other.keyboard.press("Enter")
        both = other.locator("#cell-dialog .both").inner_text()
        assert "2,01" in both
        assert "2,02" in both
        assert "Kỹ Thuật Viên" in both
        other.keyboard.type("đọc lại hai lần")
        other.keyboard.press("Enter")
        state(other, 2, 1, "saved")
        one.locator(f"{cell(2)}[aria-describedby]").wait_for()
        assert one.locator(cell(2)).input_value() == "2,02"
    assert sorted(gauge.texts()) == ["1,00", "2,02", "4,00"]


def test_numbers_that_are_hardly_meant_are_pointed_out(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    type_row(page, ["1,00", "1,O1", "101", "1,01", "10,1"])
    state(page, 1, 2, "refused")
    state(page, 1, 3, "confirm")
    page.locator(cell(1, 2)).focus()
    assert "không phải" in page.locator(f".cell:has({cell(1, 2)}) .cell-note").inner_text()
    page.keyboard.type("1,01")
    page.keyboard.press("Enter")
    page.keyboard.press("F8")
    assert page.evaluate("document.activeElement.name") == Address("error", "p1", 1, "", 3).key
    page.keyboard.press("Enter")
    page.keyboard.type("áp kế bị kẹt kim")
    page.keyboard.press("Enter")
    all_stored(page)
    stuck = next(entry for entry in gauge.readings() if entry.text == "101")
    assert stuck.comment == "áp kế bị kẹt kim"
    slip = page.locator(f".cell-slip:has({cell(1, 5)}) .cell-note")
    assert "10 lần" in (slip.text_content() or "")


def test_a_first_entry_undone_leaves_its_cell_open(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    page.keyboard.type("1,00")
    page.keyboard.press("Enter")
    all_stored(page)
    page.keyboard.press("Control+z")
    page.locator(f".cell-withdrawn:has({cell(1)})").wait_for()
    all_stored(page)
    assert page.locator(cell(1)).input_value() == ""
    assert [entry.excluded for entry in gauge.readings()] == [ExclusionKind.WITHDRAWN]
    page.keyboard.type("1,02")
    page.keyboard.press("Enter")
    all_stored(page)
    assert gauge.texts() == ["1,02"]
    page.locator(cell(1)).focus()
    page.keyboard.press("Alt+Enter")
    menu = page.locator("#cell-dialog")
    menu.wait_for()
    assert "người ghi đã rút lại" in menu.inner_text()
    menu.locator("#cell-comment").focus()
    page.keyboard.type("nhìn thẳng mặt số")
    page.keyboard.press("Enter")
    menu.wait_for(state="hidden")
    assert [entry.comment for entry in queries.current(gauge.readings())] == ["nhìn thẳng mặt số"]


def test_a_block_is_shown_asked_about_stored_and_undone_in_one_step(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    page.evaluate(PASTE, "1,00\t1,01\t\t0.102 MPa\n2,00\tlỗi\n")
    preview_of = page.locator("#cell-dialog")
    preview_of.wait_for()
    assert "Số chỉ sẽ được lưu: 4" in preview_of.inner_text()
    assert "Bỏ qua vì không phải là số hoặc nằm ngoài bảng: lỗi" in preview_of.inner_text()
    assert gauge.texts() == []
    preview_of.locator("button[type=submit]").focus()
    page.keyboard.press("Enter")
    all_stored(page)
    state(page, 2, 1, "saved")
    stored = [(entry.text, entry.unit, entry.source) for entry in gauge.readings()]
    assert stored == [(text, unit, "pasted") for text, unit in BLOCK]
    page.keyboard.press("Control+z")
    page.locator(f".cell-withdrawn:has({cell(1)})").wait_for()
    all_stored(page)
    assert [entry.excluded for entry in gauge.readings()] == ["withdrawn"] * 4
    page.locator(cell(3)).focus()
    page.evaluate(PASTE, "3,012\t3,013")
    preview_of.wait_for()
    assert preview_of.locator("button[type=submit]").is_disabled()
    preview_of.locator("input[value=',']").check()
    preview_of.locator("button[type=submit]:enabled").press("Enter")
    state(page, 3, 2, "saved")
    all_stored(page)
    assert [entry.text for entry in gauge.readings() if entry.excluded is None] == ["3,012", "3,013"]


BLOCK = (("1,00", "bar"), ("1,01", "bar"), ("0.102", "MPa"), ("2,00", "bar"))


def test_enter_leads_through_all_sections_of_a_page(many_sections: GaugeRun, page: Page) -> None:
    many_sections.open(page)
    for row in (["10,01", "10,02", "10,03"], ["9,99", "10,00", "10,01"]):
        type_row(page, row)
    page.keyboard.type("10,02")
    page.keyboard.press("Enter")
    for row in (["10,00", "10,01"], ["10,02", "10,03"]):
        type_row(page, row)
    all_stored(page)
    read = [(entry.address.section, entry.address.sequence, entry.address.role) for entry in many_sections.readings()]
    wanted = [(code, place, "item") for code in ("repeatability", "eccentricity") for place in (1, 2, 3)]
    wanted += [("zero", 1, "item")]
    assert read == wanted + [("pairs", pair, role) for pair in (1, 2) for role in ("standard", "item")]


def test_what_is_typed_after_the_session_ended_is_stored_after_signing_in_again(gauge: GaugeRun, page: Page) -> None:
    gauge.open(page)
    page.wait_for_load_state()
    page.context.clear_cookies()
    page.keyboard.type("1,00")
    page.keyboard.press("Enter")
    state(page, 1, 1, "queued")
    page.locator("#bench-state", has_text="Phiên làm việc đã kết thúc").wait_for()
    gauge.open(page.context.new_page())
    state(page, 1, 1, "saved")
    all_stored(page)
    assert gauge.texts() == ["1,00"]
