"""Risks at one measured value, and over a population, against published figures and independent integrals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from calc.decisions.conformity import GuardBandRule, ToleranceInterval, guard_factor
from calc.decisions.risk import (
    DEFINITIONS,
    RiskDefinition,
    accuracy_ratio,
    conformance_probability,
    decision_value,
    greatest_false_accept,
    greatest_false_reject,
    guard_band_for_risk,
    managed_guard_factor,
    specific_probabilities,
    specific_risk,
    uncertainty_ratio,
)
from calc.errors import InvalidQuantity, OutsideValidity

BOTH = ToleranceInterval(-10.0, 10.0)
UPPER = ToleranceInterval(None, 10.0)


def test_viscosity_of_motor_oil() -> None:
    # JCGM 106:2012, clause 7: 13.6 mm²/s, u 1.8, limits 12.5 and 16.3; p_C 66 %
    assert conformance_probability(13.6, 1.8, ToleranceInterval(12.5, 16.3)) == pytest.approx(0.66, abs=0.005)


def test_speed_limit() -> None:
    # JCGM 106:2012, 8.3.3.2: 100 km/h, 2 % relative standard uncertainty, 99.9 %: 107 km/h
    found = decision_value(100.0, 0.02, 0.999)
    assert found == pytest.approx(107.0, abs=0.5)
    over = specific_probabilities(found, 0.02 * found, ToleranceInterval(None, 100.0)).above
    assert over == pytest.approx(0.999, abs=1e-12)


@pytest.mark.parametrize(
    ("rule", "ppm"),
    [
        (GuardBandRule.SIMPLE, 500_000.0),
        (GuardBandRule.U, 25_000.0),
        (GuardBandRule.U_0_83, 50_000.0),
        (GuardBandRule.U_1_5, 1_600.0),
        (GuardBandRule.U_3, 1.0),
    ],
)
def test_bounds_of_false_acceptance(rule: GuardBandRule, ppm: float) -> None:
    # ILAC-G8:09/2019, table 1
    risk = greatest_false_accept(guard_factor(rule))
    assert 0.0 < risk.ppm <= ppm
    assert risk.definition is RiskDefinition.NONCONFORMING_AT_ACCEPTANCE_LIMIT


def test_relaxed_rejection_bounds_false_rejection() -> None:
    # ILAC-G8:09/2019, table 1, "uncritical": < 2.5 % false rejection
    risk = greatest_false_reject(guard_factor(GuardBandRule.UNCRITICAL))
    assert risk.probability == pytest.approx(0.02275, abs=1e-5)
    assert risk.definition is RiskDefinition.CONFORMING_AT_ACCEPTANCE_LIMIT
    assert greatest_false_accept(-1.0).probability == pytest.approx(1.0 - risk.probability, rel=1e-15)


def test_every_definition_has_words() -> None:
    assert set(DEFINITIONS) == set(RiskDefinition)
    assert specific_risk(0.0, 1.0, BOTH, accepted=True).words == DEFINITIONS[RiskDefinition.NONCONFORMING_AT_VALUE]


def test_the_risk_of_the_decision_taken() -> None:
    accepted = specific_risk(9.0, 1.0, BOTH, accepted=True)
    assert accepted.probability == pytest.approx(stats.norm.sf(1.0), rel=1e-12)
    rejected = specific_risk(11.0, 1.0, BOTH, accepted=False)
    assert rejected.probability == pytest.approx(stats.norm.sf(1.0), rel=1e-12)
    assert rejected.definition is RiskDefinition.CONFORMING_AT_VALUE


def test_few_degrees_of_freedom_raise_the_risk() -> None:
    found = specific_probabilities(9.0, 1.0, BOTH, degrees_of_freedom=3.0)
    assert found.above == pytest.approx(stats.t.sf(1.0, 3), rel=1e-12)
    assert greatest_false_accept(1.0, 2.0, 5.0).probability > greatest_false_accept(1.0).probability


@pytest.mark.parametrize("value", [-60.0, 60.0])
def test_tiny_probabilities_keep_their_digits(value: float) -> None:
    found = specific_probabilities(value, 2.0, BOTH)
    exact = stats.norm.sf(25.0) - stats.norm.sf(35.0)
    assert found.conforming == pytest.approx(exact, rel=1e-12)
    assert 0.0 < found.conforming < 1e-100


def test_without_uncertainty_the_value_decides() -> None:
    assert conformance_probability(10.0, 0.0, UPPER) == 1.0
    assert conformance_probability(10.1, 0.0, UPPER) == 0.0
    assert specific_risk(-11.0, 0.0, BOTH, accepted=True).probability == 1.0


@pytest.mark.parametrize("risk", [1e-4, 0.02, 0.05, 0.3])
@pytest.mark.parametrize("tolerance", [BOTH, UPPER])
@pytest.mark.parametrize("degrees", [4.0, math.inf])
def test_a_guard_band_for_a_wanted_risk(risk: float, tolerance: ToleranceInterval, degrees: float) -> None:
    u = 0.3
    w = guard_band_for_risk(risk, u, tolerance, degrees)
    assert tolerance.upper is not None
    on_limit = specific_probabilities(tolerance.upper - w, u, tolerance, degrees)
    assert on_limit.nonconforming == pytest.approx(risk, rel=1e-9)


def test_a_guard_band_counts_both_limits() -> None:
    narrow = ToleranceInterval(-1.0, 1.0)
    assert guard_band_for_risk(0.1, 0.55, narrow) > guard_band_for_risk(0.1, 0.55, ToleranceInterval(None, 1.0))
    with pytest.raises(OutsideValidity) as refused:
        guard_band_for_risk(0.05, 0.6, narrow)
    assert refused.value.code == "risk.unattainable"
    assert guard_band_for_risk(0.05, 0.0, narrow) == 0.0


def test_ratios() -> None:
    assert uncertainty_ratio(BOTH, 2.5) == 4.0
    assert accuracy_ratio(BOTH, ToleranceInterval(-1.0, 1.0)) == 10.0
    with pytest.raises(InvalidQuantity) as refused:
        uncertainty_ratio(UPPER, 1.0)
    assert refused.value.code == "risk.two_limits"


def test_managed_guard_band() -> None:
    assert managed_guard_factor(4.0) == pytest.approx(1.04 - math.exp(0.38 * math.log(4.0) - 0.54), rel=1e-15)
    assert managed_guard_factor(5.0) == 0.0
    assert managed_guard_factor(1.5) > managed_guard_factor(2.0) > 0.0


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: conformance_probability(math.nan, 1.0, BOTH), "quantity.not_finite"),
        (lambda: conformance_probability(0.0, -1.0, BOTH), "quantity.negative"),
        (lambda: conformance_probability(0.0, 1.0, BOTH, 0.5), "quantity.degrees_of_freedom"),
        (lambda: decision_value(0.0, 0.02, 0.9), "quantity.not_positive"),
        (lambda: decision_value(100.0, 0.02, 1.0), "quantity.out_of_range"),
        (lambda: decision_value(100.0, 0.5, 0.999), "risk.unattainable"),
        (lambda: guard_band_for_risk(0.0, 1.0, BOTH), "quantity.out_of_range"),
        (lambda: greatest_false_accept(math.inf), "quantity.not_finite"),
        (lambda: uncertainty_ratio(BOTH, 0.0), "quantity.not_positive"),
        (lambda: managed_guard_factor(0.0), "quantity.not_positive"),
    ],
)
def test_what_cannot_be_used_is_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises((InvalidQuantity, OutsideValidity)) as refused:
        call()
    assert refused.value.code == code


@given(
    y=st.floats(-50, 50),
    u=st.floats(1e-3, 50),
    degrees=st.one_of(st.just(math.inf), st.floats(1, 200)),
    scale=st.integers(-20, 20),
)
def test_probabilities_add_up_mirror_and_know_no_unit(y: float, u: float, degrees: float, scale: int) -> None:
    found = specific_probabilities(y, u, BOTH, degrees)
    assert found.conforming + found.nonconforming == pytest.approx(1.0, abs=1e-14)
    mirror = specific_probabilities(-y, u, BOTH, degrees)
    assert (mirror.below, mirror.above) == (found.above, found.below)
    factor = 2.0**scale
    other = specific_probabilities(y * factor, u * factor, ToleranceInterval(-10.0 * factor, 10.0 * factor), degrees)
    assert other == found


@given(r=st.floats(-1.5, 3), more=st.floats(0.01, 1), k=st.floats(1, 4))
def test_a_wider_guard_band_lowers_the_risk(r: float, more: float, k: float) -> None:
    assert greatest_false_accept(r + more, k).probability < greatest_false_accept(r, k).probability
