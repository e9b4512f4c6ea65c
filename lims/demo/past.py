"""Three years of work: orders taken, measured, reviewed, released and issued on their days, by the services of today.

Readings are made by a generator seeded with the instrument and the day, so that a demonstration of one day is always
the same.
"""

from __future__ import annotations

import tomllib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from lims.calibrations import adjustment_services
from lims.calibrations.commands import RecordAdjustment
from lims.calibrations.facts import Phase
from lims.calibrations.queries import run_facts
from lims.core.db import Database
from lims.demo import notices, own_standards, work
from lims.demo.kinds import CODES, KINDS
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
    adjusted: Mapping[str, str] = field(default_factory=dict)


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


def read_plan() -> Plan:
    """Return the plan of the past, as its register says."""
    text = resources.files("lims.demo").joinpath("registers/past.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    orders = [
        PastOrder(
            row["days_ago"],
            row["customer"],
            row["kind"],
            tuple(row["serials"]),
            row.get("later", {}),
            row.get("adjusted", {}),
        )
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
        if order.kind.endswith("gauge"):
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
        press.finish()  # the same standard may still be in the house
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
            issued = _measure_and_issue(session, laboratory, plan, order, key, measurement, start)
        yield issued


def _prepared(
    laboratory: Laboratory, plan: Plan, order: PastOrder, serial: str, on: date
) -> tuple[ItemAgreement, Measurement]:
    found = order.adjusted.get("found")
    deviation = plan.deviation(serial, order.days_ago) if found is None else Decimal(found)
    agreed, done = KINDS[order.kind](laboratory, Random(f"{serial} {order.days_ago}"), serial, deviation, on)
    return replace(agreed, adjust=bool(order.adjusted)), done


def _adjust(
    session: Session, laboratory: Laboratory, plan: Plan, order: PastOrder, run_id: int, at: datetime, *, who: str
) -> None:
    """Adjust, as the order allows, and measure once more as left."""
    words = order.adjusted
    command = RecordAdjustment(run_id, words["vi"], words["en"], seals_applied=words["seal"])
    adjustment_services.record_adjustment(session, laboratory.actor(who), command, now=at)
    (serial,) = order.serials
    random = Random(f"{serial} {order.days_ago} as left")
    _, done = KINDS[order.kind](laboratory, random, serial, plan.deviation(serial, order.days_ago), at.date())
    as_left = [replace(typed, address=replace(typed.address, phase=Phase.AS_LEFT)) for typed in done.readings]
    run = run_facts(session, laboratory.actor(who), run_id)
    work.read(session, laboratory, run, as_left, work.minutes(at), who=who)


def _measure_and_issue(
    session: Session,
    laboratory: Laboratory,
    plan: Plan,
    order: PastOrder,
    item_id: int,
    done: Measurement,
    start: datetime,
) -> Issued:
    who = performer(CODES[order.kind])
    run = work.measure(session, laboratory, item_id, done, start, who=who)
    if order.adjusted:
        _adjust(session, laboratory, plan, order, run, start + timedelta(hours=1), who=who)
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
