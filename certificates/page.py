"""From frozen content to what the paper prints: numbers in the reader's form, columns in line, tables in groups.

Pure. Nothing is rounded here: numbers come as canonical text and only change their marks. A column is kept in line by
digits that are set but not shown, so that the text of the page is exactly the number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from calc.rounding import localise, probability_text
from calc.units import display_unit
from certificates.content import (
    CertificateContent,
    Condition,
    Laboratory,
    Language,
    Location,
    ResultRow,
    ResultTable,
    RunRecord,
    Signatory,
    SignatoryRole,
    Text,
)

KEEP_TOGETHER: Final = 3
"""Rows at the start and the end of a table that are never parted by a page break."""

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

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class PrintedRun:
    """The results of a run with what stands directly beneath them."""

    number: str
    item_line: str
    tables: tuple[PrintedTable, ...]
    specification: Text | None
    decision_rule: Text | None
    adjustment: Text | None
    deviations: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    """A place, and the runs made there."""

    location: Location
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrintedCondition:
    """A condition as printed, for example "(20,1 ÷ 20,4) °C"."""

    title: Text
    text: str


@dataclass(frozen=True, slots=True)
class ConditionGroup:
    """Conditions, and the runs made under them."""

    conditions: tuple[PrintedCondition, ...]
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignatureGroup:
    """The people of one role in the signature block."""

    role: SignatoryRole
    people: tuple[Signatory, ...]


def decimals_language(language: Language) -> str:
    """Return whose decimal mark the numbers carry: the comma unless the paper is in English alone."""
    return "en" if language is Language.ENGLISH else "vi"


def printed_date(day: date, language: Language) -> str:
    """Return a date as read: "05/01/2026", or "5 January 2026" on a paper in English alone."""
    if language is Language.ENGLISH:
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day:%d/%m/%Y}"


def date_in_words(day: date) -> Text:
    """Return the date of a signature line; days below 10 and the months 1 and 2 carry a zero (Decree 30/2020)."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return Text(f"ngày {day.day:02d} tháng {month} năm {day.year}", f"{day.day} {_MONTHS[day.month - 1]} {day.year}")


def date_span(days: Sequence[date], language: Language) -> str:
    """Return the first and last of some dates, once where they are the same."""
    if not days:
        return ""
    first, last = min(days), max(days)
    shown = printed_date(first, language)
    return shown if first == last else f"{shown} – {printed_date(last, language)}"


def unit_text(unit: str) -> str:
    """Return a unit as printed: "°C" for "degC", nothing for the unit one."""
    return "" if unit in {"", "1", "dimensionless"} else display_unit(unit)


def condition_text(condition: Condition, language: Language) -> str:
    """Return "20,1 °C", or "(20,1 ÷ 20,4) °C" where the quantity moved."""
    mark, unit = decimals_language(language), unit_text(condition.unit)
    low, high = localise(condition.lowest, mark), localise(condition.highest, mark)
    if low == high:
        return f"{low} {unit}".rstrip()
    shown = f"{low} to {high}" if language is Language.ENGLISH else f"({low} ÷ {high})"
    return f"{shown} {unit}".rstrip()


def print_runs(content: CertificateContent) -> tuple[PrintedRun, ...]:
    """Return every run's results as printed."""
    return tuple(_print_run(run, content) for run in content.runs)


def _print_run(run: RunRecord, content: CertificateContent) -> PrintedRun:
    item = content.items[run.item]
    english = content.language is Language.ENGLISH
    identity = item.serial_number or item.asset_tag
    name = item.name.english if english else item.name.vi
    tables = tuple(_print_table(table, content.language) for table in run.results)
    if len({table.phase for table in tables}) == 1:
        tables = tuple(_without_phase(table) for table in tables)
    line = f"{name} · {identity}" if identity else name
    return PrintedRun(
        run.number, line, tables, run.specification, run.decision_rule, run.adjustment, run.deviations
    )  # fmt: skip


def _without_phase(table: PrintedTable) -> PrintedTable:
    return replace(table, phase="")


def _print_table(table: ResultTable, language: Language) -> PrintedTable:
    measured = [row for row in table.rows if row.value is not None]
    units = {row.unit for row in measured}
    common = unit_text(units.pop()) if len(units) == 1 and not any(row.nominal for row in measured) else ""
    shows_error = any(row.measurement_error is not None and row.nominal is None for row in measured)
    shows_limits = any(row.lower_limit or row.upper_limit for row in measured)
    shows_decision = any(row.decision for row in measured)
    rows = _print_rows(table.rows, language, common)
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
    errors = _column(rows, lambda row: _plain(row.measurement_error, mark, "" if common else unit_text(row.unit)))
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


def _value(row: ResultRow, mark: str, common: str) -> Number | None:
    if row.value is None:
        return None
    tail = "" if common else _after(unit_text(row.unit))
    if row.nominal is None:
        return Number("", localise(row.value, mark), "", tail)
    nominal = f"{localise(row.nominal, mark)} {unit_text(row.nominal_unit or row.unit)}"
    sign, digits = ("−", row.value[1:]) if row.value.startswith("-") else ("+", row.value)
    return Number(f"{nominal} {sign} ", localise(digits, mark), "", tail)


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


def laboratory_line(laboratory: Laboratory) -> Text:
    """Return where the laboratory's site is: its name, where it has one, and its address."""
    site, address = laboratory.site_name, laboratory.address
    if site is None:
        return address
    return Text(f"{site.vi} · {address.vi}", f"{site.english} · {address.english}")


def place_groups(content: CertificateContent) -> tuple[PlaceGroup, ...]:
    """Return the places of the work, each once."""
    places = list(dict.fromkeys(run.location for run in content.runs))
    return tuple(
        PlaceGroup(place, tuple(run.number for run in content.runs if run.location == place)) for place in places
    )


def condition_groups(content: CertificateContent) -> tuple[ConditionGroup, ...]:
    """Return the conditions of the work, runs under equal ones together."""
    sets = list(dict.fromkeys(run.conditions for run in content.runs if run.conditions))
    return tuple(
        ConditionGroup(
            tuple(PrintedCondition(item.title, condition_text(item, content.language)) for item in conditions),
            tuple(run.number for run in content.runs if run.conditions == conditions),
        )
        for conditions in sets
    )


def signature_groups(content: CertificateContent) -> tuple[SignatureGroup, ...]:
    """Return the signature block: who performed, reviewed and approved, in this order."""
    return tuple(
        SignatureGroup(role, tuple(person for person in content.signatories if person.role is role))
        for role in SignatoryRole
        if any(person.role is role for person in content.signatories)
    )


def notes(content: CertificateContent) -> tuple[Text, ...]:
    """Return the numbered notes at the end: what holds for the paper as a whole."""
    said = content.statements
    every = (
        said.results_relate_to_items,
        said.sampling,
        said.outside_providers,
        said.scope,
        said.verification,
        said.next_calibration,
        said.reproduction,
    )
    return tuple(text for text in every if text is not None)
