"""A backup is one instant of a laboratory at work, and a restore gives back exactly that, or changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lims.backup.archive import verify
from lims.backup.facts import MANIFEST, SUMS, Manifest
from lims.backup.making import make_backup
from lims.backup.restoring import DoesNotHold, RestoreBackup, Restored, restore_backup
from lims.core import audit
from lims.core.actor import SYSTEM
from lims.core.anchors import FILE_NAME, read_anchors
from lims.core.blobs import put_blob
from lims.core.db import Database, upgrade
from lims.core.errors import IntegrityFailure, RuleViolation
from lims.integrity import check_database
from tests.lims.backup.conftest import NOW, url_in


def _restore(file: Path, url: str, folder: Path, **options: bool) -> Restored:
    folder.mkdir(exist_ok=True)
    return restore_backup(RestoreBackup(file, url, folder, **options), now=NOW)


def _backup(url: str, folder: Path, file: Path) -> Manifest:
    database = Database(url)
    try:
        return make_backup(database, folder, file, secret_key=None, now=NOW)
    finally:
        database.dispose()


def _papers(url: str) -> dict[str, bytes]:
    database = Database(url)
    with database.reading() as session:
        query = text("SELECT c.number, b.data FROM certificate c JOIN blob b ON b.sha256 = c.pdf_sha256")
        found = {number: bytes(data) for number, data in session.execute(query)}
    database.dispose()
    return found


def test_everything_comes_back(laboratory: Path, backup_file: Path, target_url: str, tmp_path: Path) -> None:
    """On either database: the same rows, the same certificates byte by byte, chain, triggers and references sound."""
    folder = tmp_path / "restored"
    done = _restore(backup_file, target_url, folder)
    assert done.report.problems == ()
    assert done.kept == ()
    papers = _papers(url_in(laboratory))
    assert len(papers) == 1
    assert _papers(target_url) == papers
    assert (folder / FILE_NAME).read_bytes() == (laboratory / FILE_NAME).read_bytes()
    database = Database(target_url)
    report = check_database(database, read_anchors(folder))
    database.dispose()
    assert report.problems == ()
    assert report.checked["audit_chains"] > 100
    again = _backup(target_url, folder, tmp_path / "again.backup")
    assert _contents(again) == _contents(verify(backup_file))


def _contents(manifest: Manifest) -> dict[str, tuple[int | None, str | None]]:
    return {part.name: (part.rows, part.content_sha256) for part in manifest.tables}


def test_work_goes_on_after_it(backup_file: Path, target_url: str, tmp_path: Path) -> None:
    """New rows get new keys, what is permanent stays so, and the chain grows."""
    _restore(backup_file, target_url, tmp_path / "restored")
    database = Database(target_url)
    with database.transaction() as session:
        audit.record(session, SYSTEM, "test", ("backup", 1), now=NOW)
    with pytest.raises(DBAPIError, match="permanent record"), database.engine.begin() as connection:
        connection.execute(text("UPDATE reading SET text = '1'"))
    report = check_database(database, [])
    database.dispose()
    assert report.problems == ()


def test_a_backup_of_an_older_version_is_brought_forward(tmp_path: Path, target_url: str) -> None:
    old = tmp_path / "old"
    upgrade(url_in(old), "2026_11_21_09_own_standards")
    database = Database(url_in(old))
    with database.engine.connect().execution_options(lims_write=True) as connection:
        connection.execute(text("INSERT INTO audit_chain (site_id, sequence, head_hash) VALUES (0, 0, '0')"))
        connection.commit()
    database.dispose()
    manifest = _backup(url_in(old), old, tmp_path / "old.backup")
    done = _restore(tmp_path / "old.backup", target_url, tmp_path / "new", despite_problems=True)
    assert manifest.revision == "2026_11_21_09_own_standards"
    assert done.revision > manifest.revision
    assert [problem.code for problem in done.report.problems] == ["audit.head_differs"]


# What is wrong with a backup


def _parts(file: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(file) as tar:
        return {member.name: member for member in tar.getmembers()}


def _flipped(file: Path, at: int, copy: Path) -> Path:
    data = bytearray(file.read_bytes())
    data[at] ^= 0x04
    copy.write_bytes(data)
    return copy


def test_a_flipped_byte_in_any_part_is_found_and_named(backup_file: Path, tmp_path: Path) -> None:
    """At the beginning, in the middle and at the end of each."""
    parts = _parts(backup_file)
    assert {MANIFEST, SUMS, "tables/blob.jsonl.gz", "tables/reading.jsonl.gz"} <= parts.keys()
    for name, member in parts.items():
        for at in {0, member.size // 2, member.size - 1}:
            with pytest.raises(IntegrityFailure) as refused:
                verify(_flipped(backup_file, member.offset_data + at, tmp_path / "flipped.backup"))
            named = refused.value.values["part"]
            assert named == name or name == SUMS, f"byte {at} of {name} was said to be in {named}"


def test_a_flipped_byte_between_the_parts_is_found(backup_file: Path, tmp_path: Path) -> None:
    """A header that was altered ends the file, or names what does not belong there."""
    for member in list(_parts(backup_file).values())[1::7]:
        with pytest.raises(IntegrityFailure):
            verify(_flipped(backup_file, member.offset, tmp_path / "flipped.backup"))


def test_a_backup_cut_short_anywhere_is_refused(backup_file: Path, tmp_path: Path) -> None:
    data, cut = backup_file.read_bytes(), tmp_path / "cut.backup"
    members = list(_parts(backup_file).values())
    middle = members[len(members) // 2]
    ends = [0, 100, 512, middle.offset, middle.offset + 512, middle.offset_data + middle.size // 2, len(data) - 1]
    for end in [*ends, len(data) - 512, len(data) // 3, members[-1].offset]:
        cut.write_bytes(data[:end])
        with pytest.raises(IntegrityFailure) as refused:
            verify(cut)
        assert refused.value.code in {"backup.cut_short", "backup.none"}, f"cut at {end}"
    cut.write_bytes(data[: middle.offset_data + middle.size // 2])
    with pytest.raises(IntegrityFailure) as refused:
        verify(cut)
    assert refused.value.values["part"] == middle.name


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda parts: parts.pop("tables/reading.jsonl.gz"), "backup.part_missing"),
        (lambda parts: parts.update({"tables/other.jsonl.gz": b"x"}), "backup.part_damaged"),
        (lambda parts: parts.update({MANIFEST: b"{}"}), "backup.part_damaged"),
        (lambda parts: parts.pop(MANIFEST), "backup.part_missing"),
        (lambda parts: parts.pop(SUMS), "backup.cut_short"),
    ],
    ids=["missing", "added", "other manifest", "no manifest", "no sums"],
)
def test_parts_that_do_not_belong_are_refused(
    backup_file: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], object], code: str
) -> None:
    file = _rewritten(backup_file, tmp_path / "other.backup", change)
    with pytest.raises(IntegrityFailure) as refused:
        verify(file)
    assert refused.value.code == code


def _rewritten(file: Path, copy: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    with tarfile.open(file) as tar:
        parts = {member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar.getmembers()}
    change(parts)
    with tarfile.open(copy, "w") as tar:
        for name, data in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return copy


def test_what_is_no_backup_is_said_so(tmp_path: Path, laboratory: Path) -> None:
    for data in (b"", b"no backup", (laboratory / "lims.sqlite").read_bytes()[:20480]):
        (tmp_path / "other").write_bytes(data)
        with pytest.raises(IntegrityFailure) as refused:
            verify(tmp_path / "other")
        assert refused.value.code in {"backup.none", "backup.cut_short"}


# What is there already


def test_what_is_there_is_not_touched_unless_told(backup_file: Path, target_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "restored"
    _restore(backup_file, target_url, folder)
    with pytest.raises(RuleViolation) as refused:
        _restore(backup_file, target_url, folder)
    assert refused.value.code == "backup.not_empty"
    _add_entry(target_url)
    done = _restore(backup_file, target_url, folder, replace=True)
    assert _entries(target_url) == verify(backup_file).heads[0].sequence
    assert len(done.kept) == 1
    if target_url.startswith("sqlite"):
        assert _entries(f"sqlite:///{done.kept[0]}") == _entries(target_url) + 1


def _add_entry(url: str) -> None:
    database = Database(url)
    with database.transaction() as session:
        audit.record(session, SYSTEM, "test", ("backup", 1), now=NOW)
    database.dispose()


def _entries(url: str) -> int:
    database = Database(url)
    with database.reading() as session:
        found = session.execute(text("SELECT count(*) FROM audit_entry WHERE site_id = 0")).scalar_one()
    database.dispose()
    return int(found)


def test_a_database_in_use_is_left_alone(backup_file: Path, target_url: str, tmp_path: Path) -> None:
    """A server that goes on would write into what is no longer there."""
    _restore(backup_file, target_url, tmp_path / "restored")
    in_use = Database(target_url)
    with in_use.engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM site")).all()
        with pytest.raises(RuleViolation) as refused:
            _restore(backup_file, target_url, tmp_path / "restored", replace=True)
    in_use.dispose()
    assert refused.value.code == "backup.in_use"


def test_a_database_with_tables_and_no_rows_is_empty(backup_file: Path, target_url: str, tmp_path: Path) -> None:
    upgrade(target_url)
    done = _restore(backup_file, target_url, tmp_path / "restored")
    assert (done.report.problems, done.kept) == ((), ())


def test_damage_from_before_the_backup_is_told(laboratory: Path, target_url: str, tmp_path: Path) -> None:
    """It is restored only where that is asked for: it may be all there is."""
    damaged = Path(shutil.copytree(laboratory, tmp_path / "damaged"))
    database = Database(url_in(damaged))
    with database.engine.connect().execution_options(lims_write=True) as connection:
        connection.execute(text("DROP TRIGGER trg_evaluation_no_update"))
        connection.execute(text("UPDATE evaluation SET result = replace(result, '59', '58')"))
        connection.commit()
    database.dispose()
    file = tmp_path / "damaged.backup"
    _backup(url_in(damaged), damaged, file)
    with pytest.raises(DoesNotHold) as refused:
        _restore(file, target_url, tmp_path / "restored")
    assert {problem.code for problem in refused.value.report.problems} == {"integrity.evaluation"}
    done = _restore(file, target_url, tmp_path / "restored", despite_problems=True)
    assert len(done.report.problems) == 1


def test_the_secret_key_comes_along_only_when_asked(laboratory: Path, tmp_path: Path) -> None:
    database = Database(url_in(laboratory))
    make_backup(database, laboratory, tmp_path / "with.backup", secret_key="k" * 40, now=NOW)
    database.dispose()
    folder = tmp_path / "restored"
    folder.mkdir()
    (folder / "secret_key").write_text("x" * 40 + "\n", encoding="ascii")
    done = _restore(tmp_path / "with.backup", url_in(folder), folder)
    assert (folder / "secret_key").read_text(encoding="ascii") == "k" * 40 + "\n"
    assert (folder / "secret_key").stat().st_mode & 0o077 == 0
    assert len(done.kept) == 1, "the key that was there is kept"


# While people work, and when the power goes


@pytest.mark.parametrize("url_of", ["sqlite", "postgresql"])
def test_a_backup_made_while_others_write_is_one_instant(
    url_of: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Each transaction writes an entry and a pair of files: the backup holds whole pairs, and a chain that holds."""
    database: Database = request.getfixturevalue(f"{url_of}_database")
    _write_pair(database, 0)
    with _writing(database):
        for number in range(3):
            make_backup(database, tmp_path, tmp_path / f"{number}.backup", secret_key=None, now=NOW)
    for number in range(3):
        folder = tmp_path / f"restored{number}"
        done = _restore(tmp_path / f"{number}.backup", url_in(folder), folder)
        rows = {part.table: part.rows for part in done.manifest.tables}
        assert rows["blob"] == 2 * (rows["audit_entry"] or 0)
        assert done.report.problems == ()


