"""How long a technician waits, in Chromium: from Enter to the new result of the point on the screen. Told, not judged.

What a browser and a machine's other work add cannot be held to a ratio; the server's part is (see `saving.py`).
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from lims.core.db import Database, upgrade
from tests.bench.harness import Report, Row
from tests.factories.gauges import UP_DOWN, gauge_section
from tests.journeys.gauge_run import serve_gauge
from tests.live import chromium, tidy_page

POINTS: Final = 10
_BETWEEN_MS: Final = 700
"""A person reads the next indication meanwhile; what the page asks for after a reading is done by then."""
_WATCH: Final = """
() => {
  window.waits = [];
  document.addEventListener("keydown", (event) => {
    const place = event.key === "Enter" && event.target.closest("tbody")?.querySelector("[data-part=result]");
    if (!place) return;
    const began = performance.now();
    const watch = new MutationObserver(() => {
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - began)));
    });
    watch.observe(place, { childList: true, subtree: true });
  }, true);
}
"""


def wait_for_result() -> float:
    """Return the median in milliseconds, from a gauge's way up, down and up again; the first way warms up."""
    folder = Path(tempfile.mkdtemp(prefix="bench-on-screen-"))
    upgrade(f"sqlite:///{folder}/lims.sqlite")
    database = Database(f"sqlite:///{folder}/lims.sqlite")
    with closing(serve_gauge(database, folder, gauge_section("error", UP_DOWN, POINTS))) as runs, chromium() as browser:
        gauge = next(runs)
        with tidy_page(browser) as page:
            gauge.open(page)
            page.evaluate(_WATCH)
            up = list(range(1, POINTS + 1))
            for number, point in enumerate([*up, *up[::-1], *up]):
                page.keyboard.type(f"{point + number / 1000:.3f}")
                page.keyboard.press("Enter")
                page.wait_for_timeout(_BETWEEN_MS)
            waits: list[float] = page.evaluate("window.waits")
    database.dispose()
    return statistics.median(waits[POINTS:])


def rows() -> list[Row]:
    """Return no row: nothing here has a limit."""
    return []


def reports() -> list[Report]:
    """Return what is only told."""
    measure: Callable[[], float] = wait_for_result
    return [Report("from Enter to the new result on screen, median in Chromium", measure, "ms")]
