"""The application as a person meets it: served on a free port, opened in a headless Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright
from waitress import wasyncore
from waitress.server import create_server

from lims.app import create_app
from lims.config import Settings
from lims.core.clock import Clock
from lims.core.db import Database

# Chromium neither looks for updates nor talks to anybody but the page's own server.
_FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class LiveServer:
    """A running application: the address it answers at, and its settings."""

    url: str
    settings: Settings


@contextmanager
def serving(database: Database, data_dir: Path, clock: Clock) -> Iterator[LiveServer]:
    """Serve the application on a free port of this machine until the end of the block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://localhost:{listener.getsockname()[1]}"
        settings = Settings(
            data_dir=data_dir,
            database_url=database.url.render_as_string(hide_password=False),
            queue_url=f"sqlite:///{data_dir}/queue.sqlite",
            secret_key="a key of the tests, long enough to be taken",
            base_url=url,
        )
        server: Any = create_server(create_app(settings, clock, database), sockets=[listener], threads=4)
        thread = threading.Thread(target=server.run, name="live server", daemon=True)
        thread.start()
        try:
            yield LiveServer(url, settings)
        finally:
            # In the server's own thread, between two events: closed from here, its sockets would vanish under it.
            server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map, True))
            thread.join(timeout=10)
            server.task_dispatcher.shutdown()


def chromium_path() -> str:
    """Return the browser that the operating system brings; none is ever downloaded."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise RuntimeError("Chromium is missing: `make test` installs it (Debian: chromium)")
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium; it refuses its own sandbox when root starts it."""
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(_FLAGS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tidy_page(browser: Browser, *, language: str = "vi-VN") -> Iterator[Page]:
    """Open a page in a new profile; fails at the end if a script failed or the page broke its own content policy."""
    context = browser.new_context(locale=language, viewport={"width": 1366, "height": 860}, accept_downloads=True)
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []

    def note_console(message: ConsoleMessage) -> None:
        # An answer such as 404 is logged too; whether it was meant is for the test to say.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def note_failure(error: Error) -> None:
        complaints.append(str(error))

    page.on("console", note_console)
    page.on("pageerror", note_failure)
    try:
        yield page
    finally:
        context.close()
    assert not complaints, f"the browser complained: {complaints}"
