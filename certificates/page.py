"""From frozen content to what the paper prints around its tables: dates, places, conditions, signatures, notes.

Pure: everything is computed here, so that the template only prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from calc.rounding import localise
from certificates.content import (
    CertificateContent,
    Condition,
    Laboratory,
    Language,
    Location,
    RunRecord,
    Signatory,
    SignatoryRole,
    Text,
)
from certificates.tables import PrintedTable, decimals_language, print_table, unit_text, without_phase

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


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
    mixed = content.statements.scope is not None
    identity = item.serial_number or item.asset_tag
    name = item.name.english if english else item.name.vi
    tables = tuple(print_table(table, content.language, marks_outside=mixed) for table in run.results)
    if len({table.phase for table in tables}) == 1:
        tables = tuple(without_phase(table) for table in tables)
    line = f"{name} · {identity}" if identity else name
    return PrintedRun(
        run.number, line, tables, run.specification, run.decision_rule, run.adjustment, run.deviations
    )  # fmt: skip


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
