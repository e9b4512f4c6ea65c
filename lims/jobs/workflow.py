"""The way of an item through the laboratory: which step may follow which, and what a job's state follows from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from calc.decisions.conformity import Statement
from lims.core.errors import RuleViolation
from lims.jobs.facts import (
    AgreedSpecification,
    DecisionRule,
    ItemState,
    JobFacts,
    JobItemFacts,
    JobState,
    RuleKind,
    SpecificationKind,
)

_S = ItemState
TRANSITIONS: Final[Mapping[ItemState, frozenset[ItemState]]] = {
    _S.EXPECTED: frozenset({_S.RECEIVED, _S.ATTENDED, _S.CANCELLED}),
    _S.RECEIVED: frozenset({_S.IN_WORK, _S.SUBCONTRACTED, _S.NOT_CALIBRATABLE, _S.CANCELLED}),
    _S.ATTENDED: frozenset({_S.IN_WORK, _S.NOT_CALIBRATABLE, _S.CANCELLED}),
    _S.IN_WORK: frozenset({_S.ON_HOLD, _S.DONE, _S.SUBCONTRACTED, _S.NOT_CALIBRATABLE, _S.CANCELLED}),
    _S.ON_HOLD: frozenset({_S.IN_WORK, _S.SUBCONTRACTED, _S.NOT_CALIBRATABLE, _S.CANCELLED}),
    _S.DONE: frozenset({_S.IN_WORK, _S.RELEASED}),
    _S.SUBCONTRACTED: frozenset({_S.RELEASED, _S.NOT_CALIBRATABLE, _S.CANCELLED}),
    _S.RELEASED: frozenset({_S.HANDED_BACK}),
    _S.NOT_CALIBRATABLE: frozenset({_S.HANDED_BACK}),
    _S.CANCELLED: frozenset({_S.HANDED_BACK}),
    _S.HANDED_BACK: frozenset(),
}
"""DESIGN: expected → received (or attended) → in work ⇄ on hold; done or subcontracted → released → handed back;
not calibratable or cancelled → handed back. A returned run takes a done item back to work."""

NEEDS_REASON: Final = frozenset({_S.ON_HOLD, _S.SUBCONTRACTED, _S.NOT_CALIBRATABLE, _S.CANCELLED})
"""States that an item only enters with a stated reason; work taken up again after `done` needs one too."""

AGREEABLE: Final = frozenset({_S.EXPECTED, _S.RECEIVED, _S.ATTENDED, _S.ON_HOLD})
"""States in which what is agreed may still be changed; a run in work has frozen it."""

OPEN: Final = frozenset({_S.EXPECTED, _S.RECEIVED, _S.ATTENDED, _S.IN_WORK, _S.ON_HOLD, _S.DONE, _S.SUBCONTRACTED})
"""States in which something is still to be done with an item before it can go back."""


class JobAction(StrEnum):
    """The one thing to do next for a job."""

    ADD_ITEM = "add_item"
    RECEIVE = "receive"
    REVIEW_CONTRACT = "review_contract"
    WORK = "work"
    RESUME = "resume"
    HAND_BACK = "hand_back"
    NONE = "none"


def check_step(item: JobItemFacts, to: ItemState, reason: str = "") -> None:
    """Refuse a step that does not follow from the item's state, or lacks the reason it needs."""
    allowed = set(TRANSITIONS[item.state])
    if item.state is _S.CANCELLED and item.received_on is None:
        allowed = set()  # never came in: there is nothing to hand back
    if to not in allowed:
        raise RuleViolation("item.step_refused", position=item.position, state=item.state, to=to)
    again = item.state is _S.DONE and to is _S.IN_WORK
    if (to in NEEDS_REASON or again) and not reason.strip():
        raise RuleViolation("item.reason_missing", position=item.position, to=to)


def check_start(item: JobItemFacts) -> None:
    """Refuse work on an item whose contract was not reviewed or for which no procedure was chosen."""
    clause = "ISO/IEC 17025:2017, 7.1.1"
    if not item.contract_reviewed:
        raise RuleViolation("item.contract_not_reviewed", clause=clause, position=item.position)
    if item.procedure_version_id is None:
        raise RuleViolation("item.no_procedure", clause=clause, position=item.position)


