"""The same way once in a real browser, by three people and a customer, with the keyboard and the mouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from lims.core.clock import FixedClock
from lims.core.db import Database
from tests.journeys.laboratory import PASSWORD, House, build_house
from tests.journeys.test_reading_to_certificate import check_document, condition_cells, order, reading_cells, register
from tests.live import LiveServer, serving, tidy_page

SLOTS = (("reference", "KL-05"), ("comparator", "CS-01"), ("thermo_hygrometer", "NH-01"), ("barometer", "PB-01"))


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path, clock: FixedClock) -> House:
    return build_house(sqlite_database, tmp_path, clock)


@pytest.fixture
def server(house: House, tmp_path: Path) -> Iterator[LiveServer]:
    with serving(house.database, tmp_path, house.clock) as started:
        yield started


def sign_in(page: Page, server: LiveServer, name: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.get_by_label("Tên đăng nhập").fill(name)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def choose(page: Page, slot: str, code: str) -> None:
    field = page.locator(f"select[name=choice-{slot}]")
    folded = page.locator("details:not([open])", has=field).locator("> summary")  # once what is needed was chosen
    if folded.count():
        folded.first.click()
    value = field.locator("option", has_text=code).first.get_attribute("value")
    field.select_option(value)
    field.locator("xpath=ancestor::form").locator("button[type=submit]").click()
    page.locator(f"table.equipment td >> text={code}").first.wait_for(state="attached")  # it is folded


def type_cells(page: Page, cells: dict[str, str]) -> None:
    """Type into the cells; each is stored as it is left."""
    for key, text in cells.items():
        page.locator(f'input[name="{key}"]').focus()
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    all_stored(page)


def all_stored(page: Page) -> None:
    """Wait until the page says that everything typed is stored."""
    page.locator("#bench-state[data-tone=good]").wait_for()


def measure(page: Page, house: House, server: LiveServer, item: int) -> int:
    """The technician opens the run, chooses the equipment, types, submits; returns the run's key."""
    sign_in(page, server, "kdv01")
    page.goto(f"{server.url}/jobs/items/{item}/runs")
    page.locator("select[name=room_id]").select_option(str(house.laboratory.rooms["KL-1"]))
    page.locator("form:has(select[name=room_id]) button[type=submit]").click()
    page.wait_for_url("**/runs/*")
    run = int(page.url.rpartition("/")[2])
    for slot, code in SLOTS:
        choose(page, slot, code)
    house.pass_minutes()
    type_cells(page, condition_cells(1))
    type_cells(page, reading_cells())
    house.pass_minutes()
    type_cells(page, condition_cells(2))
    house.pass_minutes()
    page.locator(".result-card .figure-xl", has_text="10 kg + 25 mg").wait_for()
    page.locator("form[action$='/submit'] button").click()
    page.wait_for_load_state()
    return run


def test_three_people_take_the_weight_through(house: House, server: LiveServer, browser: Browser) -> None:
    register(house)
    item = order(house)
    with tidy_page(browser) as bench:
        run = measure(bench, house, server, item)
    with tidy_page(browser) as manager:
        sign_in(manager, server, "kt01")
        manager.goto(f"{server.url}/runs/{run}/review")
        house.pass_minutes()
        manager.locator("form[action$='/review'] button.btn-primary").click()
        manager.wait_for_url(f"**/runs/{run}")
    with tidy_page(browser) as director:
        sign_in(director, server, "gd01")
        director.goto(f"{server.url}/runs/{run}/release")
        house.pass_minutes()
        director.locator("form[action$='/release'] button.btn-primary").click()
        director.wait_for_url(f"**/runs/{run}")
        house.pass_minutes()
        director.goto(f"{server.url}/runs/{run}/certificates")
        director.get_by_role("link", name="Cấp giấy chứng nhận").click()
        director.locator("form[method=post]:has(input[name=run]) button[type=submit]").click()
        director.wait_for_url("**/certificates/*")
        assert house.work() == 1
        director.locator("text=HC-TM-2026-00001").first.wait_for()
    check_document(download(house, server, browser))


def download(house: House, server: LiveServer, browser: Browser) -> bytes:
    """The customer signs in and downloads the certificate."""
    from tests.journeys.accounts import customer_account

    with house.database.transaction() as session:
        customer_account(session, house.laboratory, "khach", "Đúc Mẫu", now=house.clock.now())
    with tidy_page(browser) as customer:
        sign_in(customer, server, "khach")
        customer.goto(f"{server.url}/portal/certificates")
        customer.get_by_role("link", name="HC-TM-2026-00001").first.click()
        with customer.expect_download() as started:
            customer.locator("a[href$='/pdf']").first.click()
        return Path(started.value.path()).read_bytes()


def test_switching_the_language_keeps_what_was_typed(house: House, server: LiveServer, browser: Browser) -> None:
    with tidy_page(browser) as page:
        sign_in(page, server, "tn01")
        page.goto(f"{server.url}/organisations/new")
        page.locator("input[name=name_vi]").fill("Cơ sở Hoa Sen")
        page.locator("form.language button[value=en]").click()
        page.locator("html[lang=en]").wait_for()
        assert page.locator("input[name=name_vi]").input_value() == "Cơ sở Hoa Sen"
        page.locator("input[name=email]").fill("không phải thư")
        page.locator("form[data-typed] button[type=submit]").first.click()
        page.locator("[aria-invalid=true]").first.wait_for()
        page.locator("form.language button[value=vi]").click()
        page.locator("html[lang=vi]").wait_for()
        assert page.locator("input[name=email]").input_value() == "không phải thư"
        assert page.locator("input[name=name_vi]").input_value() == "Cơ sở Hoa Sen"
