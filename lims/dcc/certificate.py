"""Nodes to a certificate's facts: who, what, when, with what; the values come from `quantities`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from lims.dcc.certificate_facts import (
    Attachment,
    Certificate,
    Condition,
    Contact,
    CoreData,
    Equipment,
    EquipmentClass,
    Identification,
    Location,
    MeasurementResult,
    Method,
    Person,
    Reference,
    Software,
    TypeDefinition,
)
from lims.dcc.facts import Node
from lims.dcc.grammar import DIGITAL_SI
from lims.dcc.lexical import boolean_of, bytes_of, date_of
from lims.dcc.quantities import quantities_of
from lims.dcc.statements import statements_of
from lims.dcc.texts import described, named, texts_of

_EQUIPMENT = frozenset({"item", "measuringEquipment"})


def certificate_of(root: Node, version: str) -> Certificate:
    """Return the facts of a certificate whose structure holds."""
    administration = _only(root, "dcc:administrativeData")
    laboratory = _only(administration, "dcc:calibrationLaboratory")
    every = tuple(root.walk())
    equipment = [node for node in every if node.type in _EQUIPMENT]
    return Certificate(
        version,
        DIGITAL_SI[version],
        root,
        _core(_only(administration, "dcc:coreData")),
        laboratory.value("dcc:calibrationLaboratoryCode"),
        tuple(contact_of(node) for node in laboratory.all("dcc:contact")),
        contact_of(_only(administration, "dcc:customer")),
        tuple(_person(node) for node in every if node.type == "respPerson"),
        tuple(_equipment(node) for node in equipment if node.type == "item"),
        tuple(_equipment(node) for node in equipment if node.type != "item"),
        tuple(_software(node) for node in every if node.type == "software"),
        tuple(_method(node) for node in every if node.type == "usedMethod"),
        tuple(_condition(node) for node in every if node.type == "condition"),
        tuple(statements_of(root, contact_of, location_of)),
        tuple(_measurement(node) for node in every if node.type == "measurementResult"),
        quantities_of(root),
        tuple(_attachments(every)),
        tuple(_type_definition(node) for node in every if node.type == "refTypeDefinition"),
    )


def _only(node: Node, name: str) -> Node:
    found = node.child(name)
    assert found is not None, name  # the structure was checked before
    return found


def _core(node: Node) -> CoreData:
    change = node.child("dcc:reportAmendedSubstituted")
    return CoreData(
        node.path,
        node.value("dcc:uniqueIdentifier") or "",
        node.value("dcc:countryCodeISO3166_1"),
        node.values("dcc:usedLangCodeISO639_1"),
        node.values("dcc:mandatoryLangCodeISO639_1"),
        _identifications(node),
        date_of(node.value("dcc:receiptDate")),
        date_of(node.value("dcc:beginPerformanceDate")),
        date_of(node.value("dcc:endPerformanceDate")),
        date_of(node.value("dcc:issueDate")),
        node.value("dcc:performanceLocation"),
        None if change is None else change.value("dcc:typeOfChange"),
        None if change is None else change.value("dcc:replacedUniqueIdentifier"),
        reference_of(node.child("dcc:previousReport")),
    )


def _identifications(node: Node) -> tuple[Identification, ...]:
    listed = node.child("dcc:identifications")
    return tuple(
        Identification(
            one.path,
            one.value("dcc:issuer") or "",
            one.value("dcc:value") or "",
            named(one) or described(one),
            one.ref_types,
        )
        for one in (() if listed is None else listed.children)
    )


def contact_of(node: Node) -> Contact:
    """Return a contact."""
    location = node.child("dcc:location")
    return Contact(
        node.path,
        named(node),
        node.value("dcc:eMail"),
        node.value("dcc:phone"),
        node.value("dcc:fax"),
        node.value("dcc:link"),
        None if location is None else location_of(location),
    )


def location_of(node: Node) -> Location:
    """Return an address; of what is given twice, the first."""
    return Location(
        node.path,
        node.value("dcc:street"),
        node.value("dcc:streetNo"),
        node.value("dcc:postCode"),
        node.value("dcc:postOfficeBox"),
        node.value("dcc:city"),
        node.value("dcc:state"),
        node.value("dcc:countryCode"),
        texts_of(node.child("dcc:further")),
    )


def reference_of(node: Node | None) -> Reference | None:
    """Return a report named by its hash; before version 3 its elements had other names."""
    if node is None:
        return None
    title = node.child("dcc:referral") or node.child("dcc:reference")
    return Reference(
        node.path,
        texts_of(title),
        node.value("dcc:referralID") or node.value("dcc:referenceID") or "",
        node.value("dcc:procedure") or "",
        node.value("dcc:value") or "",
        boolean_of(node.value("dcc:traceable")),
        boolean_of(node.value("dcc:inValidityRange")),
        reference_of(node.child("dcc:linkedReport")),
    )


def _person(node: Node) -> Person:
    return Person(
        node.path,
        contact_of(_only(node, "dcc:person")),
        node.value("dcc:role"),
        boolean_of(node.value("dcc:mainSigner")),
        described(node),
    )


def _equipment(node: Node) -> Equipment:
    manufacturer, owner = node.child("dcc:manufacturer"), node.child("dcc:owner")
    return Equipment(
        node.path,
        named(node),
        described(node),
        None if manufacturer is None else contact_of(manufacturer),
        node.value("dcc:model"),
        _identifications(node),
        tuple(
            EquipmentClass(one.path, one.value("dcc:reference") or "", one.value("dcc:classID") or "")
            for one in node.all("dcc:equipmentClass")
        ),
        None if owner is None else contact_of(owner),
        reference_of(node.child("dcc:certificate")),
        node.identifier,
        node.ref_types,
    )


def _software(node: Node) -> Software:
    return Software(node.path, named(node), node.value("dcc:release") or "", node.value("dcc:type"), described(node))


def _method(node: Node) -> Method:
    return Method(
        node.path,
        named(node),
        described(node),
        node.values("dcc:norm"),
        node.values("dcc:reference"),
        node.values("dcc:link"),
        node.identifier,
        node.ref_types,
    )


def _condition(node: Node) -> Condition:
    return Condition(
        node.path,
        named(node),
        node.value("dcc:status") or node.value("dcc:state"),
        described(node),
        reference_of(node.child("dcc:certificate")),
        node.ref_types,
    )


def _measurement(node: Node) -> MeasurementResult:
    results = tuple((one.path, named(one)) for one in _only(node, "dcc:results").children)
    return MeasurementResult(node.path, named(node), described(node), results, node.ref_types)


def _attachments(every: tuple[Node, ...]) -> Iterator[Attachment]:
    for node in every:
        if node.type != "byteData":
            continue
        held = bytes_of(node.value("dcc:dataBase64") or node.value("dcc:data") or "") or b""
        yield Attachment(
            node.path,
            node.value("dcc:fileName") or "",
            node.value("dcc:mimeType") or "",
            len(held),
            hashlib.sha256(held).hexdigest(),
            named(node),
        )


def _type_definition(node: Node) -> TypeDefinition:
    return TypeDefinition(
        node.path,
        named(node),
        node.value("dcc:namespace") or "",
        node.value("dcc:link") or "",
        node.value("dcc:release"),
        node.ref_types,
    )
