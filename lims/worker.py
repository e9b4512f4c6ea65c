"""Background tasks: the names that tasks carry, the services they call, and the process that runs them.

A task's number comes through the queue, or from the sweep that looks for what the queue lost. It is claimed in a
short transaction, done outside any, and finished in another; a kill leaves it to the next worker.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import structlog

from certificates import impact_services
from certificates import services as certificate_services
from lims.app import register_messages
from lims.config import Settings
from lims.core import tasks
from lims.core.actor import SYSTEM
from lims.core.anchors import write_anchors
from lims.core.audit import chain_heads
from lims.core.clock import Clock, SystemClock, local_date
from lims.core.db import Database
from lims.core.task_queue import TaskQueue
from standards import reminder_services
from standards.reminder_letter import letter

log = structlog.get_logger(__name__)

SWEEP_EVERY_S: Final = 2.0
ANCHOR_EVERY_S: Final = 60.0
OFFER_AGAIN_S: Final = 30.0
RENEW_EVERY_S: Final = tasks.LEASE.total_seconds() / 3


@dataclass(frozen=True)
class WorkerContext:
    """What a task may use: the database, the settings and the time."""

    database: Database
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)


Handler = Callable[[WorkerContext, Mapping[str, Any]], None]


def _render_certificate(context: WorkerContext, arguments: Mapping[str, Any]) -> None:
    certificate_services.render_and_finish(
        context.database, int(arguments["certificate_id"]), settings=context.settings, clock=context.clock
    )


def _open_impact_study(context: WorkerContext, arguments: Mapping[str, Any]) -> None:
    impact_services.open_from_task(context.database, arguments, clock=context.clock)


def _impact_study(context: WorkerContext, arguments: Mapping[str, Any]) -> None:
    impact_services.run_study(context.database, int(arguments["study_id"]), clock=context.clock)


def _note_reminders(context: WorkerContext, _arguments: Mapping[str, Any]) -> None:
    with context.database.transaction() as session:
        sends = context.settings.mail is not None
        reminder_services.note_reminders(session, SYSTEM, now=context.clock.now(), sends=sends)


def _send_reminders(context: WorkerContext, arguments: Mapping[str, Any]) -> None:
    register_messages()  # a letter is made of the words of codes
    compose = partial(letter, base_url=context.settings.base_url)
    reminder_services.send_reminders(
        context.database, arguments, server=context.settings.mail, compose=compose, clock=context.clock
    )


HANDLERS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "render_certificate": _render_certificate,
        impact_services.OPENING: _open_impact_study,
        impact_services.TASK: _impact_study,
        reminder_services.NOTING: _note_reminders,
        reminder_services.SENDING: _send_reminders,
    }
)


def run_task(context: WorkerContext, task_id: int) -> bool:
    """Do one task if it is free; returns whether it was done. A failure is recorded and logged, and tried again."""
    with context.database.transaction() as session:
        task = tasks.claim_task(session, task_id, now=context.clock.now())
    if task is None:
        return False
    try:
        with _renewed_lease(context, task_id):
            HANDLERS[task.name](context, task.arguments)
    except Exception as error:
        log.exception("task failed", task=task.name, task_id=task_id, attempt=task.attempts)
        reason = f"{type(error).__name__}: {error}"
        with context.database.transaction() as session:
            tasks.fail_task(session, task_id, reason, now=context.clock.now())
        return False
    with context.database.transaction() as session:
        tasks.finish_task(session, task_id, now=context.clock.now())
    return True


def drain(context: WorkerContext) -> int:
    """Do everything that waits, here and now; returns how many tasks were done. For set-up and tests."""
    done = 0
    while True:
        with context.database.reading() as session:
            waiting = tasks.due_tasks(session, now=context.clock.now())
        finished = sum(run_task(context, task_id) for task_id in waiting)
        done += finished
        if not finished:
            return done


@contextmanager
def _renewed_lease(context: WorkerContext, task_id: int) -> Iterator[None]:
    """Keep a task's claim alive while it is worked on."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(RENEW_EVERY_S):
            with context.database.transaction() as session:
                tasks.renew_lease(session, task_id, now=context.clock.now())

    thread = threading.Thread(target=renew, name=f"lease-{task_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def run_worker(context: WorkerContext, *, parent: int | None = None) -> None:
    """Run background tasks until told to stop (SIGTERM, SIGINT) or until the parent process is gone."""
    queue = TaskQueue(context.settings.queue_url, context.settings.secret_key)
    queue.handle(lambda task_id: void(run_task(context, task_id)))
    consumer = queue.huey.create_consumer(workers=1, worker_type="thread", periodic=False, max_delay=0.5)
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(context, queue, stop, parent), name="sweep", daemon=True)
    watch.start()
    try:
        consumer.run()
    finally:
        stop.set()
        watch.join(timeout=5)


def void(_result: object) -> None:
    """Drop a result: the queue carries none back."""


def _watch(context: WorkerContext, queue: TaskQueue, stop: threading.Event, parent: int | None) -> None:
    """Offer lost tasks again, note the audit heads outside the database, remind once a day, end with the parent."""
    offered: dict[int, float] = {}
    anchored = -ANCHOR_EVERY_S
    reminded: date | None = None
    while not stop.is_set():
        if parent is not None and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
        started = time.monotonic()
        try:
            offered = _sweep(context, queue, offered, started)
            if started - anchored >= ANCHOR_EVERY_S:
                anchor(context)
                anchored = started
                reminded = plan_reminders(context, reminded)
        except Exception:
            log.exception("sweep failed; it is tried again")
        stop.wait(SWEEP_EVERY_S)


def _sweep(context: WorkerContext, queue: TaskQueue, offered: dict[int, float], at: float) -> dict[int, float]:
    with context.database.reading() as session:
        waiting = tasks.due_tasks(session, now=context.clock.now())
    kept = {task_id: offered[task_id] for task_id in waiting if at - offered.get(task_id, -1e9) < OFFER_AGAIN_S}
    for task_id in waiting:
        if task_id not in kept:
            queue.offer(task_id)
            kept[task_id] = at
    return kept


def plan_reminders(context: WorkerContext, done: date | None) -> date | None:
    """Write the day's task of noting reminders unless it was written; returns the last day that has one."""
    now, timezone = context.clock.now(), context.settings.timezone
    if done == local_date(now, timezone):
        return done
    with context.database.transaction() as session:
        return reminder_services.plan_today(session, now=now, timezone=timezone) or done


def anchor(context: WorkerContext) -> int:
    """Note the heads of the audit chains outside the database; returns how many were new."""
    with context.database.reading() as session:
        heads = chain_heads(session)
    return write_anchors(context.settings.data_dir, heads, now=datetime.now(UTC))
