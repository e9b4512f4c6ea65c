"""Pictures of the pages of a demonstration laboratory: by role, language and width, into build/screenshots.

Run by `make screenshots`; `python -m tests.screenshots [--only WORD] [--languages vi,en] [--widths 1440,1024,390]`.
The pages are found by following the links that each role can see, one page for each endpoint.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from lims.core.clock import SystemClock
from lims.core.db import Database
from lims.demo.build import Demonstration, open_demonstration
from tests.live import LiveServer, chromium, serving

ROLES = ("tn01", "kdv01", "kt01", "cl01", "gd01", "admin", "cokhi")
WIDTHS = {1440: 900, 1024: 768, 390: 844}
TARGET = Path("build/screenshots")
# A link inside a picture has no plain text as its address.
_ADDRESSES = "links => links.map(link => new URL(link.getAttribute('href'), document.baseURI).href)"
_SKIP = re.compile(r"^/(static|bootstrap|sign-out|language|.*\.pdf$|.*/download|.*/pdf)")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wanted: a word in the path, the languages, the widths."""

    only: str
    languages: tuple[str, ...]
    widths: tuple[int, ...]


def main() -> None:
    """Build the demonstration, serve it, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only pages with this in their path")
    parser.add_argument("--languages", default="vi,en")
    parser.add_argument("--widths", default=",".join(str(width) for width in WIDTHS))
    arguments = parser.parse_args()
    widths = tuple(int(width) for width in arguments.widths.split(","))
    choice = Choice(arguments.only, tuple(arguments.languages.split(",")), widths)
    with tempfile.TemporaryDirectory() as folder:
        demonstration = open_demonstration(Path(folder) / "demo", say=lambda code, **_values: print(code))
        database = Database(demonstration.settings().database_url)
        with serving(database, Path(folder), SystemClock()) as server, chromium() as browser:
            count = sum(1 for _ in _pictures(browser, server, demonstration, choice))
        database.dispose()
    print(f"{count} pictures in {TARGET}")


def _pictures(browser: Browser, server: LiveServer, demonstration: Demonstration, choice: Choice) -> Iterator[Path]:
    shutil.rmtree(TARGET, ignore_errors=True)
    seen: set[str] = set()
    for role in ROLES:
        context = browser.new_context(locale="vi-VN", viewport={"width": 1440, "height": 900})
        page = context.new_page()
        if not seen:
            yield from _picture(page, server, "/sign-in", "anybody", choice)
        _sign_in(page, server, role, demonstration.password)
        for path in _paths(page, server):
            kind = f"{role if path == '/' else ''}{re.sub('[0-9]+', 'N', path)}"
            if kind not in seen and choice.only in path:
                seen.add(kind)
                yield from _picture(page, server, path, role, choice)
        context.close()


def _sign_in(page: Page, server: LiveServer, name: str, password: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.locator("form input[name=sign_in_name]").fill(name)
    page.locator("form input[name=password]").fill(password)
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def _paths(page: Page, server: LiveServer) -> list[str]:
    """Return every address that can be reached by links, one for each shape."""
    found: list[str] = []
    waiting = ["/"]
    shapes: set[str] = set()
    while waiting and len(found) < 80:
        path = waiting.pop(0)
        shape = re.sub("[0-9]+", "N", path)
        if shape in shapes or _SKIP.match(path):
            continue
        shapes.add(shape)
        answer = page.request.get(f"{server.url}{path}", max_redirects=3)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        page.goto(f"{server.url}{path}")
        found.append(path)
        links = page.locator("a[href]").evaluate_all(_ADDRESSES)
        for link in links:
            parts = urlsplit(link)
            if f"{parts.scheme}://{parts.netloc}" == server.url and not parts.query:
                waiting.append(parts.path)
    return found


def _picture(page: Page, server: LiveServer, path: str, role: str, choice: Choice) -> Iterator[Path]:
    name = re.sub(r"[^a-z0-9]+", "-", path.strip("/")) or "home"
    for language in choice.languages:
        _speak(page, server, language)
        for width in choice.widths:
            page.set_viewport_size({"width": width, "height": WIDTHS.get(width, 900)})
            page.goto(f"{server.url}{path}")
            target = TARGET / language / str(width) / f"{role}-{name}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=target, full_page=True)
            yield target


def _speak(page: Page, server: LiveServer, language: str) -> None:
    """Switch the language by the page's own switch, as a person does."""
    if page.locator("html").get_attribute("lang") == language:
        return
    page.goto(f"{server.url}/sign-in" if "/sign-in" in page.url else f"{server.url}/")
    if page.locator("html").get_attribute("lang") != language:
        page.locator(f"button[name=language][value={language}]").first.click()
        page.wait_for_load_state()


if __name__ == "__main__":
    main()
