"""What a platinum thermometer's certified coefficients give as a reference value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from lims.core.errors import RuleViolation
from standards.calibration_facts import ContentFacts, ContentKind, Point, PointFacts, ReferenceValue
from standards.reference import reference_value
from tests.standards.plain import calibration, weight

ON = date(2026, 3, 2)
CERTIFIED = {"R0": "100.0090", "A": "0.0039061365", "B": "-0.00000057721", "C": "-0.0000000000041810"}
NOMINAL = {"R0": "100"}


def thermometer(coefficients: dict[str, str], **changes: object) -> ContentFacts:
    """Return a content of coefficients with U = 0,02 °C."""
    facts = {
        "kind": ContentKind.COEFFICIENTS,
        "quantity": "temperature",
        "unit": "degC",
        "equation": "callendar_van_dusen",
        "nominal": None,
        "value": None,
        "expanded_uncertainty": Decimal("0.02"),
        "expanded_uncertainty_unit": "delta_degC",
        "points": tuple(
            PointFacts(n, Decimal(text), name=name) for n, (name, text) in enumerate(coefficients.items(), start=1)
        ),
        **changes,
    }
    return weight(**facts)


def value_at(content: ContentFacts, text: str, unit: str = "degC") -> ReferenceValue:
    return reference_value(calibration(), content, Point(Decimal(text), unit), (), ON)


def test_a_readout_of_the_reference_function_is_corrected_by_the_certified_coefficients() -> None:
    """By hand at 50 °C: R = 100·(1 + 3.9083e-3·50 − 5.775e-7·2500) = 119.397125 Ω, as the coefficients give."""
    found = value_at(thermometer(CERTIFIED), "50")
    assert float(found.value) == pytest.approx(50.0, abs=1e-6)
    assert (found.unit, found.expanded_uncertainty, found.coverage_factor) == ("degC", Decimal("0.02"), Decimal(2))
    at_zero = value_at(thermometer(CERTIFIED), "0")
    # R = 100 Ω lies 0.009 Ω below R0, with 0.39065 Ω/°C there
    assert float(at_zero.value) == pytest.approx(-0.009 / (100.009 * 0.0039061365), abs=1e-5)
    assert float(value_at(thermometer(CERTIFIED), "-40").value) == pytest.approx(-40.0412, abs=5e-5)


def test_nominal_coefficients_change_nothing() -> None:
    for text in ("-40", "0", "25", "100", "250"):
        assert float(value_at(thermometer(NOMINAL), text).value) == pytest.approx(float(text), abs=1e-9)


def test_a_resistance_gives_its_temperature() -> None:
    """IEC 60751:2022, Table 2: 138.5055 Ω at 100 °C."""
    found = value_at(thermometer(NOMINAL, argument_unit="ohm"), "138.5055", "ohm")
    assert float(found.value) == pytest.approx(100.0, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "text", "unit", "code"),
    [
        ({"equation": "steinhart_hart"}, "20", "degC", "reference.no_value"),
        ({"points": ()}, "20", "degC", "reference.no_value"),
        ({"argument_unit": "V"}, "0.1", "V", "reference.no_value"),
        ({}, "900", "degC", "reference.outside_points"),
        ({"argument_unit": "ohm"}, "1", "ohm", "reference.outside_points"),
        ({}, "20", "g", "reference.unit"),
    ],
    ids=("other_equation", "no_coefficients", "volts", "too_hot", "no_such_resistance", "grams"),
)
def test_refused(changes: dict[str, object], text: str, unit: str, code: str) -> None:
    with pytest.raises(RuleViolation) as caught:
        value_at(thermometer(CERTIFIED, **changes), text, unit)
    assert caught.value.code == code
