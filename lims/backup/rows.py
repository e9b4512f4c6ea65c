"""A table as lines of JSON that read the same from either database, and back.

The first line names the columns with the kind of each; every other line is a row. Instants are written in UTC, bytes in
base64, floating-point numbers by their shortest text that reads back to the same bits.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Boolean, Column, Connection, Date, DateTime, Float, Integer, LargeBinary, String, Table, select

from lims.core.errors import IntegrityFailure

_BATCH: Final = 500
_KINDS: Final = (
    (Boolean, "boolean"),
    (Integer, "integer"),
    (Float, "float"),
    (LargeBinary, "bytes"),
    (DateTime, "instant"),
    (Date, "date"),
    (String, "text"),
)


def kind_of(column: Column[Any]) -> str:
    """Return what a column holds, whatever the database calls it. Raises TypeError for what no table has."""
    for known, kind in _KINDS:
        if isinstance(column.type, known):
            return kind
    raise TypeError(f"{column.table.name}.{column.name}: no form for {column.type!r}")


def header_of(table: Table) -> list[list[str]]:
    """Return the columns of a table, each with its kind."""
    return [[column.name, kind_of(column)] for column in table.columns]


def lines_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """Yield a table: its columns, then each row in the order of its key."""
    header = header_of(table)
    yield _line(header)
    writers = [_WRITERS.get(kind, _same) for _, kind in header]
    query = select(table).order_by(*(_ordered(column, connection) for column in table.primary_key.columns))
    with connection.execute(query.execution_options(yield_per=_BATCH)) as result:
        for row in result:
            values = zip(writers, row, strict=True)
            yield _line([None if value is None else write(value) for write, value in values])


def _ordered(column: Column[Any], connection: Connection) -> Any:
    """Order text by its bytes on both databases."""
    if isinstance(column.type, String) and connection.dialect.name == "postgresql":
        return column.collate("C")
    return column


def content_digest(lines: Iterable[bytes]) -> str:
    """Return the SHA-256 of a table's lines."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def load(connection: Connection, table: Table, lines: Iterator[bytes], part: str) -> int:
    """Write a table's lines into it; returns how many rows. Raises IntegrityFailure naming the part."""
    try:
        header = json.loads(next(lines, b"null"))
        if header != header_of(table):
            raise IntegrityFailure("backup.other_columns", part=part)
        readers = [(name, _READERS.get(kind, _same)) for name, kind in header]
        return sum(_stored(connection, table, batch) for batch in _batches(lines, readers))
    except (ValueError, TypeError) as error:
        raise IntegrityFailure("backup.part_damaged", part=part) from error


def _batches(lines: Iterator[bytes], readers: list[tuple[str, Callable[[Any], Any]]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for line in lines:
        values = zip(readers, json.loads(line), strict=True)
        batch.append({name: None if value is None else read(value) for (name, read), value in values})
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _stored(connection: Connection, table: Table, batch: list[dict[str, Any]]) -> int:
    connection.execute(table.insert(), batch)
    return len(batch)


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _same(value: Any) -> Any:
    return value


def _in_utc(value: datetime) -> str:
    """SQLite gives instants without their zone; they are stored in UTC."""
    return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()


_WRITERS: Final[dict[str, Callable[[Any], Any]]] = {
    "bytes": lambda value: base64.b64encode(value).decode("ascii"),
    "instant": _in_utc,
    "date": date.isoformat,
}
_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "instant": datetime.fromisoformat,
    "date": date.fromisoformat,
}
