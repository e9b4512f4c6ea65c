"""Result tables as printed: columns, numbers in the reader's form with their decimal marks in line, rows in groups.

Pure. Nothing is rounded here: numbers come as canonical text and only change their marks. A column is kept in line by
digits that are set but not shown, so that the text of the page is exactly the number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from calc.rounding import localise, probability_text
from calc.units import display_unit
from certificates.content import Language, ResultRow, ResultTable, Text

KEEP_TOGETHER: Final = 3
"""Rows at the start and the end of a table that are never parted by a page break."""

OUTSIDE_MARK: Final = "*"
"""Stands at the point of a result outside the accredited scope, on a paper that has others within it."""

DECISIONS: Final = {
    "pass": Text("Phù hợp", "Pass"),
    "fail": Text("Không phù hợp", "Fail"),
    "conditional_pass": Text("Phù hợp có điều kiện", "Conditional pass"),
    "conditional_fail": Text("Không phù hợp có điều kiện", "Conditional fail"),
    "no_pass": Text("Không thể công bố phù hợp", "Conformity cannot be stated"),
    "no_fail": Text("Không thể công bố không phù hợp", "Nonconformity cannot be stated"),
    "inconclusive": Text("Không kết luận", "Inconclusive"),
}
"""Outcome code of a decision rule → its words on the paper."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a cell: `padding` is set invisibly, so that the decimal marks of a column stand in line."""

    lead: str
    digits: str
    padding: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """One row of a result table, ready to print; `value` is None where the point could not be measured."""

    point: Text
    output: Text
    value: Number | None
    error: Number | None
    expanded_uncertainty: Number | None
    coverage_factor: Number | None
    probability: Number | None
    limits: str
    decision: Text | None
    remark: Text | None
    provider: Text | None


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A result table: which columns it has, its rows in groups that a page break does not part."""

    title: Text
    phase: str
    output: Text
    unit: str
    shows_output: bool
    shows_error: bool
    shows_limits: bool
    shows_decision: bool
    value_columns: int
    groups: tuple[tuple[PrintedRow, ...], ...]
    remarks: tuple[PrintedRow, ...]


def decimals_language(language: Language) -> str:
    """Return whose decimal mark the numbers carry: the comma unless the paper is in English alone."""
    return "en" if language is Language.ENGLISH else "vi"


def unit_text(unit: str) -> str:
    """Return a unit as printed: "°C" for "degC", nothing for the unit one."""
    return "" if unit in {"", "1", "dimensionless"} else display_unit(unit)


def without_phase(table: PrintedTable) -> PrintedTable:
    """Return the table without its phase, where there is only one."""
    return replace(table, phase="")


def print_table(table: ResultTable, language: Language, *, marks_outside: bool = False) -> PrintedTable:
    """Return a result table with its columns, its numbers in the reader's form and its rows in groups.

    `marks_outside`: results outside the accredited scope carry a mark, for the paper has others within it.
    """
    measured = [row for row in table.rows if row.value is not None]
    units = {row.unit for row in measured}
    common = unit_text(units.pop()) if len(units) == 1 and not any(row.nominal for row in measured) else ""
    shows_error = any(_error_beside(row) for row in measured)
    shows_limits = any(row.lower_limit or row.upper_limit for row in measured)
    shows_decision = any(row.decision for row in measured)
    stated = [_marked(row) if marks_outside else row for row in table.rows]
    rows = _print_rows(stated, language, common)
    return PrintedTable(
        title=table.title,
        phase=table.phase,
        output=measured[0].output if measured else Text("Kết quả", "Result"),
        unit=common,
        shows_output=len({row.output for row in measured}) > 1,
        shows_error=shows_error,
        shows_limits=shows_limits,
        shows_decision=shows_decision,
        value_columns=4 + shows_error + shows_limits + shows_decision,
        groups=_groups(rows),
        remarks=tuple(row for row in rows if row.remark is not None and row.value is not None),
    )


def _print_rows(rows: Sequence[ResultRow], language: Language, common: str) -> tuple[PrintedRow, ...]:
    mark = decimals_language(language)
    values = _column(rows, lambda row: _value(row, mark, common))
    errors = _column(rows, lambda row: _error(row, mark, "" if common else unit_text(row.unit)))
    uncertainties = _column(
        rows, lambda row: _plain(row.expanded_uncertainty, mark, "" if common else unit_text(row.unit))
    )
    factors = _column(rows, lambda row: _plain(row.coverage_factor, mark, ""))
    probabilities = _column(
        rows,
        lambda row: _percent(row.coverage_probability, mark),
    )
    return tuple(
        PrintedRow(
            row.point,
            row.output,
            value,
            error,
            uncertainty,
            factor,
            probability,
            _limits(row, mark, common),
            DECISIONS.get(row.decision, Text(row.decision)) if row.decision else None,
            row.remark,
            row.provider,
        )
        for row, value, error, uncertainty, factor, probability in zip(
            rows, values, errors, uncertainties, factors, probabilities, strict=True
        )
    )


def _marked(row: ResultRow) -> ResultRow:
    """Return a row with the mark at its point where the result lies outside the accredited scope."""
    if row.in_scope or row.value is None:
        return row
    return replace(row, point=Text(f"{row.point.vi} {OUTSIDE_MARK}", row.point.en and f"{row.point.en} {OUTSIDE_MARK}"))


def _error_beside(row: ResultRow) -> bool:
    """Return whether a row has an error beside its value: not where the value is an error already."""
    return row.measurement_error is not None and row.nominal is None and row.measurement_error != row.value


def _signed(text: str) -> str:
    """Return the plus sign of an error that is greater than zero."""
    return "" if text.startswith("-") or not text.strip("0.") else "+"


def _value(row: ResultRow, mark: str, common: str) -> Number | None:
    if row.value is None:
        return None
    tail = "" if common else _after(unit_text(row.unit))
    if row.nominal is None:
        lead = _signed(row.value) if row.measurement_error == row.value else ""
        return Number(lead, localise(row.value, mark), "", tail)
    nominal = f"{localise(row.nominal, mark)} {unit_text(row.nominal_unit or row.unit)}"
    sign, digits = ("−", row.value[1:]) if row.value.startswith("-") else ("+", row.value)
    return Number(f"{nominal} {sign} ", localise(digits, mark), "", tail)


def _error(row: ResultRow, mark: str, unit: str) -> Number | None:
    text = row.measurement_error
    return None if text is None else Number(_signed(text), localise(text, mark), "", _after(unit))


def _plain(text: str | None, mark: str, unit: str) -> Number | None:
    return None if text is None else Number("", localise(text, mark), "", _after(unit))


def _percent(fraction: str | None, mark: str) -> Number | None:
    if fraction is None:
        return None
    digits, sign = probability_text(float(fraction), mark).rsplit(" ", 1)
    return Number("", digits, "", f" {sign}")


def _after(unit: str) -> str:
    return f" {unit}" if unit else ""


def _column(rows: Sequence[ResultRow], cell: Callable[[ResultRow], Number | None]) -> list[Number | None]:
    """Return the cells of a column with the padding that brings their decimal marks in line."""
    cells = [cell(row) for row in rows]
    fractions = [_fraction(one.digits) for one in cells if one is not None]
    longest = max(fractions, key=len, default="")
    return [
        None if one is None else Number(one.lead, one.digits, longest[len(_fraction(one.digits)) :], one.tail)
        for one in cells
    ]


def _fraction(digits: str) -> str:
    """Return the part from the decimal mark on, empty for a whole number."""
    place = max(digits.find(","), digits.find("."))
    return digits[place:] if place >= 0 else ""


def _limits(row: ResultRow, mark: str, common: str) -> str:
    unit = unit_text(row.limit_unit or row.unit)
    tail = "" if common == unit else _after(unit)
    low, high = row.lower_limit, row.upper_limit
    if low is not None and high is not None:
        if low.startswith("-") and low[1:] == high:
            return f"±{localise(high, mark)}{tail}"
        return f"{localise(low, mark)} ÷ {localise(high, mark)}{tail}"
    if high is not None:
        return f"≤ {localise(high, mark)}{tail}"
    return f"≥ {localise(low, mark)}{tail}" if low is not None else ""


def _groups(rows: tuple[PrintedRow, ...]) -> tuple[tuple[PrintedRow, ...], ...]:
    """Part the rows so that the first and last few stay together: no row ever stands alone on a page."""
    if len(rows) <= 2 * KEEP_TOGETHER:
        return (rows,) if rows else ()
    middle = rows[KEEP_TOGETHER:-KEEP_TOGETHER]
    return (rows[:KEEP_TOGETHER], *((row,) for row in middle), rows[-KEEP_TOGETHER:])
