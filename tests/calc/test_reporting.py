"""A value with its uncertainty as one text, in both languages, and read back."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uncertainties import ufloat_fromstr  # the package's own reader, a peer of `read_written`

from calc.errors import InvalidQuantity
from calc.quantities import Estimate
from calc.reporting import ScopeFloor, floored, read_written, significant, write, write_estimate
from calc.rounding import RoundingMode

THIN, GAP = "\u2009", "\u00a0"


@pytest.mark.parametrize(
    ("value", "u", "unit", "concise", "both"),
    [
        (1.2345, 0.0067, "m", f"1.234{THIN}5(67){GAP}m", f"(1.2345 ± 0.0067){GAP}m"),
        # JCGM 100:2008, 7.2.2: a 100 g standard with u = 0.35 mg
        (100.02147, 0.00035, "g", f"100.021{THIN}47(35){GAP}g", f"(100.021{THIN}47 ± 0.000{THIN}35){GAP}g"),
        (12.3, 1.1, "g", f"12.3(1.1){GAP}g", f"(12.3 ± 1.1){GAP}g"),
        (10.0, 0.99499, "g", f"10.00(99){GAP}g", f"(10.00 ± 0.99){GAP}g"),
        (9.996, 0.995, "g", f"10.0(1.0){GAP}g", f"(10.0 ± 1.0){GAP}g"),  # the carry takes the digits across the mark
        (9.996, 0.0995, "V", f"10.00(10){GAP}V", f"(10.00 ± 0.10){GAP}V"),
        (123456.0, 4321.0, "g", f"123{THIN}500(4300){GAP}g", f"(123{THIN}500 ± 4300){GAP}g"),
        (250.4, 12.0, "g", f"250(12){GAP}g", f"(250 ± 12){GAP}g"),
        (20.5, 0.25, "degC", f"20.50(25){GAP}°C", f"(20.50 ± 0.25){GAP}°C"),
        (30.5, 0.25, "deg", "30.50(25)°", "(30.50 ± 0.25)°"),
        (-0.0004, 0.05, "1", "0.000(50)", "0.000 ± 0.050"),
        (1.5, 0.0, "V", f"1.5(0){GAP}V", f"(1.5 ± 0){GAP}V"),
    ],
)
def test_forms(value: float, u: float, unit: str, concise: str, both: str) -> None:
    written = write(value, u, unit)
    assert written.concise("en") == concise
    assert written.plus_minus("en") == both
    vietnamese = concise.replace(".", ",")
    assert written.concise("vi") == vietnamese
    assert written.plus_minus("vi") == both.replace(".", ",")


@pytest.mark.parametrize(
    ("value", "u", "exponent", "concise", "both"),
    [
        # CODATA 2018: the Newtonian constant of gravitation as printed
        (6.67430e-11, 0.00015e-11, None, f"6.674{THIN}30(15){GAP}×{GAP}10⁻¹¹", "-11"),
        (1.2345e-7, 6.7e-10, -9, f"123.45(67){GAP}×{GAP}10⁻⁹", "-9"),
        (123456789.0, 0.12, 6, f"123.456{THIN}789{THIN}00(12){GAP}×{GAP}10⁶", "6"),
        (99.96, 9.96, None, f"1.00(10){GAP}×{GAP}10²", "2"),
        (0.0, 5e-9, None, f"0.0(5.0){GAP}×{GAP}10⁻⁹", "-9"),  # the uncertainty leads where it is the larger one
    ],
)
def test_powers_of_ten(value: float, u: float, exponent: int | None, concise: str, both: str) -> None:
    written = write(value, u, "1", exponent=exponent)
    assert written.concise("en") == concise
    assert written.exponent == int(both)
    assert written.plus_minus("en").startswith("(")
    assert written.plus_minus("en").endswith(concise.partition(")")[2])


def test_the_shift_is_exact() -> None:
    # 0.1235 is a half for three places and a double below it: the decimal text counts, also behind a power of ten
    assert write(0.1235e-6, 0.01e-6, "m", exponent=-6, digits=1).value == "0.12"
    assert write(1.235e-6, 0.1e-6, "m", exponent=-6).value == "1.24"
    assert write(1.25e-7, 1e-8, "m", exponent=-7, digits=1).value == "1.3"


def test_expanded_uncertainty_and_rounding_up() -> None:
    estimate = Estimate(10000.025, 0.02928, "g")
    assert write_estimate(estimate).uncertainty == "0.029"
    assert write_estimate(estimate, coverage_factor=2.0).uncertainty == "0.059"
    assert write_estimate(estimate, coverage_factor=2.0, digits=1).uncertainty == "0.06"
    assert write(1.0, 0.1201, "g", mode=RoundingMode.UP).uncertainty == "0.13"


@given(
    st.floats(-1e9, 1e9, allow_nan=False),
    st.floats(1e-9, 1e6, allow_nan=False),
    st.integers(1, 2),
    st.sampled_from([0, None, -6, 3]),
    st.sampled_from(["vi", "en"]),
)
def test_what_is_written_is_read_back(value: float, u: float, digits: int, exponent: int | None, language: str) -> None:
    written = write(value, u, "1", digits=digits, exponent=exponent)
    scale = f"e{written.exponent}"
    stated = (float(f"{written.value}{scale}"), float(f"{written.uncertainty}{scale}"))
    for text in (written.concise(language), written.plus_minus(language)):
        read = read_written(text, "1", language=language)
        assert (read.value, read.standard_uncertainty) == stated


@pytest.mark.parametrize(
    "text", ["1.2345(67)", "-0.0001(67)", "12.3(1.1)", "123500(4300)", "12.3+/-0.5", "12.3±0.5", "1.234(5)", "100(3)"]
)
def test_agrees_with_the_reader_of_uncertainties(text: str) -> None:
    peer = ufloat_fromstr(text)
    read = read_written(text, "g")
    assert (read.value, read.standard_uncertainty) == (peer.nominal_value, peer.std_dev)


def test_a_power_of_ten_costs_no_digit() -> None:
    assert read_written("1.2345(67)e-7", "1").value == 1.2345e-7
    assert ufloat_fromstr("1.2345(67)e-7").nominal_value != 1.2345e-7


REFUSED = ["", "1.2", "abc", "1.2(-3)", "1.2(nan)", "1.2(3", "1.2(3)(4)", "1,2(3)", "1.2 ± 0.1 × 10^-7", "nan(1)"]


@pytest.mark.parametrize("text", [*REFUSED, "1.2()", "1(2)" * 100, "1.2(3)e9999", "__import__('os')", "(1.2)±(3)"])
def test_refused_texts(text: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        read_written(text, "g")
    assert caught.value.code == "reporting.text"


@given(st.text(max_size=30))
def test_reading_anything_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(InvalidQuantity):
        assert math.isfinite(read_written(text, "g").value)


def test_refused_numbers() -> None:
    for arguments in ((math.nan, 1.0), (1.0, math.inf), (1.0, -1.0)):
        with pytest.raises(InvalidQuantity):
            write(*arguments, "g")
    with pytest.raises(InvalidQuantity) as caught:
        write(1.0, 0.1, "g", exponent=400)
    assert caught.value.code == "quantity.out_of_range"
    with pytest.raises(InvalidQuantity):
        read_written("1.2(3)", "g", language="fr")


def test_floor_of_the_scope() -> None:
    floor = ScopeFloor(50.0, "mg", 0.9545)
    assert floored(0.040, "g", 0.9545, floor) == 0.050
    assert floored(0.060, "g", 0.9545, floor) == 0.060
    assert floored(0.040, "g", 0.9545, None) == 0.040
    with pytest.raises(InvalidQuantity) as caught:
        floored(0.040, "g", 0.99, floor)
    assert caught.value.code == "reporting.probability"
    with pytest.raises(InvalidQuantity):
        floored(0.040, "mm", 0.9545, floor)
    with pytest.raises(InvalidQuantity):
        ScopeFloor(-1.0, "g", 0.9545)


@pytest.mark.parametrize(
    ("number", "digits", "english"),
    [
        (0.0, 6, "0"),
        (0.029261749776799063, 6, f"0.029{THIN}261{THIN}7"),
        (10000.0, 4, f"10{THIN}000"),
        (1234567.89, 4, f"1{THIN}235{THIN}000"),
        (2.5, 1, "3"),
        (-0.00012, 6, f"\u22120.000{THIN}12"),
        (-1.5e-9, 3, f"\u22121.5{GAP}×{GAP}10⁻⁹"),
        (999999999.6, 9, f"1{GAP}×{GAP}10⁹"),
        (math.inf, 4, "∞"),
        (-math.inf, 4, "\u2212∞"),
    ],
)
def test_numbers_in_a_table(number: float, digits: int, english: str) -> None:
    assert significant(number, digits, "en") == english
    assert significant(number, digits, "vi") == english.replace(".", ",")


def test_numbers_that_are_none() -> None:
    for arguments in ((math.nan, 3, "en"), (1.0, 0, "en"), (1.0, 18, "en"), (1.0, 3, "fr")):
        with pytest.raises(InvalidQuantity):
            significant(*arguments)
