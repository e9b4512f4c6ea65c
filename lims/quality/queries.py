"""Reads of nonconforming work: one record, all of a laboratory, the certificates concerned, the letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from certificates.content import printed_number
from certificates.impact_facts import Finding
from certificates.models import Certificate
from lims.calibrations.models import CalibrationRun
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.core.paging import PAGE_SIZE
from lims.people.access import belongs
from lims.people.models import Site
from lims.quality.facts import (
    ItemFacts,
    LetterFacts,
    LetterState,
    StepFacts,
    StepKind,
    Treatment,
    WorkState,
    WorkView,
)
from lims.quality.models import NonconformingItem, NonconformingLetter, NonconformingStep, NonconformingWork
from standards.calibration_models import Standard
from standards.instrument_queries import Names, names_of
from standards.models import Instrument


def _works() -> Select[*tuple[Any, ...]]:
    return (
        select(NonconformingWork, Standard, Instrument, Site.organisation_id)
        .select_from(NonconformingWork)
        .join(Site, Site.id == NonconformingWork.site_id)
        .outerjoin(Standard, Standard.id == NonconformingWork.standard_id)
        .outerjoin(Instrument, Instrument.id == Standard.instrument_id)
    )


def work_view(session: Session, actor: Actor, work_id: int) -> WorkView:
    """Return a record of the actor's laboratory with its letters and steps. Raises NotFound, for another's as well."""
    row = session.execute(_works().where(NonconformingWork.id == work_id)).first()
    if row is None or not belongs(actor, row[3]):
        raise NotFound("quality.not_found")
    return _view(session, row)


def works(session: Session, actor: Actor, request: ListRequest = EVERYTHING) -> Listed[WorkView]:
    """Return a page of the laboratory's records, newest first. Filters: state; study, by key."""
    query = _works().where(Site.organisation_id == actor.laboratory_id)
    if request.key("study") is not None:
        query = query.where(NonconformingWork.study_id == request.key("study"))
    return (
        SqlList(
            query=query,
            key=NonconformingWork.id,
            sorts={"number": (NonconformingWork.id,), "opened": (NonconformingWork.opened_at,)},
            sort="-opened",
            searched=lambda word: (
                func.lower(NonconformingWork.number).contains(word, autoescape=True)
                | func.lower(Standard.code).contains(word, autoescape=True)
            ),
            filters={"state": {state.value: NonconformingWork.state == state for state in WorkState}},
        )
        .answer(session, request)
        .mapped(lambda row: _view(session, row))
    )


def _view(session: Session, row: Any) -> WorkView:
    work, standard, instrument, _laboratory = row
    counted = (
        select(NonconformingItem.treatment, func.count())
        .where(NonconformingItem.work_id == work.id)
        .group_by(NonconformingItem.treatment)
    )
    counts = {found[0]: found[1] for found in session.execute(counted)}
    return WorkView(
        id=work.id,
        number=work.number,
        site_id=work.site_id,
        study_id=work.study_id,
        standard_id=work.standard_id,
        standard_code="" if standard is None else standard.code,
        standard_vi="" if instrument is None else instrument.name_vi,
        standard_en=None if instrument is None else instrument.name_en,
        calibration_id=work.calibration_id,
        state=WorkState(work.state),
        finding=work.finding,
        use_stopped=work.use_stopped,
        opened_at=work.opened_at,
        opened_by_name=work.opened_by_name,
        decided_at=work.decided_at,
        decided_by_name=work.decided_by_name or "",
        decision=work.decision or "",
        released_at=work.released_at,
        released_by_name=work.released_by_name or "",
        release_note=work.release_note or "",
        row_version=work.row_version,
        items=sum(counts.values()),
        to_amend=counts.get(Treatment.AMEND, 0),
        letters=letters_of(session, work.id),
        steps=_steps(session, work.id),
    )


