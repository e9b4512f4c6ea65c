"""What people do about nonconforming work: open the record, decide, tell customers, let work go on (7.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates import impact_queries, status_services
from certificates.content import Text
from certificates.facts import CertificateState
from certificates.impact_facts import Finding, ImpactRow, ImpactStudyView, StudyState
from certificates.models import Certificate
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.lists import ListRequest
from lims.core.numbering import NumberKind, take_number
from lims.core.text import normalise
from lims.people import queries as people
from lims.people.access import Permission, require
from lims.quality import queries
from lims.quality.facts import (
    CLAUSE,
    DecideWork,
    LetterState,
    MarkItem,
    OpenWork,
    ReleaseWork,
    SendLetter,
    StepKind,
    Treatment,
    WorkState,
    WorkView,
)
from lims.quality.letters import Concerned, Named, letter
from lims.quality.models import NonconformingItem, NonconformingLetter, NonconformingStep, NonconformingWork
from lims.quality.workflow import check_release, check_step, first_treatment
from standards import queries as standards
from standards import services as standard_services
from standards.commands import ChangeStandardState
from standards.facts import StandardState

NUMBER: Final = NumberKind("nonconforming_work", "KPH-{site}-{year}-{number:05d}")
_MOST: Final = 100_000
_FINDINGS: Final = (Finding.CHANGED, Finding.SHIFTED, Finding.UNKNOWN, Finding.OPEN)


def open_work(session: Session, actor: Actor, command: OpenWork, *, now: datetime) -> WorkView:
    """Open a record of nonconforming work from a study that is complete: every run whose results may be affected.

    With it the standard goes into quarantine, a notice stands beside each certificate concerned and a letter to each
    customer is drafted, as the command says. For those who manage standards. Refuses a study that still runs and one
    that has a record already (ISO/IEC 17025:2017, 7.10.1 a to d).
    """
    require(actor, Permission.MANAGE_STANDARDS)
    study = impact_queries.study_view(session, actor, command.study_id)
    if study.state is not StudyState.DONE:
        raise RuleViolation("quality.study_runs", clause=CLAUSE)
    if session.execute(select(NonconformingWork.id).where(NonconformingWork.study_id == study.id)).first():
        raise RuleViolation("quality.opened_already", clause=CLAUSE)
    if not normalise(command.finding):
        raise InvalidInput.of("finding", "field.missing")
    row = _record(session, actor, study, command, now)
    _step(session, actor, row, StepKind.OPENED, row.finding, now, {"study": study.id, "standard": study.standard_code})
    if command.stop_use and _stop(session, actor, study, row, now):
        row.use_stopped = True
        _step(session, actor, row, StepKind.STOPPED, study.standard_code, now, {})
    request = ListRequest(chosen={"finding": tuple(finding.value for finding in _FINDINGS)})
    reached = impact_queries.impact_rows(session, study.id, request, size=_MOST).items
    concerned = _items(session, row, reached)
    if command.investigate:
        noticed = _notice(session, actor, row, concerned, now)
        _step(session, actor, row, StepKind.INVESTIGATED, "", now, {"certificates": noticed})
    if command.draft_letters:
        count = _letters(session, actor, row, study, reached, now)
        _step(session, actor, row, StepKind.LETTERS, "", now, {"letters": count})
    session.flush()
    return queries.work_view(session, actor, row.id)


def _record(
    session: Session, actor: Actor, study: ImpactStudyView, command: OpenWork, now: datetime
) -> NonconformingWork:
    standard = standards.standard_facts(session, study.standard_id)
    site = people.site_facts(session, standard.site_id)
    on = local_date(now, site.timezone)
    row = NonconformingWork(
        number=take_number(session, NUMBER, site_id=site.id, site_code=site.code, on=on),
        site_id=site.id,
        study_id=study.id,
        standard_id=study.standard_id,
        calibration_id=study.doubt.calibration_id,
        state=WorkState.OPEN,
        finding=normalise(command.finding),
        use_stopped=False,
        opened_at=now,
        opened_by_id=actor.person_id,
        opened_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    return row


def _stop(session: Session, actor: Actor, study: ImpactStudyView, row: NonconformingWork, now: datetime) -> bool:
    """Put the standard into quarantine; returns False where it is out of use already."""
    state = standards.standard_facts(session, study.standard_id).state_at(now)
    if state is not None and state.state in {StandardState.QUARANTINED, StandardState.RETIRED}:
        return False
    change = ChangeStandardState(study.standard_id, StandardState.QUARANTINED, reason=f"{row.number}: {row.finding}")
    standard_services.change_standard_state(session, actor, change, now=now)
    return True


def _items(session: Session, work: NonconformingWork, reached: Iterable[ImpactRow]) -> list[NonconformingItem]:
    found = []
    for row in reached:
        standing = [one for one in row.certificates if one.state == CertificateState.ISSUED]
        keys: list[int | None] = [one.id for one in standing]
        for key in keys or [None]:
            item = NonconformingItem(
                work_id=work.id,
                run_id=row.run_id,
                certificate_id=key,
                customer_id=None if key is None else _customer(session, key),
                finding=row.finding,
                worst=row.worst,
                treatment=first_treatment(row.finding, row.worst, certified=key is not None),
            )
            session.add(item)
            found.append(item)
    session.flush()
    return found


def _customer(session: Session, certificate_id: int) -> int:
    return session.execute(select(Certificate.customer_id).where(Certificate.id == certificate_id)).scalar_one()


def _notice(
    session: Session, actor: Actor, work: NonconformingWork, items: Iterable[NonconformingItem], now: datetime
) -> int:
    keys = [item.certificate_id for item in items if item.certificate_id and item.treatment != Treatment.NONE]
    text = Text(
        f"Đang xem xét: chuẩn sử dụng không còn phù hợp ({work.number}).",
        f"Under investigation: a measurement standard that was used no longer met its requirements ({work.number}).",
    )
    return len(status_services.investigate(session, actor, keys, text, now=now))


def _letters(
    session: Session,
    actor: Actor,
    work: NonconformingWork,
    study: ImpactStudyView,
    reached: Iterable[ImpactRow],
    now: datetime,
) -> int:
    """Draft a letter to each customer with a certificate concerned; the laboratory writes none to itself."""
    named = Named(study.standard_code, study.standard_vi, study.standard_en or study.standard_vi, study.calibrated_on)
    rows = {row.run_id: row for row in reached}
    query = select(NonconformingItem).where(
        NonconformingItem.work_id == work.id, NonconformingItem.treatment != Treatment.NONE
    )
    by_customer: dict[int, list[Concerned]] = {}
    for item in session.execute(query.order_by(NonconformingItem.id)).scalars():
        row = rows[item.run_id]
        if item.customer_id is None or item.customer_id == actor.laboratory_id:
            continue
        printed = next(one.printed for one in row.certificates if one.id == item.certificate_id)
        serial = f" {row.serial_number}" if row.serial_number else ""
        one = Concerned(
            printed,
            row.instrument_vi + serial,
            (row.instrument_en or row.instrument_vi) + serial,
            Treatment(item.treatment),
        )
        by_customer.setdefault(item.customer_id, []).append(one)
    on = local_date(now, people.site_facts(session, work.site_id).timezone)
    for place, (customer_id, concerned) in enumerate(sorted(by_customer.items()), start=1):
        customer = people.organisation_facts(session, customer_id, on)
        vietnamese, english = letter(named, concerned)
        session.add(
            NonconformingLetter(
                work_id=work.id,
                customer_id=customer_id,
                number=f"{work.number}/{place:02d}",
                state=LetterState.DRAFT,
                recipient=customer.contact_name or customer.email,
                text_vi=vietnamese,
                text_en=english,
                drafted_at=now,
                drafted_by_name=actor.name,
            )
        )
    session.flush()
    return len(by_customer)


def mark_item(session: Session, actor: Actor, command: MarkItem, *, now: datetime) -> WorkView:
    """Say what is to be done about a certificate, otherwise than at first sight. For those who manage standards.

    Refuses a record that was decided upon (7.10.1 c).
    """
    require(actor, Permission.MANAGE_STANDARDS)
    item = session.get(NonconformingItem, command.item_id)
    if item is None:
        raise NotFound("quality.not_found")
    work = _own(session, actor, item.work_id)
    if work.state != WorkState.OPEN:
        raise RuleViolation("quality.step_refused", clause=CLAUSE, number=work.number, state=work.state, to="open")
    before, item.treatment = item.treatment, command.treatment
    values = {"run": item.run_id, "certificate": item.certificate_id, "from": before, "to": command.treatment}
    _step(session, actor, work, StepKind.MARKED, "", now, values)
    return queries.work_view(session, actor, work.id)


def decide_work(session: Session, actor: Actor, command: DecideWork, *, now: datetime) -> WorkView:
    """Decide what follows: correction, recall, amendments. For those who manage standards (7.10.1 c and d).

    Refuses a record that was decided upon, an empty decision, and a change seen too late.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    work = _own(session, actor, command.work_id, command.row_version)
    check_step(work.number, WorkState(work.state), WorkState.DECIDED)
    decision = normalise(command.decision)
    if not decision:
        raise InvalidInput.of("decision", "field.missing")
    work.state, work.decision, work.decided_at = WorkState.DECIDED, decision, now
    work.decided_by_id, work.decided_by_name = actor.person_id, actor.name
    _step(session, actor, work, StepKind.DECIDED, decision, now, {})
    return queries.work_view(session, actor, work.id)


