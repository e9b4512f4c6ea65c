"""Curves as plain JSON structures and back, so that a stored evaluation can carry the curves it used."""

from __future__ import annotations

from collections.abc import Mapping

from calc import serialise
from calc.curves.coefficients import CoefficientCurve
from calc.curves.curve import Curve
from calc.curves.platinum_standard import StandardThermometer
from calc.curves.point_curve import PointCurve
from calc.curves.polynomial import PolynomialCurve
from calc.curves.straight_line import StraightLine
from calc.curves.thermistor import Thermistor
from calc.curves.thermometry import PlatinumThermometer
from calc.errors import InvalidQuantity

_CLASSES: tuple[type[Curve], ...] = (
    StraightLine,
    PointCurve,
    CoefficientCurve,
    PolynomialCurve,
    PlatinumThermometer,
    StandardThermometer,
    Thermistor,
)


def curve_to_record(curve: object) -> dict[str, serialise.Record]:
    """Return `{"kind": ..., "curve": {...}}` with every float as its shortest text.

    Raises InvalidQuantity `curve.kind` for anything else than a curve of calc.
    """
    if not isinstance(curve, Curve) or type(curve) not in _CLASSES:
        raise InvalidQuantity("curve.kind", value=type(curve).__name__)
    return {"kind": curve.kind, "curve": serialise.to_record(curve, curve.name)}


def curve_from_record(record: object) -> Curve:
    """Return the curve that `curve_to_record` wrote, with the same bits.

    Raises InvalidQuantity: `curve.kind` for a kind that is not known, and what `calc.serialise.from_record` refuses.
    """
    if not isinstance(record, Mapping) or set(record) != {"kind", "curve"}:
        raise InvalidQuantity("record.wrong_type", name="curve", value=repr(record)[:80], expected="a curve")
    for known in _CLASSES:
        if known.kind == record["kind"]:
            return serialise.from_record(known, record["curve"])
    raise InvalidQuantity("curve.kind", value=repr(record["kind"])[:80])
