"""Reported text: half-way and carry cases, properties of rounding, both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.errors import InvalidQuantity
from calc.rounding import (
    MINUS,
    THIN_SPACE,
    ReportedResult,
    RoundingMode,
    coverage_factor_text,
    delocalise,
    localise,
    probability_text,
    report,
    report_deviation,
    reported_uncertainty,
    round_to_decimals,
    round_uncertainty,
)

positives = st.floats(min_value=1e-12, max_value=1e12, allow_nan=False)
values = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)
digits = st.integers(1, 2)
modes = st.sampled_from(RoundingMode)
canonical = st.from_regex(r"-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,12})?", fullmatch=True)


@pytest.mark.parametrize(
    ("value", "uncertainty", "mode", "expected"),
    [
        (10000.025, 0.0585, "nearest", ("10000.025", "0.059", 3)),  # a half goes up
        (10000.025, 0.0995, "nearest", ("10000.03", "0.10", 2)),  # carry; 10000.025 is a half too
        (1.0, 0.0994, "nearest", ("1.000", "0.099", 3)),
        (1.0, 0.0991, "up", ("1.00", "0.10", 2)),
        (1.0, 0.12, "up", ("1.00", "0.12", 2)),
        (1.0, 0.1200000001, "up", ("1.00", "0.13", 2)),
        (-2.5, 11.0, "nearest", ("-3", "11", 0)),
        (-0.001, 0.5, "nearest", ("0.00", "0.50", 2)),  # zero has no sign
        (123456.0, 4321.0, "nearest", ("123500", "4300", -2)),
        (1e-7, 3.14e-9, "nearest", ("0.0000001000", "0.0000000031", 10)),
        (1e22, 2.5e21, "nearest", ("10000000000000000000000", "2500000000000000000000", -20)),
        (1.25, 0.0, "nearest", ("1.25", "0", 2)),
    ],
)
def test_report(value: float, uncertainty: float, mode: str, expected: tuple[str, str, int]) -> None:
    assert report(value, uncertainty, "g", mode=RoundingMode(mode)) == ReportedResult(*expected, "g")


@pytest.mark.parametrize(
    ("number", "mode", "rounded"),
    [
        ("10.47", "up", "11"),  # JCGM 100:2008, 7.2.6: 10.47 mohm may be rounded up to 11 mohm
        ("28.05", "nearest", "28"),  # 28.05 kHz should be rounded down to 28 kHz
        ("0.0995", "nearest", "0.10"),
        ("9.95", "nearest", "10"),
        ("9.949999", "nearest", "9.9"),
        ("99.5", "nearest", "1.0E+2"),
        ("0.00010000000001", "up", "0.00011"),
        ("0.00010", "up", "0.00010"),
    ],
)
def test_uncertainties(number: str, mode: str, rounded: str) -> None:
    assert str(round_uncertainty(Decimal(number), 2, RoundingMode(mode))) == rounded


def test_exact_numbers_are_reported_as_they_are() -> None:
    assert report(Decimal("0.12345678901234567891"), Decimal("0.0000000000000000025"), "g") == ReportedResult(
        "0.1234567890123456789", "0.0000000000000000025", 19, "g"
    )


def test_one_digit_is_rounded_up_where_it_would_lose_more_than_five_per_cent() -> None:
    assert report(1.0, 0.14, "g", digits=1).expanded_uncertainty == "0.2"
    assert report(1.0, 0.104, "g", digits=1).expanded_uncertainty == "0.1"


@given(values, positives, digits, modes)
def test_reporting_twice_changes_nothing(value: float, uncertainty: float, kept: int, mode: RoundingMode) -> None:
    once = report(value, uncertainty, "g", digits=kept, mode=mode)
    again = report(float(once.value), float(once.expanded_uncertainty), "g", digits=kept, mode=mode)
    assert again == once


@given(values, positives, digits)
def test_up_is_never_smaller(value: float, uncertainty: float, kept: int) -> None:
    reported = report(value, uncertainty, "g", digits=kept, mode=RoundingMode.UP)
    assert Decimal(reported.expanded_uncertainty) >= Decimal(repr(uncertainty))


@given(values, positives, digits)
def test_nearest_is_within_half_a_place(value: float, uncertainty: float, kept: int) -> None:
    reported = report(value, uncertainty, "g", digits=kept)
    place = Decimal(1).scaleb(-reported.decimals)
    assert abs(Decimal(reported.value) - Decimal(repr(value))) <= place / 2
    # a carry makes the last place ten times larger than the one that was rounded to
    assert Decimal(reported.expanded_uncertainty) >= Decimal("0.95") * Decimal(repr(uncertainty))
    assert Decimal(reported.expanded_uncertainty) - Decimal(repr(uncertainty)) <= place
    significant = reported.expanded_uncertainty.replace(".", "").strip("0")
    assert len(significant) <= kept


@given(canonical, st.sampled_from(["vi", "en"]))
def test_localised_text_reads_back(text: str, language: str) -> None:
    assert delocalise(localise(text, language), language) == text


@pytest.mark.parametrize(
    ("text", "vietnamese", "english"),
    [
        ("10000.025", f"10{THIN_SPACE}000,025", f"10{THIN_SPACE}000.025"),
        ("1234.5678", "1234,5678", "1234.5678"),
        ("-0.00012345", f"{MINUS}0,000{THIN_SPACE}123{THIN_SPACE}45", f"{MINUS}0.000{THIN_SPACE}123{THIN_SPACE}45"),
        ("1234567", f"1{THIN_SPACE}234{THIN_SPACE}567", f"1{THIN_SPACE}234{THIN_SPACE}567"),
        ("+7", "+7", "+7"),
    ],
)
def test_localise(text: str, vietnamese: str, english: str) -> None:
    assert (localise(text, "vi"), localise(text, "en")) == (vietnamese, english)


def test_four_decimals_may_be_grouped() -> None:
    assert localise("1.2345", "vi") == "1,2345"
    assert localise("1.2345", "vi", longest_together=3) == f"1,234{THIN_SPACE}5"
    assert localise("1234.567", "en", longest_together=3) == "1234.567"


@pytest.mark.parametrize("text", ["", "1,5", "1e5", "NaN", " 1", "1.", ".5", "--1", "١"])
def test_localise_refuses_what_is_not_canonical(text: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        localise(text, "vi")
    assert caught.value.code == "rounding.text"


@pytest.mark.parametrize(("text", "language"), [("1.5", "vi"), ("1,5", "en"), ("10000", "vi"), ("-1", "en")])
def test_delocalise_refuses_the_other_language(text: str, language: str) -> None:
    with pytest.raises(InvalidQuantity):
        delocalise(text, language)


def test_unknown_language() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        localise("1", "fr")
    assert caught.value.code == "rounding.language"


@pytest.mark.parametrize(
    ("estimate", "vietnamese", "english"),
    [
        (10000.025, "10 kg + 25 mg", "10 kg + 25 mg"),
        (9999.9755, f"10 kg {MINUS} 25 mg", f"10 kg {MINUS} 25 mg"),
        (10000.0001, "10 kg + 0 mg", "10 kg + 0 mg"),
        (9999.9999, "10 kg + 0 mg", "10 kg + 0 mg"),
    ],
)
def test_nominal_plus_deviation(estimate: float, vietnamese: str, english: str) -> None:
    reported = report_deviation("10", "kg", estimate, 0.0586, "g", "mg")
    assert (reported.text("vi"), reported.text("en")) == (vietnamese, english)
    assert reported.uncertainty_text("vi") == "59 mg"


def test_deviation_with_decimals() -> None:
    reported = report_deviation("200", "g", 200.0000123, 0.0000301, "g", "mg")
    assert reported.text("vi") == "200 g + 0,012 mg"
    assert reported.text("en") == "200 g + 0.012 mg"
    assert reported.uncertainty_text("vi") == "0,030 mg"


@pytest.mark.parametrize(
    ("factor", "vietnamese", "english"), [(2.0, "2", "2"), (2.1314, "2,13", "2.13"), (4.5266, "4,53", "4.53")]
)
def test_coverage_factor_text(factor: float, vietnamese: str, english: str) -> None:
    assert (coverage_factor_text(factor, "vi"), coverage_factor_text(factor, "en")) == (vietnamese, english)


def test_probability_text() -> None:
    assert probability_text(0.9545, "vi") == "95,45 %"
    assert probability_text(0.95, "en") == "95 %"
    assert probability_text(0.9, "en") == "90 %"
    with pytest.raises(InvalidQuantity):
        probability_text(95.45, "vi")


def test_floor_of_the_scope() -> None:
    assert reported_uncertainty(0.05, 0.06) == 0.06
    assert reported_uncertainty(0.07, 0.06) == 0.07
    assert reported_uncertainty(0.05, None) == 0.05


def test_round_to_decimals() -> None:
    assert round_to_decimals(2.675, 2) == "2.68"  # the float lies below, its text is a half
    assert round_to_decimals(Decimal("-0.004"), 2) == "0.00"
    assert round_to_decimals(1234.5, -2) == "1200"


@pytest.mark.parametrize(
    ("value", "uncertainty", "kept", "code"),
    [
        (float("nan"), 1.0, 2, "quantity.not_finite"),
        (1.0, float("inf"), 2, "quantity.not_finite"),
        (1.0, -0.1, 2, "quantity.negative"),
        (1.0, 0.1, 3, "rounding.digits"),
        (1.0, 0.0, 0, "rounding.digits"),
    ],
)
def test_refused(value: float, uncertainty: float, kept: int, code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        report(value, uncertainty, "g", digits=kept)
    assert caught.value.code == code
