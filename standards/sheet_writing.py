"""Writes the register as a table, XLSX or CSV, in the columns by which it is read in again. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell.cell import MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from standards.sheet_reading import guarded
from standards.sheet_scheme import COLUMNS, ColumnKind

Value = str | int | Decimal | None
_MOST_DIGITS: Final = 15
_WIDTHS: Final = {"name_vi": 38, "name_en": 38, "note": 30, "specification": 24, "location": 24, "custodian": 22}
_WIDTH: Final = 14


def workbook(title: str, heads: Mapping[str, str], rows: Sequence[Mapping[str, Value]]) -> bytes:
    """Return an XLSX file: its head row stays in sight; text stays text, whatever it begins with."""
    book = Workbook()
    sheet = book.active
    if sheet is None:
        sheet = book.create_sheet()
    sheet.title = title[:31]
    for at, column in enumerate(COLUMNS, start=1):
        head = sheet.cell(1, at, heads[column.key])
        head.font = Font(bold=True)
        head.alignment = Alignment(wrap_text=True, vertical="top")
        if column.kind is ColumnKind.SHOWN:
            head.fill = PatternFill("solid", fgColor="E7ECEF")
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTHS.get(column.key, _WIDTH)
    for number, row in enumerate(rows, start=2):
        for at, column in enumerate(COLUMNS, start=1):
            value = row.get(column.key)
            if value is not None:
                _write(sheet.cell(number, at), value)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{max(2, len(rows) + 1)}"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _write(cell: SheetCell | MergedCell, value: str | int | Decimal) -> None:
    """Write a number as a number where a spreadsheet keeps all of its digits, else as text."""
    if isinstance(value, Decimal):
        number = float(value)
        exact = len(value.normalize().as_tuple().digits) <= _MOST_DIGITS and Decimal(repr(number)) == value
        if exact:
            cell.value = number
            return
        value = f"{value:f}"
    if isinstance(value, int):
        cell.value = value
        return
    cell.value = value
    cell.data_type = "s"


def text_table(heads: Mapping[str, str], rows: Sequence[Mapping[str, Value]], *, comma: bool) -> bytes:
    """Return a CSV in UTF-8 with its mark: semicolons and decimal commas, or commas and decimal points."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=";" if comma else ",", lineterminator="\r\n")
    writer.writerow([guarded(heads[column.key]) for column in COLUMNS])
    for row in rows:
        writer.writerow([_as_text(row.get(column.key), comma=comma) for column in COLUMNS])
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def _as_text(value: Value, *, comma: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.replace(".", ",") if comma else text
    return guarded(str(value))
