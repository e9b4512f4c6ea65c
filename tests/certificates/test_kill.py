"""A kill at any moment of issuing loses no number and doubles none; the next worker finishes what was begun."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from certificates import queries
from certificates.facts import CertificateState
from certificates.models import Certificate
from certificates.verification import verify_file
from lims.config import Settings
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.models import Blob, NumberCounter
from lims.worker import WorkerContext, drain
from tests.certificates.killed import POINTS
from tests.certificates.offices import ISSUE_AT, make_office
from tests.certificates.papers import text_of

ROOT = Path(__file__).resolve().parent.parent.parent


def _issue_and_die(database: Database, run_id: int, person_id: int, point: str) -> int:
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "tests.certificates.killed", url, str(run_id), str(person_id), point],
        cwd=ROOT,
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()
    return done.returncode


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_no_number_and_doubles_none(database: Database, point: str) -> None:
    with database.transaction() as session:
        office = make_office(session)
    person_id = office.bench.signatory.person_id
    died = _issue_and_die(database, office.run_id, person_id, point)
    assert died == (0 if point == "never" else -signal.SIGKILL)
    url = database.url.render_as_string(hide_password=False)
    settings = Settings(
        data_dir=Path("unused"), database_url=url, queue_url="", secret_key="x" * 40, base_url="http://localhost:8080"
    )
    context = WorkerContext(database, settings, FixedClock(ISSUE_AT + timedelta(minutes=10)))
    kept = point != POINTS[0]
    with database.reading() as session:
        states = list(session.execute(select(Certificate.state)).scalars())
    assert states == ([] if not kept else ["issued" if point == "never" else "issuing"])
    drain(context)
    if not kept:
        assert _issue_and_die(database, office.run_id, person_id, "never") == 0
    with database.reading() as session:
        rows = list(session.execute(select(Certificate)).scalars())
        counter = session.execute(
            select(NumberCounter.last_number).where(NumberCounter.kind == "certificate")
        ).scalar_one()
        assert [row.number[-5:] for row in rows] == ["00001"]
        assert counter == len(rows) == 1
        assert rows[0].state == CertificateState.ISSUED
        assert queries.unfinished(session) == []
        pdf = queries.pdf_bytes(session, rows[0])
        assert "10 kg + 25 mg" in text_of(pdf)
        assert verify_file(session, pdf).holds
        papers = select(Blob.sha256).where(Blob.media_type == "application/pdf")
        assert list(session.execute(papers).scalars()) == [rows[0].pdf_sha256]


def test_a_worker_that_comes_twice_changes_nothing(database: Database) -> None:
    with database.transaction() as session:
        office = make_office(session)
    assert _issue_and_die(database, office.run_id, office.bench.signatory.person_id, "never") == 0
    with database.reading() as session:
        before = session.execute(select(Certificate.pdf_sha256, Certificate.row_version)).all()
    url = database.url.render_as_string(hide_password=False)
    settings = Settings(
        data_dir=Path("unused"), database_url=url, queue_url="", secret_key="x" * 40, base_url="http://localhost:8080"
    )
    for minutes in (10, 20):
        drain(WorkerContext(database, settings, FixedClock(ISSUE_AT + timedelta(minutes=minutes))))
    with database.reading() as session:
        assert session.execute(select(Certificate.pdf_sha256, Certificate.row_version)).all() == before
