"""A cell at a time: stored, repeated, refused, in conflict, taken back, commented; what an answer says of its row."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lims.calibrations import live, queries
from lims.calibrations.cell_services import take_back
from lims.calibrations.commands import ChooseEquipment, Exclude, OpenRun, TakeBack, WithdrawEquipment
from lims.calibrations.evaluations import material_of, preview
from lims.calibrations.facts import Address, ExclusionKind
from lims.calibrations.previous import previous_results
from lims.calibrations.reading_services import record_reading
from lims.calibrations.record_services import exclude
from lims.calibrations.services import choose_equipment, open_run, withdraw_equipment
from lims.core.actor import Actor
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import RuleViolation
from tests.factories import jobs
from tests.factories.calibrations import (
    NOW,
    Bench,
    cell,
    equip,
    make_bench,
    make_run,
    measured_run,
    read_all,
    reading_command,
    released_run,
    sign_in_name,
)
from tests.factories.gauges import gauge_file, gauge_section, make_gauge_bench, repeats
from tests.lims.web_client import make_app, make_client, post, set_language, sign_in

POINT = Address("error", "p3", 1, "", 1)


@dataclass
class Site:
    """A gauge's run behind the web application."""

    app: Flask
    database: Database
    bench: Bench
    run_id: int

    def client(self, actor: Actor | None = None) -> FlaskClient:
        """A browser in which a technician is signed in, reading English."""
        with self.database.reading() as session:
            name = sign_in_name(session, actor or self.bench.technician)
        client = make_client(self.app)
        assert sign_in(client, name).status_code == 303
        set_language(client, "en")
        return client

    def send(self, client: FlaskClient, text: str, address: Address = POINT, **more: Any) -> TestResponse:
        """Send a cell as the grid does."""
        data = {"key": address.key, "text": text, "unit": "bar", "seen": "", "uuid": secrets.token_hex(16), **more}
        return post(client, f"/runs/{self.run_id}/cells", data, page=f"/runs/{self.run_id}")


def open_gauge(session: Session) -> tuple[Bench, int]:
    """A draft of a gauge's calibration with its standard."""
    bench = make_gauge_bench(session)
    run = open_run(session, bench.technician, OpenRun(job_item_id=bench.item.id), now=NOW)
    chosen = ChooseEquipment(run.id, "reference", bench.standard.id, bench.calibration.id)
    choose_equipment(session, bench.technician, chosen, now=NOW)
    return bench, run.id


@pytest.fixture
def site(sqlite_database: Database) -> Site:
    with sqlite_database.transaction() as session:
        bench, run_id = open_gauge(session)
    return Site(make_app(sqlite_database, FixedClock(NOW), language="en"), sqlite_database, bench, run_id)


def test_a_cell_is_stored_once_and_answers_with_its_row(site: Site) -> None:
    client = site.client()
    for repeat, text in enumerate(("2,99", "3.00", "3,01", "3,02"), start=1):
        assert site.send(client, text, Address("error", "p3", 1, "", repeat)).status_code == 200
    last, sent = Address("error", "p3", 1, "", 5), secrets.token_hex(16)
    first = site.send(client, "3,03", last, uuid=sent)
    again = site.send(client, "3,03", last, uuid=sent)
    assert first.json is not None
    assert again.json is not None
    assert first.json["cells"] == again.json["cells"]
    (cell,), (point,) = first.json["cells"], first.json["points"]
    assert (cell["text"], cell["unit"], point["key"]) == ("3,03", "bar", "error|p3|as_found")
    with site.database.reading() as session:
        assert len(queries.readings(session, site.run_id)) == 5
        run = queries.run_facts(session, site.bench.technician, site.run_id)
        view, _gathered = preview(session, material_of(session, run), now=NOW)
    (row,) = view.results
    assert point["parts"]["uncertainty"] == row.reported_expanded_uncertainty
    assert "conforms" in point["parts"]["decision"]
    assert f"U = {row.reported_expanded_uncertainty} bar" in point["card"]


def test_a_row_alone_comes_out_as_in_the_whole_run(session: Session) -> None:
    bench, run_id = open_gauge(session)
    run = queries.run_facts(session, bench.technician, run_id)
    for point in range(1, 11):
        for repeat in range(1, 6):
            text = f"{point + repeat / 100:.2f}"
            command = reading_command(run, Address("error", f"p{point}", 1, "", repeat), text, "bar")
            record_reading(session, bench.technician, command, now=NOW)
    whole, _gathered = preview(session, material_of(session, run), now=NOW)
    for row in whole.results:
        address = Address("error", row.point, 1, "", 2)
        found = live.after_cell(session, bench.technician, run_id, address, now=NOW)
        ((_sheet, point_view),) = found.points
        assert point_view.results == (row,)


