"""Uncertainties in each of the forms that D-SI has had: for one value, for a list's values, and regions of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lims.dcc.facts import Node
from lims.dcc.lexical import decimal_of
from lims.dcc.units import unit_text
from lims.dcc.value_facts import Covariance, Number, Region, Uncertainty, UncertaintyKind, UnitText

_LIST: Final = "XMLList"
# Elements around an uncertainty; one name is misspelt in D-SI itself.
_AROUND: Final = frozenset(
    {
        "si:measurementUncertaintyUnivariate",
        "si:measurementUncertaintyUnivaraite",
        "si:listMeasurementUncertaintyUnivariate",
        "si:listUnivariateUnc",
    }
)
_KINDS: Final = {
    "si:expandedUnc": UncertaintyKind.EXPANDED,
    "si:expandedMU": UncertaintyKind.EXPANDED,
    "si:standardMU": UncertaintyKind.STANDARD,
    "si:coverageInterval": UncertaintyKind.INTERVAL,
    "si:coverageIntervalMU": UncertaintyKind.INTERVAL,
}
_EXPANDED: Final = ("si:valueExpandedMU", "si:uncertainty")
_STANDARD: Final = ("si:valueStandardMU", "si:standardUnc")
_AROUND_REGIONS: Final = frozenset(
    {"si:listBivariateUnc", "si:measurementUncertaintyMultivariate", "si:measurementUncertaintyBivariate"}
)
_REGIONS: Final = frozenset(
    {"si:ellipsoidalRegion", "si:rectangularRegion", "si:ellipsoidalRegionMU", "si:rectangularRegionMU"}
)


def plain_name(node: Node) -> str:
    """Return an element's name without the mark of a list."""
    return node.name.removesuffix(_LIST)


def number_at(node: Node | None, index: int | None, count: int) -> Number | None:
    """Return the number of an element: its text, or of a list the entry `index` (from 0) of `count` values.

    A list with one entry stands for all. One of another length has none: the rules refuse it.
    """
    if node is None:
        return None
    if index is None:
        text = (node.text or "").strip()
        return Number(text, node.path, None, decimal_of(text))
    place = _entry(len(node.words), index, count)
    if place is None:
        return None
    return Number(node.words[place], node.path, place + 1, decimal_of(node.words[place]))


def word_at(node: Node | None, index: int | None, count: int) -> str | None:
    """Return the word of an element, as `number_at`."""
    if node is None:
        return None
    if index is None:
        return (node.text or "").strip()
    place = _entry(len(node.words), index, count)
    return None if place is None else node.words[place]


def unit_at(node: Node | None, index: int | None, count: int, path: str) -> UnitText:
    """Return the unit of an element, as `number_at`; `path` is where one is missing."""
    return unit_text(word_at(node, index, count) or "", path if node is None else node.path)


def _entry(length: int, index: int, count: int) -> int | None:
    if length == count:
        return index
    return 0 if length == 1 else None


def univariate(holder: Node, index: int | None = None, count: int = 1, *, shared: bool = False) -> Uncertainty | None:
    """Return the uncertainty that an element states of a value, or of the entry `index` of its values."""
    form = _form(holder)
    if form is None:
        return None
    by_name = {plain_name(child): child for child in form.children}

    def number(*names: str) -> Number | None:
        found = next((by_name[name] for name in names if name in by_name), None)
        return number_at(found, index, count)

    kind = _KINDS[plain_name(form)]
    distribution = by_name.get("si:distribution")
    return Uncertainty(
        kind,
        form.name.removeprefix("si:"),
        form.path,
        expanded=number(*_EXPANDED) if kind is UncertaintyKind.EXPANDED else None,
        standard=number(*_STANDARD) if kind is not UncertaintyKind.EXPANDED else None,
        coverage_factor=number("si:coverageFactor"),
        coverage_probability=number("si:coverageProbability"),
        interval_low=number("si:intervalMin"),
        interval_high=number("si:intervalMax"),
        distribution=word_at(distribution, index, count) or None,
        distribution_path=None if distribution is None else distribution.path,
        shared=shared,
    )


def of_constant(node: Node) -> Uncertainty | None:
    """Return the standard uncertainty that a constant states."""
    stated = node.child("si:valueStandardMU") or node.child("si:uncertainty")
    if stated is None:
        return None
    distribution = node.child("si:distribution")
    return Uncertainty(
        UncertaintyKind.STANDARD,
        stated.name.removeprefix("si:"),
        stated.path,
        standard=number_at(stated, None, 1),
        distribution=word_at(distribution, None, 1) or None,
        distribution_path=None if distribution is None else distribution.path,
    )


def _form(holder: Node) -> Node | None:
    """Return the element that states an uncertainty, be it inside another."""
    for child in holder.children:
        if plain_name(child) in _KINDS:
            return child
        if plain_name(child) in _AROUND:
            return _form(child)
    return None


def regions(holder: Node) -> tuple[Region, ...]:
    """Return the coverage regions that an element states of its values together."""
    found: list[Region] = []
    for child in holder.children:
        if plain_name(child) in _REGIONS:
            found.append(_region(child, holder.path))
        elif plain_name(child) in _AROUND_REGIONS:
            found.extend(_region(inner, holder.path) for inner in child.children)
    return tuple(found)


def _region(node: Node, of: str) -> Region:
    by_name = {plain_name(child): child for child in node.children}
    matrix = by_name["si:covarianceMatrix"]
    distribution = by_name.get("si:distribution")
    return Region(
        node.name.removeprefix("si:"),
        node.path,
        of,
        tuple(tuple(_covariance(cell) for cell in column.children) for column in matrix.children),
        _numbers(by_name.get("si:coverageFactor")),
        _numbers(by_name.get("si:coverageProbability")),
        () if distribution is None else distribution.words,
    )


def _covariance(cell: Node) -> Covariance:
    by_name = {plain_name(child): child for child in cell.children}
    unit = by_name["si:unit"]
    units: Sequence[str] = unit.words if unit.name.endswith(_LIST) else ((unit.text or "").strip(),)
    return Covariance(
        cell.path, _numbers(by_name["si:value"]), tuple(unit_text(written, unit.path) for written in units)
    )


def _numbers(node: Node | None) -> tuple[Number, ...]:
    if node is None:
        return ()
    if not node.name.endswith(_LIST):
        found = number_at(node, None, 1)
        return () if found is None else (found,)
    return tuple(
        Number(word, node.path, position, decimal_of(word)) for position, word in enumerate(node.words, start=1)
    )
