"""Background tasks: a row in the same transaction says what is to be done; the queue carries only its number.

`lims.worker` maps names to services and runs them in a process of its own. What a queue loses or a kill leaves half
done is found again by `due_tasks`: a task holds a lease while it runs, and every task must be safe to run twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from lims.core.models import Task

LEASE: Final = timedelta(seconds=30)
"""How long a claim holds unless it is renewed: after a kill the next worker waits no longer than this."""
MAX_ATTEMPTS: Final = 5
_NEW: Final = "tasks_enqueued"


class TaskState(StrEnum):
    """Where a task stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task as the worker sees it."""

    id: int
    name: str
    arguments: Mapping[str, Any]
    attempts: int


def enqueue(session: Session, name: str, arguments: Mapping[str, Any], *, now: datetime) -> int:
    """Write a task in this transaction and return its number; it is offered to the queue after commit."""
    task = Task(
        name=name,
        arguments=json.dumps(dict(arguments), sort_keys=True),
        state=TaskState.QUEUED,
        enqueued_at=now,
        run_after=now,
    )
    session.add(task)
    session.flush()
    session.info.setdefault(_NEW, []).append(task.id)
    return task.id


def take_enqueued(session: Session) -> list[int]:
    """Return, once, the numbers of the tasks written by a session; called after its commit."""
    numbers: list[int] = session.info.pop(_NEW, [])
    return numbers


def due_tasks(session: Session, *, now: datetime, limit: int = 100) -> list[int]:
    """Return the tasks that wait to be run, those whose lease ran out included."""
    waiting = (Task.state == TaskState.QUEUED) & (Task.run_after <= now)
    lost = (Task.state == TaskState.RUNNING) & (Task.lease_until < now)
    query = select(Task.id).where(or_(waiting, lost)).order_by(Task.id).limit(limit)
    return list(session.execute(query).scalars())


def claim_task(session: Session, task_id: int, *, now: datetime) -> TaskFacts | None:
    """Take a task for running, or return None if another worker has it or it is over."""
    free = or_(
        (Task.state == TaskState.QUEUED) & (Task.run_after <= now),
        (Task.state == TaskState.RUNNING) & (Task.lease_until < now),
    )
    claim = (
        update(Task)
        .where(Task.id == task_id, free)
        .values(state=TaskState.RUNNING, lease_until=now + LEASE, attempts=Task.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    if session.execute(claim.returning(Task.id)).first() is None:
        return None
    task = session.get_one(Task, task_id, populate_existing=True)
    return TaskFacts(task.id, task.name, json.loads(task.arguments), task.attempts)


def renew_lease(session: Session, task_id: int, *, now: datetime) -> None:
    """Say that a running task is still being worked on."""
    renewal = update(Task).where(Task.id == task_id, Task.state == TaskState.RUNNING).values(lease_until=now + LEASE)
    session.execute(renewal.execution_options(synchronize_session=False))


def finish_task(session: Session, task_id: int, *, now: datetime) -> None:
    """Mark a task as done."""
    task = session.get_one(Task, task_id)
    task.state, task.finished_at, task.lease_until, task.last_error = TaskState.DONE, now, None, None


def fail_task(session: Session, task_id: int, reason: str, *, now: datetime) -> bool:
    """Note a failure; the task is tried again, later each time. Returns False once it has failed too often."""
    task = session.get_one(Task, task_id)
    again = task.attempts < MAX_ATTEMPTS
    task.state = TaskState.QUEUED if again else TaskState.FAILED
    task.run_after = now + timedelta(seconds=5 * 2**task.attempts)
    task.lease_until, task.last_error = None, reason[:4000]
    task.finished_at = None if again else now
    return again
