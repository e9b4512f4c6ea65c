"""The rules of a run: its states, who may take which step, and what keeps it from the next one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Protocol

from lims.calibrations.facts import (
    ISSUABLE,
    AdjustmentFacts,
    ConditionRange,
    ExclusionFacts,
    ExclusionKind,
    Involvement,
    JustificationFacts,
    JustificationKind,
    ReadingFacts,
    RunFacts,
    RunState,
)
from lims.core.errors import Forbidden, RuleViolation
from lims.jobs.facts import ItemState

_D, _S, _V, _R, _X = RunState.DRAFT, RunState.SUBMITTED, RunState.REVIEWED, RunState.RELEASED, RunState.VOIDED

TRANSITIONS: Final[Mapping[RunState, frozenset[RunState]]] = {
    _D: frozenset({_S, _X}),
    _S: frozenset({_V, _D, _X}),
    _V: frozenset({_R, _D, _X}),
    _R: frozenset(),
    _X: frozenset(),
}
"""Which state may follow which; a released run stays, what is wrong with it becomes an amendment of its certificate."""

CLAUSE_RECORDS: Final = "ISO/IEC 17025:2017, 7.5.1"
CLAUSE_AMENDMENTS: Final = "ISO/IEC 17025:2017, 7.5.2"
CLAUSE_PERSONNEL: Final = "ISO/IEC 17025:2017, 6.2.6"
CLAUSE_CONDITIONS: Final = "ISO/IEC 17025:2017, 6.3"
CLAUSE_EQUIPMENT: Final = "ISO/IEC 17025:2017, 6.4.4"
CLAUSE_TRACEABILITY: Final = "ISO/IEC 17025:2017, 6.5.1"
CLAUSE_METHOD: Final = "ISO/IEC 17025:2017, 7.2.1.7"
CLAUSE_REPORT: Final = "ISO/IEC 17025:2017, 7.8.1.1"
CLAUSE_DATA: Final = "ISO/IEC 17025:2017, 7.11.3"
CLAUSE_ADJUSTMENT: Final = "ISO/IEC 17025:2017, 7.8.4.1 d"
CLAUSE_ANSWER: Final = "ISO/IEC 17025:2017, 7.1.8"
_GONE: Final = frozenset({ItemState.CANCELLED, ItemState.NOT_CALIBRATABLE, ItemState.HANDED_BACK})


class Step(IntEnum):
    """The steps of a run in their order: what blocks one blocks those after it."""

    SUBMIT = 1
    REVIEW = 2
    RELEASE = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a run back, from which step on, and where on its page the cure is.

    `detail` is the code of what another package or the calculation says of it.
    """

    code: str
    blocks: Step
    anchor: str
    clause: str
    values: Mapping[str, object] = field(default_factory=dict)
    detail: str = ""
    detail_values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlotNeed:
    """A place for equipment that the procedure wants, with how many are chosen."""

    slot: str
    title_vi: str
    title_en: str
    minimum: int
    maximum: int
    chosen: int


@dataclass(frozen=True, slots=True)
class MissingCells:
    """How many cells of a section are still empty, and the first of them."""

    section: str
    title_vi: str
    title_en: str
    count: int
    first_key: str


