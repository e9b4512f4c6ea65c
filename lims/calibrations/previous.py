"""Reads of what an instrument showed the last time: shown only beside a point whose readings are all stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lims.calibrations.evaluations import last_evaluation
from lims.calibrations.facts import ISSUABLE, Phase, ResultFacts, RunFacts, RunState
from lims.calibrations.models import CalibrationRun
from lims.core.columns import UtcDateTime


@dataclass(frozen=True, slots=True)
class PreviousResult:
    """A row of the instrument's last released run, with its number and when it was measured."""

    run_id: int
    number: str
    measured_at: datetime | None
    result: ResultFacts


_NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
# Written once: asked for every reading.
_LAST_RELEASED = (
    select(CalibrationRun)
    .where(
        CalibrationRun.instrument_id == bindparam("instrument"),
        CalibrationRun.site_id == bindparam("site"),
        CalibrationRun.id != bindparam("run"),
        CalibrationRun.state == RunState.RELEASED,
        CalibrationRun.ended_at <= bindparam("before", type_=UtcDateTime()),
        CalibrationRun.purpose.in_([str(purpose) for purpose in ISSUABLE]),
    )
    .order_by(CalibrationRun.ended_at.desc(), CalibrationRun.id.desc())
    .limit(1)
)


def previous_results(session: Session, run: RunFacts) -> Mapping[tuple[str, str, str], PreviousResult]:
    """Return the results of the last released run of the same instrument, by section, point and output.

    Of a run that was submitted the last one before it; of a draft the last one that there is.
    As left where the instrument was adjusted then: that is how it went home.
    """
    before = _NEVER if run.started_at is None else run.started_at
    asked = {"instrument": run.instrument_id, "site": run.site_id, "run": run.id, "before": before}
    row = session.execute(_LAST_RELEASED, asked).scalar_one_or_none()
    stored = None if row is None else last_evaluation(session, row.id)
    if row is None or stored is None:
        return {}
    found = sorted(stored.results, key=lambda result: result.phase == Phase.AS_LEFT)
    return {
        (result.section, result.point, result.output): PreviousResult(row.id, row.number, row.ended_at, result)
        for result in found
    }
