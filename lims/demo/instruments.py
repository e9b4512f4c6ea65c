"""The customers' instruments of the demonstration, registered over the last two years."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal
from importlib import resources
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.demo.laboratory import Laboratory
from standards import services
from standards.commands import InstrumentIdentity, NewFunction, NewRange, RegisterInstrument

GROUP_2: Final = frozenset(
    {
        "scale",
        "truck_scale",
        "water_meter",
        "electricity_meter",
        "fuel_dispenser",
        "blood_pressure_gauge",
    }
)
"""Kinds that stand in this register for their use in trade or health: measuring instruments of group 2."""


def add_instruments(session: Session, laboratory: Laboratory) -> None:
    """Register every instrument with its owner."""
    text = resources.files("lims.demo").joinpath("registers/instruments.toml").read_text(encoding="utf-8")
    records = tomllib.loads(text)["instrument"]
    for number, record in enumerate(records):
        day = laboratory.today - timedelta(days=700 - 20 * number)
        services.register_instrument(
            session, laboratory.actor("tn01"), _command(laboratory, record), now=laboratory.at(day, hour=8)
        )


def _command(laboratory: Laboratory, record: dict[str, Any]) -> RegisterInstrument:
    quantity, unit, lower, upper, resolution = record["range"]
    identity = InstrumentIdentity(
        owner_id=laboratory.organisations[record["owner"]],
        kind=record["kind"],
        name_vi=record["name_vi"],
        name_en=record["name_en"],
        manufacturer="Nhà chế tạo Mẫu",
        model=record["model"],
        serial_number=record["serial"],
        accuracy_class=record.get("class"),
        place_of_use=record["place"],
        purpose_of_use="group_2" if record["kind"] in GROUP_2 else "group_1",
    )
    only = NewRange(lower=Decimal(lower), upper=Decimal(upper), resolution=Decimal(resolution))
    return RegisterInstrument(identity, functions=(NewFunction(quantity, unit, ranges=(only,)),))
