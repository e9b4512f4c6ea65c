"""Issues a certificate and kills itself at a point: `python -m tests.certificates.killed URL RUN PERSON POINT`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from certificates import services
from certificates.document import render_pdf
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people import queries as people
from tests.certificates.offices import ISSUE_AT, Place

POINTS = (
    "before the number is kept",
    "after the number is kept",
    "while rendering",
    "before the bytes are kept",
    "never",
)


def die() -> None:
    """End as a power cut would: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, run_id: int, person_id: int, point: str) -> None:
    """Take the steps of issuing and die at the point."""
    database = Database(url)
    with database.transaction() as session:
        actor = people.actor_of(session, person_id, ISSUE_AT.date())
        view = services.begin_issue(session, actor, [run_id], now=ISSUE_AT)
        if point == POINTS[0]:
            die()
    if point == POINTS[1]:
        die()

    def render(*arguments: Any) -> bytes:
        if point == POINTS[2]:
            die()
        return render_pdf(*arguments)

    if point == POINTS[3]:
        with database.transaction() as session:
            services.finish_issue(session, view.id, b"%PDF-1.7 never kept", now=ISSUE_AT)
            session.flush()
            die()
    services.render_and_finish(database, view.id, settings=Place(), clock=FixedClock(ISSUE_AT), render=render)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
