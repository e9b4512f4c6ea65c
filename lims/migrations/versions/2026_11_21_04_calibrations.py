"""Tables of calibration runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_04_calibrations"
down_revision = "2026_11_21_03_procedures_jobs"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "batch": {"no_delete": True},
    "calibration_run": {
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
        ),
        "frozen_when": "state <> 'draft'",
    },
    "adjustment": {"insert_only": True},
    "evaluation": {"insert_only": True},
    "run_justification": {"insert_only": True},
    "run_person": {"insert_only": True},
    "decision": {"insert_only": True},
    "evaluation_result": {"insert_only": True},
    "equipment_use": {
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
    },
    "reading": {"insert_only": True},
    "reading_exclusion": {"insert_only": True},
}


def upgrade() -> None:
    """Tables of calibration runs."""
    op.create_table(
        "batch",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("procedure_version_id", columns.BigKey, nullable=False),
        sa.Column("room", sa.String(length=100), nullable=True),
        sa.Column("opened_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", columns.BigKey, nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["procedure_version_id"], ["procedure_version.id"], name=op.f("fk_batch_procedure_version_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_batch_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_batch_site_id_number")),
    )
    op.create_table(
        "calibration_run",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("instrument_id", columns.BigKey, nullable=False),
        sa.Column("job_item_id", columns.BigKey, nullable=True),
        sa.Column("procedure_version_id", columns.BigKey, nullable=False),
        sa.Column("batch_id", columns.BigKey, nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("location_kind", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=100), nullable=True),
        sa.Column("agreed_specification", sa.Text(), nullable=False),
        sa.Column("decision_rule", sa.Text(), nullable=False),
        sa.Column("points", sa.Text(), nullable=True),
        sa.Column("scope_line_id", columns.BigKey, nullable=True),
        sa.Column("scope_line", sa.Text(), nullable=True),
        sa.Column("legal_regime", sa.String(length=64), nullable=False),
        sa.Column("replaces_run_id", columns.BigKey, nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("opened_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", columns.BigKey, nullable=False),
        sa.Column("opened_by_name", sa.String(length=300), nullable=False),
        sa.Column("started_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_calibration_run_batch_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_calibration_run_instrument_id")),
        sa.ForeignKeyConstraint(["job_item_id"], ["job_item.id"], name=op.f("fk_calibration_run_job_item_id")),
        sa.ForeignKeyConstraint(
            ["procedure_version_id"],
            ["procedure_version.id"],
            name=op.f("fk_calibration_run_procedure_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_run_id"], ["calibration_run.id"], name=op.f("fk_calibration_run_replaces_run_id")
        ),
        sa.ForeignKeyConstraint(["scope_line_id"], ["scope_line.id"], name=op.f("fk_calibration_run_scope_line_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_calibration_run_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_run")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_calibration_run_site_id_number")),
        sa.UniqueConstraint("token", name=op.f("uq_calibration_run_token")),
    )
    op.create_index(op.f("ix_calibration_run_batch_id"), "calibration_run", ["batch_id"], unique=False)
    op.create_index(op.f("ix_calibration_run_instrument_id"), "calibration_run", ["instrument_id"], unique=False)
    op.create_index(op.f("ix_calibration_run_job_item_id"), "calibration_run", ["job_item_id"], unique=False)
    op.create_index(
        op.f("ix_calibration_run_state_calibration_run_opened_at"),
        "calibration_run",
        ["state", "opened_at"],
        unique=False,
    )
    op.create_table(
        "adjustment",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("description_vi", sa.Text(), nullable=False),
        sa.Column("description_en", sa.Text(), nullable=True),
        sa.Column("consent_by", sa.String(length=300), nullable=False),
        sa.Column("consent_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seals_removed", sa.Text(), nullable=True),
        sa.Column("seals_applied", sa.Text(), nullable=True),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_adjustment_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
    )
    op.create_index(op.f("ix_adjustment_run_id"), "adjustment", ["run_id"], unique=False)
    op.create_table(
        "evaluation",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("input_digest", sa.String(length=64), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("result_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seed", columns.BigKey, nullable=False),
        sa.Column("engine_version", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", columns.BigKey, nullable=False),
        sa.Column("created_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_evaluation_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint("run_id", "sequence", name=op.f("uq_evaluation_run_id_sequence")),
    )
    op.create_index(op.f("ix_evaluation_digest"), "evaluation", ["digest"], unique=False)
    op.create_table(
        "run_justification",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("text_vi", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=True),
        sa.Column("on_certificate", sa.Boolean(), nullable=False),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_run_justification_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_justification")),
    )
    op.create_index(op.f("ix_run_justification_run_id"), "run_justification", ["run_id"], unique=False)
    op.create_table(
        "run_person",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("person_id", columns.BigKey, nullable=False),
        sa.Column("person_name", sa.String(length=300), nullable=False),
        sa.Column("title_vi", sa.String(length=200), nullable=True),
        sa.Column("title_en", sa.String(length=200), nullable=True),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_run_person_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_person")),
        sa.UniqueConstraint("run_id", "person_id", "activity", name=op.f("uq_run_person_run_id_person_id_activity")),
    )
    op.create_table(
        "decision",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("evaluation_id", columns.BigKey, nullable=True),
        sa.Column("evaluation_digest", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.Column("actor_title_vi", sa.String(length=200), nullable=True),
        sa.Column("actor_title_en", sa.String(length=200), nullable=True),
        sa.Column("authorisation_id", columns.BigKey, nullable=True),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(evaluation_id IS NULL) = (evaluation_digest IS NULL)", name=op.f("ck_decision_evaluation")
        ),
        sa.ForeignKeyConstraint(["authorisation_id"], ["authorisation.id"], name=op.f("fk_decision_authorisation_id")),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name=op.f("fk_decision_evaluation_id")),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_decision_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_run_id_decision_at"), "decision", ["run_id", "at"], unique=False)
    op.create_table(
        "evaluation_result",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("evaluation_id", columns.BigKey, nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("point", sa.String(length=64), nullable=False),
        sa.Column("output", sa.String(length=64), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("estimate", sa.String(length=40), nullable=False),
        sa.Column("measurement_error", sa.String(length=40), nullable=True),
        sa.Column("combined_standard_uncertainty", sa.String(length=40), nullable=False),
        sa.Column("effective_degrees_of_freedom", sa.String(length=40), nullable=False),
        sa.Column("coverage_factor", sa.String(length=40), nullable=False),
        sa.Column("expanded_uncertainty", sa.String(length=40), nullable=False),
        sa.Column("cmc", sa.String(length=40), nullable=True),
        sa.Column("in_scope", sa.Boolean(), nullable=False),
        sa.Column("reported_value", sa.String(length=60), nullable=False),
        sa.Column("reported_expanded_uncertainty", sa.String(length=60), nullable=False),
        sa.Column("reported_unit", sa.String(length=40), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name=op.f("fk_evaluation_result_evaluation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_result")),
        sa.UniqueConstraint(
            "evaluation_id",
            "section",
            "point",
            "output",
            "phase",
            name=op.f("uq_evaluation_result_evaluation_id_section_point_output_phase"),
        ),
    )
    op.create_table(
        "equipment_use",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=True),
        sa.Column("batch_id", columns.BigKey, nullable=True),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("calibration_id", columns.BigKey, nullable=True),
        sa.Column("content_id", columns.BigKey, nullable=True),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("point", sa.String(length=64), nullable=False),
        sa.Column("added_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", columns.BigKey, nullable=False),
        sa.Column("added_by_name", sa.String(length=300), nullable=False),
        sa.Column("withdrawn_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_name", sa.String(length=300), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(run_id IS NULL) <> (batch_id IS NULL)", name=op.f("ck_equipment_use_one_holder")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_equipment_use_batch_id")),
        sa.ForeignKeyConstraint(
            ["calibration_id"], ["standard_calibration.id"], name=op.f("fk_equipment_use_calibration_id")
        ),
        sa.ForeignKeyConstraint(["content_id"], ["calibration_content.id"], name=op.f("fk_equipment_use_content_id")),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_equipment_use_run_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_equipment_use_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_use")),
    )
    op.create_index(op.f("ix_equipment_use_batch_id"), "equipment_use", ["batch_id"], unique=False)
    op.create_index(op.f("ix_equipment_use_calibration_id"), "equipment_use", ["calibration_id"], unique=False)
    op.create_index(op.f("ix_equipment_use_run_id"), "equipment_use", ["run_id"], unique=False)
    op.create_table(
        "reading",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=True),
        sa.Column("batch_id", columns.BigKey, nullable=True),
        sa.Column("item_run_id", columns.BigKey, nullable=True),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("point", sa.String(length=64), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("value", columns.DecimalText(length=64), nullable=True),
        sa.Column("value_float", sa.Float(), nullable=True),
        sa.Column("observer_id", columns.BigKey, nullable=False),
        sa.Column("observer_name", sa.String(length=300), nullable=False),
        sa.Column("observed_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("writer_id", columns.BigKey, nullable=False),
        sa.Column("writer_name", sa.String(length=300), nullable=False),
        sa.Column("entered_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=True),
        sa.Column("equipment_use_id", columns.BigKey, nullable=True),
        sa.Column("client_uuid", sa.String(length=36), nullable=False),
        sa.Column("supersedes_id", columns.BigKey, nullable=True),
        sa.Column("supersede_reason", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.CheckConstraint("(run_id IS NULL) <> (batch_id IS NULL)", name=op.f("ck_reading_one_holder")),
        sa.CheckConstraint("(supersedes_id IS NULL) = (supersede_reason IS NULL)", name=op.f("ck_reading_reason")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_reading_batch_id")),
        sa.ForeignKeyConstraint(["equipment_use_id"], ["equipment_use.id"], name=op.f("fk_reading_equipment_use_id")),
        sa.ForeignKeyConstraint(["item_run_id"], ["calibration_run.id"], name=op.f("fk_reading_item_run_id")),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_reading_run_id")),
        sa.ForeignKeyConstraint(["source_sha256"], ["blob.sha256"], name=op.f("fk_reading_source_sha256")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["reading.id"], name=op.f("fk_reading_supersedes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint("client_uuid", name=op.f("uq_reading_client_uuid")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_reading_supersedes_id")),
    )
    op.create_index(
        "ix_reading_address",
        "reading",
        ["run_id", "section", "point", "cycle", "direction", "sequence", "role", "phase"],
        unique=False,
    )
    op.create_index(
        "uq_reading_cell",
        "reading",
        ["run_id", "section", "point", "cycle", "direction", "sequence", "role", "phase"],
        unique=True,
        sqlite_where=sa.text("supersedes_id IS NULL"),
        postgresql_where=sa.text("supersedes_id IS NULL"),
    )
    op.create_index(op.f("ix_reading_batch_id"), "reading", ["batch_id"], unique=False)
    op.create_index(op.f("ix_reading_item_run_id"), "reading", ["item_run_id"], unique=False)
    op.create_table(
        "reading_exclusion",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("reading_id", columns.BigKey, nullable=True),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("point", sa.String(length=64), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.Column("approver_id", columns.BigKey, nullable=True),
        sa.Column("approver_name", sa.String(length=300), nullable=True),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name=op.f("fk_reading_exclusion_reading_id")),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_reading_exclusion_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_exclusion")),
    )
    op.create_index(op.f("ix_reading_exclusion_run_id"), "reading_exclusion", ["run_id"], unique=False)
    create_triggers(op.get_bind(), TRIGGERS)
