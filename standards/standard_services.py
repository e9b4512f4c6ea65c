"""What people do with standards: register, change state, decide on drift, keep papers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from calc.quantities import Distribution
from lims.core import audit
from lims.core.actor import Actor
from lims.core.blobs import get_blob
from lims.core.clock import local_date
from lims.core.errors import NotFound, RuleViolation, StaleRecord
from lims.people.access import Permission, require
from lims.people.models import Organisation, Person, Site
from standards import queries
from standards.beside_queries import open_movements
from standards.calibration_facts import CalibrationState
from standards.calibration_models import Standard, StandardDrift, StandardPaper, StandardStateChange
from standards.commands import ChangeStandardState, RecordDrift, RecordPaper, RegisterStandard
from standards.entries import Checker
from standards.facts import DriftFacts, PaperFacts, PaperKind, StandardFacts, StandardState
from standards.models import Instrument
from standards.validity import REASON_NEEDED, USABLE_STATES, in_force, may_follow

_EQUIPMENT = "ISO/IEC 17025:2017, 6.4"


def register_standard(session: Session, actor: Actor, command: RegisterStandard, *, now: datetime) -> StandardFacts:
    """Take an instrument of the laboratory into a role. For those who manage standards (6.4.13).

    It starts as returned, awaiting acceptance of its first calibration; available if it needs none. Refuses an
    instrument of another owner, one that is a standard already, and a code in use at the site.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    site = own_site(session, actor, command.site_id)
    check = Checker()
    check.required("code", command.code)
    instrument = session.get(Instrument, command.instrument_id)
    if instrument is None:
        check.refuse("instrument_id", "instrument.not_found")
    elif instrument.owner_id != site.organisation_id:
        check.refuse("instrument_id", "standard.of_another_owner")
    elif session.execute(select(Standard.id).where(Standard.instrument_id == instrument.id)).first() is not None:
        check.refuse("instrument_id", "standard.registered_already")
    taken = select(Standard.id).where(Standard.site_id == site.id, Standard.code == command.code)
    if session.execute(taken).first() is not None:
        check.refuse("code", "standard.code_taken", text=command.code)
    if command.interval_months is not None and command.interval_months < 1:
        check.refuse("interval_months", "field.below", lower=1, text=str(command.interval_months))
    if command.custodian_id is not None and session.get(Person, command.custodian_id) is None:
        check.refuse("custodian_id", "standard.custodian_unknown")
    check.finish()
    standard = Standard(created_at=now, **asdict(command))
    session.add(standard)
    session.flush()
    first = StandardState.RETURNED if command.needs_calibration else StandardState.AVAILABLE
    add_state(session, actor, standard.id, first, now=now)
    audit.record(
        session,
        actor,
        "standard.registered",
        ("standard", standard.id),
        now=now,
        site_id=site.id,
        after={**asdict(command), "state": first},
    )
    return queries.standard_facts(session, standard.id)


def change_standard_state(
    session: Session, actor: Actor, command: ChangeStandardState, *, now: datetime
) -> StandardFacts:
    """Record a new availability state. For those who manage standards (6.4.3, 6.4.9).

    Quarantine, retirement and sending out say why, a limitation says to what. Refuses a state that cannot follow;
    nothing becomes available again without an accepted calibration in date, where it needs one.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id, lock=True)
    if command.row_version is not None and command.row_version != row.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=row.row_version)
    check = Checker()
    if command.state in REASON_NEEDED:
        check.required("reason", command.reason)
    if command.state is StandardState.LIMITED:
        check.required("limitation", command.limitation)
    check.finish()
    current = standard.state_at(now)
    if not may_follow(current, command.state):
        was = current.state if current is not None else StandardState.RETURNED
        raise RuleViolation("standard.state_cannot_follow", clause=_EQUIPMENT, state=was, wanted=command.state)
    if command.state is StandardState.RETURNED and row.id in open_movements(session, [row.id]):
        raise RuleViolation("movement.receive_it", clause="ISO/IEC 17025:2017, 6.4.3")
    if command.state in USABLE_STATES:
        _check_acceptable(session, standard, now)
    limitation = command.limitation if command.state is StandardState.LIMITED else None
    add_state(session, actor, row.id, command.state, now=now, reason=command.reason, limitation=limitation)
    touch(row)
    session.flush()
    audit.record(
        session,
        actor,
        "standard.state_changed",
        ("standard", row.id),
        now=now,
        site_id=row.site_id,
        before={"state": None if current is None else current.state},
        after={"state": command.state, "reason": command.reason, "limitation": limitation},
    )
    return queries.standard_facts(session, row.id)


def _check_acceptable(session: Session, standard: StandardFacts, now: datetime) -> None:
    if not standard.needs_calibration:
        return
    calibrations = queries.calibrations_of(session, standard.id)
    ranges = {range_id for item in calibrations for range_id in item.range_ids}
    counting = [in_force(calibrations, range_id, now) for range_id in ranges]
    if not any(item is not None and item.state is CalibrationState.ACCEPTED for item in counting):
        raise RuleViolation("standard.no_accepted_calibration", clause="ISO/IEC 17025:2017, 6.4.4")


def record_drift(session: Session, actor: Actor, command: RecordDrift, *, now: datetime) -> DriftFacts:
    """Decide how far a standard may drift, with its basis, from a date on. For those who manage standards (7.6.1).

    Refuses a formula or unit that does not fit, a range of another instrument, an unknown distribution, and a
    decision without a basis. A later decision takes over from its date; earlier ones stay.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id)
    check = Checker()
    ranges = queries.instrument_facts(session, standard.instrument_id).ranges()
    fitting = [address for address in ranges if command.range_id in {None, address.range.id}]
    if not fitting:
        check.refuse("range_id", "entry.range_of_another")
    unit = command.unit
    for address in fitting if command.range_id is not None else fitting[:1]:
        unit = check.unit("unit", command.unit, address.range.unit, difference=True)
    check.formula("half_width_expression", command.half_width_expression)
    if command.correction_expression:
        check.formula("correction_expression", command.correction_expression)
    check.required("basis", command.basis)
    if command.distribution not in set(Distribution):
        check.refuse("distribution", "field.not_a_choice", text=command.distribution)
    check.finish()
    drift = StandardDrift(
        **{**asdict(command), "unit": unit}, decided_by_id=actor.person_id, decided_by_name=actor.name
    )
    session.add(drift)
    session.flush()
    audit.record(
        session,
        actor,
        "standard.drift_decided",
        ("standard", row.id),
        now=now,
        site_id=row.site_id,
        after={**asdict(command), "unit": unit},
    )
    return next(facts for facts in queries.drifts_of(session, row.id) if facts.id == drift.id)


