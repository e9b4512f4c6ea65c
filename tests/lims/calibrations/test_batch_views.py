"""The pages of batches: opened, filled and submitted by forms, asked by the grid; a count of statements."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from lims.calibrations import batch_queries, queries
from lims.calibrations.batch_commands import ChangeBatchRoom, RemoveFromBatch
from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.batch_live import after_cell, changes_since
from lims.calibrations.batch_page import load
from lims.calibrations.batch_services import change_batch_room, remove_from_batch
from lims.calibrations.commands import Exclude
from lims.calibrations.facts import ExclusionKind, RunState
from lims.calibrations.record_services import exclude
from lims.core.actor import SYSTEM, Actor
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.people import room_services
from lims.people.room_facts import CreateRoom
from tests.factories.batches import (
    Bath,
    condition_cell,
    equip_batch,
    make_batch,
    make_bath,
    measured_batch,
    own_cell,
    shared_cell,
)
from tests.factories.calibrations import NOW, sign_in_name
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in, token


@dataclass
class Site:
    """An application with thermometers on the bench."""

    app: Flask
    database: Database
    bath: Bath

    def client(self, actor: Actor | None = None) -> FlaskClient:
        """A browser in which a person is signed in, reading English."""
        with self.database.reading() as session:
            name = sign_in_name(session, actor or self.bath.technician)
        client = make_client(self.app)
        assert sign_in(client, name).status_code == 303
        set_language(client, "en")
        return client

    def batch(self, batch_id: int) -> BatchFacts:
        """Return a batch as it is now."""
        with self.database.reading() as session:
            return batch_queries.batch_facts(session, self.bath.technician, batch_id)


@pytest.fixture
def site(sqlite_database: Database) -> Site:
    """Three thermometers received."""
    with sqlite_database.transaction() as session:
        bath = make_bath(session, items=3)
    return Site(make_app(sqlite_database, FixedClock(NOW), language="en"), sqlite_database, bath)


@pytest.fixture
def batch(site: Site) -> BatchFacts:
    """A batch with everything read."""
    with site.database.transaction() as session:
        return measured_batch(session, site.bath)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def fields_of(text: str) -> dict[str, str]:
    """Return the cells and hidden fields of the sheets as a browser would send them."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None and ("|" in name[1] or name[1].startswith(("unit:", "form_uuid"))):
            found[html.unescape(name[1])] = html.unescape(value[1]) if value is not None else ""
    return found


def ask(client: FlaskClient, batch_id: int, path: str, **body: str) -> dict[str, object]:
    """Send what the grid sends, and return what it is told."""
    csrf = token(client, f"/runs/batches/{batch_id}")
    answer = client.post(
        f"/runs/batches/{batch_id}/{path}", data=body, headers={"X-CSRFToken": csrf, "X-Requested-With": "fetch"}
    )
    return dict(answer.get_json())


@pytest.mark.parametrize("work", ["page", "shared cell", "own cell", "news"])
def test_statements_do_not_grow_with_items(sqlite_database: Database, work: str) -> None:
    sent = []
    for items in (4, 12):
        with sqlite_database.transaction() as session:
            bath = make_bath(session, items=items)
            batch = measured_batch(session, bath)
        actor, first = bath.technician, batch.runs[0].id
        with sqlite_database.reading() as session:
            marker = batch_queries.marker_of(session, batch_queries.batch_facts(session, actor, batch.id))
        before = "-".join(["1", *marker.split("-")[1:]])
        with sqlite_database.reading() as session, statements(sqlite_database) as found:
            if work == "page":
                assert len(load(session, actor, batch.id, now=NOW).items) == items
            elif work == "news":
                assert changes_since(session, actor, batch.id, before, now=NOW) is not None
            elif work == "shared cell":
                assert len(after_cell(session, actor, batch.id, None, shared_cell(), now=NOW).points) == items
            else:
                assert len(after_cell(session, actor, batch.id, first, own_cell(), now=NOW).points) == 1
        sent.append(len(found))
    assert sent[0] == sent[1]


