"""The calibration interval of an instrument's owner: noted from a day on, one at a time, with its basis."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import Forbidden, InvalidInput, NotFound
from standards.commands import AgreeInterval
from standards.schedule_queries import interval_of
from standards.services import agree_interval
from tests.factories import standards as make
from tests.standards.acting import NOW

FIRST = date(2026, 1, 1)


def test_an_interval_holds_until_the_next_one(session: Session) -> None:
    instrument = make.make_instrument(session)
    receiver = make.recorder(0)
    command = AgreeInterval(instrument.id, 12, FIRST, "Quy chế đo lường của khách")
    agree_interval(session, receiver, command, now=NOW)
    agree_interval(session, receiver, replace(command, months=24, valid_from=date(2026, 7, 1)), now=NOW)
    held = {day: interval_of(session, instrument.id, day) for day in (date(2025, 12, 31), date(2026, 6, 30))}
    assert held[date(2025, 12, 31)] is None
    before, after = held[date(2026, 6, 30)], interval_of(session, instrument.id, date(2026, 7, 1))
    assert before is not None
    assert after is not None
    assert (before.months, after.months, after.basis) == (12, 24, "Quy chế đo lường của khách")


def test_an_owner_may_want_no_fixed_times(session: Session) -> None:
    instrument = make.make_instrument(session)
    agree_interval(session, make.recorder(0), AgreeInterval(instrument.id, None, FIRST, "Thư của khách"), now=NOW)
    held = interval_of(session, instrument.id, FIRST)
    assert held is not None
    assert held.months is None


def test_what_is_no_interval_is_refused(session: Session) -> None:
    instrument = make.make_instrument(session)
    good = AgreeInterval(instrument.id, 12, FIRST, "Thư của khách")
    for wrong in (replace(good, months=0), replace(good, months=601), replace(good, basis="  ")):
        with pytest.raises(InvalidInput):
            agree_interval(session, make.recorder(0), wrong, now=NOW)
    with pytest.raises(NotFound):
        agree_interval(session, make.recorder(0), replace(good, instrument_id=999_999), now=NOW)
    with pytest.raises(Forbidden):
        agree_interval(session, Actor(1, "Khách", frozenset()), good, now=NOW)
