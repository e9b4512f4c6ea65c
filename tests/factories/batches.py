"""Thermometers in one bath, for tests: a procedure with paired readings, items of one job, a batch with everything."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.calibrations.batch_commands import ChooseBatchEquipment, OpenBatch, RecordBatchReading
from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.batch_reading_services import record_batch_reading
from lims.calibrations.batch_services import choose_batch_equipment, open_batch
from lims.calibrations.commands import RecordReading
from lims.calibrations.facts import CONDITIONS, Address, ReadingFacts
from lims.calibrations.reading_services import record_reading
from lims.core.actor import Actor
from lims.jobs.facts import AgreedPoints, AgreedSpecification, DecisionRule, JobItemFacts, RuleKind, SpecificationKind
from lims.people.facts import Role
from lims.people.models import Site
from lims.procedures.definition import parse_definition
from lims.procedures.facts import Activity, ProcedureFile, ProcedureHeader, ProcedureVersionFacts
from standards.calibration_facts import CalibrationFacts, ContentKind
from standards.commands import NewContent, NewFunction, NewRange
from standards.facts import StandardFacts
from standards.queries import instrument_facts
from tests.factories import jobs, procedures, standards
from tests.factories.calibrations import (
    NOW,
    authorise,
    authorise_signatory,
    make_actor,
    make_hygrometer,
    make_hygrometer_calibration,
)

POINTS: Final = ("0", "50")
REPEATS: Final = 3
STANDARD_TEXTS: Final = {"0": ("0,002", "0,004", "0,003"), "50": ("50,012", "50,008", "50,010")}
"""What the reference thermometer showed, in °C, at each point, one after the other."""
SPECIFICATION: Final = AgreedSpecification(
    kind=SpecificationKind.LIMITS,
    title_vi="±0,3 °C",
    title_en="±0.3 °C",
    lower=Decimal("-0.3"),
    upper=Decimal("0.3"),
    unit="degC",
)


@dataclass(frozen=True)
class Bath:
    """A laboratory that measures thermometers in a bath; the people are authorised for what they do."""

    site: Site
    technician: Actor
    colleague: Actor
    reviewer: Actor
    signatory: Actor
    version: ProcedureVersionFacts
    items: tuple[JobItemFacts, ...]
    standard: StandardFacts
    calibration: CalibrationFacts
    hygrometer: StandardFacts
    hygrometer_calibration: CalibrationFacts

    @property
    def item_ids(self) -> tuple[int, ...]:
        """Return the keys of the items on the bench."""
        return tuple(item.id for item in self.items)


def thermometer_file(points: Sequence[str] = POINTS, repeats: int = REPEATS) -> ProcedureFile:
    """Return a procedure by which thermometers are compared with a reference in a bath."""
    section = {
        "code": "temperature",
        "title_vi": "Sai số chỉ thị",
        "title_en": "Error of indication",
        "quantity": "temperature",
        "unit": "degC",
        "layout": {"kind": "paired", "repeats": repeats, "entry_unit": "degC"},
        "points": [
            {
                "code": f"t{point}",
                "nominal": point,
                "unit": "degC",
                "title_vi": f"{point} °C",
                "title_en": f"{point} °C",
            }
            for point in points
        ],
        "inputs": [
            {
                "symbol": "dt",
                "kind": "derived",
                "reduction": "ab_difference",
                "roles": ["standard", "item"],
                "unit": "delta_degC",
                "title_vi": "Số chỉ của nhiệt kế trừ số chỉ của chuẩn",
                "title_en": "Indication of the thermometer minus that of the standard",
            },
            {
                "symbol": "t_S",
                "kind": "reference_value",
                "slot": "reference",
                "unit": "degC",
                "title_vi": "Nhiệt độ theo chuẩn",
                "title_en": "Temperature by the standard",
            },
            {
                "symbol": "d_X",
                "kind": "resolution",
                "unit": "delta_degC",
                "title_vi": "Độ phân giải",
                "title_en": "Resolution",
            },
            {"symbol": "t_N", "kind": "nominal", "unit": "degC", "title_vi": "Điểm đo", "title_en": "Point"},
        ],
        "outputs": [
            {
                "name": "E",
                "expression": "dt + d_X - (t_S - t_N)",
                "unit": "delta_degC",
                "title_vi": "Sai số chỉ thị",
                "title_en": "Error of indication",
                "error": "value",
                "report": {"form": "value", "unit": "delta_degC"},
            }
        ],
    }
    equipment: list[dict[str, Any]] = [
        {
            "slot": "reference",
            "role": "reference",
            "quantity": "temperature",
            "title_vi": "Nhiệt kế chuẩn",
            "title_en": "Reference thermometer",
        },
        {
            "slot": "thermo_hygrometer",
            "role": "influence",
            "quantity": "temperature",
            "condition_quantities": ["temperature"],
            "title_vi": "Nhiệt ẩm kế",
            "title_en": "Thermo-hygrometer",
        },
    ]
    conditions = [
        {
            "quantity": "temperature",
            "unit": "degC",
            "lower": "18",
            "upper": "28",
            "title_vi": "Nhiệt độ phòng",
            "title_en": "Room temperature",
        }
    ]
    header = ProcedureHeader(
        code="HC-ND-01",
        version="1",
        title_vi="Hiệu chuẩn nhiệt kế hiện số",
        title_en="Calibration of digital thermometers",
        instrument_kind="digital_thermometer",
        method_reference="HC-ND-01:2026",
        activity="calibration",
        legal_regime="calibration",
    )
    content = {"schema": 1, "sections": [section], "equipment": equipment, "conditions": conditions}
    return ProcedureFile(header, parse_definition(content))


def thermometer_function(resolution: str | None = "0.1") -> NewFunction:
    """Return the one function of a thermometer from 0 °C to 100 °C."""
    step = None if resolution is None else Decimal(resolution)
    return NewFunction(
        "temperature",
        "degC",
        ranges=(NewRange(lower=Decimal(0), upper=Decimal(100), resolution=step, resolution_unit="degC"),),
    )


def make_bath(session: Session, *, items: int = 4, file: ProcedureFile | None = None) -> Bath:
    """Put a laboratory into the database that can measure thermometers in a bath, some of which were received."""
    site = standards.make_own_site(session, reviewer_may_release=False)
    version = procedures.make_procedure_version(
        session, organisation_id=site.organisation_id, file=file or thermometer_file()
    )
    technician = make_actor(session, site, Role.TECHNICIAN, "Kỹ Thuật Viên")
    colleague = make_actor(session, site, Role.TECHNICIAN, "Đồng Nghiệp")
    reviewer = make_actor(session, site, Role.TECHNICAL_MANAGER, "Phụ Trách Kỹ Thuật")
    signatory = make_actor(session, site, Role.SIGNATORY, "Giám Đốc")
    for actor in (technician, colleague):
        authorise(session, actor, version, Activity.PERFORM)
    authorise(session, reviewer, version, Activity.REVIEW)
    authorise_signatory(session, signatory)
    customer = standards.make_body(session, "Khách hàng Mẫu", is_customer=True, is_upstream=False)
    job = jobs.make_job(session, site_id=site.id, customer_id=customer.id)
    standard = standards.make_standard(
        session,
        site,
        kind="reference_thermometer",
        name_vi="Nhiệt kế chuẩn",
        name_en="Reference thermometer",
        functions=(thermometer_function(None),),
    )
    place = instrument_facts(session, standard.instrument_id).ranges()[0]
    content = NewContent(
        place.range.id,
        ContentKind.EXPRESSION,
        unit="degC",
        expanded_uncertainty_expression="0.02",
        expanded_uncertainty_unit="degC",
        coverage_factor=Decimal(2),
    )
    calibration = standards.make_calibration(session, standard, contents=(content,))
    hygrometer = make_hygrometer(session, site)
    return Bath(
        site,
        technician,
        colleague,
        reviewer,
        signatory,
        version,
        tuple(make_thermometer_item(session, job, version, place) for place in range(1, items + 1)),
        standard,
        calibration,
        hygrometer,
        make_hygrometer_calibration(session, hygrometer),
    )


def make_thermometer_item(
    session: Session,
    job: Any,
    version: ProcedureVersionFacts,
    position: int,
    *,
    points: tuple[AgreedPoints, ...] = (),
) -> JobItemFacts:
    """Receive a thermometer of a customer."""
    thermometer = standards.make_instrument(
        session,
        job.customer_id,
        functions=(thermometer_function(),),
        kind="digital_thermometer",
        name_vi="Nhiệt kế hiện số",
        name_en="Digital thermometer",
        serial_number=f"T-{position:03d}",
    )
    return jobs.make_job_item(
        session,
        job=job,
        instrument_id=thermometer.id,
        procedure_version_id=version.id,
        agreed_specification=SPECIFICATION,
        decision_rule=DecisionRule(RuleKind.GUARD_BAND_U),
        points=points,
    )


def shared_cell(point: str = "50", sequence: int = 1) -> Address:
    """Return a cell of the reference thermometer."""
    return Address("temperature", f"t{point}", 1, "", sequence, "standard")


def own_cell(point: str = "50", sequence: int = 1) -> Address:
    """Return a cell of an item."""
    return Address("temperature", f"t{point}", 1, "", sequence, "item")


def condition_cell(sequence: int = 1) -> Address:
    """Return a cell of the room's temperature."""
    return Address(CONDITIONS, "temperature", 1, "", sequence, "influence")


