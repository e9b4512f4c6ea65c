"""From the text of a form to the commands of runs; nothing typed is lost when something is wrong."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from calc.errors import InvalidQuantity
from calc.units import canonical_unit
from lims.calibrations.commands import (
    ChangeRun,
    ChooseEquipment,
    Decide,
    Exclude,
    Justify,
    OpenRun,
    RecordAdjustment,
    RecordReading,
    WithdrawEquipment,
)
from lims.calibrations.facts import Address, ExclusionKind, JustificationKind, Phase, ReadingFacts, RunPurpose
from lims.core.fields import Fields, read_key

ITEM_PURPOSES = tuple(purpose for purpose in RunPurpose if purpose is not RunPurpose.OWN_STANDARD)


def parse_open_run(item_id: int, form: Mapping[str, str]) -> OpenRun:
    """Read the form that opens a run for an item. Raises InvalidInput."""
    fields = Fields(form)
    command = OpenRun(
        purpose=fields.choice("purpose", RunPurpose),
        job_item_id=item_id,
        room=fields.optional_text("room", maximum=100) or "",
        supervisor_id=fields.optional_integer("supervisor_id", lower=1),
    )
    fields.finish()
    return command


def parse_change(run_id: int, form: Mapping[str, str]) -> ChangeRun:
    """Read the header form."""
    fields = Fields(form)
    command = ChangeRun(run_id, fields.integer("row_version"), fields.optional_text("room", maximum=100) or "")
    fields.finish()
    return command


def parse_choose(run_id: int, form: Mapping[str, str]) -> ChooseEquipment:
    """Read a choice of equipment: "standard:calibration:content", the last two empty where there is none."""
    fields = Fields(form)
    slot = fields.text("slot")
    parts = form.get(f"choice-{slot}", "").split(":")
    numbers = [read_key(part) for part in parts]
    if len(numbers) != 3 or numbers[0] is None:
        fields.refuse(f"choice-{slot}", "field.not_chosen")
    fields.finish()
    return ChooseEquipment(run_id, slot, numbers[0] or 0, numbers[1], numbers[2])


def parse_withdraw(use_id: int, form: Mapping[str, str]) -> WithdrawEquipment:
    """Read why a standard is taken out."""
    return WithdrawEquipment(use_id, form.get("reason", ""))


def parse_decide(run_id: int, form: Mapping[str, str], *, names_evaluation: bool = False) -> Decide:
    """Read a decision: what the decider saw, and the comment.

    Who reviews, returns or releases names the evaluation that stood on the page; a form without it is refused.
    """
    fields = Fields(form)
    if names_evaluation and not form.get("evaluation_digest"):
        fields.refuse("evaluation_digest", "reading.no_uuid")
    command = Decide(
        run_id,
        seen_row_version=fields.optional_integer("row_version"),
        evaluation_digest=form.get("evaluation_digest") or None,
        comment=fields.optional_text("comment", maximum=2000) or "",
    )
    fields.finish()
    return command


def parse_exclude(run_id: int, form: Mapping[str, str]) -> Exclude:
    """Read what is left out: a reading, or "section|point|phase"."""
    fields = Fields(form)
    what = form.get("what", "")
    parts = what.split("|")
    reading_id = read_key(what)
    if reading_id is None and (len(parts) != 3 or parts[2] not in set(Phase)):
        fields.refuse("what", "field.not_chosen")
        parts = ["", "", str(Phase.AS_FOUND)]
    command = Exclude(
        run_id,
        kind=fields.choice("kind", ExclusionKind),
        reason=fields.text("exclusion_reason", maximum=1000),
        reading_id=reading_id,
        section="" if reading_id is not None else parts[0],
        point="" if reading_id is not None else parts[1],
        phase=str(Phase.AS_FOUND) if reading_id is not None else parts[2],
        approver_id=fields.optional_integer("approver_id", lower=1),
    )
    fields.finish()
    return command


def parse_justify(run_id: int, form: Mapping[str, str]) -> Justify:
    """Read a justified decision; a subject that is a condition makes it one on that condition."""
    fields = Fields(form)
    subject = form.get("subject", "")
    command = Justify(
        run_id,
        kind=JustificationKind.CONDITION_OUTSIDE if subject else JustificationKind.DEVIATION,
        subject=subject or "method",
        text_vi=fields.text("text_vi", maximum=2000),
        text_en=fields.optional_text("text_en", maximum=2000) or "",
        on_certificate=fields.flag("on_certificate"),
    )
    fields.finish()
    return command


def parse_adjustment(run_id: int, form: Mapping[str, str], timezone: str) -> RecordAdjustment:
    """Read an adjustment."""
    fields = Fields(form)
    command = RecordAdjustment(
        run_id,
        kind="adjustment",
        description_vi=fields.text("description_vi", maximum=2000),
        description_en=fields.optional_text("description_en", maximum=2000) or "",
        consent_by=fields.text("consent_by"),
        consent_at=fields.instant("consent_at", timezone),
        seals_removed=fields.optional_text("seals_removed", maximum=500) or "",
        seals_applied=fields.optional_text("seals_applied", maximum=500) or "",
    )
    fields.finish()
    return command


@dataclass(frozen=True, slots=True)
class CellEntry:
    """What was typed into a cell, with what stood there when its page was made."""

    address: Address
    text: str
    unit: str
    own_unit: bool
    seen_reading_id: int | None
    client_uuid: str


_WITH_UNIT: Final = re.compile(
    r"(?P<number>[-+−–]?[\d.,\s\u00a0\u2009\u202f]+(?:[eE][-+]?\d+)?)\s*(?P<unit>[^\W\d_].*|[°%].*)"
)
_LONGEST: Final = 100


def split_unit(text: str) -> tuple[str, str]:
    """Return the number and the unit of an entry such as "20 mg"; the unit is empty where none was typed.

    Letters right behind a digit that name no unit are a slip ("0,01o"): the entry is then no number, as a whole.
    """
    match = None if len(text) > _LONGEST else _WITH_UNIT.fullmatch(text.strip())
    if match is None or (not match["number"][-1].isspace() and not _is_unit(match["unit"])):
        return text, ""
    return match["number"].strip(), match["unit"].strip()


def _is_unit(text: str) -> bool:
    try:
        canonical_unit(text)
    except InvalidQuantity:
        return False
    return True


def parse_cells(addresses: Sequence[Address], form: Mapping[str, str]) -> list[CellEntry]:
    """Read the cells that the form carries, in the order of the sheet."""
    found = []
    for address in addresses:
        key = address.key
        if key not in form:
            continue
        seen = form.get(f"seen:{key}", "")
        text, typed_unit = split_unit(form[key])
        unit = typed_unit or form.get(f"unit:{address.section}:{address.phase}", "")
        found.append(
            CellEntry(
                address=address,
                text=text,
                unit=unit.strip(),
                own_unit=bool(typed_unit),
                seen_reading_id=read_key(seen),
                client_uuid=form.get(f"uuid:{key}") or secrets.token_hex(16),
            )
        )
    return found


def changed(entry: CellEntry, present: Mapping[int, ReadingFacts]) -> bool:
    """Return whether a cell says something else than what its writer saw there.

    Another unit for the sheet holds for what is typed from now on; a unit typed in the cell itself is a change.
    """
    if entry.seen_reading_id is None:
        return bool(entry.text.strip())
    seen = present.get(entry.seen_reading_id)
    if seen is None or entry.text.strip() != seen.text:
        return True
    return entry.own_unit and entry.unit != seen.unit


def cell_command(run_id: int, entry: CellEntry, reason: str, observed_at: datetime | None) -> RecordReading:
    """Return the command that writes a cell."""
    return RecordReading(
        run_id=run_id,
        address=entry.address,
        text=entry.text,
        unit=entry.unit,
        client_uuid=entry.client_uuid,
        seen_reading_id=entry.seen_reading_id,
        reason=reason,
        observed_at=observed_at,
    )
