"""A parsed tree to nodes by the grammar: every element and attribute is known there, or named in a finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lxml import etree

from lims.dcc.facts import Finding, Node, Severity
from lims.dcc.grammar import ANY, FOREIGN, OTHER, ROOT_TYPE, ComplexType, Grammar, Position, grammar_of
from lims.dcc.lexical import fault_in
from lims.dcc.source import DCC_NAMESPACE, SIGNATURE_NAMESPACE, Source, qualified

# Of all lists together: more than any laboratory measures, and little enough to be shown.
MOST_ENTRIES: Final = 100_000
_BLANKS: Final = " \t\r\n"
_SHOWN: Final = 60
_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_SIGNATURE: Final = f"{{{SIGNATURE_NAMESPACE}}}Signature"
_LOCATIONS: Final = frozenset({f"{_INSTANCE}schemaLocation", f"{_INSTANCE}noNamespaceSchemaLocation"})


def read_structure(source: Source) -> tuple[Node, list[Finding]]:
    """Return the certificate's elements as nodes, and what is not as the format's version wants it."""
    walker = _Walker(grammar_of(source.version))
    return walker.root(source.root), walker.findings


class _Walker:
    """Walks a tree beside the grammar; a subtree that is not understood is named and left out."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._entries = 0
        self.findings: list[Finding] = []

    def root(self, element: etree._Element) -> Node:
        return self._element(element, ROOT_TYPE, f"/{qualified(str(element.tag))}")

    def _complain(self, code: str, path: str, **values: object) -> None:
        self.findings.append(Finding(Severity.ERROR, code, path, values))

    def _element(self, element: etree._Element, type_name: str, path: str) -> Node:
        name = qualified(str(element.tag))
        if type_name == FOREIGN:
            return _foreign(element, name, path)
        complex_type = self._grammar.complex_types.get(type_name)
        declared = complex_type.attributes if complex_type is not None else ()
        attributes = self._attributes(element, {a.name: a.type for a in declared}, path)
        for attribute in declared:
            if attribute.required and attribute.name not in attributes:
                self._complain("dcc.attribute_missing", path, name=attribute.name)
        if complex_type is None or complex_type.text is not None:
            text_type = type_name if complex_type is None else complex_type.text or "string"
            return Node(name, type_name, path, attributes, text=self._text(element, text_type, path))
        self._no_text(element, path)
        children = tuple(self._children(element, complex_type, path))
        return Node(name, type_name, path, attributes, children)

    def _attributes(self, element: etree._Element, declared: Mapping[str, str], path: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in element.attrib.items():
            name = str(key)
            if name in _LOCATIONS:
                continue
            if name not in declared:
                self._complain("dcc.attribute_unexpected", f"{path}/@{qualified(name)}", name=qualified(name))
                continue
            found[name] = str(value)
            self._check(str(value), declared[name], f"{path}/@{name}")
        return found

    def _text(self, element: etree._Element, type_name: str, path: str) -> str:
        text = element.text or ""
        if len(element):
            inner = qualified(str(element[0].tag))
            self._complain("dcc.element_one_too_many", f"{path}/{inner}", element=inner)
        elif self._within_limit(text, type_name, path):
            self._check(text, type_name, path)
        return text

    def _within_limit(self, text: str, type_name: str, path: str) -> bool:
        """Whether the lists so far, this one included, have no more entries than are read; said once where they do."""
        if self._grammar.simple(type_name).item is None:
            return True
        before = self._entries
        self._entries += text.count(" ") + text.count("\n") + text.count("\t") + text.count("\r") + 1
        if before <= MOST_ENTRIES < self._entries:
            self._complain("dcc.too_many_entries", path, limit=MOST_ENTRIES)
        return self._entries <= MOST_ENTRIES

    def _check(self, text: str, type_name: str, path: str) -> None:
        fault = fault_in(text, type_name, self._grammar)
        if fault is not None:
            values = self._grammar.simple(type_name).values
            self._complain(f"dcc.{fault}", path, text=_shown(text), expected=", ".join(values))

    def _no_text(self, element: etree._Element, path: str) -> None:
        pieces = [element.text, *(child.tail for child in element)]
        for piece in pieces:
            if piece is not None and piece.strip(_BLANKS):
                self._complain("dcc.text_unexpected", path, text=_shown(piece.strip(_BLANKS)))
                return

    def _children(self, element: etree._Element, complex_type: ComplexType, path: str) -> Iterator[Node]:
        paths = _paths(element, path)
        if complex_type.any_order:
            yield from self._in_any_order(element, complex_type, paths, path)
            return
        position: Position | None = None
        for child, child_path in zip(element, paths, strict=True):
            following = complex_type.after(position)
            found = _position_of(child, following)
            if found is None:
                if self._early_signature(child, child_path):
                    continue
                self._unexpected(child, child_path, following)
                return  # behind this nothing has a certain place any more
            position = found
            yield self._element(child, found.type, child_path)
        if not complex_type.may_end(position):
            expected = ", ".join(dict.fromkeys(one.name for one in complex_type.after(position)))
            self._complain("dcc.element_missing", path, expected=expected)

    def _in_any_order(
        self, element: etree._Element, complex_type: ComplexType, paths: Sequence[str], path: str
    ) -> Iterator[Node]:
        seen: set[str] = set()
        for child, child_path in zip(element, paths, strict=True):
            left = tuple(one for one in complex_type.first if one.name not in seen)
            found = _position_of(child, left)
            if found is None:
                self._unexpected(child, child_path, left)
                continue
            seen.add(found.name)
            yield self._element(child, found.type, child_path)
        missing = [one.name for one in complex_type.follow[0] if one.name not in seen]
        if missing:
            self._complain("dcc.element_missing", path, expected=", ".join(missing))

    def _unexpected(self, child: etree._Element, path: str, following: Sequence[Position]) -> None:
        expected = ", ".join(dict.fromkeys(one.name for one in following))
        element = qualified(str(child.tag))
        if expected:
            self._complain("dcc.element_unexpected", path, element=element, expected=expected)
        else:
            self._complain("dcc.element_one_too_many", path, element=element)

    def _early_signature(self, child: etree._Element, path: str) -> bool:
        """Whether this is a signature where the format did not foresee one yet: it is let stand beside the content."""
        if child.tag != _SIGNATURE or child.getparent() is not child.getroottree().getroot():
            return False
        self.findings.append(
            Finding(Severity.WARNING, "dcc.signature_not_foreseen", path, {"version": self._grammar.version})
        )
        return True


def _position_of(child: etree._Element, following: Sequence[Position]) -> Position | None:
    name = qualified(str(child.tag))
    namespace = etree.QName(child).namespace
    for position in following:
        if position.name == name or position.name == ANY:
            return position
        if position.name == OTHER and namespace not in {None, DCC_NAMESPACE}:
            return position
    return None


def _paths(element: etree._Element, path: str) -> list[str]:
    """Return the children's paths; a number stands behind a name that occurs more than once."""
    names = [qualified(str(child.tag)) for child in element]
    total, so_far = Counter(names), Counter[str]()
    paths = []
    for name in names:
        so_far[name] += 1
        paths.append(f"{path}/{name}[{so_far[name]}]" if total[name] > 1 else f"{path}/{name}")
    return paths


def _foreign(element: etree._Element, name: str, path: str) -> Node:
    raw = None
    if element.tag != _SIGNATURE:
        raw = etree.tostring(element, encoding="unicode", with_tail=False)
    return Node(name, FOREIGN, path, {}, raw=raw)


def _shown(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
