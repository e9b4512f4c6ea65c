"""Items with several sections on one page, for tests: a balance, and a multimeter with a section for each function."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.procedures.definition import parse_definition
from lims.procedures.facts import ProcedureFile, ProcedureHeader
from standards.commands import NewFunction, NewRange
from tests.factories.calibrations import Bench
from tests.factories.gauges import make_gauge_bench

_UNITS: Final = {"mass": "g", "voltage": "V", "electric_resistance": "ohm", "frequency": "Hz"}


def section(
    code: str,
    titles: tuple[str, str],
    quantity: str,
    layout: dict[str, Any],
    nominals: tuple[str, ...],
    reduction: str = "mean",
) -> dict[str, Any]:
    """Return a section that compares a reduction of the item's readings with the nominal value."""
    unit = _UNITS[quantity]
    derived = {"symbol": "I", "kind": "derived", "reduction": reduction, "roles": ["item"], "unit": unit}
    spread = reduction not in {"mean", "mean_value"}
    return {
        "code": code,
        "title_vi": titles[0],
        "title_en": titles[1],
        "quantity": quantity,
        "unit": unit,
        "layout": {"entry_unit": unit, **layout},
        "points": [
            {
                "code": f"p{number}",
                "nominal": nominal,
                "unit": unit,
                "title_vi": f"{nominal} {unit}".replace(".", ","),
                "title_en": f"{nominal} {unit}",
            }
            for number, nominal in enumerate(nominals, start=1)
        ],
        "inputs": [
            {**derived, "title_vi": "Số chỉ", "title_en": "Indication"},
            {"symbol": "N", "kind": "nominal", "unit": unit, "title_vi": "Danh định", "title_en": "Nominal value"},
            {"symbol": "d_r", "kind": "resolution", "unit": unit, "title_vi": "Độ phân giải", "title_en": "Resolution"},
        ],
        "outputs": [
            {
                "name": "E",
                "expression": "I + d_r" if spread else "I + d_r - N",
                "unit": unit,
                "title_vi": titles[0],
                "title_en": titles[1],
                "error": "none" if spread else "value",
                "report": {"form": "value", "unit": unit},
            }
        ],
    }


PLACES: Final = tuple(
    {"code": code, "title_vi": vi, "title_en": en}
    for code, vi, en in (
        ("C", "Giữa", "Centre"),
        ("FL", "Trước trái", "Front left"),
        ("BL", "Sau trái", "Back left"),
        ("BR", "Sau phải", "Back right"),
        ("FR", "Trước phải", "Front right"),
    )
)
LOADS: Final = ("0.01", "1", "5", "20", "50", "100", "150", "200", "220")


def balance_file() -> ProcedureFile:
    """Return the procedure of an analytical balance: repeatability, eccentricity, linearity."""
    series = {"kind": "points_repeats", "repeats": 10}
    around = {"kind": "positions", "cycles": 1, "positions": list(PLACES)}
    return _file(
        "HC-CAN",
        "balance",
        section("repeatability", ("Độ lặp lại", "Repeatability"), "mass", series, ("200",), "standard_deviation"),
        section("eccentricity", ("Lệch tâm", "Eccentricity"), "mass", around, ("100",), "range"),
        section("linearity", ("Độ tuyến tính", "Linearity"), "mass", {"kind": "single"}, LOADS, "mean_value"),
    )


def multimeter_file() -> ProcedureFile:
    """Return the procedure of a multimeter, with a layout of its own for each function."""
    paired = {"kind": "paired", "repeats": 2}
    return _file(
        "HC-DMM",
        "multimeter",
        section("dcv", ("Điện áp một chiều", "DC voltage"), "voltage", _repeats(3), ("0.1", "1", "10", "100")),
        section("ohm", ("Điện trở", "Resistance"), "electric_resistance", paired, ("100", "1000")),
        section(
            "freq", ("Tần số", "Frequency"), "frequency", {"kind": "single"}, ("50", "1000", "100000"), "mean_value"
        ),
    )


def _repeats(count: int) -> dict[str, Any]:
    return {"kind": "points_repeats", "repeats": count}


def _file(code: str, kind: str, *sections: dict[str, Any]) -> ProcedureFile:
    header = ProcedureHeader(
        code=code,
        version="1",
        title_vi="Quy trình hiệu chuẩn",
        title_en="Calibration procedure",
        instrument_kind=kind,
        method_reference=f"{code}:2026",
        activity="calibration",
        legal_regime="calibration",
    )
    return ProcedureFile(header, parse_definition({"schema": 1, "sections": list(sections)}))


def _function(quantity: str, upper: str, step: str) -> NewFunction:
    unit = _UNITS[quantity]
    span = NewRange(lower=Decimal(0), upper=Decimal(upper), resolution=Decimal(step), resolution_unit=unit)
    return NewFunction(quantity, unit, ranges=(span,))


def make_balance_bench(session: Session) -> Bench:
    """Put a laboratory into the database that can calibrate a balance of 220 g."""
    functions = (_function("mass", "220", "0.0001"),)
    said = {"kind": "balance", "name_vi": "Cân phân tích", "name_en": "Analytical balance"}
    return make_gauge_bench(session, balance_file(), functions=functions, specification=None, reference=None, **said)


def make_multimeter_bench(session: Session) -> Bench:
    """Put a laboratory into the database that can calibrate a multimeter."""
    functions = (
        _function("voltage", "1000", "0.001"),
        _function("electric_resistance", "10000", "0.01"),
        _function("frequency", "1000000", "1"),
    )
    said = {"kind": "multimeter", "name_vi": "Đồng hồ vạn năng", "name_en": "Multimeter"}
    return make_gauge_bench(session, multimeter_file(), functions=functions, specification=None, reference=None, **said)
