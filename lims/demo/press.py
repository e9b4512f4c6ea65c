"""Prints the demonstration's certificates in processes beside, while its people go on working.

The third step of each certificate is taken in the order in which they were begun, at the time its day says; so many
certificates cost little more than the readings they rest on.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates import services as certificate_services
from certificates.content import CertificateContent
from certificates.document import Rendering, render_pdf
from certificates.rendering import render_apart
from lims.config import Settings
from lims.core import tasks
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.models import Task

_PROCESSES: Final = min(4, max(2, os.cpu_count() or 2))
_AHEAD: Final = 3
"""How many certificates may be in the making before the oldest is waited for."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    certificate_id: int
    at: datetime
    pdf: Future[bytes] | None
    then: Callable[[datetime], None] | None


@dataclass(slots=True)
class Press:
    """Certificates in the making, the oldest first."""

    database: Database
    settings: Settings
    pool: ProcessPoolExecutor
    waiting: deque[_Waiting] = field(default_factory=deque)

    def begin(self, certificate_id: int, at: datetime, then: Callable[[datetime], None] | None = None) -> None:
        """Start to render a certificate that was begun; it is issued minutes later, and `then` is told when."""
        with self.database.reading() as session:
            wanted = certificate_services.to_be_rendered(session, certificate_id, base_url=self.settings.base_url)
        if wanted is None:
            raise RuntimeError(f"certificate {certificate_id} is not in the making")
        pdf = self._submitted(*wanted)
        self.waiting.append(_Waiting(certificate_id, at + timedelta(minutes=2), pdf, then))
        while len(self.waiting) > _AHEAD:
            self._finish_oldest()

    def _submitted(self, content: CertificateContent, rendering: Rendering) -> Future[bytes] | None:
        """Return the bytes to come; None once a process of the press has died: then each is rendered when it is due."""
        try:
            return self.pool.submit(render_pdf, content, rendering)
        except BrokenProcessPool:
            return None

    def finish(self) -> None:
        """Wait for everything that is in the making."""
        while self.waiting:
            self._finish_oldest()

    def _finish_oldest(self) -> None:
        one = self.waiting.popleft()
        certificate_services.render_and_finish(
            self.database,
            one.certificate_id,
            settings=self.settings,
            clock=FixedClock(one.at),
            render=partial(_bytes_of, one.pdf),
        )
        with self.database.transaction() as session:
            end_task(session, one.certificate_id, one.at)
        if one.then is not None:
            one.then(one.at)


def _bytes_of(pdf: Future[bytes] | None, content: CertificateContent, rendering: Rendering) -> bytes:
    """Return what the press made of a certificate, or, where its process died (no memory), render it once more."""
    try:
        return render_apart(content, rendering) if pdf is None else pdf.result()
    except BrokenProcessPool:
        return render_apart(content, rendering)


def end_task(session: Session, certificate_id: int, at: datetime) -> None:
    """Take the task of a certificate that was rendered here, and mark it as done: no worker has to look at it."""
    own = json.dumps({"certificate_id": certificate_id})
    task_id = session.execute(select(Task.id).where(Task.arguments == own)).scalar_one()
    tasks.claim_task(session, task_id, now=at)
    tasks.finish_task(session, task_id, now=at)


@contextmanager
def opened_press(database: Database, settings: Settings) -> Iterator[Press]:
    """Open the press; its processes end with it, and what is left in the making is thrown away on a failure."""
    with ProcessPoolExecutor(_PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            yield Press(database, settings, pool)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