def record_paper(session: Session, actor: Actor, command: RecordPaper, *, now: datetime) -> PaperFacts:
    """Keep a paper of a standard, for example "certified for verification". For those who manage standards.

    Refuses a kind that is not known, a date of issue in the future, and an end before the issue.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id)
    check = Checker()
    if command.kind not in set(PaperKind):
        check.refuse("kind", "field.not_a_choice", text=command.kind)
    check.required("number", command.number)
    check_not_future(check, "issued_on", command.issued_on, local_date(now, standard.timezone))
    if command.valid_until is not None and command.valid_until < command.issued_on:
        check.refuse("valid_until", "entry.dates_reversed", earlier=command.issued_on, later=command.valid_until)
    if command.issuer_id is not None and session.get(Organisation, command.issuer_id) is None:
        check.refuse("issuer_id", "entry.organisation_unknown")
    if command.document_sha256 is not None:
        get_blob(session, command.document_sha256)
    check.finish()
    paper = StandardPaper(recorded_at=now, **asdict(command))
    session.add(paper)
    session.flush()
    audit.record(
        session,
        actor,
        "standard.paper_recorded",
        ("standard", row.id),
        now=now,
        site_id=row.site_id,
        after=asdict(command),
    )
    return next(facts for facts in queries.standard_facts(session, row.id).papers if facts.id == paper.id)


def check_not_future(check: Checker, field: str, day: date, today: date) -> None:
    """Note a date that has not come yet."""
    if day > today:
        check.refuse(field, "entry.date_in_future", date=day, today=today)


def own_site(session: Session, actor: Actor, site_id: int) -> Site:
    """Return a site of the actor's laboratory. Raises NotFound for any other, as for one that does not exist."""
    site = session.get(Site, site_id)
    if site is None or not (actor.may("system") or site.organisation_id == actor.laboratory_id):
        raise NotFound("site.not_found")
    return site


def own_standard(
    session: Session, actor: Actor, standard_id: int, *, lock: bool = False
) -> tuple[Standard, StandardFacts]:
    """Return a standard of the actor's laboratory, its row locked if it will change. Raises NotFound otherwise."""
    row = session.get(Standard, standard_id, with_for_update=lock)
    if row is None:
        raise NotFound("standard.not_found")
    facts = queries.standard_facts(session, standard_id)
    if not (actor.may("system") or facts.laboratory_id == actor.laboratory_id):
        raise NotFound("standard.not_found")
    return row, facts


def add_state(
    session: Session,
    actor: Actor,
    standard_id: int,
    state: StandardState,
    *,
    now: datetime,
    reason: str | None = None,
    limitation: str | None = None,
) -> None:
    """Write a state of a standard from an instant on."""
    session.add(
        StandardStateChange(
            standard_id=standard_id,
            state=state,
            limitation=limitation,
            reason=reason,
            at=now,
            actor_id=actor.person_id,
            actor_name=actor.name,
        )
    )
    session.flush()


def touch(row: Standard) -> None:
    """Raise a standard's version, so that two people who saw the same state cannot both change it."""
    row.row_version += 1
