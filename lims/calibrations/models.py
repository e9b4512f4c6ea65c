"""Tables of calibration runs: what was used, what was read, what came out, who decided."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import (
    BigKey,
    Code,
    Instant,
    Key,
    LongText,
    Name,
    OptionalExact,
    OptionalInstant,
    Sha256,
    Unit,
)
from lims.core.db import Base, InsertOnly

_ONE_HOLDER = "(run_id IS NULL) <> (batch_id IS NULL)"
_FIRST_IN_BATCH = "supersedes_id IS NULL AND batch_id IS NOT NULL AND item_run_id IS NULL"
_BATCH = {"no_delete": True, "frozen": ("number", "site_id", "procedure_version_id")}


class Batch(Base):
    """Runs measured together: gauges on one manifold, thermometers in one bath."""

    __tablename__ = "batch"
    __table_args__ = (UniqueConstraint("site_id", "number"), {"info": _BATCH})

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    procedure_version_id: Mapped[int] = mapped_column(ForeignKey("procedure_version.id"))
    room: Mapped[str | None] = mapped_column(String(100))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    opened_at: Mapped[Instant]
    opened_by_id: Mapped[int] = mapped_column(BigKey)
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class CalibrationRun(Base):
    """An item measured by a procedure version, with what was agreed frozen when the run was opened."""

    __tablename__ = "calibration_run"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        Index(None, "state", "opened_at"),
        {
            "info": {
                "no_delete": True,
                "frozen": (
                    "number",
                    "site_id",
                    "purpose",
                    "instrument_id",
                    "job_item_id",
                    "procedure_version_id",
                    "agreed_specification",
                    "decision_rule",
                    "batch_id",
                ),
                "frozen_when": "state <> 'draft'",
            }
        },
    )

    id: Mapped[Key]
    token: Mapped[Code] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    purpose: Mapped[Code]
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), index=True)
    job_item_id: Mapped[int | None] = mapped_column(ForeignKey("job_item.id"), index=True)
    procedure_version_id: Mapped[int] = mapped_column(ForeignKey("procedure_version.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    state: Mapped[Code]
    location_kind: Mapped[Code] = mapped_column(default="laboratory")
    room: Mapped[str | None] = mapped_column(String(100))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    room_limits: Mapped[str | None] = mapped_column(Text)
    agreed_specification: Mapped[LongText]
    decision_rule: Mapped[LongText]
    points: Mapped[str | None] = mapped_column(Text)
    scope_line_id: Mapped[int | None] = mapped_column(ForeignKey("scope_line.id"))
    scope_line: Mapped[str | None] = mapped_column(Text)
    legal_regime: Mapped[Code]
    replaces_run_id: Mapped[int | None] = mapped_column(ForeignKey("calibration_run.id"))
    void_reason: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[Instant]
    opened_by_id: Mapped[int] = mapped_column(BigKey)
    opened_by_name: Mapped[Name]
    started_at: Mapped[OptionalInstant]
    ended_at: Mapped[OptionalInstant]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class RunPerson(InsertOnly, Base):
    """A person who performs or supervises a run, from an instant on; such a person never reviews it."""

    __tablename__ = "run_person"
    __table_args__ = (UniqueConstraint("run_id", "person_id", "activity"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("calibration_run.id"))
    person_id: Mapped[int] = mapped_column(BigKey)
    person_name: Mapped[Name]
    title_vi: Mapped[str | None] = mapped_column(String(200))
    title_en: Mapped[str | None] = mapped_column(String(200))
    activity: Mapped[Code]
    at: Mapped[Instant]


class EquipmentUse(Base):
    """One edge of the traceability graph: a run (or batch) used a particular calibration of a standard, in a role.

    `section` and `point` are empty where the use holds for the whole run; `calibration_id` is empty only for
    equipment that needs none. Withdrawn with a reason, never deleted.
    """

    __tablename__ = "equipment_use"
    __table_args__ = (
        CheckConstraint(_ONE_HOLDER, name="one_holder"),
        Index(None, "run_id"),
        Index(None, "batch_id"),
        Index("ix_equipment_use_downward", "calibration_id", "withdrawn_at", "run_id", "batch_id"),
        {
            "info": {
                "no_delete": True,
                "frozen": (
                    "run_id",
                    "batch_id",
                    "standard_id",
                    "calibration_id",
                    "role",
                    "section",
                    "point",
                    "content_id",
                ),
            }
        },
    )

    id: Mapped[Key]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("calibration_run.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"))
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    calibration_id: Mapped[int | None] = mapped_column(ForeignKey("standard_calibration.id"))
    content_id: Mapped[int | None] = mapped_column(ForeignKey("calibration_content.id"))
    role: Mapped[Code]
    slot: Mapped[Code] = mapped_column(default="")
    section: Mapped[Code] = mapped_column(default="")
    point: Mapped[Code] = mapped_column(default="")
    added_at: Mapped[Instant]
    added_by_id: Mapped[int] = mapped_column(BigKey)
    added_by_name: Mapped[Name]
    withdrawn_at: Mapped[OptionalInstant]
    withdrawn_by_name: Mapped[str | None] = mapped_column(String(300))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class Reading(InsertOnly, Base):
    """One raw indication at an address, as typed. A correction is a new row that names the one it supersedes.

    A cell has one first reading and a chain of corrections behind it: two writers cannot both be first.
    Conditions are readings of the section `conditions`, role `influence`, point the quantity's name.
    `item_run_id` says whose item it is when the reading belongs to a batch.
    """

    __tablename__ = "reading"
    __table_args__ = (
        CheckConstraint(_ONE_HOLDER, name="one_holder"),
        CheckConstraint("(supersedes_id IS NULL) = (supersede_reason IS NULL)", name="reason"),
        Index(
            "ix_reading_address",
            "run_id",
            "section",
            "point",
            "cycle",
            "direction",
            "sequence",
            "role",
            "phase",
        ),
        Index(
            "uq_reading_cell",
            "run_id",
            "section",
            "point",
            "cycle",
            "direction",
            "sequence",
            "role",
            "phase",
            unique=True,
            sqlite_where=sql("supersedes_id IS NULL"),
            postgresql_where=sql("supersedes_id IS NULL"),
        ),
        Index(
            "uq_reading_batch_cell",
            "batch_id",
            "section",
            "point",
            "cycle",
            "direction",
            "sequence",
            "role",
            "phase",
            unique=True,
            sqlite_where=sql(_FIRST_IN_BATCH),
            postgresql_where=sql(_FIRST_IN_BATCH),
        ),
        Index(None, "batch_id"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("calibration_run.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"))
    item_run_id: Mapped[int | None] = mapped_column(ForeignKey("calibration_run.id"), index=True)
    section: Mapped[Code]
    point: Mapped[Code]
    cycle: Mapped[int] = mapped_column(Integer)
    direction: Mapped[Code]
    sequence: Mapped[int] = mapped_column(Integer)
    role: Mapped[Code]
    phase: Mapped[Code]
    text: Mapped[str] = mapped_column(String(100))
    unit: Mapped[Unit]
    value: Mapped[OptionalExact]
    value_float: Mapped[float | None] = mapped_column(Float)
    observer_id: Mapped[int] = mapped_column(BigKey)
    observer_name: Mapped[Name]
    observed_at: Mapped[Instant]
    writer_id: Mapped[int] = mapped_column(BigKey)
    writer_name: Mapped[Name]
    entered_at: Mapped[Instant]
    source: Mapped[Code]
    source_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    equipment_use_id: Mapped[int | None] = mapped_column(ForeignKey("equipment_use.id"))
    client_uuid: Mapped[str] = mapped_column(String(36), unique=True)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"), unique=True)
    supersede_reason: Mapped[str | None] = mapped_column(Text)
    comment: Mapped[str | None] = mapped_column(Text)


class ReadingExclusion(InsertOnly, Base):
    """A reading or a whole point left out of the evaluation (or back in), with reason and approver.

    Of a batch where it holds for every item; a run may leave out what its batch shares for itself alone.
    """

    __tablename__ = "reading_exclusion"
    __table_args__ = (
        CheckConstraint(_ONE_HOLDER, name="one_holder"),
        Index(None, "run_id"),
        Index(None, "batch_id"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("calibration_run.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"))
    reading_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"))
    section: Mapped[Code]
    point: Mapped[Code]
    phase: Mapped[Code]
    kind: Mapped[Code]
    reason: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
    approver_id: Mapped[int | None] = mapped_column(BigKey)
    approver_name: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[Instant]


class RunJustification(InsertOnly, Base):
    """A justified decision on what would otherwise keep a run back: conditions outside limits, a deviation."""

    __tablename__ = "run_justification"
    __table_args__ = (Index(None, "run_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("calibration_run.id"))
    kind: Mapped[Code]
    subject: Mapped[Code]
    text_vi: Mapped[LongText]
    text_en: Mapped[str | None] = mapped_column(Text)
    on_certificate: Mapped[bool] = mapped_column(Boolean, default=True)
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
    at: Mapped[Instant]


class Adjustment(InsertOnly, Base):
    """The event between as-found and as-left readings: who, when, what, with whose consent, which seals.

    `actor` wrote it down at `at`; the performer adjusted at `adjusted_at`.
    """

    __tablename__ = "adjustment"
    __table_args__ = (Index(None, "run_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("calibration_run.id"))
    kind: Mapped[Code]
    description_vi: Mapped[LongText]
    description_en: Mapped[str | None] = mapped_column(Text)
    consent_by: Mapped[str] = mapped_column(String(300))
    consent_at: Mapped[Instant]
    consent_way: Mapped[str | None] = mapped_column(String(64))
    consent_evidence: Mapped[str | None] = mapped_column(Text)
    performer_id: Mapped[int | None] = mapped_column(BigKey)
    performer_name: Mapped[str | None] = mapped_column(String(300))
    adjusted_at: Mapped[OptionalInstant]
    seals_removed: Mapped[str | None] = mapped_column(Text)
    seals_applied: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
    at: Mapped[Instant]


class Evaluation(InsertOnly, Base):
    """A stored evaluation: its whole input and its result as canonical JSON, each with its digest."""

    __tablename__ = "evaluation"
    __table_args__ = (UniqueConstraint("run_id", "sequence"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("calibration_run.id"))
    sequence: Mapped[int] = mapped_column(Integer)
    input: Mapped[LongText]
    input_digest: Mapped[Sha256]
    result: Mapped[LongText]
    result_digest: Mapped[Sha256]
    digest: Mapped[Sha256] = mapped_column(index=True)
    seed: Mapped[int] = mapped_column(BigKey)
    engine_version: Mapped[Code]
    fingerprint: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    created_by_id: Mapped[int] = mapped_column(BigKey)
    created_by_name: Mapped[Name]


class EvaluationResult(InsertOnly, Base):
    """One result of an evaluation, per section, point and output, for lists and searches; the document is the truth."""

    __tablename__ = "evaluation_result"
    __table_args__ = (
        UniqueConstraint("evaluation_id", "section", "point", "output", "phase"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    section: Mapped[Code]
    point: Mapped[Code]
    output: Mapped[Code]
    phase: Mapped[Code]
    unit: Mapped[Unit]
    estimate: Mapped[str] = mapped_column(String(40))
    measurement_error: Mapped[str | None] = mapped_column(String(40))
    combined_standard_uncertainty: Mapped[str] = mapped_column(String(40))
    effective_degrees_of_freedom: Mapped[str] = mapped_column(String(40))
    coverage_factor: Mapped[str] = mapped_column(String(40))
    expanded_uncertainty: Mapped[str] = mapped_column(String(40))
    cmc: Mapped[str | None] = mapped_column(String(40))
    in_scope: Mapped[bool] = mapped_column(Boolean)
    reported_value: Mapped[str] = mapped_column(String(60))
    reported_expanded_uncertainty: Mapped[str] = mapped_column(String(60))
    reported_unit: Mapped[Unit]
    decision: Mapped[str | None] = mapped_column(String(40))


class Decision(InsertOnly, Base):
    """Who reviewed, returned or released which evaluation (by id and digest), or voided the run, when, why."""

    __tablename__ = "decision"
    __table_args__ = (
        Index(None, "run_id", "at"),
        CheckConstraint("(evaluation_id IS NULL) = (evaluation_digest IS NULL)", name="evaluation"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("calibration_run.id"))
    evaluation_id: Mapped[int | None] = mapped_column(ForeignKey("evaluation.id"))
    evaluation_digest: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[Code]
    comment: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
    actor_title_vi: Mapped[str | None] = mapped_column(String(200))
    actor_title_en: Mapped[str | None] = mapped_column(String(200))
    authorisation_id: Mapped[int | None] = mapped_column(ForeignKey("authorisation.id"))
    at: Mapped[Instant]
