"""From the text of a form to the commands of runs; nothing typed is lost when something is wrong."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from calc.errors import InvalidQuantity
from calc.units import canonical_unit
from lims.calibrations.commands import (
    ChangeRun,
    ChooseEquipment,
    CommentReading,
    Decide,
    Exclude,
    Justify,
    NotMeasurable,
    OpenRun,
    RecordReading,
    TakeBack,
    WithdrawEquipment,
)
from lims.calibrations.facts import (
    Address,
    ExclusionKind,
    JustificationKind,
    Phase,
    ReadingFacts,
    ReadingSource,
    RunPurpose,
)
from lims.core.errors import FieldError, InvalidInput
from lims.core.fields import Fields, read_key


def purposes_of(*, standard: bool) -> tuple[RunPurpose, ...]:
    """Return why a run may be made for an item, the usual purpose first: an own standard's is another than others'."""
    other = RunPurpose.CUSTOMER if standard else RunPurpose.OWN_STANDARD
    found = [purpose for purpose in RunPurpose if purpose is not other]
    return tuple(sorted(found, key=lambda purpose: purpose not in {RunPurpose.CUSTOMER, RunPurpose.OWN_STANDARD}))


def parse_open_run(item_id: int, form: Mapping[str, str]) -> OpenRun:
    """Read the form that opens a run for an item. Raises InvalidInput."""
    fields = Fields(form)
    command = OpenRun(
        purpose=fields.choice("purpose", RunPurpose),
        job_item_id=item_id,
        room=fields.optional_text("room", maximum=100) or "",
        # A form that offers the rooms of the site wants one of them: its limits hold for the run.
        room_id=fields.integer("room_id", lower=1) if "room_id" in form else None,
        supervisor_id=fields.optional_integer("supervisor_id", lower=1),
    )
    fields.finish()
    return command


def parse_change(run_id: int, form: Mapping[str, str]) -> ChangeRun:
    """Read the header form."""
    fields = Fields(form)
    command = ChangeRun(
        run_id,
        fields.integer("row_version"),
        room=fields.optional_text("room", maximum=100) or "",
        room_id=fields.optional_integer("room_id", lower=1),
    )
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
_PARTS: Final = 7
_LARGEST: Final = 10_000
_OLDEST: Final = 48 * 3600 * 1000
_JUST_NOW: Final = 3000
_BY_HAND: Final = frozenset({ReadingSource.TYPED, ReadingSource.PASTED})


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


def parse_address(key: str) -> Address:
    """Read an address from the name of its field. Raises InvalidInput for what is none."""
    parts = key.split("|")
    cycle, sequence = (read_key(parts[2]), read_key(parts[4])) if len(parts) == _PARTS else (None, None)
    if cycle is None or sequence is None or parts[6] not in set(Phase) or max(cycle, sequence) > _LARGEST:
        raise InvalidInput([FieldError(key[:_LONGEST], "reading.no_such_cell")])
    return Address(parts[0], parts[1], cycle, parts[3], sequence, parts[5], parts[6])


def parse_cell(run_id: int, form: Mapping[str, str], now: datetime) -> RecordReading:
    """Read one cell as the grid sends it: `age` is how many milliseconds ago it was typed. Raises InvalidInput."""
    fields = Fields(form)
    address = parse_address(form.get("key", ""))
    text, typed_unit = split_unit(form.get("text", ""))
    age = fields.optional_integer("age", lower=0, upper=_OLDEST) or 0
    source = fields.choice("source", ReadingSource) if "source" in form else ReadingSource.TYPED
    if source not in _BY_HAND:
        fields.refuse("source", "field.not_chosen")
    command = RecordReading(
        run_id=run_id,
        address=address,
        text=text,
        unit=(typed_unit or form.get("unit", "")).strip(),
        client_uuid=form.get("uuid", ""),
        seen_reading_id=read_key(form.get("seen", "")),
        reason=fields.optional_text("reason", maximum=500) or "",
        observed_at=now - timedelta(milliseconds=age) if age > _JUST_NOW else now,
        source=source,
        comment=fields.optional_text("comment", maximum=500) or "",
    )
    fields.finish()
    return command


def parse_take_back(run_id: int, form: Mapping[str, str], reason: str) -> TakeBack:
    """Read an undo: the reading to be undone, and the one to go back to (none: a first entry)."""
    return TakeBack(
        run_id, read_key(form.get("seen", "")) or 0, read_key(form.get("to", "")), reason, form.get("uuid", "")
    )


def parse_not_measurable(run_id: int, form: Mapping[str, str]) -> NotMeasurable:
    """Read that a cell cannot be read, and why."""
    fields = Fields(form)
    reason = fields.text("exclusion_reason", maximum=500)
    fields.finish()
    address = parse_address(form.get("key", ""))
    return NotMeasurable(run_id, address, reason, form.get("uuid", ""), read_key(form.get("seen", "")))


def parse_comment(run_id: int, form: Mapping[str, str], reason: str) -> CommentReading:
    """Read a comment on a reading."""
    fields = Fields(form)
    comment = fields.text("reading_comment", maximum=500)
    fields.finish()
    return CommentReading(run_id, read_key(form.get("seen", "")) or 0, comment, reason, form.get("uuid", ""))


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


def cell_command(
    run_id: int, entry: CellEntry, reason: str, observed_at: datetime | None, confirmation: str = ""
) -> RecordReading:
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
        comment=confirmation,
    )
