"""What only a real browser shows: keys, focus, and the text of a form that outlives its session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.web import IDLE_END
from tests.factories.people import PASSWORD, make_laboratory
from tests.live import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture
def address(sqlite_database: Database, live_server: Callable[[Database], LiveServer], page: Page) -> str:
    """A served laboratory in which the page's person has signed in as receiver, by keyboard alone."""
    with sqlite_database.transaction() as session:
        make_laboratory(session)
    url = live_server(sqlite_database).url
    page.goto(f"{url}/sign-in")
    page.keyboard.type("receiver")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{url}/")
    return url


def test_what_was_typed_outlives_the_session(page: Page, address: str, clock: FixedClock) -> None:
    """The session ends while a long form is typed; after signing in again the text and the ticks stand in it."""
    page.goto(f"{address}/organisations/new")
    page.fill("#field-name_vi", "Công ty Lâu Dài")
    page.fill("#field-address_vi", "Xã Mẫu")
    page.uncheck("#field-is_customer")
    page.check("#field-is_upstream")
    clock.at += IDLE_END + timedelta(minutes=1)
    page.click(".form-end button")
    expect(page.locator(".notice-info")).to_contain_text("một thời gian không thao tác")
    page.fill("#field-sign_in_name", "receiver")
    page.fill("#field-password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/organisations/new")
    expect(page.locator("#field-name_vi")).to_have_value("Công ty Lâu Dài")
    expect(page.locator("#field-is_customer")).not_to_be_checked()
    expect(page.locator("#field-is_upstream")).to_be_checked()
    page.click(".form-end button")
    expect(page.locator(".notice-good")).to_contain_text("Đã thêm Công ty Lâu Dài.")
    page.goto(f"{address}/organisations/new")
    expect(page.locator("#field-name_vi")).to_have_value("")


def test_a_mistake_takes_the_focus_and_leads_to_its_field(page: Page, address: str) -> None:
    """The summary is read out first; its link puts the cursor into the field."""
    page.goto(f"{address}/organisations/new")
    page.click(".form-end button")
    expect(page.locator(".error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#field-name_vi")).to_be_focused()


def test_lists_and_search_work_by_keyboard(page: Page, address: str) -> None:
    """A slash goes to the search field; Enter on a row opens it."""
    page.goto(f"{address}/organisations")
    page.keyboard.press("/")
    page.keyboard.type("co khi")
    page.keyboard.press("Enter")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    page.locator("table.list tbody th a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Công ty TNHH Cơ khí Mẫu")


def test_no_page_is_wider_than_a_small_screen(page: Page, address: str) -> None:
    """At 390 pixels only tables may scroll sideways, within their own frame."""
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        "/",
        "/organisations",
        "/organisations/1",
        "/organisations/new",
        "/search?q=mau",
        "/password",
        "/nowhere",
    ):
        page.goto(address + path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, path
