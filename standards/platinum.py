"""The temperature that a platinum resistance thermometer's certified coefficients give, by the curve of calc. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from decimal import Decimal
from typing import Final

from calc.curves.domain import Domain
from calc.curves.thermometry import A, B, C, PlatinumThermometer
from calc.errors import CalcError
from calc.units import canonical_unit
from standards.calibration_facts import ContentFacts, PointFacts
from standards.curve_points import refusal

CALLENDAR_VAN_DUSEN: Final = "callendar_van_dusen"
_USABLE: Final = Domain(-200.0, 850.0)
"""°C. Source: IEC 60751:2022, 4.2, the range of the equation."""
_NOMINAL_R0: Final = 100.0


def temperature(content: ContentFacts, argument: Decimal) -> Decimal:
    """Return the temperature in °C that belongs to what the thermometer's readout shows.

    Shown in ohm, it is the resistance; shown in °C, the readout converted the resistance by the reference function of
    IEC 60751 for 100 ohm, and the certified coefficients convert it back. Only the argument "degC" or "ohm" is known.
    Raises RuleViolation reference.no_value, reference.outside_points.
    """
    certified = _certified(content)
    unit = canonical_unit(content.argument_unit or content.unit)
    try:
        if unit == "degC":
            nominal = PlatinumThermometer("IEC 60751", "degC", "ohm", _USABLE, _NOMINAL_R0)
            resistance = float(nominal.value(float(argument)))
        else:
            resistance = float(argument)
        found = certified.solutions(resistance)
    except CalcError as error:
        raise refusal("reference.outside_points", content, point=argument, unit=unit) from error
    if not found:
        raise refusal("reference.outside_points", content, point=argument, unit=unit)
    return Decimal(repr(float(found[0])))


def of_coefficients(content: ContentFacts, argument: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Return U of the temperature with its k, from those of the coefficients and their correlations.

    u² = Σ c_i·c_j·u_i·u_j·r_ij with the sensitivities c by central differences (JCGM 100:2008, 5.2.2). None where a
    coefficient is stated without its uncertainty. k is the certificate's where it states one for all, else 2.
    """
    stated = [
        (point, float(point.expanded_uncertainty) / float(point.coverage_factor or content.coverage_factor or 2))
        for point in content.points
        if point.expanded_uncertainty is not None and point.name
    ]
    if not stated or len(stated) < len(content.points):
        return None, None
    parts = [(point.name or "", _sensitivity(content, argument, point, u) * u) for point, u in stated if u]
    correlations = json.loads(content.correlation) if content.correlation else {}
    squared = sum(part * part for _, part in parts)
    for position, (first, one) in enumerate(parts):
        for second, other in parts[position + 1 :]:
            r = correlations.get(f"{first}|{second}", correlations.get(f"{second}|{first}", "0"))
            squared += 2.0 * float(r) * one * other
    factor = content.coverage_factor or Decimal(2)
    return Decimal(repr(math.sqrt(max(squared, 0.0)))) * factor, factor


def _sensitivity(content: ContentFacts, argument: Decimal, point: PointFacts, uncertainty: float) -> float:
    """Return how much the temperature changes with one coefficient, by central differences of its uncertainty."""
    step = Decimal(repr(uncertainty))
    ends = []
    for sign in (1, -1):
        moved = replace(point, value=point.value + sign * step)
        others = tuple(moved if one.position == point.position else one for one in content.points)
        ends.append(temperature(replace(content, points=others), argument))
    return float(ends[0] - ends[1]) / (2.0 * uncertainty)


def _certified(content: ContentFacts) -> PlatinumThermometer:
    coefficients = {point.name: float(point.value) for point in content.points}
    if content.equation != CALLENDAR_VAN_DUSEN or "R0" not in coefficients:
        raise refusal("reference.no_value", content)
    if canonical_unit(content.argument_unit or content.unit) not in {"degC", "ohm"}:
        raise refusal("reference.no_value", content)
    try:
        a, b, c = (coefficients.get(name, nominal) for name, nominal in (("A", A), ("B", B), ("C", C)))
        return PlatinumThermometer(content.identifier, "degC", "ohm", _USABLE, coefficients["R0"], a, b, c)
    except CalcError as error:
        raise refusal("reference.no_value", content) from error
