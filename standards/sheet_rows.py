"""Reads the rows of a table as standards with ranges, and notes everything that cannot be read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lims.core.fields import Fields
from lims.core.text import fold
from lims.people.facts import PersonFacts, SiteFacts
from standards.facts import CODE
from standards.sheet_scheme import (
    BY_KEY,
    Belongs,
    Cell,
    Column,
    ColumnKind,
    RangeRow,
    SheetProblem,
    StandardRows,
    Table,
    Vocabulary,
)

_HEAD_WITHIN: Final = 10
_SHOWN: Final = 60
_OPEN_GROUPS: Final = frozenset({"instrument_kind", "quantity"})
"""Groups of codes to which a laboratory may add its own."""


class RowReader:
    """Reads a table with the words of both languages and the names of a laboratory's sites and people."""

    def __init__(self, vocabulary: Vocabulary, sites: Sequence[SiteFacts], persons: Sequence[PersonFacts]) -> None:
        self.problems: list[SheetProblem] = []
        self._words = vocabulary
        self._sites: dict[str, list[int]] = {}
        for site in sites:
            for name in {site.code, site.name_vi, site.name_en or site.code}:
                self._sites.setdefault(fold(name), []).append(site.id)
        self._persons: dict[str, list[int]] = {}
        for person in persons:
            for name in {person.full_name, person.code or person.full_name}:
                self._persons.setdefault(fold(name), []).append(person.id)

    def read(self, table: Table) -> list[StandardRows]:
        """Return the standards of a table in the order of their first rows; `problems` has what could not be read."""
        head_row, heads = self._head(table)
        if not heads:
            return []
        for first, last, reference in table.merged:
            if last > head_row:
                self._note(max(first, head_row + 1), "code", "sheet.merged", cells=reference)
        grouped: dict[str, list[tuple[int, dict[str, Cell]]]] = {}
        names: dict[str, str] = {}
        for number, cells in table.rows:
            if number <= head_row:
                continue
            row = {heads[at]: cell for at, cell in enumerate(cells) if at in heads}
            code = row["code"].text
            if not code:
                if any(cell.text or cell.trouble for cell in row.values()):
                    self._note(number, "code", "sheet.no_code")
                continue
            names.setdefault(code.casefold(), code)
            grouped.setdefault(code.casefold(), []).append((number, row))
        return [self._standard(names[key], rows) for key, rows in grouped.items()]

    def _note(self, row: int, column: str, code: str, text: str = "", **values: object) -> None:
        self.problems.append(SheetProblem(row, column, code, values, text[:_SHOWN]))

    def _head(self, table: Table) -> tuple[int, dict[int, str]]:
        """Return the number of the row that names the columns, and which column stands where."""
        for number, cells in table.rows[:_HEAD_WITHIN]:
            keys = [self._words.heads.get(fold(cell.text)) for cell in cells]
            if "code" not in keys:
                continue
            found: dict[int, str] = {}
            for at, (cell, key) in enumerate(zip(cells, keys, strict=True)):
                if key is None and (cell.text or cell.trouble):
                    self._note(number, cell.text[:_SHOWN], "sheet.unknown_column")
                elif key is not None and key in found.values():
                    self._note(number, key, "sheet.column_twice")
                elif key is not None:
                    found[at] = key
            return number, found
        self._note(table.rows[0][0], "code", "sheet.no_head")
        return 0, {}

    def _standard(self, code: str, rows: list[tuple[int, dict[str, Cell]]]) -> StandardRows:
        first, head = rows[0]
        values = self._values(first, head, Belongs.STANDARD)
        for number, row in rows[1:]:
            for key, cell in row.items():
                same = not cell.text or fold(cell.text) == fold(head[key].text)
                column = BY_KEY[key]
                if column.belongs is Belongs.STANDARD and column.kind is not ColumnKind.SHOWN and not same:
                    self._note(number, key, "sheet.differs_from_first", cell.text, head=first, first=head[key].text)
        ranges = tuple(RangeRow(number, self._values(number, row, Belongs.RANGE)) for number, row in rows)
        return StandardRows(first, code, values, tuple(one for one in ranges if any(one.values.values())))

    def _values(self, number: int, row: Mapping[str, Cell], belongs: Belongs) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, cell in row.items():
            column = BY_KEY[key]
            if column.belongs is not belongs or column.kind is ColumnKind.SHOWN:
                continue
            if cell.trouble:
                self._note(number, key, cell.trouble, cell.text)
                found[key] = None
            else:
                found[key] = self._value(number, column, cell.text)
        return found

    def _value(self, number: int, column: Column, text: str) -> Any:
        if not text:
            return None
        if column.kind is ColumnKind.CHOICE:
            return self._choice(number, column, text)
        if column.kind is ColumnKind.YES_NO:
            answer = self._words.yes_no.get(fold(text))
            if answer is None:
                self._note(number, column.key, "sheet.yes_or_no", text)
            return answer
        if column.kind in {ColumnKind.PERSON, ColumnKind.SITE}:
            return self._key(number, column, text)
        fields = Fields({column.key: text})
        value: Any
        if column.kind is ColumnKind.NUMBER:
            value = fields.decimal(column.key)
        elif column.kind is ColumnKind.WHOLE:
            value = fields.optional_integer(column.key, lower=1, upper=9999)
        else:
            value = fields.optional_text(column.key, maximum=column.maximum)
        for error in fields.errors:
            self.problems.append(SheetProblem(number, column.key, error.code, error.values, text[:_SHOWN]))
        return None if fields.errors else value

    def _choice(self, number: int, column: Column, text: str) -> str | None:
        known = self._words.choices[column.group]
        code = known.get(fold(text))
        if code is None and column.group in _OPEN_GROUPS and CODE.fullmatch(text) and text != "other":
            return text
        if code is None:
            allowed = ", ".join(self._words.offered.get(column.group, ()))
            self._note(number, column.key, "sheet.unknown_word", text, allowed=allowed)
        return code

    def _key(self, number: int, column: Column, text: str) -> int | None:
        known = self._persons if column.kind is ColumnKind.PERSON else self._sites
        keys = set(known.get(fold(text), ()))
        if len(keys) == 1:
            return keys.pop()
        self._note(number, column.key, "sheet.several_of_that_name" if keys else "sheet.nobody_of_that_name", text)
        return None
