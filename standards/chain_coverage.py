"""Does an upper calibration speak of what the lower one was made with, and is it the better of the two? Pure.

A direct comparison is judged: contents of the same quantity. Where a method joins standards of several quantities (a
divider with its ratio, a tank by weighing) no single one of them has to cover the point; its run's evaluation asks
each for its value and refuses what its certificate does not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from calc.errors import CalcError
from calc.units import canonical_unit, convert, convert_difference
from lims.core.errors import RuleViolation
from standards.calibration_facts import CalibrationFacts, ContentFacts, ContentKind, Phase, Point
from standards.chain_facts import BreakReason, ChainBreak
from standards.chain_rules import ChainRules
from standards.curve_points import Span
from standards.facts import StandardRole
from standards.reference import reference_value

_INTERVAL_SCALES = frozenset({"degC", "degF"})
"""Of other units zero is zero without a standard: a gauge open to the air, an empty pan."""

_ADDITIVE = frozenset({"mass", "length", "volume", "force", "electric_resistance"})
"""Quantities of which artefacts are put together: stacked weights, wrung blocks."""

Calibrations = Mapping[int, CalibrationFacts]
Spans = Mapping[int, Span]


def coverage_breaks(
    lower: CalibrationFacts, calibrations: Calibrations, spans: Spans, rules: ChainRules
) -> list[ChainBreak]:
    """Return where what a calibration made here found lies outside what the reference standards above it speak of.

    `chain.unit_mismatch`: none of them speaks of its quantity, or only in units of another dimension (of a
    calibration made in a run the model says how quantities are joined); `chain.outside_range`: a point that none of
    them covers, alone or, as weights do, together.
    """
    uppers = reference_uppers(lower, calibrations)
    offered = [(upper, content) for upper in uppers for content in _values(upper)]
    if not offered:
        return []
    found = []
    quantities = {content.quantity for content in _values(lower)}
    combined = any(content.quantity not in quantities for _, content in offered)
    for content in _values(lower):
        same = [(upper, other) for upper, other in offered if other.quantity == content.quantity]
        if not same:
            if lower.run_id is None and not any(_same_dimension(content, other) for _, other in offered):
                found.append(_unit_break(lower, content, offered[0], rules))
            continue
        outside = None if combined else _first_outside(content, [other for _, other in same], spans)
        if outside is None:
            continue
        value, unit = outside
        if not any(_comparable(other, unit) for _, other in same):
            found.append(_unit_break(lower, content, same[0], rules))
        else:
            values = {"point": value, "unit": unit, "content": content.identifier}
            found.append(_break(lower, same[0][0], "chain.outside_range", rules, values))
    return found


def uncertainty_warnings(lower: CalibrationFacts, calibrations: Calibrations, rules: ChainRules) -> list[ChainBreak]:
    """Return where an upper calibration is less certain than the lower one, of the same quantity, at the same point.

    One warning for each upper calibration, at the point where it is worst. It holds nothing back.
    """
    found = []
    for upper in reference_uppers(lower, calibrations):
        worst: tuple[Decimal, dict[str, object]] | None = None
        for content, point in _points_of(lower):
            for other in _values(upper):
                ratio = _ratio(lower, content, upper, other, point)
                if ratio is not None and ratio > 1 and (worst is None or ratio > worst[0]):
                    values = {"point": point.value, "unit": point.unit, "ratio": ratio.quantize(Decimal("0.01"))}
                    worst = ratio, values
        if worst is not None:
            found.append(_break(lower, upper, "chain.upper_larger", rules, worst[1]))
    return found


def reference_uppers(lower: CalibrationFacts, calibrations: Calibrations) -> list[CalibrationFacts]:
    """Return the calibrations that a lower one used as references, each once."""
    keys = dict.fromkeys(edge.upper_id for edge in lower.edges if edge.role is StandardRole.REFERENCE)
    return [calibrations[key] for key in keys if key in calibrations]


def _values(calibration: CalibrationFacts) -> list[ContentFacts]:
    """Return what a calibration gives a value of, as left."""
    return [
        content
        for content in calibration.contents
        if content.phase is Phase.AS_LEFT and content.kind is not ContentKind.CHARACTERISTIC
    ]


def _points_of(calibration: CalibrationFacts) -> Iterator[tuple[ContentFacts, Point]]:
    for content in _values(calibration):
        for value, unit in _asked(content):
            yield content, Point(value, unit)


def _asked(content: ContentFacts) -> list[tuple[Decimal, str]]:
    """Return the points at which a content was measured: an element's nominal value, a curve's arguments."""
    if content.kind is ContentKind.ELEMENT:
        value = content.nominal if content.nominal is not None else content.value
        return [] if value is None else [(value, content.unit)]
    if content.kind is ContentKind.CURVE:
        unit = content.argument_unit or content.unit
        return [(point.argument, unit) for point in content.points if point.argument is not None]
    return []


def _first_outside(content: ContentFacts, offered: Sequence[ContentFacts], spans: Spans) -> tuple[Decimal, str] | None:
    for value, unit in _asked(content):
        if value == 0 and canonical_unit(unit) not in _INTERVAL_SCALES:
            continue
        if any(_covers(other, value, unit, spans) for other in offered):
            continue
        if not _together(content, offered, value, unit):
            return value, unit
    return None


def _covers(content: ContentFacts, value: Decimal, unit: str, spans: Spans) -> bool:
    """Return whether a content speaks of a point: its element, between the ends of its curve or of its range."""
    try:
        if content.kind is ContentKind.ELEMENT:
            nominal = content.nominal if content.nominal is not None else content.value
            return nominal is not None and convert(value, unit, content.unit) == nominal
        if content.kind is ContentKind.CURVE:
            here = convert(value, unit, content.argument_unit or content.unit)
            arguments = [point.argument for point in content.points if point.argument is not None]
            return bool(arguments) and min(arguments) <= here <= max(arguments)
        span = spans.get(content.range_id)
        if span is None:
            return True
        here = convert(value, unit, span.unit)
    except CalcError:  # a unit of another dimension: it says nothing of this point
        return False
    return (span.lower is None or here >= span.lower) and (span.upper is None or here <= span.upper)


def _together(content: ContentFacts, offered: Sequence[ContentFacts], value: Decimal, unit: str) -> bool:
    """Return whether artefacts, put together, reach a value: not below the smallest, not beyond all of them."""
    if content.quantity not in _ADDITIVE:
        return False
    parts = [
        abs(convert(other.nominal, other.unit, unit))
        for other in offered
        if other.kind is ContentKind.ELEMENT and other.nominal is not None and _comparable(other, unit)
    ]
    return bool(parts) and min(parts) <= abs(value) <= sum(parts)


def _comparable(content: ContentFacts, unit: str) -> bool:
    try:
        convert(Decimal(1), unit, content.argument_unit or content.unit)
    except CalcError:
        return False
    return True


def _same_dimension(content: ContentFacts, other: ContentFacts) -> bool:
    return _comparable(other, content.argument_unit or content.unit) or _comparable(other, content.unit)


def _ratio(
    lower: CalibrationFacts, content: ContentFacts, upper: CalibrationFacts, other: ContentFacts, point: Point
) -> Decimal | None:
    """Return u of the upper calibration over u of the lower one at a point; None where they cannot be compared."""
    if other.quantity != content.quantity:
        return None
    if other.kind is ContentKind.ELEMENT and not _covers(other, point.value, point.unit, {}):
        return None
    try:
        above = reference_value(upper, other, point, (), lower.calibrated_on)
        below = reference_value(lower, content, point, (), lower.calibrated_on)
        u_above = above.expanded_uncertainty / above.coverage_factor
        u_below = convert_difference(below.expanded_uncertainty / below.coverage_factor, below.unit, above.unit)
    except (CalcError, RuleViolation):  # it says nothing of this point, or states no uncertainty there
        return None
    return u_above / u_below if u_below else None


def _unit_break(
    lower: CalibrationFacts, content: ContentFacts, offered: tuple[CalibrationFacts, ContentFacts], rules: ChainRules
) -> ChainBreak:
    upper, other = offered
    values = {"unit": content.unit, "wanted": other.unit, "content": content.identifier}
    return _break(lower, upper, "chain.unit_mismatch", rules, values)


def _break(
    lower: CalibrationFacts, upper: CalibrationFacts, code: str, rules: ChainRules, values: Mapping[str, object]
) -> ChainBreak:
    shown = {"certificate": upper.certificate_number, "standard": upper.standard_code, "lower": lower.standard_code}
    clause = rules.clause(BreakReason(code.rpartition(".")[2]))
    return ChainBreak(upper.id, upper.standard_code, code, {**shown, **values}, clause, lower.id)
