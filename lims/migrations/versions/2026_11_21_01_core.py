"""Tables of the core and of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_01_core"
down_revision = None
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "audit_chain": {"no_delete": True},
    "audit_entry": {"insert_only": True},
    "blob": {"insert_only": True},
    "number_counter": {"no_delete": True},
    "number_pattern": {"no_delete": True},
    "organisation": {"no_delete": True},
    "person": {"no_delete": True},
    "task": {"frozen": ("name", "arguments", "enqueued_at")},
    "audit_payload": {"insert_only": True},
    "organisation_name": {"insert_only": True},
    "site": {"no_delete": True},
    "membership": {"no_delete": True, "frozen": ("person_id", "organisation_id", "role", "valid_from")},
}


def upgrade() -> None:
    """Tables of the core and of people."""
    op.create_table(
        "audit_chain",
        sa.Column("site_id", columns.BigKey, autoincrement=False, nullable=False),
        sa.Column("sequence", columns.BigKey, nullable=False),
        sa.Column("head_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_audit_chain")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("sequence", columns.BigKey, nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=80), nullable=False),
        sa.Column("payload_digest", sa.String(length=64), nullable=False),
        sa.Column("personal_digest", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("entry_hash", name=op.f("uq_audit_entry_entry_hash")),
        sa.UniqueConstraint("site_id", "sequence", name=op.f("uq_audit_entry_site_id_sequence")),
    )
    op.create_index(
        op.f("ix_audit_entry_subject_kind_audit_entry_subject_id"),
        "audit_entry",
        ["subject_kind", "subject_id"],
        unique=False,
    )
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "number_counter",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_counter")),
        sa.UniqueConstraint("site_id", "kind", "year", name=op.f("uq_number_counter_site_id_kind_year")),
    )
    op.create_table(
        "number_pattern",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("pattern", sa.String(length=300), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_pattern")),
        sa.UniqueConstraint("site_id", "kind", "valid_from", name=op.f("uq_number_pattern_site_id_kind_valid_from")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("is_laboratory", sa.Boolean(), nullable=False),
        sa.Column("is_customer", sa.Boolean(), nullable=False),
        sa.Column("is_upstream", sa.Boolean(), nullable=False),
        sa.Column("is_authority", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("tax_code", sa.String(length=20), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("sector", sa.String(length=100), nullable=True),
        sa.Column("successor_id", columns.BigKey, nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["successor_id"], ["organisation.id"], name=op.f("fk_organisation_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("token", name=op.f("uq_organisation_token")),
    )
    op.create_index(op.f("ix_organisation_sort_key"), "organisation", ["sort_key"], unique=False)
    op.create_index(op.f("ix_organisation_tax_code"), "organisation", ["tax_code"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("full_name", sa.String(length=300), nullable=False),
        sa.Column("title_vi", sa.String(length=200), nullable=True),
        sa.Column("title_en", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("sign_in_name", sa.String(length=100), nullable=True),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("session_stamp", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("erased_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_signed_in_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("sign_in_name", name=op.f("uq_person_sign_in_name")),
    )
    op.create_index(op.f("ix_person_sort_key"), "person", ["sort_key"], unique=False)
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("sign_in_name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(
        op.f("ix_sign_in_attempt_address_sign_in_attempt_at"),
        "sign_in_attempt",
        ["address", "at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sign_in_attempt_sign_in_name_sign_in_attempt_at"),
        "sign_in_attempt",
        ["sign_in_name", "at"],
        unique=False,
    )
    op.create_table(
        "task",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("enqueued_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("run_after", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lease_until", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index(op.f("ix_task_state_task_run_after"), "task", ["state", "run_after"], unique=False)
    op.create_table(
        "audit_payload",
        sa.Column("entry_id", columns.BigKey, nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_payload_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_payload")),
    )
    op.create_table(
        "audit_personal",
        sa.Column("entry_id", columns.BigKey, nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("personal", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_personal_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_personal")),
    )
    op.create_table(
        "contact",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("organisation_id", columns.BigKey, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_contact_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_organisation_id"), "contact", ["organisation_id"], unique=False)
    op.create_table(
        "organisation_name",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("organisation_id", columns.BigKey, nullable=False),
        sa.Column("name_vi", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=True),
        sa.Column("address_vi", sa.String(length=300), nullable=False),
        sa.Column("address_en", sa.String(length=300), nullable=True),
        sa.Column("province_code", sa.String(length=10), nullable=True),
        sa.Column("commune", sa.String(length=100), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_name_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_name")),
    )
    op.create_index(
        op.f("ix_organisation_name_organisation_id_organisation_name_valid_from"),
        "organisation_name",
        ["organisation_id", "valid_from"],
        unique=False,
    )
    op.create_table(
        "site",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("organisation_id", columns.BigKey, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name_vi", sa.String(length=300), nullable=False),
        sa.Column("name_en", sa.String(length=300), nullable=True),
        sa.Column("address_vi", sa.String(length=300), nullable=False),
        sa.Column("address_en", sa.String(length=300), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("place_line_vi", sa.String(length=300), nullable=False),
        sa.Column("place_line_en", sa.String(length=300), nullable=True),
        sa.Column("registration_number", sa.String(length=40), nullable=True),
        sa.Column("designation_number", sa.String(length=40), nullable=True),
        sa.Column("accreditation_number", sa.String(length=40), nullable=True),
        sa.Column("reviewer_may_release", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_site_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_site_organisation_id_code")),
    )
    op.create_index(op.f("ix_site_organisation_id"), "site", ["organisation_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("person_id", columns.BigKey, nullable=False),
        sa.Column("organisation_id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=True),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_membership_dates")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_membership_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_organisation_id"), "membership", ["organisation_id"], unique=False)
    op.create_index(
        op.f("ix_membership_person_id_membership_organisation_id"),
        "membership",
        ["person_id", "organisation_id"],
        unique=False,
    )
    create_triggers(op.get_bind(), TRIGGERS)
