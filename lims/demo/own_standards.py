"""The laboratory's own standards, calibrated here: ordered by the centre, measured, certified, recorded, accepted.

What a certificate says of a standard becomes its calibration by the action that everybody has; customers' work uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates import own_standard_services
from certificates.facts import RecordOwnCalibration
from lims.calibrations import services as run_services
from lims.calibrations.commands import OpenRun
from lims.calibrations.facts import Address, ReadingRole, RunPurpose
from lims.core.db import Database
from lims.demo import certificates_of_standards as register
from lims.demo import work
from lims.demo.laboratory import Laboratory
from lims.demo.people import performer
from lims.demo.press import Press
from lims.demo.work import Chosen, Measurement, OrderedItem, Typed
from lims.jobs import services as job_services
from lims.jobs.facts import AgreedSpecification, DecisionRule, ItemAgreement, MoveItem
from standards import services as standard_services
from standards.calibration_facts import CalibrationFacts
from standards.calibration_models import Standard
from standards.commands import AcceptCalibration

CENTRE: Final = "centre"
"""The short name of the laboratory among its own customers."""
_ERRORS_KPA: Final = {
    "0": "0.0",
    "500": "-0.1",
    "800": "0.0",
    "1000": "0.1",
    "1600": "0.2",
    "2000": "0.2",
    "2500": "0.3",
}
"""What the digital reference gauge shows too much, in kPa, by pressure."""
_PATTERN_KPA: Final = {(1, "up"): "-0.1", (1, "down"): "0.1", (2, "up"): "-0.2", (2, "down"): "0.2"}
"""How its readings lie about their mean, by cycle and direction."""
_KILOGRAM: Final = 1000
_ZERO_MG: Final = Decimal("0.010")
"""What the comparator shows with the reference weight on it."""
_ABBA: Final = (ReadingRole.STANDARD, ReadingRole.ITEM, ReadingRole.ITEM, ReadingRole.STANDARD)


@dataclass(frozen=True, slots=True)
class OwnStandard:
    """How a standard is calibrated here: by which procedure, with what, and what is read."""

    code: str
    procedure: str
    measurement: Measurement

    @property
    def who(self) -> str:
        """Return who measures."""
        return performer(self.procedure)


def days(laboratory: Laboratory) -> list[tuple[datetime, str]]:
    """Return when each standard is calibrated here, as the register says, the oldest first."""
    return sorted(
        (laboratory.at(laboratory.today - timedelta(days=time["days_ago"]), hour=8), standard["code"])
        for standard in register.standards()
        if standard.get("own")
        for time in (standard, *standard.get("earlier", ()))
    )


@dataclass(frozen=True, slots=True)
class Certified:
    """A standard's certificate that is being issued, with the run and the item it is about."""

    certificate_id: int
    run_id: int
    item_id: int
    at: datetime


def calibrate(
    database: Database, laboratory: Laboratory, code: str, at: datetime, press: Press, *, record: bool = True
) -> None:
    """Calibrate a standard from that instant on; once its certificate is printed, record and accept the calibration.

    All on one day, from the order at `at` to the acceptance nine hours later; unless told to `record`, it ends when
    the standard is handed back.
    """
    done = certify(database, laboratory, code, at)

    def issued(then: datetime) -> None:
        with database.transaction() as session:
            actor = laboratory.actor("tn01")
            job_services.hand_back_item(session, actor, MoveItem(done.item_id), now=then + timedelta(minutes=10))
            if record:
                record_and_accept(session, laboratory, done, then + timedelta(minutes=20))

    press.begin(done.certificate_id, done.at, issued)


def certify(database: Database, laboratory: Laboratory, code: str, at: datetime) -> Certified:
    """Order, measure, review and release a standard's calibration, and begin its certificate."""
    own = own_standard(code)
    with database.transaction() as session:
        instrument_id = session.execute(select(Standard.instrument_id).where(Standard.code == code)).scalar_one()
        ordered = OrderedItem(instrument_id, agreement(laboratory, own))
        (item,) = work.take_order(session, laboratory, CENTRE, [ordered], at, reference=f"KH-{at:%Y}-{code}")
        run_id = measure(session, laboratory, own, item, at + timedelta(hours=1))
        work.submit(session, laboratory, run_id, at + timedelta(hours=6), who=own.who)
    issued_at = at + timedelta(hours=7, minutes=30)
    with database.transaction() as session:
        work.review(session, laboratory, run_id, at + timedelta(hours=6, minutes=30))
        work.release(session, laboratory, run_id, at + timedelta(hours=7))
        certificate = work.begin_certificate(session, laboratory, [run_id], issued_at)
    return Certified(certificate.id, run_id, item, issued_at)


