"""Units: canonical text, exact conversion, temperatures on a scale and differences."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.errors import CalcError, InvalidQuantity
from calc.units import (
    canonical_unit,
    convert,
    convert_difference,
    difference_unit,
    display_unit,
    exact,
    exact_factor,
    is_compatible,
)

CANONICAL = [
    ("g", "g"),
    ("gram", "g"),
    (" kg ", "kg"),
    ("°C", "degC"),
    ("℃", "degC"),
    ("degC", "degC"),
    ("delta_degC", "delta_degC"),
    ("µm", "um"),
    ("\u03bcm", "um"),
    ("Ω", "ohm"),
    ("\u2126", "ohm"),
    ("kΩ", "kohm"),
    ("mL", "mL"),
    ("l", "L"),
    ("g/cm³", "g/cm3"),
    ("g/cm^3", "g/cm3"),
    ("kg*m**2/s**2", "kg.m2/s2"),
    ("m·s⁻²", "m.s-2"),
    ("1/K", "1/K"),
    ("%", "%"),
    ("%RH", "%RH"),
    ("1", "1"),
    ("pH", "pH"),
    ("mmHg", "mmHg"),
    ("kvar", "kvar"),
    ("div(0.05 MPa)", "div(0.05 MPa)"),
    (" ddiv( 0,050MPa )", "ddiv(0.05 MPa)"),
    ("div(2 °C)", "div(2 degC)"),
]


@pytest.mark.parametrize(("text", "expected"), CANONICAL)
def test_canonical_text(text: str, expected: str) -> None:
    assert canonical_unit(text) == expected
    assert canonical_unit(expected) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "blue", "kkg", "g/", "/g", "g//m", "g/m/s", "g m", "g0", "dB", "2", "g+g", "__class__", "g" * 99]
)
def test_unknown_units(text: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        canonical_unit(text)
    assert caught.value.code in {"unit.unknown", "unit.missing"}


@given(st.text(max_size=20))
def test_any_text_gives_a_unit_or_a_calc_error(text: str) -> None:
    try:
        canonical = canonical_unit(text)
    except CalcError:
        return
    assert canonical_unit(canonical) == canonical


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "expected"),
    [
        (25.0, "mg", "g", 0.025),
        (760.0, "mmHg", "kPa", 101.3250144354),
        (20.0, "degC", "K", 293.15),
        (20.0, "degC", "degF", 68.0),
        (68.0, "degF", "degC", 20.0),
        (0.1, "%", "1", 0.001),
        (1.0, "kWh", "MJ", 3.6),
        (1.0, "psi", "Pa", 6894.757293168362),
        (8000.0, "kg/m3", "g/cm3", 8.0),
        (5.0, "mK", "delta_degC", 0.005),
        (10000.005, "g", "kg", 10.000005),
    ],
)
def test_convert(value: float, from_unit: str, to_unit: str, expected: float) -> None:
    assert convert(value, from_unit, to_unit) == expected


@given(
    st.floats(-1e9, 1e9), st.sampled_from([("g", "kg"), ("mmHg", "kPa"), ("degC", "K"), ("in", "um"), ("deg", "rad")])
)
def test_there_and_back(value: float, pair: tuple[str, str]) -> None:
    there = convert(value, *pair)
    assert convert(there, *pair[::-1]) == pytest.approx(value, rel=1e-15, abs=1e-13)


@pytest.mark.parametrize(
    ("count", "unit", "wanted", "expected"),
    [
        ("16", "div(0.05 MPa)", "MPa", "0.8"),
        ("163", "ddiv(0.05 MPa)", "kPa", "815"),
        ("8.15", "bar", "ddiv(0.05 MPa)", "163"),
        ("25", "div(2 degC)", "degC", "50"),
    ],
)
def test_a_dial_is_read_in_divisions_and_their_tenths(count: str, unit: str, wanted: str, expected: str) -> None:
    assert convert(Decimal(count), unit, wanted) == Decimal(expected)
    assert is_compatible(unit, wanted)


@pytest.mark.parametrize(
    "text", ["div", "div()", "div(MPa)", "div(0 MPa)", "div(-1 MPa)", "div(1 blue)", "div(1 bar)/s"]
)
def test_a_division_says_what_it_is_worth(text: str) -> None:
    with pytest.raises(InvalidQuantity):
        canonical_unit(text)


def test_decimals_stay_exact() -> None:
    assert convert(Decimal("10000.0050"), "g", "kg") == Decimal("10.000005")
    assert exact_factor("mg", "kg") == Fraction(1, 1_000_000)


def test_differences_have_no_zero() -> None:
    assert convert_difference(1.8, "degF", "K") == 1.0
    assert convert_difference(0.5, "degC", "delta_degC") == 0.5
    assert not is_compatible("degC", "delta_degC")
    assert is_compatible("degC", "K")
    assert is_compatible("delta_degC", "K")
    with pytest.raises(InvalidQuantity) as caught:
        convert(0.5, "degC", "delta_degC")
    assert caught.value.code == "unit.point_and_difference"


def test_incompatible_units_are_named() -> None:
    assert not is_compatible("g", "mm")
    with pytest.raises(InvalidQuantity) as caught:
        convert(1.0, "g", "mm")
    assert caught.value.values["unit"] == "g"
    assert caught.value.values["expected"] == "mm"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("1e5000")])
def test_numbers_that_are_none(value: Any) -> None:
    with pytest.raises(InvalidQuantity):
        convert(value, "g", "kg")


@pytest.mark.parametrize(
    ("canonical", "shown"),
    [
        ("degC", "°C"),
        ("delta_degC", "°C"),
        ("kohm", "kΩ"),
        ("um", "µm"),
        ("g/cm3", "g/cm³"),
        ("N.m", "N·m"),
        ("m.s-2", "m·s⁻²"),
        ("1/degC", "1/°C"),
        ("%RH", "%RH"),
        ("mmHg", "mmHg"),
        ("1", ""),
        ("div(0.05 MPa)", "div(0.05 MPa)"),
        ("ddiv(2 degC)", "ddiv(2 °C)"),
    ],
)
def test_display(canonical: str, shown: str) -> None:
    assert display_unit(canonical) == shown


@given(
    st.one_of(st.floats(-1e9, 1e9), st.floats(-1e290, 1e290), st.decimals(-1000, 1000, places=4).map(float)),
    st.sampled_from([("mg", "g"), ("g", "mg"), ("kPa", "Pa"), ("um", "m"), ("kg", "ug"), ("%", "1"), ("1", "ppm")]),
)
def test_decimal_prefixes_are_converted_as_exact_arithmetic_does(value: float, units: tuple[str, str]) -> None:
    expected = float(exact(value) * exact_factor(*units))
    for found in (convert(value, *units), convert_difference(value, *units)):
        assert found.hex() == expected.hex()


def test_the_unit_of_a_difference() -> None:
    assert [difference_unit(unit) for unit in ("°C", "degF", "K", "kPa", "delta_degC")] == [
        "delta_degC",
        "delta_degF",
        "K",
        "kPa",
        "delta_degC",
    ]
