"""A laboratory with a customer's weight and the weighing procedure, ready for orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.people import queries as people
from lims.people.facts import Role
from lims.procedures.facts import ProcedureVersionFacts
from standards.facts import InstrumentFacts
from tests.factories.people import Laboratory, make_laboratory
from tests.factories.procedures import make_procedure_version
from tests.factories.standards import make_instrument

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)


@dataclass(frozen=True)
class House:
    """What orders need around them."""

    laboratory: Laboratory
    version: ProcedureVersionFacts
    weight: InstrumentFacts
    actors: dict[Role, Actor]

    def actor(self, role: Role) -> Actor:
        """Return the laboratory's person in a role."""
        return self.actors[role]


def make_house(session: Session) -> House:
    """Put the laboratory, the procedure and the customer's weight into a database."""
    laboratory = make_laboratory(session)
    version = make_procedure_version(session, organisation_id=laboratory.organisation_id)
    weight = make_instrument(session, laboratory.customer_id)
    actors = {role: people.actor_of(session, key, TODAY) for role, key in laboratory.persons.items()}
    return House(laboratory, version, weight, actors)


@pytest.fixture
def house(session: Session) -> House:
    """The laboratory, in the test's session."""
    return make_house(session)
