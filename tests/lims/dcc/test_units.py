"""Units of D-SI are read strictly; what is none stays text."""

from __future__ import annotations

import pytest

from lims.dcc.units import unit_text
from lims.dcc.value_facts import UnitState

_UNDERSTOOD = {
    r"\kelvin": "K",
    r"\degreecelsius": "degC",
    r"\one": "1",
    r"\percent": "%",
    r"\kilogram": "kg",
    r"\kilo\gram": "kg",
    r"\hecto\pascal": "hPa",
    r"\centi\metre\tothe{3}": "cm3",
    r"\kilogram\metre\tothe{-3}": "kg/m3",
    r"\kilogram\metre\tothe{2}\ampere\tothe{-2}\second\tothe{-3}": "kg.m2/A2.s3",
    r"\micro\metre\per\metre": "um/m",
    r"\watt\per\metre\kelvin": "W/m.K",
    r"\one\per\kelvin": "1/K",
    r"\kelvin\tothe{-1}": "1/K",
    r"\milli\ohm": "mohm",
    r"\mega\ohm": "Mohm",
    r"\deca\metre": "dam",
    r"\degree": "deg",
    r"\arcsecond": "arcsec",
    r"\litre": "L",
    r"\micro\litre": "uL",
    r"\mebi\byte": "MiB",
    r"\ppm": "ppm",
    r"\newton\metre": "N.m",
}


@pytest.mark.parametrize(("written", "canonical"), _UNDERSTOOD.items())
def test_understood(written: str, canonical: str) -> None:
    unit = unit_text(written, "/x")
    assert (unit.state, unit.canonical, unit.text, unit.path) == (UnitState.UNDERSTOOD, canonical, written, "/x")


@pytest.mark.parametrize(
    "written",
    [
        "/kilogram",
        r"\degreeCelsius",
        "kN",
        "%",
        "K",
        "°C",
        r"\\kelvin",
        r"\milli",
        r"\milli\kilogram",
        r"\milli\degreecelsius",
        r"\kilo\milli\metre",
        r"\metre\per\second\per\second",
        r"\per\second\per",
        r"\metre\tothe{2",
        r"\metre\tothe{}",
        r"\metre\tothe{0}",
        r"\metre\tothe{2}\tothe{2}",
        r"\percent\tothe{2}",
        r"\metre^2",
        r"\metre \second",
        r"\Kelvin",
        r"\tothe{2}",
        r"\kelvin{2}",
        "\\metre" * 60,
    ],
)
def test_not_understood_and_never_guessed(written: str) -> None:
    unit = unit_text(written, "/x")
    assert (unit.state, unit.canonical, unit.text) == (UnitState.NOT_DIGITAL_SI, None, written)


@pytest.mark.parametrize(
    "written", [r"\decibel", r"\neper", r"\volt\per\hertz\tothe{0.5}", r"\angstrom", r"\femto\tonne"]
)
def test_of_the_format_but_not_to_calculate_with(written: str) -> None:
    """A femtotonne would be written as a foot is: what reads back as something else is not taken."""
    unit = unit_text(written, "/x")
    assert (unit.state, unit.canonical) == (UnitState.NOT_CALCULABLE, None)


def test_marked_as_no_si_unit_and_missing() -> None:
    assert unit_text("|mbar", "/x").state is UnitState.NON_SI
    assert unit_text("  ", "/x").state is UnitState.MISSING