def _steps(session: Session, work_id: int) -> tuple[StepFacts, ...]:
    query = select(NonconformingStep).where(NonconformingStep.work_id == work_id)
    rows = session.execute(query.order_by(NonconformingStep.at, NonconformingStep.id)).scalars()
    return tuple(StepFacts(StepKind(row.kind), row.text or "", row.at, row.actor_name) for row in rows)


def work_of_study(session: Session, study_id: int) -> int | None:
    """Return the record that was opened from a study, or None."""
    query = select(NonconformingWork.id).where(NonconformingWork.study_id == study_id)
    found: int | None = session.execute(query).scalars().first()
    return found


def letter_view(session: Session, actor: Actor, letter_id: int) -> tuple[WorkView, LetterFacts]:
    """Return a letter with its record. Raises NotFound, for another laboratory's as well."""
    row = session.get(NonconformingLetter, letter_id)
    if row is None:
        raise NotFound("quality.not_found")
    work = work_view(session, actor, row.work_id)
    return work, next(one for one in work.letters if one.id == letter_id)


def letters_of(session: Session, work_id: int) -> tuple[LetterFacts, ...]:
    """Return the letters of a record, by number."""
    query = select(NonconformingLetter).where(NonconformingLetter.work_id == work_id)
    rows = list(session.execute(query.order_by(NonconformingLetter.id)).scalars())
    names = names_of(session, {row.customer_id for row in rows})
    return tuple(letter_facts(row, names) for row in rows)


def letter_facts(row: NonconformingLetter, names: Names) -> LetterFacts:
    """Return a letter with its customer's name."""
    name = names.get(row.customer_id, ("", None))
    return LetterFacts(
        id=row.id,
        work_id=row.work_id,
        number=row.number,
        customer_id=row.customer_id,
        customer_vi=name[0],
        customer_en=name[1],
        recipient=row.recipient or "",
        text_vi=row.text_vi,
        text_en=row.text_en,
        state=LetterState(row.state),
        sent_on=row.sent_on,
        sent_way=row.sent_way or "",
    )


def items_of(
    session: Session, work_id: int, request: ListRequest = EVERYTHING, *, size: int = PAGE_SIZE
) -> Listed[ItemFacts]:
    """Return a page of the runs concerned, the largest shift first. Filter: treatment. The caller has checked."""
    query = (
        select(NonconformingItem, CalibrationRun, Instrument, Certificate)
        .select_from(NonconformingItem)
        .join(CalibrationRun, CalibrationRun.id == NonconformingItem.run_id)
        .join(Instrument, Instrument.id == CalibrationRun.instrument_id)
        .outerjoin(Certificate, Certificate.id == NonconformingItem.certificate_id)
        .where(NonconformingItem.work_id == work_id)
    )
    listed = SqlList(
        query=query,
        key=NonconformingItem.id,
        sorts={"worst": (NonconformingItem.worst,)},
        sort="-worst",
        filters={"treatment": {one.value: NonconformingItem.treatment == one for one in Treatment}},
    ).answer(session, request, size=size)
    names = names_of(session, {row[0].customer_id for row in listed.items if row[0].customer_id is not None})
    return listed.mapped(lambda row: _item(row, names))


def _item(row: Sequence[Any], names: Names) -> ItemFacts:
    item, run, instrument, certificate = row
    customer = names.get(item.customer_id, ("", None))
    return ItemFacts(
        id=item.id,
        work_id=item.work_id,
        run_id=run.id,
        run_number=run.number,
        certificate_id=item.certificate_id,
        certificate="" if certificate is None else printed_number(certificate.number, certificate.version),
        certificate_state="" if certificate is None else certificate.state,
        customer_vi=customer[0],
        customer_en=customer[1],
        instrument_vi=instrument.name_vi,
        instrument_en=instrument.name_en,
        serial_number=instrument.serial_number or "",
        finding=Finding(item.finding),
        worst=item.worst,
        treatment=Treatment(item.treatment),
    )
