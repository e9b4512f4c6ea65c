"""Commands: what a person asks for in a batch of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lims.calibrations.facts import Address, ExclusionKind, ReadingSource


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """Open a batch: a run for each item, in this order."""

    job_item_ids: tuple[int, ...]
    room: str = ""
    room_id: int | None = None
    supervisor_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeBatchRoom:
    """Say in which room the items of a batch are measured."""

    batch_id: int
    room: str = ""
    room_id: int | None = None


@dataclass(frozen=True, slots=True)
class AddToBatch:
    """Put further items into a batch."""

    batch_id: int
    job_item_ids: tuple[int, ...]
    supervisor_id: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveFromBatch:
    """Take a run out of its batch: it stays as a run of its own, without what the batch shares."""

    batch_id: int
    run_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChooseBatchEquipment:
    """Use a calibration of a standard in a slot of the procedure, for every item of the batch."""

    batch_id: int
    slot: str
    standard_id: int
    calibration_id: int | None
    content_id: int | None = None
    section: str = ""
    point: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawBatchEquipment:
    """Take a standard out of a batch, saying why."""

    batch_id: int
    use_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordBatchReading:
    """Write what all items share into a cell: the standard's indication, or a condition. As `RecordReading`."""

    batch_id: int
    address: Address
    text: str
    unit: str
    client_uuid: str
    seen_reading_id: int | None = None
    reason: str = ""
    observed_at: datetime | None = None
    observer_id: int | None = None
    source: ReadingSource = ReadingSource.TYPED
    comment: str = ""


@dataclass(frozen=True, slots=True)
class TakeBackShared:
    """Undo one's own last entry in a shared cell: back to the reading before it, or withdraw the first one."""

    batch_id: int
    reading_id: int
    to_reading_id: int | None
    reason: str
    client_uuid: str


@dataclass(frozen=True, slots=True)
class DecideBatch:
    """Submit runs of a batch (None: all that are drafts); `seen_marker` names the state that its page showed."""

    batch_id: int
    run_ids: tuple[int, ...] | None = None
    comment: str = ""
    seen_marker: str = ""


@dataclass(frozen=True, slots=True)
class CommentShared:
    """Say something of a shared reading; `reason` is what its record calls the change."""

    batch_id: int
    reading_id: int
    comment: str
    reason: str
    client_uuid: str


@dataclass(frozen=True, slots=True)
class ExcludeShared:
    """Leave a shared reading out for every item, take it back in, or say that it cannot be measured."""

    batch_id: int
    kind: ExclusionKind
    reason: str
    reading_id: int
    approver_id: int | None = None


@dataclass(frozen=True, slots=True)
class SharedNotMeasurable:
    """Say that a cell that all items share cannot be read, and why; as `NotMeasurable`."""

    batch_id: int
    address: Address
    reason: str
    client_uuid: str
    seen_reading_id: int | None = None
