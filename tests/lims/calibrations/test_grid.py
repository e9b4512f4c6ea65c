"""How layouts are arranged into rows and columns, which results a reading reaches, which numbers look like slips."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lims.calibrations.facts import Address, ReadingFacts
from lims.calibrations.grid import arrange, columns_of
from lims.calibrations.plausibility import far_outside, short_holds, slips
from lims.calibrations.reach import rows_reached
from lims.procedures.definition_facts import Definition, DerivedInput, Section
from tests.factories.gauges import UP_DOWN, gauge_file, gauge_section, repeats

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def definition(layout: dict[str, Any], points: int = 3) -> Definition:
    return gauge_file([gauge_section("error", layout, points)]).definition


def section(layout: dict[str, Any]) -> Section:
    return definition(layout).sections[0]


POSITIONS = {
    "kind": "positions",
    "entry_unit": "bar",
    "cycles": 2,
    "positions": [{"code": code, "title_vi": code.upper()} for code in ("a", "b", "c")],
}


@pytest.mark.parametrize(
    ("layout", "rows", "columns"),
    [
        (repeats(), 1, 5),
        (repeats(10), 2, 5),
        ({**repeats(), "roles": ["standard", "item"]}, 5, 2),
        (UP_DOWN, 1, 4),
        ({"kind": "abba", "cycles": 3, "entry_unit": "bar"}, 3, 4),
        ({"kind": "paired", "repeats": 4, "entry_unit": "bar"}, 4, 2),
        (POSITIONS, 2, 3),
        ({"kind": "single", "entry_unit": "bar"}, 1, 1),
    ],
    ids=["repeats", "series", "repeats of two", "up and down", "ABBA", "paired", "positions", "single"],
)
def test_a_layout_is_arranged_by_points(layout: dict[str, Any], rows: int, columns: int) -> None:
    arranged = arrange(section(layout), section(layout).points)
    assert list(arranged) == ["p1", "p2", "p3"]
    assert {len(found) for found in arranged.values()} == {rows}
    assert {len(row) for found in arranged.values() for row in found} == {columns}


def test_enter_goes_up_where_the_pressure_falls() -> None:
    wanted = section(UP_DOWN)
    heads = columns_of(wanted, arrange(wanted, wanted.points)["p1"])
    assert [(head.cycle, head.direction, head.upward) for head in heads] == [
        (1, "up", False),
        (1, "down", True),
        (2, "up", False),
        (2, "down", True),
    ]


def test_a_reading_reaches_its_own_point_unless_others_rest_on_it() -> None:
    plain = definition(repeats())
    address = Address("error", "p2", 1, "", 1)
    assert rows_reached(plain, address) == frozenset({("error", "p2")})
    assert rows_reached(plain, Address("conditions", "temperature", 1, "", 1, "influence")) == frozenset()
    inputs = tuple(
        dataclasses.replace(entry, point="p1") if isinstance(entry, DerivedInput) else entry
        for entry in plain.sections[0].inputs
    )
    resting = dataclasses.replace(plain, sections=(dataclasses.replace(plain.sections[0], inputs=inputs),))
    assert rows_reached(resting, address) is None


def reading(number: int, text: str, *, point: str = "p1", unit: str = "bar", comment: str = "") -> ReadingFacts:
    address = Address("error", point, 1, "", number)
    value = Decimal(text)
    return ReadingFacts(number, address, text, unit, value, 1, "A", AT, 1, "A", AT, "typed", comment=comment)


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["3.33", "3.34", "33.3"], {3: ("others_times", 10)}),
        (["3.33", "3.34", "0.0333"], {3: ("others_part", 100)}),
        (["333", "334", "333"], {}),
        (["33.3"], {1: ("nominal_times", 10)}),
        (["0.333"], {1: ("nominal_part", 10)}),
        (["3.33", "3.9"], {}),
        (["-0.01", "0.02", "0.1"], {}),
        (["0", "0", "1"], {}),
    ],
)
def test_a_slip_of_the_decimal_mark_shows_against_its_neighbours(
    texts: list[str], found: dict[int, tuple[str, int]]
) -> None:
    """Two others that agree decide; with fewer the nominal value (3.33 bar here) does."""
    wanted = section(repeats())
    readings = [reading(number, text) for number, text in enumerate(texts, start=1)]
    shown = slips(readings, wanted, "as_found", wanted.points)
    said = {address.sequence: (doubt.code[6:], doubt.values["factor"]) for address, doubt in shown.items()}
    assert said == found


def test_a_slip_that_was_explained_is_none() -> None:
    wanted = section(repeats())
    readings = [reading(1, "3.33"), reading(2, "3.34"), reading(3, "33.3", comment="kẹt kim")]
    assert slips(readings, wanted, "as_found", wanted.points) == {}


@pytest.mark.parametrize(
    ("minutes", "comment", "held"),
    [(4, "", {"held": 4, "hold": 5}), (5, "", None), (0, "", {"held": 0, "hold": 5}), (2, "theo yêu cầu", None)],
)
def test_too_short_a_hold_at_the_top_is_pointed_out(minutes: int, comment: str, held: dict[str, int] | None) -> None:
    """From the first reading at the highest point, though it was corrected since; a reason in a comment ends it."""
    wanted = section({**UP_DOWN, "hold_minutes": 5})
    top = wanted.points[-1].code
    first, second = (Address("error", top, 1, "up", 1), Address("error", top, 1, "down", 1))
    later = AT + timedelta(minutes=minutes)
    readings = [
        replace(reading(1, "10", point=top), address=first, superseded_by_id=2),
        replace(reading(2, "10.1", point=top), address=first, observed_at=AT + timedelta(minutes=3)),
        replace(reading(3, "10", point=top, comment=comment), address=second, observed_at=later),
    ]
    found = short_holds(readings, wanted, "as_found", wanted.points)
    assert [doubt.values for doubt in found.values()] == ([] if held is None else [held])
    assert short_holds(readings, section(UP_DOWN), "as_found", wanted.points) == {}


@pytest.mark.parametrize(
    ("text", "unit", "outside"),
    [("12", "bar", False), ("12.1", "bar", True), ("-2.1", "bar", True), ("1.2", "MPa", False), ("1.3", "MPa", True)],
)
def test_far_outside_is_a_fifth_of_the_span(text: str, unit: str, outside: bool) -> None:
    ends = [(Decimal(0), Decimal(10), "bar")]
    assert far_outside(Decimal(text), unit, ends) is outside
    assert not far_outside(Decimal(text), unit, [])
    assert not far_outside(Decimal(text), "degC", ends)
