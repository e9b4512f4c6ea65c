"""Tables of certificates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lims.core import columns
from lims.core.triggers import TriggerPlan, create_triggers

revision = "2026_11_21_05_certificates"
down_revision = "2026_11_21_04_calibrations"
branch_labels = None
depends_on = None

TRIGGERS: TriggerPlan = {
    "template_version": {"insert_only": True},
    "certificate": {
        "no_delete": True,
        "frozen": (
            "token",
            "site_id",
            "number",
            "version",
            "kind",
            "job_id",
            "customer_id",
            "addressee_id",
            "content",
            "content_digest",
            "template",
            "template_version",
            "relation",
            "related_id",
            "issued_on",
            "begun_at",
        ),
        "set_once": ("pdf_sha256", "dcc_sha256", "signature", "finished_at"),
    },
    "certificate_notice": {"insert_only": True},
    "download": {"insert_only": True},
    "certificate_run": {"insert_only": True},
}


def upgrade() -> None:
    """Tables of certificates."""
    op.create_table(
        "template_version",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("first_used_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_version")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_template_version_name_version")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("site_id", columns.BigKey, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("job_id", columns.BigKey, nullable=False),
        sa.Column("customer_id", columns.BigKey, nullable=False),
        sa.Column("addressee_id", columns.BigKey, nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.Column("dcc_sha256", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("relation", sa.String(length=40), nullable=True),
        sa.Column("related_id", columns.BigKey, nullable=True),
        sa.Column("relation_reason", sa.Text(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("begun_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("begun_by_id", columns.BigKey, nullable=False),
        sa.Column("begun_by_name", sa.String(length=300), nullable=False),
        sa.Column("finished_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state <> 'issued' OR pdf_sha256 IS NOT NULL", name=op.f("ck_certificate_issued_has_pdf")),
        sa.ForeignKeyConstraint(["addressee_id"], ["organisation.id"], name=op.f("fk_certificate_addressee_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name=op.f("fk_certificate_customer_id")),
        sa.ForeignKeyConstraint(["dcc_sha256"], ["blob.sha256"], name=op.f("fk_certificate_dcc_sha256")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_certificate_job_id")),
        sa.ForeignKeyConstraint(["pdf_sha256"], ["blob.sha256"], name=op.f("fk_certificate_pdf_sha256")),
        sa.ForeignKeyConstraint(["related_id"], ["certificate.id"], name=op.f("fk_certificate_related_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_certificate_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("site_id", "number", "version", name=op.f("uq_certificate_site_id_number_version")),
        sa.UniqueConstraint("token", name=op.f("uq_certificate_token")),
    )
    op.create_index(op.f("ix_certificate_addressee_id"), "certificate", ["addressee_id"], unique=False)
    op.create_index(op.f("ix_certificate_customer_id"), "certificate", ["customer_id"], unique=False)
    op.create_index(op.f("ix_certificate_job_id"), "certificate", ["job_id"], unique=False)
    op.create_index(op.f("ix_certificate_state"), "certificate", ["state"], unique=False)
    op.create_table(
        "certificate_notice",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("certificate_id", columns.BigKey, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("text_vi", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=True),
        sa.Column("related_id", columns.BigKey, nullable=True),
        sa.Column("actor_id", columns.BigKey, nullable=False),
        sa.Column("actor_name", sa.String(length=300), nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_notice_certificate_id")
        ),
        sa.ForeignKeyConstraint(["related_id"], ["certificate.id"], name=op.f("fk_certificate_notice_related_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_notice")),
    )
    op.create_index(
        op.f("ix_certificate_notice_certificate_id_certificate_notice_at"),
        "certificate_notice",
        ["certificate_id", "at"],
        unique=False,
    )
    op.create_table(
        "download",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("certificate_id", columns.BigKey, nullable=False),
        sa.Column("person_id", columns.BigKey, nullable=False),
        sa.Column("person_name", sa.String(length=300), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_download_certificate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
    )
    op.create_index(op.f("ix_download_certificate_id_download_at"), "download", ["certificate_id", "at"], unique=False)
    op.create_table(
        "certificate_run",
        sa.Column("id", columns.BigKey, nullable=False),
        sa.Column("certificate_id", columns.BigKey, nullable=False),
        sa.Column("run_id", columns.BigKey, nullable=False),
        sa.Column("evaluation_id", columns.BigKey, nullable=False),
        sa.Column("evaluation_digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_run_certificate_id")),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluation.id"], name=op.f("fk_certificate_run_evaluation_id")),
        sa.ForeignKeyConstraint(["run_id"], ["calibration_run.id"], name=op.f("fk_certificate_run_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_run")),
        sa.UniqueConstraint("certificate_id", "run_id", name=op.f("uq_certificate_run_certificate_id_run_id")),
    )
    op.create_index(op.f("ix_certificate_run_run_id"), "certificate_run", ["run_id"], unique=False)
    create_triggers(op.get_bind(), TRIGGERS)