def check_agreement(specification: AgreedSpecification, rule: DecisionRule) -> None:
    """Refuse a specification without limits or without a decision rule, and a rule with nothing to decide."""
    clause = "ISO/IEC 17025:2017, 7.1.3"
    if specification.kind is SpecificationKind.NONE:
        if rule.kind is not RuleKind.NONE:
            raise RuleViolation("item.rule_without_specification", clause=clause)
        return
    if specification.lower is None and specification.upper is None:
        raise RuleViolation("item.specification_without_limits", clause=clause)
    limits = [limit for limit in (specification.lower, specification.upper) if limit is not None]
    if limits != sorted(limits):
        raise RuleViolation("item.limits_crossed", clause=clause)
    if specification.kind is SpecificationKind.CLASS and not specification.accuracy_class:
        raise RuleViolation("item.class_missing", clause=clause)
    if rule.kind is RuleKind.NONE:
        raise RuleViolation("item.no_decision_rule", clause=clause)
    if rule.guard_factor is not None and not -1 <= rule.guard_factor <= 10:
        raise RuleViolation("item.guard_factor", clause=clause)
    if rule.statement is Statement.NON_BINARY and (
        rule.kind is not RuleKind.GUARD_BAND_U or (rule.guard_factor is not None and rule.guard_factor <= 0)
    ):
        raise RuleViolation("item.four_answers_need_guard_band", clause=clause)


def missing_for_review(items: Sequence[JobItemFacts]) -> list[tuple[int, str]]:
    """Return what keeps a contract from being reviewed: (position of the item, code); position 0 is the job."""
    live = [item for item in items if item.state not in (_S.CANCELLED, _S.NOT_CALIBRATABLE, _S.HANDED_BACK)]
    if not live:
        return [(0, "job.no_items")]
    return [(item.position, "item.no_procedure") for item in live if item.procedure_version_id is None]


def job_state(states: Sequence[ItemState]) -> JobState:
    """Return a job's state from those of its items: where the work stands that is least far on."""
    if not states:
        return JobState.EMPTY
    if all(state is _S.CANCELLED for state in states):
        return JobState.CANCELLED
    open_states = {state for state in states if state in OPEN}
    if not open_states:
        waits = {_S.RELEASED, _S.NOT_CALIBRATABLE} & set(states)
        return JobState.READY if waits else JobState.CLOSED
    if open_states == {_S.EXPECTED}:
        return JobState.EXPECTED
    if open_states <= {_S.EXPECTED, _S.RECEIVED, _S.ATTENDED}:
        return JobState.RECEIVED
    return JobState.ON_HOLD if open_states == {_S.ON_HOLD} else JobState.IN_WORK


def promised_for_job(promised_on: date | None, items: Sequence[JobItemFacts]) -> date | None:
    """Return the day a job is promised for: the soonest of what is still to be done, else the last, else its own."""
    due = [(item.state, item.due_on) for item in items if item.due_on is not None]
    still_open = [day for state, day in due if state in OPEN]
    if still_open:
        return min(still_open)
    return max((day for state, day in due if state is not _S.CANCELLED), default=promised_on)


def next_action(job: JobFacts, items: Sequence[JobItemFacts]) -> JobAction:
    """Return the one thing to do next for a job."""
    states = {item.state for item in items}
    if not items:
        return JobAction.ADD_ITEM
    if _S.EXPECTED in states:
        return JobAction.RECEIVE
    if states & {_S.RECEIVED, _S.ATTENDED}:
        return JobAction.REVIEW_CONTRACT if job.contract_reviewed_at is None else JobAction.WORK
    if states & {_S.IN_WORK, _S.DONE, _S.SUBCONTRACTED}:
        return JobAction.WORK
    if _S.ON_HOLD in states:
        return JobAction.RESUME
    waiting = states & {_S.RELEASED, _S.NOT_CALIBRATABLE}
    returnable = any(item.state is _S.CANCELLED and item.received_on is not None for item in items)
    return JobAction.HAND_BACK if waiting or returnable else JobAction.NONE


def possible_steps(item: JobItemFacts) -> frozenset[ItemState]:
    """Return the states an item may go to from where it stands."""
    if item.state is _S.CANCELLED and item.received_on is None:
        return frozenset()
    return TRANSITIONS[item.state]
