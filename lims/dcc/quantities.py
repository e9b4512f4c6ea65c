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
_METADATA: Final = "/dcc:measurementMetaData/"
_RELATIVE: Final = "dcc:relativeUncertainty"
DEGREES_OF_FREEDOM: Final = "degreesoffreedom"


@dataclass(frozen=True, slots=True)
class _Around:
    place: Place = Place.RESULT
    heading: tuple[Texts, ...] = ()


def quantities_of(root: Node) -> tuple[Quantity, ...]:
    """Return every quantity of a certificate, in the order of the file, those inside others as well."""
    found = tuple(_inside(root, _Around()))
    stated = _StatedDegrees(found)
    return tuple(stated.given_to(quantity) for quantity in found)


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


class _StatedDegrees:
    """The degrees of freedom that a certificate states, found by the quantity that they belong to.

    They stand in a quantity of their own whose refType ends in "degreesOfFreedom": in the other's metadata, or
    referring to the other. One number holds for all values, as many as there are values for one each.
    """

    def __init__(self, every: Sequence[Quantity]) -> None:
        self._inside: dict[str, Quantity] = {}
        self._referring: dict[str, Quantity] = {}
        for one in every:
            if not _states_degrees(one):
                continue
            self._inside.setdefault(one.path.rpartition(_METADATA)[0], one)
            for mark in one.refers_to:
                self._referring.setdefault(mark, one)

    def given_to(self, quantity: Quantity) -> Quantity:
        """Return a quantity whose uncertainties know their degrees of freedom, where they are stated."""
        stated = self._inside.get(quantity.path)
        if stated is None and quantity.identifier is not None:
            stated = self._referring.get(quantity.identifier)
        if stated is None:
            return quantity
        numbers = [value.number for value in stated.values if value.alternative in {None, 1}]
        return replace(quantity, values=tuple(_value_with(value, numbers) for value in quantity.values))


def _states_degrees(one: Quantity) -> bool:
    return any(mark.lower().endswith(DEGREES_OF_FREEDOM) for mark in one.ref_types) and all(
        value.unit.canonical == "1" for value in one.values
    )


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
