"""What may follow in the movements of a standard. Pure; the states that follow are those of `validity.TRANSITIONS`."""

from __future__ import annotations

from datetime import date
from typing import Final

from lims.core.errors import RuleViolation
from standards.entries import Checker
from standards.facts import StandardFacts, StandardState
from standards.register_facts import LEAVING, STATE_AFTER, MovementFacts, MovementKind, RecordMovement
from standards.validity import may_follow

_HANDLING: Final = "ISO/IEC 17025:2017, 6.4.3"


def check_movement(
    command: RecordMovement, last: MovementFacts | None, open_one: MovementFacts | None, today: date
) -> None:
    """Raise InvalidInput with everything that a movement lacks, or that its dates contradict."""
    check = Checker()
    if command.moved_on > today:
        check.refuse("moved_on", "entry.date_in_future", date=command.moved_on, today=today)
    before = open_one or last
    if before is not None and command.moved_on < before.moved_on:
        check.refuse("moved_on", "movement.before_the_last", date=command.moved_on, last=before.moved_on)
    if command.kind in LEAVING:
        check.required("reason", command.reason)
        if command.organisation_id is None and not (command.holder or "").strip():
            check.refuse("organisation_id", "movement.to_nobody")
        if command.expected_on is not None and command.expected_on < command.moved_on:
            check.refuse("expected_on", "entry.dates_reversed", earlier=command.moved_on, later=command.expected_on)
    if command.kind is MovementKind.RECEIVED:
        check.required("condition", command.condition)
    if command.kind is MovementKind.MOVED:
        check.required("place", command.place)
    check.finish()


def state_after(
    command: RecordMovement, standard: StandardFacts, current: StandardState | None, open_one: MovementFacts | None
) -> StandardState | None:
    """Return the state that a movement leads to, None where it leads to no other.

    What was quarantined while it was away stays so when it comes back. Raises RuleViolation for a movement that cannot
    follow: lent twice, received without having been away, moved to another room while away.
    """
    away = open_one is not None or current is StandardState.OUT
    if command.kind is MovementKind.MOVED:
        if away or current is StandardState.RETIRED:
            raise RuleViolation("movement.not_here", clause=_HANDLING)
        return None
    if command.kind is MovementKind.RECEIVED:
        if not away:
            raise RuleViolation("movement.nothing_to_receive", clause=_HANDLING)
        return STATE_AFTER[command.kind] if current is StandardState.OUT else None
    if open_one is not None:
        raise RuleViolation("movement.away_already", clause=_HANDLING, since=open_one.moved_on)
    wanted = STATE_AFTER[command.kind]
    change = standard.states[-1] if standard.states else None
    if not may_follow(change, wanted):
        raise RuleViolation(
            "standard.state_cannot_follow", clause=_HANDLING, state=current or StandardState.RETURNED, wanted=wanted
        )
    return wanted


def is_late(movement: MovementFacts | None, day: date) -> bool:
    """Return whether something that is away should have been back before a day."""
    return movement is not None and movement.expected_on is not None and movement.expected_on < day
