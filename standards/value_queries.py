"""The value of a standard on a day and at a point: the calibration that counts then, asked as bench and review ask."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from lims.core.clock import local_date
from lims.core.errors import RuleViolation
from standards.calibration_facts import CalibrationFacts, ContentFacts, Phase, Point
from standards.calibration_queries import calibrations_of
from standards.facts import StandardFacts
from standards.instrument_queries import standard_facts
from standards.use_queries import Used, reference_source, use_in_question
from standards.validity import in_force
from standards.value_facts import ValueOn

_CLAUSE: Final = "ISO/IEC 17025:2017, 6.5.1"


def instant_of(day: date, standard: StandardFacts, now: datetime) -> datetime:
    """Return the instant that stands for a day: now if it is today, else its last second where the standard is."""
    if day == local_date(now, standard.timezone):
        return now
    following = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(standard.timezone))
    return following - timedelta(seconds=1)


def contents_on(session: Session, standard_id: int, range_id: int, at: datetime) -> list[ContentFacts]:
    """Return what the calibration that counts for a range at an instant says of it as left."""
    calibration = _counting(session, standard_id, range_id, at)
    return [] if calibration is None else _left(calibration, range_id)


def value_on(
    session: Session,
    standard_id: int,
    range_id: int,
    point: Point | None,
    at: datetime,
    *,
    content_id: int | None = None,
) -> ValueOn:
    """Return a standard's value at an instant and a point, with every reason against its use then.

    It is `reference_source(...).value_at`, which the bench and the evaluation ask as well. Raises NotFound;
    RuleViolation value.no_calibration, value.nothing_said, reference.*.
    """
    standard = standard_facts(session, standard_id)
    calibration = _counting(session, standard_id, range_id, at)
    if calibration is None:
        raise RuleViolation("value.no_calibration", clause=_CLAUSE)
    contents = _left(calibration, range_id)
    if not contents:
        raise RuleViolation("value.nothing_said", clause=_CLAUSE)
    content = next((one for one in contents if one.id == content_id), contents[0])
    value = reference_source(session, calibration.id, content.id).value_at(point, at)
    question = use_in_question(session, Used(calibration.id, standard_id, content.id))
    problems = question.problems(at, legal_regime="calibration", role=standard.role)
    return ValueOn(calibration, content, value, tuple(problems))


def _counting(session: Session, standard_id: int, range_id: int, at: datetime) -> CalibrationFacts | None:
    return in_force(calibrations_of(session, standard_id), range_id, at)


def _left(calibration: CalibrationFacts, range_id: int) -> list[ContentFacts]:
    return [one for one in calibration.contents if one.range_id == range_id and one.phase is Phase.AS_LEFT]
