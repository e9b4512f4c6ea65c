"""Numbers as people type them: decimal comma and point, groups, signs; never guessed, never an exception."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.core.errors import InvalidInput
from lims.core.numbers import parse_decimal, require_decimal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12,5", "12.5"),
        ("12.5", "12.5"),
        (" 0,010 ", "0.010"),
        ("-0,010", "-0.010"),
        ("−0.010", "-0.010"),
        ("+3", "3"),
        (",5", "0.5"),
        ("5,", "5"),
        ("1 234,5", "1234.5"),
        ("1\u2009234\u2009567,25", "1234567.25"),
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1.234.567", "1234567"),
        ("1,234,567.8", "1234567.8"),
        ("2e-3", "0.002"),
        ("1,5E2", "150"),
        ("10 000,005", "10000.005"),
    ],
)
def test_reads_what_people_type(text: str, number: str) -> None:
    assert parse_decimal(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "abc",
        "1,2,3",
        "12.34.56",
        "1.23,456,7",
        "1 2",
        "12 34",
        "--1",
        "1-",
        "0x10",
        "nan",
        "inf",
        "٣",
        "1_000",
        "1e9999",
        "9" * 41,
        "1,234.567,8",
    ],
)
def test_refuses_what_is_no_number(text: str) -> None:
    assert parse_decimal(text) is None


def test_trailing_zeros_are_kept() -> None:
    assert str(parse_decimal("0,0100")) == "0.0100"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_comma_and_point_read_the_same(number: Decimal) -> None:
    plain = f"{number:f}"
    assert parse_decimal(plain) == number
    assert parse_decimal(plain.replace(".", ",")) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_grouped_numbers_read_the_same(number: Decimal) -> None:
    english = f"{number:,f}"
    vietnamese = english.translate(str.maketrans(",.", ".,"))
    spaced = english.replace(",", "\u2009").replace(".", ",")
    assert {parse_decimal(english), parse_decimal(vietnamese), parse_decimal(spaced)} == {number}


@given(st.text(max_size=60))
def test_any_text_gives_a_finite_number_or_none(text: str) -> None:
    number = parse_decimal(text)
    assert number is None or number.is_finite()


@pytest.mark.parametrize(("text", "code"), [("", "number.missing"), ("10 g", "number.not_a_number")])
def test_a_field_error_names_the_field(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        require_decimal("reading", text)
    assert [(error.field, error.code) for error in caught.value.fields] == [("reading", code)]
