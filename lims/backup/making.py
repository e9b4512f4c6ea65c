"""`lims backup`: one consistent copy of everything, made while people work.

All tables are read in one transaction that sees a single instant (a snapshot of the journal on SQLite, REPEATABLE READ
on PostgreSQL) and keeps nobody from writing. What lies outside the database comes along: the anchors of the audit chain
and the authorities trusted; the secret key only where that is asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, MetaData, Table, text

from lims.backup.archive import ArchiveWriter, new_file, verify
from lims.backup.facts import ANCHORS, FORMAT, SECRET_KEY, TABLES, TRUSTED, Head, Manifest
from lims.backup.rows import lines_of
from lims.core.anchors import FILE_NAME
from lims.core.db import Database

REVISION_TABLE: Final = "alembic_version"
_QUEUE_TABLES: Final = "huey_"


def make_backup(database: Database, data_dir: Path, file: Path, *, secret_key: str | None, now: datetime) -> Manifest:
    """Write the backup and read it back; returns what it holds. Needs a database that has tables.

    The secret key is in it only where it is handed over.

    Raises RuleViolation where the file exists or its folder does not, IntegrityFailure if the disk gives back other
    bytes than were written: then there is no file.
    """
    with new_file(file) as (opened, draft):
        writer = ArchiveWriter(opened, file.parent, int(now.timestamp()))
        _add_files(writer, data_dir, secret_key)  # before: an anchor names what is committed
        with database.reading() as session:
            connection = session.connection()
            for table in stored_tables(connection):
                writer.add_lines(f"{TABLES}{table.name}.jsonl.gz", lines_of(connection, table))
            manifest = Manifest(
                format=FORMAT,
                product_version=version("chuan-lims"),
                made_at=now.astimezone(UTC).isoformat(),
                database=database.dialect,
                revision=revision_of(connection) or "",
                holds_secret_key=secret_key is not None,
                heads=_heads(connection),
                parts=tuple(writer.parts),
            )
        writer.finish(manifest)
        opened.flush()
        verify(draft)
    return manifest


def stored_tables(connection: Connection) -> list[Table]:
    """Return the tables as they are in the database, by name; the queue's are none of ours."""
    found = MetaData()
    found.reflect(connection)
    return [
        table
        for table in sorted(found.tables.values(), key=lambda table: table.name)
        if table.name != REVISION_TABLE and not table.name.startswith(_QUEUE_TABLES)
    ]


def revision_of(connection: Connection) -> str | None:
    """Return the revision that the tables stand at, seen by this transaction."""
    row = connection.execute(text(f"SELECT version_num FROM {REVISION_TABLE}")).first()
    return None if row is None else str(row[0])


def _heads(connection: Connection) -> tuple[Head, ...]:
    rows = connection.execute(text("SELECT site_id, sequence, head_hash FROM audit_chain ORDER BY site_id"))
    return tuple(Head(int(row[0]), int(row[1]), str(row[2])) for row in rows)


def _add_files(writer: ArchiveWriter, data_dir: Path, secret_key: str | None) -> None:
    anchors = data_dir / FILE_NAME
    if anchors.exists():
        writer.add_bytes(ANCHORS, anchors.read_bytes())
    for path in sorted((data_dir / "dcc_trusted").glob("*.pem")):
        writer.add_bytes(TRUSTED + path.name, path.read_bytes())
    if secret_key is not None:
        writer.add_bytes(SECRET_KEY, f"{secret_key}\n".encode("ascii"))
