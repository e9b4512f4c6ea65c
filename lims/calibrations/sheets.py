"""Writes a whole sheet of cells: each cell for itself, so that a wrong one keeps no right one from being stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from lims.calibrations import forms, queries
from lims.calibrations.evaluations import material_of
from lims.calibrations.facts import CONDITIONS, Address
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.reading_services import record_reading
from lims.calibrations.standing import phases, sheet, with_phase
from lims.core.actor import Actor
from lims.core.errors import FieldError, InvalidInput, StaleRecord
from lims.procedures.layouts import condition_cells


@dataclass(slots=True)
class SavedCells:
    """How many cells were stored, what was wrong with the others, and which sheet it was."""

    stored: int = 0
    errors: list[FieldError] = field(default_factory=list)
    anchor: str = CONDITIONS


def save_cells(
    session: Session,
    actor: Actor,
    run_id: int,
    form: Mapping[str, str],
    observed_at: datetime | None,
    *,
    now: datetime,
) -> SavedCells:
    """Store every cell of the form that says something new and is right; tell of the others, cell by cell.

    Who and what is refused for the run as a whole: see `record_reading`.
    """
    material = material_of(session, queries.run_facts(session, actor, run_id))
    present = {entry.id: entry for entry in material.readings}
    saved = SavedCells()
    reason, confirmation = form.get("correction_reason", ""), form.get("confirmation", "")[:500]
    for entry in forms.parse_cells(_addresses(session, material), form):
        saved.anchor = entry.address.section
        if not forms.changed(entry, present):
            continue
        try:
            command = forms.cell_command(run_id, entry, reason, observed_at, confirmation)
            record_reading(session, actor, command, now=now)
            saved.stored += 1
        except InvalidInput as error:
            saved.errors += error.fields
        except StaleRecord as error:
            saved.errors.append(FieldError(entry.address.key, error.code, error.values))
    return saved


def _addresses(session: Session, material: RunMaterial) -> list[Address]:
    conditions = [
        with_phase(cell.address, phases(session, material.run.id)[0]) for cell in condition_cells(material.definition)
    ]
    readings = [
        address
        for phase in phases(session, material.run.id)
        for section in material.definition.sections
        for address in sheet(material, section, phase)
    ]
    return conditions + readings
