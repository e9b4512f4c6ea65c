"""The published weighing EA-4/02 M, S2, taken through the demonstration laboratory by its people's services."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import resources

from sqlalchemy.orm import Session

from certificates import services as certificate_services
from lims.calibrations import decision_services, reading_services
from lims.calibrations import services as run_services
from lims.calibrations.commands import ChooseEquipment, Decide, OpenRun, RecordReading
from lims.calibrations.facts import CONDITIONS, Address, ReadingRole
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.demo.laboratory import Laboratory
from lims.jobs import services as job_services
from lims.jobs.facts import (
    AddItem,
    AgreedSpecification,
    DecisionRule,
    ItemAgreement,
    OpenJob,
    ReceiveItem,
    ReviewContract,
    RuleKind,
    SpecificationKind,
)
from standards import queries as standard_queries
from standards import services as standard_services
from standards.commands import InstrumentIdentity, NewFunction, NewRange, RegisterInstrument
from standards.facts import StandardRole

CONDITION_TEXTS = (
    ("temperature", "degC", ("20,2", "20,4")),
    ("relative_humidity", "%", ("51", "52")),
    ("pressure", "kPa", ("100,4", "100,4")),
)
EQUIPMENT_OF_SLOT = {"reference": "KL-05", "thermo_hygrometer": "NH-01", "barometer": "PB-01", "comparator": "CS-01"}


@dataclass(frozen=True, slots=True)
class Indication:
    """One of the twelve published indications, as typed in Vietnam."""

    cycle: int
    sequence: int
    role: str
    text: str


def published_indications() -> list[Indication]:
    """Return the three ABBA weighings of S2, in grams, in the order of weighing."""
    source = resources.files("lims.demo").joinpath("readings/ea402_s2.csv").read_text(encoding="utf-8")
    return [
        Indication(int(row["cycle"]), int(row["position"]), row["role"], row["reading_g"].replace(".", ","))
        for row in csv.DictReader(source.splitlines())
    ]


def register_weight(session: Session, laboratory: Laboratory, customer: str, serial_number: str) -> int:
    """Register a customer's 10 kg weight and return its key."""
    identity = InstrumentIdentity(
        owner_id=laboratory.organisations[customer],
        kind="weight",
        name_vi="Quả cân 10 kg",
        name_en="Weight 10 kg",
        manufacturer="Xưởng cơ khí Mẫu",
        model="QC-10",
        serial_number=serial_number,
        year_made=2018,
        country_made="Việt Nam",
        accuracy_class="M1",
        place_of_use="Xưởng cân, phường Mẫu 2",
    )
    mass = NewFunction(
        "mass", "g", ranges=(NewRange(lower=Decimal(10000), upper=Decimal(10000), nominal=Decimal(10000)),)
    )
    command = RegisterInstrument(identity, functions=(mass,))
    now = laboratory.close_of_work - timedelta(hours=5)
    return standard_services.register_instrument(session, laboratory.actor("tn01"), command, now=now).id


def agreement(laboratory: Laboratory) -> ItemAgreement:
    """Return what is agreed for the weight: class M1 by OIML R 111-1, conformity by its rule."""
    day = local_date(laboratory.close_of_work, laboratory.timezone)
    return ItemAgreement(
        procedure_version_id=laboratory.procedure_versions["HC-KL-01"],
        agreed_specification=AgreedSpecification(
            kind=SpecificationKind.CLASS,
            title_vi="Quả cân cấp chính xác M1, 10 kg",
            title_en="Weight of class M1, 10 kg",
            reference="OIML R 111-1:2004, Table 1",
            lower=Decimal(-500),
            upper=Decimal(500),
            unit="mg",
            accuracy_class="M1",
        ),
        decision_rule=DecisionRule(
            kind=RuleKind.OIML_R111,
            reference="OIML R 111-1:2004, 5.2 – 5.3",
            agreed_on=day,
        ),
        place_of_use="Xưởng cân, phường Mẫu 2",
        promised_on=laboratory.today + timedelta(days=5),
    )


