"""The values of D-SI: single ones, constants and complex ones, lists in both forms, and the same in several units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from lims.dcc.facts import Node
from lims.dcc.uncertainties import number_at, of_constant, regions, unit_at, univariate, word_at
from lims.dcc.value_facts import Component, Number, Region, Uncertainty, Value, ValueKind

_CARTESIAN: Final = (
    ("si:valueReal", Component.REAL, "si:unit", "si:listUnit"),
    ("si:valueImag", Component.IMAGINARY, "si:unit", "si:listUnit"),
)
_POLAR: Final = (
    ("si:valueMagnitude", Component.MAGNITUDE, "si:unit", "si:listUnit"),
    ("si:valuePhase", Component.PHASE, "si:unitPhase", "si:listUnitPhase"),
)
_LIST: Final = "XMLList"
VALUE_ELEMENTS: Final = frozenset(
    {
        "si:real",
        "si:constant",
        "si:complex",
        "si:realList",
        "si:realListXMLList",
        "si:complexList",
        "si:complexListXMLList",
        "si:list",
        "si:hybrid",
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """The values and regions of one element."""

    values: tuple[Value, ...] = ()
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class _FromList:
    """What a list states for those of its values that do not say it themselves."""

    path: str
    unit: Node | None = None
    unit_phase: Node | None = None
    uncertainty: Uncertainty | None = None
    date_time: str | None = None
    quantity_kind: str | None = None
    significant_digits: str | None = None


def values_of(node: Node) -> Found:
    """Return the values of an element of D-SI, whichever it is."""
    kind = node.type.removeprefix("si.")
    match kind:
        case "realQuantity":
            return Found((_real(node, _FromList(node.path)),))
        case "constantQuantity":
            return Found((_constant(node),))
        case "complexQuantity":
            return Found(tuple(_complex(node, _FromList(node.path))), regions(node))
        case "realListXMLList":
            return Found(tuple(_real_words(node)), regions(node))
        case "complexListXMLList":
            return Found(tuple(_complex_words(node)), regions(node))
        case "realList" | "complexList":
            return _list_of_elements(node)
        case "list":
            return _list(node)
        case "hybrid":
            return _hybrid(node)
    return Found()


def _text(node: Node, name: str) -> str | None:
    return node.value(name) or None


def _real(node: Node, given: _FromList, index: int | None = None) -> Value:
    unit = node.child("si:unit") or given.unit
    return Value(
        number_at(node.child("si:value"), None, 1) or Number("", node.path),
        unit_at(unit, None, 1, node.path),
        ValueKind.REAL,
        node.path,
        index,
        uncertainty=univariate(node) or given.uncertainty,
        label=_text(node, "si:label"),
        quantity_kind=_text(node, "si:quantityTypeQUDT") or given.quantity_kind,
        date_time=_text(node, "si:dateTime") or given.date_time,
        significant_digits=_text(node, "si:significantDigit") or given.significant_digits,
    )


def _constant(node: Node) -> Value:
    value = _real(node, _FromList(node.path))
    return replace(value, kind=ValueKind.CONSTANT, uncertainty=of_constant(node))


def _complex(node: Node, given: _FromList, index: int | None = None) -> Iterator[Value]:
    for name, component, unit_name, list_unit in _POLAR if node.child("si:valueMagnitude") else _CARTESIAN:
        from_list = given.unit_phase if list_unit == "si:listUnitPhase" else given.unit
        unit = node.child(unit_name) or from_list
        yield Value(
            number_at(node.child(name), None, 1) or Number("", node.path),
            unit_at(unit, None, 1, node.path),
            ValueKind.COMPLEX,
            node.path,
            index,
            component=component,
            label=_text(node, "si:label"),
            quantity_kind=_text(node, "si:quantityTypeQUDT") or given.quantity_kind,
            date_time=_text(node, "si:dateTime") or given.date_time,
        )


def _real_words(node: Node) -> Iterator[Value]:
    values = node.child(f"si:value{_LIST}")
    count = 0 if values is None else len(values.words)
    for index in range(count):
        yield Value(
            number_at(values, index, count) or Number("", node.path),
            unit_at(node.child(f"si:unit{_LIST}"), index, count, node.path),
            ValueKind.REAL,
            node.path,
            index + 1,
            uncertainty=univariate(node, index, count),
            label=_in_list(node, "label", index, count),
            quantity_kind=_in_list(node, "quantityTypeQUDT", index, count),
            date_time=_in_list(node, "dateTime", index, count),
            significant_digits=_in_list(node, "significantDigit", index, count),
        )


def _complex_words(node: Node) -> Iterator[Value]:
    parts = _POLAR if node.child(f"si:valueMagnitude{_LIST}") else _CARTESIAN
    first = node.child(f"{parts[0][0]}{_LIST}")
    count = 0 if first is None else len(first.words)
    for index in range(count):
        for name, component, unit_name, _ in parts:
            yield Value(
                number_at(node.child(f"{name}{_LIST}"), index, count) or Number("", node.path),
                unit_at(node.child(f"{unit_name}{_LIST}"), index, count, node.path),
                ValueKind.COMPLEX,
                node.path,
                index + 1,
                component=component,
                label=_in_list(node, "label", index, count),
                quantity_kind=_in_list(node, "quantityTypeQUDT", index, count),
                date_time=_in_list(node, "dateTime", index, count),
            )


def _in_list(node: Node, name: str, index: int, count: int) -> str | None:
    return word_at(node.child(f"si:{name}{_LIST}"), index, count)


def _list_of_elements(node: Node) -> Found:
    given = _FromList(
        node.path,
        node.child("si:listUnit"),
        node.child("si:listUnitPhase"),
        univariate(node, shared=True),
        _text(node, "si:dateTime"),
        _text(node, "si:listQuantityTypeQUDT"),
        _text(node, "si:listsignificantDigit"),
    )
    found: list[Value] = []
    inner: list[Region] = list(regions(node))
    for index, child in enumerate(node.all("si:real"), start=1):
        found.append(_real(child, given, index))
    for index, child in enumerate(node.all("si:complex"), start=1):
        found.extend(_complex(child, given, index))
        inner.extend(regions(child))
    return Found(tuple(found), tuple(inner))


def _list(node: Node) -> Found:
    """Return what a list of lists holds; before D-SI 2 a list holds its values itself."""
    own = _list_of_elements(node)
    parts = [own, *(values_of(child) for child in node.children if child.name in VALUE_ELEMENTS and _is_list(child))]
    return Found(
        tuple(value for part in parts for value in part.values),
        tuple(region for part in parts for region in part.regions),
    )


def _is_list(node: Node) -> bool:
    return node.name not in {"si:real", "si:complex"}


def _hybrid(node: Node) -> Found:
    """Return every alternative's values, each marked with the hybrid's path and its number there."""
    found: list[Value] = []
    inner: list[Region] = []
    for number, child in enumerate(node.children, start=1):
        part = values_of(child)
        found.extend(replace(value, hybrid=node.path, alternative=number) for value in part.values)
        inner.extend(part.regions)
    return Found(tuple(found), tuple(inner))
