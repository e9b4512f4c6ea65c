"""A block pasted from a spreadsheet: cells with their numbers and units, and what has to be asked. Pure.

`1,234` alone may be a thousand or a little more than one: it is asked, never guessed. Another cell of the same block
that leaves no doubt (`12,5`, `1.234,5`) decides for all of them, for a spreadsheet writes its numbers in one way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from lims.calibrations.forms import split_unit
from lims.core.numbers import parse_decimal

MARKS: Final = (",", ".")
_ROWS, _COLUMNS, _LONGEST = 500, 60, 100_000
_EITHER: Final = re.compile(r"[-+−–]?[1-9]\d{0,2}(?P<mark>[,.])\d{3}", re.ASCII)


class PastedKind(StrEnum):
    """What a cell of a block holds."""

    NUMBER = "number"
    BLANK = "blank"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class PastedCell:
    """A cell: as it was pasted, and the text and unit that would be stored ("" where nothing would)."""

    raw: str
    kind: PastedKind
    text: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A block, row by row. `mark` is the decimal mark it was read with, None where that has to be asked."""

    rows: tuple[tuple[PastedCell, ...], ...]
    mark: str | None
    asks: bool


def read_block(text: str, mark: str = "") -> Block | None:
    """Read a block of cells, rows by lines and columns by tabs; `mark` is the decimal mark that somebody chose.

    None for what is no block of a size that a sheet could hold.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    raws = [[cell.strip() for cell in line.split("\t")] for line in lines]
    if len(text) > _LONGEST or len(raws) > _ROWS or max(len(row) for row in raws) > _COLUMNS:
        return None
    numbers = [split_unit(raw)[0] for row in raws for raw in row if raw]
    decided = mark if mark in MARKS else decimal_mark(numbers)
    rows = tuple(tuple(_cell(raw, decided) for raw in row) for row in raws)
    asks = any(_EITHER.fullmatch(number) for number in numbers) and not decimal_mark(numbers)
    return Block(rows, decided or None, asks)


def decimal_mark(numbers: Sequence[str]) -> str:
    """Return the decimal mark that the numbers leave no doubt of, "" where they do or contradict each other."""
    found = {mark for number in numbers if (mark := _certain_mark(number))}
    return found.pop() if len(found) == 1 else ""


def _certain_mark(number: str) -> str:
    """Return the decimal mark that one number proves, "" if it proves none."""
    if parse_decimal(number) is None or _EITHER.fullmatch(number.strip()):
        return ""
    commas, points = number.count(","), number.count(".")
    if commas and points:
        return "," if number.rfind(",") > number.rfind(".") else "."
    if commas + points == 1:
        return "," if commas else "."
    return {(True, False): ".", (False, True): ","}.get((commas > 1, points > 1), "")


def _cell(raw: str, mark: str) -> PastedCell:
    if not raw:
        return PastedCell(raw, PastedKind.BLANK)
    number, unit = split_unit(raw)
    if _EITHER.fullmatch(number) and not mark:
        return PastedCell(raw, PastedKind.AMBIGUOUS)
    meant = _meant(number, mark)
    if meant is None:
        return PastedCell(raw, PastedKind.UNREADABLE)
    # Stored as it was pasted, where that is read as what is meant; else without the marks that group thousands.
    text = number if parse_decimal(number) == meant else f"{meant:f}"
    return PastedCell(raw, PastedKind.NUMBER, text, unit)


def _meant(number: str, mark: str) -> Decimal | None:
    """Return the number that a text means where `mark` is the decimal mark."""
    if not mark:
        return parse_decimal(number)
    group = "." if mark == "," else ","
    if number.count(group) and mark not in number:
        digits = number.lstrip("-+−–").split(group)
        if not 1 <= len(digits[0]) <= 3 or any(len(part) != 3 for part in digits[1:]):
            return None
        return parse_decimal(number.replace(group, ""))
    return parse_decimal(number)
