"""What `lims backup` and `lims restore` do and say; `say` takes lines of the answer, `tell` what goes on meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lims import messages
from lims.backup.archive import verify
from lims.backup.facts import Manifest
from lims.backup.making import make_backup
from lims.backup.restoring import DoesNotHold, RestoreBackup, Restored, restore_backup
from lims.config import Settings
from lims.core.db import Database
from lims.core.integrity import IntegrityProblem

Say = Callable[[str], None]


def backup(
    database: Database, settings: Settings, file: Path, *, with_key: bool, as_json: bool, say: Say, now: datetime
) -> None:
    """Make a backup and say what it holds and what not."""
    key = settings.secret_key if with_key else None
    manifest = make_backup(database, settings.data_dir, file, secret_key=key, now=now)
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    values = {**_values(manifest, settings, file), "sha256": sha256, "size": file.stat().st_size}
    if as_json:
        say(_json(values))
        return
    for code in ("made", "sum", "with_key" if with_key else "without_key", "holds_people"):
        say(messages.words(f"backup.{code}", values))


def check(settings: Settings, file: Path, *, as_json: bool, say: Say) -> None:
    """Hold every part of a backup against its hash; nothing is restored."""
    values = _values(verify(file), settings, file)
    say(_json(values) if as_json else messages.words("backup.sound", values))


def restore(settings: Settings, command: RestoreBackup, *, as_json: bool, say: Say, tell: Say, now: datetime) -> bool:
    """Restore a backup and say what was done; returns whether all that was restored holds."""

    def step(code: str) -> None:
        if not as_json:
            tell(messages.words(code))

    try:
        done = restore_backup(command, now=now, say=step)
    except DoesNotHold as error:
        for problem in error.report.problems:
            tell(messages.words(problem.code, problem.values))
        raise
    _report(settings, command, done, as_json=as_json, say=say, tell=tell)
    return not done.report.problems


def _report(settings: Settings, command: RestoreBackup, done: Restored, *, as_json: bool, say: Say, tell: Say) -> None:
    values = _values(done.manifest, settings, command.file)
    if as_json:
        problems = [_problem(problem) for problem in done.report.problems]
        say(_json({**values, "kept": done.kept, "restored_revision": done.revision, "problems": problems}))
        return
    say(messages.words("backup.restored", values))
    if done.revision != done.manifest.revision:
        say(messages.words("backup.upgraded", {"old": done.manifest.revision, "new": done.revision}))
    for name in done.kept:
        say(messages.words("backup.kept", {"name": name}))
    if not done.manifest.holds_secret_key:
        say(messages.words("backup.new_key"))
    for problem in done.report.problems:
        tell(messages.words(problem.code, problem.values))


def _problem(problem: IntegrityProblem) -> dict[str, Any]:
    return {"code": problem.code, **problem.values}


def _values(manifest: Manifest, settings: Settings, file: Path) -> dict[str, Any]:
    made_at = datetime.fromisoformat(manifest.made_at).astimezone(ZoneInfo(settings.timezone))
    return {
        "file": str(file),
        "made_at": f"{made_at:%Y-%m-%d %H:%M}",
        "version": manifest.product_version,
        "revision": manifest.revision,
        "database": manifest.database,
        "tables": len(manifest.tables),
        "rows": manifest.rows,
        "secret_key": manifest.holds_secret_key,
    }


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, default=str)
