"""What speaks for a standard's former values: the comparison at acceptance, and the last good evidence before a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from standards.calibration_comparison import Comparison, compare
from standards.calibration_facts import CalibrationFacts, CalibrationState
from standards.calibration_queries import calibration_facts, calibrations_by_id, calibrations_of, drifts_of
from standards.check_queries import last_good_evidence
from standards.comparison_record import former_keys, from_record
from standards.event_facts import EndKind
from standards.instrument_queries import standard_facts
from standards.validity import in_force

_CHANGED = frozenset({EndKind.ADJUSTMENT, EndKind.REPAIR})
"""After these the former values no longer say what should be found."""


def comparison_of(session: Session, calibration_id: int, *, at: datetime) -> Comparison | None:
    """Return a calibration's values beside those that counted before it; None where nothing came before.

    `at` is the instant of acceptance. A calibration that ended because the standard was adjusted or repaired is no
    measure of what is found afterwards. Raises NotFound.
    """
    found = calibration_facts(session, calibration_id)
    return compare(found, former_calibrations(session, found, at=at), drifts_of(session, found.standard_id))


@dataclass(frozen=True, slots=True)
class ShownComparison:
    """A comparison as a page shows it: kept with the acceptance, or worked out while a calibration waits for it.

    `onsets` are the days from which what changed too much is in doubt, by the former calibration's key.
    """

    comparison: Comparison
    kept: bool
    onsets: Mapping[int, date]


def comparison_shown(session: Session, facts: CalibrationFacts, *, at: datetime) -> ShownComparison | None:
    """Return the comparison of a calibration for its page, None where nothing came before or it was refused."""
    if facts.comparison is not None:
        comparison: Comparison | None = _kept(session, facts.comparison)
    elif facts.state is CalibrationState.RECORDED:
        comparison = comparison_of(session, facts.id, at=at)
    else:
        comparison = None
    if comparison is None:
        return None
    onsets = {
        former.id: good_until(session, former, {point.range_id for point in beyond}, before=comparison.found_on)
        for former in comparison.former
        if (beyond := [point for point in comparison.beyond if point.former_calibration_id == former.id])
    }
    return ShownComparison(comparison, facts.comparison is not None, onsets)


def _kept(session: Session, text: str) -> Comparison:
    return from_record(text, calibrations_by_id(session, former_keys(text)))


def former_calibrations(session: Session, found: CalibrationFacts, *, at: datetime) -> list[CalibrationFacts]:
    """Return the calibrations that counted for the same ranges until this one, each once."""
    earlier = [
        one
        for one in calibrations_of(session, found.standard_id)
        if one.id != found.id and one.calibrated_on <= found.calibrated_on
    ]
    counting = [in_force(earlier, range_id, at) for range_id in sorted(found.range_ids)]
    kept = {one.id: one for one in counting if one is not None and one.ended_kind not in _CHANGED}
    return list(kept.values())


def good_until(session: Session, former: CalibrationFacts, range_ids: Collection[int], *, before: date) -> date:
    """Return the day on which something last showed that a calibration still held in some ranges.

    That is the calibration itself, or a check between it and the day `before` that passed. Of several ranges the one
    whose evidence is oldest counts: from then on something may have been wrong.
    """
    zone = ZoneInfo(standard_facts(session, former.standard_id).timezone)
    instant = datetime.combine(before, time.min, zone)
    found = [last_good_evidence(session, former.standard_id, range_id, instant) for range_id in range_ids]
    days = [former.calibrated_on if one is None else one.at.astimezone(zone).date() for one in found]
    return max(former.calibrated_on, min(days, default=former.calibrated_on))
