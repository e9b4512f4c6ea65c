"""Random certificates of a version, made by walking its grammar; with the numbers that were put in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from lims.dcc.grammar import ANY, FOREIGN, OTHER, ROOT_TYPE, ComplexType, Grammar, Position, grammar_of
from lims.dcc.source import DCC_NAMESPACE, SI_NAMESPACE

_NAMESPACES: Final = {"dcc": DCC_NAMESPACE, "si": SI_NAMESPACE}
_DEEP: Final = 7
_OF_NAME: Final = {"receiptDate": ("2024-03-01",), "issueDate": ("2024-03-09+07:00",)}
_OF_TYPE: Final = {
    "stringISO639": ("en",),
    "stringISO3166": ("VN",),
    "stringRef": ("/basic/measuredValue",),
    "date": ("2024-03-05",),
    "dateTime": ("2024-03-05T08:15:00Z", "2024-03-05T08:15:00.5+07:00"),
    "boolean": ("true", "false", "1", "0"),
    "duration": ("P1Y2M",),
    "integer": ("0", "7"),
    "base64Binary": ("aGVsbG8=",),
}
# Foreign content, whose schema nobody has here, signatures, and a reference written as an element.
_LEFT_OUT: Final = frozenset({OTHER, "ds:Signature", "dcc:refId"})
_UNITS: Final = ("\\kelvin", "\\metre", "\\one", "\\milli\\volt", "\\kilogram\\metre\\tothe{-3}", "\\percent")
_TEXTS: Final = ("Prüfling", "reference", "nhiệt độ", "R1", "a < b & c", "μ-scale")
_WORDS: Final = ("normal", "R1", "đo", "<&>")
# Two elements of D-SI that a value in a list may leave to the list; here each value has its own.
_ALWAYS: Final = frozenset({"si:unit", "si:unitPhase"})
_LISTS: Final = frozenset({"si.realListXMLList", "si.complexListXMLList"})
# A hybrid gives the same values in several units: as many in each.
_IN_HYBRIDS: Final = frozenset({"si:real", "si:constant", "si:complex", "si:realListXMLList", "si:complexListXMLList"})


@dataclass(slots=True)
class Generated:
    """A certificate and the marks that its elements have."""

    root: etree._Element
    marks: list[str] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        return etree.tostring(self.root, xml_declaration=True, encoding="utf-8")


def generate(version: str, seed: int, *, marks: bool = True) -> Generated:
    """Return a certificate that is valid in every rule, another one for every seed."""
    return _Maker(grammar_of(version), random.Random(seed), marks=marks).make()


class _Maker:
    def __init__(self, grammar: Grammar, chance: random.Random, *, marks: bool) -> None:
        self._grammar = grammar
        self._chance = chance
        self._with_marks = marks
        self._marks: list[str] = []
        self._referring: list[tuple[etree._Element, str]] = []
        self._count = 1
        self._columns = 1

    def make(self) -> Generated:
        root = etree.Element(f"{{{DCC_NAMESPACE}}}{ROOT_TYPE}", nsmap=dict(_NAMESPACES))
        self._fill(root, ROOT_TYPE, 0)
        for element, name in self._referring:
            if self._marks:
                element.set(name, self._chance.choice(self._marks))
        return Generated(root, self._marks)

    def _fill(self, element: etree._Element, type_name: str, depth: int) -> None:
        if type_name == FOREIGN:
            element.text = "beside"
            return
        complex_type = self._grammar.complex_types.get(type_name)
        if complex_type is None:
            element.text = self._text(type_name, etree.QName(element).localname)
            return
        self._attributes(element, complex_type)
        if complex_type.text is not None:
            element.text = self._text(complex_type.text, etree.QName(element).localname)
            return
        if type_name in _LISTS:
            self._count = self._chance.randint(1, 4)
        if type_name in {"si.covarianceMatrix", "si.covarianceMatrixXMLList"}:
            self._columns = self._chance.randint(1, 3)
        for position in self._children(complex_type, type_name, depth):
            child = etree.SubElement(element, _tag(position))
            self._fill(child, position.type, depth + 1)

    def _children(self, complex_type: ComplexType, type_name: str, depth: int) -> Sequence[Position]:
        if complex_type.any_order:
            needed = set(complex_type.follow[0])
            chosen = [one for one in complex_type.first if one in needed or self._chance.random() < 0.5]
            self._chance.shuffle(chosen)
            return chosen
        if type_name in {"si.column", "si.columnXMLList", "si.covarianceMatrix", "si.covarianceMatrixXMLList"}:
            return list(complex_type.first) * self._columns
        chosen = []
        position: Position | None = None
        while True:
            following = [one for one in complex_type.after(position) if one.name not in _LEFT_OUT]
            if type_name == "si.hybrid":
                following = [one for one in following if one.name in _IN_HYBRIDS]
                if position is not None:
                    return [position]
            forced = [one for one in following if one.name in _ALWAYS]
            if forced:
                following = forced[:1]
            elif complex_type.may_end(position) and (
                not following or depth > _DEEP or len(chosen) > 8 or self._chance.random() < 0.6
            ):
                return chosen
            if depth > _DEEP:
                following = [one for one in following if one.name not in {"dcc:list", "si:list"}] or following
            position = self._chance.choice(following)
            chosen.append(position)

    def _attributes(self, element: etree._Element, complex_type: ComplexType) -> None:
        for attribute in complex_type.attributes:
            if attribute.name == "schemaVersion":
                element.set("schemaVersion", self._grammar.version)
            elif attribute.type == "ID":
                if self._with_marks and self._chance.random() < 0.2:
                    self._marks.append(f"m{len(self._marks)}")
                    element.set(attribute.name, self._marks[-1])
            elif attribute.type in {"IDREF", "IDREFS"}:
                if self._with_marks and self._chance.random() < 0.1:
                    self._referring.append((element, attribute.name))
            elif self._chance.random() < 0.5:
                element.set(attribute.name, self._text(attribute.type, attribute.name))

    def _text(self, type_name: str, name: str) -> str:
        simple = self._grammar.simple(type_name)
        if simple.item is None:
            return self._word(type_name, name, _TEXTS)
        item = simple.item
        return " ".join(self._word(item, name, _WORDS) for _ in range(self._length(name)))

    def _length(self, name: str) -> int:
        if name in {
            "valueXMLList",
            "valueRealXMLList",
            "valueImagXMLList",
            "valueMagnitudeXMLList",
            "valuePhaseXMLList",
        }:
            return self._count
        if name.startswith(("conformity", "valid")) or not name.endswith("XMLList"):
            return 1
        return self._chance.choice([1, self._count])

    def _word(self, type_name: str, name: str, words: Sequence[str]) -> str:
        simple = self._grammar.simple(type_name)
        if simple.values:
            return self._chance.choice(simple.values)
        if simple.base == "double":
            return self._number(type_name.removeprefix("si."), name)
        if name.startswith(("unit", "listUnit")):
            return self._chance.choice(_UNITS)
        fixed = _OF_NAME.get(name) or _OF_TYPE.get(type_name) or _OF_TYPE.get(simple.base)
        return self._chance.choice(fixed or words)

    def _number(self, kind: str, name: str) -> str:
        chance = self._chance
        if kind.startswith("kValue"):
            return chance.choice(["2", "1.96", "2.0", "+3.", "2.87"])
        if kind.startswith("probability"):
            return chance.choice(["0.95", "0.9545", "1.0", "1"])
        digits = f"{chance.randint(0, 99999)}.{chance.randint(0, 999):03d}"
        if "Min" in name:
            return f"-{digits}E+20"
        if "Max" in name:
            return f"{digits}E+20"
        if kind.startswith(("uncertainty", "valueStandard", "valueExpanded")):
            return chance.choice([digits, f"0.0{chance.randint(1, 9)}", f"{chance.randint(1, 9)}e-6"])
        return chance.choice(["", "-", "+"]) + chance.choice(
            [digits, f".{chance.randint(1, 99)}", f"{digits}E-3", "7."]
        )


def _tag(position: Position) -> str:
    if position.name in {ANY, OTHER}:
        return "{urn:example:beside}note"
    prefix, _, name = position.name.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{name}"
