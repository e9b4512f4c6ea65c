"""Whether an upper calibration speaks of what the lower one was made with, and is the better one: plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from standards.calibration_facts import CalibrationFacts, ContentFacts, ContentKind, EdgeFacts, PointFacts
from standards.chain_facts import BreakReason
from standards.chain_rules import CALIBRATION_RULES, VERIFICATION_RULES, rules_for
from standards.curve_points import Span
from standards.facts import LegalRegime, PaperFacts, PaperKind, StandardRole
from standards.traceability import ChainFacts, trace, with_warnings
from tests.standards.plain import calibration, standard, weight
from tests.standards.test_traceability import ON, chain_of, in_house

_GRAMS = {"expanded_uncertainty": Decimal(90)}


def pressure(*points: str, kind: ContentKind = ContentKind.CURVE, unit: str = "kPa", u: str = "1.0") -> ContentFacts:
    """A curve of pressures with one U at each, or with no points the formula of a pressure balance."""
    return weight(
        kind=kind,
        quantity="pressure",
        unit=unit,
        argument_unit=unit,
        nominal=None,
        value=None,
        expanded_uncertainty=None if kind is ContentKind.EXPRESSION else Decimal(u),
        expanded_uncertainty_unit=unit,
        expanded_uncertainty_expression="0.0002 * x" if kind is ContentKind.EXPRESSION else None,
        points=tuple(
            PointFacts(position, Decimal(point), argument=Decimal(point)) for position, point in enumerate(points)
        ),
    )


def above(*contents: ContentFacts) -> CalibrationFacts:
    return replace(calibration(2, 2), contents=contents)


def below(*contents: ContentFacts, run_id: int | None = None) -> CalibrationFacts:
    return replace(in_house(1, 2), contents=contents, run_id=run_id)


def broken(lower: CalibrationFacts, *uppers: CalibrationFacts, span: Span | None = None) -> list[str]:
    facts = chain_of(lower, *uppers)
    facts = replace(facts, spans={} if span is None else {1: span})
    return [item.code for item in trace(facts, 1, ON).breaks]


def element(grams: str, **values: Any) -> ContentFacts:
    return weight(nominal=Decimal(grams), value=Decimal(grams), **{**_GRAMS, **values})


BALANCE = pressure(kind=ContentKind.EXPRESSION, unit="MPa")
SPAN = Span(Decimal("0.1"), Decimal(60), "MPa")


@pytest.mark.parametrize(
    ("lower", "upper", "span", "expected"),
    [
        pytest.param(element("200"), element("200"), None, [], id="its-like"),
        pytest.param(element("200"), element("0.2", unit="kg"), None, [], id="its-like-in-another-unit"),
        pytest.param(element("200"), element("100"), None, ["chain.outside_range"], id="beyond"),
        pytest.param(element("0.5"), element("1"), None, ["chain.outside_range"], id="below-the-smallest"),
        pytest.param(pressure("0", "500", "2500"), BALANCE, SPAN, [], id="zero-is-open-to-the-air"),
        pytest.param(pressure("500", "70000"), BALANCE, SPAN, ["chain.outside_range"], id="beyond-the-range"),
        pytest.param(pressure("50"), BALANCE, SPAN, ["chain.outside_range"], id="below-the-range"),
        pytest.param(pressure("1", unit="bar"), pressure("50", "200"), None, [], id="between-the-ends-of-a-curve"),
        pytest.param(
            pressure("3", unit="bar"), pressure("50", "200"), None, ["chain.outside_range"], id="past-a-curve"
        ),
        pytest.param(pressure("100"), element("100"), None, ["chain.unit_mismatch"], id="another-quantity"),
        pytest.param(
            pressure("100", unit="mm"), pressure("50", "200"), None, ["chain.unit_mismatch"], id="another-dimension"
        ),
    ],
)
def test_what_the_upper_calibration_speaks_of(
    lower: ContentFacts, upper: ContentFacts, span: Span | None, expected: list[str]
) -> None:
    assert broken(below(lower), above(upper), span=span) == expected


def test_weights_are_put_together() -> None:
    pieces = [element("100", id=20 + n, identifier=str(n)) for n in range(3)]
    assert broken(below(element("300")), above(*pieces)) == []
    assert broken(below(element("301")), above(*pieces)) == ["chain.outside_range"]


def test_temperatures_are_not_put_together_and_their_zero_is_a_point() -> None:
    def curve(*points: str) -> ContentFacts:
        return replace(pressure(*points, unit="degC"), quantity="temperature", expanded_uncertainty_unit="delta_degC")

    assert broken(below(curve("0", "50")), above(curve("10", "60"))) == ["chain.outside_range"]
    assert broken(below(curve("10", "60")), above(curve("10", "60"))) == []


def test_a_run_joins_quantities_by_its_model() -> None:
    tank = weight(quantity="volume", unit="L", nominal=Decimal(20), value=Decimal(20))
    assert broken(below(tank), above(element("20000"))) == ["chain.unit_mismatch"]
    assert broken(below(tank, run_id=7), above(element("20000"))) == []


def test_equipment_in_another_role_has_to_cover_nothing() -> None:
    hygrometer = replace(calibration(2, 2), contents=(pressure("20", "30", unit="degC"),))
    lower = replace(below(element("200")), edges=(EdgeFacts(1, 2, StandardRole.INFLUENCE),))
    assert broken(lower, hygrometer) == []


def test_an_upper_uncertainty_that_is_larger_warns_and_does_not_block() -> None:
    facts = chain_of(below(element("200", expanded_uncertainty=Decimal(40))), above(element("200")))
    chain = with_warnings(facts, trace(facts, 1, ON), CALIBRATION_RULES)
    assert chain.holds
    (warning,) = chain.warnings
    assert (warning.reason, warning.values["ratio"], warning.lower_id) == (BreakReason.UPPER_LARGER, Decimal("2.25"), 1)


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        pytest.param(element("200"), element("200"), id="as-large"),
        pytest.param(element("200", expanded_uncertainty=Decimal(40)), element("100"), id="another-weight"),
        pytest.param(pressure("100", u="0.5"), element("100"), id="another-quantity"),
        pytest.param(
            element("200", expanded_uncertainty=Decimal(60), coverage_factor=Decimal("2.87")),
            element("200", expanded_uncertainty=Decimal("41.8")),
            id="compared-as-standard-uncertainties",
        ),
    ],
)
def test_only_like_is_compared_with_like(lower: ContentFacts, upper: ContentFacts) -> None:
    facts = chain_of(below(lower, run_id=1), above(upper))
    assert with_warnings(facts, trace(facts, 1, ON), CALIBRATION_RULES).warnings == ()


def test_verification_asks_for_the_paper_of_the_standard_that_is_used_directly() -> None:
    facts = chain_of(calibration(1))
    reference = StandardRole.REFERENCE
    assert trace(facts, 1, ON, CALIBRATION_RULES, reference).holds
    (missing,) = trace(facts, 1, ON, VERIFICATION_RULES, reference).breaks
    assert (missing.reason, missing.clause) == (BreakReason.PAPER_MISSING, "Luật Đo lường 04/2011/QH13")
    assert trace(facts, 1, ON, VERIFICATION_RULES, StandardRole.INFLUENCE).holds

    def with_paper(until: date) -> ChainFacts:
        paper = PaperFacts(1, PaperKind.CERTIFIED_FOR_VERIFICATION, "Q1", None, date(2025, 3, 1), until)
        return replace(facts, standards={1: replace(standard(1), papers=(paper,))})

    assert trace(with_paper(ON), 1, ON, VERIFICATION_RULES, reference).holds
    (expired,) = trace(with_paper(date(2026, 3, 1)), 1, ON, VERIFICATION_RULES, reference).breaks
    assert expired.reason is BreakReason.PAPER_EXPIRED


def test_each_regime_has_its_rules() -> None:
    assert [rules_for(regime).regime for regime in LegalRegime] == list(LegalRegime)
    assert trace(chain_of(calibration(1)), 1, ON, rules_for("verification")).rules == "verification"


def test_a_calibration_without_a_certificate_is_a_break() -> None:
    (found,) = trace(chain_of(replace(calibration(1), certificate_number=" ")), 1, ON).breaks
    assert (found.reason, found.clause) == (BreakReason.NO_CERTIFICATE, "ISO/IEC 17025:2017, 6.5.1")
