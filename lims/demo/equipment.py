"""The demonstration laboratory's standards, influence and auxiliary equipment, with their calibrations and papers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy.orm import Session

from lims.demo import certificates_of_standards as register
from lims.demo import digital, keeping
from lims.demo.certificates_of_standards import Record
from lims.demo.laboratory import Laboratory
from standards import services
from standards.calibration_facts import DriftPeriod
from standards.commands import (
    AcceptCalibration,
    InstrumentIdentity,
    RecordCalibration,
    RecordDrift,
    RecordPaper,
    RegisterInstrument,
    RegisterStandard,
)
from standards.facts import InstrumentFacts, PaperKind, StandardRole

OF_THE_WEIGHING: Final = frozenset({"KL-05", "KL-06", "NH-01", "PB-01", "CS-01"})
"""What the weighing of EA-4/02 M, S2 needs, and an overdue weight that must not be offered for it."""

_BEFORE_OWN: Final = 10
"""Days for which a standard is in the register before it is first calibrated here."""


def add_equipment(session: Session, laboratory: Laboratory, only: Collection[str] | None = None) -> None:
    """Register equipment (all, or the codes named) with its calibrations, accepted days after they came back."""
    for standard in register.standards():
        if only is None or standard["code"] in only:
            _add(session, laboratory, standard)


def _add(session: Session, laboratory: Laboratory, standard: Record) -> None:
    actor = laboratory.actor("kt01")
    earlier = sorted(standard.get("earlier", ()), key=lambda item: -item["days_ago"])
    since = earlier[0]["days_ago"] if earlier else standard["days_ago"]
    entered = since + _BEFORE_OWN if standard.get("own") else since - 5
    now = laboratory.at(laboratory.today - timedelta(days=entered), hour=9)
    identity = InstrumentIdentity(
        owner_id=laboratory.organisation_id,
        kind=standard["kind"],
        name_vi=standard["name_vi"],
        name_en=standard["name_en"],
        manufacturer="Nhà chế tạo Mẫu",
        serial_number=standard["serial_number"],
        asset_tag=standard["code"],
        accuracy_class=standard.get("accuracy_class"),
        location=keeping.place_of(standard["code"]),
        site_id=laboratory.site_id,
    )
    command = RegisterInstrument(identity, parts=register.parts(standard))
    instrument = services.register_instrument(session, actor, command, now=now)
    entry = RegisterStandard(
        instrument.id,
        laboratory.site_id,
        standard["code"],
        StandardRole(standard["role"]),
        level=standard.get("level"),
        interval_months=standard["interval_months"],
        custodian_id=keeping.custodian_of(laboratory, standard["code"]),
    )
    standard_id = services.register_standard(session, actor, entry, now=now).id
    for time in () if standard.get("own") else (*earlier, standard):
        changes = time.get("weights", {}) if time is not standard else {}
        said = standard if time is standard else {**standard, "digital": False}
        _calibrate(session, laboratory, said, standard_id, instrument, time["days_ago"], changes)
    _drift_and_paper(session, laboratory, standard, standard_id, instrument)


def _calibrate(
    session: Session,
    laboratory: Laboratory,
    standard: Record,
    standard_id: int,
    instrument: InstrumentFacts,
    days_ago: int,
    changes: Mapping[str, str],
) -> None:
    calibrated_on = laboratory.today - timedelta(days=days_ago)
    back_at = laboratory.at(calibrated_on + timedelta(days=5), hour=9)
    ranges = {(a.part.code, a.function.quantity, a.range.name): a.range.id for a in instrument.ranges()}
    contents = tuple(
        said.content(ranges[said.part, said.quantity, said.range_name])
        for said in register.statements(standard, changes)
    )
    command = RecordCalibration(
        standard_id=standard_id,
        certificate_number=f"{standard['certificate']}-{calibrated_on:%y}",
        laboratory_id=laboratory.organisations[standard["upstream"]],
        calibrated_on=calibrated_on,
        issued_on=calibrated_on + timedelta(days=2),
        contents=contents,
        accredited_symbol=True,
        terminals=(register.terminal(standard["upstream"], calibrated_on),),
    )
    if standard.get("digital"):
        command = digital.by_file(session, laboratory, instrument, command, now=back_at)
    calibration = services.record_calibration(session, laboratory.actor("kt01"), command, now=back_at)
    accept = AcceptCalibration(calibration.id, note="Kết quả phù hợp yêu cầu sử dụng")
    services.accept_calibration(session, laboratory.actor("cl01"), accept, now=back_at + timedelta(hours=2))


def _drift_and_paper(
    session: Session, laboratory: Laboratory, standard: Record, standard_id: int, instrument: InstrumentFacts
) -> None:
    first = max((standard, *standard.get("earlier", ())), key=lambda time: int(time["days_ago"]))
    calibrated_on = laboratory.today - timedelta(days=first["days_ago"])
    now = laboratory.at(calibrated_on + timedelta(days=5), hour=11)
    if drift := standard.get("drift"):
        wanted = drift.get("range")
        only = next(
            (a.range.id for a in instrument.ranges() if wanted and wanted in {a.function.quantity, a.range.name}), None
        )
        decision = RecordDrift(
            standard_id,
            drift["half_width"],
            drift["unit"],
            basis=drift["basis"],
            valid_from=calibrated_on,
            range_id=only,
            per=DriftPeriod(drift["per"]),
        )
        services.record_drift(session, laboratory.actor("cl01"), decision, now=now)
    if paper := standard.get("paper"):
        issued_on = laboratory.today - timedelta(days=paper["days_ago"])
        certified = RecordPaper(
            standard_id,
            PaperKind.CERTIFIED_FOR_VERIFICATION,
            paper["number"],
            issued_on,
            valid_until=issued_on + timedelta(days=int(Decimal("30.4") * paper["months"])),
        )
        at = laboratory.at(issued_on + timedelta(days=1), hour=10)
        services.record_paper(session, laboratory.actor("cl01"), certified, now=at)
