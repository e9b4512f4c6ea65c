"""Four thermometers in one bath, in a real browser: opened, typed, corrected and submitted by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from calc.rounding import localise
from lims.calibrations import batch_queries, queries
from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.commands import Decide
from lims.calibrations.decision_services import submit_run
from lims.calibrations.evaluations import material_of, preview
from lims.calibrations.facts import CONDITIONS, RunState
from lims.calibrations.models import Batch
from lims.calibrations.reading_services import record_reading
from lims.core.clock import FixedClock
from lims.core.db import Database
from tests.factories.batches import (
    POINTS,
    REPEATS,
    STANDARD_TEXTS,
    Bath,
    condition_cell,
    equip_batch,
    make_bath,
    measured_batch,
    own_cell,
    own_command,
    shared_cell,
)
from tests.factories.calibrations import NOW, sign_in_name
from tests.factories.people import PASSWORD
from tests.journeys.gauge_run import COUNT_KEYS, all_stored, type_row
from tests.live import LiveServer, serving

pytestmark = pytest.mark.browser
ITEMS = 4


@dataclass
class OpenBath:
    """Thermometers on the bench, and the application served."""

    database: Database
    bath: Bath
    name: str
    server: LiveServer

    def sign_in(self, page: Page) -> None:
        """Sign the technician in."""
        page.goto(f"{self.server.url}/sign-in")
        page.locator("input[name=sign_in_name]").fill(self.name)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)

    def batch(self) -> BatchFacts:
        """Return the one batch there is."""
        with self.database.reading() as session:
            key = session.execute(select(Batch.id)).scalar_one()
            return batch_queries.batch_facts(session, self.bath.technician, key)


@pytest.fixture
def bath(sqlite_database: Database, tmp_path: Path) -> Iterator[OpenBath]:
    """Four thermometers of one job, received."""
    with sqlite_database.transaction() as session:
        made = make_bath(session, items=ITEMS)
        name = sign_in_name(session, made.technician)
    with serving(sqlite_database, tmp_path, FixedClock(NOW)) as server:
        yield OpenBath(sqlite_database, made, name, server)


def texts_of(point: str, repeat: int) -> list[str]:
    """Return a row as it is typed: the standard, then each thermometer."""
    shown = [f"{int(point)},0{number}{repeat}" for number in range(ITEMS)]
    return [STANDARD_TEXTS[point][repeat - 1], *shown]


def open_by_keys(bath: OpenBath, page: Page) -> BatchFacts:
    """Tick the items and open the batch."""
    page.goto(f"{bath.server.url}/runs/batches/new")
    boxes = page.locator("input[name=job_item_id]")
    boxes.first.focus()
    for number in range(ITEMS):
        page.keyboard.press("Space")
        if number + 1 < ITEMS:
            page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("P.102")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.rpartition("/")[2].isdecimal())
    return bath.batch()


def test_four_thermometers_are_typed_corrected_and_submitted_by_keys(bath: OpenBath, page: Page) -> None:
    bath.sign_in(page)
    batch = open_by_keys(bath, page)
    with bath.database.transaction() as session:
        equip_batch(session, bath.bath, batch)
    page.reload()
    page.evaluate(COUNT_KEYS)
    type_row(page, ["23,1", "23,3"])
    for point in POINTS:
        for repeat in range(1, REPEATS + 1):
            for text in texts_of(point, repeat):  # Enter follows the order of reading: the standard, then each item
                page.keyboard.type(text)
                page.keyboard.press("Enter")
    all_stored(page)
    spent = page.evaluate("() => window.spent")
    assert spent == {"keys": 2 + len(POINTS) * REPEATS * (ITEMS + 1), "mouse": 0}
    cells = len(POINTS) * REPEATS * (ITEMS + 1)
    page.locator("[data-total]", has_text=f"{cells}/{cells}").wait_for()  # counted as they were typed
    assert_stored_where_it_belongs(bath, batch)
    assert_shown_is_previewed(bath, batch, page)
    correct_the_standard(bath, batch, page)
    page.locator("#standing form[action$='/submit'] button").focus()
    page.keyboard.press("Enter")
    page.get_by_text("4 kết quả đang chờ soát xét.").wait_for()
    assert {run.state for run in bath.batch().runs} == {RunState.SUBMITTED}


def assert_stored_where_it_belongs(bath: OpenBath, batch: BatchFacts) -> None:
    """The room's and the standard's readings are stored once, each thermometer's with its run."""
    with bath.database.reading() as session:
        for column, run in enumerate(batch.runs, start=1):
            found = queries.readings(session, run.id)
            shared = [(entry.address, entry.text) for entry in found if entry.shared]
            rows = [(point, repeat) for point in POINTS for repeat in range(1, REPEATS + 1)]
            room = [(condition_cell(1), "23,1"), (condition_cell(2), "23,3")]
            assert shared == [*room, *((shared_cell(p, r), STANDARD_TEXTS[p][r - 1]) for p, r in rows)]
            own = [(entry.address, entry.text) for entry in found if not entry.shared]
            assert own == [(own_cell(p, r), texts_of(p, r)[column]) for p, r in rows]
            assert all(entry.shared for entry in found if entry.address.section == CONDITIONS)


