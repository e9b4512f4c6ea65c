"""What a technician waits for: one reading stored, and the answer with the new result of its row.

The bare side of storing is the very same statements, recorded from the service once and sent again by sqlite3 to a copy
of the same file in the same folder: each reading in one durable transaction on both sides, BEGIN IMMEDIATE to COMMIT
with its wait for the disk. Nothing else is counted on the bare side: no permission, no guard, no hash is worked out.

The bare side of the answer is what `calc` is asked while the run is evaluated: reductions, propagation, coverage,
rounding, conformity, from numbers to numbers.
"""

from __future__ import annotations

import atexit
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import event

from calc import rounding
from calc.decisions.conformity import ToleranceInterval, decide
from calc.evaluate import evaluate
from calc.reductions import Observation, reduce
from calc.units import convert
from lims.calibrations import live, queries
from lims.calibrations.commands import ChooseEquipment, OpenRun, RecordReading
from lims.calibrations.evaluations import material_of
from lims.calibrations.facts import Address
from lims.calibrations.gathering import input_record
from lims.calibrations.inputs import build_section
from lims.calibrations.reading_services import record_reading
from lims.calibrations.record import read_record
from lims.calibrations.services import choose_equipment, open_run
from lims.core.db import Database, upgrade
from lims.procedures.definition_facts import DerivedInput
from tests.bench.harness import Row
from tests.factories.calibrations import NOW, Bench
from tests.factories.gauges import gauge_file, gauge_section, make_gauge_bench, repeats

POINTS, REPEATS = 50, 5
SPARE_REPEATS = 40
"""Of the run whose cells are filled one by one while storing is timed."""


@dataclass(frozen=True)
class Measured:
    """A file with a run of fifty points."""

    folder: Path
    file: Path
    bench: Bench
    run_id: int


