"""The scope of a laboratory: which line holds for a value, and the CMC that its expression gives there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from calc.compiler.program import Program
from calc.errors import CalcError
from calc.model import InputDefinition, MeasurementModel, OutputDefinition, compile_model
from calc.units import convert, is_compatible
from lims.core.errors import InvalidInput, RuleViolation
from lims.core.text import fold
from lims.procedures.facts import ScopeKind, ScopeLineFacts, ScopeLineInput

_ORDER: Final = {ScopeKind.ACCREDITATION: 0, ScopeKind.DESIGNATION: 1, ScopeKind.REGISTRATION: 2}


@dataclass(frozen=True, slots=True)
class Cmc:
    """The smallest expanded uncertainty a scope allows to state at a point, for its coverage probability."""

    value: float
    unit: str
    coverage_probability: Decimal


def cmc_at(line: ScopeLineFacts, value: Decimal, unit: str) -> Cmc:
    """Return the CMC of a line at a value.

    The line's expression is a formula in `x`, the number of the value in the line's unit, and gives the number of the
    CMC in `cmc_unit`; a relative one (%) is turned into the line's unit. Raises RuleViolation where it gives no
    positive number.
    """
    number = float(convert(value, unit, line.unit))
    try:
        result = float(_program(line.cmc_expression).linearise((number,), "x").values[0])
    except CalcError as error:
        raise RuleViolation("scope.no_cmc", line=line.title_vi, value=value) from error
    if not result > 0:
        raise RuleViolation("scope.no_cmc", line=line.title_vi, value=value)
    if is_compatible(line.cmc_unit, line.unit):
        return Cmc(result, line.cmc_unit, line.coverage_probability)
    return Cmc(abs(number) * convert(result, line.cmc_unit, "1"), line.unit, line.coverage_probability)


def contains(line: ScopeLineFacts, value: Decimal, unit: str) -> bool:
    """Return whether a value lies in a line's range, both ends included; no limit means open."""
    if not is_compatible(unit, line.unit):
        return False
    number = convert(value, unit, line.unit)
    return (line.lower is None or line.lower <= number) and (line.upper is None or number <= line.upper)


def same_method(line_method: str, method: str) -> bool:
    """Return whether a line names a method: one of those it lists, "ĐLVN 17 : 2017" being "DLVN 17:2017"."""
    return bool(methods_of(method) & methods_of(line_method))


def methods_of(text: str) -> frozenset[str]:
    """Return the methods that a text lists, each in the form in which they are compared."""
    return frozenset(_method(part) for part in re.split(r"[,;]", text)) - {""}


def holds_parameter(parameter: str, described: str) -> bool:
    """Return whether a line's second parameter ("50 Hz", "cosφ = 0,5") is that of a point: its words must name it.

    A line without one holds whatever the parameter; a line with one never holds where the point does not name it.
    """
    wanted = _words(parameter)
    return not wanted or f" {wanted} " in f" {_words(described)} "


def matching_line(
    lines: Iterable[ScopeLineFacts],
    *,
    quantity: str,
    instrument_kind: str,
    value: Decimal,
    unit: str,
    method: str,
    on_site: bool,
    on: date,
    described: str = "",
) -> ScopeLineFacts | None:
    """Return the line that holds for a value on a date; accreditation goes before designation and registration.

    `described` are the words of the section and the point, which name the second parameter where there is one.
    """
    fitting = [
        line
        for line in lines
        if line.valid_from <= on
        and (line.valid_to is None or on <= line.valid_to)
        and line.quantity == quantity
        and line.instrument_kind in ("", instrument_kind)
        and line.on_site == on_site
        and same_method(line.method, method)
        and holds_parameter(line.parameter, described)
        and contains(line, value, unit)
    ]
    return min(fitting, key=_precedence, default=None)


def _precedence(line: ScopeLineFacts) -> tuple[int, bool, bool, int]:
    """What is said of a kind of instrument or of a parameter goes before what is said of all."""
    return _ORDER[line.kind], line.instrument_kind == "", line.parameter == "", line.position


def check_line(line: ScopeLineInput, path: str) -> None:
    """Refuse a line whose limits cross, whose units are of different kinds or whose expression is no formula in x."""
    if line.lower is not None and line.upper is not None and line.lower > line.upper:
        raise InvalidInput.of(f"{path}lower", "scope.limits_crossed")
    try:
        fits = is_compatible(line.unit, line.cmc_unit)
    except CalcError as error:
        raise InvalidInput.of(f"{path}unit", "definition.unit_unknown", unit=f"{line.unit}, {line.cmc_unit}") from error
    relative = is_compatible(line.cmc_unit, "1")
    if not fits and not relative:
        raise InvalidInput.of(f"{path}cmc_unit", "scope.cmc_unit", unit=line.cmc_unit, expected=line.unit)
    if not 0 < line.coverage_probability < 1:
        raise InvalidInput.of(f"{path}coverage_probability", "definition.probability")
    try:
        _program(line.cmc_expression)
    except CalcError as error:
        raise InvalidInput.of(f"{path}cmc_expression", f"definition.{error.code}", **error.values) from error


@lru_cache(maxsize=512)
def _program(expression: str) -> Program:
    model = MeasurementModel((OutputDefinition("cmc", expression, "1"),), (InputDefinition("x", "1"),))
    return compile_model(model).program


def _words(text: str) -> str:
    """Return a text folded, its words and signs parted by single blanks: "50Hz" is "50 Hz", "0,5" is "0.5"."""
    folded = re.sub(r"(?<=\d),(?=\d)", ".", fold(text))
    return " ".join(re.findall(r"\d+(?:\.\d+)?|[^\W\d]+", folded))


def _method(text: str) -> str:
    return re.sub(r"[\s.]", "", fold(text))
