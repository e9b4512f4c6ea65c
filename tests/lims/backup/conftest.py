"""A small demonstration laboratory and its backup, for all tests of this folder; a PostgreSQL it was restored to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from lims.backup.making import make_backup
from lims.core.db import Database
from lims.demo.build import open_demonstration
from tests import postgresql

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
_numbers = count(1)


def _silent(_code: str, **_values: object) -> None:
    """Say nothing."""


@pytest.fixture(scope="package")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a demonstration of the published weighing."""
    folder = tmp_path_factory.mktemp("original") / "demo"
    open_demonstration(folder, say=_silent, past=False)
    return folder / "data"


@pytest.fixture(scope="package")
def backup_file(laboratory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its backup."""
    file = tmp_path_factory.mktemp("backup") / "laboratory.backup"
    database = Database(url_in(laboratory))
    make_backup(database, laboratory, file, secret_key=None, now=NOW)
    database.dispose()
    return file


@pytest.fixture
def empty_url(postgresql_cluster: postgresql.Cluster) -> Iterator[Callable[[], str]]:
    """A function that makes a PostgreSQL database without tables."""
    made = []

    def make() -> str:
        made.append(f"lims_restore_{os.getpid()}_{next(_numbers)}")
        return postgresql_cluster.create_empty(made[-1])

    yield make
    for name in made:
        postgresql_cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def target_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an installation that is still empty, of each kind."""
    if request.param == "sqlite":
        return url_in(tmp_path / "restored")
    make: Callable[[], str] = request.getfixturevalue("empty_url")
    return make()


def url_in(folder: Path) -> str:
    """Return the address of the database in a data folder."""
    return f"sqlite:///{folder}/lims.sqlite"
