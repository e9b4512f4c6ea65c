"""What is known of a calibration run: states, addresses, commands, and what queries hand out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from lims.calibrations.detail_facts import (
    BudgetRow,
    CorrelationRow,
    DerivedFacts,
    FailureFacts,
    RecordedFacts,
    WarningFacts,
)
from lims.jobs.facts import AgreedSpecification, DecisionRule
from lims.jobs.notice_facts import ConsentWay
from lims.people.room_facts import RoomLimitFacts

CONDITIONS: Final = "conditions"
"""The section whose readings are the conditions of the room: point = quantity, sequence 1 at start, 2 at end."""


class RunState(StrEnum):
    """Where a run stands; *returned* is a step back to draft."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    RELEASED = "released"
    VOIDED = "voided"


class RunPurpose(StrEnum):
    """Why a run is made; only `ISSUABLE` purposes may reach a certificate."""

    CUSTOMER = "customer"
    OWN_STANDARD = "own_standard"
    CHECK = "check"
    REPLICATE = "replicate"
    COMPARISON = "comparison"
    COMPLAINT_REPEAT = "complaint_repeat"
    VALIDATION = "validation"
    TRAINING = "training"


ISSUABLE: Final = frozenset({RunPurpose.CUSTOMER, RunPurpose.OWN_STANDARD})


class Phase(StrEnum):
    """Before or after an adjustment; without an adjustment everything is as found."""

    AS_FOUND = "as_found"
    AS_LEFT = "as_left"


class ReadingRole(StrEnum):
    """Whose indication a reading is."""

    ITEM = "item"
    STANDARD = "standard"
    ZERO = "zero"
    INFLUENCE = "influence"


class ReadingSource(StrEnum):
    """How a reading came in."""

    TYPED = "typed"
    PASTED = "pasted"
    IMPORTED = "imported"
    INSTRUMENT = "instrument"


class ExclusionKind(StrEnum):
    """A reading or point left out, taken back in, or found not measurable.

    A *withdrawn* reading was written into its cell by mistake and taken back by its writer at once: the cell waits for
    another one, which supersedes it.
    """

    EXCLUDED = "excluded"
    RESTORED = "restored"
    NOT_MEASURABLE = "not_measurable"
    WITHDRAWN = "withdrawn"


class DecisionKind(StrEnum):
    """What was decided on a run."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    REVIEWED = "reviewed"
    RELEASED = "released"
    VOIDED = "voided"


class Activity(StrEnum):
    """What a person does in a run; the same words as in authorisations."""

    PERFORM = "perform"
    SUPERVISE = "supervise"
    ADJUST = "adjust"


class Involvement(StrEnum):
    """What hand a person had in a run: any of these keeps them from reviewing it."""

    OPENED = "opened"
    RECORDED = "recorded"
    CORRECTED = "corrected"
    EXCLUDED = "excluded"
    ADJUSTED = "adjusted"
    PERFORM = "perform"
    SUPERVISE = "supervise"
    ADJUST = "adjust"


class AdjustmentKind(StrEnum):
    """What was done to an item between as found and as left."""

    ADJUSTMENT = "adjustment"
    REPAIR = "repair"


class JustificationKind(StrEnum):
    """What a justified decision is about."""

    CONDITION_OUTSIDE = "condition_outside"
    DEVIATION = "deviation"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a reading stands in a run."""

    section: str
    point: str
    cycle: int = 1
    direction: str = ""
    sequence: int = 1
    role: str = ReadingRole.ITEM
    phase: str = Phase.AS_FOUND

    @property
    def key(self) -> str:
        """Return the address as one text, also the name of its form field."""
        place = f"{self.section}|{self.point}|{self.cycle}|{self.direction}|{self.sequence}"
        return f"{place}|{self.role}|{self.phase}"


