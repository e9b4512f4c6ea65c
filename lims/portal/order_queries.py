"""What a customer has ordered: their items by order, how far each is, and the certificates that came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from certificates.facts import CertificateLine
from certificates.models import Certificate, CertificateRun
from certificates.queries import line_of
from lims.calibrations.models import CalibrationRun
from lims.core.actor import Actor
from lims.core.lists import EVERYTHING, Listed, ListRequest, SqlList
from lims.core.text import fold
from lims.jobs.facts import ItemState
from lims.jobs.list_queries import item_rows, line_maker, promised_for
from lims.jobs.models import Job, JobItem
from lims.jobs.workflow import OPEN
from lims.portal.facts import OrderedItem, OrderLine, Progress
from lims.portal.queries import SHOWN, owned_by
from standards.models import Instrument

_STATES: Final[Mapping[Progress, Collection[ItemState]]] = {
    Progress.EXPECTED: {ItemState.EXPECTED},
    Progress.HERE: OPEN - {ItemState.EXPECTED, ItemState.ON_HOLD},
    Progress.HELD: {ItemState.ON_HOLD},
    Progress.READY: {ItemState.RELEASED, ItemState.NOT_CALIBRATABLE},
    Progress.BACK: {ItemState.HANDED_BACK},
    Progress.CANCELLED: {ItemState.CANCELLED},
}


def _ordered_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that an item is the actor's: ordered by, or its certificate addressed to, their body."""
    mine = sorted(actor.organisation_ids)
    return or_(Job.customer_id.in_(mine), JobItem.ordering_party_id.in_(mine), JobItem.addressee_id.in_(mine))


def my_items(session: Session, actor: Actor, request: ListRequest = EVERYTHING, *, on: date) -> Listed[OrderedItem]:
    """Return the items the actor's organisations have ordered, the newest order first: a fixed number of statements.

    Words are sought in the order's number and reference and in the instrument. Filter: progress.
    """
    found = SqlList(
        query=item_rows().where(_ordered_by(actor)),
        key=JobItem.id,
        sorts={
            "order": (Job.requested_on, Job.id),
            "instrument": (Instrument.sort_key,),
            "promised": (promised_for(),),
        },
        sort="-order",
        searched=lambda word: or_(
            Job.search_text.contains(word, autoescape=True), Instrument.search_text.contains(word, autoescape=True)
        ),
        filters={"progress": {name.value: JobItem.state.in_(sorted(states)) for name, states in _STATES.items()}},
    ).answer(session, request)
    line = line_maker(session, found.items, on)
    certificates = _certificates(session, actor, [row[0].id for row in found.items])
    return found.mapped(
        lambda row: OrderedItem(
            line=line(row),
            reference=row[1].customer_reference or "",
            requested_on=row[1].requested_on,
            progress=next(name for name, states in _STATES.items() if row[0].state in states),
            certificates=certificates.get(row[0].id, ()),
        )
    )


def my_orders(session: Session, actor: Actor, text: str, *, most: int) -> tuple[list[OrderLine], int]:
    """Return the actor's newest orders whose number or own reference has all the words, and how many there are."""
    words = [Job.search_text.contains(word, autoescape=True) for word in fold(text).split()]
    numbers = (
        select(Job.id, Job.number, Job.customer_reference)
        .join(JobItem, JobItem.job_id == Job.id)
        .where(_ordered_by(actor), *words)
        .distinct()
    )
    total = session.execute(select(func.count()).select_from(numbers.subquery())).scalar_one()
    rows = session.execute(numbers.order_by(Job.id.desc()).limit(most)) if words else ()
    return [OrderLine(number, reference or "") for _, number, reference in rows], total


def _certificates(session: Session, actor: Actor, item_ids: Sequence[int]) -> Mapping[int, tuple[CertificateLine, ...]]:
    """Return the certificates per item that the actor may open, the newest first."""
    query = (
        select(CalibrationRun.job_item_id, Certificate)
        .join(CertificateRun, CertificateRun.run_id == CalibrationRun.id)
        .join(Certificate, Certificate.id == CertificateRun.certificate_id)
        .where(CalibrationRun.job_item_id.in_(item_ids), owned_by(actor), Certificate.state.in_(SHOWN))
        .order_by(Certificate.id.desc())
    )
    found: dict[int, tuple[CertificateLine, ...]] = {}
    for item_id, certificate in session.execute(query):
        if item_id is not None:
            found[item_id] = (*found.get(item_id, ()), line_of(certificate))
    return found
