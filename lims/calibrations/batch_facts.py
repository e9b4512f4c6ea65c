"""What is known of a batch: runs measured together, which share the standard, the room and their readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lims.calibrations.facts import RunFacts, RunState
from lims.core.errors import LimsError


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """A batch with its runs in the order in which their items were put in, voided ones included."""

    id: int
    number: str
    site_id: int
    timezone: str
    procedure_version_id: int
    room: str
    room_en: str
    opened_at: datetime
    opened_by_id: int
    opened_by_name: str
    row_version: int
    runs: tuple[RunFacts, ...]

    @property
    def room_vi(self) -> str:
        """Return the room as the batch keeps it, in Vietnamese."""
        return self.room

    @property
    def living(self) -> tuple[RunFacts, ...]:
        """Return the runs that are not void."""
        return tuple(run for run in self.runs if run.state is not RunState.VOIDED)

    @property
    def drafts(self) -> tuple[RunFacts, ...]:
        """Return the runs that are still drafts."""
        return tuple(run for run in self.runs if run.state is RunState.DRAFT)

    @property
    def editable(self) -> bool:
        """Return whether what is shared may be written: every run that is not void is a draft."""
        return bool(self.drafts) and self.drafts == self.living


@dataclass(frozen=True, slots=True)
class BatchItem:
    """What stands over an item's column: which instrument it is, from which job; `label` is what its QR label says."""

    run_id: int
    job_item_id: int | None
    job_number: str
    position: int
    name_vi: str
    name_en: str
    serial_number: str
    identification: str

    @property
    def label(self) -> str:
        """Return the number of the item's label."""
        return f"{self.job_number}/{self.position}" if self.job_item_id is not None else ""

    @property
    def words(self) -> str:
        """Return what the item is called in few words: its tag, serial number or label."""
        return self.identification or self.serial_number or self.label


@dataclass(frozen=True, slots=True)
class ResultName:
    """Which result of a batch is meant: a run's, of a point of a section."""

    run_id: int
    section: str
    point: str


@dataclass(frozen=True, slots=True)
class BatchCandidate:
    """A job item that may be put into a batch: received or in work, without a run of its own so far."""

    job_item_id: int
    job_number: str
    position: int
    name_vi: str
    name_en: str
    serial_number: str
    identification: str
    procedure_version_id: int
    procedure: str
    title_vi: str
    title_en: str
    site_id: int
    received_on: date | None


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A batch in a list, with how many of its runs stand in each state."""

    id: int
    number: str
    procedure_code: str
    title_vi: str
    title_en: str
    room: str
    opened_at: datetime
    opened_by_name: str
    items: int
    drafts: int
    waiting: int
    released: int

    @property
    def state(self) -> str:
        """Return where the batch stands: with drafts, waiting for decisions, or all released."""
        if self.drafts:
            return "draft"
        return "submitted" if self.waiting else "released"


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that was not submitted with its batch, and why."""

    run_id: int
    number: str
    error: LimsError


@dataclass(frozen=True, slots=True)
class SubmittedBatch:
    """What became of the runs of a batch that was submitted."""

    submitted: tuple[int, ...]
    held: tuple[HeldRun, ...]
