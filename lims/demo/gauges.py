"""Bourdon gauges 0–1,6 MPa: what is agreed for them, and readings as the digital reference gauge gives them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from importlib import resources
from random import Random
from typing import Final

from lims.calibrations.facts import Address, ReadingRole
from lims.demo.agreements import agreed, class_limits
from lims.demo.laboratory import Laboratory
from lims.demo.work import Chosen, Measurement, Typed
from lims.jobs.facts import ItemAgreement, RuleKind

CODE: Final = "HC-AS-01"
ROOM: Final = "AS-1"
EQUIPMENT: Final = (
    Chosen("reference", "AS-02"),
    Chosen("thermo_hygrometer", "NH-03"),
    Chosen("barometer", "PB-01"),
)
CONDITIONS: Final = {
    "temperature": ("degC", "23,1", "23,4"),
    "relative_humidity": ("%", "58", "59"),
    "pressure": ("kPa", "100,6", "100,6"),
}
MARKS: Final = ("0", "0.4", "0.8", "1.2", "1.6")
"""The points, in MPa: also their codes in the procedure."""
_CYCLES: Final = (1, 2)
_FULL_SCALE_KPA: Final = 1600.0
_HYSTERESIS_KPA: Final = 2.5
_STANDARD_DEVIATION_KPA: Final = 0.4


def agreement(
    laboratory: Laboratory, on: date, *, accuracy_class: str = "1,6", full_scale: str = "1,6", place: str = ""
) -> ItemAgreement:
    """Return what is agreed for a gauge: its class, in per cent of the full scale in MPa, by simple acceptance."""
    english_class, english_scale = accuracy_class.replace(",", "."), full_scale.replace(",", ".")
    limits = class_limits(
        f"Áp kế lò xo cấp chính xác {accuracy_class}, 0 – {full_scale} MPa",
        f"Bourdon gauge of class {english_class}, 0 to {english_scale} MPa",
        accuracy_class,
        Decimal(english_class) * Decimal(english_scale) * 10,
        "kPa",
        "ĐLVN 76",
    )
    rule = RuleKind.SIMPLE_ACCEPTANCE, "ILAC-G8:09/2019, 4.2.1"
    return agreed(laboratory, CODE, limits, rule, on, place=place)


def published() -> list[Typed]:
    """Return the twenty indications of the reference gauge, as typed in Vietnam, in the order of loading."""
    source = resources.files("lims.demo").joinpath("readings/gauge_readings.csv").read_text(encoding="utf-8")
    return [
        _typed(_mark(row["gauge_kPa"]), int(row["cycle"]), row["direction"], row["reference_kPa"])
        for row in csv.DictReader(source.splitlines())
    ]


def _mark(pressure: str) -> str:
    return next(mark for mark in MARKS if Decimal(mark) * 1000 == Decimal(pressure))


def indications(random: Random, deviation: Decimal) -> list[Typed]:
    """Return two cycles of a gauge that at full scale shows so many kPa too much, with its hysteresis."""
    found = []
    for cycle in _CYCLES:
        for direction, marks in (("up", MARKS), ("down", MARKS[::-1])):
            for mark in marks:
                pressure = float(mark) * 1000
                part = pressure / _FULL_SCALE_KPA
                width = _HYSTERESIS_KPA * (1 - part) * 1.5 * (part > 0)
                behind = width if direction == "up" else -width - 0.8 * (part == 0)
                shown = pressure - float(deviation) * part + behind + random.gauss(0, _STANDARD_DEVIATION_KPA)
                found.append(_typed(mark, cycle, direction, f"{shown:.1f}"))
    return found


def _typed(mark: str, cycle: int, direction: str, text: str) -> Typed:
    address = Address("pressure", mark, cycle=cycle, direction=direction, role=ReadingRole.STANDARD)
    return Typed(address, text.replace(".", ","), "kPa")


def measurement(readings: Sequence[Typed], conditions: dict[str, tuple[str, str, str]] | None = None) -> Measurement:
    """Return what the technician does: the pressure room's equipment, its conditions, the readings."""
    return Measurement(EQUIPMENT, readings, conditions or CONDITIONS, room=ROOM)
