"""The large sets of the demonstration, and the kinds that have to be verified for each; named while they are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.procedures.models import Procedure

SETS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "water_batch": ("water_meter",),
        "control": ("electricity_meter", "water_meter"),
        "petrol_stations": ("fuel_dispenser",),
        "market_scales": ("scale",),
        "hospital": ("blood_pressure_gauge",),
        "overdue": ("scale", "pressure_gauge"),
        "programme": ("programme",),
    }
)
_ACTIVITY: Final = "verification"


def not_there_yet(session: Session) -> Iterator[str]:
    """Yield the message codes of the sets for whose kinds no procedure of verification is there."""
    query = select(Procedure.instrument_kind).where(Procedure.activity == _ACTIVITY)
    verified = set(session.execute(query).scalars())
    yield from (f"demo.full.{name}" for name, kinds in SETS.items() if not verified.issuperset(kinds))
