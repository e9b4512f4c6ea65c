"""Tables of procedures, authorisations, scope and orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_03_procedures_jobs"
down_revision = "2026_11_21_02_standards"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "procedure": {"no_delete": True},
    "authorisation": {"insert_only": True},
    "job": {"no_delete": True, "frozen": ("number", "site_id")},
    "procedure_version": {
        "no_delete": True,
        "frozen": (
            "definition",
            "definition_digest",
            "version",
            "method_reference",
            "procedure_id",
            "created_by_id",
            "approved_at",
            "approved_by_id",
            "valid_from",
        ),
        "frozen_when": "state <> 'draft'",
    },
    "scope_version": {"no_delete": True, "frozen": ("site_id", "kind", "version", "body_number", "valid_from")},
    "authorisation_end": {"insert_only": True},
    "job_item": {"no_delete": True, "frozen": ("job_id", "position")},
    "scope_line": {"insert_only": True},
    "job_item_state_change": {"insert_only": True},
}


def upgrade() -> None:
    """Tables of procedures, authorisations, scope and orders."""
    op.create_table(
        "procedure",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("organisation_id", columns.BigKey, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title_vi", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=True),
        sa.Column("instrument_kind", sa.String(length=64), nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("legal_regime", sa.String(length=64), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_procedure_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_procedure_organisation_id_code")),
    )
    op.create_table(
        "authorisation",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("person_id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=True),
        sa.Column("procedure_id", columns.BigKey, nullable=True),
        sa.Column("signatory_kind", sa.String(length=64), nullable=True),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("granted_by_id", columns.BigKey, nullable=False),
        sa.Column("granted_by_name", sa.String(length=300), nullable=False),
        sa.Column("granted_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(procedure_id IS NULL) <> (signatory_kind IS NULL)", name=op.f("ck_authorisation_one_object")
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_authorisation_dates")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_authorisation_person_id")),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_authorisation_procedure_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_authorisation_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation")),
    )
    op.create_index(
        op.f("ix_authorisation_person_id_authorisation_activity"),
        "authorisation",
        ["person_id", "activity"],
        unique=False,
    )
    op.create_index(op.f("ix_authorisation_procedure_id"), "authorisation", ["procedure_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("customer_id", columns.BigKey, nullable=False),
        sa.Column("contact_id", columns.BigKey, nullable=True),
        sa.Column("customer_reference", sa.String(length=100), nullable=True),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("contract_reviewed_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("contract_reviewed_by", sa.String(length=300), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", columns.BigKey, nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_job_contact_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name=op.f("fk_job_customer_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_job_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_job_site_id_number")),
        sa.UniqueConstraint("token", name=op.f("uq_job_token")),
    )
    op.create_index(op.f("ix_job_customer_id"), "job", ["customer_id"], unique=False)
    op.create_table(
        "procedure_version",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("procedure_id", columns.BigKey, nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("definition_digest", sa.String(length=64), nullable=False),
        sa.Column("method_reference", sa.String(length=300), nullable=False),
        sa.Column("approved_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", columns.BigKey, nullable=True),
        sa.Column("approved_by_name", sa.String(length=300), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", columns.BigKey, nullable=False),
        sa.Column("created_by_name", sa.String(length=300), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_procedure_version_procedure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_version")),
        sa.UniqueConstraint("procedure_id", "version", name=op.f("uq_procedure_version_procedure_id_version")),
    )
    op.create_table(
        "scope_version",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("body_number", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_sha256"], ["blob.sha256"], name=op.f("fk_scope_version_document_sha256")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_scope_version_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope_version")),
        sa.UniqueConstraint("site_id", "kind", "version", name=op.f("uq_scope_version_site_id_kind_version")),
    )
    op.create_table(
        "authorisation_end",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("authorisation_id", columns.BigKey, nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["authorisation_id"], ["authorisation.id"], name=op.f("fk_authorisation_end_authorisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation_end")),
        sa.UniqueConstraint("authorisation_id", name=op.f("uq_authorisation_end_authorisation_id")),
    )
    op.create_table(
        "job_item",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("job_id", columns.BigKey, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("instrument_id", columns.BigKey, nullable=False),
        sa.Column("procedure_version_id", columns.BigKey, nullable=True),
        sa.Column("ordering_party_id", columns.BigKey, nullable=False),
        sa.Column("addressee_id", columns.BigKey, nullable=False),
        sa.Column("parties_reason", sa.Text(), nullable=True),
        sa.Column("place_of_use", sa.String(length=300), nullable=True),
        sa.Column("location_kind", sa.String(length=64), nullable=False),
        sa.Column("location_address", sa.String(length=300), nullable=True),
        sa.Column("agreed_specification", sa.Text(), nullable=False),
        sa.Column("decision_rule", sa.Text(), nullable=False),
        sa.Column("points", sa.Text(), nullable=True),
        sa.Column("adjust", sa.Boolean(), nullable=False),
        sa.Column("recommend_next_date", sa.Boolean(), nullable=False),
        sa.Column("certificate_language", sa.String(length=5), nullable=False),
        sa.Column("purpose_of_use", sa.String(length=64), nullable=False),
        sa.Column("legal_regime", sa.String(length=64), nullable=False),
        sa.Column("condition_on_receipt", sa.Text(), nullable=True),
        sa.Column("condition_on_receipt_en", sa.Text(), nullable=True),
        sa.Column("accessories", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("hold_reason", sa.String(length=64), nullable=True),
        sa.Column("subcontractor_id", columns.BigKey, nullable=True),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["addressee_id"], ["organisation.id"], name=op.f("fk_job_item_addressee_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_job_item_instrument_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_item_job_id")),
        sa.ForeignKeyConstraint(["ordering_party_id"], ["organisation.id"], name=op.f("fk_job_item_ordering_party_id")),
        sa.ForeignKeyConstraint(
            ["procedure_version_id"], ["procedure_version.id"], name=op.f("fk_job_item_procedure_version_id")
        ),
        sa.ForeignKeyConstraint(["subcontractor_id"], ["organisation.id"], name=op.f("fk_job_item_subcontractor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_item")),
        sa.UniqueConstraint("job_id", "position", name=op.f("uq_job_item_job_id_position")),
        sa.UniqueConstraint("token", name=op.f("uq_job_item_token")),
    )
    op.create_index(op.f("ix_job_item_addressee_id"), "job_item", ["addressee_id"], unique=False)
    op.create_index(op.f("ix_job_item_instrument_id"), "job_item", ["instrument_id"], unique=False)
    op.create_index(op.f("ix_job_item_state_job_item_promised_on"), "job_item", ["state", "promised_on"], unique=False)
    op.create_table(
        "scope_line",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("scope_version_id", columns.BigKey, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.String(length=64), nullable=False),
        sa.Column("instrument_kind", sa.String(length=64), nullable=True),
        sa.Column("title_vi", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=True),
        sa.Column("lower", columns.DecimalText(length=64), nullable=True),
        sa.Column("upper", columns.DecimalText(length=64), nullable=True),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("parameter", sa.String(length=200), nullable=True),
        sa.Column("method", sa.String(length=200), nullable=False),
        sa.Column("cmc_expression", sa.Text(), nullable=False),
        sa.Column("cmc_unit", sa.String(length=40), nullable=False),
        sa.Column("coverage_probability", columns.DecimalText(length=64), nullable=True),
        sa.Column("on_site", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scope_version_id"], ["scope_version.id"], name=op.f("fk_scope_line_scope_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope_line")),
        sa.UniqueConstraint("scope_version_id", "position", name=op.f("uq_scope_line_scope_version_id_position")),
    )
    op.create_table(
        "job_item_state_change",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("job_item_id", columns.BigKey, nullable=False),
        sa.Column("from_state", sa.String(length=64), nullable=True),
        sa.Column("to_state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["job_item_id"], ["job_item.id"], name=op.f("fk_job_item_state_change_job_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_item_state_change")),
    )
    op.create_index(
        op.f("ix_job_item_state_change_job_item_id_job_item_state_change_at"),
        "job_item_state_change",
        ["job_item_id", "at"],
        unique=False,
    )
    create_triggers(op.get_bind(), TRIGGERS)
