"""What is not as the version of the format wants it is named: the exact element, and what could stand there."""

from __future__ import annotations

import pytest

from lims.dcc.facts import Severity
from tests.lims.dcc.plain import REAL, RESULT, ROOT, codes, errors, page, quantity, read

_CORE = f"{ROOT}/dcc:administrativeData/dcc:coreData"
_VALUE = f"{RESULT}/dcc:quantity/si:real"


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        (
            "<si:coverageFactor>2</si:coverageFactor>",
            "",
            "element_unexpected",
            "/si:expandedUnc/si:coverageProbability",
        ),
        (r"<si:unit>\ohm</si:unit>", "", "element_unexpected", "/si:expandedUnc"),
        ("<si:value>100.0220</si:value>", "", "element_unexpected", "/si:unit"),
        ("<si:value>100.0220</si:value>", "<si:value>100,022</si:value>", "not_a_number", "/si:value"),
        ("<si:value>100.0220</si:value>", "<si:value/>", "not_a_number", "/si:value"),
        ("<si:value>100.0220</si:value>", "<si:value>1E9999</si:value>", "number_out_of_range", "/si:value"),
        ("<si:value>100", "<si:valeu>1</si:valeu><si:value>100", "element_unexpected", "/si:valeu"),
        ("0.0039", "-0.0039", "not_a_number", "/si:expandedUnc/si:uncertainty"),
        (">2</si:coverageFactor>", ">0.98</si:coverageFactor>", "not_a_number", "/si:expandedUnc/si:coverageFactor"),
        (">0.95<", ">95<", "not_a_number", "/si:expandedUnc/si:coverageProbability"),
        ("<si:real>", "<si:real>text", "text_unexpected", ""),
        ("<si:real>", '<si:real unit="m">', "attribute_unexpected", "/@unit"),
        ("<si:value>100.0220", "<si:value><si:unit/>100.0220", "element_one_too_many", "/si:value/si:unit"),
        ("</si:expandedUnc>", "</si:expandedUnc><si:unit/>", "element_one_too_many", "/si:unit[2]"),
    ],
)
def test_of_a_value(old: str, new: str, code: str, path: str) -> None:
    assert old in REAL
    reading = read(page(data=quantity(REAL.replace(old, new, 1))))
    found = errors(reading)[0]
    assert (found.code, found.path) == (f"dcc.{code}", f"{_VALUE}{path}")
    assert reading.certificate is None


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("2026-01-05", "", "not_a_date", f"{_CORE}/dcc:beginPerformanceDate"),
        ("2026-01-05", "05.01.2026", "not_a_date", f"{_CORE}/dcc:beginPerformanceDate"),
        ("2026-01-05", "2026-02-30", "not_a_date", f"{_CORE}/dcc:beginPerformanceDate"),
        (">laboratory<", ">Laboratory<", "not_one_of", f"{_CORE}/dcc:performanceLocation"),
        (">VN</dcc:countryCodeISO", ">Vietnam</dcc:countryCodeISO", "not_of_its_form",
         f"{_CORE}/dcc:countryCodeISO3166_1"),
        (">HC-2026-001<", "> <", "not_of_its_form", f"{_CORE}/dcc:uniqueIdentifier"),
        (">true</dcc:mainSigner>", ">yes</dcc:mainSigner>", "not_a_boolean", f"{ROOT}/dcc:administrativeData"
         "/dcc:respPersons/dcc:respPerson/dcc:mainSigner"),
        ('id="item1"', 'id="1 item"', "not_a_mark", f"{ROOT}/dcc:administrativeData/dcc:items/dcc:item/@id"),
        ("<dcc:customer>", "<dcc:client/><dcc:customer>", "element_unexpected",
         f"{ROOT}/dcc:administrativeData/dcc:client"),
        ("</dcc:administrativeData>", "<dcc:items/></dcc:administrativeData>", "element_unexpected",
         f"{ROOT}/dcc:administrativeData/dcc:items[2]"),
    ],
)  # fmt: skip
def test_of_administrative_data(old: str, new: str, code: str, path: str) -> None:
    text = page().decode()
    assert old in text
    found = errors(read(text.replace(old, new, 1).encode()))[0]
    assert (found.code, found.path) == (f"dcc.{code}", path)


def test_what_is_missing_at_the_end_is_named() -> None:
    (found,) = errors(read(page(data="")))
    assert (found.code, found.path) == ("dcc.element_missing", RESULT)
    assert found.values["expected"] == "dcc:text, dcc:formula, dcc:byteData, dcc:xml, dcc:quantity, dcc:list"


def test_what_is_missing_where_any_order_is_allowed_is_named() -> None:
    text = page().decode()
    start, end = text.index("<dcc:customer>"), text.index("</dcc:customer>") + len("</dcc:customer>")
    (found,) = errors(read((text[:start] + text[end:]).encode()))
    assert (found.code, found.values["expected"]) == ("dcc.element_missing", "dcc:customer")


def test_administrative_data_may_come_in_any_order() -> None:
    text = page().decode()
    start, end = text.index("<dcc:customer>"), text.index("</dcc:customer>") + len("</dcc:customer>")
    moved = text[:start] + text[end:]
    moved = moved.replace("<dcc:dccSoftware>", text[start:end] + "<dcc:dccSoftware>", 1)
    assert read(moved.encode()).accepted


def test_an_element_is_known_only_from_its_version_on() -> None:
    newer = (
        "<si:measurementUncertaintyUnivariate><si:standardMU><si:valueStandardMU>1</si:valueStandardMU></si:standardMU>"
        "</si:measurementUncertaintyUnivariate>"
    )
    inside = rf"<si:real><si:value>1</si:value><si:unit>\one</si:unit>{newer}</si:real>"
    assert read(page("3.3.0", data=quantity(inside))).accepted
    (found,) = errors(read(page("3.2.1", data=quantity(inside))))
    assert found.path.endswith("/si:real/si:measurementUncertaintyUnivariate")
    assert found.values["expected"] == "si:dateTime, si:expandedUnc, si:coverageInterval"


def test_foreign_content_is_kept_where_it_is_allowed() -> None:
    after = '<dcc:comment><x:note xmlns:x="urn:example">beside</x:note></dcc:comment>'
    reading = read(page(after=after))
    assert reading.certificate is not None
    (node,) = [node for node in reading.certificate.root.walk() if node.raw is not None]
    assert ">beside<" in (node.raw or "")
    assert node.name == "{urn:example}note"


def test_a_signature_before_its_version_is_let_stand() -> None:
    after = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
    reading = read(page("3.1.1", after=after))
    assert codes(reading) == []
    assert "dcc.signature_not_foreseen" in codes(reading, Severity.WARNING)
