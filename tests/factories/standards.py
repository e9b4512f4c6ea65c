"""Instruments, standards and calibrations for tests; KL-05 of the weighing example is the default."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.people.access import Permission
from lims.people.models import Organisation, OrganisationName, Site
from standards import services
from standards.calibration_facts import CalibrationFacts, CalibrationSource, ContentKind
from standards.commands import (
    AcceptCalibration,
    InstrumentIdentity,
    NewContent,
    NewEdge,
    NewFunction,
    NewRange,
    NewTerminal,
    RecordCalibration,
    RecordDrift,
    RegisterInstrument,
    RegisterStandard,
)
from standards.facts import DriftFacts, InstrumentFacts, StandardFacts, StandardRole
from standards.queries import instrument_facts

CALIBRATED_ON = date(2026, 1, 12)
RECORDED_AT = datetime(2026, 1, 14, 2, 0, tzinfo=UTC)
ACCEPTED_AT = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)
USED_AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_numbers = count(1)


def recorder(laboratory_id: int) -> Actor:
    """Who manages instruments and standards of a laboratory."""
    permissions = {Permission.MANAGE_STANDARDS, Permission.MANAGE_INSTRUMENTS, Permission.VIEW_LABORATORY}
    return _actor(9001, "Người ghi", permissions, laboratory_id)


def acceptor(laboratory_id: int) -> Actor:
    """Another person, who accepts calibrations."""
    permissions = {Permission.MANAGE_STANDARDS, Permission.ACCEPT_CALIBRATIONS, Permission.VIEW_LABORATORY}
    return _actor(9002, "Người tiếp nhận", permissions, laboratory_id)


def _actor(person_id: int, name: str, permissions: set[Permission], laboratory_id: int) -> Actor:
    held = frozenset(str(permission) for permission in permissions)
    return Actor(person_id, name, held, frozenset({laboratory_id}), laboratory_id)


def make_body(session: Session, name: str = "Viện Đo lường Mẫu", **overrides: Any) -> Organisation:
    """An organisation with a name: a laboratory upstream unless told otherwise."""
    values = {"is_upstream": True, "search_text": name.lower(), "sort_key": name, "created_at": RECORDED_AT}
    body = Organisation(token=f"body-{next(_numbers)}", **{**values, **overrides})
    session.add(body)
    session.flush()
    session.add(
        OrganisationName(
            organisation_id=body.id,
            name_vi=name,
            address_vi="phường Mẫu 1",
            valid_from=date(2020, 1, 1),
            recorded_at=RECORDED_AT,
        )
    )
    session.flush()
    return body


def make_own_site(session: Session, **overrides: Any) -> Site:
    """A site of a laboratory of its own."""
    laboratory = make_body(session, "Trung tâm Mẫu", is_laboratory=True, is_upstream=False)
    values = {
        "organisation_id": laboratory.id,
        "code": f"TM{next(_numbers)}",
        "name_vi": "Trụ sở chính",
        "address_vi": "phường Mẫu 1",
        "valid_from": date(2020, 1, 1),
    }
    site = Site(**{**values, **overrides})
    session.add(site)
    session.flush()
    return site


def weight_range(nominal: str = "10000", unit: str = "g") -> NewFunction:
    """The one function and range of a weight."""
    return NewFunction("mass", unit, ranges=(NewRange(nominal=Decimal(nominal)),))


def make_instrument(
    session: Session, owner_id: int | None = None, *, functions: Sequence[NewFunction] = (), **overrides: Any
) -> InstrumentFacts:
    """A 10 kg weight, of a customer made for it if no owner is given."""
    owner = make_body(session, "Khách hàng Mẫu", is_customer=True).id if owner_id is None else owner_id
    number = f"SN-{next(_numbers)}"
    values = {"kind": "weight", "name_vi": "Quả cân 10 kg", "name_en": "10 kg weight", "serial_number": number}
    identity = InstrumentIdentity(owner_id=owner, **{**values, **overrides})
    command = RegisterInstrument(identity, functions=tuple(functions) or (weight_range(),))
    return services.register_instrument(session, recorder(0), command, now=RECORDED_AT)


def make_standard(session: Session, site: Site | None = None, **overrides: Any) -> StandardFacts:
    """A standard of a site, KL-05 like: a reference weight of 10 kg, class F2; no calibration yet."""
    place = site or make_own_site(session)
    functions = overrides.pop("functions", ())
    identity: dict[str, Any] = {"accuracy_class": "F2"}
    identity.update({name: overrides.pop(name) for name in ("kind", "name_vi", "name_en") if name in overrides})
    instrument = make_instrument(session, place.organisation_id, functions=functions, **identity)
    values: dict[str, Any] = {
        "code": f"KL-{next(_numbers):02d}",
        "role": StandardRole.REFERENCE,
        "level": "chuẩn công tác",
        "interval_months": 12,
    }
    command = RegisterStandard(instrument.id, place.id, **{**values, **overrides})
    return services.register_standard(session, recorder(place.organisation_id), command, now=RECORDED_AT)


def nmi_terminal(**overrides: Any) -> NewTerminal:
    """Evidence of a national institute that holds on the calibration date."""
    values: dict[str, Any] = {
        "kind": "nmi_cmc",
        "evidence": "CMC của Viện Đo lường Mẫu trong KCDB",
        "evidence_reference": "APMP.M.M-MAU-0001",
        "valid_from": date(2024, 1, 1),
    }
    return NewTerminal(**{**values, **overrides})


def weight_content(range_id: int, **overrides: Any) -> NewContent:
    """What KL-05's certificate says: 10 000,005 g, U = 45 mg, k = 2."""
    values: dict[str, Any] = {
        "kind": ContentKind.ELEMENT,
        "nominal": Decimal(10000),
        "value": Decimal("10000.005"),
        "unit": "g",
        "expanded_uncertainty": Decimal(45),
        "expanded_uncertainty_unit": "mg",
        "coverage_factor": Decimal(2),
        "coverage_probability": Decimal("0.9545"),
    }
    return NewContent(range_id, **{**values, **overrides})


