"""The calibration intervals that owners chose for their instruments."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from standards.facts import IntervalFacts, ScheduleKind
from standards.models import Instrument, InstrumentSchedule


def interval_of(session: Session, instrument_id: int, on: date) -> IntervalFacts | None:
    """Return the interval that holds for an instrument on a date, None if its owner said nothing."""
    return intervals(session, on, Instrument.id == instrument_id).get(instrument_id)


def intervals(session: Session, on: date, condition: ColumnElement[bool]) -> dict[int, IntervalFacts]:
    """Return the interval that holds on a date for each instrument of a condition: one statement."""
    query = (
        select(InstrumentSchedule)
        .join(Instrument, Instrument.id == InstrumentSchedule.instrument_id)
        .where(
            condition,
            InstrumentSchedule.kind == ScheduleKind.CALIBRATION,
            InstrumentSchedule.valid_from <= on,
            or_(InstrumentSchedule.valid_to.is_(None), InstrumentSchedule.valid_to >= on),
        )
        .order_by(InstrumentSchedule.valid_from, InstrumentSchedule.id)
    )
    return {
        row.instrument_id: IntervalFacts(row.interval_months, row.valid_from, row.basis or "")
        for row in session.execute(query).scalars()
    }