def test_a_standard_taken_out_is_gone_from_the_next_answer(session: Session) -> None:
    bench, run_id = open_gauge(session)
    run = queries.run_facts(session, bench.technician, run_id)
    for repeat in range(1, 6):
        command = reading_command(run, Address("error", "p3", 1, "", repeat), f"3.0{repeat}", "bar")
        record_reading(session, bench.technician, command, now=NOW)
    before = live.after_cell(session, bench.technician, run_id, POINT, now=NOW)
    assert [len(point.results) for _sheet, point in before.points] == [1]
    (use,) = queries.equipment(session, run_id)
    withdraw_equipment(session, bench.technician, WithdrawEquipment(use.id, "nhầm chuẩn"), now=NOW)
    after = live.after_cell(session, bench.technician, run_id, POINT, now=NOW)
    assert [len(point.results) for _sheet, point in after.points] == [0]


@pytest.mark.parametrize(
    ("text", "more", "status", "state", "words"),
    [
        ("3,O1", {}, 422, "refused", "is not a number"),
        ("", {}, 422, "refused", "Please type a number"),
        ("3 degC", {}, 422, "refused", "does not fit here"),
        ("3,01", {"key": "error|p99|1||1|item|as_found"}, 422, "refused", "no such cell"),
        ("3,01", {"key": "nonsense"}, 422, "refused", "no such cell"),
        ("3,01", {"uuid": ""}, 422, "refused", "load it again"),
        ("3,01", {"source": "instrument"}, 422, "refused", ""),
        ("301", {}, 422, "confirm", "far outside the item's range, 0 to 10 bar"),
    ],
)
def test_what_is_wrong_is_said_of_the_cell(
    site: Site, text: str, more: dict[str, Any], status: int, state: str, words: str
) -> None:
    answer = site.send(site.client(), text, **more)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["state"] == state
    assert words in answer.json["message"]
    with site.database.reading() as session:
        assert queries.readings(session, site.run_id) == ()


def test_what_lies_far_outside_is_stored_with_the_reason(site: Site) -> None:
    assert site.send(site.client(), "301", comment="áp kế hỏng kim").status_code == 200
    with site.database.reading() as session:
        (reading,) = queries.readings(session, site.run_id)
    assert (reading.text, reading.comment) == ("301", "áp kế hỏng kim")


def test_a_change_needs_its_reason_and_another_writer_is_a_conflict(site: Site) -> None:
    one, other = site.client(), site.client(site.bench.colleague)
    stored = site.send(one, "3,00")
    assert stored.json is not None
    seen = stored.json["cells"][0]["id"]
    asked = site.send(one, "3,01", seen=seen)
    assert asked.json is not None
    assert (asked.status_code, asked.json["state"]) == (422, "reason")
    conflict = site.send(other, "3,02")
    assert conflict.json is not None
    assert conflict.status_code == 409
    shown = {name: conflict.json[name] for name in ("state", "present", "present_id", "present_by", "typed")}
    wanted = {"state": "conflict", "present": "3,00", "present_id": seen, "typed": "3,02"}
    assert shown == {**wanted, "present_by": site.bench.technician.name}
    assert site.send(other, "3,02", seen=seen, reason="đọc lại").status_code == 200


def test_the_news_say_what_others_did_and_what_keeps_the_run_back(site: Site) -> None:
    one, other = site.client(), site.client(site.bench.colleague)
    news = other.get(f"/runs/{site.run_id}/live").json
    assert news is not None
    assert "50 readings are missing" in news["standing"]
    assert other.get(f"/runs/{site.run_id}/live?seen={news['marker']}").status_code == 204
    site.send(one, "3,00")
    later = other.get(f"/runs/{site.run_id}/live?seen={news['marker']}").json
    assert later is not None
    assert [(cell["key"], cell["text"]) for cell in later["cells"]] == [(POINT.key, "3,00")]
    assert [point["key"] for point in later["points"]] == ["error|p3|as_found"]
    assert "49 readings are missing" in later["standing"]


def test_a_first_entry_is_withdrawn_not_deleted(site: Site) -> None:
    client = site.client()
    stored = site.send(client, "3,00")
    assert stored.json is not None
    (cell,) = stored.json["cells"]
    page = f"/runs/{site.run_id}"
    undo = {"key": POINT.key, "seen": cell["id"], "to": "", "uuid": secrets.token_hex(16)}
    undone = post(client, f"{page}/cells/undo", undo, page=page)
    assert undone.json is not None
    assert undone.json["cells"][0]["excluded"] == "withdrawn"
    assert post(client, f"{page}/cells/undo", undo, page=page).status_code == 200
    with site.database.reading() as session:
        assert [entry.excluded for entry in queries.readings(session, site.run_id)] == [ExclusionKind.WITHDRAWN]
        assert len(queries.exclusions(session, site.run_id)) == 1
    news = client.get(f"{page}/live").json
    assert news is not None
    assert "50 readings are missing" in news["standing"]
    menu = client.get(f"{page}/cells/menu", query_string={"key": POINT.key}).text
    assert "taken back by its writer" in menu
    assert site.send(client, "3,01", seen=cell["id"], reason="undone").status_code == 200