@dataclass(frozen=True, slots=True)
class UseFault:
    """What is wrong with a calibration that a run uses; `traceability` faults hold back only the release."""

    use_id: int
    standard_code: str
    code: str
    traceability: bool
    clause: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the rules look at when they say what keeps a run back."""

    run: RunFacts
    slots: Sequence[SlotNeed] = ()
    missing: Sequence[MissingCells] = ()
    use_faults: Sequence[UseFault] = ()
    conditions: Sequence[ConditionRange] = ()
    missing_conditions: Sequence[ConditionRange] = ()
    justifications: Sequence[JustificationFacts] = ()
    unauthorised: Sequence[str] = ()
    item_state: ItemState | None = None
    waits_for_answer: bool = False
    adjustment_wanted: bool = False
    stale_as_left: int = 0
    evaluation_code: str | None = None
    evaluation_values: Mapping[str, object] = field(default_factory=dict)


_CURES: Final[Mapping[str, str]] = {
    "evaluation.no_reference": "equipment",
    "evaluation.no_drift": "equipment",
    "evaluation.no_condition": "conditions",
}
"""Where on the page of a run that is cured of which a result could not be calculated."""


def problems(standing: Standing) -> tuple[Problem, ...]:
    """Return everything that keeps a run from being submitted, reviewed or released, in the order of its page."""
    found = [*_equipment(standing), *_conditions(standing), *_readings(standing)]
    found += _item(standing)
    found += [
        Problem("run.performer_not_authorised", Step.SUBMIT, "people", CLAUSE_PERSONNEL, {"name": name})
        for name in standing.unauthorised
    ]
    if standing.evaluation_code is not None and not found:
        detail = (standing.evaluation_code, standing.evaluation_values)
        anchor = _CURES.get(standing.evaluation_code, "preview")
        found.append(Problem("run.evaluation_fails", Step.SUBMIT, anchor, CLAUSE_DATA, {}, *detail))
    if standing.run.purpose not in ISSUABLE:
        values = {"purpose": str(standing.run.purpose)}
        found.append(Problem("run.purpose_not_issuable", Step.RELEASE, "what", CLAUSE_REPORT, values))
    return tuple(found)


def _equipment(standing: Standing) -> list[Problem]:
    found = []
    for need in standing.slots:
        values: dict[str, object] = {"title_vi": need.title_vi, "title_en": need.title_en}
        anchor = f"slot-{need.slot}"
        if need.chosen < need.minimum:
            values |= {"missing": need.minimum - need.chosen}
            found.append(Problem("run.equipment_missing", Step.SUBMIT, anchor, CLAUSE_EQUIPMENT, values))
        elif need.chosen > need.maximum:
            values |= {"maximum": need.maximum}
            found.append(Problem("run.equipment_too_many", Step.SUBMIT, anchor, CLAUSE_EQUIPMENT, values))
    for fault in standing.use_faults:
        step = Step.RELEASE if fault.traceability else Step.SUBMIT
        clause = fault.clause or (CLAUSE_TRACEABILITY if fault.traceability else CLAUSE_EQUIPMENT)
        detail = (fault.code, {"standard": fault.standard_code, **fault.values})
        anchor, named = f"use-{fault.use_id}", {"standard": fault.standard_code}
        found.append(Problem("run.equipment_not_usable", step, anchor, clause, named, *detail))
    return found


def _conditions(standing: Standing) -> list[Problem]:
    justified = {
        entry.subject for entry in standing.justifications if entry.kind == JustificationKind.CONDITION_OUTSIDE
    }
    found = []
    for condition in standing.missing_conditions:
        values: dict[str, object] = {"title_vi": condition.title_vi, "title_en": condition.title_en}
        anchor = f"condition-{condition.quantity}"
        found.append(Problem("run.condition_missing", Step.SUBMIT, anchor, CLAUSE_CONDITIONS, values))
    for condition in standing.conditions:
        if condition.quantity in justified:
            continue
        if not condition.steady:
            found.append(Problem("run.condition_unsteady", Step.RELEASE, "justify", CLAUSE_METHOD, _changed(condition)))
        if not condition.within:
            values = {
                "title_vi": condition.title_vi,
                "title_en": condition.title_en,
                "quantity": condition.quantity,
                "lower": condition.lower,
                "upper": condition.upper,
                "minimum": condition.minimum,
                "maximum": condition.maximum,
                "unit": condition.unit,
            }
            found.append(Problem("run.condition_outside", Step.RELEASE, "justify", CLAUSE_METHOD, values))
    return found


def _changed(condition: ConditionRange) -> dict[str, object]:
    return {
        "title_vi": condition.title_vi,
        "title_en": condition.title_en,
        "limit": condition.change_limit,
        "unit": condition.unit,
    }


def _readings(standing: Standing) -> list[Problem]:
    found = []
    for missing in standing.missing:
        values: dict[str, object] = {
            "count": missing.count,
            "title_vi": missing.title_vi,
            "title_en": missing.title_en,
        }
        anchor = f"field-{missing.first_key}"
        found.append(Problem("run.readings_missing", Step.SUBMIT, anchor, CLAUSE_RECORDS, values))
    return found


def _item(standing: Standing) -> list[Problem]:
    """Return what the item's own way keeps back: it is gone, waits, or was adjusted after it was read as left."""
    found = []
    if standing.item_state in _GONE:
        found.append(Problem("run.item_gone", Step.SUBMIT, "what", CLAUSE_RECORDS, {"state": standing.item_state}))
    elif standing.item_state is ItemState.ON_HOLD or standing.waits_for_answer:
        anchor = "as-found" if standing.waits_for_answer else "what"
        found.append(Problem("run.item_waits", Step.RELEASE, anchor, CLAUSE_ANSWER))
    elif standing.adjustment_wanted:
        found.append(Problem("run.adjustment_wanted", Step.RELEASE, "as-found", CLAUSE_ANSWER))
    if standing.stale_as_left:
        values: dict[str, object] = {"count": standing.stale_as_left}
        found.append(Problem("run.as_left_before_adjustment", Step.SUBMIT, "adjustment", CLAUSE_ADJUSTMENT, values))
    return found


