"""Building a demonstration laboratory in a folder: whole or not at all, then opened as it was left."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from certificates import queries as certificate_queries
from lims.config import DEFAULT_PORT, Settings, load_settings
from lims.core.clock import Clock, SystemClock
from lims.core.db import Database, upgrade
from lims.core.errors import ConfigurationError
from lims.demo import checks, equipment, instruments, keeping, weighing
from lims.demo.doubt import study_the_doubt
from lims.demo.founding import found_laboratory
from lims.demo.full import not_there_yet
from lims.demo.past import build_past, read_plan
from lims.demo.people import SIGN_IN_NAMES
from lims.demo.press import opened_press
from lims.demo.today import do_earlier, do_today
from lims.worker import WorkerContext, anchor

MARK: Final = "demonstration.json"
FORM: Final = 1
_SHOWN: Final = 1
"""How many of the certificates a newcomer is shown by name: the newest, that of the published weighing."""
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"

Say = Callable[..., None]
"""Told the code of each step, with values: "demo.standards"."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A built demonstration laboratory: where it is and how to sign in."""

    folder: Path
    password: str
    sign_in_names: Mapping[str, str]
    certificates: tuple[str, ...]

    def settings(self, port: int = DEFAULT_PORT) -> Settings:
        """Return the settings that open it; nothing of the environment counts."""
        return load_settings({}, data_dir=self.folder / "data", port=port)

    def lines(self, port: int | None) -> list[str]:
        """Return what a newcomer is told, in both languages."""
        width = max(len(name) for name in self.sign_in_names)
        names = [f"    {name:{width}}  {who}" for name, who in self.sign_in_names.items()]
        folder = self.folder / "certificates"
        issued = [f"    {folder / name}" for name in self.certificates[-_SHOWN:]]
        others = len(self.certificates) - len(issued)
        if others:
            issued = [f"    {folder}: {len(self.certificates)}", *issued]
        address = [] if port is None else [f"  Địa chỉ / address:  http://localhost:{port}"]
        return [
            "",
            "Phòng thí nghiệm mẫu / demonstration laboratory",
            *address,
            f"  Mật khẩu chung / password for all:  {self.password}",
            "  Tên đăng nhập / sign-in names:",
            *names,
            "  Giấy chứng nhận / certificates:",
            *issued,
            "",
        ]


def open_demonstration(
    folder: Path,
    *,
    say: Say,
    port: int = DEFAULT_PORT,
    clock: Clock | None = None,
    past: bool = True,
    full: bool = False,
) -> Demonstration:
    """Open the demonstration in a folder, building it first if it is not there.

    `port` is where it will be served: the address in its QR codes. Without its `past` only the published weighing is
    in it, which is built faster; with `full` the large sets too, as far as their kinds are there. Raises
    ConfigurationError if the folder holds something else.
    """
    folder = folder.expanduser().resolve()
    if (folder / MARK).exists():
        say("demo.opening", folder=folder)
        demonstration = _read_mark(folder)
        upgrade(demonstration.settings().database_url)
        return demonstration
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError("demo.folder_not_empty", folder=str(folder))
    demonstration = _build(folder, say=say, port=port, clock=clock or SystemClock(), past=past)
    if full:
        _tell_missing(demonstration, say)
    return demonstration


def _tell_missing(demonstration: Demonstration, say: Say) -> None:
    database = Database(demonstration.settings().database_url)
    with database.reading() as session:
        for code in not_there_yet(session):
            say(code)
    database.dispose()


def _build(folder: Path, *, say: Say, port: int, clock: Clock, past: bool) -> Demonstration:
    """Build beside the folder and move the whole into place, so that a kill leaves nothing half-made."""
    building = folder.with_name(f"{folder.name}.building")
    if building.exists():
        shutil.rmtree(building)
    building.mkdir(parents=True, mode=0o700)
    password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
    settings = load_settings({}, data_dir=building / "data", port=port)
    say("demo.database")
    upgrade(settings.database_url)
    database = Database(settings.database_url)
    try:
        names = _fill(database, settings, building, password, past=past, say=say, clock=clock)
    finally:
        database.dispose()
    demonstration = Demonstration(folder, password, SIGN_IN_NAMES, tuple(names))
    _write_mark(building, demonstration)
    if folder.exists():
        folder.rmdir()
    building.rename(folder)
    return demonstration


def _fill(
    database: Database, settings: Settings, folder: Path, password: str, *, past: bool, say: Say, clock: Clock
) -> list[str]:
    say("demo.people")
    with database.transaction() as session:
        laboratory = found_laboratory(session, password, timezone=settings.timezone, now=clock.now())
    say("demo.standards")
    with database.transaction() as session:
        equipment.add_equipment(session, laboratory)
        keeping.add_keeping(session, laboratory)
        checks.add_checks(session, laboratory)
        laboratory = replace(laboratory, instruments=instruments.add_instruments(session, laboratory))
    with opened_press(database, settings) as press:
        if past:
            build_past(database, laboratory, press, read_plan(), say=partial(_tell_progress, say))
            do_earlier(database, laboratory, press)
        say("demo.weighing")
        weighing.do_published(database, laboratory, press)
        if past:
            say("demo.today")
            do_today(database, laboratory)
        say("demo.certificates")
        press.finish()
    if past:
        study_the_doubt(database, laboratory, clock)
    anchor(WorkerContext(database, settings, clock))
    return _write_certificates(database, folder / "certificates")


def _tell_progress(say: Say, done: int, of: int) -> None:
    """Tell of every tenth certificate, and of the last."""
    if done % 10 == 0 or done == of:
        say("demo.past", done=done, of=of)


def _write_certificates(database: Database, folder: Path) -> list[str]:
    """Write the issued certificates' stored bytes as files; returns their names."""
    folder.mkdir()
    names = []
    with database.reading() as session:
        for document in certificate_queries.issued_documents(session):
            (folder / document.file_name).write_bytes(document.pdf)
            names.append(document.file_name)
    return names


def _write_mark(folder: Path, demonstration: Demonstration) -> None:
    content = {
        "form": FORM,
        "password": demonstration.password,
        "sign_in_names": dict(demonstration.sign_in_names),
        "certificates": list(demonstration.certificates),
    }
    path = folder / MARK
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)


def _read_mark(folder: Path) -> Demonstration:
    try:
        content = json.loads((folder / MARK).read_text(encoding="utf-8"))
        return Demonstration(folder, content["password"], content["sign_in_names"], tuple(content["certificates"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError("demo.mark_damaged", file=str(folder / MARK)) from error
