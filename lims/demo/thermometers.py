"""Digital thermometers 0–100 °C in the bath: what is agreed for them, and readings beside the reference Pt100."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from importlib import resources
from random import Random
from typing import Final

from lims.calibrations.facts import Address, ReadingRole
from lims.demo.agreements import agreed
from lims.demo.laboratory import Laboratory
from lims.demo.work import Chosen, Measurement, Typed
from lims.jobs.facts import AgreedSpecification, ItemAgreement, RuleKind, SpecificationKind

CODE: Final = "HC-ND-01"
ROOM: Final = "ND-1"
EQUIPMENT: Final = (
    Chosen("reference", "ND-01"),
    Chosen("bath", "PT-01"),
    Chosen("thermo_hygrometer", "NH-03"),
)
CONDITIONS: Final = {
    "temperature": ("degC", "23,0", "23,3"),
    "relative_humidity": ("%", "56", "57"),
}
POINTS: Final = ("0", "25", "50", "75", "100")
"""The points, in °C: also their codes in the procedure."""
PUBLISHED_POINT: Final = "50"
_PAIRS: Final = 5
_OTHER_POINTS: Final = {"0": "0.0", "25": "0.1", "75": "0.1", "100": "0.2"}
"""What the thermometer of the published readings shows too much at the points of which none are published, in °C."""
_STANDARD_DEVIATION: Final = 0.012
_AT_ZERO: Final = {
    "NK-5512": 0.07,
    "NK-6021": 0.13,
    "NK-6022": -0.07,
    "NK-6023": -0.16,
    "NK-6024": 0.02,
    "NV-0018": -0.11,
}
"""What the customers' thermometers show too much at 0 °C, by serial number: their sensors age, their zeros stay."""


def agreement(laboratory: Laboratory, on: date, *, limit: str = "0.3", place: str = "") -> ItemAgreement:
    """Return what is agreed for a thermometer: the customer's own limits, with a guard band of U."""
    spread = Decimal(limit)
    limits = AgreedSpecification(
        kind=SpecificationKind.LIMITS,
        title_vi="Giới hạn sai số do khách hàng quy định",
        title_en="Limits of error laid down by the customer",
        lower=-spread,
        upper=spread,
        unit="delta_degC",
    )
    return agreed(laboratory, CODE, limits, (RuleKind.GUARD_BAND_U, "ILAC-G8:09/2019, 4.2.2"), on, place=place)


def published() -> list[Typed]:
    """Return five pairs at every point: those of 50 °C are published, the others follow their pattern."""
    source = resources.files("lims.demo").joinpath("readings/thermometer_readings.csv").read_text(encoding="utf-8")
    rows = [(row["item_degC"], row["reference_degC"]) for row in csv.DictReader(source.splitlines())]
    found = []
    for point in POINTS:
        for pair, (item, reference) in enumerate(rows, start=1):
            if point != PUBLISHED_POINT:
                reference = f"{Decimal(reference) - Decimal(PUBLISHED_POINT) + Decimal(point):.3f}"
                item = f"{Decimal(point) + Decimal(_OTHER_POINTS[point]):.1f}"
            found += _pair(point, pair, item, reference)
    return found


def indications(random: Random, serial: str, deviation: Decimal) -> list[Typed]:
    """Return five pairs at every point of a thermometer that shows so many °C too much at 100 °C.

    At 0 °C it deviates as `_AT_ZERO` says, between the two in proportion.
    """
    found = []
    at_zero, at_hundred = _AT_ZERO[serial], float(deviation)
    for point in POINTS:
        wanted = float(point)
        error = at_zero + (at_hundred - at_zero) * wanted / 100.0
        for pair in range(1, _PAIRS + 1):
            bath = wanted + random.gauss(0, _STANDARD_DEVIATION)
            found += _pair(point, pair, f"{round(bath + error, 1) + 0.0:.1f}", f"{bath:.3f}")
    return found


def _pair(point: str, pair: int, item: str, reference: str) -> list[Typed]:
    """Return what the reference and then the thermometer show in one pair."""
    return [
        Typed(Address("temperature", point, sequence=pair, role=role), text.replace(".", ","), "degC")
        for role, text in ((ReadingRole.STANDARD, reference), (ReadingRole.ITEM, item))
    ]


def measurement(readings: Sequence[Typed], conditions: dict[str, tuple[str, str, str]] | None = None) -> Measurement:
    """Return what the technician does: bath, reference and room of temperature, its conditions, the readings."""
    return Measurement(EQUIPMENT, readings, conditions or CONDITIONS, room=ROOM)
