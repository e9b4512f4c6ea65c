"""What real files get wrong, and what a person may take of them all the same: columns, proposals, contents."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from standards.calibration_facts import ContentKind, Interpolation, Phase
from standards.dcc_columns import columns_of
from standards.dcc_facts import ColumnChoice, Meaning, Taking, ValueColumn
from standards.dcc_proposal import propose
from standards.dcc_taking import take
from standards.entries import Checker
from standards.facts import FunctionFacts, InstrumentFacts, PartFacts, RangeFacts
from tests.lims.dcc.plain import accepted, page, quantity, read, xpath
from tests.lims.dcc.reference import examples, need_examples
from tests.standards.dcc_files import GAUGE, WEIGHT, column, in_list

WEIGHT_RANGE = 1
PRESSURE_RANGE = 2
TEMPERATURE_RANGE = 3


def _range(key: int, unit: str, lower: str | None = None, upper: str | None = None, nominal: str | None = None) -> Any:
    def number(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    return RangeFacts(
        id=key,
        function_id=key,
        name="",
        lower=number(lower),
        upper=number(upper),
        nominal=number(nominal),
        unit=unit,
        resolution=None,
        resolution_unit=None,
        second_lower=None,
        second_upper=None,
        specification=None,
    )


def instrument() -> InstrumentFacts:
    """One thing that is a 10 kg weight, a gauge to 2.5 MPa and a thermometer, each in a part of its own."""
    ranges = (
        ("mass", _range(WEIGHT_RANGE, "g", nominal="10000")),
        ("pressure", _range(PRESSURE_RANGE, "MPa", "0", "2.5")),
        ("temperature", _range(TEMPERATURE_RANGE, "degC", "-40", "250")),
    )
    parts = tuple(
        PartFacts(
            id=one.id,
            code=f"P{one.id}",
            name_vi="",
            name_en=None,
            serial_number=None,
            marking=None,
            position=1,
            functions=(
                FunctionFacts(
                    id=one.id,
                    part_id=one.id,
                    name="",
                    quantity=kind,
                    unit=one.unit,
                    second_parameter=None,
                    second_parameter_unit=None,
                    ranges=(one,),
                ),
            ),
        )
        for kind, one in ranges
    )
    empty: dict[str, Any] = dict.fromkeys(InstrumentFacts.__dataclass_fields__)
    return InstrumentFacts(**{**empty, "parts": parts})


def columns(data: str, version: str = "3.3.0") -> tuple[ValueColumn, ...]:
    """The columns of a file with these results."""
    return columns_of(accepted(page(version, data=data)))


def taken(found: tuple[ValueColumn, ...], *choices: ColumnChoice, **rest: Any) -> tuple[Any, dict[str, str]]:
    """The contents of choices and what was refused, by field."""
    check = Checker()
    result = take(check, found, Taking(choices, **rest), instrument())
    return result.contents, {error.field: error.code for error in check.errors}


def every(found: ValueColumn) -> frozenset[int]:
    return frozenset(range(len(found.values)))


def proposed(data: str, version: str = "3.3.0") -> list[ColumnChoice]:
    """What a file with these results suggests."""
    certificate = accepted(page(version, data=data))
    return list(propose(certificate, columns_of(certificate), instrument()))


def test_blanks_in_lists_and_one_uncertainty_for_all() -> None:
    found = columns(in_list(column("P", "basic_measuredValue", "  1.0   2.0\n\t3.0 ", r"\mega\pascal", "0.01")))
    assert [value.value.number.text for value in found[0].values] == ["1.0", "2.0", "3.0"]
    assert [value.place.rpartition(" ")[2] for value in found[0].values] == ["[1]", "[2]", "[3]"]
    assert {value.stated and value.stated.value for value in found[0].values} == {Decimal("0.01")}


def test_the_alternative_in_the_unit_of_the_range_is_proposed() -> None:
    hybrid = (
        '<dcc:quantity refType="basic_referenceValue"><si:hybrid>'
        r"<si:realListXMLList><si:valueXMLList>273.15 283.15</si:valueXMLList><si:unitXMLList>\kelvin</si:unitXMLList>"
        r"</si:realListXMLList><si:realListXMLList><si:valueXMLList>0.00 10.00</si:valueXMLList>"
        r"<si:unitXMLList>\degreecelsius</si:unitXMLList></si:realListXMLList></si:hybrid></dcc:quantity>"
    )
    shown = column("Shown", "basic_measuredValue", "0.02 10.03", r"\degreecelsius")
    error = column("Error", "basic_measurementError", "0.02 0.03", r"\kelvin", "0.05")
    (choice,) = proposed(in_list(hybrid, shown, error))
    assert (choice.number, choice.argument, choice.uncertainty) == (1, 2, 3)
    (content,), refused = taken(columns(in_list(hybrid, shown, error)), choice, assume_degrees=True)
    assert refused == {}
    assert (content.unit, content.expanded_uncertainty_unit) == ("degC", "K")
    assert [point.value for point in content.points] == [Decimal("0.00"), Decimal("10.00")]


def test_single_values_side_by_side_are_one_column_and_a_missing_version_is_read() -> None:
    def single(value: str) -> str:
        inside = f"<si:value>{value}</si:value><si:unit>\\mega\\pascal</si:unit>"
        return f"<dcc:quantity><si:real>{inside}</si:real></dcc:quantity>"

    found = columns(f"<dcc:list>{single('1.0')}{single('2.0')}</dcc:list>", "3.1.1")
    assert [[value.value.number.text for value in one.values] for one in found] == [["1.0", "2.0"]]
    assert [value.place.rpartition("/dcc:quantity")[2] for value in found[0].values] == [
        "[1]/si:real/si:value",
        "[2]/si:real/si:value",
    ]


@pytest.mark.parametrize("unit", ["kN", "%", "/kilogram", r"\degreeCelsius", "|mbar", "μm"])
def test_a_unit_that_is_not_understood_takes_nothing_over_until_it_is_named(unit: str) -> None:
    found = columns(WEIGHT.replace(r"\kilogram", unit))
    choice = ColumnChoice(0, ContentKind.ELEMENT, (WEIGHT_RANGE,), frozenset({0}))
    contents, refused = taken(found, choice, assume_degrees=True)
    assert (contents, refused) == ((), {"columns-0-unit": "dcc_import.unit_not_understood"})
    _, refused = taken(found, choice, assume_degrees=True, named_units={0: "no such unit"})
    assert refused == {"columns-0-unit": "unit.unknown"}
    (content,), refused = taken(found, choice, assume_degrees=True, named_units={0: "kg"})
    assert (refused, content.unit, content.value) == ({}, "kg", Decimal("10.000012"))
    assert content.named_units == f'{{"{unit}":"kg"}}'.replace("\\", "\\\\")


def test_errors_lead_from_the_indication_to_the_reference_value() -> None:
    found = columns(GAUGE)
    choice = ColumnChoice(
        2,
        ContentKind.CURVE,
        (PRESSURE_RANGE,) * 3,
        every(found[2]),
        meaning=Meaning.ERROR,
        argument=1,
        interpolation=Interpolation.LINEAR,
    )
    (content,), refused = taken(found, choice, assume_degrees=True)
    assert refused == {}
    assert (content.unit, content.argument_unit) == ("MPa", "MPa")
    assert [(p.argument, p.value) for p in content.points] == [
        (Decimal("0.000"), Decimal("0.000")),
        (Decimal("0.400"), Decimal("0.4012")),
        (Decimal("0.800"), Decimal("0.802")),
    ]
    assert content.degrees_of_freedom_assumed


def test_a_deviation_is_added_to_the_nominal_value() -> None:
    deviation = WEIGHT.replace("10.000012", "0.000012")
    choice = ColumnChoice(0, ContentKind.ELEMENT, (WEIGHT_RANGE,), frozenset({0}), meaning=Meaning.DEVIATION)
    (content,), refused = taken(columns(deviation), choice, assume_degrees=True)
    assert (refused, content.value, content.unit) == ({}, Decimal("10000.012"), "g")
    assert (content.expanded_uncertainty, content.expanded_uncertainty_unit) == (Decimal("0.000045"), "kg")


def test_uncertainty_given_for_one_of_three_columns_is_taken_from_there() -> None:
    (choice,) = proposed(GAUGE)
    assert (choice.number, choice.kind, choice.argument, choice.uncertainty) == (0, ContentKind.CURVE, 1, 2)
    assert choice.range_ids == (PRESSURE_RANGE,) * 3
    without = ColumnChoice(0, ContentKind.CURVE, choice.range_ids, choice.taken, argument=1)
    (content,), refused = taken(columns(GAUGE), without)
    assert refused == {}  # no uncertainty, no degrees of freedom to ask for: the register refuses it as a whole
    assert [point.expanded_uncertainty for point in content.points] == [None, None, None]


def test_degrees_of_freedom_are_asked_for_or_assumed_or_those_of_the_file() -> None:
    choice = ColumnChoice(0, ContentKind.ELEMENT, (WEIGHT_RANGE,), frozenset({0}))
    _, refused = taken(columns(WEIGHT), choice)
    assert refused == {"columns-0-degrees_of_freedom": "dcc_import.degrees_missing"}
    metadata = (
        '<dcc:measurementMetaData><dcc:metaData><dcc:data><dcc:quantity refType="lab_degreesOfFreedom"><si:real>'
        r"<si:value>23</si:value><si:unit>\one</si:unit></si:real></dcc:quantity></dcc:data></dcc:metaData>"
        "</dcc:measurementMetaData>"
    )
    stated = WEIGHT.replace("</dcc:quantity>", f"{metadata}</dcc:quantity>")
    (content, *_), refused = taken(columns(stated), choice)
    assert (refused, content.degrees_of_freedom, content.degrees_of_freedom_assumed) == ({}, Decimal(23), False)


def test_a_standard_uncertainty_is_one_with_k_1() -> None:
    inside = (
        r"<si:real><si:value>10.1</si:value><si:unit>\kilogram</si:unit><si:measurementUncertaintyUnivariate>"
        "<si:standardMU><si:valueStandardMU>0.002</si:valueStandardMU></si:standardMU>"
        "</si:measurementUncertaintyUnivariate></si:real>"
    )
    choice = ColumnChoice(0, ContentKind.ELEMENT, (WEIGHT_RANGE,), frozenset({0}), degrees_of_freedom=Decimal(9))
    (content,), refused = taken(columns(quantity(inside)), choice)
    assert refused == {}
    assert (content.expanded_uncertainty, content.coverage_factor, content.degrees_of_freedom) == (
        Decimal("0.002"),
        Decimal(1),
        Decimal(9),
    )


@pytest.mark.parametrize("mark", ["basic_beforeAdjustment", "asFound", "gp_as_found basic_measuredValue"])
def test_as_found_is_told_by_ref_type(mark: str) -> None:
    (choice,) = proposed(WEIGHT.replace('refType="basic_measuredValue"', f'refType="{mark}"'))
    assert choice.phase is Phase.AS_FOUND


def test_as_found_is_told_by_a_condition() -> None:
    condition = (
        "<dcc:influenceConditions><dcc:influenceCondition><dcc:name><dcc:content>State</dcc:content></dcc:name>"
        "<dcc:status>beforeAdjustment</dcc:status><dcc:data><dcc:quantity><dcc:noQuantity><dcc:content>x</dcc:content>"
        "</dcc:noQuantity></dcc:quantity></dcc:data></dcc:influenceCondition></dcc:influenceConditions>"
    )
    certificate = accepted(page(data=WEIGHT, used=condition))
    (choice,) = propose(certificate, columns_of(certificate), instrument())
    assert choice.phase is Phase.AS_FOUND


def test_a_number_far_from_every_nominal_value_is_not_proposed() -> None:
    assert proposed(WEIGHT.replace("10.000012", "20.000012")) == []
    assert proposed(WEIGHT.replace(r"\kilogram", "kg")) == []  # no unit, no proposal
    (choice,) = proposed(WEIGHT)
    assert (choice.kind, choice.range_ids) == (ContentKind.ELEMENT, (WEIGHT_RANGE,))


def test_what_is_no_number_is_not_taken() -> None:
    found = columns(in_list(column("P", "basic_measuredValue", "1.0 NaN", r"\mega\pascal", "0.01")))
    choice = ColumnChoice(0, ContentKind.CHARACTERISTIC, (PRESSURE_RANGE,) * 2, frozenset({0, 1}))
    _, refused = taken(found, choice, assume_degrees=True)
    assert refused == {"columns-0-kind": "dcc_import.not_a_number"}
    kept = ColumnChoice(0, ContentKind.CHARACTERISTIC, (PRESSURE_RANGE,) * 2, frozenset({0}))
    (content,), refused = taken(found, kept, assume_degrees=True)
    assert (refused, content.value, content.distribution) == ({}, Decimal("1.0"), "rectangular")


def test_coefficients_come_in_the_units_of_their_equation() -> None:
    def single(value: str, unit: str, u: str) -> str:
        return (
            f"<dcc:quantity><dcc:name><dcc:content>c</dcc:content></dcc:name><si:real><si:value>{value}</si:value>"
            f"<si:unit>{unit}</si:unit><si:measurementUncertaintyUnivariate><si:standardMU><si:valueStandardMU>{u}"
            "</si:valueStandardMU></si:standardMU></si:measurementUncertaintyUnivariate></si:real></dcc:quantity>"
        )

    found = columns(
        in_list(single("0.1000225", r"\kilo\ohm", "0.0000010"), single("3.9155E-3", r"\kelvin\tothe{-1}", "0.0000020"))
    )
    names = ("R0", "A")
    choices = [
        ColumnChoice(
            number,
            ContentKind.COEFFICIENTS,
            (TEMPERATURE_RANGE,),
            frozenset({0}),
            identifier=name,
            equation="callendar_van_dusen",
        )
        for number, name in enumerate(names)
    ]
    (content,), refused = taken(found, *choices, assume_degrees=True)
    assert refused == {}
    assert [(point.name, point.value, point.expanded_uncertainty) for point in content.points] == [
        ("R0", Decimal("100.0225"), Decimal("0.001")),
        ("A", Decimal("0.0039155"), Decimal("0.000002")),
    ]
    wrong = ColumnChoice(0, ContentKind.COEFFICIENTS, (TEMPERATURE_RANGE,), frozenset({0}), identifier="Z")
    _, refused = taken(found, wrong, assume_degrees=True)
    assert refused == {"columns-0-identifier": "dcc_import.coefficient"}


def test_nothing_chosen_and_columns_of_other_lengths_are_told() -> None:
    assert taken(columns(WEIGHT))[1] == {"columns": "dcc_import.nothing_taken"}
    found = columns(
        in_list(column("P", "x", "1.0 2.0", r"\pascal", "0.1"), column("Q", "y", "1.0 2.0 3.0", r"\pascal"))
    )
    choice = ColumnChoice(0, ContentKind.CURVE, (PRESSURE_RANGE,) * 2, frozenset({0, 1}), argument=1)
    assert taken(found, choice, assume_degrees=True)[1] == {"columns-0-argument": "dcc_import.other_length"}
    alone = ColumnChoice(0, ContentKind.CURVE, (PRESSURE_RANGE,) * 2, frozenset({0, 1}))
    assert taken(found, alone, assume_degrees=True)[1] == {"columns-0-argument": "dcc_import.no_argument"}


@pytest.mark.parametrize("place", range(len(examples()) or 1))
def test_every_value_of_an_example_stands_in_one_column(place: int) -> None:
    """Count them by XPath in the file itself: a number for each si:value, and for each word of a list."""
    path = need_examples()[place]
    root = etree.parse(str(path)).getroot()
    counted = 0
    results = "//dcc:measurementResult/dcc:results//dcc:quantity[not(ancestor::dcc:measurementMetaData)]"
    for element in xpath(root, results):
        counted += len(xpath(element, "./si:*//si:value"))
        counted += sum(len((one.text or "").split()) for one in xpath(element, "./si:*//si:valueXMLList"))
    reading = read(path.read_bytes(), today=date(2026, 11, 21), now=datetime(2026, 11, 21, tzinfo=UTC))
    if reading.certificate is None:
        pytest.skip(f"{path.name} is refused as a whole")
    found = columns_of(reading.certificate)
    places = [entry.place for one in found for entry in one.values]
    assert len(places) == len(set(places))
    assert len(places) == counted
