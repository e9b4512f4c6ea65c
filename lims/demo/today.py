"""The work of the demonstration's last days: an item in every state, so that every list has something to show.

Some of it is late: what was promised sooner than the work, the bench or the customer allowed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from lims.calibrations import batch_reading_services, batch_services
from lims.calibrations.batch_commands import ChooseBatchEquipment, OpenBatch, RecordBatchReading
from lims.calibrations.facts import ReadingRole
from lims.core.clock import local_date
from lims.core.db import Database
from lims.demo import gauges, own_standards, thermometers, weights, work
from lims.demo.kinds import vaccine_agreement
from lims.demo.laboratory import Laboratory
from lims.demo.press import Press
from lims.demo.work import Measurement, OrderedItem
from lims.jobs.facts import AgreedPoints, ItemAgreement
from lims.procedures.definition_facts import MeasuringPoint

_BATCH: Final[Mapping[str, Decimal]] = MappingProxyType(
    {"NK-6021": Decimal("0.09"), "NK-6022": Decimal("-0.14"), "NK-6023": Decimal("0.05"), "NK-6024": Decimal("0.21")}
)
"""The thermometers that share a bath, and what each shows too much at 100 °C."""
_TWO_POINTS: Final = 20
"""How many readings two points of a thermometer have."""
_FRIDAY: Final = 4
_TOO_WARM: Final = {
    "temperature": ("degC", "25,2", "25,8"),
    "relative_humidity": ("%", "61", "62"),
    "pressure": ("kPa", "100,3", "100,3"),
}
"""The pressure room with a broken air conditioner: its limit is 25,0 °C."""


Act = Callable[[Session, Laboratory, datetime], None]


def do_earlier(database: Database, laboratory: Laboratory, press: Press) -> None:
    """Take the orders of the last week, the oldest first, and leave each item where its work ended yesterday.

    The working weights, which are due soon, come back with a certificate that nobody has recorded yet.
    """
    _do(database, laboratory, (_returned, _on_hold, _begun_late))
    day = working_day_before(laboratory.close_of_work.date(), 2)
    own_standards.calibrate(database, laboratory, "KL-03", laboratory.at(day, hour=8), press, record=False)
    press.finish()
    _do(database, laboratory, (_reviewed, _released))


def do_today(database: Database, laboratory: Laboratory) -> None:
    """Take the orders of the last day and leave each item where the day's work ended."""
    _do(database, laboratory, (_expected, _received, _half_typed, _submitted, _batch))


def _do(database: Database, laboratory: Laboratory, acts: Sequence[Act]) -> None:
    for act in acts:
        with database.transaction() as session:
            act(session, laboratory, laboratory.close_of_work)


def working_day_before(day: date, days: int) -> date:
    """Return the day so many days before, or the Friday before that."""
    day -= timedelta(days=days)
    return day - timedelta(days=max(0, day.weekday() - _FRIDAY))


def _take(
    session: Session,
    laboratory: Laboratory,
    customer: str,
    agreed: Mapping[str, ItemAgreement],
    at: datetime,
    *,
    promised_in: int,
    receive: bool = True,
) -> list[int]:
    items = [OrderedItem(laboratory.instruments[serial], agreement) for serial, agreement in agreed.items()]
    return work.take_order(session, laboratory, customer, items, at, promised_in=promised_in, receive=receive)


def _on(laboratory: Laboratory, at: datetime) -> date:
    return local_date(at, laboratory.timezone)


def _yesterday(laboratory: Laboratory, close: datetime, *, hour: int, days: int = 1) -> datetime:
    """Return an hour of the working day so many days before."""
    return laboratory.at(working_day_before(_on(laboratory, close), days), hour)