def shared_command(batch: BatchFacts, address: Address, text: str, **changes: Any) -> RecordBatchReading:
    """Return the command that writes a shared reading, with a UUID of its own."""
    values = {"client_uuid": secrets.token_hex(16), **changes}
    return RecordBatchReading(batch.id, address, text, "degC", **values)


def own_command(run_id: int, address: Address, text: str, **changes: Any) -> RecordReading:
    """Return the command that writes an item's own reading, with a UUID of its own."""
    values = {"client_uuid": secrets.token_hex(16), **changes}
    return RecordReading(run_id, address, text, "degC", **values)


def make_batch(session: Session, bath: Bath, *, now: datetime = NOW) -> BatchFacts:
    """Open a batch of all items."""
    return open_batch(session, bath.technician, OpenBatch(bath.item_ids, room="P.102"), now=now)


def equip_batch(session: Session, bath: Bath, batch: BatchFacts, *, now: datetime = NOW) -> None:
    """Choose the reference thermometer and the thermo-hygrometer for all items."""
    for slot, standard, calibration in (
        ("reference", bath.standard, bath.calibration),
        ("thermo_hygrometer", bath.hygrometer, bath.hygrometer_calibration),
    ):
        command = ChooseBatchEquipment(batch.id, slot, standard.id, calibration.id)
        choose_batch_equipment(session, bath.technician, command, now=now)


def read_batch(session: Session, bath: Bath, batch: BatchFacts, *, now: datetime = NOW) -> list[ReadingFacts]:
    """Write the room's readings, the standard's, and those of each item: the n-th shows n hundredths too much."""
    found = [
        record_batch_reading(session, bath.technician, shared_command(batch, condition_cell(place), text), now=now)
        for place, text in ((1, "23,1"), (2, "23,3"))
    ]
    for point, texts in STANDARD_TEXTS.items():
        for place, text in enumerate(texts, start=1):
            command = shared_command(batch, shared_cell(point, place), text)
            found.append(record_batch_reading(session, bath.technician, command, now=now))
            for number, run in enumerate(batch.drafts, start=1):
                shown = f"{Decimal(point) + Decimal(number) / 100:f}"
                own = own_command(run.id, own_cell(point, place), shown)
                found.append(record_reading(session, bath.technician, own, now=now))
    return found


def measured_batch(session: Session, bath: Bath, *, now: datetime = NOW) -> BatchFacts:
    """A batch of drafts with equipment, conditions and all readings."""
    batch = make_batch(session, bath, now=now)
    equip_batch(session, bath, batch, now=now)
    read_batch(session, bath, batch, now=now)
    return batch