def _write_pair(database: Database, number: int) -> None:
    with database.transaction() as session:
        put_blob(session, f"first {number}".encode(), "text/plain", now=NOW)
        audit.record(session, SYSTEM, "test", ("pair", number), now=NOW)
        put_blob(session, f"second {number}".encode(), "text/plain", now=NOW)


@contextmanager
def _writing(database: Database) -> Iterator[None]:
    """Write pairs in a thread, one after the other, until the block ends."""
    stop, numbers = threading.Event(), count(1)

    def write() -> None:
        while not stop.is_set():
            _write_pair(database, next(numbers))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert next(numbers) > 3, "nothing was written meanwhile"


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from lims.backup import archive, making, restoring, rows, targets
from lims.core.db import Database
def die(*_arguments, **_named):
    os.kill(os.getpid(), signal.SIGKILL)
module, name, what, url, folder, file = sys.argv[1:]
setattr({"making": making, "restoring": restoring, "targets": targets, "archive": archive}[module], name, die)
now = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
if what == "backup":
    making.make_backup(Database(url), Path(folder), Path(file), secret_key=None, now=now)
else:
    restoring.restore_backup(restoring.RestoreBackup(Path(file), url, Path(folder), replace=True), now=now)
"""


def _killed(module: str, name: str, what: str, *, url: str, folder: Path, file: Path) -> None:
    """Do something in a process that is killed when it comes to a function."""
    arguments = [sys.executable, "-c", _KILLED, module, name, what, url, str(folder), str(file)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": "."})
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(("module", "name"), [("making", "_heads"), ("making", "verify")])
def test_a_backup_that_is_killed_leaves_no_file(laboratory: Path, tmp_path: Path, module: str, name: str) -> None:
    file = tmp_path / "killed.backup"
    _killed(module, name, "backup", url=url_in(laboratory), folder=laboratory, file=file)
    assert not file.exists()
    manifest = _backup(url_in(laboratory), laboratory, file)
    assert verify(file) == manifest
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("killed")] == [file.name]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param("restoring", "lines_of", marks=pytest.mark.long),
        pytest.param("restoring", "check_connection", marks=pytest.mark.long),
        ("restoring", "revision_of"),
    ],
    ids=["while it is written", "while it is checked", "before the swap"],
)
def test_a_restore_that_is_killed_changes_nothing(
    backup_file: Path, target_url: str, tmp_path: Path, module: str, name: str
) -> None:
    """While rows are written, while they are checked, and just before they take their place."""
    folder = tmp_path / "restored"
    _restore(backup_file, target_url, folder)
    _add_entry(target_url)
    before = _entries(target_url)
    _killed(module, name, "restore", url=target_url, folder=folder, file=backup_file)
    assert _entries(target_url) == before
    database = Database(target_url)
    assert check_database(database, read_anchors(folder)).problems == ()
    database.dispose()
    _wait_until_unused(target_url)
    _restore(backup_file, target_url, folder, replace=True)
    assert _entries(target_url) == before - 1
    assert not list(folder.glob("*.restoring*"))


def _wait_until_unused(url: str) -> None:
    """A server notices only after a moment that who was connected is gone."""
    if not url.startswith("postgresql"):
        return
    database = Database(url)
    with database.engine.connect() as connection:
        mine = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        for _ in range(1000):
            if not connection.execute(text(f"SELECT count(*) FROM pg_stat_activity WHERE {mine}")).scalar_one():
                break
            connection.execute(text("SELECT pg_sleep(0.01)"))
            connection.rollback()
    database.dispose()


def test_a_backup_never_overwrites(backup_file: Path, laboratory: Path, tmp_path: Path) -> None:
    before = backup_file.read_bytes()
    with pytest.raises(RuleViolation) as refused:
        _backup(url_in(laboratory), laboratory, backup_file)
    assert refused.value.code == "backup.file_exists"
    assert backup_file.read_bytes() == before
    with pytest.raises(RuleViolation) as nowhere:
        _backup(url_in(laboratory), laboratory, tmp_path / "no" / "such.backup")
    assert nowhere.value.code == "backup.no_folder"


def test_a_backup_of_a_newer_version_is_refused(backup_file: Path, tmp_path: Path) -> None:
    def newer(parts: dict[str, bytes]) -> None:
        said = json.loads(parts[MANIFEST])
        said["revision"] = "2999_01_01_01_later"
        old, parts[MANIFEST] = parts[MANIFEST], json.dumps(said).encode()
        parts[SUMS] = parts[SUMS].replace(_sum(old), _sum(parts[MANIFEST]))

    file = _rewritten(backup_file, tmp_path / "newer.backup", newer)
    with pytest.raises(RuleViolation) as refused:
        _restore(file, url_in(tmp_path / "restored"), tmp_path / "restored")
    assert refused.value.code == "backup.newer"
    assert not (tmp_path / "restored" / "lims.sqlite").exists()


def _sum(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


@pytest.fixture(autouse=True)
def _nothing_left(tmp_path: Path) -> Iterator[None]:
    """Nothing that was built beside is left behind."""
    yield
    assert not list(tmp_path.rglob("*.part"))
