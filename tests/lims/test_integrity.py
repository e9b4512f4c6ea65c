"""Every stored hash has a check that answers for it, and a flipped byte in any kind of stored thing is found and named.

Rows are damaged within a transaction that is rolled back: the check sees what the transaction sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import pytest
from sqlalchemy import Connection, Table, select, text

from lims.backup.making import make_backup
from lims.backup.restoring import RestoreBackup, restore_backup
from lims.core.canonical import digest
from lims.core.db import Database
from lims.core.integrity import IntegrityProblem
from lims.demo.build import open_demonstration
from lims.integrity import CHECKS, check_connection
from lims.messages import MESSAGES
from lims.schema import load_tables
from tests import postgresql

_HASHES: Final = re.compile(r"digest|hash|sha256|token|stamp")
_BY_AUDIT: Final = re.compile(r"audit_(chain|entry)\.")
NOW: Final = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def _refers_to_blob(table: Table, name: str) -> bool:
    """Whether a column is a reference to a file by its hash, which the database holds and the check looks at."""
    return any(key.column.table.name == "blob" for key in table.columns[name].foreign_keys)


def _stored_hashes() -> list[str]:
    return sorted(
        f"{table.name}.{column.name}"
        for table in load_tables().sorted_tables
        for column in table.columns
        if _HASHES.search(column.name) and not _refers_to_blob(table, column.name)
    )


def test_every_stored_hash_has_its_check() -> None:
    """Whoever stores a new hash says in the `integrity.py` of the package how it is checked."""
    covered = [column for check in CHECKS for column in check.covers]
    stored = {column for column in _stored_hashes() if not _BY_AUDIT.match(column)}
    assert stored - set(covered) == set(), "no check answers for these"
    assert set(covered) - stored == set(), "these are not stored"
    assert len(covered) == len(set(covered))


def test_every_check_has_its_words() -> None:
    names = {check.name for check in CHECKS}
    assert len(names) == len(CHECKS)
    assert {f"cli.checked.{name}" for name in names} <= MESSAGES.keys()


def _silent(_code: str, **_values: object) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def sqlite_laboratory(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("laboratory") / "demo"
    open_demonstration(folder, say=_silent, past=False)
    url = f"sqlite:///{folder}/data/lims.sqlite"
    database = Database(url)
    with database.engine.connect().execution_options(lims_write=True) as connection:
        _add_what_it_lacks(connection)
        connection.commit()
    database.dispose()
    return url


@pytest.fixture(scope="module")
def postgresql_laboratory(
    sqlite_laboratory: str, postgresql_cluster: postgresql.Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The same laboratory, moved by a backup."""
    folder, name = tmp_path_factory.mktemp("moved"), "lims_integrity"
    url = postgresql_cluster.create_empty(name)
    database = Database(sqlite_laboratory)
    make_backup(database, folder, folder / "moved.backup", secret_key=None, now=NOW)
    database.dispose()
    restore_backup(RestoreBackup(folder / "moved.backup", url, folder), now=NOW)
    yield url
    postgresql_cluster.drop(name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def laboratory(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = Database(request.getfixturevalue(f"{request.param}_laboratory"))
    yield database
    database.dispose()


def _add_what_it_lacks(connection: Connection) -> None:
    """An impact study and the address of a calendar: the demonstration has none."""
    tables = load_tables().tables
    one = {name: connection.execute(select(tables[name].c.id).limit(1)).scalar_one() for name in ("person", "site")}
    run, evaluation = connection.execute(text("SELECT run_id, id FROM evaluation LIMIT 1")).one()
    calibration = connection.execute(text("SELECT min(id) FROM standard_calibration")).scalar_one()
    laboratory = connection.execute(text("SELECT organisation_id FROM site LIMIT 1")).scalar_one()
    connection.execute(
        tables["calendar_address"]
        .insert()
        .values(person_id=one["person"], laboratory_id=laboratory, name="x", token_sha256="0" * 64, created_at=NOW)
    )
    lines, parameters = '[{"point":"0"}]', '{"shift":"1"}'
    row = digest(f"{run}\n{evaluation}\nshifted\n{lines}")
    study = connection.execute(
        tables["impact_study"]
        .insert()
        .values(
            site_id=one["site"],
            calibration_id=calibration,
            parameters=parameters,
            parameters_digest=digest(parameters),
            result_digest=digest(f"{digest(parameters)}\n{row}"),
            reason="x",
            by_itself=False,
            state="done",
            opened_at=NOW,
            opened_by_id=1,
            opened_by_name="x",
            row_version=1,
        )
    ).inserted_primary_key
    assert study is not None
    connection.execute(
        tables["impact_result"]
        .insert()
        .values(
            study_id=study[0],
            run_id=run,
            evaluation_id=evaluation,
            steps=1,
            finding="shifted",
            worst=0.5,
            lines=lines,
            digest=row,
        )
    )


@contextmanager
def _damaging(database: Database, table: str) -> Iterator[Connection]:
    """Give a connection on which the triggers of a table let anything pass; nothing of it stays."""
    with database.engine.connect().execution_options(lims_write=True) as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
        else:
            held = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"),
                {"table": table},
            ).all()
            connection.execute(text("PRAGMA defer_foreign_keys=ON"))
            for name, _ in held:
                connection.execute(text(f"DROP TRIGGER {name}"))
            yield connection
        connection.rollback()


def _flip(connection: Connection, column: str) -> object:
    """Flip one bit of one byte in the first row that has a value; returns the row's key."""
    table = load_tables().tables[column.partition(".")[0]]
    name = column.partition(".")[2]
    (key,) = [entry.name for entry in table.primary_key.columns]
    found = connection.execute(
        select(table.c[key], table.c[name]).where(table.c[name].is_not(None)).order_by(table.c[key]).limit(1)
    ).one()
    value = found[1]
    if isinstance(value, bytes):
        flipped: object = bytes([value[0] ^ 1]) + value[1:]
    else:
        middle = len(value) // 2
        flipped = value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]
    assert connection.execute(table.update().where(table.c[key] == found[0]).values({name: flipped})).rowcount == 1
    return found[0]


