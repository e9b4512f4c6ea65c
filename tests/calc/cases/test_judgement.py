"""How a computed figure is held against a published one."""

from __future__ import annotations

import math

import pytest

from calc.cases.facts import Agreement, Expectation, correct_digits, judge
from calc.cases.tables import Table


def _entry(value: float | None, tolerance: float = 0.0, operator: str = "=") -> Expectation:
    return Expectation(Table({}, "c"), "u", None, value, tolerance, operator)


@pytest.mark.parametrize(
    ("computed", "value", "tolerance", "operator", "agreement"),
    [
        (1.04, 1.0, 0.05, "=", Agreement.MET),
        (1.05, 1.0, 0.05, "=", Agreement.MET),  # 1.05 - 1 is a little more than 0.05 in floats
        (1.06, 1.0, 0.05, "=", Agreement.NOT_MET),
        (4.0, 4.0, 0.0, "=", Agreement.MET),
        (math.inf, math.inf, 0.0, "=", Agreement.MET),
        (4.000001, 4.0, 0.0, "=", Agreement.NOT_MET),
        (500000.0, 500000.0, 1e-6, "<=", Agreement.MET),
        (500001.0, 500000.0, 1e-6, "<=", Agreement.NOT_MET),
        (24999.0, 25000.0, 0.0, "<", Agreement.MET),
        (25000.0, 25000.0, 0.0, "<", Agreement.NOT_MET),
    ],
)
def test_within_the_tolerance(
    computed: float, value: float, tolerance: float, operator: str, agreement: Agreement
) -> None:
    assert judge(_entry(value, tolerance, operator), computed, 0.0) == (agreement, None)


def test_nothing_published_nothing_judged() -> None:
    assert judge(_entry(None), 1.0, 0.0) == (None, None)


def test_a_tolerance_of_extended_precision_counts_digits() -> None:
    agreement, digits = judge(_entry(2.0, 2e-13), 2.0 * (1 + 1e-10), 0.0)
    assert agreement is Agreement.DIGITS
    assert digits == pytest.approx(10.0, abs=1e-3)
    assert judge(_entry(2.0, 2e-13), 2.0 * (1 + 1e-8), 0.0)[0] is Agreement.NOT_MET
    # a published 0 counts by the size of the data
    assert judge(_entry(0.0, 1e-20), 1e-8, 1e3)[0] is Agreement.DIGITS
    assert judge(_entry(0.0, 1e-20), 1e-3, 1e3)[0] is Agreement.NOT_MET


def test_correct_digits() -> None:
    assert correct_digits(1.0, 1.0, 0.0) == 15.0
    assert correct_digits(1.001, 1.0, 0.0) == pytest.approx(3.0, abs=1e-3)
    assert correct_digits(5.0, 1.0, 0.0) == 0.0
    assert correct_digits(1e-6, 0.0, 100.0) == pytest.approx(8.0)
