"""Statements of accuracy: what they limit, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc import type_b
from calc.accuracy import AccuracySpecification, parse_accuracy
from calc.errors import InvalidQuantity
from calc.quantities import Distribution


def test_every_term() -> None:
    """0.02 % of 5 V, 0.01 % of 10 V, 2 steps of 1 mV and 5 µV: 1 + 1 + 2 + 0.005 mV."""
    specification = AccuracySpecification("V", 0.02, 0.01, 10.0, 2.0, 0.001, 5e-6)
    assert specification.half_width(5.0) == pytest.approx(4.005e-3, rel=1e-12)
    assert specification.half_width(-5.0) == specification.half_width(5.0)
    assert specification.half_width(5000.0, "mV") == pytest.approx(4.005, rel=1e-12)


def test_per_cent_of_a_temperature_are_of_the_number_on_its_scale() -> None:
    specification = parse_accuracy("0.3 K + 0.5 % rdg", "degC")
    assert specification.half_width(100.0) == pytest.approx(0.8)
    assert specification.half_width(212.0, "degF") == pytest.approx(0.8 * 1.8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0,02 % rdg + 0.01 % FS + 2 digits + 5 uV", (0.02, 0.01, 2.0, 5e-6)),
        ("±(50 ppm of reading + 3 counts)", (0.005, 0.0, 3.0, 0.0)),
        ("+/- 0.5 % of span", (0.0, 0.5, 0.0, 0.0)),
        ("0,1 % giá trị đọc + 2 chữ số + 1 mV", (0.1, 0.0, 2.0, 1e-3)),
        ("0,1 % của toàn thang", (0.0, 0.1, 0.0, 0.0)),
        ("1 ‰ rdg + 1e-3 V", (0.1, 0.0, 0.0, 1e-3)),
        ("0.01 % RDG + 0.01 % Reading", (0.02, 0.0, 0.0, 0.0)),
        ("5 mV", (0.0, 0.0, 0.0, 5e-3)),
    ],
)
def test_reading(text: str, expected: tuple[float, ...]) -> None:
    found = parse_accuracy(text, "V", full_scale=10.0, resolution=0.001)
    numbers = (found.percent_of_reading, found.percent_of_full_scale, found.digits, found.constant)
    assert numbers == pytest.approx(expected, rel=1e-12)


def test_a_per_cent_may_be_the_unit() -> None:
    found = parse_accuracy("2 %RH + 1 % rdg", "%RH")
    assert (found.constant, found.percent_of_reading) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: parse_accuracy("2 %", "V"), "quantity.accuracy"),
        (lambda: parse_accuracy("", "V"), "quantity.accuracy"),
        (lambda: parse_accuracy("0.1 % rdg +", "V"), "quantity.accuracy"),
        (lambda: parse_accuracy("3", "V"), "quantity.accuracy"),
        (lambda: parse_accuracy("3 g", "V"), "quantity.accuracy"),
        (lambda: parse_accuracy("-3 V", "V"), "quantity.accuracy"),
        (lambda: parse_accuracy("0.1 % of nothing", "V"), "quantity.accuracy"),
        (lambda: parse_accuracy("0.1 % rdg " * 100, "V"), "quantity.accuracy"),
        (lambda: parse_accuracy("1e999 V", "V"), "quantity.not_finite"),
        (lambda: parse_accuracy("1e999 % rdg", "V"), "quantity.not_finite"),
        (lambda: parse_accuracy("0.1 % FS", "V"), "quantity.parameter_missing"),
        (lambda: parse_accuracy("2 digits", "V"), "quantity.parameter_missing"),
        (lambda: AccuracySpecification("V", -1.0), "quantity.negative"),
        (lambda: AccuracySpecification("V", full_scale=0.0), "quantity.not_positive"),
        (lambda: AccuracySpecification("wonders"), "unit.unknown"),
        (lambda: AccuracySpecification("V", 1.0, full_scale=10.0).half_width(10.1), "quantity.out_of_range"),
        (lambda: AccuracySpecification("V", 1.0).half_width(1.0, "g"), "unit.incompatible"),
        (lambda: AccuracySpecification("V", 1.0).half_width(math.nan), "quantity.not_finite"),
    ],
)
def test_refusals(make: Callable[[], object], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        make()
    assert caught.value.code == code


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_accuracy(text, "V", full_scale=10.0, resolution=0.001)
    except InvalidQuantity:
        return
    assert found.half_width(1.0) >= 0.0


def test_as_a_type_b_evaluation() -> None:
    specification = AccuracySpecification("V", percent_of_reading=1.0)
    limit = type_b.accuracy("mV", specification, 200.0)
    assert (limit.distribution, limit.estimate.unit, limit.estimate.value) == (Distribution.RECTANGULAR, "mV", 0.0)
    assert limit.parameters["half_width"] == pytest.approx(2.0)
    expanded = type_b.accuracy("mV", specification, 200.0, coverage_factor=2.0, degrees_of_freedom=8.0)
    assert expanded.estimate.standard_uncertainty == pytest.approx(1.0)
    assert (expanded.distribution, expanded.estimate.degrees_of_freedom) == (Distribution.NORMAL, 8.0)