def _problems(connection: Connection) -> list[IntegrityProblem]:
    """Return what is found, but for the triggers that the damage itself took off."""
    found = check_connection(connection, []).problems
    return [problem for problem in found if problem.code != "integrity.trigger_missing"]


def test_an_undamaged_laboratory_holds(laboratory: Database) -> None:
    with laboratory.engine.connect() as connection:
        report = check_connection(connection, [])
    assert report.problems == ()
    empty = {name for name, count in report.checked.items() if not count}
    assert empty <= {"own_calibrations"}


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("blob.data", "blob.damaged"),
        ("procedure_version.definition", "integrity.definition"),
        ("procedure_version.definition_digest", "integrity.definition"),
        ("evaluation.input", "integrity.evaluation"),
        ("evaluation.result", "integrity.evaluation"),
        ("evaluation.input_digest", "integrity.evaluation"),
        ("evaluation.result_digest", "integrity.evaluation"),
        ("evaluation.digest", "integrity.evaluation"),
        ("evaluation_result.estimate", "integrity.result_row"),
        ("evaluation_result.expanded_uncertainty", "integrity.result_row"),
        ("decision.evaluation_digest", "integrity.decision"),
        ("reading.text", "integrity.reading"),
        ("reading.unit", "integrity.reading"),
        ("standard_calibration.content_digest", "integrity.calibration"),
        ("standard_calibration.certificate_number", "integrity.calibration"),
        ("calibration_content.identifier", "integrity.calibration"),
        ("calibration_content.unit", "integrity.calibration"),
        ("certificate.content", "integrity.certificate_content"),
        ("certificate.content_digest", "integrity.certificate_content"),
        ("certificate.number", "integrity.certificate_head"),
        ("certificate_run.evaluation_digest", "integrity.certificate_run"),
        ("template_version.digest", "integrity.template_edited"),
        ("impact_study.parameters", "integrity.impact_study"),
        ("impact_study.parameters_digest", "integrity.impact_study"),
        ("impact_study.result_digest", "integrity.impact_study"),
        ("impact_result.lines", "integrity.impact_result"),
        ("impact_result.digest", "integrity.impact_result"),
        ("audit_entry.action", "audit.entry_altered"),
        ("audit_entry.entry_hash", "audit.entry_altered"),
        ("audit_entry.previous_hash", "audit.entry_altered"),
        ("audit_entry.payload_digest", "audit.entry_altered"),
        ("audit_payload.payload", "audit.payload_altered"),
        ("audit_payload.salt", "audit.payload_altered"),
        ("audit_personal.personal", "audit.personal_altered"),
        ("audit_chain.head_hash", "audit.head_differs"),
    ],
)
def test_one_flipped_bit_is_found_and_named(laboratory: Database, column: str, code: str) -> None:
    table = column.partition(".")[0]
    with _damaging(laboratory, table) as connection:
        key = _flip(connection, column)
        found = _problems(connection)
    assert code in {problem.code for problem in found}, found
    said = next(problem for problem in found if problem.code == code)
    assert said.values, f"row {key} is not named"


