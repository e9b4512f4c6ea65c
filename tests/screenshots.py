"""Pictures of the pages of a demonstration laboratory: by role, language and width, into build/screenshots.

Run by `make screenshots`; `python -m tests.screenshots [--only WORD] [--languages vi,en] [--widths 1440,1024,390]
[--folder DEMONSTRATION] [--target FOLDER]`. Pages are found by following the links that each role can see, some for
each endpoint of the application. At the end it says which pages were not reached, are wider than their window, or
complained in the console.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page
from werkzeug.exceptions import HTTPException

from lims.app import create_app
from lims.core.clock import SystemClock
from lims.core.db import Database
from lims.demo.build import Demonstration, open_demonstration
from tests.live import LiveServer, chromium, serving

ROLES: Final = ("tn01", "kdv01", "kdv03", "kt01", "cl01", "gd01", "admin", "cokhi")
WIDTHS: Final = {1440: 900, 1024: 768, 390: 844}
TARGET: Final = Path("build/screenshots")
SEVERAL: Final = {
    "calibrations.run": 6,
    "calibrations.batch": 2,
    "certificates.certificate": 3,
    "jobs.item": 4,
    "jobs.job": 2,
    "procedures.version": 3,
    "standards.standard": 3,
    "standards.calibration": 3,
}
"""Endpoints whose pages look different from record to record: how many are pictured."""

PERSONAL: Final = frozenset({"home.home"})
"""Pages that every role sees in its own way."""

ALSO: Final = ("/search?q=10 kg", "/organisations/1")
"""Where to look besides the first page: what is typed, and the laboratory's own organisation."""

NO_PAGES: Final = frozenset(
    {
        "bootstrap.static",
        "calibrations.batch_cell_menu",
        "calibrations.batch_changes",
        "calibrations.batch_result",
        "calibrations.cell_menu",
        "calibrations.changes",
        "calibrations.scan",
        "calibrations.scanned",
        "certificates.draft",
        "certificates.impact_progress",
        "certificates.pdf",
        "certificates.progress",
        "home.health",
        "portal.download",
        "procedures.download",
        "standards.calendar_feed",
        "standards.certificate_file",
        "standards.export_register",
        "standards.instrument_file",
        "standards.scanned_standard",
        "static",
    }
)
"""Files, pieces of pages, and addresses that only lead on."""

MOST_REQUESTS: Final = 700
_LINK: Final = re.compile(r'(?:href|data-href)="([^"#]+)')


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wanted: a word in the path, the languages, the widths; and where it goes."""

    only: str
    languages: tuple[str, ...]
    widths: tuple[int, ...]
    target: Path


@dataclass
class Found:
    """What came out beside the pictures."""

    pictured: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    wide: set[str] = field(default_factory=set)
    complaints: set[str] = field(default_factory=set)


def main() -> None:
    """Build the demonstration (or open one), serve it, take the pictures, say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only pages with this in their path")
    parser.add_argument("--languages", default="vi,en")
    parser.add_argument("--widths", default=",".join(str(width) for width in WIDTHS))
    parser.add_argument("--folder", help="a demonstration that is already there")
    parser.add_argument("--target", default=str(TARGET), help="where the pictures go; what is there is removed")
    arguments = parser.parse_args()
    widths = tuple(int(width) for width in arguments.widths.split(","))
    choice = Choice(arguments.only, tuple(arguments.languages.split(",")), widths, Path(arguments.target))
    found = Found()
    with _demonstration(arguments.folder) as demonstration, tempfile.TemporaryDirectory() as scratch:
        database = Database(demonstration.settings().database_url)
        app = create_app(demonstration.settings(), SystemClock(), database)
        with serving(database, Path(scratch), SystemClock()) as server, chromium() as browser:
            _take(browser, server, demonstration, (app, choice, found))
        database.dispose()
    for line in _report(app, choice, found):
        print(line)


@contextmanager
def _demonstration(folder: str | None) -> Iterator[Demonstration]:
    if folder is not None:
        yield open_demonstration(Path(folder), say=lambda *_code, **_values: None)
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield open_demonstration(Path(scratch) / "demo", say=lambda code, **_values: print(code))


