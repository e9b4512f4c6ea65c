"""Columns of numbers: from a data file beside the case, or from lists in the case itself; exact decimal numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from calc.cases.facts import Load
from calc.cases.tables import LARGEST_EXPONENT, Number, Table, plain, shortened
from calc.errors import CalcError

MOST_ROWS = 1_000_000


def _header(table: Table, name: str, rows: Sequence[Sequence[str]]) -> list[str]:
    if len(rows) < 2:
        raise table.refuse("case.too_few", "data_file", needed=2, count=len(rows))
    if len(rows) > MOST_ROWS:
        raise table.refuse("case.too_large", "data_file", limit=MOST_ROWS, value=len(rows))
    names = [cell.strip() for cell in rows[0]]
    for position, column in enumerate(names):
        if column in names[:position]:
            raise table.refuse("case.duplicate", "data_file", value=plain(column))
    return names


def read_cells(table: Table, load: Load) -> dict[str, list[str]]:
    """Return the columns of the case's data file as text, by the names in its first row.

    Raises InvalidQuantity if a row has more or fewer cells than the first.
    """
    name = table.text("data_file")
    try:
        rows = load(name)
    except CalcError as error:
        raise error.with_values(case=table.case) from None
    names = _header(table, name, rows)
    columns: dict[str, list[str]] = {column: [] for column in names}
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise table.refuse(
                "case.lengths", f"data_file row {number}", count=len(row), other="row 1", expected=len(names)
            )
        for column, cell in zip(names, row, strict=True):
            columns[column].append(cell.strip())
    return columns


def as_numbers(table: Table, name: str, cells: Sequence[str]) -> tuple[Decimal, ...]:
    """Return the cells of one column as the exact numbers that they state."""
    numbers = []
    for row, cell in enumerate(cells, 2):
        try:
            number = Decimal(cell)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or (number and abs(number.adjusted()) > LARGEST_EXPONENT):
            raise table.refuse("case.data_number", "data_file", value=shortened(cell), row=row, name=name)
        numbers.append(number)
    return tuple(numbers)


def columns_of(table: Table, load: Load, names: Sequence[str]) -> dict[str, tuple[Number, ...]]:
    """Return the named columns, all of one length: from the data file if one is named, else from lists in the case."""
    found: dict[str, tuple[Number, ...]] = {}
    if "data_file" in table:
        cells = read_cells(table, load)
        for name in names:
            found[name] = as_numbers(table, name, column(table, name, cells))
        return found
    for name in names:
        found[name] = table.numbers(name)
    same_length(table, {name: len(numbers) for name, numbers in found.items()})
    return found


def column(table: Table, name: str, cells: Mapping[str, list[str]]) -> list[str]:
    """Return one column of a data file; raises InvalidQuantity naming those that there are."""
    if name not in cells:
        value = shortened(table.text("data_file"))
        raise table.refuse("case.data_columns", "data_file", value=value, name=name, allowed=", ".join(cells))
    return cells[name]


def same_length(table: Table, lengths: Mapping[str, int]) -> None:
    """Refuse lists of different length, naming the first one that differs."""
    first, expected = next(iter(lengths.items()))
    for name, count in lengths.items():
        if count != expected:
            raise table.refuse("case.lengths", name, count=count, other=first, expected=expected)


def series_of(table: Table, load: Load, needed: int = 2) -> tuple[Number, ...]:
    """Return the observations of a case: its `series`, or column `value` or `y` of its file, or the only one."""
    if "series" in table and "data_file" in table:
        raise table.refuse("case.conflict", "series", other="data_file")
    if "data_file" not in table:
        return table.numbers("series", needed)
    cells = read_cells(table, load)
    usual = [name for name in ("value", "y") if name in cells]
    only = list(cells) if len(cells) == 1 else ["value"]
    name = (usual or only)[0]
    numbers = as_numbers(table, name, column(table, name, cells))
    if len(numbers) < needed:
        raise table.refuse("case.too_few", "data_file", needed=needed, count=len(numbers))
    return numbers
