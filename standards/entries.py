"""Checks what was entered about instruments and calibrations, and brings units to their one form. Pure.

Every check names the field as the form does (`contents-0-expanded_uncertainty`); all mistakes are gathered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from calc.errors import CalcError
from calc.quantities import Distribution
from calc.units import canonical_unit, exact_factor, is_compatible
from lims.core.errors import FieldError, InvalidInput
from standards.calibration_facts import ContentKind, Interpolation
from standards.commands import InstrumentIdentity, NewContent, NewFunction, NewPart, NewPoint, NewRange
from standards.facts import CODE, QUANTITY_UNITS, RangeAddress
from standards.formula import FormulaError, check_formula
from standards.reference import is_relative

_FIRST_YEAR: Final = 1800


class Checker:
    """Gathers what is wrong, field by field."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def refuse(self, field: str, code: str, **values: object) -> None:
        """Note a mistake."""
        self.errors.append(FieldError(field, code, values))

    def finish(self) -> None:
        """Raise InvalidInput with everything noted; return if nothing was."""
        if self.errors:
            raise InvalidInput(self.errors)

    def unit(self, field: str, text: str, fits: str | None = None, *, difference: bool = False) -> str:
        """Return a unit in its one form; it must be known and, if asked, convertible to another.

        `difference`: what stands in it is an uncertainty or a span, so a temperature may be in delta_degC too.
        After a refusal a harmless unit is returned, so that the rest can still be checked against it.
        """
        try:
            unit = canonical_unit(text)
        except CalcError:
            self.refuse(field, "unit.unknown", unit=text)
            return fits or "1"
        if fits is not None and not (is_compatible(unit, fits) or (difference and _is_span_of(unit, fits))):
            self.refuse(field, "unit.incompatible", unit=text, expected=fits)
            return fits
        return unit

    def code(self, field: str, text: str) -> str:
        """Return a code of a kind or quantity: small letters, digits and underscores."""
        if not CODE.fullmatch(text):
            self.refuse(field, "entry.not_a_code", text=text)
        return text

    def required(self, field: str, text: str | None) -> None:
        """Note a field that is empty."""
        if not (text or "").strip():
            self.refuse(field, "field.missing")

    def not_negative(self, field: str, number: Decimal | None) -> None:
        """Note a number below zero."""
        if number is not None and number < 0:
            self.refuse(field, "entry.negative", value=number)

    def positive(self, field: str, number: Decimal | None) -> None:
        """Note a number that is not above zero."""
        if number is not None and number <= 0:
            self.refuse(field, "entry.not_positive", value=number)

    def ordered(self, field: str, lower: Decimal | None, upper: Decimal | None) -> None:
        """Note limits in the wrong order; equal ones are a single value."""
        if lower is not None and upper is not None and upper < lower:
            self.refuse(field, "entry.limits_reversed", lower=lower, upper=upper)

    def formula(self, field: str, text: str) -> None:
        """Note a formula that is not understood."""
        try:
            check_formula(text)
        except FormulaError as error:
            self.refuse(field, error.reason, formula=text)


def _is_span_of(unit: str, of: str) -> bool:
    """Whether differences in one unit are differences in the other."""
    try:
        exact_factor(unit, of)
    except CalcError:
        return False
    return True


def check_identity(check: Checker, identity: InstrumentIdentity, this_year: int) -> None:
    """Note what is wrong with what an instrument is said to be."""
    check.code("kind", identity.kind)
    check.required("name_vi", identity.name_vi)
    if identity.purpose_of_use not in {"group_1", "group_2"}:
        check.refuse("purpose_of_use", "field.not_a_choice", text=identity.purpose_of_use)
    check.code("legal_regime", identity.legal_regime)
    if identity.year_made is not None and not _FIRST_YEAR <= identity.year_made <= this_year:
        check.refuse("year_made", "entry.year", year=identity.year_made, lower=_FIRST_YEAR, upper=this_year)


def checked_parts(check: Checker, parts: Iterable[NewPart]) -> tuple[NewPart, ...]:
    """Return the parts with units in their one form; codes of parts and names of ranges must differ."""
    found = []
    for number, part in enumerate(parts):
        field = f"parts-{number}"
        check.required(f"{field}-code", part.code)
        check.required(f"{field}-name_vi", part.name_vi)
        if not part.functions:
            check.refuse(f"{field}-functions", "entry.no_function")
        functions = checked_functions(check, part.functions, f"{field}-functions")
        found.append(replace(part, functions=functions))
    _distinct(check, "parts-{}-code", [part.code for part in found], "entry.part_twice")
    return tuple(found)


