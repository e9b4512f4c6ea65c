"""The one scheme of columns by which the register is written out as a table and read in again; what a plan says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from standards.commands import AddRange, RegisterInstrument, RegisterStandard, UpdateInstrument
from standards.register_facts import UpdateStandard


class ColumnKind(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    CHOICE = "choice"
    YES_NO = "yes_no"
    PERSON = "person"
    SITE = "site"
    SHOWN = "shown"  # written out for readers, left alone when the table is read in


class Belongs(StrEnum):
    """Whether a column speaks of the standard (its first row) or of the range in its own row."""

    STANDARD = "standard"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table; its words are the label `register_column.<key>`, in either language."""

    key: str
    kind: ColumnKind = ColumnKind.TEXT
    belongs: Belongs = Belongs.STANDARD
    group: str = ""
    maximum: int = 300
    fixed: bool = False
    """Whether reading in a table may not change it for a standard that is registered: it has a page of its own."""


_RANGE: Final = Belongs.RANGE
COLUMNS: Final = (
    Column("code", maximum=64),
    Column("site", ColumnKind.SITE, fixed=True),
    Column("role", ColumnKind.CHOICE, group="standard_role", fixed=True),
    Column("level", maximum=40),
    Column("kind", ColumnKind.CHOICE, group="instrument_kind"),
    Column("name_vi"),
    Column("name_en"),
    Column("manufacturer", maximum=200),
    Column("model", maximum=200),
    Column("serial_number", maximum=100),
    Column("asset_tag", maximum=100),
    Column("year_made", ColumnKind.WHOLE),
    Column("country_made", maximum=100),
    Column("accuracy_class", maximum=40),
    Column("firmware", maximum=100),
    Column("location", maximum=200),
    Column("custodian", ColumnKind.PERSON),
    Column("needs_calibration", ColumnKind.YES_NO, fixed=True),
    Column("interval_months", ColumnKind.WHOLE, fixed=True),
    Column("note", maximum=2000),
    Column("part", belongs=_RANGE, maximum=64),
    Column("part_name", belongs=_RANGE),
    Column("quantity", ColumnKind.CHOICE, _RANGE, "quantity", 64),
    Column("unit", belongs=_RANGE, maximum=40),
    Column("function_name", belongs=_RANGE, maximum=64),
    Column("range_name", belongs=_RANGE, maximum=64),
    Column("lower", ColumnKind.NUMBER, _RANGE),
    Column("upper", ColumnKind.NUMBER, _RANGE),
    Column("nominal", ColumnKind.NUMBER, _RANGE),
    Column("resolution", ColumnKind.NUMBER, _RANGE),
    Column("resolution_unit", belongs=_RANGE, maximum=40),
    Column("specification", belongs=_RANGE, maximum=2000),
    Column("state", ColumnKind.SHOWN),
    Column("valid_until", ColumnKind.SHOWN),
    Column("version", maximum=40),
)
BY_KEY: Final[Mapping[str, Column]] = {column.key: column for column in COLUMNS}
IDENTITY: Final = (
    "kind",
    "name_vi",
    "name_en",
    "manufacturer",
    "model",
    "serial_number",
    "asset_tag",
    "year_made",
    "country_made",
    "accuracy_class",
    "firmware",
    "location",
    "note",
)
"""Columns that an instrument's identity holds under the same names."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The folded words of both languages: heads to columns, choices to codes, yes and no."""

    heads: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]
    yes_no: Mapping[str, bool]
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The words of each group of choices in the reader's language, for telling what is allowed."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as text; `trouble` is the code of what makes it unreadable, such as a formula."""

    text: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: rows with their numbers as a spreadsheet shows them, and the ranges of merged cells."""

    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    merged: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """What is wrong in a row and column (a key of the scheme, or the words at its head); `text` stands there."""

    row: int
    column: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class RangeRow:
    """A row as far as it speaks of a range."""

    row: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StandardRows:
    """The rows of one standard, read: what its first row says of it, and every row's range."""

    row: int
    code: str
    values: Mapping[str, Any]
    ranges: tuple[RangeRow, ...]


class Action(StrEnum):
    """What reading in would do to a standard."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Change:
    """A value that would change: the column, what stands, what would stand."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PlannedStandard:
    """What would be done for one standard, as commands."""

    row: int
    code: str
    name: str
    action: Action
    changes: tuple[Change, ...] = ()
    new_ranges: int = 0
    register: RegisterInstrument | None = None
    standard: RegisterStandard | None = None
    update: UpdateInstrument | None = None
    keeping: UpdateStandard | None = None
    ranges: tuple[AddRange, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """What a table would do to the register, or everything that stands against it. `digest` names exactly this."""

    standards: tuple[PlannedStandard, ...]
    problems: tuple[SheetProblem, ...]
    digest: str

    def count(self, action: str) -> int:
        """Return how many standards would be dealt with so."""
        return sum(planned.action == action for planned in self.standards)

    @property
    def does_something(self) -> bool:
        """Whether it can be carried out and would change anything."""
        return not self.problems and any(planned.action is not Action.SAME for planned in self.standards)


@dataclass(frozen=True, slots=True)
class ReceiveSheet:
    """A table that was handed in, readable as one."""

    file_name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class TakeSheet:
    """A received table that shall be carried out as it was shown: the digest of the plan that the person saw."""

    sheet_id: int
    digest: str
    table: Table
    vocabulary: Vocabulary
