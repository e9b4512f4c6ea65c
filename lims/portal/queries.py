"""What a customer may see: certificates and instruments of the organisations they belong to, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from certificates import queries as certificates
from certificates.content import printed_number
from certificates.facts import CertificateLine, CertificateState, CertificateView
from certificates.list_queries import certificate_list
from certificates.models import Certificate, CertificateRun
from lims.calibrations.models import CalibrationRun
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import NotFound
from lims.core.lists import EVERYTHING, Listed, ListRequest, PlainList
from lims.core.text import search_text, sort_key
from lims.people.models import Site
from lims.portal.facts import DueStanding, OwnInstrument
from standards import schedule_queries as schedules
from standards.facts import IntervalFacts
from standards.models import Instrument
from standards.validity import add_months

SHOWN: Final = (CertificateState.ISSUED, CertificateState.SUPERSEDED, CertificateState.REVOKED)
"""What a customer sees: not what is being issued."""


def owned_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a certificate is the actor's: ordered by or addressed to their organisation."""
    mine = sorted(actor.organisation_ids)
    return or_(Certificate.customer_id.in_(mine), Certificate.addressee_id.in_(mine))


def my_certificates(session: Session, actor: Actor, request: ListRequest = EVERYTHING) -> Listed[CertificateLine]:
    """Return the actor's certificates, newest first; those being issued are not there yet.

    Words are sought in number, items, serial numbers and runs. Filters: state; kind; year of issue; instrument, by key.
    """
    mine = [owned_by(actor), Certificate.state.in_(SHOWN)]
    instrument = request.key("instrument")
    if instrument is not None:
        covering = (
            select(CertificateRun.certificate_id)
            .join(CalibrationRun, CalibrationRun.id == CertificateRun.run_id)
            .where(CalibrationRun.instrument_id == instrument)
        )
        mine.append(Certificate.id.in_(covering))
    return certificate_list(session, mine, request, SHOWN)


def my_instruments(
    session: Session, actor: Actor, request: ListRequest = EVERYTHING, *, on: date
) -> Listed[OwnInstrument]:
    """Return the instruments of the actor's organisations, what falls due soonest first: three statements.

    Filters: due (overdue, soon, later, no_interval, never); kind.
    """
    query = select(Instrument).where(
        Instrument.owner_id.in_(sorted(actor.organisation_ids)), Instrument.retired_on.is_(None)
    )
    instruments = list(session.execute(query.order_by(Instrument.sort_key, Instrument.id)).scalars())
    last = _last_certificates(session, actor)
    intervals = schedules.intervals(session, on, Instrument.owner_id.in_(sorted(actor.organisation_ids)))
    rows = [_own_instrument(one, last.get(one.id), _months(intervals.get(one.id)), on) for one in instruments]
    return PlainList(
        rows=rows,
        sorts={
            "due": lambda row: row.due_on,
            "name": lambda row: sort_key(row.name_vi),
            "calibrated": lambda row: row.calibrated_on,
        },
        sort="due",
        searched=lambda row: search_text(
            row.name_vi, row.name_en, row.serial_number, row.place_of_use, row.certificate_printed
        ),
        filters={
            "due": {standing.value: _stands(standing) for standing in DueStanding},
            "kind": {kind: _is_kind(kind) for kind in sorted({row.kind for row in rows})},
        },
    ).answer(request)


def _months(interval: IntervalFacts | None) -> int | None:
    return None if interval is None else interval.months


def _stands(standing: DueStanding) -> Any:
    return lambda row: row.standing is standing


def _is_kind(kind: str) -> Any:
    return lambda row: row.kind == kind


def _own_instrument(
    row: Instrument, last: tuple[date, Certificate] | None, interval_months: int | None, on: date
) -> OwnInstrument:
    calibrated_on, certificate = last if last is not None else (None, None)
    due_on = add_months(calibrated_on, interval_months) if calibrated_on and interval_months else None
    return OwnInstrument(
        instrument_id=row.id,
        name_vi=row.name_vi,
        name_en=row.name_en or "",
        kind=row.kind,
        serial_number=row.serial_number or "",
        place_of_use=row.place_of_use or "",
        calibrated_on=calibrated_on,
        interval_months=interval_months,
        due_on=due_on,
        days_left=None if due_on is None else (due_on - on).days,
        certificate_token="" if certificate is None else certificate.token,
        certificate_printed="" if certificate is None else printed_number(certificate.number, certificate.version),
    )


def _last_certificates(session: Session, actor: Actor) -> Mapping[int, tuple[date, Certificate]]:
    """Return, per instrument, the day of its last calibration that stands on a certificate of the actor in force."""
    query = (
        select(CalibrationRun.instrument_id, CalibrationRun.ended_at, Site.timezone, Certificate)
        .join(CertificateRun, CertificateRun.run_id == CalibrationRun.id)
        .join(Certificate, Certificate.id == CertificateRun.certificate_id)
        .join(Site, Site.id == CalibrationRun.site_id)
        .where(owned_by(actor), Certificate.state == CertificateState.ISSUED)
        .order_by(func.coalesce(CalibrationRun.ended_at, Certificate.begun_at), Certificate.id)
    )
    return {
        instrument_id: (local_date(ended, timezone) if ended else certificate.issued_on, certificate)
        for instrument_id, ended, timezone, certificate in session.execute(query)
    }


def my_certificate(session: Session, actor: Actor, token: str) -> CertificateView:
    """Return one of the actor's certificates. Raises NotFound: another's reads like one that does not exist."""
    return certificates.view_of(session, my_certificate_row(session, actor, token))


def my_certificate_row(session: Session, actor: Actor, token: str) -> Certificate:
    """Return the row behind a token if it is the actor's; one question to the database in every case."""
    query = select(Certificate).where(Certificate.token == token, owned_by(actor), Certificate.state.in_(SHOWN))
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFound("certificate.not_found")
    return row