def checked_functions(check: Checker, functions: Iterable[NewFunction], prefix: str) -> tuple[NewFunction, ...]:
    """Return the functions of one part with units in their one form, each with at least one range."""
    found = []
    for number, function in enumerate(functions):
        field = f"{prefix}-{number}"
        check.code(f"{field}-quantity", function.quantity)
        unit = check.unit(f"{field}-unit", function.unit, QUANTITY_UNITS.get(function.quantity))
        second = function.second_parameter_unit
        ranges = [
            _checked_range(check, entry, unit, f"{field}-ranges-{place}")
            for place, entry in enumerate(function.ranges or (NewRange(),))
        ]
        _distinct(check, f"{field}-ranges-{{}}-name", [entry.name for entry in ranges], "entry.range_twice")
        found.append(
            replace(
                function,
                unit=unit,
                second_parameter_unit=check.unit(f"{field}-second_parameter_unit", second) if second else None,
                ranges=tuple(ranges),
            )
        )
    same = [f"{function.quantity} {function.name}" for function in found]
    _distinct(check, f"{prefix}-{{}}-quantity", same, "entry.function_twice")
    return tuple(found)


def _checked_range(check: Checker, entry: NewRange, function_unit: str, field: str) -> NewRange:
    unit = check.unit(f"{field}-unit", entry.unit or function_unit, function_unit)
    check.ordered(f"{field}-upper", entry.lower, entry.upper)
    check.ordered(f"{field}-second_upper", entry.second_lower, entry.second_upper)
    check.positive(f"{field}-resolution", entry.resolution)
    resolution_unit = entry.resolution_unit or (unit if entry.resolution is not None else None)
    if resolution_unit:
        resolution_unit = check.unit(f"{field}-resolution_unit", resolution_unit, unit, difference=True)
    return replace(entry, unit=unit, resolution_unit=resolution_unit)


def _distinct(check: Checker, field: str, values: list[str], code: str) -> None:
    for number, value in enumerate(values):
        if value in values[:number]:
            check.refuse(field.format(number), code, text=value)


def checked_content(check: Checker, content: NewContent, address: RangeAddress | None, field: str) -> NewContent:
    """Return a content with its units in their one form, and note everything that its kind does not allow."""
    if address is None:
        check.refuse(f"{field}-range_id", "entry.range_of_another")
        return content
    span = content.kind is ContentKind.CHARACTERISTIC  # a bath's uniformity is a difference of temperatures
    unit = check.unit(f"{field}-unit", content.unit or address.range.unit, address.range.unit, difference=span)
    stated = content.expanded_uncertainty_unit
    argument = content.argument_unit
    found = replace(
        content,
        unit=unit,
        identifier=content.identifier or address.part.code,
        expanded_uncertainty_unit=_uncertainty_unit(check, field, stated, unit) if stated else None,
        argument_unit=check.unit(f"{field}-argument_unit", argument) if argument else None,
    )
    _check_uncertainty(check, found, field)
    _check_extras(check, found, field)
    _CHECKS[content.kind](check, found, field)
    return found


def _uncertainty_unit(check: Checker, field: str, text: str, unit: str) -> str:
    """Return the unit of U: one of the value's kind, or a relative one (%)."""
    name = f"{field}-expanded_uncertainty_unit"
    try:
        if is_relative(canonical_unit(text), unit):
            return canonical_unit(text)
    except CalcError:
        pass
    return check.unit(name, text, unit, difference=True)


def _check_uncertainty(check: Checker, content: NewContent | NewPoint, field: str) -> None:
    """U and k belong together; neither is negative; probability and degrees of freedom make sense."""
    check.not_negative(f"{field}-expanded_uncertainty", content.expanded_uncertainty)
    check.positive(f"{field}-coverage_factor", content.coverage_factor)
    expression = content.expanded_uncertainty_expression if isinstance(content, NewContent) else None
    if content.expanded_uncertainty is not None and expression:
        check.refuse(f"{field}-expanded_uncertainty", "entry.uncertainty_twice")
    stated = content.expanded_uncertainty is not None or bool(expression)
    if stated and content.coverage_factor is None and isinstance(content, NewContent):
        check.refuse(f"{field}-coverage_factor", "entry.uncertainty_without_factor")
    probability = content.coverage_probability
    if probability is not None and not 0 < probability < 1:
        check.refuse(f"{field}-coverage_probability", "entry.probability", value=probability)
    freedom = content.degrees_of_freedom
    if freedom is not None and freedom < 1:
        check.refuse(f"{field}-degrees_of_freedom", "entry.degrees_of_freedom", value=freedom)


