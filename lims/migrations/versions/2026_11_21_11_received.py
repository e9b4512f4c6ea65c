"""Certificates received as DCC; where numbers and units come from; why a calibration ended; no cycle can be stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_11_received"
down_revision = "2026_11_21_10_between"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "standard_calibration": {
        "no_delete": True,
        "frozen": (
            "standard_id",
            "source",
            "certificate_number",
            "calibrated_on",
            "content_digest",
            "run_id",
            "run_digest",
            "recorded_by_id",
        ),
        "set_once": ("comparison",),
    },
    "calibration_edge": {"insert_only": True},
    "received_certificate": {"insert_only": True},
}


def upgrade() -> None:
    """The files received, the places of numbers, kinds of endings; an edge leads from a later record to an earlier."""
    op.create_table(
        "received_certificate",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=True),
        sa.Column("signature_state", sa.String(length=64), nullable=False),
        sa.Column("certificate_number", sa.String(length=200), nullable=True),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("findings_left_off", sa.Integer(), nullable=False),
        sa.Column("received_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_by_id", columns.BigKey, nullable=False),
        sa.Column("received_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_received_certificate_sha256")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_received_certificate_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_certificate")),
    )
    op.create_index(
        op.f("ix_received_certificate_standard_id_received_certificate_sha256"),
        "received_certificate",
        ["standard_id", "sha256"],
        unique=False,
    )
    op.add_column("calibration_content", sa.Column("named_units", sa.Text(), nullable=True))
    op.add_column("calibration_point", sa.Column("source_path", sa.Text(), nullable=True))
    op.add_column("standard_calibration", sa.Column("comparison", sa.Text(), nullable=True))
    op.add_column("standard_calibration", sa.Column("ended_kind", sa.String(length=64), nullable=True))
    with op.batch_alter_table("calibration_edge") as table:
        table.drop_constraint(op.f("ck_calibration_edge_no_loop"), type_="check")
        table.create_check_constraint(op.f("ck_calibration_edge_no_cycle"), "upper_id < lower_id")
    create_triggers(op.get_bind(), TRIGGERS)
