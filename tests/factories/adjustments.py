"""An item that fails as found, adjusted or held for its customer: what tests of both need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.adjustment_services import record_adjustment
from lims.calibrations.commands import Consent, RecordAdjustment
from lims.calibrations.facts import Phase, RunFacts
from lims.calibrations.notice_services import hold_for_as_found
from lims.calibrations.reading_services import record_reading
from lims.jobs import queries as jobs
from lims.jobs.facts import AgreedSpecification, DecisionRule, JobItemFacts, RuleKind, SpecificationKind
from lims.jobs.models import JobItem
from lims.jobs.notice_facts import AnswerChoice, ConsentWay, NoticeFacts, RecordAnswer
from tests.factories.calibrations import NOW, Bench, cell, make_bench, reading_command

LATER: Final = NOW + timedelta(minutes=10)
CONSENT: Final = Consent("Chị Lan, phòng kỹ thuật", NOW, ConsentWay.EMAIL, "Thư điện tử ngày 02/03/2026, 14:10")


def failing_bench(session: Session, **changes: Any) -> Bench:
    """A bench whose weight deviates by 25 mg and may by 20."""
    limit = Decimal(20)
    agreed = AgreedSpecification(
        SpecificationKind.LIMITS,
        "Giới hạn của khách hàng",
        "The customer's limits",
        lower=-limit,
        upper=limit,
        unit="mg",
    )
    bench = make_bench(session, specification=agreed, rule=DecisionRule(RuleKind.SIMPLE_ACCEPTANCE))
    for name, value in changes.items():
        setattr(session.get_one(JobItem, bench.item.id), name, value)
    session.flush()
    return bench


def item_of(session: Session, bench: Bench) -> JobItemFacts:
    """Return where the bench's item stands."""
    return jobs.job_item_facts(session, bench.item.id)


def adjust(session: Session, bench: Bench, run: RunFacts, now: datetime = LATER, **changes: Any) -> None:
    """Record an adjustment, with the consent unless told otherwise."""
    values: Mapping[str, Any] = {"description_vi": "Thêm chì vào buồng điều chỉnh", "consent": CONSENT, **changes}
    record_adjustment(session, bench.technician, RecordAdjustment(run.id, **values), now=now)


def read_as_left(session: Session, bench: Bench, run: RunFacts, now: datetime) -> None:
    """Twelve readings after the adjustment: 6 mg."""
    for cycle in (1, 2, 3):
        for place, role in ((1, "standard"), (2, "item"), (3, "item"), (4, "standard")):
            address = replace(cell(cycle, place, role), phase=str(Phase.AS_LEFT))
            command = reading_command(run, address, "0,005" if role == "item" else "0,004")
            present = [
                entry for entry in queries.current(queries.readings(session, run.id)) if entry.address == address
            ]
            if present:
                command = replace(command, seen_reading_id=present[0].id, reason="đo lại")
            record_reading(session, bench.technician, command, now=now)


def correct(session: Session, bench: Bench, run: RunFacts, shift: str) -> None:
    """Correct every reading of the item by as much, so that the weight's deviation is another."""
    for reading in queries.current(queries.readings(session, run.id)):
        if reading.address.role == "item" and reading.value is not None:
            command = reading_command(run, reading.address, str(reading.value + Decimal(shift)))
            command = replace(command, seen_reading_id=reading.id, reason="đọc nhầm")
            record_reading(session, bench.technician, command, now=LATER)


def held(session: Session, bench: Bench, run: RunFacts) -> NoticeFacts:
    """Put the item on hold at the bench."""
    return hold_for_as_found(session, bench.technician, run.id, now=LATER)


def answered(choice: AnswerChoice, notice: NoticeFacts, **changes: Any) -> RecordAnswer:
    """Return the command that records an answer."""
    values: Mapping[str, Any] = {
        "answered_by": "Anh Minh",
        "answered_at": LATER,
        "way": ConsentWay.PHONE,
        "evidence": "Gọi lúc 15:10, người nhận: TN-01",
        **changes,
    }
    return RecordAnswer(notice.id, choice, **values)
