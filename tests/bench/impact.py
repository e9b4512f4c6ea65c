"""What a standard reached in a large traceability graph, and how long a study takes beside the calculation alone.

The graph is written straight into the tables that the walk reads, with the keys' checks at rest: calibration events,
their edges, the uses of runs and what certificates cover. The other side of a listing is the bare recursive query with
its join, sent through the same session over the same indexes; both sides return the keys of the certificates.

The other side of a study is what `calc` is asked for the same runs: reductions, what certificates and resolutions
give, propagation, coverage, rounding and conformity, from numbers to numbers; ours reads each stored evaluation,
corrects it, evaluates, compares and keeps.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import DateTime, Integer, Table, select, text
from sqlalchemy.types import Boolean, Date, Float

from calc import rounding, type_b
from calc.decisions.conformity import ToleranceInterval, decide
from calc.evaluate import evaluate
from calc.reductions import Observation, reduce
from calc.units import convert
from certificates import impact_plan_queries, impact_services
from certificates.impact_facts import Doubt, OpenStudy, Sense
from certificates.impact_models import ImpactResult, ImpactStudy
from certificates.impact_parameters import to_json
from certificates.reach_queries import reached_certificates
from lims.calibrations.inputs import build_section
from lims.calibrations.models import Evaluation
from lims.calibrations.record import read_record
from lims.core.clock import FixedClock
from lims.core.db import Database, upgrade
from lims.procedures.definition_facts import DerivedInput
from lims.schema import load_tables
from tests import postgresql
from tests.bench.harness import Row
from tests.bench.saving import later
from tests.factories.calibrations import NOW
from tests.factories.three_levels import POINTS, make_three_levels

EVENTS, AFFECTED = 200_000, 100_000
UPPER, MIDDLE = 200, 2_000
"""Standards calibrated here by the reference, and by these: fifty certificates rest on each of the lower ones."""
STUDIED: Final = 500
_BARE: Final = text(
    "WITH RECURSIVE reached(id) AS (SELECT CAST(1 AS BIGINT) UNION SELECT edge.lower_id FROM calibration_edge AS edge "
    "JOIN reached ON edge.upper_id = reached.id) "
    "SELECT DISTINCT covered.certificate_id FROM reached "
    "JOIN equipment_use AS used ON used.calibration_id = reached.id AND used.withdrawn_at IS NULL "
    "JOIN certificate_run AS covered ON covered.run_id = used.run_id"
)
Rows = tuple[str, Sequence[str], Iterable[tuple[Any, ...]]]


def graph(events: int, affected: int, certificates: int, upper: int, middle: int) -> Iterator[Rows]:
    """Yield the rows of a graph in which calibration 1 underlies `affected` of so many certificates."""
    yield "standard_calibration", ("id", "token"), ((key, f"t{key}") for key in range(1, events + 1))
    first, last = 2 + upper, 1 + upper + middle
    below = [(1, key) for key in range(2, first)]
    below += [(2 + key % upper, key) for key in range(first, last + 1)]
    beside = [(last + 1, key) for key in range(last + 2, events + 1)]
    columns = ("id", "upper_id", "lower_id", "role")
    yield (
        "calibration_edge",
        columns,
        ((key, one, other, "reference") for key, (one, other) in enumerate([*below, *beside], start=1)),
    )
    others = max(1, events - last - 1)
    yield (
        "equipment_use",
        ("id", "run_id", "calibration_id", "role"),
        (
            (key, key, first + key % middle if key <= affected else last + 1 + key % others, "reference")
            for key in range(1, certificates + 1)
        ),
    )
    yield (
        "certificate_run",
        ("id", "certificate_id", "run_id"),
        ((key, key, key) for key in range(1, certificates + 1)),
    )


def _constants(table: Table, given: Sequence[str]) -> dict[str, Any]:
    """Return something for every other column that may not be empty."""
    found: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given or column.nullable:
            continue
        kind = column.type
        if isinstance(kind, Boolean):
            found[column.name] = False
        elif isinstance(kind, Integer | Float) or "INT" in str(kind):
            found[column.name] = 1
        elif isinstance(kind, Date):
            found[column.name] = "2026-01-01"
        elif isinstance(kind, DateTime) or "DATETIME" in str(kind):
            found[column.name] = "2026-01-01 00:00:00+00:00"
        else:
            found[column.name] = "external" if column.name == "source" else "x"
    return found


def on_sqlite(rows: Iterable[Rows]) -> Database:
    """Return a file with a graph."""
    folder = Path(tempfile.mkdtemp(prefix="bench-impact-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    upgrade(f"sqlite:///{folder}/lims.sqlite")
    connection = sqlite3.connect(folder / "lims.sqlite")
    connection.execute("PRAGMA foreign_keys=OFF")
    for table, columns, values in rows:
        added = _constants(load_tables().tables[table], columns)
        names, marks = ",".join((*columns, *added)), ",".join("?" * (len(columns) + len(added)))
        fixed = tuple(added.values())
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", ((*one, *fixed) for one in values))
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()
    return Database(f"sqlite:///{folder}/lims.sqlite")


def on_postgresql(rows: Iterable[Rows]) -> Database:
    """Return a database of a server of the bench's own with a graph."""
    postgresql.begin_run()
    atexit.register(postgresql.end_run)
    cluster = postgresql.shared_cluster()
    url = cluster.create_migrated(f"bench_{os.getpid()}")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=False) as connection:
        connection.execute("SET session_replication_role = replica")
        for table, columns, values in rows:
            added = _constants(load_tables().tables[table], columns)
            fixed = tuple(added.values())
            names = ",".join((*columns, *added))
            with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
                for one in values:
                    copy.write_row((*one, *fixed))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return Database(url)


