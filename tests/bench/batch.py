"""The page of a batch: what is asked of the database, and how long an item takes, with 200 items and with few."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import event

from lims.calibrations.batch_page import BatchPage, load
from lims.core.actor import Actor
from lims.core.db import Database, upgrade
from tests.bench.harness import Counted, Row
from tests.factories.batches import make_bath, measured_batch
from tests.factories.calibrations import NOW

MANY, FEW = 200, 4


@dataclass(frozen=True)
class Filled:
    """A file with a batch in which everything is read."""

    database: Database
    technician: Actor
    batch_id: int


@cache
def filled(items: int) -> Filled:
    """Return a batch of so many thermometers, read and ready to be submitted."""
    url = f"sqlite:///{Path(tempfile.mkdtemp(prefix='bench-batch-'))}/lims.sqlite"
    upgrade(url)
    database = Database(url)
    with database.transaction() as session:
        bath = make_bath(session, items=items)
        batch = measured_batch(session, bath)
    return Filled(database, bath.technician, batch.id)


def paging(items: int) -> Callable[[], BatchPage]:
    """Return a function that reads and arranges the page, results and all."""

    def page() -> BatchPage:
        data = filled(items)
        with data.database.reading() as session:
            return load(session, data.technician, data.batch_id, now=NOW)

    return page


def asked(items: int) -> int:
    """Return how many statements the page sends."""
    page, sent = paging(items), 0

    def note(*_arguments: object) -> None:
        nonlocal sent
        sent += 1

    engine = filled(items).database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        page()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sent


def _complete(ours: BatchPage, other: BatchPage) -> None:
    for page, items in ((ours, MANY), (other, FEW)):
        assert len(page.runs) == items
        assert page.problems == ()
        assert all(result.view.results for result in page.results.values())


def rows() -> list[Row | Counted]:
    """Return the rows."""
    return [
        Counted(
            f"statements for the page of a batch, {MANY} items beside {FEW}",
            lambda: asked(MANY),
            lambda: asked(FEW),
            1.0,
            "statements",
        ),
        Row(
            f"an item on the page of a batch, among {MANY} beside among {FEW}",
            paging(MANY),
            paging(FEW),
            1.0,
            _complete,
            ours_count=MANY,
            other_count=FEW,
            rounds=3,
        ),
    ]
