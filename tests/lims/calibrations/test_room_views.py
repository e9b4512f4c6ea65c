"""The room on the pages of runs: chosen from the register, changed, and its limits beside the conditions."""

from __future__ import annotations

from decimal import Decimal

from lims.calibrations.queries import run_facts
from lims.core.actor import SYSTEM
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people import room_services
from lims.people.room_facts import CreateRoom, RoomLimitFacts
from tests.factories.calibrations import NOW, make_bench, sign_in_name
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in

LIMITS = (RoomLimitFacts("temperature", "degC", Decimal(19), Decimal(21), Decimal("0.5")),)


def test_a_run_is_opened_in_a_room_of_the_site(sqlite_database: Database) -> None:
    """The form offers the site's rooms; the run shows the tighter limits, and the room in the reader's language."""
    with sqlite_database.transaction() as session:
        bench = make_bench(session)
        day = NOW.date()
        rooms = [
            CreateRoom(bench.item.site_id, code, f"Phòng {code}", day, f"Room {code}", limits=limits)
            for code, limits in (("KL-1", LIMITS), ("KL-2", ()))
        ]
        first, second = (room_services.create_room(session, SYSTEM, room, now=NOW).id for room in rooms)
        name = sign_in_name(session, bench.technician)
    client = make_client(make_app(sqlite_database, FixedClock(NOW), language="en"))
    sign_in(client, name)
    set_language(client, "en")
    page = f"/jobs/items/{bench.item.id}/runs"
    assert "KL-1 – Room KL-1" in client.get(page).text
    wrong = post(client, page, {"purpose": "customer", "room_id": "999"}, page=page)
    assert wrong.status_code == 422
    unsaid = post(client, page, {"purpose": "customer", "room_id": ""}, page=page)
    assert unsaid.status_code == 422  # the room's limits would not hold
    opened = post(client, page, {"purpose": "customer", "room_id": str(first)}, page=page)
    assert opened.status_code == 303
    run = opened.headers["Location"]
    shown = client.get(run).text
    assert "KL-1 – Room KL-1" in shown
    assert "19 – 21" in shown
    assert "at most 0.5 °C/h" in shown
    changed = post(client, f"{run}/header", {"row_version": "1", "room_id": str(second)}, page=run)
    assert changed.status_code == 303
    with sqlite_database.reading() as session:
        facts = run_facts(session, bench.technician, int(run.rpartition("/")[2]))
    assert (facts.room, facts.room_id, facts.room_limits) == ("KL-2 – Phòng KL-2", second, ())
