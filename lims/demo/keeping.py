"""How the demonstration laboratory keeps its standards: where, by whom, with what; what was lent or sent away."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.demo.laboratory import Laboratory
from standards import services
from standards.calibration_models import Standard
from standards.commands import ChangeStandardState
from standards.facts import StandardState
from standards.register_facts import EntryKind, MovementKind, RecordEntry, RecordMovement

Record = Mapping[str, Any]
_MORNING: Final = 8


@cache
def _register() -> Record:
    text = resources.files("lims.demo").joinpath("registers/keeping.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def place_of(code: str) -> str | None:
    """Return where a standard stands, or None where nothing is said."""
    known: Mapping[str, list[str]] = _register()["place"]
    return known[code][0] if code in known else None


def custodian_of(laboratory: Laboratory, code: str) -> int | None:
    """Return the key of who keeps a standard, or None where nothing is said."""
    known: Mapping[str, list[str]] = _register()["place"]
    return laboratory.actor(known[code][1]).person_id if code in known else None


def add_keeping(session: Session, laboratory: Laboratory) -> None:
    """Record accessories, safeguards, firmware and movements of the standards that are there, each on its day."""
    rows = {row.code: row for row in session.execute(select(Standard)).scalars()}
    for entry in _register()["entry"]:
        if entry["code"] in rows:
            _entry(session, laboratory, entry, rows[entry["code"]].instrument_id)
    for movement in _register()["movement"]:
        if movement["code"] in rows:
            _movement(session, laboratory, movement, rows[movement["code"]].id)


def _entry(session: Session, laboratory: Laboratory, entry: Record, instrument_id: int) -> None:
    before: int | None = None
    for said in (entry, {**entry, **entry["next"]}) if "next" in entry else (entry,):
        day = laboratory.today - timedelta(days=said["days_ago"])
        command = RecordEntry(
            instrument_id=instrument_id,
            kind=EntryKind(entry["kind"]),
            name_vi=said.get("name_vi", "Firmware"),
            name_en=said.get("name_en"),
            identifier=said.get("identifier"),
            means=said.get("means"),
            note=said.get("note"),
            valid_from=day,
            replaces_id=before,
        )
        at = laboratory.at(day, hour=_MORNING)
        before = services.record_entry(session, laboratory.actor("kt01"), command, now=at).id


def _movement(session: Session, laboratory: Laboratory, movement: Record, standard_id: int) -> None:
    day = laboratory.today - timedelta(days=movement["days_ago"])
    back = movement.get("expected_in")
    command = RecordMovement(
        standard_id=standard_id,
        kind=MovementKind(movement["kind"]),
        moved_on=day,
        organisation_id=laboratory.organisations[movement["to"]] if "to" in movement else None,
        holder=movement.get("holder"),
        place=movement.get("place"),
        reason=movement.get("reason"),
        condition=movement.get("condition"),
        expected_on=None if back is None else day + timedelta(days=back),
    )
    at = laboratory.at(day, hour=_MORNING)
    services.record_movement(session, laboratory.actor("kt01"), command, now=at)
    if "then_available" in movement:
        accepted = ChangeStandardState(standard_id, StandardState.AVAILABLE, movement["then_available"])
        services.change_standard_state(session, laboratory.actor("cl01"), accepted, now=at + timedelta(hours=6))
