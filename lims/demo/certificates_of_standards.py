"""From the register of standards to what their certificates say: ranges, contents, evidence."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any, Final

from standards.calibration_facts import ContentKind, Interpolation, TerminalKind
from standards.commands import NewContent, NewFunction, NewPart, NewPoint, NewRange, NewTerminal

Record = Mapping[str, Any]
K_2: Final = Decimal(2)
LEVEL_95: Final = Decimal("0.9545")
_STATED: Final = {"coverage_factor": K_2, "coverage_probability": LEVEL_95}
_ROOM: Final[Sequence[Record]] = (
    {
        "quantity": "temperature",
        "unit": "degC",
        "lower": "5",
        "upper": "50",
        "resolution": "0.1",
        "elements": [["20", "20.0", "0.3"]],
    },
    {
        "quantity": "relative_humidity",
        "unit": "%",
        "lower": "10",
        "upper": "95",
        "resolution": "0.1",
        "elements": [["50", "50.0", "2"]],
    },
)


def standards() -> list[Record]:
    """Return the registers of standards and of the equipment beside them, in their order."""
    found: list[Record] = []
    for name in ("standards", "equipment"):
        text = resources.files("lims.demo").joinpath(f"registers/{name}.toml").read_text(encoding="utf-8")
        found += tomllib.loads(text)["standard"]
    return found


@dataclass(frozen=True, slots=True)
class Statement:
    """What a certificate says of one range; `range_name` is empty where a quantity has a single range."""

    part: str
    quantity: str
    range_name: str
    kind: ContentKind
    fields: Mapping[str, Any]

    def content(self, range_id: int) -> NewContent:
        """Return the content for the registered range."""
        return NewContent(range_id, self.kind, **self.fields)


def parts(standard: Record) -> tuple[NewPart, ...]:
    """Return the standard's parts: a set has one for each piece, anything else a single one."""
    pieces = _pieces(standard)
    if len(pieces) > 1:
        return tuple(NewPart(piece.code, piece.code, (_mass(piece.nominal),)) for piece in pieces)
    functions = tuple(_function(function) for function in _functions(standard))
    functions += tuple(_mass(piece.nominal) for piece in pieces)
    return (NewPart("1", standard["name_vi"], functions, name_en=standard["name_en"]),)


def statements(standard: Record, changes: Mapping[str, str] | None = None) -> list[Statement]:
    """Return what the certificate says. `changes`: other deviations in mg by nominal value in g, of an earlier time."""
    pieces = _pieces(standard)
    found = [
        Statement(piece.code, "mass", "", ContentKind.ELEMENT, piece.fields(changes or {}, several=len(pieces) > 1))
        for piece in pieces
    ]
    for function in _functions(standard):
        found += _of_function(function)
    return found


@dataclass(frozen=True, slots=True)
class _Piece:
    """A weight: its code in the set, nominal value in g, deviation and U in mg."""

    code: str
    nominal: Decimal
    deviation: Decimal
    expanded_uncertainty: Decimal

    def fields(self, changes: Mapping[str, str], *, several: bool) -> dict[str, Any]:
        deviation = Decimal(changes.get(f"{self.nominal:f}", self.deviation))
        return {
            "unit": "g",
            "identifier": self.code if several else f"{self.nominal:f}",
            "nominal": self.nominal,
            "value": self.nominal + deviation / 1000,
            "expanded_uncertainty": self.expanded_uncertainty,
            "expanded_uncertainty_unit": "mg",
            **_STATED,
        }


def _pieces(standard: Record) -> list[_Piece]:
    rows = [(row[0], row[1], row[2], row[3] if len(row) > 3 else "") for row in standard.get("weights", ())]
    if equal := standard.get("equal_weights"):
        deviations = equal["deviations"]
        rows = [
            (equal["nominal"], deviations[number % len(deviations)], equal["U"], f" No. {number + 1:02d}")
            for number in range(equal["count"])
        ]
    several = len(rows) > 1
    return [
        _Piece(piece_name(Decimal(n), mark) if several else "1", Decimal(n), Decimal(deviation), Decimal(spread))
        for n, deviation, spread, mark in rows
    ]


def _mass(nominal: Decimal) -> NewFunction:
    return NewFunction("mass", "g", ranges=(NewRange(lower=nominal, upper=nominal, nominal=nominal),))


def piece_name(grams: Decimal, mark: str) -> str:
    """Return the name of a weight of a set: its nominal value, and what tells it from its like."""
    return f"{_mass_text(grams)}{mark}"


def _mass_text(grams: Decimal) -> str:
    if grams >= 1000:
        return f"{(grams / 1000).normalize():f} kg"
    return f"{grams.normalize():f} g" if grams >= 1 else f"{(grams * 1000).normalize():f} mg"