def test_a_batch_is_opened_from_the_items_that_wait(site: Site) -> None:
    client, ids = site.client(), [str(item) for item in site.bath.item_ids]
    page = client.get(f"/runs/batches/new?item={ids[0]}").text
    assert page.count('name="job_item_id"') == 3
    assert len(re.findall(r'name="job_item_id"[^>]*checked', page)) == 1
    nothing = post(client, "/runs/batches/new", {"room": "P.102"}, page="/runs/batches/new")
    assert (nothing.status_code, "Choose at least one item." in nothing.text) == (422, True)
    done = post(client, "/runs/batches/new", {"job_item_id": ids[:2], "room": "P.102"}, page="/runs/batches/new")
    assert done.status_code == 303
    opened = client.get(done.headers["Location"]).text
    assert "Batch B26-" in opened
    assert "What keeps it back" in opened
    assert "Submit what is complete" not in opened
    assert "6 readings of the standard are missing" in opened
    assert "T-001: 6 readings are missing" in opened
    assert client.get("/runs/batches/new").text.count('name="job_item_id"') == 1
    listed = client.get("/runs/batches?q=t-001").text
    assert "B26-" in listed
    assert "No batch has been opened yet." not in client.get("/runs/batches?mine=1").text
    assert "My batches" in client.get("/").text


def test_without_a_script_the_sheet_is_a_form(site: Site) -> None:
    with site.database.transaction() as session:
        batch = make_batch(session, site.bath)
        equip_batch(session, site.bath, batch)
    client, page = site.client(), f"/runs/batches/{batch.id}"
    fields = fields_of(client.get(page).text)
    own, wrong = (f"{run.id}@{own_cell().key}" for run in batch.runs[:2])
    typed = {condition_cell().key: "23,1", shared_cell().key: "50,01", own: "50,1", wrong: "5o"}
    answer = post(client, f"{page}/readings", {**fields, **typed}, page=page)
    assert answer.status_code == 422
    assert "“5o” is not a number" in html.unescape(answer.text)
    assert fields_of(answer.text)[wrong] == "5o"
    with site.database.reading() as session:
        texts = {run.id: [r.text for r in queries.readings(session, run.id)] for run in batch.runs}
    assert texts[batch.runs[0].id] == ["23,1", "50,01", "50,1"]
    assert texts[batch.runs[1].id] == texts[batch.runs[2].id] == ["23,1", "50,01"]
    # The form carries its own number: what it stored already is not stored again.
    assert post(client, f"{page}/readings", {**fields, **typed, wrong: "50,2"}, page=page).status_code == 303
    with site.database.reading() as session:
        assert [r.text for r in queries.readings(session, batch.runs[1].id)] == ["23,1", "50,01", "50,2"]
        assert len(queries.readings(session, batch.runs[0].id)) == 3


def test_a_cell_is_stored_as_it_is_left_and_tells_what_it_reaches(site: Site, batch: BatchFacts) -> None:
    client, first, second = site.client(site.bath.colleague), batch.runs[0], batch.runs[1]
    with site.database.reading() as session:
        seen = {r.address: str(r.id) for r in queries.readings(session, first.id)}
    own = ask(
        client,
        batch.id,
        "cells",
        key=f"{first.id}@{own_cell().key}",
        text="50,4",
        unit="degC",
        uuid="a" * 32,
        seen=seen[own_cell()],
        reason="misread",
    )
    assert own["state"] == "saved"
    assert [point["key"] for point in own["points"]] == [f"{first.id}@temperature|t50|as_found"]  # type: ignore[attr-defined]
    assert "state-" in own["points"][0]["parts"]["decision"]  # type: ignore[index]
    shared = ask(
        client,
        batch.id,
        "cells",
        key=shared_cell().key,
        text="50,02",
        unit="degC",
        uuid="b" * 32,
        seen=seen[shared_cell()],
        reason="misread",
    )
    assert [point["key"] for point in shared["points"]] == [  # type: ignore[attr-defined]
        f"{run.id}@temperature|t50|as_found" for run in batch.runs
    ]
    assert [cell["key"] for cell in shared["cells"]] == [shared_cell().key]  # type: ignore[attr-defined]
    undone = ask(
        client,
        batch.id,
        "cells/undo",
        key=shared_cell().key,
        seen=str(shared["cells"][0]["id"]),  # type: ignore[index]
        to=seen[shared_cell()],
        uuid="c" * 32,
    )
    assert undone["cells"][0]["text"] == "50,012"  # type: ignore[index]
    conflict = ask(client, batch.id, "cells", key=shared_cell().key, text="51", unit="degC", uuid="d" * 32, seen="")
    assert (conflict["state"], conflict["present"]) == ("conflict", "50,012")
    with site.database.transaction() as session:
        remove_from_batch(session, site.bath.technician, RemoveFromBatch(batch.id, second.id, "hỏng"), now=NOW)
    strange = ask(
        client, batch.id, "cells", key=f"{second.id}@{own_cell().key}", text="50", unit="", uuid="e" * 32, seen=""
    )
    assert strange["state"] == "refused"


