"""One instrument put into two jobs in the same moment, on both databases: one of them is refused."""

from __future__ import annotations

import threading

from lims.core.db import Database
from lims.core.errors import LimsError
from lims.jobs import services
from lims.jobs.facts import AddItem, OpenJob
from lims.people.facts import Role
from tests.lims.jobs.conftest import NOW, TODAY, make_house


def test_an_instrument_goes_into_one_job(database: Database) -> None:
    with database.transaction() as session:
        house = make_house(session)
        receiver = house.actor(Role.RECEIVER)
        command = OpenJob(house.laboratory.site_id, house.laboratory.customer_id, TODAY)
        jobs = [services.open_job(session, receiver, command, now=NOW).id for _ in range(2)]
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def add(job_id: int) -> None:
        ready.wait(10)
        try:
            with database.transaction() as session:
                services.add_item(session, receiver, AddItem(job_id, house.weight.id), now=NOW)
                threading.Event().wait(0.5)  # so that the other one comes halfway
            outcomes.append("done")
        except LimsError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=add, args=(job_id,)) for job_id in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["done", "item.already_in_house"]
