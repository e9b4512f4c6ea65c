"""What a schema does not see: dates, references, languages, signers, lists, uncertainties."""

from __future__ import annotations

import pytest

from lims.dcc.facts import Severity
from tests.lims.dcc.plain import PERSON, REAL, RESULT, ROOT, codes, page, quantity, read

_CORE = f"{ROOT}/dcc:administrativeData/dcc:coreData"


def _list(values: str, unit: str, uncertainties: str, factor: str = "2", **parts: str) -> str:
    probability = parts.get("probability", "0.95")
    return (
        f"<si:realListXMLList><si:valueXMLList>{values}</si:valueXMLList><si:unitXMLList>{unit}</si:unitXMLList>"
        f"<si:expandedUncXMLList><si:uncertaintyXMLList>{uncertainties}</si:uncertaintyXMLList>"
        f"<si:coverageFactorXMLList>{factor}</si:coverageFactorXMLList><si:coverageProbabilityXMLList>"
        f"{probability}</si:coverageProbabilityXMLList></si:expandedUncXMLList></si:realListXMLList>"
    )


@pytest.mark.parametrize(
    ("parts", "code", "path"),
    [
        ({"ended": "2026-04-06"}, "date_in_the_future", f"{_CORE}/dcc:endPerformanceDate"),
        ({"began": "2026-01-07"}, "end_before_begin", f"{_CORE}/dcc:endPerformanceDate"),
        (
            {"after_core": "<dcc:issueDate>2026-01-01</dcc:issueDate>"},
            "issued_before_end",
            f"{_CORE}/dcc:issueDate",
        ),
        (
            {"after_core": "<dcc:issueDate>2099-01-01Z</dcc:issueDate>"},
            "date_in_the_future",
            f"{_CORE}/dcc:issueDate",
        ),
        (
            {"data": quantity(REAL, attributes=' refId="nobody"')},
            "mark_without_target",
            f"{RESULT}/dcc:quantity/@refId",
        ),
        ({"data": quantity(REAL, attributes=' id="item1"')}, "mark_twice", f"{RESULT}/dcc:quantity/@id"),
    ],
)
def test_errors_of_the_whole(parts: dict[str, str], code: str, path: str) -> None:
    reading = read(page(**parts))
    assert [(one.code, one.path) for one in reading.findings if one.severity is Severity.ERROR] == [
        (f"dcc.{code}", path)
    ]
    assert reading.certificate is not None
    assert not reading.accepted


def test_a_day_that_began_elsewhere_is_not_in_the_future() -> None:
    assert read(page(ended="2026-03-03")).accepted
    assert codes(read(page(ended="2026-03-04"))) == ["dcc.date_in_the_future"]


@pytest.mark.parametrize(
    ("inside", "code", "path"),
    [
        (_list("1 2 3", "\\one", "0.1 0.2"), "list_lengths", "/si:expandedUncXMLList/si:uncertaintyXMLList"),
        (_list("1 2 3", "\\one \\one", "0.1"), "list_lengths", "/si:unitXMLList"),
        (_list("1", "\\one", "0.1", "2 2"), "list_lengths", "/si:expandedUncXMLList/si:coverageFactorXMLList"),
        (_list("", "\\one", "0.1"), "list_empty", "/si:valueXMLList"),
        (_list("1", "\\one", "0.1", "NaN"), "no_coverage_factor", "/si:expandedUncXMLList/si:coverageFactorXMLList"),
        (
            _list("1", "\\one", "0.1", probability="0.0"),
            "coverage_probability",
            "/si:expandedUncXMLList/si:coverageProbabilityXMLList",
        ),
        (_list("1 2", "", "0.1"), "list_lengths", "/si:unitXMLList"),
    ],
)
def test_errors_of_lists(inside: str, code: str, path: str) -> None:
    found = [one for one in read(page(data=quantity(inside))).findings if one.severity is Severity.ERROR]
    assert (f"dcc.{code}", f"{RESULT}/dcc:quantity/si:realListXMLList{path}") in [(one.code, one.path) for one in found]


def test_conformity_has_an_entry_for_each_value() -> None:
    said = (
        "<dcc:measurementMetaData><dcc:metaData><dcc:conformityXMLList>pass {}</dcc:conformityXMLList></dcc:metaData>"
        "</dcc:measurementMetaData>"
    )
    three = _list("1 2 3", "\\one", "0.1")
    assert read(page(data=quantity(three, metadata=said.format("fail pass")))).accepted
    reading = read(page(data=quantity(three, metadata=said.format("fail"))))
    assert codes(reading) == ["dcc.list_lengths"]
    assert (
        reading.findings[0].path == f"{RESULT}/dcc:quantity/dcc:measurementMetaData/dcc:metaData/dcc:conformityXMLList"
    )
    assert reading.findings[0].values == {"found": 2, "expected": 3}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"data": quantity(REAL.replace("100.0220", "NaN"))}, "value_not_a_number"),
        ({"data": quantity(REAL.replace("0.0039", "NaN"))}, "uncertainty_not_a_number"),
        ({"data": quantity(REAL.replace("0.0039", "0"))}, "uncertainty_zero"),
        ({"data": quantity(REAL.replace("\\ohm", "Ω"))}, "unit_not_digital_si"),
        ({"data": quantity(REAL.replace("\\ohm", "\\bel"))}, "unit_not_calculable"),
        ({"data": quantity(REAL.replace("\\ohm", "|mmH2O"))}, "unit_non_si_undeclared"),
        ({"data": quantity(REAL, attributes="")}, "no_ref_types"),
        ({"persons": PERSON * 2}, "main_signers"),
        ({"persons": PERSON.replace("true", "false")}, "main_signers"),
        ({"core": "<dcc:receiptDate>2026-01-06</dcc:receiptDate>"}, "begin_before_receipt"),
    ],
)
def test_what_a_person_has_to_look_at(parts: dict[str, str], code: str) -> None:
    reading = read(page(**parts))
    assert reading.accepted
    assert codes(reading, Severity.WARNING) == [f"dcc.{code}"]


