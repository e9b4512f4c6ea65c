"""The register of standards as it stands at an instant: states, days left, missing papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_
from sqlalchemy.orm import Session

from lims.core.clock import local_date
from lims.core.text import fold
from lims.people.models import Site
from standards.beside_queries import open_movements
from standards.calibration_facts import CalibrationFacts, CalibrationState
from standards.calibration_models import Standard
from standards.calibration_queries import calibrations_of_all
from standards.facts import DueState, LegalRegime, StandardFacts, StandardLine, StandardRole, StandardState
from standards.instrument_queries import load_standards, standard_rows
from standards.models import Instrument
from standards.movement_rules import is_late
from standards.register_facts import MovementFacts
from standards.validity import PAPERS_NEEDED, due_state, in_force, paper_problem


def standards(
    session: Session,
    *,
    laboratory_id: int | None,
    at: datetime,
    site_id: int | None = None,
    text: str = "",
    role: StandardRole | None = None,
    state: StandardState | None = None,
    due: DueState | None = None,
) -> list[StandardLine]:
    """Return the standards of a laboratory (None: of all) as they stand at an instant, by code.

    The number of statements does not grow with the number of standards.
    """
    query = standard_rows()
    if laboratory_id is not None:
        query = query.where(Site.organisation_id == laboratory_id)
    if site_id is not None:
        query = query.where(Standard.site_id == site_id)
    if role is not None:
        query = query.where(Standard.role == role)
    for word in fold(text).split():
        in_code = Standard.code.icontains(word, autoescape=True)
        query = query.where(or_(in_code, Instrument.search_text.contains(word, autoescape=True)))
    found = load_standards(session, query)
    calibrations = calibrations_of_all(session, {standard.id for standard in found})
    away = open_movements(session, [standard.id for standard in found])
    lines = [standard_line(standard, calibrations[standard.id], at, away.get(standard.id)) for standard in found]
    return [line for line in lines if state in {None, line.state} and due in {None, line.due}]


def standard_line(
    standard: StandardFacts,
    calibrations: Sequence[CalibrationFacts],
    at: datetime,
    away: MovementFacts | None = None,
) -> StandardLine:
    """Return how a standard stands at an instant, from all its calibrations and the movement that is open.

    Where ranges have calibrations of their own, the one that ends first is shown: it is what falls due.
    """
    day = local_date(at, standard.timezone)
    change = standard.state_at(at)
    current = _falling_due(calibrations, at, day)
    end = None if current is None else current.valid_until_as_known_on(day)
    return StandardLine(
        standard=standard,
        state=StandardState.RETURNED if change is None else change.state,
        limitation=None if change is None else change.limitation,
        calibration_id=None if current is None else current.id,
        certificate_number=None if current is None else current.certificate_number,
        calibrated_on=None if current is None else current.calibrated_on,
        valid_until=end,
        days_left=None if end is None else (end - day).days,
        due=due_state(standard.needs_calibration, end, current is not None, day),
        waiting=sum(item.state is CalibrationState.RECORDED for item in calibrations),
        missing_papers=_missing_papers(standard, day),
        away_with_vi=None if away is None else away.holder or away.organisation_name_vi,
        away_with_en=None if away is None else away.holder or away.organisation_name_en,
        expected_on=None if away is None else away.expected_on,
        late=is_late(away, day),
    )


def _falling_due(calibrations: Sequence[CalibrationFacts], at: datetime, day: date) -> CalibrationFacts | None:
    ranges = {range_id for item in calibrations for range_id in item.range_ids}
    found = [in_force(calibrations, range_id, at) for range_id in sorted(ranges)]
    counting = [item for item in found if item is not None and (item.ended_at is None or item.ended_at > at)]
    return min(counting, key=lambda item: item.valid_until_as_known_on(day) or date.max, default=None)


def _missing_papers(standard: StandardFacts, day: date) -> tuple[str, ...]:
    """Papers that verification would need of a reference standard and that are not in force."""
    needed = PAPERS_NEEDED.get((LegalRegime.VERIFICATION, standard.role), ())
    return tuple(kind.value for kind in needed if paper_problem(standard.papers, kind, day) is not None)
