"""Statements that are compiled once and then sent through the driver: for what is asked at every single reading.

SQLAlchemy takes several times as long to carry out a small statement as SQLite does to answer it. A prepared statement
is written, compiled and typed by SQLAlchemy all the same, seen by the same listeners, and fails with the same errors;
only what it works out anew for each execution is kept. Lists in a condition (`IN`) cannot be prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement for one dialect: its text, its parameters in their order, and what converts some of their values."""

    text: str
    names: tuple[str, ...]
    taken: Callable[[Mapping[str, Any]], Sequence[Any]]
    positional: bool
    fixed: Mapping[str, Any]
    parameters: tuple[tuple[int, _Convert], ...]
    columns: tuple[tuple[int, _Convert], ...]


class Prepared:
    """A statement whose bound parameters are named, to be carried out many times."""

    def __init__(self, statement: Select[Any] | Insert | Update) -> None:
        self._statement: Final = statement
        self._compiled: Final[dict[str, _Compiled]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Carry it out and return its rows as tuples, in the order of its columns."""
        compiled, cursor = self._carried_out(connection, values)
        found: list[Any] = cursor.fetchall()
        cursor.close()
        return [_converted(row, compiled.columns) for row in found] if compiled.columns else found

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Carry it out."""
        self._carried_out(connection, values)[1].close()

    def _carried_out(self, connection: Connection, values: Mapping[str, Any]) -> tuple[_Compiled, Any]:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        given = {**compiled.fixed, **values} if compiled.fixed else values
        sent: Any = compiled.taken(given)
        if compiled.parameters:
            sent = _converted(sent, compiled.parameters)
        if not compiled.positional:
            sent = dict(zip(compiled.names, sent, strict=True))
        driver, text = connection.connection.dbapi_connection, compiled.text
        if driver is None:
            raise RuntimeError("the connection was given back")
        cursor = driver.cursor()
        for listener in connection.engine.dispatch.before_cursor_execute:
            text, sent = listener(connection, cursor, text, sent, None, False)
        try:
            cursor.execute(text, sent)
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(text, sent, error, dialect.loaded_dbapi.Error, dialect=dialect) from error
        return compiled, cursor

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._statement.compile(dialect=dialect)
        names = tuple((compiled.positiontup if compiled.positional else compiled.binds) or ())
        kinds = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        into = [kinds[name].bind_processor(dialect) for name in names]
        returned = getattr(self._statement, "selected_columns", None) or self._statement.exported_columns
        out_of = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in returned]
        made = _Compiled(
            text=compiled.string,
            names=names,
            taken=itemgetter(*names) if len(names) > 1 else lambda given: [given[name] for name in names],
            positional=compiled.positional,
            fixed={name: bind.value for name, bind in compiled.binds.items() if bind.value is not None},
            parameters=tuple((place, convert) for place, convert in enumerate(into) if convert is not None),
            columns=tuple((place, convert) for place, convert in enumerate(out_of) if convert is not None),
        )
        self._compiled[dialect.name] = made
        return made


def _converted(values: Sequence[Any], conversions: tuple[tuple[int, _Convert], ...]) -> tuple[Any, ...]:
    """Return the values, those in some places converted."""
    found = list(values)
    for place, convert in conversions:
        found[place] = convert(found[place])
    return tuple(found)
