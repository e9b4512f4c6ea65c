"""What a check of the stored data is, and the core's own: files by their hash, references, triggers.

Every package lists its checks in its `integrity.py`; `lims.integrity` runs them all. A check says which stored hashes
it answers for (`covers`); a test fails for a hash that none answers for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, Connection, MetaData, Table, select, text
from sqlalchemy.orm import Session

from lims.core.models import Blob

BATCH: Final = 200
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class IntegrityProblem:
    """One thing that does not hold: a code, and the values its words need."""

    code: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """What was checked (rows or objects, by kind) and what does not hold."""

    checked: dict[str, int]
    problems: tuple[IntegrityProblem, ...]


Found = Iterator[IntegrityProblem | int]
"""What a check yields: each problem, and how many things it looked at since it last said so."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name (of which `cli.checked.NAME` are the words), what it answers for, what it does."""

    name: str
    run: Callable[[Session], Found]
    covers: tuple[str, ...] = ()


def _blobs(session: Session) -> Found:
    for blob in session.execute(select(Blob).execution_options(yield_per=BATCH)).scalars():
        if hashlib.sha256(blob.data).hexdigest() != blob.sha256 or len(blob.data) != blob.size:
            yield IntegrityProblem("blob.damaged", {"sha256": blob.sha256})
        session.expunge(blob)
        yield 1


CHECKS: Final = (Check("blobs", _blobs, ("blob.sha256",)),)


def broken_references(connection: Connection, tables: Mapping[str, Table]) -> Iterator[IntegrityProblem]:
    """Yield every reference to a row that does not exist, and what SQLite finds wrong with its file."""
    if connection.dialect.name == "sqlite":
        for row in connection.execute(text("PRAGMA foreign_key_check")):
            yield IntegrityProblem("integrity.reference", {"table": row[0], "row": row[1], "refers_to": row[2]})
        for row in connection.execute(text("PRAGMA integrity_check")):
            if row[0] != "ok":
                yield IntegrityProblem("integrity.file", {"message": row[0]})
        return
    for table in tables.values():
        for column in table.columns:
            for key in column.foreign_keys:
                yield from _unmet(connection, column, key.column)


def _unmet(connection: Connection, column: Column[Any], wanted: Column[Any]) -> Iterator[IntegrityProblem]:
    """PostgreSQL holds references unless somebody switched that off."""
    other = wanted.table.alias()
    met = select(other.c[wanted.name]).where(other.c[wanted.name] == column).exists()
    key = next(iter(column.table.primary_key.columns))
    for row in connection.execute(select(key).where(column.is_not(None), ~met)):
        values = {"table": column.table.name, "row": row[0], "refers_to": wanted.table.name}
        yield IntegrityProblem("integrity.reference", values)


def malformed(session: Session, tables: MetaData, column: str, form: re.Pattern[str]) -> Found:
    """Check what can only be looked at, not computed again: a random token, the hash of what only its owner knows."""
    table_name, _, name = column.partition(".")
    table = tables.tables[table_name]
    key = next(iter(table.primary_key.columns))
    for row_key, value in session.execute(select(key, table.c[name]).where(table.c[name].is_not(None))):
        if form.fullmatch(value) is None:
            yield IntegrityProblem("integrity.malformed", {"table": table_name, "row": row_key, "column": name})
        yield 1
