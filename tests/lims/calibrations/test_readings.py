"""Readings on both databases: stored as typed, permanent, corrected by superseding, never lost between two writers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.commands import Decide, Exclude, Justify, OpenRun, RecordReading
from lims.calibrations.decision_services import release_run, review_run, submit_run
from lims.calibrations.evaluations import last_evaluation
from lims.calibrations.facts import CONDITIONS, Address, ExclusionKind, JustificationKind, Phase, RunFacts, RunPurpose
from lims.calibrations.models import Reading
from lims.calibrations.reading_services import correct_reading, record_reading
from lims.calibrations.record_services import exclude, justify
from lims.calibrations.services import open_run
from lims.core.audit import verify_chains
from lims.core.db import Database
from lims.core.errors import InvalidInput, RuleViolation, StaleRecord
from lims.core.models import AuditEntry
from lims.procedures.definition_facts import Layout, LayoutKind
from lims.procedures.facts import Activity
from lims.procedures.procedure_file import read_toml
from tests.factories import procedures
from tests.factories.calibrations import (
    NOW,
    Bench,
    authorise,
    cell,
    equip,
    make_bench,
    make_run,
    measured_run,
    read_all,
    reading_command,
)
from tests.factories.gauges import make_gauge_bench


def test_a_reading_is_kept_as_typed(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    stored = record_reading(session, bench.technician, reading_command(run, cell(), " 0,0100 "), now=NOW)
    assert (stored.text, str(stored.value), stored.unit) == ("0,0100", "0.0100", "g")
    assert (stored.writer_name, stored.observed_at) == ("Kỹ Thuật Viên", NOW)


@pytest.mark.parametrize(
    ("typed", "unit", "code"),
    [
        ("mười", "g", "number.not_a_number"),
        ("1,2,3", "g", "number.not_a_number"),
        ("  ", "g", "number.missing"),
        ("0,01", "degC", "unit.incompatible"),
        ("0,01", "mm", "unit.incompatible"),
        ("0,01", "blorp", "unit.unknown"),
    ],
)
def test_what_is_no_reading_names_its_cell(session: Session, typed: str, unit: str, code: str) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    with pytest.raises(InvalidInput) as error:
        record_reading(session, bench.technician, reading_command(run, cell(), typed, unit), now=NOW)
    assert [(entry.field, entry.code) for entry in error.value.fields] == [(cell().key, code)]


def test_a_cell_that_the_procedure_does_not_have_is_refused(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    for address in (cell(4), cell(1, 2, "standard"), replace(cell(), phase=str(Phase.AS_LEFT)), Address("x", "y")):
        with pytest.raises(InvalidInput) as error:
            record_reading(session, bench.technician, reading_command(run, address, "1"), now=NOW)
        assert error.value.fields[0].code == "reading.no_such_cell"


def test_a_repeat_with_the_same_uuid_is_harmless(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    command = reading_command(run, cell(), "0.010")
    first = record_reading(session, bench.technician, command, now=NOW)
    again = record_reading(session, bench.technician, command, now=NOW + timedelta(minutes=1))
    assert again == first
    with pytest.raises(RuleViolation) as error:
        record_reading(session, bench.technician, replace(command, text="0.011"), now=NOW)
    assert error.value.code == "reading.uuid_reused"


def test_a_correction_supersedes_with_its_reason(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    first = record_reading(session, bench.technician, reading_command(run, cell(), "0.100"), now=NOW)
    wanted = reading_command(run, cell(), "0.010", seen_reading_id=first.id)
    with pytest.raises(InvalidInput) as error:
        correct_reading(session, bench.technician, wanted, now=NOW)
    assert error.value.fields[0].code == "reading.reason_needed"
    second = correct_reading(session, bench.colleague, replace(wanted, reason="Đọc nhầm"), now=NOW)
    old, new = queries.readings(session, run.id)
    assert (old.text, old.superseded_by_id) == ("0.100", second.id)
    assert (new.text, new.supersedes_id, new.supersede_reason) == ("0.010", first.id, "Đọc nhầm")
    assert new.writer_name == "Đồng Nghiệp"


def test_two_writers_of_one_cell_see_both_values(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    record_reading(session, bench.technician, reading_command(run, cell(), "0.010"), now=NOW)
    with pytest.raises(StaleRecord) as error:
        record_reading(session, bench.colleague, reading_command(run, cell(), "0.012"), now=NOW)
    assert error.value.code == "reading.conflict"
    assert (error.value.values["present"], error.value.values["typed"]) == ("0.010", "0.012")
    record_reading(session, bench.colleague, reading_command(run, cell(1, 2, "item"), "0.012"), now=NOW)
    assert len(queries.readings(session, run.id)) == 2


def test_a_reading_is_not_changed_and_not_deleted(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    record_reading(session, bench.technician, reading_command(run, cell(), "0.010"), now=NOW)
    for statement in ("UPDATE reading SET text = '9'", "UPDATE reading SET value = '9'", "DELETE FROM reading"):
        with pytest.raises(DBAPIError, match="permanent record"), session.begin_nested():
            session.execute(text(statement))
    row = session.execute(select(Reading)).scalars().first()
    assert row is not None
    row.text = "9"
    with pytest.raises(RuleViolation):
        session.flush()
    session.expunge(row)


def test_evaluations_and_decisions_are_permanent_too(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    submit_run(session, bench.technician, Decide(run.id), now=NOW)
    for table in ("evaluation", "evaluation_result", "decision", "run_person"):
        with pytest.raises(DBAPIError, match="permanent record"), session.begin_nested():
            session.execute(text(f"DELETE FROM {table}"))
    with pytest.raises(DBAPIError, match="permanent record"), session.begin_nested():
        session.execute(text("UPDATE evaluation SET result = '{}'"))


def test_leaving_out_needs_an_approver_and_takes_the_cycle_with_it(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    reading = next(r for r in queries.readings(session, run.id) if r.address == cell(1, 1))
    wanted = Exclude(run.id, ExclusionKind.EXCLUDED, "Va chạm bàn cân", reading_id=reading.id)
    with pytest.raises(InvalidInput) as error:
        exclude(session, bench.technician, wanted, now=NOW)
    assert error.value.fields[0].code == "reading.approver_needed"
    for nobody in (bench.signatory.person_id, bench.colleague.person_id, 10**9):  # none of them may review by it
        with pytest.raises(InvalidInput) as error:
            exclude(session, bench.technician, replace(wanted, approver_id=nobody), now=NOW)
        assert error.value.fields[0].field == "approver_id"
    exclude(session, bench.technician, replace(wanted, approver_id=bench.reviewer.person_id), now=NOW)
    view = submit_run(session, bench.technician, Decide(run.id), now=NOW)
    assert [derived.count for derived in view.derived] == [2]
    restored = replace(wanted, kind=ExclusionKind.RESTORED)
    with pytest.raises(RuleViolation):
        exclude(session, bench.technician, restored, now=NOW)


def outside_temperature(run: RunFacts, text_typed: str = "25,8") -> RecordReading:
    """The command that writes a temperature beyond the room's limits."""
    return reading_command(run, Address(CONDITIONS, "temperature", 1, "", 1, "influence"), text_typed, "degC")