@dataclass(frozen=True, slots=True)
class PersonAct:
    """Who did something, with the title they had, when."""

    person_id: int
    name: str
    at: datetime
    title_vi: str = ""
    title_en: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ReadingFacts:
    """A reading as stored. `excluded` is None, or the exclusion's kind; `shared` says that a batch holds it.

    `value` is None where a cell could not be read; such a reading is excluded as not measurable, or withdrawn.
    """

    id: int
    address: Address
    text: str
    unit: str
    value: Decimal | None
    observer_id: int
    observer_name: str
    observed_at: datetime
    writer_id: int
    writer_name: str
    entered_at: datetime
    source: str
    supersedes_id: int | None = None
    supersede_reason: str = ""
    superseded_by_id: int | None = None
    comment: str = ""
    excluded: str | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class EquipmentUseFacts:
    """One edge of the traceability graph, as a run holds it, with what is wrong with it at the last check."""

    id: int
    slot: str
    role: str
    standard_id: int
    standard_code: str
    name_vi: str
    name_en: str
    serial_number: str
    calibration_id: int | None
    certificate_number: str
    laboratory_vi: str
    laboratory_en: str
    calibrated_on: date | None
    valid_until: date | None
    content_id: int | None
    section: str
    point: str
    added_at: datetime
    added_by_name: str
    withdrawn_at: datetime | None = None
    withdrawn_by_name: str = ""
    withdrawn_reason: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class ExclusionFacts:
    """One entry on leaving a reading or point out."""

    id: int
    kind: str
    reading_id: int | None
    section: str
    point: str
    phase: str
    reason: str
    actor_id: int
    actor_name: str
    approver_name: str
    at: datetime
    shared: bool = False


@dataclass(frozen=True, slots=True)
class JustificationFacts:
    """A justified decision."""

    id: int
    kind: str
    subject: str
    text_vi: str
    text_en: str
    on_certificate: bool
    actor_id: int
    actor_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AdjustmentFacts:
    """An adjustment as recorded: `actor` wrote it down, the performer made it."""

    id: int
    kind: str
    description_vi: str
    description_en: str
    consent_by: str
    consent_at: datetime
    seals_removed: str
    seals_applied: str
    actor_id: int
    actor_name: str
    at: datetime
    performer_id: int | None = None
    performer_name: str = ""
    adjusted_at: datetime | None = None
    consent_way: ConsentWay | None = None
    consent_evidence: str = ""

    @property
    def made_at(self) -> datetime:
        """Return when the item was adjusted; what was noted earlier says it of the entry itself."""
        return self.adjusted_at or self.at

    @property
    def made_by(self) -> str:
        """Return who adjusted."""
        return self.performer_name or self.actor_name


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """A decision on a run, and on which evaluation."""

    id: int
    kind: str
    evaluation_id: int | None
    evaluation_digest: str | None
    comment: str
    actor_id: int
    actor_name: str
    title_vi: str
    title_en: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RunPersonFacts:
    """A person who performs, supervises or adjusts in a run."""

    person_id: int
    name: str
    activity: str
    at: datetime
    title_vi: str = ""
    title_en: str = ""


