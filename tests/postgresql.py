"""A PostgreSQL server of the tests' own: one per test run, shared by its processes, without any trace afterwards.

The first test that needs it starts it, whichever process that is; the process that began the run stops it. A run that
was killed leaves a server behind; the next run to start one finds and removes it.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from lims.core.db import upgrade

_FOLDER_VARIABLE: Final = "CHUAN_TEST_POSTGRESQL"
_PREFIX: Final = "chuan-lims-pg-"
_TEMPLATE: Final = "lims_template"
_UNPRIVILEGED: Final = "postgres"
# Speed over safety: nothing in this server outlives the run. Only its folder's owner and root can reach the socket.
_OPTIONS: Final = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off "
    "-c max_connections=200 -c shared_buffers=64MB -c timezone=UTC"
)


class PostgreSQLMissing(Exception):
    """The server's programs are not installed."""


@dataclass(frozen=True)
class Cluster:
    """A running server, reached through a socket in its folder."""

    folder: Path

    def url(self, database: str) -> str:
        """Return SQLAlchemy's address of one of its databases."""
        return f"postgresql+psycopg://{_UNPRIVILEGED}@/{database}?host={self.folder}"

    def create_migrated(self, database: str) -> str:
        """Create a database with all tables and no rows; returns its address."""
        self.create_empty(database, template=_TEMPLATE)
        return self.url(database)

    def create_empty(self, database: str, *, template: str = "template0") -> str:
        """Create a database without any table; returns its address."""
        self._administer(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, also from under connections that are still open."""
        self._administer(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _administer(self, statement: str) -> None:
        host = str(self.folder)
        with psycopg.connect(host=host, user=_UNPRIVILEGED, dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def begin_run() -> None:
    """Choose the folder of this run's server, for this process and those it starts; nothing is started yet."""
    os.environ[_FOLDER_VARIABLE] = f"{_reachable_folder()}/{_PREFIX}{os.getpid()}"


def end_run() -> None:
    """Stop this run's server, if one was started, and remove its files."""
    _remove(Path(os.environ.pop(_FOLDER_VARIABLE)))


def shared_cluster() -> Cluster:
    """Return this run's server; starts it and fills the template database when it is the first to ask.

    Raises PostgreSQLMissing if the programs are not installed.
    """
    programs = _programs()
    folder = Path(os.environ[_FOLDER_VARIABLE])
    cluster = Cluster(folder)
    with _locked(folder):
        if not (folder / "ready").exists():
            _remove_leftovers(folder)
            _start(folder, programs)
            cluster.create_empty(_TEMPLATE)
            upgrade(cluster.url(_TEMPLATE))
            (folder / "ready").touch()
    return cluster


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    raise PostgreSQLMissing("PostgreSQL's server programs are missing: `make test` installs them (Debian: postgresql)")


def _start(folder: Path, programs: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        account = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = str(folder / "data")
    initdb = [str(programs / "initdb"), "--pgdata", data, "--username", _UNPRIVILEGED, "--auth", "trust", "--no-sync"]
    _run_unprivileged([*initdb, "--encoding", "UTF8", "--locale", "C"], folder / "initdb.log")
    options = f"{_OPTIONS} -c unix_socket_directories='{folder}'"
    start = [str(programs / "pg_ctl"), "start", "--wait", "--silent", "--pgdata", data, "--log", f"{folder}/server.log"]
    _run_unprivileged([*start, "--options", options], folder / "start.log")


def _run_unprivileged(command: Sequence[str], log: Path) -> None:
    """Run a program of the server, which refuses to be run by root."""
    as_user = ["runuser", "-u", _UNPRIVILEGED, "--"] if os.geteuid() == 0 else []
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [*as_user, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=log.parent, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{log.read_text(encoding='utf-8')}")


def _reachable_folder() -> Path:
    """Return a temporary folder with a short name (sockets allow 107 bytes) that every user can enter."""
    for candidate in (Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")):
        steps = (candidate, *candidate.parents)
        if candidate.is_dir() and len(str(candidate)) < 60 and all(step.stat().st_mode & 0o001 for step in steps):
            return candidate
    raise RuntimeError("no temporary folder that every user can enter: /tmp and /var/tmp are closed")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_leftovers(current: Path) -> None:
    for folder in current.parent.glob(f"{_PREFIX}*"):
        run = folder.name.removeprefix(_PREFIX)
        if folder.is_dir() and run.isdigit() and not Path(f"/proc/{run}").exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    if (folder / "data" / "postmaster.pid").exists():
        stop = [str(_programs() / "pg_ctl"), "stop", "--mode", "immediate", "--silent", "--pgdata", f"{folder}/data"]
        _run_unprivileged(stop, folder / "stop.log")
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(".lock").unlink(missing_ok=True)
