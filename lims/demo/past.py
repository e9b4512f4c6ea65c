"""Three years of work: orders taken, measured, reviewed, released and issued on their days, by the services of today.

Readings are made by a generator seeded with the instrument and the day, so that a demonstration of one day is always
the same.
"""

from __future__ import annotations

import tomllib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from importlib import resources
from random import Random
from typing import Any, Final

from sqlalchemy.orm import Session

from certificates import services as certificate_services
from certificates import status_services
from certificates.facts import IssueSuccessor, RelationKind, RevokeCertificate
from lims.core.db import Database
from lims.demo import gauges, notices, own_standards, thermometers, weights, work
from lims.demo.laboratory import Laboratory
from lims.demo.people import performer
from lims.demo.press import Press
from lims.demo.work import Measurement, OrderedItem
from lims.jobs import services as job_services
from lims.jobs.facts import ItemAgreement, MoveItem

_YEAR: Final = Decimal("365.25")
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order of the past: what came in from whom, and what became of its certificate later."""

    days_ago: int
    customer: str
    kind: str
    serials: tuple[str, ...]
    later: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate of the past, the run that it rests on, and what becomes of it."""

    certificate_id: int
    item_id: int
    run_id: int
    at: datetime
    later: Mapping[str, Any]

    @property
    def followed_at(self) -> datetime:
        """Return when that happens."""
        return self.at + timedelta(days=self.later["after"])


@dataclass(frozen=True, slots=True)
class Plan:
    """All the orders of the past, the oldest first, and what each instrument deviates by."""

    orders: Sequence[PastOrder]
    truth: Mapping[str, tuple[Decimal, Decimal]]

    def deviation(self, serial: str, days_ago: int) -> Decimal:
        """Return what an instrument deviated by so many days ago."""
        today, change = self.truth[serial]
        return today - change * days_ago / _YEAR


Kind = Callable[[Laboratory, Random, str, Decimal, date], tuple[ItemAgreement, Measurement]]
"""Laboratory, generator, serial number, deviation, day: what is agreed, and what the technician does."""


def read_plan() -> Plan:
    """Return the plan of the past, as its register says."""
    text = resources.files("lims.demo").joinpath("registers/past.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    orders = [
        PastOrder(row["days_ago"], row["customer"], row["kind"], tuple(row["serials"]), row.get("later", {}))
        for row in data["order"]
    ]
    truth = {serial: (Decimal(value), Decimal(change)) for serial, (value, change) in data["truth"].items()}
    return Plan(sorted(orders, key=lambda order: -order.days_ago), truth)


def build_past(
    database: Database, laboratory: Laboratory, press: Press, plan: Plan, *, say: Callable[[int, int], None]
) -> None:
    """Do the work of the past, day by day; `say` is told how many certificates are begun, and of how many."""
    total, begun = sum(len(order.serials) for order in plan.orders), 0
    afterwards: list[Issued] = []
    own = deque(own_standards.days(laboratory))
    for order in plan.orders:
        came = laboratory.at(_working_day(laboratory.today - timedelta(days=order.days_ago)), hour=8)
        _follow_up(database, laboratory, press, afterwards, until=came)
        _calibrate_own(database, laboratory, press, own, until=came)
        if order.kind == "gauge":
            press.finish()  # what was calibrated here has to be recorded before it is used
        for issued in _do(database, laboratory, plan, order, came):
            press.begin(issued.certificate_id, issued.at, partial(_hand_back, database, laboratory, issued.item_id))
            begun += 1
            say(begun, total)
            if issued.later:
                afterwards.append(issued)
    _follow_up(database, laboratory, press, afterwards, until=laboratory.now)
    _calibrate_own(database, laboratory, press, own, until=laboratory.now)
    press.finish()


def _calibrate_own(
    database: Database, laboratory: Laboratory, press: Press, own: deque[tuple[datetime, str]], *, until: datetime
) -> None:
    """Calibrate the own standards whose day has come."""
    while own and own[0][0] <= until:
        at, code = own.popleft()
        own_standards.calibrate(database, laboratory, code, at, press)


