"""A cell that cannot be read: stored without a number, n and the degrees of freedom follow, undone, read after all."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.cell_services import record_not_measurable, take_back
from lims.calibrations.commands import Exclude, NotMeasurable, TakeBack
from lims.calibrations.evaluations import material_of, preview
from lims.calibrations.facts import Address, EvaluationView, ExclusionKind, ReadingFacts
from lims.calibrations.reading_services import record_reading
from lims.calibrations.record_services import exclude
from lims.calibrations.standing import standing
from lims.core.errors import InvalidInput, RuleViolation, StaleRecord
from tests.factories.calibrations import NOW, Bench, cell, equip, make_bench, make_run, read_all, reading_command
from tests.lims.calibrations.test_cells import open_gauge

LAST = Address("error", "p3", 1, "", 5)


@pytest.fixture
def gauge(session: Session) -> tuple[Bench, int]:
    """A gauge's run of which the first four readings of a point are stored."""
    bench, run_id = open_gauge(session)
    run = queries.run_facts(session, bench.technician, run_id)
    for repeat, text in enumerate(("2.98", "3.00", "3.02", "3.04"), start=1):
        command = reading_command(run, Address("error", "p3", 1, "", repeat), text, "bar")
        record_reading(session, bench.technician, command, now=NOW)
    return bench, run_id


def unread(run_id: int, address: Address = LAST, reason: str = "kim kẹt", **more: Any) -> NotMeasurable:
    """The command that says so."""
    return NotMeasurable(run_id, address, reason, **{"client_uuid": secrets.token_hex(16), **more})


def missing_at(session: Session, bench: Bench, run_id: int) -> int:
    """Return how many readings still keep the run back."""
    material = material_of(session, queries.run_facts(session, bench.technician, run_id))
    return sum(entry.count for entry in standing(session, material, now=NOW).missing)


def viewed(session: Session, bench: Bench, run_id: int) -> EvaluationView:
    """Return the preview of the run."""
    run = queries.run_facts(session, bench.technician, run_id)
    return preview(session, material_of(session, run), now=NOW)[0]


def standing_in(session: Session, run_id: int, address: Address = LAST) -> ReadingFacts:
    """Return the newest reading of a cell."""
    found = queries.current(queries.readings(session, run_id))
    return next(reading for reading in found if reading.address == address)


def test_n_and_the_degrees_of_freedom_follow(session: Session, gauge: tuple[Bench, int]) -> None:
    bench, run_id = gauge
    before = missing_at(session, bench, run_id)
    said = record_not_measurable(session, bench.technician, unread(run_id), now=NOW)
    assert (said.value, said.text, said.unit, said.excluded) == (None, "", "bar", "not_measurable")
    assert standing_in(session, run_id) == said
    assert missing_at(session, bench, run_id) == before - 1
    view = viewed(session, bench, run_id)
    (derived,) = view.derived
    assert derived.count == 4
    (row,) = view.results
    repeatability = next(line for line in row.budget if line.evaluation == "A")
    assert repeatability.degrees_of_freedom == "3.0"
    actions = [entry.action for entry in session.info["audit_pending"]]
    assert actions[-2:] == ["reading.recorded", "reading.excluded"]


def test_a_cell_of_a_cycle_takes_its_whole_cycle_along(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    read_all(session, bench, run)
    third = standing_in(session, run.id, cell(3, 2, "item"))
    said = record_not_measurable(
        session, bench.technician, unread(run.id, third.address, seen_reading_id=third.id), now=NOW
    )
    assert (said.id, said.text, said.excluded) == (third.id, "0.030", "not_measurable")
    (derived,) = viewed(session, bench, run.id).derived
    assert derived.count == 2


def test_a_repeat_changes_nothing_and_a_stale_sight_is_a_conflict(session: Session, gauge: tuple[Bench, int]) -> None:
    bench, run_id = gauge
    sent = unread(run_id)
    first = record_not_measurable(session, bench.technician, sent, now=NOW)
    assert record_not_measurable(session, bench.technician, sent, now=NOW) == first
    assert len(queries.exclusions(session, run_id)) == 1
    with pytest.raises(StaleRecord):
        record_not_measurable(session, bench.colleague, unread(run_id, Address("error", "p3", 1, "", 1)), now=NOW)


def test_what_it_asks_for(session: Session, gauge: tuple[Bench, int]) -> None:
    bench, run_id = gauge
    for command, code in (
        (unread(run_id, reason="  "), "run.reason_needed"),
        (unread(run_id, Address("error", "p99", 1, "", 1)), "reading.no_such_cell"),
        (unread(run_id, client_uuid="x"), "reading.no_uuid"),
    ):
        with pytest.raises(InvalidInput) as refused:
            record_not_measurable(session, bench.technician, command, now=NOW)
        assert [entry.code for entry in refused.value.fields] == [code]
    said = record_not_measurable(session, bench.technician, unread(run_id), now=NOW)
    restore = Exclude(run_id, ExclusionKind.RESTORED, "nhầm", reading_id=said.id)
    with pytest.raises(RuleViolation) as kept:
        exclude(session, bench.technician, restore, now=NOW)
    assert kept.value.code == "reading.nothing_to_restore"


def test_it_is_undone_redone_and_read_after_all(session: Session, gauge: tuple[Bench, int]) -> None:
    bench, run_id = gauge
    empty = missing_at(session, bench, run_id)
    said = record_not_measurable(session, bench.technician, unread(run_id), now=NOW)
    undo = TakeBack(run_id, said.id, None, "hoàn tác", secrets.token_hex(16))
    assert take_back(session, bench.technician, undo, now=NOW) is None
    assert (standing_in(session, run_id).excluded, missing_at(session, bench, run_id)) == ("withdrawn", empty)
    redo = TakeBack(run_id, said.id, said.id, "làm lại", secrets.token_hex(16))
    again = take_back(session, bench.technician, redo, now=NOW)
    assert again is not None
    assert (again.value, again.supersedes_id, again.excluded) == (None, said.id, "not_measurable")
    assert queries.exclusions(session, run_id)[-1].reason == "kim kẹt"
    run = queries.run_facts(session, bench.technician, run_id)
    typed = reading_command(run, LAST, "3.01", "bar", seen_reading_id=again.id, reason="kim đã nhả")
    record_reading(session, bench.technician, typed, now=NOW)
    (derived,) = viewed(session, bench, run_id).derived
    assert (derived.count, standing_in(session, run_id).text) == (5, "3.01")
