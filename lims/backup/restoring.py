"""`lims restore`: a backup becomes the installation, whole or not at all.

Every part is held against its hash first. Then everything is built beside what there is (a file beside on SQLite, one
transaction on PostgreSQL): tables of the backup's revision with their triggers, the rows, the same rows read back and
held against the backup once more, the steps to today's revision, and the check of every stored hash. Only what passed
takes the place of what was there, and that is kept under another name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select
from sqlalchemy.engine import make_url

from lims.backup.archive import bytes_in, lines_in, sync_folder, verify
from lims.backup.facts import ANCHORS, SECRET_KEY, TRUSTED, Manifest, Part
from lims.backup.making import revision_of, stored_tables
from lims.backup.rows import content_digest, lines_of, load
from lims.backup.targets import PostgresqlTarget, SqliteTarget, Target
from lims.core.anchors import FILE_NAME
from lims.core.audit import ChainHead
from lims.core.db import alembic_config, upgrade_on
from lims.core.errors import IntegrityFailure, RuleViolation
from lims.core.integrity import IntegrityReport
from lims.integrity import check_connection


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, what its check found, and where what was there before is kept."""

    manifest: Manifest
    report: IntegrityReport
    revision: str
    kept: tuple[str, ...] = ()


class DoesNotHold(IntegrityFailure):
    """The backup is as it was made, but something in it did not hold then."""

    def __init__(self, report: IntegrityReport) -> None:
        self.report = report
        super().__init__("backup.does_not_hold", count=len(report.problems))


@dataclass(frozen=True, slots=True)
class RestoreBackup:
    """Put a backup into an installation.

    `replace`: also where there is something already. `despite_problems`: also where the check of what is restored finds
    that something did not hold when the backup was made.
    """

    file: Path
    database_url: str
    data_dir: Path
    replace: bool = False
    despite_problems: bool = False


def restore_backup(command: RestoreBackup, *, now: datetime, say: Callable[[str], None] = lambda _: None) -> Restored:
    """Restore a backup; `say` is told the codes of the steps.

    Raises IntegrityFailure naming the part of the backup that is damaged, or what does not hold in it; RuleViolation
    where the installation is not empty or in use, or the backup comes from a newer version. Then nothing has changed.
    """
    say("backup.verifying")
    manifest = verify(command.file)
    _hold_known(manifest)
    target = target_of(command.database_url, now)
    with target.building(replace=command.replace) as connection:
        say("backup.loading")
        upgrade_on(connection, manifest.revision)
        _load(connection, command.file, manifest, target)
        say("backup.checking")
        upgrade_on(connection)
        report = check_connection(connection, _anchors(manifest))
        if report.problems and not command.despite_problems:
            raise DoesNotHold(report)
        revision = revision_of(connection) or ""
    kept = (*target.kept, *_put_files(command, manifest, now))
    return Restored(manifest, report, revision, kept)


def target_of(url: str, now: datetime) -> Target:
    """Return the way to build beside and to swap of a kind of database."""
    parsed = make_url(url)
    stamp = now.strftime("%Y%m%dT%H%M%S")
    return SqliteTarget(parsed, stamp) if parsed.get_backend_name() == "sqlite" else PostgresqlTarget(url, stamp)


def _hold_known(manifest: Manifest) -> None:
    script = ScriptDirectory.from_config(alembic_config("sqlite://"))
    if manifest.revision not in {step.revision for step in script.walk_revisions()}:
        raise RuleViolation("backup.newer", revision=manifest.revision, version=manifest.product_version)


def _load(connection: Connection, file: Path, manifest: Manifest, target: Target) -> None:
    """Write all rows, then read them back: the lines must be those of the backup, byte by byte."""
    tables = {table.name: table for table in stored_tables(connection)}
    parts = {part.table: part for part in manifest.tables}
    for name in sorted(tables.keys() ^ {str(name) for name in parts}):
        raise IntegrityFailure("backup.part_missing" if name in tables else "backup.part_unknown", part=name)
    with target.without_references(connection):
        for name, table in tables.items():
            part = parts[name]
            if connection.execute(select(func.count()).select_from(table)).scalar_one():
                raise RuleViolation("backup.not_empty", found=name)
            _hold_count(part, load(connection, table, lines_in(file, part), part.name))
    for name, table in tables.items():
        if content_digest(lines_of(connection, table)) != parts[name].content_sha256:
            raise IntegrityFailure("backup.read_back", part=parts[name].name)


def _hold_count(part: Part, rows: int) -> None:
    if rows != part.rows:
        raise IntegrityFailure("backup.part_damaged", part=part.name)


def _anchors(manifest: Manifest) -> list[ChainHead]:
    return [ChainHead(head.site_id, head.sequence, head.head_hash) for head in manifest.heads if head.sequence]


def _put_files(command: RestoreBackup, manifest: Manifest, now: datetime) -> list[str]:
    """Put what lies beside the database in its place, each file whole or not at all; what was there is kept."""
    wanted = {ANCHORS: command.data_dir / FILE_NAME, SECRET_KEY: command.data_dir / "secret_key"}
    held = {part.name for part in manifest.parts}
    kept = []
    anchors = command.data_dir / FILE_NAME
    if ANCHORS not in held and anchors.exists():
        kept.append(_kept(anchors, now))
        anchors.unlink()
    for name in sorted(held):
        if name.startswith(TRUSTED):
            wanted[name] = command.data_dir / "dcc_trusted" / Path(name).name
    for name, path in wanted.items():
        if name not in held:
            continue
        data = bytes_in(command.file, name)
        if path.exists() and path.read_bytes() != data:
            kept.append(_kept(path, now))
        _write(path, data)
    return kept


def _kept(path: Path, now: datetime) -> str:
    """Give what is there a second name, which stays."""
    aside = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%S}")
    os.link(path, aside)
    return str(aside)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.restoring")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)