def _working_day(day: date) -> date:
    """Return the day, or the Monday after it."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= _SATURDAY else day


def _do(database: Database, laboratory: Laboratory, plan: Plan, order: PastOrder, came: datetime) -> Iterator[Issued]:
    """Take an order, measure its items the next morning, issue a certificate for each in the afternoon."""
    done = [_prepared(laboratory, plan, order, serial, came.date()) for serial in order.serials]
    with database.transaction() as session:
        items = [
            OrderedItem(laboratory.instruments[serial], agreed)
            for serial, (agreed, _) in zip(order.serials, done, strict=True)
        ]
        keys = work.take_order(session, laboratory, order.customer, items, came)
    for number, (key, (_, measurement)) in enumerate(zip(keys, done, strict=True)):
        start = laboratory.at(_working_day(came.date() + timedelta(days=1)), hour=8 + number)
        with database.transaction() as session:
            issued = _measure_and_issue(session, laboratory, order, key, measurement, start)
        yield issued


def _prepared(
    laboratory: Laboratory, plan: Plan, order: PastOrder, serial: str, on: date
) -> tuple[ItemAgreement, Measurement]:
    random = Random(f"{serial} {order.days_ago}")
    return KINDS[order.kind](laboratory, random, serial, plan.deviation(serial, order.days_ago), on)


def _measure_and_issue(
    session: Session, laboratory: Laboratory, order: PastOrder, item_id: int, done: Measurement, start: datetime
) -> Issued:
    who = performer(_CODES[order.kind])
    run = work.measure(session, laboratory, item_id, done, start, who=who)
    work.submit(session, laboratory, run, start + timedelta(hours=2), who=who)
    notices.answer_as_found(session, laboratory, item_id, start + timedelta(hours=3))
    work.review(session, laboratory, run, start + timedelta(hours=5))
    work.release(session, laboratory, run, start + timedelta(hours=6))
    at = start + timedelta(hours=6, minutes=20)
    view = work.begin_certificate(session, laboratory, [run], at)
    return Issued(view.id, item_id, run, at, order.later)


def _hand_back(database: Database, laboratory: Laboratory, item_id: int, issued_at: datetime) -> None:
    """Let the customer fetch an item with its certificate, the day after."""
    at = issued_at + timedelta(days=1)
    with database.transaction() as session:
        job_services.hand_back_item(session, laboratory.actor("tn01"), MoveItem(item_id), now=at)


def _follow_up(
    database: Database, laboratory: Laboratory, press: Press, afterwards: list[Issued], *, until: datetime
) -> None:
    """Amend or revoke the certificates whose day has come."""
    for issued in [one for one in afterwards if one.followed_at <= until]:
        afterwards.remove(issued)
        press.finish()
        if issued.later["what"] == "amended":
            _amend(database, laboratory, press, issued)
        else:
            _revoke(database, laboratory, issued)


def _amend(database: Database, laboratory: Laboratory, press: Press, issued: Issued) -> None:
    reasons = issued.later["reason_vi"], issued.later["reason_en"]
    command = IssueSuccessor(issued.certificate_id, RelationKind.AMENDS, (issued.run_id,), *reasons)
    at = issued.followed_at
    with database.transaction() as session:
        amended = certificate_services.begin_successor(session, laboratory.actor("gd01"), command, now=at)
    press.begin(amended.id, at)


def _revoke(database: Database, laboratory: Laboratory, issued: Issued) -> None:
    command = RevokeCertificate(issued.certificate_id, issued.later["reason_vi"], issued.later["reason_en"])
    with database.transaction() as session:
        status_services.revoke_certificate(session, laboratory.actor("gd01"), command, now=issued.followed_at)


def _weight(
    laboratory: Laboratory, random: Random, serial: str, deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    accuracy_class = "M2" if serial == "QC-0733" else "M1"
    climate = {**room_climate(random, 20.2), "pressure": ("kPa", *_pair(random, 100.6, 0.4, 0.05, 1))}
    agreed = weights.agreement(laboratory, on, accuracy_class=accuracy_class)
    return agreed, weights.measurement(weights.indications(random, deviation), climate)


def room_climate(random: Random, temperature: float) -> dict[str, tuple[str, str, str]]:
    """Return a room's temperature and humidity at start and end, as a person types them."""
    return {
        "temperature": ("degC", *_pair(random, temperature, 0.4, 0.1, 1)),
        "relative_humidity": ("%", *_pair(random, 52.0, 3.0, 0.8, 0)),
    }


def _pair(random: Random, middle: float, spread: float, change: float, places: int) -> tuple[str, str]:
    start = middle + random.uniform(-spread, spread)
    end = start + random.uniform(-change, change)
    return f"{start:.{places}f}".replace(".", ","), f"{end:.{places}f}".replace(".", ",")


def _gauge(
    laboratory: Laboratory, random: Random, _serial: str, deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    climate = {**room_climate(random, 23.0), "pressure": ("kPa", *_pair(random, 100.6, 0.4, 0.05, 1))}
    return gauges.agreement(laboratory, on), gauges.measurement(gauges.indications(random, deviation), climate)


def _thermometer(
    laboratory: Laboratory, random: Random, _serial: str, deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    readings = thermometers.indications(random, deviation)
    return thermometers.agreement(laboratory, on), thermometers.measurement(readings, room_climate(random, 23.1))


def _published_gauge(
    laboratory: Laboratory, _random: Random, _serial: str, _deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    return gauges.agreement(laboratory, on), gauges.measurement(gauges.published())


def _published_thermometer(
    laboratory: Laboratory, _random: Random, _serial: str, _deviation: Decimal, on: date
) -> tuple[ItemAgreement, Measurement]:
    return thermometers.agreement(laboratory, on), thermometers.measurement(thermometers.published())


KINDS: Final[Mapping[str, Kind]] = {
    "weight": _weight,
    "gauge": _gauge,
    "published_gauge": _published_gauge,
    "thermometer": _thermometer,
    "published_thermometer": _published_thermometer,
}
_CODES: Final[Mapping[str, str]] = {
    "weight": weights.CODE,
    "gauge": gauges.CODE,
    "published_gauge": gauges.CODE,
    "thermometer": thermometers.CODE,
    "published_thermometer": thermometers.CODE,
}