def agreement(laboratory: Laboratory, own: OwnStandard) -> ItemAgreement:
    """Return what is agreed: values with their uncertainty, no statement of conformity."""
    return ItemAgreement(
        procedure_version_id=laboratory.procedure_versions[own.procedure],
        agreed_specification=AgreedSpecification(),
        decision_rule=DecisionRule(),
    )


def measure(session: Session, laboratory: Laboratory, own: OwnStandard, item_id: int, at: datetime) -> int:
    """Open the run as one on an own standard, choose its equipment, type its readings; returns its key."""
    clock = work.minutes(at)
    command = OpenRun(
        purpose=RunPurpose.OWN_STANDARD, job_item_id=item_id, room_id=laboratory.rooms.get(own.measurement.room)
    )
    run = run_services.open_run(session, laboratory.actor(own.who), command, now=next(clock))
    work.fill(session, laboratory, run, own.measurement, clock, who=own.who)
    return run.id


def record_and_accept(session: Session, laboratory: Laboratory, done: Certified, at: datetime) -> CalibrationFacts:
    """Let the technical manager record the calibration and the quality manager accept it."""
    command = RecordOwnCalibration(done.certificate_id, done.run_id)
    recorded = own_standard_services.record_own_calibration(session, laboratory.actor("kt01"), command, now=at)
    accept = AcceptCalibration(recorded.id, note="Kết quả phù hợp yêu cầu sử dụng")
    actor = laboratory.actor("cl01")
    return standard_services.accept_calibration(session, actor, accept, now=at + timedelta(minutes=40))


def own_standard(code: str) -> OwnStandard:
    """Return how a standard is calibrated here."""
    return {"AS-02": _gauge, "KL-03": _weights}[code]()


def _gauge() -> OwnStandard:
    """The digital reference gauge, loaded by the pressure balance in two cycles; its zero is read open to the air."""
    readings = []
    for section, points in (("zero", ("0",)), ("pressure", tuple(_ERRORS_KPA)[1:])):
        for cycle, direction in _PATTERN_KPA:
            for point in points if direction == "up" else points[::-1]:
                shown = Decimal(point) + Decimal(_ERRORS_KPA[point]) + Decimal(_PATTERN_KPA[cycle, direction])
                address = Address(section, point, cycle=cycle, direction=direction, role=ReadingRole.ITEM)
                readings.append(Typed(address, f"{shown:f}".replace(".", ","), "kPa"))
    equipment = (Chosen("reference", "AS-01"), Chosen("thermo_hygrometer", "NH-03"))
    conditions = {"temperature": ("degC", "22,8", "23,1"), "relative_humidity": ("%", "55", "56")}
    return OwnStandard("AS-02", "HC-AS-02", Measurement(equipment, readings, conditions, room="AS-1"))


def _weights() -> OwnStandard:
    """The working weights, each by one substitution cycle with its like of the reference set."""
    readings: list[Typed] = []
    chosen = [Chosen("thermo_hygrometer", "NH-01")]
    reference = {_name(row): Decimal(row[1]) for row in _register("KL-02")["weights"]}
    for row in _register("KL-03")["weights"]:
        grams, name = Decimal(row[0]), _name(row)
        section, unit = ("gram", "mg") if grams < _KILOGRAM else ("kilogram", "g")
        point = name.replace(" ", "").replace("*", "-2")
        chosen.append(Chosen("reference", "KL-02", name, section=section, point=point))
        difference = Decimal(row[1]) - reference[name]
        for sequence, role in enumerate(_ABBA, start=1):
            shown = _ZERO_MG + (difference if role is ReadingRole.ITEM else 0)
            text = f"{shown:f}" if unit == "mg" else f"{shown / 1000:f}"
            readings.append(Typed(Address(section, point, sequence=sequence, role=role), text.replace(".", ","), unit))
    conditions = {"temperature": ("degC", "20,1", "20,3"), "relative_humidity": ("%", "50", "51")}
    return OwnStandard("KL-03", "HC-KL-03", Measurement(chosen, readings, conditions, room="KL-1"))


def _register(code: str) -> register.Record:
    return next(standard for standard in register.standards() if standard["code"] == code)


def _name(row: Sequence[str]) -> str:
    """Return the name of a weight of a set: 2 g*, 10 kg."""
    return register.piece_name(Decimal(row[0]), row[3] if len(row) > 3 else "")
