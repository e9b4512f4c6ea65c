"""What is done with the papers of persons; each change is audited in its transaction."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.errors import FieldError, InvalidInput, NotFound
from lims.core.text import normalise
from lims.people import paper_queries
from lims.people.access import Permission, require
from lims.people.models import Person, PersonPaper
from lims.people.paper_facts import PersonPaperFacts, RecordPersonPaper


def record_person_paper(
    session: Session, actor: Actor, command: RecordPersonPaper, *, now: datetime
) -> PersonPaperFacts:
    """Note a paper that a person holds; of each kind the one issued last counts (ISO/IEC 17025:2017, 6.2.5).

    For who manages people. Refuses one without number or issuer, or that ends before it begins.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    if session.get(Person, command.person_id) is None:
        raise NotFound
    texts = {"number": normalise(command.number), "issued_by": normalise(command.issued_by)}
    wrong = [FieldError(name, "field.missing") for name, text in texts.items() if not text]
    if command.valid_until is not None and command.valid_until < command.issued_on:
        wrong.append(FieldError("valid_until", "paper.ends_before_it_begins", {"issued_on": command.issued_on}))
    if wrong:
        raise InvalidInput(wrong)
    row = PersonPaper(
        person_id=command.person_id,
        kind=command.kind,
        fields=normalise(command.fields or "") or None,
        issued_on=command.issued_on,
        valid_until=command.valid_until,
        recorded_at=now,
        recorded_by_id=actor.person_id,
        recorded_by_name=actor.name,
        **texts,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "person.paper_recorded", ("person", row.person_id), now=now, after=asdict(command))
    return next(paper for paper in paper_queries.papers_of(session, [row.person_id]) if paper.id == row.id)
