"""The register: photographs and manuals, accessories, safeguards and firmware, movements, sheets read in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_13_register"
down_revision = "2026_11_21_12_impact"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "instrument_file": {"insert_only": True},
    "instrument_entry": {"insert_only": True},
    "standard_movement": {"insert_only": True},
    "register_sheet": {"insert_only": True},
}


def upgrade() -> None:
    """Add the tables."""
    _files()
    _entries()
    _movements()
    _sheets()
    create_triggers(op.get_bind(), TRIGGERS)


def _files() -> None:
    op.create_table(
        "instrument_file",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("instrument_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("replaces_id", columns.BigKey, nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("added_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", columns.BigKey, nullable=False),
        sa.Column("added_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_file_instrument_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["instrument_file.id"], name=op.f("fk_instrument_file_replaces_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_instrument_file_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_file")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_instrument_file_replaces_id")),
    )
    op.create_index(op.f("ix_instrument_file_instrument_id"), "instrument_file", ["instrument_id"], unique=False)


def _entries() -> None:
    op.create_table(
        "instrument_entry",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("instrument_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("means", sa.String(length=64), nullable=True),
        sa.Column("name_vi", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=True),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("replaces_id", columns.BigKey, nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", columns.BigKey, nullable=False),
        sa.Column("recorded_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_entry_instrument_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["instrument_entry.id"], name=op.f("fk_instrument_entry_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_entry")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_instrument_entry_replaces_id")),
    )
    op.create_index(
        op.f("ix_instrument_entry_instrument_id_instrument_entry_kind"),
        "instrument_entry",
        ["instrument_id", "kind"],
        unique=False,
    )


def _movements() -> None:
    op.create_table(
        "standard_movement",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("standard_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("organisation_id", columns.BigKey, nullable=True),
        sa.Column("holder", sa.String(length=300), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("ends_id", columns.BigKey, nullable=True),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", columns.BigKey, nullable=False),
        sa.Column("recorded_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["ends_id"], ["standard_movement.id"], name=op.f("fk_standard_movement_ends_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_standard_movement_organisation_id")
        ),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_standard_movement_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_movement")),
        sa.UniqueConstraint("ends_id", name=op.f("uq_standard_movement_ends_id")),
    )
    op.create_index(
        op.f("ix_standard_movement_standard_id_standard_movement_moved_on"),
        "standard_movement",
        ["standard_id", "moved_on"],
        unique=False,
    )


def _sheets() -> None:
    op.create_table(
        "register_sheet",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("laboratory_id", columns.BigKey, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_by_id", columns.BigKey, nullable=False),
        sa.Column("received_by_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["laboratory_id"], ["organisation.id"], name=op.f("fk_register_sheet_laboratory_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name=op.f("fk_register_sheet_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_sheet")),
    )
    op.create_index(op.f("ix_register_sheet_laboratory_id"), "register_sheet", ["laboratory_id"], unique=False)
