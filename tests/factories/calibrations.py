"""A laboratory ready to weigh, for tests: people with authorisations, a procedure, standards, an item, runs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from sqlalchemy.orm import Session

from lims.calibrations.commands import ChooseEquipment, Decide, OpenRun, RecordReading
from lims.calibrations.decision_services import release_run, review_run, submit_run
from lims.calibrations.facts import CONDITIONS, Address, ReadingFacts, RunFacts
from lims.calibrations.reading_services import record_reading
from lims.calibrations.services import choose_equipment, open_run
from lims.core.actor import Actor
from lims.jobs.facts import AgreedSpecification, DecisionRule, JobItemFacts
from lims.people.access import permissions_of
from lims.people.facts import Role
from lims.people.models import Membership, Person, Site
from lims.people.passwords import hash_password
from lims.procedures.facts import Activity, ProcedureVersionFacts, SignatoryKind
from standards.calibration_facts import CalibrationFacts, ContentKind
from standards.commands import NewContent, NewFunction, NewRange
from standards.facts import StandardFacts, StandardRole
from standards.queries import instrument_facts
from tests.factories import jobs, procedures, standards
from tests.factories.people import PASSWORD

NOW: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
READINGS: Final = (
    (1, 1, "standard", "0.010"),
    (1, 2, "item", "0,020"),
    (1, 3, "item", "0.025"),
    (1, 4, "standard", "0.015"),
    (2, 1, "standard", "0.025"),
    (2, 2, "item", "0.050"),
    (2, 3, "item", "0.055"),
    (2, 4, "standard", "0.020"),
    (3, 1, "standard", "0.010"),
    (3, 2, "item", "0.030"),
    (3, 3, "item", "0,040"),
    (3, 4, "standard", "0.020"),
)
"""The readings of EA-4/02 M, S2, in g, with comma and point."""
CONDITION_READINGS: Final = (
    ("temperature", 1, "20,1", "degC"),
    ("temperature", 2, "20.3", "degC"),
    ("relative_humidity", 1, "50", "%"),
    ("relative_humidity", 2, "51", "%"),
)


@dataclass(frozen=True)
class Bench:
    """A laboratory with an item on the bench; `technician` to `signatory` are authorised for what they do."""

    site: Site
    technician: Actor
    colleague: Actor
    reviewer: Actor
    signatory: Actor
    version: ProcedureVersionFacts
    item: JobItemFacts
    standard: StandardFacts
    calibration: CalibrationFacts
    hygrometer: StandardFacts
    hygrometer_calibration: CalibrationFacts


@lru_cache
def _hash() -> str:
    return hash_password(PASSWORD)


def sign_in_name(session: Session, actor: Actor) -> str:
    """Return what a person signs in with; the password is PASSWORD."""
    return str(session.get_one(Person, actor.person_id).sign_in_name)


def make_actor(session: Session, site: Site, role: Role, name: str) -> Actor:
    """A person of the laboratory in a role, who can sign in as their role's name."""
    person = Person(
        full_name=name,
        title_vi="Chức danh",
        title_en="Title",
        sign_in_name=f"{role}-{secrets.token_hex(4)}",
        password_hash=_hash(),
        session_stamp=secrets.token_hex(8),
        search_text=name.lower(),
        sort_key=name,
        created_at=NOW,
    )
    session.add(person)
    session.flush()
    membership = Membership(
        person_id=person.id, organisation_id=site.organisation_id, role=role, valid_from=date(2020, 1, 1)
    )
    session.add(membership)
    session.flush()
    return Actor(
        person.id,
        name,
        permissions_of([role]),
        frozenset({site.organisation_id}),
        site.organisation_id,
        frozenset({site.id}),
        roles=frozenset({str(role)}),
    )


def make_bench(
    session: Session,
    *,
    specification: AgreedSpecification | None = None,
    rule: DecisionRule | None = None,
) -> Bench:
    """Put a laboratory into the database that can weigh 10 kg as in EA-4/02 M, S2."""
    site = standards.make_own_site(session, reviewer_may_release=False)
    version = procedures.make_procedure_version(session, organisation_id=site.organisation_id)
    technician = make_actor(session, site, Role.TECHNICIAN, "Kỹ Thuật Viên")
    colleague = make_actor(session, site, Role.TECHNICIAN, "Đồng Nghiệp")
    reviewer = make_actor(session, site, Role.TECHNICAL_MANAGER, "Phụ Trách Kỹ Thuật")
    signatory = make_actor(session, site, Role.SIGNATORY, "Giám Đốc")
    for actor in (technician, colleague):
        authorise(session, actor, version, Activity.PERFORM)
    authorise(session, reviewer, version, Activity.REVIEW)
    authorise_signatory(session, signatory)
    customer = standards.make_body(session, "Khách hàng Mẫu", is_customer=True, is_upstream=False)
    item = jobs.make_job_item(
        session,
        job=jobs.make_job(session, site_id=site.id, customer_id=customer.id),
        instrument_id=standards.make_instrument(session, customer.id).id,
        procedure_version_id=version.id,
        agreed_specification=specification,
        decision_rule=rule,
    )
    standard = standards.make_standard(session, site)
    calibration = standards.make_calibration(session, standard)
    standards.make_drift(session, standard)
    hygrometer = make_hygrometer(session, site)
    return Bench(
        site,
        technician,
        colleague,
        reviewer,
        signatory,
        version,
        item,
        standard,
        calibration,
        hygrometer,
        make_hygrometer_calibration(session, hygrometer),
    )