def test_conditions_outside_hold_the_release_until_they_are_justified(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    read_all(session, bench, run)
    first = next(
        r
        for r in queries.readings(session, run.id)
        if (r.address.section, r.address.point, r.address.sequence) == (CONDITIONS, "temperature", 1)
    )
    command = replace(outside_temperature(run), seen_reading_id=first.id, reason="Đọc lại")
    record_reading(session, bench.technician, command, now=NOW)
    submit_run(session, bench.technician, Decide(run.id), now=NOW)
    review_run(session, bench.reviewer, Decide(run.id), now=NOW)
    with pytest.raises(RuleViolation) as error:
        release_run(session, bench.signatory, Decide(run.id), now=NOW)
    assert [p.code for p in error.value.values["problems"]] == ["run.condition_outside"]  # type: ignore[attr-defined]


def test_a_justified_condition_no_longer_holds_the_release(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    record_reading(session, bench.technician, outside_temperature(run), now=NOW)
    command = Justify(
        run.id, JustificationKind.CONDITION_OUTSIDE, "temperature", "Ảnh hưởng đã đánh giá, không đáng kể"
    )
    justify(session, bench.technician, command, now=NOW)
    with pytest.raises(InvalidInput):
        justify(session, bench.technician, replace(command, subject="pressure_of_time"), now=NOW)
    (entry,) = queries.justifications(session, run.id)
    assert entry.on_certificate


def many_cells(session: Session) -> tuple[Bench, RunFacts]:
    """A run with 200 cells to write."""
    bench = make_bench(session)
    file = read_toml(procedures.weighing_text())
    (section,) = file.definition.sections
    layout = Layout(LayoutKind.POINTS_REPEATS, "g", repeats=50)
    points = tuple(replace(section.points[0], code=f"point-{number}") for number in range(4))
    wide = replace(section, layout=layout, points=points)
    wider = replace(
        file, definition=replace(file.definition, sections=(wide,)), header=replace(file.header, code="HC-200")
    )
    version = procedures.make_procedure_version(session, organisation_id=bench.site.organisation_id, file=wider)
    bench = replace(bench, version=version)
    authorise(session, bench.technician, version, Activity.PERFORM)
    command = OpenRun(
        RunPurpose.VALIDATION,
        instrument_id=bench.item.instrument_id,
        procedure_version_id=version.id,
        site_id=bench.site.id,
    )
    return bench, open_run(session, bench.technician, command, now=NOW)


def test_four_writers_lose_nothing(database: Database) -> None:
    with database.transaction() as session:
        bench, run = many_cells(session)

    def write(part: int) -> None:
        for repeat in range(1, 51):
            address = Address("weighing", f"point-{part}", 1, "", repeat, "item")
            with database.transaction() as session:
                record_reading(session, bench.technician, reading_command(run, address, "0.010"), now=NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Reading)).scalar_one() == 200
        assert verify_chains(session) is None


def test_of_many_writers_of_one_cell_one_wins_and_the_others_are_told(database: Database) -> None:
    with database.transaction() as session:
        bench = make_bench(session)
        run = make_run(session, bench)
    barrier = threading.Barrier(4)

    def write(number: int) -> str:
        barrier.wait()
        try:
            with database.transaction() as session:
                record_reading(session, bench.technician, reading_command(run, cell(), f"0.01{number}"), now=NOW)
        except StaleRecord as error:
            return error.code
        return "stored"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(write, range(4)))
    assert sorted(outcomes) == ["reading.conflict"] * 3 + ["stored"]