def send_letter(session: Session, actor: Actor, command: SendLetter, *, now: datetime) -> WorkView:
    """Note that a letter went; its words hold from then on. For those who manage notices or standards (7.10.1 d)."""
    require(actor, Permission.MANAGE_NOTICES, Permission.MANAGE_STANDARDS)
    row = session.get(NonconformingLetter, command.letter_id)
    if row is None:
        raise NotFound("quality.not_found")
    work = _own(session, actor, row.work_id)
    if row.state != LetterState.DRAFT:
        raise RuleViolation("quality.letter_sent", clause=CLAUSE, number=row.number)
    row.state, row.sent_on, row.sent_way, row.sent_by_name = LetterState.SENT, command.sent_on, command.way, actor.name
    values = {"letter": row.number, "sent_on": command.sent_on, "way": command.way}
    _step(session, actor, work, StepKind.SENT, row.number, now, values)
    return queries.work_view(session, actor, work.id)


def release_work(session: Session, actor: Actor, command: ReleaseWork, *, now: datetime) -> WorkView:
    """Let work go on: an authorised person other than whoever decided; certificates that need nothing are cleared.

    For those who accept calibrations or issue certificates. The standard itself returns to use by its own way, with an
    accepted calibration. Refuses while a letter waits (ISO/IEC 17025:2017, 7.10.1 f).
    """
    require(actor, Permission.ACCEPT_CALIBRATIONS, Permission.ISSUE_CERTIFICATES)
    work = _own(session, actor, command.work_id, command.row_version)
    check_step(work.number, WorkState(work.state), WorkState.RELEASED)
    waiting = [one for one in queries.letters_of(session, work.id) if one.state is LetterState.DRAFT]
    check_release(work.decided_by_id, actor.person_id, letters_waiting=len(waiting))
    note = normalise(command.note)
    if not note:
        raise InvalidInput.of("note", "field.missing")
    work.state, work.release_note, work.released_at = WorkState.RELEASED, note, now
    work.released_by_name = actor.name
    cleared = _clear(session, actor, work, now)
    _step(session, actor, work, StepKind.RELEASED, note, now, {"cleared": cleared})
    return queries.work_view(session, actor, work.id)


