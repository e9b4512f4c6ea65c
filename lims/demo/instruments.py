"""The customers' instruments of the demonstration, registered when their owners first came, with their intervals."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal
from importlib import resources
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.demo.laboratory import FOUNDED_DAYS_AGO, Laboratory
from lims.people import queries
from standards import services
from standards.commands import AgreeInterval, InstrumentIdentity, NewFunction, NewRange, RegisterInstrument

GROUP_2: Final = frozenset(
    {
        "scale",
        "truck_scale",
        "water_meter",
        "electricity_meter",
        "current_transformer",
        "fuel_dispenser",
        "blood_pressure_gauge",
        "moisture_meter",
    }
)
"""Kinds that stand in this register for their use in trade or health: measuring instruments of group 2."""


def add_instruments(session: Session, laboratory: Laboratory) -> dict[str, int]:
    """Register every instrument with its owner; returns the keys by serial number."""
    text = resources.files("lims.demo").joinpath("registers/instruments.toml").read_text(encoding="utf-8")
    keys = {}
    for number, record in enumerate(tomllib.loads(text)["instrument"]):
        day = laboratory.today - timedelta(days=FOUNDED_DAYS_AGO - 10 - 2 * number)
        registered = services.register_instrument(
            session, laboratory.actor("tn01"), _command(laboratory, record), now=laboratory.at(day, hour=8)
        )
        keys[record["serial"]] = registered.id
        if "months" in record:
            owner = queries.organisation_facts(session, laboratory.organisations[record["owner"]], day).name_vi
            agreed = AgreeInterval(registered.id, record["months"], day, f"Quy chế đo lường của {owner}")
            services.agree_interval(session, laboratory.actor("tn01"), agreed, now=laboratory.at(day, hour=9))
    return keys


def _command(laboratory: Laboratory, record: dict[str, Any]) -> RegisterInstrument:
    quantity, unit, lower, upper, resolution = record["range"]
    identity = InstrumentIdentity(
        owner_id=laboratory.organisations[record["owner"]],
        kind=record["kind"],
        name_vi=record["name_vi"],
        name_en=record["name_en"],
        manufacturer=record.get("maker", "Nhà chế tạo Mẫu"),
        model=record["model"],
        serial_number=record["serial"],
        year_made=record.get("year"),
        country_made="Việt Nam",
        accuracy_class=record.get("class"),
        place_of_use=record["place"],
        purpose_of_use="group_2" if record["kind"] in GROUP_2 else "group_1",
    )
    only = NewRange(
        lower=Decimal(lower),
        upper=Decimal(upper),
        nominal=Decimal(lower) if lower == upper else None,
        resolution=Decimal(resolution) if resolution else None,
    )
    return RegisterInstrument(identity, functions=(NewFunction(quantity, unit, ranges=(only,)),))
