"""Between calibrations: check plans and charts in full, limits, interval decisions, calendar addresses, reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_10_between"
down_revision = "2026_11_21_09_own_standards"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "check_plan": {
        "no_delete": True,
        "frozen": (
            "standard_id",
            "range_id",
            "name",
            "against",
            "against_standard_id",
            "unit",
            "lower_limit",
            "upper_limit",
            "limits_reason",
            "chart_limits",
            "interval_months",
            "valid_from",
        ),
        "set_once": ("valid_to", "ended_reason"),
    },
    "intermediate_check": {"insert_only": True},
    "control_chart": {
        "no_delete": True,
        "frozen": (
            "standard_id",
            "range_id",
            "plan_id",
            "kind",
            "unit",
            "centre",
            "sigma",
            "parameters",
            "valid_from",
            "reason",
        ),
        "set_once": ("valid_to",),
    },
    "standard_limit": {"insert_only": True},
    "interval_decision": {"insert_only": True},
    "calendar_address": {
        "no_delete": True,
        "frozen": ("person_id", "laboratory_id", "token_sha256", "created_at"),
        "set_once": ("revoked_at",),
    },
    "due_reminder": {
        "no_delete": True,
        "frozen": ("person_id", "kind", "subject_id", "due_on", "threshold", "created_at"),
        "set_once": ("sent_at",),
    },
}


def upgrade() -> None:
    """Add the tables, and what checks and charts did not say yet."""
    _plans()
    _checks_and_charts()
    _decisions()
    _calendars()
    create_triggers(op.get_bind(), TRIGGERS)


def _plans() -> None:
    op.create_table(
        "check_plan",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("range_id", columns.BigKey, nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("against", sa.Text(), nullable=False),
        sa.Column("against_standard_id", columns.BigKey, nullable=True),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("lower_limit", columns.DecimalText(length=64), nullable=True),
        sa.Column("upper_limit", columns.DecimalText(length=64), nullable=True),
        sa.Column("limits_reason", sa.Text(), nullable=False),
        sa.Column("chart_limits", sa.Boolean(), nullable=False),
        sa.Column("interval_months", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("decided_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", columns.BigKey, nullable=False),
        sa.Column("decided_by_name", sa.String(length=300), nullable=False),
        sa.CheckConstraint("lower_limit IS NOT NULL OR upper_limit IS NOT NULL", name=op.f("ck_check_plan_limits")),
        sa.ForeignKeyConstraint(
            ["against_standard_id"], ["standard.id"], name=op.f("fk_check_plan_against_standard_id")
        ),
        sa.ForeignKeyConstraint(["range_id"], ["instrument_range.id"], name=op.f("fk_check_plan_range_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_check_plan_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_plan")),
    )
    op.create_index(op.f("ix_check_plan_standard_id"), "check_plan", ["standard_id"], unique=False)


def _checks_and_charts() -> None:
    with op.batch_alter_table("control_chart") as table:
        table.add_column(sa.Column("plan_id", columns.BigKey, nullable=True))
        table.add_column(sa.Column("reason", sa.Text(), nullable=True))
        table.add_column(sa.Column("decided_at", columns.UtcDateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("decided_by_id", columns.BigKey, nullable=True))
        table.add_column(sa.Column("decided_by_name", sa.String(length=300), nullable=True))
        table.create_foreign_key(op.f("fk_control_chart_plan_id"), "check_plan", ["plan_id"], ["id"])
    op.create_index(op.f("ix_control_chart_plan_id"), "control_chart", ["plan_id"], unique=False)
    with op.batch_alter_table("intermediate_check") as table:
        table.add_column(sa.Column("plan_id", columns.BigKey, nullable=True))
        table.add_column(sa.Column("typed", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("rule", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("replaces_id", columns.BigKey, nullable=True))
        table.add_column(sa.Column("reason", sa.Text(), nullable=True))
        table.create_foreign_key(op.f("fk_intermediate_check_plan_id"), "check_plan", ["plan_id"], ["id"])
        table.create_foreign_key(
            op.f("fk_intermediate_check_replaces_id"), "intermediate_check", ["replaces_id"], ["id"]
        )
    op.create_index(op.f("ix_intermediate_check_plan_id"), "intermediate_check", ["plan_id"], unique=False)
    op.create_index(op.f("ix_intermediate_check_replaces_id"), "intermediate_check", ["replaces_id"], unique=True)


def _decisions() -> None:
    op.create_table(
        "standard_limit",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("range_id", columns.BigKey, nullable=True),
        sa.Column("half_width_expression", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("decided_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", columns.BigKey, nullable=False),
        sa.Column("decided_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["range_id"], ["instrument_range.id"], name=op.f("fk_standard_limit_range_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_standard_limit_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_limit")),
    )
    op.create_index(
        op.f("ix_standard_limit_standard_id_standard_limit_range_id"),
        "standard_limit",
        ["standard_id", "range_id"],
        unique=False,
    )
    op.create_table(
        "interval_decision",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("months_before", sa.Integer(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("proposed_months", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(length=64), nullable=True),
        sa.Column("proposal", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", columns.BigKey, nullable=False),
        sa.Column("decided_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_interval_decision_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interval_decision")),
    )
    op.create_index(op.f("ix_interval_decision_standard_id"), "interval_decision", ["standard_id"], unique=False)


def _calendars() -> None:
    op.create_table(
        "calendar_address",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("person_id", columns.BigKey, nullable=False),
        sa.Column("laboratory_id", columns.BigKey, nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["laboratory_id"], ["organisation.id"], name=op.f("fk_calendar_address_laboratory_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_calendar_address_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_address")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_calendar_address_token_sha256")),
    )
    op.create_index(op.f("ix_calendar_address_person_id"), "calendar_address", ["person_id"], unique=False)
    op.create_table(
        "due_reminder",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("person_id", columns.BigKey, nullable=False),
        sa.Column("laboratory_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject_id", columns.BigKey, nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sent_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_to", sa.String(length=254), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["laboratory_id"], ["organisation.id"], name=op.f("fk_due_reminder_laboratory_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_due_reminder_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_reminder")),
        sa.UniqueConstraint(
            "person_id", "kind", "subject_id", "due_on", "threshold", name=op.f("uq_due_reminder_thing")
        ),
    )
    op.create_index(op.f("ix_due_reminder_sent_at"), "due_reminder", ["sent_at"], unique=False)