def authorise(session: Session, actor: Actor, version: ProcedureVersionFacts, activity: Activity) -> None:
    """Authorise a person for a procedure."""
    procedures.make_authorisation(
        session, person_id=actor.person_id, activity=activity, procedure_id=version.procedure_id
    )


def authorise_signatory(session: Session, actor: Actor) -> None:
    """Authorise a person to sign calibration certificates."""
    procedures.make_authorisation(
        session,
        person_id=actor.person_id,
        activity=Activity.RELEASE,
        signatory_kind=SignatoryKind.CALIBRATION_CERTIFICATE,
    )


def make_hygrometer(session: Session, site: Site, role: StandardRole = StandardRole.INFLUENCE) -> StandardFacts:
    """A thermo-hygrometer, the room's if nothing else is said."""
    return standards.make_standard(
        session,
        site,
        role=role,
        kind="thermo_hygrometer",
        name_vi="Nhiệt ẩm kế phòng",
        name_en="Room thermo-hygrometer",
        functions=(
            NewFunction("temperature", "degC", ranges=(NewRange(lower=Decimal(5), upper=Decimal(50)),)),
            NewFunction("relative_humidity", "%", ranges=(NewRange(lower=Decimal(10), upper=Decimal(95)),)),
        ),
    )


def make_hygrometer_calibration(session: Session, hygrometer: StandardFacts) -> CalibrationFacts:
    """Its calibration, accepted."""
    temperature, humidity = instrument_facts(session, hygrometer.instrument_id).ranges()
    contents = tuple(
        NewContent(
            place.range.id,
            ContentKind.EXPRESSION,
            unit=unit,
            identifier=place.function.quantity,
            expanded_uncertainty_expression=expanded,
            expanded_uncertainty_unit=expanded_unit,
            coverage_factor=Decimal(2),
        )
        for place, unit, expanded, expanded_unit in (
            (temperature, "degC", "0.3", "degC"),
            (humidity, "%", "2", "%"),
        )
    )
    return standards.make_calibration(session, hygrometer, contents=contents)


def make_run(session: Session, bench: Bench, *, now: datetime = NOW) -> RunFacts:
    """Open a run of the bench's item."""
    return open_run(session, bench.technician, OpenRun(job_item_id=bench.item.id, room="P.101"), now=now)


def equip(session: Session, bench: Bench, run: RunFacts, *, now: datetime = NOW) -> None:
    """Choose the reference weight and the thermo-hygrometer."""
    for slot, standard, calibration in (
        ("reference", bench.standard, bench.calibration),
        ("thermo_hygrometer", bench.hygrometer, bench.hygrometer_calibration),
    ):
        command = ChooseEquipment(run.id, slot, standard.id, calibration.id)
        choose_equipment(session, bench.technician, command, now=now)


def cell(cycle: int = 1, place: int = 1, role: str = "standard") -> Address:
    """The address of a cell of the weighing sheet."""
    return Address("weighing", "10kg", cycle, "", place, role)


def reading_command(run: RunFacts, address: Address, text: str, unit: str = "g", **changes: object) -> RecordReading:
    """The command to write a reading, with a UUID of its own."""
    values = {"client_uuid": secrets.token_hex(16), **changes}
    return RecordReading(run.id, address, text, unit, **values)  # type: ignore[arg-type]  # changes are named


def read_all(
    session: Session, bench: Bench, run: RunFacts, *, now: datetime = NOW, observed: Sequence[datetime] = ()
) -> list[ReadingFacts]:
    """Write the conditions and the twelve readings; the first of them were observed at the times given."""
    commands = [
        reading_command(run, Address(CONDITIONS, quantity, 1, "", place, "influence"), text, unit)
        for quantity, place, text, unit in CONDITION_READINGS
    ]
    commands += [reading_command(run, cell(cycle, place, role), text) for cycle, place, role, text in READINGS]
    times = [*observed, *[now] * (len(commands) - len(observed))]
    timed = [replace(command, observed_at=at) for command, at in zip(commands, times, strict=True)]
    return [record_reading(session, bench.technician, command, now=now) for command in timed]


def measured_run(session: Session, bench: Bench, *, now: datetime = NOW) -> RunFacts:
    """A draft with equipment, conditions and all readings."""
    run = make_run(session, bench, now=now)
    equip(session, bench, run, now=now)
    read_all(session, bench, run, now=now)
    return run


def submitted_run(session: Session, bench: Bench, *, now: datetime = NOW) -> RunFacts:
    """A run that waits for review."""
    run = measured_run(session, bench, now=now)
    submit_run(session, bench.technician, Decide(run.id), now=now + timedelta(minutes=30))
    return run


def reviewed_run(session: Session, bench: Bench, *, now: datetime = NOW) -> RunFacts:
    """A run that waits for release."""
    run = submitted_run(session, bench, now=now)
    review_run(session, bench.reviewer, Decide(run.id), now=now + timedelta(hours=1))
    return run


def released_run(session: Session, bench: Bench, *, now: datetime = NOW) -> RunFacts:
    """A run that a certificate may cover."""
    run = reviewed_run(session, bench, now=now)
    release_run(session, bench.signatory, Decide(run.id), now=now + timedelta(hours=2))
    return run