def assert_shown_is_previewed(bath: OpenBath, batch: BatchFacts, page: Page) -> None:
    """What stands below the readings is each run's own preview, to the last printed digit."""
    with bath.database.reading() as session:
        for run in batch.runs:
            facts = queries.run_facts(session, bath.bath.technician, run.id)
            view, _gathered = preview(session, material_of(session, facts), now=NOW)
            assert len(view.results) == len(POINTS)
            for row in view.results:
                place = page.locator(f'td.batch-result[data-point="{run.id}@temperature|{row.point}|as_found"]')
                assert row.reported_error is not None
                wanted = {
                    "result": localise(row.reported_error, "vi"),
                    "uncertainty": localise(row.reported_expanded_uncertainty, "vi"),
                }
                for part, text in wanted.items():
                    place.locator(f"[data-part={part}]", has_text=text).wait_for()
                assert place.locator("[data-part=decision] .state-good").get_attribute("title") == "đạt"


def correct_the_standard(bath: OpenBath, batch: BatchFacts, page: Page) -> None:
    """One correction in the standard's column moves the results of all four; what a colleague wrote comes with it."""
    colleague = bath.bath.colleague
    other = batch.runs[1]
    with bath.database.transaction() as session:
        present = next(r for r in queries.readings(session, other.id) if r.address == own_cell("50", 1))
        command = own_command(other.id, own_cell("50", 1), "50,1", seen_reading_id=present.id, reason="đọc lại")
        record_reading(session, colleague, command, now=NOW)
    page.locator(f'input[name="{shared_cell("50", 2).key}"]').focus()
    page.keyboard.type("50,038")
    page.keyboard.press("Enter")
    page.keyboard.type("đọc nhầm")
    page.keyboard.press("Enter")
    page.locator(f'.cell:has(input[name="{shared_cell("50", 2).key}"]) [data-mark]', has_text="1").wait_for()
    page.wait_for_function(
        "([name, text]) => document.getElementsByName(name)[0].value === text",
        arg=[f"{other.id}@{own_cell('50', 1).key}", "50,1"],
    )
    assert_shown_is_previewed(bath, batch, page)


def test_one_item_alone_holds_what_is_shared(bath: OpenBath, page: Page) -> None:
    """An item that was handed in shows no cells any more; the standard's column is closed, the others' go on."""
    with bath.database.transaction() as session:
        batch = measured_batch(session, bath.bath)
        submit_run(session, bath.bath.technician, Decide(batch.runs[0].id), now=NOW)
    bath.sign_in(page)
    page.goto(f"{bath.server.url}/runs/batches/{batch.id}")
    assert page.locator("td.shared-cell input:not([type=hidden])").count() == 0
    assert page.locator("table.batch-grid input.cell-input").count() == (ITEMS - 1) * len(POINTS) * REPEATS
    first = page.locator(f'input[name="{batch.runs[1].id}@{own_cell("0", 1).key}"]')
    first.focus()
    page.keyboard.type("0,05")
    page.keyboard.press("Enter")
    page.keyboard.type("đọc lại")
    page.keyboard.press("Enter")
    all_stored(page)
    with bath.database.reading() as session:
        texts = [r.text for r in queries.current(queries.readings(session, batch.runs[1].id))]
    assert "0,05" in texts
