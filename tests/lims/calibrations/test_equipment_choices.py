"""What a slot offers: what covers the points comes first, what does not stays possible; said once and localised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from lxml.html import document_fromstring

from lims.calibrations.choice_rules import Limits, serves_conditions, serves_points
from lims.calibrations.display import content_words
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.procedures.definition_facts import MeasuringPoint
from standards.calibration_facts import ContentChoice, ContentKind
from standards.facts import StandardRole
from standards.queries import instrument_facts
from tests.factories import standards
from tests.factories.calibrations import (
    NOW,
    make_bench,
    make_hygrometer,
    make_hygrometer_calibration,
    make_run,
    sign_in_name,
)
from tests.lims.web_client import make_app, make_client, sign_in

WEIGHT = ContentChoice(
    content_id=1,
    range_id=1,
    part_code="main",
    part_name_vi="Quả cân",
    part_name_en=None,
    kind=ContentKind.ELEMENT,
    identifier="10 kg",
    quantity="mass",
    unit="g",
    nominal=Decimal(10000),
    value=Decimal(10000),
    expanded_uncertainty=None,
    expanded_uncertainty_unit=None,
    coverage_factor=None,
    lower=None,
    upper=None,
    resolution=None,
    resolution_unit=None,
    range_unit="g",
)
PRESSURE = replace(
    WEIGHT,
    kind=ContentKind.EXPRESSION,
    identifier="pressure",
    quantity="pressure",
    unit="kPa",
    nominal=None,
    lower=Decimal(0),
    upper=Decimal(40),
    range_unit="kPa",
)
CURVE = replace(
    PRESSURE,
    kind=ContentKind.CURVE,
    arguments=(Decimal(0), Decimal(20), Decimal(40)),
    argument_unit="kPa",
    interpolated=True,
)


def points(*values: tuple[str, str]) -> list[MeasuringPoint]:
    return [MeasuringPoint(f"p{number}", Decimal(value), unit, "") for number, (value, unit) in enumerate(values)]


@pytest.mark.parametrize(
    ("content", "asked", "serves"),
    [
        (WEIGHT, [("10", "kg")], True),
        (WEIGHT, [("1", "kg"), ("10", "kg")], True),
        (WEIGHT, [("20", "kg")], False),
        (PRESSURE, [("0.01", "MPa"), ("40", "kPa")], True),
        (PRESSURE, [("0.01", "MPa"), ("1.6", "MPa")], False),
        (replace(PRESSURE, upper=None), [("1.6", "MPa")], True),
        (CURVE, [("0", "kPa"), ("30", "kPa")], True),
        (CURVE, [("41", "kPa")], False),
        (replace(CURVE, interpolated=False), [("20", "kPa")], True),
        (replace(CURVE, interpolated=False), [("30", "kPa")], False),
        (PRESSURE, [("20", "degC")], True),
        (PRESSURE, [], True),
    ],
    ids=[
        "a weight of the point",
        "a weight of one of the points",
        "another weight",
        "a range with all points",
        "a range with one of the points",
        "an open range",
        "between the points of a curve",
        "beyond a curve",
        "at a point of a curve without interpolation",
        "between points of a curve without interpolation",
        "a unit that cannot be compared",
        "nothing asked",
    ],
)
def test_a_reference_serves_by_what_it_covers(
    content: ContentChoice, asked: Sequence[tuple[str, str]], serves: bool
) -> None:
    assert serves_points(content, points(*asked)) is serves


AIR = Limits("pressure", "kPa", Decimal(96), Decimal(104))
BAROMETER = replace(PRESSURE, lower=Decimal(800), upper=Decimal(1100), range_unit="hPa", unit="hPa")


@pytest.mark.parametrize(
    ("role", "contents", "limits", "serves"),
    [
        (StandardRole.INFLUENCE, (BAROMETER,), (AIR,), True),
        (StandardRole.INFLUENCE, (PRESSURE,), (AIR,), False),
        (StandardRole.INFLUENCE, (PRESSURE,), (replace(AIR, lower=None, upper=None),), True),
        (StandardRole.INFLUENCE, (BAROMETER,), (AIR, Limits("temperature", "degC")), False),
        (StandardRole.REFERENCE, (BAROMETER,), (AIR,), False),
    ],
    ids=["a barometer", "a range below the air's", "no limits", "one of two quantities", "a reference of the bench"],
)
def test_equipment_of_the_room_serves_by_role_and_range(
    role: StandardRole, contents: Sequence[ContentChoice], limits: Sequence[Limits], serves: bool
) -> None:
    assert serves_conditions(role, contents, limits) is serves


@pytest.mark.parametrize(
    ("identifier", "nominal", "language", "words"),
    [
        ("1 mg", "0.001", "vi", "1 mg"),
        ("0.5 g", "0.5", "vi", "0,5 g"),
        ("0,5 g", "0.5", "en", "0.5 g"),
        ("20 g*", "20", "vi", "20 g*"),
        ("500 kg No. 01", "500000", "vi", "500 kg No. 01"),
        ("0.25", "0.25", "vi", "0,25 g"),
        ("A7", "0.25", "vi", "0,25 g · A7"),
        ("7", "0.25", "en", "0.25 g · 7"),
    ],
)
def test_an_element_says_its_nominal_value_once(identifier: str, nominal: str, language: str, words: str) -> None:
    content = replace(WEIGHT, identifier=identifier, nominal=Decimal(nominal))
    assert _words(language, content) == words


def test_a_range_says_its_ends() -> None:
    assert _words("vi", replace(PRESSURE, lower=Decimal("-0.5"))) == "−0,5 – 40 kPa"


def _words(language: str, content: ContentChoice) -> str:
    app = Flask(__name__)
    Babel(app, locale_selector=lambda: language)
    with app.test_request_context():
        return content_words(content)


def test_the_page_offers_first_what_covers_the_point(sqlite_database: Database) -> None:
    """A weight of 0.5 kg comes last for 10 kg, and a reference of the temperature after the room's own sensor."""
    with sqlite_database.transaction() as session:
        bench = make_bench(session)
        run = make_run(session, bench)
        small = standards.make_standard(session, bench.site, code="KL-00", functions=(standards.weight_range("500"),))
        (place,) = instrument_facts(session, small.instrument_id).ranges()
        light = standards.weight_content(place.range.id, nominal=Decimal(500), value=Decimal(500), identifier="0.5 kg")
        standards.make_calibration(session, small, contents=(light,))
        sensor = make_hygrometer(session, bench.site, role=StandardRole.REFERENCE)
        make_hygrometer_calibration(session, sensor)
        name = sign_in_name(session, bench.technician)
    client = make_client(make_app(sqlite_database, FixedClock(NOW), language="vi"))
    assert sign_in(client, name).status_code == 303
    page = client.get(f"/runs/{run.id}").text
    offered = _offered(page, "reference")
    assert [(label, words.partition(" · Quả cân")[0]) for label, words in offered] == [
        ("", f"{bench.standard.code} · 10\u2009000 g · 1"),
        ("Riêng lẻ không phủ các điểm đo", "KL-00 · 0,5 kg"),
    ]
    assert all(re.search("còn [0-9]+ ngày$", words) for _label, words in offered)
    room = _offered(page, "thermo_hygrometer")
    assert [(label, words.partition(" · ")[0]) for label, words in room] == [
        ("", bench.hygrometer.code),
        ("Thiết bị khác đang còn hiệu lực", sensor.code),
    ]


def _offered(page: str, slot: str) -> list[tuple[str, str]]:
    """Return the options of a slot with the label of their group."""
    tree: Any = document_fromstring(page)
    (select,) = tree.xpath(f"//select[@name='choice-{slot}']")
    return [
        (option.getparent().get("label", ""), option.text_content()) for option in select.xpath(".//option[@value!='']")
    ]
