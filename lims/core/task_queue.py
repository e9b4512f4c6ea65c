"""The queue that carries task numbers from the web processes to the workers: huey over SQLite, PostgreSQL or Redis.

The queue is only a hint that there is work: the task table is the truth, and a sweep finds what a queue lost.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.serializer import SignedSerializer
from sqlalchemy.orm import Session

from lims.core.db import Database
from lims.core.errors import ConfigurationError
from lims.core.tasks import take_enqueued

QUEUE_NAME: Final = "lims"


class TaskQueue:
    """Offers task numbers to whichever worker is free; messages are signed with the installation's key."""

    def __init__(self, url: str, secret_key: str) -> None:
        serializer = SignedSerializer(secret=secret_key, salt="lims-task-queue")
        self.huey = _open(url, serializer)
        self._run: Any = None

    def offer(self, task_id: int) -> None:
        """Put a task's number into the queue."""
        if self._run is None:
            self.handle(_unhandled)
        self._run(task_id)

    def handle(self, function: Callable[[int], None]) -> None:
        """Say what a worker does with a number; the name on the wire is the same in every process."""
        self._run = self.huey.task(name="run_task")(function)

    def attach(self, database: Database) -> None:
        """Offer the tasks of every transaction of a database once it is committed."""
        database.after_commit.append(self._offer_enqueued)

    def close(self) -> None:
        """Close this thread's connection to the queue."""
        self.huey.storage.close()

    def _offer_enqueued(self, session: Session) -> None:
        for task_id in take_enqueued(session):
            self.offer(task_id)


def _unhandled(_task_id: int) -> None:
    """A process that only offers tasks runs none."""
    raise RuntimeError("this process runs no background tasks")


def _open(url: str, serializer: SignedSerializer) -> Huey:
    scheme = urlsplit(url).scheme
    common: dict[str, Any] = {"results": False, "serializer": serializer}
    if scheme == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(QUEUE_NAME, filename=str(path), fsync=False, **common)
    if scheme in {"postgresql", "postgresql+psycopg"}:
        return PostgresHuey(QUEUE_NAME, dsn=url.replace("+psycopg", ""), **common)
    if scheme in {"redis", "rediss"}:
        return RedisHuey(QUEUE_NAME, url=url, **common)
    raise ConfigurationError("config.queue_kind", kind=scheme or url)
