"""Type B evaluation: bounds, certificates, resolution and drift."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from calc import type_b
from calc.coverage import coverage_factor
from calc.errors import InvalidQuantity
from calc.quantities import Distribution, Evaluation


@pytest.mark.parametrize(
    ("distribution", "beta", "expected"),
    [
        (Distribution.RECTANGULAR, None, 1 / math.sqrt(3)),
        (Distribution.TRIANGULAR, None, 1 / math.sqrt(6)),
        (Distribution.ARCSINE, None, 1 / math.sqrt(2)),
        (Distribution.TRAPEZOIDAL, 0.0, 1 / math.sqrt(6)),
        (Distribution.TRAPEZOIDAL, 1.0, 1 / math.sqrt(3)),
        (Distribution.TRAPEZOIDAL, 0.5, math.sqrt(1.25 / 6)),
    ],
)
def test_half_width(distribution: Distribution, beta: float | None, expected: float) -> None:
    found = type_b.half_width(5.0, 2.0, "mm", distribution, beta=beta)
    assert found.estimate.standard_uncertainty == pytest.approx(2 * expected, rel=1e-15)
    assert (found.estimate.value, found.distribution) == (5.0, distribution)
    assert found.parameters["half_width"] == 2.0


def test_certificate() -> None:
    assert type_b.expanded(10000.005, 0.045, 2, "g").estimate.standard_uncertainty == 0.0225
    level = type_b.expanded_at_level(1.0, 0.1, 0.95, "g", 10).estimate
    assert level.standard_uncertainty == pytest.approx(0.1 / 2.2281, rel=1e-4)
    assert level.degrees_of_freedom == 10.0
    assert type_b.expanded_at_level(0.0, 129e-6, 0.99, "ohm").estimate.standard_uncertainty == pytest.approx(
        129e-6 / coverage_factor(math.inf, 0.99), rel=1e-15
    )


def test_resolution_and_drift() -> None:
    assert type_b.resolution("g", 0.01).estimate.standard_uncertainty == pytest.approx(0.01 * 0.288675, rel=1e-5)
    found = type_b.drift("mg", 15.0)
    assert (found.estimate.value, found.distribution) == (0.0, Distribution.RECTANGULAR)
    as_input = found.as_input("drift", "history 2021 to 2025")
    assert (as_input.key, as_input.evaluation, as_input.origin) == ("drift", Evaluation.B, "history 2021 to 2025")
    assert as_input.parameters == {"half_width": 15.0}


def test_degrees_of_freedom_from_relative_uncertainty() -> None:
    assert type_b.degrees_of_freedom_from_relative_uncertainty(0.25) == 8.0  # JCGM 100:2008, G.4.2 example
    assert type_b.degrees_of_freedom_from_relative_uncertainty(0.9) == 1.0


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: type_b.half_width(0.0, -1.0, "g"), "quantity.negative"),
        (lambda: type_b.half_width(0.0, math.nan, "g"), "quantity.not_finite"),
        (lambda: type_b.half_width(0.0, 1.0, "g", Distribution.GAMMA), "quantity.unknown_distribution"),
        (lambda: type_b.half_width(0.0, 1.0, "g", Distribution.TRAPEZOIDAL), "quantity.parameter_missing"),
        (lambda: type_b.half_width(0.0, 1.0, "g", Distribution.TRAPEZOIDAL, beta=1.5), "quantity.out_of_range"),
        (lambda: type_b.expanded(0.0, 1.0, 0.0, "g"), "quantity.not_positive"),
        (lambda: type_b.expanded(0.0, -1.0, 2.0, "g"), "quantity.negative"),
        (lambda: type_b.expanded_at_level(0.0, 1.0, 1.0, "g"), "coverage.probability"),
        (lambda: type_b.resolution("g", 0.0), "quantity.not_positive"),
        (lambda: type_b.standard(0.0, 1.0, "g", 0.0), "quantity.degrees_of_freedom"),
        (lambda: type_b.degrees_of_freedom_from_relative_uncertainty(0.0), "quantity.not_positive"),
        (lambda: type_b.limits(2.0, 1.0, "g"), "conformity.limits"),
        (lambda: type_b.limits(math.nan, 1.0, "g"), "quantity.not_finite"),
        (lambda: type_b.curvilinear_trapezoid(0.0, 1.0, 1.1, "g"), "quantity.out_of_range"),
        (lambda: type_b.curvilinear_trapezoid(0.0, 1.0, -0.1, "g"), "quantity.out_of_range"),
        (lambda: type_b.t(0.0, 1.0, 2.0, "g", stated=type_b.TScale.STANDARD_DEVIATION), "quantity.out_of_range"),
        (lambda: type_b.t(0.0, -1.0, 5.0, "g"), "quantity.negative"),
        (lambda: type_b.exponential(0.0, "g"), "quantity.not_positive"),
        (lambda: type_b.gamma(0.0, 1.0, "g"), "quantity.not_positive"),
        (lambda: type_b.counts(-1), "quantity.negative"),
        (lambda: type_b.counts(1.5), "quantity.not_a_number"),  # type: ignore[arg-type]
    ],
)
def test_refused(make: Callable[[], object], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        make()
    assert caught.value.code == code
