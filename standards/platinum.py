"""The temperature that a platinum resistance thermometer's certified coefficients give, by the curve of calc. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from calc.curves.domain import Domain
from calc.curves.thermometry import A, B, C, PlatinumThermometer
from calc.errors import CalcError
from calc.units import canonical_unit
from standards.calibration_facts import ContentFacts
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
