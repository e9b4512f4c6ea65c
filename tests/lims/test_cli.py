"""The command line on a demonstration laboratory: what it says, and its exit status."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.orm import Session

from lims.cli import cli
from lims.core import reader
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.demo.build import MARK, open_demonstration


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration of the published weighing alone, with a blank in its path."""
    folder = tmp_path_factory.mktemp("demonstration of the") / "command line"
    open_demonstration(folder, say=_silent, past=False)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole demonstration, made by the command."""
    folder = tmp_path_factory.mktemp("whole") / "demonstration"
    done = _lims(None, "demo", "--dir", str(folder), "--no-serve", "--full")
    assert done.exit_code == 0, done.stderr
    (folder / "said").write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def demo(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(built, tmp_path / "demo"))


def _silent(_code: str, **_values: object) -> None:
    """Say nothing."""


def _lims(data_dir: Path | None, *arguments: str, typed: str | None = None, **variables: str) -> Result:
    environment: dict[str, str | None] = {"LIMS_LANGUAGE": "en", **variables}
    if data_dir is not None:
        environment["LIMS_DATA_DIR"] = str(data_dir)
    return CliRunner().invoke(cli, arguments, input=typed, env=environment)


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """Commands say which language is spoken; give back what was before."""
    yield
    reader.speak("en")


def _database(demo: Path) -> Database:
    return Database(f"sqlite:///{demo}/data/lims.sqlite")


@contextmanager
def _opened(demo: Path) -> Iterator[Session]:
    database = _database(demo)
    with database.reading() as session:
        yield session
    database.dispose()


def test_the_demonstration_prints_the_published_result(built: Path) -> None:
    (certificate,) = (built / "certificates").iterdir()
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(certificate).pages).split())
    for expected in ("10 kg + 25 mg", "59 mg", "95,45 %", "k = 2"):
        assert expected in words


def test_the_demonstration_says_how_to_sign_in(whole: Path) -> None:
    said = (whole / "said").read_text(encoding="utf-8")
    for name in ("tn01", "kdv01", "kt01", "gd01", "cokhi"):
        assert name in said
    assert re.search(r"password for all:\s+[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}", said)
    assert (whole / MARK).stat().st_mode & 0o077 == 0, "the password is nobody else's"


def test_the_whole_demonstration_has_three_years_behind_it(whole: Path) -> None:
    """What was issued, amended, revoked and calibrated here: all of it is recomputed to the last bit, and holds."""
    said = (whole / "said").read_text(encoding="utf-8")
    assert "certificate 39 of 39" in said
    assert said.count("Not loaded yet") == 7
    with _opened(whole) as session:
        years = set(session.execute(text("SELECT strftime('%Y', issued_on) FROM certificate")).scalars())
        states = Counter(session.execute(text("SELECT state FROM certificate")).scalars())
        runs = Counter(session.execute(text("SELECT state FROM calibration_run")).scalars())
        items = set(session.execute(text("SELECT state FROM job_item")).scalars())
        rooms = session.execute(text("SELECT count(*) FROM calibration_run WHERE room_id IS NULL")).scalar_one()
        adjusted = session.execute(text("SELECT count(*) FROM adjustment")).scalar_one()
        notices = session.execute(text("SELECT count(*) FROM customer_notice")).scalar_one()
        customers = "SELECT count(*) FROM instrument WHERE id NOT IN (SELECT instrument_id FROM standard)"
        instruments = session.execute(text(customers)).scalar_one()
    assert len(years) >= 4
    assert states["issued"] + states["superseded"] + states["revoked"] == sum(states.values()) >= 41
    assert (states["superseded"], states["revoked"]) == (1, 1)
    assert runs["draft"] >= 7
    assert {"submitted", "reviewed", "released"} <= set(runs)
    assert {"expected", "received", "in_work", "on_hold", "done", "released", "handed_back"} <= items
    assert (rooms, instruments) == (0, 30)
    assert adjusted == 1
    assert notices >= 2
    for arguments in (("db", "check"), ("audit", "verify"), ("recompute",)):
        done = _lims(whole / "data", *arguments)
        assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize("hour", ["00:01", "13:59"])
def test_it_can_be_built_at_any_hour(tmp_path: Path, hour: str) -> None:
    """The work of its last day lies in the past, however young the day of the laboratory is."""
    at = datetime.fromisoformat(f"2026-11-22T{hour}:00+07:00").astimezone(UTC)
    built = open_demonstration(tmp_path / "demo", say=_silent, clock=FixedClock(at), past=False)
    assert len(built.certificates) == 1


def test_a_built_demonstration_is_opened_again(demo: Path) -> None:
    before = (demo / "data" / "lims.sqlite").stat().st_mtime_ns
    said: list[str] = []
    opened = open_demonstration(demo, say=lambda code, **_values: said.append(code))
    assert opened.certificates == tuple(file.name for file in (demo / "certificates").iterdir())
    assert (demo / "data" / "lims.sqlite").stat().st_mtime_ns == before
    assert said == ["demo.opening"]


def test_what_a_kill_left_is_built_anew(tmp_path: Path) -> None:
    half_made = tmp_path / "demo.building" / "data"
    half_made.mkdir(parents=True)
    (half_made / "lims.sqlite").write_bytes(b"half")
    opened = open_demonstration(tmp_path / "demo", say=_silent, past=False)
    assert len(opened.certificates) == 1
    assert not (tmp_path / "demo.building").exists()


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    done = _lims(None, "demo", "--dir", str(tmp_path), "--no-serve")
    assert done.exit_code == 2
    assert "thesis" not in done.stderr
    assert str(tmp_path) in done.stderr
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_taken_port_is_told_before_anything_is_done(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _lims(None, "demo", "--dir", str(tmp_path / "demo"), "--port", str(port))
    assert done.exit_code == 2
    assert str(port) in done.stderr
    assert not (tmp_path / "demo").exists()


def test_everything_holds(demo: Path) -> None:
    for arguments in (("db", "check"), ("audit", "verify"), ("recompute",)):
        done = _lims(demo / "data", *arguments)
        assert done.exit_code == 0, done.stderr
    check = json.loads(_lims(demo / "data", "db", "check", "--json").stdout)
    assert check["problems"] == []
    assert check["checked"]["certificates"] == 1
    again = json.loads(_lims(demo / "data", "recompute", "--json").stdout)
    assert again["differences"] == 0
    assert len(again["evaluations"]) == 1


def test_a_certificate_is_verified_by_its_bytes(demo: Path) -> None:
    (certificate,) = (demo / "certificates").iterdir()
    genuine = _lims(demo / "data", "certificate", "verify", str(certificate))
    assert genuine.exit_code == 0, genuine.stderr
    assert certificate.stem in genuine.stdout
    certificate.write_bytes(certificate.read_bytes() + b" ")
    altered = _lims(demo / "data", "certificate", "verify", str(certificate))
    assert altered.exit_code == 1
    assert altered.stderr.strip()


@pytest.mark.parametrize(
    ("table", "statement", "command", "words"),
    [
        ("evaluation", "UPDATE evaluation SET result = replace(result, '59', '58')", ("db", "check"), "valuation"),
        ("evaluation", "UPDATE evaluation SET result = replace(result, '59', '58')", ("recompute",), "R"),
        ("certificate", "UPDATE certificate SET content = replace(content, '59', '58')", ("db", "check"), "content"),
        ("blob", "UPDATE blob SET data = x'00'", ("db", "check"), "hash"),
        ("audit_entry", "UPDATE audit_entry SET actor_id = 1 WHERE sequence = 2", ("audit", "verify"), "2"),
        (
            "number_counter",
            "UPDATE number_counter SET last_number = 7 WHERE kind = 'certificate'",
            ("db", "check"),
            "7",
        ),
    ],
)
def test_damage_is_found(demo: Path, table: str, statement: str, command: tuple[str, ...], words: str) -> None:
    database = _database(demo)
    with database.engine.begin() as connection:
        triggers = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table}
        ).all()
        for name, _ in triggers:
            connection.execute(text(f"DROP TRIGGER {name}"))
        assert connection.execute(text(statement)).rowcount
        for _, sql in triggers:
            connection.exec_driver_sql(sql)
    database.dispose()
    done = _lims(demo / "data", *command)
    assert done.exit_code == 1, done.stdout
    assert words in done.stderr


def test_a_missing_trigger_is_found(demo: Path) -> None:
    database = _database(demo)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER trg_reading_no_update"))
    database.dispose()
    done = _lims(demo / "data", "db", "check")
    assert done.exit_code == 1
    assert "trg_reading_no_update" in done.stderr


def test_a_shortened_audit_chain_is_found_by_its_anchor(demo: Path) -> None:
    database = _database(demo)
    with database.engine.begin() as connection:
        for kind in ("payload", "entry"):
            connection.execute(text(f"DROP TRIGGER trg_audit_{kind}_no_delete"))
        longest = text("SELECT site_id, max(sequence) FROM audit_entry GROUP BY 1 LIMIT 1")
        site, last = connection.execute(longest).one()
        for part in ("payload", "personal"):
            connection.execute(
                text(f"DELETE FROM audit_{part} WHERE entry_id IN (SELECT id FROM audit_entry WHERE sequence = :n)"),
                {"n": last},
            )
        connection.execute(text("DELETE FROM audit_entry WHERE sequence = :n AND site_id = :s"), {"n": last, "s": site})
        connection.execute(
            text(
                "UPDATE audit_chain SET sequence = sequence - 1, head_hash = "
                "(SELECT entry_hash FROM audit_entry e WHERE e.site_id = :s ORDER BY sequence DESC LIMIT 1) "
                "WHERE site_id = :s"
            ),
            {"s": site},
        )
    database.dispose()
    done = _lims(demo / "data", "audit", "verify")
    assert done.exit_code == 1
    assert str(last) in done.stderr


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    done = _lims(tmp_path, "db", "upgrade", LIMS_DATABSE_URL="sqlite://")
    assert done.exit_code == 2
    assert "LIMS_DATABSE_URL" in done.stderr
    assert "LIMS_DATABASE_URL" in done.stderr


def test_errors_come_in_the_installation_s_language(tmp_path: Path) -> None:
    arguments = ("user", "add", "--password-stdin", "--sign-in", "a", "--full-name", "A", "--role", "king")
    vietnamese = _lims(tmp_path, *arguments, typed="x\n", LIMS_LANGUAGE="vi")
    english = _lims(tmp_path, *arguments, typed="x\n", LIMS_LANGUAGE="en")
    assert vietnamese.exit_code == english.exit_code == 1
    assert vietnamese.stderr != english.stderr
    assert "king" in vietnamese.stderr


def _add_user(folder: Path, *arguments: str, password: str = "a long enough password") -> Result:
    return _lims(folder, "user", "add", "--password-stdin", *arguments, typed=password + "\n")


def test_the_first_account_founds_the_laboratory(tmp_path: Path) -> None:
    first = ("--sign-in", "admin", "--full-name", "Quản trị")
    missing = _add_user(tmp_path, *first)
    assert (missing.exit_code, "--laboratory" in missing.stderr) == (2, True)
    made = _add_user(tmp_path, *first, "--laboratory", "Phòng thí nghiệm Thử")
    assert made.exit_code == 0, made.stderr
    twice = _add_user(tmp_path, *first)
    assert twice.exit_code == 1, "the name is taken"
    second = _add_user(tmp_path, "--sign-in", "ktv", "--full-name", "Kỹ thuật viên", "--role", "technician")
    assert second.exit_code == 0, second.stderr
    weak = _add_user(tmp_path, "--sign-in", "x", "--full-name", "X", password="123")
    assert weak.exit_code == 1


def test_procedures_go_out_and_come_in(demo: Path, tmp_path: Path) -> None:
    exported = _lims(demo / "data", "procedure", "export", "HC-KL-01")
    assert exported.exit_code == 0, exported.stderr
    file = tmp_path / "procedure.toml"
    file.write_text(exported.stdout, encoding="utf-8")
    assert _lims(demo / "data", "procedure", "check", str(file)).exit_code == 0
    again = _lims(demo / "data", "procedure", "import", str(file))
    assert again.exit_code == 1, "this version is there already"
    file.write_text(exported.stdout.replace('code = "HC-KL-01"', 'code = "HC-KL-09"'), encoding="utf-8")
    taken = _lims(demo / "data", "procedure", "import", str(file))
    assert taken.exit_code == 0, taken.stderr
    assert "HC-KL-09" in taken.stdout
    file.write_text(exported.stdout.replace("m_S + ", "m_Q + "), encoding="utf-8")
    faulty = _lims(demo / "data", "procedure", "check", str(file))
    assert faulty.exit_code == 1
    assert "m_Q" in faulty.stderr


@pytest.mark.parametrize(
    "command", [("db", "check"), ("recompute",), ("audit", "verify"), ("procedure", "export", "X")]
)
def test_an_installation_without_tables_is_told(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = _lims(tmp_path / "empty", *command)
    assert done.exit_code == 2
    assert "lims db upgrade" in done.stderr


def test_wrong_usage_is_status_2() -> None:
    assert _lims(None, "demo").exit_code == 2
    assert _lims(None, "no-such-command").exit_code == 2
