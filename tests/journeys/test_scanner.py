"""A scanner's burst of keys in a real browser: one request from any page, and never a reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Dialog, Page, Request

from lims.calibrations import queries
from lims.calibrations.facts import Address
from lims.core.clock import FixedClock
from lims.core.db import Database
from tests.factories.calibrations import NOW, Bench, cell, equip, make_bench, make_run, sign_in_name
from tests.factories.people import PASSWORD
from tests.live import LiveServer, serving

pytestmark = pytest.mark.browser

SCANNER = 0.008
HAND = 0.12
"""Seconds between two keys."""


class Keys:
    """Types at a given pace: each key carries its own time, so that a slow machine is not taken for a slow hand."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.at = page.evaluate("Date.now() / 1000")

    def type(self, text: str, pace: float) -> None:
        """Type a text and Enter."""
        self.at += 1
        for character in text:
            self._press("Backspace" if character == "\b" else character, character, pace)
        self._press("Enter", "\r", pace)

    def _press(self, key: str, text: str, pace: float) -> None:
        self.at += pace
        event = {"key": key, "text": text, "unmodifiedText": text, "timestamp": self.at}
        self.session.send("Input.dispatchKeyEvent", {"type": "keyDown", **event})
        self.session.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, "timestamp": self.at})


@dataclass
class Counter:
    """A laboratory with an item that has an open run, served."""

    database: Database
    bench: Bench
    run_id: int
    name: str
    server: LiveServer

    def open(self, page: Page, path: str) -> Keys:
        """Sign the technician in and open a page."""
        page.goto(f"{self.server.url}/sign-in")
        page.locator("input[name=sign_in_name]").fill(self.name)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.goto(f"{self.server.url}{path}")
        return Keys(page)

    @property
    def code(self) -> str:
        """Return what the item's label says."""
        return f"{self.server.url}/i/{self.bench.item.token}"

    def texts(self) -> list[str]:
        """Return what is stored."""
        with self.database.reading() as session:
            return [entry.text for entry in queries.readings(session, self.run_id)]


@pytest.fixture
def counter(sqlite_database: Database, tmp_path: Path) -> Iterator[Counter]:
    """An item with one open run."""
    with sqlite_database.transaction() as session:
        bench = make_bench(session)
        run = make_run(session, bench)
        equip(session, bench, run)
        name = sign_in_name(session, bench.technician)
    with serving(sqlite_database, tmp_path, FixedClock(NOW)) as server:
        yield Counter(sqlite_database, bench, run.id, name, server)


def box(address: Address) -> str:
    """Return the selector of a cell."""
    return f'input[name="{address.key}"]'


def test_a_scan_on_any_page_opens_the_run_by_one_request(counter: Counter, page: Page) -> None:
    keys = counter.open(page, "/jobs")
    asked: list[str] = []

    def count(request: Request) -> None:
        if request.is_navigation_request() and request.redirected_from is None:
            asked.append(request.url)

    page.on("request", count)
    keys.type(counter.code, SCANNER)
    page.wait_for_url(f"**/runs/{counter.run_id}")
    assert [url.split("?")[0] for url in asked] == [f"{counter.server.url}/scan"]


def test_a_vietnamese_keyboard_between_scanner_and_page_does_no_harm(counter: Counter, page: Page) -> None:
    keys = counter.open(page, f"/runs/{counter.run_id}")
    page.goto(f"{counter.server.url}/jobs")
    page.locator("[data-search]").focus()
    keys.type(counter.code.replace("os", "o\bó"), SCANNER)  # Telex puts ó in place of o and s
    page.wait_for_url(f"**/runs/{counter.run_id}")


def test_a_scan_in_the_search_field_opens_it_too(counter: Counter, page: Page) -> None:
    keys = counter.open(page, "/jobs")
    page.locator("[data-search]").focus()
    keys.type(counter.code, SCANNER)
    page.wait_for_url(f"**/runs/{counter.run_id}")


def test_a_hand_that_types_is_left_alone(counter: Counter, page: Page) -> None:
    keys = counter.open(page, "/jobs")
    keys.type("abcdefghij", HAND)
    assert page.url.endswith("/jobs")
    page.locator("[data-search]").focus()
    keys.type(f"{counter.bench.item.job_number}/1", HAND)  # the search field opens an item by its number
    page.wait_for_url(f"**/runs/{counter.run_id}")


def test_a_burst_in_a_reading_cell_is_no_reading(counter: Counter, page: Page) -> None:
    keys = counter.open(page, f"/runs/{counter.run_id}")
    first = page.locator(box(cell()))
    first.focus()
    keys.type("0,0100", HAND)
    page.locator('#bench-state[data-tone="good"]').wait_for()
    assert counter.texts() == ["0,0100"]
    first.focus()
    keys.type(counter.code, SCANNER)
    page.wait_for_url(f"**/runs/{counter.run_id}")
    page.locator(box(cell())).wait_for()
    assert page.locator(box(cell())).input_value() == "0,0100"
    empty = page.locator(box(cell(1, 2, "item")))
    empty.focus()
    keys.type("8934567890123", SCANNER)  # the maker's barcode
    page.wait_for_url("**/search?q=8934567890123")
    assert counter.texts() == ["0,0100"]


def test_a_fast_reading_stays_a_reading(counter: Counter, page: Page) -> None:
    keys = counter.open(page, f"/runs/{counter.run_id}")
    page.locator(box(cell())).focus()
    keys.type("10,0250 mg", SCANNER)
    page.locator('#bench-state[data-tone="good"]').wait_for()
    assert counter.texts() == ["10,0250"]
    assert page.url.endswith(f"/runs/{counter.run_id}")


def test_what_was_scanned_into_a_form_asks_nothing_on_leaving(counter: Counter, page: Page) -> None:
    keys = counter.open(page, f"/jobs/items/{counter.bench.item.id}/hold")
    reason = page.locator("textarea[name=reason]")
    reason.focus()
    keys.type("8934567890123", SCANNER)  # a number that belongs into a form stays there
    assert reason.input_value().startswith("8934567890123")
    page.goto(f"{counter.server.url}/jobs/items/{counter.bench.item.id}/hold")
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", note)
    reason.focus()
    keys.type(counter.code, SCANNER)
    page.wait_for_url(f"**/runs/{counter.run_id}")
    assert asked == []