def _check_extras(check: Checker, content: NewContent, field: str) -> None:
    if content.expanded_uncertainty_expression:
        check.formula(f"{field}-expanded_uncertainty_expression", content.expanded_uncertainty_expression)
    if content.distribution and content.distribution not in set(Distribution):
        check.refuse(f"{field}-distribution", "field.not_a_choice", text=content.distribution)
    if content.interpolation and content.interpolation not in set(Interpolation):
        check.refuse(f"{field}-interpolation", "field.not_a_choice", text=content.interpolation)
    if content.correlation and not _is_correlation(content.correlation):
        check.refuse(f"{field}-correlation", "entry.correlation")


def _is_correlation(text: str) -> bool:
    """Whether a text is a JSON object of numbers from -1 to 1, written as text, by the other content's identifier."""
    try:
        stated = json.loads(text, parse_float=Decimal)
        return isinstance(stated, dict) and all(abs(Decimal(str(value))) <= 1 for value in stated.values())
    except (ValueError, ArithmeticError):
        return False


def _check_element(check: Checker, content: NewContent, field: str) -> None:
    if content.value is None:
        check.refuse(f"{field}-value", "number.missing")
    if content.expanded_uncertainty is None and not content.expanded_uncertainty_expression:
        check.refuse(f"{field}-expanded_uncertainty", "entry.no_uncertainty")


def _check_curve(check: Checker, content: NewContent, field: str) -> None:
    if not content.points:
        check.refuse(f"{field}-points", "entry.no_points")
    seen: set[tuple[Decimal, Decimal | None]] = set()
    for number, point in enumerate(content.points):
        name = f"{field}-points-{number}"
        _check_uncertainty(check, point, name)
        if point.argument is None:
            check.refuse(f"{name}-argument", "number.missing")
            continue
        if (point.argument, point.second_argument) in seen:
            check.refuse(f"{name}-argument", "entry.point_twice", value=point.argument)
        seen.add((point.argument, point.second_argument))
        _check_point_uncertainty(check, content, point, name)


def _check_point_uncertainty(check: Checker, content: NewContent, point: NewPoint, name: str) -> None:
    """A point has its own U and k, or the certificate states them for the whole curve."""
    if point.expanded_uncertainty is None and content.expanded_uncertainty is None:
        check.refuse(f"{name}-expanded_uncertainty", "entry.no_uncertainty")
    elif point.coverage_factor is None and content.coverage_factor is None:
        check.refuse(f"{name}-coverage_factor", "entry.uncertainty_without_factor")


def _check_coefficients(check: Checker, content: NewContent, field: str) -> None:
    check.required(f"{field}-equation", content.equation)
    if not content.points:
        check.refuse(f"{field}-points", "entry.no_points")
    for number, point in enumerate(content.points):
        _check_uncertainty(check, point, f"{field}-points-{number}")
        check.required(f"{field}-points-{number}-name", point.name)


def _check_expression(check: Checker, content: NewContent, field: str) -> None:
    if content.expanded_uncertainty is None and not content.expanded_uncertainty_expression:
        check.refuse(f"{field}-expanded_uncertainty_expression", "entry.no_uncertainty")


def _check_characteristic(check: Checker, content: NewContent, field: str) -> None:
    if content.value is None:
        check.refuse(f"{field}-value", "number.missing")


_CHECKS: Final = {
    ContentKind.ELEMENT: _check_element,
    ContentKind.CURVE: _check_curve,
    ContentKind.COEFFICIENTS: _check_coefficients,
    ContentKind.EXPRESSION: _check_expression,
    ContentKind.CHARACTERISTIC: _check_characteristic,
}


def check_contents_distinct(check: Checker, contents: Iterable[NewContent]) -> None:
    """Note two contents of the same phase, kind and identifier."""
    keys = [f"{content.phase} {content.kind} {content.identifier}" for content in contents]
    _distinct(check, "contents-{}-identifier", keys, "entry.content_twice")