def _functions(standard: Record) -> Sequence[Record]:
    return _ROOM if standard.get("room") else standard.get("function", ())


def _function(function: Record) -> NewFunction:
    second = function.get("second", (None, None))
    elements = function.get("elements", ())
    several = len(elements) > 1
    resolution = Decimal(function["resolution"]) if "resolution" in function else None
    if spans := function.get("ranges"):
        return NewFunction(function["quantity"], function["unit"], ranges=tuple(_span(*span) for span in spans))
    limits = [
        (nominal if several else "", function.get("lower", nominal), function.get("upper", nominal), nominal)
        for nominal, _value, _spread in elements
    ] or [("", function.get("lower"), function.get("upper"), None)]
    ranges = tuple(
        NewRange(
            name=name,
            lower=Decimal(lower) if lower else None,
            upper=Decimal(upper) if upper else None,
            nominal=Decimal(nominal) if nominal and lower == upper else None,
            resolution=resolution,
        )
        for name, lower, upper, nominal in limits
    )
    return NewFunction(
        function["quantity"],
        function["unit"],
        second_parameter=second[0],
        second_parameter_unit=second[1],
        ranges=ranges,
    )


def _span(name: str, lower: str, upper: str, resolution: str) -> NewRange:
    return NewRange(name=name, lower=Decimal(lower), upper=Decimal(upper), resolution=Decimal(resolution))


def _of_function(function: Record) -> Iterator[Statement]:
    name, elements = function["quantity"], function.get("elements", ())
    for nominal, value, spread in elements:
        fields = {
            "identifier": nominal,
            "nominal": Decimal(nominal),
            "value": Decimal(value),
            "expanded_uncertainty": Decimal(spread),
            "expanded_uncertainty_unit": _difference(function["unit"]),
            **_STATED,
        }
        yield Statement("1", name, nominal if len(elements) > 1 else "", ContentKind.ELEMENT, fields)
    if curve := function.get("curve"):
        yield Statement("1", name, "", ContentKind.CURVE, {"identifier": name, **_curve(curve, function["unit"])})
    if expression := function.get("expression"):
        fields = {
            "identifier": name,
            "expanded_uncertainty_expression": expression["U"],
            "expanded_uncertainty_unit": expression["U_unit"],
            **_STATED,
        }
        yield Statement("1", name, "", ContentKind.EXPRESSION, fields)
    if coefficients := function.get("coefficients"):
        yield Statement("1", name, "", ContentKind.COEFFICIENTS, {"identifier": name, **_coefficients(coefficients)})
    for identifier, value, unit in function.get("characteristics", ()):
        fields = {"identifier": identifier, "value": Decimal(value), "unit": unit}
        yield Statement("1", name, "", ContentKind.CHARACTERISTIC, fields)


def _difference(unit: str) -> str:
    return "delta_degC" if unit == "degC" else unit


def _curve(curve: Record, unit: str) -> dict[str, Any]:
    points = tuple(
        NewPoint(Decimal(row[1]), argument=Decimal(row[0]), second_argument=Decimal(row[2]) if len(row) > 2 else None)
        for row in curve["points"]
    )
    return {
        "argument_unit": curve["argument_unit"],
        "interpolation": Interpolation(curve["interpolation"]),
        "expanded_uncertainty": Decimal(curve["U"]),
        "expanded_uncertainty_unit": _difference(unit),
        "points": points,
        **_STATED,
    }


def _coefficients(coefficients: Record) -> dict[str, Any]:
    return {
        "equation": coefficients["equation"],
        "expanded_uncertainty": Decimal(coefficients["U"]),
        "expanded_uncertainty_unit": "delta_degC",
        "points": tuple(NewPoint(Decimal(value), name=name) for name, value in coefficients["points"]),
        **_STATED,
    }


def terminal(upstream: str, calibrated_on: date) -> NewTerminal:
    """Return the evidence by which the path ends at a laboratory above, valid on the day of the calibration."""
    since, until = calibrated_on - timedelta(days=700), calibrated_on + timedelta(days=700)
    if upstream == "vmi":
        return NewTerminal(
            TerminalKind.NMI_CMC,
            evidence="Viện Đo lường quốc gia có CMC trong KCDB của BIPM (dữ liệu mẫu)",
            evidence_reference="VN-CMC-00",
            valid_from=since,
            valid_to=until,
        )
    return NewTerminal(
        TerminalKind.ACCREDITED_LABORATORY,
        evidence="Phòng thí nghiệm được công nhận ISO/IEC 17025, có dấu công nhận trên giấy (dữ liệu mẫu)",
        evidence_reference="VILAS 000",
        symbol_on_certificate=True,
        valid_from=since,
        valid_to=until,
    )
