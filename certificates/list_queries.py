"""Lists of certificates: a laboratory's, and the part that a customer's list shares with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from certificates.facts import CertificateKind, CertificateLine, CertificateState
from certificates.models import Certificate
from certificates.queries import line_of, seen_by
from lims.core.actor import Actor
from lims.core.lists import EVERYTHING, Condition, Listed, ListRequest, SqlList, every_word
from lims.people.models import Organisation


def certificates(session: Session, actor: Actor, request: ListRequest = EVERYTHING) -> Listed[CertificateLine]:
    """Return the laboratory's certificates, newest first.

    Words are sought in number, customer, items and runs. Filters: state; kind; year of issue; customer, by key.
    """
    mine = [seen_by(actor)]
    customer = request.key("customer")
    if customer is not None:
        mine.append(Certificate.customer_id == customer)
    return certificate_list(session, mine, request, list(CertificateState))


def certificate_list(
    session: Session,
    mine: Sequence[ColumnElement[bool]],
    request: ListRequest,
    states: Sequence[CertificateState],
) -> Listed[CertificateLine]:
    """Return the certificates that fulfil some conditions, by the states that the reader may tell apart."""
    query = select(Certificate).select_from(Certificate)
    query = query.join(Organisation, Organisation.id == Certificate.customer_id).where(*mine)
    return (
        SqlList(
            query=query,
            key=Certificate.id,
            sorts={
                "number": (Certificate.number, Certificate.version),
                "customer": (Organisation.sort_key,),
                "issued": (Certificate.issued_on,),
            },
            sort="-issued",
            searched=every_word(Certificate.search_text),
            filters={
                "state": {state.value: Certificate.state == state for state in states},
                "year": _years(session, mine),
                "kind": {kind.value: Certificate.kind == kind for kind in CertificateKind},
            },
        )
        .answer(session, request)
        .mapped(line_of)
    )


def _years(session: Session, mine: Sequence[ColumnElement[bool]]) -> Mapping[str, Condition]:
    ends = session.execute(select(func.min(Certificate.issued_on), func.max(Certificate.issued_on)).where(*mine)).one()
    if ends[0] is None:
        return {}
    return {
        str(year): Certificate.issued_on.between(date(year, 1, 1), date(year, 12, 31))
        for year in range(ends[1].year, ends[0].year - 1, -1)
    }
