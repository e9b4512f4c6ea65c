"""Impact: studies of what a doubted calibration reached; nonconforming work; indexes that lead downward."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_12_impact"
down_revision = "2026_11_21_11_received"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "impact_study": {
        "no_delete": True,
        "frozen": (
            "site_id",
            "calibration_id",
            "parameters",
            "parameters_digest",
            "reason",
            "by_itself",
            "opened_at",
            "opened_by_id",
            "opened_by_name",
        ),
        "set_once": ("finished_at", "result_digest"),
    },
    "impact_result": {"insert_only": True},
    "nonconforming_work": {
        "no_delete": True,
        "frozen": (
            "number",
            "site_id",
            "study_id",
            "standard_id",
            "calibration_id",
            "finding",
            "opened_at",
            "opened_by_id",
            "opened_by_name",
        ),
        "set_once": ("decided_at", "released_at"),
    },
    "nonconforming_item": {
        "no_delete": True,
        "frozen": ("work_id", "run_id", "certificate_id", "customer_id", "finding", "worst"),
    },
    "nonconforming_step": {"insert_only": True},
    "nonconforming_letter": {
        "no_delete": True,
        "frozen": ("work_id", "customer_id", "number", "text_vi", "text_en", "recipient"),
        "frozen_when": "state <> 'draft'",
        "set_once": ("sent_on",),
    },
}

_INDEXES = (
    ("calibration_edge", "upper_id", ("upper_id", "lower_id")),
    ("equipment_use", "calibration_id", ("calibration_id", "withdrawn_at", "run_id", "batch_id")),
    ("certificate_run", "run_id", ("run_id", "certificate_id")),
)
"""Table, the column of the index that was there, the columns of the one that covers a walk downward."""


def upgrade() -> None:
    """Tables of studies and of nonconforming work; the graph's indexes."""
    _studies()
    _nonconforming_work()
    for table, former, wanted in _INDEXES:
        op.drop_index(f"ix_{table}_{former}", table_name=table)
        op.create_index(f"ix_{table}_downward", table, list(wanted))
    create_triggers(op.get_bind(), TRIGGERS)


def _studies() -> None:
    op.create_table(
        "impact_study",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("calibration_id", columns.BigKey, nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("parameters_digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_itself", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("opened_at", columns.UtcDateTime(), nullable=False),
        sa.Column("opened_by_id", columns.BigKey, nullable=False),
        sa.Column("opened_by_name", sa.String(length=300), nullable=False),
        sa.Column("engine_version", sa.String(length=64), nullable=True),
        sa.Column("finished_at", columns.UtcDateTime(), nullable=True),
        sa.Column("result_digest", sa.String(length=64), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["calibration_id"], ["standard_calibration.id"], name="fk_impact_study_calibration_id"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_impact_study_site_id"),
        sa.PrimaryKeyConstraint("id", name="pk_impact_study"),
    )
    op.create_index("ix_impact_study_calibration_id", "impact_study", ["calibration_id"])
    op.create_index("ix_impact_study_site_id", "impact_study", ["site_id"])
    op.create_table(
        "impact_result",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("study_id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("evaluation_id", columns.BigKey, nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("finding", sa.String(length=64), nullable=False),
        sa.Column("worst", sa.Float(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name="fk_impact_result_evaluation_id"),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name="fk_impact_result_run_id"),
        sa.ForeignKeyConstraint(["study_id"], ["impact_study.id"], name="fk_impact_result_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_impact_result"),
        sa.UniqueConstraint("study_id", "run_id", name="uq_impact_result_study_id_run_id"),
    )
    op.create_index("ix_impact_result_study_id_impact_result_worst", "impact_result", ["study_id", "worst"])


def _nonconforming_work() -> None:
    op.create_table(
        "nonconforming_work",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("study_id", columns.BigKey, nullable=True),
        sa.Column("standard_id", columns.BigKey, nullable=True),
        sa.Column("calibration_id", columns.BigKey, nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("use_stopped", sa.Boolean(), nullable=False),
        sa.Column("opened_at", columns.UtcDateTime(), nullable=False),
        sa.Column("opened_by_id", columns.BigKey, nullable=False),
        sa.Column("opened_by_name", sa.String(length=300), nullable=False),
        sa.Column("decided_at", columns.UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", columns.BigKey, nullable=True),
        sa.Column("decided_by_name", sa.String(length=300), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("released_at", columns.UtcDateTime(), nullable=True),
        sa.Column("released_by_name", sa.String(length=300), nullable=True),
        sa.Column("release_note", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"], ["standard_calibration.id"], name="fk_nonconforming_work_calibration_id"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_nonconforming_work_site_id"),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name="fk_nonconforming_work_standard_id"),
        sa.ForeignKeyConstraint(["study_id"], ["impact_study.id"], name="fk_nonconforming_work_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_nonconforming_work"),
        sa.UniqueConstraint("site_id", "number", name="uq_nonconforming_work_site_id_number"),
    )
    op.create_index("ix_nonconforming_work_standard_id", "nonconforming_work", ["standard_id"])
    op.create_index("ix_nonconforming_work_study_id", "nonconforming_work", ["study_id"])
    op.create_table(
        "nonconforming_item",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("work_id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("certificate_id", columns.BigKey, nullable=True),
        sa.Column("customer_id", columns.BigKey, nullable=True),
        sa.Column("finding", sa.String(length=64), nullable=False),
        sa.Column("worst", sa.Float(), nullable=False),
        sa.Column("treatment", sa.String(length=64), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name="fk_nonconforming_item_certificate_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name="fk_nonconforming_item_customer_id"),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name="fk_nonconforming_item_run_id"),
        sa.ForeignKeyConstraint(["work_id"], ["nonconforming_work.id"], name="fk_nonconforming_item_work_id"),
        sa.PrimaryKeyConstraint("id", name="pk_nonconforming_item"),
        sa.UniqueConstraint(
            "work_id", "run_id", "certificate_id", name="uq_nonconforming_item_work_id_run_id_certificate_id"
        ),
    )
    op.create_index("ix_nonconforming_item_certificate_id", "nonconforming_item", ["certificate_id"])
    op.create_index(
        "ix_nonconforming_item_work_id_nonconforming_item_worst", "nonconforming_item", ["work_id", "worst"]
    )
    op.create_table(
        "nonconforming_step",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("work_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("at", columns.UtcDateTime(), nullable=False),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["work_id"], ["nonconforming_work.id"], name="fk_nonconforming_step_work_id"),
        sa.PrimaryKeyConstraint("id", name="pk_nonconforming_step"),
    )
    op.create_index("ix_nonconforming_step_work_id_nonconforming_step_at", "nonconforming_step", ["work_id", "at"])
    op.create_table(
        "nonconforming_letter",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("work_id", columns.BigKey, nullable=False),
        sa.Column("customer_id", columns.BigKey, nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=300), nullable=True),
        sa.Column("text_vi", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("drafted_at", columns.UtcDateTime(), nullable=False),
        sa.Column("drafted_by_name", sa.String(length=300), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("sent_way", sa.String(length=64), nullable=True),
        sa.Column("sent_by_name", sa.String(length=300), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name="fk_nonconforming_letter_customer_id"),
        sa.ForeignKeyConstraint(["work_id"], ["nonconforming_work.id"], name="fk_nonconforming_letter_work_id"),
        sa.PrimaryKeyConstraint("id", name="pk_nonconforming_letter"),
        sa.UniqueConstraint("work_id", "customer_id", name="uq_nonconforming_letter_work_id_customer_id"),
    )
