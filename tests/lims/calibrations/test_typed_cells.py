"""What a cell's text is read as: a number, with or without a unit of its own."""

from __future__ import annotations

import pytest

from lims.calibrations.forms import split_unit


@pytest.mark.parametrize(
    ("typed", "number", "unit"),
    [
        ("0,010", "0,010", ""),
        ("20 mg", "20", "mg"),
        ("20mg", "20", "mg"),
        ("−1 234,5 °C", "−1 234,5", "°C"),
        ("0,01 xyz", "0,01", "xyz"),
        ("0,01o", "0,01o", ""),
        ("1O", "1O", ""),
    ],
)
def test_unit_behind_a_number(typed: str, number: str, unit: str) -> None:
    assert split_unit(typed) == (number, unit)
