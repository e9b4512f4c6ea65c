"""What a digital certificate suggests for a standard: which column means what, of which range. A person decides. Pure.

Only what the file says plainly is used: refTypes, units that are understood, numbers near a nominal value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.units import convert, exact_factor, is_compatible
from lims.dcc.certificate_facts import Certificate
from standards.calibration_facts import ContentKind, Interpolation, Phase
from standards.dcc_facts import ColumnChoice, Meaning, ValueColumn
from standards.facts import InstrumentFacts, RangeAddress

_REFERENCE: Final = "referencevalue"
_MEASURED: Final = ("measuredvalue", "indicatedvalue", "indication")
_NOMINAL: Final = "nominalvalue"
_ERROR: Final = ("measurementerror", "error")
_DEVIATION: Final = "deviation"
_BEFORE: Final = re.compile(r"before(adjustment|repair)|as_?found", re.IGNORECASE)
_NEAR: Final = Decimal("0.01")
"""A number belongs to a nominal value if it differs from it by at most this part."""


def propose(
    certificate: Certificate, columns: Sequence[ValueColumn], instrument: InstrumentFacts
) -> tuple[ColumnChoice, ...]:
    """Return the choices that the file suggests; what it does not say stays unchosen."""
    before = _before(certificate)
    found: list[ColumnChoice] = []
    for _, group in _by_list(columns):
        found += _elements(group, instrument, before) or _curve(group, instrument, before)
    return tuple(found)


def _by_list(columns: Sequence[ValueColumn]) -> list[tuple[tuple[str, int], list[ValueColumn]]]:
    groups: dict[tuple[str, int], list[ValueColumn]] = {}
    for column in columns:
        # Single values in lists side by side (one list for each kind of number) go line by line as well.
        within = column.list_path if column.values[0].value.index is not None else _above(column.list_path)
        groups.setdefault((within, len(column.values)), []).append(column)
    return list(groups.items())


def _above(path: str) -> str:
    head, _, last = path.rpartition("/")
    return head if last.startswith("dcc:list") else path


def _elements(group: Sequence[ValueColumn], instrument: InstrumentFacts, before: frozenset[str]) -> list[ColumnChoice]:
    """Return the column whose numbers are the values of the standard's artefacts, each with its nominal value."""
    artefacts = [address for address in instrument.ranges() if address.range.nominal is not None]
    for column in sorted(group, key=lambda one: (not one.uncertain, one.number)):
        if _is(column, _NOMINAL) or column.unit.canonical is None:
            continue
        ranges = tuple(
            _artefact(value.value.number.decimal, column.unit.canonical, artefacts) for value in column.values
        )
        if not any(ranges):
            continue
        taken = frozenset(place for place, range_id in enumerate(ranges) if range_id is not None)
        return [ColumnChoice(column.number, ContentKind.ELEMENT, ranges, taken, _phase(column, before))]
    return []


def _artefact(value: Decimal | None, unit: str, artefacts: Sequence[RangeAddress]) -> int | None:
    if value is None:
        return None
    near: list[tuple[Decimal, int]] = []
    for address in artefacts:
        nominal = address.range.nominal
        if nominal is None or not is_compatible(unit, address.range.unit):
            continue
        distance = abs(convert(value, unit, address.range.unit) - nominal)
        if distance <= abs(nominal) * _NEAR:
            near.append((distance, address.range.id))
    return near[0][1] if len(near) == 1 else None


def _curve(group: Sequence[ValueColumn], instrument: InstrumentFacts, before: frozenset[str]) -> list[ColumnChoice]:
    """Return the columns of reference values and errors as the curve of the range in which the points lie."""
    spans = [address for address in instrument.ranges() if address.range.nominal is None]
    argument = _first(group, spans, *_MEASURED) or _first(group, spans, _NOMINAL)
    if argument is None or len(argument.values) < 2:
        return []
    value = _first(group, spans, _REFERENCE)
    error = next((one for one in group if one.uncertain and any(_is(one, mark) for mark in _ERROR)), None)
    chosen, meaning = (value, Meaning.VALUE) if value is not None else (error, Meaning.ERROR)
    if chosen is None or argument is chosen:
        return []
    address = _span(argument, spans)
    if address is None:
        return []
    uncertain = next((one for one in (error, chosen, argument) if one is not None and _fits_u(one, address)), None)
    return [
        ColumnChoice(
            chosen.number,
            ContentKind.CURVE,
            (address.range.id,) * len(chosen.values),
            frozenset(range(len(chosen.values))),
            _phase(chosen, before),
            meaning,
            argument=argument.number,
            uncertainty=None if uncertain is None or uncertain is chosen else uncertain.number,
            interpolation=Interpolation.LINEAR,
        )
    ]


def _first(group: Sequence[ValueColumn], spans: Sequence[RangeAddress], *marks: str) -> ValueColumn | None:
    """Return the column with one of the marks; of the same in several units the one in the unit of a range."""
    fitting = [one for one in group if any(_is(one, mark) for mark in marks) and one.unit.canonical is not None]
    units = {address.range.unit for address in spans}
    return min(fitting, key=lambda one: (one.unit.canonical not in units, one.number), default=None)


def _is(column: ValueColumn, mark: str) -> bool:
    return any(word.lower().replace("_", "").endswith(mark) for word in column.ref_types)


def _fits_u(column: ValueColumn, address: RangeAddress) -> bool:
    return column.uncertain and column.unit.canonical is not None and is_span(column.unit.canonical, address.range.unit)


def _span(column: ValueColumn, spans: Sequence[RangeAddress]) -> RangeAddress | None:
    """Return the narrowest range that holds the points, or the only one of their kind of quantity."""
    unit = column.unit.canonical
    same = [address for address in spans if unit is not None and is_compatible(unit, address.range.unit)]
    holding = [
        address
        for address in same
        if unit is not None and all(_holds(address, v.value.number.decimal, unit) for v in column.values)
    ]
    if holding:
        return min(holding, key=lambda one: (one.range.upper or Decimal(0)) - (one.range.lower or Decimal(0)))
    return same[0] if len(same) == 1 else None


def _holds(address: RangeAddress, value: Decimal | None, unit: str) -> bool:
    lower, upper = address.range.lower, address.range.upper
    if value is None or lower is None or upper is None:
        return False
    return lower <= convert(value, unit, address.range.unit) <= upper


def is_span(unit: str, of: str) -> bool:
    """Return whether differences in one unit are differences in the other (K of °C)."""
    try:
        exact_factor(unit, of)
    except CalcError:
        return is_compatible(unit, of)
    return True


def _phase(column: ValueColumn, before: frozenset[str]) -> Phase:
    marked = any(_BEFORE.search(word) for word in column.ref_types)
    inside = any(column.path.startswith(f"{path}/") for path in before)
    return Phase.AS_FOUND if marked or inside else Phase.AS_LEFT


def _before(certificate: Certificate) -> frozenset[str]:
    """Return the paths of the measurements that were made before an adjustment or repair, by refType or condition."""
    marked = {result.path for result in certificate.results if any(_BEFORE.search(word) for word in result.ref_types)}
    for condition in certificate.conditions:
        if (condition.status or "").startswith("before"):
            marked.add(condition.path.partition("/dcc:influenceConditions")[0])
    return frozenset(marked)