def calibration_command(session: Session, standard: StandardFacts, **overrides: Any) -> RecordCalibration:
    """The command that records a calibration from outside of a standard like KL-05."""
    contents = overrides.pop("contents", None)
    if contents is None:
        ranges = instrument_facts(session, standard.instrument_id).ranges()
        contents = (weight_content(ranges[0].range.id),)
    values: dict[str, Any] = {
        "certificate_number": f"V02.CN5.{next(_numbers):04d}.26",
        "calibrated_on": CALIBRATED_ON,
        "terminals": (nmi_terminal(),),
    }
    values.update(overrides)
    if "laboratory_id" not in values:
        values["laboratory_id"] = make_body(session).id
    return RecordCalibration(standard.id, contents=contents, **values)


def make_calibration(
    session: Session, standard: StandardFacts | None = None, *, accepted: bool = True, **overrides: Any
) -> CalibrationFacts:
    """A calibration of a standard like KL-05, recorded by one person and accepted by another."""
    of = standard or make_standard(session)
    recorded_at = overrides.pop("recorded_at", RECORDED_AT)
    accepted_at = overrides.pop("accepted_at", ACCEPTED_AT)
    command = calibration_command(session, of, **overrides)
    facts = services.record_calibration(session, recorder(of.laboratory_id), command, now=recorded_at)
    if not accepted:
        return facts
    return services.accept_calibration(
        session, acceptor(of.laboratory_id), AcceptCalibration(facts.id), now=accepted_at
    )


def make_lower_calibration(
    session: Session, upper: CalibrationFacts, standard: StandardFacts, **overrides: Any
) -> CalibrationFacts:
    """A calibration made in house against another one."""
    values: dict[str, Any] = {
        "source": CalibrationSource.IN_HOUSE,
        "terminals": (),
        "edges": (NewEdge(upper.id),),
        "laboratory_id": standard.laboratory_id,
        "calibrated_on": date(2026, 2, 2),
        "recorded_at": datetime(2026, 2, 3, 2, 0, tzinfo=UTC),
        "accepted_at": datetime(2026, 2, 4, 2, 0, tzinfo=UTC),
        "run_id": 1,
        "run_number": "HC-TM-2026-00001",
    }
    return make_calibration(session, standard, **{**values, **overrides})


def make_drift(session: Session, standard: StandardFacts, **overrides: Any) -> DriftFacts:
    """The drift of the weighing example: at most 15 mg either way."""
    values: dict[str, Any] = {
        "half_width_expression": "15",
        "unit": "mg",
        "basis": "Ba giấy chứng nhận gần nhất",
        "valid_from": date(2026, 1, 15),
    }
    command = RecordDrift(standard.id, **{**values, **overrides})
    return services.record_drift(session, recorder(standard.laboratory_id), command, now=ACCEPTED_AT)
