"""Reads of the papers that persons hold."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.people.models import PersonPaper
from lims.people.paper_facts import PersonPaperFacts, PersonPaperKind, newest


def papers_of(session: Session, person_ids: Iterable[int]) -> list[PersonPaperFacts]:
    """Return every paper of some persons, the newest first."""
    query = (
        select(PersonPaper)
        .where(PersonPaper.person_id.in_(sorted(person_ids)))
        .order_by(PersonPaper.issued_on.desc(), PersonPaper.id.desc())
    )
    return [
        PersonPaperFacts(
            id=row.id,
            person_id=row.person_id,
            kind=PersonPaperKind(row.kind),
            number=row.number,
            issued_by=row.issued_by,
            fields=row.fields,
            issued_on=row.issued_on,
            valid_until=row.valid_until,
        )
        for row in session.execute(query).scalars()
    ]


def cards_of(session: Session, person_ids: Iterable[int]) -> dict[int, PersonPaperFacts]:
    """Return the verifier's card of each of some persons who has one: the one issued last."""
    counting = newest(papers_of(session, person_ids))
    return {person: paper for (person, kind), paper in counting.items() if kind is PersonPaperKind.VERIFIER_CARD}
