"""What others may know of what falls due: calibrations, checks, papers of equipment, cards of verifiers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from standards.facts import DueState, StandardState


class DueKind(StrEnum):
    """What falls due."""

    CALIBRATION = "calibration"
    CHECK = "check"
    PAPER = "paper"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class DueItem:
    """One thing that falls due on a day; without a day it is missing (a calibration that was never made).

    `subject_id` is the standard's, the check plan's (kind check) or the person's (kind card); `group` the quantity by
    which equipment is put together (empty for persons). `code` and `name` say what thing it is, `detail` what of it.
    """

    kind: DueKind
    subject_id: int
    code: str
    name_vi: str
    name_en: str | None
    detail: str
    group: str
    site_id: int | None
    due_on: date | None
    days_left: int | None
    due: DueState
    state: StandardState | None = None
    standard_id: int | None = None
    custodian_id: int | None = None
    custodian_name: str | None = None

    @property
    def month(self) -> str:
        """The month in which it falls due, as 2026-11; nothing where there is no day."""
        return "" if self.due_on is None else f"{self.due_on:%Y-%m}"

    @property
    def week(self) -> str:
        """The week in which it falls due by ISO 8601, as 2026-W47; nothing where there is no day."""
        if self.due_on is None:
            return ""
        year, week, _ = self.due_on.isocalendar()
        return f"{year}-W{week:02d}"
