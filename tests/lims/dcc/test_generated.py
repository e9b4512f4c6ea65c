"""Random certificates of every version: all that was written is read, and what breaks the schema is refused."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Final

import pytest
from lxml import etree

from lims.dcc.facts import Severity
from lims.dcc.grammar import VERSIONS
from lims.dcc.schema import schema_findings
from lims.dcc.source import Refused, parse
from lims.dcc.structure import read_structure
from tests.lims.dcc.generated import generate
from tests.lims.dcc.plain import codes, read, xpath
from tests.lims.dcc.reference import schema_folder

_SEEDS: Final = range(3)
_CASES: Final = [(version, seed) for version in VERSIONS for seed in _SEEDS]
_NUMBERS: Final = "//si:value | //si:valueReal | //si:valueImag | //si:valueMagnitude | //si:valuePhase"
_LISTS: Final = (
    "//si:valueXMLList | //si:valueRealXMLList | //si:valueImagXMLList | //si:valueMagnitudeXMLList | "
    "//si:valuePhaseXMLList"
)


@cache
def _data(version: str, seed: int) -> bytes:
    return generate(version, seed).data


def _texts(root: etree._Element, expression: str) -> Iterator[str]:
    for element in xpath(root, expression):
        if not xpath(element, "ancestor::si:covarianceMatrix | ancestor::si:covarianceMatrixXMLList"):
            yield element.text.strip()


@pytest.mark.parametrize(("version", "seed"), _CASES)
def test_every_number_is_read_at_its_place(version: str, seed: int) -> None:
    data = _data(version, seed)
    reading = read(data)
    assert codes(reading) == []
    assert reading.certificate is not None
    root = etree.fromstring(data)
    written = Counter(chain(_texts(root, _NUMBERS), *(text.split() for text in _texts(root, _LISTS))))
    values = [v for q in reading.certificate.quantities for v in (*q.values, *q.relative)]
    assert Counter(value.number.text for value in values) == written
    for value in values:
        numbers = [value.number]
        if value.uncertainty is not None:
            told = value.uncertainty
            parts = (told.expanded, told.standard, told.coverage_factor, told.coverage_probability)
            numbers += [number for number in (*parts, told.interval_low, told.interval_high) if number is not None]
            assert told.expanded or told.standard
        for number in numbers:
            (element,) = xpath(root, number.path)
            text = element.text.strip()
            assert number.text == (text if number.position is None else text.split()[number.position - 1])
        (unit,) = xpath(root, value.unit.path)
        assert value.unit.text in unit.text.split()


@pytest.mark.parametrize(("version", "seed"), _CASES)
def test_every_text_of_the_file_is_among_its_content(version: str, seed: int) -> None:
    data = _data(version, seed)
    reading = read(data)
    assert reading.certificate is not None
    root = etree.fromstring(data)
    written = Counter(element.text.strip() for element in root.iter() if len(element) == 0 and element.text)
    beside = [node for node in reading.certificate.root.walk() if node.raw is not None]
    kept = Counter(node.text.strip() for node in reading.certificate.root.walk() if node.text)
    assert written - kept == Counter({"beside": len(beside)} if beside else {})


@pytest.mark.parametrize(("version", "seed"), _CASES)
def test_what_is_accepted_here_is_valid_by_the_schema(version: str, seed: int) -> None:
    assert schema_findings(parse(_data(version, seed)), schema_folder()) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_broken_is_judged_as_by_the_schema(version: str) -> None:
    """One change at random, many times: the rules of structure refuse it exactly when the schema does."""
    folder = schema_folder()
    chance = random.Random(7)
    whole = generate(version, 1, marks=False).data
    judged = Counter[bool]()
    for _ in range(60):
        root = etree.fromstring(whole)
        change = _break(root, chance)
        try:
            source = parse(etree.tostring(root))
        except Refused:
            continue
        _, found = read_structure(source)
        refused = any(finding.severity is Severity.ERROR for finding in found)
        said = schema_findings(source, folder)
        assert refused == bool(said), (change, [f.code for f in found], [f.values.get("reason") for f in said])
        judged[refused] += 1
    assert judged[True] > 10


def _break(root: etree._Element, chance: random.Random) -> str:
    """Change one thing: remove, repeat, rename or move an element, change a text or an attribute."""
    element = chance.choice([one for one in root.iter() if one is not root and one.tag[1:].startswith("https")])
    parent = element.getparent()
    assert parent is not None
    kind = chance.choice(["remove", "repeat", "rename", "move", "text", "attribute", "child", "other"])
    place = parent.index(element)
    if kind == "remove":
        parent.remove(element)
    elif kind == "repeat":
        parent.insert(place, etree.fromstring(etree.tostring(element)))
    elif kind == "rename":
        element.tag = chance.choice([str(one.tag) for one in root.iter()])
    elif kind == "move":
        parent.insert(chance.randrange(len(parent)), element)
    elif kind == "text":
        element.text = chance.choice(["", "x", " 1", "true", "2024-02-30", "NaN", "1e5", "-3", "95", "pass fail"])
    elif kind == "attribute":
        element.set(chance.choice(["refType", "lang", "unknown"]), chance.choice(["en", "EN", "a b"]))
    elif kind == "child":
        etree.SubElement(element, "{https://ptb.de/si}unit").text = "\\one"
    else:
        element.tag = "{urn:example:other}thing"
    return f"{kind} {element.tag} below {parent.tag}"
