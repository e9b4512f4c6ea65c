"""The demonstration laboratory's reference weight, its influence and auxiliary equipment, with their calibrations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from lims.demo.laboratory import Laboratory
from standards import services
from standards.calibration_facts import ContentKind, TerminalKind
from standards.commands import (
    AcceptCalibration,
    InstrumentIdentity,
    NewContent,
    NewFunction,
    NewRange,
    NewTerminal,
    RecordCalibration,
    RecordDrift,
    RegisterInstrument,
    RegisterStandard,
)
from standards.facts import StandardRole

LEVEL_95 = Decimal("0.9545")
K_2 = Decimal(2)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One range of a standard with what its certificate says: U (k = 2) of the value at the nominal."""

    quantity: str
    unit: str
    lower: str
    upper: str
    nominal: str
    value: str
    expanded_uncertainty: str
    uncertainty_unit: str
    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class Equipment:
    """A standard of the demonstration laboratory; `certificate` empty means that it needs no calibration."""

    code: str
    role: StandardRole
    kind: str
    name_vi: str
    name_en: str
    serial_number: str
    quantities: tuple[Quantity, ...]
    accuracy_class: str | None = None
    manufacturer: str = "Nhà chế tạo Mẫu"
    model: str | None = None
    upstream: str = ""
    certificate: str = ""
    calibrated_days_ago: int = 0
    interval_months: int = 12
    drift: tuple[str, str, str] | None = None


WEIGHT = Quantity("mass", "g", "10000", "10000", "10000", "10000.005", "45", "mg")
ROOM = (
    Quantity("temperature", "degC", "5", "50", "20", "20.0", "0.3", "degC", "0.1"),
    Quantity("relative_humidity", "%", "10", "95", "50", "50.0", "2", "%", "0.1"),
)

EQUIPMENT: Sequence[Equipment] = (
    Equipment(
        code="KL-05",
        role=StandardRole.REFERENCE,
        kind="weight",
        name_vi="Quả cân chuẩn F2 10 kg",
        name_en="Reference weight F2, 10 kg",
        serial_number="M-05-2019",
        quantities=(WEIGHT,),
        accuracy_class="F2",
        upstream="vmi",
        certificate="V-KL-0417",
        calibrated_days_ago=96,
        drift=("15", "mg", "Quả cân cùng loại thay đổi không quá 15 mg giữa hai lần hiệu chuẩn"),
    ),
    Equipment(
        code="KL-06",
        role=StandardRole.REFERENCE,
        kind="weight",
        name_vi="Quả cân chuẩn F2 10 kg (quá hạn)",
        name_en="Reference weight F2, 10 kg (overdue)",
        serial_number="M-06-2015",
        quantities=(WEIGHT,),
        accuracy_class="F2",
        upstream="vmi",
        certificate="V-KL-0102",
        calibrated_days_ago=430,
        drift=("15", "mg", "Quả cân cùng loại thay đổi không quá 15 mg giữa hai lần hiệu chuẩn"),
    ),
    Equipment(
        code="NH-01",
        role=StandardRole.INFLUENCE,
        kind="thermo_hygrometer",
        name_vi="Nhiệt ẩm kế",
        name_en="Thermo-hygrometer",
        serial_number="NH-2201",
        quantities=ROOM,
        upstream="quatest1",
        certificate="Q1-NA-2231",
        calibrated_days_ago=140,
    ),
    Equipment(
        code="PB-01",
        role=StandardRole.INFLUENCE,
        kind="barometer",
        name_vi="Áp kế khí quyển",
        name_en="Barometer",
        serial_number="PB-1107",
        quantities=(Quantity("pressure", "kPa", "80", "110", "100", "100.0", "0.1", "kPa", "0.01"),),
        upstream="quatest1",
        certificate="Q1-AS-0917",
        calibrated_days_ago=60,
    ),
    Equipment(
        code="CS-01",
        role=StandardRole.AUXILIARY,
        kind="balance",
        name_vi="Cân so sánh 10 kg",
        name_en="Mass comparator, 10 kg",
        serial_number="CS-0731",
        quantities=(Quantity("mass", "g", "0", "10100", "10000", "10000.00", "0.05", "g", "0.005"),),
        upstream="quatest1",
        certificate="Q1-KL-1188",
        calibrated_days_ago=200,
    ),
)


def add_equipment(session: Session, laboratory: Laboratory) -> None:
    """Register all equipment with its calibrations, accepted by the quality manager some days after they came back."""
    for equipment in EQUIPMENT:
        _add(session, laboratory, equipment)