@pytest.mark.parametrize("column", ["certificate.token", "instrument.token", "organisation.token", "job.token"])
def test_a_token_that_is_none_is_found(laboratory: Database, column: str) -> None:
    table, _, name = column.partition(".")
    with _damaging(laboratory, table) as connection:
        connection.execute(text(f"UPDATE {table} SET {name} = '?' WHERE id = (SELECT min(id) FROM {table})"))
        found = _problems(connection)
    assert [(problem.code, problem.values["column"]) for problem in found] == [("integrity.malformed", name)]


def test_a_reading_that_is_gone_is_found(laboratory: Database) -> None:
    with _damaging(laboratory, "reading") as connection:
        connection.execute(text("DELETE FROM reading WHERE id = (SELECT max(id) FROM reading)"))
        found = _problems(connection)
    assert "integrity.reading" in {problem.code for problem in found}


def test_a_reference_to_nothing_is_found(laboratory: Database) -> None:
    with _damaging(laboratory, "certificate") as connection:
        connection.execute(text("UPDATE certificate SET pdf_sha256 = 'gone'"))
        found = _problems(connection)
    assert {problem.code for problem in found} == {"integrity.reference"}
    assert found[0].values["table"] == "certificate"


def test_a_trigger_that_is_off_or_another_is_found(laboratory: Database) -> None:
    with laboratory.engine.connect().execution_options(lims_write=True) as connection:
        if laboratory.dialect == "postgresql":
            connection.execute(text("ALTER TABLE reading DISABLE TRIGGER trg_reading_no_update"))
            wanted = "integrity.trigger_missing"
        else:
            connection.execute(text("DROP TRIGGER trg_reading_no_update"))
            connection.execute(
                text("CREATE TRIGGER trg_reading_no_update BEFORE UPDATE ON reading BEGIN SELECT 1; END")
            )
            wanted = "integrity.trigger_altered"
        found = check_connection(connection, []).problems
        connection.rollback()
    assert [(problem.code, problem.values) for problem in found] == [(wanted, {"name": "trg_reading_no_update"})]


def test_a_row_that_cannot_be_read_is_a_problem_and_not_the_end(laboratory: Database) -> None:
    with _damaging(laboratory, "calibration_content") as connection:
        connection.execute(text("UPDATE calibration_content SET value = 'x1' WHERE value IS NOT NULL"))
        found = _problems(connection)
    assert "integrity.unreadable" in {problem.code for problem in found}
