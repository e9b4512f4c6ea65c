"""The lines of a scope: parameter, place and date decide which holds; overlaps are refused, gaps are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lims.procedures.facts import ScopeKind, ScopeLineFacts, ScopeLineInput, ScopeVersionFacts
from lims.procedures.scope import holds_parameter, matching_line
from lims.procedures.scope_coverage import date_gaps, first_overlap, range_gaps

TODAY = date(2026, 3, 2)
LINE = ScopeLineInput("voltage", "Vôn mét", "V", "HC-DI-01", "0.01", "V", lower=Decimal(0), upper=Decimal(100))


def _input(**changes: Any) -> ScopeLineInput:
    return replace(LINE, **changes)


def _facts(**changes: Any) -> ScopeLineFacts:
    values: dict[str, Any] = {
        "id": 1,
        "scope_version_id": 1,
        "kind": ScopeKind.ACCREDITATION,
        "version": "1",
        "body_number": "VILAS 0000",
        "valid_from": date(2026, 1, 1),
        "valid_to": None,
        "site_id": 1,
        "position": 1,
        "quantity": "voltage",
        "instrument_kind": "",
        "title_vi": "Vôn mét",
        "title_en": "Voltmeters",
        "lower": Decimal(0),
        "upper": Decimal(100),
        "unit": "V",
        "parameter": "",
        "method": "HC-DI-01",
        "cmc_expression": "0.01",
        "cmc_unit": "V",
        "coverage_probability": Decimal("0.9545"),
        "on_site": False,
    }
    return ScopeLineFacts(**{**values, **changes})


def _match(*lines: ScopeLineFacts, on: date = TODAY, **changes: Any) -> ScopeLineFacts | None:
    asked: dict[str, Any] = {
        "quantity": "voltage",
        "instrument_kind": "voltmeter",
        "value": Decimal(10),
        "unit": "V",
        "method": "HC-DI-01",
        "on_site": False,
        "on": on,
    }
    return matching_line(lines, **{**asked, **changes})


@pytest.mark.parametrize(
    ("parameter", "described", "holds"),
    [
        ("", "điện áp xoay chiều, 50 Hz", True),
        ("50 Hz", "Điện áp xoay chiều, 50 Hz", True),
        ("50Hz", "AC voltage at 50 Hz", True),
        ("50 Hz", "AC voltage at 150 Hz", False),
        ("50 Hz", "AC voltage at 50.5 Hz", False),
        ("cosφ = 0,5", "Điện năng, cosφ = 0.5", True),
        ("cosφ = 0,5", "Điện năng, cosφ = 1", False),
        ("50 Hz", "", False),
    ],
)
def test_a_parameter_holds_only_where_it_is_named(parameter: str, described: str, holds: bool) -> None:
    assert holds_parameter(parameter, described) is holds


def test_the_line_of_the_parameter_goes_before_that_of_all() -> None:
    every, fifty = _facts(), _facts(id=2, position=2, parameter="50 Hz")
    assert _match(every, fifty, described="50 Hz") == fifty
    assert _match(every, fifty, described="60 Hz") == every
    assert _match(fifty, described="60 Hz") is None


def test_the_line_in_force_that_day_applies() -> None:
    old = _facts(valid_from=date(2025, 1, 1), valid_to=date(2026, 3, 1))
    new = _facts(id=2, valid_from=TODAY, cmc_expression="0.02")
    assert _match(old, new) == new
    assert _match(old, new, on=date(2026, 3, 1)) == old
    assert _match(old, new, on=date(2024, 12, 31)) is None


@pytest.mark.parametrize(
    ("changes", "overlaps"),
    [
        ({"lower": Decimal(50), "upper": Decimal(200)}, True),
        ({"lower": Decimal(100), "upper": Decimal(200)}, False),
        ({"lower": Decimal("0.05"), "upper": Decimal("0.2"), "unit": "kV"}, True),
        ({"lower": Decimal("0.1"), "upper": Decimal("0.2"), "unit": "kV"}, False),
        ({"lower": None}, True),
        ({"parameter": "50 Hz"}, False),
        ({"on_site": True}, False),
        ({"method": "HC-DI-02"}, False),
        ({"method": "HC-DI-02, hc-di-01"}, True),
        ({"instrument_kind": "voltmeter"}, False),
        ({"quantity": "current", "unit": "A"}, False),
    ],
    ids=[
        "range",
        "touching",
        "other unit",
        "touching in other unit",
        "open",
        "parameter",
        "place",
        "method",
        "one method of two",
        "kind",
        "quantity",
    ],
)
def test_lines_about_the_same_values_overlap(changes: dict[str, Any], overlaps: bool) -> None:
    assert first_overlap([LINE, _input(**changes)]) == ((1, 2) if overlaps else None)


def test_a_single_value_twice_overlaps() -> None:
    single = _input(lower=Decimal(5), upper=Decimal(5))
    assert first_overlap([single, single]) == (1, 2)


def test_what_no_line_covers_is_found() -> None:
    low, high = _facts(upper=Decimal(10)), _facts(id=2, lower=Decimal(20))
    wide = _facts(id=3, lower=Decimal(0), upper=Decimal(15))
    (gap,) = range_gaps([low, wide, high])
    assert (gap.lower, gap.upper, gap.unit, gap.above.id) == (Decimal(15), Decimal(20), "V", 2)
    assert range_gaps([low, _facts(id=2, lower=Decimal(10))]) == []
    assert range_gaps([low, _facts(id=2, lower=Decimal(20), on_site=True)]) == []


def _version(
    number: int, first: date, last: date | None, kind: ScopeKind = ScopeKind.ACCREDITATION
) -> ScopeVersionFacts:
    recorded = datetime(2026, 1, 1, tzinfo=UTC)
    return ScopeVersionFacts(number, 1, kind, str(number), "VILAS 0000", first, last, recorded, ())


def test_days_without_a_scope_are_found() -> None:
    first = _version(1, date(2024, 1, 1), date(2024, 12, 31))
    later = _version(2, date(2025, 2, 1), None)
    other = _version(3, date(2025, 1, 10), None, ScopeKind.REGISTRATION)
    (gap,) = date_gaps([later, other, first])
    assert (gap.first, gap.last, gap.after.id) == (date(2025, 1, 1), date(2025, 1, 31), 2)
    assert date_gaps([first, _version(2, date(2025, 1, 1), None)]) == []
