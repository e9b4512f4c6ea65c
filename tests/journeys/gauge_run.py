"""A run with a grid as browser tests open it: served, signed in to, typed into, and what is stored of it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.commands import ChooseEquipment, OpenRun
from lims.calibrations.facts import Address, ReadingFacts
from lims.calibrations.services import choose_equipment, open_run
from lims.core.actor import Actor
from lims.core.clock import FixedClock
from lims.core.db import Database
from tests.factories.calibrations import NOW, Bench, sign_in_name
from tests.factories.gauges import gauge_file, make_gauge_bench
from tests.factories.people import PASSWORD
from tests.live import LiveServer, serving

COUNT_KEYS = """
() => {
  window.spent = { keys: 0, mouse: 0 };
  const free = new Set([..."0123456789-+,.", "Shift"]);
  document.addEventListener("keydown", (event) => { if (!free.has(event.key)) window.spent.keys += 1; }, true);
  document.addEventListener("pointerdown", () => { window.spent.mouse += 1; }, true);
}
"""


@dataclass
class GaugeRun:
    """A draft of a gauge's calibration with its standard chosen, served."""

    database: Database
    bench: Bench
    run_id: int
    names: dict[int, str]
    server: LiveServer

    def open(self, page: Page, actor: Actor | None = None) -> None:
        """Sign a technician in and open the run."""
        name = self.names[(actor or self.bench.technician).person_id]
        page.goto(f"{self.server.url}/sign-in")
        page.locator("input[name=sign_in_name]").fill(name)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.goto(f"{self.server.url}/runs/{self.run_id}")

    def readings(self) -> list[ReadingFacts]:
        """Return what is stored, in the order in which it came."""
        with self.database.reading() as session:
            return list(queries.readings(session, self.run_id))

    def texts(self) -> list[str]:
        """Return the texts of the readings that hold, in the order in which they came."""
        return [entry.text for entry in queries.current(self.readings())]


def serve_gauge(database: Database, folder: Path, *sections: dict[str, object]) -> Generator[GaugeRun, None, None]:
    """Serve a gauge's run with its standard chosen."""
    yield from serve_bench(database, folder, lambda session: make_gauge_bench(session, gauge_file(sections)))


def serve_bench(
    database: Database, folder: Path, make: Callable[[Session], Bench], *, slots: tuple[str, ...] = ("reference",)
) -> Generator[GaugeRun, None, None]:
    """Serve a run of the item on a bench, the bench's standard chosen in the slots named."""
    with database.transaction() as session:
        bench = make(session)
        run = open_run(session, bench.technician, OpenRun(job_item_id=bench.item.id), now=NOW)
        for slot in slots:
            chosen = ChooseEquipment(run.id, slot, bench.standard.id, bench.calibration.id)
            choose_equipment(session, bench.technician, chosen, now=NOW)
        people = (bench.technician, bench.colleague)
        names = {actor.person_id: sign_in_name(session, actor) for actor in people}
    with serving(database, folder, FixedClock(NOW)) as server:
        yield GaugeRun(database, bench, run.id, names, server)


def cell(point: int, repeat: int = 1) -> str:
    """Return a selector of a cell."""
    return f'input[name="{Address("error", f"p{point}", 1, "", repeat).key}"]'


def state(page: Page, point: int, repeat: int, wanted: str) -> None:
    """Wait for a cell's state."""
    page.locator(f'[data-state="{wanted}"]:has({cell(point, repeat)})').wait_for()


def corrected(page: Page, point: int, repeat: int, times: int) -> None:
    """Wait until a cell says how often it was corrected."""
    page.locator(f".cell:has({cell(point, repeat)}) [data-mark]", has_text=str(times)).wait_for()


def all_stored(page: Page) -> None:
    """Wait until every reading typed is stored."""
    page.locator("#bench-state[data-tone=good]").wait_for()


def type_row(page: Page, texts: list[str]) -> None:
    """Type a row: Tab from cell to cell, Enter at its end."""
    for text in texts[:-1]:
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.type(texts[-1])
    page.keyboard.press("Enter")


def row_of(point: int) -> list[str]:
    """Return five readings of a point, with comma and point."""
    return [f"{point + (repeat - 2) / 100:.2f}".replace(".", "," if repeat % 2 else ".") for repeat in range(5)]


PASTE = """
(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
}
"""