def test_nobody_takes_back_what_somebody_else_wrote(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    command = reading_command(run, Address("weighing", "10kg", 1, "", 1, "standard"), "0.010")
    stored = record_reading(session, bench.technician, command, now=NOW)
    undo = TakeBack(run.id, stored.id, None, "undone", secrets.token_hex(16))
    with pytest.raises(RuleViolation) as refused:
        take_back(session, bench.colleague, undo, now=NOW)
    assert refused.value.code == "reading.not_own"
    withdrawal = Exclude(run.id, ExclusionKind.WITHDRAWN, "undone", reading_id=stored.id)
    with pytest.raises(RuleViolation):
        exclude(session, bench.colleague, withdrawal, now=NOW)


def test_a_correction_undone_brings_the_former_reading_back_with_its_time(session: Session) -> None:
    bench, run_id = open_gauge(session)
    run = queries.run_facts(session, bench.technician, run_id)
    first = record_reading(session, bench.colleague, reading_command(run, POINT, "3.00", "bar"), now=NOW)
    changed = reading_command(run, POINT, "3.01", "bar", seen_reading_id=first.id, reason="misread")
    second = record_reading(session, bench.technician, changed, now=NOW)
    undo = TakeBack(run_id, second.id, first.id, "undone", secrets.token_hex(16))
    third = take_back(session, bench.technician, undo, now=NOW)
    assert third is not None
    assert (third.text, third.supersedes_id, third.supersede_reason) == ("3.00", second.id, "undone")
    assert (third.observer_id, third.writer_id) == (bench.colleague.person_id, bench.technician.person_id)
    assert take_back(session, bench.technician, undo, now=NOW) == third


def test_a_reading_is_commented_left_out_and_taken_back_in(site: Site) -> None:
    client, page = site.client(), f"/runs/{site.run_id}"
    stored = site.send(client, "3,00")
    assert stored.json is not None
    said = {"key": POINT.key, "seen": stored.json["cells"][0]["id"], "uuid": secrets.token_hex(16)}
    commented = post(client, f"{page}/cells/comment", {**said, "reading_comment": "nhìn thẳng"}, page=page)
    assert commented.json is not None
    (cell,) = commented.json["cells"]
    assert (cell["comment"], cell["text"], cell["corrections"]) == ("nhìn thẳng", "3,00", 0)
    out = {"key": POINT.key, "what": cell["id"], "kind": "excluded", "exclusion_reason": "rung bàn"}
    alone = post(client, f"{page}/cells/exclude", out, page=page)
    assert alone.json is not None
    assert alone.json["state"] == "refused"
    assert "Somebody else must approve" in alone.json["message"]
    approved = {**out, "approver_id": site.bench.reviewer.person_id}
    left_out = post(client, f"{page}/cells/exclude", approved, page=page)
    assert left_out.json is not None
    assert left_out.json["cells"][0]["excluded"] == "excluded"
    back = post(client, f"{page}/cells/exclude", {**out, "kind": "restored"}, page=page)
    assert back.json is not None
    assert back.json["cells"][0]["excluded"] == ""


def test_a_stranger_learns_nothing_of_a_cell(site: Site) -> None:
    with site.database.transaction() as session:
        other = make_bench(session)
    stranger = site.client(other.technician)
    for path in ("live", f"cells/menu?key={POINT.key}"):
        assert stranger.get(f"/runs/{site.run_id}/{path}").status_code == 404
    assert site.send(stranger, "3,00").status_code == 404


def test_results_of_the_last_time_stay_hidden_until_a_point_is_read(session: Session) -> None:
    """Nobody reads towards a number: what was found last time shows beside a point only when it is complete."""
    bench = make_bench(session)
    earlier = released_run(session, bench, now=NOW - timedelta(days=3))
    again = make_item_again(session, bench)
    run = open_run(session, again.technician, OpenRun(job_item_id=again.item.id), now=NOW)
    equip(session, again, run)
    changes = live.changes_since(session, again.technician, run.id, "", now=NOW)
    assert changes is not None
    assert changes.previous == {}
    read_all(session, again, run)
    changes = live.changes_since(session, again.technician, run.id, "", now=NOW)
    assert changes is not None
    (shown,) = changes.previous.values()
    assert (shown.number, shown.result.reported_value) == (earlier.number, "25")


def test_the_last_time_lies_before_the_run(session: Session) -> None:
    bench = make_bench(session)
    first = released_run(session, bench, now=NOW - timedelta(days=3))
    second = released_run(session, make_item_again(session, bench), now=NOW)
    runs = [queries.run_facts(session, bench.technician, run.id) for run in (first, second)]
    found = [{entry.run_id for entry in previous_results(session, run).values()} for run in runs]
    assert found == [set(), {first.id}]


def make_item_again(session: Session, bench: Bench) -> Bench:
    """The same weight comes in a second time."""
    job = jobs.make_job(session, site_id=bench.site.id, customer_id=bench.item.ordering_party_id)
    item = jobs.make_job_item(
        session, job=job, instrument_id=bench.item.instrument_id, procedure_version_id=bench.version.id
    )
    return replace(bench, item=item)


def test_each_answer_says_what_still_keeps_the_run_back(site: Site) -> None:
    client = site.client()
    for repeat in range(1, 4):
        answered = site.send(client, "3.00", Address("error", "p3", 1, "", repeat)).json
        assert answered is not None
        assert f"{50 - repeat} readings" in answered["held"]
        assert 'href="#field-error|p1|1||1|item|as_found"' in answered["held"]
    undone = post(
        client,
        f"/runs/{site.run_id}/cells/undo",
        {"key": POINT.key, "seen": "1", "to": "", "uuid": secrets.token_hex(16)},
        page=f"/runs/{site.run_id}",
    ).json
    assert undone is not None
    assert "48 readings" in undone["held"]


def test_what_keeps_a_run_back_is_the_same_in_an_answer_and_in_the_whole(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    told = []
    for step in range(3):
        if step == 1:
            equip(session, bench, run)
        if step == 2:
            read_all(session, bench, run)
        address = cell() if step < 2 else cell(3, 4)
        answer = live.after_cell(session, bench.technician, run.id, address, now=NOW)
        whole = live.changes_since(session, bench.technician, run.id, "", now=NOW)
        assert whole is not None
        assert answer.problems == whole.problems
        told.append([problem.code for problem in answer.problems])
    assert told[0].count("run.equipment_missing") == 2
    assert set(told[1]) == {"run.condition_missing", "run.readings_missing"}
    assert told[2] == []


def test_a_paper_changed_meanwhile_is_told_with_the_next_answer(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    assert live.after_cell(session, bench.technician, run.id, cell(), now=NOW).problems == ()
    (use, *_others) = queries.equipment(session, run.id)
    withdraw_equipment(session, bench.technician, WithdrawEquipment(use.id, "nhầm chuẩn"), now=NOW)
    held = live.after_cell(session, bench.technician, run.id, cell(), now=NOW).problems
    assert [problem.code for problem in held] == ["run.equipment_missing"]


@pytest.mark.parametrize(
    ("texts", "mean"),
    [
        pytest.param(("1,00", "1,00"), "1.00", id="alike"),
        pytest.param(("1,00", "1,01"), "1.005", id="between"),
        pytest.param(("1", "2"), "1.5", id="whole_numbers"),
        pytest.param(("3", "3"), "3", id="no_decimals"),
        pytest.param(("1,0", "1,00", "1,01"), "1.003", id="as_the_finest"),
    ],
)
def test_a_mean_keeps_the_decimals_of_its_readings(site: Site, texts: tuple[str, ...], mean: str) -> None:
    client = site.client()
    for repeat, text in enumerate(texts, start=1):
        answered = site.send(client, text, Address("error", "p1", 1, "", repeat)).json
    assert answered is not None
    (point,) = answered["points"]
    assert point["parts"]["mean"].strip() == mean


def test_readings_that_follow_each_other_are_told_under_the_budget(session: Session) -> None:
    bench = make_gauge_bench(session, gauge_file([gauge_section("error", repeats(20), 2)]))
    run = open_run(session, bench.technician, OpenRun(job_item_id=bench.item.id), now=NOW)
    chosen = ChooseEquipment(run.id, "reference", bench.standard.id, bench.calibration.id)
    choose_equipment(session, bench.technician, chosen, now=NOW)
    for repeat in range(1, 21):
        for point, text in (("p1", f"5.{repeat:02d}"), ("p2", f"9.0{repeat // 2 % 2}")):
            command = reading_command(run, Address("error", point, 1, "", repeat), text, "bar")
            record_reading(session, bench.technician, command, now=NOW)
    drifting, still = preview(session, material_of(session, run), now=NOW)[0].results
    assert [warning.code for warning in drifting.warnings] == ["type_a.autocorrelated"]
    assert drifting.warnings[0].title_vi == "Số chỉ của áp kế"
    assert still.warnings == ()
