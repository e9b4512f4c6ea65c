"""The quantities of a certificate with the place they belong to, their headings and their degrees of freedom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lims.dcc.digital_si import VALUE_ELEMENTS, values_of
from lims.dcc.facts import NO_TEXTS, Node, Texts
from lims.dcc.texts import described, named, texts_of
from lims.dcc.value_facts import Number, Place, Quantity, Region, Value

_PLACES: Final[Mapping[str, Place]] = {
    "result": Place.RESULT,
    "condition": Place.CONDITION,
    "statementMetaData": Place.STATEMENT,
    "item": Place.ITEM,
    "measuringEquipment": Place.EQUIPMENT,
    "usedMethod": Place.METHOD,
    "positionCoordinates": Place.LOCATION,
}
_HEADINGS: Final = frozenset(
    {
        "measurementResult",
        "result",
        "list",
        "condition",
        "statementMetaData",
        "item",
        "measuringEquipment",
        "usedMethod",
    }
)
_QUANTITIES: Final = frozenset({"quantity", "primitiveQuantity", "measuringEquipmentQuantity"})
_COORDINATE: Final = "dcc:positionCoordinate"
_RELATIVE: Final = "dcc:relativeUncertainty"
DEGREES_OF_FREEDOM: Final = "degreesoffreedom"


@dataclass(frozen=True, slots=True)
class _Around:
    place: Place = Place.RESULT
    heading: tuple[Texts, ...] = ()


def quantities_of(root: Node) -> tuple[Quantity, ...]:
    """Return every quantity of a certificate, in the order of the file, those inside others as well."""
    found = tuple(_inside(root, _Around()))
    return tuple(_with_degrees(quantity, found) for quantity in found)


def _inside(node: Node, around: _Around) -> Iterator[Quantity]:
    if node.type in _PLACES:
        around = replace(around, place=_PLACES[node.type])
    if node.type in _QUANTITIES:
        yield _quantity(node, around)
    elif node.type == "positionCoordinates":
        yield from (_coordinate(child, around) for child in node.children if child.name.startswith(_COORDINATE))
        return
    if node.type in _HEADINGS or node.type in _QUANTITIES:
        name = named(node)
        around = replace(around, heading=(*around.heading, name)) if name else around
    for child in node.children:
        if not child.name.startswith("si:"):
            yield from _inside(child, around)


def _quantity(node: Node, around: _Around) -> Quantity:
    values: list[Value] = []
    regions: list[Region] = []
    for child in node.children:
        if child.name in VALUE_ELEMENTS:
            found = values_of(child)
            values.extend(found.values)
            regions.extend(found.regions)
    relative = node.child(_RELATIVE)
    words = node.child("dcc:charsXMLList")
    return Quantity(
        node.path,
        around.place,
        named(node),
        around.heading,
        node.ref_types,
        node.identifier,
        tuple(node.attributes.get("refId", "").split()),
        described(node),
        tuple(values),
        () if relative is None else tuple(v for child in relative.children for v in values_of(child).values),
        tuple(regions),
        texts_of(node.child("dcc:noQuantity")),
        () if words is None else words.words,
    )


def _coordinate(node: Node, around: _Around) -> Quantity:
    return Quantity(node.path, around.place, NO_TEXTS, around.heading, (), values=values_of(node).values)


def _with_degrees(quantity: Quantity, every: Sequence[Quantity]) -> Quantity:
    """Return a quantity whose uncertainties know their degrees of freedom, where the certificate states them.

    They stand in a quantity of their own whose refType ends in "degreesOfFreedom": in this one's metadata, or
    referring to this one. One number holds for all values, as many as there are values for one each.
    """
    if not any(value.uncertainty for value in quantity.values):
        return quantity
    stated = next((one for one in every if _gives_degrees(one, quantity)), None)
    if stated is None:
        return quantity
    numbers = [value.number for value in stated.values if not value.alternative or value.alternative == 1]
    return replace(quantity, values=tuple(_value_with(value, numbers) for value in quantity.values))


def _gives_degrees(one: Quantity, of: Quantity) -> bool:
    if not any(mark.lower().endswith(DEGREES_OF_FREEDOM) for mark in one.ref_types):
        return False
    if any(value.unit.canonical != "1" for value in one.values):
        return False
    inside = one.path.startswith(f"{of.path}/dcc:measurementMetaData/")
    return inside or (of.identifier is not None and of.identifier in one.refers_to)


def _value_with(value: Value, numbers: Sequence[Number]) -> Value:
    if value.uncertainty is None or not numbers:
        return value
    number: Number | None = None
    if len(numbers) == 1:
        number = numbers[0]
    elif value.index is not None and value.index <= len(numbers):
        number = numbers[value.index - 1]
    if number is None or number.decimal is None or number.decimal <= 0:
        return value
    return replace(value, uncertainty=replace(value.uncertainty, degrees_of_freedom=number))
