"""The value of a standard at a point, on plain facts: exact decimals, drift, interpolation, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lims.core.errors import RuleViolation
from standards.calibration_facts import ContentFacts, ContentKind, Interpolation, Point, PointFacts
from standards.curve_points import Span
from standards.facts import DriftFacts
from standards.formula import FormulaError, evaluate_formula
from standards.reference import correlations, reference_value
from tests.standards.plain import calibration, weight

ON = date(2026, 3, 2)
DRIFT = DriftFacts(1, 1, None, "15", "mg", "rectangular", "calibration", None, "history", date(2026, 1, 15), "KT-01")


def curve(*, interpolation: Interpolation = Interpolation.LINEAR) -> ContentFacts:
    """A gauge certified at three points, U in kPa."""
    rows = (("0", "0", "1.0"), ("0.8", "0.8002", "1.2"), ("1.6", "1.6005", "1.4"))
    points = tuple(
        PointFacts(n, Decimal(value), argument=Decimal(at), expanded_uncertainty=Decimal(u), coverage_factor=Decimal(2))
        for n, (at, value, u) in enumerate(rows, start=1)
    )
    return weight(
        kind=ContentKind.CURVE,
        quantity="pressure",
        unit="MPa",
        nominal=None,
        value=None,
        expanded_uncertainty=None,
        expanded_uncertainty_unit="kPa",
        interpolation=interpolation.value,
        points=points,
    )


def at(text: str, unit: str = "MPa") -> Point:
    """A point of pressure."""
    return Point(Decimal(text), unit)


def refusal(content: ContentFacts, point: Point | None) -> str:
    """Return the code with which a value is refused."""
    with pytest.raises(RuleViolation) as caught:
        reference_value(calibration(), content, point, (), ON)
    return caught.value.code


def test_the_weight_of_the_published_example() -> None:
    value = reference_value(calibration(), weight(), None, (DRIFT,), ON)
    assert f"{value.value:f}" == "10000.005"
    assert (value.unit, value.expanded_uncertainty, value.coverage_factor) == ("g", Decimal("0.045"), Decimal(2))
    assert value.degrees_of_freedom is None
    assert value.drift is not None
    assert (value.drift.half_width, value.drift.unit, value.drift.distribution) == (
        Decimal("0.015"),
        "g",
        "rectangular",
    )
    assert value.drift.correction == 0
    assert [(part.kind, part.value, part.unit) for part in value.contributions] == [
        ("certificate", Decimal(45), "mg"),
        ("drift", Decimal("0.015"), "g"),
    ]


def test_the_digest_follows_what_is_said() -> None:
    plain = reference_value(calibration(), weight(), None, (), ON)
    assert plain.digest == reference_value(calibration(), weight(), None, (), ON).digest
    assert plain.digest != reference_value(calibration(), weight(), None, (DRIFT,), ON).digest
    assert plain.digest != reference_value(calibration(), weight(value=Decimal("10000.006")), None, (), ON).digest


def test_a_relative_uncertainty_is_taken_of_the_value() -> None:
    content = weight(expanded_uncertainty=Decimal("0.02"), expanded_uncertainty_unit="%")
    assert reference_value(calibration(), content, None, (), ON).expanded_uncertainty == Decimal("2.000001")


def test_a_formula_of_u_uses_the_point() -> None:
    content = weight(
        kind=ContentKind.EXPRESSION,
        unit="MPa",
        value=None,
        expanded_uncertainty=None,
        expanded_uncertainty_unit=None,
        expanded_uncertainty_expression="0.001 + 0.0002 * x",
    )
    value = reference_value(calibration(), content, at("-2500", "kPa"), (), ON)
    assert (value.value, value.expanded_uncertainty) == (Decimal("-2.5"), Decimal("0.0015"))


def test_a_certified_point_is_given_back_as_it_is() -> None:
    value = reference_value(calibration(), curve(), at("800", "kPa"), (), ON)
    assert (value.value, value.unit, value.expanded_uncertainty) == (Decimal("0.8002"), "MPa", Decimal("0.0012"))
    assert not value.interpolated


def test_between_points_the_straight_line_has_the_larger_neighbours_u() -> None:
    value = reference_value(calibration(), curve(), at("1.2"), (), ON)
    assert value.interpolated
    assert value.value == Decimal("1.20035")
    # f'' = 2 (1.000375 - 1.00025)/1.6; half-width s (1 - s) h² f''/2 = 0.0125 kPa, so U² = 1.4² + (2·0.0125)²/3 in kPa²
    assert value.expanded_uncertainty**2 == pytest.approx(Decimal("1.960208333333e-6"), rel=Decimal("1e-9"))
    assert [part.kind for part in value.contributions] == ["certificate", "interpolation"]


def test_two_points_say_nothing_of_a_bend() -> None:
    value = reference_value(calibration(), replace(curve(), points=curve().points[1:]), at("1.2"), (), ON)
    assert (value.interpolated, value.expanded_uncertainty) == (True, Decimal("0.0014"))


def test_neighbours_with_different_k_are_compared_by_their_standard_uncertainty() -> None:
    points = list(curve().points)
    points[1] = replace(points[1], expanded_uncertainty=Decimal("1.3"), coverage_factor=Decimal("1.5"))
    value = reference_value(calibration(), replace(curve(), points=tuple(points)), at("1.2"), (), ON)
    assert (f"{value.expanded_uncertainty:.6f}", value.coverage_factor) == ("0.001300", Decimal("1.5"))


def test_no_use_beyond_or_between_certified_points_without_interpolation() -> None:
    assert refusal(curve(), at("1.7")) == "reference.outside_points"
    assert refusal(curve(), at("-0.1")) == "reference.outside_points"
    assert refusal(curve(interpolation=Interpolation.NONE), at("1.2")) == "reference.between_points"
    exact = reference_value(calibration(), curve(interpolation=Interpolation.NONE), at("1.6"), (), ON)
    assert exact.value == Decimal("1.6005")


def test_what_cannot_give_a_value_says_so() -> None:
    assert refusal(curve(), None) == "reference.point_missing"
    assert refusal(curve(), at("1", "g")) == "reference.unit"
    assert refusal(weight(kind=ContentKind.COEFFICIENTS), at("1", "g")) == "reference.no_value"
    assert refusal(weight(expanded_uncertainty=None), None) == "reference.no_uncertainty"
    assert refusal(weight(coverage_factor=None), None) == "reference.no_uncertainty"


def test_the_drift_in_force_is_the_latest_one_for_the_range() -> None:
    later = replace(DRIFT, id=2, half_width_expression="20", valid_from=date(2026, 2, 1))
    of_range = replace(DRIFT, id=3, range_id=1, half_width_expression="5")
    future = replace(DRIFT, id=4, range_id=1, half_width_expression="50", valid_from=date(2026, 3, 3))
    other = replace(DRIFT, id=5, range_id=2, half_width_expression="99")

    def half_width(*drifts: DriftFacts) -> Decimal | None:
        drift = reference_value(calibration(), weight(), None, drifts, ON).drift
        return None if drift is None else drift.half_width

    assert half_width() is None
    assert half_width(other, future) is None
    assert half_width(DRIFT, later) == Decimal("0.02")
    assert half_width(DRIFT, later, of_range, future, other) == Decimal("0.005")


def test_drift_per_year_grows_with_the_days_since_the_calibration() -> None:
    yearly = replace(DRIFT, per="year", half_width_expression="36.525")
    drift = reference_value(calibration(), weight(), None, (yearly,), date(2026, 1, 22)).drift
    assert drift is not None
    assert drift.half_width == Decimal("0.001")  # ten days of a year of 365.25


def test_drift_by_a_formula_is_taken_at_the_point() -> None:
    by_size = replace(DRIFT, half_width_expression="0.0005 * x", unit="kPa")
    drift = reference_value(calibration(), curve(), at("1.6"), (by_size,), ON).drift
    assert drift is not None
    assert (drift.half_width, drift.unit) == (Decimal("0.0008"), "MPa")


def test_a_drift_whose_unit_does_not_fit_is_refused() -> None:
    with pytest.raises(RuleViolation) as caught:
        reference_value(calibration(), weight(), None, (replace(DRIFT, unit="mm"),), ON)
    assert caught.value.code == "reference.drift"


def test_weights_of_one_calibration_are_fully_correlated_unless_the_certificate_says_otherwise() -> None:
    first, second = weight(id=1, identifier="5kg"), weight(id=2, identifier="2kg")
    stated = replace(first, correlation='{"2kg": "0.8"}')
    foreign = weight(id=3, calibration_id=2, identifier="5kg")
    assert [(c.first_content_id, c.second_content_id, c.coefficient) for c in correlations([first, second])] == [
        (1, 2, Decimal(1))
    ]
    assert [(c.coefficient, c.origin) for c in correlations([second, stated])] == [(Decimal("0.8"), "certificate")]
    assert correlations([first, foreign]) == []
    assert correlations([first]) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.10 + 0.001 * x", "0.35"),
        ("-x ** 2", "-62500"),
        ("max(1, x / 100)", "2.5"),
        ("sqrt(x) * 0 + 1e-3", "0.001"),
        ("1_000 - x*(2 + 1)/5 - 3", "847"),
        (" + ".join(["x"] * 2000), "500000"),
    ],
)
def test_formulas_are_worked_out_exactly(text: str, value: str) -> None:
    assert evaluate_formula(text, Decimal(-250)) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "formula.syntax"),
        ("0.1 +", "formula.syntax"),
        ("__import__('os')", "formula.syntax"),
        ("y * 2", "formula.unknown_name"),
        ("sin(x)", "formula.unknown_function"),
        ("pi * x", "formula.unknown_function"),
        ("1 / (x - 250)", "formula.no_value"),
        ("x ** 0.5", "formula.no_value"),
        ("9 ** 9 ** 9", "formula.no_value"),
    ],
)
def test_formulas_that_are_not_understood(text: str, reason: str) -> None:
    with pytest.raises(FormulaError) as caught:
        evaluate_formula(text, Decimal(250))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("point", "refused"),
    [(at("0.05"), True), (at("50", "kPa"), True), (at("0.1"), False), (at("60"), False), (at("60.1"), True)],
    ids=("below", "below_in_kPa", "lower_end", "upper_end", "above"),
)
def test_a_formula_holds_within_its_range_alone(point: Point, refused: bool) -> None:
    """ISO/IEC 17025:2017, 6.5.1: a certificate says nothing of what lies beyond its range."""
    span = Span(Decimal("0.1"), Decimal(60), "MPa")
    balance = weight(kind=ContentKind.EXPRESSION, unit="MPa")
    if refused:
        with pytest.raises(RuleViolation) as caught:
            span.check(balance, point)
        assert caught.value.code == "reference.outside_range"
    else:
        span.check(balance, point)
    span.check(weight(), at("1000", "kg"))  # an artefact has no range to leave
