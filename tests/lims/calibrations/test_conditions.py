"""Conditions against the limits of the procedure and of the room, and the room that a run is opened in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from flask import get_template_attribute
from markupsafe import Markup
from sqlalchemy.orm import Session

from lims.calibrations import services
from lims.calibrations.commands import ChangeRun, Decide, Justify, OpenRun
from lims.calibrations.conditions import largest_change, ranges_of
from lims.calibrations.decision_services import release_run, review_run, submit_run
from lims.calibrations.evaluations import material_of
from lims.calibrations.facts import ConditionRange, JustificationKind, ReadingFacts, RunFacts
from lims.calibrations.queries import run_facts
from lims.calibrations.record_services import justify
from lims.calibrations.workflow import Problem, Standing, Step, problems
from lims.core.actor import SYSTEM
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.core.errors import InvalidInput, RuleViolation
from lims.people import room_services
from lims.people.room_facts import ChangeRoom, CreateRoom, RoomFacts, RoomLimitFacts
from lims.procedures.definition_facts import Condition, Definition
from tests.factories.calibrations import NOW, Bench, equip, make_bench, read_all
from tests.lims.calibrations.test_workflow import AT, READING, RUN
from tests.lims.web_client import make_app

ROOM = RoomLimitFacts("temperature", "degC", Decimal(19), Decimal("25.0"), Decimal("0.5"))
LIMITED = Definition(
    sections=(), conditions=(Condition("temperature", "degC", "Nhiệt độ", lower=Decimal(18), upper=Decimal(22)),)
)


def _read(text: str, minutes: int = 0) -> ReadingFacts:
    address = replace(READING.address, section="conditions", point="temperature", role="influence")
    at = AT + timedelta(minutes=minutes)
    return replace(READING, address=address, text=text, unit="degC", value=Decimal(text), observed_at=at)


def _range(*readings: ReadingFacts, room: RoomLimitFacts | None = ROOM) -> ConditionRange:
    run = replace(RUN, room_limits=() if room is None else (room,))
    (found,) = ranges_of(run, LIMITED, readings)
    return found


def test_of_two_limits_the_tighter_holds() -> None:
    found = _range(_read("20.1"), _read("20.3", 30))
    assert (found.lower, found.upper, found.change_limit) == (Decimal(19), Decimal(22), Decimal("0.5"))
    assert found.of_room
    assert found.inside
    alone = _range(_read("18.5"), room=None)
    assert (alone.lower, alone.upper, alone.change_limit, alone.of_room) == (Decimal(18), Decimal(22), None, False)


def test_a_room_limit_in_another_unit_is_converted() -> None:
    kelvin = Definition(sections=(), conditions=(Condition("temperature", "K", "Nhiệt độ"),))
    (found,) = ranges_of(replace(RUN, room_limits=(ROOM,)), kelvin, [])
    assert (found.lower, found.upper, found.change_limit) == (Decimal("292.15"), Decimal("298.15"), Decimal("0.5"))


@pytest.mark.parametrize(
    ("later", "minutes", "steady"),
    [("20.5", 10, True), ("20.6", 10, False), ("21.0", 120, True), ("21.1", 120, False)],
    ids=["within minutes", "too much within minutes", "slowly", "too fast over hours"],
)
def test_a_condition_may_change_only_so_fast(later: str, minutes: int, steady: bool) -> None:
    """Less than an hour apart the whole change counts; over hours what falls to each of them."""
    found = _range(_read("20.0"), _read(later, minutes))
    assert found.steady is steady
    codes = [problem.code for problem in problems(Standing(run=RUN, conditions=(found,)))]
    assert codes == ([] if steady else ["run.condition_unsteady"])


def test_the_largest_change_is_between_neighbours() -> None:
    at = [AT + timedelta(hours=hours) for hours in (0, 1, 3)]
    values = [Decimal("20.0"), Decimal("20.4"), Decimal("19.2")]
    assert largest_change(list(zip(at, values, strict=True))) == Decimal("0.6")


def test_what_is_left_out_does_not_count() -> None:
    assert _range(_read("20.0"), replace(_read("40"), excluded="excluded")).inside


def test_a_condition_is_complete_with_its_start_and_its_end() -> None:
    start, end = _read("20.0"), _read("20.1", 30)
    end = replace(end, address=replace(end.address, sequence=2))
    start = replace(start, address=replace(start.address, sequence=1))
    assert _range(start, end).complete
    assert not _range(start).complete
    assert not _range(start, replace(end, excluded="withdrawn")).complete


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "inside"),
        ({"complete": False}, "· one of two read"),
        ({"complete": False, "minimum": Decimal(15)}, "outside"),
        ({"complete": False, "minimum": None, "maximum": None}, ""),
    ],
    ids=["both", "start only", "start only, outside", "nothing read"],
)
def test_a_condition_is_said_to_be_inside_when_both_were_read(
    sqlite_database: Database, change: dict[str, Any], words: str
) -> None:
    found = replace(_range(_read("20.1"), _read("20.3", 30)), **{"complete": True, **change})
    app = make_app(sqlite_database, FixedClock(NOW), language="en")
    with app.test_request_context():
        shown = get_template_attribute("calibrations/sheet.html", "range_state")(found)
    assert Markup(shown).striptags() == words


def _room(session: Session, bench: Bench, limit: RoomLimitFacts = ROOM) -> RoomFacts:
    command = CreateRoom(bench.item.site_id, "KL-1", "Phòng khối lượng", NOW.date(), limits=(limit,))
    return room_services.create_room(session, SYSTEM, command, now=NOW)


def _run(session: Session, bench: Bench, room: RoomFacts) -> RunFacts:
    command = OpenRun(job_item_id=bench.item.id, room_id=room.id)
    return services.open_run(session, bench.technician, command, now=NOW)


def test_a_run_keeps_the_limits_of_its_room(session: Session) -> None:
    bench = make_bench(session)
    room = _room(session, bench)
    run = _run(session, bench, room)
    assert (run.room, run.room_id, run.room_limits) == ("KL-1 – Phòng khối lượng", room.id, (ROOM,))
    other = ChangeRoom(room.id, room.row_version, "KL-1", "Phòng khối lượng", NOW.date())
    room_services.change_room(session, SYSTEM, other, now=NOW)
    assert run_facts(session, bench.technician, run.id).room_limits == (ROOM,)
    again = ChangeRun(run.id, run.row_version, room_id=room.id)
    assert services.change_run(session, bench.technician, again, now=NOW).room_limits == ()


def test_a_room_of_another_site_or_a_closed_one_is_refused(session: Session) -> None:
    bench, other = make_bench(session), make_bench(session)
    closed = _room(session, bench)
    away = ChangeRoom(
        closed.id, closed.row_version, "KL-1", "Phòng", NOW.date(), closed_on=NOW.date(), limits=closed.limits
    )
    room_services.change_room(session, SYSTEM, away, now=NOW)
    for room in (closed.id, _room(session, other).id, 999_999):
        with pytest.raises(InvalidInput) as refused:
            command = OpenRun(job_item_id=bench.item.id, room_id=room)
            services.open_run(session, bench.technician, command, now=NOW)
        assert refused.value.fields[0].field == "room_id"


def test_outside_the_room_s_limits_a_run_is_released_only_with_a_reason(session: Session) -> None:
    """The procedure would allow it; the room's narrower limit does not."""
    bench = make_bench(session)
    run = _run(session, bench, _room(session, bench, replace(ROOM, upper=Decimal("20.2"))))
    equip(session, bench, run)
    read_all(session, bench, run)
    (temperature, *_) = ranges_of(run, material_of(session, run).definition, material_of(session, run).current)
    assert (temperature.upper, temperature.within) == (Decimal("20.2"), False)
    submit_run(session, bench.technician, Decide(run.id), now=NOW + timedelta(minutes=30))
    review_run(session, bench.reviewer, Decide(run.id), now=NOW + timedelta(hours=1))
    with pytest.raises(RuleViolation) as refused:
        release_run(session, bench.signatory, Decide(run.id), now=NOW + timedelta(hours=2))
    (held,) = cast(tuple[Problem, ...], refused.value.values["problems"])
    assert (held.code, held.blocks) == ("run.condition_outside", Step.RELEASE)


def test_a_justified_decision_lets_it_pass(session: Session) -> None:
    bench = make_bench(session)
    run = _run(session, bench, _room(session, bench, replace(ROOM, upper=Decimal("20.2"))))
    equip(session, bench, run)
    read_all(session, bench, run)
    reason = Justify(run.id, JustificationKind.CONDITION_OUTSIDE, "temperature", "Độ lệch không đáng kể")
    justify(session, bench.technician, reason, now=NOW)
    submit_run(session, bench.technician, Decide(run.id), now=NOW + timedelta(minutes=30))
    review_run(session, bench.reviewer, Decide(run.id), now=NOW + timedelta(hours=1))
    assert release_run(session, bench.signatory, Decide(run.id), now=NOW + timedelta(hours=2)).kind == "released"
