"""Weights of 10 kg: what is agreed for them, and readings as a comparator gives them."""

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

CODE: Final = "HC-KL-01"
ROOM: Final = "KL-1"
EQUIPMENT: Final = (
    Chosen("reference", "KL-05", "10000"),
    Chosen("thermo_hygrometer", "NH-01"),
    Chosen("barometer", "PB-01"),
    Chosen("comparator", "CS-01"),
)
LIMITS: Final = {"M1": Decimal(500), "M2": Decimal(1600)}
"""Maximum permissible error of a weight of 10 kg in mg (OIML R 111-1:2004, Table 1)."""

_CYCLES: Final = 3
_ROLES: Final = (ReadingRole.STANDARD, ReadingRole.ITEM, ReadingRole.ITEM, ReadingRole.STANDARD)
_STEP: Final = Decimal("0.005")
_STANDARD_DEVIATION_G: Final = 0.006
_REFERENCE_MG: Final = 5


def agreement(laboratory: Laboratory, on: date, *, accuracy_class: str = "M1", place: str = "") -> ItemAgreement:
    """Return what is agreed for a weight: its class by OIML R 111-1, conformity by the rule of that document."""
    limits = class_limits(
        f"Quả cân cấp chính xác {accuracy_class}, 10 kg",
        f"Weight of class {accuracy_class}, 10 kg",
        accuracy_class,
        LIMITS[accuracy_class],
        "mg",
        "OIML R 111-1:2004, Table 1",
    )
    rule = RuleKind.OIML_R111, "OIML R 111-1:2004, 5.2 – 5.3"
    return agreed(laboratory, CODE, limits, rule, on, place=place)


def published() -> list[Typed]:
    """Return the twelve indications of EA-4/02 M, S2, as typed in Vietnam, in the order of weighing."""
    source = resources.files("lims.demo").joinpath("readings/ea402_s2.csv").read_text(encoding="utf-8")
    return [
        _typed(int(row["cycle"]), int(row["position"]), row["role"], row["reading_g"])
        for row in csv.DictReader(source.splitlines())
    ]


def indications(random: Random, deviation: Decimal) -> list[Typed]:
    """Return three ABBA weighings of a weight that deviates by so many mg from 10 kg."""
    difference = float(deviation - _REFERENCE_MG) / 1000
    found = []
    for cycle in range(1, _CYCLES + 1):
        zero = random.uniform(0.005, 0.025)
        for position, role in enumerate(_ROLES, start=1):
            shown = zero + (difference if role is ReadingRole.ITEM else 0.0) + random.gauss(0, _STANDARD_DEVIATION_G)
            found.append(_typed(cycle, position, role, f"{_stepped(shown):f}"))
    return found


def _stepped(value: float) -> Decimal:
    """Return the step that the comparator's display shows."""
    return Decimal(int(Decimal(str(value)) / _STEP)) * _STEP


def _typed(cycle: int, position: int, role: str, text: str) -> Typed:
    address = Address("weighing", "10kg", cycle=cycle, sequence=position, role=role)
    return Typed(address, text.replace(".", ","), "g")


def measurement(readings: Sequence[Typed], conditions: dict[str, tuple[str, str, str]] | None = None) -> Measurement:
    """Return what the technician does: the mass room's equipment, its conditions, the readings."""
    return Measurement(
        EQUIPMENT,
        readings,
        conditions
        or {
            "temperature": ("degC", "20,2", "20,4"),
            "relative_humidity": ("%", "51", "52"),
            "pressure": ("kPa", "100,4", "100,4"),
        },
        room=ROOM,
    )