def _expected(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """Announced by the hospital, not yet brought."""
    agreed = vaccine_agreement(laboratory, _on(laboratory, close))
    _take(
        session, laboratory, "benhvien", {"NV-0018": agreed}, close - timedelta(hours=2), promised_in=9, receive=False
    )


def _received(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """Brought by the water company today; nobody has begun."""
    agreed = gauges.agreement(laboratory, _on(laboratory, close), full_scale="1,0", place="Trạm bơm 1")
    points = (AgreedPoints("pressure", tuple(_mark(text) for text in ("0", "0.25", "0.5", "0.75", "1"))),)
    _take(
        session,
        laboratory,
        "capnuoc",
        {"AN-1001": replace(agreed, points=points)},
        close - timedelta(hours=3),
        promised_in=6,
    )


def _mark(text: str) -> MeasuringPoint:
    return MeasuringPoint(text, Decimal(text), "MPa", f"{text.replace('.', ',')} MPa", f"{text} MPa")


def _half_typed(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """A weight after its first cycle: its technician went on to something else."""
    on, start = _on(laboratory, close), close - timedelta(hours=4)
    agreed = weights.agreement(laboratory, on, accuracy_class="M2")
    (item,) = _take(session, laboratory, "htx", {"QC-0733": agreed}, start, promised_in=2)
    measured = weights.measurement(weights.indications(Random("QC-0733 today"), Decimal(-1540))[:5])
    # A weight of class M2 may be compared with the working weights, which are due soon.
    reference, *others = measured.equipment
    measured = replace(measured, equipment=(replace(reference, code="KL-03"), *others))
    _begin(session, laboratory, item, measured, start + timedelta(hours=1), who="kdv01")


def _begun_late(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """A gauge on its way up, promised for today."""
    start = _yesterday(laboratory, close, hour=9, days=4)
    on = _on(laboratory, start)
    agreed = {"AK-2203": gauges.agreement(laboratory, on)}
    (item,) = _take(session, laboratory, "cokhi", agreed, start, promised_in=(_on(laboratory, close) - on).days)
    readings = gauges.indications(Random("AK-2203 today"), Decimal(7))
    _begin(session, laboratory, item, gauges.measurement(readings[:7]), close - timedelta(hours=2), who="kdv03")


def _begin(
    session: Session, laboratory: Laboratory, item_id: int, done: Measurement, at: datetime, *, who: str
) -> None:
    """Measure without the conditions at the end, which are read when everything else is."""
    clock = work.minutes(at)
    run = work.open_run(session, laboratory, item_id, done, next(clock), who=who)
    for chosen in done.equipment:
        work.choose(session, laboratory, run, chosen, next(clock), who=who)
    work.read(session, laboratory, run, work.conditions(done, 1), clock, who=who)
    work.read(session, laboratory, run, done.readings, clock, who=who)


def _submitted(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """A gauge wanted sooner than its order, which waits for the review; it was measured while the room was too warm."""
    on, at = _on(laboratory, close), close - timedelta(hours=5)
    agreed = {"AN-1002": replace(gauges.agreement(laboratory, on), promised_on=on + timedelta(days=1))}
    (item,) = _take(session, laboratory, "capnuoc", agreed, at, promised_in=5)
    measured = gauges.measurement(gauges.indications(Random("AN-1002 today"), Decimal(12)), _TOO_WARM)
    run = work.measure(session, laboratory, item, measured, at + timedelta(minutes=30), who="kdv03")
    work.submit(session, laboratory, run, at + timedelta(minutes=100), who="kdv03")


def _returned(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """A thermometer, days late, whose readings the technical manager wants to be looked at again."""
    came, start = _yesterday(laboratory, close, hour=8, days=8), _yesterday(laboratory, close, hour=8)
    agreed = {"NK-5512": thermometers.agreement(laboratory, _on(laboratory, came))}
    (item,) = _take(session, laboratory, "cokhi", agreed, came, promised_in=5)
    readings = thermometers.indications(Random("NK-5512 today"), "NK-5512", Decimal("-0.07"))
    measured = thermometers.measurement(readings)
    run = work.measure(session, laboratory, item, measured, start + timedelta(hours=1), who="kdv04")
    work.submit(session, laboratory, run, start + timedelta(hours=3), who="kdv04")
    comment = "Điểm 75 °C: đọc lại năm cặp số chỉ, chờ bể ổn định ít nhất 15 min trước khi đọc"
    work.send_back(session, laboratory, run, start + timedelta(hours=4), comment)


def _reviewed(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """A weight that waits for the director."""
    came, start = _yesterday(laboratory, close, hour=10, days=2), _yesterday(laboratory, close, hour=9)
    agreed = {"QC-0602": weights.agreement(laboratory, _on(laboratory, came))}
    (item,) = _take(session, laboratory, "tramcan", agreed, came, promised_in=4)
    measured = weights.measurement(weights.indications(Random("QC-0602 today"), Decimal(310)))
    run = work.measure(session, laboratory, item, measured, start + timedelta(hours=1), who="kdv01")
    work.submit(session, laboratory, run, start + timedelta(hours=2), who="kdv01")
    work.review(session, laboratory, run, close - timedelta(minutes=90))


def _released(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """A gauge whose result is released and whose certificate nobody has issued yet."""
    start = _yesterday(laboratory, close, hour=10)
    agreed = {"AK-2204": gauges.agreement(laboratory, _on(laboratory, start))}
    (item,) = _take(session, laboratory, "cokhi", agreed, start, promised_in=7)
    measured = gauges.measurement(gauges.indications(Random("AK-2204 today"), Decimal(-9)), None)
    run = work.measure(session, laboratory, item, measured, start + timedelta(hours=1), who="kdv03")
    work.submit(session, laboratory, run, start + timedelta(hours=3), who="kdv03")
    work.review(session, laboratory, run, close - timedelta(minutes=80))
    work.release(session, laboratory, run, close - timedelta(minutes=20))


def _on_hold(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """A weight outside its class as found: it waits for its customer, the notice is drafted."""
    came, start = _yesterday(laboratory, close, hour=14, days=6), _yesterday(laboratory, close, hour=13)
    agreed = {"QC-0418": weights.agreement(laboratory, _on(laboratory, came))}
    (item,) = _take(session, laboratory, "cokhi", agreed, came, promised_in=5)
    measured = weights.measurement(weights.indications(Random("QC-0418 today"), Decimal(-640)))
    run = work.measure(session, laboratory, item, measured, start + timedelta(hours=1), who="kdv01")
    work.submit(session, laboratory, run, start + timedelta(hours=2), who="kdv01")


def _batch(session: Session, laboratory: Laboratory, close: datetime) -> None:
    """Four thermometers in one bath, read at the first two points."""
    on, start, actor = _on(laboratory, close), close - timedelta(hours=5), laboratory.actor("kdv04")
    agreed = {serial: thermometers.agreement(laboratory, on) for serial in _BATCH}
    items = _take(session, laboratory, "thunghiem", agreed, start, promised_in=4)
    clock = work.minutes(start + timedelta(hours=1))
    command = OpenBatch(job_item_ids=tuple(items), room_id=laboratory.rooms[thermometers.ROOM])
    batch = batch_services.open_batch(session, actor, command, now=next(clock))
    for chosen in thermometers.EQUIPMENT:
        standard_id, calibration_id, content_id = work.found_calibration(session, laboratory, chosen, next(clock))
        choice = ChooseBatchEquipment(batch.id, chosen.slot, standard_id, calibration_id, content_id=content_id)
        batch_services.choose_batch_equipment(session, actor, choice, now=next(clock))
    # One generator's readings of the bath for all: the thermometers differ by what they deviate.
    read = [
        thermometers.indications(Random("bath today"), serial, deviation)[:_TWO_POINTS]
        for serial, deviation in _BATCH.items()
    ]
    in_bath = [typed for typed in read[0] if typed.address.role == ReadingRole.STANDARD]
    for typed in (*work.conditions(thermometers.measurement([]), 1), *in_bath):
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{batch.number}|{typed.address.key}"))
        reading = RecordBatchReading(batch.id, typed.address, typed.text, typed.unit, key)
        batch_reading_services.record_batch_reading(session, actor, reading, now=next(clock))
    for run, readings in zip(batch.runs, read, strict=True):
        own = [typed for typed in readings if typed.address.role == ReadingRole.ITEM]
        work.read(session, laboratory, run, own, clock, who="kdv04")