def _clear(session: Session, actor: Actor, work: NonconformingWork, now: datetime) -> int:
    query = select(NonconformingItem.certificate_id).where(
        NonconformingItem.work_id == work.id,
        NonconformingItem.certificate_id.is_not(None),
        NonconformingItem.treatment != Treatment.AMEND,
    )
    keys = [key for key in session.execute(query).scalars() if key is not None]
    text = Text(
        f"Đã xem xét xong, giấy chứng nhận giữ nguyên hiệu lực ({work.number}).",
        f"Settled: the certificate stays in force ({work.number}).",
    )
    return len(status_services.investigate(session, actor, keys, text, now=now, over=True))


def _own(session: Session, actor: Actor, work_id: int, row_version: int | None = None) -> NonconformingWork:
    """Return a record of the actor's laboratory, locked, as it was seen."""
    queries.work_view(session, actor, work_id)
    query = select(NonconformingWork).where(NonconformingWork.id == work_id).with_for_update()
    row = session.execute(query.execution_options(populate_existing=True)).scalar_one()
    if row_version is not None and row_version != row.row_version:
        raise StaleRecord("record.stale_between", seen=row_version, present=row.row_version)
    return row


def _step(
    session: Session,
    actor: Actor,
    work: NonconformingWork,
    kind: StepKind,
    text: str,
    now: datetime,
    values: Mapping[str, Any],
) -> None:
    """Write a step of the record, and what it was in the audit chain."""
    session.add(
        NonconformingStep(
            work_id=work.id, kind=kind, text=text or None, at=now, actor_id=actor.person_id, actor_name=actor.name
        )
    )
    session.flush()
    after = {"number": work.number, "state": work.state, "text": text, **values}
    audit.record(
        session,
        actor,
        f"nonconforming_work.{kind}",
        ("nonconforming_work", work.id),
        now=now,
        site_id=work.site_id,
        after=after,
    )
