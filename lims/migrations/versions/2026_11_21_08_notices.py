"""Notices to customers with their answers; by whom, when and with which evidence of consent an item was adjusted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_08_notices"
down_revision = "2026_11_21_07_batches"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "customer_notice": {
        "no_delete": True,
        "set_once": (
            "job_item_id",
            "number",
            "kind",
            "run_id",
            "finding",
            "drafted_at",
            "approved_at",
            "sent_on",
            "withdrawn_at",
        ),
        "frozen": (
            "recipient_name",
            "recipient_email",
            "recipient_phone",
            "opening_vi",
            "opening_en",
            "closing_vi",
            "closing_en",
        ),
        "frozen_when": "state <> 'draft'",
    },
    "customer_answer": {"insert_only": True},
}


def upgrade() -> None:
    """Notices and answers; the rest of an adjustment's record."""
    op.create_table(
        "customer_notice",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("job_item_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("recipient_name", sa.String(length=200), nullable=True),
        sa.Column("recipient_email", sa.String(length=254), nullable=True),
        sa.Column("recipient_phone", sa.String(length=40), nullable=True),
        sa.Column("opening_vi", sa.Text(), nullable=False),
        sa.Column("opening_en", sa.Text(), nullable=False),
        sa.Column("closing_vi", sa.Text(), nullable=False),
        sa.Column("closing_en", sa.Text(), nullable=False),
        sa.Column("drafted_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("drafted_by_id", columns.BigKey, nullable=False),
        sa.Column("drafted_by_name", sa.String(length=300), nullable=False),
        sa.Column("approved_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", columns.BigKey, nullable=True),
        sa.Column("approved_by_name", sa.String(length=300), nullable=True),
        sa.Column("approved_title_vi", sa.String(length=200), nullable=True),
        sa.Column("approved_title_en", sa.String(length=200), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("sent_way", sa.String(length=64), nullable=True),
        sa.Column("sent_reference", sa.String(length=500), nullable=True),
        sa.Column("sent_recorded_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_by_name", sa.String(length=300), nullable=True),
        sa.Column("withdrawn_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_name", sa.String(length=300), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_item_id"], ["job_item.id"], name=op.f("fk_customer_notice_job_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_notice")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_notice_number")),
        sa.UniqueConstraint("token", name=op.f("uq_customer_notice_token")),
    )
    op.create_index(op.f("ix_customer_notice_job_item_id"), "customer_notice", ["job_item_id"], unique=False)
    op.create_index(op.f("ix_customer_notice_run_id"), "customer_notice", ["run_id"], unique=False)
    op.create_index(
        op.f("ix_customer_notice_state_customer_notice_drafted_at"),
        "customer_notice",
        ["state", "drafted_at"],
        unique=False,
    )
    op.create_table(
        "customer_answer",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("notice_id", columns.BigKey, nullable=False),
        sa.Column("choice", sa.String(length=64), nullable=False),
        sa.Column("answered_by", sa.String(length=300), nullable=False),
        sa.Column("answered_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("way", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["customer_notice.id"], name=op.f("fk_customer_answer_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_answer")),
    )
    op.create_index(op.f("ix_customer_answer_notice_id"), "customer_answer", ["notice_id"], unique=False)
    op.add_column("adjustment", sa.Column("consent_way", sa.String(length=64), nullable=True))
    op.add_column("adjustment", sa.Column("consent_evidence", sa.Text(), nullable=True))
    op.add_column("adjustment", sa.Column("performer_id", columns.BigKey, nullable=True))
    op.add_column("adjustment", sa.Column("performer_name", sa.String(length=300), nullable=True))
    op.add_column("adjustment", sa.Column("adjusted_at", columns.UtcDateTime(timezone=True), nullable=True))
    create_triggers(op.get_bind(), TRIGGERS)