def _made(count: int, filled: bool) -> Measured:
    """Return a file with a run of so many readings at each point, all of them read or none."""
    folder = Path(tempfile.mkdtemp(prefix="bench-saving-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "lims.sqlite"
    upgrade(f"sqlite:///{file}")
    database = Database(f"sqlite:///{file}")
    with database.transaction() as session:
        bench = make_gauge_bench(session, gauge_file([gauge_section("error", repeats(count), POINTS)]))
        run = open_run(session, bench.technician, OpenRun(job_item_id=bench.item.id), now=NOW)
        chosen = ChooseEquipment(run.id, "reference", bench.standard.id, bench.calibration.id)
        choose_equipment(session, bench.technician, chosen, now=NOW)
        for address in cells(count) if filled else ():
            text = f"{int(address.point[1:]) / 5 + (address.sequence - 3) / 100:.2f}"
            record_reading(session, bench.technician, reading(run.id, address, text), now=NOW)
    database.dispose()
    return Measured(folder, file, bench, run.id)


def cells(count: int) -> list[Address]:
    """Return the addresses of a run, the first reading of every point before the second."""
    repeated = range(1, count + 1)
    return [Address("error", f"p{point}", 1, "", repeat) for repeat in repeated for point in range(1, POINTS + 1)]


@cache
def full() -> Measured:
    """Return the run that is read."""
    return _made(REPEATS, filled=True)


@cache
def empty() -> Measured:
    """Return the run whose cells are empty."""
    return _made(SPARE_REPEATS, filled=False)


def reading(run_id: int, address: Address, text: str) -> RecordReading:
    """Return the command that stores a reading."""
    return RecordReading(run_id, address, text, "bar", secrets.token_hex(16))


def copy_of(data: Measured, name: str) -> Database:
    """Return a fresh copy of a file to write to."""
    for beside in (f"{name}-wal", f"{name}-shm"):
        (data.folder / beside).unlink(missing_ok=True)
    shutil.copyfile(data.file, data.folder / name)
    return Database(f"sqlite:///{data.folder / name}")


SPARE = cells(SPARE_REPEATS)


def saver(database: Database) -> Callable[[Address], str]:
    """Return a function that stores one reading in an empty cell, as a request does: the form was read before."""
    data = empty()
    commands = {address: reading(data.run_id, address, "1.00") for address in SPARE}

    def save(address: Address) -> str:
        command = commands[address]
        with database.transaction() as session:
            return record_reading(session, data.bench.technician, command, now=NOW + timedelta(minutes=1)).text

    return save


def saving() -> Callable[[], str]:
    """Return a function that stores a reading in the next empty cell; a full file is exchanged for an empty one."""
    database, places = copy_of(empty(), "ours.sqlite"), cycle(SPARE)
    save = saver(database)

    def save_next() -> str:
        nonlocal database, save
        address = next(places)
        if address == SPARE[0]:
            database.dispose()
            database = copy_of(empty(), "ours.sqlite")
            save = saver(database)
        return save(address)

    return save_next


Statements = list[tuple[str, Any]]


@contextmanager
def recording(database: Database) -> Iterator[Statements]:
    """Note every statement that goes to the database between BEGIN and COMMIT."""
    seen: Statements = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def recorded_savings() -> list[Statements]:
    """Return the statements of a reading in each empty cell, one after the other."""
    source = copy_of(empty(), "recorded.sqlite")
    save, recorded = saver(source), []
    for address in SPARE:
        with recording(source) as seen:
            save(address)
        recorded.append(list(seen))
    source.dispose()
    return recorded


def bare_copy() -> sqlite3.Connection:
    """Return a connection to a copy of the file, as durable as the application's own."""
    data = empty()
    for name in ("bare.sqlite", "bare.sqlite-wal", "bare.sqlite-shm"):
        (data.folder / name).unlink(missing_ok=True)
    shutil.copyfile(data.file, data.folder / "bare.sqlite")
    connection = sqlite3.connect(data.folder / "bare.sqlite", isolation_level=None)
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def replaying(recorded: Sequence[Statements]) -> Callable[[], str]:
    """Return a function that sends the statements of the next reading, bare, in one durable transaction."""
    connection, readings = bare_copy(), cycle(recorded)

    def replay() -> str:
        nonlocal connection
        statements = next(readings)
        if statements is recorded[0]:
            connection.close()
            connection = bare_copy()
        connection.execute("BEGIN IMMEDIATE")
        for statement, parameters in statements:
            cursor = connection.execute(statement, parameters)
            if cursor.description is not None:
                cursor.fetchall()
        connection.execute("COMMIT")
        return "1.00"

    return replay


def later(build: Callable[[], Callable[[], Any]]) -> Callable[[], Any]:
    """Return a call whose work is prepared at its first use: rows that are not asked for cost nothing."""
    made: list[Callable[[], Any]] = []

    def call() -> Any:
        if not made:
            made.append(build())
        return made[0]()

    return call


def _same(ours: Any, other: Any) -> None:
    assert ours == other


ADDRESS = Address("error", "p7", 1, "", 3)


def answering() -> Callable[[], dict[str, str]]:
    """Return a function that reads the answer to a reading just stored: the new result of its row."""
    data, database = full(), copy_of(full(), "answer.sqlite")

    def answer() -> dict[str, str]:
        with database.reading() as session:
            found = live.after_cell(session, data.bench.technician, data.run_id, ADDRESS, now=NOW)
        return {row.point: row.reported_expanded_uncertainty for _sheet, point in found.points for row in point.results}

    return answer


def full_record() -> dict[str, Any]:
    """Return the input record of the whole run."""
    data, database = full(), copy_of(full(), "record.sqlite")
    with database.reading() as session:
        material = material_of(session, queries.run_facts(session, data.bench.technician, data.run_id))
        return input_record(session, material, now=NOW).record


def calculation(record: dict[str, Any]) -> Callable[[], dict[str, str]]:
    """Return what calc is asked for the whole run, with everything it needs at hand."""
    case = read_record(record).case
    section = case.definition.section("error")
    built = build_section(case, section)
    derived = next(entry for entry in section.inputs if isinstance(entry, DerivedInput))
    observed = {
        point.code: [
            (entry.value, entry.unit, entry.address)
            for entry in case.readings
            if entry.address.point == point.code and entry.value is not None
        ]
        for point in section.points
    }
    model, inputs = built.model, built.inputs
    assert model is not None
    assert inputs is not None
    tolerance = ToleranceInterval(-0.1, 0.1)

    def calculate() -> dict[str, str]:
        for readings in observed.values():
            observations = [
                Observation(convert(value, unit, "bar"), at.cycle, at.sequence, str(at.role), at.direction)
                for value, unit, at in readings
            ]
            reduce(derived.reduction, observations, "bar")
        result = evaluate(model, inputs, seed=case.seed)
        reported = {}
        for point in section.points:
            output = result.output(f"{point.code}|as_found", "E")
            text = rounding.report(output.estimate, output.expanded_uncertainty, "bar")
            decide(output.estimate, output.expanded_uncertainty, tolerance)
            reported[point.code] = text.expanded_uncertainty
        return reported

    return calculate


def rows() -> list[Row]:
    """Return the rows."""
    return [
        Row(
            "saving one reading (permission check, guard, insert, audit)",
            later(saving),
            later(lambda: replaying(recorded_savings())),
            2.0,
            _same,
            rounds=25,
        ),
        Row(
            "the answer with a row's result, run of 50 points",
            later(answering),
            later(lambda: calculation(full_record())),
            1.5,
            lambda ours, other: _same(ours.items() <= other.items(), True),
        ),
    ]
