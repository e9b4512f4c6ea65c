"""Reads a table from the bytes of an XLSX or CSV file. Pure; hostile files are refused before they are opened.

What a file is, its bytes say. A workbook's first sheet is read as a stream; formulas are not followed, their cells are
troubled. A CSV is UTF-8, its columns parted by semicolon, comma or tab, whichever its head holds most of.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from lims.core.errors import InvalidInput
from lims.core.text import normalise
from standards.sheet_scheme import Cell, Table

LARGEST: Final = 5 * 1024 * 1024
MOST_ROWS: Final = 5000
_MOST_UNPACKED: Final = 40 * 1024 * 1024
_MOST_ENTRIES: Final = 500
_MOST_COLUMNS: Final = 80
_LAST_ROW: Final = 20_000
_LONGEST_CELL: Final = 4000
_WHOLE_FLOATS: Final = 1e15
_DELIMITERS: Final = ";,\t"
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})\"")


def read_table(data: bytes) -> Table:
    """Return the table in a file. Raises InvalidInput naming the field "file" for what is none, or too much of one."""
    if not data:
        raise InvalidInput.of("file", "register.file_empty")
    if len(data) > LARGEST:
        size = f"{len(data) / 1024 / 1024:.1f}"
        raise InvalidInput.of("file", "sheet.too_large", size=size, limit=LARGEST // 1024 // 1024)
    table = _workbook(data) if data.startswith(b"PK\x03\x04") else _text(data)
    if not table.rows:
        raise InvalidInput.of("file", "sheet.nothing_in_it")
    return table


def _workbook(data: bytes) -> Table:
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        rows = tuple(_numbered(_cells(row) for row in sheet.iter_rows(max_col=_MOST_COLUMNS)))
        path = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
        book.close()
    except (InvalidFileException, KeyError, IndexError, ValueError, TypeError, AttributeError, SyntaxError) as error:
        raise InvalidInput.of("file", "sheet.not_a_workbook") from error
    return Table(rows, _merged(data, path))


def _check_archive(data: bytes) -> None:
    """Refuse an archive that unpacks to too much, is damaged, or declares entities; nothing is parsed before that."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
                raise InvalidInput.of("file", "sheet.unpacks_to_too_much", limit=_MOST_UNPACKED // 1024 // 1024)
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    text = archive.read(entry)
                    if b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\0" in text[:200]:
                        raise InvalidInput.of("file", "sheet.declares_entities")
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise InvalidInput.of("file", "sheet.not_a_workbook") from error


def _merged(data: bytes, path: str) -> tuple[tuple[int, int, str], ...]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read(path) if path in archive.namelist() else b""
    found = []
    for match in _MERGED.finditer(text):
        reference = match[1].decode("ascii")
        _, first, _, last = range_boundaries(reference)
        found.append((int(first or 0), int(last or 0), reference))
    return tuple(found)


def _numbered(rows: Iterator[tuple[Cell, ...]]) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """Yield the rows that hold anything, with their numbers; refuse more than are read in."""
    kept = 0
    for number, row in enumerate(rows, start=1):
        if number > _LAST_ROW:
            raise InvalidInput.of("file", "sheet.too_many_rows", limit=MOST_ROWS)
        if any(cell.text or cell.trouble for cell in row):
            kept += 1
            if kept > MOST_ROWS:
                raise InvalidInput.of("file", "sheet.too_many_rows", limit=MOST_ROWS)
            yield number, row


def _cells(row: tuple[Any, ...]) -> tuple[Cell, ...]:
    return tuple(_cell(cell.value, str(getattr(cell, "data_type", "n"))) for cell in row)


def _cell(value: Any, data_type: str) -> Cell:
    if value is None:
        return Cell("")
    if data_type == "f":
        return Cell(str(value)[:_LONGEST_CELL], "sheet.formula")
    if data_type == "e":
        return Cell(str(value), "sheet.error_in_cell")
    if isinstance(value, datetime | date | time):
        return Cell(value.isoformat(), "sheet.date_in_cell")
    return _plain(_as_text(value))


def _as_text(value: Any) -> str:
    """Return a cell's value as a person typed it: whole floats without a point, floats by their shortest decimal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < _WHOLE_FLOATS:
            return str(int(value))
        return f"{Decimal(repr(value)):f}" if value == value and abs(value) != float("inf") else "#NUM!"
    return str(value)


def _plain(text: str) -> Cell:
    if len(text) > _LONGEST_CELL:
        return Cell(text[:60], "sheet.cell_too_long")
    return Cell(normalise(text))


def _text(data: bytes) -> Table:
    if data.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise InvalidInput.of("file", "sheet.not_a_table")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput.of("file", "sheet.not_utf8") from error
    lines = text.splitlines()
    head = next((line for line in lines if line.strip() and not line.lower().startswith("sep=")), "")
    delimiter = max(_DELIMITERS, key=head.count)
    if lines and lines[0].lower().startswith("sep="):
        text = "\n" + text.partition("\n")[2]  # a hint to spreadsheets; its line still counts
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return Table(tuple(_numbered(tuple(_typed(cell) for cell in row[:_MOST_COLUMNS]) for row in rows)))
    except csv.Error as error:
        raise InvalidInput.of("file", "sheet.not_a_table") from error


def _typed(text: str) -> Cell:
    """Return a cell of a CSV; the apostrophe before what a spreadsheet would take for a formula is no part of it."""
    if text.startswith("'") and text[1:].startswith(_RISKY):
        return _plain(text[1:])
    if text.startswith("="):
        return Cell(text[:_LONGEST_CELL], "sheet.formula")
    return _plain(text)


def guarded(text: str) -> str:
    """Return text for a cell of a CSV that no spreadsheet takes for a formula; `read_table` takes the mark off."""
    return "'" + text if text.startswith(_RISKY) else text