def test_the_menu_of_a_shared_cell_speaks_for_all_items(site: Site, batch: BatchFacts) -> None:
    client = site.client()
    shared = client.get(f"/runs/batches/{batch.id}/cells/menu", query_string={"key": shared_cell().key}).text
    assert "Shared by all items of the batch" in shared
    assert "Leave this reading out for all items because" in shared
    own = client.get(
        f"/runs/batches/{batch.id}/cells/menu", query_string={"key": f"{batch.runs[1].id}@{own_cell().key}"}
    ).text
    assert "Shared by all items" not in own
    reviewer = str(site.bath.reviewer.person_id)
    with site.database.reading() as session:
        chain = batch_queries.cell_chain(session, batch.id, shared_cell())
    done = ask(
        client,
        batch.id,
        "cells/exclude",
        key=shared_cell().key,
        what=str(chain[-1].id),
        kind="excluded",
        exclusion_reason="bubbles",
        approver_id=reviewer,
    )
    assert done["cells"][0]["excluded"] == "excluded"  # type: ignore[index]
    for key in ("nonsense", "0@x", f"99999@{own_cell().key}"):
        assert client.get(f"/runs/batches/{batch.id}/cells/menu", query_string={"key": key}).status_code == 404


def test_one_empty_cell_is_said_to_be_not_measurable(site: Site) -> None:
    with site.database.transaction() as session:
        batch = make_batch(session, site.bath)
    client = site.client()
    for key in (shared_cell().key, f"{batch.runs[1].id}@{own_cell().key}"):
        menu = client.get(f"/runs/batches/{batch.id}/cells/menu", query_string={"key": key}).text
        assert f"/runs/batches/{batch.id}/cells/not-measurable" in menu
        done = ask(client, batch.id, "cells/not-measurable", key=key, seen="", exclusion_reason="dark", uuid=key[:32])
        found = [(cell["key"], cell["text"], cell["excluded"]) for cell in done["cells"]]  # type: ignore[attr-defined]
        assert found == [(key, "", "not_measurable")]


def test_a_chosen_result_shows_its_card_and_budget(site: Site, batch: BatchFacts) -> None:
    client, second = site.client(), batch.runs[1].id
    address = f"/runs/batches/{batch.id}/results"
    found = client.get(address, query_string={"key": f"{second}@temperature|t50|as_found"}).get_json()
    own = client.get(f"/runs/{second}").text
    assert found["item"]
    assert found["card"].strip() in own
    assert found["budget"].strip() in own
    for key in ("", "nonsense", f"{second}@temperature|none|as_found", "99999@temperature|t50|as_found"):
        assert client.get(address, query_string={"key": key}).status_code == 404


def test_what_is_complete_may_be_handed_in_alone_and_the_room_is_named_in_english(site: Site) -> None:
    with site.database.transaction() as session:
        since = NOW.date() - timedelta(days=30)
        room = CreateRoom(site.bath.site.id, "ND-1", "Phòng nhiệt", since, name_en="Temperature room")
        room_id = room_services.create_room(session, SYSTEM, room, now=NOW).id
        batch = measured_batch(session, site.bath)
        change_batch_room(session, site.bath.technician, ChangeBatchRoom(batch.id, room_id=room_id), now=NOW)
        last = batch.runs[-1]
        reading = next(r for r in queries.readings(session, last.id) if r.address == own_cell())
        withdrawal = Exclude(last.id, ExclusionKind.WITHDRAWN, "nhầm", reading.id)
        exclude(session, site.bath.technician, withdrawal, now=NOW)
    page = site.client().get(f"/runs/batches/{batch.id}").text
    hidden = dict(re.findall(r'data-ready="(\d+)"( hidden)?', page))
    assert [bool(hidden[str(run.id)]) for run in batch.runs] == [False, False, True]
    assert "ND-1 – Temperature room" in page
    assert "ND-1 – Phòng nhiệt" not in page