def test_the_same_form_sent_twice_at_once_is_stored_once_and_told_twice(database: Database) -> None:
    with database.transaction() as session:
        bench = make_bench(session)
        run = make_run(session, bench)
    command = reading_command(run, cell(), "0.010")
    barrier = threading.Barrier(4)

    def write(_number: int) -> int:
        barrier.wait()
        with database.transaction() as session:
            return record_reading(session, bench.technician, command, now=NOW).id

    with ThreadPoolExecutor(4) as pool:
        stored = set(pool.map(write, range(4)))
    assert len(stored) == 1
    with database.reading() as session:
        entries = select(func.count()).where(AuditEntry.action == "reading.recorded")
        assert session.execute(entries).scalar_one() == 1


def test_no_reading_enters_once_the_run_is_submitted(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    submit_run(session, bench.technician, Decide(run.id), now=NOW)
    before = last_evaluation(session, run.id)
    with pytest.raises(RuleViolation):
        record_reading(session, bench.technician, reading_command(run, cell(), "0.5"), now=NOW)
    assert last_evaluation(session, run.id) == before


def test_a_reading_takes_no_more_statements_than_what_it_asks_and_writes(sqlite_database: Database) -> None:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(" ".join(statement.split()[:3]))

    with sqlite_database.transaction() as session:
        bench = make_gauge_bench(session)
        run = make_run(session, bench)
        first = reading_command(run, Address("error", "p3", 1, "", 1), "3,01", "bar")
        record_reading(session, bench.technician, first, now=NOW)
    event.listen(sqlite_database.engine, "before_cursor_execute", note)
    with sqlite_database.transaction() as session:
        second = reading_command(run, Address("error", "p3", 1, "", 2), "3,02", "bar")
        record_reading(session, bench.technician, second, now=NOW)
    asked = [statement for statement in seen if statement.startswith("SELECT")]
    written = [statement for statement in seen if not statement.startswith("SELECT")]
    assert len(asked) == 3  # the run with what its writer may do, the cell, the chain's head
    assert written == [
        "INSERT INTO reading",
        "INSERT INTO audit_entry",
        "INSERT INTO audit_payload",
        "INSERT INTO audit_personal",
        "UPDATE audit_chain SET",
    ]