@dataclass(frozen=True, slots=True)
class ScopeAssignment:
    """The scope line that holds for a point, frozen when the run was opened (canonical JSON of the line)."""

    section: str
    point: str
    line: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as its pages and rules see it, without readings."""

    id: int
    token: str
    number: str
    site_id: int
    timezone: str
    purpose: RunPurpose
    state: RunState
    instrument_id: int
    job_item_id: int | None
    procedure_version_id: int
    legal_regime: str
    location_kind: str
    room: str
    agreed_specification: AgreedSpecification
    decision_rule: DecisionRule
    points: str | None
    scope: tuple[ScopeAssignment, ...]
    opened_at: datetime
    opened_by_id: int
    opened_by_name: str
    started_at: datetime | None
    ended_at: datetime | None
    void_reason: str
    row_version: int
    people: tuple[RunPersonFacts, ...] = ()
    replaces_run_id: int | None = None
    room_id: int | None = None
    room_limits: tuple[RoomLimitFacts, ...] = ()
    room_en: str = ""
    batch_id: int | None = None


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """One row of a stored or previewed evaluation: per section, point, output and phase.

    Numbers are shortest round-trip text; `reported_*` canonical text from calc.rounding: `reported_value` and
    `reported_unit`, or, for form "nominal_plus_deviation", `nominal` `nominal_unit` + deviation.
    """

    section: str
    point: str
    output: str
    phase: str
    section_vi: str
    section_en: str
    point_vi: str
    point_en: str
    output_vi: str
    output_en: str
    quantity: str
    unit: str
    estimate: str
    measurement_error: str | None
    combined_standard_uncertainty: str
    effective_degrees_of_freedom: str
    coverage_probability: str
    coverage_factor: str
    expanded_uncertainty: str
    cmc: str | None
    in_scope: bool
    reported_form: str
    reported_value: str
    reported_unit: str
    reported_expanded_uncertainty: str
    reported_coverage_factor: str
    reported_decimals: int
    nominal: str | None
    nominal_unit: str | None
    reported_error: str | None
    decision: str | None
    tolerance_lower: str | None
    tolerance_upper: str | None
    acceptance_lower: str | None
    acceptance_upper: str | None
    budget: tuple[BudgetRow, ...] = ()
    warnings: tuple[WarningFacts, ...] = ()
    correlations: tuple[CorrelationRow, ...] = ()


@dataclass(frozen=True, slots=True)
class EvaluationView:
    """An evaluation, stored (id and digest set) or previewed (both None)."""

    run_id: int
    id: int | None
    sequence: int | None
    digest: str | None
    input_digest: str
    result_digest: str
    seed: int
    engine_version: str
    fingerprint: str
    created_at: datetime | None
    created_by_name: str
    results: tuple[ResultFacts, ...]
    derived: tuple[DerivedFacts, ...]
    failures: tuple[FailureFacts, ...]
    input: Mapping[str, Any] = field(repr=False)
    result: Mapping[str, Any] = field(repr=False)
    recorded: tuple[RecordedFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionRange:
    """A condition over the run: smallest and largest indication in the procedure's unit, and its limits.

    `change` is the largest change within an hour; `of_room` says that the room's limits are the tighter ones;
    `complete` that it was read both at the start and at the end.
    """

    quantity: str
    unit: str
    title_vi: str
    title_en: str
    minimum: Decimal | None
    maximum: Decimal | None
    lower: Decimal | None
    upper: Decimal | None
    change: Decimal | None = None
    change_limit: Decimal | None = None
    of_room: bool = False
    complete: bool = False

    @property
    def steady(self) -> bool:
        """Return whether the condition changed by no more than its limit within an hour."""
        return self.change is None or self.change_limit is None or self.change <= self.change_limit

    @property
    def inside(self) -> bool:
        """Return whether every indication lay within the limits, and none changed too fast."""
        return self.within and self.steady

    @property
    def within(self) -> bool:
        """Return whether every indication lay between the lower and the upper limit."""
        below = self.lower is not None and self.minimum is not None and self.minimum < self.lower
        above = self.upper is not None and self.maximum is not None and self.maximum > self.upper
        return not (below or above)


@dataclass(frozen=True, slots=True)
class ReleasedRun:
    """Everything a certificate needs of a released run; frozen records only."""

    run: RunFacts
    performed: tuple[PersonAct, ...]
    reviewed: PersonAct
    released: PersonAct
    started_on: date
    ended_on: date
    equipment: tuple[EquipmentUseFacts, ...]
    conditions: tuple[ConditionRange, ...]
    evaluation_id: int
    evaluation_digest: str
    evaluation: EvaluationView
    results: tuple[ResultFacts, ...]
    justifications: tuple[JustificationFacts, ...]
    exclusions: tuple[ExclusionFacts, ...]
    adjustments: tuple[AdjustmentFacts, ...]
