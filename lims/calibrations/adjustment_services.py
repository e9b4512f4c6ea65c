"""The event between as found and as left: an adjustment, with the customer's consent, the seals, and who made it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from lims.calibrations import as_found, queries
from lims.calibrations.commands import Consent, RecordAdjustment
from lims.calibrations.evaluations import material_of, preview
from lims.calibrations.facts import CONDITIONS, AdjustmentFacts, AdjustmentKind, Phase, RunFacts
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.models import Adjustment
from lims.calibrations.services import check_performer, editable
from lims.calibrations.standing import may_perform
from lims.calibrations.workflow import CLAUSE_PERSONNEL
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import FieldError, InvalidInput, RuleViolation
from lims.core.text import normalise
from lims.jobs import notice_queries, notice_services
from lims.jobs import queries as jobs
from lims.jobs.facts import ItemState, JobItemFacts
from lims.jobs.notice_facts import AnswerChoice, ConsentWay, DraftNotice, RecordAnswer
from lims.people import queries as people

CLAUSE_ADJUSTMENT: Final = "ISO/IEC 17025:2017, 7.8.4.1 d"
CLAUSE_CONTRACT: Final = "ISO/IEC 17025:2017, 7.1.6"
_ALLOWS: Final = frozenset({AnswerChoice.ADJUST, AnswerChoice.REPAIR})


def record_adjustment(session: Session, actor: Actor, command: RecordAdjustment, *, now: datetime) -> AdjustmentFacts:
    """Note an adjustment (or repair) after everything was read as found; as left readings may follow.

    Who: a person authorised to perform the procedure; so is who adjusted, on the day of the adjustment, and neither
    reviews the run. Refuses it before every cell was read as found, without a consent (in the order, in the customer's
    recorded answer, or given with it: who, when, by which way, what shows it), at a time before the last reading as
    found or to come, and while the item waits for something else. An item that waits for its customer goes back to
    work with the consent; a customer whose item fails as found gets a notice drafted, if none was
    (ISO/IEC 17025:2017, 7.1.6, 7.8.4.1 d).
    """
    _row, run = editable(session, actor, command.run_id)
    check_performer(session, run, actor, on=local_date(now, run.timezone))
    material = material_of(session, run)
    _check_as_found(material)
    adjusted_at = _checked_time(material, command.adjusted_at or now, now)
    performer = people.person_facts(session, command.performer_id or actor.person_id)
    _check_adjuster(session, run, performer.id, local_date(adjusted_at, run.timezone))
    if not command.description_vi.strip():
        raise InvalidInput([FieldError("description_vi", "field.missing")])
    consent = _consent(session, run, command, now)
    entry = Adjustment(
        run_id=run.id,
        kind=command.kind,
        description_vi=normalise(command.description_vi),
        description_en=normalise(command.description_en) or None,
        consent_by=normalise(consent.by),
        consent_at=consent.at,
        consent_way=consent.way,
        consent_evidence=normalise(consent.evidence) or None,
        performer_id=performer.id,
        performer_name=performer.full_name,
        adjusted_at=adjusted_at,
        seals_removed=normalise(command.seals_removed) or None,
        seals_applied=normalise(command.seals_applied) or None,
        actor_id=actor.person_id,
        actor_name=actor.name,
        at=now,
    )
    if as_found.concerns_customer(run):
        _tell_customer(session, actor, material, (command.kind, consent), now)
    session.add(entry)
    session.flush()
    after = {
        "kind": command.kind,
        "description": entry.description_vi,
        "performer": entry.performer_name,
        "consent_way": consent.way,
        "seals_removed": entry.seals_removed,
        "seals_applied": entry.seals_applied,
    }
    audit.record(session, actor, "run.adjusted", ("run", run.id), now=now, site_id=run.site_id, after=after)
    return queries.adjustments(session, run.id)[-1]


def _check_as_found(material: RunMaterial) -> None:
    empty = as_found.empty_cells(material)
    if empty or not any(entry.address.section != CONDITIONS for entry in material.current):
        raise RuleViolation("run.adjusted_before_as_found", clause=CLAUSE_ADJUSTMENT, count=empty)


def _checked_time(material: RunMaterial, adjusted_at: datetime, now: datetime) -> datetime:
    last = max(
        entry.observed_at
        for entry in material.current
        if entry.address.section != CONDITIONS and entry.address.phase == Phase.AS_FOUND
    )
    if adjusted_at > now:
        raise InvalidInput([FieldError("adjusted_at", "reading.in_future")])
    if adjusted_at < last.replace(second=0, microsecond=0):
        raise InvalidInput([FieldError("adjusted_at", "run.adjusted_before_reading", {"last": last})])
    return max(adjusted_at, last)  # people type minutes


def _check_adjuster(session: Session, run: RunFacts, person_id: int, day: date) -> None:
    if not may_perform(session, run, person_id, on=day):
        raise RuleViolation("run.adjuster_not_authorised", clause=CLAUSE_PERSONNEL)


def _consent(session: Session, run: RunFacts, command: RecordAdjustment, now: datetime) -> Consent:
    """Return the consent under which the item is adjusted: given now, answered before, or agreed in the order."""
    if command.consent is not None:
        return _checked_consent(command.consent, now)
    if run.job_item_id is None:
        site = people.site_facts(session, run.site_id)
        return Consent(site.name_vi, run.opened_at, ConsentWay.ORDER, run.number)
    item = jobs.job_item_facts(session, run.job_item_id)
    consent = consent_on_record(session, item, now)
    if consent is None:
        raise RuleViolation("run.adjustment_without_consent", clause=CLAUSE_CONTRACT)
    return consent


def consent_on_record(session: Session, item: JobItemFacts, now: datetime) -> Consent | None:
    """Return the consent that is on record for an item: the customer's last answer, or else what was agreed."""
    answer = notice_queries.last_answer(session, item.id)
    if answer is not None:
        allowed = answer.choice in _ALLOWS
        return Consent(answer.answered_by, answer.answered_at, answer.way, answer.evidence) if allowed else None
    if not item.adjust:
        return None
    job = jobs.job_facts(session, item.job_id)
    on = local_date(now, people.site_facts(session, item.site_id).timezone)
    customer = people.organisation_facts(session, item.ordering_party_id, on)
    evidence = " · ".join(part for part in (job.number, job.customer_reference) if part)
    return Consent(customer.name_vi, job.contract_reviewed_at or job.created_at, ConsentWay.ORDER, evidence)


