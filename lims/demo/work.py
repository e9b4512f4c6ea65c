"""The steps of a day's work, done by the people of the demonstration through the services that everybody uses.

Each function is told the instant of its first act and lets minutes pass between acts; nothing here asks a clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates import services as certificate_services
from certificates.facts import CertificateView
from lims.calibrations import decision_services, reading_services
from lims.calibrations import services as run_services
from lims.calibrations.commands import ChooseEquipment, Decide, OpenRun, RecordReading
from lims.calibrations.facts import CONDITIONS, Address, ReadingRole, RunFacts
from lims.core.clock import local_date
from lims.demo.laboratory import Laboratory
from lims.jobs import queries as job_queries
from lims.jobs import services as job_services
from lims.jobs.facts import AddItem, ItemAgreement, OpenJob, ReceiveItem, ReviewContract
from lims.procedures.layouts import DOWN, UP
from standards.calibration_models import CalibrationContent, Standard, StandardCalibration

HOLD_MINUTES: Final = 5
"""How long a gauge is held at its highest point."""
_UUIDS: Final = uuid.UUID("6f1e2a40-6a0d-4f0e-9a86-3d2f5a0c1b7e")


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """An instrument in an order, what was agreed for it, and how it looked on receipt."""

    instrument_id: int
    agreement: ItemAgreement
    condition_vi: str = "Sạch, nguyên vẹn, hoạt động bình thường"
    condition_en: str = "Clean, undamaged, in working order"
    accessories: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What is typed into a cell."""

    address: Address
    text: str
    unit: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which standard is taken into a slot; `element` names a weight of a set: 2 g*, or its value in grams."""

    slot: str
    code: str
    element: str = ""
    section: str = ""
    point: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a technician does in a run: room, equipment, conditions at start and end, readings in their order."""

    equipment: Sequence[Chosen]
    readings: Sequence[Typed]
    conditions: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """Quantity: unit, text at the start, text at the end."""
    room: str = ""
    supervisor: str = ""


def minutes(start: datetime, step: float = 1.0) -> Iterator[datetime]:
    """Yield instants some minutes apart, the first one after `start`."""
    while True:
        start += timedelta(minutes=step)
        yield start


def take_order(
    session: Session,
    laboratory: Laboratory,
    customer: str,
    items: Sequence[OrderedItem],
    at: datetime,
    *,
    reference: str = "",
    promised_in: int = 5,
    receive: bool = True,
) -> list[int]:
    """Open a job, add its items, review the contract and (unless they are only announced) receive them.

    Returns the items' keys in their order.
    """
    actor, day = laboratory.actor("tn01"), local_date(at, laboratory.timezone)
    clock = minutes(at, 3)
    order = OpenJob(
        site_id=laboratory.site_id,
        customer_id=laboratory.organisations[customer],
        requested_on=day,
        promised_on=day + timedelta(days=promised_in),
        customer_reference=reference,
    )
    job = job_services.open_job(session, actor, order, now=at)
    added = [
        job_services.add_item(session, actor, AddItem(job.id, item.instrument_id, item.agreement), now=next(clock)).id
        for item in items
    ]
    review = ReviewContract(job.id, job_queries.job_facts(session, job.id).row_version)
    job_services.review_contract(session, actor, review, now=next(clock))
    for key, item in zip(added, items, strict=True):
        if receive:
            receive_item(session, laboratory, key, item, next(clock))
    return added


def receive_item(session: Session, laboratory: Laboratory, item_id: int, item: OrderedItem, at: datetime) -> None:
    """Let the receiver take an item in."""
    command = ReceiveItem(
        item_id,
        received_on=local_date(at, laboratory.timezone),
        condition_on_receipt=item.condition_vi,
        condition_on_receipt_en=item.condition_en,
        accessories=item.accessories,
    )
    job_services.receive_item(session, laboratory.actor("tn01"), command, now=at)


def measure(
    session: Session, laboratory: Laboratory, item_id: int, done: Measurement, at: datetime, *, who: str
) -> int:
    """Open a run, choose its equipment, type conditions and readings; returns the run's key. Nothing is submitted."""
    clock = minutes(at)
    run = open_run(session, laboratory, item_id, done, next(clock), who=who)
    fill(session, laboratory, run, done, clock, who=who)
    return run.id


def fill(
    session: Session, laboratory: Laboratory, run: RunFacts, done: Measurement, clock: Iterator[datetime], *, who: str
) -> None:
    """Choose the equipment of a run that is open, type conditions and readings."""
    for chosen in done.equipment:
        choose(session, laboratory, run, chosen, next(clock), who=who)
    read(session, laboratory, run, conditions(done, 1), clock, who=who)
    read(session, laboratory, run, done.readings, clock, who=who)
    read(session, laboratory, run, conditions(done, 2), clock, who=who)


