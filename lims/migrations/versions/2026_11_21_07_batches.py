"""Batches in use: a shared cell has one first reading, a shared reading may be left out for every item."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_07_batches"
down_revision = "2026_11_21_06_rooms_papers"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "batch": {"no_delete": True, "frozen": ("number", "site_id", "procedure_version_id")},
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
            "batch_id",
        ),
        "frozen_when": "state <> 'draft'",
    },
    "reading_exclusion": {"insert_only": True},
}


def upgrade() -> None:
    """The first reading of a shared cell; exclusions of a batch; a run keeps its batch once it is submitted."""
    first = sa.text("supersedes_id IS NULL AND batch_id IS NOT NULL AND item_run_id IS NULL")
    op.create_index(
        "uq_reading_batch_cell",
        "reading",
        ["batch_id", "section", "point", "cycle", "direction", "sequence", "role", "phase"],
        unique=True,
        sqlite_where=first,
        postgresql_where=first,
    )
    with op.batch_alter_table("reading_exclusion") as table:
        table.add_column(sa.Column("batch_id", columns.BigKey, nullable=True))
        table.alter_column("run_id", existing_type=columns.BigKey, nullable=True)
        table.create_foreign_key(op.f("fk_reading_exclusion_batch_id"), "batch", ["batch_id"], ["id"])
        table.create_check_constraint(op.f("ck_reading_exclusion_one_holder"), "(run_id IS NULL) <> (batch_id IS NULL)")
    op.create_index(op.f("ix_reading_exclusion_batch_id"), "reading_exclusion", ["batch_id"], unique=False)
    create_triggers(op.get_bind(), TRIGGERS)
