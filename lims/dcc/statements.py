"""Statements and metadata: what the laboratory declares, of the whole certificate or of a part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lims.dcc.certificate_facts import Contact, Location, Statement
from lims.dcc.facts import Node
from lims.dcc.lexical import boolean_of, date_of
from lims.dcc.texts import described, named, texts_of


def statements_of(
    root: Node, contact_of: Callable[[Node], Contact], location_of: Callable[[Node], Location]
) -> Iterator[Statement]:
    """Return every statement of a certificate, each with the path of what it is about."""
    for node, about in _found(root, root.path):
        yield _statement(node, about, contact_of, location_of)


def _found(node: Node, about: str) -> Iterator[tuple[Node, str]]:
    """Return the statements inside an element; a list of them is about the element that holds the list."""
    for child in node.children:
        if child.type == "statementMetaData":
            yield child, about
        yield from _found(child, node.path if child.type == "measurementMetaDataList" else about)


def _statement(
    node: Node, about: str, contact_of: Callable[[Node], Contact], location_of: Callable[[Node], Location]
) -> Statement:
    authority, location = node.child("dcc:respAuthority"), node.child("dcc:location")
    conformity = node.child("dcc:conformity") or node.child("dcc:conformityXMLList")
    valid = node.child("dcc:valid") or node.child("dcc:validXMLList")
    said = () if valid is None else tuple(boolean_of(word) for word in valid.words)
    return Statement(
        node.path,
        about,
        named(node),
        described(node),
        texts_of(node.child("dcc:declaration")),
        node.values("dcc:norm"),
        node.values("dcc:reference"),
        node.value("dcc:convention"),
        boolean_of(node.value("dcc:traceable")),
        tuple(one for one in said if one is not None),
        () if conformity is None else conformity.words,
        None if conformity is None else conformity.path,
        date_of(node.value("dcc:date")),
        node.value("dcc:period"),
        None if authority is None else contact_of(authority),
        node.values("dcc:countryCodeISO3166_1"),
        node.value("dcc:nonSIDefinition"),
        node.value("dcc:nonSIUnit"),
        None if location is None else location_of(location),
        tuple((node.attributes.get("refId") or node.value("dcc:refId") or "").split()),
        node.identifier,
        node.ref_types,
    )