def _checked_consent(consent: Consent, now: datetime) -> Consent:
    wanted = {"consent_by": consent.by, "consent_evidence": consent.evidence}
    missing = [FieldError(name, "field.missing") for name, text in wanted.items() if not text.strip()]
    if missing:
        raise InvalidInput(missing)
    if consent.at > now:
        raise InvalidInput([FieldError("consent_at", "notice.in_future")])
    return consent


def _tell_customer(
    session: Session, actor: Actor, material: RunMaterial, under: tuple[AdjustmentKind, Consent], now: datetime
) -> None:
    """Draft the notice of an item that fails as found, with the consent as its answer; end a hold that asked for it."""
    kind, consent = under
    item = jobs.job_item_facts(session, material.run.job_item_id or 0)
    if item.state is not ItemState.IN_WORK and not as_found.waits_for_customer(item):
        raise RuleViolation("run.item_not_in_work", clause=CLAUSE_CONTRACT, state=item.state)
    view = preview(session, material, now=now)[0]
    if as_found.failing(view) and as_found.live_notice(session, material.run.id) is None:
        finding = as_found.finding_of(material, view)
        notice_services.draft_notice(session, actor, DraftNotice(item.id, finding, hold=False), now=now)
    notice = notice_queries.open_notice(session, item.id)
    if notice is not None:
        choice = AnswerChoice.REPAIR if kind is AdjustmentKind.REPAIR else AnswerChoice.ADJUST
        answer = RecordAnswer(notice.id, choice, consent.by, consent.at, consent.way, consent.evidence)
        notice_services.record_answer(session, actor, answer, work_done=False, now=now)
    elif as_found.waits_for_customer(item):
        raise RuleViolation("run.item_not_in_work", clause=CLAUSE_CONTRACT, state=item.state)
