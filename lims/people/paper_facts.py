"""Papers with dates that persons hold, and how one stands on a date. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

DUE_SOON_DAYS: Final = 30


class PersonPaperKind(StrEnum):
    """What kind of paper a person holds."""

    VERIFIER_CARD = "verifier_card"


class PaperState(StrEnum):
    """How a paper stands on a date."""

    IN_DATE = "in_date"
    ENDS_SOON = "ends_soon"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PersonPaperFacts:
    """A paper of a person; its last day still counts. `fields` says for which fields of measurement it was given."""

    id: int
    person_id: int
    kind: PersonPaperKind
    number: str
    issued_by: str
    fields: str | None
    issued_on: date
    valid_until: date | None

    def state(self, on: date) -> PaperState:
        """Return how the paper stands on a date."""
        if self.valid_until is None:
            return PaperState.IN_DATE
        days = (self.valid_until - on).days
        if days < 0:
            return PaperState.EXPIRED
        return PaperState.ENDS_SOON if days <= DUE_SOON_DAYS else PaperState.IN_DATE

    def urgent(self, on: date) -> bool:
        """Return whether the paper is expired or ends soon."""
        return self.state(on) is not PaperState.IN_DATE


def newest(papers: Iterable[PersonPaperFacts]) -> dict[tuple[int, PersonPaperKind], PersonPaperFacts]:
    """Return, per person and kind, the paper that counts: the one issued last."""
    found: dict[tuple[int, PersonPaperKind], PersonPaperFacts] = {}
    for paper in papers:
        before = found.get((paper.person_id, paper.kind))
        if before is None or (paper.issued_on, paper.id) > (before.issued_on, before.id):
            found[(paper.person_id, paper.kind)] = paper
    return found


@dataclass(frozen=True, slots=True)
class RecordPersonPaper:
    """Note a paper that a person holds."""

    person_id: int
    kind: PersonPaperKind
    number: str
    issued_by: str
    issued_on: date
    valid_until: date | None = None
    fields: str | None = None
