"""Fixtures for all tests: databases of both kinds, a session that leaves nothing, a clock, a server, a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from lims.core.clock import FixedClock
from lims.core.db import Database, upgrade
from tests import live, postgresql

BACKENDS: Final = ("sqlite", "postgresql")
_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the caller's own installation out of the tests; name the server that this run's processes share."""
    for name in [name for name in os.environ if name.startswith("LIMS_")]:
        del os.environ[name]
    if not hasattr(config, "workerinput"):
        postgresql.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop that server at the very end."""
    if not hasattr(config, "workerinput"):
        postgresql.end_run()


@pytest.fixture(scope="session")
def postgresql_cluster() -> postgresql.Cluster:
    """A PostgreSQL server. Without its programs the tests that need it fail in CI and are skipped elsewhere."""
    try:
        return postgresql.shared_cluster()
    except postgresql.PostgreSQLMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "lims.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database with all tables and no rows."""
    path = tmp_path / "lims.sqlite"
    shutil.copyfile(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture
def postgresql_database(postgresql_cluster: postgresql.Cluster) -> Iterator[Database]:
    """A fresh PostgreSQL database with all tables and no rows."""
    name = f"lims_{os.getpid()}_{next(_numbers)}"
    database = Database(postgresql_cluster.create_migrated(name))
    yield database
    database.dispose()
    postgresql_cluster.drop(name)


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh database with all tables and no rows; the test runs once on SQLite and once on PostgreSQL."""
    chosen: Database = request.getfixturevalue(f"{request.param}_database")
    return chosen


@pytest.fixture(scope="session", params=BACKENDS)
def lasting_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database of each kind for all tests that roll back what they did."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("lasting") / "lims.sqlite"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgresql_cluster").create_migrated(f"lims_lasting_{os.getpid()}")
    lasting = Database(url)
    yield lasting
    lasting.dispose()


@pytest.fixture
def session(lasting_database: Database) -> Iterator[Session]:
    """A writing session on both kinds of database, rolled back after the test; services never commit."""
    with Session(lasting_database.engine, expire_on_commit=False) as opened:
        opened.info["writing"] = True
        opened.connection(execution_options={"lims_write": True})
        yield opened
        opened.rollback()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at a Monday afternoon in the laboratory (15:00 in Hanoi) until the test moves it."""
    return FixedClock(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))


@pytest.fixture
def live_server(tmp_path: Path, clock: FixedClock) -> Iterator[Callable[[Database], live.LiveServer]]:
    """A function that serves the application on a database, on a free port, until the test ends."""
    with ExitStack() as servers:

        def serve(database: Database) -> live.LiveServer:
            return servers.enter_context(live.serving(database, tmp_path, clock))

        yield serve


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, started once."""
    with live.chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a new profile, in Vietnamese; complains about scripts that fail and content that is refused."""
    with live.tidy_page(browser) as opened:
        yield opened
