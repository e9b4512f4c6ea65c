"""Writes a whole sheet of a batch: each cell for itself, so that a wrong one keeps no right one from being stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from lims.calibrations import batch_forms, batch_queries
from lims.calibrations.batch_forms import CellName, TypedEntry
from lims.calibrations.batch_material import BatchMaterial, batch_material
from lims.calibrations.batch_reading_services import record_batch_reading
from lims.calibrations.batch_workflow import is_shared
from lims.calibrations.facts import CONDITIONS, Phase
from lims.calibrations.reading_services import record_reading
from lims.calibrations.sheets import SavedCells
from lims.calibrations.standing import sheet, with_phase
from lims.core.actor import Actor
from lims.core.errors import FieldError, InvalidInput, StaleRecord
from lims.procedures.layouts import condition_cells


def save_batch_cells(
    session: Session,
    actor: Actor,
    batch_id: int,
    form: Mapping[str, str],
    observed_at: datetime | None,
    *,
    now: datetime,
) -> SavedCells:
    """Store every cell of the form that says something new and is right; tell of the others, cell by cell."""
    material = batch_material(session, batch_queries.batch_facts(session, actor, batch_id))
    present = {reading.id: reading for entry in material.runs for reading in entry.readings}
    saved = SavedCells()
    for typed in batch_forms.parse_sheet(_names(material), form, present):
        saved.anchor = typed.name.address.section
        try:
            _store(session, actor, batch_id, typed, form, observed_at, now=now)
            saved.stored += 1
        except InvalidInput as error:
            saved.errors += [FieldError(typed.key, found.code, found.values) for found in error.fields]
        except StaleRecord as error:
            saved.errors.append(FieldError(typed.key, error.code, error.values))
    return saved


def _store(
    session: Session,
    actor: Actor,
    batch_id: int,
    typed: TypedEntry,
    form: Mapping[str, str],
    observed_at: datetime | None,
    *,
    now: datetime,
) -> None:
    """Write one cell: an item's own into its run, a shared one into the batch."""
    command = batch_forms.sheet_command(typed.name.run_id or 0, typed, form, observed_at)
    if typed.name.run_id is None:
        record_batch_reading(session, actor, batch_forms.shared_reading(batch_id, command), now=now)
    else:
        record_reading(session, actor, command, now=now)


def _names(material: BatchMaterial) -> list[CellName]:
    """Return the cells of the page: conditions, then what is shared and what is each item's own, section by section."""
    if not material.runs:
        return []
    definition = material.procedure.definition
    phase = str(Phase.AS_FOUND)
    found = [CellName(None, with_phase(cell.address, phase)) for cell in condition_cells(definition)]
    for section in definition.sections:
        for address in sheet(material.runs[0], section, phase):
            if address.section == CONDITIONS or is_shared(definition, address):
                found.append(CellName(None, address))
            else:
                found += [CellName(entry.run.id, address) for entry in material.runs]
    return found
