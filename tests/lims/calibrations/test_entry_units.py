"""The units offered for what is typed into a sheet, and how wide its cells are made."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lims.calibrations.entry_units import characters, entry_units
from lims.procedures.definition_facts import MeasuringPoint

DIAL = (("MPa", Decimal("0.010"), "MPa"),)


def test_the_unit_in_use_comes_first_and_only_fitting_ones_are_offered() -> None:
    found = entry_units("div(0.05 MPa)", ["bar", "div(0.05 MPa)"], "kPa", DIAL)
    assert found.units[:4] == ("div(0.05 MPa)", "bar", "kPa", "MPa")
    assert len(set(found.units)) == len(found.units)
    assert {"mmHg", "psi", "kgf/cm2"} <= set(found.units)
    assert not {"degC", "g", "V"} & set(found.units)
    assert (found.division, found.division_unit) == ("0.01", "MPa")


def test_a_unit_nobody_knows_is_not_offered() -> None:
    assert entry_units("", ["blue"], "degC", ()).units == ("degC", "degF", "K")


@pytest.mark.parametrize(
    ("nominal", "unit", "wanted", "step", "expected"),
    [
        ("10", "bar", "bar", "0.02", 5),
        ("1.6", "MPa", "kPa", "10", 6),
        ("200", "g", "g", "0.0001", 8),
        ("1000000", "Hz", "Hz", "0.0001", 11),
        ("1", "bar", "degC", "1", 6),
    ],
)
def test_cells_are_made_for_the_numbers_that_will_come(
    nominal: str, unit: str, wanted: str, step: str, expected: int
) -> None:
    point = MeasuringPoint("p", Decimal(nominal), unit, "Điểm")
    assert characters([point], wanted, [(unit, Decimal(step), unit)]) == expected
