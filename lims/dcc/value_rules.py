"""What a schema does not see in values: lists that do not fit each other, units, uncertainties, covariances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.units import convert
from lims.dcc.certificate_facts import Certificate
from lims.dcc.facts import Finding, Node, Severity
from lims.dcc.value_facts import (
    Place,
    Quantity,
    Region,
    Uncertainty,
    UncertaintyKind,
    UnitState,
    UnitText,
    Value,
)

_LIST: Final = "XMLList"
_WORD_LISTS: Final = frozenset({"si.realListXMLList", "si.complexListXMLList"})
_FIRST_LISTS: Final = ("si:valueXMLList", "si:valueRealXMLList", "si:valueMagnitudeXMLList")
_MULTIVARIATE: Final = frozenset(
    {"si:measurementUncertaintyMultivariateXMLList", "si:ellipsoidalRegionXMLList", "si:rectangularRegionXMLList"}
)
_UNIT_CODES: Final = {
    UnitState.MISSING: (Severity.ERROR, "dcc.unit_missing"),
    UnitState.NOT_DIGITAL_SI: (Severity.WARNING, "dcc.unit_not_digital_si"),
    UnitState.NOT_CALCULABLE: (Severity.WARNING, "dcc.unit_not_calculable"),
    UnitState.NON_SI: (Severity.WARNING, "dcc.unit_non_si"),
}


def value_findings(certificate: Certificate) -> Iterator[Finding]:
    """Return what is wrong or doubtful with the values of a certificate."""
    for node in certificate.root.walk():
        if node.type in _WORD_LISTS:
            yield from _lengths(node)
    yield from _units(certificate)
    for quantity in certificate.quantities:
        yield from _numbers(quantity)
        yield from _alternatives(quantity)
        for region in quantity.regions:
            yield from _region(region)
    yield from _statements(certificate)
    yield from _uncertainties_of_all(certificate)


def _lengths(node: Node) -> Iterator[Finding]:
    """Every list beside the values has as many entries as they, or one for all."""
    first = next((child for child in node.children if child.name in _FIRST_LISTS), None)
    count = 0 if first is None else len(first.words)
    if not count:
        yield Finding(Severity.ERROR, "dcc.list_empty", node.path if first is None else first.path)
        return
    for inner in _word_lists(node):
        found = len(inner.words)
        is_value = inner.name.startswith("si:value") and inner.path.rpartition("/")[0] == node.path
        if found != count and (found != 1 or is_value):
            yield Finding(Severity.ERROR, "dcc.list_lengths", inner.path, {"found": found, "expected": count})


def _word_lists(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.name in _MULTIVARIATE:
            continue
        if child.text is not None:
            if child.name.endswith(_LIST) and child.type != "string":
                yield child
        else:
            yield from _word_lists(child)


def _units(certificate: Certificate) -> Iterator[Finding]:
    """Name each unit that is not understood, once for each element."""
    declared = {(statement.non_si_unit or "").removeprefix("|") for statement in certificate.statements}
    seen: set[tuple[str, str]] = set()
    for quantity in certificate.quantities:
        for unit in _units_of(quantity):
            if unit.state is UnitState.UNDERSTOOD or (unit.path, unit.text) in seen:
                continue
            seen.add((unit.path, unit.text))
            severity, code = _UNIT_CODES[unit.state]
            if unit.state is UnitState.NON_SI and unit.text.removeprefix("|") not in declared:
                code = "dcc.unit_non_si_undeclared"
            yield Finding(severity, code, unit.path, {"unit": unit.text[:80]})


def _units_of(quantity: Quantity) -> Iterator[UnitText]:
    for value in (*quantity.values, *quantity.relative):
        yield value.unit
    for region in quantity.regions:
        for column in region.columns:
            for cell in column:
                yield from cell.units


def _numbers(quantity: Quantity) -> Iterator[Finding]:
    for value in (*quantity.values, *quantity.relative):
        if value.number.decimal is None:
            position = value.number.position or 1
            yield Finding(Severity.WARNING, "dcc.value_not_a_number", value.number.path, {"position": position})
        if value.uncertainty is not None and _is_first_told(value, value.uncertainty):
            yield from _uncertainty(value, value.uncertainty)


def _is_first_told(value: Value, uncertainty: Uncertainty) -> bool:
    return not uncertainty.shared or value.index == 1


def _uncertainty(value: Value, uncertainty: Uncertainty) -> Iterator[Finding]:
    """A coverage factor, a probability between 0 and 1, an uncertainty that is a number, an interval in order."""
    position = {"position": value.index or 1}
    if uncertainty.kind is UncertaintyKind.EXPANDED:
        factor = uncertainty.coverage_factor
        if factor is None or factor.decimal is None:
            path = uncertainty.path if factor is None else factor.path
            yield Finding(Severity.ERROR, "dcc.no_coverage_factor", path, position)
    probability = uncertainty.coverage_probability
    if probability is not None and (probability.decimal is None or not 0 < probability.decimal <= 1):
        values = {**position, "text": probability.text[:40]}
        yield Finding(Severity.ERROR, "dcc.coverage_probability", probability.path, values)
    stated = uncertainty.expanded or uncertainty.standard
    if stated is None or stated.decimal is None:
        path = uncertainty.path if stated is None else stated.path
        yield Finding(Severity.WARNING, "dcc.uncertainty_not_a_number", path, position)
    elif not stated.decimal and uncertainty.kind is not UncertaintyKind.STANDARD:
        yield Finding(Severity.WARNING, "dcc.uncertainty_zero", stated.path, position)
    low, high = uncertainty.interval_low, uncertainty.interval_high
    if low is not None and high is not None and low.decimal is not None and high.decimal is not None:
        if high.decimal < low.decimal:
            yield Finding(Severity.ERROR, "dcc.interval_reversed", high.path, position)
        elif value.number.decimal is not None and not low.decimal <= value.number.decimal <= high.decimal:
            yield Finding(Severity.WARNING, "dcc.value_outside_interval", low.path, position)


def _alternatives(quantity: Quantity) -> Iterator[Finding]:
    """The same quantity in several units has as many values in each, and they are the same values."""
    groups: dict[str, dict[int, list[Value]]] = {}
    for value in quantity.values:
        if value.hybrid is not None and value.alternative is not None:
            groups.setdefault(value.hybrid, {}).setdefault(value.alternative, []).append(value)
    for path, alternatives in groups.items():
        lengths = {len(values) for values in alternatives.values()}
        if len(lengths) > 1:
            counts = ", ".join(str(len(values)) for values in alternatives.values())
            yield Finding(Severity.ERROR, "dcc.alternatives_lengths", path, {"counts": counts})
            continue
        first, *others = alternatives.values()
        for other in others:
            for one, two in zip(first, other, strict=True):
                if _differ(one, two):
                    values = {"first": _written(one), "second": _written(two), "position": two.index or 1}
                    yield Finding(Severity.WARNING, "dcc.alternatives_differ", two.number.path, values)


def _written(value: Value) -> str:
    return f"{value.number.text[:40]} {value.unit.text[:40]}"


def _differ(one: Value, two: Value) -> bool:
    """Whether two values differ by more than the last places of both, where both units are understood."""
    first, second = one.number.decimal, two.number.decimal
    if first is None or second is None or one.unit.canonical is None or two.unit.canonical is None:
        return False
    try:
        converted = convert(first, one.unit.canonical, two.unit.canonical)
        step = abs(convert(first + _last_place(first), one.unit.canonical, two.unit.canonical) - converted)
    except CalcError:
        return True  # units of different quantities
    return abs(converted - second) > step + _last_place(second)


def _last_place(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(0)


def _region(region: Region) -> Iterator[Finding]:
    sizes = {len(column) for column in region.columns}
    if sizes != {len(region.columns)}:
        values = {"columns": len(region.columns), "rows": ", ".join(str(size) for size in sorted(sizes))}
        yield Finding(Severity.ERROR, "dcc.covariance_not_square", region.path, values)
    for number in region.coverage_factors:
        if number.decimal is None:
            position = {"position": number.position or 1}
            yield Finding(Severity.ERROR, "dcc.no_coverage_factor", number.path, position)


def _statements(certificate: Certificate) -> Iterator[Finding]:
    """A list of conformity or validity has one entry for each value of what it is about, or one for all."""
    counts = {quantity.path: _count(quantity) for quantity in certificate.quantities}
    for statement in certificate.statements:
        expected = counts.get(statement.about)
        if not expected:
            continue
        lists = ((len(statement.conformity), "conformityXMLList"), (len(statement.valid), "validXMLList"))
        for found, name in lists:
            if found not in {0, 1, expected}:
                path = f"{statement.path}/dcc:{name}"
                yield Finding(Severity.ERROR, "dcc.list_lengths", path, {"found": found, "expected": expected})


def _count(quantity: Quantity) -> int:
    """Return how many values a quantity has, each counted once whatever units and parts it is given in."""
    kept = [value for value in quantity.values if value.alternative in {None, 1}]
    parts = {value.component for value in kept}
    return len(kept) // max(1, len(parts))


def _uncertainties_of_all(certificate: Certificate) -> Iterator[Finding]:
    results = [
        value for quantity in certificate.quantities if quantity.place is Place.RESULT for value in quantity.values
    ]
    if results and not _any_uncertain(results) and not any(quantity.regions for quantity in certificate.quantities):
        path = certificate.results[0].path if certificate.results else certificate.root.path
        yield Finding(Severity.WARNING, "dcc.no_uncertainty", path, {"count": len(results)})
    without = [
        value.uncertainty.path
        for quantity in certificate.quantities
        for value in quantity.values
        if value.uncertainty is not None and value.uncertainty.degrees_of_freedom is None
    ]
    if without:
        yield Finding(Severity.NOTE, "dcc.degrees_of_freedom_missing", without[0], {"count": len(without)})
    if not any(quantity.ref_types for quantity in certificate.quantities):
        path = certificate.results[0].path if certificate.results else certificate.root.path
        yield Finding(Severity.WARNING, "dcc.no_ref_types", path)


def _any_uncertain(values: Sequence[Value]) -> bool:
    return any(value.uncertainty is not None for value in values)