def test_news_tell_what_changed_since_and_nothing_else(site: Site, batch: BatchFacts) -> None:
    client, page = site.client(), f"/runs/batches/{batch.id}"
    whole = client.get(f"{page}/live").get_json()
    assert client.get(f"{page}/live", query_string={"seen": whole["marker"]}).status_code == 204
    run = batch.runs[2]
    with site.database.reading() as session:
        seen = next(r for r in queries.readings(session, run.id) if r.address == own_cell("0", 2))
    ask(
        client,
        batch.id,
        "cells",
        key=f"{run.id}@{own_cell('0', 2).key}",
        text="0,3",
        unit="degC",
        uuid="f" * 32,
        seen=str(seen.id),
        reason="misread",
    )
    news = client.get(f"{page}/live", query_string={"seen": whole["marker"]}).get_json()
    assert [cell["key"] for cell in news["cells"]] == [f"{run.id}@{own_cell('0', 2).key}"]
    assert [point["key"] for point in news["points"]] == [f"{run.id}@temperature|t0|as_found"]
    assert "Submit all 3 results" in news["standing"]


def test_the_batch_is_handed_in_whole_or_item_by_item(site: Site, batch: BatchFacts) -> None:
    client, page = site.client(), f"/runs/batches/{batch.id}"
    first = str(batch.runs[0].id)
    assert post(client, f"{page}/submit", {"run": first}, page=page).status_code == 303
    shown = client.get(page).text
    assert "can no longer be changed" in shown
    assert f'name="{shared_cell().key}"' not in shown
    refused = post(client, f"{page}/submit", {"marker": "0-0"}, page=page)
    assert (refused.status_code, "Somebody wrote into batch" in refused.text) == (409, True)
    marker = re.search(r'name="marker" value="([^"]+)"', shown)
    assert marker is not None
    assert post(client, f"{page}/submit", {"marker": marker[1]}, page=page).status_code == 303
    assert {run.state for run in site.batch(batch.id).runs} == {RunState.SUBMITTED}
    assert "handed in" in client.get("/runs/batches").text
    run_page = client.get(f"/runs/{first}").text
    assert batch.number in run_page


def test_items_are_put_in_and_taken_out_on_the_page(site: Site) -> None:
    with site.database.transaction() as session:
        batch = make_batch(session, site.bath)
    client, page = site.client(), f"/runs/batches/{batch.id}"
    last = batch.runs[-1]
    empty = post(client, f"{page}/items/{last.id}/remove", {"reason": ""}, page=page)
    assert empty.status_code == 422
    assert post(client, f"{page}/items/{last.id}/remove", {"reason": "broken"}, page=page).status_code == 303
    assert len(site.batch(batch.id).runs) == 2
    assert post(client, f"{page}/room", {"room": "P.105"}, page=page).status_code == 303
    assert site.batch(batch.id).room == "P.105"
    nothing = post(client, f"{page}/items", {}, page=page)
    assert nothing.status_code == 422
    assert client.get("/runs/batches/999999").status_code == 404
    choice = f"{site.bath.standard.id}:{site.bath.calibration.id}:"
    chosen = post(client, f"{page}/equipment", {"slot": "reference", "choice-reference": choice}, page=page)
    assert chosen.status_code == 303
    with site.database.reading() as session:
        (use,) = queries.equipment(session, batch.runs[0].id)
    assert post(client, f"{page}/equipment/{use.id}/withdraw", {"reason": ""}, page=page).status_code == 422
    assert post(client, f"{page}/equipment/{use.id}/withdraw", {"reason": "x"}, page=page).status_code == 303