def blocking(found: Sequence[Problem], step: Step) -> tuple[Problem, ...]:
    """Return the problems that keep a run from a step."""
    return tuple(problem for problem in found if problem.blocks <= step)


def check_transition(run: RunFacts, to: RunState) -> None:
    """Refuse a step that the state table does not hold. Raises RuleViolation."""
    if to not in TRANSITIONS[run.state]:
        raise RuleViolation("run.transition", clause=CLAUSE_DATA, state=run.state, to=to, number=run.number)


class RunHeader(Protocol):
    """What the state rules look at: a run's facts, or the few that were read for one cell."""

    @property
    def number(self) -> str:
        """Return the run's number."""

    @property
    def state(self) -> RunState:
        """Return where it stands."""


def check_editable(run: RunHeader) -> None:
    """Refuse any change to the records of a run that is no draft. Raises RuleViolation."""
    if run.state is not RunState.DRAFT:
        raise RuleViolation("run.not_a_draft", clause=CLAUSE_AMENDMENTS, state=run.state, number=run.number)


def involved(
    run: RunFacts,
    readings: Sequence[ReadingFacts],
    adjustments: Sequence[AdjustmentFacts] = (),
    exclusions: Sequence[ExclusionFacts] = (),
) -> dict[int, Involvement]:
    """Return who may not review the run, each with why: opened, performed, recorded, adjusted, supervised.

    `readings` are all of them, the superseded ones included.
    """
    people: dict[int, Involvement] = {}
    for reading in readings:
        why = Involvement.RECORDED if reading.supersedes_id is None else Involvement.CORRECTED
        people.setdefault(reading.writer_id, why)
        people.setdefault(reading.observer_id, Involvement.RECORDED)
    for exclusion in exclusions:
        if exclusion.kind != ExclusionKind.RESTORED:
            people.setdefault(exclusion.actor_id, Involvement.EXCLUDED)
    for adjustment in adjustments:
        people.setdefault(adjustment.actor_id, Involvement.ADJUSTED)
        people.setdefault(adjustment.performer_id or adjustment.actor_id, Involvement.ADJUSTED)
    for person in run.people:
        people.setdefault(person.person_id, Involvement(person.activity))
    people.setdefault(run.opened_by_id, Involvement.OPENED)
    return people


def check_reviewer(
    run: RunFacts, person_id: int, involved_people: Mapping[int, Involvement], *, authorised: bool
) -> None:
    """Refuse a reviewer who had a hand in the run, or who is not authorised for its procedure today.

    Raises RuleViolation (own run) or Forbidden (no authorisation).
    """
    if person_id in involved_people:
        why = involved_people[person_id]
        raise RuleViolation("run.own_review", clause=CLAUSE_PERSONNEL, why=why, number=run.number)
    if not authorised:
        raise Forbidden("run.reviewer_not_authorised", clause=CLAUSE_PERSONNEL, number=run.number)


def check_signatory(
    run: RunFacts, person_id: int, reviewer_id: int, *, authorised: bool, reviewer_may_release: bool
) -> None:
    """Refuse a signatory without a valid authorisation, or who reviewed the run where the site forbids both in one.

    Raises Forbidden or RuleViolation; refuses purposes that no certificate may state.
    """
    if run.purpose not in ISSUABLE:
        raise RuleViolation("run.purpose_not_issuable", clause=CLAUSE_REPORT, purpose=run.purpose)
    if not authorised:
        raise Forbidden("run.signatory_not_authorised", clause=CLAUSE_PERSONNEL, number=run.number)
    if person_id == reviewer_id and not reviewer_may_release:
        raise RuleViolation("run.reviewer_releases", clause=CLAUSE_PERSONNEL, number=run.number)


def refuse(found: Sequence[Problem], step: Step) -> None:
    """Raise RuleViolation for what keeps the run from a step, with all problems in its values."""
    held = blocking(found, step)
    if held:
        first = held[0]
        code, values = (first.detail, first.detail_values) if first.detail else ("run.held", first.values)
        raise RuleViolation(code, clause=first.clause, **{**values, "count": len(held), "problems": held})