def open_run(
    session: Session, laboratory: Laboratory, item_id: int, done: Measurement, at: datetime, *, who: str
) -> RunFacts:
    """Open a run for an item, in the room of the measurement."""
    supervisor = laboratory.actor(done.supervisor).person_id if done.supervisor else None
    command = OpenRun(job_item_id=item_id, room_id=laboratory.rooms.get(done.room), supervisor_id=supervisor)
    return run_services.open_run(session, laboratory.actor(who), command, now=at)


def choose(session: Session, laboratory: Laboratory, run: RunFacts, chosen: Chosen, at: datetime, *, who: str) -> None:
    """Take the standard's calibration that holds at that instant into its slot."""
    standard_id, calibration_id, content_id = found_calibration(session, laboratory, chosen, at)
    command = ChooseEquipment(
        run.id,
        chosen.slot,
        standard_id,
        calibration_id,
        content_id=content_id,
        section=chosen.section,
        point=chosen.point,
    )
    run_services.choose_equipment(session, laboratory.actor(who), command, now=at)


def found_calibration(
    session: Session, laboratory: Laboratory, chosen: Chosen, at: datetime
) -> tuple[int, int, int | None]:
    """Return a standard, its calibration that holds at an instant, and the content for the weight that was named."""
    newest = (
        select(StandardCalibration.standard_id, StandardCalibration.id)
        .join(Standard, Standard.id == StandardCalibration.standard_id)
        .where(Standard.site_id == laboratory.site_id, Standard.code == chosen.code)
        .where(StandardCalibration.accepted_at <= at)
        .order_by(StandardCalibration.calibrated_on.desc(), StandardCalibration.id.desc())
    )
    standard_id, calibration_id = session.execute(newest.limit(1)).one()
    if not chosen.element:
        return standard_id, calibration_id, None
    contents = select(CalibrationContent.id, CalibrationContent.identifier, CalibrationContent.nominal)
    found = session.execute(contents.where(CalibrationContent.calibration_id == calibration_id))
    content_id = next((key for key, name, nominal in found if chosen.element in {name, f"{nominal or 0:f}"}), None)
    return standard_id, calibration_id, content_id


def read(
    session: Session,
    laboratory: Laboratory,
    run: RunFacts,
    readings: Sequence[Typed],
    clock: Iterator[datetime],
    *,
    who: str,
) -> None:
    """Type readings one after the other; where a gauge turns at its highest point it is held there first."""
    last: Address | None = None
    for typed in readings:
        if last is not None and (last.point, last.direction, typed.address.direction) == (
            typed.address.point,
            UP,
            DOWN,
        ):
            for _minute in range(HOLD_MINUTES):
                next(clock)
        last = typed.address
        key = uuid.uuid5(_UUIDS, f"{run.token}|{typed.address.key}")
        command = RecordReading(run.id, typed.address, typed.text, typed.unit, client_uuid=str(key))
        reading_services.record_reading(session, laboratory.actor(who), command, now=next(clock))


def conditions(done: Measurement, sequence: int) -> list[Typed]:
    """Return what is typed of the conditions at the start (1) or the end (2)."""
    return [
        Typed(Address(CONDITIONS, quantity, sequence=sequence, role=ReadingRole.INFLUENCE), texts[sequence], texts[0])
        for quantity, texts in done.conditions.items()
    ]


def submit(session: Session, laboratory: Laboratory, run_id: int, at: datetime, *, who: str) -> None:
    """Let the technician hand in a run."""
    decision_services.submit_run(session, laboratory.actor(who), Decide(run_id), now=at)


def review(
    session: Session, laboratory: Laboratory, run_id: int, at: datetime, *, who: str = "kt01", comment: str = ""
) -> None:
    """Let the technical manager review what was submitted."""
    said = comment or "Đã kiểm tra số liệu gốc, chuẩn và điều kiện môi trường"
    decision_services.review_run(session, laboratory.actor(who), Decide(run_id, comment=said), now=at)


def send_back(session: Session, laboratory: Laboratory, run_id: int, at: datetime, comment: str) -> None:
    """Let the technical manager return what was submitted."""
    decision_services.return_run(session, laboratory.actor("kt01"), Decide(run_id, comment=comment), now=at)


def release(session: Session, laboratory: Laboratory, run_id: int, at: datetime, *, who: str = "gd01") -> None:
    """Let a signatory release what was reviewed."""
    decision_services.release_run(session, laboratory.actor(who), Decide(run_id), now=at)


def begin_certificate(
    session: Session, laboratory: Laboratory, run_ids: Sequence[int], at: datetime, *, who: str = "gd01"
) -> CertificateView:
    """Let a signatory begin to issue the certificate of released runs."""
    return certificate_services.begin_issue(session, laboratory.actor(who), run_ids, now=at)
