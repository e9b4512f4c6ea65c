"""The kinds of instruments that the demonstration calibrates: what is agreed for one, and what is read of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from lims.demo import gauges, thermometers, weights
from lims.demo.laboratory import Laboratory
from lims.demo.work import Measurement
from lims.jobs.facts import AgreedPoints, ItemAgreement
from lims.procedures.definition_facts import MeasuringPoint

VACCINE_POINTS: Final = ("0", "25", "50")

Kind = Callable[[Laboratory, Random, str, Decimal, date], tuple[ItemAgreement, Measurement]]
"""Laboratory, generator, serial number, deviation, day: what is agreed, and what the technician does."""


def _weight(
    laboratory: Laboratory, random: Random, serial: str, deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    accuracy_class = "M2" if serial == "QC-0733" else "M1"
    climate = {**_room_climate(random, 20.2), "pressure": ("kPa", *_pair(random, 100.6, 0.4, 0.05, 1))}
    agreed = weights.agreement(laboratory, on, accuracy_class=accuracy_class)
    return agreed, weights.measurement(weights.indications(random, deviation), climate)


def _room_climate(random: Random, temperature: float) -> dict[str, tuple[str, str, str]]:
    """Return a room's temperature and humidity at start and end, as a person types them."""
    return {
        "temperature": ("degC", *_pair(random, temperature, 0.4, 0.1, 1)),
        "relative_humidity": ("%", *_pair(random, 52.0, 3.0, 0.8, 0)),
    }


def _pair(random: Random, middle: float, spread: float, change: float, places: int) -> tuple[str, str]:
    start = middle + random.uniform(-spread, spread)
    end = start + random.uniform(-change, change)
    return f"{start:.{places}f}".replace(".", ","), f"{end:.{places}f}".replace(".", ",")


def _gauge(
    laboratory: Laboratory, random: Random, _serial: str, deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    climate = {**_room_climate(random, 23.0), "pressure": ("kPa", *_pair(random, 100.6, 0.4, 0.05, 1))}
    return gauges.agreement(laboratory, on), gauges.measurement(gauges.indications(random, deviation), climate)


def _thermometer(
    laboratory: Laboratory, random: Random, serial: str, deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    readings = thermometers.indications(random, serial, deviation)
    return thermometers.agreement(laboratory, on), thermometers.measurement(readings, _room_climate(random, 23.1))


def _vaccine_thermometer(
    laboratory: Laboratory, random: Random, serial: str, deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    every = thermometers.indications(random, serial, deviation)
    readings = [typed for typed in every if typed.address.point in VACCINE_POINTS]
    return vaccine_agreement(laboratory, on), thermometers.measurement(readings, _room_climate(random, 23.1))


def vaccine_agreement(laboratory: Laboratory, on: date) -> ItemAgreement:
    """Return what is agreed for a thermometer of a vaccine store, which measures up to 50 °C: points, wider limits."""
    points = tuple(MeasuringPoint(text, Decimal(text), "degC", f"{text} °C", f"{text} °C") for text in VACCINE_POINTS)
    agreed = thermometers.agreement(laboratory, on, limit="0.5", place="Kho vắc xin")
    return replace(agreed, points=(AgreedPoints("temperature", points),))


def _published_gauge(
    laboratory: Laboratory, _random: Random, _serial: str, _deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    return gauges.agreement(laboratory, on), gauges.measurement(gauges.published())


def _published_thermometer(
    laboratory: Laboratory, _random: Random, _serial: str, _deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    return thermometers.agreement(laboratory, on), thermometers.measurement(thermometers.published())


KINDS: Final[Mapping[str, Kind]] = {
    "weight": _weight,
    "gauge": _gauge,
    "published_gauge": _published_gauge,
    "thermometer": _thermometer,
    "published_thermometer": _published_thermometer,
    "vaccine_thermometer": _vaccine_thermometer,
}
CODES: Final[Mapping[str, str]] = {
    "weight": weights.CODE,
    "gauge": gauges.CODE,
    "published_gauge": gauges.CODE,
    "thermometer": thermometers.CODE,
    "published_thermometer": thermometers.CODE,
    "vaccine_thermometer": thermometers.CODE,
}