def _add(session: Session, laboratory: Laboratory, equipment: Equipment) -> None:
    calibrated_on = laboratory.today - timedelta(days=equipment.calibrated_days_ago)
    recorded_at = laboratory.at(calibrated_on + timedelta(days=5), hour=9)
    recorder, acceptor = laboratory.actor("kt01"), laboratory.actor("cl01")
    identity = InstrumentIdentity(
        owner_id=laboratory.organisation_id,
        kind=equipment.kind,
        name_vi=equipment.name_vi,
        name_en=equipment.name_en,
        manufacturer=equipment.manufacturer,
        model=equipment.model,
        serial_number=equipment.serial_number,
        asset_tag=equipment.code,
        accuracy_class=equipment.accuracy_class,
        site_id=laboratory.site_id,
    )
    register = RegisterInstrument(identity, functions=tuple(_function(item) for item in equipment.quantities))
    instrument = services.register_instrument(session, recorder, register, now=recorded_at)
    standard = services.register_standard(
        session,
        recorder,
        RegisterStandard(
            instrument.id,
            laboratory.site_id,
            equipment.code,
            equipment.role,
            level="working" if equipment.role is StandardRole.REFERENCE else None,
            interval_months=equipment.interval_months,
        ),
        now=recorded_at,
    )
    ranges = [address.range.id for address in instrument.ranges()]
    command = _calibration(laboratory, equipment, standard.id, ranges, calibrated_on)
    calibration = services.record_calibration(session, recorder, command, now=recorded_at)
    accept = AcceptCalibration(calibration.id, note="Kết quả phù hợp yêu cầu sử dụng")
    services.accept_calibration(session, acceptor, accept, now=recorded_at + timedelta(hours=2))
    if equipment.drift is not None:
        half_width, unit, basis = equipment.drift
        drift = RecordDrift(standard.id, half_width, unit, basis=basis, valid_from=calibrated_on)
        services.record_drift(session, acceptor, drift, now=recorded_at + timedelta(hours=2))


def _function(item: Quantity) -> NewFunction:
    only = NewRange(
        lower=Decimal(item.lower),
        upper=Decimal(item.upper),
        nominal=Decimal(item.nominal) if item.lower == item.upper else None,
        resolution=Decimal(item.resolution) if item.resolution else None,
    )
    return NewFunction(item.quantity, item.unit, ranges=(only,))


def _calibration(
    laboratory: Laboratory, equipment: Equipment, standard_id: int, ranges: Sequence[int], calibrated_on: date
) -> RecordCalibration:
    contents = tuple(
        NewContent(
            range_id,
            ContentKind.ELEMENT,
            unit=item.unit,
            identifier=item.nominal,
            nominal=Decimal(item.nominal),
            value=Decimal(item.value),
            expanded_uncertainty=Decimal(item.expanded_uncertainty),
            expanded_uncertainty_unit=item.uncertainty_unit,
            coverage_factor=K_2,
            coverage_probability=LEVEL_95,
        )
        for range_id, item in zip(ranges, equipment.quantities, strict=True)
    )
    return RecordCalibration(
        standard_id=standard_id,
        certificate_number=f"{equipment.certificate}-{calibrated_on:%y}",
        laboratory_id=laboratory.organisations[equipment.upstream],
        calibrated_on=calibrated_on,
        issued_on=calibrated_on + timedelta(days=2),
        contents=contents,
        accredited_symbol=True,
        terminals=(_terminal(equipment, calibrated_on),),
    )


def _terminal(equipment: Equipment, calibrated_on: date) -> NewTerminal:
    since, until = calibrated_on - timedelta(days=700), calibrated_on + timedelta(days=700)
    if equipment.upstream == "vmi":
        return NewTerminal(
            TerminalKind.NMI_CMC,
            evidence="Viện Đo lường quốc gia có CMC về khối lượng trong KCDB của BIPM (dữ liệu mẫu)",
            evidence_reference="M-MASS-00",
            valid_from=since,
            valid_to=until,
        )
    return NewTerminal(
        TerminalKind.ACCREDITED_LABORATORY,
        evidence="Phòng thí nghiệm được công nhận ISO/IEC 17025, có dấu công nhận trên giấy (dữ liệu mẫu)",
        evidence_reference="VILAS 000",
        symbol_on_certificate=True,
        valid_from=since,
        valid_to=until,
    )
