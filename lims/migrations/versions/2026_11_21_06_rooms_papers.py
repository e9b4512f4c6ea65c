"""Rooms with the limits of their conditions, in runs and batches; papers of persons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_06_rooms_papers"
down_revision = "2026_11_21_05_certificates"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "room": {"no_delete": True, "frozen": ("site_id",)},
    "room_limit": {"insert_only": True},
    "person_paper": {"insert_only": True},
}


def upgrade() -> None:
    """Rooms, papers of persons, and the room of a run or batch with the limits that held when it was chosen."""
    op.create_table(
        "room",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name_vi", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=True),
        sa.Column("note_vi", sa.String(length=300), nullable=True),
        sa.Column("note_en", sa.String(length=300), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_room_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("site_id", "code", name=op.f("uq_room_site_id_code")),
    )
    op.create_table(
        "room_limit",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("room_id", columns.BigKey, nullable=False),
        sa.Column("quantity", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("lower", columns.DecimalText(length=64), nullable=True),
        sa.Column("upper", columns.DecimalText(length=64), nullable=True),
        sa.Column("change_per_hour", columns.DecimalText(length=64), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_limit_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_limit")),
    )
    op.create_index(
        op.f("ix_room_limit_room_id_room_limit_quantity_room_limit_valid_from"),
        "room_limit",
        ["room_id", "quantity", "valid_from"],
        unique=False,
    )
    op.create_table(
        "person_paper",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("person_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("issued_by", sa.String(length=300), nullable=False),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", columns.BigKey, nullable=False),
        sa.Column("recorded_by_name", sa.String(length=300), nullable=False),
        sa.CheckConstraint("valid_until IS NULL OR valid_until >= issued_on", name=op.f("ck_person_paper_dates")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_paper_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_paper")),
    )
    op.create_index(
        op.f("ix_person_paper_person_id_person_paper_kind"), "person_paper", ["person_id", "kind"], unique=False
    )
    for table in ("batch", "calibration_run"):
        room = sa.Column("room_id", columns.BigKey, sa.ForeignKey("room.id", name=op.f(f"fk_{table}_room_id")))
        op.add_column(table, room, inline_references=True)
    op.add_column("calibration_run", sa.Column("room_limits", sa.Text(), nullable=True))
    create_triggers(op.get_bind(), TRIGGERS)
