"""Background tasks in the worker: done once, retried, and picked up after a kill."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lims import worker
from lims.config import load_settings
from lims.core import audit
from lims.core.actor import SYSTEM
from lims.core.anchors import read_anchors
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.models import Task
from lims.core.task_queue import TaskQueue
from lims.core.tasks import LEASE, TaskState, claim_task, enqueue

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def context(database: Database, tmp_path: Path) -> worker.WorkerContext:
    return worker.WorkerContext(database, load_settings({}, data_dir=tmp_path), FixedClock(NOW))


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A task "note" that notes its number, and fails where it is negative."""
    noted: list[int] = []

    def note(_context: worker.WorkerContext, arguments: Mapping[str, Any]) -> None:
        if arguments["number"] < 0:
            raise ValueError("negative")
        noted.append(arguments["number"])

    monkeypatch.setattr(worker, "HANDLERS", {"note": note})
    return noted


def _enqueue(context: worker.WorkerContext, number: int) -> int:
    with context.database.transaction() as session:
        return enqueue(session, "note", {"number": number}, now=NOW)


def _states(context: worker.WorkerContext) -> list[str]:
    with context.database.reading() as session:
        return list(session.execute(select(Task.state).order_by(Task.id)).scalars())


def test_waiting_tasks_are_done_once(context: worker.WorkerContext, done: list[int]) -> None:
    first = _enqueue(context, 1)
    _enqueue(context, 2)
    assert worker.drain(context) == 2
    assert done == [1, 2]
    assert worker.run_task(context, first) is False
    assert done == [1, 2]
    assert _states(context) == [TaskState.DONE, TaskState.DONE]


def test_a_failure_is_recorded_and_tried_again(context: worker.WorkerContext, done: list[int]) -> None:
    task_id = _enqueue(context, -1)
    assert worker.run_task(context, task_id) is False
    with context.database.reading() as session:
        task = session.get_one(Task, task_id)
    assert (task.state, task.last_error, task.attempts) == (TaskState.QUEUED, "ValueError: negative", 1)
    assert worker.run_task(context, task_id) is False, "not before its time"
    assert done == []


def test_a_killed_worker_s_task_is_done_by_the_next(context: worker.WorkerContext, done: list[int]) -> None:
    task_id = _enqueue(context, 7)
    with context.database.transaction() as session:
        claim_task(session, task_id, now=NOW)
    assert worker.drain(context) == 0, "the claim still holds"
    later = worker.WorkerContext(context.database, context.settings, FixedClock(NOW + LEASE + timedelta(seconds=1)))
    assert worker.drain(later) == 1
    assert done == [7]


def test_an_unknown_task_fails_loudly(context: worker.WorkerContext, done: list[int]) -> None:
    with context.database.transaction() as session:
        task_id = enqueue(session, "unheard_of", {}, now=NOW)
    worker.run_task(context, task_id)
    with context.database.reading() as session:
        assert "unheard_of" in str(session.get_one(Task, task_id).last_error)
    assert done == []


def test_the_queue_offers_what_was_committed(context: worker.WorkerContext, done: list[int]) -> None:
    queue = TaskQueue(context.settings.queue_url, context.settings.secret_key)
    queue.attach(context.database)
    queue.handle(lambda task_id: worker.void(worker.run_task(context, task_id)))
    with pytest.raises(RuntimeError), context.database.transaction() as session:
        enqueue(session, "note", {"number": 1}, now=NOW)
        raise RuntimeError
    assert queue.huey.pending_count() == 0
    _enqueue(context, 2)
    assert queue.huey.pending_count() == 1
    message = queue.huey.dequeue()
    assert message is not None
    queue.huey.execute(message)
    assert done == [2]
    queue.close()


def test_heads_are_noted_outside_the_database(context: worker.WorkerContext) -> None:
    with context.database.transaction() as session:
        audit.record(session, SYSTEM, "thing.made", ("thing", 1), now=NOW)
    assert worker.anchor(context) == 1
    assert [head.sequence for head in read_anchors(context.settings.data_dir)] == [1]
