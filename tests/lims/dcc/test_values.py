"""Every form in which D-SI has given values and uncertainties is read alike."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lims.dcc.value_facts import Component, DegreesState, Place, UncertaintyKind, UnitState, Value, ValueKind
from tests.lims.dcc.plain import REAL, RESULT, accepted, codes, only_quantity, only_value, page, quantity, read

_U = "<si:coverageFactor>2.87</si:coverageFactor><si:coverageProbability>0.9545</si:coverageProbability>"
_T = "<si:distribution>t</si:distribution>"


def _real(uncertainty: str) -> str:
    return rf"<si:real><si:value>-1.50E-3</si:value><si:unit>\volt</si:unit>{uncertainty}</si:real>"


def _stated(value: Value) -> tuple[object, ...]:
    told = value.uncertainty
    assert told is not None
    numbers = (told.expanded, told.standard, told.coverage_factor, told.coverage_probability)
    return (told.kind, *(None if number is None else number.text for number in numbers), told.distribution)


def test_a_value_is_kept_as_written_and_exactly() -> None:
    value = only_value(_real(""))
    assert (value.number.text, value.number.decimal) == ("-1.50E-3", Decimal("-0.00150"))
    assert value.number.path == f"{RESULT}/dcc:quantity/si:real/si:value"
    assert (value.unit.text, value.unit.canonical) == ("\\volt", "V")
    assert (value.kind, value.uncertainty) == (ValueKind.REAL, None)


@pytest.mark.parametrize("version", ["3.0.0", "3.1.1", "3.2.1", "3.3.0"])
def test_the_older_form_of_an_expanded_uncertainty(version: str) -> None:
    value = only_value(
        _real(f"<si:expandedUnc><si:uncertainty>1E-6</si:uncertainty>{_U}{_T}</si:expandedUnc>"), version
    )
    assert _stated(value) == (UncertaintyKind.EXPANDED, "1E-6", None, "2.87", "0.9545", "t")


def test_the_newer_forms() -> None:
    around = "<si:measurementUncertaintyUnivariate>{}</si:measurementUncertaintyUnivariate>"
    expanded = f"<si:expandedMU><si:valueExpandedMU>1E-6</si:valueExpandedMU>{_U}{_T}</si:expandedMU>"
    standard = f"<si:standardMU><si:valueStandardMU>5E-7</si:valueStandardMU>{_T}</si:standardMU>"
    assert _stated(only_value(_real(around.format(expanded)))) == (
        UncertaintyKind.EXPANDED,
        "1E-6",
        None,
        "2.87",
        "0.9545",
        "t",
    )
    assert _stated(only_value(_real(around.format(standard)))) == (
        UncertaintyKind.STANDARD,
        None,
        "5E-7",
        None,
        None,
        "t",
    )


def test_coverage_intervals_of_both_forms() -> None:
    limits = "<si:intervalMin>-1.6E-3</si:intervalMin><si:intervalMax>-1.4E-3</si:intervalMax>"
    probability = "<si:coverageProbability>0.95</si:coverageProbability>"
    older = f"<si:coverageInterval><si:standardUnc>5E-5</si:standardUnc>{limits}{probability}</si:coverageInterval>"
    newer = (
        "<si:measurementUncertaintyUnivariate><si:coverageIntervalMU><si:valueStandardMU>5E-5</si:valueStandardMU>"
        f"{limits}{probability}</si:coverageIntervalMU></si:measurementUncertaintyUnivariate>"
    )
    for form in (older, newer):
        told = only_value(_real(form)).uncertainty
        assert told is not None
        assert told.kind is UncertaintyKind.INTERVAL
        assert told.standard is not None
        assert told.interval_low is not None
        assert told.interval_high is not None
        assert [told.standard.text, told.interval_low.text, told.interval_high.text] == ["5E-5", "-1.6E-3", "-1.4E-3"]


def test_a_list_of_words_with_one_entry_for_all() -> None:
    found = only_quantity(
        r"""<si:realListXMLList><si:labelXMLList>a b c</si:labelXMLList><si:valueXMLList>1 2.0
        3</si:valueXMLList><si:unitXMLList>\kelvin</si:unitXMLList><si:expandedUncXMLList>
        <si:uncertaintyXMLList>0.1 0.2 0.3</si:uncertaintyXMLList><si:coverageFactorXMLList>2</si:coverageFactorXMLList>
        <si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList></si:expandedUncXMLList>
        </si:realListXMLList>"""
    )
    assert [(v.index, v.label, v.number.text, v.number.position, v.unit.text) for v in found.values] == [
        (1, "a", "1", 1, "\\kelvin"),
        (2, "b", "2.0", 2, "\\kelvin"),
        (3, "c", "3", 3, "\\kelvin"),
    ]
    assert [_stated(value)[1:4] for value in found.values] == [
        ("0.1", None, "2"),
        ("0.2", None, "2"),
        ("0.3", None, "2"),
    ]
    last = found.values[2].uncertainty
    assert last is not None
    assert last.expanded is not None
    assert last.coverage_factor is not None
    assert (last.expanded.position, last.coverage_factor.position) == (3, 1)


def test_a_list_of_elements_gives_what_its_values_leave_out() -> None:
    found = only_quantity(
        rf"""<si:list><si:realList><si:dateTime>2026-01-05T08:00:00Z</si:dateTime><si:listUnit>\pascal</si:listUnit>
        <si:listUnivariateUnc><si:expandedUnc><si:uncertainty>5</si:uncertainty>{_U}</si:expandedUnc>
        </si:listUnivariateUnc><si:real><si:value>1</si:value></si:real>
        <si:real><si:value>2</si:value><si:unit>\kilo\pascal</si:unit><si:expandedUnc><si:uncertainty>7</si:uncertainty>
        {_U}</si:expandedUnc></si:real></si:realList></si:list>"""
    )
    first, second = found.values
    assert (first.unit.canonical, second.unit.canonical) == ("Pa", "kPa")
    assert (_stated(first)[1], _stated(second)[1]) == ("5", "7")
    assert first.uncertainty is not None
    assert second.uncertainty is not None
    assert (first.uncertainty.shared, second.uncertainty.shared) == (True, False)
    assert first.date_time == "2026-01-05T08:00:00Z"


def test_a_constant_states_a_standard_uncertainty() -> None:
    inside = (
        r"<si:constant><si:value>8.314</si:value><si:unit>\joule\mole\tothe{-1}\kelvin\tothe{-1}</si:unit>"
        "<si:uncertainty>0.001</si:uncertainty><si:distribution>rectangular</si:distribution></si:constant>"
    )
    value = only_value(inside)
    assert value.kind is ValueKind.CONSTANT
    assert _stated(value) == (UncertaintyKind.STANDARD, None, "0.001", None, None, "rectangular")
    assert value.unit.canonical == "J/mol.K"


def test_complex_values_with_their_region() -> None:
    cell = r"<si:covariance><si:value>1E-4</si:value><si:unit>\one</si:unit></si:covariance>"
    region = (
        f"<si:ellipsoidalRegion><si:covarianceMatrix><si:column>{cell * 2}</si:column><si:column>{cell * 2}</si:column>"
        "</si:covarianceMatrix><si:coverageFactor>2.45</si:coverageFactor><si:coverageProbability>0.95"
        "</si:coverageProbability></si:ellipsoidalRegion>"
    )
    polar = (
        r"<si:complex><si:valueMagnitude>0.5</si:valueMagnitude><si:valuePhase>0.1</si:valuePhase>"
        rf"<si:unit>\one</si:unit><si:unitPhase>\radian</si:unitPhase>{region}</si:complex>"
    )
    found = only_quantity(polar)
    assert [(v.component, v.number.text, v.unit.canonical) for v in found.values] == [
        (Component.MAGNITUDE, "0.5", "1"),
        (Component.PHASE, "0.1", "rad"),
    ]
    (told,) = found.regions
    assert told.form == "ellipsoidalRegion"
    assert [len(column) for column in told.columns] == [2, 2]
    assert (told.columns[0][0].values[0].text, told.coverage_factors[0].text) == ("1E-4", "2.45")


def test_the_same_in_several_units() -> None:
    found = only_quantity(
        r"""<si:hybrid><si:real><si:value>306.248</si:value><si:unit>\kelvin</si:unit></si:real>
        <si:real><si:value>33.098</si:value><si:unit>\degreecelsius</si:unit></si:real></si:hybrid>"""
    )
    assert [(v.alternative, v.number.text, v.unit.canonical) for v in found.values] == [
        (1, "306.248", "K"),
        (2, "33.098", "degC"),
    ]


def test_a_relative_uncertainty_stands_beside() -> None:
    single = r"<si:value>0.001</si:value><si:unit>\one</si:unit>"
    inside = (
        f"{REAL}<dcc:relativeUncertainty><dcc:relativeUncertaintySingle>{single}</dcc:relativeUncertaintySingle>"
        "</dcc:relativeUncertainty>"
    )
    found = only_quantity(inside)
    assert [value.number.text for value in found.relative] == ["0.001"]


def _metadata(degrees: str, unit: str = "\\one") -> str:
    return (
        '<dcc:measurementMetaData><dcc:metaData><dcc:data><dcc:quantity refType="lab_degreesOfFreedom"><si:real>'
        f"<si:value>{degrees}</si:value><si:unit>{unit}</si:unit></si:real></dcc:quantity></dcc:data></dcc:metaData>"
        "</dcc:measurementMetaData>"
    )


def test_degrees_of_freedom_are_stated_in_metadata_or_missing() -> None:
    stated = accepted(page(data=quantity(REAL, metadata=_metadata("23")))).quantities[0].values[0].uncertainty
    assert stated is not None
    assert stated.degrees_of_freedom is not None
    assert (stated.degrees_state, stated.degrees_of_freedom.text) == (DegreesState.STATED, "23")
    for metadata in ("", _metadata("-2"), _metadata("23", "\\kelvin")):
        reading = read(page(data=quantity(REAL, metadata=metadata)))
        assert reading.certificate is not None
        told = reading.certificate.quantities[0].values[0].uncertainty
        assert told is not None
        assert (told.degrees_state, told.degrees_of_freedom) == (DegreesState.MISSING, None)
        assert any(finding.code == "dcc.degrees_of_freedom_missing" for finding in reading.findings)


def test_words_instead_of_values() -> None:
    found = only_quantity("<dcc:charsXMLList>red blue</dcc:charsXMLList>")
    assert (found.values, found.words) == ((), ("red", "blue"))
    found = only_quantity('<dcc:noQuantity><dcc:content lang="vi">không đo</dcc:content></dcc:noQuantity>')
    assert found.text.in_language("vi") == "không đo"


def test_quantities_know_what_they_belong_to() -> None:
    condition = (
        "<dcc:influenceConditions><dcc:influenceCondition><dcc:name><dcc:content>Air</dcc:content></dcc:name><dcc:data>"
        r"<dcc:quantity><si:real><si:value>293</si:value><si:unit>\kelvin</si:unit></si:real></dcc:quantity></dcc:data>"
        "</dcc:influenceCondition></dcc:influenceConditions>"
    )
    found = accepted(page(used=condition)).quantities
    assert [(q.place, [h.in_language() for h in q.heading]) for q in found] == [
        (Place.CONDITION, ["Kết quả", "Air"]),
        (Place.RESULT, ["Kết quả", "Bảng 1"]),
    ]


def test_a_unit_that_is_not_understood_is_kept_and_flagged() -> None:
    reading = read(page(data=quantity(REAL.replace("\\ohm", "Ohm"))))
    assert reading.accepted
    assert reading.certificate is not None
    unit = reading.certificate.quantities[0].values[0].unit
    assert (unit.text, unit.state, unit.canonical) == ("Ohm", UnitState.NOT_DIGITAL_SI, None)
    (finding,) = [one for one in reading.findings if one.code == "dcc.unit_not_digital_si"]
    assert finding.path == f"{RESULT}/dcc:quantity/si:real/si:unit"
    assert codes(reading) == []
