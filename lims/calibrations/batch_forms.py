"""From the text of a form to the commands of batches; a cell's name says whose it is (`12@section|…`: of run 12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from lims.calibrations import forms
from lims.calibrations.batch_commands import (
    AddToBatch,
    ChangeBatchRoom,
    ChooseBatchEquipment,
    CommentShared,
    DecideBatch,
    ExcludeShared,
    OpenBatch,
    RecordBatchReading,
    RemoveFromBatch,
    SharedNotMeasurable,
    TakeBackShared,
    WithdrawBatchEquipment,
)
from lims.calibrations.batch_facts import ResultName
from lims.calibrations.commands import Exclude, RecordReading
from lims.calibrations.facts import Address, ReadingFacts
from lims.core.errors import FieldError, InvalidInput
from lims.core.fields import Fields, read_key

_MARK = "@"
_RESULT_PARTS = 3


@dataclass(frozen=True, slots=True)
class CellName:
    """Which cell of a batch is meant; `run_id` is None for what all items share."""

    run_id: int | None
    address: Address


def parse_result_name(key: str) -> ResultName:
    """Read the name of a result (`12@section|point|as_found`). Raises InvalidInput for what is none."""
    run, _mark, rest = key.partition(_MARK)
    run_id, parts = read_key(run), rest.split("|")
    if run_id is None or len(parts) != _RESULT_PARTS:
        raise InvalidInput([FieldError(key[:100], "reading.no_such_cell")])
    return ResultName(run_id, parts[0], parts[1])


def parse_cell_name(key: str) -> CellName:
    """Read the name of a cell. Raises InvalidInput for what is none."""
    run, mark, rest = key.partition(_MARK)
    if not mark:
        return CellName(None, forms.parse_address(key))
    run_id = read_key(run)
    if run_id is None:
        raise InvalidInput([FieldError(key[:100], "reading.no_such_cell")])
    return CellName(run_id, forms.parse_address(rest))


def own_form(form: Mapping[str, str]) -> dict[str, str]:
    """Return a form as the page of a run would send it: its cell named without the run."""
    key = form.get("key", "")
    return {**{name: form[name] for name in form}, "key": key.partition(_MARK)[2] or key}


def parse_open(form: Mapping[str, str], items: Iterable[str]) -> OpenBatch:
    """Read the form that opens a batch: the items that were ticked, the room, a supervisor."""
    fields = Fields(form)
    chosen = _keys(items)
    if not chosen:
        fields.refuse("job_item_id", "batch.no_items")
    command = OpenBatch(
        job_item_ids=chosen,
        room=fields.optional_text("room", maximum=100) or "",
        room_id=fields.integer("room_id", lower=1) if "room_id" in form else None,
        supervisor_id=fields.optional_integer("supervisor_id", lower=1),
    )
    fields.finish()
    return command


def parse_room(batch_id: int, form: Mapping[str, str]) -> ChangeBatchRoom:
    """Read in which room the items are measured."""
    fields = Fields(form)
    command = ChangeBatchRoom(
        batch_id,
        room=fields.optional_text("room", maximum=100) or "",
        room_id=fields.optional_integer("room_id", lower=1),
    )
    fields.finish()
    return command


def parse_add(batch_id: int, items: Iterable[str]) -> AddToBatch:
    """Read which items are put in."""
    chosen = _keys(items)
    if not chosen:
        raise InvalidInput([FieldError("job_item_id", "batch.no_items")])
    return AddToBatch(batch_id, chosen)


def _keys(texts: Iterable[str]) -> tuple[int, ...]:
    return tuple(key for key in (read_key(text) for text in texts) if key is not None)


def parse_remove(batch_id: int, run_id: int, form: Mapping[str, str]) -> RemoveFromBatch:
    """Read why an item is taken out."""
    return RemoveFromBatch(batch_id, run_id, form.get("reason", "")[:500])


def parse_choose(batch_id: int, form: Mapping[str, str]) -> ChooseBatchEquipment:
    """Read a choice of equipment."""
    chosen = forms.parse_choose(0, form)
    return ChooseBatchEquipment(batch_id, chosen.slot, chosen.standard_id, chosen.calibration_id, chosen.content_id)


def parse_withdraw(batch_id: int, use_id: int, form: Mapping[str, str]) -> WithdrawBatchEquipment:
    """Read why a standard is taken out."""
    return WithdrawBatchEquipment(batch_id, use_id, form.get("reason", ""))


def parse_submit(batch_id: int, form: Mapping[str, str], runs: Iterable[str]) -> DecideBatch:
    """Read which runs are submitted (none named: all drafts), and what state of the batch was seen."""
    chosen = _keys(runs)
    return DecideBatch(batch_id, chosen or None, seen_marker=form.get("marker", "")[:200])


def shared_reading(batch_id: int, plain: RecordReading) -> RecordBatchReading:
    """Return the command that writes for all items what a form wrote as for one."""
    return RecordBatchReading(
        batch_id=batch_id,
        address=plain.address,
        text=plain.text,
        unit=plain.unit,
        client_uuid=plain.client_uuid,
        seen_reading_id=plain.seen_reading_id,
        reason=plain.reason,
        observed_at=plain.observed_at,
        source=plain.source,
        comment=plain.comment,
    )


def parse_take_back(batch_id: int, form: Mapping[str, str], reason: str) -> TakeBackShared:
    """Read an undo of a shared entry."""
    plain = forms.parse_take_back(0, form, reason)
    return TakeBackShared(batch_id, plain.reading_id, plain.to_reading_id, reason, plain.client_uuid)


def parse_comment(batch_id: int, form: Mapping[str, str], reason: str) -> CommentShared:
    """Read a comment on a shared reading."""
    plain = forms.parse_comment(0, form, reason)
    return CommentShared(batch_id, plain.reading_id, plain.comment, reason, plain.client_uuid)


def shared_exclusion(batch_id: int, plain: Exclude) -> ExcludeShared:
    """Return the command that leaves a shared reading out for all items. Raises InvalidInput for a whole point."""
    if plain.reading_id is None:
        raise InvalidInput([FieldError("what", "field.not_chosen")])
    return ExcludeShared(batch_id, plain.kind, plain.reason, plain.reading_id, plain.approver_id)


def parse_not_measurable(batch_id: int, form: Mapping[str, str]) -> SharedNotMeasurable:
    """Read that a shared cell cannot be read, and why."""
    plain = forms.parse_not_measurable(0, form)
    return SharedNotMeasurable(batch_id, plain.address, plain.reason, plain.client_uuid, plain.seen_reading_id)


@dataclass(frozen=True, slots=True)
class TypedEntry:
    """A cell of the page of a batch that says something new."""

    name: CellName
    key: str
    entry: forms.CellEntry


def parse_sheet(
    cells: Sequence[CellName], form: Mapping[str, str], present: Mapping[int, ReadingFacts]
) -> list[TypedEntry]:
    """Read what a form without a script says anew; the form's own number makes a repeat harmless for each cell."""
    found = []
    for name in cells:
        key = name.address.key if name.run_id is None else f"{name.run_id}{_MARK}{name.address.key}"
        if key not in form:
            continue
        text, typed_unit = forms.split_unit(form[key])
        unit = typed_unit or form.get(f"unit:{name.address.section}", "")
        number = uuid5(NAMESPACE_URL, f"{form.get('form_uuid', '')}/{key}/{form.get(f'seen:{key}', '')}/{text}")
        entry = forms.CellEntry(
            address=name.address,
            text=text,
            unit=unit.strip(),
            own_unit=bool(typed_unit),
            seen_reading_id=read_key(form.get(f"seen:{key}", "")),
            client_uuid=str(number),
        )
        if forms.changed(entry, present):
            found.append(TypedEntry(name, key, entry))
    return found


def sheet_command(
    run_id: int, typed: TypedEntry, form: Mapping[str, str], observed_at: datetime | None
) -> RecordReading:
    """Return the command that writes a cell."""
    reason, confirmation = form.get("correction_reason", ""), form.get("confirmation", "")[:500]
    return forms.cell_command(run_id, typed.entry, reason, observed_at, confirmation)