def _take(
    browser: Browser, server: LiveServer, demonstration: Demonstration, means: tuple[Flask, Choice, Found]
) -> None:
    app, choice, found = means
    shutil.rmtree(choice.target, ignore_errors=True)
    for role in ("anybody", *ROLES):
        context = browser.new_context(locale="vi-VN", viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.on("console", lambda message: _note(message, found))
        if role != "anybody":
            _sign_in(page, server, role, demonstration.password)
        start = ["/sign-in"] if role == "anybody" else ["/", *ALSO]
        for endpoint, path in _paths(page, server, app, start, found.pictured):
            wanted = SEVERAL.get(endpoint, 1)
            if choice.only in path and (found.pictured[endpoint] < wanted or endpoint in PERSONAL):
                found.pictured[endpoint] += 1
                _picture(page, server, path, (role, choice, found))
        context.close()


def _note(message: ConsoleMessage, found: Found) -> None:
    if message.type in {"error", "warning"}:
        found.complaints.add(f"{urlsplit(message.page.url).path if message.page else ''}: {message.text}")


def _sign_in(page: Page, server: LiveServer, name: str, password: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.locator("form input[name=sign_in_name]").fill(name)
    page.locator("form input[name=password]").fill(password)
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def _paths(
    page: Page, server: LiveServer, app: Flask, start: Iterable[str], pictured: Counter[str]
) -> list[tuple[str, str]]:
    """Return endpoints with addresses that lead to a page and can be reached by links, a few for each endpoint.

    Of what is pictured already one page is asked for, for its links.
    """
    waiting = deque(start)
    seen: set[str] = set()
    asked: Counter[str] = Counter()
    reached: list[tuple[str, str]] = []
    while waiting and sum(asked.values()) < MOST_REQUESTS:
        path = waiting.popleft()
        endpoint = _endpoint(app, path)
        most = 1 if pictured[endpoint or ""] >= SEVERAL.get(endpoint or "", 1) else SEVERAL.get(endpoint or "", 1) + 1
        if path in seen or endpoint is None or asked[endpoint] >= most:
            continue
        seen.add(path)
        asked[endpoint] += 1
        answer = page.request.get(f"{server.url}{path}", max_redirects=3)
        if not answer.ok or "text/html" not in answer.headers.get("content-type", ""):
            continue
        if _endpoint(app, urlsplit(answer.url).path) == endpoint:
            reached.append((endpoint, path))
        for link in _LINK.findall(answer.text()):
            parts = urlsplit(link.replace("&amp;", "&"))
            if not parts.netloc and parts.path.startswith("/") and (not parts.query or "instrument_id" in parts.query):
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return reached


def _endpoint(app: Flask, path: str) -> str | None:
    """Return the endpoint that a GET of an address calls, None for files and what is not there."""
    try:
        endpoint, _values = app.url_map.bind("localhost").match(urlsplit(path).path, method="GET")
    except HTTPException:
        return None
    return None if endpoint in NO_PAGES else endpoint


def _picture(page: Page, server: LiveServer, path: str, means: tuple[str, Choice, Found]) -> None:
    role, choice, found = means
    name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:80] or "home"
    for language in choice.languages:
        _speak(page, server, language)
        for width in choice.widths:
            page.set_viewport_size({"width": width, "height": WIDTHS.get(width, 900)})
            page.goto(f"{server.url}{path}")
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                found.wide.add(f"{path} at {width} px")
            target = choice.target / language / str(width) / f"{role}-{name}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=target, full_page=True)
            found.pictures += 1


def _speak(page: Page, server: LiveServer, language: str) -> None:
    """Switch the language by the page's own switch, as a person does."""
    page.goto(f"{server.url}/sign-in" if "/sign-in" in page.url else f"{server.url}/")
    if page.locator("html").get_attribute("lang") != language:
        page.locator(f"button[name=language][value={language}]").first.click()
        page.wait_for_load_state()


def _report(app: Flask, choice: Choice, found: Found) -> Iterator[str]:
    yield f"{found.pictures} pictures of {len(found.pictured)} kinds of pages in {choice.target}"
    if not choice.only:
        pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())}
        missing = sorted(pages - NO_PAGES - set(found.pictured))
        yield f"without a picture ({len(missing)}): {', '.join(missing) or 'none'}"
    yield f"wider than the window ({len(found.wide)}): {', '.join(sorted(found.wide)) or 'none'}"
    yield f"complaints ({len(found.complaints)}): {'; '.join(sorted(found.complaints)) or 'none'}"


if __name__ == "__main__":
    main()
