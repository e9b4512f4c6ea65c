"""Numbers without gaps, and tasks that are neither lost nor done by two workers at once."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from lims.core.db import Database
from lims.core.errors import ConfigurationError
from lims.core.models import NumberPattern, Task
from lims.core.numbering import NumberKind, format_number, take_number
from lims.core.tasks import (
    LEASE,
    MAX_ATTEMPTS,
    TaskState,
    claim_task,
    due_tasks,
    enqueue,
    fail_task,
    finish_task,
    take_enqueued,
)

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KIND = NumberKind("certificate", "{number:04d}/{yy}-{site}")


def _take(database: Database, on: date | None = None) -> str:
    with database.transaction() as session:
        return take_number(session, KIND, site_id=1, site_code="TM", on=on or NOW.date())


def test_numbers_follow_each_other_and_start_anew_each_year(database: Database) -> None:
    assert [_take(database), _take(database), _take(database, date(2027, 1, 1))] == [
        "0001/26-TM",
        "0002/26-TM",
        "0001/27-TM",
    ]


def test_a_rolled_back_number_is_taken_again(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        assert take_number(session, KIND, site_id=1, site_code="TM", on=NOW.date()) == "0001/26-TM"
        raise RuntimeError
    assert _take(database) == "0001/26-TM"


def test_a_site_sets_its_own_pattern_from_a_date_on(database: Database) -> None:
    with database.transaction() as session:
        session.add(NumberPattern(site_id=1, kind="certificate", pattern="C{yy}.{number:05d}", valid_from=NOW.date()))
    assert _take(database, date(2026, 1, 5)) == "0001/26-TM"
    assert _take(database) == "C26.00002"


@pytest.mark.parametrize("pattern", ["{year}", "{number}{secret}", "{number.__class__}{x}", "{number:zz}"])
def test_a_bad_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigurationError):
        format_number(pattern, 1, site_code="TM", year=2026, kind="certificate")


def test_threads_take_every_number_once(database: Database) -> None:
    taken: list[str] = []
    threads = [threading.Thread(target=lambda: taken.extend(_take(database) for _ in range(25))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [f"{number:04d}/26-TM" for number in range(1, 101)]


def _enqueue(database: Database) -> int:
    with database.transaction() as session:
        number = enqueue(session, "render", {"certificate_id": 5}, now=NOW)
    assert take_enqueued(session) == [number]
    assert take_enqueued(session) == []
    return number


def test_a_task_is_claimed_by_one_worker(database: Database) -> None:
    number = _enqueue(database)
    with database.transaction() as session:
        claimed = claim_task(session, number, now=NOW)
        assert claimed is not None
        assert (claimed.name, dict(claimed.arguments), claimed.attempts) == ("render", {"certificate_id": 5}, 1)
    with database.transaction() as session:
        assert claim_task(session, number, now=NOW) is None


def test_a_lost_task_is_found_after_its_lease(database: Database) -> None:
    number = _enqueue(database)
    with database.transaction() as session:
        assert due_tasks(session, now=NOW) == [number]
        claim_task(session, number, now=NOW)
        assert due_tasks(session, now=NOW) == []
    later = NOW + LEASE + timedelta(seconds=1)
    with database.transaction() as session:
        assert due_tasks(session, now=later) == [number]
        again = claim_task(session, number, now=later)
        assert again is not None
        assert again.attempts == 2
        finish_task(session, number, now=later)
        assert due_tasks(session, now=later + LEASE * 2) == []


def test_a_failing_task_is_tried_again_and_given_up(database: Database) -> None:
    number = _enqueue(database)
    at = NOW
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with database.transaction() as session:
            assert claim_task(session, number, now=at) is not None
            assert fail_task(session, number, "no paper", now=at) is (attempt < MAX_ATTEMPTS)
        at += timedelta(hours=1)
    with database.reading() as session:
        task = session.execute(select(Task)).scalar_one()
    assert (task.state, task.last_error, task.finished_at is not None) == (TaskState.FAILED, "no paper", True)
