"""What the first page says of work that waits: at the bench, at review, at release."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lims.calibrations.facts import RunPurpose, RunState
from lims.jobs.facts import ItemLine


class BenchWork(StrEnum):
    """Why an item is on a technician's page of the day."""

    RETURNED = "returned"
    DRAFT = "draft"
    TO_MEASURE = "to_measure"
    ON_HOLD = "on_hold"


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list."""

    id: int
    number: str
    state: RunState
    purpose: RunPurpose
    instrument_vi: str
    instrument_en: str
    serial_number: str
    job_id: int | None
    job_number: str
    procedure_code: str
    opened_at: datetime
    opened_by_name: str


@dataclass(frozen=True, slots=True)
class BenchLine:
    """An item that a technician has to do with; a returned run says by whom and with what comment."""

    work: BenchWork
    item: ItemLine
    run_id: int | None = None
    run_number: str = ""
    readings: int = 0
    comment: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class BenchGroup:
    """The first of the lines of one kind of work, and how many there are."""

    work: BenchWork
    lines: tuple[BenchLine, ...]
    total: int


@dataclass(frozen=True, slots=True)
class RunMarks:
    """What is worth knowing of a run before it is opened: how many results, readings or remarks of each sort."""

    failing: int = 0
    outside: int = 0
    guarded: int = 0
    excluded: int = 0
    corrected: int = 0
    justified: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """A run whose next step is a review or a release; since when, by whom it came, whether the reader may take it."""

    run: RunLine
    since: datetime
    by: str
    days: int
    authorised: bool = True
    marks: RunMarks = field(default_factory=RunMarks)
