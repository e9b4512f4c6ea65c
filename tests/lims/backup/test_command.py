"""`lims backup` and `lims restore` as a person or a script meets them: what is said, in which language, what status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lims.cli import cli
from lims.core import reader


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """Commands say which language is spoken; give back what was before."""
    yield
    reader.speak("en")


def _lims(data_dir: Path, *arguments: str, language: str = "en") -> Result:
    environment: dict[str, str | None] = {"LIMS_DATA_DIR": str(data_dir), "LIMS_LANGUAGE": language}
    return CliRunner().invoke(cli, arguments, env=environment)


def test_there_and_back(laboratory: Path, tmp_path: Path) -> None:
    file = tmp_path / "today.backup"
    made = _lims(laboratory, "backup", str(file))
    assert made.exit_code == 0, made.stderr
    assert "--with-secret-key" in made.stdout
    assert file.stat().st_mode & 0o077 == 0, "it holds password hashes"
    restored = _lims(tmp_path / "new", "restore", str(file))
    assert restored.exit_code == 0, restored.stderr
    check = _lims(tmp_path / "new", "db", "check", "--json")
    assert check.exit_code == 0, check.stdout
    assert json.loads(check.stdout)["problems"] == []
    again = _lims(tmp_path / "new", "restore", str(file))
    assert (again.exit_code, "--replace" in again.stderr) == (1, True)


def test_one_json_document_and_nothing_else(laboratory: Path, tmp_path: Path) -> None:
    file = tmp_path / "today.backup"
    said = json.loads(_lims(laboratory, "backup", str(file), "--json").stdout)
    assert (said["secret_key"], said["size"]) == (False, file.stat().st_size)
    checked = _lims(tmp_path / "new", "restore", str(file), "--check", "--json")
    assert json.loads(checked.stdout)["rows"] == said["rows"]
    assert not (tmp_path / "new" / "lims.sqlite").exists()


def test_a_damaged_backup_is_refused_in_the_reader_s_language(backup_file: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.backup"
    damaged.write_bytes(backup_file.read_bytes()[:20000])
    english = _lims(tmp_path / "new", "restore", str(damaged))
    vietnamese = _lims(tmp_path / "new", "restore", str(damaged), language="vi")
    assert english.exit_code == vietnamese.exit_code == 1
    assert "cut short" in english.stderr
    assert "bị cụt" in vietnamese.stderr
    assert "tables/" in english.stderr
    assert not (tmp_path / "new" / "lims.sqlite").exists()


def test_wrong_usage_and_an_empty_installation_are_status_2(tmp_path: Path) -> None:
    assert _lims(tmp_path / "new", "restore", str(tmp_path / "none.backup")).exit_code == 2
    assert _lims(tmp_path / "new", "backup").exit_code == 2
    empty = _lims(tmp_path / "new", "backup", str(tmp_path / "x.backup"))
    assert (empty.exit_code, "lims db upgrade" in empty.stderr) == (2, True)
    assert not (tmp_path / "x.backup").exists()
