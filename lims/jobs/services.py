"""What people do with orders: open a job, add items, agree, review the contract. Steps of items: item_services."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from calc.errors import CalcError
from calc.units import difference_unit, is_compatible
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.numbering import NumberKind, take_number
from lims.core.text import normalise, search_text
from lims.jobs import queries
from lims.jobs.facts import (
    CERTIFICATE_LANGUAGES,
    AddItem,
    AgreeSpecification,
    ItemAgreement,
    ItemState,
    JobFacts,
    JobItemFacts,
    OpenJob,
    ReviewContract,
    points_to_json,
)
from lims.jobs.item_services import (
    cancel_item,
    finish_item,
    hand_back_item,
    hold_item,
    own_job,
    receive_item,
    refuse_item,
    release_item,
    reopen_item,
    resume_item,
    start_item,
    subcontract_item,
)
from lims.jobs.labels import CODE_ALPHABET, CODE_LENGTH
from lims.jobs.models import Job, JobItem, JobItemStateChange
from lims.jobs.workflow import AGREEABLE, check_agreement, missing_for_review
from lims.people import queries as people
from lims.people.access import Permission, require
from lims.people.models import Contact, Organisation
from lims.procedures import queries as procedures
from lims.procedures.validity import version_in_force
from standards.models import Instrument

__all__ = [
    "add_item",
    "agree_specification",
    "cancel_item",
    "finish_item",
    "hand_back_item",
    "hold_item",
    "open_job",
    "receive_item",
    "refuse_item",
    "release_item",
    "reopen_item",
    "resume_item",
    "review_contract",
    "start_item",
    "subcontract_item",
]

JOB_NUMBER: Final = NumberKind("job", "PYC{yy}-{site}-{number:05d}")


def open_job(session: Session, actor: Actor, command: OpenJob, *, now: datetime) -> JobFacts:
    """Open a job for a customer at a site and give it its number (ISO/IEC 17025:2017, 7.1.1).

    Who may: people who manage jobs at that site. Refuses a body that is no customer, a contact of somebody else, and
    a promised date before the request.
    """
    require(actor, Permission.MANAGE_JOBS)
    if not (actor.may("system") or command.site_id in actor.site_ids):
        raise NotFound
    site = people.site_facts(session, command.site_id)
    _check_customer(session, command.customer_id, "customer_id")
    if command.contact_id is not None:
        contact = session.get(Contact, command.contact_id)
        if contact is None or contact.organisation_id != command.customer_id:
            raise NotFound
    if command.promised_on is not None and command.promised_on < command.requested_on:
        raise InvalidInput.of("promised_on", "job.promised_before_request", requested_on=command.requested_on)
    today = local_date(now, site.timezone)
    customer = people.organisation_facts(session, command.customer_id, today)
    number = take_number(session, JOB_NUMBER, site_id=site.id, site_code=site.code, on=today)
    reference = normalise(command.customer_reference)
    job = Job(
        token=secrets.token_urlsafe(24),
        number=number,
        site_id=site.id,
        customer_id=command.customer_id,
        contact_id=command.contact_id,
        customer_reference=reference or None,
        requested_on=command.requested_on,
        promised_on=command.promised_on,
        note=normalise(command.note) or None,
        search_text=search_text(number, customer.name_vi, customer.name_en, reference),
        created_at=now,
        created_by_id=actor.person_id,
    )
    session.add(job)
    session.flush()
    after = {"number": number, "customer": command.customer_id, "promised_on": command.promised_on}
    audit.record(session, actor, "job.open", ("job", job.id), now=now, site_id=site.id, after=after)
    return queries.job_facts(session, job.id)


def add_item(session: Session, actor: Actor, command: AddItem, *, now: datetime) -> JobItemFacts:
    """Put an instrument into a job, with what is agreed for it; the contract is to be reviewed (again).

    Who may: people who manage jobs at the job's site. Refuses an instrument of another owner, another addressee or
    another ordering party unless a reason is stated: who gets a certificate about whose instrument is then a decision
    on record. Refuses what does not hold together (see `agree_specification`), and an instrument that is already in
    the house with another open item.
    """
    require(actor, Permission.MANAGE_JOBS)
    job = own_job(session, actor, command.job_id)
    instrument = session.get(Instrument, command.instrument_id, with_for_update=True)  # one job at a time
    if instrument is None or instrument.retired_on is not None:
        raise NotFound
    _check_not_in_house(session, instrument.id)
    position = session.execute(
        select(func.coalesce(func.max(JobItem.position), 0)).where(JobItem.job_id == job.id)
    ).scalar_one()
    item = JobItem(
        token="".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH)),
        job_id=job.id,
        position=position + 1,
        instrument_id=instrument.id,
        state=ItemState.EXPECTED,
        created_at=now,
    )
    _write_agreement(session, job, item, instrument, command.agreement, now)
    session.add(item)
    session.flush()
    session.add(
        JobItemStateChange(
            job_item_id=item.id, to_state=item.state, at=now, actor_id=actor.person_id, actor_name=actor.name
        )
    )
    _reopen_contract(job)
    session.flush()
    facts = queries.job_item_facts(session, item.id)
    after = {"job": job.id, "position": item.position, **_agreed(facts)}
    audit.record(session, actor, "job.add_item", ("job_item", item.id), now=now, site_id=job.site_id, after=after)
    return facts


def agree_specification(session: Session, actor: Actor, command: AgreeSpecification, *, now: datetime) -> JobItemFacts:
    """Change what is agreed for an item; the contract is to be reviewed again (ISO/IEC 17025:2017, 7.1.3, 7.1.7).

    Who may: people who manage jobs at the job's site. Refuses an item in work or further on (its runs have frozen
    what was agreed), a procedure that is not in force or is for another kind of instrument or regime, points the
    procedure does not leave open, and a statement of conformity without limits or decision rule.
    """
    require(actor, Permission.MANAGE_JOBS)
    item = session.get(JobItem, command.item_id)
    if item is None:
        raise NotFound
    job = own_job(session, actor, item.job_id)
    if item.row_version != command.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=item.row_version)
    before = queries.job_item_facts(session, item.id)
    if before.state not in AGREEABLE:
        raise RuleViolation("item.agreement_frozen", clause="ISO/IEC 17025:2017, 7.1.7", state=before.state)
    instrument = session.get_one(Instrument, item.instrument_id)
    _write_agreement(session, job, item, instrument, command.agreement, now)
    _reopen_contract(job)
    session.flush()
    after = queries.job_item_facts(session, item.id)
    audit.record(
        session,
        actor,
        "job.agree_specification",
        ("job_item", item.id),
        now=now,
        site_id=job.site_id,
        before=_agreed(before),
        after=_agreed(after),
    )
    return after


def review_contract(session: Session, actor: Actor, command: ReviewContract, *, now: datetime) -> JobFacts:
    """Note that the request was understood and can be met by the procedures chosen (ISO/IEC 17025:2017, 7.1.1).

    Who may: people who manage jobs at the job's site. Refuses a job without items, or with one that lacks a procedure.
    """
    require(actor, Permission.MANAGE_JOBS)
    job = own_job(session, actor, command.job_id)
    if job.row_version != command.row_version:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=job.row_version)
    missing = missing_for_review(queries.items_of(session, job.id))
    if missing:
        position, code = missing[0]
        raise RuleViolation(code, clause="ISO/IEC 17025:2017, 7.1.1", position=position)
    job.contract_reviewed_at, job.contract_reviewed_by = now, actor.name
    session.flush()
    after = {"contract_reviewed_at": now}
    audit.record(session, actor, "job.review_contract", ("job", job.id), now=now, site_id=job.site_id, after=after)
    return queries.job_facts(session, job.id)


def _write_agreement(
    session: Session, job: Job, item: JobItem, instrument: Instrument, agreed: ItemAgreement, now: datetime
) -> None:
    check_agreement(agreed.agreed_specification, agreed.decision_rule)
    if agreed.certificate_language not in CERTIFICATE_LANGUAGES:
        raise InvalidInput.of("certificate_language", "field.not_a_choice", text=agreed.certificate_language)
    if agreed.promised_on is not None and agreed.promised_on < job.requested_on:
        raise InvalidInput.of("promised_on", "job.promised_before_request", requested_on=job.requested_on)
    _check_procedure(session, job, instrument, agreed, now)
    addressee = agreed.addressee_id or job.customer_id
    ordering = agreed.ordering_party_id or job.customer_id
    _check_parties(session, job, instrument, (addressee, ordering), agreed.parties_reason)
    item.procedure_version_id = agreed.procedure_version_id
    item.ordering_party_id, item.addressee_id = ordering, addressee
    item.parties_reason = normalise(agreed.parties_reason) or None
    item.place_of_use = normalise(agreed.place_of_use) or None
    item.location_kind = agreed.location_kind
    item.location_address = normalise(agreed.location_address) or None
    item.agreed_specification = agreed.agreed_specification.to_json()
    item.decision_rule = agreed.decision_rule.to_json()
    item.points = points_to_json(agreed.points)
    item.adjust, item.recommend_next_date = agreed.adjust, agreed.recommend_next_date
    item.certificate_language = agreed.certificate_language
    item.purpose_of_use, item.legal_regime = agreed.purpose_of_use, agreed.legal_regime
    item.promised_on = agreed.promised_on


def _check_parties(session: Session, job: Job, instrument: Instrument, parties: tuple[int, int], reason: str) -> None:
    """Refuse an unknown party, and one other than the customer (or owner: the instrument's) without a stated reason."""
    for name, party in zip(("addressee_id", "ordering_party_id"), parties, strict=True):
        if party != job.customer_id:
            _check_customer(session, party, name)
    others = {instrument.owner_id, *parties} - {job.customer_id}
    if others and not normalise(reason):
        code = "item.other_owner" if instrument.owner_id != job.customer_id else "item.other_party"
        raise InvalidInput.of("parties_reason", code)


def _check_procedure(session: Session, job: Job, instrument: Instrument, agreed: ItemAgreement, now: datetime) -> None:
    """Refuse a procedure of another laboratory, kind or regime, out of force, or that does not fit what is agreed."""
    unit = agreed.agreed_specification.unit
    if agreed.procedure_version_id is None:
        if agreed.points:
            raise RuleViolation("item.points_not_open")
        return
    site = people.site_facts(session, job.site_id)
    version = procedures.procedure_version_facts(session, agreed.procedure_version_id)
    if version.organisation_id != site.organisation_id:
        raise NotFound
    if not version_in_force(version, local_date(now, site.timezone)):
        raise InvalidInput.of("procedure_version_id", "item.procedure_not_in_force", version=version.version)
    if version.instrument_kind != instrument.kind or version.legal_regime != agreed.legal_regime:
        raise InvalidInput.of("procedure_version_id", "item.procedure_does_not_fit", code=version.code)
    open_sections = {section.code for section in version.definition.sections if section.points_from_item}
    if any(entry.section not in open_sections for entry in agreed.points):
        raise RuleViolation("item.points_not_open")
    outputs = [output.unit for section in version.definition.sections for output in section.outputs]
    try:  # limits are deviations, and so are errors: of a temperature both may be written in °C
        if unit and not any(is_compatible(difference_unit(unit), difference_unit(output)) for output in outputs):
            raise InvalidInput.of("specification_unit", "unit.incompatible", unit=unit, expected=", ".join(outputs))
    except CalcError as error:
        raise InvalidInput.of("specification_unit", "unit.unknown", unit=unit) from error


def _check_customer(session: Session, organisation_id: int, field: str) -> None:
    row = session.get(Organisation, organisation_id)
    if row is None or not row.is_customer or row.closed_on is not None:
        raise InvalidInput.of(field, "job.no_customer")


def _check_not_in_house(session: Session, instrument_id: int) -> None:
    for other in queries.items_of_instrument(session, instrument_id):
        if other.state not in (ItemState.CANCELLED, ItemState.HANDED_BACK):
            raise RuleViolation("item.already_in_house", job=other.job_number, position=other.position)


def _reopen_contract(job: Job) -> None:
    job.contract_reviewed_at, job.contract_reviewed_by = None, None


def _agreed(item: JobItemFacts) -> dict[str, object]:
    return {
        "instrument": item.instrument_id,
        "procedure_version": item.procedure_version_id,
        "specification": item.agreed_specification.to_json(),
        "decision_rule": item.decision_rule.to_json(),
        "points": points_to_json(item.points),
        "addressee": item.addressee_id,
        "ordering_party": item.ordering_party_id,
        "parties_reason": item.parties_reason,
        "language": item.certificate_language,
        "purpose_of_use": item.purpose_of_use,
        "legal_regime": item.legal_regime,
        "location": item.location_kind,
        "adjust": item.adjust,
        "promised_on": item.promised_on,
    }
