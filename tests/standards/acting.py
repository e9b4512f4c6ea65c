"""What the tests of services share: reading refusals, acting as the laboratory's people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lims.core.errors import InvalidInput
from standards import services
from standards.commands import (
    ChangeStandardState,
    InstrumentIdentity,
)
from standards.facts import StandardFacts, StandardRole, StandardState
from tests.factories import standards as make

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
REFERENCE = StandardRole.REFERENCE


def refused(error: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    """Return the fields that were refused, each with its code."""
    return {item.field: item.code for item in error.value.fields}


def actions(session: Session) -> list[str]:
    """Return what was noted for the audit chain so far."""
    return [entry.action for entry in session.info.get("audit_pending", [])]


def identity(owner_id: int, **overrides: Any) -> InstrumentIdentity:
    """A weight of an owner."""
    return InstrumentIdentity(**{"owner_id": owner_id, "kind": "weight", "name_vi": "Quả cân 10 kg", **overrides})


def change(session: Session, standard: StandardFacts, state: StandardState, **rest: Any) -> StandardFacts:
    """Change a standard's state as its laboratory's manager."""
    actor = make.recorder(standard.laboratory_id)
    return services.change_standard_state(session, actor, ChangeStandardState(standard.id, state, **rest), now=NOW)


def record(session: Session, standard: StandardFacts, **overrides: Any) -> dict[str, str]:
    """Record a calibration that will be refused and return the fields with their codes."""
    command = make.calibration_command(session, standard, **overrides)
    with pytest.raises(InvalidInput) as error:
        services.record_calibration(session, make.recorder(standard.laboratory_id), command, now=NOW)
    return refused(error)
