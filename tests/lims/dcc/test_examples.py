"""Certificates made by others are read whole: each number, unit and uncertainty as an XPath of its own finds it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from lxml import etree

from lims.cli import cli
from lims.dcc.certificate_facts import SignatureState
from lims.dcc.grammar import ANY, BUILT_IN, DIGITAL_SI, FOREIGN, OTHER, VERSIONS, grammar_of
from lims.dcc.schema import schema_findings
from lims.dcc.source import parse
from tests.lims.dcc.plain import codes, read, xpath
from tests.lims.dcc.reference import examples, need_examples, schema_folder

_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"
# The element of the file for each part of a value in the document; a list's has the same name with a mark behind.
_PARTS: Final = {
    "value": ("value",),
    "expanded_uncertainty": ("uncertainty", "valueExpandedMU"),
    "standard_uncertainty": ("standardUnc", "valueStandardMU"),
    "coverage_factor": ("coverageFactor",),
    "coverage_probability": ("coverageProbability",),
    "distribution": ("distribution",),
}


@pytest.fixture(scope="module", params=[path.name for path in examples()] or [""])
def example(request: pytest.FixtureRequest) -> Path:
    """Each example in turn."""
    return next(path for path in need_examples() if path.name == request.param)


@pytest.fixture(scope="module")
def document(example: Path) -> dict[str, Any]:
    """What `lims dcc read --json` says of an example."""
    result = CliRunner().invoke(cli, ["dcc", "read", str(example), "--json"], env={"LIMS_LANGUAGE": "en"})
    assert result.exit_code == 0, result.stderr
    read_again: dict[str, Any] = json.loads(result.stdout)
    return read_again


def test_it_is_valid_by_the_schema_and_by_the_own_rules(example: Path) -> None:
    data = example.read_bytes()
    assert schema_findings(parse(data), schema_folder()) == []
    assert codes(read(data, today=date(2100, 1, 1))) == []


def test_every_part_of_every_value_is_read(example: Path, document: dict[str, Any]) -> None:
    root = etree.parse(str(example)).getroot()
    values = document["values"]
    assert values
    for part, names in _PARTS.items():
        expected: Counter[str] = Counter()
        for name in names:
            single = xpath(root, f"//si:{name}[not(ancestor::si:covarianceMatrix)]")
            expected.update(element.text.strip() for element in single)
            for element in xpath(root, f"//si:{name}XMLList"):
                words = element.text.split()
                count = len(xpath(element, "ancestor-or-self::*/si:valueXMLList")[-1].text.split())
                expected.update(words * count if len(words) == 1 else words)
        assert Counter(value[part] for value in values if value[part] is not None) == expected, part


def test_every_path_leads_to_what_is_said(example: Path, document: dict[str, Any]) -> None:
    root = etree.parse(str(example)).getroot()
    for value in document["values"]:
        assert value["path"] == value["paths"]["value"]
        for part, path in value["paths"].items():
            (element,) = xpath(root, path)
            words = element.text.split()
            assert value[part] in (words if path.endswith("XMLList") else [element.text.strip()])
        if value["position"] is not None:
            (element,) = xpath(root, value["path"])
            assert element.text.split()[value["position"] - 1] == value["value"]


def test_every_text_and_attribute_is_among_the_content(example: Path, document: dict[str, Any]) -> None:
    texts: Counter[str] = Counter()
    attributes: Counter[tuple[str, str]] = Counter()

    def gather(node: dict[str, Any]) -> None:
        if node.get("text", "").strip():
            texts[node["text"].strip()] += 1
        attributes.update(node.get("attributes", {}).items())
        for child in node.get("children", []):
            gather(child)

    gather(document["content"])
    root = etree.parse(str(example), etree.XMLParser(remove_comments=True)).getroot()
    expected: Counter[str] = Counter()
    said: Counter[tuple[str, str]] = Counter()
    for element in xpath(root, "//dcc:* | //si:*"):
        if len(element) == 0 and (element.text or "").strip() and etree.QName(element).localname != "dataBase64":
            expected[element.text.strip()] += 1
        said.update((name, value) for name, value in element.attrib.items() if not name.startswith("{"))
    assert (texts, attributes) == (expected, said)


def test_the_facts_are_those_of_the_file(example: Path, document: dict[str, Any]) -> None:
    root = etree.parse(str(example)).getroot()

    def text(expression: str) -> str | None:
        found = xpath(root, expression)
        return found[0].text.strip() if found else None

    certificate, core = document["certificate"], document["certificate"]["core"]
    assert core["unique_identifier"] == text("//dcc:coreData/dcc:uniqueIdentifier")
    assert core["began_on"] == text("//dcc:coreData/dcc:beginPerformanceDate")
    assert core["ended_on"] == text("//dcc:coreData/dcc:endPerformanceDate")
    laboratory = "//dcc:calibrationLaboratory/dcc:contact"
    assert certificate["laboratories"][0]["name"][0]["text"] == text(f"{laboratory}/dcc:name/dcc:content")
    assert certificate["laboratories"][0]["location"]["city"] == text(f"{laboratory}/dcc:location/dcc:city")
    for name, expression in (
        ("items", "//dcc:item"),
        ("equipment", "//dcc:measuringEquipment"),
        ("methods", "//dcc:usedMethod"),
        ("software", "//dcc:software"),
        ("conditions", "//dcc:influenceCondition"),
        ("statements", "//dcc:statement | //dcc:metaData"),
        ("persons", "//dcc:respPerson"),
        ("results", "//dcc:measurementResult"),
        ("attachments", "//dcc:fileName"),
    ):
        assert len(certificate[name]) == len(xpath(root, expression)), name
    said = [word for one in certificate["statements"] for word in one["conformity"]]
    written = xpath(root, "//dcc:conformity | //dcc:conformityXMLList")
    assert said == [word for element in written for word in element.text.split()]


def test_signatures_of_others_hold_but_their_signers_are_not_known_here() -> None:
    states = {path.name: read(path.read_bytes()) for path in need_examples()}
    signed = {name: reading for name, reading in states.items() if reading.signatures}
    assert len(signed) >= 2
    for reading in signed.values():
        assert reading.signature_state is SignatureState.CANNOT_VERIFY
        assert all(signature.holds for signature in reading.signatures)
        assert reading.accepted


def test_a_changed_byte_breaks_the_signatures_of_others() -> None:
    signed = [path for path in need_examples() if read(path.read_bytes()).signatures]
    for path in signed:
        data = path.read_bytes()
        assert b"306.248" in data
        reading = read(data.replace(b"306.248", b"306.249", 1))
        assert reading.signature_state is SignatureState.INVALID
        assert not reading.accepted


@pytest.mark.parametrize("version", VERSIONS)
def test_every_element_and_attribute_of_the_schemas_is_known(version: str) -> None:
    """By name: whatever the schema of a version declares below its root has its place in the tables, and no other."""
    folder = schema_folder()
    grammar = grammar_of(version)
    known: set[str] = set()
    for complex_type in grammar.complex_types.values():
        for position in {*complex_type.first, *(one for follow in complex_type.follow for one in follow)}:
            known.add(position.name)
            assert position.type in {*grammar.complex_types, *grammar.simple_types, *BUILT_IN, FOREIGN}
        known.update(f"@{attribute.name}" for attribute in complex_type.attributes)
    declared: set[str] = set()
    for prefix, path in (("dcc", f"v{version}/dcc.xsd"), ("si", f"dsi/v{DIGITAL_SI[version]}.xsd")):
        for element in etree.parse(str(folder / path)).getroot().iter(f"{_XSD}element", f"{_XSD}attribute"):
            if element.get("name") is None or element.get("abstract") == "true":
                continue
            mark = "@" if element.tag == f"{_XSD}attribute" else f"{prefix}:"
            declared.add(f"{mark}{element.get('name')}")
    # Types that no element of a document has, and elements of D-SI that stand nowhere by themselves.
    unused = {"dcc:calibrationLocation", "dcc:calibrationLocationSite"}
    unused |= {"dcc:beginLocationCalDateTime", "dcc:endLocationCalDateTime", "dcc:digitalCalibrationCertificate"}
    assert known - declared - {ANY, OTHER, "ds:Signature"} == set()
    assert declared - known - unused == set()