def test_a_unit_that_a_statement_defines() -> None:
    statement = (
        "<dcc:statements><dcc:statement><dcc:nonSIDefinition>water column</dcc:nonSIDefinition>"
        "<dcc:nonSIUnit>mmH2O</dcc:nonSIUnit></dcc:statement></dcc:statements>"
    )
    reading = read(page(data=quantity(REAL.replace("\\ohm", "|mmH2O")), statements=statement))
    assert codes(reading, Severity.WARNING) == ["dcc.unit_non_si"]


def test_a_missing_unit_refuses() -> None:
    reading = read(page(data=quantity(REAL.replace("\\ohm", ""))))
    assert codes(reading) == ["dcc.unit_missing"]


def test_languages() -> None:
    other = (
        REAL + '<dcc:measurementMetaData><dcc:metaData><dcc:name><dcc:content lang="de">Wert</dcc:content></dcc:name>'
    )
    reading = read(page(data=quantity(other + "</dcc:metaData></dcc:measurementMetaData>")))
    assert codes(reading, Severity.WARNING) == ["dcc.language_not_declared"]
    text = page().decode().replace("<dcc:mandatoryLangCodeISO639_1>vi", "<dcc:mandatoryLangCodeISO639_1>fr")
    assert codes(read(text.encode()), Severity.WARNING) == ["dcc.mandatory_language_unused"]


@pytest.mark.parametrize(
    ("second", "unit", "warned"),
    [("26.85", "\\degreecelsius", False), ("26.9", "\\degreecelsius", False), ("27.1", "\\degreecelsius", True),
     ("300000", "\\milli\\kelvin", False), ("300", "\\metre", True), ("300", "kelvin", False)],
)  # fmt: skip
def test_the_same_value_in_two_units_is_the_same(second: str, unit: str, warned: bool) -> None:
    inside = (
        r"<si:hybrid><si:real><si:value>300.00</si:value><si:unit>\kelvin</si:unit></si:real>"
        f"<si:real><si:value>{second}</si:value><si:unit>{unit}</si:unit></si:real></si:hybrid>"
    )
    reading = read(page(data=quantity(inside)))
    assert ("dcc.alternatives_differ" in codes(reading, Severity.WARNING)) == warned


def test_two_units_have_as_many_values() -> None:
    unit = r"<si:unitXMLList>\one</si:unitXMLList>"
    one = f"<si:realListXMLList><si:valueXMLList>{{}}</si:valueXMLList>{unit}</si:realListXMLList>"
    reading = read(page(data=quantity(f"<si:hybrid>{one.format('1 2')}{one.format('1')}</si:hybrid>")))
    assert codes(reading) == ["dcc.alternatives_lengths"]


def test_intervals_and_covariances() -> None:
    interval = (
        "<si:coverageInterval><si:standardUnc>1</si:standardUnc><si:intervalMin>{}</si:intervalMin><si:intervalMax>{}"
        "</si:intervalMax><si:coverageProbability>0.95</si:coverageProbability></si:coverageInterval>"
    )
    real = r"<si:real><si:value>5</si:value><si:unit>\one</si:unit>{}</si:real>"
    assert codes(read(page(data=quantity(real.format(interval.format(6, 4)))))) == ["dcc.interval_reversed"]
    outside = read(page(data=quantity(real.format(interval.format(6, 7)))))
    assert codes(outside, Severity.WARNING) == ["dcc.value_outside_interval"]
    cell = r"<si:covariance><si:value>1</si:value><si:unit>\one</si:unit></si:covariance>"
    region = (
        f"<si:rectangularRegion><si:covarianceMatrix><si:column>{cell}{cell}</si:column></si:covarianceMatrix>"
        "<si:coverageFactor>2</si:coverageFactor><si:coverageProbability>0.95</si:coverageProbability>"
        "</si:rectangularRegion>"
    )
    inside = rf"<si:complex><si:valueReal>1</si:valueReal><si:valueImag>0</si:valueImag><si:unit>\one</si:unit>{region}"
    assert codes(read(page(data=quantity(f"{inside}</si:complex>")))) == ["dcc.covariance_not_square"]


def test_findings_are_not_told_without_end() -> None:
    many = "".join(quantity(REAL, attributes=f' refId="gone{number}"') for number in range(700))
    reading = read(page(data=many))
    assert (len(reading.findings), reading.findings_left_off > 190) == (500, True)