@cache
def large(backend: str) -> Database:
    """Return the graph of 200 000 calibration events."""
    rows = graph(EVENTS, AFFECTED, EVENTS, UPPER, MIDDLE)
    return on_sqlite(rows) if backend == "SQLite" else on_postgresql(rows)


@cache
def among(certificates: int) -> Database:
    """Return a graph in which 1 000 of so many certificates are affected."""
    return on_sqlite(graph(max(1_000, certificates // 10), 1_000, certificates, 10, 200))


def listing(database: Callable[[], Database]) -> Callable[[], list[int]]:
    """Return a function that lists what calibration 1 reached, as pages do."""

    def listed() -> list[int]:
        with database().reading() as session:
            return reached_certificates(session, 1)

    return listed


def bare(database: Callable[[], Database]) -> Callable[[], list[int]]:
    """Return a function that sends the bare recursive query."""

    def listed() -> list[int]:
        with database().reading() as session:
            return [row[0] for row in session.execute(_BARE)]

    return listed


def _alike(ours: list[int], other: list[int]) -> None:
    assert len(ours) == len(other) == AFFECTED
    assert set(ours) == set(other)


def _thousand(ours: list[int], other: list[int]) -> None:
    assert set(ours) == set(other) == set(range(1, 1_001))


@cache
def generated() -> tuple[Database, int, list[str]]:
    """Return a laboratory, its reference's calibration and the inputs of the runs that a study evaluates again."""
    folder = Path(tempfile.mkdtemp(prefix="bench-study-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    upgrade(f"sqlite:///{folder}/lims.sqlite")
    database = Database(f"sqlite:///{folder}/lims.sqlite")
    with database.transaction() as session:
        made = make_three_levels(session, STUDIED, working=2)
    with database.reading() as session:
        doubt = _doubt(made.root)
        plan = impact_plan_queries.plan(session, doubt)
        query = select(Evaluation.input).where(Evaluation.run_id.in_(plan.run_ids)).order_by(Evaluation.id)
        inputs = list(session.execute(query).scalars())
    return database, made.root, inputs


def _doubt(root: int) -> Doubt:
    command = OpenStudy(root, "0.2 %", Sense.INDICATION)
    return impact_services.doubt_of(command, since=NOW.date(), today=NOW.date())


def studying() -> Callable[[], int]:
    """Return a function that carries out a whole study, and says how many runs it evaluated."""
    database, root, _inputs = generated()
    clock = FixedClock(NOW)

    def study() -> int:
        with database.transaction() as session:
            row = ImpactStudy(
                site_id=1,
                calibration_id=root,
                parameters=to_json(_doubt(root)),
                parameters_digest="",
                reason="",
                state="waiting",
                opened_at=NOW,
                opened_by_id=1,
                opened_by_name="An",
            )
            session.add(row)
            session.flush()
            key = row.id
        impact_services.run_study(database, key, clock=clock)
        with database.reading() as session:
            return len(session.execute(select(ImpactResult.id).where(ImpactResult.study_id == key)).all())

    return study


def calculating() -> Callable[[], int]:
    """Return a function that asks calc for every run of the study, with everything it needs at hand."""
    _database, _root, inputs = generated()
    calls = [_calculation(json.loads(given)) for given in inputs]

    def calculate() -> int:
        for call in calls:
            call()
        return len(calls)

    return calculate


def _calculation(record: dict[str, Any]) -> Callable[[], None]:
    case = read_record(record).case
    section = case.definition.section("error")
    built = build_section(case, section)
    derived = next(entry for entry in section.inputs if isinstance(entry, DerivedInput))
    observed = [
        [(one.value, one.unit, one.address) for one in case.readings if one.address.point == point and one.value]
        for point in POINTS
    ]
    model, inputs, tolerance = built.model, built.inputs, ToleranceInterval(-0.1, 0.1)
    references = [(float(one.value), float(one.expanded_uncertainty), one.digest) for one in case.references]
    assert model is not None
    assert inputs is not None

    def calculate() -> None:
        for readings in observed:
            observations = [
                Observation(convert(value, unit, "bar"), at.cycle, at.sequence, str(at.role), at.direction)
                for value, unit, at in readings
            ]
            reduce(derived.reduction, observations, "bar")
        for value, expanded, key in references:
            type_b.expanded(value, expanded, 2.0, "bar").as_input(key)
            type_b.resolution("bar", 0.02).as_input(key)
        result = evaluate(model, inputs, seed=case.seed)
        for output in result.outputs:
            text = rounding.report(output.estimate, output.expanded_uncertainty, "bar")
            rounding.round_to_decimals(output.estimate, text.decimals)
            rounding.coverage_factor_text(output.coverage_factor, "en")
            decide(output.estimate, output.expanded_uncertainty, tolerance)

    return calculate


def _as_many(ours: int, other: int) -> None:
    assert ours == other


def rows() -> list[Row]:
    """Return the rows."""
    listings = [
        Row(
            f"listing 100 000 certificates below one standard, {backend}",
            later(partial(listing, partial(large, backend))),
            later(partial(bare, partial(large, backend))),
            0.6,
            _alike,
            rounds=9,
        )
        for backend in ("SQLite", "PostgreSQL")
    ]
    return [
        *listings,
        Row(
            "listing 1 000 affected certificates among 1 000 000 beside among 10 000",
            later(lambda: listing(lambda: among(1_000_000))),
            later(lambda: listing(lambda: among(10_000))),
            1.5,
            _thousand,
        ),
        Row(
            "a study of runs evaluated again beside calc alone",
            later(studying),
            later(calculating),
            3.0,
            _as_many,
            rounds=5,
        ),
    ]
