"""Blocks pasted from spreadsheets: thousands marks, units, blanks; what is ambiguous is asked."""

from __future__ import annotations

import pytest

from lims.calibrations.blocks import PastedKind, decimal_mark, read_block

NUMBER, BLANK = PastedKind.NUMBER, PastedKind.BLANK
AMBIGUOUS, UNREADABLE = PastedKind.AMBIGUOUS, PastedKind.UNREADABLE


def cells(text: str, mark: str = "") -> list[tuple[PastedKind, str, str]]:
    block = read_block(text, mark)
    assert block is not None
    return [(cell.kind, cell.text, cell.unit) for row in block.rows for cell in row]


@pytest.mark.parametrize(
    ("text", "mark", "found"),
    [
        ("1,00\t1.01", "", [(NUMBER, "1,00", ""), (NUMBER, "1.01", "")]),
        ("0,123", "", [(NUMBER, "0,123", "")]),
        ("1,234", "", [(AMBIGUOUS, "", "")]),
        ("1,234", ",", [(NUMBER, "1,234", "")]),
        ("1,234", ".", [(NUMBER, "1234", "")]),
        ("1.234\n12,5", "", [(NUMBER, "1234", ""), (NUMBER, "12,5", "")]),
        ("1,234\n12,5", "", [(NUMBER, "1,234", ""), (NUMBER, "12,5", "")]),
        ("1,234\n12,5\n3.25", "", [(AMBIGUOUS, "", ""), (NUMBER, "12,5", ""), (NUMBER, "3.25", "")]),
        ("1.234.567,5", "", [(NUMBER, "1.234.567,5", "")]),
        ("−1 234,5", "", [(NUMBER, "−1 234,5", "")]),
        ("20 mg\t\t21 mg", "", [(NUMBER, "20", "mg"), (BLANK, "", ""), (NUMBER, "21", "mg")]),
        ("p (bar)\n1,02", "", [(UNREADABLE, "", ""), (NUMBER, "1,02", "")]),
        ("12.34.5", ",", [(UNREADABLE, "", "")]),
        ("#REF!", "", [(UNREADABLE, "", "")]),
    ],
)
def test_cells_of_a_block(text: str, mark: str, found: list[tuple[PastedKind, str, str]]) -> None:
    assert cells(text, mark) == found


def test_a_block_asks_only_where_nothing_decides() -> None:
    asked, clear, chosen = read_block("1,234\t5,678"), read_block("1,234\t5,6"), read_block("1,234", ".")
    assert asked is not None
    assert clear is not None
    assert chosen is not None
    assert (asked.asks, asked.mark) == (True, None)
    assert (clear.asks, clear.mark) == (False, ",")
    assert (chosen.asks, chosen.mark) == (True, ".")


def test_what_no_sheet_could_hold_is_no_block() -> None:
    assert read_block("1\n" * 501) is None
    assert read_block("\t" * 60) is None
    assert read_block("1" * 100_001) is None


def test_contradicting_marks_decide_nothing() -> None:
    assert decimal_mark(["12,5", "12.5"]) == ""
    assert decimal_mark(["1,234,567", "8"]) == "."