def take_order(session: Session, laboratory: Laboratory, instrument_id: int, customer: str) -> int:
    """Open a job for the weight, agree, review the contract and receive it; returns the item's key."""
    actor, start = laboratory.actor("tn01"), laboratory.close_of_work - timedelta(hours=4)
    day = local_date(start, laboratory.timezone)
    job = job_services.open_job(
        session,
        actor,
        OpenJob(
            site_id=laboratory.site_id,
            customer_id=laboratory.organisations[customer],
            requested_on=day,
            promised_on=laboratory.today + timedelta(days=5),
            customer_reference="YC-2026-017",
        ),
        now=start,
    )
    item = job_services.add_item(session, actor, AddItem(job.id, instrument_id, agreement(laboratory)), now=start)
    _review_contract(session, laboratory, job.id, start + timedelta(minutes=10))
    receive = ReceiveItem(
        item.id,
        received_on=day,
        condition_on_receipt="Bề mặt sạch, không vết xước nhìn thấy; có hộp gỗ",
        condition_on_receipt_en="Surface clean, no visible scratches; in its wooden case",
        accessories="Hộp gỗ",
    )
    return job_services.receive_item(session, actor, receive, now=start + timedelta(minutes=20)).id


def _review_contract(session: Session, laboratory: Laboratory, job_id: int, now: datetime) -> None:
    from lims.jobs.queries import job_facts

    command = ReviewContract(job_id, job_facts(session, job_id).row_version)
    job_services.review_contract(session, laboratory.actor("tn01"), command, now=now)


def weigh(session: Session, laboratory: Laboratory, item_id: int) -> int:
    """Open the run, choose equipment, type conditions and readings, submit; returns the run's key."""
    actor = laboratory.actor("kdv01")
    clock = _minutes(laboratory.close_of_work - timedelta(hours=3))
    run = run_services.open_run(session, actor, OpenRun(job_item_id=item_id, room="KL 1"), now=next(clock))
    for slot, code in EQUIPMENT_OF_SLOT.items():
        _choose(session, laboratory, actor, run.id, slot, code, next(clock))
    for quantity, unit, texts in CONDITION_TEXTS:
        _type(session, actor, run.id, _condition(quantity, 1), texts[0], unit, next(clock))
    for indication in published_indications():
        address = Address(
            "weighing", "10kg", cycle=indication.cycle, sequence=indication.sequence, role=indication.role
        )
        _type(session, actor, run.id, address, indication.text, "g", next(clock))
    for quantity, unit, texts in CONDITION_TEXTS:
        _type(session, actor, run.id, _condition(quantity, 2), texts[1], unit, next(clock))
    decision_services.submit_run(session, actor, Decide(run.id), now=next(clock))
    return run.id


def _minutes(start: datetime) -> Iterator[datetime]:
    while True:
        start += timedelta(minutes=2)
        yield start


def _condition(quantity: str, sequence: int) -> Address:
    return Address(CONDITIONS, quantity, sequence=sequence, role=ReadingRole.INFLUENCE)


def _type(session: Session, actor: Actor, run_id: int, address: Address, text: str, unit: str, now: datetime) -> None:
    command = RecordReading(run_id, address, text, unit, client_uuid=str(uuid.uuid4()))
    reading_services.record_reading(session, actor, command, now=now)


def _choose(
    session: Session, laboratory: Laboratory, actor: Actor, run_id: int, slot: str, code: str, now: datetime
) -> None:
    role = {"reference": StandardRole.REFERENCE, "comparator": StandardRole.AUXILIARY}.get(slot, StandardRole.INFLUENCE)
    choices = standard_queries.usable_calibrations(session, site_id=laboratory.site_id, role=role, at=now)
    choice = next(item for item in choices if item.standard_code == code)
    command = ChooseEquipment(
        run_id, slot, choice.standard_id, choice.calibration_id, content_id=choice.contents[0].content_id
    )
    run_services.choose_equipment(session, actor, command, now=now)


def review_and_release(session: Session, laboratory: Laboratory, run_id: int) -> None:
    """Let the technical manager review and the director release what was submitted."""
    reviewed_at = laboratory.close_of_work - timedelta(hours=1)
    review = Decide(run_id, comment="Đã kiểm tra số liệu gốc, chuẩn và điều kiện môi trường")
    decision_services.review_run(session, laboratory.actor("kt01"), review, now=reviewed_at)
    released_at = reviewed_at + timedelta(minutes=20)
    decision_services.release_run(session, laboratory.actor("gd01"), Decide(run_id), now=released_at)


def begin_certificate(session: Session, laboratory: Laboratory, run_ids: Sequence[int]) -> int:
    """Let the director begin to issue the certificate of released runs; returns its key."""
    now = laboratory.close_of_work - timedelta(minutes=30)
    return certificate_services.begin_issue(session, laboratory.actor("gd01"), run_ids, now=now).id
