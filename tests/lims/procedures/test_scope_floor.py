"""No result is ever reported with less than the CMC at its point, whatever the line, the U, the unit and the rounding.

Through the code that reports: `scope.cmc_at`, `rounding.reported_uncertainty`, `rounding.report` and
`rounding.report_deviation`. What the CMC is comes from decimal arithmetic of the test's own.
"""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest

from calc.rounding import RoundingMode, report, report_deviation, reported_uncertainty
from calc.units import convert_difference
from lims.procedures.facts import ScopeKind, ScopeLineFacts
from lims.procedures.scope import cmc_at

_UNITS = (("MPa", "kPa"), ("kPa", "kPa"), ("kg", "g"), ("g", "mg"), ("degC", "degC"), ("mm", "um"), ("V", "%"))
_IN_OUTPUT = {"MPa": "kPa", "kPa": "bar", "kg": "mg", "g": "mg", "degC": "degC", "mm": "um", "V": "mV"}
_NOISE = Decimal("1e-11")


def _line(chance: random.Random) -> tuple[ScopeLineFacts, Decimal, Decimal]:
    """Return a line with a CMC of a + b·x, and a and b."""
    unit, cmc_unit = chance.choice(_UNITS)
    constant = Decimal(chance.randint(1, 99999)).scaleb(chance.randint(-8, -2))
    slope = Decimal(chance.randint(0, 9999)).scaleb(chance.randint(-9, -4))
    line = ScopeLineFacts(
        id=1,
        scope_version_id=1,
        kind=ScopeKind.ACCREDITATION,
        version="1",
        body_number="VILAS 0000",
        valid_from=date(2026, 1, 1),
        valid_to=None,
        site_id=1,
        position=1,
        quantity="any",
        instrument_kind="",
        title_vi="x",
        title_en="",
        lower=None,
        upper=None,
        unit=unit,
        parameter="",
        method="M",
        cmc_expression=f"{constant:f} + {slope:f} * x",
        cmc_unit=cmc_unit,
        coverage_probability=Decimal("0.9545"),
        on_site=False,
    )
    return line, constant, slope


_FACTORS = {("kPa", "kPa"): "1", ("kPa", "bar"): "0.01", ("g", "mg"): "1000", ("mg", "mg"): "1", ("degC", "degC"): "1"}
_FACTORS |= {("um", "um"): "1"}


def _exact_cmc(line: ScopeLineFacts, constant: Decimal, slope: Decimal, value: Decimal, output: str) -> Decimal:
    stated = constant + slope * value
    if line.cmc_unit == "%":
        return stated / 100 * value * 1000  # of volts, in millivolts
    return stated * Decimal(_FACTORS[line.cmc_unit, output])


def _never_below(lines: int, points: int) -> None:
    chance = random.Random(17_025)
    for _ in range(lines):
        line, constant, slope = _line(chance)
        output = _IN_OUTPUT[line.unit]
        for _ in range(points):
            value = Decimal(chance.randint(1, 10**6)).scaleb(chance.randint(-6, -2))
            cmc = cmc_at(line, value, line.unit)
            in_output = convert_difference(cmc.value, cmc.unit, output)
            expanded = reported_uncertainty(in_output * 10 ** chance.uniform(-2, 0.3), in_output)
            digits, mode = chance.choice((1, 2)), chance.choice(list(RoundingMode))
            if chance.random() < 0.5:
                said = report(chance.gauss(0, 1), expanded, output, digits=digits, mode=mode, floor=in_output)
                stated = said.expanded_uncertainty
            else:
                nominal = report_deviation(
                    "1", output, 1.0, expanded, output, output, digits=digits, mode=mode, floor=in_output
                )
                stated = nominal.expanded_uncertainty
            exact = _exact_cmc(line, constant, slope, value, output)
            where = (line.cmc_expression, line.cmc_unit, value, expanded, digits, mode)
            assert Decimal(stated) >= exact * (1 - _NOISE), where
            most = Decimal("1.11") if digits == 2 else Decimal("2.01")
            assert Decimal(stated) <= Decimal(expanded) * most, where


def test_no_result_is_reported_below_the_cmc() -> None:
    _never_below(lines=40, points=100)


@pytest.mark.long
def test_no_result_of_a_million_is_reported_below_the_cmc() -> None:
    _never_below(lines=1000, points=1000)


@pytest.mark.parametrize(
    ("expanded", "floor", "digits", "said"),
    [
        (0.0152, 0.0152, 2, "0.016"),
        (0.0148, 0.0148, 2, "0.015"),
        (0.0152, 0.015, 2, "0.015"),
        (0.1 + 0.2, 0.1 + 0.2, 2, "0.30"),
        (1.04, 1.04, 1, "2"),
        (0.0996, 0.0996, 2, "0.10"),
        (59.2, None, 2, "59"),
    ],
    ids=["up", "up by the usual rule", "nearest is enough", "noise", "one digit", "carry", "outside the scope"],
)
def test_rounding_to_the_nearest_never_ends_below_the_floor(
    expanded: float, floor: float | None, digits: int, said: str
) -> None:
    assert report(0.0, expanded, "g", digits=digits, floor=floor).expanded_uncertainty == said
