"""How often an instrument is to be calibrated: its owner's word, noted with where it comes from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.errors import InvalidInput, NotFound
from lims.core.text import normalise
from lims.people.access import Permission, require
from standards.commands import AgreeInterval
from standards.facts import ScheduleKind
from standards.instrument_services import check_site
from standards.models import Instrument, InstrumentSchedule

LONGEST_INTERVAL: Final = 600


def agree_interval(session: Session, actor: Actor, command: AgreeInterval, *, now: datetime) -> None:
    """Note the calibration interval that an instrument's owner wants from a day on; the one before ends the day before.

    For those who manage instruments. The laboratory recommends nothing by it: a certificate carries a next date only
    where that was agreed (ISO/IEC 17025:2017, 7.8.4.3). Refuses an interval below one month and one without its basis.
    """
    require(actor, Permission.MANAGE_INSTRUMENTS)
    instrument = session.get(Instrument, command.instrument_id, with_for_update=True)
    if instrument is None:
        raise NotFound("instrument.not_found")
    check_site(session, actor, instrument.site_id)
    if command.months is not None and not 1 <= command.months <= LONGEST_INTERVAL:
        code = "field.below" if command.months < 1 else "field.above"
        limit = {"lower": 1} if command.months < 1 else {"upper": LONGEST_INTERVAL}
        raise InvalidInput.of("interval_months", code, text=str(command.months), **limit)
    basis = normalise(command.basis)
    if not basis:
        raise InvalidInput.of("interval_basis", "field.missing")
    was = _end_before(session, command)
    session.add(
        InstrumentSchedule(
            instrument_id=instrument.id,
            kind=ScheduleKind.CALIBRATION,
            interval_months=command.months,
            basis=basis[:200],
            agreed_with_customer=True,
            valid_from=command.valid_from,
        )
    )
    session.flush()
    audit.record(
        session,
        actor,
        "instrument.interval_agreed",
        ("instrument", instrument.id),
        now=now,
        site_id=instrument.site_id or 0,
        before={"months": was},
        after={"months": command.months, "valid_from": command.valid_from, "basis": basis},
    )


def _end_before(session: Session, command: AgreeInterval) -> int | None:
    """End what held on the first day of a new interval; returns its months."""
    query = (
        select(InstrumentSchedule)
        .where(
            InstrumentSchedule.instrument_id == command.instrument_id,
            InstrumentSchedule.kind == ScheduleKind.CALIBRATION,
            or_(InstrumentSchedule.valid_to.is_(None), InstrumentSchedule.valid_to >= command.valid_from),
        )
        .order_by(InstrumentSchedule.valid_from, InstrumentSchedule.id)
    )
    was = None
    for row in session.execute(query).scalars():
        was = row.interval_months
        row.valid_to = command.valid_from - timedelta(days=1)
    return was
